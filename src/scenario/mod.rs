//! The scenario as the program means it: complete, consistent, every default decided.
//!
//! A [`Scenario`] is only made by `resolve` (from a file) or by [`Scenario::default`] plus public fields (in tests).
//! It has no `Option` that means "default", no string that is a choice, no two fields that can contradict each other.
//! It knows neither how it was written (`file`) nor what it will do (`model`, `formulas`).

pub mod calibration;
pub mod cluster;
pub mod flink;
pub mod job;
pub mod storage;
pub mod vertex;

pub use crate::scenario::cluster::{Cluster, Commit, Placement};
pub use crate::scenario::flink::{
    Alignment, Backend, BufferTimeout, CheckpointStorage, Changelog, Checkpointing, Debloating, Mode, Network, Overflow, RocksDb,
};
pub use crate::scenario::job::{Job, KeyDraw, ManualTrigger, SavepointFormat, Simulation, Trigger};
pub use crate::scenario::storage::{Prices, Storage};
pub use crate::scenario::vertex::{
    Arrivals, Exchange, Input, Law, Operator, Rate, Reading, Service, Source, State, Updates, Vertex, VertexId, Work,
};

/// Everything that a run depends on, besides the seed.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// What runs and for how long.
    pub job: Job,
    /// The job graph; inputs refer to vertices by index, and the graph is acyclic.
    pub vertices: Vec<Vertex>,
    /// `[flink]`: checkpointing and state options.
    pub checkpointing: Checkpointing,
    /// `[flink]`: buffers and their flow.
    pub network: Network,
    /// `[cluster]`.
    pub cluster: Cluster,
    /// `[storage]`.
    pub storage: Storage,
    /// `[simulation]`: how finely to simulate, and limits.
    pub simulation: Simulation,
    /// `[[trigger]]`: checkpoints and savepoints that somebody asks for.
    pub triggers: Vec<ManualTrigger>,
}

impl Scenario {
    /// Number of subtasks of all vertices.
    pub fn subtasks(&self) -> usize {
        self.vertices.iter().map(|vertex| vertex.parallelism).sum()
    }

    /// The vertex with this index.
    pub fn vertex(&self, id: VertexId) -> &Vertex {
        &self.vertices[id.0]
    }

    /// Vertices that read from `id`, with the position of the input, in file order.
    pub fn outputs(&self, id: VertexId) -> impl Iterator<Item = (VertexId, &Input)> {
        self.vertices.iter().enumerate().flat_map(move |(consumer, vertex)| {
            vertex.inputs.iter().filter(move |input| input.from == id).map(move |input| (VertexId(consumer), input))
        })
    }
}
