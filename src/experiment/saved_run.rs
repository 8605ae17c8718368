//! A single run as `run.json` keeps it: what every export is made of.
//!
//! The file has more for other readers: Flink's REST shapes, the formulas, the summary over all replications.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::experiment::saved::{self, RUN_SCHEMA, SavedError};
use crate::experiment::{PointSummary, RunResult};
use crate::measure::{Flight, Occupancy, Place};

/// Name of the file in a directory of results.
pub const FILE: &str = "run.json";

/// What a run was made of, and all that was measured, to the nanosecond.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SavedRun {
    /// Format of the file.
    pub schema: String,
    /// Version of the program.
    pub version: String,
    /// Name of the job.
    pub scenario: String,
    /// SHA-256 of the effective scenario text.
    pub scenario_sha256: String,
    /// The effective scenario, as TOML.
    pub scenario_toml: String,
    /// Replication 0.
    pub result: RunResult,
    /// How its barriers travelled; only where a directory was written.
    #[serde(default)]
    pub flights: Vec<Flight>,
    /// The subtask whose inputs `result.occupancy` shows.
    #[serde(default)]
    pub watched: Option<Place>,
    /// All replications.
    pub summary: PointSummary,
    /// What would be seen there with other barriers.
    #[serde(default)]
    pub queues: Vec<Queue>,
}

/// Buffers over time with one kind of barriers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Queue {
    /// `aligned` or `unaligned`.
    pub mode: String,
    /// What was seen.
    pub occupancy: Occupancy,
}

/// A saved run, out of the content of its file.
pub fn parse(text: &[u8], path: &Path) -> Result<SavedRun, SavedError> {
    saved::parse(text, path, RUN_SCHEMA)
}

/// The file itself, whichever of the two was named.
pub fn file(path: &Path) -> PathBuf {
    if path.is_dir() {
        path.join(FILE)
    } else {
        path.to_owned()
    }
}
