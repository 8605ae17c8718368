//! Everything that the program does with a valid scenario, and what must be true of what comes out.
//!
//! Uses nothing but the library, so that the fuzz targets can use it, too. What is wrong panics.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use ckptsim::experiment::journal::Journal;
use ckptsim::experiment::metric::MetricId;
use ckptsim::experiment::metric::replicate::Replication;
use ckptsim::experiment::run::{RunError, Simulation, Wanted};
use ckptsim::experiment::sweep::{Options, replications, sweep};
use ckptsim::experiment::{RunResult, compare, explain, grid, objectives, run};
use ckptsim::formulas::timeout;
use ckptsim::measure::Outcome;
use ckptsim::measure::Trace;
use ckptsim::measure::flight::FlightWatch;
use ckptsim::measure::phases::Phases;
use ckptsim::render::{explain as words, plot, table};
use ckptsim::scenario::load::{Loaded, parse};
use ckptsim::scenario::{Alignment, Scenario, lint};
use ckptsim::units::SimDuration;
use serde_json::Value;

use crate::options::generate::check;

/// How much is done with a scenario besides running it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// What `run --no-loss` does, without trying other options.
    Run,
    /// And throughput loss, other options, comparison, trace, pictures.
    All,
}

/// What became of a scenario.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    /// `check` does not accept it.
    Refused,
    /// A limit of the simulation ended the run.
    Limited(RunError),
    /// It ran.
    Ran { completed: usize },
}

/// Checks it, runs it, prints it; panics if anything of it is wrong.
pub fn judge(text: &str, base: &Path, depth: Depth) -> End {
    match check(text, base) {
        Ok(loaded) => judge_valid(&loaded, depth),
        Err(problems) => {
            problems.render(true);
            End::Refused
        }
    }
}

/// The same with a scenario that `check` accepts.
pub fn judge_valid(loaded: &Loaded, depth: Depth) -> End {
    let scenario = &loaded.scenario;
    for finding in lint::check(scenario) {
        finite(&finding.diagnostic(loaded).render(false));
    }
    for warning in timeout::lint(scenario) {
        finite(&warning.message);
    }
    round_trip(loaded);
    let first = match run::run(scenario, scenario.job.seed, 0) {
        Ok(first) => first,
        Err(limit) => return End::Limited(limit),
    };
    result(&first);
    summary(loaded, &first, depth);
    explanation(loaded, &first, depth);
    if depth == Depth::All {
        all(loaded, &first);
    }
    let completed = first.checkpoints.iter().filter_map(Phases::of).count();
    End::Ran { completed }
}

/// The effective scenario means the same.
fn round_trip(loaded: &Loaded) {
    let text = loaded.toml();
    match parse(&text, "effective scenario", Path::new(""), &[]) {
        Ok(again) => assert_eq!(again.scenario, loaded.scenario, "written as\n{text}"),
        Err(problems) => panic!("the effective scenario is refused: {problems}"),
    }
}

/// No figure of a text is none. Jobs, vertices and options have no such names here.
fn finite(text: &str) {
    let not_a_number = |word: &&str| matches!(*word, "NaN" | "inf");
    let word = text
        .split(|c: char| !c.is_alphanumeric())
        .find(not_a_number);
    assert_eq!(word, None, "{text}");
}

fn share(share: f64, what: &str) {
    assert!((0.0..=1.0 + 1e-9).contains(&share), "{what}: {share}");
}

fn result(run: &RunResult) {
    finite(&format!("{:?}", (&run.vertices, &run.timeline)));
    for vertex in &run.vertices {
        for subtask in 0..vertex.parallelism {
            let parts = [&vertex.busy, &vertex.backpressured, &vertex.idle];
            let parts = parts.map(|part| part[subtask]);
            for part in parts {
                share(part, &vertex.name);
            }
            assert!(parts.iter().sum::<f64>() <= 1.0 + 1e-6, "{parts:?}");
            assert!(vertex.subtask_records_per_s[subtask] >= 0.0, "{vertex:?}");
        }
    }
    for checkpoint in &run.checkpoints {
        phases(checkpoint);
    }
    for recovery in &run.recoveries {
        let steps = [
            Some(recovery.failed),
            recovery.detected,
            recovery.restarted,
            recovery.running,
            recovery.caught_up,
        ];
        let steps: Vec<_> = steps.into_iter().flatten().collect();
        assert!(steps.is_sorted(), "{recovery:?}");
    }
    if let Some(found) = &run.consistency {
        assert!(found.violations.is_empty(), "{:?}", found.violations);
    }
}

fn phases(checkpoint: &ckptsim::measure::CheckpointRecord) {
    let Some(phases) = Phases::of(checkpoint) else {
        let completed = matches!(checkpoint.outcome, Outcome::Completed { .. });
        assert!(!completed, "a completed checkpoint has no phases");
        return;
    };
    let whole = phases.end_to_end;
    let parts = [
        phases.start_delay,
        phases.alignment,
        phases.sync,
        phases.r#async,
        phases.until_save,
    ];
    let fits = |part: &SimDuration| *part <= whole;
    assert!(parts.iter().all(fits), "{phases:?}");
    assert!(
        phases.start_delay + phases.sync + phases.r#async <= whole,
        "{phases:?}"
    );
    assert!(phases.longest_save <= phases.durable, "{phases:?}");
}

