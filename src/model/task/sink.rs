//! What a task owes an external system: what is buffered for it, and what is to be committed.
//!
//! [`crate::scenario::sink`] says what connectors do. The queue of a connector's own thread is a fluid: it empties at its rate
//! while the task does what it does.

use crate::model::ids::CheckpointId;
use crate::scenario::Sink;
use crate::units::{ByteRate, SimDuration, SimTime};

/// One subtask of a sink.
#[derive(Clone, Debug)]
pub struct SinkWriter {
    sink: Sink,
    subtasks: usize,
    record_bytes: f64,
    /// Bytes in the queue, and when that was.
    queued: (f64, SimTime),
    /// Records processed by the last barrier.
    flushed: u64,
    /// Records processed by the barrier of each checkpoint that is not complete.
    pending: Vec<(CheckpointId, u64)>,
    committed: u64,
}

impl SinkWriter {
    /// One of so many subtasks that read records of so many bytes.
    pub fn new(sink: &Sink, subtasks: usize, record_bytes: f64) -> Self {
        SinkWriter {
            sink: sink.clone(),
            subtasks,
            record_bytes,
            queued: (0.0, SimTime::ZERO),
            flushed: 0,
            pending: Vec::new(),
            committed: 0,
        }
    }

    /// Hands so many records to the queue by `now`; returns how long the task has to wait until they fit.
    pub fn hand_over(&mut self, now: SimTime, records: u32) -> SimDuration {
        let Some(drain) = self.sink.drain else {
            return SimDuration::ZERO;
        };
        let queued = self.queued_at(now) + f64::from(records) * self.record_bytes;
        let beyond = (queued - self.sink.queue.as_f64()).max(0.0);
        self.queued = (queued, now);
        SimDuration::from_secs_f64((beyond / drain.as_f64()).min(1e9))
    }

    /// A barrier has come, after so many records: how long the task stands still for it.
    pub fn flush(&mut self, now: SimTime, processed: u64, checkpoint: CheckpointId) -> SimDuration {
        let records = processed.saturating_sub(self.flushed) as f64;
        let queued = self.queued_at(now);
        let seconds = self.sink.at_barrier_s(records, self.subtasks, queued);
        self.flushed = processed;
        self.queued = (0.0, now);
        self.pending.push((checkpoint, processed));
        SimDuration::from_secs_f64(seconds.min(1e9))
    }

    /// The checkpoint is complete: how long the task commits.
    pub fn commit(&mut self, checkpoint: CheckpointId) -> SimDuration {
        let Some(&(_, processed)) = self.pending.iter().find(|(of, _)| *of == checkpoint) else {
            return SimDuration::ZERO;
        };
        self.pending.retain(|(of, _)| *of > checkpoint);
        let records = processed.saturating_sub(self.committed) as f64;
        self.committed = processed;
        SimDuration::from_secs_f64(self.sink.commit_s(records).min(1e9))
    }

    /// The task begins again: what was buffered is lost, and will be read again.
    pub fn restart(&mut self, now: SimTime, processed: u64) {
        self.queued = (0.0, now);
        self.flushed = processed;
        self.committed = processed;
        self.pending.clear();
    }

    fn queued_at(&self, now: SimTime) -> f64 {
        let drain = self.sink.drain.map_or(0.0, ByteRate::as_f64);
        (self.queued.0 - drain * now.since(self.queued.1).as_secs_f64()).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Bytes;

    fn at(seconds: f64) -> SimTime {
        SimTime::ZERO + SimDuration::from_secs_f64(seconds)
    }

    #[test]
    fn a_full_queue_holds_the_task_up_and_a_barrier_waits_until_it_is_empty() {
        let sink = Sink {
            drain: ByteRate::new(1000),
            queue: Bytes::new(5000),
            ..Sink::default()
        };
        let mut writer = SinkWriter::new(&sink, 1, 100.0);
        assert_eq!(writer.hand_over(at(0.0), 40), SimDuration::ZERO);
        assert_eq!(
            writer.hand_over(at(1.0), 30).as_millis(),
            1000,
            "3000 + 3000 - 5000"
        );
        assert_eq!(writer.flush(at(2.0), 70, CheckpointId(1)).as_millis(), 5000);
        assert_eq!(
            writer.flush(at(9.0), 70, CheckpointId(2)),
            SimDuration::ZERO
        );
    }

    #[test]
    fn work_at_the_barrier_grows_with_what_came_or_with_the_table() {
        let sink = Sink {
            flush_per_record: SimDuration::from_millis(1),
            rewrite: Bytes::new(8_000_000),
            rewrite_rate: ByteRate::new(1_000_000),
            ..Sink::default()
        };
        let mut writer = SinkWriter::new(&sink, 4, 100.0);
        assert_eq!(
            writer.flush(at(1.0), 500, CheckpointId(1)).as_millis(),
            2500
        );
        assert_eq!(
            writer.flush(at(2.0), 700, CheckpointId(2)).as_millis(),
            2200
        );
    }

    #[test]
    fn a_commit_holds_what_no_complete_checkpoint_held() {
        let sink = Sink {
            commit: SimDuration::from_secs(1),
            commit_per_record: SimDuration::from_millis(1),
            ..Sink::default()
        };
        let mut writer = SinkWriter::new(&sink, 4, 100.0);
        writer.flush(at(1.0), 500, CheckpointId(1));
        writer.flush(at(2.0), 700, CheckpointId(2));
        writer.flush(at(3.0), 1000, CheckpointId(3));
        assert_eq!(
            writer.commit(CheckpointId(2)).as_millis(),
            1700,
            "1 was subsumed"
        );
        assert_eq!(writer.commit(CheckpointId(3)).as_millis(), 1300);
        assert_eq!(writer.commit(CheckpointId(3)), SimDuration::ZERO);
    }
}
