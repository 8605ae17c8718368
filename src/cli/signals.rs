//! Ctrl-C and SIGTERM. Usually they end the program at once; a command whose finished runs are kept asks to be told
//! instead, and is ended at once by the second one. Either way nothing half-written is left behind.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::cli::exit::Exit;
use crate::cli::output;

/// Set by the first signal.
static STOP: AtomicBool = AtomicBool::new(false);
/// Set when a signal has come, not only the time.
static SIGNALLED: AtomicBool = AtomicBool::new(false);
/// Whether somebody looks at it.
static GENTLE: Mutex<bool> = Mutex::new(false);

/// While it lives, the first signal only asks to stop.
#[derive(Debug)]
pub struct Gently;

impl Gently {
    /// From now on.
    pub fn begin() -> Gently {
        set_gentle(true);
        Gently
    }

    /// What the command has to look at.
    #[expect(clippy::unused_self, reason = "who holds none is not asked but ended")]
    pub fn stop(&self) -> &'static AtomicBool {
        &STOP
    }

    /// Asks to stop after this time, too.
    #[expect(clippy::unused_self, reason = "who holds none is not asked but ended")]
    pub fn within(&self, time: Duration) {
        std::thread::spawn(move || {
            std::thread::sleep(time);
            STOP.store(true, Ordering::Relaxed);
        });
    }

    /// Whether a signal asked to stop.
    #[expect(clippy::unused_self, reason = "who holds none is not asked but ended")]
    pub fn signalled(&self) -> bool {
        SIGNALLED.load(Ordering::Relaxed)
    }
}

impl Drop for Gently {
    fn drop(&mut self) {
        set_gentle(false);
    }
}

fn set_gentle(gentle: bool) {
    *GENTLE
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner) = gentle;
}

/// A signal has come.
fn received(exit: Exit) {
    let gentle = GENTLE
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    STOP.store(true, Ordering::Relaxed);
    let again = SIGNALLED.swap(true, Ordering::Relaxed);
    if *gentle && !again {
        return;
    }
    output::abandon(|| std::process::exit(i32::from(exit as u8)));
}

/// Listens from now on. Where that is impossible, signals end the program as they always do, and the next command in the
/// directory clears up.
#[cfg(unix)]
pub fn listen() {
    use signal_hook::consts::{SIGINT, SIGTERM};
    let Ok(mut signals) = signal_hook::iterator::Signals::new([SIGINT, SIGTERM]) else {
        return;
    };
    std::thread::spawn(move || {
        for signal in signals.forever() {
            received(match signal {
                SIGTERM => Exit::Terminated,
                _ => Exit::Interrupted,
            });
        }
    });
}

/// Listens from now on.
#[cfg(not(unix))]
pub fn listen() {
    let _ = ctrlc::set_handler(|| received(Exit::Interrupted));
}
