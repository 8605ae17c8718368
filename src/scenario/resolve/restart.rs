//! How a job comes back: Flink's options about restarts, heartbeats and local recovery, and what `[failures]` says about
//! the machines.

use crate::scenario::failure::{Recovery, RestartStrategy};
use crate::scenario::key_path::KeyPath;
use crate::scenario::keys::failure as file;
use crate::scenario::keys::flink::{self as keys, Strategy};
use crate::scenario::keys::option::{INTEGER_MAX, Opt};
use crate::scenario::resolve::options::{FlinkOptions, FlinkVersion};
use crate::scenario::resolve::problems::Problems;
use crate::units::SimDuration;

/// What else of the file concerns restarts.
#[derive(Clone, Copy)]
pub(super) struct Given<'o> {
    pub(super) version: FlinkVersion,
    pub(super) options: &'o FlinkOptions,
    /// Whether checkpoints are triggered by themselves.
    pub(super) checkpoints: bool,
}

/// Everything about how a job comes back.
pub(super) fn recovery(
    table: Option<&file::Failures>,
    given: Given<'_>,
    problems: &mut Problems<'_>,
) -> Recovery {
    let table = table.cloned().unwrap_or_default();
    let options = given.options;
    let (heartbeat_interval, heartbeat_timeout) = heartbeats(options, problems);
    let local = options.of(&keys::LOCAL_RECOVERY, problems);
    let copies = options.given(&keys::LOCAL_BACKUP, problems);
    Recovery {
        strategy: strategy(given, problems),
        failover: options.of(&keys::FAILOVER, problems),
        detection: table.detection,
        heartbeat_interval,
        heartbeat_timeout,
        taskmanager_start: table.taskmanager_start,
        jobmanager_start: table.jobmanager_start,
        local: local && copies != Some(false),
    }
}

/// `RestartBackoffTimeStrategyFactoryLoader`.
fn strategy(given: Given<'_>, problems: &mut Problems<'_>) -> RestartStrategy {
    let options = given.options;
    match options.given(&keys::RESTART, problems) {
        Some(Strategy::None) => RestartStrategy::None,
        Some(Strategy::FixedDelay) => RestartStrategy::FixedDelay {
            attempts: options.of(&keys::FIXED_ATTEMPTS, problems),
            delay: options.of(&keys::FIXED_DELAY, problems),
        },
        Some(Strategy::FailureRate) => RestartStrategy::FailureRate {
            max_failures: options.of(&keys::RATE_FAILURES, problems),
            interval: options.of(&keys::RATE_INTERVAL, problems),
            delay: options.of(&keys::RATE_DELAY, problems),
        },
        Some(Strategy::ExponentialDelay) => exponential(options, problems),
        None => match (given.checkpoints, given.version.major) {
            (false, _) => RestartStrategy::None,
            (true, ..2) => RestartStrategy::FixedDelay {
                attempts: INTEGER_MAX as u32,
                delay: keys::FIXED_DELAY.default(),
            },
            (true, 2..) => exponential(options, problems),
        },
    }
}

/// `ExponentialDelayRestartBackoffTimeStrategyFactory`, with its checks; it computes in milliseconds.
fn exponential(options: &FlinkOptions, problems: &mut Problems<'_>) -> RestartStrategy {
    let initial = options.of(&keys::EXPONENTIAL_INITIAL, problems);
    let max = options.of(&keys::EXPONENTIAL_MAX, problems);
    if max < initial {
        let path = at_fault(&keys::EXPONENTIAL_MAX, &keys::EXPONENTIAL_INITIAL, options);
        problems
            .error(&path, "the longest back-off is shorter than the first one")
            .label(format!("from {initial} to {max}"));
    }
    RestartStrategy::ExponentialDelay {
        initial,
        max,
        multiplier: options.of(&keys::EXPONENTIAL_MULTIPLIER, problems),
        jitter: options.of(&keys::EXPONENTIAL_JITTER, problems),
        reset: options.of(&keys::EXPONENTIAL_RESET, problems),
        attempts: options.of(&keys::EXPONENTIAL_ATTEMPTS, problems),
    }
}

/// `HeartbeatServices`: the interval is positive, the timeout at least as long.
fn heartbeats(options: &FlinkOptions, problems: &mut Problems<'_>) -> (SimDuration, SimDuration) {
    let interval = options.of(&keys::HEARTBEAT, problems);
    let timeout = options.of(&keys::HEARTBEAT_TIMEOUT, problems);
    if timeout < interval {
        let path = at_fault(&keys::HEARTBEAT_TIMEOUT, &keys::HEARTBEAT, options);
        problems
            .error(
                &path,
                "the heartbeat's timeout is shorter than its interval",
            )
            .label(format!("{timeout} against {interval}"));
    }
    (interval, timeout)
}

/// Of two options that do not fit together, the one that was given.
fn at_fault<L, S>(longer: &Opt<L>, shorter: &Opt<S>, options: &FlinkOptions) -> KeyPath {
    if options.has(longer) {
        options.path(longer)
    } else {
        options.path(shorter)
    }
}
