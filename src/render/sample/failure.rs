//! Runs with failures, made up for tests: a job of 100 k records per second that can process 160 k.

use crate::experiment::RunResult;
use crate::measure::timeline::Sample;
use crate::measure::{CheckpointRecord, Outcome, RecoveryRecord, Timeline};
use crate::render::sample::run;
use crate::units::{Bytes, SimDuration, SimTime};

/// Records that become due, and that the job can process, per second.
const INPUT: f64 = 100_000.0;
const CAPACITY: f64 = 160_000.0;
/// Seconds between checkpoints, and until one is complete.
const INTERVAL: u64 = 60;
const DURATION: u64 = 20;

fn at(seconds: f64) -> SimTime {
    SimTime::ZERO + SimDuration::from_secs_f64(seconds)
}

/// When the parts of a recovery begin, in seconds.
#[derive(Clone, Copy, Debug)]
pub struct Outage {
    pub failed: f64,
    pub detect: f64,
    pub restart: f64,
    pub restore: f64,
}

/// A minute and a half of work lost, 9 s until tasks are deployed, 41 s until they run.
pub const OUTAGE: Outage = Outage {
    failed: 330.0,
    detect: 8.0,
    restart: 1.0,
    restore: 41.0,
};

/// A run of `seconds` with these outages, sampled every `step` seconds; `None` stands for "has not come to it".
pub fn failing(outages: &[Outage], seconds: f64, step: f64) -> RunResult {
    let mut result = run(2, false);
    result.end = at(seconds);
    let template = result.checkpoints[0].clone();
    result.checkpoints = checkpoints(&template, seconds, outages);
    let (timeline, recoveries) = simulated(outages, seconds, step);
    result.timeline = Some(timeline);
    result.recoveries = recoveries;
    result
}

fn checkpoints(
    template: &CheckpointRecord,
    seconds: f64,
    outages: &[Outage],
) -> Vec<CheckpointRecord> {
    let down = |second: f64| {
        outages.iter().any(|outage| {
            let down = outage.detect + outage.restart + outage.restore;
            (outage.failed - DURATION as f64..outage.failed + down).contains(&second)
        })
    };
    (1..1_000_000)
        .map(|id| (id, id * INTERVAL))
        .take_while(|(_, trigger)| (*trigger as f64) < seconds - DURATION as f64)
        .filter(|(_, trigger)| !down(*trigger as f64))
        .map(|(id, trigger)| {
            let trigger = at(trigger as f64);
            let latest_ack = trigger + SimDuration::from_secs(DURATION);
            CheckpointRecord {
                id,
                trigger,
                outcome: Outcome::Completed {
                    latest_ack,
                    durable: latest_ack,
                },
                ..template.clone()
            }
        })
        .collect()
}

/// A fluid job: what is due waits while the job is down, and what came after the restored checkpoint waits again.
fn simulated(outages: &[Outage], seconds: f64, step: f64) -> (Timeline, Vec<RecoveryRecord>) {
    let mut recoveries: Vec<RecoveryRecord> = Vec::new();
    let mut samples = Vec::new();
    let (mut backlog, mut written) = (0.0f64, 0.0f64);
    let mut now = 0.0;
    while now < seconds {
        let next = now + step;
        for (index, outage) in outages.iter().enumerate() {
            if (now..next).contains(&outage.failed) {
                let checkpoint = ((outage.failed - DURATION as f64) / INTERVAL as f64).floor();
                let replayed = checkpoint.max(0.0) * INTERVAL as f64;
                backlog += (outage.failed - replayed) * INPUT;
                if let Some(before) = recoveries.last_mut().filter(|one| one.caught_up.is_none()) {
                    before.interrupted = true;
                    before.running = before.running.filter(|at| at.as_secs_f64() < outage.failed);
                    backlog = (outage.failed - replayed) * INPUT;
                }
                recoveries.push(record(outage, index, checkpoint, seconds));
            }
        }
        let running = recoveries
            .last()
            .is_none_or(|one| one.running.is_some_and(|at| at.as_secs_f64() <= now));
        let processed = if running {
            (backlog + INPUT * step).min(CAPACITY * step)
        } else {
            0.0
        };
        backlog += INPUT * step - processed;
        now = next;
        if let Some(last) = recoveries.last_mut()
            && running
            && backlog <= 0.0
            && last.caught_up.is_none()
        {
            last.caught_up = Some(at(now));
        }
        // Writing takes as long as the checkpoint.
        if running && now % (INTERVAL as f64) < DURATION as f64 && now > INTERVAL as f64 {
            written += 50e6 * step;
        }
        samples.push(Sample {
            at: at(now),
            due_per_s: INPUT,
            emitted_per_s: processed / step,
            processed_per_s: processed / step,
            unread: backlog as u64,
            in_channels: if running { 2_000 } else { 0 },
            lag: SimDuration::from_secs_f64(backlog / INPUT),
            running,
            written: Bytes::new(written as u64),
            retained: Bytes::new((4e9 + (written * 0.3) % 2e9).min(1e9 + written) as u64),
        });
    }
    (Timeline { samples }, recoveries)
}

fn record(outage: &Outage, index: usize, checkpoint: f64, seconds: f64) -> RecoveryRecord {
    let detected = outage.failed + outage.detect;
    let restarted = detected + outage.restart;
    let running = restarted + outage.restore;
    let by_then = |second: f64| (second < seconds).then(|| at(second));
    RecoveryRecord {
        failed: at(outage.failed),
        cause: format!("TaskManager {index} lost"),
        detected: by_then(detected),
        restarted: by_then(restarted),
        checkpoint: (checkpoint > 0.0).then_some(checkpoint as u64),
        replayed_from: by_then(restarted).map(|_| at(checkpoint.max(0.0) * INTERVAL as f64)),
        restored_bytes: 4_400_000_000,
        running: by_then(running),
        caught_up: None,
        interrupted: false,
    }
}
