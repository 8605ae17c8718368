use std::cell::Cell;
use std::fmt::Write as _;
use std::path::Path;

use ckptsim::experiment::{JobEnd, RunResult, run};
use ckptsim::measure::checkpoint::{CheckpointKind, CheckpointRecord, Outcome};
use ckptsim::measure::consistency::Violation;
use ckptsim::measure::{Consistency, RecoveryRecord};
use ckptsim::scenario::BufferTimeout;
use ckptsim::scenario::load::parse;
use ckptsim::units::{SimDuration, SimTime};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::mishaps::{FailingRecipe, failing_recipes};
use crate::recipes::Mechanism;

/// Random jobs that are made to fail, unless `CKPTSIM_CASES` says how many.
const CASES: u32 = 300;

/// After so long of their 20 s, jobs that have had no restart are calm.
const CALM: SimDuration = SimDuration::from_secs(12);

fn cases() -> u32 {
    let more = std::env::var("CKPTSIM_CASES").ok();
    more.map_or(CASES, |cases| {
        cases.parse().expect("CKPTSIM_CASES is a number")
    })
}

/// A run with failures, and the same without.
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
struct Pair {
    failing: RunResult,
    undisturbed: RunResult,
    /// The job was checkpointed with exactly-once.
    exactly_once: bool,
    /// Every record goes where its key says, or to all: subtasks can be compared, not only vertices.
    placed: bool,
    /// Buffers are flushed; otherwise what does not fill one stays in it.
    flushed: bool,
    /// Checkpoints expire after it.
    timeout: SimDuration,
    /// Whether checkpoints are in time depends on more than the job: the store refuses requests, or the timeout is not much longer
    /// than all timers of a path take, and a trigger that meets them meets them again.
    by_chance: bool,
    /// A source that does not read its mailbox while it waits for buffers reaches a join over edges that barriers overtake on
    /// and over others. The join blocks the former when its barrier has come and waits for the latter, whose barrier the source
    /// can only send when the join has read on: nothing moves any more, with Flink as here.
    may_hang: bool,
}

