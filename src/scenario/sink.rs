//! `vertex.sink`: what a task does for an external system at a barrier, and when a checkpoint is complete.
//!
//! Two-phase sinks write in the open and make it visible later (`TwoPhaseCommittingSink`, `CheckpointListener`): what is still
//! buffered is flushed in `snapshotState`, on the task's thread (JDBC, search engines, file and table formats; Hudi's and
//! Paimon's copy-on-write writers rewrite whole files then); `notifyCheckpointComplete` commits, as a mail on the same thread,
//! so that a slow commit holds up the records behind it. A connector with a thread of its own hands batches to it through
//! a queue of limited size: `write` waits while it is full, and `snapshotState` until it is empty.

use crate::scenario::keys::kind::{Duration, Limit, Size, ns};
use crate::scenario::keys::table::table;
use crate::units::{Bytes, SimDuration};

table! {
    /// What a vertex does for an external system besides its records.
    pub struct Sink {
        /// Time on the task's thread at a barrier for every record since the last one: what was buffered is flushed (JDBC,
        /// search engines, files).
        flush_per_record: Duration<0, { ns::DAY }> = SimDuration::ZERO;
        /// Bytes that all subtasks together write anew at every barrier, whatever has come since the last one (a table that
        /// is copied on write).
        rewrite: Size = Bytes::ZERO;
        /// How fast one subtask does that; the task stands still.
        rewrite_rate: Limit = crate::units::ByteRate::new(50_000_000);
        /// Time on the task's thread when a checkpoint is complete (`notifyCheckpointComplete`).
        commit: Duration<0, { ns::DAY }> = SimDuration::ZERO;
        /// The same for every record since the last complete checkpoint.
        commit_per_record: Duration<0, { ns::DAY }> = SimDuration::ZERO;
        /// How fast the connector's own thread of one subtask writes what its task hands over. Without a limit there is no
        /// queue.
        drain: Limit = None;
        /// Bytes that may wait in that queue: then the task waits.
        queue: Size = Bytes::from_mib(64);
    }
}

impl Sink {
    /// Seconds on the thread of one of `subtasks` at a barrier, `records` after the last one and with so many bytes in the
    /// queue.
    pub fn at_barrier_s(&self, records: f64, subtasks: usize, queued: f64) -> f64 {
        let rewritten = match self.rewrite_rate {
            Some(rate) => self.rewrite.as_f64() / subtasks as f64 / rate.as_f64(),
            None => 0.0,
        };
        let drained = self.drain.map_or(0.0, |drain| queued / drain.as_f64());
        records * self.flush_per_record.as_secs_f64() + rewritten + drained
    }

    /// One record stands for `k`.
    pub fn scale_records(&mut self, k: u64) {
        self.flush_per_record = self.flush_per_record * k;
        self.commit_per_record = self.commit_per_record * k;
    }

    /// Seconds on the thread when a checkpoint is complete, `records` after the last complete one.
    pub fn commit_s(&self, records: f64) -> f64 {
        self.commit.as_secs_f64() + records * self.commit_per_record.as_secs_f64()
    }
}
