//! A recommendation for programs: what `recommend` does, without a directory.

use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use crate::experiment::journal::Journal;
use crate::experiment::recommend::answering::recommend;
use crate::experiment::recommend::ask::{Ask, RecommendError};
use crate::experiment::recommend::choices;
use crate::experiment::recommend::judge::Question;
use crate::experiment::recommend::objective;
use crate::experiment::recommend::result::Recommendation;
use crate::scenario::load::Loaded;
use crate::units::SimDuration;

/// The configuration that meets all objectives and costs least, found by simulation on all cores.
///
/// ```
/// use ckptsim::{Recommend, ScenarioBuilder};
///
/// let scenario = ScenarioBuilder::new()
///     .set("job.duration", "2 min")
///     .source("orders", "400/s")
///     .operator("count", &["orders"])
///     .with("state.size", "200 MiB")
///     .load()?;
/// let answer = Recommend::new(&scenario)
///     .objective("duration_p99<=60s")
///     .budget(40)
///     .run()?;
/// let chosen = &answer.candidates[answer.chosen.ok_or("nothing meets the objective")?];
/// println!("a checkpoint every {}", chosen.coordinates[0].label);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Recommend<'a> {
    loaded: &'a Loaded,
    objectives: Vec<String>,
    minimise: String,
    also: Vec<String>,
    mtbf: Option<SimDuration>,
    budget: Option<usize>,
}

impl<'a> Recommend<'a> {
    /// The cheapest interval, whatever else: `cost_per_month`.
    pub fn new(loaded: &'a Loaded) -> Self {
        Recommend {
            loaded,
            objectives: Vec::new(),
            minimise: objective::MINIMISED.to_owned(),
            also: Vec::new(),
            mtbf: None,
            budget: None,
        }
    }

    /// This must hold, too: a metric, a relation and a bound, as in `recovery_p95<=3min`.
    #[must_use]
    pub fn objective(mut self, objective: &str) -> Self {
        self.objectives.push(objective.to_owned());
        self
    }

    /// As small as the objectives allow: the name of a metric.
    #[must_use]
    pub fn minimise(self, metric: &str) -> Self {
        Recommend {
            minimise: metric.to_owned(),
            ..self
        }
    }

    /// This is chosen, too, as for `--also`: `aligned,unaligned`, or a key and its values.
    #[must_use]
    pub fn also(mut self, choice: &str) -> Self {
        self.also.push(choice.to_owned());
        self
    }

    /// Failures come so far apart on average, instead of as the scenario says.
    #[must_use]
    pub fn mtbf(self, mtbf: SimDuration) -> Self {
        Recommend {
            mtbf: Some(mtbf),
            ..self
        }
    }

    /// Runs that may be made.
    #[must_use]
    pub fn budget(self, runs: usize) -> Self {
        Recommend {
            budget: Some(runs),
            ..self
        }
    }

    /// Searches.
    pub fn run(&self) -> Result<Recommendation, RecommendError> {
        let question = Question {
            objectives: objective::parse_all(&self.objectives)?,
            minimised: objective::minimised(&self.minimise)?,
        };
        question.check()?;
        let (journal, never) = (Mutex::new(Journal::in_memory()), AtomicBool::new(false));
        let mut ask = Ask {
            choices: choices::parse_all(&self.also, self.loaded)?,
            mtbf: self.mtbf,
            ..Ask::new(question, &journal, &never)
        };
        ask.budget = self.budget.unwrap_or(ask.budget);
        recommend(self.loaded, &ask, |wanted| wanted.simulation().run())
    }
}
