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
pub mod options;
pub mod problems;
mod restart;
mod service;
mod size;
mod source;
mod state;
mod storage;
mod trace;
mod vertex;

pub use crate::scenario::resolve::graph::topological;

use crate::scenario::file::File;
use crate::scenario::file::quantity::Count;
use crate::scenario::key_path::KeyPath;
use crate::scenario::resolve::options::FlinkOptions;
use crate::scenario::resolve::problems::Problems;
use crate::scenario::{Measured, Scenario, Wish};

/// Decides everything that a file leaves open. The result means something only if no error was reported.
pub fn resolve(file: &File, problems: &mut Problems<'_>) -> Scenario {
    let job_table = file.job.clone().unwrap_or_default();
    let simulation_table = file.simulation.clone().unwrap_or_default();
    let version = job::flink_version(&job_table, problems);
    let options = FlinkOptions::read(version, problems);
    let job = job::job(&job_table, problems);
    let simulation = job::simulation(&simulation_table, problems);
    let storage = storage::storage(file.storage.as_ref(), problems);
    let inputs = flink::Inputs {
        job: &job_table,
        simulation: &simulation_table,
        storage: file.storage.as_ref(),
    };
    let checkpointing = flink::checkpointing(&inputs, &options, problems);
    let network = network::network(version, &options, problems);
    let given = vertex::Given {
        file,
        options: &options,
        backend: checkpointing.backend,
        subtasks_max: simulation.max_subtasks,
    };
    let vertices = vertex::vertices(&given, problems);
    let triggers = job::triggers(file.trigger.as_deref().unwrap_or_default(), problems);
    let cluster = cluster::cluster(file.cluster.as_ref(), &options, &vertices, problems);
    let recovery = restart::recovery(
        file.failures.as_ref(),
        restart::Given {
            version,
            options: &options,
            checkpoints: checkpointing.interval.is_some() || checkpointing.every_records.is_some(),
        },
        problems,
    );
    let failures = failure::failures(file, (&vertices, &cluster), recovery, problems);
    let scenario = Scenario {
        job,
        vertices,
        checkpointing,
        network,
        cluster,
        storage,
        simulation,
        failures,
        triggers,
        objectives: objectives(file),
        measured: measured(file, problems),
    };
    size::check(&scenario, problems);
    scenario
}

fn objectives(file: &File) -> Vec<Wish> {
    let written = file.objectives.iter().flatten();
    written
        .map(|(metric, bound)| Wish {
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

/// A whole number within limits, or the default. What is out of the limits is reported, and replaced by the default.
fn count(
    value: Option<Count>,
    default: u64,
    limits: (u64, u64),
    path: &KeyPath,
    problems: &mut Problems<'_>,
) -> u64 {
    let (smallest, largest) = limits;
    let Some(Count(number)) = value else {
        return default;
    };
    let spelt = problems.document().spell(path);
    if number < smallest {
        problems
            .error(path, format!("`{spelt}` must be at least {smallest}"))
            .help(format!("write a whole number from {smallest} to {largest}"));
    } else if number > largest {
        problems.error(path, format!("`{spelt}` must be at most {largest}"));
    } else {
        return number;
    }
    default
}
