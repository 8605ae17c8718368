//! Why a checkpoint took as long as it did: its critical path, the stragglers, the bottleneck, and what else would have
//! come of other options.
//!
//! The path ends with the subtask that acknowledged last. Its phases are those that Flink reports; below them stands what
//! Flink does not report: which barrier it waited for, behind whose data, since when, and why that one was sent no earlier.

mod bottleneck;
mod path;
mod save;
pub mod step;
mod what_if;

use serde::{Deserialize, Serialize};

use crate::experiment::RunResult;
pub use crate::experiment::explain::bottleneck::{Besides, Bottleneck, Resource};
use crate::experiment::explain::path::Sight;
pub use crate::experiment::explain::step::{Part, Step, Subtask};
pub use crate::experiment::explain::what_if::{Counterfactual, Outlook};
use crate::experiment::guard::guarded;
use crate::experiment::levers;
use crate::experiment::metric::measured::counted;
use crate::experiment::run::{Simulation, run};
use crate::measure::{CheckpointKind, CheckpointRecord, CloseUp, Outcome, Place, straggler};
use crate::scenario::Scenario;
use crate::scenario::load::Loaded;
use crate::units::{SimDuration, SimTime};

/// Schema of an explanation.
pub const SCHEMA: &str = "ckptsim.explanation/1";

/// Why one checkpoint took as long as it did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Explanation {
    /// Format of this object.
    pub schema: String,
    /// Version of the program.
    pub version: String,
    /// Name of the job.
    pub scenario: String,
    /// SHA-256 of the effective scenario text.
    pub scenario_sha256: String,
    /// Root seed.
    pub seed: u64,
    /// The checkpoint's id.
    pub checkpoint: u64,
    /// Whether it is a checkpoint or a savepoint.
    pub kind: CheckpointKind,
    /// No other checkpoint of the run after warm-up took longer.
    pub is_slowest: bool,
    /// Completed checkpoints of the run.
    pub completed: usize,
    /// Since the job was submitted.
    #[serde(rename = "trigger_ns")]
    pub trigger: SimTime,
    /// From the last ack until the pointer was committed: no part of the duration.
    #[serde(rename = "completion_ns")]
    pub completion: SimDuration,
    /// The timeout at which it was given up. All other figures are then those of the same run without its timeout.
    #[serde(default, rename = "expired_after_ns")]
    pub expired_after: Option<SimDuration>,
    /// The critical path.
    pub tree: Part,
    /// Who took much longer than the others.
    pub stragglers: Stragglers,
    /// What the path waits for most.
    pub bottleneck: Option<Bottleneck>,
    /// The slowest checkpoint of the run after warm-up.
    #[serde(rename = "slowest_ns")]
    pub slowest: Option<SimDuration>,
    /// What else would have come of other options, the largest win first.
    pub what_if: Vec<Counterfactual>,
}

/// Subtasks that took much longer than the others, by the rule of Flink's web UI ([`straggler`]).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stragglers {
    /// From here on, trigger to ack.
    #[serde(rename = "threshold_ns")]
    pub threshold: SimDuration,
    /// Who, the slowest first, with the time from trigger to ack.
    pub subtasks: Vec<(Subtask, SimDuration)>,
    /// Of how many.
    pub of: usize,
}

/// A checkpoint that is to be explained.
///
/// ```
/// use ckptsim::{Explain, ScenarioBuilder, Simulation};
///
/// let loaded = ScenarioBuilder::new()
///     .set("job.duration", "1 min")
///     .set("flink.execution.checkpointing.interval", "10 s")
///     .source("orders", "400/s")
///     .operator("count", &["orders"])
///     .with("state.size", "200 MiB")
///     .load()?;
/// let run = Simulation::new(&loaded.scenario).run()?;
/// let explanation = Explain::new(&loaded, &run).what_if(false).explain()?;
/// let parts: u64 = explanation.tree.parts.iter().map(|part| part.length.as_nanos()).sum();
/// assert_eq!(parts, explanation.tree.length.as_nanos());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Explain<'a> {
    loaded: &'a Loaded,
    run: &'a RunResult,
    checkpoint: Option<u64>,
    close_up: Option<&'a CloseUp>,
    what_if: bool,
}

