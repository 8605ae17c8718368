//! A sweep for programs: what `sweep` does, without a directory.

use std::sync::atomic::AtomicBool;

use crate::experiment::grid;
use crate::experiment::journal::Journal;
use crate::experiment::simulate::SimulateError;
use crate::experiment::sweep::{Options, Swept, sweep};
use crate::scenario::axis::Axis;
use crate::scenario::diagnostic::Diagnostics;
use crate::scenario::load::Loaded;

/// A grid of values of some keys, simulated on all cores.
///
/// ```
/// use ckptsim::{MetricId, ScenarioBuilder, Sweep};
///
/// let scenario = ScenarioBuilder::new()
///     .set("job.duration", "30 s")
///     .source("orders", "400/s")
///     .operator("count", &["orders"])
///     .load()?;
/// let swept = Sweep::new(&scenario)
///     .vary("flink.execution.checkpointing.interval=2 s, 5 s")?
///     .replications(2)
///     .run()?;
/// let completed = |point: usize| swept.points[point].metric(MetricId::Completed).unwrap().value;
/// assert!(completed(0) > completed(1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Sweep<'a> {
    loaded: &'a Loaded,
    axes: Vec<Axis>,
    seed: u64,
    replications: u32,
    jobs: usize,
    loss: bool,
}

impl<'a> Sweep<'a> {
    /// The axes, seed and replications of the scenario; without throughput loss.
    pub fn new(loaded: &'a Loaded) -> Self {
        let job = &loaded.scenario.job;
        Sweep {
            loaded,
            axes: loaded.axes.clone(),
            seed: job.seed,
            replications: job.replications,
            jobs: 0,
            loss: false,
        }
    }

    /// Adds an axis, written as for `--vary`: a key, `=`, and its values. It takes the place of one of the same key.
    pub fn vary(mut self, axis: &str) -> Result<Self, Diagnostics> {
        let axis = self.loaded.axis(axis)?;
        self.axes.retain(|other| other.path != axis.path);
        self.axes.push(axis);
        Ok(self)
    }

    /// With this root seed.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Sweep { seed, ..self }
    }

    /// Runs per point.
    #[must_use]
    pub fn replications(self, replications: u32) -> Self {
        Sweep {
            replications,
            ..self
        }
    }

    /// Runs at the same time; 0 = one per core. The results do not depend on it.
    #[must_use]
    pub fn jobs(self, jobs: usize) -> Self {
        Sweep { jobs, ..self }
    }

    /// Whether throughput loss is measured: two more runs per point and replication.
    #[must_use]
    pub fn loss(self, loss: bool) -> Self {
        Sweep { loss, ..self }
    }

    /// Simulates all points; they come in the order of the grid, the last axis fastest.
    pub fn run(&self) -> Result<Swept, SimulateError> {
        let options = Options {
            jobs: self.jobs,
            loss: self.loss,
            seed: self.seed,
            replications: self.replications,
            stop: &AtomicBool::new(false),
            progress: &|_| {},
        };
        let points = grid::points(self.loaded, &self.axes)?;
        Ok(sweep(
            &points,
            &options,
            &mut Journal::in_memory(),
            |wanted| wanted.simulation().run(),
        )?)
    }
}
