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
pub struct Counters {
    series: BTreeMap<Counter, Series>,
    /// What was counted before this instant of its own clock does not count.
    from_ms: f64,
}

/// What one answer says about a subtask, and when the JobManager answered.
pub type Reading<'a> = (&'a Value, f64);

impl Counters {
    /// What `vertices/:vertexid` said about a subtask, once or several times, earliest first.
    ///
    /// The JobManager answers with metrics that it fetched some time before (`metrics.fetcher.update-interval`), so that
    /// `now` is not when they were true. Busy, idle and backpressured time together are: Flink computes the busy time as
    /// what the other two leave of the time since the task's start (`TaskIOMetricGroup.getAccumulatedBusyTime`). Where the
    /// busy time is not known (legacy sources), `now` must do. Counters of a running task are zero at its start.
    pub fn of_answers(readings: &[Reading<'_>]) -> Counters {
        let mut counters = Counters::default();
        let Some((latest, _)) = readings.last() else {
            return counters;
        };
        let start = start_ms(latest);
        // An earlier attempt's counters say nothing about this one.
        let readings: Vec<&Reading<'_>> = readings
            .iter()
            .filter(|(subtask, _)| start_ms(subtask) == start)
            .collect();
        let clock: Option<Vec<f64>> = readings
            .iter()
            .map(|(subtask, now)| running_ms(subtask).filter(|ran| ran <= now))
            .collect();
        let begin = clock.as_ref().map(|clock| {
            let begins = readings.iter().zip(clock).map(|((_, now), ran)| now - ran);
            begins.fold(f64::INFINITY, f64::min)
        });
        for (position, (subtask, now)) in readings.iter().enumerate() {
            let at_ms = match (&clock, begin) {
                (Some(clock), Some(begin)) => begin + clock[position],
                _ => *now,
            };
            for (counter, _, name) in NAMES {
                let Some(value) = at(subtask, &["metrics", name]) else {
                    continue;
                };
                if let Some(begin) = begin.or_else(|| running_since(subtask, *now))
                    && !counters.series.contains_key(&counter)
                {
                    counters.push(counter, begin, 0.0);
                }
                counters.push(counter, at_ms, value);
            }
            if position == 0 && readings.len() > 1 {
                counters.from_ms = at_ms;
            }
        }
        counters
    }

    /// Only what is counted from this instant on counts.
    pub fn count_from(&mut self, from_ms: f64) {
        self.from_ms = from_ms;
    }

    /// The values of one counter that count.
    pub fn counted(&self, counter: Counter) -> &[(f64, f64)] {
        let series = self.series.get(&counter).map_or(&[][..], Vec::as_slice);
        &series[series.partition_point(|(at, _)| *at < self.from_ms)..]
    }

    /// Growth per second. A counter that a restart set back counts from there.
    pub fn per_second(&self, counter: Counter) -> Option<f64> {
        let series = self.counted(counter);
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

    /// Whether records were read or written in the time that counts.
    pub fn moves(&self) -> bool {
        [Counter::RecordsIn, Counter::RecordsOut]
            .into_iter()
            .any(|counter| self.per_second(counter).is_some_and(|rate| rate > 0.0))
    }

    /// Whether there were two readings, so that what lies between them counts.
    pub fn is_read_twice(&self) -> bool {
        self.from_ms > 0.0
    }

    /// First and last instant that count.
    pub fn window(&self) -> Option<(f64, f64)> {
        let windows = self.series.keys().filter_map(|counter| {
            let series = self.counted(*counter);
            Some((series.first()?.0, series.last()?.0))
        });
        windows.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    }

    fn push(&mut self, counter: Counter, at: f64, value: f64) {
        let series = self.series.entry(counter).or_default();
        if series.last().is_none_or(|(last, _)| *last < at) {
            series.push((at, value));
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

fn start_ms(subtask: &Value) -> Option<f64> {
    at(subtask, &["start-time"]).or_else(|| at(subtask, &["start_time"]))
}

/// When a task began to run: the JobManager knows how long it has, Flink before 1.15 only when it was deployed.
fn running_since(subtask: &Value, now_ms: f64) -> Option<f64> {
    let ran = at(subtask, &["status-duration", "RUNNING"]);
    let ran = ran.filter(|ran| (1.0..=now_ms).contains(ran));
    ran.map(|ran| now_ms - ran).or_else(|| start_ms(subtask))
}

/// How long a task had run when its metrics were read; `None` if it does not know how busy it is.
fn running_ms(subtask: &Value) -> Option<f64> {
    let times = [
        "accumulated-busy-time",
        "accumulated-idle-time",
        "accumulated-backpressured-time",
    ];
    times
        .iter()
        .map(|name| at(subtask, &["metrics", name]))
        .sum::<Option<f64>>()
        .filter(|ran| *ran > 0.0)
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
        assert_eq!(counters.per_second(Counter::RecordsIn), Some(50.0));
        counters.count_from(4000.0);
        assert_eq!(counters.per_second(Counter::RecordsIn), Some(130.0));
        assert_eq!(counters.per_second(Counter::Busy), None);
    }

    fn subtask(start: f64, records: u64, busy: &Value, idle: u64) -> Value {
        json!({
            "start-time": start,
            "metrics": {
                "read-records": records,
                "accumulated-busy-time": busy,
                "accumulated-idle-time": idle,
                "accumulated-backpressured-time": 0,
            },
        })
    }

    #[test]
    fn the_time_between_two_readings_is_that_of_the_task_not_that_of_the_answers() {
        let earlier = subtask(100.0, 1000, &json!(1000.0), 9000);
        let later = subtask(100.0, 2000, &json!(2000.0), 18_000);
        // Answered 15 s apart, but the metrics of the second answer are 5 s older than those of the first.
        let counters = Counters::of_answers(&[(&earlier, 20_000.0), (&later, 35_000.0)]);
        assert_eq!(counters.per_second(Counter::RecordsIn), Some(100.0));
        assert_eq!(counters.per_second(Counter::Busy), Some(100.0));
        assert_eq!(counters.window(), Some((20_000.0, 30_000.0)));
    }

    #[test]
    fn a_source_that_does_not_know_how_busy_it_is_goes_by_the_time_of_the_answers() {
        let earlier = subtask(0.0, 1000, &json!("NaN"), 0);
        let later = subtask(0.0, 2500, &json!("NaN"), 0);
        let counters = Counters::of_answers(&[(&earlier, 20_000.0), (&later, 35_000.0)]);
        assert_eq!(counters.per_second(Counter::RecordsIn), Some(100.0));
        assert_eq!(counters.per_second(Counter::Busy), None);
    }

    #[test]
    fn a_task_that_restarted_between_two_readings_counts_from_its_start() {
        let earlier = subtask(0.0, 90_000, &json!(1000.0), 9000);
        let later = subtask(12_000.0, 500, &json!(1000.0), 4000);
        let counters = Counters::of_answers(&[(&earlier, 10_000.0), (&later, 18_000.0)]);
        assert_eq!(counters.per_second(Counter::RecordsIn), Some(100.0));
    }

    #[test]
    fn one_reading_counts_from_the_start_of_the_task() {
        let only = subtask(0.0, 1000, &json!(1000.0), 9000);
        let counters = Counters::of_answers(&[(&only, 12_000.0)]);
        assert_eq!(counters.per_second(Counter::RecordsIn), Some(100.0));
        assert!(counters.moves());
    }
}
