//! `[job]`, `[simulation]` and `[[trigger]]`.

use crate::scenario::file::job::{self as file, FormatKind, Keys, LatencyKind, TriggerKind};
use crate::scenario::job::{
    Job, KeyDraw, LatencyDraw, ManualTrigger, SavepointFormat, Simulation, Trigger,
};
use crate::scenario::key_path::KeyPath;
use crate::scenario::resolve::count;
use crate::scenario::resolve::options::FlinkVersion;
use crate::scenario::resolve::problems::Problems;
use crate::units::SimDuration;

/// Longer runs than this are a slip of the pen.
const DURATION_MAX: SimDuration = SimDuration::from_secs(366 * 86_400);

/// So many channels take 350 GB; they are counted in 32 bits.
const CHANNELS_MAX: u64 = 1_000_000_000;
/// So many subtasks have room for 32 bits of channels, and more.
const SUBTASKS_MAX: u64 = 100_000_000;

/// The version whose defaults hold.
pub(super) fn flink_version(table: &file::Job, problems: &mut Problems<'_>) -> FlinkVersion {
    let newest = FlinkVersion { major: 2, minor: 3 };
    let Some(text) = &table.flink_version else {
        return newest;
    };
    let path = KeyPath::top("job").key("flink-version");
    let mut parts = text.trim().split('.').map(str::parse::<u32>);
    let (Some(Ok(major @ 1..=2)), Some(Ok(minor))) = (parts.next(), parts.next()) else {
        problems
            .error(
                &path,
                format!("`{text}` is no version of Flink that is known here"),
            )
            .help("write for example \"2.3\" or \"1.20\"");
        return newest;
    };
    FlinkVersion { major, minor }
}

/// `[job]`.
pub(super) fn job(table: &file::Job, problems: &mut Problems<'_>) -> Job {
    let path = KeyPath::top("job");
    let default = Job::default();
    let duration = table.duration.map_or(default.duration, |text| text.0);
    if duration.is_zero() {
        problems.error(&path.key("duration"), "`job.duration` must be positive");
    }
    if duration > DURATION_MAX {
        problems.error(
            &path.key("duration"),
            "`job.duration` must be at most 366 d",
        );
    }
    let tenth = SimDuration::from_nanos(duration.as_nanos() / 10);
    let warmup = table
        .warmup
        .map_or(tenth.min(default.warmup), |text| text.0);
    if warmup >= duration && !duration.is_zero() && table.warmup.is_some() {
        problems
            .error(
                &path.key("warmup"),
                "`job.warmup` must be shorter than `job.duration`",
            )
            .label(format!("nothing is left of {duration}"))
            .help("without it a tenth of the duration is left out, at most 1 min");
    }
    let replications = count(
        table.replications,
        5,
        (1, 10_000),
        &path.key("replications"),
        problems,
    );
    Job {
        name: table.name.clone().unwrap_or(default.name),
        duration,
        warmup,
        seed: table.seed.map_or(default.seed, |seed| seed.0),
        replications: u32::try_from(replications).unwrap_or(default.replications),
    }
}

/// `[simulation]`, except for what concerns checkpoints.
pub(super) fn simulation(table: &file::Simulation, problems: &mut Problems<'_>) -> Simulation {
    let path = KeyPath::top("simulation");
    let default = Simulation::default();
    let quantum = table.quantum.map_or(default.quantum, |text| text.0);
    if quantum < SimDuration::from_micros(1) {
        problems.error(
            &path.key("quantum"),
            "`simulation.quantum` must be at least 1 us",
        );
    }
    let any = (1, u64::MAX);
    let subtasks = default.max_subtasks as u64;
    let channels = default.max_channels as u64;
    Simulation {
        quantum,
        keys: match table.keys {
            Some(Keys::Random) | None => KeyDraw::Random,
            Some(Keys::Even) => KeyDraw::Even,
        },
        latencies: match table.latencies {
            Some(LatencyKind::Typical) | None => LatencyDraw::Typical,
            Some(LatencyKind::Random) => LatencyDraw::Random,
        },
        skip_steady_time: table.skip_steady_time.unwrap_or(default.skip_steady_time),
        max_events: count(
            table.max_events,
            default.max_events,
            any,
            &path.key("max-events"),
            problems,
        ),
        max_subtasks: count(
            table.max_subtasks,
            subtasks,
            (1, SUBTASKS_MAX),
            &path.key("max-subtasks"),
            problems,
        ) as usize,
        max_channels: count(
            table.max_channels,
            channels,
            (1, CHANNELS_MAX),
            &path.key("max-channels"),
            problems,
        ) as usize,
        check_consistency: table.check_consistency.unwrap_or(default.check_consistency),
    }
}

/// `[[trigger]]`.
pub(super) fn triggers(
    tables: &[file::Trigger],
    problems: &mut Problems<'_>,
) -> Vec<ManualTrigger> {
    let resolved = tables.iter().enumerate().map(|(index, table)| {
        let path = KeyPath::top("trigger").index(index);
        if table.at.is_none() {
            problems.missing(
                &path.key("at"),
                "a trigger without a time",
                "add for example `at = \"5 min\"`",
            );
        }
        let kind = match table.kind.unwrap_or(TriggerKind::Checkpoint) {
            TriggerKind::Savepoint => Trigger::Savepoint(match table.format {
                Some(FormatKind::Native) => SavepointFormat::Native,
                Some(FormatKind::Canonical) | None => SavepointFormat::Canonical,
            }),
            TriggerKind::Checkpoint => {
                if table.format.is_some() {
                    problems.error(&path.key("format"), "only a savepoint has a `format`");
                }
                Trigger::Checkpoint
            }
        };
        let at = table.at.map_or(SimDuration::ZERO, |text| text.0);
        ManualTrigger { at, kind }
    });
    resolved.collect()
}
