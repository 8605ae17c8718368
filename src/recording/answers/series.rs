//! Counters over time, and their rates.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::recording::answers::number::{at, list, number};

/// Values of one counter: `(milliseconds, value)`, in the order of time.
pub type Series = Vec<(f64, f64)>;

/// What a subtask counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Counter {
    /// Records read.
    RecordsIn,
    /// Records written.
    RecordsOut,
    /// Bytes written to the network.
    BytesOut,
    /// Milliseconds busy.
    Busy,
    /// Milliseconds backpressured.
    Backpressured,
    /// Milliseconds idle.
    Idle,
}

/// A counter, its name as a metric, and its name in the answer of `vertices/:vertexid`.
const NAMES: [(Counter, &str, &str); 6] = [
    (Counter::RecordsIn, "numRecordsIn", "read-records"),
    (Counter::RecordsOut, "numRecordsOut", "write-records"),
    (Counter::BytesOut, "numBytesOut", "write-bytes"),
    (
        Counter::Busy,
        "accumulateBusyTimeMs",
        "accumulated-busy-time",
    ),
    (
        Counter::Backpressured,
        "accumulateBackPressuredTimeMs",
        "accumulated-backpressured-time",
    ),
    (
        Counter::Idle,
        "accumulateIdleTimeMs",
        "accumulated-idle-time",
    ),
];

/// All counters of one subtask.
#[derive(Clone, Debug, Default)]
pub struct Counters(BTreeMap<Counter, Series>);

impl Counters {
    /// The values of one counter since an instant.
    pub fn since(&self, counter: Counter, from_ms: f64) -> &[(f64, f64)] {
        let series = self.0.get(&counter).map_or(&[][..], Vec::as_slice);
        &series[series.partition_point(|(at, _)| *at < from_ms)..]
    }

    /// Growth per second since an instant. A counter that a restart set back counts from there.
    pub fn per_second(&self, counter: Counter, from_ms: f64) -> Option<f64> {
        let series = self.since(counter, from_ms);
        let (first, last) = (series.first()?, series.last()?);
        let seconds = (last.0 - first.0) / 1000.0;
        if seconds <= 0.0 {
            return None;
        }
        // Time counters wobble by a few ms: only a fall to less than half is a restart.
        let restarted = series
            .windows(2)
            .filter(|pair| pair[1].1 < 0.5 * pair[0].1)
            .map(|pair| pair[0].1)
            .sum::<f64>();
        Some(((last.1 + restarted - first.1) / seconds).max(0.0))
    }

    fn push(&mut self, counter: Counter, at: f64, value: f64) {
        let series = self.0.entry(counter).or_default();
        if series.last().is_none_or(|(last, _)| *last < at) {
            series.push((at, value));
        }
    }

    /// Adds what `vertices/:vertexid` says about a subtask at one instant. Counters of a running task are zero at its
    /// start.
    pub fn add_answer(&mut self, subtask: &Value, now_ms: f64) {
        let start = at(subtask, &["start-time"]).or_else(|| at(subtask, &["start_time"]));
        for (counter, _, name) in NAMES {
            let Some(value) = at(subtask, &["metrics", name]) else {
                continue;
            };
            if let Some(start) = start.filter(|_| !self.0.contains_key(&counter)) {
                self.push(counter, start, 0.0);
            }
            self.push(counter, now_ms, value);
        }
    }

    /// Adds sampled metrics: `metrics[name][subtask][k]` at `times[k]`.
    pub fn add_samples(&mut self, metrics: &Value, subtask: usize, times: &[Value]) {
        for (counter, name, _) in NAMES {
            let samples = list(metrics, name)
                .get(subtask)
                .and_then(Value::as_array)
                .map_or(&[][..], Vec::as_slice);
            for (time, sample) in times.iter().zip(samples) {
                if let (Some(time), Some(value)) = (number(time), number(sample)) {
                    self.push(counter, time, value);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_restart_does_not_make_a_rate_negative() {
        let mut counters = Counters::default();
        let metrics = json!({ "numRecordsIn": [[0, 100, null, "NaN", 20, 150]] });
        let times = [0, 1000, 2000, 3000, 4000, 5000].map(|t| json!(t));
        counters.add_samples(&metrics, 0, &times);
        // 100 before the restart, which began again at 0: 250 in 5 s.
        assert_eq!(counters.per_second(Counter::RecordsIn, 0.0), Some(50.0));
        assert_eq!(counters.per_second(Counter::RecordsIn, 4000.0), Some(130.0));
        assert_eq!(counters.per_second(Counter::Busy, 0.0), None);
    }
}
