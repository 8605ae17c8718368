//! The scenario as the program means it: complete, consistent, every default decided.
//!
//! A [`Scenario`] is only made by `resolve` (from a file) or by [`Scenario::default`] plus public fields (in tests).
//! It has no `Option` that means "default", no string that is a choice, no two fields that can contradict each other.
//! It knows neither how it was written (`keys`) nor what it will do (`model`, `formulas`).

pub mod axis;
pub mod bounds;
pub mod build;
pub mod built_in;
pub mod calibration;
pub mod cluster;
pub mod coarse;
mod conceal;
pub mod conf;
pub mod cost;
pub mod diagnostic;
pub mod difference;
pub mod document;
pub mod edit;
pub mod failure;
pub mod flink;
pub mod flink_conf;
pub mod flink_names;
pub mod flink_options;
pub mod flow;
pub mod idleness;
pub mod input_file;
pub mod job;
pub mod key_groups;
pub mod key_path;
pub mod keys;
pub mod lint;
pub mod load;
pub mod operation;
pub mod print;
pub mod profiles;
mod range;
pub mod resolve;
pub mod shrink;
pub mod sink;
pub mod spreads;
pub mod storage;
pub mod timers;
pub mod tree;
pub mod vertex;
pub mod zipf;

pub use crate::scenario::cluster::{Cluster, Commit};
pub use crate::scenario::cost::Cost;
pub use crate::scenario::failure::{
    Detection, Failover, FailureKind, FailureLaw, Failures, GivenFailure, Outage, OutageKind,
    RandomFailures, Recovery, RestartStrategy, Target,
};
pub use crate::scenario::flink::{
    Alignment, Backend, BufferTimeout, Changelog, CheckpointStorage, Checkpointing, Debloating,
    Mode, Network, Overflow, RocksDb,
};
pub use crate::scenario::job::{
    Job, KeyDraw, LatencyDraw, ManualTrigger, SavepointFormat, Simulation, Trigger,
};
pub use crate::scenario::keys::flink::Options;
pub use crate::scenario::operation::Operation;
pub use crate::scenario::sink::Sink;
pub use crate::scenario::storage::Storage;
pub use crate::scenario::timers::{Fires, Timers};
pub use crate::scenario::vertex::{
    Arrivals, Dealt, Distribution, Exchange, Expiry, Input, Rate, Reading, Service, Source, State,
    Updates, Vertex, VertexId, VertexKind, WatermarkAlignment,
};

use crate::units::{Bytes, SimDuration};

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
    /// `[cost]`: what lost time costs; no simulated figure depends on it.
    pub cost: Cost,
    /// `[flink]`: what else is used as it stands there.
    pub flink: Options,
    /// `[simulation]`: how finely to simulate, and limits.
    pub simulation: Simulation,
    /// What goes wrong, and how the job comes back.
    pub failures: Failures,
    /// `[[trigger]]`: checkpoints and savepoints that somebody asks for.
    pub triggers: Vec<ManualTrigger>,
    /// `[[operation]]`: stops and starts on purpose, in order of time.
    pub operations: Vec<Operation>,
    /// `[objectives]`: what must hold; no result depends on it.
    pub objectives: Vec<Objective>,
    /// `[measured]`: what a real cluster measured; no result depends on it.
    pub measured: Option<Measured>,
}

/// A metric and its bound as they were written. Which metrics there are, this layer does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objective {
    /// `duration_p99`.
    pub metric: String,
    /// `<= 60 s`.
    pub bound: String,
}

/// What a real cluster measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measured {
    /// Path of the recording as it was written: relative to the scenario file.
    pub recording: String,
}

impl Default for Scenario {
    /// What a file with one source of 1000 records per second means; a test keeps the two equal.
    fn default() -> Self {
        let source = Vertex {
            name: "source".to_owned(),
            parallelism: 1,
            max_parallelism: None,
            key_groups: key_groups::default_max_parallelism(1),
            work: VertexKind::Source(Source {
                splits: None,
                rate: Rate::Constant(1000.0),
                arrivals: Arrivals::Regular,
                log: true,
                start: SimDuration::ZERO,
                watermark_delay: SimDuration::ZERO,
                idle_after: None,
                watermark_alignment: None,
                backlog: SimDuration::ZERO,
                shares: vec![1.0],
                records: None,
                finishes: false,
                legacy: false,
                batch: 1,
            }),
            service: Service {
                mean: SimDuration::from_micros(1),
                law: Distribution::Deterministic,
            },
            slowness: vec![1.0],
            record: Bytes::new(100),
            state: None,
            pre_barrier: SimDuration::ZERO,
            blocking: false,
            sync_extra: SimDuration::ZERO,
            timers: None,
            sink: None,
            placement: None,
            inputs: Vec::new(),
        };
        Scenario {
            job: Job::default(),
            vertices: vec![source],
            checkpointing: Checkpointing::default(),
            network: Network::default(),
            cluster: Cluster::default(),
            storage: Storage::default(),
            cost: Cost::default(),
            flink: Options::default(),
            simulation: Simulation::default(),
            // Without checkpoints Flink does not restart.
            failures: Failures {
                recovery: Recovery {
                    strategy: RestartStrategy::None,
                    ..Recovery::default()
                },
                ..Failures::default()
            },
            triggers: Vec::new(),
            operations: Vec::new(),
            objectives: Vec::new(),
            measured: None,
        }
    }
}

impl Scenario {
    /// Number of subtasks of all vertices.
    pub fn subtasks(&self) -> usize {
        self.vertices.iter().map(|vertex| vertex.parallelism).sum()
    }

    /// Number of channels of all exchanges.
    pub fn channels(&self) -> usize {
        let edges = self
            .vertices
            .iter()
            .flat_map(|vertex| vertex.inputs.iter().map(move |input| (vertex, input)));
        let channels = edges.map(|(consumer, input)| {
            let (producers, consumers) =
                (self.vertex(input.from).parallelism, consumer.parallelism);
            match input.exchange {
                Exchange::Hash { .. } | Exchange::Rebalance | Exchange::Broadcast => {
                    producers * consumers
                }
                Exchange::Rescale | Exchange::Forward => producers.max(consumers),
            }
        });
        channels.sum()
    }

    /// The vertex with this index.
    pub fn vertex(&self, id: VertexId) -> &Vertex {
        &self.vertices[id.0]
    }

    /// Vertices that read from `id`, with the position of the input, in file order.
    pub fn outputs(&self, id: VertexId) -> impl Iterator<Item = (VertexId, &Input)> {
        self.vertices
            .iter()
            .enumerate()
            .flat_map(move |(consumer, vertex)| {
                vertex
                    .inputs
                    .iter()
                    .filter(move |input| input.from == id)
                    .map(move |input| (VertexId(consumer), input))
            })
    }
}
