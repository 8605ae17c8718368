//! What colours stand for, the same in every picture.

use crate::render::chart::Colour;

/// Everything computed in closed form.
pub const FORMULA: Colour = Colour::Silver;
/// An objective and its violation.
pub const OBJECTIVE: Colour = Colour::Vermillion;
/// An objective is met.
pub const MET: Colour = Colour::Green;

/// Aligned checkpoints, and the first series.
pub const ALIGNED: Colour = Colour::Blue;
/// Unaligned checkpoints.
pub const UNALIGNED: Colour = Colour::Green;

/// Trigger to first barrier.
pub const START_DELAY: Colour = Colour::Pale;
/// First to last barrier.
pub const ALIGNMENT: Colour = Colour::Sky;
/// Synchronous phase.
pub const SYNC: Colour = Colour::Orange;
/// Asynchronous phase.
pub const ASYNC: Colour = Colour::Green;
/// End of the asynchronous phase to the ack.
pub const ACK: Colour = Colour::Slate;

/// Failure until the JobManager knows.
pub const DETECT: Colour = Colour::Pink;
/// The JobManager knows until tasks are deployed.
pub const RESTART: Colour = Colour::Orange;
/// Tasks are deployed until all run.
pub const RESTORE: Colour = Colour::Sky;
/// All tasks run until no more records wait than before.
pub const CATCH_UP: Colour = Colour::Green;

/// Further series, from 0.
pub fn series(index: usize) -> Colour {
    use Colour::{Blue, Green, Orange, Pink, Sky};
    [Pink, Orange, Sky, Blue, Green][index % 5]
}

/// Groups that are compared at a glance, from 0; beyond eight they repeat.
pub fn family(index: usize) -> Colour {
    use Colour::{Blue, Green, Ink, Orange, Pink, Sky, Vermillion, Wine};
    [Blue, Vermillion, Green, Pink, Ink, Orange, Sky, Wine][index % 8]
}
