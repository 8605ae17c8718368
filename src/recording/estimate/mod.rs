//! A scenario of a running job whose parameters nobody knows: estimated from what Flink's REST API answers.
//!
//! Every figure says in a comment which field it was estimated from, and what could not be estimated is listed at the
//! top. Nothing is fitted to checkpoint durations but the storage's bandwidth: durations are what is to be predicted.

pub mod bursts;
pub mod control_plane;
mod estimated;
pub mod flushes;
pub mod rates;
pub mod state;
pub mod storage;
pub mod text;
pub mod threads;
pub mod window;

use std::collections::BTreeMap;

use crate::model::state::flush_time;
use crate::recording::answers::graph::Node;
use crate::recording::answers::remarks::Remarks;
use crate::recording::answers::{Answers, options};
use crate::recording::clock::Clock;
use crate::recording::estimate::bursts::Burst;
use crate::recording::estimate::estimated::{Estimated, median};
use crate::recording::estimate::rates::{Rates, held_back, slowness};
use crate::recording::estimate::state::StateEstimate;
use crate::recording::estimate::storage::StorageEstimate;
use crate::recording::estimate::threads::Threads;
use crate::recording::estimate::window::WindowEstimate;
use crate::recording::file::{Explicit, Recording, RecordingError};
use crate::scenario::calibration::{ROCKSDB_FLUSH_PER_MB, WARM_READERS_EARLIER};
use crate::units::SimDuration;

/// What the answers say about a job.
#[derive(Clone, Debug)]
pub struct Estimate {
    /// Name of the scenario.
    pub name: String,
    /// Length of the run and of its warm-up, in milliseconds.
    pub length_ms: Option<(f64, f64)>,
    /// Vertices, producers first.
    pub vertices: Vec<VertexEstimate>,
    /// Flink's options.
    pub options: BTreeMap<String, String>,
    /// TaskManagers and slots of each.
    pub cluster: Option<(usize, usize)>,
    /// Seconds to flush a megabyte.
    pub flush_per_mb: Option<Estimated>,
    /// Factor on what messages between JobManager and tasks take.
    pub control_plane: Option<Estimated>,
    /// The checkpoint directory.
    pub storage: StorageEstimate,
    /// Flink's version, if it is known.
    pub flink_version: Option<String>,
    /// `cluster.evenly-spread-out-slots`, if it is known.
    pub spread_out: Option<bool>,
    /// What could not be read or estimated, or is only probable.
    pub remarks: Remarks,
}

/// A scenario that was made of answers.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The file.
    pub text: String,
    /// What must not be overlooked; it stands in the file, too.
    pub warnings: Vec<String>,
}

/// What the answers say about a vertex.
#[derive(Clone, Debug)]
pub struct VertexEstimate {
    /// Its place in the graph.
    pub node: Node,
    /// TaskManager of every subtask, if all are known.
    pub placement: Option<Vec<usize>>,
    /// Seconds of a task's thread per record.
    pub service: Option<Estimated>,
    /// Factor of every subtask, if they differ.
    pub slowness: Option<Vec<f64>>,
    /// Bytes of a record that it emits.
    pub record: Option<Estimated>,
    /// What it does.
    pub work: WorkEstimate,
    /// Its window, if it is one.
    pub window: Option<WindowEstimate>,
    /// Its state and the bytes of an entry.
    pub state: Option<(StateEstimate, f64)>,
    /// Seconds of a task's thread per snapshot before its barrier leaves.
    pub pre_barrier: Option<Estimated>,
    /// Seconds of its sync phase that the flush of its state does not explain.
    pub sync_extra: Option<Estimated>,
}

/// What a vertex does.
#[derive(Clone, Debug)]
pub enum WorkEstimate {
    /// Emits records.
    Source {
        /// Records per second; `None` = as fast as it can.
        rate: Option<Estimated>,
        /// If it delivers in bursts.
        burst: Option<Burst>,
        /// How much earlier it began than the job's last task, in milliseconds, if that is known.
        earlier_ms: Option<f64>,
        /// Flink does not tell how busy it is: it is a `SourceFunction`.
        legacy: bool,
    },
    /// Processes records.
    Operator {
        /// Records out per record in; `None` for a last vertex.
        selectivity: Option<Estimated>,
        /// Records of every subtask, if they differ.
        shares: Option<Vec<f64>>,
        /// Records in per second of one subtask.
        records_in: f64,
    },
}

