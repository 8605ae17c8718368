//! Many runs: every point of a grid, every replication, on all cores.
//!
//! The only parallel place. Results are collected in grid order, so the number of jobs changes time, never a byte. A run
//! is named by the hash of its scenario and its replication: neighbours that share a scenario (such as the run without
//! checkpoints) share the run, and a replication has the same random numbers at every point.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use crate::experiment::grid::Point;
use crate::experiment::guard::guarded;
use crate::experiment::journal::{Journal, JournalError};
use crate::experiment::loss::{self, Loss};
use crate::experiment::metric::MetricId;
use crate::experiment::metric::replicate::{NOT_SIMULATED, Replication, Sample};
use crate::experiment::run::{RunError, Until, Wanted};
use crate::experiment::run_result::RunResult;
use crate::experiment::summary::PointSummary;
use crate::experiment::witness::beside;
use crate::experiment::workers::{WorkersError, workers};
use crate::scenario::{Scenario, print};

/// How a sweep is made.
pub struct Options<'a> {
    /// Parallel runs as wished, see [`workers`]; 0 = one per core.
    pub jobs: usize,
    /// Whether throughput loss is measured (two more runs per point and replication).
    pub loss: bool,
    /// Root seed.
    pub seed: u64,
    /// Runs per point.
    pub replications: u32,
    /// Set from outside to stop after the runs that are under way.
    pub stop: &'a AtomicBool,
    /// Called after every run with the number of finished runs.
    pub progress: &'a (dyn Fn(usize) + Sync),
}

/// What came of a sweep.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Swept {
    /// In grid order.
    pub points: Vec<PointSummary>,
    /// Sentences about jobs that failed, and about losses that could not be measured.
    pub troubles: Vec<String>,
}

/// What ended a sweep early.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SweepError {
    /// The journal failed.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Somebody stopped it.
    #[error("interrupted: {finished} of {all} runs are in the journal; continue with --resume")]
    Interrupted {
        /// Finished runs.
        finished: usize,
        /// All runs.
        all: usize,
    },
    /// There are no threads.
    #[error(transparent)]
    Threads(#[from] WorkersError),
}

/// A run that is to be made: its name, scenario and replication, and the point that first needs it.
struct Planned {
    name: String,
    scenario: Scenario,
    replication: u32,
    point: String,
    purpose: Purpose,
}

impl Planned {
    fn wanted(&self, seed: u64) -> Wanted<'_> {
        Wanted {
            scenario: &self.scenario,
            seed,
            replication: self.replication,
            until: match self.purpose {
                Purpose::Point | Purpose::Loss => Until::End,
                Purpose::Twin => Until::Steady,
            },
        }
    }
}

/// Whether a sweep can do without a run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// It is the point itself.
    Point,
    /// It only serves the throughput loss: at saturation a job may exceed limits that it usually keeps.
    Loss,
    /// The same, and without checkpoints: it ends when its rate is known.
    Twin,
}

/// What a run depends on: neither the seed, which has a name of its own, nor how often it is repeated, nor what is hoped.
pub fn identity(scenario: &Scenario) -> String {
    let mut one = scenario.clone();
    one.objectives.clear();
    one.job.seed = 0;
    one.job.replications = 1;
    print::sha256(&one)
}

/// Number of different runs that a sweep consists of.
pub fn run_count(points: &[Point], options: &Options<'_>) -> usize {
    wanted(points, options).len()
}

