//! The form of a recording: one JSON file.
//!
//! `params` was known before the job started, `measurement` and `rest` came out of it, `summary` holds counters read
//! after the warm-up. Unknown keys are left alone: recordings carry logs and time series, too.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// Why a file is no usable recording.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// Not JSON, or not of this form.
    #[error("not a recording: {0}")]
    Form(#[from] serde_json::Error),
    /// A value that cannot be.
    #[error("{0}")]
    Value(String),
    /// The scenario made of it is not valid.
    #[error("the scenario made of it is not valid:\n{0}")]
    Scenario(String),
}

/// One recorded run of one job.
#[derive(Clone, Debug, Deserialize)]
pub struct Recording {
    /// Name of the recording.
    pub id: String,
    /// Recordings of one question.
    pub family: String,
    /// `ok`, or why it failed.
    #[serde(default)]
    pub status: String,
    /// What the job was made with.
    pub params: Params,
    /// When it ran.
    pub measurement: Measurement,
    /// What Flink's REST API answered at its end.
    pub rest: Rest,
    /// Counters after the warm-up.
    #[serde(default)]
    pub summary: Summary,
    /// Initialisation spans of the logs: `[time, text]`.
    #[serde(default)]
    pub log_spans: Vec<(f64, String)>,
    /// Sampled metrics: `t_ms`, and `v[vertexid][metric][subtask][k]`.
    #[serde(default)]
    pub timeseries: Value,
}

impl Recording {
    /// Whether the service times were known before the job ran; those of SQL jobs are not.
    pub fn is_known(&self) -> bool {
        let nodes = &self.params.explicit.nodes;
        nodes.iter().any(|node| node.service_us.is_some())
    }
}

/// What was known beforehand.
#[derive(Clone, Debug, Deserialize)]
pub struct Params {
    /// The job and its options, with units in the names.
    pub explicit: Explicit,
    /// TaskManager of every subtask, by vertex.
    pub placement: BTreeMap<String, Vec<String>>,
    /// Flink's vertex id, by vertex.
    pub vertex_ids: BTreeMap<String, String>,
    /// Flink options of the job.
    #[serde(default)]
    pub job_conf: BTreeMap<String, String>,
    /// The cluster.
    #[serde(default)]
    pub cluster: ClusterParams,
    /// Savepoints asked for.
    #[serde(default)]
    pub actions: Vec<Action>,
    /// The recording whose job this one repeats with one option changed.
    #[serde(default)]
    pub baseline: Option<String>,
}

/// The cluster's own options.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct ClusterParams {
    /// Flink options of the cluster.
    #[serde(default)]
    pub flink_conf: BTreeMap<String, String>,
}

/// Explicit parameters.
#[derive(Clone, Debug, Deserialize)]
pub struct Explicit {
    /// Vertices in topological order.
    pub nodes: Vec<Node>,
    /// 0 = unlimited.
    pub storage_write_bytes_per_s_per_stream: u64,
    /// 0 = unlimited.
    pub storage_write_bytes_per_s_aggregate_per_tm: u64,
    /// 0 = unlimited.
    #[serde(default)]
    pub storage_read_bytes_per_s_per_stream: u64,
    /// 0 = unlimited.
    #[serde(default)]
    pub storage_read_bytes_per_s_aggregate_per_tm: u64,
    /// To create or open a file.
    pub storage_open_latency_ms: f64,
    /// After its last byte.
    pub storage_close_latency_ms: f64,
    /// TaskManagers of the cluster.
    pub taskmanagers: usize,
    /// Slots of each.
    pub slots_per_tm: usize,
}