/// What must hold of every pair, by name: the first difference, if it does not.
type Property = (&'static str, fn(&Pair) -> Option<String>);

const PROPERTIES: [Property; 8] = [
    (
        "every completed checkpoint is a consistent cut, and every restart restores it",
        cuts_are_consistent,
    ),
    (
        "no checkpoint completes from the detection of a failure until all tasks run",
        no_checkpoint_while_down,
    ),
    (
        "the newest completed checkpoint is restored",
        newest_is_restored,
    ),
    (
        "every detected failure is followed by one restart",
        restarts_are_failures,
    ),
    (
        "exactly once: the states are those of the run without failures",
        states_are_equal,
    ),
    (
        "at least once: nothing is lost, and what is there beyond is what was repeated",
        surplus_is_repeated,
    ),
    (
        "a job that runs processes what its sources have read",
        nothing_is_stuck,
    ),
    (
        "a job that runs again completes checkpoints again",
        checkpoints_go_on,
    ),
];

fn cuts_are_consistent(pair: &Pair) -> Option<String> {
    let all = [&pair.failing, &pair.undisturbed].map(consistency);
    let mut violations = all.into_iter().flat_map(|found| &found.violations);
    violations.next().map(Violation::sentence)
}

/// When a checkpoint that can be restored was completed.
fn durable(record: &CheckpointRecord) -> Option<SimTime> {
    match record.outcome {
        Outcome::Completed { durable, .. } => Some(durable),
        Outcome::Failed { .. } | Outcome::InProgress => None,
    }
}

fn no_checkpoint_while_down(pair: &Pair) -> Option<String> {
    let run = &pair.failing;
    run.recoveries.iter().find_map(|recovery| {
        let (from, until) = (recovery.detected?, recovery.running.unwrap_or(run.end));
        let within =
            |record: &&CheckpointRecord| durable(record).is_some_and(|at| from < at && at < until);
        let record = run.checkpoints.iter().find(within)?;
        Some(format!(
            "checkpoint {} completed while the job was down from {from:?} to {until:?}",
            record.id
        ))
    })
}

/// A savepoint is in the store only if the job was to stop with it.
fn newest_is_restored(pair: &Pair) -> Option<String> {
    let run = &pair.failing;
    let stopped = |record: &CheckpointRecord| {
        let cause = format!("The job was stopped with savepoint {}", record.id);
        run.recoveries
            .iter()
            .any(|recovery| recovery.cause == cause)
    };
    run.recoveries.iter().find_map(|recovery| {
        let at = recovery.restarted?;
        let in_store = run.checkpoints.iter().filter(|record| {
            let kept = record.kind == CheckpointKind::Checkpoint || stopped(record);
            kept && durable(record).is_some_and(|end| end < at)
        });
        let newest = in_store.map(|record| record.id).max();
        (newest != recovery.checkpoint).then(|| {
            format!(
                "{newest:?} expected at {at:?}, {:?} restored",
                recovery.checkpoint
            )
        })
    })
}

/// One restart may answer several failures, also one that nobody had noticed before the tasks were deployed anew.
fn restarts_are_failures(pair: &Pair) -> Option<String> {
    let recoveries = &pair.failing.recoveries;
    let answered = |restarted| {
        let same = |other: &&RecoveryRecord| other.restarted == Some(restarted);
        let causes = recoveries.iter().filter(same);
        causes
            .filter_map(|other| other.detected)
            .any(|at| at <= restarted)
    };
    let unanswered = recoveries
        .iter()
        .filter(|one| one.detected.is_some() && one.restarted.is_none())
        .count();
    let without_cause = recoveries
        .iter()
        .filter_map(|one| one.restarted)
        .filter(|restarted| !answered(*restarted))
        .count();
    // The last ones may be pending at the end, or have ended the job.
    let holds = without_cause == 0 && (unanswered == 0 || !rests(&pair.failing));
    (!holds).then(|| {
        format!(
            "{unanswered} detected failures without a restart, {without_cause} restarts without one"
        )
    })
}

fn states_are_equal(pair: &Pair) -> Option<String> {
    if !pair.exactly_once || !comparable(pair) {
        return None;
    }
    let (found, expected) = (&pair.failing, &pair.undisturbed);
    let (found, expected) = (&consistency(found).states, &consistency(expected).states);
    found.iter().zip(expected).find_map(|(found, expected)| {
        let name = &found.vertex;
        if (found.records, &found.checksum) != (expected.records, &expected.checksum) {
            return Some(format!(
                "{name}: {} records ({}) expected, {} ({}) found",
                expected.records, expected.checksum, found.records, found.checksum
            ));
        }
        let subtasks = found.subtasks.iter().zip(&expected.subtasks);
        let mut different = subtasks
            .enumerate()
            .filter(|(_, (found, expected))| found != expected);
        let (subtask, (found, expected)) = different.next().filter(|_| pair.placed)?;
        Some(format!(
            "{name} #{subtask}: {expected:?} expected, {found:?} found"
        ))
    })
}

fn surplus_is_repeated(pair: &Pair) -> Option<String> {
    if !comparable(pair) {
        return None;
    }
    let records = |run: &RunResult| -> u64 {
        consistency(run)
            .states
            .iter()
            .map(|state| state.records)
            .sum()
    };
    // A checkpoint that fails may restart the undisturbed job, too.
    let [found, expected] =
        [&pair.failing, &pair.undisturbed].map(|run| (records(run), consistency(run).repeated));
    (found.0 - found.1 != expected.0 - expected.1).then(|| {
        format!("{expected:?} records, with those repeated, without failures; {found:?} with them")
    })
}

/// The sources end early, and the recipes leave all subtasks time to spare.
fn nothing_is_stuck(pair: &Pair) -> Option<String> {
    let calm = SimTime::ZERO + CALM;
    let long_up = |run: &&RunResult| {
        let mut recoveries = run.recoveries.iter();
        is_up(run) && recoveries.all(|recovery| recovery.running.is_some_and(|at| at < calm))
    };
    let runs = [&pair.undisturbed, &pair.failing].into_iter();
    let waiting = runs.filter(long_up).map(|run| consistency(run).waiting);
    let waiting = waiting.max().filter(|_| !pair.may_hang)?;
    (pair.flushed && waiting > 0).then(|| format!("{waiting} records wait at the end"))
}

fn checkpoints_go_on(pair: &Pair) -> Option<String> {
    let calm = SimTime::ZERO + CALM;
    let last = pair.failing.recoveries.last()?;
    let caught_up = last.caught_up.is_some_and(|at| at < calm);
    if !caught_up || pair.by_chance || !comparable(pair) {
        return None;
    }
    // How long they took; `None` = failed.
    let durations = |run: &RunResult| -> Vec<Option<SimDuration>> {
        let late = run.checkpoints.iter();
        let late = late.filter(|record| record.trigger > calm);
        let ended = late.filter(|record| record.outcome != Outcome::InProgress);
        let duration = |record: &CheckpointRecord| Some(durable(record)? - record.trigger);
        ended.map(duration).collect()
    };
    let (expected, found) = (durations(&pair.undisturbed), durations(&pair.failing));
    // What takes nearly as long as the timeout may expire from now on.
    let easy = |taken: &Option<SimDuration>| taken.is_some_and(|taken| taken * 2 < pair.timeout);
    let usual = expected.len() > 3 && expected.iter().all(easy);
    (usual && found.iter().all(Option::is_none)).then(|| {
        format!(
            "{} checkpoints completed from {calm:?} on without failures, none with them",
            expected.len()
        )
    })
}

fn consistency(run: &RunResult) -> &Consistency {
    run.consistency.as_ref().expect("the recipe asks for it")
}

/// Whether the job runs at the end.
fn is_up(run: &RunResult) -> bool {
    let mut recoveries = run.recoveries.iter();
    run.job_end == JobEnd::Running && recoveries.all(|recovery| recovery.running.is_some())
}

/// Whether it also has processed everything that its sources have read.
fn rests(run: &RunResult) -> bool {
    is_up(run) && consistency(run).waiting == 0
}

/// Whether both runs have processed the same input to the end: their sources stand at the same offsets.
fn comparable(pair: &Pair) -> bool {
    let offsets = |run: &RunResult| -> Vec<u64> {
        let states = consistency(run).states.iter();
        let sources = states.filter(|state| matches!(state.vertex.as_str(), "a" | "b"));
        let subtasks = sources.flat_map(|state| &state.subtasks);
        subtasks.map(|(records, _)| *records).collect()
    };
    let (failing, undisturbed) = (&pair.failing, &pair.undisturbed);
    rests(failing) && rests(undisturbed) && offsets(failing) == offsets(undisturbed)
}

impl FailingRecipe {
    fn run(&self) -> Pair {
        let mut scenario = self.scenario();
        let failing = run::run(&scenario, self.recipe.seed, 0).unwrap();
        scenario.failures.given.clear();
        scenario.failures.outages.clear();
        let undisturbed = run::run(&scenario, self.recipe.seed, 0).unwrap();
        Pair {
            failing,
            undisturbed,
            exactly_once: self.recipe.alignment != 3,
            placed: self
                .recipe
                .exchanges
                .iter()
                .all(|exchange| matches!(exchange, 0 | 3 | 4)),
            flushed: scenario.network.buffer_timeout != BufferTimeout::WhenFull,
            timeout: SimDuration::from_millis(u64::from(self.recipe.timeout_ms)),
            by_chance: self.recipe.has(Mechanism::RequestLimit)
                || (self.recipe.timeout_ms < 500 && self.recipe.has_timers()),
            may_hang: self.recipe.may_hang(),
        }
    }

    /// The first property that does not hold, with all that is needed to see it again.
    fn violated(&self, pair: &Pair) -> Option<String> {
        let mut text = String::new();
        for (name, difference) in PROPERTIES {
            let Some(difference) = difference(pair) else {
                continue;
            };
            let seed = self.recipe.seed;
            writeln!(text, "It does not hold that {name}.").unwrap();
            writeln!(text, "First difference: {difference}").unwrap();
            writeln!(text, "Seed {seed} and this scenario:\n\n{}", self.toml()).unwrap();
            return Some(text);
        }
        None
    }
}

/// What was seen in all cases together.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    cases: u64,
    compared: u64,
    restarts: u64,
    restored: u64,
    checkpoints: u64,
    repeated: u64,
}