/// Makes all runs that the journal does not have yet, with `runner`, and summarises each point. A run that cannot be made
/// spoils its own points only; the journal does not have it, so that it is tried again.
pub fn sweep<R>(
    points: &[Point],
    options: &Options<'_>,
    journal: &mut Journal,
    runner: R,
) -> Result<Swept, SweepError>
where
    R: Fn(Wanted<'_>) -> Result<RunResult, RunError> + Sync,
{
    let all = wanted(points, options);
    let open: Vec<&Planned> = all
        .iter()
        .filter(|run| journal.get(&run.name).is_none())
        .collect();
    let before = all.len() - open.len();
    (options.progress)(before);
    let pool = workers(options.jobs, open.len())?;
    let shared = Mutex::new((before, &mut *journal));
    let not_made = Mutex::new(NotMade::new());
    pool.install(|| {
        // One item is a whole run: nothing is gained by keeping neighbours together.
        open.par_iter().with_max_len(1).try_for_each(|run| {
            if options.stop.load(Ordering::Relaxed) {
                return Ok::<(), SweepError>(());
            }
            let made = guarded(|| {
                let result = runner(run.wanted(options.seed))?;
                Ok(Replication::of(&run.scenario, &result))
            });
            let mut guard = shared
                .lock()
                .expect("no run panics while it holds the journal");
            match made {
                Ok(replication) => guard.1.add(&run.name, &replication)?,
                Err(error) => {
                    let mut not_made = not_made.lock().expect("inserting does not panic");
                    not_made.insert(run.name.clone(), error);
                }
            }
            guard.0 += 1;
            (options.progress)(guard.0);
            Ok(())
        })
    })?;
    let not_made = not_made.into_inner().expect("inserting does not panic");
    let finished = all
        .iter()
        .filter(|run| journal.get(&run.name).is_some())
        .count();
    if finished + not_made.len() < all.len() {
        let all = all.len();
        return Err(SweepError::Interrupted { finished, all });
    }
    let mut troubles = losses_not_measured(&all, &not_made);
    let summaries = points
        .iter()
        .map(|point| summary(point, options, (journal, &not_made), &mut troubles));
    Ok(Swept {
        points: summaries.collect(),
        troubles,
    })
}

/// Runs that could not be made, by name.
type NotMade = BTreeMap<String, RunError>;

fn losses_not_measured(all: &[Planned], not_made: &NotMade) -> Vec<String> {
    let lost = all.iter().filter(|run| run.purpose != Purpose::Point);
    let mut troubles: Vec<String> = lost
        .filter_map(|run| {
            let error = not_made.get(&run.name)?;
            Some(format!("{}: no throughput loss: {error}", run.point))
        })
        .collect();
    troubles.sort();
    troubles.dedup();
    troubles
}

/// All different runs, in the order in which points need them.
fn wanted(points: &[Point], options: &Options<'_>) -> Vec<Planned> {
    let mut names = BTreeSet::new();
    let mut runs = Vec::new();
    for point in points {
        for (scenario, purpose) in scenarios(&point.scenario, options.loss) {
            let hash = named(&scenario, purpose);
            for replication in 0..options.replications {
                let name = name(&hash, options.seed, replication);
                if names.insert(name.clone()) {
                    let point = point.label();
                    runs.push(Planned {
                        name,
                        scenario: scenario.clone(),
                        replication,
                        point,
                        purpose,
                    });
                }
            }
        }
    }
    runs
}

fn scenarios(scenario: &Scenario, with_loss: bool) -> Vec<(Scenario, Purpose)> {
    let mut all = vec![(scenario.clone(), Purpose::Point)];
    if let Some((with, without)) = with_loss.then(|| loss_pair(scenario)).flatten() {
        all.push((without, Purpose::Twin));
        all.push((with, Purpose::Loss));
    }
    all
}

/// The saturated job with and without checkpoints.
fn loss_pair(scenario: &Scenario) -> Option<(Scenario, Scenario)> {
    let with = loss::saturated(scenario)?;
    let without = loss::without_checkpoints(&with);
    Some((with, without))
}

/// What identifies a run of this purpose but for its seed and replication.
fn named(scenario: &Scenario, purpose: Purpose) -> String {
    let hash = identity(scenario);
    match purpose {
        Purpose::Point | Purpose::Loss => hash,
        // Its end differs from that of the same scenario as a point.
        Purpose::Twin => format!("{hash}/twin"),
    }
}

fn name(hash: &str, seed: u64, replication: u32) -> String {
    format!("{hash}/{seed}/{replication}")
}

/// The replications of a scenario, in order; `None` where the journal has none.
pub fn replications(
    scenario: &Scenario,
    options: &Options<'_>,
    journal: &Journal,
) -> Vec<Option<Replication>> {
    made_for(Purpose::Point, scenario, options, journal)
}

fn made_for(
    purpose: Purpose,
    scenario: &Scenario,
    options: &Options<'_>,
    journal: &Journal,
) -> Vec<Option<Replication>> {
    let hash = named(scenario, purpose);
    (0..options.replications)
        .map(|n| journal.get(&name(&hash, options.seed, n)).cloned())
        .collect()
}

/// The paired runs at saturation, with and without checkpoints; `None` where there is no loss to measure.
#[expect(
    clippy::type_complexity,
    reason = "a pair of what `replications` gives"
)]
fn pairs(
    scenario: &Scenario,
    options: &Options<'_>,
    journal: &Journal,
) -> Option<(Vec<Option<Replication>>, Vec<Option<Replication>>)> {
    let (with, without) = options.loss.then(|| loss_pair(scenario)).flatten()?;
    Some((
        made_for(Purpose::Loss, &with, options, journal),
        made_for(Purpose::Twin, &without, options, journal),
    ))
}

/// By replication; `None` where it could not be simulated.
pub fn samples(
    scenario: &Scenario,
    options: &Options<'_>,
    journal: &Journal,
) -> Vec<Option<Sample>> {
    let (with, without) = pairs(scenario, options, journal).unwrap_or_default();
    let loss_of = |n: usize| {
        let (with, without) = (with.get(n)?.as_ref()?, without.get(n)?.as_ref()?);
        loss::share(with, without).ok()
    };
    let all = replications(scenario, options, journal);
    let all = all.into_iter().enumerate();
    all.map(|(n, replication)| {
        Some(Sample {
            replication: replication?,
            loss: loss_of(n),
        })
    })
    .collect()
}

