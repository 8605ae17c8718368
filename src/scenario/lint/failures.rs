//! What follows from failures: work that is lost faster than it is saved, and jobs that do not come back.

use crate::scenario::key_path::KeyPath;
use crate::scenario::lint::Finding;
use crate::scenario::lint::rules::{
    FAILURE_TOO_LATE, GIVES_UP, JOB_MANAGER_LOST, NO_PROGRESS, NOTHING_TO_RESTORE,
};
use crate::scenario::{
    Commit, FailureKind, FailureLaw, Failures, RandomFailures, RestartStrategy, Scenario, Target,
};
use crate::units::SimDuration;

/// All rules about failures.
pub(super) fn failures(scenario: &Scenario, findings: &mut Vec<Finding>) {
    if let Some(random) = &scenario.failures.random {
        self::random(scenario, random, findings);
    }
    findings.extend(gives_up(scenario));
    job_manager(scenario, findings);
    too_late(scenario, findings);
}

fn table() -> KeyPath {
    KeyPath::top("failures")
}

fn random(scenario: &Scenario, random: &RandomFailures, findings: &mut Vec<Finding>) {
    let checkpointing = &scenario.checkpointing;
    let checkpoints =
        checkpointing.interval.is_some() || scenario.simulation.trigger_every_records.is_some();
    if !checkpoints {
        let message = "every failure loses all state: there are no checkpoints";
        let finding = Finding::new(NOTHING_TO_RESTORE, table(), message);
        findings.push(finding.help("set `execution.checkpointing.interval`"));
    }
    if let (Some(interval), FailureLaw::Exponential { mtbf } | FailureLaw::Weibull { mtbf, .. }) =
        (checkpointing.interval, &random.law)
        && *mtbf < interval
    {
        let message = format!("failures every {mtbf}, checkpoints every {interval}");
        findings.push(Finding::new(NO_PROGRESS, table().key("mtbf"), message));
    }
}

/// The restart strategy does not restart as often as failures are expected.
fn gives_up(scenario: &Scenario) -> Option<Finding> {
    let expected = expected(&scenario.failures, scenario.job.duration);
    if expected <= 0.0 {
        return None;
    }
    let (gives_up, after) = match scenario.failures.recovery.strategy {
        RestartStrategy::None => (true, "the first failure".to_owned()),
        RestartStrategy::FixedDelay { attempts, .. }
        | RestartStrategy::ExponentialDelay { attempts, .. } => (
            expected > f64::from(attempts),
            format!("{attempts} restarts"),
        ),
        RestartStrategy::FailureRate {
            max_failures,
            interval,
            ..
        } => (
            densest(&scenario.failures, interval, scenario.job.duration) > f64::from(max_failures),
            format!("more than {max_failures} failures in {interval}"),
        ),
    };
    let path = match scenario.failures.random {
        Some(_) => table(),
        None => KeyPath::top("failure").index(0),
    };
    let plural = if expected.round() > 1.0 { "s" } else { "" };
    let message = format!(
        "the job ends after {after}; about {} failure{plural} are expected in {}",
        expected.round().max(1.0),
        scenario.job.duration
    );
    let finding = Finding::new(GIVES_UP, path, message);
    gives_up.then(|| finding.help("use `restart-strategy.type: exponential-delay`"))
}

/// Mean number of failures in a run.
fn expected(failures: &Failures, duration: SimDuration) -> f64 {
    let given = failures
        .given
        .iter()
        .filter(|failure| failure.at < duration)
        .map(|failure| f64::from(failure.times));
    let random = failures
        .random
        .as_ref()
        .map_or(0.0, |random| match &random.law {
            FailureLaw::Exponential { mtbf } | FailureLaw::Weibull { mtbf, .. } => {
                duration.as_secs_f64() / mtbf.as_secs_f64()
            }
            FailureLaw::Trace(times) => times.iter().filter(|at| **at < duration).count() as f64,
        });
    given.sum::<f64>() + random
}

/// The largest number of failures that are expected within an interval. Repeated failures come at least their
/// distance apart.
fn densest(failures: &Failures, interval: SimDuration, duration: SimDuration) -> f64 {
    let mut times: Vec<SimDuration> = Vec::new();
    for failure in &failures.given {
        let repeated = (0..u64::from(failure.times))
            .map(|time| failure.at + failure.again_after * time)
            .take_while(|at| *at < duration)
            // More than these are too many for any strategy that counts them.
            .take(1_000);
        times.extend(repeated);
    }
    let mut mean = 0.0;
    match failures.random.as_ref().map(|random| &random.law) {
        Some(FailureLaw::Exponential { mtbf } | FailureLaw::Weibull { mtbf, .. }) => {
            mean = interval.as_secs_f64() / mtbf.as_secs_f64();
        }
        Some(FailureLaw::Trace(instants)) => {
            times.extend(instants.iter().filter(|at| **at < duration));
        }
        None => {}
    }
    times.sort_unstable();
    let from = |start: usize| {
        let end = times[start] + interval;
        times[start..].partition_point(|at| *at <= end)
    };
    let most = (0..times.len()).map(from).max().unwrap_or(0);
    most as f64 + mean
}

fn job_manager(scenario: &Scenario, findings: &mut Vec<Finding>) {
    if scenario.cluster.commit != Commit::None {
        return;
    }
    let random = scenario.failures.random.as_ref();
    let mut lost: Vec<KeyPath> = random
        .filter(|random| random.kind == FailureKind::JobManager)
        .map(|_| table().key("what"))
        .into_iter()
        .collect();
    let given = scenario.failures.given.iter().enumerate();
    lost.extend(
        given
            .filter(|(_, failure)| failure.target == Target::JobManager)
            .map(|(index, _)| KeyPath::top("failure").index(index).key("jobmanager")),
    );
    for path in lost {
        let message = "the JobManager fails, and nobody else knows the newest checkpoint";
        let finding = Finding::new(JOB_MANAGER_LOST, path, message);
        findings.push(finding.help("add `commit = { replicas = 3 }` to [cluster]"));
    }
}

fn too_late(scenario: &Scenario, findings: &mut Vec<Finding>) {
    let failures = &scenario.failures;
    let path = |name: &str, index: usize| KeyPath::top(name).index(index).key("at");
    let given = failures.given.iter().enumerate();
    let mut instants: Vec<(SimDuration, KeyPath)> = given
        .map(|(index, failure)| (failure.at, path("failure", index)))
        .collect();
    let outages = failures.outages.iter().enumerate();
    instants.extend(outages.map(|(index, outage)| (outage.at, path("outage", index))));
    if let Some(FailureLaw::Trace(times)) = failures.random.as_ref().map(|random| &random.law) {
        instants.extend(times.first().map(|first| (*first, table())));
    }
    for (at, path) in instants {
        if at >= scenario.job.duration {
            let message = format!("at {at} the run of {} is over", scenario.job.duration);
            findings.push(Finding::new(FAILURE_TOO_LATE, path, message));
        }
    }
}
