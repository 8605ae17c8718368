//! The options of Flink that this program knows: type, default, older names, and whether they matter here.
//!
//! The list is data (`flink_options.txt`), dumped from Flink 2.3.0's `ConfigOptions`. Options that are not in it are
//! accepted when they begin as other options of Flink do, and refused otherwise.

use crate::scenario::bounds;
use crate::scenario::diagnostic::similar;
use crate::units::{UnitError, flink};

/// One option of Flink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlinkOption {
    /// Its key in Flink 2.3.
    pub key: &'static str,
    /// What values it takes.
    pub kind: Kind,
    /// Default of Flink 2.3 as text; empty if there is none.
    pub default: &'static str,
    /// Keys that Flink still understands, or understood once.
    pub older: Vec<&'static str>,
    /// Whether it matters here.
    pub role: Role,
    /// What it does, in a few words.
    pub effect: &'static str,
}

/// Type of an option's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Flink's durations.
    Duration,
    /// Flink's sizes.
    Size,
    /// A whole number.
    Integer,
    /// A decimal number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// Anything.
    Text,
    /// One of these words, in any case.
    Choice(Vec<&'static str>),
}

/// Whether an option matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It changes the simulation.
    Simulated,
    /// It is accepted and changes nothing.
    Ignored,
    /// It acts in Flink 1.x only.
    Before2,
}

/// What a key turns out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// An option of the list, under its present key.
    Known(FlinkOption),
    /// An option of the list, under an older key.
    Older(FlinkOption),
    /// Nothing of the list, but it begins like an option of Flink.
    Foreign,
    /// No option of Flink; perhaps one of these was meant.
    Unknown(Option<&'static str>),
}

const TABLE: &str = include_str!("flink_options.txt");

/// How keys of other options begin: what Flink's documentation lists, and file systems and reporters.
const FOREIGN: &[&str] = &[
    "akka.",
    "blob.",
    "classloader.",
    "client.",
    "cluster.",
    "containerized.",
    "env.",
    "execution.",
    "external-resource",
    "fs.",
    "heartbeat.",
    "high-availability",
    "historyserver.",
    "io.tmp.dirs",
    "job-event.",
    "jobmanager.",
    "jobstore.",
    "kubernetes.",
    "metrics.",
    "minicluster.",
    "parallelism.",
    "pekko.",
    "pipeline.",
    "plugin.",
    "presto.s3.",
    "process.",
    "python.",
    "queryable-state.",
    "resourcemanager.",
    "rest.",
    "restart-strategy.",
    "s3.",
    "s3a.",
    "scheduler.",
    "security.",
    "shuffle-service",
    "slot.",
    "slotmanager.",
    "sql-client.",
    "sql-gateway.",
    "state.backend.",
    "state.",
    "table.",
    "task.",
    "taskmanager.",
    "traces.",
    "user.",
    "web.",
    "yarn.",
    "zookeeper.",
    "$internal.",
    "hadoop.",
    "hive.",
    "jobmanager-",
    "events.",
    "compiler.",
    "deployment.",
];

/// Parts of Flink's configuration that the list covers completely: an unknown key there is misspelt.
const COMPLETE: &[&str] = &[
    "execution.checkpointing",
    "execution.buffer-timeout",
    "execution.state-recovery",
    "state.changelog",
    "taskmanager.network.memory.buffer-debloat",
    "restart-strategy",
];

/// All options of the list.
pub fn all() -> impl Iterator<Item = FlinkOption> {
    TABLE
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(option)
}

/// The option of this key, under its present or an older name.
pub fn lookup(key: &str) -> Lookup {
    if let Some(option) = all().find(|option| option.key == key) {
        return Lookup::Known(option);
    }
    if let Some(option) = all().find(|option| option.older.contains(&key)) {
        return Lookup::Older(option);
    }
    let meant = similar(key, all().map(|option| option.key));
    let complete = COMPLETE.iter().any(|prefix| key.starts_with(prefix));
    let foreign = FOREIGN.iter().any(|prefix| key.starts_with(prefix));
    if foreign && !complete && meant.is_none() {
        return Lookup::Foreign;
    }
    Lookup::Unknown(meant)
}

/// The present name of a key; the key itself if it is not in the list.
pub fn present_key(key: &str) -> String {
    match lookup(key) {
        Lookup::Known(option) | Lookup::Older(option) => option.key.to_owned(),
        Lookup::Foreign | Lookup::Unknown(_) => key.to_owned(),
    }
}

impl Kind {
    /// Checks that a text is a value of this type.
    pub fn check(&self, text: &str) -> Result<(), UnitError> {
        let trimmed = text.trim();
        let wrong = |what: &str| Err(UnitError::new(format!("`{text}` is no {what}")));
        match self {
            Kind::Duration => flink::duration(trimmed).map(|_| ()),
            Kind::Size => flink::size(trimmed)
                .and_then(|size| bounds::size(trimmed, size))
                .map(|_| ()),
            Kind::Integer if trimmed.parse::<i64>().is_err() => wrong("whole number"),
            Kind::Number if !trimmed.parse::<f64>().is_ok_and(f64::is_finite) => wrong("number"),
            Kind::Boolean if !["true", "false"].contains(&trimmed.to_lowercase().as_str()) => {
                wrong("boolean").map_err(|error: UnitError| error.with_help("write true or false"))
            }
            Kind::Choice(words) if !words.iter().any(|word| word.eq_ignore_ascii_case(trimmed)) => {
                let meant = similar(trimmed, words.iter().copied());
                wrong("allowed value").map_err(|error: UnitError| match meant {
                    Some(word) => error.with_help(format!("did you mean `{word}`?")),
                    None => error.with_help(format!("allowed are {}", words.join(", "))),
                })
            }
            _ => Ok(()),
        }
    }
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
            "simulated" => Role::Simulated,
            "ignored" => Role::Ignored,
            "before-2" => Role::Before2,
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
    fn every_line_of_the_list_is_read_and_its_default_is_a_value_of_its_type() {
        let lines = TABLE.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(all().count(), lines);
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
    }
}
