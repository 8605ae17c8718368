//! Why a real checkpoint took as long as it did, as text and as Markdown.

use crate::experiment::why::{Against, Difference, DifferenceUnit, Part, Step, Why};
use crate::measure::estimate::quantile;
use crate::measure::straggler;
use crate::recording::log::Log;
use crate::render::markdown::sentence;
use crate::render::number::{Unit, counted};
use crate::render::table::{Align, Cell, Table, hanging, named};
use crate::units::SimDuration;

/// Stragglers and differences that are named.
const NAMED: usize = 6;
const DIFFERENCES: usize = 14;

/// For a terminal of `width` columns.
pub fn text(why: &Why, width: usize) -> String {
    let sentences = sentences(why);
    let items: Vec<(&str, &str)> = sentences
        .iter()
        .map(|(name, text)| (*name, text.as_str()))
        .collect();
    let mut blocks = vec![
        hanging("", &headline(why), 0, width) + "\n",
        named(&items, width),
        way(why).text(width),
    ];
    blocks.extend(
        why.against
            .as_ref()
            .and_then(|other| differences(why, other))
            .map(|table| table.text(width)),
    );
    blocks.join("\n")
}

/// For a ticket.
pub fn markdown(why: &Why) -> String {
    let told: Vec<String> = sentences(why)
        .iter()
        .map(|(name, told)| format!("- {name}: {}", sentence(told)))
        .collect();
    let (headline, told) = (sentence(&headline(why)), told.join("\n"));
    let mut text = format!("**{headline}**\n\n{told}\n\n");
    text.push_str(&way(why).markdown());
    if let Some(table) = why
        .against
        .as_ref()
        .and_then(|other| differences(why, other))
    {
        text.push('\n');
        text.push_str(&table.markdown());
    }
    text
}

fn time(length: SimDuration) -> String {
    Unit::Time.text(length.as_secs_f64())
}

fn who(why: &Why, vertex: usize, subtask: usize) -> String {
    let name = why.vertices.get(vertex).map_or("?", String::as_str);
    format!("{name} #{subtask}")
}

/// What it took, beside the other one, and its longest part.
pub fn headline(why: &Why) -> String {
    let what = match &why.failure {
        Some(reason) => format!(
            "failed after {} ({})",
            time(why.duration),
            reason.trim_end_matches('.')
        ),
        None => format!("took {}", time(why.duration)),
    };
    let beside = why.against.as_ref().map_or_else(String::new, |other| {
        let ratio = why.duration.as_secs_f64() / other.duration.as_secs_f64().max(1e-3);
        format!(
            ", {ratio:.1} times the {} of checkpoint {}",
            time(other.duration),
            other.checkpoint
        )
    });
    let longest = longest(why).map_or_else(String::new, |step| {
        let share = step.length.as_secs_f64() / why.duration.as_secs_f64().max(1e-3);
        format!(
            ": {} of it ({}) {}",
            time(step.length),
            Unit::Share.about(share),
            told(why, step)
        )
    });
    format!(
        "{}: checkpoint {} {what}{beside}{longest}.",
        why.job, why.checkpoint
    )
}

fn longest(why: &Why) -> Option<&Step> {
    why.path.iter().max_by_key(|step| step.length)
}

fn told(why: &Why, step: &Step) -> String {
    let who = who(why, step.vertex, step.subtask);
    match step.part {
        Part::Trigger => format!("the trigger waits in the mailbox of {who}"),
        Part::Barriers => format!("barriers wait behind records in front of {who}"),
        Part::Sync => format!("the sync phase of {who} stops its task"),
        Part::Async => format!("{who} writes its state"),
        Part::Rest => format!("{who} works before its snapshot, or its ack is on its way"),
    }
}

/// Who else is late, who never acknowledged, and where they run.
fn sentences(why: &Why) -> Vec<(&'static str, String)> {
    let mut all = Vec::new();
    let (silent, of) = why.silent;
    if silent > 0 {
        all.push((
            "Silent",
            format!(
                "{silent} of {of} subtasks never acknowledged; the figures are those of the others"
            ),
        ));
    }
    let mut late: Vec<String> = why
        .stragglers
        .iter()
        .take(NAMED)
        .map(|(vertex, subtask, total)| format!("{} {}", who(why, *vertex, *subtask), time(*total)))
        .collect();
    let more = why.stragglers.len().saturating_sub(NAMED);
    late.extend((more > 0).then(|| format!("{more} more")));
    let stragglers = if late.is_empty() {
        "none".to_owned()
    } else {
        format!("{} ({})", late.join(", "), straggler::RULE)
    };
    all.push(("Late", stragglers));
    if let Some(host) = &why.host {
        all.push((
            "Host",
            format!("all of them run on {host}, where others do not"),
        ));
    }
    if let Some(other) = &why.against {
        let of_state = |one: &&Difference| one.unit == DifferenceUnit::Bytes;
        let state = match other.differences.iter().find(of_state) {
            Some(_) => "some vertices wrote more or less",
            None => "no vertex wrote a fifth more or less",
        };
        all.push((
            "Beside",
            format!(
                "{} completed; {state} than for checkpoint {}",
                counted(why.completed, "checkpoint"),
                other.checkpoint
            ),
        ));
    }
    all
}

