//! What stays fixed during a recommendation: choices, intervals, failures; and how its parts are searched.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::experiment::RunResult;
use crate::experiment::metric::replicate::Replication;
use crate::experiment::recommend::ask::{Ask, RecommendError};
use crate::experiment::recommend::choices::{self, Branch};
use crate::experiment::recommend::interval_grid::{rung_at_most, rungs};
use crate::experiment::recommend::judge::Question;
use crate::experiment::recommend::prior::{Prior, prior};
use crate::experiment::recommend::result::{Recommendation, SensitivityEntry};
use crate::experiment::recommend::run_plan::{self, RunPlan, with_interval};
use crate::experiment::recommend::search::{self, Plan, SearchError, Site, Visited, search};
use crate::experiment::recommend::sensitivity::{self, Base};
use crate::experiment::run::{RunError, Wanted};
use crate::experiment::workers::workers;
use crate::formulas::refined::Refined;
use crate::scenario::coarse;
use crate::scenario::flow::flows;
use crate::scenario::load::Loaded;
use crate::scenario::shrink;
use crate::scenario::{FailureKind, FailureLaw, RandomFailures};
use crate::units::SimDuration;

/// Runs with so many records are ranked by coarse ones first.
const COARSE_FROM: f64 = 5e6;
/// Nobody checkpoints more often without being asked.
const SHORTEST_S: f64 = 10.0;
/// Nor more often than this many durations.
const DURATIONS: f64 = 2.0;
/// Longest interval that is tried without being asked.
const LONGEST_S: f64 = 3600.0;
/// The longest is at least this many times the shortest.
const RANGE: f64 = 4.0;
/// Share of the budget that sensitivity may take.
const SENSITIVITY_SHARE: f64 = 0.5;
/// Evaluations of one input in one direction that are enough.
const WALK: usize = 12;

/// Where nobody says how often the job fails, it is once a day: the failures of a machine every few months, times tens of
/// machines, and what users deploy. The answer says so.
const ASSUMED_MTBF: SimDuration = SimDuration::from_secs(86_400);
/// A pace longer than the interval by this factor is not the interval's.
pub(super) const PACED: f64 = 1.05;

/// What stays fixed during a recommendation.
pub(super) struct Setting<'a> {
    pub(super) loaded: &'a Loaded,
    pub(super) ask: &'a Ask<'a>,
    pub(super) branches: Vec<Branch>,
    pub(super) rungs: Vec<f64>,
    pub(super) current: Option<Site>,
    pub(super) injects: bool,
    /// By branch, then by rung.
    pub(super) priors: Vec<Vec<Prior>>,
    /// Whether the mean time between failures is nobody's but ours.
    pub(super) assumed_mtbf: bool,
    /// Intervals below this come to the same pace as it, s.
    pub(super) paced_s: Option<f64>,
    /// Intervals above this were left out because recovery would take too long, s.
    pub(super) cut_s: Option<f64>,
}

