//! One run: `run(&Scenario, seed, replication) -> RunResult`, the sentence around which everything stands.
//!
//! Pure: no files, no printing, no clock. [`Simulation`] is the same with more to say: who looks at the run while it is
//! made.

mod running;

use crate::engine::{Agenda, Streams};
use crate::experiment::course::Meter;
use crate::experiment::fast_forward::FastForward;
use crate::experiment::run::running::Running;
use crate::experiment::run_result::RunResult;
use crate::experiment::timeline::Sampler;
use crate::experiment::watch::Watch;
use crate::measure::{Look, Looks, Probe, Recorder};
use crate::model::network::Network;
use crate::model::{Job, graph};
use crate::scenario::Scenario;
use crate::units::{SimTime, print};

/// A run that could not be made, or not to its end.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// More subtasks than `simulation.max-subtasks`.
    #[error(
        "the job has {subtasks} subtasks, more than simulation.max-subtasks = {limit}; raise the limit if you have the memory"
    )]
    TooManySubtasks {
        /// Subtasks of the job.
        subtasks: usize,
        /// The limit.
        limit: usize,
    },
    /// More channels than `simulation.max-channels`.
    #[error(
        "the job has {channels} channels, more than simulation.max-channels = {limit}; each takes about 350 bytes"
    )]
    TooManyChannels {
        /// Channels of the job.
        channels: usize,
        /// The limit.
        limit: usize,
    },
    /// More events than `simulation.max-events`.
    #[error(
        "after {} of simulated time the run has handled {limit} events (simulation.max-events); \
         shorten job.duration, lower the rates, or raise the limit",
        print::seconds(*seconds)
    )]
    TooManyEvents {
        /// The limit.
        limit: u64,
        /// Simulated time reached.
        seconds: f64,
    },
    /// More checkpoints and failures than there is memory for.
    #[error(
        "after {} of simulated time there are more checkpoints and failures than a run can keep; \
         shorten job.duration, lengthen the interval, or let the job fail less often",
        print::seconds(*seconds)
    )]
    TooMuchToKeep {
        /// Simulated time reached.
        seconds: f64,
    },
    /// Somebody did not want to wait for its end.
    #[error("the run was stopped")]
    Stopped,
    /// The simulation itself is at fault: a bug to be reported.
    #[error("the simulation has a fault, please report it with the scenario: {message}{place}")]
    Panicked {
        /// What it says.
        message: String,
        /// Where, as ` at file:line:column`; empty if unknown.
        place: String,
    },
}

/// Simulates a scenario once.
pub fn run(scenario: &Scenario, seed: u64, replication: u32) -> Result<RunResult, RunError> {
    Simulation::new(scenario)
        .seed(seed)
        .replication(replication)
        .run()
}

/// A run that a sweep wants.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// What is simulated.
    pub scenario: &'a Scenario,
    /// Root seed.
    pub seed: u64,
    /// Which one of the scenario's runs.
    pub replication: u32,
    /// What is wanted of it.
    pub until: Until,
}

/// When a run may end, if that is before its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Until {
    /// Not before.
    #[default]
    End,
    /// When the rate of the bottleneck is known.
    Steady,
    /// When the job has recovered from its last failure.
    Recovered,
}

impl<'a> Wanted<'a> {
    /// The simulation that gives it.
    pub fn simulation<'o>(&self) -> Simulation<'o>
    where
        'a: 'o,
    {
        let simulation = Simulation::new(self.scenario).seed(self.seed);
        let simulation = simulation.replication(self.replication);
        simulation.until(self.until)
    }
}

/// A simulation before it begins. Nothing that looks at it changes it.
pub struct Simulation<'o> {
    scenario: &'o Scenario,
    seed: u64,
    replication: u32,
    looks: Looks<'o>,
    probes: Vec<&'o mut dyn Probe>,
    watch: Option<&'o Watch<'o>>,
    until: Until,
}

impl<'o> Simulation<'o> {
    /// Replication 0 of a scenario, with its own seed.
    pub fn new(scenario: &'o Scenario) -> Self {
        Simulation {
            scenario,
            seed: scenario.job.seed,
            replication: 0,
            looks: Looks::default(),
            probes: Vec::new(),
            watch: None,
            until: Until::End,
        }
    }

