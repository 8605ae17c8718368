//! The keys of a scenario file. Each is written once, as a line of a `table!`: its kind and unit, its default, its limits,
//! and what it means. From these lines follow reading with all its errors, printing, the JSON Schema,
//! `scenarios/reference.toml`, what differs between two scenarios, and what `--set` and `--vary` take.
//!
//! A table whose keys are independent of each other is what the program works with (`Job`, `Storage`). Where keys exclude
//! each other or only mean something together, the table here holds what was written, `resolve` decides what it
//! means, and `print` writes that down again. Flink's own options have a table
//! of their own (`flink`); those that are not simulated are in `flink_options`.

pub mod cluster;
pub mod failure;
pub mod flink;
pub mod kind;
pub mod node;
pub mod operation;
pub mod option;
pub mod read;
pub mod reader;
#[cfg(test)]
pub mod reference;
pub mod schema;
pub mod table;
pub mod vertex;

use crate::scenario::cost::Cost;
use crate::scenario::job::{Job, Simulation, TriggerTable};
use crate::scenario::keys::cluster::Cluster;
use crate::scenario::keys::failure::{Failure, Failures, Outage, Restore};
use crate::scenario::keys::kind::{List, Named, Raw, Text};
use crate::scenario::keys::operation::OperationTable;
use crate::scenario::keys::schema::{Axis, Options};
use crate::scenario::keys::table::table;
use crate::scenario::keys::vertex::Vertex;
use crate::scenario::storage::Storage;

table! {
    /// A scenario of ckptsim: a Flink job, its checkpoint options, and the machines below it.
    pub struct File {
        /// What is simulated, for how long, and with which random numbers.
        job: Job = Job::default();
        /// The job graph: what runs as one task per subtask.
        vertex: List<Vertex>;
        /// Flink's own options, with Flink's keys and units: paste from config.yaml.
        flink: Raw<Options>;
        /// Flink's own config.yaml, relative to this file; keys of `[flink]` override it. A flink-conf.yaml is read as
        /// Flink 1.x reads it.
        flink_conf (like "\"config.yaml\""): Text;
        /// The machines that run the job.
        cluster: Cluster = Cluster::default();
        /// What the checkpoint directory can do.
        storage: Storage;
        /// What lost time costs: the weights of `cost_per_month`.
        cost: Cost = Cost::default();
        /// Checkpoints and savepoints that somebody asks for.
        trigger: List<TriggerTable>;
        /// The job is stopped on purpose and started again.
        operation: List<OperationTable>;
        /// Failures at random, and how the machines come back.
        failures: Failures;
        /// Failures at given times.
        failure: List<Failure>;
        /// Storage or replicas of the quorum store that are slow or away for a while.
        outage: List<Outage>;
        /// What the job starts from. Default: fresh.
        restore: Restore;
        /// How the simulation itself is done; not part of Flink.
        simulation: Simulation = Simulation::default();
        /// What must hold: metric = "<= bound", as `recommend --objective` takes them. `run` judges them; they change no
        /// result.
        objectives (like "duration_p99 = \"<= 60 s\"\nfailed = \"<= 0\""): Named<Text>;
        /// What a real cluster measured, to compare a simulation with. It changes no result.
        measured: Measured;
        /// Axes of a sweep: path of a key = list of values, { from, to, steps, scale } or "10 s..10 min:log:12".
        sweep (like "\"flink.execution.checkpointing.interval\" = [\"10 s\", \"1 min\", \"5 min\"]\n\"storage.write-per-stream\" = { from = \"10 MB/s\", to = \"100 MB/s\", steps = 4, scale = \"log\" }\n\"vertex.operator.selectivity\" = \"0.5..2.0:lin:4\""): Named<Raw<Axis>>;
    }
}

table! {
    /// What a real cluster measured.
    pub struct Measured {
        /// The recording (JSON), relative to this file.
        recording (like "\"recording.json\""): Text;
    }
}
