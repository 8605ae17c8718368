//! What snapshots take of the tasks' threads.

use crate::model::state::flush_time;
use crate::recording::answers::Answers;
use crate::recording::answers::checkpoint::{Checkpoint, Snapshot};
use crate::recording::estimate::estimated::{Estimated, median};

/// Shorter times on a thread are noise of whole milliseconds and of the scheduler.
const UNEXPLAINED_MIN_S: f64 = 0.01;

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

    /// Seconds that the slowest subtask's thread worked on a snapshot besides flushing so many bytes of its state: user
    /// code, the buffer of a window operator, and waiting for the flush threads and processors that the tasks of a
    /// TaskManager share.
    pub fn unexplained(&self, flushed: Option<f64>) -> Option<Estimated> {
        let explained_ms = flushed.map_or(0.0, |bytes| flush_time(bytes as u64).as_millis_f64());
        let message_ms = self.message_ms();
        let unexplained_s: Vec<f64> = self
            .known()
            .into_iter()
            .filter_map(|checkpoint| {
                let subtasks = self.own(checkpoint);
                let slowest = subtasks
                    .map(|snapshot| on_thread_ms(snapshot, message_ms))
                    .reduce(f64::max)?;
                Some(0.001 * (slowest - explained_ms).max(0.0))
            })
            .collect();
        let source = "sync and what no phase shows, of the slowest subtask, less the flush";
        Estimated::median(&unexplained_s, source).filter(|extra| extra.value > UNEXPLAINED_MIN_S)
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
