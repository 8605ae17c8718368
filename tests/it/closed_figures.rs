//! Figures that have a right value by arithmetic: what is reported must be it.

use std::path::Path;

use ckptsim::experiment::costs;
use ckptsim::experiment::metric::MetricId;
use ckptsim::experiment::metric::replicate::Replication;
use ckptsim::experiment::run::run;
use ckptsim::scenario::Scenario;
use ckptsim::scenario::load::parse;

fn scenario(text: &str) -> Scenario {
    parse(text, "figures.toml", Path::new(""), &[])
        .unwrap_or_else(|problems| panic!("{problems}"))
        .scenario
}

fn once(scenario: &Scenario) -> Replication {
    Replication::of(scenario, &run(scenario, 1, 0).unwrap())
}

fn metric(id: MetricId, run: &Replication) -> f64 {
    id.metric().of(run).unwrap()
}

#[track_caller]
fn close(value: f64, expected: f64, share: f64) {
    assert!(
        (value / expected - 1.0).abs() <= share,
        "{value} is not {expected}"
    );
}

/// Fails at the given seconds; a checkpoint every 10 s.
fn failing(duration: &str, more: &str) -> String {
    format!(
        r#"
[job]
duration = "{duration}"
[[vertex]]
name = "source"
parallelism = 2
source = {{ rate = "100/s", record = "100 B", log = true }}
[[vertex]]
name = "server"
parallelism = 2
inputs = [{{ from = "source", exchange = "hash" }}]
state = {{ size = "10 MB", entry = "1 kB", dirty = "3 %/min" }}
[flink]
execution.checkpointing.interval = "10 s"
[cluster]
taskmanagers = 2
{more}
"#
    )
}

#[test]
fn a_run_that_ends_within_a_restart_does_not_repeat_its_whole_age() {
    let text = failing(
        "3 min",
        "[[failure]]\nat = \"100 s\"\ntaskmanager = 0\n[[failure]]\nat = \"175 s\"\ntaskmanager = 0",
    );
    let rework = once(&scenario(&text)).recoveries.rework;
    // The first failure may lose a period and a checkpoint; it said 175 s of the second.
    assert_eq!((rework.ended.len(), rework.open.len()), (1, 0));
    assert!(rework.ended[0] <= 11.0, "{rework:?}");
}

#[test]
fn a_failure_that_a_later_one_overtakes_repeats_work_from_the_same_checkpoint() {
    let text = failing(
        "10 min",
        "[failures]\ndetection = \"heartbeat\"\n[[failure]]\nat = \"305 s\"\ntaskmanager = 0\n\
         [[failure]]\nat = \"315 s\"\ntaskmanager = 1",
    );
    let rework = once(&scenario(&text)).recoveries.rework.ended;
    // Checkpoint at 300 s; it said 305 s, the whole age of the job.
    assert_eq!(rework.len(), 2);
    close(rework[0], 5.0, 0.01);
    close(rework[1], 15.0, 0.01);
}

/// A server that a checkpoint stops for 5 s, failing every 2000 s, and a log source of 1/s.
fn skipping(interval: &str, more: &str, skip: bool) -> Replication {
    let text = format!(
        r#"
[job]
duration = "20000 s"
warmup = "0 s"
[[vertex]]
name = "source"
source = {{ rate = "1/s", record = "100 B", log = true }}
[[vertex]]
name = "server"
inputs = [{{ from = "source", exchange = "forward" }}]
sync-extra = "5 s"
state = {{ size = "10 MB", entry = "1 MB" }}
[flink]
execution.checkpointing.interval = "{interval}"
{more}
restart-strategy.type = "fixed-delay"
restart-strategy.fixed-delay.attempts = 1000000
restart-strategy.fixed-delay.delay = "10 s"
[storage]
write-per-stream = "unlimited"
[failures]
mtbf = "2000 s"
what = "task"
[simulation]
skip-steady-time = {skip}
"#
    );
    once(&scenario(&text))
}

#[test]
fn left_out_time_has_the_pace_that_min_pause_sets() {
    let more = "execution.checkpointing.min-pause = \"10 s\"";
    let [skipped, full] = [true, false].map(|skip| skipping("10 s", more, skip));
    assert!(skipped.events < full.events * 3 / 4, "nothing was left out");
    // One per 15 s of stop and pause: 49 % more were counted.
    for id in [
        MetricId::Period,
        MetricId::Completed,
        MetricId::ExpectedRework,
        MetricId::BytesWrittenPerHour,
        MetricId::VisibilityP50,
    ] {
        close(metric(id, &skipped), metric(id, &full), 0.02);
    }
}

#[test]
fn left_out_time_works_as_much_as_the_rest() {
    let [skipped, full] = [true, false].map(|skip| skipping("20 s", "", skip));
    assert!(skipped.events < full.events * 3 / 4, "nothing was left out");
    // Exactly 1/s and what is read again; 5 s of every 20 s. They were 1.2/s and 20 %.
    for id in [MetricId::Throughput, MetricId::Utilisation] {
        close(metric(id, &skipped), metric(id, &full), 0.02);
    }
    close(metric(MetricId::Utilisation, &skipped), 0.25, 0.04);
}

#[test]
fn the_time_that_a_checkpoint_takes_does_not_depend_on_failures_or_the_interval() {
    for interval in ["20 s", "100 s"] {
        let run = skipping(interval, "", true);
        // sync-extra; it was overhead times interval, with downtime and cut-off checkpoints in it.
        close(metric(MetricId::Stop, &run), 5.0, 0.01);
    }
}

#[test]
fn downtime_per_month_is_the_unavailability_of_a_month() {
    let text = failing("20000 s", "[failures]\nmtbf = \"60 s\"\nwhat = \"task\"").replace(
        "[cluster]",
        "restart-strategy.type = \"fixed-delay\"\nrestart-strategy.fixed-delay.attempts = 1000000\n\
         restart-strategy.fixed-delay.delay = \"100 s\"\n[cluster]",
    );
    let run = once(&scenario(&text));
    let share = metric(MetricId::DowntimePerMonth, &run) / costs::MONTH_S;
    // M / (M + R): 62.5 % of the time; it was 167 %.
    close(share, run.recoveries.unavailability.unwrap(), 0.08);
    assert!(share < 1.0);
}

#[test]
fn a_batch_across_the_end_of_the_warm_up_gives_no_negative_share_of_time() {
    let scenario = scenario(
        "[job]\nwarmup = \"121 ms\"\nduration = \"1 s\"\n\
         [restore]\n\
         [flink]\nstate.backend.type = \"rocksdb\"\n\
         taskmanager.memory.segment-size = \"277 kb\"\n\
         taskmanager.network.memory.buffer-debloat.enabled = true\n\
         [[vertex]]\nname = \"v0\"\nsource = { rate = \"unlimited\" }\nstate = { size = \"258 B\" }\n\
         [[vertex]]\nname = \"v1\"\ninputs = [\"v0\"]\n\
         [[vertex]]\nname = \"v2\"\ninputs = [\"v0\", \"v1\"]\n\
         [[vertex]]\nname = \"v3\"\ninputs = [\"v2\"]\nservice = \"0.69543 s\"\n",
    );
    let source = &run(&scenario, 1, 0).unwrap().vertices[0];
    for share in [&source.busy, &source.backpressured, &source.idle] {
        assert!((0.0..=1.0).contains(&share[0]), "{source:?}");
    }
    assert!(source.backpressured[0] > 0.99, "{source:?}");
}
