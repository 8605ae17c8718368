//! Changes that may help: options, and what money buys, each as keys of a scenario.

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

/// Slots and TaskManagers are bought by the half.
const MORE_SLOTS: f64 = 1.5;

/// What a change takes, the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effort {
    /// An option is set.
    Option,
    /// Machines or bandwidth are bought.
    Money,
    /// The job is written anew.
    Job,
}

/// A change that may help.
#[derive(Clone, Debug)]
pub struct Lever {
    /// In words.
    pub name: &'static str,
    /// What it takes.
    pub effort: Effort,
    /// `(path, value)` of the keys to set.
    pub settings: Settings,
    /// The scenario with it.
    pub scenario: Scenario,
}

/// `(path, value)` pairs.
pub type Settings = Vec<(String, String)>;

/// Changes that make a difference to this scenario, and may make one to a checkpoint of this duration.
pub fn of_checkpoints(loaded: &Loaded, duration: SimDuration) -> Vec<Lever> {
    let scenario = &loaded.scenario;
    let all = vec![
        ("unaligned barriers", Effort::Option, unaligned(scenario)),
        (
            "unaligned after a time-out",
            Effort::Option,
            timeout(scenario, duration),
        ),
        ("buffer debloating", Effort::Option, debloating(scenario)),
        (
            "twice the storage bandwidth",
            Effort::Money,
            twice_the_bandwidth(scenario),
        ),
        ("no skew", Effort::Job, without_skew(scenario)),
        (
            "incremental checkpoints",
            Effort::Option,
            incremental(scenario),
        ),
        ("changelog", Effort::Option, changelog(scenario)),
    ];
    that_matter(loaded, all)
}

/// The same for what follows a failure.
pub fn of_recoveries(loaded: &Loaded) -> Vec<Lever> {
    let scenario = &loaded.scenario;
    let all = vec![
        ("local recovery", Effort::Option, local_recovery(scenario)),
        (
            "a TaskManager that stands by",
            Effort::Money,
            standby(scenario),
        ),
        (
            "half as many slots again",
            Effort::Money,
            more_slots(scenario),
        ),
        (
            "twice the read bandwidth",
            Effort::Money,
            twice_the_reads(scenario),
        ),
        ("no min-pause", Effort::Option, no_pause(scenario)),
    ];
    that_matter(loaded, all)
}

/// What cannot be combined with the rest of the scenario is no advice.
fn that_matter(loaded: &Loaded, all: Vec<(&'static str, Effort, Settings)>) -> Vec<Lever> {
    let lever = |(name, effort, settings): (&'static str, Effort, Settings)| {
        let scenario = (!settings.is_empty()).then(|| loaded.at(&settings))?;
        let scenario = scenario.ok()?.scenario;
        (scenario != loaded.scenario).then_some(Lever {
            name,
            effort,
            settings,
            scenario,
        })
    };
    all.into_iter().filter_map(lever).collect()
}

fn local_recovery(scenario: &Scenario) -> Settings {
    if scenario.failures.recovery.local {
        return Vec::new();
    }
    vec![set("flink.execution.state-recovery.from-local", "true")]
}

fn standby(scenario: &Scenario) -> Settings {
    if scenario.failures.recovery.taskmanager_start.is_zero() {
        return Vec::new();
    }
    vec![set("failures.taskmanager-start", "0 s")]
}

fn more_slots(scenario: &Scenario) -> Settings {
    scaled(scenario, MORE_SLOTS)
}

/// Parallelism of every vertex and number of TaskManagers, so many times.
pub fn scaled(scenario: &Scenario, factor: f64) -> Settings {
    let times = |count: usize| (count as f64 * factor).ceil().max(1.0).to_string();
    let vertices = scenario.vertices.iter().enumerate();
    let parallelisms = vertices.map(|(index, vertex)| {
        set(
            format!("vertex.{index}.parallelism"),
            times(vertex.parallelism),
        )
    });
    let machines = set("cluster.taskmanagers", times(scenario.cluster.taskmanagers));
    parallelisms.chain([machines]).collect()
}

fn twice_the_reads(scenario: &Scenario) -> Settings {
    let storage = &scenario.storage;
    doubled([
        ("storage.read-per-stream", storage.read_per_stream),
        ("storage.read-per-taskmanager", storage.read_per_taskmanager),
        ("storage.read-total", storage.read_total),
    ])
}

fn no_pause(scenario: &Scenario) -> Settings {
    if scenario.checkpointing.min_pause.is_zero() {
        return Vec::new();
    }
    vec![set(format!("{CHECKPOINTING}.min-pause"), "0 s")]
}

fn doubled(limits: [(&str, Option<ByteRate>); 3]) -> Settings {
    let twice = |rate: ByteRate| ByteRate::new(rate.get().saturating_mul(2));
    let limits = limits.into_iter();
    limits
        .filter_map(|(key, rate)| Some(set(key, print::written_rate(twice(rate?)?))))
        .collect()
}

fn set(key: impl Into<String>, value: impl Into<String>) -> (String, String) {
    (key.into(), value.into())
}

fn overtaking(after: &str) -> Settings {
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

fn unaligned(scenario: &Scenario) -> Settings {
    if could_overtake(scenario) {
        overtaking("0 s")
    } else {
        Vec::new()
    }
}

fn timeout(scenario: &Scenario, duration: SimDuration) -> Settings {
    let quarter = duration.as_millis() / 4;
    let longest = TIMEOUTS.iter().rev().find(|(_, millis)| *millis <= quarter);
    match (longest, scenario.checkpointing.alignment) {
        (Some((text, _)), Alignment::Aligned) if could_overtake(scenario) => overtaking(text),
        _ => Vec::new(),
    }
}

fn debloating(scenario: &Scenario) -> Settings {
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

fn twice_the_bandwidth(scenario: &Scenario) -> Settings {
    if !uploads(scenario) {
        return Vec::new();
    }
    let storage = &scenario.storage;
    doubled([
        ("storage.write-per-stream", storage.write_per_stream),
        (
            "storage.write-per-taskmanager",
            storage.write_per_taskmanager,
        ),
        ("storage.write-total", storage.write_total),
    ])
}

/// Equal shares of every hash exchange, equal speed of all subtasks.
fn without_skew(scenario: &Scenario) -> Settings {
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

fn incremental(scenario: &Scenario) -> Settings {
    match scenario.checkpointing.backend {
        Backend::RocksDb(options) if !options.incremental && uploads(scenario) => {
            vec![set(format!("{CHECKPOINTING}.incremental"), "true")]
        }
        Backend::RocksDb(_) | Backend::HashMap => Vec::new(),
    }
}

fn changelog(scenario: &Scenario) -> Settings {
    if scenario.checkpointing.changelog.is_some() || !uploads(scenario) {
        return Vec::new();
    }
    vec![set("flink.state.changelog.enabled", "true")]
}
