//! `[[vertex]]`: what runs as one task, how it is fed, what a record costs, and what state it keeps.

use crate::scenario::key_groups;
use crate::scenario::keys::table::choice;
use crate::scenario::sink::Sink;
use crate::scenario::timers::Timers;
use crate::scenario::zipf;
use crate::units::{Bytes, SimDuration};

/// Index of a vertex in [`Scenario::vertices`](crate::scenario::Scenario::vertices).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VertexId(pub usize);

/// A chain of operators that runs as one task per subtask (Flink's job vertex).
#[derive(Clone, Debug, PartialEq)]
pub struct Vertex {
    /// Unique name.
    pub name: String,
    /// Number of subtasks, at least 1.
    pub parallelism: usize,
    /// Number of key groups, if given here; else that of the whole job.
    pub max_parallelism: Option<u32>,
    /// Number of key groups, `max_parallelism` or what Flink makes of it if none is given; at least `parallelism`.
    pub key_groups: usize,
    /// Source or operator.
    pub work: VertexKind,
    /// Time on the task's thread per record: for a source to emit it, for an operator to process it.
    pub service: Service,
    /// Factor on the service time of each subtask; `parallelism` entries, 1.0 = normal.
    pub slowness: Vec<f64>,
    /// Bytes on the wire of one record that this vertex emits (length, tag and timestamp included).
    pub record: Bytes,
    /// Keyed state, if any.
    pub state: Option<State>,
    /// The time per record is spent waiting, and takes no processor.
    pub blocking: bool,
    /// Time on the task's thread before a barrier leaves (`prepareSnapshotPreBarrier`).
    pub pre_barrier: SimDuration,
    /// Time of user code in `snapshotState`, on the task's thread.
    pub sync_extra: SimDuration,
    /// Timers that fire on the task's thread, if there are any.
    pub timers: Option<Timers>,
    /// What it does for an external system, if anything.
    pub sink: Option<Sink>,
    /// TaskManager of each subtask if prescribed, else by [`Cluster::placement`](crate::scenario::Cluster).
    pub placement: Option<Vec<usize>>,
    /// Inputs; empty for a source.
    pub inputs: Vec<Input>,
}

/// What a vertex does.
#[derive(Clone, Debug, PartialEq)]
pub enum VertexKind {
    /// Emits records.
    Source(Source),
    /// Turns records into records.
    Operator(Operator),
}

/// Where records come from.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// Records per second of all subtasks together.
    pub rate: Rate,
    /// How the records of that rate are spaced.
    pub arrivals: Arrivals,
    /// `true`: the rate is a schedule, and unread records wait and are caught up (Kafka).
    /// `false`: a generator, which slows down under backpressure.
    pub log: bool,
    /// The schedule begins this long after the job has started.
    pub start: SimDuration,
    /// How far the source's watermark is behind the records that it has read.
    pub watermark_delay: SimDuration,
    /// After so long without a record a subtask is idle, and nobody waits for its watermark; `None` = never.
    pub idle_after: Option<SimDuration>,
    /// Its readers wait for slower ones.
    pub watermark_alignment: Option<WatermarkAlignment>,
    /// It reports a backlog for so long after the start of the job.
    pub backlog: SimDuration,
    /// Splits from which the shares follow, in a job that is rescaled.
    pub splits: Option<u64>,
    /// Share of the rate of every subtask; `parallelism` entries that sum to 1.
    pub shares: Vec<f64>,
    /// Records of all subtasks together after which it has read all; `None` = it never ends.
    pub records: Option<u64>,
    /// A subtask that has no split, or has read all, finishes.
    pub finishes: bool,
    /// A `SourceFunction`: it emits while it holds the checkpoint lock, and waits for buffers while it holds it.
    pub legacy: bool,
    /// Records that it emits without looking at its mailbox, at least 1.
    pub batch: u32,
}

/// How far a reader may be ahead of the slowest one of its group (`WatermarkAlignmentParams`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatermarkAlignment {
    /// Sources with the same name wait for each other.
    pub group: String,
    /// A reader whose watermark is so much ahead of the smallest one stops.
    pub max_drift: SimDuration,
    /// How often the watermarks are compared; positive.
    pub update_interval: SimDuration,
}

/// Records per second over time, for all subtasks of a source together.
#[derive(Clone, Debug, PartialEq)]
pub enum Rate {
    /// As fast as backpressure and the source's service time allow.
    Unlimited,
    /// Always the same.
    Constant(f64),
    /// Steps: from each instant on, this many records per second; the first instant is 0, instants rise.
    /// After the last step the trace repeats if `period` is set (a daily curve), else the last rate stays.
    Steps {
        /// `(since start, records per second)`.
        steps: Vec<(SimDuration, f64)>,
        /// Length after which the steps repeat; longer than the last step's instant.
        period: Option<SimDuration>,
    },
}

