//! `[job]`, `[simulation]` and `[[trigger]]`.

use crate::scenario::job::{
    Job, ManualTrigger, SavepointFormat, Trigger, TriggerKind, TriggerTable,
};
use crate::scenario::key_path::KeyPath;
use crate::scenario::resolve::options::FlinkVersion;
use crate::scenario::resolve::problems::Problems;
use crate::units::SimDuration;

/// The version whose defaults hold.
pub(super) fn flink_version(given: Option<&str>, problems: &mut Problems<'_>) -> FlinkVersion {
    let newest = FlinkVersion { major: 2, minor: 3 };
    let Some(text) = given else {
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
pub(super) fn job(given: &Job, problems: &mut Problems<'_>) -> Job {
    let path = KeyPath::top("job");
    let mut job = Job {
        flink_version: None,
        ..given.clone()
    };
    let duration = job.duration;
    if duration.is_zero() {
        problems.error(&path.key("duration"), "`job.duration` must be positive");
    }
    let warmup = path.key("warmup");
    if !problems.given(&warmup) {
        let tenth = SimDuration::from_nanos(duration.as_nanos() / 10);
        job.warmup = tenth.min(job.warmup);
    } else if job.warmup >= duration && !duration.is_zero() {
        problems
            .error(&warmup, "`job.warmup` must be shorter than `job.duration`")
            .label(format!("nothing is left of {duration}"))
            .help("without it a tenth of the duration is left out, at most 1 min");
    }
    job
}

/// `[[trigger]]`.
pub(super) fn triggers(tables: &[TriggerTable], problems: &mut Problems<'_>) -> Vec<ManualTrigger> {
    let resolved = tables.iter().enumerate().map(|(index, table)| {
        let path = KeyPath::top("trigger").index(index);
        if table.at.is_none() {
            problems.missing(
                &path.key("at"),
                "a trigger without a time",
                "add for example `at = \"5 min\"`",
            );
        }
        let kind = match table.kind {
            TriggerKind::Savepoint => {
                Trigger::Savepoint(table.format.unwrap_or(SavepointFormat::Canonical))
            }
            TriggerKind::Checkpoint => {
                for key in problems.which(&path, &["format"]) {
                    problems.error(&path.key(key), format!("only a savepoint has `{key}`"));
                }
                Trigger::Checkpoint
            }
        };
        let at = table.at.unwrap_or(SimDuration::ZERO);
        ManualTrigger { at, kind }
    });
    resolved.collect()
}
