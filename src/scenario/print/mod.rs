//! A [`Scenario`] as a complete scenario file: every key is written, so that parsing it needs no defaults.
//!
//! What was decided is written down as the keys that say it; how they are spelt is not known here.

mod failure;
mod flink;
mod vertex;

use std::fmt::Write;

use sha2::{Digest, Sha256};

use crate::scenario::job::{AlignmentKind, TriggerKind, TriggerTable};
use crate::scenario::keys::node::Node;
use crate::scenario::keys::table::written;
use crate::scenario::keys::{File, Measured, cluster as keys};
use crate::scenario::print::vertex::shape;
use crate::scenario::{
    Alignment, Cluster, Commit, Job, ManualTrigger, Scenario, Simulation, Trigger,
};

/// The scenario as TOML; parsing it gives the same scenario.
pub fn toml(scenario: &Scenario) -> String {
    node(scenario).file()
}

/// SHA-256 of what [`toml()`] gives, in hexadecimal digits.
pub fn sha256(scenario: &Scenario) -> String {
    let mut hexadecimal = String::new();
    for byte in Sha256::digest(toml(scenario).as_bytes()) {
        write!(hexadecimal, "{byte:02x}").expect("a string takes everything");
    }
    hexadecimal
}

/// The scenario as keys and values.
pub fn node(scenario: &Scenario) -> Node {
    let mut tables = written(&file(scenario));
    if let Node::Table(tables) = &mut tables {
        let after = tables.iter().position(|(name, _)| name == "vertex");
        let options = Node::Table(flink::options(scenario));
        tables.insert(after.map_or(0, |at| at + 1), ("flink".to_owned(), options));
    }
    tables
}

fn file(scenario: &Scenario) -> File {
    let vertices = scenario.vertices.iter();
    let triggers = scenario.triggers.iter().copied();
    let objectives = scenario.objectives.iter();
    let measured = scenario.measured.as_ref();
    File {
        job: Job {
            flink_version: Some(flink::version(&scenario.network).to_owned()),
            ..scenario.job.clone()
        },
        vertex: Some(
            vertices
                .map(|given| vertex::vertex(scenario, given))
                .collect(),
        ),
        flink: None,
        flink_conf: None,
        cluster: cluster(&scenario.cluster),
        storage: Some(scenario.storage.clone()),
        cost: scenario.cost.clone(),
        trigger: any(triggers.map(trigger).collect()),
        operation: any(failure::operations(scenario)),
        failures: Some(failure::failures(&scenario.failures)),
        failure: any(failure::given(scenario)),
        outage: any(failure::outages(scenario)),
        restore: failure::restore(scenario),
        simulation: simulation(scenario),
        objectives: (!scenario.objectives.is_empty()).then(|| {
            objectives
                .map(|objective| (objective.metric.clone(), objective.bound.clone()))
                .collect()
        }),
        measured: measured.map(|measured| Measured {
            recording: Some(measured.recording.clone()),
        }),
        sweep: None,
    }
}

/// A list that is written only if it holds something.
fn any<T>(list: Vec<T>) -> Option<Vec<T>> {
    Some(list).filter(|list| !list.is_empty())
}

fn cluster(cluster: &Cluster) -> keys::Cluster {
    keys::Cluster {
        taskmanagers: cluster.taskmanagers,
        slots: Some(cluster.slots),
        placement: cluster.placement,
        cores: cluster.cores,
        gc: cluster.gc.map(|gc| keys::Gc {
            every: Some(gc.every),
            pause: Some(gc.pause),
        }),
        link: cluster.link,
        latency: cluster.latency,
        flush_per_mb: cluster.flush_per_mb,
        control_plane_factor: cluster.control_plane_factor,
        heap: cluster.heap,
        jobmanager_per_ack: cluster.jobmanager_per_ack,
        jobmanager_per_handle: cluster.jobmanager_per_handle,
        jobmanager_per_channel: Some(cluster.jobmanager_per_channel),
        commit: match cluster.commit {
            Commit::None => None,
            Commit::Quorum {
                replicas,
                quorum,
                round_trip,
                law,
            } => {
                let (distribution, sigma, spread) = shape(law);
                Some(keys::Commit {
                    replicas,
                    quorum: Some(quorum as u64),
                    round_trip,
                    distribution,
                    sigma,
                    cv: None,
                    spread,
                })
            }
        },
    }
}

fn trigger(trigger: ManualTrigger) -> TriggerTable {
    let (kind, format) = match trigger.kind {
        Trigger::Checkpoint => (TriggerKind::Checkpoint, None),
        Trigger::Savepoint(format) => (TriggerKind::Savepoint, Some(format)),
    };
    TriggerTable {
        at: Some(trigger.at),
        kind,
        format,
    }
}

fn simulation(scenario: &Scenario) -> Simulation {
    let mut simulation = scenario.simulation.clone();
    if let Alignment::Caching { limit, overflow } = scenario.checkpointing.alignment {
        simulation.alignment = Some(AlignmentKind::Caching);
        simulation.cache_limit = Some(limit);
        simulation.cache_overflow = Some(overflow);
    }
    simulation
}
