//! What is asked of a recommendation, and why there may be none.

use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use crate::experiment::journal::{Journal, JournalError};
use crate::experiment::recommend::choices::Choice;
use crate::experiment::recommend::headroom_input::Sought;
use crate::experiment::recommend::judge::Question;
use crate::experiment::recommend::search::SearchError;
use crate::scenario::diagnostic::Diagnostics;
use crate::units::SimDuration;

/// What is asked, and how much it may take.
pub struct Ask<'a> {
    /// Objectives and what is minimised.
    pub question: Question,
    /// Discrete choices.
    pub choices: Vec<Choice>,
    /// Shortest interval; `None` = 10 s, or twice the duration of a checkpoint.
    pub from: Option<SimDuration>,
    /// Longest interval; `None` = an hour.
    pub to: Option<SimDuration>,
    /// Mean time between failures, instead of the scenario's.
    pub mtbf: Option<SimDuration>,
    /// How far back checkpoints should reach, instead of the scenario's wish.
    pub keep: Option<SimDuration>,
    /// Runs that may be made.
    pub budget: usize,
    /// Most replications of a configuration.
    pub replications: u32,
    /// Parallel runs; 0 = one per core.
    pub jobs: usize,
    /// How far this can go is asked, too.
    pub find: Option<Sought>,
    /// Whether sensitivity is computed.
    pub sensitivity: bool,
    /// Evaluations that were made before, by what was simulated; new ones are added.
    pub journal: &'a Mutex<Journal>,
    /// Set from outside to stop with the best answer so far; runs under way have to look at it themselves.
    pub stop: &'a AtomicBool,
    /// Called after every evaluation with the number of runs made by the search so far.
    pub progress: &'a (dyn Fn(usize) + Sync),
}

/// Runs that may be made, unless somebody says so: a search usually ends by itself before.
pub const BUDGET: usize = 300;
/// Replications of the most promising configurations, unless somebody says so.
pub const REPLICATIONS: u32 = 8;

impl<'a> Ask<'a> {
    /// This question, without choices, in the usual range.
    pub fn new(question: Question, journal: &'a Mutex<Journal>, stop: &'a AtomicBool) -> Self {
        Ask {
            question,
            choices: Vec::new(),
            from: None,
            to: None,
            mtbf: None,
            keep: None,
            budget: BUDGET,
            replications: REPLICATIONS,
            jobs: 0,
            find: None,
            sensitivity: false,
            journal,
            stop,
            progress: &|_| {},
        }
    }
}

/// Why there is no recommendation.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecommendError {
    /// A choice does not fit the scenario.
    #[error(transparent)]
    Invalid(#[from] Diagnostics),
    /// The search ended early.
    #[error(transparent)]
    Search(#[from] SearchError),
    /// What was simulated cannot be kept.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// No run was allowed.
    #[error("a budget of {0} runs is too small for a single configuration")]
    Budget(usize),
    /// Not one run could be made: nothing is known about any configuration.
    #[error("no configuration could be simulated: {0}")]
    NotSimulated(String),
}
