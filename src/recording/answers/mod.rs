//! What Flink's REST API answers about a running job, typed and tolerant: what is missing or unreadable is unknown.
//!
//! The same form serves a recording, a directory of saved answers ([`Files`]), and a live JobManager.

pub mod checkpoint;
pub mod files;
pub mod graph;
pub mod job_file;
pub mod layout;
pub mod movement;
pub mod number;
pub mod options;
pub mod plan_window;
pub mod remarks;
pub mod series;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::recording::answers::checkpoint::Checkpoint;
use crate::recording::answers::graph::Node;
use crate::recording::answers::number::{at, list, text};
use crate::recording::answers::remarks::Remarks;
use crate::recording::answers::series::{Counters, Reading};
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
    /// Older checkpoints belong to the warm-up, or to the time before a restart; milliseconds of the answers' clock.
    pub from_ms: f64,
    /// Length of the run and of its warm-up in milliseconds, if it was a run of limited length.
    pub length_ms: Option<(f64, f64)>,
    /// Whether full and newly persisted sizes are told apart (Flink 1.15 and later).
    pub both_sizes: bool,
    /// Flink's version, such as `1.20`, if it is known.
    pub flink_version: Option<String>,
    /// `cluster.evenly-spread-out-slots`, if it is known.
    pub spread_out: Option<bool>,
    /// What must be said about all this.
    pub remarks: Remarks,
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
    /// When it began to run, in milliseconds of its JobManager's clock.
    pub runs_since_ms: Option<f64>,
    /// What it counted.
    pub counters: Counters,
}

impl Answers {
    /// How much earlier the subtasks of a vertex ran than the last one of the job, on average, in milliseconds: checkpoints
    /// begin when all run.
    pub fn runs_earlier_ms(&self, vertex: usize) -> Option<f64> {
        let since = |vertex: &Vertex| -> Option<Vec<f64>> {
            vertex
                .subtasks
                .iter()
                .map(|subtask| subtask.runs_since_ms)
                .collect()
        };
        let all: Vec<Vec<f64>> = self.vertices.iter().map(since).collect::<Option<_>>()?;
        let last = all
            .iter()
            .flatten()
            .copied()
            .fold(f64::NEG_INFINITY, f64::max);
        let own = all.get(vertex)?;
        let mean = own.iter().sum::<f64>() / own.len().max(1) as f64;
        Some(last - mean).filter(|earlier| (0.0..600_000.0).contains(earlier))
    }

