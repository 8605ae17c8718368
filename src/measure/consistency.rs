//! Whether the checkpoints of a run were consistent cuts, and what each vertex had made of its input at the end.

use serde::{Deserialize, Serialize};

use crate::model::audit::{Amount, Fold, Invariant, Ledger, Place};
use crate::model::ids::{ChannelId, TaskId};
use crate::scenario::Scenario;
use crate::units::SimTime;

/// What the ledger of a run has found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Consistency {
    /// Completed checkpoints, all of which were checked.
    pub checkpoints: u64,
    /// Invariants that did not hold, in order of time.
    pub violations: Vec<Violation>,
    /// Channels on which a restore would have had records processed twice (at-least-once), in order of time.
    pub duplicates: Vec<Duplicates>,
    /// Records that were emitted and not processed by the end.
    pub waiting: u64,
    /// Records that the states at the end held once too often, as they may with at-least-once after a restore.
    pub repeated: u64,
    /// By vertex: everything it had read or processed by the end.
    pub states: Vec<VertexState>,
}

/// A named invariant that did not hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Violation {
    /// Its name.
    pub invariant: String,
    /// Of which checkpoint; `None` = of the job after a restore, or at the end.
    pub checkpoint: Option<u64>,
    /// When the checkpoint completed, or the job was looked at.
    pub at: SimTime,
    /// Where: `producer #0 -> consumer #1`, a subtask, or a vertex.
    pub place: String,
    /// What should have been.
    pub expected: String,
    /// What was.
    pub found: String,
}

/// Records that were sent behind a checkpoint's barrier and processed before its snapshot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Duplicates {
    /// Of which checkpoint.
    pub checkpoint: u64,
    /// When it completed.
    pub at: SimTime,
    /// Where: `producer #0 -> consumer #1`.
    pub channel: String,
    /// Records sent before the barrier.
    pub sent: u64,
    /// Records processed before the snapshot: more than `sent`.
    pub processed: u64,
}

/// The records that a vertex has read or processed, as a set: equal sets have equal checksums, whatever the order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VertexState {
    /// Name.
    pub vertex: String,
    /// How many.
    pub records: u64,
    /// Wrapping sum of their identities, 16 hexadecimal digits.
    pub checksum: String,
    /// By subtask: how many, and their checksum.
    pub subtasks: Vec<(u64, String)>,
}

impl Consistency {
    /// What the ledger of a scenario's run has found.
    pub fn of(ledger: &Ledger, scenario: &Scenario) -> Self {
        let names = Names { ledger, scenario };
        Consistency {
            checkpoints: ledger.checked(),
            violations: ledger
                .violations()
                .iter()
                .map(|violation| Violation {
                    invariant: violation.invariant.name().to_owned(),
                    checkpoint: violation.checkpoint.map(|id| u64::from(id.0)),
                    at: violation.at,
                    place: names.place(violation.place),
                    expected: amount(violation.expected),
                    found: amount(violation.found),
                })
                .collect(),
            duplicates: ledger
                .duplicates()
                .iter()
                .map(|duplicates| Duplicates {
                    checkpoint: u64::from(duplicates.checkpoint.0),
                    at: duplicates.at,
                    channel: names.channel(duplicates.channel),
                    sent: duplicates.sent.records,
                    processed: duplicates.received.records,
                })
                .collect(),
            waiting: (0..ledger.wiring().channels.len() as u32)
                .map(|channel| ledger.in_channel(ChannelId(channel)))
                .sum(),
            repeated: ledger.repeated(),
            states: states(ledger, scenario),
        }
    }

    /// Records that restores of the checkpoints would have had processed twice, all checkpoints together.
    pub fn duplicated_records(&self) -> u64 {
        let surplus = |duplicates: &Duplicates| duplicates.processed - duplicates.sent;
        self.duplicates.iter().map(surplus).sum()
    }

    /// The violations if exactly-once had been promised: every duplicate is one, too.
    pub fn as_exactly_once(&self) -> Vec<Violation> {
        let duplicates = self.duplicates.iter().map(|duplicates| Violation {
            invariant: Invariant::SentIsReceived.name().to_owned(),
            checkpoint: Some(duplicates.checkpoint),
            at: duplicates.at,
            place: duplicates.channel.clone(),
            expected: amount(Amount::Records(duplicates.sent)),
            found: amount(Amount::Records(duplicates.processed)),
        });
        self.violations.iter().cloned().chain(duplicates).collect()
    }
}

impl Violation {
    /// One line for people.
    pub fn sentence(&self) -> String {
        let Violation {
            invariant,
            checkpoint,
            at,
            place,
            expected,
            found,
        } = self;
        let what = checkpoint.map_or_else(|| "job".to_owned(), |id| format!("checkpoint {id}"));
        format!(
            "{what} ({:.3} s), {place}: {expected} expected, {found} found: \
             it does not hold that {invariant}",
            at.as_secs_f64()
        )
    }
}

fn states(ledger: &Ledger, scenario: &Scenario) -> Vec<VertexState> {
    let mut folds = vec![Fold::default(); scenario.vertices.len()];
    let mut subtasks = vec![Vec::new(); scenario.vertices.len()];
    for (task, (vertex, _)) in ledger.wiring().tasks.iter().enumerate() {
        let state = ledger.state(TaskId(task as u32));
        folds[*vertex].merge(state);
        subtasks[*vertex].push((state.records, checksum(state)));
    }
    let named = scenario
        .vertices
        .iter()
        .zip(folds.into_iter().zip(subtasks));
    named
        .map(|(vertex, (fold, subtasks))| VertexState {
            vertex: vertex.name.clone(),
            records: fold.records,
            checksum: checksum(fold),
            subtasks,
        })
        .collect()
}

fn checksum(fold: Fold) -> String {
    format!("{:016x}", fold.sum)
}

fn amount(amount: Amount) -> String {
    match amount {
        Amount::Records(records) => format!("{records} records"),
        Amount::Bytes(bytes) => format!("{bytes} B"),
        Amount::Set(Fold { records, sum }) => format!("{records} records (checksum {sum:016x})"),
        Amount::Present(true) => "a part".to_owned(),
        Amount::Present(false) => "none".to_owned(),
    }
}

struct Names<'a> {
    ledger: &'a Ledger,
    scenario: &'a Scenario,
}

impl Names<'_> {
    fn place(&self, place: Place) -> String {
        match place {
            Place::Channel(channel) => self.channel(channel),
            Place::Task(task) => self.task(task),
            Place::Vertex(vertex) => self.scenario.vertices[vertex].name.clone(),
        }
    }

    fn channel(&self, channel: ChannelId) -> String {
        let wires = self.ledger.wiring().channels[channel];
        format!(
            "{} -> {}",
            self.task(wires.producer),
            self.task(wires.consumer)
        )
    }

    fn task(&self, task: TaskId) -> String {
        let (vertex, subtask) = self.ledger.wiring().tasks[task];
        format!("{} #{subtask}", self.scenario.vertices[vertex].name)
    }
}
