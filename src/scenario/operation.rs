//! `[[operation]]`: the job is stopped on purpose and started again, as it was or with another parallelism.
//!
//! * **With a savepoint** (`stop --savepointPath`, the Kubernetes operator's `upgradeMode: savepoint`): sources stop at the
//!   savepoint's barrier, the job ends when it is complete and committed, machines are made ready, and a new job starts from it. It does
//!   not share the files of the old one (`execution.state-recovery.claim-mode: NO_CLAIM`, Flink's default), so that its first checkpoint
//!   is a full one. A savepoint that cannot be triggered, or does not complete, stops nothing: the job goes on, as in Flink, and the
//!   operation is over.
//! * **At a checkpoint** (`jobmanager.scheduler: adaptive`, FLIP-461, Flink 2.0): the job runs on while machines are made ready; when they
//!   are there, it waits for its next completed checkpoint, at most for
//!   `jobmanager.adaptive-scheduler.rescale-trigger.max-delay` (by default the interval times one more than
//!   `rescale-trigger.max-checkpoint-failures`) or for so many failed checkpoints, and is then cancelled and restarted from the newest.
//!
//! With another parallelism key groups are dealt anew (`KeyGroupRangeAssignment`), with them state, timers and in-flight data
//! (`flink-semantics` 6.4); the offsets of sources are dealt to whoever reads their splits then. Files of rescaled RocksDB state are not
//! shared with later checkpoints: the first one is full (`RocksDBIncrementalRestoreOperation`).
//!
//! *Limits*: in-flight data and open windows are dealt evenly; what a rescale costs the JobManager is that of a restart; a job with
//! `simulation.check-consistency` is not rescaled, since records are followed by subtask.

use crate::scenario::flink::Checkpointing;
use crate::scenario::job::SavepointFormat;
use crate::scenario::vertex::{Exchange, Vertex, VertexKind};
use crate::scenario::{Cluster, Scenario};
use crate::units::SimDuration;

/// `jobmanager.adaptive-scheduler.rescale-trigger.max-checkpoint-failures`: so many failed checkpoints are not waited for any longer.
pub const RESCALE_CHECKPOINT_FAILURES: u32 = 2;

/// A stop and a start on purpose.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// When it is asked for, since the start of the job.
    pub at: SimDuration,
    /// What it starts from: a savepoint in this format, or its next checkpoint (`None`).
    pub savepoint: Option<SavepointFormat>,
    /// Until the machines are there: from the end of the savepoint, or from `at`.
    pub provisioning: SimDuration,
    /// What changes; `None` = nothing.
    pub change: Option<Change>,
}

/// The job after a rescale.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// As written: new parallelism by vertex.
    pub parallelism: Vec<(usize, usize)>,
    /// TaskManagers from then on.
    pub taskmanagers: usize,
    /// Slots of each.
    pub slots: usize,
    /// By vertex: who its subtasks are then.
    layouts: Vec<Layout>,
}

/// What depends on a vertex's parallelism.
#[derive(Clone, Debug, PartialEq)]
struct Layout {
    parallelism: usize,
    slowness: Vec<f64>,
    /// Of a source.
    shares: Option<Vec<f64>>,
    /// By input: of a hash exchange.
    input_shares: Vec<Option<Vec<f64>>>,
}

impl Layout {
    fn of(vertex: &Vertex) -> Self {
        let input_shares = vertex.inputs.iter().map(|input| match &input.exchange {
            Exchange::Hash { shares } => Some(shares.clone()),
            Exchange::Rebalance | Exchange::Broadcast | Exchange::Rescale | Exchange::Forward => {
                None
            }
        });
        Layout {
            parallelism: vertex.parallelism,
            slowness: vertex.slowness.clone(),
            shares: match &vertex.work {
                VertexKind::Source(source) => Some(source.shares.clone()),
                VertexKind::Operator(_) => None,
            },
            input_shares: input_shares.collect(),
        }
    }

    fn apply(&self, vertex: &mut Vertex) {
        vertex.parallelism = self.parallelism;
        vertex.slowness.clone_from(&self.slowness);
        if let (VertexKind::Source(source), Some(shares)) = (&mut vertex.work, &self.shares) {
            source.shares.clone_from(shares);
        }
        for (input, dealt) in vertex.inputs.iter_mut().zip(&self.input_shares) {
            if let (Exchange::Hash { shares }, Some(dealt)) = (&mut input.exchange, dealt) {
                shares.clone_from(dealt);
            }
        }
    }
}

impl Change {
    /// From what was written, and what it makes of the whole job.
    pub fn of(parallelism: Vec<(usize, usize)>, then: &Scenario) -> Self {
        Change {
            parallelism,
            taskmanagers: then.cluster.taskmanagers,
            slots: then.cluster.slots,
            layouts: then.vertices.iter().map(Layout::of).collect(),
        }
    }

    /// The scenario of the job from then on.
    #[must_use]
    pub fn applied_to(&self, scenario: &Scenario) -> Scenario {
        let mut then = scenario.clone();
        for (vertex, layout) in then.vertices.iter_mut().zip(&self.layouts) {
            layout.apply(vertex);
        }
        then.cluster = Cluster {
            taskmanagers: self.taskmanagers,
            slots: self.slots,
            ..then.cluster
        };
        then
    }
}

impl Operation {
    /// How long a completed checkpoint is waited for once the machines are there.
    pub fn patience(checkpointing: &Checkpointing) -> SimDuration {
        let interval = checkpointing.interval.unwrap_or(SimDuration::ZERO);
        interval * u64::from(RESCALE_CHECKPOINT_FAILURES + 1)
    }
}

impl Scenario {
    /// The highest parallelism that a vertex has in a run.
    pub fn widest(&self, vertex: usize) -> usize {
        let changes = self.operations.iter().filter_map(|one| one.change.as_ref());
        let after = changes.map(|change| change.layouts[vertex].parallelism);
        after.fold(self.vertices[vertex].parallelism, usize::max)
    }

    /// Whether the job may be away in a run: something fails, or it is stopped on purpose.
    pub fn has_downtime(&self) -> bool {
        self.failures.any() || !self.operations.is_empty()
    }

    /// Whether some operation changes who the subtasks are, or where.
    pub fn is_rescaled(&self) -> bool {
        self.operations.iter().any(|one| one.change.is_some())
    }
}
