//! How a job comes back: Flink's options about restarts, heartbeats and local recovery, and what `[failures]` says about
//! the machines.

use crate::scenario::failure::{Detection, Failover, Recovery, RestartStrategy};
use crate::scenario::file::failure::{self as file, DetectionKind};
use crate::scenario::resolve::options::{FlinkOptions, FlinkVersion, INTEGER_MAX};
use crate::scenario::resolve::problems::Problems;
use crate::units::SimDuration;

/// `RestartStrategyOptions`: the delay of strategies that have only one.
const DELAY: SimDuration = SimDuration::from_secs(1);
/// `ExponentialDelayRestartBackoffTimeStrategy` computes in milliseconds.
const BACKOFF_MIN: SimDuration = SimDuration::from_millis(1);

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
    let default = Recovery::default();
    let table = table.cloned().unwrap_or_default();
    let options = given.options;
    let (heartbeat_interval, heartbeat_timeout) = heartbeats(&default, options, problems);
    let failover = options.text("jobmanager.execution.failover-strategy");
    let local = options.boolean("execution.state-recovery.from-local") == Some(true);
    let copies = options.boolean("execution.checkpointing.local-backup.enabled");
    Recovery {
        strategy: strategy(given, problems),
        failover: if failover.is_some_and(|text| text.eq_ignore_ascii_case("full")) {
            Failover::Full
        } else {
            Failover::Region
        },
        detection: match table.detection {
            Some(DetectionKind::Heartbeat) => Detection::Heartbeat,
            Some(DetectionKind::Immediate) | None => Detection::Immediate,
        },
        heartbeat_interval,
        heartbeat_timeout,
        taskmanager_start: table
            .taskmanager_start
            .map_or(default.taskmanager_start, |text| text.0),
        jobmanager_start: table
            .jobmanager_start
            .map_or(default.jobmanager_start, |text| text.0),
        local: local && copies != Some(false),
    }
}

/// `RestartBackoffTimeStrategyFactoryLoader`.
fn strategy(given: Given<'_>, problems: &mut Problems<'_>) -> RestartStrategy {
    let options = given.options;
    let Some(text) = options.text("restart-strategy.type") else {
        return match (given.checkpoints, given.version.major) {
            (false, _) => RestartStrategy::None,
            (true, ..2) => RestartStrategy::FixedDelay {
                attempts: INTEGER_MAX as u32,
                delay: DELAY,
            },
            (true, 2..) => exponential(options, problems),
        };
    };
    let any = (0, INTEGER_MAX);
    match text.to_lowercase().as_str() {
        "fixed-delay" | "fixeddelay" => {
            let attempts = "restart-strategy.fixed-delay.attempts";
            let delay = options.duration("restart-strategy.fixed-delay.delay");
            RestartStrategy::FixedDelay {
                attempts: options.integer(attempts, 1, any, problems) as u32,
                delay: delay.unwrap_or(DELAY),
            }
        }
        "failure-rate" | "failurerate" => failure_rate(options, problems),
        "exponential-delay" | "exponentialdelay" => exponential(options, problems),
        // The only other words that the option takes are `none`, `off` and `disable`.
        _ => RestartStrategy::None,
    }
}

fn failure_rate(options: &FlinkOptions, problems: &mut Problems<'_>) -> RestartStrategy {
    let max = "restart-strategy.failure-rate.max-failures-per-interval";
    let key = "restart-strategy.failure-rate.failure-rate-interval";
    let interval = options.duration(key).unwrap_or(SimDuration::from_secs(60));
    if interval.is_zero() {
        problems.error(&options.path(key), format!("`{key}` must be positive"));
    }
    let delay = options.duration("restart-strategy.failure-rate.delay");
    RestartStrategy::FailureRate {
        max_failures: options.integer(max, 1, (1, INTEGER_MAX), problems) as u32,
        interval,
        delay: delay.unwrap_or(DELAY),
    }
}

/// `ExponentialDelayRestartBackoffTimeStrategyFactory`, with its checks.
fn exponential(options: &FlinkOptions, problems: &mut Problems<'_>) -> RestartStrategy {
    let initial_key = "restart-strategy.exponential-delay.initial-backoff";
    let max_key = "restart-strategy.exponential-delay.max-backoff";
    let multiplier = "restart-strategy.exponential-delay.backoff-multiplier";
    let jitter = "restart-strategy.exponential-delay.jitter-factor";
    let reset = "restart-strategy.exponential-delay.reset-backoff-threshold";
    let attempts = "restart-strategy.exponential-delay.attempts-before-reset-backoff";
    let initial = options.duration(initial_key).unwrap_or(DELAY);
    let max = options
        .duration(max_key)
        .unwrap_or(SimDuration::from_secs(60));
    if initial < BACKOFF_MIN {
        problems.error(
            &options.path(initial_key),
            format!("`{initial_key}` must be at least 1 ms"),
        );
    }
    if max < initial {
        let at_fault = if options.has(max_key) {
            max_key
        } else {
            initial_key
        };
        problems
            .error(
                &options.path(at_fault),
                "the longest back-off is shorter than the first one",
            )
            .label(format!("from {initial} to {max}"));
    }
    RestartStrategy::ExponentialDelay {
        initial,
        max,
        multiplier: options.number(multiplier, 1.5, (1.0, 1e6), problems),
        jitter: options.number(jitter, 0.1, (0.0, 1.0), problems),
        reset: options
            .duration(reset)
            .unwrap_or(SimDuration::from_secs(3600)),
        attempts: options.integer(attempts, INTEGER_MAX, (1, INTEGER_MAX), problems) as u32,
    }
}

/// `HeartbeatServices`: the interval is positive, the timeout at least as long.
fn heartbeats(
    default: &Recovery,
    options: &FlinkOptions,
    problems: &mut Problems<'_>,
) -> (SimDuration, SimDuration) {
    let (interval_key, timeout_key) = ("heartbeat.interval", "heartbeat.timeout");
    let interval = options.duration(interval_key);
    let interval = interval.unwrap_or(default.heartbeat_interval);
    let timeout = options.duration(timeout_key);
    let timeout = timeout.unwrap_or(default.heartbeat_timeout);
    if interval.is_zero() {
        problems.error(
            &options.path(interval_key),
            format!("`{interval_key}` must be positive"),
        );
    }
    if timeout < interval {
        let at_fault = if options.has(timeout_key) {
            timeout_key
        } else {
            interval_key
        };
        problems
            .error(
                &options.path(at_fault),
                "the heartbeat's timeout is shorter than its interval",
            )
            .label(format!("{timeout} against {interval}"));
    }
    (interval, timeout)
}
