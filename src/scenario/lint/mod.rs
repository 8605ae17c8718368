//! Warnings about scenarios that are valid and will nevertheless do badly, or not do what was meant.
//!
//! Every rule has a code and an explanation. Only what the scenario itself shows is judged here; rules that need a
//! formula or a simulation make their [`Finding`]s elsewhere.

pub mod configuration;
mod event_time;
mod failures;
pub mod rules;

use std::collections::BTreeMap;

pub use crate::scenario::lint::rules::Rule;

use crate::scenario::diagnostic::{Diagnostic, Severity};
use crate::scenario::flow::{flows, peak_flows};
use crate::scenario::key_groups;
use crate::scenario::key_path::KeyPath;
use crate::scenario::lint::rules::{
    CANONICAL_SAVEPOINT, DEBLOATED_RECORDS, EMPTY_SLOTS, FEW_CHECKPOINTS, HEAP, JOB_MANAGER_STATE,
    PAUSE, RETENTION, SATURATED, SATURATED_AT_PEAK, TRIGGER_TOO_LATE, UNALIGNED_CONCURRENT,
    UNALIGNED_EDGE, UNEVEN_KEY_GROUPS,
};
use crate::scenario::load::Loaded;
use crate::scenario::{
    Alignment, Backend, CheckpointStorage, Exchange, Rate, SavepointFormat, Scenario, Trigger,
    VertexId, VertexKind,
};
use crate::units::{Bytes, SimDuration, print};

/// A scenario breaks a rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Which rule.
    pub rule: Rule,
    /// What is the case here, with figures.
    pub message: String,
    /// The key to look at.
    pub path: KeyPath,
    /// What to do.
    pub help: Option<String>,
}

impl Finding {
    /// A finding without a hint.
    pub fn new(rule: Rule, path: KeyPath, message: impl Into<String>) -> Self {
        Finding {
            rule,
            message: message.into(),
            path,
            help: None,
        }
    }

    /// The same finding with a hint.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The finding as a warning with its place in the file.
    pub fn diagnostic(&self, loaded: &Loaded) -> Diagnostic {
        Diagnostic {
            severity: Severity::Warning,
            code: Some(self.rule.code),
            message: self.message.clone(),
            place: loaded.place(&self.path),
            label: None,
            help: self.help.iter().cloned().collect(),
        }
    }
}

/// Everything that a scenario shows by itself, by code.
pub fn check(scenario: &Scenario) -> Vec<Finding> {
    let mut findings = Vec::new();
    saturation(scenario, &mut findings);
    uneven_key_groups(scenario, &mut findings);
    heap(scenario, &mut findings);
    job_manager_state(scenario, &mut findings);
    schedule(scenario, &mut findings);
    triggers(scenario, &mut findings);
    unaligned(scenario, &mut findings);
    machines(scenario, &mut findings);
    debloating(scenario, &mut findings);
    failures::failures(scenario, &mut findings);
    event_time::event_time(scenario, &mut findings);
    findings.sort_by_key(|finding| finding.rule.code);
    findings
}

/// A subtask that has this many times the mean is one tenth of its parallelism wasted; chosen.
const IMBALANCE_MAX: f64 = 1.1;
/// Heaps beyond this lose compressed pointers and are rare; chosen, for scenarios that give none.
const HEAP_USUAL: Bytes = Bytes::from_mib(32 << 10);

fn vertex_path(index: usize) -> KeyPath {
    KeyPath::top("vertex").index(index)
}

fn option(key: &str) -> KeyPath {
    KeyPath::flink(&format!("execution.checkpointing.{key}"))
}

fn saturation(scenario: &Scenario, findings: &mut Vec<Finding>) {
    // An unlimited source saturates on purpose.
    let unlimited = |work: &VertexKind| matches!(work, VertexKind::Source(source) if source.rate == Rate::Unlimited);
    if scenario
        .vertices
        .iter()
        .any(|vertex| unlimited(&vertex.work))
    {
        return;
    }
    for (index, (mean, peak)) in flows(scenario).iter().zip(peak_flows(scenario)).enumerate() {
        let name = &scenario.vertices[index].name;
        let (rule, flow, when) = if mean.utilisation_max() >= 1.0 {
            (SATURATED, mean, "")
        } else if peak.utilisation_max() >= 1.0 {
            (SATURATED_AT_PEAK, &peak, " at the peak")
        } else {
            continue;
        };
        let busiest = (0..flow.utilisation.len())
            .max_by(|a, b| flow.utilisation[*a].total_cmp(&flow.utilisation[*b]));
        let subtask = busiest.unwrap_or(0);
        let message = format!(
            "`{name}` needs {} of the time of its subtask {subtask}{when}: {} arrive, {} per record",
            print::share(flow.utilisation[subtask]),
            print::record_rate(flow.input_per_s[subtask]),
            scenario.vertices[index]
                .time_per_record()
                .scale(scenario.vertices[index].slowness[subtask]),
        );
        findings.push(Finding::new(rule, vertex_path(index), message));
    }
}

