//! Carrying out a recommendation: search, sensitivity, and everything that is said about the answer.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::experiment::metric::replicate::Replication;
use crate::experiment::recommend::answer::Judged;
use crate::experiment::recommend::choices::{self, Branch, Choice};
use crate::experiment::recommend::interval_grid::{rung_at_most, rungs};
use crate::experiment::recommend::judge::Question;
use crate::experiment::recommend::result::{Recommendation, TornadoEntry};
use crate::experiment::recommend::run_plan::{self, RunPlan};
use crate::experiment::recommend::search::{Plan, SearchError, Site, search};
use crate::experiment::recommend::tornado::{self, Base};
use crate::experiment::run::RunError;
use crate::experiment::run_result::RunResult;
use crate::experiment::workers::workers;
use crate::formulas::refined::Refined;
use crate::scenario::diagnostic::Diagnostics;
use crate::scenario::load::Loaded;
use crate::scenario::{FailureKind, FailureLaw, RandomFailures, Scenario};
use crate::units::SimDuration;

/// Nobody checkpoints more often without being asked.
const SHORTEST_S: f64 = 10.0;
/// Nor more often than this many durations.
const DURATIONS: f64 = 2.0;
/// Longest interval that is tried without being asked.
const LONGEST_S: f64 = 3600.0;
/// The longest is at least this many times the shortest.
const RANGE: f64 = 4.0;
/// Share of the budget that sensitivity may take.
const TORNADO_SHARE: f64 = 0.5;
/// Evaluations of one input in one direction that are enough.
const WALK: usize = 12;

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
    /// Whether sensitivity is computed.
    pub tornado: bool,
    /// Set from outside to stop after the runs under way.
    pub stop: &'a AtomicBool,
    /// Called after every evaluation with the number of runs made by the search so far.
    pub progress: &'a (dyn Fn(usize) + Sync),
}

