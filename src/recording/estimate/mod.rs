//! A scenario of a running job whose parameters nobody knows: estimated from what Flink's REST API answers.
//!
//! Every figure says in a comment which field it was estimated from, and what could not be estimated is listed at the
//! top. Nothing is fitted to checkpoint durations but the storage's bandwidth: durations are what is to be predicted.

pub mod bursts;
pub mod estimated;
pub mod rates;
pub mod state;
pub mod storage;
pub mod text;

use std::collections::BTreeMap;

use crate::recording::answers::Answers;
use crate::recording::answers::graph::Node;
use crate::recording::clock::Clock;
use crate::recording::estimate::bursts::Burst;
use crate::recording::estimate::estimated::{Estimated, median};
use crate::recording::estimate::rates::{Rates, held_back, slowness};
use crate::recording::estimate::state::StateEstimate;
use crate::recording::estimate::storage::StorageEstimate;
use crate::recording::file::{Explicit, Recording, RecordingError};

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
    /// The checkpoint directory.
    pub storage: StorageEstimate,
    /// What could not be estimated, or is only probable.
    pub assumptions: Vec<String>,
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
    /// Its state and the bytes of an entry.
    pub state: Option<(StateEstimate, f64)>,
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

/// Estimates a scenario: the text of a TOML file.
///
/// # Errors
/// If the answers give no valid scenario.
pub fn scenario(answers: &Answers, name: &str) -> Result<String, RecordingError> {
    text::valid(&text::toml(&of(answers, name)))
}

/// What `changed` should measure, if only `baseline` is known: the estimates of `baseline` with the options, the
/// storage limits and the length of `changed`, which are all known before it runs.
///
/// # Errors
/// If the answers give no valid scenario.
pub fn what_if(baseline: &Recording, changed: &Recording) -> Result<String, RecordingError> {
    let mut estimate = of(&Answers::of_recording(baseline)?, &changed.id);
    estimate.options = crate::recording::answers::options::of_recording(changed);
    let clock = Clock::of(changed);
    estimate.length_ms = Some((
        clock.since_start(clock.end),
        clock.since_start(clock.warmup),
    ));
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
    let mut assumptions = Vec::new();
    let vertices: Vec<VertexEstimate> = (0..rates.len())
        .map(|position| {
            let place = OneVertex {
                answers,
                rates: &rates,
                position,
                rocksdb,
            };
            place.vertex(&mut assumptions)
        })
        .collect();
    let storage = storage::of(answers, rocksdb);
    if storage.write_bytes_per_s.is_none() {
        assumptions.push(
            "no checkpoint was large enough to show the storage's bandwidth: profile hdfs"
                .to_owned(),
        );
    } else {
        assumptions.push(
            "uploads are limited per task, not per TaskManager or in total; reading is as fast as writing".to_owned(),
        );
    }
    let slots = answers.taskmanagers.iter().map(|(_, slots)| *slots).max();
    if slots.is_none() {
        assumptions
            .push("the TaskManagers are unknown: one with as many slots as needed".to_owned());
    }
    Estimate {
        name: name.to_owned(),
        length_ms: answers.length_ms,
        vertices,
        options: answers.options.clone(),
        cluster: slots.map(|slots| (answers.taskmanagers.len(), slots.max(1))),
        storage,
        assumptions,
    }
}

/// One vertex among all.
struct OneVertex<'a> {
    answers: &'a Answers,
    rates: &'a [Rates],
    position: usize,
    rocksdb: bool,
}