fn summary(
    point: &Point,
    options: &Options<'_>,
    (journal, not_made): (&Journal, &NotMade),
    troubles: &mut Vec<String>,
) -> PointSummary {
    let made: Vec<Replication> = replications(&point.scenario, options, journal)
        .into_iter()
        .flatten()
        .collect();
    let failures: Vec<&str> = made
        .iter()
        .filter_map(|replication| replication.failure.as_deref())
        .collect();
    if let Some(reason) = failures.first() {
        let (some, all) = (failures.len(), made.len());
        troubles.push(format!(
            "{}: the job failed in {some} of {all} replications: {reason}",
            point.label()
        ));
    }
    let loss = pairs(&point.scenario, options, journal).map(|(with, without)| {
        // A replication that lacks one of the two is no pair.
        let pairs = with.into_iter().zip(without);
        let (with, without): (Vec<Replication>, Vec<Replication>) = pairs
            .filter_map(|(with, without)| with.zip(without))
            .unzip();
        Loss::of(&with, &without)
    });
    if let Some(why) = loss.as_ref().and_then(Loss::missing) {
        troubles.push(format!("{}: no throughput loss: {why}", point.label()));
    }
    let mut summary = PointSummary::of(&made);
    summary.coordinates.clone_from(&point.coordinates);
    if let Some(share) = loss.as_ref().and_then(Loss::share) {
        summary.metrics.set(MetricId::ThroughputLoss, share);
    }
    summary.comparisons = beside(&point.scenario, &made, loss.as_ref());
    summary.failure = failure(&point.scenario, options, not_made);
    summary
}

