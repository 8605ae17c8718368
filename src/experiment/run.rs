//! One run: `run(&Scenario, seed, replication) -> RunResult`, the sentence around which everything stands.
//!
//! Pure and `Send`: no files, no printing, no clock. `prepare`, `run` and `finish` are separate so that a caller may
//! time the event loop alone.

use sha2::{Digest, Sha256};

use crate::engine::{self, Agenda, Streams};
use crate::experiment::fast_forward::FastForward;
use crate::experiment::result::{JobEnd, RunResult, VertexResult};
use crate::experiment::timeline::Sampler;
use crate::measure::{CheckpointRecord, Consistency, Outcome, Recorder, Trace};
use crate::model::job::TaskCounters;
use crate::model::{Event, Job, graph};
use crate::scenario::Scenario;
use crate::units::SimTime;

/// A run that could not be made, or not to its end.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
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
        "the job has {channels} channels, more than simulation.max-channels = {limit}; each takes about 250 bytes"
    )]
    TooManyChannels {
        /// Channels of the job.
        channels: usize,
        /// The limit.
        limit: usize,
    },
    /// More events than `simulation.max-events`.
    #[error(
        "after {seconds:.1} s of simulated time the run has handled {limit} events (simulation.max-events); \
         shorten job.duration, lower the rates, or raise the limit"
    )]
    TooManyEvents {
        /// The limit.
        limit: u64,
        /// Simulated time reached.
        seconds: f64,
    },
}

/// Simulates a scenario once.
pub fn run(scenario: &Scenario, seed: u64, replication: u32) -> Result<RunResult, RunError> {
    let mut simulation = prepare(scenario, seed, replication)?;
    simulation.run()?;
    Ok(simulation.finish())
}

/// A job at time 0.
#[derive(Debug)]
pub struct Simulation {
    scenario: Scenario,
    seed: u64,
    replication: u32,
    job: Job<(Recorder, Option<Trace>)>,
    agenda: Agenda<Event>,
    at_warmup: Vec<TaskCounters>,
    sampler: Option<Sampler>,
    fast_forward: Option<FastForward>,
}

/// Builds the job; checks the limits first.
pub fn prepare(scenario: &Scenario, seed: u64, replication: u32) -> Result<Simulation, RunError> {
    prepare_with(scenario, seed, replication, None)
}

/// Simulates a scenario once, following its first `checkpoints` checkpoints: one line per fact, at most `lines`.
pub fn trace(
    scenario: &Scenario,
    seed: u64,
    checkpoints: u32,
    lines: usize,
) -> Result<Vec<String>, RunError> {
    let names = scenario
        .vertices
        .iter()
        .flat_map(|vertex| {
            (0..vertex.parallelism).map(|subtask| format!("{} #{subtask}", vertex.name))
        })
        .collect();
    let mut simulation = prepare_with(
        scenario,
        seed,
        0,
        Some(Trace::new(names, checkpoints, lines)),
    )?;
    simulation.run()?;
    Ok(simulation
        .job
        .into_observer()
        .1
        .map_or_else(Vec::new, |trace| trace.lines))
}

fn prepare_with(
    scenario: &Scenario,
    seed: u64,
    replication: u32,
    trace: Option<Trace>,
) -> Result<Simulation, RunError> {
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
    let parallelism: Vec<usize> = scenario
        .vertices
        .iter()
        .map(|vertex| vertex.parallelism)
        .collect();
    let mut agenda = Agenda::default();
    let job = Job::new(
        scenario,
        &Streams::new(seed, replication),
        |network| {
            let trace = trace.map(|trace| trace.connected(network.channels()));
            (Recorder::new(&parallelism), trace)
        },
        &mut agenda,
    );
    Ok(Simulation {
        scenario: scenario.clone(),
        seed,
        replication,
        job,
        agenda,
        at_warmup: Vec::new(),
        sampler: scenario.failures.any().then(Sampler::default),
        fast_forward: FastForward::of(scenario),
    })
}