/// A checkpoint that cannot be explained.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ExplainError {
    /// There is nothing to explain.
    #[error("no checkpoint of the run has completed or expired after warm-up")]
    None,
    /// The id is not one of the run's.
    #[error("the run has no checkpoint {id}; its checkpoints are 1 to {last}")]
    Unknown {
        /// What was asked for.
        id: u64,
        /// The last one.
        last: u64,
    },
    /// There is no duration to explain.
    #[error("checkpoint {id} did not complete: {why}{missing}")]
    NotCompleted {
        /// Which.
        id: u64,
        /// Flink's reason, or that the run ended.
        why: String,
        /// Who had not acknowledged, in words.
        missing: String,
    },
    /// Another version has made the run.
    #[error(
        "checkpoint {id} is another one when it is simulated again: another version has made this result; run it again"
    )]
    Differs {
        /// Which.
        id: u64,
    },
    /// `simulation.skip-steady-time` has left checkpoints out.
    #[error(
        "checkpoints of a run that leaves steady time out cannot be told apart; set simulation.skip-steady-time = false"
    )]
    Skipped,
}

/// The slowest completed checkpoint after warm-up that is no savepoint.
pub fn slowest(run: &RunResult) -> Option<&CheckpointRecord> {
    let completed = counted(run).filter(|record| record.end_to_end().is_some());
    completed.max_by_key(|record| (record.end_to_end(), std::cmp::Reverse(record.id)))
}

/// The first checkpoint after warm-up that ran into its timeout and is no savepoint.
fn first_expired(run: &RunResult) -> Option<&CheckpointRecord> {
    counted(run).find(|record| record.expired_after().is_some())
}

impl<'a> Explain<'a> {
    /// The first checkpoint of replication 0 that expired, else the slowest one; other options are tried.
    pub fn new(loaded: &'a Loaded, run: &'a RunResult) -> Self {
        Explain {
            loaded,
            run,
            checkpoint: None,
            close_up: None,
            what_if: true,
        }
    }

    /// The checkpoint with this id.
    #[must_use]
    pub fn checkpoint(self, checkpoint: Option<u64>) -> Self {
        Explain { checkpoint, ..self }
    }

    /// With what was seen of it from close by, if somebody has looked already: the run is simulated once more otherwise.
    #[must_use]
    pub fn seen(self, close_up: Option<&'a CloseUp>) -> Self {
        Explain { close_up, ..self }
    }

    /// Whether other options are tried: one run each, at the same time.
    #[must_use]
    pub fn what_if(self, what_if: bool) -> Self {
        Explain { what_if, ..self }
    }

    /// Explains it. One that has expired is explained as if its timeout had let it go on.
    pub fn explain(self) -> Result<Explanation, ExplainError> {
        explain(self)
    }
}

fn explain(ask: Explain<'_>) -> Result<Explanation, ExplainError> {
    let Explain { loaded, run, .. } = ask;
    if !run.skipped.is_empty() {
        return Err(ExplainError::Skipped);
    }
    let scenario = &loaded.scenario;
    let asked = chosen(ask)?;
    let has_expired = asked.expired_after().is_some();
    let spared = has_expired.then(|| spare(scenario, run.seed, asked.id));
    let (scenario, seen) = match &spared {
        Some(Some((scenario, run))) => (scenario, run),
        Some(None) | None => (scenario, run),
    };
    let record = seen.checkpoints.iter().find(|one| one.id == asked.id);
    let record = record.unwrap_or(asked);
    let Outcome::Completed {
        latest_ack,
        durable,
    } = record.outcome
    else {
        return Err(not_completed(scenario, asked));
    };
    let duration = latest_ack.since(record.trigger);
    let known = ask
        .close_up
        .filter(|known| spared.is_none() && known.checkpoint() == record.id);
    let made = known.is_none().then(|| {
        let mut close_up = CloseUp::new(record.id, durable);
        let again = Simulation::new(scenario).seed(run.seed);
        // What could not be simulated again is not as it was recorded.
        let _ = again.observe(&mut close_up).look_until(durable);
        close_up
    });
    let close_up = known.or(made.as_ref()).expect("one or the other");
    let differs = ExplainError::Differs { id: record.id };
    let tree = tree(scenario, seen, record, close_up).ok_or(differs.clone())?;
    if tree.length != duration {
        return Err(differs);
    }
    let slowest = slowest(run);
    let what_if = if ask.what_if && record.kind == CheckpointKind::Checkpoint {
        let levers = levers::of_checkpoints(loaded, duration);
        what_if::simulate(&levers, (run.seed, record.id))
    } else {
        Vec::new()
    };
    let ended = run.checkpoints.iter();
    Ok(Explanation {
        schema: SCHEMA.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        scenario: scenario.job.name.clone(),
        scenario_sha256: loaded.sha256(),
        seed: run.seed,
        checkpoint: record.id,
        kind: record.kind,
        is_slowest: slowest.is_some_and(|slowest| slowest.id == record.id),
        completed: ended.filter(|one| one.end_to_end().is_some()).count(),
        trigger: record.trigger,
        completion: durable.since(latest_ack),
        expired_after: has_expired.then_some(scenario.checkpointing.timeout),
        bottleneck: bottleneck::bottleneck(&tree, scenario, seen),
        tree,
        stragglers: stragglers(scenario, record),
        slowest: slowest.and_then(CheckpointRecord::end_to_end),
        what_if,
    })
}