    /// What the REST API answered about a recorded job, its sampled metrics, and its configuration; nothing else of
    /// the recording is looked at.
    ///
    /// # Errors
    /// If there is no usable job plan.
    pub fn of_recording(recording: &Recording) -> Result<Answers, RecordingError> {
        let rest = &recording.rest;
        let names = recording.params.vertex_ids.iter();
        let names = names.map(|(name, id)| (id.clone(), name.clone())).collect();
        let mut remarks = Remarks::default();
        let nodes = graph::read(&rest.plan, &rest.job, &names, &mut remarks)?;
        let clock = Clock::of(recording);
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
                vertex.count_from(clock.warmup);
                vertex
            })
            .collect::<Vec<Vertex>>();
        let details = rest.checkpoint_details.values().filter_map(|details| {
            let subtasks = vertices
                .iter()
                .map(|vertex| details.subtasks.get(&vertex.node.id));
            checkpoint::read(&details.detail, subtasks)
        });
        Ok(Answers {
            job: recording.id.clone(),
            checkpoints: in_order(details.collect()),
            vertices,
            options: options::of_recording(recording, &mut remarks),
            taskmanagers: taskmanagers(&rest.taskmanagers),
            from_ms: clock.warmup,
            length_ms: Some((
                clock.since_start(clock.end),
                clock.since_start(clock.warmup),
            )),
            both_sizes: true,
            // The program's default is the version of the recorded clusters.
            flink_version: None,
            spread_out: None,
            remarks,
        })
    }

    /// What saved or live answers say.
    ///
    /// # Errors
    /// If there is no usable job plan.
    pub fn of_files(files: &Files) -> Result<Answers, RecordingError> {
        let job = files.get("job");
        let mut remarks = Remarks::default();
        let mut vertices: Vec<Vertex> =
            graph::read(files.get("plan"), job, &BTreeMap::new(), &mut remarks)?
                .into_iter()
                .map(|node| {
                    let earlier = files.get(&format!("vertices-before/{}", node.id));
                    let now = files.get(&format!("vertices/{}", node.id));
                    if now.is_null() {
                        Vertex::of_job(node, job, &mut remarks)
                    } else {
                        Vertex::read(node, &[earlier, now])
                    }
                })
                .collect();
        movement::settle(&mut vertices, &mut remarks);
        if let Some(state) = text(job, "state").filter(|state| state != "RUNNING") {
            let state: String = state.chars().filter(char::is_ascii_uppercase).collect();
            remarks.warn(format!(
                "the job is {state}: what follows is what it was while it ran"
            ));
        }
        let ids = files.checkpoints();
        let subtasks =
            |id: u64, vertex: &Vertex| files.get(&format!("checkpoints/{id}/{}", vertex.node.id));
        let details = ids.iter().filter_map(|id| {
            let of_vertices = vertices.iter().map(|vertex| Some(subtasks(*id, vertex)));
            checkpoint::read(files.get(&format!("checkpoints/{id}")), of_vertices)
        });
        let mut checkpoints = in_order(details.collect());
        if checkpoints.is_empty() {
            checkpoints = in_order(checkpoint::of_history(
                files.get("checkpoints"),
                &keyed(&vertices),
            ));
            if !checkpoints.is_empty() {
                remarks.warn(
                    "the details of checkpoints are missing (checkpoints/<n>/<vertex id>.json): the state of the whole job is \
                     divided evenly among the subtasks that are given their records by key",
                );
            }
        }
        let both_sizes = ids.iter().all(|id| {
            let mut vertices = vertices.iter();
            vertices.all(|vertex| checkpoint::has_both_sizes(subtasks(*id, vertex)))
        }) && list(files.get("checkpoints"), "history")
            .iter()
            .all(|entry| {
                at(entry, &["state_size"]).is_none() || at(entry, &["checkpointed_size"]).is_some()
            });
        let flink_version = options::flink_version(files, both_sizes, &mut remarks);
        // What a restored job did before is another life: other subtasks, other files.
        let restored = at(
            files.get("checkpoints"),
            &["latest", "restored", "restore_timestamp"],
        )
        .unwrap_or(0.0);
        let lives = checkpoints
            .iter()
            .any(|checkpoint| checkpoint.trigger_ms >= restored);
        Ok(Answers {
            job: text(job, "name").unwrap_or_else(|| "job".to_owned()),
            checkpoints,
            options: options::of_files(files, &mut remarks),
            taskmanagers: Some(taskmanagers(files.get("taskmanagers")))
                .filter(|found| !found.is_empty())
                .unwrap_or_else(|| seen(&vertices)),
            vertices,
            from_ms: if lives { restored } else { 0.0 },
            length_ms: None,
            both_sizes,
            flink_version,
            spread_out: options::spread_out(files),
            remarks,
        })
    }
}

/// When a subtask was initialised: its start, and how long it was in the states before RUNNING.
fn runs_since_ms(subtask: &Value) -> Option<f64> {
    let start = at(subtask, &["start-time"]).filter(|start| *start > 0.0)?;
    let before = ["CREATED", "SCHEDULED", "DEPLOYING", "INITIALIZING"];
    at(subtask, &["status-duration", "RUNNING"]).filter(|running| *running >= 0.0)?;
    let lasted = before.map(|state| {
        at(subtask, &["status-duration", state])
            .unwrap_or(0.0)
            .max(0.0)
    });
    Some(start + lasted.iter().sum::<f64>())
}

impl Vertex {
    /// What `vertices/:vertexid` answered, earliest first.
    fn read(node: Node, answers: &[&Value]) -> Vertex {
        let mut readings: Vec<Vec<Reading<'_>>> = vec![Vec::new(); node.parallelism];
        let mut taskmanagers = vec![None; node.parallelism];
        let mut run_since = vec![None; node.parallelism];
        for answer in answers {
            let Some(now) = at(answer, &["now"]) else {
                continue;
            };
            for subtask in list(answer, "subtasks") {
                let index = at(subtask, &["subtask"]).map_or(usize::MAX, |index| index as usize);
                if let Some(known) = readings.get_mut(index) {
                    known.push((subtask, now));
                    taskmanagers[index] = text(subtask, "taskmanager-id");
                    run_since[index] = runs_since_ms(subtask);
                }
            }
        }
        let subtasks = readings.iter().zip(taskmanagers).zip(run_since);
        let subtasks = subtasks.map(|((readings, taskmanager), runs_since_ms)| Subtask {
            taskmanager,
            runs_since_ms,
            counters: Counters::of_answers(readings),
        });
        Vertex {
            subtasks: subtasks.collect(),
            node,
        }
    }

