//! A deterministic discrete-event engine: what happens next, random streams, shared rates and processors. Knows nothing of Flink.
//!
//! A model handles one event at a time and puts future events on the [`Agenda`]. Equal times: first scheduled, first
//! served; no priorities, no random ties. Nothing here reads a clock, so a run is a function of model and agenda.

pub mod agenda;
pub mod fair_share;
pub mod processor_sharing;
pub mod streams;

pub use crate::engine::agenda::Agenda;
pub use crate::engine::fair_share::{FairShare, Limits};
pub use crate::engine::processor_sharing::ProcessorSharing;
pub use crate::engine::streams::{Stream, Streams};

use crate::units::SimTime;

/// A system whose state changes only at events.
pub trait Model {
    /// Everything that can happen.
    type Event: Copy;

    /// Lets `event` happen now (`agenda.now()`), and schedules what follows from it.
    fn handle(&mut self, event: Self::Event, agenda: &mut Agenda<Self::Event>);

    /// Whether to stop before the horizon (the job has failed).
    fn finished(&self) -> bool {
        false
    }
}

/// Handles every event up to and including `horizon`, then sets the clock to it.
///
/// Stops early when the model has finished or `limit` events, and what counts as such, have been handled in all; the clock then stays at the
/// last event. Returns whether the horizon was reached.
pub fn run<M: Model>(
    model: &mut M,
    agenda: &mut Agenda<M::Event>,
    horizon: SimTime,
    limit: u64,
) -> bool {
    agenda.set_limit(limit);
    while let Some(event) = agenda.next_until(horizon) {
        model.handle(event, agenda);
        if model.finished() || agenda.is_exhausted() {
            return false;
        }
    }
    agenda.advance_to(horizon);
    true
}