    /// With this root seed.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Simulation { seed, ..self }
    }

    /// This replication: each has its own random numbers.
    #[must_use]
    pub fn replication(self, replication: u32) -> Self {
        Simulation {
            replication,
            ..self
        }
    }

    /// Tells `look` every fact.
    #[must_use]
    pub fn observe(mut self, look: &'o mut dyn Look) -> Self {
        self.looks.0.push(look);
        self
    }

    /// Shows `probe` the channels whenever it wants.
    #[must_use]
    pub fn sample(mut self, probe: &'o mut dyn Probe) -> Self {
        self.probes.push(probe);
        self
    }

    /// Tells `watch` how far it is, and ends when that says so.
    #[must_use]
    pub fn watched(self, watch: &'o Watch<'o>) -> Self {
        Simulation {
            watch: Some(watch),
            ..self
        }
    }

    /// It may end earlier.
    #[must_use]
    pub fn until(self, until: Until) -> Self {
        Simulation { until, ..self }
    }

    /// Simulates it.
    pub fn run(self) -> Result<RunResult, RunError> {
        let mut running = self.prepare()?;
        running.run()?;
        Ok(running.finish())
    }

    /// Simulates it up to an instant, for those who look only: a limit ends it early, as it ended the run before.
    pub fn look_until(self, until: SimTime) -> Result<(), RunError> {
        let mut running = self.prepare()?;
        running.fast_forward = None;
        match running.run_straight_until(until) {
            Ok(()) | Err(RunError::TooManyEvents { .. } | RunError::TooMuchToKeep { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Builds the job; checks the limits first.
    pub fn prepare(self) -> Result<Running<'o>, RunError> {
        let Simulation {
            scenario,
            seed,
            replication,
            mut looks,
            mut probes,
            watch,
            until,
        } = self;
        let (subtasks, limit) = (scenario.subtasks(), scenario.simulation.max_subtasks);
        if subtasks > limit {
            return Err(RunError::TooManySubtasks { subtasks, limit });
        }
        let (channels, limit) = (
            graph::channel_count(scenario),
            scenario.simulation.max_channels,
        );
        if channels > limit {
            return Err(RunError::TooManyChannels { channels, limit });
        }
        let vertices = scenario.vertices.iter();
        let parallelism: Vec<usize> = vertices.map(|vertex| vertex.parallelism).collect();
        let mut agenda = Agenda::default();
        let begin = |network: &Network| {
            for look in &mut looks.0 {
                look.begin(scenario, network);
            }
            for probe in &mut probes {
                probe.begin(scenario, network);
            }
            (Recorder::new(&parallelism), looks)
        };
        let streams = Streams::new(seed, replication);
        let job = Job::new(scenario, &streams, begin, &mut agenda);
        Ok(Running {
            scenario,
            seed,
            replication,
            job,
            agenda,
            at_warmup: Vec::new(),
            sampler: scenario.has_downtime().then(Sampler::default),
            fast_forward: FastForward::of(scenario),
            meter: Meter::of(scenario),
            probes,
            watch,
            until,
            is_over: false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::sample;
    use crate::measure::flight::FlightWatch;
    use crate::scenario::{FailureKind, FailureLaw, RandomFailures};
    use crate::units::SimDuration;

    #[test]
    fn first_and_last_barriers_are_those_of_the_reported_phases_of_the_same_pass() {
        let scenario = sample::scenario(10);
        let mut watch = FlightWatch::default();
        let simulation = Simulation::new(&scenario).seed(3).observe(&mut watch);
        let result = simulation.run().unwrap();
        assert_eq!(run(&scenario, 3, 0).unwrap(), result, "looking changed it");
        let mut compared = 0;
        for flight in watch.flights() {
            let record = &result.checkpoints[flight.checkpoint as usize - 1];
            let Some(subtask) = record.subtasks[flight.to.vertex][flight.to.subtask] else {
                continue;
            };
            let first = record.trigger + subtask.start_delay;
            if flight.first {
                assert_eq!(flight.processed, first);
            }
            if flight.last {
                assert_eq!(flight.processed, first + subtask.alignment);
            }
            assert!(flight.sent <= flight.processed);
            compared += 1;
        }
        assert!(compared > 0);
    }

    #[test]
    fn barriers_of_a_run_that_leaves_steady_time_out_have_the_numbers_and_times_of_its_records() {
        let mut scenario = sample::scenario(10);
        scenario.job.duration = SimDuration::from_secs(20_000);
        scenario.simulation.skip_steady_time = true;
        scenario.failures.random = Some(RandomFailures {
            law: FailureLaw::Exponential {
                mtbf: SimDuration::from_secs(5_000),
            },
            kind: FailureKind::Task,
        });
        let mut watch = FlightWatch::default();
        let result = Simulation::new(&scenario)
            .observe(&mut watch)
            .run()
            .unwrap();
        assert!(!result.skipped.is_empty());
        let last = result.checkpoints.last().unwrap();
        let flights = watch.flights();
        let seen = flights.iter().map(|flight| flight.checkpoint).max();
        assert!(seen.unwrap() + 1 >= last.id, "{seen:?} of {}", last.id);
        for flight in flights {
            let record = &result.checkpoints[flight.checkpoint as usize - 1];
            assert!(flight.sent >= record.trigger);
        }
    }

    #[test]
    fn a_watched_run_is_the_same_run() {
        let scenario = Scenario::default();
        let watch = Watch::default();
        let simulation = Simulation::new(&scenario).seed(7).replication(1);
        let seen = simulation.watched(&watch).run().unwrap();
        assert_eq!(seen.digest, run(&scenario, 7, 1).unwrap().digest);
        assert_eq!(watch.simulated(), scenario.job.duration);
    }

    #[test]
    fn a_stop_ends_a_run_on_its_way() {
        let stop = std::sync::atomic::AtomicBool::new(true);
        let (scenario, watch) = (Scenario::default(), Watch::until(&stop));
        let ended = Simulation::new(&scenario).watched(&watch).run();
        assert_eq!(ended.unwrap_err(), RunError::Stopped);
    }
}
