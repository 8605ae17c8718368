//! The second witness of a cut: what an uninterrupted run makes of the same input, without tasks, buffers or time.
//!
//! F7 says `S' = f(S, X)`. Folds do not depend on order, so `f` needs nothing but the input: every record goes through the
//! graph of vertices at once.

use crate::model::audit::Wiring;
use crate::model::audit::identity::{Fold, Identity};

/// The state of every vertex, after the sources have read so much.
#[derive(Clone, Debug)]
pub struct Reference {
    /// By task: records that it has read, if it is a source.
    read: Vec<u64>,
    states: Vec<Fold>,
}

impl Reference {
    /// Before the first record.
    pub fn new(wiring: &Wiring) -> Self {
        Reference {
            read: vec![0; wiring.tasks.len()],
            states: vec![Fold::default(); wiring.vertices.len()],
        }
    }

    /// The states of all vertices when every source task has read as many records as `read` says (by task; what it says
    /// of others does not matter). The work is proportional to what has been read since the last call, unless a source
    /// has gone back.
    pub fn states(&mut self, wiring: &Wiring, read: &[u64]) -> &[Fold] {
        if self.read.iter().zip(read).any(|(before, now)| before > now) {
            *self = Reference::new(wiring);
        }
        let read = self.read.iter_mut().zip(read);
        for ((before, now), &(vertex, subtask)) in read.zip(&wiring.tasks) {
            if !wiring.vertices[vertex].source {
                continue;
            }
            for position in *before..*now {
                let record = Identity::of_source(vertex, subtask, position);
                let states = &mut self.states;
                let mut add =
                    |vertex: usize, record, copies| states[vertex].add_copies(record, copies);
                pass(wiring, vertex, record, 1, &mut add);
            }
            *before = *now;
        }
        &self.states
    }
}

/// A vertex processes `copies` copies of a record, and all that are behind it what they give: `visit` gets each.
pub fn pass(
    wiring: &Wiring,
    vertex: usize,
    record: Identity,
    copies: u64,
    visit: &mut impl FnMut(usize, Identity, u64),
) {
    visit(vertex, record, copies);
    let step = &wiring.vertices[vertex];
    for number in 0..record.outputs(step.selectivity) {
        let output = record.output(vertex, number);
        for &(consumer, subtasks) in &step.consumers {
            pass(wiring, consumer, output, copies * subtasks, visit);
        }
    }
}
