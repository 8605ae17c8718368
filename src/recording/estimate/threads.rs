//! What snapshots take of the tasks' threads.

use crate::recording::answers::Answers;
use crate::recording::answers::checkpoint::{Checkpoint, Snapshot};
use crate::recording::estimate::estimated::{Estimated, median};

/// Shorter times on a thread are noise of whole milliseconds and of the scheduler.
const UNEXPLAINED_MIN_S: f64 = 0.01;

/// Growth of the full size and checkpointed bytes agree to this share: nothing was compacted.
pub const ADDED: f64 = 0.02;

/// What a checkpoint has flushed.
#[derive(Clone, Copy, Debug)]
pub struct Flush {
    /// When it was triggered, and how long after the one before.
    pub trigger_ms: f64,
    /// See `trigger_ms`.
    pub since_ms: f64,
    /// Bytes of all subtasks.
    pub bytes: f64,
}

/// The threads of one vertex.
#[derive(Clone, Copy, Debug)]
pub struct Threads<'a> {
    /// All answers.
    pub answers: &'a Answers,
    /// Position of the vertex.
    pub position: usize,
}

impl Threads<'_> {
    /// Share of the time of every subtask's thread that snapshots took: those between two readings, if all of these are
    /// known; otherwise as in the mean of the known ones.
    pub fn shares(&self) -> Vec<f64> {
        let vertex = &self.answers.vertices[self.position];
        let known = self.known();
        let first_known = known
            .first()
            .map_or(f64::INFINITY, |first| first.trigger_ms);
        let (counted, window_ms): (Vec<&Checkpoint>, f64) = match vertex.window() {
            Some((first, last)) if first_known <= first && first < last => {
                let within =
                    |checkpoint: &&Checkpoint| (first..last).contains(&checkpoint.trigger_ms);
                (known.into_iter().filter(within).collect(), last - first)
            }
            _ => {
                let pairs = known.windows(2);
                let periods: Vec<f64> = pairs
                    .map(|pair| pair[1].trigger_ms - pair[0].trigger_ms)
                    .collect();
                let period = median(&periods).unwrap_or(f64::INFINITY);
                let window_ms = period * known.len() as f64;
                (known, window_ms)
            }
        };
        let message_ms = self.message_ms();
        let mut milliseconds = vec![0.0; vertex.subtasks.len()];
        for snapshot in counted
            .into_iter()
            .flat_map(|checkpoint| self.own(checkpoint))
        {
            if let Some(sum) = milliseconds.get_mut(snapshot.subtask) {
                *sum += on_thread_ms(snapshot, message_ms);
            }
        }
        milliseconds
            .iter()
            .map(|ms| (ms / window_ms).clamp(0.0, 0.9))
            .collect()
    }

    /// Seconds of the slowest subtask's sync phase besides those of the flush thread that the tasks of a TaskManager share: user
    /// code, and waiting for processors.
    pub fn sync_extra(&self, flushed_s: Option<f64>) -> Option<Estimated> {
        let explained_ms = 1000.0 * flushed_s.unwrap_or(0.0);
        let slowest = self.slowest(|snapshot| snapshot.sync_ms - explained_ms);
        let source = "sync of the slowest subtask, less the flush";
        Estimated::median(&slowest, source).filter(|extra| extra.value > UNEXPLAINED_MIN_S)
    }

    /// Seconds of the slowest subtask's thread between its last barrier and its sync phase, which no phase shows.
    pub fn pre_barrier(&self) -> Option<Estimated> {
        let message_ms = self.message_ms();
        let slowest = self.slowest(|snapshot| snapshot.rest_ms - message_ms);
        let source = "end_to_end_duration less all phases, of the slowest subtask";
        Estimated::median(&slowest, source).filter(|before| before.value > UNEXPLAINED_MIN_S)
    }

    /// Seconds per record that a window operator has buffered when a barrier comes: what no phase shows, over the records that have
    /// come since the last checkpoint, or since windows of so many milliseconds ended last.
    pub fn buffered(&self, slide_ms: f64, records_per_s: f64) -> Option<Estimated> {
        let message_ms = self.message_ms();
        let pairs = self.known().into_iter().zip(self.since_ms(slide_ms));
        let per_record: Vec<f64> = pairs
            .filter_map(|(checkpoint, since_ms)| {
                let rests: Vec<f64> = self
                    .own(checkpoint)
                    .map(|snapshot| (snapshot.rest_ms - message_ms).max(0.0))
                    .collect();
                let mean_ms = rests.iter().sum::<f64>() / rests.len() as f64;
                let records = 0.001 * since_ms * records_per_s;
                (records >= 1.0 && mean_ms.is_finite()).then(|| 0.001 * mean_ms / records)
            })
            .collect();
        let source = "end_to_end_duration less all phases / records since the last firing";
        let found = Estimated::median(&per_record, source)?;
        (found.value * records_per_s * 0.001 * slide_ms > UNEXPLAINED_MIN_S).then_some(found)
    }

    /// By known checkpoint: how long before its trigger the last one was triggered, or windows of so many milliseconds ended;
    /// they end at multiples of that on the clock on the wall.
    pub fn since_ms(&self, slide_ms: f64) -> Vec<f64> {
        let all = &self.answers.checkpoints;
        let since = |checkpoint: &Checkpoint| {
            let before = all.iter().filter(|other| other.id < checkpoint.id);
            let last = before
                .map(|other| other.trigger_ms)
                .fold(f64::NEG_INFINITY, f64::max);
            (checkpoint.trigger_ms - last).min(checkpoint.trigger_ms.rem_euclid(slide_ms))
        };
        self.known().into_iter().map(since).collect()
    }

    /// Checkpoints between which nothing was compacted, of all subtasks together.
    pub fn flushes(&self) -> Vec<Flush> {
        let total = |checkpoint: &Checkpoint, read: fn(&Snapshot) -> f64| -> f64 {
            self.own(checkpoint).map(read).sum()
        };
        let pairs = self.answers.checkpoints.windows(2);
        let within = pairs.filter(|pair| pair[1].trigger_ms >= self.answers.from_ms);
        within
            .filter_map(|pair| {
                let [before, now] = pair else { return None };
                let growth = total(now, |s| s.state) - total(before, |s| s.state);
                let bytes = total(now, |s| s.checkpointed);
                let added = growth > 0.0 && (growth - bytes).abs() <= ADDED * bytes;
                added.then_some(Flush {
                    trigger_ms: now.trigger_ms,
                    since_ms: now.trigger_ms - before.trigger_ms,
                    bytes,
                })
            })
            .collect()
    }

    /// By known checkpoint: the most that a subtask has of some milliseconds, in seconds, not below 0.
    fn slowest(&self, read: impl Fn(&Snapshot) -> f64) -> Vec<f64> {
        let known = self.known().into_iter();
        let most = known.filter_map(|checkpoint| self.own(checkpoint).map(&read).reduce(f64::max));
        most.map(|ms| 0.001 * ms.max(0.0)).collect()
    }

    fn known(&self) -> Vec<&Checkpoint> {
        let all = self.answers.checkpoints.iter();
        all.filter(|checkpoint| checkpoint.trigger_ms >= self.answers.from_ms)
            .collect()
    }

    fn own<'c>(&self, checkpoint: &'c Checkpoint) -> impl Iterator<Item = &'c Snapshot> + use<'c> {
        checkpoint.vertices.get(self.position).into_iter().flatten()
    }

    /// What messages take: sources have nothing to do before their sync phase, so that all that no phase shows are
    /// messages there.
    fn message_ms(&self) -> f64 {
        let vertices = self.answers.vertices.iter().enumerate();
        let sources: Vec<usize> = vertices
            .filter(|(_, vertex)| vertex.node.inputs.is_empty())
            .map(|(position, _)| position)
            .collect();
        let snapshots = self.known().into_iter().flat_map(|checkpoint| {
            let of = sources
                .iter()
                .filter_map(|source| checkpoint.vertices.get(*source));
            of.flatten().map(|snapshot| snapshot.rest_ms)
        });
        median(&snapshots.collect::<Vec<f64>>()).unwrap_or(0.0)
    }
}

/// Sync phase, and what a thread did before it.
fn on_thread_ms(snapshot: &Snapshot, message_ms: f64) -> f64 {
    snapshot.sync_ms + (snapshot.rest_ms - message_ms).max(0.0)
}
