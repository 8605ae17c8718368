//! Carrying out a recommendation: search, sensitivity, and everything that is said about the answer.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::experiment::recommend::answer::Judged;
use crate::experiment::recommend::changes::changes;
use crate::experiment::recommend::choices::{self, Branch, Choice, INTERVAL};
use crate::experiment::recommend::closed_forms::{self, Beside};
use crate::experiment::recommend::judge::Question;
use crate::experiment::recommend::ladder::rungs;
use crate::experiment::recommend::result::{
    MetricName, Recommendation, Retention, SCHEMA, TornadoEntry,
};
use crate::experiment::recommend::scenes::{self, Scenes, with_interval};
use crate::experiment::recommend::search::{Plan, SearchError, Site, Visited, search};
use crate::experiment::recommend::tornado::{self, Base};
use crate::experiment::replicate::Replication;
use crate::experiment::result::RunResult;
use crate::experiment::run::RunError;
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
}

/// What stays fixed during a recommendation.
struct Setting<'a> {
    loaded: &'a Loaded,
    ask: &'a Ask<'a>,
    branches: Vec<Branch>,
    rungs: Vec<f64>,
    current: Option<Site>,
    injects: bool,
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
    let scenes = Scenes {
        branches: &setting.branches,
        rungs: &setting.rungs,
        seed: loaded.scenario.job.seed,
        injects: setting.injects,
        longest_recovery_s: ask.question.longest_recovery_s(),
        runner,
    };
    let per_evaluation = scenes.runs();
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
        scenes.evaluate(site, replication, &|_| {})
    })?;
    let judged = Judged::new(&ask.question, &visited, &setting.rungs);
    let best = judged.best().ok_or(RecommendError::Budget(ask.budget))?;
    let mut used = visited.evaluations;
    let mut entries = Vec::new();
    let walks = tornado::walks(&setting.branches[best.branch].scenario);
    if ask.tornado && judged.passes(best) {
        let each = (evaluations - used) / walks;
        if each >= tornado::LEAST {
            let made = setting.tornado(&scenes, (best, each.min(WALK)), used)?;
            entries = made.0;
            used += made.1;
        }
    }
    let mut recommendation = setting.report(&judged, &visited, best);
    recommendation.runs = (used * per_evaluation) as u64;
    if ask.tornado && entries.is_empty() && judged.passes(best) {
        let note = "The budget left no runs for the sensitivity of the answer.";
        recommendation.notes.push(note.to_owned());
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
        let to_s = ask.to.map_or(LONGEST_S, SimDuration::as_secs_f64);
        let from_s = ask.from.map_or_else(
            || SHORTEST_S.max(DURATIONS * duration_s).min(to_s / 4.0),
            SimDuration::as_secs_f64,
        );
        let rungs = rungs(from_s.min(to_s), to_s, interval_s);
        let rung_of = |seconds: f64| rungs.iter().position(|rung| (rung - seconds).abs() < 1e-3);
        let current = current.and_then(|(branch, seconds)| {
            Some(Site {
                branch,
                rung: rung_of(seconds)?,
            })
        });
        let injects = scenes::injects(&branches[0].scenario, &ask.question);
        Ok(Setting {
            loaded,
            ask,
            branches,
            rungs,
            current,
            injects,
        })
    }

    /// Evaluations that are kept for the sensitivity.
    fn reserved(&self, evaluations: usize) -> usize {
        if !self.ask.tornado {
            return 0;
        }
        let wanted = tornado::walks(&self.branches[0].scenario) * WALK;
        wanted.min((evaluations as f64 * TORNADO_SHARE) as usize)
    }

    /// The sensitivity of the answer with so many evaluations per walk, after `used` of them.
    fn tornado<R>(
        &self,
        scenes: &Scenes<'_, R>,
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
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(self.ask.jobs)
            .build()
            .map_err(|_| SearchError::Threads(self.ask.jobs))?;
        let finished = AtomicUsize::new(used);
        let stopped = || self.ask.stop.load(Ordering::Relaxed);
        let made = pool.install(|| {
            tornado::tornado(&base, |site, replication, change| {
                if stopped() {
                    return Replication::default();
                }
                let figures = scenes.evaluate(site, replication, change);
                let finished = finished.fetch_add(1, Ordering::Relaxed) + 1;
                (self.ask.progress)(finished * scenes.runs());
                figures
            })
        });
        if stopped() {
            return Err(SearchError::Interrupted(used).into());
        }
        Ok(made)
    }

    fn report(&self, judged: &Judged<'_>, visited: &Visited, best: Site) -> Recommendation {
        let passes = judged.passes(best);
        let labels: Vec<Vec<String>> = self
            .branches
            .iter()
            .map(|branch| branch.labels.clone())
            .collect();
        let binding = if passes {
            judged.binding(best)
        } else {
            Vec::new()
        };
        let chosen_s = self.rungs[best.rung];
        let mtbf = self.ask.mtbf.map(SimDuration::as_secs_f64);
        let beside = Beside {
            cost_s: judged
                .metric(best, "overhead")
                .map(|share| share * chosen_s),
            mtbf_s: mtbf.or_else(|| scenes::mtbf_s(&self.branches[best.branch].scenario)),
            chosen_s,
            duration_s: judged.metric(best, "duration_p50"),
            objectives: &self.ask.question.objectives,
            binding: &binding,
            minimised: self.ask.question.minimised.name,
        };
        let formulas = closed_forms::formulas(&beside);
        let disagreement = closed_forms::disagreement(&beside, &formulas);
        let mtbf_s = beside.mtbf_s;
        let retention = self.retention(chosen_s);
        let axes = self.ask.choices.iter().map(|choice| choice.axis.clone());
        Recommendation {
            schema: SCHEMA.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            scenario: self.loaded.scenario.job.name.clone(),
            scenario_sha256: self.loaded.sha256(),
            scenario_toml: self.loaded.toml(),
            seed: self.loaded.scenario.job.seed,
            runs: 0,
            budget: self.ask.budget as u64,
            objectives: self.ask.question.objectives.clone(),
            minimised: MetricName::of(self.ask.question.minimised),
            axes: std::iter::once(INTERVAL.to_owned()).chain(axes).collect(),
            candidates: judged.candidates(&labels),
            chosen: judged.index(best).filter(|_| passes),
            current: self.current.and_then(|site| judged.index(site)),
            range: passes.then(|| judged.range(best)),
            runner_up: if passes { judged.runner_up(best) } else { None },
            nearest: if passes { None } else { judged.nearest(best) },
            changes: if passes {
                self.changes(best, retention)
            } else {
                Vec::new()
            },
            binding,
            mtbf_s,
            formulas,
            disagreement,
            tornado: Vec::new(),
            retention: retention.filter(|_| passes),
            notes: self.notes(visited),
        }
    }

    /// As many checkpoints as reach back to the wish when the oldest is about to be dropped.
    fn retention(&self, interval_s: f64) -> Option<Retention> {
        let checkpointing = &self.loaded.scenario.checkpointing;
        let wish_s = self
            .ask
            .keep
            .or(checkpointing.retention_wish)?
            .as_secs_f64();
        Some(Retention {
            wish_s,
            retained: (wish_s / interval_s).ceil().max(1.0) as u64,
            present_s: checkpointing.retained as f64 * interval_s,
        })
    }

    fn changes(
        &self,
        site: Site,
        retention: Option<Retention>,
    ) -> Vec<crate::experiment::recommend::result::Change> {
        let mut to = with_interval(&self.branches[site.branch].scenario, self.rungs[site.rung]);
        let needed = retention.map_or(0, |retention| retention.retained as usize);
        to.checkpointing.retained = to.checkpointing.retained.max(needed);
        changes(&self.loaded.scenario, &to)
    }

    fn notes(&self, visited: &Visited) -> Vec<String> {
        let mut notes = Vec::new();
        if self.injects {
            notes.push(
                "No failure strikes by itself in a run of this length: recoveries were simulated with one failure per \
                 replication, each at another moment of the checkpoint period. One that was not over at the end of its \
                 run counts as longer than all others."
                    .to_owned(),
            );
        }
        let longest_s = self.rungs.last().copied().unwrap_or(0.0);
        let longest = with_interval(&self.branches[0].scenario, longest_s);
        if scenes::prolonged(&longest).job.duration > self.loaded.scenario.job.duration {
            notes.push(
                "Where job.duration is too short for three checkpoints, runs were prolonged; the first one, which \
                 uploads everything, is not counted."
                    .to_owned(),
            );
        }
        if visited.exhausted {
            notes.push(format!(
                "The budget of {} runs ended the search before it was sure: --budget allows more.",
                self.ask.budget
            ));
        }
        notes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::recommend::objective::{minimised, parse};
    use crate::experiment::sample;

    static NEVER: AtomicBool = AtomicBool::new(false);

    fn answered(objectives: &[&str], jobs: usize) -> Recommendation {
        let loaded = sample::loaded(10);
        let ask = Ask {
            question: Question {
                objectives: objectives.iter().map(|text| parse(text).unwrap()).collect(),
                minimised: minimised("overhead").unwrap(),
            },
            choices: Vec::new(),
            from: Some(SimDuration::from_secs(10)),
            to: Some(SimDuration::from_secs(300)),
            mtbf: Some(SimDuration::from_secs(3600)),
            keep: Some(SimDuration::from_secs(600)),
            budget: 400,
            replications: 6,
            jobs,
            tornado: true,
            stop: &NEVER,
            progress: &|_| {},
        };
        recommend(&loaded, &ask, sample::run).unwrap()
    }

    #[test]
    fn an_answer_has_its_range_its_reason_and_its_options() {
        // The stub's durations are 0.2 to 0.3 s + 1.3 % of the interval: 2 s are passed between 120 and 150 s.
        let answer = answered(&["duration_p99<=2s"], 1);
        let chosen = &answer.candidates[answer.chosen.unwrap()];
        assert_eq!(chosen.coordinates[0].label, "2 min");
        let range = answer.range.unwrap();
        assert_eq!(
            (range.from_s, range.to_s, range.open_below),
            (10.0, 120.0, true)
        );
        assert_eq!(
            (answer.binding[0].objective, answer.binding[0].beyond_s),
            (0, 150.0)
        );
        let retention = answer.retention.unwrap();
        assert_eq!(retention.retained, 5);
        let keys: Vec<&str> = answer
            .changes
            .iter()
            .map(|change| change.key.as_str())
            .collect();
        assert_eq!(
            keys,
            [
                "execution.checkpointing.interval",
                "execution.checkpointing.num-retained"
            ]
        );
        assert_eq!(
            answer.candidates[answer.current.unwrap()].coordinates[0].label,
            "10 s"
        );
        assert!(answer.runs <= answer.budget && !answer.tornado.is_empty());
    }

    #[test]
    fn nothing_is_recommended_where_nothing_passes() {
        let answer = answered(&["duration_p99<=100ms"], 1);
        assert_eq!((answer.chosen, answer.range), (None, None));
        let nearest = answer.nearest.unwrap();
        assert_eq!(
            answer.candidates[nearest.candidate].coordinates[0].label,
            "10 s"
        );
        assert!(nearest.excess > 1.0 && answer.changes.is_empty());
    }

    #[test]
    fn jobs_change_no_byte_and_the_file_can_be_read_again() {
        let text = |jobs| serde_json::to_string(&answered(&["duration_p99<=2s"], jobs)).unwrap();
        assert_eq!(text(1), text(4));
        let read: Recommendation = serde_json::from_str(&text(1)).unwrap();
        assert_eq!(read, answered(&["duration_p99<=2s"], 2));
    }
}