/// Estimates a scenario.
///
/// # Errors
/// If the answers give no valid scenario.
pub fn scenario(answers: &Answers, name: &str) -> Result<Draft, RecordingError> {
    let mut estimate = of(answers, name);
    let written = text::valid(&text::toml(&estimate)).or_else(|refused| {
        // Of two options that contradict each other one must go.
        let keys: Vec<String> = estimate.options.keys().cloned().collect();
        let whole = estimate.clone();
        keys.iter()
            .find_map(|key| {
                estimate = whole.clone();
                estimate.options.remove(key);
                let why = format!("`{key}` contradicts the other options: left out");
                estimate.remarks.warn(why);
                text::valid(&text::toml(&estimate)).ok()
            })
            .ok_or(refused)
    })?;
    Ok(Draft {
        text: written,
        warnings: estimate.remarks.warnings,
    })
}

/// What `changed` should measure, if only `baseline` is known: the estimates of `baseline` with the options, the
/// storage limits and the length of `changed`, which are all known before it runs.
///
/// # Errors
/// If the answers give no valid scenario.
pub fn what_if(baseline: &Recording, changed: &Recording) -> Result<String, RecordingError> {
    let mut estimate = of(&Answers::of_recording(baseline)?, &changed.id);
    estimate.options = options::of_recording(changed, &mut estimate.remarks);
    let clock = Clock::of(changed);
    estimate.length_ms = Some((
        clock.since_start(clock.end),
        clock.since_start(clock.warmup),
    ));
    for vertex in &mut estimate.vertices {
        if let WorkEstimate::Source { earlier_ms, .. } = &mut vertex.work {
            *earlier_ms = earlier_ms.map(|_| WARM_READERS_EARLIER.as_millis() as f64);
        }
    }
    let limit = |explicit: &Explicit| explicit.storage_write_bytes_per_s_per_stream as f64;
    let (before, after) = (
        limit(&baseline.params.explicit),
        limit(&changed.params.explicit),
    );
    // The estimate is of one task's snapshot; a new limit changes it in proportion.
    if before > 0.0 && after > 0.0 {
        let write = estimate.storage.write_bytes_per_s;
        estimate.storage.write_bytes_per_s = write.map(|rate| rate.times(after / before));
    }
    text::valid(&text::toml(&estimate))
}

/// Estimates everything.
pub fn of(answers: &Answers, name: &str) -> Estimate {
    let rocksdb = answers
        .options
        .get("state.backend.type")
        .is_some_and(|backend| backend.contains("rocksdb"));
    let rates: Vec<Rates> = (0..answers.vertices.len())
        .map(|position| Rates::of(answers, position))
        .collect();
    let mut remarks = answers.remarks.clone();
    let flush_per_mb = rocksdb.then(|| flushes::per_mb_s(answers)).flatten();
    let vertices: Vec<VertexEstimate> = (0..rates.len())
        .map(|position| {
            let place = OneVertex {
                answers,
                rates: &rates,
                position,
                rocksdb,
                flush_per_mb,
            };
            place.vertex(&mut remarks)
        })
        .collect();
    if answers.checkpoints.is_empty() {
        remarks.warn("no completed checkpoint is among the answers: the state is unknown, and the scenario has none");
    } else if !answers.both_sizes && rocksdb {
        remarks.warn(
            "Flink before 1.15 does not tell full from incremental sizes: with incremental checkpoints the state may be \
             larger than the largest that was reported",
        );
    }
    let storage = storage::of(answers, rocksdb);
    if storage.write_bytes_per_s.is_none() {
        remarks
            .assume("no checkpoint was large enough to show the storage's bandwidth: profile hdfs");
    } else {
        remarks.assume(
            "uploads are limited per task, not per TaskManager or in total; reading is as fast as writing",
        );
    }
    let slots = answers.taskmanagers.iter().map(|(_, slots)| *slots).max();
    if slots.is_none() {
        remarks.assume("the TaskManagers are unknown: one with as many slots as needed");
    }
    Estimate {
        name: name.to_owned(),
        length_ms: answers.length_ms,
        vertices,
        options: answers.options.clone(),
        flush_per_mb,
        control_plane: control_plane::factor(answers, &rates),
        cluster: slots.map(|slots| (answers.taskmanagers.len(), slots.max(1))),
        storage,
        flink_version: answers.flink_version.clone(),
        spread_out: answers.spread_out,
        remarks,
    }
}

