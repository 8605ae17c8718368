//! How fast is the event loop? Workload W3 (`scenarios/bench-pipeline.toml`) against the textbook engine, and a job of
//! production size. Times are per processed buffer; construction is not timed.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark measures real time and prints it"
)]

mod plain_heap;

use std::path::Path;
use std::time::{Duration, Instant};

use ckptsim::experiment::run::Simulation;
use ckptsim::scenario::{Scenario, load};
use criterion::{Criterion, Throughput};

/// Buffers that the yardstick processes per run.
const BUFFERS: u64 = 500_000;

/// W3 in one size.
struct Workload {
    p: usize,
    /// Source and sink are so many times as fast as with 8 A and 8 B.
    faster: u64,
    scenario: Scenario,
    /// Buffers that one run of the scenario processes.
    buffers: u64,
}

impl Workload {
    fn new(p: usize, faster: u64) -> Self {
        let nanos = |nanos: u64| format!("{} ns", nanos / faster);
        let scenario = scenario(
            "bench-pipeline",
            &[
                ("job.duration", format!("{} s", 20 / faster)),
                ("vertex.source.service", nanos(100_003)),
                ("vertex.a.parallelism", p.to_string()),
                ("vertex.b.parallelism", p.to_string()),
                ("vertex.sink.service", nanos(50_021)),
                ("cluster.slots", p.to_string()),
            ],
        );
        let result = Simulation::new(&scenario)
            .seed(1)
            .run()
            .expect("the limits are far away");
        Workload {
            p,
            faster,
            scenario,
            buffers: result.buffers_processed,
        }
    }

    fn plain(&self) -> Duration {
        let mut pipeline = plain_heap::Pipeline::new(self.p, self.faster);
        let start = Instant::now();
        pipeline.run(BUFFERS);
        start.elapsed()
    }

    fn ours(&self) -> Duration {
        time(&self.scenario)
    }
}

fn scenario(name: &str, overrides: &[(&str, String)]) -> Scenario {
    let path = format!("{}/scenarios/{name}.toml", env!("CARGO_MANIFEST_DIR"));
    let overrides: Vec<(String, String)> = overrides
        .iter()
        .map(|(key, value)| ((*key).to_owned(), value.clone()))
        .collect();
    match load::load(Path::new(&path), &overrides) {
        Ok(loaded) => loaded.scenario,
        Err(problems) => panic!("{problems:?}"),
    }
}

fn time(scenario: &Scenario) -> Duration {
    let simulation = Simulation::new(scenario).seed(1).prepare();
    let mut simulation = simulation.expect("the limits are far away");
    let start = Instant::now();
    simulation.run().expect("the limits are far away");
    start.elapsed()
}

/// Both engines in turn, so that a machine that slows down slows both; the fastest run of each, in ns per buffer.
fn alternately(workload: &Workload) -> (f64, f64) {
    let per_buffer = |time: Duration, buffers: u64| time.as_secs_f64() * 1e9 / buffers as f64;
    (0..15).fold((f64::INFINITY, f64::INFINITY), |(plain, ours), _| {
        (
            plain.min(per_buffer(workload.plain(), BUFFERS)),
            ours.min(per_buffer(workload.ours(), workload.buffers)),
        )
    })
}

fn main() {
    let mut criterion = Criterion::default()
        .without_plots()
        .sample_size(10)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(4))
        .configure_from_args();
    let workloads = [Workload::new(8, 1), Workload::new(80, 10)];
    for workload in &workloads {
        let mut group = criterion.benchmark_group(format!("W3 p={}", workload.p));
        group.throughput(Throughput::Elements(BUFFERS));
        group.bench_function("plain", |bencher| {
            bencher.iter_custom(|n| (0..n).map(|_| workload.plain()).sum());
        });
        group.throughput(Throughput::Elements(workload.buffers));
        group.bench_function("ckptsim", |bencher| {
            bencher.iter_custom(|n| (0..n).map(|_| workload.ours()).sum());
        });
        group.finish();
    }
    let [(plain, ours), (plain_large, ours_large)] = workloads.each_ref().map(alternately);
    println!(
        "ratio ckptsim/plain p=8: {:.2}, p=80: {:.2}, growth p=8->80: {:.2} (plain {:.2})",
        ours / plain,
        ours_large / plain_large,
        ours_large / ours,
        plain_large / plain,
    );
    let minutes = 5;
    let production = scenario(
        "production-2min",
        &[("job.duration", format!("{minutes} min"))],
    );
    println!(
        "production-2min: {:.1} s per simulated hour",
        time(&production).as_secs_f64() * 60.0 / f64::from(minutes)
    );
    criterion.final_summary();
}