/// Where keys are dealt by key groups only: given shares say what is meant. Vertices that are dealt alike share a finding.
fn uneven_key_groups(scenario: &Scenario, findings: &mut Vec<Finding>) {
    let mut alike: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
    for (index, vertex) in scenario.vertices.iter().enumerate() {
        let (parallelism, groups) = (vertex.parallelism, vertex.key_groups);
        let dealt = Exchange::Hash {
            shares: key_groups::shares(parallelism, groups),
        };
        let is_dealt = vertex.inputs.iter().any(|input| input.exchange == dealt);
        if is_dealt && key_groups::imbalance(parallelism, groups) > IMBALANCE_MAX {
            alike.entry((parallelism, groups)).or_default().push(index);
        }
    }
    for ((parallelism, groups), vertices) in alike {
        let names = vertices
            .iter()
            .map(|index| format!("`{}`", scenario.vertices[*index].name));
        let names: Vec<String> = names.collect();
        let each = if names.len() > 1 { "each of " } else { "" };
        let most = groups.div_ceil(parallelism);
        let owned = (0..parallelism).map(|subtask| key_groups::owned(subtask, parallelism, groups));
        let full = owned.filter(|owned| *owned == most).count();
        let imbalance = key_groups::imbalance(parallelism, groups);
        let message = format!(
            "{full} of the {parallelism} subtasks of {each}{} own {most} of {groups} key groups, the others {}: records \
             and state of the first are {} above the mean",
            names.join(", "),
            most - 1,
            print::share(imbalance - 1.0),
        );
        let better = key_groups::nearest_balanced(parallelism, groups, IMBALANCE_MAX);
        let finding = Finding::new(UNEVEN_KEY_GROUPS, vertex_path(vertices[0]), message);
        findings.push(finding.help(format!(
            "parallelism {better} deals them more evenly ({} above the mean); with more key groups \
             (`pipeline.max-parallelism`) only a new job can start: it is part of the state",
            print::share(key_groups::imbalance(better, groups) - 1.0),
        )));
    }
}

fn heap(scenario: &Scenario, findings: &mut Vec<Finding>) {
    if scenario.checkpointing.backend != Backend::HashMap {
        return;
    }
    let heap = scenario.cluster.heap.unwrap_or(HEAP_USUAL);
    let mut used = vec![0.0; scenario.cluster.taskmanagers];
    for (index, vertex) in scenario.vertices.iter().enumerate() {
        for subtask in 0..vertex.parallelism {
            used[scenario.taskmanager_of(VertexId(index), subtask)] += vertex.state_of(subtask);
        }
    }
    let fullest = Bytes::new(used.into_iter().fold(0.0, f64::max) as u64);
    if fullest > heap {
        let message = match scenario.cluster.heap {
            Some(_) => format!("{fullest} of state on one TaskManager with {heap} of heap"),
            None => format!(
                "{fullest} of state on one TaskManager: no heap is given, and few are larger than {heap}"
            ),
        };
        let finding = Finding::new(HEAP, KeyPath::top("cluster").key("heap"), message);
        let more = if scenario.cluster.heap.is_none() {
            ", or say how large the heap is by `cluster.heap`"
        } else {
            ""
        };
        findings.push(finding.help(format!(
            "use `state.backend.type: rocksdb`, or more TaskManagers{more}"
        )));
    }
}

fn job_manager_state(scenario: &Scenario, findings: &mut Vec<Finding>) {
    let CheckpointStorage::JobManager { max_state } = scenario.checkpointing.storage else {
        return;
    };
    for (index, vertex) in scenario.vertices.iter().enumerate() {
        let state = Bytes::new(vertex.state_max() as u64);
        if state > max_state {
            let message = format!(
                "`{}` has {state} of state per subtask, the JobManager takes {max_state}",
                vertex.name
            );
            let finding = Finding::new(JOB_MANAGER_STATE, vertex_path(index).key("state"), message);
            findings
                .push(finding.help(
                    "set `execution.checkpointing.dir`, or `[storage]` with another profile",
                ));
        }
    }
}

/// What follows from the interval.
fn schedule(scenario: &Scenario, findings: &mut Vec<Finding>) {
    let checkpointing = &scenario.checkpointing;
    let Some(interval) = checkpointing.interval else {
        return;
    };
    let pause = checkpointing.min_pause;
    if !pause.is_zero() && pause >= interval {
        let message = format!("a pause of {pause} sets the pace, not the interval");
        findings.push(Finding::new(PAUSE, option("min-pause"), message));
    }
    findings.extend(retention(scenario, interval));
    let rest = scenario.job.duration.saturating_sub(scenario.job.warmup);
    if rest < interval * 3
        && scenario.simulation.trigger_every_records.is_none()
        && scenario.triggers.is_empty()
    {
        let message = format!("{rest} after the warm-up hold fewer than 3 intervals of {interval}");
        findings.push(Finding::new(
            FEW_CHECKPOINTS,
            KeyPath::top("job").key("duration"),
            message,
        ));
    }
}

