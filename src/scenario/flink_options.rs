//! The options of Flink that this program knows: type, default, older names, and whether they matter here.
//!
//! Those that are simulated are [`keys::flink`]; the others are data (`flink_options.txt`), dumped from Flink 2.3.0's
//! `ConfigOptions`. All other options of Flink are
//! known by name only ([`flink_names`]).

use std::sync::LazyLock;

use crate::scenario::diagnostic::similar;
use crate::scenario::flink_names;
use crate::scenario::keys;

pub use crate::scenario::keys::option::{FlinkOption, Kind, Role};

/// What a key turns out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// An option of the list, under its present key.
    Known(FlinkOption),
    /// An option of the list, under an older key.
    Older(FlinkOption),
    /// Nothing of the list, but an option of some version of Flink, or of something that reads its configuration.
    Foreign,
    /// No option of Flink; perhaps one of these was meant.
    Unknown(Option<&'static str>),
}

const TABLE: &str = include_str!("flink_options.txt");

/// Costs of whole families: how their keys begin, and what they change.
const COSTLY: &[(&str, &str)] = &[
    (
        "jobmanager.adaptive-scheduler.",
        "how a job restarts and rescales",
    ),
    ("state.backend.forst.", "ForSt is not simulated"),
    (
        "taskmanager.heap.",
        "the memory of TaskManagers, before Flink 1.10",
    ),
    (
        "taskmanager.network.numberOfBuffers",
        "how many network buffers there are, before Flink 1.5",
    ),
    (
        "s3.entropy.",
        "how storage spreads the files of checkpoints",
    ),
];

/// Options that do not do what is documented, by Flink's own jars: what happens.
const TRAPS: &[(&str, &str)] = &[
    (
        "execution.checkpointing.unaligned.during-recovery.enabled",
        "documented, but Flink 2.3.0 has `execution.checkpointing.during-recovery.enabled`; this name does nothing",
    ),
    (
        "state.checkpointing.dir",
        "copied from one chart into many; the option is `execution.checkpointing.dir`, formerly `state.checkpoints.dir`",
    ),
];

/// How a note on an option that costs something begins.
pub const COSTS: &str = "changes the cost in Flink";

/// What is said of a value that Flink accepts and the simulation does not know.
pub const NOT_SIMULATED: &str = "is not simulated";

/// What stands where the value of an option was that is not used: nobody needs it, and it may be a secret.
pub const NOT_KEPT: &str = "(not kept)";

static OPTIONS: LazyLock<Vec<FlinkOption>> = LazyLock::new(|| {
    let lines = TABLE.lines().filter(|line| !line.starts_with('#'));
    let accepted = lines.filter_map(option);
    keys::flink::all().into_iter().chain(accepted).collect()
});

/// All options of the list.
pub fn all() -> impl Iterator<Item = FlinkOption> {
    OPTIONS.iter().cloned()
}

/// The option of this key, under its present or an older name.
pub fn lookup(key: &str) -> Lookup {
    if let Some(option) = of_the_list(key) {
        return if option.key == key {
            Lookup::Known(option.clone())
        } else {
            Lookup::Older(option.clone())
        };
    }
    if flink_names::find(key).is_some() || flink_names::is_of_a_family(key) {
        return Lookup::Foreign;
    }
    if flink_names::is_elsewhere(key) {
        return Lookup::Unknown(None);
    }
    let older = OPTIONS.iter().flat_map(|option| &option.older).copied();
    let known = OPTIONS.iter().map(|option| option.key);
    Lookup::Unknown(similar(key, known.chain(older).chain(flink_names::all())))
}

fn of_the_list(key: &str) -> Option<&'static FlinkOption> {
    let is = |key: &str| {
        let listed = OPTIONS.iter().find(|option| option.key == key);
        listed.or_else(|| OPTIONS.iter().find(|option| option.older.contains(&key)))
    };
    is(key).or_else(|| is(flink_names::find(key)?.present?))
}

/// Whether the simulation looks at the value of this key. Values of all others are dropped where a file is read: they
/// may be secrets, and must reach neither a terminal nor a file.
pub fn is_used(key: &str) -> bool {
    of_the_list(key).is_some_and(|option| option.role.is_used())
}

/// That Flink does nothing with a name of its configuration, in one sentence.
pub fn ignored(key: &str) -> String {
    let what = if flink_names::is_elsewhere(key) {
        "an option of a table, a format, a hint or a reporter, not of Flink's configuration"
    } else {
        "no option of Flink"
    };
    format!("`{key}` is {what}, which ignores it")
}

/// What an option that is not simulated changes in Flink; `None` if nothing that a checkpoint or a recovery costs.
pub fn cost(key: &str) -> Option<&'static str> {
    if let Some(option) = of_the_list(key) {
        return (option.role == Role::Cost).then_some(option.effect);
    }
    let family = COSTLY.iter().find(|(begin, _)| key.starts_with(begin));
    family.map(|(_, reason)| *reason)
}

/// Names of which something else is documented than happens.
pub fn traps() -> impl Iterator<Item = &'static str> {
    TRAPS.iter().map(|(name, _)| *name)
}