/// Why there is no recommendation.
#[derive(Debug, thiserror::Error)]
pub enum RecommendError {
    /// A choice does not fit the scenario.
    #[error(transparent)]
    Invalid(#[from] Diagnostics),
    /// The search ended early.
    #[error(transparent)]
    Search(#[from] SearchError),
    /// No run was allowed.
    #[error("a budget of {0} runs is too small for a single configuration")]
    Budget(usize),
    /// Not one run could be made: nothing is known about any configuration.
    #[error("no configuration could be simulated: {0}")]
    NotSimulated(String),
}

/// What stays fixed during a recommendation.
pub(super) struct Setting<'a> {
    pub(super) loaded: &'a Loaded,
    pub(super) ask: &'a Ask<'a>,
    pub(super) branches: Vec<Branch>,
    pub(super) rungs: Vec<f64>,
    pub(super) current: Option<Site>,
    pub(super) injects: bool,
    /// Intervals above this were left out because recovery would take too long, s.
    pub(super) cut_s: Option<f64>,
}

/// Searches and answers; `runner` makes one run.
pub fn recommend<R>(
    loaded: &Loaded,
    ask: &Ask<'_>,
    runner: R,
) -> Result<Recommendation, RecommendError>
where
    R: Fn(&Scenario, u64, u32) -> Result<RunResult, RunError> + Sync,
{
    let setting = Setting::new(loaded, ask)?;
    let run_plan = RunPlan {
        branches: &setting.branches,
        rungs: &setting.rungs,
        seed: loaded.scenario.job.seed,
        injects: setting.injects,
        longest_recovery_s: ask.question.longest_recovery_s(),
        runner,
    };
    let per_evaluation = run_plan.runs();
    let evaluations = ask.budget / per_evaluation;
    let reserved = setting.reserved(evaluations);
    let progress = |finished: usize| (ask.progress)(finished * per_evaluation);
    let plan = Plan {
        branches: setting.branches.len(),
        rungs: setting.rungs.len(),
        given: setting.current.into_iter().collect(),
        budget: evaluations - reserved,
        replications: ask.replications,
        jobs: ask.jobs,
        stop: ask.stop,
        progress: &progress,
    };
    let visited = search(&ask.question, &plan, |site, replication| {
        run_plan.evaluate(site, replication, &|_| {})
    })?;
    if let Some(why) = visited.nothing_simulated() {
        return Err(RecommendError::NotSimulated(why.to_owned()));
    }
    let judged = Judged::new(&ask.question, &visited, &setting.rungs);
    let best = judged.best().ok_or(RecommendError::Budget(ask.budget))?;
    let mut used = visited.evaluations;
    let mut entries = Vec::new();
    let walks = tornado::walks(&setting.branches[best.branch].scenario);
    if ask.tornado && judged.passes(best) {
        let each = (evaluations - used) / walks;
        if each >= tornado::LEAST {
            let made = setting.tornado(&run_plan, (best, each.min(WALK)), used)?;
            entries = made.0;
            used += made.1;
        }
    }
    let mut recommendation = setting.report(&judged, &visited, best);
    recommendation.runs = (used * per_evaluation) as u64;
    if ask.tornado && entries.is_empty() && judged.passes(best) {
        let enough = (walks * tornado::LEAST).max(used) as f64 / TORNADO_SHARE;
        recommendation.notes.push(format!(
            "The budget left no runs for the sensitivity of the answer: --budget {:.0} allows them.",
            (enough * per_evaluation as f64 / 50.0).ceil() * 50.0
        ));
    }
    if let Some(entry) = entries.first()
        && (entry.base - setting.rungs[best.rung]).abs() > 1e-3
    {
        let base = SimDuration::from_secs_f64(entry.base);
        recommendation.notes.push(format!(
            "Sensitivity is searched with {} runs per interval; with so few the answer as it is would be {base}: read how \
             far it moves, not where it lies.",
            tornado::REPLICATIONS
        ));
    }
    recommendation.tornado = entries;
    Ok(recommendation)
}

impl<'a> Setting<'a> {
    fn new(loaded: &'a Loaded, ask: &'a Ask<'a>) -> Result<Setting<'a>, RecommendError> {
        let mut branches = choices::branches(&ask.choices, loaded)?;
        let scenario = &loaded.scenario;
        let interval_s = scenario
            .checkpointing
            .interval
            .map(SimDuration::as_secs_f64);
        let current = branches
            .iter()
            .position(|branch| branch.scenario == *scenario)
            .zip(interval_s);
        let needs_failure = ask.question.needs_failure();
        if let Some(mtbf) = ask.mtbf.filter(|_| needs_failure) {
            for branch in &mut branches {
                let kind = branch
                    .scenario
                    .failures
                    .random
                    .as_ref()
                    .map(|random| random.kind);
                branch.scenario.failures.random = Some(RandomFailures {
                    law: FailureLaw::Exponential { mtbf },
                    kind: kind.unwrap_or(FailureKind::TaskManager),
                });
            }
        }
        let duration_s = Refined::of(&branches[0].scenario).durable_s();
        let useful_s = branches
            .iter()
            .map(|branch| run_plan::longest_useful_s(&branch.scenario, &ask.question))
            .try_fold(0.0, |longest: f64, useful| Some(longest.max(useful?)));
        let shortest_s = SHORTEST_S.max(DURATIONS * duration_s);
        let least_s = RANGE * ask.from.map_or(shortest_s, SimDuration::as_secs_f64);
        let cut_s = useful_s
            .map(|useful_s| rung_at_most(useful_s.max(least_s)))
            .filter(|cut_s| ask.to.is_none() && *cut_s < LONGEST_S);
        let to_s = ask
            .to
            .map(SimDuration::as_secs_f64)
            .or(cut_s)
            .unwrap_or(LONGEST_S);
        let from_s = ask
            .from
            .map_or_else(|| shortest_s.min(to_s / RANGE), SimDuration::as_secs_f64);
        let rungs = rungs(from_s.min(to_s), to_s, interval_s);
        let rung_of = |seconds: f64| rungs.iter().position(|rung| (rung - seconds).abs() < 1e-3);
        let current = current.and_then(|(branch, seconds)| {
            Some(Site {
                branch,
                rung: rung_of(seconds)?,
            })
        });
        let injects = run_plan::injects(&branches[0].scenario, &ask.question);
        Ok(Setting {
            loaded,
            ask,
            branches,
            rungs,
            current,
            injects,
            cut_s,
        })
    }

    /// Evaluations that are kept for the sensitivity.
    fn reserved(&self, evaluations: usize) -> usize {
        if !self.ask.tornado {
            return 0;
        }
        let walks = tornado::walks(&self.branches[0].scenario);
        let share = (evaluations as f64 * TORNADO_SHARE) as usize;
        if share < walks * tornado::LEAST {
            return 0;
        }
        share.min(walks * WALK)
    }

    /// The sensitivity of the answer with so many evaluations per walk, after `used` of them.
    fn tornado<R>(
        &self,
        run_plan: &RunPlan<'_, R>,
        (site, budget): (Site, usize),
        used: usize,
    ) -> Result<(Vec<TornadoEntry>, usize), RecommendError>
    where
        R: Fn(&Scenario, u64, u32) -> Result<RunResult, RunError> + Sync,
    {
        let base = Base {
            question: &self.ask.question,
            site,
            rungs: &self.rungs,
            scenario: &self.branches[site.branch].scenario,
            budget,
        };
        // A walk takes one step after the other.
        let pool =
            workers(self.ask.jobs, tornado::walks(base.scenario)).map_err(SearchError::Threads)?;
        let finished = AtomicUsize::new(used);
        let stopped = || self.ask.stop.load(Ordering::Relaxed);
        let made = pool.install(|| {
            tornado::tornado(&base, |site, replication, change| {
                if stopped() {
                    return Replication::default();
                }
                let figures = run_plan.evaluate(site, replication, change);
                let finished = finished.fetch_add(1, Ordering::Relaxed) + 1;
                (self.ask.progress)(finished * run_plan.runs());
                figures
            })
        });
        if stopped() {
            return Err(SearchError::Interrupted(used).into());
        }
        Ok(made)
    }
}

#[cfg(test)]
mod tests;