choice! {
    /// Spacing of the records of a rate.
    pub enum Arrivals {
        /// Equal gaps.
        Regular = "regular",
        /// Exponential gaps.
        Poisson = "poisson",
    }
}

/// What happens with a record.
#[derive(Clone, Debug, PartialEq)]
pub struct Operator {
    /// Records out per record in, on average; fractions accumulate. Not negative.
    pub selectivity: f64,
    /// How several inputs are read.
    pub reading: Reading,
}

choice! {
    /// How a task with several inputs reads them.
    pub enum Reading {
        /// A union: one input, round robin over the gates per buffer (`UnionInputGate`).
        Union = "union",
        /// A two-input or multi-input operator (join, connect): alternates per record while several inputs have data
        /// (`MultipleInputSelectionHandler`).
        Alternating = "alternating",
    }
}

/// Time on the task's thread per record.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Service {
    /// Mean time per record.
    pub mean: SimDuration,
    /// How it varies.
    pub law: Distribution,
}

/// Distribution of a positive quantity around its mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Distribution {
    /// Always the mean.
    Deterministic,
    /// Exponential.
    Exponential,
    /// Lognormal with this standard deviation of the logarithm.
    Lognormal {
        /// Standard deviation of ln(x).
        sigma: f64,
    },
    /// Uniform on mean × [1 − spread, 1 + spread], 0 ≤ spread ≤ 1.
    Uniform {
        /// Half width as a share of the mean.
        spread: f64,
    },
}

/// Keyed state of a vertex; split equally among its subtasks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct State {
    /// Value bytes of all subtasks together.
    pub size: Bytes,
    /// Value bytes of one entry; at least 1.
    pub entry: Bytes,
    /// How entries change.
    pub updates: Updates,
    /// Time on the task's thread per record for the state access, added to the service time.
    pub access: SimDuration,
    /// Entries of new keys that every processed record adds for good: the state grows.
    pub inserts: f64,
    /// When entries are deleted again, if they are.
    pub expiry: Option<Expiry>,
}

/// When entries are deleted: all that were written in the same step, so long after it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expiry {
    /// From the beginning of the step to the end of its entries (time-to-live, or the size of a window).
    pub lifetime: SimDuration,
    /// Length of a step: the slide of a window; zero if every entry is deleted by itself.
    pub step: SimDuration,
}

impl Expiry {
    /// Seconds of a period whose entries are alive at its end, on average over the part of a step that has passed then.
    pub fn written_s(&self, period_s: f64) -> f64 {
        let (lifetime, step) = (self.lifetime.as_secs_f64(), self.step.as_secs_f64());
        let shortest = (lifetime - step).max(0.0);
        if step <= 0.0 || period_s <= shortest {
            return period_s.min(lifetime);
        }
        // Uniform between `shortest` and `lifetime`, cut at the period.
        let within = ((period_s.min(lifetime) - shortest) / step).clamp(0.0, 1.0);
        shortest + step * within * (1.0 - within / 2.0)
    }

    /// Since when the entries have been written that are alive now; one of the steps begins at `first`.
    pub fn alive_since(&self, now: SimDuration, first: SimDuration) -> SimDuration {
        let (now, step) = (now.as_nanos(), self.step.as_nanos());
        let lifetime = self.lifetime.as_nanos().max(step);
        let Some(before) = first.as_nanos().checked_rem(step) else {
            return SimDuration::from_nanos(now.saturating_sub(lifetime));
        };
        // On an axis on which steps begin at multiples of their length.
        let shift = step - before;
        let begun = (now + shift) / step * step;
        // A step that has begun now has its predecessors' entries deleted.
        SimDuration::from_nanos((begun + step).saturating_sub(lifetime + shift))
    }
}

/// How entries of the state are overwritten; keys are drawn uniformly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Updates {
    /// This share of all entries per second (may exceed 1; overwrites of the same entry count once per checkpoint).
    PerSecond(f64),
    /// Every processed record overwrites this many entries.
    PerRecord(f64),
    /// Every processed record adds this many entries, and as many expire (windows, joins with time-to-live): no entry is
    /// written twice, so that a checkpoint flushes all of them.
    Adds(f64),
}

/// An edge of the job graph, as its consumer sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// The producer.
    pub from: VertexId,
    /// How records are distributed.
    pub exchange: Exchange,
    /// What the shares of a hash exchange follow from, in a job that is rescaled: they are others then.
    pub dealt: Option<Dealt>,
}