/// What happens instead of what is documented, where that differs.
pub fn trap(key: &str) -> Option<&'static str> {
    let trap = TRAPS.iter().find(|(name, _)| *name == key);
    trap.map(|(_, what)| *what)
}

/// That an option is accepted and not simulated, in one sentence.
pub fn not_simulated(key: &str) -> String {
    match cost(key) {
        Some(reason) => format!("`{key}` {COSTS} and is not simulated: {reason}"),
        None => format!("`{key}` is accepted and has no effect on the simulation"),
    }
}

/// The present name of a key; the key itself if it is not in the list.
pub fn present_key(key: &str) -> String {
    of_the_list(key).map_or(key, |option| option.key).to_owned()
}

/// Reads a line of the list; `None` if it is malformed, which a test excludes.
fn option(line: &'static str) -> Option<FlinkOption> {
    let columns: Vec<&'static str> = line.split('|').map(str::trim).collect();
    let [key, kind, default, older, role, effect] = columns.as_slice() else {
        return None;
    };
    Some(FlinkOption {
        key,
        kind: kind_of(kind)?,
        default,
        older: older.split_whitespace().collect(),
        role: match *role {
            "cost" => Role::Cost,
            "ignored" => Role::Ignored,
            _ => return None,
        },
        effect,
    })
}

fn kind_of(text: &'static str) -> Option<Kind> {
    Some(match text {
        "duration" => Kind::Duration,
        "size" => Kind::Size,
        "integer" => Kind::Integer,
        "number" => Kind::Number,
        "boolean" => Kind::Boolean,
        "text" => Kind::Text,
        _ => Kind::Choice(text.strip_prefix("choice ")?.split(',').collect()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_of_a_table_is_called_what_it_is() {
        assert!(ignored("field-delimiter").contains("of a table"));
        assert!(ignored("my.own.key").starts_with("`my.own.key` is no option of Flink"));
        assert!(matches!(lookup("field-delimiter"), Lookup::Unknown(None)));
        assert!(matches!(lookup("events.reporters"), Lookup::Foreign));
    }

    #[test]
    fn every_line_of_the_list_is_read_and_its_default_is_a_value_of_its_type() {
        let lines = TABLE.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(all().count(), lines + keys::flink::all().len());
        for option in all().filter(|option| !option.default.is_empty()) {
            assert_eq!(option.kind.check(option.default), Ok(()), "{}", option.key);
        }
    }

    #[test]
    fn keys_are_known_older_foreign_or_misspelt() {
        assert!(matches!(
            lookup("execution.checkpointing.interval"),
            Lookup::Known(_)
        ));
        assert_eq!(present_key("state.backend"), "state.backend.type");
        assert_eq!(lookup("jobmanager.rpc.address"), Lookup::Foreign);
        assert_eq!(lookup("state.backend.rocksdb.localdir"), Lookup::Foreign);
        let meant = Some("execution.checkpointing.interval");
        assert_eq!(
            lookup("execution.checkpointing.intervall"),
            Lookup::Unknown(meant)
        );
        assert_eq!(
            lookup("execution.checkpointing.colour"),
            Lookup::Unknown(None)
        );
        assert_eq!(lookup("checkpoint"), Lookup::Unknown(None));
        let meant = Some("state.checkpoints.dir");
        assert_eq!(lookup("state.checkpointing.dir"), Lookup::Unknown(meant));
    }

    #[test]
    fn options_that_flink_has_are_not_called_unknown() {
        for key in [
            "query.server.port",
            "state.changelog.dstl.dfs.base-path",
            "dstl.dfs.base-path",
            "dstl.dfs.compression.enabled",
            "scheduler-mode",
            "job-result-store.storage-path",
            "cleanup-strategy.fixed-delay.attempts",
            "completed-application-store.type",
            "slow-task-detector.check-interval",
            "jmx.server.port",
            "sink.committer.retries",
            "job.autoscaler.enabled",
            "statefun.flink-job-name",
            "gs.writer.chunk.size",
            "recovery.zookeeper.quorum",
            "library-cache-manager.cleanup.interval",
            "execution.checkpointing.prefer-checkpoint-for-recovery",
            "jobmanager.heap.mb",
            "taskmanager.network.numberOfBuffers",
            "akka.watch.heartbeat.interval",
        ] {
            assert!(!matches!(lookup(key), Lookup::Unknown(_)), "{key}");
        }
        for key in flink_names::all() {
            assert!(!matches!(lookup(key), Lookup::Unknown(_)), "{key}");
        }
    }

    #[test]
    fn only_simulated_options_are_used_and_costs_have_a_reason() {
        assert!(is_used("state.backend") && is_used("execution.checkpointing.interval"));
        assert!(is_used("taskmanager.network.memory.buffers-per-channel"));
        for key in [
            "s3.secret-key",
            "state.my.password",
            "rest.port",
            "heartbeat.rpc-failure-threshold",
        ] {
            assert!(!is_used(key), "{key}");
        }
        assert!(cost("taskmanager.memory.managed.size").is_some());
        assert!(cost("state.backend.forst.local-dir").is_some());
        assert_eq!(cost("rest.port"), None);
        for option in all().filter(|option| option.role == Role::Cost) {
            assert!(!option.effect.is_empty(), "{}", option.key);
        }
    }
}
