//! Carrying out a recommendation: search, sensitivity, levers, headroom, and everything that is said about the answer.

use std::sync::OnceLock;

use crate::experiment::metric::MetricId;
use crate::experiment::recommend::answer::Judged;
use crate::experiment::recommend::ask::{Ask, RecommendError};
use crate::experiment::recommend::headroom::headroom;
use crate::experiment::recommend::remedy::remedy;
use crate::experiment::recommend::result::Recommendation;
use crate::experiment::recommend::run_plan::RunPlan;
use crate::experiment::recommend::search::SearchError;
use crate::experiment::recommend::setting::{Setting, Spent, contenders};
use crate::experiment::run::{RunError, Wanted};
use crate::experiment::run_result::RunResult;
use crate::experiment::workers::workers;
use crate::scenario::load::Loaded;

/// Searches and answers; `runner` makes one run.
pub fn recommend<R>(
    loaded: &Loaded,
    ask: &Ask<'_>,
    runner: R,
) -> Result<Recommendation, RecommendError>
where
    R: Fn(Wanted<'_>) -> Result<RunResult, RunError> + Sync,
{
    let setting = Setting::new(loaded, ask)?;
    let lost = OnceLock::new();
    let run_plan = RunPlan {
        branches: &setting.branches,
        rungs: &setting.rungs,
        seed: loaded.scenario.job.seed,
        injects: setting.injects,
        longest_recovery_s: ask.question.longest_recovery_s(),
        runner: &runner,
        journal: ask.journal,
        lost: &lost,
    };
    let found = found(&setting, &run_plan);
    // What cannot be kept ends the search.
    lost.into_inner().map_or(found, |error| Err(error.into()))
}

fn found<R>(
    setting: &Setting<'_>,
    run_plan: &RunPlan<'_, R>,
) -> Result<Recommendation, RecommendError>
where
    R: Fn(Wanted<'_>) -> Result<RunResult, RunError> + Sync,
{
    let ask = setting.ask;
    let evaluations = ask.budget / run_plan.runs();
    let coarse = setting.coarse();
    let mut starts = setting.starts();
    let mut ranked = None;
    if let Some(branches) = &coarse {
        let visited =
            setting.search(&run_plan.of(branches), &starts, &mut Spent::of(evaluations))?;
        starts = contenders(&visited, &ask.question);
        ranked = Some(visited);
    }
    let mut spent = Spent::of(evaluations - setting.reserved(evaluations));
    let confirmed = setting.search(run_plan, &starts, &mut spent);
    let (visited, is_coarse) = match (confirmed, ranked) {
        (Err(RecommendError::Search(SearchError::Interrupted)), Some(ranked)) => (ranked, true),
        (confirmed, _) => (confirmed?, false),
    };
    if let Some(why) = visited.nothing_simulated() {
        return Err(RecommendError::NotSimulated(why.to_owned()));
    }
    let judged = Judged::new(&ask.question, &visited, &setting.rungs);
    let best = judged.best().ok_or(RecommendError::Budget(ask.budget))?;
    let mut recommendation = setting.report(&judged, &visited, best);
    if is_coarse {
        recommendation.notes.push(COARSE.to_owned());
    }
    if ask.sensitivity && judged.passes(best) && !setting.stopped() {
        spent.left = evaluations.saturating_sub(spent.used);
        let cheap = run_plan.of(coarse.as_ref().unwrap_or(&setting.branches));
        setting.tell_sensitivity(&cheap, best, &mut spent, &mut recommendation)?;
    }
    let pool = workers(ask.jobs, ask.budget).map_err(SearchError::Threads)?;
    if let Some(nearest) = recommendation
        .nearest
        .as_ref()
        .filter(|_| !setting.stopped())
    {
        let duration_s = judged.metric(best, MetricId::DurationP50.name());
        let at = (best, nearest.objective);
        recommendation.remedy = pool.install(|| remedy(setting, run_plan, at, duration_s));
    }
    if let Some(sought) = ask.find.filter(|_| !setting.stopped()) {
        let found = pool.install(|| headroom(setting, run_plan, (sought, best)));
        recommendation.headroom = Some(found);
    }
    recommendation.runs = (spent.used * run_plan.runs()) as u64;
    Ok(recommendation)
}

/// What is said of an answer that was stopped before it was confirmed.
const COARSE: &str = "The search was stopped before the answer was simulated record by record: its figures are those of \
     runs with fewer subtasks and fewer, larger records, each standing for several. The same command goes on from there.";

#[cfg(test)]
mod tests;
