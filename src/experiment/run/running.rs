//! A job under way, from its beginning to its result: samples, counts and looks whenever they are due, steady time left
//! out where that is wished, and the digest of everything that was measured.

use sha2::{Digest, Sha256};

use crate::engine::{self, Agenda};
use crate::experiment::course::Meter;
use crate::experiment::fast_forward::{FastForward, Steady};
use crate::experiment::run::{RunError, Until};
use crate::experiment::run_result::{JobEnd, RunResult, VertexResult};
use crate::experiment::timeline::Sampler;
use crate::experiment::watch::{self, Watch};
use crate::measure::{CheckpointRecord, Consistency, Looks, Outcome, Probe, Recorder};
use crate::model::observe::TaskCounters;
use crate::model::{Event, Job};
use crate::scenario::Scenario;
use crate::units::{SimDuration, SimTime};

/// A job under way. Its parts are separate so that a caller may time the event loop alone.
pub struct Running<'o> {
    pub(super) scenario: &'o Scenario,
    pub(super) seed: u64,
    pub(super) replication: u32,
    pub(super) job: Job<(Recorder, Looks<'o>)>,
    pub(super) agenda: Agenda<Event>,
    pub(super) at_warmup: Vec<TaskCounters>,
    pub(super) sampler: Option<Sampler>,
    pub(super) fast_forward: Option<FastForward>,
    pub(super) meter: Meter,
    pub(super) probes: Vec<&'o mut dyn Probe>,
    pub(super) watch: Option<&'o Watch<'o>>,
    pub(super) until: Until,
    /// What was wanted is known.
    pub(super) is_over: bool,
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
            if fast_forward.real(at) >= end || self.has_ended() {
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
            if at > horizon || self.has_ended() {
                self.sampler = Some(sampler);
                break;
            }
            self.run_straight_until(at)?;
            let checkpoints = &self.job.observer().0.checkpoints;
            sampler.sample(&self.job, checkpoints, self.scenario, self.agenda.now());
            self.is_over |= self.until == Until::Recovered && self.has_recovered();
            self.sampler = Some(sampler);
        }
        self.run_straight_until(horizon)
    }

    /// Runs on, and counts records and looks at the channels whenever that is due.
    pub(super) fn run_straight_until(&mut self, horizon: SimTime) -> Result<(), RunError> {
        let due = |running: &Self| {
            let probes = running.probes.iter().filter_map(|probe| probe.due());
            probes.chain(running.meter.due()).min()
        };
        while let Some(at) = due(self).filter(|at| *at <= horizon) {
            self.handle_until(at)?;
            if self.has_ended() {
                return Ok(());
            }
            if self.meter.due() == Some(at) {
                self.meter.count(&self.job.counters(at));
                self.is_over |= self.until == Until::Steady && self.meter.is_steady();
            }
            if !self.job.is_as_built() {
                // They look at channels that are gone.
                self.probes.clear();
            }
            let probes = self.probes.iter_mut();
            for probe in probes.filter(|probe| probe.due() == Some(at)) {
                probe.sample(at, self.job.network());
            }
        }
        self.handle_until(horizon)
    }

    /// Whether everything that was to fail has failed, and the job has caught up with the last of it.
    fn has_recovered(&self) -> bool {
        let last = self
            .scenario
            .failures
            .given
            .iter()
            .map(|failure| failure.at);
        let last = last
            .max()
            .is_some_and(|at| self.agenda.now() > SimTime::ZERO + at);
        let recoveries = &self.job.observer().0.recoveries;
        last && recoveries
            .last()
            .is_some_and(|last| last.caught_up.is_some())
    }

    fn has_ended(&self) -> bool {
        self.is_over || self.job.observer().0.job_failure.is_some()
    }

    fn handle_until(&mut self, horizon: SimTime) -> Result<(), RunError> {
        if self.has_ended() {
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
        let merged = self.job.merged_files();
        let merged = merged.filter(|files| files.segments > 0);
        let (recorder, mut looks) = self.job.into_observer();
        let Recorder {
            checkpoints,
            failed_in_preflight,
            requests_refused,
            ages,
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
            requests_refused,
            created_share: merged.map(|files| files.created as f64 / files.segments as f64),
            latency: ages.since(warmup),
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
        for (index, vertex) in self.scenario.vertices.iter().enumerate() {
            let subtasks = self.scenario.widest(index);
            let tasks = first..first + subtasks;
            first += subtasks;
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
            let mut idle = since_warmup(|task| task.idle.as_secs_f64());
            if self.scenario.is_rescaled() {
                of_their_lives([&mut busy, &mut backpressured, &mut idle]);
            }
            results.push(VertexResult {
                name: vertex.name.clone(),
                parallelism: subtasks,
                records_per_s: subtask_records_per_s.iter().sum(),
                subtask_records_per_s,
                busy,
                backpressured,
                idle,
            });
        }
        results
    }
}

/// Shares of the time for which each subtask was there, which may be less than the whole.
fn of_their_lives(mut shares: [&mut Vec<f64>; 3]) {
    for subtask in 0..shares[0].len() {
        let life: f64 = shares.iter().map(|kind| kind[subtask]).sum();
        if life > 0.0 {
            for kind in &mut shares {
                kind[subtask] /= life;
            }
        }
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
    use crate::experiment::loss::{saturated, without_checkpoints};
    use crate::experiment::metric::replicate::Replication;
    use crate::experiment::run::{Simulation, Until};
    use crate::scenario::built_in;
    use crate::scenario::load::parse;
    use std::path::Path;

    #[test]
    fn a_run_that_ends_when_its_rate_is_known_has_the_rate_of_the_whole() {
        let loaded = parse(built_in::PRODUCTION, "production", Path::new(""), &[]).unwrap();
        let twin = without_checkpoints(&saturated(&loaded.scenario).unwrap());
        let course = |until| {
            let run = Simulation::new(&twin).until(until).run();
            Replication::of(&twin, &run.unwrap()).course
        };
        let (whole, part) = (course(Until::End), course(Until::Steady));
        assert!(part.seconds() < 0.9 * whole.seconds(), "{}", part.seconds());
        assert_eq!(part.bottleneck, whole.bottleneck);
        let rate = |course: &crate::experiment::course::Course| {
            course.until(whole.bottleneck, course.seconds()).unwrap() / course.seconds()
        };
        assert!((rate(&part) / rate(&whole) - 1.0).abs() < 4e-5);
    }
}