fn options<'a>(scenario: &Scenario, depth: Depth, stop: &'a AtomicBool) -> Options<'a> {
    Options {
        jobs: 1,
        loss: depth == Depth::All,
        seed: scenario.job.seed,
        replications: scenario.job.replications.min(3),
        stop,
        progress: &|_| {},
    }
}

/// What `run` prints of all replications.
fn summary(loaded: &Loaded, first: &RunResult, depth: Depth) {
    let stop = AtomicBool::new(false);
    let options = options(&loaded.scenario, depth, &stop);
    let points = grid::points(loaded, &[]).unwrap();
    let mut journal = Journal::in_memory();
    let runner = |wanted: Wanted<'_>| {
        let (scenario, replication) = (wanted.scenario, wanted.replication);
        if replication == 0 && *scenario == loaded.scenario {
            return Ok(first.clone());
        }
        wanted.simulation().run()
    };
    let Ok(swept) = sweep(&points, &options, &mut journal, runner) else {
        return;
    };
    let runs = replications(&points[0].scenario, &options, &journal);
    let runs: Vec<Replication> = runs.into_iter().flatten().collect();
    finite(&format!("{:?}", (&swept.points, &runs)));
    for point in &swept.points {
        estimates(&serde_json::to_value(point).unwrap(), "");
        let loss = point.metric(MetricId::ThroughputLoss);
        assert!(loss.is_none_or(|loss| loss.value <= 1.0 + 1e-9), "{loss:?}");
        if let Some(busy) = point.metric(MetricId::Utilisation) {
            share(busy.value, "utilisation");
        }
        let texts = [
            Some(table::headline(point)),
            Some(table::formulas(&point.comparisons)),
            table::costs(point, &loaded.scenario.storage.prices.note),
        ];
        for table in texts.iter().flatten() {
            finite(&table.text(100));
        }
    }
    let judged = objectives::judge(&objectives::of(loaded).unwrap(), &runs, None);
    finite(&table::objectives(&judged).text(100));
    finite(&table::phases(first).text(100));
    finite(&table::vertices(first).text(100));
    if let Some(found) = &first.consistency {
        finite(&table::consistency(found).text(100));
    }
}

/// An estimate is within its own interval.
fn estimates(value: &Value, at: &str) {
    match value {
        Value::Object(keys) => {
            let figure = |key: &str| keys.get(key).and_then(Value::as_f64);
            if let (Some(value), Some(low), Some(high)) =
                (figure("value"), figure("low"), figure("high"))
            {
                assert!(low <= value && value <= high, "{at}: {keys:?}");
            }
            for (key, value) in keys {
                estimates(value, &format!("{at}.{key}"));
            }
        }
        Value::Array(elements) => elements.iter().for_each(|value| estimates(value, at)),
        _ => {}
    }
}

fn explanation(loaded: &Loaded, first: &RunResult, depth: Depth) {
    let asked = explain::Explain::new(loaded, first).what_if(depth == Depth::All);
    let Ok(explanation) = asked.explain() else {
        return;
    };
    adds_up(&explanation.tree);
    finite(&format!("{explanation:?}"));
    finite(&words::text(&explanation, 100, false));
    finite(&words::markdown(&explanation));
    finite(&words::why(&explanation));
    words::attempt(&explanation, "run.json");
    words::path(&explanation);
}

/// Parts of a part have its length together.
fn adds_up(part: &explain::Part) {
    let sum = |sum: SimDuration, part: &explain::Part| sum + part.length;
    if !part.parts.is_empty() {
        let sum = part.parts.iter().fold(SimDuration::ZERO, sum);
        assert_eq!(sum, part.length, "{part:?}");
    }
    part.parts.iter().for_each(adds_up);
}

/// The trace, the points of the sweep, another alignment beside it, the pictures.
fn all(loaded: &Loaded, first: &RunResult) {
    let scenario = &loaded.scenario;
    let (mut trace, mut flights) = (Trace::new(1, 2000), FlightWatch::default());
    let looked = Simulation::new(scenario)
        .observe(&mut trace)
        .observe(&mut flights)
        .run();
    assert_eq!(
        looked.unwrap().digest,
        first.digest,
        "looking has changed a run"
    );
    flights.flights();
    if let Ok(points) = grid::points(loaded, &loaded.axes) {
        for point in &points {
            let _limited = run::run(&point.scenario, scenario.job.seed, 0).map(|run| result(&run));
        }
    }
    let mut other = scenario.clone();
    other.checkpointing.alignment = match scenario.checkpointing.alignment {
        Alignment::Unaligned => Alignment::Aligned,
        _ => Alignment::Unaligned,
    };
    let stop = AtomicBool::new(false);
    if let Ok(compared) = compare::compare(
        scenario,
        &other,
        &options(scenario, Depth::Run, &stop),
        |wanted: Wanted<'_>| wanted.simulation().run(),
    ) {
        finite(&table::differences(&compared, scenario.job.replications).text(100));
    }
    let origin = plot::Origin {
        scenario: scenario.job.name.clone(),
        version: String::new(),
        sha256: loaded.sha256(),
        seed: scenario.job.seed,
    };
    for picture in plot::run_pictures(first, &origin) {
        finite(&plot::svg(&picture));
    }
}
