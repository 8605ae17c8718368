//! What Flink's REST API answers about a running job, typed and tolerant: what is missing or unreadable is unknown.
//!
//! The same form serves a recording, a directory of saved answers ([`Files`]), and a live JobManager.

pub mod checkpoint;
pub mod files;
pub mod graph;
pub mod number;
pub mod options;
pub mod series;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::recording::answers::checkpoint::Checkpoint;
use crate::recording::answers::graph::Node;
use crate::recording::answers::number::{at, list, text};
use crate::recording::answers::series::Counters;
use crate::recording::clock::Clock;
use crate::recording::file::{Recording, RecordingError};

pub use crate::recording::answers::files::Files;

/// A running job as its REST API shows it.
#[derive(Clone, Debug)]
pub struct Answers {
    /// Name of the job.
    pub job: String,
    /// Vertices, producers first.
    pub vertices: Vec<Vertex>,
    /// Flink's options, as far as they are known.
    pub options: BTreeMap<String, String>,
    /// TaskManagers: name and slots.
    pub taskmanagers: Vec<(String, usize)>,
    /// Completed checkpoints, oldest first.
    pub checkpoints: Vec<Checkpoint>,
    /// What is older belongs to the warm-up; milliseconds of the answers' clock.
    pub from_ms: f64,
    /// Length of the run and of its warm-up in milliseconds, if it was a run of limited length.
    pub length_ms: Option<(f64, f64)>,
}

/// A vertex.
#[derive(Clone, Debug)]
pub struct Vertex {
    /// Its place in the graph.
    pub node: Node,
    /// By index.
    pub subtasks: Vec<Subtask>,
}

/// A subtask.
#[derive(Clone, Debug, Default)]
pub struct Subtask {
    /// Id of its TaskManager.
    pub taskmanager: Option<String>,
    /// What it counted.
    pub counters: Counters,
}

impl Answers {
    /// What the REST API answered about a recorded job, its sampled metrics, and its configuration; nothing else of
    /// the recording is looked at.
    ///
    /// # Errors
    /// If there is no usable job plan.
    pub fn of_recording(recording: &Recording) -> Result<Answers, RecordingError> {
        let rest = &recording.rest;
        let names = recording.params.vertex_ids.iter();
        let names = names.map(|(name, id)| (id.clone(), name.clone())).collect();
        let nodes = graph::read(&rest.plan, &rest.job, &names)?;
        let vertices = nodes
            .into_iter()
            .map(|node| {
                let answers: Vec<&Value> = rest.vertices.get(&node.id).into_iter().collect();
                let mut vertex = Vertex::read(node, &answers);
                let samples = recording
                    .timeseries
                    .get("v")
                    .and_then(|v| v.get(&vertex.node.id));
                if let Some(metrics) = samples {
                    vertex.sample(metrics, list(&recording.timeseries, "t_ms"));
                }
                vertex
            })
            .collect::<Vec<Vertex>>();
        let details = rest.checkpoint_details.values().filter_map(|details| {
            let subtasks = vertices
                .iter()
                .map(|vertex| details.subtasks.get(&vertex.node.id));
            checkpoint::read(&details.detail, subtasks)
        });
        let clock = Clock::of(recording);
        Ok(Answers {
            job: recording.id.clone(),
            checkpoints: in_order(details.collect()),
            vertices,
            options: options::of_recording(recording),
            taskmanagers: taskmanagers(&rest.taskmanagers),
            from_ms: clock.warmup,
            length_ms: Some((
                clock.since_start(clock.end),
                clock.since_start(clock.warmup),
            )),
        })
    }

    /// What saved or live answers say.
    ///
    /// # Errors
    /// If there is no usable job plan.
    pub fn of_files(files: &Files) -> Result<Answers, RecordingError> {
        let job = files.get("job");
        let vertices: Vec<Vertex> = graph::read(files.get("plan"), job, &BTreeMap::new())?
            .into_iter()
            .map(|node| {
                let earlier = files.get(&format!("vertices-before/{}", node.id));
                let now = files.get(&format!("vertices/{}", node.id));
                Vertex::read(node, &[earlier, now])
            })
            .collect();
        let details = files.checkpoints().into_iter().filter_map(|id| {
            let subtasks = vertices
                .iter()
                .map(|vertex| Some(files.get(&format!("checkpoints/{id}/{}", vertex.node.id))));
            checkpoint::read(files.get(&format!("checkpoints/{id}")), subtasks)
        });
        // If there are two readings, what counts is what happened between them.
        let from_ms = vertices
            .iter()
            .filter_map(|vertex| {
                at(
                    files.get(&format!("vertices-before/{}", vertex.node.id)),
                    &["now"],
                )
            })
            .fold(0.0, f64::max);
        Ok(Answers {
            job: text(job, "name").unwrap_or_else(|| "job".to_owned()),
            checkpoints: in_order(details.collect()),
            vertices,
            options: options::of_files(files),
            taskmanagers: taskmanagers(files.get("taskmanagers")),
            from_ms,
            length_ms: None,
        })
    }
}

impl Vertex {
    fn read(node: Node, answers: &[&Value]) -> Vertex {
        let mut subtasks = vec![Subtask::default(); node.parallelism];
        for answer in answers {
            let Some(now) = at(answer, &["now"]) else {
                continue;
            };
            for subtask in list(answer, "subtasks") {
                let index = at(subtask, &["subtask"]).map_or(usize::MAX, |index| index as usize);
                if let Some(known) = subtasks.get_mut(index) {
                    known.counters.add_answer(subtask, now);
                    known.taskmanager = text(subtask, "taskmanager-id");
                }
            }
        }
        Vertex { node, subtasks }
    }

    /// Sampled counters replace those of the job's end.
    fn sample(&mut self, metrics: &Value, times: &[Value]) {
        for (index, subtask) in self.subtasks.iter_mut().enumerate() {
            subtask.counters = Counters::default();
            subtask.counters.add_samples(metrics, index, times);
        }
    }
}

fn in_order(mut checkpoints: Vec<Checkpoint>) -> Vec<Checkpoint> {
    checkpoints.sort_by_key(|checkpoint| checkpoint.id);
    checkpoints
}

/// Reads `/taskmanagers`.
fn taskmanagers(answer: &Value) -> Vec<(String, usize)> {
    let mut found: Vec<(String, usize)> = list(answer, "taskmanagers")
        .iter()
        .filter_map(|taskmanager| {
            let slots = at(taskmanager, &["slotsNumber"]).filter(|slots| *slots <= 10_000.0)?;
            Some((text(taskmanager, "id")?, slots as usize))
        })
        .collect();
    found.sort();
    found
}
