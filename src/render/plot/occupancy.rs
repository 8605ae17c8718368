//! Picture: buffers in flight with the barriers among them. It explains what aligned and unaligned do.

use crate::measure::Occupancy;
use crate::render::number::Unit;
use crate::render::plot::Picture;
use crate::render::plot::chart::{Axis, Cell, Chart, KeyEntry, Mark, Name, Panel, Swatch};
use crate::render::plot::grid::brief;
use crate::render::plot::origin::Origin;
use crate::render::plot::span::Span;
use crate::render::plot::style::Paint;
use crate::render::sheet::{self, Sheet};
use crate::units::SimTime;

/// Channels per panel; those whose barriers took longest.
const MOST_ROWS: usize = 12;
/// Samples across a panel; more cannot be seen.
const MOST_COLUMNS: usize = 300;
/// Shades of the heat strips.
const SHADES: f64 = 14.0;

/// The part of an occupancy that is drawn: one checkpoint, some channels.
struct Excerpt<'o> {
    name: &'o str,
    occupancy: &'o Occupancy,
    checkpoint: u64,
    /// First barrier of the checkpoint.
    origin: SimTime,
    /// Channels from top to bottom.
    rows: Vec<usize>,
    /// Longest time of a barrier in a channel, in seconds.
    longest: f64,
    /// Persisted in-flight bytes of the checkpoint.
    persisted: u64,
}

/// One panel per occupancy, from top to bottom, each with its name (such as `aligned`; may be empty), on a common time
/// axis that begins with the first barrier. `None` if none of them has barriers.
pub fn picture(panels: &[(&str, &Occupancy)], origin: &Origin) -> Option<Picture> {
    let excerpts: Vec<Excerpt> = panels
        .iter()
        .filter_map(|(name, occupancy)| excerpt(name, occupancy))
        .collect();
    let most = excerpts.iter().map(Excerpt::last).fold(0.0, f64::max);
    let fullest = excerpts.iter().map(Excerpt::fullest).fold(1.0, f64::max);
    let lead = (most * 0.08).max(1e-6);
    let time = Span::linear(-lead, most + 2.0 * lead);
    let last = excerpts.len().checked_sub(1)?;
    let drawn = excerpts
        .iter()
        .enumerate()
        .map(|(index, one)| panel(one, time, fullest, index == last))
        .collect();
    let rows: usize = excerpts.iter().map(|one| one.rows.len()).sum();
    let chart = Chart {
        title: finding(&excerpts),
        subtitle: format!(
            "{} · one strip per channel, time since the first barrier was sent",
            brief(&origin.scenario)
        ),
        footer: origin.footer(),
        height: (200 + 70 * excerpts.len() + 26 * rows.max(8)).min(1400) as u32,
        key: vec![
            KeyEntry {
                label: format!(
                    "0 to {} buffers in flight",
                    Unit::Plain.text(f64::from(fullest.ceil() as u32))
                ),
                swatch: Swatch::Heat,
            },
            KeyEntry {
                label: "blocked by alignment".to_owned(),
                swatch: Swatch::Hatched(Paint::Heat(0.3)),
            },
            KeyEntry {
                label: "barrier, from sent to processed".to_owned(),
                swatch: Swatch::Arrow(Paint::Objective),
            },
        ],
        panels: drawn,
    };
    Some(Picture {
        name: "occupancy".to_owned(),
        chart,
        data: data(&excerpts, time),
    })
}

/// The checkpoint whose barriers took longest, and the channels in which they did.
fn excerpt<'o>(name: &'o str, occupancy: &'o Occupancy) -> Option<Excerpt<'o>> {
    let known = |row: usize| row < occupancy.rows.len();
    let marks = || occupancy.barriers.iter().filter(|mark| known(mark.row));
    let slowest = marks().max_by_key(|mark| {
        (
            mark.processed.since(mark.sent),
            std::cmp::Reverse(mark.checkpoint),
        )
    })?;
    let checkpoint = slowest.checkpoint;
    let of_checkpoint = || marks().filter(move |mark| mark.checkpoint == checkpoint);
    let mut rows: Vec<usize> = of_checkpoint().map(|mark| mark.row).collect();
    let wait = |row: usize| {
        let waits = of_checkpoint()
            .filter(|mark| mark.row == row)
            .map(|mark| mark.processed.since(mark.sent));
        waits.max()
    };
    rows.sort_by_key(|row| (std::cmp::Reverse(wait(*row)), *row));
    rows.dedup();
    rows.truncate(MOST_ROWS);
    rows.sort_unstable();
    Some(Excerpt {
        name,
        occupancy,
        checkpoint,
        origin: of_checkpoint().map(|mark| mark.sent).min()?,
        rows,
        longest: slowest.processed.since(slowest.sent).as_secs_f64(),
        persisted: of_checkpoint()
            .map(|mark| mark.overtaken_bytes)
            .fold(0, u64::saturating_add),
    })
}

