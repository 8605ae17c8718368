//! `vertex.source`: how many records come when.

use crate::scenario::bounds;
use crate::scenario::key_path::KeyPath;
use crate::scenario::keys::table::Table;
use crate::scenario::keys::vertex as file;
use crate::scenario::resolve::exchange::given_shares;
use crate::scenario::resolve::problems::Problems;
use crate::scenario::resolve::trace;
use crate::scenario::vertex::{Rate, Service, Source, WatermarkAlignment};
use crate::units::{SimDuration, UnitError, parse};

/// A daily curve repeats after this.
const DAY: SimDuration = SimDuration::from_secs(86_400);

type Steps = Vec<(SimDuration, f64)>;

/// A source of so many subtasks; `service` is needed to refuse a source that would emit without end in no time.
pub(super) fn source(
    table: &file::Source,
    (service, parallelism): (&Service, usize),
    path: &KeyPath,
    problems: &mut Problems<'_>,
) -> Source {
    let rate = rate(table, path, problems);
    let unlimited = rate == Rate::Unlimited;
    if unlimited && service.mean.is_zero() {
        problems
            .key_error(
                path,
                "an unlimited source that needs no time per record would never end",
            )
            .help("give the vertex a `service` above 0, or a `rate`");
    }
    if unlimited && table.log == Some(true) {
        problems
            .error(&path.key("log"), "an unlimited rate is no schedule")
            .help("take out `log`, or give a `rate` in records per second");
    }
    Source {
        rate,
        arrivals: table.arrivals,
        log: table.log.unwrap_or(!unlimited),
        start: table.start,
        watermark_delay: table.watermark_delay,
        idle_after: table.idle_after,
        watermark_alignment: alignment(table, path, problems),
        backlog: table.backlog,
        splits: table.splits,
        shares: shares(table, parallelism, path, problems),
        records: table.records,
        finishes: table.finishes,
        legacy: table.legacy,
        batch: table.batch,
    }
}

/// Only a `Source` that reads a log can wait for others.
fn alignment(
    table: &file::Source,
    path: &KeyPath,
    problems: &mut Problems<'_>,
) -> Option<WatermarkAlignment> {
    let given = table.watermark_alignment.as_ref()?;
    let path = path.key("watermark-alignment");
    if table.legacy {
        let message = "a `SourceFunction` does not wait for others";
        problems
            .key_error(&path, message)
            .help("take out `legacy`, or `watermark-alignment`");
    } else if table.log == Some(false) || table.rate == Some(None) {
        let message = "a generator is never behind, so that nobody waits for it";
        problems
            .key_error(&path, message)
            .help("give a `rate` in records per second, and `log = true`");
    }
    if given.max_drift.is_none() {
        let help = "add for example `max-drift = \"20 s\"`";
        problems.missing(&path.key("max-drift"), "an alignment without a drift", help);
    }
    Some(WatermarkAlignment {
        group: given.group.clone(),
        max_drift: given.max_drift?,
        update_interval: given.update_interval,
    })
}

/// Split i goes to subtask i modulo the parallelism, as Kafka's partitions do from the first one on
/// (`KafkaSourceEnumerator.getSplitOwner`).
fn shares(
    table: &file::Source,
    parallelism: usize,
    path: &KeyPath,
    problems: &mut Problems<'_>,
) -> Vec<f64> {
    problems.said_once(
        path,
        file::Source::ALTERNATIVES[1],
        "what a subtask reads is given",
    );
    let equal = vec![1.0 / parallelism as f64; parallelism];
    if let Some(given) = &table.shares {
        return given_shares(given, equal, &path.key("shares"), problems);
    }
    let Some(splits) = table.splits else {
        return equal;
    };
    let all = parallelism as u64;
    let owned = |subtask: u64| splits / all + u64::from(subtask < splits % all);
    (0..all)
        .map(|subtask| owned(subtask) as f64 / splits as f64)
        .collect()
}

