//! `[[operation]]`: what is asked for, and the job that it makes.

use crate::scenario::diagnostic::Severity;
use crate::scenario::job::SavepointFormat;
use crate::scenario::key_path::KeyPath;
use crate::scenario::keys::File;
use crate::scenario::keys::failure::OriginKind;
use crate::scenario::keys::operation::OperationTable;
use crate::scenario::operation::{Change, Operation};
use crate::scenario::resolve::graph::{NamedBy, vertex_named};
use crate::scenario::resolve::problems::Problems;
use crate::scenario::resolve::resolve;
use crate::scenario::{Scenario, Target, VertexKind};
use crate::units::SimDuration;

/// All operations, which stand in the order of time; each changes what the one before it has left.
pub(super) fn operations(
    file: &File,
    scenario: &Scenario,
    problems: &mut Problems<'_>,
) -> Vec<Operation> {
    let tables = file.operation.as_deref().unwrap_or_default();
    let mut last = None;
    let mut job = JobSoFar::of(file, scenario);
    let resolved = tables.iter().enumerate().map(|(index, table)| {
        let path = KeyPath::top("operation").index(index);
        if table.at.is_none() {
            problems.missing(
                &path.key("at"),
                "an operation without a time",
                "add for example `at = \"5 min\"`",
            );
        }
        if table.at < last {
            problems
                .error(&path.key("at"), "an operation before the one above it")
                .help("write them in the order of time: each changes what the one before has left");
        }
        last = table.at;
        let savepoint = match table.from {
            OriginKind::Savepoint => Some(table.format.unwrap_or(SavepointFormat::Canonical)),
            OriginKind::Checkpoint => {
                for key in problems.which(&path, &["format"]) {
                    problems.error(&path.key(key), format!("only a savepoint has `{key}`"));
                }
                None
            }
        };
        Operation {
            at: table.at.unwrap_or(SimDuration::ZERO),
            savepoint,
            provisioning: table.provisioning,
            change: job.change(table, &path, problems),
        }
    });
    resolved.collect()
}

/// What shares follow from is of no use where they stay what they are.
pub(super) fn forget_origins(scenario: &mut Scenario) {
    for vertex in &mut scenario.vertices {
        if let VertexKind::Source(source) = &mut vertex.work {
            source.splits = None;
        }
        for input in &mut vertex.inputs {
            input.dealt = None;
        }
    }
}

/// The job as the operations up to some time have left it.
struct JobSoFar {
    file: File,
    scenario: Scenario,
}

impl JobSoFar {
    fn of(file: &File, scenario: &Scenario) -> Self {
        let mut file = file.clone();
        (file.operation, file.restore, file.trigger, file.failure) = (None, None, None, None);
        // Flink keeps the number of key groups for the life of the state.
        let tables = file.vertex.iter_mut().flatten();
        for (table, vertex) in tables.zip(&scenario.vertices) {
            table.max_parallelism = u32::try_from(vertex.key_groups).ok();
        }
        let scenario = scenario.clone();
        JobSoFar { file, scenario }
    }

    /// What an operation changes, if it does. Whatever makes the changed job impossible is said of the operation.
    fn change(
        &mut self,
        table: &OperationTable,
        path: &KeyPath,
        problems: &mut Problems<'_>,
    ) -> Option<Change> {
        let mut parallelism = Vec::new();
        for (name, given) in table.parallelism.iter().flatten() {
            let key = path.key("parallelism").key(name);
            let vertices = &self.scenario.vertices;
            let named = vertex_named(name, vertices, (&key, NamedBy::Key), problems);
            if let Some(vertex) = named.filter(|vertex| vertices[*vertex].parallelism != *given) {
                parallelism.push((vertex, *given));
            }
        }
        parallelism.sort_unstable();
        if problems.any_error() {
            return None;
        }
        if parallelism.is_empty() && table.taskmanagers.or(table.slots).is_none() {
            return None;
        }
        let mut file = self.file.clone();
        for (vertex, given) in &parallelism {
            if let Some(table) = file.vertex.as_mut().and_then(|all| all.get_mut(*vertex)) {
                table.parallelism = Some(*given);
            }
        }
        let cluster = &mut file.cluster;
        cluster.taskmanagers = table.taskmanagers.unwrap_or(cluster.taskmanagers);
        cluster.slots = table.slots.or(cluster.slots);
        let mut found = Problems::new(problems.document(), Vec::new());
        let then = resolve(&file, &mut found);
        let errors = found.into_diagnostics().into_iter();
        for error in errors.filter(|found| found.severity == Severity::Error) {
            let message = format!("after this operation: {}", error.message);
            let mut reported = problems.key_error(path, message);
            for help in error.help {
                reported.help(help);
            }
        }
        self.targets_remain(table.at, &then, problems);
        let machines =
            |scenario: &Scenario| (scenario.cluster.taskmanagers, scenario.cluster.slots);
        let changes = !parallelism.is_empty() || machines(&then) != machines(&self.scenario);
        let change = changes.then(|| Change::of(parallelism, &then));
        let failures = self.scenario.failures.clone();
        self.scenario = Scenario { failures, ..then };
        self.file = file;
        change
    }

    /// What fails afterwards must be there then.
    fn targets_remain(
        &self,
        at: Option<SimDuration>,
        then: &Scenario,
        problems: &mut Problems<'_>,
    ) {
        for (index, failure) in self.scenario.failures.given.iter().enumerate() {
            let remains = match failure.target {
                Target::Task { vertex, subtask } => subtask < then.vertices[vertex].parallelism,
                Target::TaskManager(number) => number < then.cluster.taskmanagers,
                Target::JobManager => true,
            };
            if !remains && Some(failure.at) >= at {
                let path = KeyPath::top("failure").index(index);
                problems.key_error(
                    &path,
                    "what fails is not there after the operation before it",
                );
            }
        }
    }
}