impl Excerpt<'_> {
    fn seconds(&self, at: SimTime) -> f64 {
        at.as_secs_f64() - self.origin.as_secs_f64()
    }

    /// When the last barrier was processed, in seconds.
    fn last(&self) -> f64 {
        let marks = self
            .occupancy
            .barriers
            .iter()
            .filter(|mark| mark.checkpoint == self.checkpoint);
        marks
            .map(|mark| self.seconds(mark.processed))
            .fold(0.0, f64::max)
    }

    fn fullest(&self) -> f64 {
        let rows = self
            .rows
            .iter()
            .filter_map(|row| self.occupancy.buffers.get(*row));
        rows.flatten()
            .map(|buffers| f64::from(*buffers))
            .filter(|buffers| buffers.is_finite())
            .fold(0.0, f64::max)
    }

    /// Time of a sample, in seconds since the first barrier.
    fn sample(&self, index: usize) -> f64 {
        self.seconds(self.occupancy.start) + index as f64 * self.occupancy.step.as_secs_f64()
    }
}

fn panel(one: &Excerpt, time: Span, fullest: f64, lowest: bool) -> Panel {
    let height = one.rows.len() as f64;
    let (mut marks, mut names, mut margin) = (Vec::new(), Vec::new(), Vec::new());
    for (index, &row) in one.rows.iter().enumerate() {
        let middle = height - index as f64 - 0.5;
        names.push(Name {
            at: middle,
            text: one.occupancy.rows[row].clone(),
            strong: false,
        });
        marks.extend(strip(one, row, middle, time, fullest));
        let overtaken = overtaken(one, row);
        if overtaken > 0 {
            margin.push((
                middle,
                format!("{} persisted", Unit::Bytes.text(overtaken as f64)),
            ));
        }
    }
    for mark in one
        .occupancy
        .barriers
        .iter()
        .filter(|mark| mark.checkpoint == one.checkpoint)
    {
        if let Some(index) = one.rows.iter().position(|row| *row == mark.row) {
            let middle = height - index as f64 - 0.5;
            let [sent, processed] = [mark.sent, mark.processed].map(|at| one.seconds(at));
            marks.push(Mark::Arrow(
                Paint::Objective,
                (sent, middle),
                (processed, middle),
            ));
        }
    }
    let label = if lowest {
        "Time since the first barrier was sent"
    } else {
        ""
    };
    Panel {
        heading: heading(one),
        weight: height.max(3.0),
        x: Axis::round(label, Unit::Time, time),
        y: Axis::named("", Span::linear(0.0, height), names),
        marks,
        margin,
    }
}

fn heading(one: &Excerpt) -> String {
    let name = if one.name.is_empty() {
        String::new()
    } else {
        format!("{}: ", one.name)
    };
    let persisted = match one.persisted {
        0 => "nothing persisted".to_owned(),
        bytes => format!("{} in flight persisted", Unit::Bytes.text(bytes as f64)),
    };
    let all = one.occupancy.rows.len();
    let shown = if one.rows.len() < all {
        format!(" · {} of {all} channels", one.rows.len())
    } else {
        String::new()
    };
    format!(
        "{name}checkpoint {}, barriers up to {} in a channel, {persisted}{shown}",
        one.checkpoint,
        Unit::Time.text(one.longest)
    )
}

fn overtaken(one: &Excerpt, row: usize) -> u64 {
    let marks = one
        .occupancy
        .barriers
        .iter()
        .filter(|mark| mark.row == row && mark.checkpoint == one.checkpoint);
    marks
        .map(|mark| mark.overtaken_bytes)
        .fold(0, u64::saturating_add)
}

