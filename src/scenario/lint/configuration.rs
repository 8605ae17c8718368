//! What is wrong or dangerous in a configuration of Flink by itself, whatever the job is.

use crate::scenario::diagnostic::{Diagnostic, did_you_mean};
use crate::scenario::flink_conf::{Conf, Entry};
use crate::scenario::flink_names::{self, Version};
use crate::scenario::flink_options::{self, Lookup, present_key};
use crate::scenario::key_groups;
use crate::scenario::lint::IMBALANCE_MAX;
use crate::scenario::lint::rules::{
    FEW_RETAINED, IDLE_OPTION, KEY_GROUPS_OF_DEFAULT, NO_DIRECTORY, NO_FAILURE_TOLERATED,
    NO_SUCH_OPTION, OTHER_VERSION, PAUSE, Rule, SHORT_TIMEOUT, TRAP, UNALIGNED_CONCURRENT,
};
use crate::scenario::resolve::is_heap_backend;
use crate::scenario::{Alignment, Backend, Scenario};
use crate::units::{SimDuration, flink, print};

/// A timeout that is not this many times the duration is hit by the first slow checkpoint; chosen.
const TIMEOUT_ROOM: f64 = 2.0;

/// What is looked at.
pub struct Configuration<'a> {
    /// As it was read.
    pub conf: &'a Conf,
    /// Any scenario with its options: what they mean together.
    pub scenario: &'a Scenario,
    /// The version that it is for.
    pub version: Version,
    /// How long checkpoints take, if that is known.
    pub duration: Option<SimDuration>,
}

