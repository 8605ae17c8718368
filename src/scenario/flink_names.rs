//! The names of all options of Flink, of every version: what is not among them is no option of Flink.
//!
//! Data (`flink_names.txt`), generated once from the jars. What an option does here, [`flink_options`] says.
//!
//! [`flink_options`]: crate::scenario::flink_options

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

const TABLE: &str = include_str!("flink_names.txt");

/// A version of Flink: major and minor.
pub type Version = (u32, u32);

/// The jars begin here: what is in them may be older.
pub const FIRST: Version = (1, 13);
/// The jars end here: what is in the last of them is still valid.
const LAST: Version = (2, 3);
/// The version that is meant where none is named.
pub const NEWEST: Version = LAST;

/// Where the names begin that the configuration does not hold.
const ELSEWHERE: &str = "\n[elsewhere]\n";

/// Names that no list can hold: of file systems, reporters and plugins, of Flink's Kubernetes operator and other
/// programs that read the same file, and of whatever is handed on to Hadoop, YARN, Python or containers.
const FAMILIES: &[&str] = &[
    "$internal.",
    "containerized.",
    "docker.",
    "env.",
    "events.reporter.",
    "external-resource.",
    "flink.hadoop.",
    "flink.yarn.",
    "fs.",
    "gs.",
    "hadoop.",
    "high-availability.kubernetes.",
    "hive.",
    "job.autoscaler.",
    "kubernetes.",
    "license.",
    "mesos.",
    "metrics.",
    "oss.",
    "plugin.",
    "presto.",
    "python.",
    "s3.",
    "s3a.",
    "s3n.",
    "s3p.",
    "security.",
    "sql-client.",
    "sql-gateway.",
    "statefun.",
    "table.",
    "traces.reporter.",
    "user.",
    "wasb.",
    "yarn.",
    "zookeeper.",
];

/// A name of an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name {
    /// The first version that knows it; `(1, 0)` if it is not known which.
    pub first: Version,
    /// The last version that knows it; none if Flink still does.
    pub last: Option<Version>,
    /// The key that it is another spelling of.
    pub present: Option<&'static str>,
}

static NAMES: LazyLock<BTreeMap<&'static str, Name>> = LazyLock::new(|| {
    let mut names = BTreeMap::new();
    let mut versions = ((1, 0), None);
    for line in in_versions().lines().filter(|line| !line.starts_with('#')) {
        if let Some(section) = line.strip_prefix('[') {
            versions = section_of(section.trim_end_matches(']')).unwrap_or(versions);
            continue;
        }
        let (name, present) = match line.split_once(" = ") {
            Some((name, present)) => (name, Some(present)),
            None => (line, None),
        };
        let (first, last) = versions;
        let name_of = Name {
            first,
            last,
            present,
        };
        names.insert(name, name_of);
    }
    names
});

/// The part of the table that Flink's configuration reads.
fn in_versions() -> &'static str {
    TABLE
        .split_once(ELSEWHERE)
        .map_or(TABLE, |(names, _)| names)
}

static OTHERS: LazyLock<BTreeSet<&'static str>> = LazyLock::new(|| {
    let others = TABLE.split_once(ELSEWHERE).map_or("", |(_, others)| others);
    others.lines().collect()
});

/// Whether Flink has the name, but reads it elsewhere than in its configuration: an option of a table, a format, a hint, or
/// of one reporter.
pub fn is_elsewhere(name: &str) -> bool {
    OTHERS.contains(name)
}

/// What is known about a name; nothing if no version of Flink has it.
pub fn find(name: &str) -> Option<Name> {
    NAMES.get(name).copied()
}

/// All names.
pub fn all() -> impl Iterator<Item = &'static str> {
    NAMES.keys().copied()
}

/// Whether the name belongs to something that reads Flink's configuration and is not in its jars.
pub fn is_of_a_family(name: &str) -> bool {
    FAMILIES.iter().any(|prefix| name.starts_with(prefix))
}

/// Why a version of Flink does not know a name that others do.
pub fn outside(name: &str, version: Version) -> Option<String> {
    let Name { first, last, .. } = find(name)?;
    match last {
        _ if version < first => Some(format!("Flink has it since {}", written(first))),
        // Other programs read these, whose jars have versions of their own.
        Some(last) if version > last && !is_of_a_family(name) => {
            Some(format!("Flink had it until {}", written(last)))
        }
        _ => None,
    }
}

/// As people write it: `1.20`.
pub fn written((major, minor): Version) -> String {
    format!("{major}.{minor}")
}

fn section_of(text: &str) -> Option<(Version, Option<Version>)> {
    let (first, last) = text.split_once(' ')?;
    let (first, last) = (version_of(first)?, version_of(last)?);
    let first = if first == FIRST { (1, 0) } else { first };
    Some((first, (last != LAST).then_some(last)))
}

/// A version of a command line.
pub fn asked(text: &str) -> Result<Version, String> {
    version_of(text)
        .filter(|(major, _)| (1..=2).contains(major))
        .ok_or_else(|| "a version is written such as 1.20 or 2.3".to_owned())
}

/// Reads `1.20`, or `1.20.1`.
pub fn version_of(text: &str) -> Option<Version> {
    let mut parts = text.trim().split('.').map(|part| part.parse().ok());
    Some((parts.next()??, parts.next()??))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_section_or_a_name_and_older_spellings_lead_to_a_name() {
        let lines = in_versions().lines().filter(|line| !line.starts_with('#'));
        let (sections, names): (Vec<&str>, Vec<&str>) =
            lines.partition(|line| line.starts_with('['));
        assert!(sections.len() > 20);
        for section in sections {
            assert!(section_of(section.trim_matches(['[', ']'])).is_some());
        }
        assert_eq!(names.len(), NAMES.len(), "a name stands twice");
        assert!(names.len() > 1_100);
        for name in NAMES.values().filter_map(|name| name.present) {
            assert!(find(name).is_some(), "{name}");
        }
    }

    #[test]
    fn a_name_says_which_versions_know_it() {
        assert_eq!(outside("state.backend.type", (2, 3)), None);
        assert_eq!(
            outside("scheduler-mode", (1, 20)),
            None,
            "known from the first jar on"
        );
        let async_option = outside("state.backend.async", (2, 3));
        assert_eq!(async_option.as_deref(), Some("Flink had it until 1.20"));
        let merging = "execution.checkpointing.file-merging.enabled";
        assert_eq!(
            outside(merging, (1, 19)).as_deref(),
            Some("Flink has it since 1.20")
        );
        assert_eq!(find("state.checkpointing.dir"), None);
    }
}
