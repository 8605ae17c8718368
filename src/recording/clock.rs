//! When the recorded job began: the simulation's time 0 on the recording's clock.
//!
//! The recorder only polls whether all tasks run, 25 to 1268 ms late (median 546); the JobManager's log has the instant.
//! Readers start their schedule a fixed time after they are opened, which is before the last task runs. Both only shift
//! the time axis; a recording without the log gets the medians over all recordings.

use crate::recording::file::Recording;
use crate::scenario::calibration::READERS_EARLIER;

/// From the end of the job's initialisation until the recorder has seen all tasks running; ms.
const POLL_MS: f64 = 550.0;

/// Instants of a recording, in milliseconds of its clock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clock {
    /// All tasks are initialised: the simulation's time 0.
    pub start: f64,
    /// The statistics begin.
    pub warmup: f64,
    /// The recording ends, or its job failed for the first time: what follows is not compared.
    pub end: f64,
    /// The recording ends.
    pub over: f64,
    /// The job failed, so that counters of the whole recording do not tell about the time before.
    pub cut: bool,
}

impl Clock {
    /// Reads the recording's clock.
    pub fn of(recording: &Recording) -> Clock {
        let measurement = &recording.measurement;
        let initialised = recording
            .log_spans
            .iter()
            .find(|(_, text)| text.contains("name=JobInitialization"))
            .and_then(|(_, text)| number_after(text, "endTsMillis="));
        let first_failure = failures(recording)
            .first()
            .map_or(f64::INFINITY, |(at, _)| *at);
        let warmup = measurement.running_ms + 1000.0 * measurement.warmup_s;
        let end = measurement.end_ms.min(first_failure);
        Clock {
            start: initialised.unwrap_or(measurement.running_ms - POLL_MS),
            // A job that failed before has no steady state: everything counts.
            warmup: if warmup < end {
                warmup
            } else {
                measurement.running_ms
            },
            end,
            over: measurement.end_ms,
            cut: first_failure < measurement.end_ms,
        }
    }

    /// Milliseconds since the start, not below zero.
    pub fn since_start(&self, at: f64) -> f64 {
        (at - self.start).max(0.0)
    }
}

/// When the readers of a source vertex were opened: the mean over its subtasks, ms since the start (negative: before it).
pub fn readers_opened(recording: &Recording, clock: &Clock, vertex_id: &str) -> f64 {
    let marker = format!("_{vertex_id}_");
    let opened: Vec<f64> = recording
        .log_spans
        .iter()
        .filter(|(_, text)| text.contains(&marker) && text.ends_with("_0."))
        .filter_map(|(_, text)| number_after(text, "initializationEndTs="))
        .collect();
    if opened.is_empty() {
        return -(READERS_EARLIER.as_millis() as f64);
    }
    opened.iter().sum::<f64>() / opened.len() as f64 - clock.start
}

/// When the job failed and of what (class of the exception), in the order of time; ms of the recording's clock.
pub fn failures(recording: &Recording) -> Vec<(f64, String)> {
    let entries = recording.rest.exceptions["exceptionHistory"]["entries"].as_array();
    let entries = entries.into_iter().flatten().filter_map(|entry| {
        let cause = entry["exceptionName"].as_str().unwrap_or("unknown");
        Some((entry["timestamp"].as_f64()?, cause.to_owned()))
    });
    let mut failures: Vec<(f64, String)> = entries.collect();
    failures.sort_by(|a, b| a.0.total_cmp(&b.0));
    failures
}

/// The digits behind a word of a log line.
pub(super) fn number_after(text: &str, marker: &str) -> Option<f64> {
    let rest = &text[text.find(marker)? + marker.len()..];
    let digits = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    rest[..digits].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_ends_where_the_next_word_begins() {
        let text = "initializationEndTs=1795228924675durationMetrics={";
        assert_eq!(
            number_after(text, "initializationEndTs="),
            Some(1_795_228_924_675.0)
        );
        assert_eq!(number_after(text, "startTs="), None);
        assert_eq!(number_after("endTs=x", "endTs="), None);
    }
}
