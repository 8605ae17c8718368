//! Fluid catch-up after an outage: how much waits, and how long it takes to work it off.
//!
//! Thousandths of the rates of the laws: 100 records/s stand for 100 000. Poisson arrivals give the interval; the server
//! takes equal times. The restored checkpoint is asked for, and no other comes in between.

use crate::experiment::run_result::RunResult;
use crate::experiment::theory::{Experiment, Reading};
use crate::formulas::catch_up::Outage;
use crate::formulas::restart::Restart;
use crate::measure::timeline::Sample;
use crate::scenario::calibration::{DEPLOY, FAILURE_REPORT, RESTART_LATE, RESTORE_INLINE};
use crate::units::Unit;

/// When the restored checkpoint was triggered, s.
const TRIGGER_S: f64 = 120.0;

/// Three outages with rework, and two of the autoscaler's.
pub(super) fn experiments() -> Vec<Experiment> {
    let outages = [
        (100.0, 125.0, 60.0, 30.0),
        (50.0, 100.0, 90.0, 15.0),
        (50.0, 100.0, 90.0, 30.0),
        // Flink's autoscaler: restart in 120 s, catch up in 300 s, at 70 %.
        (100.0, 182.857, 120.0, 60.0),
        (100.0, 182.857, 120.0, 180.0),
    ];
    outages
        .map(|(input_per_s, capacity_per_s, down_s, rework_s)| {
            experiment(Outage {
                input_per_s,
                capacity_per_s,
                down_s,
                rework_s,
            })
        })
        .into()
}

fn experiment(outage: Outage) -> Experiment {
    let known = Restart {
        detection_s: FAILURE_REPORT.typical().as_secs_f64(),
        backoff_s: RESTART_LATE.typical().as_secs_f64(),
        cancel_s: 0.0,
        slots_s: 0.0,
        deploy_s: DEPLOY.typical().as_secs_f64(),
        restore_s: RESTORE_INLINE.typical().as_secs_f64(),
        in_flight_s: 0.0,
    };
    let delay_ms = (outage.down_s - known.down_s()) * 1e3;
    let drain_s = outage.drain_s().expect("the capacity is above the input");
    let (failed_s, service_us) = (TRIGGER_S + outage.rework_s, 1e6 / outage.capacity_per_s);
    let text = format!(
        r#"
[job]
duration = "{duration} s"
warmup = "0 s"
[[vertex]]
name = "source"
service = "1 us"
source = {{ rate = "{input}/s", arrivals = "poisson", record = "100 B" }}
[[vertex]]
name = "server"
inputs = [{{ from = "source", exchange = "forward" }}]
service = "{service_us:.0} us"
[flink]
execution.checkpointing.interval = "1 h"
execution.checkpointing.timeout = "1 h"
execution.buffer-timeout.interval = "10 ms"
restart-strategy.type = "fixed-delay"
restart-strategy.fixed-delay.delay = "{delay_ms:.0} ms"
[storage]
open = "0 s"
close = "0 s"
[[failure]]
at = "{failed_s} s"
task = {{ vertex = "server" }}
[[trigger]]
at = "{TRIGGER_S} s"
kind = "checkpoint"
"#,
        duration = (failed_s + outage.down_s + 1.3 * drain_s).ceil(),
        input = outage.input_per_s,
    );
    let name = format!(
        "λ {:.0}, μ {:.0} /s, D {:.0} s, r {:.0} s",
        outage.input_per_s, outage.capacity_per_s, outage.down_s, outage.rework_s
    );
    Experiment {
        text,
        readings: vec![
            Reading {
                law: "fluid catch-up",
                case: format!("lag peak, {name}"),
                unit: Unit::Records,
                closed_form: outage.lag_peak_records(),
                read: Box::new(lag_peak_records),
            },
            Reading {
                law: "fluid catch-up",
                case: format!("drain, {name}"),
                unit: Unit::Time,
                closed_form: drain_s,
                read: Box::new(|run| Some(run.recoveries.first()?.catch_up()?.as_secs_f64())),
            },
        ],
    }
}

/// The most records that wait, in the samples of the run, less what waited before the failure.
fn lag_peak_records(run: &RunResult) -> Option<f64> {
    let failed = run.recoveries.first()?.failed;
    let samples = &run.timeline.as_ref()?.samples;
    let waiting = |sample: &Sample| sample.unread + sample.in_channels;
    let peak = samples.iter().map(waiting).max()?;
    let before: Vec<u64> = samples
        .iter()
        .filter(|sample| sample.at <= failed)
        .map(waiting)
        .collect();
    let usual = before.iter().sum::<u64>() as f64 / before.len().max(1) as f64;
    Some(peak as f64 - usual)
}
