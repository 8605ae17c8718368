//! `[failures]`, `[[failure]]`, `[[outage]]`, `[[operation]]` and `[restore]`.

use crate::scenario::keys::failure::{self as keys, LawKind, OriginKind, Task};
use crate::scenario::keys::operation::OperationTable;
use crate::scenario::{FailureLaw, Failures, OutageKind, SavepointFormat, Scenario, Target};

/// `[failures]`.
pub(super) fn failures(failures: &Failures) -> keys::Failures {
    let recovery = &failures.recovery;
    let mut table = keys::Failures {
        detection: recovery.detection,
        taskmanager_start: recovery.taskmanager_start,
        jobmanager_start: recovery.jobmanager_start,
        ..keys::Failures::default()
    };
    if let Some(random) = &failures.random {
        match &random.law {
            FailureLaw::Exponential { mtbf } => {
                table.mtbf = Some(*mtbf);
                table.law = Some(LawKind::Exponential);
            }
            FailureLaw::Weibull { mtbf, shape } => {
                table.mtbf = Some(*mtbf);
                table.law = Some(LawKind::Weibull);
                table.shape = Some(*shape);
            }
            FailureLaw::Trace(times) => table.at = Some(times.clone()),
        }
        table.what = Some(random.kind);
    }
    table
}

/// `[[failure]]`.
pub(super) fn given(scenario: &Scenario) -> Vec<keys::Failure> {
    let failures = scenario.failures.given.iter().map(|failure| {
        let mut table = keys::Failure {
            at: Some(failure.at),
            times: failure.times,
            again_after: (failure.times > 1).then_some(failure.again_after),
            ..keys::Failure::default()
        };
        match failure.target {
            Target::Task { vertex, subtask } => {
                table.task = Some(Task {
                    vertex: Some(scenario.vertices[vertex].name.clone()),
                    subtask: subtask as u64,
                });
            }
            Target::TaskManager(machine) => table.taskmanager = Some(machine),
            Target::JobManager => table.jobmanager = Some(true),
        }
        table
    });
    failures.collect()
}

/// `[[outage]]`.
pub(super) fn outages(scenario: &Scenario) -> Vec<keys::Outage> {
    let outages = scenario.failures.outages.iter().map(|outage| {
        let (storage, replica) = match outage.what {
            OutageKind::Storage { share } => (Some(share), None),
            OutageKind::Replica(replica) => (None, Some(replica)),
        };
        keys::Outage {
            at: Some(outage.at),
            duration: Some(outage.duration),
            storage,
            replica,
        }
    });
    outages.collect()
}

/// `[[operation]]`.
pub(super) fn operations(scenario: &Scenario) -> Vec<OperationTable> {
    let operations = scenario.operations.iter().map(|operation| {
        let change = operation.change.as_ref();
        let changed = change.filter(|change| !change.parallelism.is_empty());
        OperationTable {
            at: Some(operation.at),
            from: origin(operation.savepoint),
            format: operation.savepoint,
            provisioning: operation.provisioning,
            parallelism: changed.map(|change| named(scenario, &change.parallelism)),
            taskmanagers: change.map(|change| change.taskmanagers),
            slots: change.map(|change| change.slots),
        }
    });
    operations.collect()
}

fn named<T: FromIterator<(String, usize)>>(scenario: &Scenario, by: &[(usize, usize)]) -> T {
    let name = |vertex: usize| scenario.vertices[vertex].name.clone();
    by.iter().map(|(vertex, p)| (name(*vertex), *p)).collect()
}

fn origin(savepoint: Option<SavepointFormat>) -> OriginKind {
    match savepoint {
        None => OriginKind::Checkpoint,
        Some(_) => OriginKind::Savepoint,
    }
}

/// `[restore]`.
pub(super) fn restore(scenario: &Scenario) -> Option<keys::Restore> {
    let restore = scenario.failures.restore.as_ref()?;
    Some(keys::Restore {
        from: origin(restore.format),
        format: restore.format,
        age: restore.age,
        parallelism: (!restore.parallelism.is_empty())
            .then(|| named(scenario, &restore.parallelism)),
    })
}