/// A vertex whose parameters are known; those of jobs written in SQL are not.
#[derive(Clone, Debug, Deserialize)]
pub struct Node {
    /// Name.
    pub id: String,
    /// `source` or `op`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Subtasks.
    #[serde(alias = "p")]
    pub parallelism: usize,
    /// Where its records come from.
    #[serde(default)]
    pub inputs: Vec<String>,
    /// `hash`, `rebalance`, `forward`.
    pub input_exchange: Option<String>,
    /// Share of the keys of every subtask.
    pub input_key_share_per_subtask: Option<Vec<f64>>,
    /// Time per record.
    pub service_us: Option<f64>,
    /// `det` or `exp`.
    pub service_distribution: Option<String>,
    /// Factor of every subtask.
    pub service_multiplier_per_subtask: Option<Vec<f64>>,
    /// Whether two inputs are read record by record in turn.
    #[serde(default)]
    pub two_input_operator: bool,
    /// Entries of keyed state.
    #[serde(default)]
    pub state_entries_per_subtask: f64,
    /// Bytes of one value.
    pub state_entry_value_bytes: Option<f64>,
    /// Share of the entries overwritten per second.
    #[serde(default)]
    pub state_dirty_fraction_per_s: f64,
    /// User code in `snapshotState`.
    #[serde(default)]
    pub sync_phase_extra_sleep_ms: f64,
    /// Negative: as fast as it can.
    pub source_rate_per_subtask_rps: Option<f64>,
    /// Random gaps between records.
    #[serde(default)]
    pub source_poisson_arrivals: bool,
    /// Between the start of the reader and its first record.
    pub source_start_delay_ms: Option<f64>,
    /// Bytes of the payload.
    pub record_payload_bytes: Option<u64>,
    /// One subtask throws so long after the operator was first opened in its process.
    pub fail_at_s_after_first_open: Option<f64>,
    /// Which subtask.
    #[serde(default)]
    pub fail_subtask: usize,
    /// How often in all.
    pub fail_times: Option<u32>,
    /// From its next opening to the next failure.
    #[serde(default)]
    pub fail_again_s_after_reopen: f64,
}

/// Something done to the running job.
#[derive(Clone, Debug, Deserialize)]
pub struct Action {
    /// Seconds after all tasks were seen running.
    pub at_s: f64,
    /// `CANONICAL` or `NATIVE`, of a savepoint.
    pub format: Option<String>,
}

/// When it ran: milliseconds of the wall clock.
#[derive(Clone, Debug, Deserialize)]
pub struct Measurement {
    /// All tasks were seen running.
    pub running_ms: f64,
    /// The recording ended.
    pub end_ms: f64,
    /// Left out of statistics, after `running_ms`.
    pub warmup_s: f64,
}

/// Flink's REST answers, as far as they are compared.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Rest {
    /// `/jobs/:jobid`.
    #[serde(default)]
    pub job: Value,
    /// `/jobs/:jobid/plan`.
    #[serde(default)]
    pub plan: Value,
    /// `/jobs/:jobid/vertices/:vertexid`, by vertex id.
    #[serde(default)]
    pub vertices: BTreeMap<String, Value>,
    /// `/taskmanagers`.
    #[serde(default)]
    pub taskmanagers: Value,
    /// `/jobs/:jobid/checkpoints`.
    #[serde(default)]
    pub checkpoints: Value,
    /// `/jobs/:jobid/exceptions`.
    #[serde(default)]
    pub exceptions: Value,
    /// By checkpoint id.
    #[serde(default)]
    pub checkpoint_details: BTreeMap<String, CheckpointDetails>,
}

/// One checkpoint.
#[derive(Clone, Debug, Deserialize)]
pub struct CheckpointDetails {
    /// `/jobs/:jobid/checkpoints/details/:checkpointid`.
    pub detail: Value,
    /// `.../subtasks/:vertexid`, by vertex id.
    #[serde(default)]
    pub subtasks: BTreeMap<String, Value>,
}

/// Counters after the warm-up.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Summary {
    /// Records per second of every subtask, by vertex.
    #[serde(default)]
    pub throughput_after_warmup: BTreeMap<String, Throughput>,
    /// Milliseconds per second of every subtask, by vertex.
    #[serde(default)]
    pub occupancy_after_warmup: BTreeMap<String, Occupancy>,
    /// Share of the recording machine's processors that was busy.
    pub machine_cpu_fraction: Option<f64>,
}

/// Records per second, by subtask; `null` where the counter was reset.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Throughput {
    /// Read.
    #[serde(default)]
    pub in_rps: Vec<Option<f64>>,
    /// Written.
    #[serde(default)]
    pub out_rps: Vec<Option<f64>>,
}

/// Milliseconds per second, by subtask.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Occupancy {
    /// Busy.
    #[serde(default)]
    pub busy_ms_per_s: Vec<Option<f64>>,
    /// Backpressured.
    #[serde(default)]
    pub backpressured_ms_per_s: Vec<Option<f64>>,
}

/// Reads a recording.
pub fn read(json: &str) -> Result<Recording, RecordingError> {
    let recording: Recording = serde_json::from_str(json)?;
    if !recording.status.is_empty() && recording.status != "ok" {
        return Err(RecordingError::Value(format!(
            "the recording failed: {}",
            recording.status
        )));
    }
    Ok(recording)
}
