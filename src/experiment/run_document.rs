//! A single run as `run.json` keeps it: what every report and export is made of, and what two results are compared by.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::experiment::course::Course;
use crate::experiment::explain::Explanation;
use crate::experiment::metric::replicate::Sample;
use crate::experiment::objectives::Judged;
use crate::experiment::saved::{self, RUN_SCHEMA, SavedError};
use crate::experiment::simulate::Simulated;
use crate::experiment::{PointSummary, RunResult, VertexResult, explain, occupancy};
use crate::measure::{CheckpointRecord, CloseUp, Flight, Occupancy, Place, rest};
use crate::scenario::load::Loaded;
use crate::scenario::{Alignment, Scenario};

/// Name of the file in a directory of results.
pub const FILE: &str = "run.json";

/// What a run was made of, and all that was measured, to the nanosecond.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RunDocument {
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
    /// Wall time of the event loop of replication 0.
    #[serde(default)]
    pub event_loop_ns: u64,
    /// Replication 0.
    pub result: RunResult,
    /// How its barriers travelled; only where a directory was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flights: Option<Vec<Flight>>,
    /// The subtask whose inputs `result.occupancy` shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watched: Option<Place>,
    /// All replications.
    pub summary: PointSummary,
    /// By replication; `None` where it could not be simulated.
    #[serde(default)]
    pub replications: Vec<Option<Sample>>,
    /// What the scenario wants, and whether it is met.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objectives: Vec<Judged>,
    /// Why its slowest checkpoint took so long, and what other options would have given; only where a directory was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanation: Option<Explanation>,
    /// What would be seen there with other barriers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
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

impl RunDocument {
    /// What a scenario's replications gave.
    pub fn of(loaded: &Loaded, simulated: &Simulated) -> RunDocument {
        RunDocument {
            schema: RUN_SCHEMA.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            scenario: loaded.scenario.job.name.clone(),
            scenario_sha256: loaded.sha256(),
            scenario_toml: loaded.toml(),
            event_loop_ns: simulated.event_loop_ns,
            result: simulated.first.clone(),
            flights: None,
            watched: None,
            summary: simulated.summary.clone(),
            replications: simulated
                .samples
                .iter()
                .map(|sample| sample.as_ref().map(without_course))
                .collect(),
            objectives: simulated.objectives.clone(),
            explanation: None,
            queues: Vec::new(),
        }
    }

    /// Looks at the run once more where replication 0 alone does not tell: into the buffers around its slowest checkpoint, as
    /// the scenario has its barriers, aligned, and unaligned. What is seen of that checkpoint from close by comes with it.
    pub fn look(&mut self, scenario: &Scenario, flights: &[Flight]) -> Option<CloseUp> {
        self.flights = Some(flights.to_vec());
        let window = occupancy::window(scenario, &self.result)?;
        let seed = self.result.seed;
        let slowest = explain::slowest(&self.result);
        let durable = slowest.and_then(CheckpointRecord::durable);
        let mut close_up = slowest
            .zip(durable)
            .map(|(record, durable)| CloseUp::new(record.id, durable));
        let own = scenario.checkpointing.alignment;
        let mut look = |alignment| {
            let changed = occupancy::with_alignment(scenario, alignment);
            let close_up = close_up.as_mut().filter(|_| alignment == own).zip(durable);
            occupancy::observe(&changed, seed, window, close_up)
        };
        let (aligned, unaligned) = (look(Alignment::Aligned), look(Alignment::Unaligned));
        self.result.occupancy = Some(match own {
            Alignment::Aligned => aligned.clone(),
            Alignment::Unaligned => unaligned.clone(),
            other => look(other),
        });
        let queue = |(mode, occupancy): (&str, Occupancy)| Queue {
            mode: mode.to_owned(),
            occupancy,
        };
        let queues = [("aligned", aligned), ("unaligned", unaligned)];
        self.queues = queues.into_iter().map(queue).collect();
        self.watched = Some(window.place());
        close_up
    }

    /// The content of the file: the document, and the same in shapes that other readers know, such as Flink's REST answers.
    /// `scenario` is its own.
    pub fn json(&self, scenario: &Scenario) -> Value {
        let mut value = json!(self);
        let shapes = self.shapes(scenario);
        let all = value.as_object_mut().expect("a struct is an object");
        all.extend(shapes);
        value
    }

    fn shapes(&self, scenario: &Scenario) -> Map<String, Value> {
        let RunResult {
            checkpoints,
            vertices,
            ..
        } = &self.result;
        let names: Vec<&str> = vertices.iter().map(|vertex| vertex.name.as_str()).collect();
        let details: Map<String, Value> = checkpoints
            .iter()
            .map(|record| (record.id.to_string(), rest::details(record, &names)))
            .collect();
        let by_vertex = |read: fn(&VertexResult) -> Value| -> Map<String, Value> {
            let vertices = vertices.iter();
            vertices
                .map(|vertex| (vertex.name.clone(), read(vertex)))
                .collect()
        };
        let answers = rest::checkpoints(
            checkpoints,
            self.result.failed_in_preflight,
            scenario.checkpointing.retained,
        );
        let mut shapes = json!({
            "seed": self.result.seed,
            "digest": self.result.digest,
            "events": self.result.events,
            "buffers_processed": self.result.buffers_processed,
            "simulated_ms": self.result.end.as_millis(),
            "warmup_ms": self.result.warmup.as_millis(),
            "job_end": self.result.job_end,
            "checkpoints": answers,
            "details": details,
            "throughput": by_vertex(|vertex| json!(vertex.records_per_s)),
            "busy": by_vertex(|vertex| json!(vertex.busy)),
            "backpressured": by_vertex(|vertex| json!(vertex.backpressured)),
            "idle": by_vertex(|vertex| json!(vertex.idle)),
            "formulas": self.summary.comparisons,
        });
        if let Some(consistency) = &self.result.consistency {
            shapes["consistency"] = json!(consistency);
        }
        match shapes {
            Value::Object(shapes) => shapes,
            _ => Map::new(),
        }
    }
}

/// Records over time serve to measure losses, which are measured.
fn without_course(sample: &Sample) -> Sample {
    let mut sample = sample.clone();
    sample.replication.course = Course::default();
    sample
}

/// A saved run, out of the content of its file.
pub fn parse(text: &[u8], path: &Path) -> Result<RunDocument, SavedError> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::sample;
    use crate::experiment::simulate::simulate;
    use crate::experiment::sweep::Options;
    use crate::experiment::watch::Watch;
    use std::sync::atomic::AtomicBool;

    #[test]
    fn a_document_reads_back_as_it_was_written() {
        let loaded = sample::loaded(10);
        let options = Options {
            jobs: 1,
            loss: true,
            seed: loaded.scenario.job.seed,
            replications: loaded.scenario.job.replications,
            stop: &AtomicBool::new(false),
            progress: &|_| {},
        };
        let simulated = simulate(&loaded, &options, &Watch::default(), &|| 0).unwrap();
        let mut document = RunDocument::of(&loaded, &simulated);
        let text = saved::json(&document.json(&loaded.scenario));
        let read = parse(&text, Path::new("run.json")).unwrap();
        // Records over time serve to measure losses, and are not kept.
        document.result.course = read.result.course.clone();
        assert_eq!(read, document);
        assert_eq!(read.replications.len(), 3);
        assert!(
            read.replications
                .iter()
                .flatten()
                .all(|sample| sample.loss.is_some())
        );
    }
}
