//! From a site of the search to runs: the scenario with its interval, prolonged until there is something to count, and
//! once more with a failure where the question needs one.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use crate::experiment::ages;
use crate::experiment::guard::guarded;
use crate::experiment::journal::{Journal, JournalError};
use crate::experiment::metric::measured::Measured;
use crate::experiment::metric::replicate::Replication;
use crate::experiment::recommend::choices::Branch;
use crate::experiment::recommend::judge::Question;
use crate::experiment::recommend::search::Site;
use crate::experiment::recoveries::Recoveries;
use crate::experiment::run::{RunError, Until, Wanted};
use crate::experiment::run_result::RunResult;
use crate::experiment::sweep::identity;
use crate::formulas::assumptions::rate_varies;
use crate::formulas::catch_up::Outage;
use crate::formulas::recovery::longest_restore;
use crate::formulas::refined::Refined;
use crate::scenario::{Detection, FailureKind, FailureLaw, GivenFailure, Scenario, Target};
use crate::units::SimDuration;

/// A run lasts at least so many intervals after warm-up, so that two checkpoints have a period between them.
const PERIODS: u64 = 2;
/// So many intervals after warm-up are enough, where nothing changes over time.
const PERIODS_ENOUGH: u64 = 20;
/// Warm-up lasts at least so many intervals: the first checkpoint of an incremental backend uploads everything.
const WARMUP: f64 = 1.05;
/// A run with a failure ends when the job has recovered, or after this many times what an objective allows: by then it is
/// missed by far. Up to there the miss is measured, so that levers can be told apart.
const PATIENCE: f64 = 6.0;
/// Nobody waits longer for a job to catch up.
const ALLOWANCE_MAX_S: f64 = 4.0 * 3600.0;

/// Makes the runs of sites.
pub struct RunPlan<'a, R> {
    /// Combinations of discrete choices.
    pub branches: &'a [Branch],
    /// Intervals, s.
    pub rungs: &'a [f64],
    /// Root seed.
    pub seed: u64,
    /// Whether a failure is put into a run of its own.
    pub injects: bool,
    /// The longest time that an objective allows a failure to take, s.
    pub longest_recovery_s: Option<f64>,
    /// Makes one run.
    pub runner: &'a R,
    /// Evaluations that were made before.
    pub journal: &'a Mutex<Journal>,
    /// Why one could not be kept.
    pub lost: &'a OnceLock<JournalError>,
}

/// Whether a run of this scenario must be given a failure for the question to have an answer: none strikes by itself.
pub fn injects(scenario: &Scenario, question: &Question) -> bool {
    let duration = scenario.job.duration;
    let given = scenario
        .failures
        .given
        .iter()
        .any(|failure| failure.at < duration);
    let random = scenario.failures.random.as_ref();
    let frequent = random
        .and_then(|random| random.law.mtbf())
        .is_some_and(|mtbf| mtbf <= duration);
    question.needs_failure() && !given && !frequent
}

/// The scenario with another interval.
pub fn with_interval(scenario: &Scenario, interval_s: f64) -> Scenario {
    let mut scenario = scenario.clone();
    let interval = SimDuration::from_secs_f64(interval_s);
    scenario.checkpointing.interval = Some(interval.max(scenario.checkpointing.min_pause));
    scenario
}