/// One vertex among all.
struct OneVertex<'a> {
    answers: &'a Answers,
    rates: &'a [Rates],
    position: usize,
    rocksdb: bool,
    flush_per_mb: Option<Estimated>,
}

impl OneVertex<'_> {
    fn vertex(&self, remarks: &mut Remarks) -> VertexEstimate {
        let vertex = &self.answers.vertices[self.position];
        let rates = &self.rates[self.position];
        let name = &vertex.node.name;
        let is_source = vertex.node.inputs.is_empty();
        let records = if is_source {
            &rates.records_out
        } else {
            &rates.records_in
        };
        let seconds = rates.seconds_per_record(records, &self.threads().shares());
        let known: Vec<f64> = seconds.iter().flatten().copied().collect();
        let origin = if rates.busy_is_rest {
            "(1 - idle - backpressured time) / records"
        } else {
            "busy time / records"
        };
        let mut service = Estimated::median(&known, origin);
        let work = if is_source {
            let work = self.source(remarks);
            if service.is_none() {
                service = self.silent_source(&work, remarks);
            }
            work
        } else {
            if service.is_none() {
                let missing = if rates.records_in.iter().all(|rate| *rate <= 0.0) {
                    "it read no records"
                } else {
                    "its busy time is not known"
                };
                remarks.warn(format!("`{name}`: {missing}: 1 us per record is assumed"));
            }
            WorkEstimate::Operator {
                selectivity: self.has_consumer().then(|| rates.selectivity()).flatten(),
                shares: rates.shares(),
                records_in: rates.records_in.iter().sum::<f64>() / records.len() as f64,
            }
        };
        let state = self.state(is_source, remarks);
        let flushed = state.as_ref().filter(|_| self.rocksdb);
        let flushed = flushed.and_then(|(state, _)| Some(state.change?.flushed.value));
        let window = vertex.node.window.filter(|_| !is_source);
        let window = window.and_then(|window| {
            let threads = self.threads();
            let bytes = flushed.and_then(|_| window::entry_bytes(window, rates, &threads));
            window::of(window, rates, service, &threads).map(|(found, rest)| {
                (
                    WindowEstimate {
                        entry_bytes: bytes,
                        ..found
                    },
                    rest,
                )
            })
        });
        if let Some((found, per_record)) = window {
            service = per_record;
            remarks.assume(format!(
                "`{name}`: reading a slice of a window costs as much as a record; {:.0} keys have a result each time",
                found.keys.value
            ));
        }
        VertexEstimate {
            window: window.map(|(window, _)| window),
            pre_barrier: match window {
                Some((found, _)) if found.buffered.is_some() => None,
                _ => self.threads().pre_barrier(),
            },
            sync_extra: self
                .threads()
                .sync_extra(flushed.map(|_| self.flushed_together())),
            node: vertex.node.clone(),
            placement: self.placement(),
            slowness: slowness(&seconds),
            service,
            record: rates.record_bytes(),
            work,
            state,
        }
    }

    fn source(&self, remarks: &mut Remarks) -> WorkEstimate {
        let vertex = &self.answers.vertices[self.position];
        let (rates, name) = (&self.rates[self.position], &vertex.node.name);
        if held_back(rates, self.rates.iter().any(Rates::saturated)) {
            remarks.assume(format!(
                "`{name}` is backpressured {:.0} % of the time: what it would like to deliver is unknown, taken as unlimited",
                100.0 * rates.mean_backpressured()
            ));
            return WorkEstimate::Source {
                rate: None,
                burst: None,
                earlier_ms: None,
                legacy: rates.is_legacy_source(),
            };
        }
        let rate = rates.total_out();
        if rate.is_none() {
            remarks.warn(format!(
                "`{name}` delivered no record that was counted: 1 record per second is assumed"
            ));
        }
        WorkEstimate::Source {
            rate,
            burst: bursts::of(vertex),
            earlier_ms: self.answers.runs_earlier_ms(self.position),
            legacy: rates.is_legacy_source(),
        }
    }

    /// Flink does not know how busy a legacy source is. One that is held back was emitting for the rest of the time.
    fn silent_source(&self, work: &WorkEstimate, remarks: &mut Remarks) -> Option<Estimated> {
        let rates = &self.rates[self.position];
        if let WorkEstimate::Source { rate: None, .. } = work {
            let seconds: Vec<f64> = rates
                .backpressured
                .iter()
                .zip(&rates.records_out)
                .filter(|(_, records)| **records > 0.0)
                .filter_map(|(share, records)| Some((1.0 - (*share)?) / records))
                .collect();
            return Estimated::median(&seconds, "(1 - backpressured time) / records");
        }
        remarks.assume(format!(
            "`{}`: how long it needs to emit a record is unknown: 10 us",
            self.answers.vertices[self.position].node.name
        ));
        None
    }

    /// Seconds that the flush thread of a TaskManager is busy with what all vertices flush at a checkpoint.
    fn flushed_together(&self) -> f64 {
        let taskmanagers = self.answers.taskmanagers.len().max(1) as f64;
        let of_vertex = |position: usize| {
            let subtasks = self.answers.vertices[position].node.parallelism as f64;
            let change = state::of(self.answers, position, self.rocksdb)?.change?;
            let bytes = change.flushed.value as u64;
            let per_mb = self.flush_per_mb.map_or(ROCKSDB_FLUSH_PER_MB, |found| {
                SimDuration::from_secs_f64(found.value)
            });
            Some(flush_time(bytes, per_mb).as_secs_f64() * subtasks / taskmanagers)
        };
        (0..self.answers.vertices.len()).filter_map(of_vertex).sum()
    }

    fn threads(&self) -> Threads<'_> {
        Threads {
            answers: self.answers,
            position: self.position,
        }
    }

    fn has_consumer(&self) -> bool {
        let reads = |node: &Node| node.inputs.iter().any(|(from, _)| *from == self.position);
        self.answers
            .vertices
            .iter()
            .any(|vertex| reads(&vertex.node))
    }

    fn placement(&self) -> Option<Vec<usize>> {
        let names = &self.answers.taskmanagers;
        let subtasks = &self.answers.vertices[self.position].subtasks;
        subtasks
            .iter()
            .map(|subtask| {
                let id = subtask.taskmanager.as_ref()?;
                names.iter().position(|(name, _)| name == id)
            })
            .collect()
    }

    /// State, with entries as large as the records that made them.
    fn state(&self, is_source: bool, remarks: &mut Remarks) -> Option<(StateEstimate, f64)> {
        let state = state::of(self.answers, self.position, self.rocksdb)?;
        let node = &self.answers.vertices[self.position].node;
        let name = &node.name;
        if is_source {
            remarks.assume(format!("`{name}`: the state of a source is left out"));
            return None;
        }
        let sizes: Vec<f64> = node
            .inputs
            .iter()
            .filter_map(|(from, _)| Some(self.rates[*from].record_bytes()?.value))
            .collect();
        let entry = median(&sizes).unwrap_or(100.0).clamp(1.0, 1e6);
        remarks.assume(format!(
            "`{name}`: entries of its state are as large as its input records, {entry:.0} B"
        ));
        if !state.certain {
            let (_, high) = state.live.spread;
            remarks.assume(format!(
                "`{name}`: no compaction was seen: of its files, up to {high:.0} B, less may be live state"
            ));
        }
        Some((state, entry.round()))
    }
}
