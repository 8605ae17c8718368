//! The only clocks of the program: how long something took, and which week is the last one, are questions about real time,
//! and never reach a result of the simulation.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Now.
#[expect(
    clippy::disallowed_methods,
    reason = "how fast the simulation is, is a question about real time"
)]
pub fn now() -> Instant {
    Instant::now()
}

/// Seconds since 1970.
#[expect(
    clippy::disallowed_methods,
    reason = "a history is asked for until now"
)]
pub fn today_s() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0.0, |since| since.as_secs_f64())
}
