//! What flows, and what a record costs: from counters of records, bytes and time.

use crate::recording::answers::series::Counter;
use crate::recording::answers::{Answers, Subtask};
use crate::recording::estimate::estimated::{Estimated, median, range};

/// A source that is backpressured for a larger share of the time delivers less than it would like to.
const HELD_BACK: f64 = 0.2;
/// The same if a task behind it has no time left.
const HELD_BACK_BY_A_BUSY_TASK: f64 = 0.02;
/// A task has no time left.
const SATURATED: f64 = 0.95;
/// Shares of records and speeds closer to the mean than this are noise of random keys and of sampling.
const EVEN: f64 = 0.03;
const SLOWER: f64 = 0.1;

/// What the counters of one vertex say; by subtask where they are lists.
#[derive(Clone, Debug, Default)]
pub struct Rates {
    /// Records read per second.
    pub records_in: Vec<f64>,
    /// Records written per second.
    pub records_out: Vec<f64>,
    /// Bytes written per second.
    pub bytes_out: Vec<f64>,
    /// Share of the time; `None` where it is not known (legacy sources).
    pub busy: Vec<Option<f64>>,
    /// Whether `busy` is what idle and backpressured time leave.
    pub busy_is_rest: bool,
    /// Share of the time.
    pub backpressured: Vec<Option<f64>>,
    /// Exchanges that every record goes to: Flink counts the record once, its bytes in each.
    pub consumers: usize,
}

impl Rates {
    /// Reads the counters of the vertex at this position.
    pub fn of(answers: &Answers, position: usize) -> Rates {
        let vertex = &answers.vertices[position];
        let inputs = answers.vertices.iter().flat_map(|other| &other.node.inputs);
        let per_second = |subtask: &Subtask, counter| subtask.counters.per_second(counter);
        let rate = |counter| {
            let rates = vertex.subtasks.iter();
            rates
                .map(|subtask| per_second(subtask, counter).unwrap_or(0.0))
                .collect()
        };
        let share = |subtask: &Subtask, counter| {
            per_second(subtask, counter).map(|ms_per_s| (ms_per_s / 1000.0).min(1.0))
        };
        let shares = |counter| -> Vec<Option<f64>> {
            let subtasks = vertex.subtasks.iter();
            subtasks.map(|subtask| share(subtask, counter)).collect()
        };
        let (busy, idle) = (shares(Counter::Busy), shares(Counter::Idle));
        let backpressured = shares(Counter::Backpressured);
        // A legacy source does not know that it is idle, either.
        let is_source = vertex.node.inputs.is_empty();
        let idle_is_known = !is_source || idle.iter().flatten().any(|idle| *idle > 0.0);
        let busy_is_rest = busy.iter().all(Option::is_none) && idle_is_known;
        let rest = idle
            .iter()
            .zip(&backpressured)
            .map(|(idle, backpressured)| {
                Some((1.0 - (*idle)? - backpressured.unwrap_or(0.0)).max(0.0))
            });
        Rates {
            records_in: rate(Counter::RecordsIn),
            records_out: rate(Counter::RecordsOut),
            bytes_out: rate(Counter::BytesOut),
            busy: if busy_is_rest { rest.collect() } else { busy },
            busy_is_rest,
            backpressured,
            consumers: inputs.filter(|(from, _)| *from == position).count(),
        }
    }

    /// Whether this is a source whose busy time Flink does not measure, although it measures how long it is backpressured:
    /// `SourceStreamTask` turns that off, which runs a `SourceFunction`.
    pub fn is_legacy_source(&self) -> bool {
        let known = |share: &Option<f64>| share.is_some();
        (self.busy_is_rest || !self.busy.iter().any(known)) && self.backpressured.iter().any(known)
    }

    /// Whether some subtask has no time left.
    pub fn saturated(&self) -> bool {
        self.busy.iter().flatten().any(|share| *share > SATURATED)
    }

    /// Mean share of the time that the subtasks were backpressured.
    pub fn mean_backpressured(&self) -> f64 {
        let known: Vec<f64> = self.backpressured.iter().flatten().copied().collect();
        known.iter().sum::<f64>() / known.len().max(1) as f64
    }

