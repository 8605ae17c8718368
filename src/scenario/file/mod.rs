//! What a scenario file says, and nothing else: everything optional, unknown keys refused, no defaults.
//!
//! Doc comments of the fields are the hover texts of the JSON Schema. `[flink]` stays a table here; its keys are
//! those of Flink (`flink_options`).

pub mod cluster;
pub mod failure;
pub mod input;
pub mod job;
pub mod quantity;
pub mod read;
pub mod schema;
mod short;
pub mod source;
pub mod storage;
pub mod vertex;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::scenario::file::cluster::Cluster;
use crate::scenario::file::failure::{Failure, Failures, Outage, Restore};
use crate::scenario::file::job::{Job, Simulation, Trigger};
use crate::scenario::file::storage::Storage;
use crate::scenario::file::vertex::Vertex;

pub use crate::scenario::file::short::Short;

/// A scenario of ckptsim: a Flink job, its checkpoint options, and the machines below it.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(title = "ckptsim scenario")]
pub struct File {
    /// What is simulated, for how long, and with which random numbers.
    pub job: Option<Job>,
    /// The job graph: what runs as one task per subtask.
    pub vertex: Option<Vec<Vertex>>,
    /// Flink's own options, with Flink's keys and units: paste from config.yaml.
    #[schemars(schema_with = "schema::flink")]
    pub flink: Option<toml::Table>,
    /// Flink's own config.yaml, relative to this file; keys of `[flink]` override it.
    pub flink_conf: Option<String>,
    /// The machines that run the job.
    pub cluster: Option<Cluster>,
    /// What the checkpoint directory can do.
    pub storage: Option<Storage>,
    /// Checkpoints and savepoints that somebody asks for.
    pub trigger: Option<Vec<Trigger>>,
    /// Failures at random, and how the machines come back.
    pub failures: Option<Failures>,
    /// Failures at given times.
    pub failure: Option<Vec<Failure>>,
    /// Storage or replicas of the quorum store that are slow or away for a while.
    pub outage: Option<Vec<Outage>>,
    /// What the job starts from. Default: fresh.
    pub restore: Option<Restore>,
    /// How the simulation itself is done; not part of Flink.
    pub simulation: Option<Simulation>,
    /// What must hold: metric = "<= bound", as `recommend --objective` takes them. `run` judges them; they change no
    /// result.
    pub objectives: Option<BTreeMap<String, String>>,
    /// What a real cluster measured, to compare a simulation with. It changes no result.
    pub measured: Option<Measured>,
    /// Axes of a sweep: path of a key = list of values, { from, to, steps, scale } or "10 s..10 min:log:12".
    #[schemars(schema_with = "schema::sweep")]
    pub sweep: Option<BTreeMap<String, toml::Value>>,
}

/// What a real cluster measured.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Measured {
    /// The recording (JSON), relative to this file.
    pub recording: Option<String>,
}
