//! What the checkpoint would have taken with another option: the same seed once more, one key changed.
//!
//! Common random numbers: records, keys and service times are those of the run that is explained, so that a difference
//! is the option's.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::experiment::RunResult;
use crate::experiment::explain::slowest;
use crate::experiment::guard::guarded;
use crate::experiment::run::RunError;
use crate::measure::{CheckpointRecord, Outcome};
use crate::scenario::load::Loaded;
use crate::scenario::{Alignment, Backend, CheckpointStorage, Exchange, Mode, Scenario, VertexId};
use crate::units::{ByteRate, SimDuration, print};

const CHECKPOINTING: &str = "flink.execution.checkpointing";
/// Ages at which barriers may begin to overtake: the longest that is at most a quarter of the duration is tried.
const TIMEOUTS: [(&str, u64); 4] = [
    ("100 ms", 100),
    ("1 s", 1_000),
    ("10 s", 10_000),
    ("1 min", 60_000),
];

/// One change, and what would come of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Counterfactual {
    /// In words.
    pub name: String,
    /// Keys of the scenario to set.
    pub settings: Vec<Setting>,
    /// The checkpoint with the same number.
    pub checkpoint: Outlook,
    /// The slowest completed checkpoint after warm-up.
    #[serde(rename = "slowest_ns")]
    pub slowest: Option<SimDuration>,
}

/// A key with its new value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// Path in a scenario; `flink.` and Flink's own name for options of Flink.
    pub key: String,
    /// As it is written.
    pub value: String,
}

/// How a checkpoint ends under another option.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outlook {
    /// It completes in this time.
    #[serde(rename = "duration_ns")]
    Completed(SimDuration),
    /// It does not complete, for this reason.
    Not(String),
}

impl Outlook {
    /// The duration, if it completes.
    pub fn duration(&self) -> Option<SimDuration> {
        match self {
            Outlook::Completed(duration) => Some(*duration),
            Outlook::Not(_) => None,
        }
    }
}

/// A change that may help.
#[derive(Clone, Debug)]
pub struct Candidate {
    name: &'static str,
    settings: Vec<(String, String)>,
    /// The scenario with it.
    pub scenario: Scenario,
}

/// Changes that make a difference to this scenario, and may make one to a checkpoint of this duration.
pub fn candidates(loaded: &Loaded, duration: SimDuration) -> Vec<Candidate> {
    let scenario = &loaded.scenario;
    let all = [
        ("unaligned barriers", unaligned(scenario)),
        ("unaligned after a time-out", timeout(scenario, duration)),
        ("buffer debloating", debloating(scenario)),
        ("twice the storage bandwidth", twice_the_bandwidth(scenario)),
        ("no skew", without_skew(scenario)),
        ("incremental checkpoints", incremental(scenario)),
        ("changelog", changelog(scenario)),
    ];
    let mut candidates = Vec::new();
    for (name, settings) in all {
        if settings.is_empty() {
            continue;
        }
        // What cannot be combined with the rest of the scenario is no advice.
        let Ok(changed) = loaded.at(&settings) else {
            continue;
        };
        if changed.scenario != *scenario {
            candidates.push(Candidate {
                name,
                settings,
                scenario: changed.scenario,
            });
        }
    }
    candidates
}

/// Simulates all of them at the same time; the largest win first.
pub fn simulate(
    candidates: &[Candidate],
    (seed, checkpoint): (u64, u64),
    runner: impl Fn(&Scenario, u64, u32) -> Result<RunResult, RunError> + Sync,
) -> Vec<Counterfactual> {
    let mut found: Vec<Counterfactual> = candidates
        .par_iter()
        .map(|candidate| {
            let run = guarded(|| runner(&candidate.scenario, seed, 0));
            let (outlook, slowest) = match &run {
                Ok(run) => (
                    outlook(run, checkpoint),
                    slowest(run).and_then(CheckpointRecord::end_to_end),
                ),
                Err(error) => (Outlook::Not(error.to_string()), None),
            };
            let settings = candidate.settings.iter();
            Counterfactual {
                name: candidate.name.to_owned(),
                settings: settings
                    .map(|(key, value)| Setting {
                        key: key.clone(),
                        value: value.clone(),
                    })
                    .collect(),
                checkpoint: outlook,
                slowest,
            }
        })
        .collect();
    let order = |found: &Counterfactual| found.checkpoint.duration().unwrap_or(SimDuration::MAX);
    found.sort_by_key(order);
    found
}

fn outlook(run: &RunResult, checkpoint: u64) -> Outlook {
    let record = run.checkpoints.iter().find(|one| one.id == checkpoint);
    match record.map(|record| (record.end_to_end(), &record.outcome)) {
        Some((Some(duration), _)) => Outlook::Completed(duration),
        Some((None, Outcome::Failed { reason, .. })) => Outlook::Not(reason.clone()),
        Some((None, _)) => Outlook::Not("In progress at the end of the run.".to_owned()),
        None => Outlook::Not("There is no checkpoint of this number.".to_owned()),
    }
}