impl Configuration<'_> {
    /// Everything that the rules find, in the order of the lines.
    pub fn findings(&self) -> Vec<Diagnostic> {
        let mut found: Vec<Diagnostic> = Vec::new();
        for entry in &self.conf.entries {
            found.extend(self.unknown(entry));
        }
        found.extend(self.dangerous());
        found.extend(self.idle());
        found.sort_by_key(|one| one.place.as_ref().map_or(0, |place| place.span.start));
        found
    }

    /// The line of an option, under whichever name it was given.
    fn line(&self, key: &str) -> Option<&Entry> {
        let entries = self.conf.entries.iter();
        entries.rev().find(|entry| present_key(&entry.key) == key)
    }

    fn checkpointing(&self, option: &str) -> Option<&Entry> {
        self.line(&format!("execution.checkpointing.{option}"))
    }

    /// A finding at an option's line; at that of the interval where it was not given.
    fn finding(&self, rule: Rule, option: &str, message: String) -> Diagnostic {
        let line = self.checkpointing(option);
        let line = line.or_else(|| self.checkpointing("interval"));
        self.at(rule, line, message)
    }

    fn at(&self, rule: Rule, entry: Option<&Entry>, message: String) -> Diagnostic {
        Diagnostic {
            code: Some(rule.code),
            ..Diagnostic::warning(message)
        }
        .at(entry.map(|entry| self.conf.place(entry.line)))
    }

    /// An option that does not exist, or not in this version, or does not do what the documentation says.
    fn unknown(&self, entry: &Entry) -> Option<Diagnostic> {
        let key = &entry.key;
        if let Some(trap) = flink_options::trap(key) {
            return Some(self.at(TRAP, Some(entry), format!("`{key}`: {trap}")));
        }
        if let Lookup::Unknown(meant) = flink_options::lookup(key) {
            let message = flink_options::ignored(key);
            let mut finding = self.at(NO_SUCH_OPTION, Some(entry), message);
            finding.help.extend(meant.map(did_you_mean));
            return Some(finding);
        }
        let (major, minor) = self.version;
        let when = flink_names::outside(key, self.version)?;
        let message = format!("Flink {major}.{minor} does not know `{key}`: {when}");
        let mut finding = self.at(OTHER_VERSION, Some(entry), message);
        let present = present_key(key);
        if present != *key && flink_names::outside(&present, self.version).is_none() {
            finding.help.push(format!("write `{present}`"));
        }
        Some(finding)
    }

    fn dangerous(&self) -> Vec<Diagnostic> {
        let checkpointing = &self.scenario.checkpointing;
        let mut found = Vec::new();
        let Some(interval) = checkpointing.interval else {
            return found;
        };
        let text = flink::write_duration;
        if checkpointing.may_overtake()
            && checkpointing.alignment == Alignment::Unaligned
            && checkpointing.max_concurrent > 1
        {
            let message = "concurrent unaligned checkpoints abort each other".to_owned();
            found.push(self.finding(UNALIGNED_CONCURRENT, "max-concurrent-checkpoints", message));
        }
        if checkpointing.tolerable_failures == 0 {
            let message =
                "one failed or expired checkpoint restarts the job: no failure is tolerated"
                    .to_owned();
            found.push(self.finding(
                NO_FAILURE_TOLERATED,
                "tolerable-failed-checkpoints",
                message,
            ));
        }
        if checkpointing.retained == 1 {
            let message =
                "one checkpoint is retained: if it cannot be read, there is no other".to_owned();
            found.push(self.finding(FEW_RETAINED, "num-retained", message));
        }
        // A scenario without a directory has one all the same; Flink does not.
        let storage = self.checkpointing("storage");
        let storage = storage.map(|entry| entry.value.trim().to_ascii_lowercase());
        let is_jobmanager = storage.as_deref() == Some("jobmanager")
            || storage.is_none() && self.checkpointing("dir").is_none();
        if is_jobmanager {
            let message =
                "checkpoints are kept in the JobManager's memory: no directory is given".to_owned();
            found.push(self.finding(NO_DIRECTORY, "dir", message));
        }
        if checkpointing.min_pause >= interval && !checkpointing.min_pause.is_zero() {
            let message = format!(
                "the pause of {} is as long as the interval: it sets the pace, with the duration of each checkpoint",
                text(checkpointing.min_pause)
            );
            found.push(self.finding(PAUSE, "min-pause", message));
        }
        if let Some(duration) = self.duration
            && duration.scale(TIMEOUT_ROOM) > checkpointing.timeout
        {
            let message = format!(
                "checkpoints that take {} expire after {}: the first slow one is lost",
                text(duration),
                text(checkpointing.timeout)
            );
            found.push(self.finding(SHORT_TIMEOUT, "timeout", message));
        }
        if let Some(duration) = self.duration
            && duration > interval
            && checkpointing.max_concurrent == 1
        {
            let message = format!(
                "checkpoints that take {} cannot come every {}: their duration sets the pace",
                text(duration),
                text(interval)
            );
            found.push(self.finding(PAUSE, "interval", message));
        }
        found.extend(self.key_groups());
        found
    }

    fn key_groups(&self) -> Option<Diagnostic> {
        let entry = self.line("parallelism.default")?;
        let parallelism: usize = entry.value.trim().parse().ok().filter(|n| *n > 0)?;
        let most = self.line("pipeline.max-parallelism");
        let most = most.and_then(|entry| entry.value.trim().parse().ok());
        let groups = most
            .filter(|groups| *groups >= parallelism)
            .unwrap_or_else(|| key_groups::default_max_parallelism(parallelism));
        let imbalance = key_groups::imbalance(parallelism, groups);
        (imbalance > IMBALANCE_MAX).then(|| {
            let better = key_groups::nearest_balanced(parallelism, groups, IMBALANCE_MAX);
            let message = format!(
                "{groups} key groups for {parallelism} subtasks: the fullest have {} more than the mean",
                print::share(imbalance - 1.0)
            );
            self.at(KEY_GROUPS_OF_DEFAULT, Some(entry), message)
                .help(format!("parallelism {better} deals them more evenly"))
        })
    }

    /// Options that do nothing without another one.
    fn idle(&self) -> Vec<Diagnostic> {
        let checkpointing = &self.scenario.checkpointing;
        let mut found = Vec::new();
        let mut idle = |entry: Option<&Entry>, why: &str| {
            if let Some(entry) = entry {
                let message = format!("`{}` does nothing: {why}", entry.key);
                found.push(self.at(IDLE_OPTION, Some(entry), message));
            }
        };
        if checkpointing.interval.is_none() {
            for option in [
                "min-pause",
                "timeout",
                "unaligned.enabled",
                "tolerable-failed-checkpoints",
            ] {
                idle(
                    self.checkpointing(option),
                    "without an interval there are no checkpoints",
                );
            }
            return found;
        }
        if matches!(checkpointing.alignment, Alignment::Aligned) {
            let timeout = self.checkpointing("aligned-checkpoint-timeout");
            idle(timeout, "unaligned checkpoints are not enabled");
        }
        // Another backend than the two that are simulated is not the one of the scenario.
        let backend = self.line("state.backend.type");
        let is_heap = backend.is_none_or(|entry| is_heap_backend(&entry.value));
        if checkpointing.backend == Backend::HashMap && is_heap {
            let incremental = self.checkpointing("incremental");
            let incremental = incremental.filter(|entry| entry.value.trim() == "true");
            idle(incremental, "the hashmap backend takes full snapshots");
        }
        found
    }
}
