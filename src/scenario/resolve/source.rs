//! `vertex.source`: how many records come when.

use std::path::Path;

use crate::scenario::file::quantity::{SourceRate, Text};
use crate::scenario::file::source::{self as file, ArrivalsKind};
use crate::scenario::key_path::KeyPath;
use crate::scenario::resolve::problems::Problems;
use crate::scenario::vertex::{Arrivals, Rate, Service, Source};
use crate::units::{SimDuration, UnitError, parse};

/// A daily curve repeats after this.
const DAY: SimDuration = SimDuration::from_secs(86_400);
/// Longer traces are not read.
const TRACE_ROWS_MAX: usize = 1_000_000;

type Steps = Vec<(SimDuration, f64)>;

/// A source; `service` is needed to refuse a source that would emit without end in no time.
pub(super) fn source(
    table: &file::Source,
    service: &Service,
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
        arrivals: match table.arrivals {
            Some(ArrivalsKind::Poisson) => Arrivals::Poisson,
            Some(ArrivalsKind::Regular) | None => Arrivals::Regular,
        },
        log: table.log.unwrap_or(!unlimited),
        start: table.start.map_or(SimDuration::ZERO, |text| text.0),
    }
}

fn rate(table: &file::Source, path: &KeyPath, problems: &mut Problems<'_>) -> Rate {
    let given: Vec<&str> = [
        ("rate", table.rate.is_some()),
        ("trace", table.trace.is_some()),
        ("curve", table.curve.is_some()),
        ("steps", table.steps.is_some()),
    ]
    .into_iter()
    .filter_map(|(key, given)| given.then_some(key))
    .collect();
    if let [_, second, ..] = given.as_slice() {
        problems
            .key_error(
                &path.key(second),
                format!("the rate is given twice: `{}`", given.join("` and `")),
            )
            .help("give one of them");
    }
    let stepwise = table.trace.is_some() || table.steps.is_some();
    if table.period.is_some() && !stepwise {
        problems.key_error(
            &path.key("period"),
            "`period` belongs to `steps` or `trace`",
        );
    }
    let fallback = Rate::Constant(1.0);
    if let Some(Text(rate)) = table.rate {
        return match rate {
            SourceRate::Unlimited => Rate::Unlimited,
            SourceRate::PerSecond(rate) => Rate::Constant(rate),
        };
    }
    let (key, steps) = if let Some(lines) = &table.steps {
        (
            "steps",
            parse_lines(lines, &path.key("steps"), step, problems),
        )
    } else if let Some(lines) = &table.curve {
        (
            "curve",
            parse_lines(lines, &path.key("curve"), hour, problems).map(from_midnight),
        )
    } else if let Some(name) = &table.trace {
        ("trace", trace(name, &path.key("trace"), problems))
    } else {
        let help = "add `rate = \"50000/s\"` or `rate = \"unlimited\"`";
        problems.missing(&path.key("rate"), "a source without a rate", help);
        return fallback;
    };
    let Some(steps) = steps else { return fallback };
    let path_of_steps = path.key(key);
    let period = if key == "curve" {
        Some(DAY)
    } else {
        table.period.map(|text| text.0)
    };
    if !in_order(&steps, &path_of_steps, problems) {
        return fallback;
    }
    let last = steps.last().map_or(SimDuration::ZERO, |(at, _)| *at);
    if period.is_some_and(|period| period <= last) {
        let key = if key == "curve" {
            path_of_steps
        } else {
            path.key("period")
        };
        problems.error(
            &key,
            format!("the period must be longer than the last step's instant, {last}"),
        );
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

/// `5 min 50000/s`.
fn step(line: &str) -> Result<(SimDuration, f64), UnitError> {
    let (at, rate) = two_words(line, "\"5 min 50000/s\"", str::rsplit_once)?;
    Ok((parse::duration(at)?, parse::record_rate(rate)?))
}

/// `08:00 50000/s`.
fn hour(line: &str) -> Result<(SimDuration, f64), UnitError> {
    let (at, rate) = two_words(line, "\"08:00 50000/s\"", str::split_once)?;
    Ok((parse::time_of_day(at)?, parse::record_rate(rate)?))
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
    let file = problems.document().base.join(name);
    match read_trace(&file) {
        Ok(steps) => Some(steps),
        Err(message) => {
            problems
                .error(path, format!("cannot use the trace `{name}`: {message}"))
                .help("a trace is a CSV file with the columns `seconds` and `records_per_s`");
            None
        }
    }
}

fn read_trace(file: &Path) -> Result<Steps, String> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_path(file)
        .map_err(|error| error.to_string())?;
    let headers = reader.headers().map_err(|error| error.to_string())?.clone();
    let column = |name: &str| {
        let found = headers.iter().position(|header| header == name);
        found.ok_or_else(|| format!("it has no column `{name}`"))
    };
    let (seconds, rate) = (column("seconds")?, column("records_per_s")?);
    let mut steps = Steps::new();
    for row in reader.records() {
        let row = row.map_err(|error| error.to_string())?;
        let line = row.position().map_or(0, csv::Position::line);
        let number = |column: usize| {
            let text = row.get(column).unwrap_or_default();
            let number = text
                .parse::<f64>()
                .ok()
                .filter(|number| (0.0..=1e15).contains(number));
            number.ok_or_else(|| format!("line {line}: `{text}` is no number of at least 0"))
        };
        steps.push((SimDuration::from_secs_f64(number(seconds)?), number(rate)?));
        if steps.len() > TRACE_ROWS_MAX {
            return Err(format!("it has more than {TRACE_ROWS_MAX} rows"));
        }
    }
    Ok(steps)
}
