//! The only clock of the program: how long something took is a question about real time, and never reaches a result.

use std::time::Instant;

/// Now.
#[expect(
    clippy::disallowed_methods,
    reason = "how fast the simulation is, is a question about real time"
)]
pub fn now() -> Instant {
    Instant::now()
}