/// How the shares of a hash exchange follow from the parallelism.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Dealt {
    /// One subtask has this share, the others share the rest.
    Hot {
        /// Which one.
        subtask: usize,
        /// Its share.
        share: f64,
    },
    /// Keys are as popular as Zipf's law with this exponent says.
    Zipf(f64),
}

impl Dealt {
    /// Share of every subtask.
    pub fn shares(self, parallelism: usize, key_groups: usize) -> Vec<f64> {
        match self {
            Dealt::Hot { .. } if parallelism == 1 => vec![1.0],
            Dealt::Hot { subtask, share } => {
                let rest = (1.0 - share) / (parallelism - 1) as f64;
                let mut shares = vec![rest; parallelism];
                if let Some(hot) = shares.get_mut(subtask) {
                    *hot = share;
                }
                shares
            }
            Dealt::Zipf(exponent) => zipf::shares(exponent, parallelism, key_groups),
        }
    }
}

/// Distribution pattern of an edge (Flink's partitioners).
#[derive(Clone, Debug, PartialEq)]
pub enum Exchange {
    /// By key: every consumer subtask's share of the records; `parallelism` entries that sum to 1.
    Hash {
        /// Share of each consumer subtask.
        shares: Vec<f64>,
    },
    /// Round robin to all consumers.
    Rebalance,
    /// Round robin to a contiguous group of consumers (pointwise).
    Rescale,
    /// Subtask i to subtask i; equal parallelism.
    Forward,
    /// Every record to every consumer.
    Broadcast,
}

impl Exchange {
    /// Whether every producer has a channel to every consumer (Flink: `ALL_TO_ALL`).
    pub fn is_all_to_all(&self) -> bool {
        match self {
            Exchange::Hash { .. } | Exchange::Rebalance | Exchange::Broadcast => true,
            Exchange::Rescale | Exchange::Forward => false,
        }
    }

    /// Whether an unaligned barrier may overtake data here (`StreamPartitioner.isSupportsUnalignedCheckpoint`).
    pub fn supports_unaligned(&self) -> bool {
        match self {
            Exchange::Hash { .. } | Exchange::Rebalance => true,
            Exchange::Rescale | Exchange::Forward | Exchange::Broadcast => false,
        }
    }

    /// Flink's word for it.
    pub fn name(&self) -> &'static str {
        match self {
            Exchange::Hash { .. } => "hash",
            Exchange::Rebalance => "rebalance",
            Exchange::Rescale => "rescale",
            Exchange::Forward => "forward",
            Exchange::Broadcast => "broadcast",
        }
    }
}

impl Vertex {
    /// Whether it has no inputs.
    pub fn is_source(&self) -> bool {
        matches!(self.work, VertexKind::Source(_))
    }

    /// Whether a source reads later what it cannot read now; no other vertex loses records either.
    pub fn keeps_unread_records(&self) -> bool {
        match &self.work {
            VertexKind::Source(source) => source.log,
            VertexKind::Operator(_) => true,
        }
    }

    /// Records out per record in; 1 for a source.
    pub fn selectivity(&self) -> f64 {
        match &self.work {
            VertexKind::Source(_) => 1.0,
            VertexKind::Operator(operator) => operator.selectivity,
        }
    }

    /// Mean time on the thread per record of a subtask of normal speed, state access included.
    pub fn time_per_record(&self) -> SimDuration {
        self.service.mean + self.state.map_or(SimDuration::ZERO, |state| state.access)
    }

    /// Whether its records, and with them its state, come to the subtasks by key.
    pub fn is_keyed(&self) -> bool {
        let by_key = |input: &Input| matches!(input.exchange, Exchange::Hash { .. });
        self.inputs.iter().any(by_key)
    }

    /// Value bytes of the state of a subtask.
    pub fn state_of(&self, subtask: usize) -> f64 {
        let size = self.state.map_or(0.0, |state| state.size.as_f64());
        self.part_of(size, subtask)
    }

    /// A subtask's part of what belongs to all keys: that of its key groups; an equal part where nothing comes by key.
    pub fn part_of(&self, whole: f64, subtask: usize) -> f64 {
        if self.is_keyed() {
            let owned = key_groups::owned(subtask, self.parallelism, self.key_groups);
            whole * (owned as f64 / self.key_groups as f64)
        } else {
            whole / self.parallelism as f64
        }
    }

    /// The state of the subtask that has most, in bytes.
    pub fn state_max(&self) -> f64 {
        let all = (0..self.parallelism).map(|subtask| self.state_of(subtask));
        all.fold(0.0, f64::max)
    }
}
