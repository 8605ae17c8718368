//! How far a command is, on stderr: a bar on a terminal, which moves every second; else a line now and then.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::clock;
use crate::cli::console::Console;
use crate::experiment::watch::Watch;
use crate::units::print;

/// A bar moves so often.
const TICK: Duration = Duration::from_secs(1);
/// A command that is silent for so long is asked for.
const FIRST_LINE: Duration = Duration::from_secs(2);
/// Lines of a log come so often.
const LINE: Duration = Duration::from_secs(10);

/// Progress over a known number of runs.
pub struct Progress {
    shared: Arc<Shared>,
    bar: Option<ProgressBar>,
    ticker: Option<(Sender<()>, JoinHandle<()>)>,
}

struct Shared {
    finished: AtomicUsize,
    watch: Watch<'static>,
}

impl Progress {
    /// Of so many runs; those that are watched end when `stop` is set.
    pub fn new(console: Console, runs: usize, stop: Option<&'static AtomicBool>) -> Self {
        let shared = Arc::new(Shared {
            finished: AtomicUsize::new(0),
            watch: stop.map_or_else(Watch::default, Watch::until),
        });
        let told = Arc::clone(&shared);
        let bar = console.shows_progress().then(|| bar(runs));
        let ticker = if let Some(bar) = bar.clone() {
            Some(spawn(TICK, TICK, move |_| told.move_bar(&bar)))
        } else {
            let line = move |began: Instant| {
                console.note(&format!(
                    "{}, {} gone",
                    told.line(runs),
                    print::seconds(began.elapsed().as_secs_f64().round())
                ));
            };
            console.notes().then(|| spawn(FIRST_LINE, LINE, line))
        };
        Progress {
            shared,
            bar,
            ticker,
        }
    }

    /// What runs tell how far they are.
    pub fn watch(&self) -> &Watch<'static> {
        &self.shared.watch
    }

    /// So many runs are finished.
    pub fn set(&self, finished: usize) {
        self.shared.finished.store(finished, Ordering::Relaxed);
    }

    /// Says nothing from now on.
    pub fn finish(self) {
        drop(self);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((end, thread)) = self.ticker.take() {
            drop(end);
            let _ = thread.join();
        }
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Shared {
    fn simulated(&self) -> String {
        let seconds = self.watch.simulated().as_secs_f64().floor();
        format!("{} simulated", print::seconds(seconds))
    }

    fn line(&self, runs: usize) -> String {
        let finished = self.finished.load(Ordering::Relaxed);
        format!("{finished} of {runs} runs, {}", self.simulated())
    }

    fn move_bar(&self, bar: &ProgressBar) {
        bar.set_position(self.finished.load(Ordering::Relaxed) as u64);
        bar.set_message(self.simulated());
    }
}

fn bar(runs: usize) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(runs as u64), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template(
        "{bar:30} {pos}/{len} runs, {msg}, {elapsed} gone, {eta} left",
    );
    bar.set_style(style.expect("the template is a constant"));
    bar
}

/// Calls `tell` after `first`, then every `period`, until the sender is dropped.
fn spawn(
    first: Duration,
    period: Duration,
    tell: impl Fn(Instant) + Send + 'static,
) -> (Sender<()>, JoinHandle<()>) {
    let (end, ended) = channel();
    let began = clock::now();
    let thread = std::thread::spawn(move || {
        let mut wait = first;
        while ended.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
            tell(began);
            wait = period;
        }
    });
    (end, thread)
}
