//! The resource on which the critical path spends most of its time.

use serde::{Deserialize, Serialize};

use crate::experiment::RunResult;
use crate::experiment::explain::step::{Doing, Limit, Mostly, Part, Step, Subtask};
use crate::scenario::{Scenario, Vertex, VertexKind};
use crate::units::SimDuration;

/// What the path waits for most.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bottleneck {
    /// What it is.
    pub resource: Resource,
    /// Time on the path.
    #[serde(rename = "length_ns")]
    pub length: SimDuration,
    /// Share of the duration.
    pub share: f64,
}

/// What a thread does besides records, which barriers wait for as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Besides {
    /// Timers that fire together.
    Timers,
    /// Commits when a checkpoint is complete.
    Commits,
    /// A batch that its reader does not interrupt, or records under the checkpoint lock.
    HoldsOn,
}

impl Besides {
    /// What the subtasks of a vertex do.
    fn of(vertex: &Vertex) -> Vec<Besides> {
        let commits = vertex
            .sink
            .as_ref()
            .is_some_and(|sink| sink.commit_s(1.0) > 0.0);
        let holds_on =
            matches!(&vertex.work, VertexKind::Source(source) if source.legacy || source.batch > 1);
        let all = [
            (Besides::Timers, vertex.timers.is_some()),
            (Besides::Commits, commits),
            (Besides::HoldsOn, holds_on),
        ];
        all.into_iter()
            .filter_map(|(what, does)| does.then_some(what))
            .collect()
    }
}

/// Something of which there is too little.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resource {
    /// The thread of a subtask, which processes records.
    Thread {
        /// Whose.
        subtask: Subtask,
        /// Share of the run after warm-up in which it was busy.
        busy: f64,
        /// What it does besides.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        besides: Vec<Besides>,
    },
    /// The thread of a subtask, which takes the snapshot.
    SyncPhase {
        /// Whose.
        subtask: Subtask,
    },
    /// Bandwidth of the checkpoint directory; `None` = it has no limit.
    Bandwidth(Option<Limit>),
    /// Files have to be created and closed.
    FileLatency,
    /// Barriers in channels whose receiver has nothing to do: links, credits, the buffer timeout.
    Network,
    /// A barrier that came last.
    LateBarrier {
        /// Who sent it.
        from: Subtask,
        /// Who waited.
        to: Subtask,
    },
    /// `aligned-checkpoint-timeout`.
    AlignmentTimeout,
    /// One thread per task for asynchronous parts.
    AsyncThread,
    /// Fixed times of the asynchronous phase.
    Preparation,
    /// Messages between JobManager and tasks.
    ControlPlane,
}

/// The resource with the largest share of the path; the first one if several are equal.
pub fn bottleneck(tree: &Part, scenario: &Scenario, run: &RunResult) -> Option<Bottleneck> {
    let Step::EndToEnd { subtask } = &tree.step else {
        return None;
    };
    let mut sums: Vec<(Resource, SimDuration)> = Vec::new();
    for leaf in tree.leaves() {
        let resource = resource(&leaf.step, subtask, run);
        match sums.iter_mut().find(|(known, _)| *known == resource) {
            Some((_, sum)) => *sum += leaf.length,
            None => sums.push((resource, leaf.length)),
        }
    }
    for (resource, _) in &mut sums {
        if let Resource::Thread {
            subtask, besides, ..
        } = resource
        {
            let mut vertices = scenario.vertices.iter();
            let vertex = vertices.find(|one| one.name == subtask.vertex);
            *besides = vertex.map(Besides::of).unwrap_or_default();
        }
    }
    let most = sums.iter().map(|(_, sum)| *sum).max()?;
    let (resource, length) = sums.into_iter().find(|(_, sum)| *sum == most)?;
    let whole = tree.length.as_secs_f64();
    Some(Bottleneck {
        resource,
        length,
        share: if whole > 0.0 {
            length.as_secs_f64() / whole
        } else {
            0.0
        },
    })
}

fn resource(step: &Step, last: &Subtask, run: &RunResult) -> Resource {
    match step {
        Step::Flight(flight) => thread_or(Resource::Network, &flight.to, &flight.doing, run),
        Step::Mailbox { source, doing } => thread_or(Resource::ControlPlane, source, doing, run),
        Step::UntilTimeout { .. } => Resource::AlignmentTimeout,
        // Without parts, start delay and alignment are empty.
        Step::EndToEnd { .. }
        | Step::StartDelay
        | Step::Alignment { .. }
        | Step::TriggerRpc
        | Step::Ack => Resource::ControlPlane,
        Step::Sync => Resource::SyncPhase {
            subtask: last.clone(),
        },
        Step::PreBarrier { subtask } => Resource::SyncPhase {
            subtask: subtask.clone(),
        },
        Step::OlderCheckpoint => Resource::AsyncThread,
        Step::Async | Step::Preparation => Resource::Preparation,
        Step::Transfer(transfer) => Resource::Bandwidth(transfer.limit),
        Step::Upload(_) | Step::Create { .. } | Step::Close { .. } => Resource::FileLatency,
        Step::InFlightData { last } => match last {
            Some((from, to)) => Resource::LateBarrier {
                from: from.clone(),
                to: to.clone(),
            },
            None => Resource::Network,
        },
    }
}

/// The thread that keeps a barrier waiting; something else if the receiver has nothing to do.
fn thread_or(other: Resource, receiver: &Subtask, doing: &Doing, run: &RunResult) -> Resource {
    let thread = |subtask: &Subtask| {
        let vertex = run.vertices.iter().find(|one| one.name == subtask.vertex);
        let busy = vertex.and_then(|vertex| vertex.busy.get(subtask.subtask));
        Resource::Thread {
            subtask: subtask.clone(),
            busy: busy.copied().unwrap_or_default(),
            besides: Vec::new(),
        }
    };
    match (doing.mostly(), &doing.held_by) {
        (Mostly::Busy, _) | (Mostly::Backpressured, None) => thread(receiver),
        (Mostly::Backpressured, Some(held)) => thread(&held.subtask),
        (Mostly::Idle, _) => other,
    }
}