    /// What `/jobs/:jobid` says of a vertex: sums over its subtasks, which must be taken as alike.
    fn of_job(node: Node, job: &Value, remarks: &mut Remarks) -> Vertex {
        let mut totals = list(job, "vertices").iter();
        let total = totals
            .find(|vertex| vertex.get("id").and_then(Value::as_str) == Some(node.id.as_str()));
        let mut counters = Counters::default();
        if let (Some(total), Some(now)) = (total, at(job, &["now"])) {
            let mut share = total.clone();
            let metrics = share.get_mut("metrics").and_then(Value::as_object_mut);
            for value in metrics.into_iter().flatten().map(|(_, value)| value) {
                if let Some(sum) = number::number(value) {
                    *value = (sum / node.parallelism as f64).into();
                }
            }
            counters = Counters::of_answers(&[(&share, now)]);
            remarks.assume(format!(
                "`{}`: only the sums of job.json are known (vertices/{}.json is missing): its subtasks are alike",
                node.name, node.id
            ));
        }
        let subtask = Subtask {
            taskmanager: None,
            runs_since_ms: None,
            counters,
        };
        Vertex {
            subtasks: vec![subtask; node.parallelism],
            node,
        }
    }

    /// Sampled counters replace those of the job's end.
    fn sample(&mut self, metrics: &Value, times: &[Value]) {
        for (index, subtask) in self.subtasks.iter_mut().enumerate() {
            subtask.counters = Counters::default();
            subtask.counters.add_samples(metrics, index, times);
        }
    }

    /// Only what was counted from this instant on counts.
    pub fn count_from(&mut self, from_ms: f64) {
        for subtask in &mut self.subtasks {
            subtask.counters.count_from(from_ms);
        }
    }

    /// Whether records were read or written in the time that counts.
    pub fn moves(&self) -> bool {
        self.subtasks.iter().any(|subtask| subtask.counters.moves())
    }

    /// First and last instant that count, over all subtasks.
    pub fn window(&self) -> Option<(f64, f64)> {
        let windows = self.subtasks.iter();
        windows
            .filter_map(|subtask| subtask.counters.window())
            .reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    }
}

/// Subtasks of the vertices that may have keyed state; 0 for the others. If no records are distributed by key, all
/// operators may.
fn keyed(vertices: &[Vertex]) -> Vec<usize> {
    let by = |wanted: &dyn Fn(&str) -> bool| -> Vec<usize> {
        let has = |vertex: &Vertex| {
            let mut inputs = vertex.node.inputs.iter();
            inputs.any(|(_, exchange)| wanted(exchange))
        };
        let counts = vertices.iter();
        counts
            .map(|vertex| {
                if has(vertex) {
                    vertex.node.parallelism
                } else {
                    0
                }
            })
            .collect()
    };
    let keyed = by(&|exchange| exchange == "hash");
    if keyed.iter().any(|subtasks| *subtasks > 0) {
        return keyed;
    }
    by(&|_| true)
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

/// The TaskManagers that subtasks run on, where nobody lists them (archives): with the slots that are in use.
fn seen(vertices: &[Vertex]) -> Vec<(String, usize)> {
    let mut slots: BTreeMap<String, usize> = BTreeMap::new();
    for vertex in vertices {
        let mut of_vertex: BTreeMap<&String, usize> = BTreeMap::new();
        for id in vertex
            .subtasks
            .iter()
            .filter_map(|subtask| subtask.taskmanager.as_ref())
        {
            *of_vertex.entry(id).or_default() += 1;
        }
        for (id, subtasks) in of_vertex {
            let known = slots.entry(id.clone()).or_default();
            *known = subtasks.max(*known);
        }
    }
    slots.into_iter().collect()
}
