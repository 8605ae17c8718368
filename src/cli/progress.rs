//! A bar with the time left, on stderr; silent where stderr is no terminal.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::console::Console;

/// Progress over a known number of runs.
#[derive(Debug)]
pub struct Progress(ProgressBar);

impl Progress {
    /// A bar for so many runs.
    pub fn new(console: Console, runs: usize) -> Self {
        let target = if console.shows_progress() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(runs as u64), target);
        let style =
            ProgressStyle::with_template("{bar:40} {pos}/{len} runs, {elapsed} gone, {eta} left")
                .expect("the template is a constant");
        bar.set_style(style);
        Progress(bar)
    }

    /// So many runs are finished.
    pub fn set(&self, finished: usize) {
        self.0.set_position(finished as u64);
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.0.finish_and_clear();
    }
}
