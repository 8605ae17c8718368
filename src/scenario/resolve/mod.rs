//! From what a file says to what the program means: defaults decided, every contradiction reported.
//!
//! Each table has its own file. All of them go on after a problem, so that one reading reports everything.

mod cluster;
mod exchange;
mod failure;
mod flink;
mod graph;
mod job;
mod network;
mod operation;
pub mod options;
pub mod problems;
mod restart;
mod service;
mod size;
mod source;
mod state;
mod storage;
mod timers;
mod trace;
mod vertex;

pub use crate::scenario::resolve::flink::is_heap_backend;
pub use crate::scenario::resolve::graph::topological;

use crate::scenario::key_path::KeyPath;
use crate::scenario::keys::File;
use crate::scenario::keys::flink::Options;
use crate::scenario::resolve::options::FlinkOptions;
use crate::scenario::resolve::problems::Problems;
use crate::scenario::{Cost, Measured, Objective, Scenario, Simulation};

/// Decides everything that a file leaves open. The result means something only if no error was reported.
pub fn resolve(file: &File, problems: &mut Problems<'_>) -> Scenario {
    let version = job::flink_version(file.job.flink_version.as_deref(), problems);
    let options = FlinkOptions::read(version, problems);
    let job = job::job(&file.job, problems);
    let mut simulation = Simulation {
        alignment: None,
        cache_limit: None,
        cache_overflow: None,
        ..file.simulation.clone()
    };
    if flink::is_batch(&options, problems) {
        simulation.trigger_every_records = None;
    }
    let storage = storage::storage(file.storage.as_ref(), problems);
    let inputs = flink::Inputs {
        simulation: &file.simulation,
        storage: file.storage.as_ref(),
        version,
    };
    let checkpointing = flink::checkpointing(&inputs, &options, problems);
    let network = network::network(version, &options, problems);
    let flink = Options::read(&mut (&options, &mut *problems));
    let given = vertex::Given {
        file,
        options: &options,
        max_parallelism: flink.max_parallelism,
        backend: checkpointing.backend,
        subtasks_max: simulation.max_subtasks,
    };
    let vertices = vertex::vertices(&given, problems);
    if simulation.check_consistency {
        let tables = file.vertex.as_deref().unwrap_or_default();
        timers::check_ledger(tables, &vertices, problems);
    }
    let triggers = job::triggers(file.trigger.as_deref().unwrap_or_default(), problems);
    let cluster = cluster::cluster((&file.cluster, version), &options, &vertices, problems);
    let recovery = restart::recovery(
        file.failures.as_ref(),
        restart::Given {
            version,
            options: &options,
            checkpoints: checkpointing.interval.is_some()
                || simulation.trigger_every_records.is_some(),
        },
        problems,
    );
    let failures = failure::failures(file, (&vertices, &cluster), recovery, problems);
    let mut scenario = Scenario {
        job,
        vertices,
        checkpointing,
        network,
        cluster,
        storage,
        cost: cost(&file.cost, problems),
        flink,
        simulation,
        failures,
        triggers,
        operations: Vec::new(),
        objectives: objectives(file),
        measured: measured(file, problems),
    };
    size::check(&scenario, problems);
    scenario.operations = operation::operations(file, &scenario, problems);
    if !scenario.is_rescaled() {
        operation::forget_origins(&mut scenario);
    }
    if scenario.simulation.check_consistency && scenario.is_rescaled() {
        let path = KeyPath::top("simulation").key("check-consistency");
        problems.error(
            &path,
            "records are followed by subtask: not across a rescale",
        );
    }
    scenario
}

/// Who gives a price says where it comes from, or has it from nowhere else.
fn cost(given: &Cost, problems: &Problems<'_>) -> Cost {
    let path = KeyPath::top("cost");
    let mut cost = given.clone();
    if problems.given(&path.key("taskmanager-hour")) && !problems.given(&path.key("note")) {
        "as given in the scenario".clone_into(&mut cost.note);
    }
    cost
}

fn objectives(file: &File) -> Vec<Objective> {
    let written = file.objectives.iter().flatten();
    written
        .map(|(metric, bound)| Objective {
            metric: metric.clone(),
            bound: bound.clone(),
        })
        .collect()
}

fn measured(file: &File, problems: &mut Problems<'_>) -> Option<Measured> {
    let table = file.measured.as_ref()?;
    if let Some(recording) = table.recording.clone().filter(|path| !path.is_empty()) {
        return Some(Measured { recording });
    }
    problems.missing(
        &KeyPath::top("measured").key("recording"),
        "measured by whom?",
        "add for example `recording = \"recording.json\"`",
    );
    None
}