    /// Wire bytes of a record.
    pub fn record_bytes(&self) -> Option<Estimated> {
        let sizes: Vec<f64> = self
            .bytes_out
            .iter()
            .zip(&self.records_out)
            .filter(|(bytes, records)| **bytes > 0.0 && **records > 0.0)
            .map(|(bytes, records)| bytes / records / self.consumers.max(1) as f64)
            .collect();
        Estimated::median(&sizes, "numBytesOut / numRecordsOut")
    }

    /// Records per second of all subtasks.
    pub fn total_out(&self) -> Option<Estimated> {
        let total: f64 = self.records_out.iter().sum();
        let (low, high) = range(&self.records_out);
        let subtasks = self.records_out.len() as f64;
        (total > 0.0).then_some(Estimated {
            value: total,
            source: "numRecordsOut",
            spread: (low * subtasks, high * subtasks),
        })
    }

    /// Records out per record in.
    pub fn selectivity(&self) -> Option<Estimated> {
        let ratios: Vec<f64> = self
            .records_out
            .iter()
            .zip(&self.records_in)
            .filter(|(_, records_in)| **records_in > 0.0)
            .map(|(out, records_in)| out / records_in)
            .collect();
        let (total_out, total_in): (f64, f64) =
            (self.records_out.iter().sum(), self.records_in.iter().sum());
        let value = total_out / total_in;
        // Records that a subtask writes without having read any count as well.
        let (low, high) = range(&ratios);
        (total_in > 0.0).then(|| Estimated {
            value,
            source: "numRecordsOut / numRecordsIn",
            spread: (low.min(value), high.max(value)),
        })
    }

    /// Share of the records of every subtask, if they differ.
    pub fn shares(&self) -> Option<Vec<f64>> {
        let total: f64 = self.records_in.iter().sum();
        if total <= 0.0 {
            return None;
        }
        let shares: Vec<f64> = self.records_in.iter().map(|rate| rate / total).collect();
        let even = 1.0 / shares.len() as f64;
        shares
            .iter()
            .any(|share| (share - even).abs() > EVEN * even)
            .then_some(shares)
    }

    /// Seconds of a task's thread per record of every subtask; `other_work` is the share of the time that each is busy
    /// with other things (sync phases).
    pub fn seconds_per_record(&self, records: &[f64], other_work: &[f64]) -> Vec<Option<f64>> {
        self.busy
            .iter()
            .zip(records)
            .enumerate()
            .map(|(subtask, (busy, records))| {
                let other = other_work.get(subtask).copied().unwrap_or(0.0);
                let busy = (*busy)?;
                // What is left must stay positive even where sync phases overlap the end of the window.
                (*records > 0.0).then(|| (busy - other).max(0.1 * busy) / records)
            })
            .collect()
    }
}

/// Whether a source delivers less than it would like to: what it would like is not measured then.
pub fn held_back(source: &Rates, some_task_saturated: bool) -> bool {
    let share = source.mean_backpressured();
    share > HELD_BACK || (share > HELD_BACK_BY_A_BUSY_TASK && some_task_saturated)
}

/// Factors on the median service time, if subtasks differ; unknown ones count as normal.
pub fn slowness(seconds: &[Option<f64>]) -> Option<Vec<f64>> {
    let known: Vec<f64> = seconds.iter().flatten().copied().collect();
    let mean = median(&known)?;
    let factors: Vec<f64> = seconds
        .iter()
        .map(|seconds| seconds.map_or(1.0, |seconds| seconds / mean))
        .collect();
    factors
        .iter()
        .any(|factor| (factor - 1.0).abs() > SLOWER)
        .then_some(factors)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_time_leaves_sync_phases_out() {
        let rates = Rates {
            busy: vec![Some(0.5), None],
            ..Rates::default()
        };
        let seconds = rates.seconds_per_record(&[1000.0, 1000.0], &[0.1, 0.0]);
        assert_eq!(seconds, [Some(0.0004), None]);
    }

    #[test]
    fn what_a_backpressured_source_would_like_is_unknown() {
        let rates = |share| Rates {
            backpressured: vec![Some(share)],
            ..Rates::default()
        };
        assert!(held_back(&rates(0.5), false));
        assert!(held_back(&rates(0.05), true));
        assert!(!held_back(&rates(0.05), false));
    }
}
