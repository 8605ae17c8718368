//! What several keys make large together: state, records, buffers, memory of the simulation.
//!
//! Each limit is there so that what `check` accepts also ends, in bounded memory and without leaving 64 bits.

use crate::scenario::bounds::{RECORD_RATE_MAX, SIZE_MAX};
use crate::scenario::failure::FailureLaw;
use crate::scenario::flow::peak_rate;
use crate::scenario::key_path::KeyPath;
use crate::scenario::resolve::problems::Problems;
use crate::scenario::vertex::{Exchange, Rate, Updates, VertexKind};
use crate::scenario::{Backend, BufferTimeout, Scenario, Simulation, VertexId};
use crate::units::{Bytes, SimDuration, print};

/// What one record may change in the state: as much as the largest record itself holds.
const CHANGES_MAX: Bytes = Bytes::from_mib(1024);
/// More failures in a run than this are a slip of the pen.
const FAILURES_MAX: f64 = 1e6;
/// Each of them gets its share of the bandwidth anew whenever one begins or ends.
const TRANSFERS_MAX: usize = 1_000_000;
/// A job that starts from a checkpoint starts from one of the last year.
const AGE_MAX: SimDuration = SimDuration::from_secs(366 * 86_400);
/// A schedule does not repeat faster; a shorter period is a constant rate.
const PERIOD_MIN: SimDuration = SimDuration::from_millis(1);

/// Memory of one simulation with the default `simulation.max-channels`: two of them side by side stay below 1 GiB.
const MEMORY: f64 = (512_u64 << 20) as f64;
/// Bytes of a channel (its state, its queues with a few buffers, its place in the tables of both ends), of a buffer beyond
/// those, of a subtask, and of what a checkpoint keeps of each subtask; measured, rounded up.
const CHANNEL: f64 = 350.0;
const BUFFER: f64 = 16.0;
const SUBTASK: f64 = 4_000.0;
const RECORD: f64 = 96.0;
/// Buffers that a channel holds without asking for more memory.
const FEW_BUFFERS: f64 = 8.0;

/// Everything that is too large only as a whole.
pub(super) fn check(scenario: &Scenario, problems: &mut Problems<'_>) {
    channels(scenario, problems);
    // What is wrong by itself stands for a default here, or for nothing.
    if problems.any_error() {
        return;
    }
    state(scenario, problems);
    transfers(scenario, problems);
    rates(scenario, problems);
    failures(scenario, problems);
    memory(scenario, problems);
}

/// The job must not be larger than the limits of `[simulation]`.
fn channels(scenario: &Scenario, problems: &mut Problems<'_>) {
    let channels = scenario.channels();
    let limit = scenario.simulation.max_channels;
    if channels > limit {
        problems
            .key_error(
                &KeyPath::top("vertex"),
                format!("{channels} channels are more than the limit of {limit}"),
            )
            .help("raise `simulation.max-channels` if you have time and memory");
    }
}

fn state(scenario: &Scenario, problems: &mut Problems<'_>) {
    let mut total = Bytes::ZERO;
    for (index, vertex) in scenario.vertices.iter().enumerate() {
        let Some(state) = vertex.state else { continue };
        let path = KeyPath::top("vertex").index(index).key("state");
        total += state.size;
        if total > SIZE_MAX {
            let message = format!("the job has {total} of state; at most 10 PB are simulated");
            problems.error(&path.key("size"), message);
            return;
        }
        let changes = match state.updates {
            Updates::PerSecond(_) => ("updates-per-record", 0.0),
            Updates::PerRecord(entries) => ("updates-per-record", entries),
            Updates::Adds(entries) => ("adds-per-record", entries),
        };
        for (key, entries) in [changes, ("inserts-per-record", state.inserts)] {
            if entries * state.entry.as_f64() <= CHANGES_MAX.as_f64() {
                continue;
            }
            let message = format!(
                "a record changes {entries} entries of {}; at most {CHANGES_MAX} per record are simulated",
                state.entry
            );
            problems.error(&path.key(key), message).help(
                "it is the number of entries that one record overwrites or adds, such as 1.0",
            );
        }
    }
}

/// Files that all subtasks together write at the same time.
fn transfers(scenario: &Scenario, problems: &mut Problems<'_>) {
    let Backend::RocksDb(rocksdb) = scenario.checkpointing.backend else {
        return;
    };
    let stateful = scenario
        .vertices
        .iter()
        .filter(|vertex| vertex.state.is_some());
    let subtasks: usize = stateful.map(|vertex| vertex.parallelism).sum();
    let files = subtasks * rocksdb.transfer_threads;
    if files > TRANSFERS_MAX {
        let key = "state.backend.rocksdb.checkpoint.transfer.thread.num";
        let message = format!(
            "{subtasks} subtasks with {} transfer threads move {files} files at the same time; at most {TRANSFERS_MAX} are simulated",
            rocksdb.transfer_threads
        );
        problems.error(&KeyPath::flink(key), message);
    }
}

