//! Subtasks of a source that read nothing, and what waits for their watermark.

use crate::scenario::resolve::topological;
use crate::scenario::timers::Clock;
use crate::scenario::{Scenario, Source, VertexKind};
use crate::units::SimDuration;

/// A source some of whose subtasks never emit a watermark, before timers that wait for it.
#[derive(Clone, Copy, Debug)]
pub struct Unfired<'s> {
    /// Index of the source's vertex.
    pub vertex: usize,
    /// The source.
    pub source: &'s Source,
    /// How many of its subtasks read nothing.
    pub silent: usize,
    /// Index of a vertex whose timers in event time do not fire.
    pub waiting: usize,
}

impl Scenario {
    /// After how long without a record a subtask of a source is idle; `None` = never.
    pub fn idle_after(&self, source: &Source) -> Option<SimDuration> {
        let of_all = Some(self.network.source_idle).filter(|after| !after.is_zero());
        source.idle_after.or(of_all)
    }

    /// Sources because of which timers in event time never fire.
    pub fn unfired(&self) -> impl Iterator<Item = Unfired<'_>> {
        self.vertices.iter().enumerate().filter_map(|(vertex, of)| {
            let VertexKind::Source(source) = &of.work else {
                return None;
            };
            let silent = source.shares.iter().filter(|share| **share <= 0.0).count();
            if silent == 0 || source.finishes || self.idle_after(source).is_some() {
                return None;
            }
            Some(Unfired {
                vertex,
                source,
                silent,
                waiting: self.first_that_waits(vertex)?,
            })
        })
    }

    /// A vertex with timers in event time among those that read the records of this one.
    fn first_that_waits(&self, source: usize) -> Option<usize> {
        let mut reads = vec![false; self.vertices.len()];
        reads[source] = true;
        let order = topological(&self.vertices).unwrap_or_default();
        order.into_iter().find(|&index| {
            let vertex = &self.vertices[index];
            let reads_some = vertex.inputs.iter().any(|input| reads[input.from.0]);
            reads[index] |= reads_some;
            let timers = vertex.timers.filter(|_| reads_some);
            timers.is_some_and(|timers| timers.clock == Clock::Event)
        })
    }
}