fn set(key: impl Into<String>, value: impl Into<String>) -> (String, String) {
    (key.into(), value.into())
}

fn overtaking(after: &str) -> Vec<(String, String)> {
    vec![
        set(format!("{CHECKPOINTING}.unaligned.enabled"), "true"),
        set(format!("{CHECKPOINTING}.aligned-checkpoint-timeout"), after),
    ]
}

/// Whether barriers wait in line now and could overtake somewhere.
fn could_overtake(scenario: &Scenario) -> bool {
    let inputs = scenario.vertices.iter().flat_map(|vertex| &vertex.inputs);
    let aligned = match scenario.checkpointing.alignment {
        Alignment::Aligned | Alignment::AlignedThenUnaligned { .. } => true,
        Alignment::Unaligned | Alignment::Caching { .. } => false,
    };
    aligned
        && scenario.checkpointing.mode == Mode::ExactlyOnce
        && inputs
            .into_iter()
            .any(|input| input.exchange.supports_unaligned())
}

fn unaligned(scenario: &Scenario) -> Vec<(String, String)> {
    if could_overtake(scenario) {
        overtaking("0 s")
    } else {
        Vec::new()
    }
}

fn timeout(scenario: &Scenario, duration: SimDuration) -> Vec<(String, String)> {
    let quarter = duration.as_millis() / 4;
    let longest = TIMEOUTS.iter().rev().find(|(_, millis)| *millis <= quarter);
    match (longest, scenario.checkpointing.alignment) {
        (Some((text, _)), Alignment::Aligned) if could_overtake(scenario) => overtaking(text),
        _ => Vec::new(),
    }
}

fn debloating(scenario: &Scenario) -> Vec<(String, String)> {
    let exchanges = scenario
        .vertices
        .iter()
        .any(|vertex| !vertex.inputs.is_empty());
    if scenario.network.debloating.is_some() || !exchanges {
        return Vec::new();
    }
    vec![set(
        "flink.taskmanager.network.memory.buffer-debloat.enabled",
        "true",
    )]
}

fn uploads(scenario: &Scenario) -> bool {
    scenario.checkpointing.storage == CheckpointStorage::FileSystem
        && scenario
            .vertices
            .iter()
            .any(|vertex| vertex.state.is_some())
}

fn twice_the_bandwidth(scenario: &Scenario) -> Vec<(String, String)> {
    if !uploads(scenario) {
        return Vec::new();
    }
    let storage = &scenario.storage;
    let limits = [
        ("storage.write-per-stream", storage.write_per_stream),
        (
            "storage.write-per-taskmanager",
            storage.write_per_taskmanager,
        ),
        ("storage.write-total", storage.write_total),
    ];
    let doubled = |rate: ByteRate| ByteRate::new(rate.get().saturating_mul(2));
    limits
        .into_iter()
        .filter_map(|(key, rate)| Some(set(key, print::written_rate(doubled(rate?)?))))
        .collect()
}

/// Equal shares of every hash exchange, equal speed of all subtasks.
fn without_skew(scenario: &Scenario) -> Vec<(String, String)> {
    let mut settings = Vec::new();
    for (index, vertex) in scenario.vertices.iter().enumerate() {
        let name = vertex_path(scenario, VertexId(index));
        for (number, input) in vertex.inputs.iter().enumerate() {
            if let Exchange::Hash { shares } = &input.exchange
                && differ(shares)
            {
                let equal = print::written_share(1.0 / shares.len() as f64);
                settings.push(set(
                    format!("{name}.inputs.{number}.skew"),
                    format!("{{ share = \"{equal}\" }}"),
                ));
            }
        }
        if differ(&vertex.slowness) {
            settings.push(set(format!("{name}.slow"), "{ subtask = 0, factor = 1.0 }"));
        }
    }
    settings
}

fn differ(values: &[f64]) -> bool {
    let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let smallest = values.iter().copied().fold(f64::INFINITY, f64::min);
    largest - smallest > 1e-6
}

/// A name with a dot has to be quoted.
fn vertex_path(scenario: &Scenario, id: VertexId) -> String {
    let name = &scenario.vertex(id).name;
    if name.contains(['.', ' ', '"', '\'']) {
        format!("vertex.\"{name}\"")
    } else {
        format!("vertex.{name}")
    }
}

fn incremental(scenario: &Scenario) -> Vec<(String, String)> {
    match scenario.checkpointing.backend {
        Backend::RocksDb(options) if !options.incremental && uploads(scenario) => {
            vec![set(format!("{CHECKPOINTING}.incremental"), "true")]
        }
        Backend::RocksDb(_) | Backend::HashMap => Vec::new(),
    }
}

fn changelog(scenario: &Scenario) -> Vec<(String, String)> {
    if scenario.checkpointing.changelog.is_some() || !uploads(scenario) {
        return Vec::new();
    }
    vec![set("flink.state.changelog.enabled", "true")]
}
