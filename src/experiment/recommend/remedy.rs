//! When nothing passes: what each lever would give at the configuration that comes closest, and the cheapest set that
//! passes, found greedily and verified by simulation.

use rayon::prelude::*;

use crate::experiment::RunResult;
use crate::experiment::levers::{self, Lever};
use crate::experiment::metric::{Metric, MetricId};
use crate::experiment::recommend::choices::INTERVAL;
use crate::experiment::recommend::judge::{Judgement, Question};
use crate::experiment::recommend::result::{LeverEffect, Remedy};
use crate::experiment::recommend::run_plan::RunPlan;
use crate::experiment::recommend::search::Site;
use crate::experiment::recommend::setting::Setting;
use crate::experiment::run::{RunError, Wanted};
use crate::scenario::Scenario;
use crate::scenario::load::Loaded;
use crate::units::{SimDuration, flink};

/// Runs per lever: differences are paired, so that few suffice.
const REPLICATIONS: u32 = 2;
/// A lever that moves the objective by less of its bound is none.
const HELPS: f64 = 0.01;

/// Tries levers at a site that misses an objective. Call it inside a thread pool.
pub(super) fn remedy<R>(
    setting: &Setting<'_>,
    run_plan: &RunPlan<'_, R>,
    (site, objective): (Site, usize),
    duration_s: Option<f64>,
) -> Option<Remedy>
where
    R: Fn(Wanted<'_>) -> Result<RunResult, RunError> + Sync,
{
    let question = &setting.ask.question;
    let missed = &question.objectives[objective].metric.name;
    let interval = SimDuration::from_secs_f64(setting.rungs[site.rung]);
    let mut settings = setting.branches[site.branch].settings.clone();
    settings.push((INTERVAL.to_owned(), flink::write_duration(interval)));
    let base = setting.loaded.at(&settings).ok()?;
    let mut levers =
        levers::of_checkpoints(&base, SimDuration::from_secs_f64(duration_s.unwrap_or(0.0)));
    if Metric::find(missed).is_ok_and(Metric::needs_failure) {
        levers.extend(levers::of_recoveries(&base));
    }
    let trial = Trial {
        run_plan,
        question,
        site,
        failures: &setting.branches[site.branch].scenario,
        base: &base,
    };
    let now = trial.judge(&base.scenario)?;
    let mut judged: Vec<(Lever, Judgement)> = levers
        .into_par_iter()
        .with_max_len(1)
        .filter_map(|lever| {
            let judgement = trial.judge(&lever.scenario)?;
            Some((lever, judgement))
        })
        .collect();
    judged.sort_by(|(_, a), (_, b)| a.excess.total_cmp(&b.excess));
    let effect = |(lever, judgement): &(Lever, Judgement)| LeverEffect {
        name: lever.name.to_owned(),
        settings: lever.settings.clone(),
        value: judgement.metrics.get(missed).map(|estimate| estimate.value),
        excess: judgement.excess.min(f64::MAX),
    };
    let effects = judged.iter().map(effect).collect();
    let mut helpful: Vec<Lever> = judged
        .into_iter()
        .filter(|(_, judgement)| judgement.passes() || judgement.excess < now.excess - HELPS)
        .map(|(lever, _)| lever)
        .collect();
    // What is set in a file comes before what is bought; within both, what helps most.
    helpful.sort_by_key(|lever| lever.effort);
    let passes = trial
        .cheapest(&helpful)
        .map(|(chosen, judgement)| LeverEffect {
            name: chosen
                .iter()
                .map(|lever| lever.name)
                .collect::<Vec<_>>()
                .join(", "),
            settings: settings_of(&chosen),
            value: judgement.metrics.get(missed).map(|estimate| estimate.value),
            excess: judgement.excess,
        });
    Some(Remedy {
        levers: effects,
        passes,
    })
}

/// Tries changed scenarios at one site.
struct Trial<'a, R> {
    run_plan: &'a RunPlan<'a, R>,
    question: &'a Question,
    site: Site,
    /// Its failures are those of the search.
    failures: &'a Scenario,
    base: &'a Loaded,
}

impl<R> Trial<'_, R>
where
    R: Fn(Wanted<'_>) -> Result<RunResult, RunError> + Sync,
{
    /// `None` if it was stopped.
    fn judge(&self, changed: &Scenario) -> Option<Judgement> {
        let change = |scenario: &mut Scenario| {
            *scenario = changed.clone();
            scenario
                .failures
                .random
                .clone_from(&self.failures.failures.random);
        };
        let runs: Option<Vec<_>> = (0..REPLICATIONS)
            .map(|replication| self.run_plan.evaluate(self.site, replication, &change))
            .collect();
        Some(self.question.judge(&runs?))
    }

    fn with(&self, levers: &[&Lever]) -> Option<Judgement> {
        let together = self.base.at(&settings_of(levers)).ok()?;
        self.judge(&together.scenario)
    }

    /// One lever after the other until all objectives are met; then those that are not needed are left out again.
    fn cheapest<'l>(&self, levers: &'l [Lever]) -> Option<(Vec<&'l Lever>, Judgement)> {
        let mut chosen: Vec<&Lever> = Vec::new();
        let mut met = None;
        for lever in levers {
            chosen.push(lever);
            met = self.with(&chosen).filter(Judgement::passes);
            if met.is_some() {
                break;
            }
        }
        let mut met = met?;
        // The last one is needed.
        for index in (0..chosen.len() - 1).rev() {
            let without: Vec<&Lever> = chosen
                .iter()
                .enumerate()
                .filter(|(at, _)| *at != index)
                .map(|(_, lever)| *lever)
                .collect();
            if let Some(judgement) = self.with(&without).filter(Judgement::passes) {
                (chosen, met) = (without, judgement);
            }
        }
        Some((chosen, met))
    }
}

fn settings_of(levers: &[&Lever]) -> levers::Settings {
    levers
        .iter()
        .flat_map(|lever| lever.settings.clone())
        .collect()
}

/// What a missed metric consists of: metrics whose means add up to it, in order of time.
pub fn parts(missed: &str) -> &'static [MetricId] {
    use MetricId::{Alignment, Async, CatchUpP50, DowntimeP50, StartDelay, Sync};
    match missed.split_once('_').map(|(family, _)| family) {
        Some("recovery") => &[DowntimeP50, CatchUpP50],
        Some("duration") => &[StartDelay, Alignment, Sync, Async],
        _ => &[],
    }
}