impl OneVertex<'_> {
    fn vertex(&self, assumptions: &mut Vec<String>) -> VertexEstimate {
        let vertex = &self.answers.vertices[self.position];
        let rates = &self.rates[self.position];
        let name = &vertex.node.name;
        let is_source = vertex.node.inputs.is_empty();
        let records = if is_source {
            &rates.records_out
        } else {
            &rates.records_in
        };
        let seconds = rates.seconds_per_record(records, &self.sync_shares());
        let known: Vec<f64> = seconds.iter().flatten().copied().collect();
        let mut service = Estimated::median(&known, "busy time / records");
        let work = if is_source {
            let work = self.source(assumptions);
            if service.is_none() {
                service = self.silent_source(&work, assumptions);
            }
            work
        } else {
            if service.is_none() {
                assumptions.push(format!(
                    "`{name}`: no busy time or no records: 1 us per record"
                ));
            }
            WorkEstimate::Operator {
                selectivity: self.has_consumer().then(|| rates.selectivity()).flatten(),
                shares: rates.shares(),
                records_in: rates.records_in.iter().sum::<f64>() / records.len() as f64,
            }
        };
        VertexEstimate {
            node: vertex.node.clone(),
            placement: self.placement(),
            slowness: service.and_then(|service| slowness(&seconds, service.value)),
            service,
            record: rates.record_bytes(),
            work,
            state: self.state(is_source, assumptions),
        }
    }

    fn source(&self, assumptions: &mut Vec<String>) -> WorkEstimate {
        let vertex = &self.answers.vertices[self.position];
        let (rates, name) = (&self.rates[self.position], &vertex.node.name);
        if held_back(rates, self.rates.iter().any(Rates::saturated)) {
            assumptions.push(format!(
                "`{name}` is backpressured {:.0} % of the time: what it would like to deliver is unknown, taken as unlimited",
                100.0 * rates.mean_backpressured()
            ));
            return WorkEstimate::Source {
                rate: None,
                burst: None,
            };
        }
        let rate = rates.total_out();
        if rate.is_none() {
            assumptions.push(format!("`{name}` delivered nothing: 1 record per second"));
        }
        WorkEstimate::Source {
            rate,
            burst: bursts::of(self.answers, vertex),
        }
    }

    /// Flink does not know how busy a legacy source is. One that is held back was emitting for the rest of the time.
    fn silent_source(
        &self,
        work: &WorkEstimate,
        assumptions: &mut Vec<String>,
    ) -> Option<Estimated> {
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
        assumptions.push(format!(
            "`{}`: how long it needs to emit a record is unknown: 10 us",
            self.answers.vertices[self.position].node.name
        ));
        None
    }

    /// Share of the time of every subtask's thread that sync phases took.
    fn sync_shares(&self) -> Vec<f64> {
        let answers = self.answers;
        let vertex = &answers.vertices[self.position];
        let mut milliseconds = vec![0.0; vertex.subtasks.len()];
        let late = answers
            .checkpoints
            .iter()
            .filter(|checkpoint| checkpoint.trigger_ms >= answers.from_ms);
        let mut times = Vec::new();
        for checkpoint in late {
            times.push(checkpoint.trigger_ms);
            for snapshot in checkpoint.vertices.get(self.position).into_iter().flatten() {
                if let Some(sum) = milliseconds.get_mut(snapshot.subtask) {
                    *sum += snapshot.sync_ms;
                }
            }
        }
        let periods: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let window = median(&periods).unwrap_or(f64::INFINITY) * times.len() as f64;
        milliseconds
            .iter()
            .map(|ms| (ms / window).clamp(0.0, 0.9))
            .collect()
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
    fn state(
        &self,
        is_source: bool,
        assumptions: &mut Vec<String>,
    ) -> Option<(StateEstimate, f64)> {
        let state = state::of(self.answers, self.position, self.rocksdb)?;
        let node = &self.answers.vertices[self.position].node;
        let name = &node.name;
        if is_source {
            assumptions.push(format!("`{name}`: the state of a source is left out"));
            return None;
        }
        let sizes: Vec<f64> = node
            .inputs
            .iter()
            .filter_map(|(from, _)| Some(self.rates[*from].record_bytes()?.value))
            .collect();
        let entry = median(&sizes).unwrap_or(100.0).clamp(1.0, 1e6);
        assumptions.push(format!(
            "`{name}`: entries of its state are as large as its input records, {entry:.0} B"
        ));
        if !state.certain {
            assumptions.push(format!(
                "`{name}`: no compaction was seen, so that its live state may be smaller"
            ));
        }
        Some((state, entry.round()))
    }
}