impl<R> RunPlan<'_, R>
where
    R: Fn(Wanted<'_>) -> Result<RunResult, RunError> + Sync,
{
    /// The same with other scenarios of the branches.
    pub fn of<'b>(&'b self, branches: &'b [Branch]) -> RunPlan<'b, R> {
        RunPlan { branches, ..*self }
    }

    /// The scenario of a site.
    pub fn scenario(&self, site: Site) -> Scenario {
        with_interval(&self.branches[site.branch].scenario, self.rungs[site.rung])
    }

    /// Runs of the model per evaluation.
    pub fn runs(&self) -> usize {
        if self.injects { 2 } else { 1 }
    }

    /// One replication of a site; `change` is applied to its scenario. `None` if it was stopped, or cannot be kept.
    pub fn evaluate(
        &self,
        site: Site,
        replication: u32,
        change: &(dyn Fn(&mut Scenario) + Sync),
    ) -> Option<Replication> {
        let mut scenario = self.scenario(site);
        change(&mut scenario);
        let quiet = self.quiet(&scenario);
        let failing = self.injects.then(|| self.failing(&scenario, replication));
        let fold = self.branches[site.branch].fold;
        let name = name(self.seed, replication, &scenario, failing.as_ref(), fold);
        if let Some(known) = self.journal().get(&name) {
            return Some(known.clone());
        }
        let made = self.make(&scenario, &quiet, failing.as_ref(), replication);
        let made = match made {
            Ok(made) => made.of_whole(fold),
            Err(RunError::Stopped) => return None,
            Err(error) => return Some(Replication::not_simulated(&error.to_string())),
        };
        match self.journal().add(&name, &made) {
            Ok(()) => Some(made),
            Err(error) => {
                // The first one is told.
                let _ = self.lost.set(error);
                None
            }
        }
    }

    fn journal(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The run whose checkpoints count.
    fn quiet(&self, scenario: &Scenario) -> Scenario {
        let mut quiet = scenario.clone();
        // A setting is chosen for the job as it runs, not for one day's work on it.
        quiet.operations.clear();
        if self.injects {
            quiet.failures.given.clear();
            quiet.failures.random = None;
        }
        prolonged(&quiet)
    }

    fn make(
        &self,
        scenario: &Scenario,
        quiet: &Scenario,
        failing: Option<&Scenario>,
        replication: u32,
    ) -> Result<Replication, RunError> {
        let run = |scenario, until| {
            let wanted = Wanted {
                scenario,
                seed: self.seed,
                replication,
                until,
            };
            guarded(|| (self.runner)(wanted))
        };
        let Some(failing) = failing else {
            return Ok(Replication::of(quiet, &run(quiet, Until::End)?));
        };
        let (quiet, failing) =
            rayon::join(|| run(quiet, Until::End), || run(failing, Until::Recovered));
        let (quiet, failing) = (quiet?, failing?);
        let quiet = Measured::of(scenario, &quiet);
        let mut recoveries = recoveries(scenario, &failing);
        if rate_varies(scenario).is_none() {
            recoveries = ages::at_any_moment(recoveries, &ages::completed(&quiet.counted));
        }
        Ok(Replication::read(Measured {
            recoveries,
            ..quiet
        }))
    }

    /// The scenario with one failure, in the period after the first that begins after warm-up. Over replications its
    /// phase within the period fills the period evenly (van der Corput), so that a few runs see early and late failures.
    fn failing(&self, scenario: &Scenario, replication: u32) -> Scenario {
        let mut failing = scenario.clone();
        let refined = Refined::of(scenario);
        let durable = refined
            .durable_s()
            .min(scenario.checkpointing.timeout.as_secs_f64());
        let interval = scenario
            .checkpointing
            .interval
            .unwrap_or(scenario.job.duration)
            .as_secs_f64();
        let phase = (van_der_corput(replication) + van_der_corput(self.seed as u32)).fract();
        let at = scenario.job.warmup.as_secs_f64() + durable + interval * (1.0 + phase);
        let allowance = match self.longest_recovery_s {
            Some(bound) => PATIENCE * bound,
            None => 2.0 * usual_recovery_s(scenario, &refined, interval),
        };
        failing.operations.clear();
        failing.failures.random = None;
        failing.failures.given = vec![GivenFailure {
            at: SimDuration::from_secs_f64(at),
            target: target(scenario, replication),
            times: 1,
            again_after: SimDuration::ZERO,
        }];
        failing.job.duration = SimDuration::from_secs_f64(at + allowance.min(ALLOWANCE_MAX_S));
        failing
    }
}

/// What an evaluation is, whoever asks for it: its runs.
fn name(
    seed: u64,
    replication: u32,
    scenario: &Scenario,
    failing: Option<&Scenario>,
    fold: usize,
) -> String {
    let failing = failing.map_or_else(String::new, identity);
    let fold = if fold > 1 {
        format!("*{fold}")
    } else {
        String::new()
    };
    format!(
        "{}+{failing:.16}{fold}#{seed}.{replication}",
        identity(scenario)
    )
}

/// Long enough to leave the first checkpoint out and to count [`PERIODS`] more; not longer than [`PERIODS_ENOUGH`] take, where
/// rates are constant and failures have runs of their own.
pub fn prolonged(scenario: &Scenario) -> Scenario {
    let mut prolonged = scenario.clone();
    let interval = scenario.checkpointing.interval.unwrap_or(SimDuration::ZERO);
    let warmup = scenario.job.warmup.max(interval.scale(WARMUP));
    let durable = Refined::of(scenario).durable_s();
    let durable = durable.min(scenario.checkpointing.timeout.as_secs_f64());
    let lasts = |periods| warmup + interval * periods + SimDuration::from_secs_f64(durable);
    let least = scenario.job.duration.max(lasts(PERIODS));
    let steady = rate_varies(scenario).is_none() && !scenario.failures.any();
    prolonged.job.warmup = warmup;
    prolonged.job.duration = if steady && !interval.is_zero() {
        least.min(lasts(PERIODS_ENOUGH))
    } else {
        least
    };
    prolonged
}

/// What fails: what the scenario says that fails at random, else a TaskManager; another one in every replication.
fn target(scenario: &Scenario, replication: u32) -> Target {
    let number = replication as usize;
    match scenario.failures.random.as_ref().map(|random| random.kind) {
        Some(FailureKind::Task) => {
            let vertex = number % scenario.vertices.len();
            let subtask = number % scenario.vertices[vertex].parallelism;
            Target::Task { vertex, subtask }
        }
        Some(FailureKind::JobManager) => Target::JobManager,
        Some(FailureKind::TaskManager) | None => {
            Target::TaskManager(number % scenario.cluster.taskmanagers)
        }
    }
}

/// What follows the failure. How often it comes is not in the run but in the scenario's law, if there is one.
fn recoveries(scenario: &Scenario, run: &RunResult) -> Recoveries {
    let mut recoveries = Recoveries::of(run);
    let down = &recoveries.downtime;
    let down_s = down.ended.iter().chain(&down.open).sum::<f64>();
    recoveries.unavailability = mtbf_s(scenario).map(|mtbf_s| down_s / (mtbf_s + down_s));
    recoveries
}

/// Mean time between failures of the scenario's law, s.
pub fn mtbf_s(scenario: &Scenario) -> Option<f64> {
    let law: &FailureLaw = &scenario.failures.random.as_ref()?.law;
    law.mtbf().map(SimDuration::as_secs_f64)
}

/// The longest interval worth a try for a question that bounds recovery: with a longer one, processing even half of the
/// median rework again takes longer than is allowed, at the spare capacity that the busiest subtask has. s.
///
/// The median rework is I/2; half of it is worked off in (I/4)·ρ/(1 − ρ) (the fluid law of [`Outage::drain_s`]). `None` if
/// recovery is not bounded, or nothing is spare.
pub fn longest_useful_s(scenario: &Scenario, question: &Question) -> Option<f64> {
    let bounds = question.objectives.iter().filter(|objective| {
        let name = &objective.metric.name;
        name.starts_with("recovery_") || name.starts_with("catch_up_")
    });
    let tightest_s = bounds.map(|objective| objective.bound).reduce(f64::min)?;
    let rho = Refined::of(scenario).load.peak();
    (rho > 0.0 && rho < 1.0).then(|| 4.0 * tightest_s * (1.0 - rho) / rho)
}

/// Detection, replacement and restore, s: what closed forms say of the time without processing.
pub fn restart_s(scenario: &Scenario, refined: &Refined) -> f64 {
    let recovery = &scenario.failures.recovery;
    let kind = scenario.failures.random.as_ref().map(|random| random.kind);
    let before_restore = match kind {
        Some(FailureKind::Task) => SimDuration::ZERO,
        Some(FailureKind::JobManager) => recovery.jobmanager_start,
        Some(FailureKind::TaskManager) | None => {
            let detection = match recovery.detection {
                Detection::Immediate => SimDuration::ZERO,
                Detection::Heartbeat => recovery.heartbeat_timeout,
            };
            detection + recovery.taskmanager_start
        }
    };
    before_restore.as_secs_f64() + longest_restore(scenario, refined).value.unwrap_or(0.0)
}

/// By the fluid law, with a whole interval to process again.
fn usual_recovery_s(scenario: &Scenario, refined: &Refined, interval_s: f64) -> f64 {
    let outage = Outage {
        input_per_s: refined.load.peak(),
        capacity_per_s: 1.0,
        down_s: restart_s(scenario, refined),
        rework_s: interval_s + refined.durable_s(),
    };
    outage.back_to_normal_s().unwrap_or(ALLOWANCE_MAX_S)
}

/// The fraction whose binary digits are those of `number`, mirrored: 0, 1/2, 1/4, 3/4, 1/8, …
fn van_der_corput(number: u32) -> f64 {
    f64::from(number.reverse_bits()) / 4_294_967_296.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::metric::MetricId;
    use crate::experiment::recommend::objective::{minimised, parse};
    use crate::experiment::sample;
    use crate::scenario::RandomFailures;

    fn question(objective: &str) -> Question {
        Question {
            objectives: vec![parse(objective).unwrap()],
            minimised: minimised("overhead").unwrap(),
        }
    }

    #[test]
    fn failures_are_put_in_only_where_the_question_needs_them_and_none_strikes() {
        let mut scenario = sample::scenario(10);
        assert!(!injects(&scenario, &question("duration_p99<=1s")));
        assert!(injects(&scenario, &question("recovery_p95<=1min")));
        let mut fails_after = |seconds| {
            let law = FailureLaw::Exponential {
                mtbf: SimDuration::from_secs(seconds),
            };
            scenario.failures.random = Some(RandomFailures {
                law,
                kind: FailureKind::Task,
            });
            injects(&scenario, &question("recovery_p95<=1min"))
        };
        assert!(!fails_after(60));
        assert!(fails_after(3600));
    }

    #[test]
    fn an_interval_whose_rework_alone_takes_too_long_is_not_worth_a_try() {
        let scenario = sample::scenario(10);
        let rho = Refined::of(&scenario).load.peak();
        let found = longest_useful_s(&scenario, &question("recovery_p95<=30s")).unwrap();
        assert!((found * rho / (1.0 - rho) / 4.0 - 30.0).abs() < 1e-9);
        let unbounded = question("duration_p99<=1s");
        assert_eq!(longest_useful_s(&scenario, &unbounded), None);
    }

    #[test]
    fn failures_fill_the_period_and_the_run_lasts_as_long_as_patience() {
        let branches = [Branch {
            labels: Vec::new(),
            settings: Vec::new(),
            scenario: sample::scenario(10),
            fold: 1,
        }];
        let (journal, lost) = (Mutex::new(Journal::in_memory()), OnceLock::new());
        let run_plan = RunPlan {
            branches: &branches,
            rungs: &[100.0],
            seed: 0,
            injects: true,
            longest_recovery_s: Some(60.0),
            runner: &sample::made,
            journal: &journal,
            lost: &lost,
        };
        let site = Site { branch: 0, rung: 0 };
        let at = |replication| {
            let failing = run_plan.failing(&run_plan.scenario(site), replication);
            let at = failing.failures.given[0].at.as_secs_f64();
            assert!((failing.job.duration.as_secs_f64() - at - 360.0).abs() < 1e-6);
            at
        };
        assert!((at(1) - at(0) - 50.0).abs() < 1e-6);
        assert!((at(3) - at(0) - 75.0).abs() < 1e-6);
        let figures = run_plan.evaluate(site, 0, &|_| {}).unwrap();
        // 305 s at 100 s: the first trigger is warm-up, those at 200 and 300 s count.
        assert_eq!(figures.figures.get(MetricId::Completed), Some(2.0));
    }

    #[test]
    fn a_run_that_cannot_be_made_is_a_failure_of_its_site_alone() {
        let branches = [Branch {
            labels: Vec::new(),
            settings: Vec::new(),
            scenario: sample::scenario(10),
            fold: 1,
        }];
        let (journal, lost) = (Mutex::new(Journal::in_memory()), OnceLock::new());
        let run_plan = RunPlan {
            branches: &branches,
            rungs: &[10.0],
            seed: 0,
            injects: false,
            longest_recovery_s: None,
            runner: &|_: Wanted<'_>| {
                let (limit, seconds) = (9, 1.0);
                Err(RunError::TooManyEvents { limit, seconds })
            },
            journal: &journal,
            lost: &lost,
        };
        let figures = run_plan
            .evaluate(Site { branch: 0, rung: 0 }, 0, &|_| {})
            .unwrap();
        assert!(figures.failure.is_some_and(|why| why.contains("9 events")));
    }
}