/// The heat strip of a channel: runs of equal shade and equal blocking, at most [`MOST_COLUMNS`].
fn strip(one: &Excerpt, row: usize, middle: f64, time: Span, fullest: f64) -> Vec<Mark> {
    let (Some(buffers), blocked) = (
        one.occupancy.buffers.get(row),
        one.occupancy.blocked.get(row),
    ) else {
        return Vec::new();
    };
    let visible: Vec<usize> = (0..buffers.len())
        .filter(|index| one.sample(*index) < time.high() && one.sample(index + 1) > time.low())
        .collect();
    let stride = visible.len().div_ceil(MOST_COLUMNS).max(1);
    // Where samples are merged, the fullest one counts.
    let shades: Vec<(usize, usize, f64, bool)> = visible
        .chunks(stride)
        .filter_map(|chunk| {
            let (first, last) = (*chunk.first()?, *chunk.last()?);
            let most = chunk
                .iter()
                .map(|index| f64::from(buffers[*index]))
                .fold(0.0, f64::max);
            let shade = (most / fullest * SHADES).round() / SHADES;
            let blocked = blocked.is_some_and(|blocked| {
                chunk.iter().any(|index| blocked.get(*index) == Some(&true))
            });
            Some((first, last + 1, shade, blocked))
        })
        .collect();
    shades
        .chunk_by(|a, b| a.2.total_cmp(&b.2).is_eq() && a.3 == b.3)
        .map(|run| {
            let (from, to) = (run[0].0, run[run.len() - 1].1);
            let mut cell = Cell::filled(
                (
                    one.sample(from).max(time.low()),
                    one.sample(to).min(time.high()),
                ),
                (middle - 0.42, middle + 0.42),
                Paint::Heat(run[0].2),
            );
            cell.hatched = run[0].3;
            let buffers = Unit::Plain.about(run[0].2 * fullest);
            let blocked = if run[0].3 { ", blocked" } else { "" };
            cell.value = format!("about {buffers} buffers{blocked}");
            // Neighbours overlap by half a pixel: no seams between antialiased edges.
            cell.gutter = -0.25;
            Mark::Cell(cell)
        })
        .collect()
}

fn finding(excerpts: &[Excerpt]) -> String {
    let time = |one: &Excerpt| Unit::Time.text(one.longest);
    let bytes = |one: &Excerpt| Unit::Bytes.text(one.persisted as f64);
    match excerpts {
        [aligned, unaligned] if aligned.longest > unaligned.longest => format!(
            "Aligned barriers wait up to {} behind data; unaligned ones pass within {} and persist {}",
            time(aligned),
            time(unaligned),
            bytes(unaligned)
        ),
        [first, second] => format!(
            "Barriers spend up to {} ({}) and {} ({}) in a channel",
            time(first),
            first.name,
            time(second),
            second.name
        ),
        [one] if one.persisted > 0 => format!(
            "Barriers pass within {} and persist {}",
            time(one),
            bytes(one)
        ),
        [one] => format!("Barriers wait up to {} behind data", time(one)),
        _ => "Barriers and buffers in flight".to_owned(),
    }
}

fn data(excerpts: &[Excerpt], time: Span) -> Sheet {
    let mut sheet = Sheet::new(["panel", "channel", "time_s", "buffers", "blocked"]);
    for one in excerpts {
        for &row in &one.rows {
            let Some(buffers) = one.occupancy.buffers.get(row) else {
                continue;
            };
            for (index, count) in buffers
                .iter()
                .enumerate()
                .filter(|(index, _)| time.contains(one.sample(*index)))
            {
                let blocked = one
                    .occupancy
                    .blocked
                    .get(row)
                    .and_then(|row| row.get(index))
                    .copied()
                    .unwrap_or(false);
                sheet.push(vec![
                    one.name.to_owned(),
                    one.occupancy.rows[row].clone(),
                    sheet::cell(one.sample(index)),
                    sheet::cell(f64::from(*count)),
                    blocked.to_string(),
                ]);
            }
        }
    }
    sheet
}