fn chosen(ask: Explain<'_>) -> Result<&CheckpointRecord, ExplainError> {
    let checkpoints = &ask.run.checkpoints;
    match ask.checkpoint {
        None => {
            let found = first_expired(ask.run).or_else(|| slowest(ask.run));
            found.ok_or(ExplainError::None)
        }
        Some(id) => {
            let found = checkpoints.iter().find(|record| record.id == id);
            found.ok_or(ExplainError::Unknown {
                id,
                last: checkpoints.last().map_or(0, |last| last.id),
            })
        }
    }
}

/// The run once more, the same up to the timeout of this checkpoint, which does not expire.
fn spare(scenario: &Scenario, seed: u64, checkpoint: u64) -> Option<(Scenario, RunResult)> {
    let mut patient = scenario.clone();
    patient.checkpointing.spared = Some(checkpoint);
    let run = guarded(|| run(&patient, seed, 0)).ok()?;
    Some((patient, run))
}

fn not_completed(scenario: &Scenario, record: &CheckpointRecord) -> ExplainError {
    const SHOWN: usize = 5;
    let why = match &record.outcome {
        Outcome::Failed { reason, .. } => reason.clone(),
        Outcome::InProgress | Outcome::Completed { .. } => "the run ended before.".to_owned(),
    };
    let missing: Vec<String> = record
        .subtasks
        .iter()
        .enumerate()
        .flat_map(|(vertex, subtasks)| {
            let open = subtasks.iter().enumerate();
            let open = open.filter(|(_, record)| record.is_none());
            open.map(move |(subtask, _)| Place { vertex, subtask })
        })
        .map(|place| Subtask::at(scenario, place).to_string())
        .collect();
    let more = missing.len().saturating_sub(SHOWN);
    let names = missing[..missing.len().min(SHOWN)].join(", ");
    let missing = match (names.is_empty(), more) {
        (true, _) => String::new(),
        (false, 0) => format!(" Without ack: {names}"),
        (false, _) => format!(" Without ack: {names} and {more} more"),
    };
    ExplainError::NotCompleted {
        id: record.id,
        why,
        missing,
    }
}

/// The critical path of a completed checkpoint; `None` if it was not seen as it was recorded.
fn tree(
    scenario: &Scenario,
    run: &RunResult,
    record: &CheckpointRecord,
    close_up: &CloseUp,
) -> Option<Part> {
    let (vertex, subtask, slowest) = record.slowest()?;
    let place = Place { vertex, subtask };
    let sight = Sight {
        scenario,
        run,
        close_up,
        trigger: record.trigger,
    };
    let before = path::until_snapshot(sight, place, slowest)?;
    let after = save::from_snapshot(sight, place)?;
    let as_recorded = before[0].length == slowest.start_delay
        && after[0].length == slowest.sync
        && after[1].length == slowest.r#async;
    if !as_recorded {
        return None;
    }
    let parts: Vec<Part> = before.into_iter().chain(after).collect();
    let length = parts
        .iter()
        .fold(SimDuration::ZERO, |sum, part| sum + part.length);
    let step = Step::EndToEnd {
        subtask: Subtask::at(scenario, place),
    };
    Some(Part::of(step, length, parts))
}

fn stragglers(scenario: &Scenario, record: &CheckpointRecord) -> Stragglers {
    let threshold = straggler::threshold(record).unwrap_or(f64::INFINITY);
    let mut subtasks: Vec<(Subtask, SimDuration)> = record
        .acknowledged()
        .map(|(vertex, subtask, one)| {
            let name = Subtask::at(scenario, Place { vertex, subtask });
            (name, one.ack.since(record.trigger))
        })
        .filter(|(_, total)| total.as_secs_f64() >= threshold)
        .collect();
    subtasks.sort_by_key(|(_, total)| std::cmp::Reverse(*total));
    Stragglers {
        threshold: SimDuration::from_secs_f64(threshold),
        subtasks,
        of: record.acknowledged().count(),
    }
}