impl Seen {
    fn and(self, pair: &Pair) -> Seen {
        let recoveries = &pair.failing.recoveries;
        let restarted = recoveries
            .iter()
            .filter(|recovery| recovery.restarted.is_some());
        let restored = restarted
            .clone()
            .filter(|recovery| recovery.checkpoint.is_some());
        let found = consistency(&pair.failing);
        Seen {
            cases: self.cases + 1,
            compared: self.compared + u64::from(comparable(pair)),
            restarts: self.restarts + restarted.count() as u64,
            restored: self.restored + restored.count() as u64,
            checkpoints: self.checkpoints + found.checkpoints,
            repeated: self.repeated + found.repeated,
        }
    }
}

#[test]
fn whatever_fails_the_job_ends_in_the_states_of_the_run_without_failures() {
    let seen = Cell::new(Seen::default());
    let config = ProptestConfig {
        cases: cases(),
        failure_persistence: None,
        max_shrink_iters: 400,
        ..ProptestConfig::default()
    };
    let outcome = TestRunner::new(config).run(&failing_recipes(), |recipe| {
        let pair = recipe.run();
        if let Some(report) = recipe.violated(&pair) {
            return Err(TestCaseError::fail(report));
        }
        seen.set(seen.get().and(&pair));
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
    let seen = seen.get();
    println!("{seen:?}");
    assert_eq!(seen.cases, u64::from(cases()));
    assert!(seen.compared > seen.cases / 2 && seen.restarts > seen.cases);
    assert!(seen.restored > seen.cases / 2 && seen.checkpoints > seen.restored);
    assert!(seen.repeated > 0, "some jobs run at least once");
}

/// A source of two subtasks, an operator of two that is nearly as slow, a sink; the sources end after 3 s.
fn pipeline(flink: &str, tables: &str) -> Consistency {
    let text = format!(
        r#"
[job]
duration = "12 s"
warmup = "0 s"
[[vertex]]
name = "source"
parallelism = 2
source = {{ steps = ["0 s 1000/s", "3 s 0/s"], record = "1 KB" }}
[[vertex]]
name = "operator"
parallelism = 2
service = "1800 us"
inputs = [{{ from = "source", exchange = "hash", skew = {{ subtask = 0, share = "60 %" }} }}]
[[vertex]]
name = "sink"
inputs = ["operator"]
[simulation]
check-consistency = true
{tables}
[flink]
execution.checkpointing.interval = "500 ms"
{flink}
"#
    );
    let loaded = parse(&text, "pipeline", Path::new(""), &[]);
    let scenario = loaded
        .unwrap_or_else(|problems| panic!("{problems}"))
        .scenario;
    run::run(&scenario, 1, 0).unwrap().consistency.unwrap()
}

const FAILURE: &str =
    "[[failure]]\nat = \"2300 ms\"\ntask = { vertex = \"operator\", subtask = 1 }\n";

#[test]
fn at_least_once_loses_nothing_but_repeats_what_exactly_once_would_not() {
    let at_least_once = "execution.checkpointing.mode = \"AT_LEAST_ONCE\"";
    let undisturbed = pipeline(at_least_once, "");
    let failing = pipeline(at_least_once, FAILURE);
    assert_eq!(failing.violations, []);
    assert_eq!(undisturbed.repeated, 0);
    assert!(failing.repeated > 0);
    let records = |found: &Consistency| -> Vec<u64> {
        found.states.iter().map(|state| state.records).collect()
    };
    let (found, expected) = (records(&failing), records(&undisturbed));
    assert_eq!(found[0], expected[0], "sources read on at their offsets");
    assert_eq!(
        found.iter().sum::<u64>() - expected.iter().sum::<u64>(),
        failing.repeated
    );
    assert_eq!(pipeline("", FAILURE).states, pipeline("", "").states);
}

/// A savepoint is not in the store: the ledger forgot the checkpoint before it, and the restart found nothing.
#[test]
fn a_savepoint_between_checkpoint_and_failure_is_not_restored() {
    let savepoint = "[[trigger]]\nat = \"2200 ms\"\nkind = \"savepoint\"\n";
    let found = pipeline("", &format!("{savepoint}{FAILURE}"));
    assert_eq!(found.violations, []);
    assert_eq!(found.states, pipeline("", "").states);
}

/// Two failover regions, a TaskManager lost in each; the first restart comes before the second is missed.
#[test]
fn a_restart_that_replaces_a_taskmanager_not_missed_yet_restarts_its_region() {
    let text = r#"
[job]
duration = "10 s"
warmup = "0 s"
[[vertex]]
name = "a"
parallelism = 2
source = { steps = ["0 s 1399/s", "1078 ms 0/s"], log = true }
[[vertex]]
name = "m"
parallelism = 2
inputs = [{ from = "a", exchange = "rescale" }]
[[vertex]]
name = "n"
parallelism = 3
inputs = [{ from = "m", exchange = "rescale" }]
[[vertex]]
name = "z"
parallelism = 3
service = "366 us"
inputs = [{ from = "n", exchange = "rescale" }]
[flink]
execution.checkpointing.interval = "5 s"
execution.checkpointing.dir = "hdfs:///c"
restart-strategy.type = "fixed-delay"
restart-strategy.fixed-delay.attempts = 10
restart-strategy.fixed-delay.delay = "0 ms"
heartbeat.interval = "200 ms"
heartbeat.timeout = "700 ms"
[simulation]
check-consistency = true
[cluster]
taskmanagers = 3
slots = 3
[failures]
detection = "heartbeat"
taskmanager-start = "0 ms"
[[failure]]
at = "1537 ms"
taskmanager = 0
[[failure]]
at = "2250 ms"
taskmanager = 1
"#;
    let loaded = parse(text, "two regions", Path::new(""), &[]).unwrap();
    for seed in 0..20 {
        let found = run::run(&loaded.scenario, seed, 0).unwrap();
        let consistency = consistency(&found);
        assert!(consistency.violations.is_empty(), "seed {seed}");
        let records = |vertex: usize| consistency.states[vertex].records;
        assert_eq!(
            (records(2), records(3)),
            (records(0), records(0)),
            "seed {seed}"
        );
    }
}
