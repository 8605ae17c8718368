//! One run: `run(&Scenario, seed, replication) -> RunResult`, the sentence around which everything stands.
//!
//! Pure: no files, no printing, no clock. [`Simulation`] is the same with more to say: who looks at the run while it is
//! made.

use sha2::{Digest, Sha256};

use crate::engine::{self, Agenda, Streams};
use crate::experiment::course::Meter;
use crate::experiment::fast_forward::{FastForward, Steady};
use crate::experiment::run_result::{JobEnd, RunResult, VertexResult};
use crate::experiment::timeline::Sampler;
use crate::experiment::watch::{self, Watch};
use crate::measure::{CheckpointRecord, Consistency, Look, Looks, Outcome, Probe, Recorder};
use crate::model::network::Network;
use crate::model::observe::TaskCounters;
use crate::model::{Event, Job, graph};
use crate::scenario::Scenario;
use crate::units::{SimDuration, SimTime, print};

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

/// The same, while somebody watches.
pub fn watched(
    watch: &Watch<'_>,
    scenario: &Scenario,
    seed: u64,
    replication: u32,
) -> Result<RunResult, RunError> {
    let simulation = Simulation::new(scenario)
        .seed(seed)
        .replication(replication);
    simulation.watched(watch).run()
}

/// A run that is wanted. Nothing that looks at it changes it.
pub struct Simulation<'o> {
    scenario: &'o Scenario,
    seed: u64,
    replication: u32,
    looks: Looks<'o>,
    probes: Vec<&'o mut dyn Probe>,
    watch: Option<&'o Watch<'o>>,
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
            sampler: scenario.failures.any().then(Sampler::default),
            fast_forward: FastForward::of(scenario),
            meter: Meter::of(scenario),
            probes,
            watch,
        })
    }
}

/// A job under way. Its parts are separate so that a caller may time the event loop alone.
pub struct Running<'o> {
    scenario: &'o Scenario,
    seed: u64,
    replication: u32,
    job: Job<(Recorder, Looks<'o>)>,
    agenda: Agenda<Event>,
    at_warmup: Vec<TaskCounters>,
    sampler: Option<Sampler>,
    fast_forward: Option<FastForward>,
    meter: Meter,
    probes: Vec<&'o mut dyn Probe>,
    watch: Option<&'o Watch<'o>>,
}