fn retention(scenario: &Scenario, interval: SimDuration) -> Option<Finding> {
    let checkpointing = &scenario.checkpointing;
    let wish = scenario.job.retention_wish?;
    let reach = interval * checkpointing.retained as u64;
    if reach >= wish {
        return None;
    }
    let needed = wish.as_nanos().div_ceil(interval.as_nanos().max(1));
    let message = format!(
        "{} retained checkpoints every {interval} reach back {reach}, not {wish}",
        checkpointing.retained
    );
    let finding = Finding::new(RETENTION, option("num-retained"), message);
    Some(finding.help(format!(
        "`execution.checkpointing.num-retained: {needed}` reaches back {wish}"
    )))
}

fn triggers(scenario: &Scenario, findings: &mut Vec<Finding>) {
    let rocksdb = matches!(scenario.checkpointing.backend, Backend::RocksDb(_));
    let state: Bytes = scenario
        .vertices
        .iter()
        .filter_map(|vertex| vertex.state)
        .map(|state| state.size)
        .sum();
    let triggers = scenario.triggers.iter().enumerate();
    let triggers = triggers.map(|(index, trigger)| {
        let canonical = trigger.kind == Trigger::Savepoint(SavepointFormat::Canonical);
        (KeyPath::top("trigger").index(index), trigger.at, canonical)
    });
    let operations = scenario.operations.iter().enumerate();
    let operations = operations.map(|(index, operation)| {
        let canonical = operation.savepoint == Some(SavepointFormat::Canonical);
        let path = KeyPath::top("operation").index(index);
        (path, operation.at, canonical)
    });
    for (path, at, canonical) in triggers.chain(operations) {
        if at >= scenario.job.duration {
            let message = format!("at {at} the run of {} is over", scenario.job.duration);
            findings.push(Finding::new(TRIGGER_TOO_LATE, path.key("at"), message));
        }
        if canonical && rocksdb && state > Bytes::from_mib(1024) {
            let message =
                format!("a canonical savepoint reads {state} of RocksDB state key by key");
            findings.push(
                Finding::new(CANONICAL_SAVEPOINT, path, message).help("add `format = \"native\"`"),
            );
        }
    }
}

fn unaligned(scenario: &Scenario, findings: &mut Vec<Finding>) {
    let checkpointing = &scenario.checkpointing;
    if !checkpointing.may_overtake() {
        return;
    }
    if checkpointing.max_concurrent > 1 && checkpointing.alignment == Alignment::Unaligned {
        let message = format!(
            "{} concurrent unaligned checkpoints abort each other",
            checkpointing.max_concurrent
        );
        findings.push(Finding::new(
            UNALIGNED_CONCURRENT,
            option("max-concurrent-checkpoints"),
            message,
        ));
    }
    let edges = scenario
        .vertices
        .iter()
        .enumerate()
        .flat_map(|(index, vertex)| {
            let inputs = vertex.inputs.iter().enumerate();
            inputs.map(move |(position, input)| (index, position, input))
        });
    for (index, position, input) in
        edges.filter(|(_, _, input)| !input.exchange.supports_unaligned())
    {
        let (from, to) = (
            &scenario.vertex(input.from).name,
            &scenario.vertices[index].name,
        );
        let message = format!(
            "barriers stay aligned on the {} edge from `{from}` to `{to}`",
            input.exchange.name()
        );
        let path = vertex_path(index).key("inputs").index(position);
        findings.push(Finding::new(UNALIGNED_EDGE, path, message));
    }
}

fn machines(scenario: &Scenario, findings: &mut Vec<Finding>) {
    let mut busy = vec![false; scenario.cluster.taskmanagers];
    for (index, vertex) in scenario.vertices.iter().enumerate() {
        for subtask in 0..vertex.parallelism {
            busy[scenario.taskmanager_of(VertexId(index), subtask)] = true;
        }
    }
    let idle = busy.iter().filter(|busy| !**busy).count();
    if idle > 0 {
        let message = format!("{idle} of {} TaskManagers get no subtask", busy.len());
        findings.push(Finding::new(
            EMPTY_SLOTS,
            KeyPath::top("cluster").key("taskmanagers"),
            message,
        ));
    }
}

fn debloating(scenario: &Scenario, findings: &mut Vec<Finding>) {
    let Some(debloating) = &scenario.network.debloating else {
        return;
    };
    // FLINK-33077 was reported with records of dozens of buffers.
    let large = debloating.min_segment.scale(10.0);
    for (index, vertex) in scenario.vertices.iter().enumerate() {
        let feeds_somebody = scenario.outputs(VertexId(index)).next().is_some();
        if feeds_somebody && vertex.record > large {
            let message = format!(
                "a record of `{}` has {}, a buffer may shrink to {}",
                vertex.name, vertex.record, debloating.min_segment
            );
            let finding =
                Finding::new(DEBLOATED_RECORDS, vertex_path(index).key("record"), message);
            findings.push(finding.help("raise `taskmanager.memory.min-segment-size`"));
        }
    }
}

#[cfg(test)]
mod tests;