/// The way of the barriers and the snapshot at its end, in the order in which it was lived.
fn way(why: &Why) -> Table {
    let columns = [
        ("from the trigger on", Align::Left),
        ("of", Align::Left),
        ("time", Align::Right),
        ("share", Align::Right),
    ];
    let total = why.duration.as_secs_f64().max(1e-3);
    let rows = why.path.iter().map(|step| {
        let name = match step.part {
            Part::Trigger => "trigger in the mailbox",
            Part::Barriers => "barriers wait in front of",
            Part::Sync => "sync phase",
            Part::Async => "async phase",
            Part::Rest => "rest",
        };
        let seconds = step.length.as_secs_f64();
        vec![
            name.into(),
            who(why, step.vertex, step.subtask).into(),
            Cell::Value(Unit::Time, seconds),
            Cell::Value(Unit::Share, seconds / total),
        ]
    });
    Table {
        notes: vec!["whole milliseconds, as Flink tells them; a producer's barrier leaves when it has all of its own".to_owned()],
        ..Table::new(columns, rows)
    }
}

fn differences(why: &Why, other: &Against) -> Option<Table> {
    let this = format!("checkpoint {}", why.checkpoint);
    let beside = format!("checkpoint {}", other.checkpoint);
    let columns = [
        ("differs".to_owned(), Align::Left),
        ("of".to_owned(), Align::Left),
        (this, Align::Right),
        (beside, Align::Right),
    ];
    let row = |one: &Difference| {
        let cell = |value: f64| match one.unit {
            DifferenceUnit::Time => Cell::Value(Unit::Time, value),
            DifferenceUnit::Bytes => Cell::Value(Unit::Bytes, value),
            DifferenceUnit::Skew => Cell::Written(format!("{value:.2} x mean"), value),
        };
        let name = one.vertex.and_then(|vertex| why.vertices.get(vertex));
        vec![
            one.figure.into(),
            name.map_or("job", String::as_str).into(),
            cell(one.this),
            cell(one.other),
        ]
    };
    let rows: Vec<Vec<Cell>> = other
        .differences
        .iter()
        .take(DIFFERENCES)
        .map(row)
        .collect();
    (!rows.is_empty()).then(|| Table {
        notes: vec!["times are the largest of a vertex, sizes its sum".to_owned()],
        ..Table::new(columns, rows)
    })
}

/// What a log tells of checkpoints and restarts, and what to do with it.
pub fn log(log: &Log, width: usize) -> String {
    let slowest = log
        .completed
        .iter()
        .max_by(|a, b| a.duration_s.total_cmp(&b.duration_s));
    let slowest = slowest.map_or_else(
        || "no checkpoint completed".to_owned(),
        |one| {
            let at = if log.span_s > 0.0 {
                format!(", {} after the beginning,", Unit::Time.text(one.at_s))
            } else {
                String::new()
            };
            format!(
                "checkpoint {}{at} took {} and has {}",
                one.id,
                Unit::Time.text(one.duration_s),
                Unit::Bytes.text(one.bytes)
            )
        },
    );
    let mut items = vec![("Slowest", slowest)];
    let not = |ids: &[u64]| {
        let shown: Vec<String> = ids.iter().take(NAMED).map(u64::to_string).collect();
        let more = ids.len().saturating_sub(NAMED);
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        format!("{}: {}{more}", ids.len(), shown.join(", "))
    };
    if !log.expired.is_empty() {
        items.push(("Expired", not(&log.expired)));
    }
    if !log.declined.is_empty() {
        items.push(("Declined", not(&log.declined)));
    }
    if !log.failed.is_empty() {
        items.push(("Failed", not(&log.failed)));
    }
    if let Some(between) = log.between_failures_s() {
        let text = Unit::Time.text(between);
        items.push(("Failures", format!("the job restarted every {text} in the mean: `ckptsim recommend ... --mtbf '{between:.0} s'`")));
    }
    items.push((
        "next",
        "the answers of the JobManager tell who waited for whom: `ckptsim why http://jobmanager:8081`".to_owned(),
    ));
    let items: Vec<(&str, &str)> = items
        .iter()
        .map(|(name, text)| (*name, text.as_str()))
        .collect();
    format!("{}\n{}", log_table(log).text(width), named(&items, width))
}

/// The same figures as a table.
pub fn log_table(log: &Log) -> Table {
    let title = format!("in the {}", log.kind);
    let columns = [(title.as_str(), Align::Left), ("", Align::Right)];
    let time = |value: Option<f64>| Cell::from(value.map(|value| Cell::Value(Unit::Time, value)));
    let count = |count: usize| Cell::count(count);
    let restored = quantile(&log.restored_s, 0.5);
    let rows = [
        (
            "time",
            time(Some(log.span_s).filter(|seconds| *seconds > 0.0)),
        ),
        ("checkpoints completed", count(log.completed.len())),
        ("duration, median", time(log.duration_s(0.5))),
        ("duration, p99", time(log.duration_s(0.99))),
        ("duration, largest", time(log.duration_s(1.0))),
        ("checkpoints expired", count(log.expired.len())),
        ("checkpoints declined", count(log.declined.len())),
        ("checkpoints failed otherwise", count(log.failed.len())),
        ("restarts", count(log.restarts.len())),
        ("restore, median", time(restored)),
    ];
    // What none of them tells is left out.
    let told = rows.into_iter().filter(|(name, _)| match *name {
        "checkpoints failed otherwise" => !log.failed.is_empty(),
        "restore, median" => restored.is_some(),
        _ => true,
    });
    Table::new(columns, told.map(|(name, cell)| vec![name.into(), cell]))
}