impl Running<'_> {
    /// Lets the whole duration pass, or the time until the job fails.
    pub fn run(&mut self) -> Result<(), RunError> {
        let warmup = SimTime::ZERO + self.scenario.job.warmup;
        let end = SimTime::ZERO + self.scenario.job.duration;
        self.run_until(warmup)?;
        self.at_warmup = self.job.counters(self.agenda.now());
        while let Some(mut fast_forward) = self.fast_forward.take() {
            let at = self.agenda.now() + fast_forward.step();
            if fast_forward.real(at) >= end || self.job.observer().0.job_failure.is_some() {
                self.fast_forward = Some(fast_forward);
                break;
            }
            self.run_until(at)?;
            self.leave_steady_time_out(&mut fast_forward, end);
            self.fast_forward = Some(fast_forward);
        }
        let skipped = self.fast_forward.as_ref().map(FastForward::total);
        let left = end
            .since(SimTime::ZERO)
            .saturating_sub(skipped.unwrap_or_default());
        self.run_until(SimTime::ZERO + left)
    }

    fn leave_steady_time_out(&mut self, fast_forward: &mut FastForward, end: SimTime) {
        if !self.job.is_steady() {
            return;
        }
        let now = self.agenda.now();
        let recorder = &self.job.observer().0;
        let pending = |record: &CheckpointRecord| record.outcome == Outcome::InProgress;
        if recorder.checkpoints.last().is_some_and(pending) {
            return;
        }
        let caught_up = recorder.recoveries.last().and_then(|last| last.caught_up);
        let since = caught_up.unwrap_or(SimTime::ZERO);
        let triggered = recorder.checkpoints.iter().rev();
        let triggered = triggered.take_while(|record| record.trigger >= since);
        let triggered: Vec<&CheckpointRecord> = triggered.collect();
        let completed = triggered
            .iter()
            .filter(|record| record.end_to_end().is_some());
        let steady = Steady {
            since,
            settled: completed.map(|record| record.trigger).collect(),
            period: period(&triggered),
        };
        let end = SimTime::ZERO
            + end
                .since(SimTime::ZERO)
                .saturating_sub(fast_forward.total());
        let next = self.job.next_random_failure().map_or(end, |at| at.min(end));
        let tasks = || self.job.counters(now);
        let skipped = fast_forward.leave_out(now, &steady, tasks, next);
        if !skipped.is_zero() {
            self.job.hasten_random_failure(skipped, &mut self.agenda);
        }
    }

    /// Runs on, and takes samples if they are wanted.
    fn run_until(&mut self, horizon: SimTime) -> Result<(), RunError> {
        while let Some(mut sampler) = self.sampler.take() {
            let at = self.agenda.now() + Sampler::step(self.scenario);
            if at > horizon || self.job.observer().0.job_failure.is_some() {
                self.sampler = Some(sampler);
                break;
            }
            self.run_straight_until(at)?;
            let checkpoints = &self.job.observer().0.checkpoints;
            sampler.sample(&self.job, checkpoints, self.scenario, self.agenda.now());
            self.sampler = Some(sampler);
        }
        self.run_straight_until(horizon)
    }

    /// Runs on, and counts records and looks at the channels whenever that is due.
    fn run_straight_until(&mut self, horizon: SimTime) -> Result<(), RunError> {
        let due = |running: &Self| {
            let probes = running.probes.iter().filter_map(|probe| probe.due());
            probes.chain(running.meter.due()).min()
        };
        while let Some(at) = due(self).filter(|at| *at <= horizon) {
            self.handle_until(at)?;
            if self.job.observer().0.job_failure.is_some() {
                return Ok(());
            }
            if self.meter.due() == Some(at) {
                self.meter.count(&self.job.counters(at));
            }
            let probes = self.probes.iter_mut();
            for probe in probes.filter(|probe| probe.due() == Some(at)) {
                probe.sample(at, self.job.network());
            }
        }
        self.handle_until(horizon)
    }

    fn handle_until(&mut self, horizon: SimTime) -> Result<(), RunError> {
        if self.job.observer().0.job_failure.is_some() {
            // Its time has ended, too: the next event may be minutes later.
            return Ok(());
        }
        let limit = self.scenario.simulation.max_events;
        let mut reached = true;
        if let Some(watch) = self.watch {
            while reached && self.agenda.now() + watch::STEP < horizon {
                let from = self.agenda.now();
                reached = engine::run(&mut self.job, &mut self.agenda, from + watch::STEP, limit);
                if !watch.passed(self.agenda.now().since(from)) {
                    return Err(RunError::Stopped);
                }
            }
        }
        let from = self.agenda.now();
        reached = reached && engine::run(&mut self.job, &mut self.agenda, horizon, limit);
        if let Some(watch) = self.watch {
            watch.passed(self.agenda.now().since(from));
        }
        if reached || self.job.observer().0.job_failure.is_some() {
            return Ok(());
        }
        let seconds = self.agenda.now().as_secs_f64();
        Err(if self.job.keeps_too_much() {
            RunError::TooMuchToKeep { seconds }
        } else {
            RunError::TooManyEvents { limit, seconds }
        })
    }

    /// What has come of it.
    pub fn finish(mut self) -> RunResult {
        let end = self.agenda.now();
        self.job.audit_end(end);
        let warmup = SimTime::ZERO + self.scenario.job.warmup;
        let counters = self.job.counters(end);
        let vertices = self.vertices(&counters, end, warmup);
        let buffers_processed = counters.iter().map(|task| task.buffers).sum();
        let events = self.agenda.handled();
        let consistency = self
            .job
            .ledger()
            .map(|ledger| Consistency::of(ledger, self.scenario));
        let (recorder, mut looks) = self.job.into_observer();
        let Recorder {
            checkpoints,
            failed_in_preflight,
            recoveries,
            job_failure,
            ..
        } = recorder;
        let mut result = RunResult {
            seed: self.seed,
            replication: self.replication,
            digest: String::new(),
            events,
            buffers_processed,
            end,
            warmup,
            job_end: job_failure.map_or(JobEnd::Running, |(at, reason)| JobEnd::Failed {
                at,
                reason,
            }),
            checkpoints,
            failed_in_preflight,
            recoveries,
            skipped: Vec::new(),
            vertices,
            timeline: None,
            consistency,
            occupancy: None,
            course: self.meter.finish(),
        };
        result.timeline = self.sampler.map(|sampler| sampler.timeline);
        if let Some(fast_forward) = self.fast_forward {
            let numbers = fast_forward.fill_in(&mut result);
            let number = |id| numbers.get(&id).copied();
            for look in &mut looks.0 {
                look.shift(&number, &|at| fast_forward.real(at));
            }
        }
        let timeline = result.timeline.take();
        result.digest = digest(&result);
        result.timeline = timeline;
        result
    }

    /// `end` is on the clock of the simulation; what was left out of it is added.
    fn vertices(
        &self,
        counters: &[TaskCounters],
        end: SimTime,
        warmup: SimTime,
    ) -> Vec<VertexResult> {
        let fast_forward = self.fast_forward.as_ref();
        let real_end = fast_forward.map_or(end, |skips| skips.real(end));
        let seconds = real_end.since(warmup).as_secs_f64();
        let share = |part: f64| if seconds > 0.0 { part / seconds } else { 0.0 };
        let mut first = 0;
        let mut results = Vec::new();
        for vertex in &self.scenario.vertices {
            let tasks = first..first + vertex.parallelism;
            first += vertex.parallelism;
            let since_warmup = |read: fn(&TaskCounters) -> f64| -> Vec<f64> {
                tasks
                    .clone()
                    .map(|task| {
                        let simulated = read(&counters[task]) - read(&self.at_warmup[task]);
                        share(
                            fast_forward
                                .map_or(simulated, |skips| skips.whole(task, simulated, read)),
                        )
                    })
                    .collect()
            };
            let subtask_records_per_s = since_warmup(|task| task.records as f64);
            let mut busy = since_warmup(|task| task.busy.as_secs_f64());
            let mut backpressured = since_warmup(|task| task.backpressured.as_secs_f64());
            // Whether a batch has waited for output is known at its end: one that lies across the end of the warm-up was
            // read as busy there, and part of that may turn out to have been backpressured.
            for (busy, backpressured) in busy.iter_mut().zip(&mut backpressured) {
                let excess = busy.min(0.0);
                *busy -= excess;
                *backpressured += excess;
            }
            results.push(VertexResult {
                name: vertex.name.clone(),
                parallelism: vertex.parallelism,
                records_per_s: subtask_records_per_s.iter().sum(),
                subtask_records_per_s,
                busy,
                backpressured,
                idle: since_warmup(|task| task.idle.as_secs_f64()),
            });
        }
        results
    }
}

