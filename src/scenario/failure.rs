//! `[failures]`, `[[failure]]`, `[[outage]]`, `[restore]`, and Flink's options about restarts.

use crate::scenario::SavepointFormat;
use crate::scenario::keys::failure::Failures as Machines;
use crate::scenario::keys::flink as keys;
use crate::units::SimDuration;

pub use crate::scenario::keys::failure::{Detection, FailureKind};
pub use crate::scenario::keys::flink::Failover;

/// What goes wrong, and how the job comes back.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Failures {
    /// `[[failure]]`: at given times.
    pub given: Vec<GivenFailure>,
    /// `[failures]`: at random.
    pub random: Option<RandomFailures>,
    /// `[[outage]]`: storage or replicas of the quorum store that are slow or away for a while.
    pub outages: Vec<Outage>,
    /// `[restore]`: what the job starts from; `None` = fresh.
    pub restore: Option<Restore>,
    /// How the job comes back.
    pub recovery: Recovery,
}

/// A failure at a given time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GivenFailure {
    /// When, since the start of the job.
    pub at: SimDuration,
    /// What fails.
    pub target: Target,
    /// How many times in all; at least 1.
    pub times: u32,
    /// From the moment when all tasks run again to the next of `times`.
    pub again_after: SimDuration,
}

/// What fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// An exception in one subtask.
    Task {
        /// Index of the vertex.
        vertex: usize,
        /// Index within the vertex.
        subtask: usize,
    },
    /// A TaskManager process is lost, with everything on it.
    TaskManager(usize),
    /// The JobManager is lost. Without high availability that is the end of the job.
    JobManager,
}

/// Failures at random times.
#[derive(Clone, Debug, PartialEq)]
pub struct RandomFailures {
    /// Time between failures of the whole job; it passes while the job is being restored, too.
    pub law: FailureLaw,
    /// What fails each time; which one is drawn uniformly.
    pub kind: FailureKind,
}

/// Distribution of the time between failures.
#[derive(Clone, Debug, PartialEq)]
pub enum FailureLaw {
    /// Exponential: no memory.
    Exponential {
        /// Mean time between failures, positive.
        mtbf: SimDuration,
    },
    /// Weibull; a shape below 1 means that failures come in clusters, above 1 that things wear out.
    Weibull {
        /// Mean time between failures, positive.
        mtbf: SimDuration,
        /// Shape, positive.
        shape: f64,
    },
    /// At these times since the start of the job, rising.
    Trace(Vec<SimDuration>),
}

/// Something is slow or away for a while.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outage {
    /// When it begins, since the start of the job.
    pub at: SimDuration,
    /// How long it lasts.
    pub duration: SimDuration,
    /// What is affected.
    pub what: OutageKind,
}

/// What an outage affects.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum OutageKind {
    /// The checkpoint directory has only this share of its bandwidths (0 = nothing moves), for reads and writes.
    Storage {
        /// Share of the bandwidth that is left, 0 ≤ share < 1.
        share: f64,
    },
    /// A replica of the quorum store does not answer.
    Replica(usize),
}

/// What a job starts from.
#[derive(Clone, Debug, PartialEq)]
pub struct Restore {
    /// Retained checkpoint (`None`) or savepoint.
    pub format: Option<SavepointFormat>,
    /// Age of its trigger when the job starts: unread records of log sources have piled up for so long.
    pub age: SimDuration,
    /// Parallelism under which it was taken, by vertex, where it differs (rescaling).
    pub parallelism: Vec<(usize, usize)>,
}

/// How a job comes back (`flink-semantics` 6).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recovery {
    /// `restart-strategy.type` and its options.
    pub strategy: RestartStrategy,
    /// `jobmanager.execution.failover-strategy`.
    pub failover: Failover,
    /// How the loss of a TaskManager is noticed.
    pub detection: Detection,
    /// `heartbeat.interval`.
    pub heartbeat_interval: SimDuration,
    /// `heartbeat.timeout`.
    pub heartbeat_timeout: SimDuration,
    /// Time until a lost TaskManager is replaced and has registered; 0 = a spare one stands by.
    pub taskmanager_start: SimDuration,
    /// Time until a new JobManager leads.
    pub jobmanager_start: SimDuration,
    /// `execution.state-recovery.from-local`: tasks on surviving TaskManagers read local copies.
    pub local: bool,
}

/// `restart-strategy.type` (`RestartBackoffTimeStrategy`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RestartStrategy {
    /// The first failure ends the job.
    None,
    /// Always the same delay.
    FixedDelay {
        /// Restarts before the job fails.
        attempts: u32,
        /// Delay before each.
        delay: SimDuration,
    },
    /// Until failures come too fast.
    FailureRate {
        /// Failures within the interval that are still restarted.
        max_failures: u32,
        /// Length of the sliding interval.
        interval: SimDuration,
        /// Delay before each restart.
        delay: SimDuration,
    },
    /// Longer and longer delays.
    ExponentialDelay {
        /// First delay.
        initial: SimDuration,
        /// Longest delay.
        max: SimDuration,
        /// Factor from one delay to the next, at least 1.
        multiplier: f64,
        /// Share by which a delay differs at random, up or down.
        jitter: f64,
        /// Time without failure after which the delay is `initial` again.
        reset: SimDuration,
        /// After so many restarts without reset the job fails.
        attempts: u32,
    },
}

impl Failures {
    /// Whether anything can go wrong, or be restored, beside what the model brings about by itself.
    pub fn any(&self) -> bool {
        !self.given.is_empty()
            || self.random.is_some()
            || !self.outages.is_empty()
            || self.restore.is_some()
    }
}

impl FailureLaw {
    /// Mean time between failures, if the law has one.
    pub fn mtbf(&self) -> Option<SimDuration> {
        match self {
            FailureLaw::Exponential { mtbf } | FailureLaw::Weibull { mtbf, .. } => Some(*mtbf),
            FailureLaw::Trace(times) => {
                let last = times.last()?;
                Some(SimDuration::from_nanos(
                    last.as_nanos() / times.len() as u64,
                ))
            }
        }
    }
}

impl Default for RestartStrategy {
    /// Flink 2.x with checkpoints on.
    fn default() -> Self {
        RestartStrategy::ExponentialDelay {
            initial: keys::EXPONENTIAL_INITIAL.default(),
            max: keys::EXPONENTIAL_MAX.default(),
            multiplier: keys::EXPONENTIAL_MULTIPLIER.default(),
            jitter: keys::EXPONENTIAL_JITTER.default(),
            reset: keys::EXPONENTIAL_RESET.default(),
            attempts: keys::EXPONENTIAL_ATTEMPTS.default(),
        }
    }
}

impl Default for Recovery {
    fn default() -> Self {
        let machines = Machines::default();
        Recovery {
            strategy: RestartStrategy::default(),
            failover: keys::FAILOVER.default(),
            detection: machines.detection,
            heartbeat_interval: keys::HEARTBEAT.default(),
            heartbeat_timeout: keys::HEARTBEAT_TIMEOUT.default(),
            taskmanager_start: machines.taskmanager_start,
            jobmanager_start: machines.jobmanager_start,
            local: keys::LOCAL_RECOVERY.default(),
        }
    }
}
