//! `[cluster]`: machines, placement, the links between them, and the store of the newest checkpoint's pointer.

use crate::scenario::keys::cluster as keys;
use crate::scenario::{Distribution, Scenario, VertexId};
use crate::units::{ByteRate, Bytes, SimDuration};

pub use crate::scenario::keys::cluster::Placement;

/// The machines that run the job.
#[derive(Clone, Debug, PartialEq)]
pub struct Cluster {
    /// Number of TaskManagers, at least 1.
    pub taskmanagers: usize,
    /// `taskmanager.numberOfTaskSlots`, at least 1.
    pub slots: usize,
    /// How slots are filled; subtask i of every vertex shares slot i (slot sharing).
    pub placement: Placement,
    /// Processors of one TaskManager, at least a hundredth; `None` = always enough.
    pub cores: Option<f64>,
    /// Garbage collections that stop a TaskManager; `None` = none.
    pub gc: Option<Gc>,
    /// Egress of one TaskManager; `None` = never the bottleneck.
    pub link: Option<ByteRate>,
    /// One way between two TaskManagers.
    pub latency: SimDuration,
    /// Time of RocksDB to flush a megabyte.
    pub flush_per_mb: SimDuration,
    /// How many times longer messages and waking threads take than on quiet machines; `None` = unknown.
    pub control_plane_factor: Option<f64>,
    /// Heap for state of one TaskManager, if known; `check` warns when a heap backend does not fit.
    pub heap: Option<Bytes>,
    /// Time of the JobManager to handle an ack.
    pub jobmanager_per_ack: SimDuration,
    /// Time of the JobManager to write a state handle into the metadata.
    pub jobmanager_per_handle: SimDuration,
    /// The same for a channel with in-flight data.
    pub jobmanager_per_channel: SimDuration,
    /// How the pointer to a completed checkpoint becomes durable.
    pub commit: Commit,
}

/// Garbage collections that stop all threads of a TaskManager.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gc {
    /// Mean time from the beginning of one to that of the next; positive.
    pub every: SimDuration,
    /// How long each lasts; shorter than `every`.
    pub pause: SimDuration,
}

/// How the pointer to a completed checkpoint is committed (high availability).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Commit {
    /// `high-availability.type: NONE`.
    None,
    /// A quorum store (ZooKeeper, etcd): the k-th fastest of n replica round trips.
    Quorum {
        /// Number of replicas, n.
        replicas: usize,
        /// Answers that are needed, k; 1 ≤ k ≤ n.
        quorum: usize,
        /// Mean round trip to one replica, disk write included.
        round_trip: SimDuration,
        /// How the round trip varies.
        law: Distribution,
    },
}

impl Scenario {
    /// The TaskManager of a subtask.
    pub fn taskmanager_of(&self, vertex: VertexId, subtask: usize) -> usize {
        if let Some(placement) = &self.vertex(vertex).placement {
            return placement[subtask];
        }
        match self.cluster.placement {
            Placement::Spread => subtask % self.cluster.taskmanagers,
            Placement::Fill => (subtask / self.cluster.slots) % self.cluster.taskmanagers,
        }
    }
}

impl Default for Cluster {
    fn default() -> Self {
        let written = keys::Cluster::default();
        Cluster {
            taskmanagers: written.taskmanagers,
            slots: 1,
            placement: written.placement,
            cores: written.cores,
            gc: None,
            link: written.link,
            latency: written.latency,
            flush_per_mb: written.flush_per_mb,
            control_plane_factor: written.control_plane_factor,
            heap: written.heap,
            jobmanager_per_ack: written.jobmanager_per_ack,
            jobmanager_per_handle: written.jobmanager_per_handle,
            jobmanager_per_channel: SimDuration::ZERO,
            commit: Commit::None,
        }
    }
}
