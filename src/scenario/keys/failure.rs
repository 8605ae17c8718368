//! `[failures]`, `[[failure]]`, `[[outage]]` and `[restore]` as written.

use crate::scenario::job::SavepointFormat;
use crate::scenario::keys::kind::{
    Count, Duration, Flag, List, Named, Number, Share, Text, Word, ns,
};
use crate::scenario::keys::table::{choice, table};
use crate::scenario::keys::vertex::Parallelism;
use crate::units::SimDuration;

table! {
    /// Failures at random, and how the machines come back. When they come is one of `mtbf`, `trace` and `at`.
    pub struct Failures one of ["mtbf", "trace", "at"] {
        /// Mean time between failures of the whole job.
        mtbf (like "\"12 h\""): Duration<{ ns::MILLISECOND }>;
        /// Of `mtbf`: "exponential" (no memory) or "weibull" (with `shape`). Default: "exponential".
        law: Word<LawKind>;
        /// Of a Weibull law: below 1 failures come in clusters, above 1 things wear out.
        shape (like "0.7"): Number;
        /// CSV file with the column `seconds`: instants of the failures, rising; relative to the scenario file.
        trace (like "\"failures.csv\""): Text;
        /// Instants of the failures since the start of the job, rising, such as `["5 min", "2 h"]`.
        at (like "[\"5 min\", \"2 h\"]"): List<Duration>;
        /// What fails each time: "task", "taskmanager" or "jobmanager"; which one is drawn. Default: "taskmanager".
        what: Word<FailureKind>;
        /// How the loss of a TaskManager is noticed: "immediate" (its connections break) or "heartbeat" (it falls silent, and
        /// `heartbeat.timeout` passes).
        detection: Word<Detection> = Detection::Immediate;
        /// Until a lost TaskManager is replaced and has registered; "0 s": a spare one stands by.
        taskmanager_start: Duration = SimDuration::from_secs(30);
        /// Until a new JobManager leads.
        jobmanager_start: Duration = SimDuration::from_secs(30);
    }
}

choice! {
    /// `failures.law`.
    pub enum LawKind {
        /// No memory.
        Exponential = "exponential",
        /// With a shape.
        Weibull = "weibull",
    }
}

table! {
    /// A failure at a given time. What fails is one of `task`, `taskmanager` and `jobmanager`.
    pub struct Failure one of ["task", "taskmanager", "jobmanager"] {
        /// When, since the start of the job.
        at (like "\"5 min\""): Duration;
        /// An exception in this subtask.
        task: Task;
        /// This TaskManager is lost, from 0.
        taskmanager: Count<0, { u64::MAX }, usize>;
        /// true: the JobManager is lost.
        jobmanager: Flag;
        /// How many times in all.
        times: Count<1, 1_000_000, u32> = 1;
        /// With `times` above 1: from the moment when all tasks run again to the next failure. Default: "0 s".
        again_after (like "\"0 s\""): Duration;
    }
}

table! {
    /// One subtask.
    pub struct Task {
        /// Name of its vertex.
        vertex (like "\"join\""): Text;
        /// Which subtask, from 0.
        subtask: Count = 0;
    }
}

table! {
    /// Something is slow or away for a while: one of `storage` and `replica`.
    pub struct Outage one of ["storage", "replica"] {
        /// When it begins, since the start of the job.
        at (like "\"5 min\""): Duration;
        /// How long it lasts.
        duration (like "\"2 min\""): Duration;
        /// The checkpoint directory has this share of its bandwidths left, "0 %" = nothing moves.
        storage (like "\"0 %\""): Share;
        /// This replica of the quorum store (`cluster.commit`) does not answer, from 0.
        replica: Count<0, { u64::MAX }, usize>;
    }
}

table! {
    /// What the job starts from.
    pub struct Restore {
        /// "checkpoint" (a retained one) or "savepoint".
        from: Word<OriginKind> = OriginKind::Checkpoint;
        /// Of a savepoint: "canonical" or "native". Default: "canonical".
        format: Word<SavepointFormat>;
        /// Age of its trigger when the job starts; unread records of log sources have piled up for so long.
        age: Duration = SimDuration::ZERO;
        /// Parallelism under which it was taken, by vertex, where it differs: `{ join = 4 }`.
        parallelism (like "{ join = 4 }"): Named<Parallelism>;
    }
}

choice! {
    /// `restore.from` and `operation.from`.
    pub enum OriginKind {
        /// A checkpoint: a retained one, or the next.
        Checkpoint = "checkpoint",
        /// A savepoint.
        Savepoint = "savepoint",
    }
}

choice! {
    /// How the loss of a TaskManager is noticed.
    pub enum Detection {
        /// Its connections break: the tasks that talk to it fail at once (a killed process).
        Immediate = "immediate",
        /// Nothing is heard any more until the heartbeat times out (a lost machine or network).
        Heartbeat = "heartbeat",
    }
}

choice! {
    /// What kind of thing fails at random.
    pub enum FailureKind {
        /// A subtask.
        Task = "task",
        /// A TaskManager.
        TaskManager = "taskmanager",
        /// The JobManager.
        JobManager = "jobmanager",
    }
}
