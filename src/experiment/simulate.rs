//! All replications of one scenario: what `run` makes, and `verify` makes again.

use crate::experiment::grid;
use crate::experiment::guard::guarded;
use crate::experiment::journal::Journal;
use crate::experiment::metric::MetricId;
use crate::experiment::metric::replicate::{Replication, Sample};
use crate::experiment::objectives::{self, Judged};
use crate::experiment::run::{RunError, Simulation, Wanted};
use crate::experiment::sweep::{self, Options, SweepError, run_count, sweep};
use crate::experiment::watch::Watch;
use crate::experiment::{PointSummary, RunResult};
use crate::measure::Flight;
use crate::measure::flight::FlightWatch;
use crate::scenario::diagnostic::Diagnostics;
use crate::scenario::load::Loaded;

/// A scenario's replications: the first one whole, all of them summarised.
#[derive(Debug)]
pub struct Simulated {
    /// Replication 0.
    pub first: RunResult,
    /// How its barriers travelled.
    pub flights: Vec<Flight>,
    /// Wall time of its event loop, without set-up, in nanoseconds.
    pub event_loop_ns: u64,
    /// Over all replications.
    pub summary: PointSummary,
    /// By replication; `None` where it could not be simulated.
    pub samples: Vec<Option<Sample>>,
    /// Events of all runs.
    pub events: u64,
    /// What the scenario wants, judged by all replications.
    pub objectives: Vec<Judged>,
    /// Sentences about jobs that failed, and about losses that could not be measured.
    pub troubles: Vec<String>,
}

/// What ended it early.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SimulateError {
    /// Replication 0 could not be made.
    #[error(transparent)]
    Run(#[from] RunError),
    /// Another one could not.
    #[error(transparent)]
    Sweep(#[from] SweepError),
    /// An objective, or the grid of one point, is not what it should be.
    #[error(transparent)]
    Scenario(#[from] Diagnostics),
}

/// Number of runs that [`simulate`] makes.
pub fn runs(loaded: &Loaded, options: &Options<'_>) -> Result<usize, Diagnostics> {
    Ok(run_count(&grid::points(loaded, &[])?, options))
}

/// Makes all replications of a scenario, each once. `now_ns` is a clock.
pub fn simulate(
    loaded: &Loaded,
    options: &Options<'_>,
    watch: &Watch<'_>,
    now_ns: &dyn Fn() -> u64,
) -> Result<Simulated, SimulateError> {
    let mut barriers = FlightWatch::default();
    let (first, event_loop_ns) = guarded(|| {
        let simulation = Simulation::new(&loaded.scenario);
        let simulation = simulation.watched(watch).observe(&mut barriers);
        let mut running = simulation.prepare()?;
        let began = now_ns();
        running.run()?;
        let elapsed = now_ns() - began;
        Ok((running.finish(), elapsed))
    })?;
    // The first replication has just been made.
    let runner = |wanted: Wanted<'_>| {
        let (scenario, replication) = (wanted.scenario, wanted.replication);
        if replication == 0 && *scenario == loaded.scenario {
            return Ok(first.clone());
        }
        wanted.simulation().watched(watch).run()
    };
    let points = grid::points(loaded, &[])?;
    let mut journal = Journal::in_memory();
    let swept = sweep(&points, options, &mut journal, runner)?;
    let samples = sweep::samples(&points[0].scenario, options, &journal);
    let made = samples.iter().flatten();
    let runs: Vec<Replication> = made.map(|one| one.replication.clone()).collect();
    let summary = swept.points.into_iter().next();
    let summary = summary.expect("one point gives one summary");
    let loss = summary.metric(MetricId::ThroughputLoss);
    Ok(Simulated {
        flights: barriers.flights(),
        event_loop_ns,
        objectives: objectives::judge(&objectives::of(loaded)?, &runs, loss),
        events: journal.events(),
        troubles: swept.troubles,
        samples,
        summary,
        first,
    })
}
