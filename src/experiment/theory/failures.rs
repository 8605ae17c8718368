//! Exponential failures: availability, and the share of useful time by Young, Daly, Vaidya and Jayasekara.
//!
//! Useful is the time whose work a completed checkpoint has secured, without the time that checkpoints take on the
//! task's thread. Failures that strike while the job waits for its restart are merged into it, as Flink does, so that
//! the law without failures during restarts holds.

use crate::experiment::recoveries::Recoveries;
use crate::experiment::run_result::RunResult;
use crate::experiment::theory::{Experiment, Reading};
use crate::formulas::availability::Repair;
use crate::formulas::interval::{Renewal, jayasekara_period_s, utilisation_safe_restart};
use crate::measure::{CheckpointRecord, Outcome};
use crate::scenario::calibration::{DEPLOY, FAILURE_REPORT, RESTART_LATE};
use crate::units::Unit;

/// Mean time between failures, time on the thread per checkpoint, failure until all tasks run, s.
const LAW: Renewal = Renewal {
    cost_s: 2.0,
    mtbf_s: 600.0,
    restart_s: 40.0,
};
/// Reading the state back, s: long enough that the first attempt at a checkpoint finds the tasks not yet running.
const RESTORE_S: f64 = 1.0;
/// Simulated time, s.
const DURATION_S: f64 = 40_000.0;

/// Half, exactly and twice the optimal period, and a slow upload; availability in all of them.
pub(super) fn experiments() -> Vec<Experiment> {
    let best = jayasekara_period_s(&LAW);
    let mut all: Vec<Experiment> = [0.25, 1.0, 4.0]
        .map(|factor| useful(best * factor, 0.0, factor))
        .into();
    all.push(useful(best, 20.0, 1.0));
    all
}

fn useful(period_s: f64, upload_s: f64, factor: f64) -> Experiment {
    let millis = (period_s * 1e3).round();
    let known = FAILURE_REPORT.typical() + RESTART_LATE.typical() + DEPLOY.typical();
    let delay_ms = (LAW.restart_s - RESTORE_S - known.as_secs_f64()) * 1e3;
    let write = if upload_s > 0.0 {
        format!("{:.0} kB/s", 1e4 / upload_s)
    } else {
        "unlimited".to_owned()
    };
    let text = format!(
        r#"
[job]
duration = "{DURATION_S} s"
warmup = "0 s"
[[vertex]]
name = "source"
source = {{ rate = "0.2/s", record = "100 B", log = false }}
[[vertex]]
name = "server"
inputs = [{{ from = "source", exchange = "forward" }}]
service = "1 us"
sync-extra = "{cost} s"
state = {{ size = "10 MB", entry = "1 MB" }}
[flink]
execution.checkpointing.interval = "{millis} ms"
execution.buffer-timeout.interval = "1 h"
restart-strategy.type = "fixed-delay"
restart-strategy.fixed-delay.attempts = 1000000
restart-strategy.fixed-delay.delay = "{delay_ms:.0} ms"
[storage]
write-per-stream = "{write}"
write-per-taskmanager = "unlimited"
read-per-stream = "10 MB/s"
open = "0 s"
close = "0 s"
[failures]
mtbf = "{mtbf} s"
what = "task"
"#,
        cost = LAW.cost_s,
        mtbf = LAW.mtbf_s,
    );
    let (law, name) = if upload_s > 0.0 {
        ("Vaidya", format!("L − C = {upload_s:.0} s, "))
    } else {
        ("Daly, Jayasekara", String::new())
    };
    let mut readings = vec![Reading {
        law,
        case: format!("useful time, {name}T = {factor} T*"),
        unit: Unit::Share,
        closed_form: utilisation_safe_restart(&LAW, period_s, upload_s),
        read: Box::new(|run| Some(useful_share(run, LAW.cost_s))),
    }];
    if factor >= 1.0 && upload_s == 0.0 {
        readings.push(availability(factor));
    }
    Experiment { text, readings }
}

fn availability(factor: f64) -> Reading {
    let repair = Repair {
        mtbf_s: LAW.mtbf_s,
        mttr_s: LAW.restart_s,
    };
    Reading {
        law: "availability",
        case: format!("MTBF 600 s, MTTR 40 s, T = {factor} T*"),
        unit: Unit::Share,
        closed_form: repair.availability(),
        read: Box::new(|run| Some(1.0 - Recoveries::of(run).unavailability?)),
    }
}

/// Share of a run whose work is not done again: neither between the restored checkpoint and the moment when all tasks
/// run again, nor in the `cost_s` that each remaining checkpoint takes.
fn useful_share(run: &RunResult, cost_s: f64) -> f64 {
    let mut lost: Vec<(f64, f64)> = Vec::new();
    for recovery in &run.recoveries {
        let until = recovery.running.unwrap_or(run.end).as_secs_f64();
        let from = recovery.replayed_from.unwrap_or(recovery.failed);
        lost.push((from.as_secs_f64(), until));
    }
    let (mut lost_s, mut reached) = (0.0, 0.0_f64);
    for (from, until) in &lost {
        lost_s += (until - from.max(reached)).max(0.0);
        reached = reached.max(*until);
    }
    let is_lost = |at: f64| lost.iter().any(|(from, until)| *from < at && at < *until);
    let costly = |record: &&CheckpointRecord| {
        matches!(record.outcome, Outcome::Completed { .. })
            && !is_lost(record.trigger.as_secs_f64())
    };
    let stopped_s = run.checkpoints.iter().filter(costly).count() as f64 * cost_s;
    1.0 - (lost_s + stopped_s) / run.end.as_secs_f64()
}