/// Hashes what is written, so that the text of a long run need not stand in memory as a whole.
struct Hash(Sha256);

impl std::io::Write for Hash {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// From one trigger to the next, in the mean; the newest comes first.
fn period(triggered: &[&CheckpointRecord]) -> Option<SimDuration> {
    let (newest, older) = triggered.split_first()?;
    let oldest = older.last()?;
    let nanos = newest.trigger.since(oldest.trigger).as_nanos();
    Some(SimDuration::from_nanos(nanos / older.len() as u64))
}

/// SHA-256 over everything that was measured.
fn digest(result: &RunResult) -> String {
    let mut hash = Hash(Sha256::new());
    serde_json::to_writer(&mut hash, result)
        .expect("plain data with string keys can be written as JSON, and a hash takes everything");
    hash.0
        .finalize()
        .iter()
        .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::sample;
    use crate::measure::flight::FlightWatch;
    use crate::scenario::{FailureKind, FailureLaw, RandomFailures};

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
        let seen = watched(&watch, &scenario, 7, 1).unwrap();
        assert_eq!(seen.digest, run(&scenario, 7, 1).unwrap().digest);
        assert_eq!(watch.simulated(), scenario.job.duration);
    }

    #[test]
    fn a_stop_ends_a_run_on_its_way() {
        let stop = std::sync::atomic::AtomicBool::new(true);
        let ended = watched(&Watch::until(&stop), &Scenario::default(), 7, 1);
        assert_eq!(ended.unwrap_err(), RunError::Stopped);
    }
}
