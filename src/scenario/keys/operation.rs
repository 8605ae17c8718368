//! `[[operation]]` as written.

use crate::scenario::job::SavepointFormat;
use crate::scenario::keys::failure::OriginKind;
use crate::scenario::keys::kind::{Count, Duration, Named, Word, ns};
use crate::scenario::keys::table::table;
use crate::scenario::keys::vertex::Parallelism;
use crate::units::SimDuration;

table! {
    /// The job is stopped on purpose and started again: redeployed, or rescaled. Its downtime is counted as that of a failure.
    pub struct OperationTable {
        /// When it is asked for, since the start of the job.
        at (like "\"5 min\""): Duration;
        /// "savepoint": stopped with one (`stop --savepointPath`), whose first checkpoint after that is full (`NO_CLAIM`);
        /// "checkpoint": runs on until the machines are there and its next checkpoint is complete (adaptive scheduler).
        from: Word<OriginKind> = OriginKind::Savepoint;
        /// Of a savepoint: "canonical" or "native". Default: "canonical".
        format: Word<SavepointFormat>;
        /// Until the TaskManagers are there (images, pods, nodes): from the end of the savepoint, or with "checkpoint" from `at`.
        provisioning: Duration<0, { 366 * ns::DAY }> = SimDuration::ZERO;
        /// Parallelism from then on, by vertex, where it changes: `{ join = 8 }`.
        parallelism (like "{ join = 8 }"): Named<Parallelism>;
        /// TaskManagers from then on. Default: as many as before.
        taskmanagers (like "4"): Count<1, 100_000, usize>;
        /// Slots of each of them. Default: as before, or what the highest parallelism needs if no number is given anywhere.
        slots (like "2"): Count<1, 100_000, usize>;
    }
}
