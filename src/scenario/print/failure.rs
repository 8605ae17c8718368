//! `[failures]`, `[[failure]]`, `[[outage]]`, `[restore]`, and Flink's options about restarts.

use crate::scenario::print::flink::duration;
use crate::scenario::print::writer::{Inline, Writer, key_of, text};
use crate::scenario::{
    Detection, Failover, FailureKind, FailureLaw, GivenFailure, Outage, OutageKind, RandomFailures,
    Recovery, RestartStrategy, Restore, SavepointFormat, Scenario, Target,
};
use crate::units::print;

/// Options of `[flink]`.
pub(super) fn flink(recovery: &Recovery, writer: &mut Writer) {
    strategy(recovery.strategy, writer);
    let failover = match recovery.failover {
        Failover::Region => "region",
        Failover::Full => "full",
    };
    writer.key("jobmanager.execution.failover-strategy", text(failover));
    writer.key("heartbeat.interval", duration(recovery.heartbeat_interval));
    writer.key("heartbeat.timeout", duration(recovery.heartbeat_timeout));
    writer.key("execution.state-recovery.from-local", recovery.local);
}

/// The tables.
pub(super) fn failures(scenario: &Scenario, writer: &mut Writer) {
    let failures = &scenario.failures;
    let recovery = &failures.recovery;
    writer.table("[failures]");
    if let Some(random) = &failures.random {
        self::random(random, writer);
    }
    let detection = match recovery.detection {
        Detection::Immediate => "immediate",
        Detection::Heartbeat => "heartbeat",
    };
    writer.key("detection", text(detection));
    let start = text(&print::written(recovery.taskmanager_start));
    writer.key("taskmanager-start", start);
    let start = text(&print::written(recovery.jobmanager_start));
    writer.key("jobmanager-start", start);
    for given in &failures.given {
        failure(scenario, given, writer);
    }
    for given in &failures.outages {
        outage(given, writer);
    }
    if let Some(given) = &failures.restore {
        restore(scenario, given, writer);
    }
}

fn random(random: &RandomFailures, writer: &mut Writer) {
    match &random.law {
        FailureLaw::Exponential { mtbf } => {
            writer.key("mtbf", text(&print::written(*mtbf)));
            writer.key("law", text("exponential"));
        }
        FailureLaw::Weibull { mtbf, shape } => {
            writer.key("mtbf", text(&print::written(*mtbf)));
            writer.key("law", text("weibull"));
            writer.key("shape", format!("{shape:?}"));
        }
        FailureLaw::Trace(times) => {
            let times = times.iter().map(|at| text(&print::written(*at)));
            let times: Vec<String> = times.collect();
            writer.key("at", format!("[{}]", times.join(", ")));
        }
    }
    let what = match random.kind {
        FailureKind::Task => "task",
        FailureKind::TaskManager => "taskmanager",
        FailureKind::JobManager => "jobmanager",
    };
    writer.key("what", text(what));
}

fn failure(scenario: &Scenario, failure: &GivenFailure, writer: &mut Writer) {
    writer.table("[[failure]]");
    writer.key("at", text(&print::written(failure.at)));
    match failure.target {
        Target::Task { vertex, subtask } => {
            let mut task = Inline::default();
            task.key("vertex", text(&scenario.vertices[vertex].name));
            task.key("subtask", subtask);
            writer.key("task", task.finish());
        }
        Target::TaskManager(machine) => writer.key("taskmanager", machine),
        Target::JobManager => writer.key("jobmanager", true),
    }
    writer.key("times", failure.times);
    if failure.times > 1 {
        let again = text(&print::written(failure.again_after));
        writer.key("again-after", again);
    }
}

fn outage(outage: &Outage, writer: &mut Writer) {
    writer.table("[[outage]]");
    writer.key("at", text(&print::written(outage.at)));
    writer.key("duration", text(&print::written(outage.duration)));
    match outage.what {
        OutageKind::Storage { share } => {
            writer.key("storage", text(&print::written_share(share)));
        }
        OutageKind::Replica(replica) => writer.key("replica", replica),
    }
}

fn restore(scenario: &Scenario, restore: &Restore, writer: &mut Writer) {
    writer.table("[restore]");
    match restore.format {
        None => writer.key("from", text("checkpoint")),
        Some(format) => {
            writer.key("from", text("savepoint"));
            let format = match format {
                SavepointFormat::Canonical => "canonical",
                SavepointFormat::Native => "native",
            };
            writer.key("format", text(format));
        }
    }
    writer.key("age", text(&print::written(restore.age)));
    if !restore.parallelism.is_empty() {
        let mut table = Inline::default();
        for (vertex, parallelism) in &restore.parallelism {
            table.key(&key_of(&scenario.vertices[*vertex].name), parallelism);
        }
        writer.key("parallelism", table.finish());
    }
}

fn strategy(strategy: RestartStrategy, writer: &mut Writer) {
    let key = "restart-strategy.type";
    match strategy {
        RestartStrategy::None => writer.key(key, text("none")),
        RestartStrategy::FixedDelay { attempts, delay } => {
            writer.key(key, text("fixed-delay"));
            writer.key("restart-strategy.fixed-delay.attempts", attempts);
            writer.key("restart-strategy.fixed-delay.delay", duration(delay));
        }
        RestartStrategy::FailureRate {
            max_failures,
            interval,
            delay,
        } => {
            let below = |name: &str| format!("restart-strategy.failure-rate.{name}");
            writer.key(key, text("failure-rate"));
            writer.key(&below("max-failures-per-interval"), max_failures);
            writer.key(&below("failure-rate-interval"), duration(interval));
            writer.key(&below("delay"), duration(delay));
        }
        RestartStrategy::ExponentialDelay {
            initial,
            max,
            multiplier,
            jitter,
            reset,
            attempts,
        } => {
            let below = |name: &str| format!("restart-strategy.exponential-delay.{name}");
            writer.key(key, text("exponential-delay"));
            writer.key(&below("initial-backoff"), duration(initial));
            writer.key(&below("max-backoff"), duration(max));
            writer.key(&below("backoff-multiplier"), format!("{multiplier:?}"));
            writer.key(&below("jitter-factor"), format!("{jitter:?}"));
            writer.key(&below("reset-backoff-threshold"), duration(reset));
            writer.key(&below("attempts-before-reset-backoff"), attempts);
        }
    }
}