fn rate(table: &file::Source, path: &KeyPath, problems: &mut Problems<'_>) -> Rate {
    problems.said_once(path, file::Source::ALTERNATIVES[0], "the rate is given");
    if table.trace.is_none() && table.steps.is_none() && table.period.is_some() {
        let message = "`period` belongs to `steps` or `trace`";
        problems.key_error(&path.key("period"), message);
    }
    let steps = if let Some(rate) = table.rate {
        return rate.map_or(Rate::Unlimited, Rate::Constant);
    } else if let Some(lines) = &table.steps {
        let key = path.key("steps");
        parse_lines(lines, &key, step, problems).filter(|steps| in_order(steps, &key, problems))
    } else if let Some(lines) = &table.curve {
        let key = path.key("curve");
        let steps = parse_lines(lines, &key, hour, problems).map(from_midnight);
        steps.filter(|steps| in_order(steps, &key, problems))
    } else if let Some(name) = &table.trace {
        let key = path.key("trace");
        trace(name, &key, problems).filter(|steps| in_order(steps, &key, problems))
    } else {
        let help = "add `rate = \"50000/s\"` or `rate = \"unlimited\"`";
        problems.missing(&path.key("rate"), "a source without a rate", help);
        None
    };
    let Some(steps) = steps else {
        return Rate::Constant(1.0);
    };
    let daily = table.curve.is_some().then_some(DAY);
    let period = table.period.or(daily);
    let last = steps.last().map_or(SimDuration::ZERO, |(at, _)| *at);
    if period.is_some_and(|period| period <= last) {
        let message = format!("the period must be longer than the last step's instant, {last}");
        problems.error(&path.key("period"), message);
    }
    Rate::Steps { steps, period }
}

/// Steps begin at 0 and rise in time.
fn in_order(steps: &[(SimDuration, f64)], path: &KeyPath, problems: &mut Problems<'_>) -> bool {
    let starts_at_zero = steps.first().is_some_and(|(at, _)| at.is_zero());
    if !starts_at_zero {
        problems.error(path, "the first step must be at 0 s");
    }
    let rising = steps.windows(2).all(|pair| pair[0].0 < pair[1].0);
    if !rising {
        problems.error(path, "the instants of the steps must rise");
    }
    starts_at_zero && rising
}

/// What holds before the first hour of the day is what held at its end.
fn from_midnight(mut steps: Steps) -> Steps {
    if let (Some((first, _)), Some((_, last))) = (steps.first().copied(), steps.last().copied())
        && !first.is_zero()
    {
        steps.insert(0, (SimDuration::ZERO, last));
    }
    steps
}

fn parse_lines(
    lines: &[String],
    path: &KeyPath,
    read: fn(&str) -> Result<(SimDuration, f64), UnitError>,
    problems: &mut Problems<'_>,
) -> Option<Steps> {
    let mut steps = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        match read(line) {
            Ok(step) => steps.push(step),
            Err(error) => {
                let mut reported = problems.error(&path.index(index), error.message);
                if let Some(help) = error.help {
                    reported.help(help);
                }
            }
        }
    }
    (steps.len() == lines.len()).then_some(steps)
}

fn record_rate(text: &str) -> Result<f64, UnitError> {
    bounds::record_rate(text, parse::record_rate(text)?)
}

/// `5 min 50000/s`.
fn step(line: &str) -> Result<(SimDuration, f64), UnitError> {
    let (at, rate) = two_words(line, "\"5 min 50000/s\"", str::rsplit_once)?;
    Ok((parse::duration(at)?, record_rate(rate)?))
}

/// `08:00 50000/s`.
fn hour(line: &str) -> Result<(SimDuration, f64), UnitError> {
    let (at, rate) = two_words(line, "\"08:00 50000/s\"", str::split_once)?;
    Ok((parse::time_of_day(at)?, record_rate(rate)?))
}

type Split = for<'t> fn(&'t str, char) -> Option<(&'t str, &'t str)>;

fn two_words<'l>(
    line: &'l str,
    example: &str,
    split: Split,
) -> Result<(&'l str, &'l str), UnitError> {
    let (first, second) = split(line.trim(), ' ').ok_or_else(|| {
        UnitError::new(format!("`{line}` is no step"))
            .with_help(format!("write for example {example}"))
    })?;
    Ok((first.trim(), second.trim()))
}

/// A CSV file with the columns `seconds` and `records_per_s`.
fn trace(name: &str, path: &KeyPath, problems: &mut Problems<'_>) -> Option<Steps> {
    let rows = trace::read(name, ["seconds", "records_per_s"], path, problems)?;
    let steps = rows
        .iter()
        .map(|[seconds, rate]| (SimDuration::from_secs_f64(*seconds), *rate));
    Some(steps.collect())
}