/// Why a point lacks some or all of its replications.
fn failure(scenario: &Scenario, options: &Options<'_>, not_made: &NotMade) -> Option<String> {
    let hash = identity(scenario);
    let missing: Vec<&RunError> = (0..options.replications)
        .filter_map(|n| not_made.get(&name(&hash, options.seed, n)))
        .collect();
    let first = missing.first()?;
    Some(if missing.len() == options.replications as usize {
        format!("{NOT_SIMULATED}: {first}")
    } else {
        let (some, all) = (missing.len(), options.replications);
        format!("{some} of {all} replications {NOT_SIMULATED}: {first}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::grid;
    use crate::experiment::sample;
    use crate::scenario::axis::Axis;
    use crate::units::SimDuration;
    use std::sync::atomic::AtomicUsize;

    static NEVER: AtomicBool = AtomicBool::new(false);

    fn points() -> Vec<Point> {
        let axis = Axis::parse("flink.execution.checkpointing.interval=5 s, 10 s, 20 s").unwrap();
        grid::points(&sample::loaded(10), &[axis]).unwrap()
    }

    fn options(jobs: usize) -> Options<'static> {
        Options {
            jobs,
            loss: true,
            seed: 7,
            replications: 3,
            stop: &NEVER,
            progress: &|_| {},
        }
    }

    fn swept(options: &Options<'_>, journal: &mut Journal) -> Result<Swept, SweepError> {
        sweep(&points(), options, journal, sample::made)
    }

    #[test]
    fn jobs_change_no_byte() {
        let one = swept(&options(1), &mut Journal::in_memory()).unwrap();
        let four = swept(&options(4), &mut Journal::in_memory()).unwrap();
        assert_eq!(
            serde_json::to_string(&one.points).unwrap(),
            serde_json::to_string(&four.points).unwrap()
        );
        assert_eq!(one.points[1].coordinates[0].label, "10 s");
    }

    #[test]
    fn the_loss_is_that_of_the_paired_runs() {
        let swept = swept(&options(1), &mut Journal::in_memory()).unwrap();
        // The runner loses a second per interval.
        let loss = swept.points[1].metric(MetricId::ThroughputLoss).unwrap();
        assert!((loss.value - 0.1).abs() < 1e-12);
        assert_eq!(loss.n, 3);
    }

    #[test]
    fn runs_without_checkpoints_are_shared_by_all_intervals() {
        // 3 points with 3 replications, as many at saturation, and 3 runs without checkpoints.
        assert_eq!(run_count(&points(), &options(1)), 21);
    }

    #[test]
    fn an_interrupted_sweep_resumes_to_the_same_bytes() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal.ndjson");
        let (stop, begun) = (AtomicBool::new(false), AtomicUsize::new(0));
        let progress = |finished: usize| {
            begun.store(finished, Ordering::Relaxed);
            stop.store(finished >= 5, Ordering::Relaxed);
        };
        let interrupted = Options {
            stop: &stop,
            progress: &progress,
            ..options(1)
        };
        let mut journal = Journal::open(&path, "sample", true).unwrap();
        let error = swept(&interrupted, &mut journal).unwrap_err();
        assert!(error.to_string().contains("5 of 21 runs"), "{error}");
        let mut journal = Journal::open(&path, "sample", true).unwrap();
        let resumed = swept(&options(2), &mut journal).unwrap();
        let whole = swept(&options(2), &mut Journal::in_memory()).unwrap();
        assert_eq!(
            serde_json::to_string(&resumed.points).unwrap(),
            serde_json::to_string(&whole.points).unwrap()
        );
    }

    #[test]
    fn more_replications_continue_the_same_journal() {
        let mut journal = Journal::in_memory();
        swept(&options(1), &mut journal).unwrap();
        let mut more = points();
        for point in &mut more {
            point.scenario.job.replications = 4;
        }
        let runs = AtomicUsize::new(0);
        let four = Options {
            replications: 4,
            ..options(1)
        };
        sweep(&more, &four, &mut journal, |wanted| {
            runs.fetch_add(1, Ordering::Relaxed);
            sample::made(wanted)
        })
        .unwrap();
        assert_eq!(runs.load(Ordering::Relaxed), 7);
    }

    #[test]
    fn a_loss_that_cannot_be_measured_does_not_spoil_the_rest() {
        let limited = |wanted: Wanted<'_>| {
            if wanted.scenario.checkpointing.interval.is_none() {
                let (limit, seconds) = (9, 1.0);
                return Err(RunError::TooManyEvents { limit, seconds });
            }
            sample::made(wanted)
        };
        let journal = &mut Journal::in_memory();
        let swept = sweep(&points(), &options(2), journal, limited).unwrap();
        assert_eq!(swept.points[0].metric(MetricId::ThroughputLoss), None);
        assert!(swept.points[0].metric(MetricId::DurationP50).is_some());
        assert_eq!(swept.troubles.len(), 1, "{:?}", swept.troubles);
    }

    /// Too many events at 5 s, a fault of the model at 10 s in replication 1.
    fn faulty(wanted: Wanted<'_>) -> Result<RunResult, RunError> {
        let (scenario, n) = (wanted.scenario, wanted.replication);
        let interval = scenario.checkpointing.interval.map(SimDuration::as_millis);
        let (limit, seconds) = (9, 1.0);
        match (interval, n) {
            (Some(5_000), _) => Err(RunError::TooManyEvents { limit, seconds }),
            (Some(10_000), 1) => panic!("the snapshot has begun"),
            _ => sample::made(wanted),
        }
    }

    #[test]
    fn a_point_that_cannot_be_simulated_says_why_and_leaves_the_others_as_they_are() {
        let whole = swept(&options(2), &mut Journal::in_memory()).unwrap();
        let with_jobs = |jobs| {
            let journal = &mut Journal::in_memory();
            sweep(&points(), &options(jobs), journal, faulty).unwrap()
        };
        let broken = with_jobs(1);
        assert_eq!(broken, with_jobs(4), "the number of jobs changes no byte");
        let [none, some, all] = &broken.points[..] else {
            panic!("three points");
        };
        let why = |point: &PointSummary| point.failure.clone().unwrap();
        assert!(
            why(none).starts_with("not simulated: after 1s of simulated time"),
            "{none:?}"
        );
        assert_eq!(none.metric(MetricId::DurationP50), None);
        let reason = why(some);
        assert!(
            reason.starts_with("1 of 3 replications not simulated: "),
            "{reason}"
        );
        assert!(reason.contains("the snapshot has begun at "), "{reason}");
        assert_eq!(some.metric(MetricId::DurationP50).unwrap().n, 2);
        assert_eq!(all, &whole.points[2]);
        let told = |part: &str| broken.troubles.iter().any(|one| one.contains(part));
        assert!(told("interval = 5 s: no throughput loss: "), "{broken:?}");
    }

    #[test]
    fn a_run_that_could_not_be_made_is_tried_again_on_resume() {
        let mut journal = Journal::in_memory();
        sweep(&points(), &options(1), &mut journal, faulty).unwrap();
        let runs = AtomicUsize::new(0);
        let resumed = sweep(&points(), &options(1), &mut journal, |wanted| {
            runs.fetch_add(1, Ordering::Relaxed);
            sample::made(wanted)
        });
        let whole = swept(&options(1), &mut Journal::in_memory()).unwrap();
        assert_eq!(resumed.unwrap(), whole);
        // Three of 5 s, one of 10 s; and as many at saturation.
        assert_eq!(runs.load(Ordering::Relaxed), 8);
    }
}