impl Simulation {
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
        let settled = recorder.checkpoints.iter().rev();
        let settled = settled.take_while(|record| record.trigger >= since);
        let settled = settled.filter(|record| record.end_to_end().is_some());
        let settled: Vec<SimTime> = settled.map(|record| record.trigger).collect();
        let end = SimTime::ZERO
            + end
                .since(SimTime::ZERO)
                .saturating_sub(fast_forward.total());
        let next = self.job.next_random_failure().map_or(end, |at| at.min(end));
        let skipped = fast_forward.leave_out(now, &settled, next);
        if !skipped.is_zero() {
            self.job.hasten_random_failure(skipped, &mut self.agenda);
        }
    }

    /// Runs on, and takes samples if they are wanted.
    fn run_until(&mut self, horizon: SimTime) -> Result<(), RunError> {
        while let Some(mut sampler) = self.sampler.take() {
            let at = self.agenda.now() + Sampler::step(&self.scenario);
            if at > horizon || self.job.observer().0.job_failure.is_some() {
                self.sampler = Some(sampler);
                break;
            }
            self.run_straight_until(at)?;
            let checkpoints = &self.job.observer().0.checkpoints;
            sampler.sample(&self.job, checkpoints, &self.scenario, self.agenda.now());
            self.sampler = Some(sampler);
        }
        self.run_straight_until(horizon)
    }

    fn run_straight_until(&mut self, horizon: SimTime) -> Result<(), RunError> {
        if self.job.observer().0.job_failure.is_some() {
            // Its time has ended, too: the next event may be minutes later.
            return Ok(());
        }
        let limit = self.scenario.simulation.max_events;
        let reached = engine::run(&mut self.job, &mut self.agenda, horizon, limit);
        if !reached && self.job.observer().0.job_failure.is_none() {
            return Err(RunError::TooManyEvents {
                limit,
                seconds: self.agenda.now().as_secs_f64(),
            });
        }
        Ok(())
    }

    /// What has come of it.
    pub fn finish(mut self) -> RunResult {
        let end = self.agenda.now();
        self.job.audit_end(end);
        let warmup = SimTime::ZERO + self.scenario.job.warmup;
        let counters = self.job.counters(end);
        let vertices = self.vertices(&counters, end.since(warmup).as_secs_f64());
        let buffers_processed = counters.iter().map(|task| task.buffers).sum();
        let events = self.agenda.handled();
        let consistency = self
            .job
            .ledger()
            .map(|ledger| Consistency::of(ledger, &self.scenario));
        let Recorder {
            checkpoints,
            failed_in_preflight,
            recoveries,
            job_failure,
            ..
        } = self.job.into_observer().0;
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
        };
        result.timeline = self.sampler.map(|sampler| sampler.timeline);
        if let Some(fast_forward) = self.fast_forward {
            fast_forward.fill_in(&mut result);
        }
        let timeline = result.timeline.take();
        result.digest = digest(&result);
        result.timeline = timeline;
        result
    }

    fn vertices(&self, counters: &[TaskCounters], seconds: f64) -> Vec<VertexResult> {
        let share = |part: f64| if seconds > 0.0 { part / seconds } else { 0.0 };
        let mut first = 0;
        let mut results = Vec::new();
        for vertex in &self.scenario.vertices {
            let tasks = first..first + vertex.parallelism;
            first += vertex.parallelism;
            let since_warmup = |read: fn(&TaskCounters) -> f64| -> Vec<f64> {
                tasks
                    .clone()
                    .map(|task| share(read(&counters[task]) - read(&self.at_warmup[task])))
                    .collect()
            };
            let subtask_records_per_s = since_warmup(|task| task.records as f64);
            results.push(VertexResult {
                name: vertex.name.clone(),
                parallelism: vertex.parallelism,
                records_per_s: subtask_records_per_s.iter().sum(),
                subtask_records_per_s,
                busy: since_warmup(|task| task.busy.as_secs_f64()),
                backpressured: since_warmup(|task| task.backpressured.as_secs_f64()),
                idle: since_warmup(|task| task.idle.as_secs_f64()),
            });
        }
        results
    }
}

/// SHA-256 over everything that was measured.
fn digest(result: &RunResult) -> String {
    let text =
        serde_json::to_vec(result).expect("plain data with string keys can be written as JSON");
    Sha256::digest(&text)
        .iter()
        .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}
