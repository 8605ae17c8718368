//! Many runs: every point of a grid, every replication, on all cores.
//!
//! The only parallel place. Results are collected in grid order, so the number of jobs changes time, never a byte. A run
//! is named by the hash of its scenario and its replication: neighbours that share a scenario (such as the run without
//! checkpoints) share the run, and a replication has the same random numbers at every point.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use crate::experiment::compare::compare;
use crate::experiment::grid::Point;
use crate::experiment::journal::{Journal, JournalError};
use crate::experiment::loss;
use crate::experiment::replicate::{Replication, summarise};
use crate::experiment::result::{PointSummary, RunResult};
use crate::experiment::run::RunError;
use crate::scenario::{Scenario, print};

/// How a sweep is made.
pub struct Options<'a> {
    /// Parallel runs; 0 = one per core.
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

/// What ended a sweep early.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// A run failed.
    #[error("at {point}: {source}")]
    Run {
        /// Where.
        point: String,
        /// Why.
        source: RunError,
    },
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
    /// The thread pool cannot be made.
    #[error("cannot start {jobs} threads: {why}")]
    Threads {
        /// Number of threads.
        jobs: usize,
        /// Why.
        why: String,
    },
}

/// A run that is to be made: its name, scenario and replication, and the point that first needs it.
struct Wanted {
    name: String,
    scenario: Scenario,
    replication: u32,
    point: String,
}

/// Number of different runs that a sweep consists of.
pub fn run_count(points: &[Point], options: &Options<'_>) -> usize {
    wanted(points, options).len()
}

/// Makes all runs that the journal does not have yet, with `runner`, and summarises each point.
pub fn sweep<R>(
    points: &[Point],
    options: &Options<'_>,
    journal: &mut Journal,
    runner: R,
) -> Result<Vec<PointSummary>, SweepError>
where
    R: Fn(&Scenario, u64, u32) -> Result<RunResult, RunError> + Sync,
{
    let all = wanted(points, options);
    let open: Vec<&Wanted> = all
        .iter()
        .filter(|run| journal.get(&run.name).is_none())
        .collect();
    let before = all.len() - open.len();
    (options.progress)(before);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(options.jobs)
        .build()
        .map_err(|error| SweepError::Threads {
            jobs: options.jobs,
            why: error.to_string(),
        })?;
    let shared = Mutex::new((before, &mut *journal));
    pool.install(|| {
        open.par_iter().try_for_each(|run| {
            if options.stop.load(Ordering::Relaxed) {
                return Ok::<(), SweepError>(());
            }
            let result =
                runner(&run.scenario, options.seed, run.replication).map_err(|source| {
                    SweepError::Run {
                        point: run.point.clone(),
                        source,
                    }
                })?;
            let replication = Replication::of(&run.scenario, &result);
            let mut guard = shared
                .lock()
                .expect("no run panics while it holds the journal");
            guard.1.add(&run.name, &replication)?;
            guard.0 += 1;
            (options.progress)(guard.0);
            Ok(())
        })
    })?;
    if all.iter().any(|run| journal.get(&run.name).is_none()) {
        let finished = all
            .iter()
            .filter(|run| journal.get(&run.name).is_some())
            .count();
        return Err(SweepError::Interrupted {
            finished,
            all: all.len(),
        });
    }
    Ok(points
        .iter()
        .map(|point| summary(point, options, journal))
        .collect())
}

/// All different runs, in the order in which points need them.
fn wanted(points: &[Point], options: &Options<'_>) -> Vec<Wanted> {
    let mut names = BTreeSet::new();
    let mut runs = Vec::new();
    for point in points {
        for scenario in scenarios(&point.scenario, options.loss) {
            let hash = print::sha256(&scenario);
            for replication in 0..options.replications {
                let name = name(&hash, options.seed, replication);
                if names.insert(name.clone()) {
                    let point = point.label();
                    runs.push(Wanted {
                        name,
                        scenario: scenario.clone(),
                        replication,
                        point,
                    });
                }
            }
        }
    }
    runs
}

fn scenarios(scenario: &Scenario, with_loss: bool) -> Vec<Scenario> {
    let mut all = vec![scenario.clone()];
    if with_loss {
        let saturated = loss::saturated(scenario);
        all.push(loss::without_checkpoints(&saturated));
        all.push(saturated);
    }
    all
}

fn name(hash: &str, seed: u64, replication: u32) -> String {
    format!("{hash}/{seed}/{replication}")
}

fn summary(point: &Point, options: &Options<'_>, journal: &Journal) -> PointSummary {
    let runs = |scenario: &Scenario| -> Vec<Replication> {
        let hash = print::sha256(scenario);
        (0..options.replications)
            .filter_map(|n| journal.get(&name(&hash, options.seed, n)).cloned())
            .collect()
    };
    let mut summary = summarise(&runs(&point.scenario));
    summary.coordinates.clone_from(&point.coordinates);
    if options.loss {
        let saturated = loss::saturated(&point.scenario);
        summary.throughput_loss = loss::loss(
            &runs(&saturated),
            &runs(&loss::without_checkpoints(&saturated)),
        );
    }
    summary.comparisons = compare(&point.scenario, &summary);
    summary
}
