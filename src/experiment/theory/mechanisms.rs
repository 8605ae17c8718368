//! What real jobs have besides records: processors that are shared, timers that fire together, a store that accepts so many
//! requests per second, and commits that stand between records.

use crate::experiment::run_result::RunResult;
use crate::experiment::theory::{Experiment, Reading, mean_of_checkpoints};
use crate::measure::CheckpointRecord;
use crate::scenario::calibration::{ASYNC_END_TO_ACK, HASHMAP_ASYNC_FIXED, trigger_typical};
use crate::units::Unit;

/// Two laws and two loads of shared processors, a burst of timers, a bucket of requests, a committer.
pub(super) fn experiments() -> Vec<Experiment> {
    vec![
        processor_sharing("exponential", 0.5),
        processor_sharing("exponential", 0.7),
        processor_sharing("deterministic", 0.5),
        burst(),
        bucket(),
        committer(),
    ]
}

/// Records that come at random to many tasks on one processor: each is a job of an M/G/1 queue with processor sharing, and as
/// many tasks are busy as there are jobs, on average ρ / (1 − ρ) whatever the law of the service time (Kleinrock,
/// "Queueing Systems" II, section 4.4). With 400 tasks hardly ever do two records meet at one.
fn processor_sharing(law: &str, load: f64) -> Experiment {
    let text = format!(
        r#"
[job]
duration = "620 s"
warmup = "20 s"
[[vertex]]
name = "source"
service = "1 ns"
source = {{ rate = "{rate}/s", record = "100 B", arrivals = "poisson" }}
[[vertex]]
name = "tasks"
parallelism = 400
max-parallelism = 400
inputs = ["source"]
service = {{ mean = "20 ms", distribution = "{law}" }}
[flink]
execution.buffer-timeout.interval = "0 ms"
[cluster]
cores = 1
[simulation]
quantum = "10 us"
"#,
        rate = load / 0.02
    );
    let busy = |run: &RunResult| {
        let tasks = run.vertices.get(1)?;
        Some(tasks.busy.iter().sum())
    };
    Experiment {
        text,
        readings: vec![Reading {
            law: "M/G/1 processor sharing",
            case: format!("tasks busy or waiting, {law}, load {load}"),
            unit: Unit::Plain,
            closed_form: load / (1.0 - load),
            read: Box::new(busy),
        }],
    }
}

/// Timers keep a task for d = 2 s every p = 7 s: a barrier that comes at any time finds them firing with probability d / p, and
/// waits for the rest of them, half of d on average.
fn burst() -> Experiment {
    let text = r#"
[job]
duration = "2000 s"
warmup = "30 s"
[[vertex]]
name = "source"
source = { rate = "1/s", record = "100 B" }
[[vertex]]
name = "window"
inputs = ["source"]
service = "1 ns"
timers = { every = "7 s", number = 2000, time = "1 ms" }
[flink]
execution.checkpointing.interval = "3137 ms"
"#;
    let trigger_s = trigger_typical().as_secs_f64();
    let wait = move |record: &CheckpointRecord| {
        let window = record.subtasks.get(1)?.first()?.as_ref()?;
        Some(window.start_delay.as_secs_f64() - trigger_s)
    };
    Experiment {
        text: text.to_owned(),
        readings: vec![Reading {
            law: "timers fire together",
            case: "a barrier waits d² / 2p, d = 2 s, p = 7 s".to_owned(),
            unit: Unit::Time,
            closed_form: 2.0 * 2.0 / (2.0 * 7.0),
            read: Box::new(move |run| mean_of_checkpoints(run, wait)),
        }],
    }
}

/// 40 files, a request each, against a bucket of 10 that fills with 10 a second: the last one has its token after 3 s, and comes
/// for it after the rest of a pause. Pauses are uniform on 0 to 10 ms, of at least 1 ms: the rest of one that is met at
/// random is half of the mean square over the mean (renewal theory).
fn bucket() -> Experiment {
    let text = r#"
[job]
duration = "605 s"
warmup = "5 s"
[[vertex]]
name = "source"
source = { rate = "0.01/s", record = "100 B" }
[[vertex]]
name = "state"
parallelism = 40
max-parallelism = 40
inputs = ["source"]
state = { size = "40 MB", entry = "1 KB" }
[flink]
execution.checkpointing.interval = "20 s"
[storage]
write-per-stream = "unlimited"
write-per-taskmanager = "unlimited"
open = "0 s"
close = "0 s"
requests-per-second = 10
backoff = "10 ms"
backoff-max = "10 ms"
"#;
    let (mean, square) = (0.1 + (100.0 - 1.0) / 20.0, 0.1 + (1000.0 - 1.0) / 30.0);
    let known = trigger_typical() + HASHMAP_ASYNC_FIXED.typical() + ASYNC_END_TO_ACK.typical();
    let known_s = known.as_secs_f64();
    let wait = move |record: &CheckpointRecord| Some(record.end_to_end()?.as_secs_f64() - known_s);
    Experiment {
        text: text.to_owned(),
        readings: vec![Reading {
            law: "token bucket with backoff",
            case: "40 files, 10 requests/s, the last one".to_owned(),
            unit: Unit::Time,
            closed_form: (40.0 - 10.0) / 10.0 + 0.001 * square / (2.0 * mean),
            read: Box::new(move |run| mean_of_checkpoints(run, wait)),
        }],
    }
}

/// A sink that is busy for λ s with records, and for c = 1 s with each commit, every T = 5 s.
fn committer() -> Experiment {
    let text = r#"
[job]
duration = "1005 s"
warmup = "5 s"
[[vertex]]
name = "source"
source = { rate = "20/s", record = "100 B", arrivals = "poisson" }
[[vertex]]
name = "sink"
inputs = ["source"]
service = { mean = "10 ms", distribution = "exponential" }
sink = { commit = "1 s" }
[flink]
execution.checkpointing.interval = "5 s"
"#;
    let busy = |run: &RunResult| run.vertices.get(1)?.busy.first().copied();
    Experiment {
        text: text.to_owned(),
        readings: vec![Reading {
            law: "committer as a server",
            case: "busy λ s + c / T, 20 % + 20 %".to_owned(),
            unit: Unit::Share,
            closed_form: 20.0 * 0.01 + 1.0 / 5.0,
            read: Box::new(busy),
        }],
    }
}