impl<'a> Setting<'a> {
    pub(super) fn new(loaded: &'a Loaded, ask: &'a Ask<'a>) -> Result<Setting<'a>, RecommendError> {
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
        let law = scenario.failures.random.is_some();
        let needs_failure = ask.question.needs_failure();
        let assumed_mtbf = needs_failure && ask.mtbf.is_none() && !law;
        let mtbf = ask.mtbf.or(assumed_mtbf.then_some(ASSUMED_MTBF));
        if let Some(mtbf) = mtbf.filter(|_| needs_failure) {
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
        let from_s = ask.from.map_or_else(
            || rung_at_most(shortest_s.min(to_s / RANGE)),
            SimDuration::as_secs_f64,
        );
        let mut rungs = rungs(from_s.min(to_s), to_s, interval_s);
        let paced_s = hidden(&branches, &rungs);
        if let Some(paced_s) = paced_s {
            rungs.retain(|rung| *rung >= paced_s || Some(*rung) == interval_s);
        }
        let rung_of = |seconds: f64| rungs.iter().position(|rung| (rung - seconds).abs() < 1e-3);
        let current = current.and_then(|(branch, seconds)| {
            Some(Site {
                branch,
                rung: rung_of(seconds)?,
            })
        });
        let injects = run_plan::injects(&branches[0].scenario, &ask.question);
        let priors = branches.iter().map(|branch| {
            let at = |rung: &f64| prior(&with_interval(&branch.scenario, *rung), &ask.question);
            rungs.iter().map(at).collect()
        });
        Ok(Setting {
            priors: priors.collect(),
            assumed_mtbf,
            paced_s,
            loaded,
            ask,
            branches,
            rungs,
            current,
            injects,
            cut_s,
        })
    }

    /// Where closed forms expect the answer of every branch: the cheapest interval that meets what they know of the
    /// objectives, else the one that misses least.
    pub(super) fn starts(&self) -> Vec<Site> {
        let start = |(branch, priors): (usize, &Vec<Prior>)| {
            let rungs = priors.iter().enumerate();
            let by = |(_, a): &(usize, &Prior), (_, b): &(usize, &Prior)| {
                a.excess
                    .total_cmp(&b.excess)
                    .then(a.cost.total_cmp(&b.cost))
            };
            let rung = rungs.min_by(by).map_or(0, |(rung, _)| rung);
            Site { branch, rung }
        };
        self.priors.iter().enumerate().map(start).collect()
    }

    /// The branches with fewer subtasks, and with fewer, larger records, where runs are long and that makes them short.
    pub(super) fn coarse(&self) -> Option<Vec<Branch>> {
        let many = |branches: &[Branch]| {
            let scenario = &branches[0].scenario;
            let rates = flows(scenario).into_iter().map(|flow| {
                let output: f64 = flow.output_per_s.iter().sum();
                flow.input_total().max(output)
            });
            let per_s: f64 = rates.sum();
            let records = per_s * run_plan::prolonged(scenario).job.duration.as_secs_f64();
            (COARSE_FROM..f64::INFINITY).contains(&records)
        };
        if !many(&self.branches) {
            return None;
        }
        let shrunk = self.shrunk();
        let branches = shrunk.as_ref().unwrap_or(&self.branches);
        let factors = branches
            .iter()
            .map(|branch| coarse::factor(&branch.scenario));
        let factor = factors.min().flatten().filter(|_| many(branches));
        let coarsened = factor.map(|factor| {
            let coarsened = branches.iter().map(|branch| Branch {
                scenario: coarse::coarsened(&branch.scenario, factor),
                ..branch.clone()
            });
            coarsened.collect()
        });
        coarsened.or(shrunk)
    }

    /// The branches with one subtask in place of several, of all of them equally many.
    fn shrunk(&self) -> Option<Vec<Branch>> {
        let scenarios = self.branches.iter().map(|branch| &branch.scenario);
        let fold = shrink::factor(scenarios)?;
        let shrunk = self.branches.iter().map(|branch| Branch {
            scenario: shrink::shrunk(&branch.scenario, fold),
            fold,
            ..branch.clone()
        });
        Some(shrunk.collect())
    }

    /// Searches with the runs of a plan, from these sites on.
    pub(super) fn search<R>(
        &self,
        run_plan: &RunPlan<'_, R>,
        starts: &[Site],
        spent: &mut Spent,
    ) -> Result<Visited, RecommendError>
    where
        R: Fn(Wanted<'_>) -> Result<RunResult, RunError> + Sync,
    {
        let before = spent.used;
        let progress = |finished| (self.ask.progress)((before + finished) * run_plan.runs());
        let plan = Plan {
            starts: starts.to_vec(),
            rungs: self.rungs.len(),
            given: self.current.into_iter().collect(),
            budget: spent.left,
            replications: self.ask.replications,
            jobs: self.ask.jobs,
            stop: self.ask.stop,
            progress: &progress,
        };
        let visited = search(&self.ask.question, &plan, |site, replication| {
            if run_plan.lost.get().is_some() {
                return None;
            }
            run_plan.evaluate(site, replication, &|_| {})
        })?;
        spent.used += visited.evaluations;
        spent.left -= visited.evaluations;
        Ok(visited)
    }

    /// Somebody wants the answer now.
    pub(super) fn stopped(&self) -> bool {
        self.ask.stop.load(Ordering::Relaxed)
    }

    /// Adds the sensitivity of the answer, as far as what is left allows.
    pub(super) fn tell_sensitivity<R>(
        &self,
        run_plan: &RunPlan<'_, R>,
        best: Site,
        spent: &mut Spent,
        recommendation: &mut Recommendation,
    ) -> Result<(), RecommendError>
    where
        R: Fn(Wanted<'_>) -> Result<RunResult, RunError> + Sync,
    {
        let walks = sensitivity::walks(&self.branches[best.branch].scenario);
        let each = spent.left / walks;
        if each < sensitivity::LEAST {
            let enough = (walks * sensitivity::LEAST).max(spent.used) as f64 / SENSITIVITY_SHARE;
            recommendation.notes.push(format!(
                "The budget left no runs for the sensitivity of the answer: --budget {:.0} allows them.",
                (enough * run_plan.runs() as f64 / 50.0).ceil() * 50.0
            ));
            return Ok(());
        }
        let (entries, evaluations) =
            self.sensitivity(run_plan, (best, each.min(WALK)), spent.used)?;
        spent.used += evaluations;
        if self.stopped() {
            // Walks that were cut short say nothing.
            return Ok(());
        }
        if let Some(entry) = entries.first()
            && (entry.base - self.rungs[best.rung]).abs() > 1e-3
        {
            let base = SimDuration::from_secs_f64(entry.base);
            recommendation.notes.push(format!(
                "Sensitivity is searched with {} runs per interval; with so few the answer as it is would be {base}: \
                 read how far it moves, not where it lies.",
                sensitivity::REPLICATIONS
            ));
        }
        recommendation.sensitivity = entries;
        Ok(())
    }

    /// Evaluations that are kept for the sensitivity.
    pub(super) fn reserved(&self, evaluations: usize) -> usize {
        if !self.ask.sensitivity {
            return 0;
        }
        let walks = sensitivity::walks(&self.branches[0].scenario);
        let share = (evaluations as f64 * SENSITIVITY_SHARE) as usize;
        if share < walks * sensitivity::LEAST {
            return 0;
        }
        share.min(walks * WALK)
    }

    /// The sensitivity of the answer with so many evaluations per walk, after `used` of them.
    fn sensitivity<R>(
        &self,
        run_plan: &RunPlan<'_, R>,
        (site, budget): (Site, usize),
        used: usize,
    ) -> Result<(Vec<SensitivityEntry>, usize), RecommendError>
    where
        R: Fn(Wanted<'_>) -> Result<RunResult, RunError> + Sync,
    {
        let base = Base {
            question: &self.ask.question,
            site,
            rungs: &self.rungs,
            scenario: &run_plan.branches[site.branch].scenario,
            budget,
        };
        // A walk takes one step after the other.
        let pool = workers(self.ask.jobs, sensitivity::walks(base.scenario))
            .map_err(SearchError::Threads)?;
        let finished = AtomicUsize::new(used);
        let stopped = || self.stopped();
        let made = pool.install(|| {
            sensitivity::sensitivity(&base, |site, replication, change| {
                if stopped() {
                    return Replication::default();
                }
                let figures = run_plan.evaluate(site, replication, change);
                let figures = figures.unwrap_or_default();
                let finished = finished.fetch_add(1, Ordering::Relaxed) + 1;
                (self.ask.progress)(finished * run_plan.runs());
                figures
            })
        });
        Ok(made)
    }
}

/// Evaluations that were made, and that are left.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Spent {
    pub(super) used: usize,
    pub(super) left: usize,
}

impl Spent {
    /// None of so many.
    pub(super) fn of(left: usize) -> Spent {
        Spent { used: 0, left }
    }
}

/// The best of every branch that may still win.
pub(super) fn contenders(visited: &Visited, question: &Question) -> Vec<Site> {
    let judged = visited.judged(question);
    let Some(best) = search::best(&judged) else {
        return Vec::new();
    };
    let mut branches: Vec<usize> = judged.keys().map(|site| site.branch).collect();
    branches.dedup();
    let of_branch = |branch: usize| {
        let sites = judged.iter().filter(|(site, _)| site.branch == branch);
        search::best(&sites.map(|(site, one)| (*site, one.clone())).collect())
    };
    let bests = branches.into_iter().filter_map(of_branch);
    bests
        .filter(|site| *site == best || visited.may_win(*site, best, &judged, question))
        .collect()
}

/// The longest interval that shorter ones come to the same pace with, in all branches: `min-pause`, or checkpoints that take
/// longer, hide them. s.
fn hidden(branches: &[Branch], rungs: &[f64]) -> Option<f64> {
    let pace_s = |branch: &Branch, rung: f64| {
        let scenario = with_interval(&branch.scenario, rung);
        Refined::of(&scenario).period_s.unwrap_or(rung)
    };
    let is_hidden = |pair: &[f64]| {
        let hides = |branch| pace_s(branch, pair[0]) >= pair[1] * PACED;
        branches.iter().all(hides)
    };
    let hidden = rungs.windows(2).take_while(|pair| is_hidden(pair));
    hidden.last().map(|pair| pair[1])
}
