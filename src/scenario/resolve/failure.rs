//! `[failures]`, `[[failure]]`, `[[outage]]` and `[restore]`.

mod given;
mod outage;
mod restore;

use crate::scenario::cluster::Cluster;
use crate::scenario::failure::{FailureKind, FailureLaw, Failures, RandomFailures, Recovery};
use crate::scenario::key_path::KeyPath;
use crate::scenario::keys::File;
use crate::scenario::keys::failure::{self as file, LawKind};
use crate::scenario::keys::table::Table;
use crate::scenario::resolve::problems::Problems;
use crate::scenario::resolve::trace;
use crate::scenario::vertex::Vertex;
use crate::units::SimDuration;

/// Shapes that a Weibull law may have; beyond, its mean is that of a single point, or of nothing.
const SHAPES: std::ops::RangeInclusive<f64> = 0.05..=50.0;

/// Everything that goes wrong.
pub(super) fn failures(
    file: &File,
    (vertices, cluster): (&[Vertex], &Cluster),
    recovery: Recovery,
    problems: &mut Problems<'_>,
) -> Failures {
    let given = file.failure.as_deref().unwrap_or_default();
    let given = given.iter().enumerate().filter_map(|(index, table)| {
        let path = KeyPath::top("failure").index(index);
        given::failure(table, (vertices, cluster), &path, problems)
    });
    let given = given.collect();
    let outages = file.outage.as_deref().unwrap_or_default();
    let outages = outages.iter().enumerate().filter_map(|(index, table)| {
        let path = KeyPath::top("outage").index(index);
        outage::outage(table, cluster.commit, &path, problems)
    });
    Failures {
        given,
        outages: outages.collect(),
        random: file
            .failures
            .as_ref()
            .and_then(|table| random(table, problems)),
        restore: file
            .restore
            .as_ref()
            .map(|table| restore::restore(table, vertices, problems)),
        recovery,
    }
}

fn random(table: &file::Failures, problems: &mut Problems<'_>) -> Option<RandomFailures> {
    let path = KeyPath::top("failures");
    let ways = file::Failures::ALTERNATIVES[0];
    problems.said_once(&path, ways, "when failures come is said");
    let law = if let Some(mtbf) = table.mtbf {
        Some(law(table, mtbf, &path, problems))
    } else {
        problems.without_effect(&path, &["law", "shape"], "without `mtbf`");
        given_times(table, &path, problems)
    };
    if problems.which(&path, ways).is_empty() && !problems.unreadable_within(&path) {
        problems.without_effect(&path, &["what"], "without `mtbf` or `trace`");
    }
    Some(RandomFailures {
        law: law?,
        kind: table.what.unwrap_or(FailureKind::TaskManager),
    })
}

fn law(
    table: &file::Failures,
    mtbf: SimDuration,
    path: &KeyPath,
    problems: &mut Problems<'_>,
) -> FailureLaw {
    let key = path.key("shape");
    match (table.law.unwrap_or(LawKind::Exponential), table.shape) {
        (LawKind::Exponential, None) => FailureLaw::Exponential { mtbf },
        (LawKind::Exponential, Some(_)) => {
            problems
                .key_error(&key, "only a Weibull law has a `shape`")
                .help("add `law = \"weibull\"`");
            FailureLaw::Exponential { mtbf }
        }
        (LawKind::Weibull, Some(shape)) => {
            if !SHAPES.contains(&shape) {
                problems.error(&key, "`failures.shape` must be between 0.05 and 50");
            }
            FailureLaw::Weibull { mtbf, shape }
        }
        (LawKind::Weibull, None) => {
            let help = "add for example `shape = 0.7`: failures come in clusters";
            problems.missing(&key, "a Weibull law without `shape`", help);
            FailureLaw::Weibull { mtbf, shape: 1.0 }
        }
    }
}

/// Instants in the file itself, or in another one.
fn given_times(
    table: &file::Failures,
    path: &KeyPath,
    problems: &mut Problems<'_>,
) -> Option<FailureLaw> {
    let (times, key): (Vec<SimDuration>, _) = if let Some(name) = &table.trace {
        let key = path.key("trace");
        let rows = trace::read(name, ["seconds"], &key, problems)?;
        let times = rows
            .iter()
            .map(|[seconds]| SimDuration::from_secs_f64(*seconds));
        (times.collect(), key)
    } else {
        (table.at.clone()?, path.key("at"))
    };
    if times.is_empty() {
        problems.error(&key, "no failure is listed");
    }
    if !times.windows(2).all(|pair| pair[0] < pair[1]) {
        problems.error(&key, "the instants of the failures must rise");
    }
    Some(FailureLaw::Trace(times))
}

/// An instant without which the table means nothing.
fn required(
    at: Option<SimDuration>,
    path: &KeyPath,
    what: &str,
    problems: &mut Problems<'_>,
) -> SimDuration {
    if at.is_none() {
        let help = "add for example `at = \"5 min\"`";
        problems.missing(path, format!("{what} without a time"), help);
    }
    at.unwrap_or(SimDuration::ZERO)
}
