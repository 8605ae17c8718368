//! A barrier waits like a record: its start delay is the wait in front of a single server, seen at a random moment.
//!
//! Poisson arrivals, one server, records handed over at once; the checkpoint itself costs nothing. Time is cut finely: within a
//! quantum (5 ms if nothing is said) records of a source are emitted together, and a mail waits for an average record.

use crate::experiment::theory::{Experiment, Reading, mean_of_checkpoints};
use crate::formulas::queueing::{Queue, mg1_wait_s};
use crate::scenario::calibration::trigger_typical;
use crate::units::Unit;

/// Services per second of the server.
const SERVICES_PER_S: f64 = 100.0;

/// M/M/1 and M/D/1 at two loads.
pub(super) fn experiments() -> Vec<Experiment> {
    [
        ("M/M/1", "exponential", 1.0, 0.5),
        ("M/M/1", "exponential", 1.0, 0.8),
        ("M/D/1", "deterministic", 0.0, 0.5),
        ("M/D/1", "deterministic", 0.0, 0.8),
    ]
    .map(|(law, distribution, scv, load)| experiment(law, distribution, scv, load))
    .into()
}

fn experiment(law: &'static str, distribution: &str, scv: f64, load: f64) -> Experiment {
    let arrivals_per_s = load * SERVICES_PER_S;
    let text = format!(
        r#"
[job]
duration = "330 s"
warmup = "30 s"
[[vertex]]
name = "source"
service = "1 ns"
source = {{ rate = "{arrivals_per_s}/s", arrivals = "poisson", record = "100 B" }}
[[vertex]]
name = "server"
inputs = [{{ from = "source", exchange = "forward" }}]
service = {{ mean = "10 ms", distribution = "{distribution}" }}
[flink]
execution.checkpointing.interval = "310 ms"
execution.buffer-timeout.interval = "0 ms"
[storage]
open = "0 s"
close = "0 s"
[simulation]
quantum = "10 us"
"#
    );
    let queue = Queue {
        arrivals_per_s,
        services_per_s: SERVICES_PER_S,
    };
    let wait_s = mg1_wait_s(queue, scv).expect("the load is below 1");
    let trigger_s = trigger_typical().as_secs_f64();
    let reading = Reading {
        law,
        case: format!("wait before service, ρ = {load}"),
        unit: Unit::Time,
        closed_form: wait_s,
        read: Box::new(move |run| {
            mean_of_checkpoints(run, |record| {
                let server = record.subtasks.get(1)?.first()?.as_ref()?;
                Some(server.start_delay.as_secs_f64() - trigger_s)
            })
        }),
    };
    Experiment {
        text,
        readings: vec![reading],
    }
}