fn rates(scenario: &Scenario, problems: &mut Problems<'_>) {
    let mut total = 0.0;
    for (index, vertex) in scenario.vertices.iter().enumerate() {
        let VertexKind::Source(source) = &vertex.work else {
            continue;
        };
        let path = KeyPath::top("vertex").index(index).key("source");
        if source.rate != Rate::Unlimited {
            total += peak_rate(&source.rate);
        }
        if total > RECORD_RATE_MAX {
            let most = print::record_rate(RECORD_RATE_MAX);
            let message = format!(
                "the sources emit {}; at most {most} are simulated",
                print::record_rate(total)
            );
            problems.error(&path, message);
            return;
        }
        if let Rate::Steps {
            period: Some(period),
            ..
        } = source.rate
            && period < PERIOD_MIN
        {
            problems
                .error(&path.key("period"), "a `period` is at least 1 ms")
                .help("what repeats faster is a constant `rate`");
        }
    }
    if let Some(restore) = &scenario.failures.restore
        && restore.age > AGE_MAX
    {
        let path = KeyPath::top("restore").key("age");
        problems.error(&path, "`restore.age` must be at most 366 d");
    }
}

fn failures(scenario: &Scenario, problems: &mut Problems<'_>) {
    let given = scenario.failures.given.iter();
    let given: f64 = given.map(|failure| f64::from(failure.times)).sum();
    let random = scenario.failures.random.as_ref();
    let random = random.map_or(0.0, |random| match &random.law {
        FailureLaw::Exponential { mtbf } | FailureLaw::Weibull { mtbf, .. } => {
            scenario.job.duration.as_secs_f64() / mtbf.as_secs_f64().max(1e-9)
        }
        FailureLaw::Trace(times) => times.len() as f64,
    });
    if given + random > FAILURES_MAX {
        let path = if random > given {
            KeyPath::top("failures").key("mtbf")
        } else {
            KeyPath::top("failure").index(0).key("times")
        };
        let message = format!(
            "{:.0} failures in {}; at most {FAILURES_MAX:.0} are simulated",
            given + random,
            scenario.job.duration
        );
        problems
            .error(&path, message)
            .help("lengthen the time between them, or shorten `job.duration`");
    }
}

/// What the simulation will hold in memory at the same time.
fn memory(scenario: &Scenario, problems: &mut Problems<'_>) {
    let kept = checkpoints(scenario) * scenario.subtasks() as f64 * RECORD;
    let (buffers, most) = buffers(scenario);
    let parts = [
        (
            scenario.channels() as f64 * CHANNEL + scenario.subtasks() as f64 * SUBTASK,
            KeyPath::top("vertex"),
            format!("{} channels", scenario.channels()),
            "lower the parallelism",
        ),
        (
            buffers * BUFFER,
            most.map_or_else(
                || KeyPath::flink("taskmanager.network.memory.buffers-per-channel"),
                |vertex| KeyPath::top("vertex").index(vertex),
            ),
            format!("{buffers:.0} network buffers"),
            "let a record give less, or take larger segments or fewer buffers",
        ),
        (
            kept,
            KeyPath::top("job").key("duration"),
            format!("{:.0} checkpoints", checkpoints(scenario)),
            "shorten `job.duration`, lengthen the interval, or set `simulation.skip-steady-time`",
        ),
    ];
    let needed: f64 = parts.iter().map(|(bytes, ..)| bytes).sum();
    let more = scenario.simulation.max_channels as f64 / Simulation::default().max_channels as f64;
    let limit = MEMORY * more.max(1.0);
    let largest = parts.into_iter().max_by(|a, b| a.0.total_cmp(&b.0));
    if let Some((_, path, what, help)) = largest.filter(|_| needed > limit) {
        let message = format!(
            "the simulation would take {} of memory, most of it for {what}; the limit is {}",
            Bytes::new(needed as u64),
            Bytes::new(limit as u64)
        );
        problems
            .key_error(&path, message)
            .help(help)
            .help("the limit rises with `simulation.max-channels`, if you have the memory");
    }
}

/// Checkpoints that the schedule brings about.
fn checkpoints(scenario: &Scenario) -> f64 {
    let duration = scenario.job.duration.as_secs_f64();
    // Those of steady time are left out, and nobody knows how many that are.
    let every = scenario.checkpointing.interval;
    let every = every.filter(|_| !scenario.simulation.skip_steady_time);
    let periodic = every.map_or(0.0, |every| duration / every.as_secs_f64().max(1e-9));
    periodic + scenario.triggers.len() as f64
}

/// Buffers that may be filled beyond a few per channel, and the vertex whose records need most of them, if one record of
/// it needs more than its channels hold: it is written whole, into as many buffers as it takes.
fn buffers(scenario: &Scenario) -> (f64, Option<usize>) {
    let network = &scenario.network;
    let per_channel = 2.0 * network.exclusive as f64 + 2.0;
    let mut buffers = scenario.channels() as f64 * (per_channel - FEW_BUFFERS).max(0.0);
    let smallest = network.debloating.map_or(network.segment, |debloating| {
        let least = debloating.min_segment.min(debloating.starting_segment);
        least.min(network.segment)
    });
    let mut most = (buffers, None);
    for (index, vertex) in scenario.vertices.iter().enumerate() {
        let given = vertex.selectivity().max(1.0);
        let mut of_one = given * vertex.record.as_f64() / smallest.as_f64().max(1.0);
        if network.buffer_timeout == BufferTimeout::EveryRecord {
            of_one = of_one.max(given);
        }
        let outputs = scenario.outputs(VertexId(index));
        let copies = outputs.map(|(consumer, input)| match input.exchange {
            Exchange::Broadcast => scenario.vertex(consumer).parallelism as f64,
            Exchange::Hash { .. } | Exchange::Rebalance | Exchange::Rescale | Exchange::Forward => {
                1.0
            }
        });
        let of_vertex = of_one * copies.sum::<f64>() * vertex.parallelism as f64;
        buffers += of_vertex;
        if of_vertex > most.0 {
            most = (of_vertex, Some(index));
        }
    }
    (buffers, most.1)
}
