//! Picture: buffers in flight with the barriers among them. It explains what aligned and unaligned do.

use crate::experiment::RunResult;
use crate::measure::{BarrierMark, Occupancy};
use crate::render::chart::{Axis, Cell, Chart, Colour, KeyEntry, Mark, Name, Panel, Span, Swatch};
use crate::render::number::Unit;
use crate::render::plot::columns::Columns;
use crate::render::plot::origin::brief;
use crate::render::plot::{Draw, Drawing, Example, Kind, Origin, Picture, role};
use crate::units::SimTime;

pub(super) const KIND: Kind = Kind {
    name: "occupancy",
    heading: "Buffers in front of the slowest subtask",
    caption: "One strip per channel, darker where more buffers wait; the line is a barrier from sent to processed. An \
              aligned barrier waits its turn and then blocks its channel; an unaligned one overtakes, and what it \
              overtook is persisted.",
    example: Some(Example::Join),
    draw: Draw::Run(of_run),
};

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

fn of_run(run: &RunResult, scenario: &str) -> Option<Vec<Drawing>> {
    drawing(&[("", run.occupancy.as_ref()?)], scenario)
}

/// One panel per occupancy, from top to bottom, each with its name (such as `aligned`; may be empty). `None` if none of
/// them has barriers.
pub fn picture(panels: &[(&str, &Occupancy)], origin: &Origin) -> Option<Picture> {
    let drawing = drawing(panels, &origin.scenario)?.pop()?;
    Some(KIND.picture(drawing, &origin.footer()))
}

/// On a common time axis that begins with the first barrier.
fn drawing(panels: &[(&str, &Occupancy)], scenario: &str) -> Option<Vec<Drawing>> {
    let excerpts = panels
        .iter()
        .filter_map(|(name, occupancy)| excerpt(name, occupancy));
    let excerpts: Vec<Excerpt> = excerpts.collect();
    let last = excerpts.len().checked_sub(1)?;
    let most = excerpts.iter().map(Excerpt::last).fold(0.0, f64::max);
    let fullest = excerpts.iter().map(Excerpt::fullest).fold(1.0, f64::max);
    let lead = (most * 0.08).max(1e-6);
    let time = Span::linear(-lead, most + 2.0 * lead);
    let drawn = excerpts.iter().enumerate();
    let drawn = drawn.map(|(index, one)| one.panel(time, fullest, index == last));
    let rows: usize = excerpts.iter().map(|one| one.rows.len()).sum();
    let most = Unit::Plain.text(f64::from(fullest.ceil() as u32));
    let key = [
        (&*format!("0 to {most} buffers in flight"), Swatch::Heat),
        ("blocked by alignment", Swatch::Hatched(Colour::Heat(0.3))),
        (
            "barrier, from sent to processed",
            Swatch::Arrow(role::OBJECTIVE),
        ),
    ];
    let what = "one strip per channel, time since the first barrier was sent";
    let chart = Chart {
        title: finding(&excerpts),
        subtitle: format!("{} · {what}", brief(scenario)),
        height: (200 + 70 * excerpts.len() + 26 * rows.max(8)).min(1400) as u32,
        key: key
            .map(|(label, swatch)| KeyEntry::new(label, swatch))
            .into(),
        panels: drawn.collect(),
        ..Chart::default()
    };
    let samples: Vec<Sample> = excerpts.iter().flat_map(|one| one.samples(&time)).collect();
    let data = Columns::of(&samples)
        .text("panel", |sample| sample.of.name.to_owned())
        .text("channel", |sample| {
            sample.of.occupancy.rows[sample.row].clone()
        })
        .number("time_s", |sample| sample.of.at(sample.index))
        .number("buffers", |sample| {
            f64::from(sample.of.occupancy.buffers[sample.row][sample.index])
        })
        .text("blocked", |sample| {
            sample.of.blocked(sample.row, sample.index).to_string()
        });
    Some(Drawing::only(chart, data.sheet()))
}

/// One channel at one instant.
struct Sample<'e> {
    of: &'e Excerpt<'e>,
    row: usize,
    index: usize,
}

/// The checkpoint whose barriers took longest, and the channels in which they did.
fn excerpt<'o>(name: &'o str, occupancy: &'o Occupancy) -> Option<Excerpt<'o>> {
    let wait = |mark: &BarrierMark| mark.processed.since(mark.sent);
    let known = |mark: &&BarrierMark| mark.row < occupancy.rows.len();
    let marks = || occupancy.barriers.iter().filter(known);
    let slowest = marks().max_by_key(|mark| (wait(mark), std::cmp::Reverse(mark.checkpoint)))?;
    let checkpoint = slowest.checkpoint;
    let own = || marks().filter(move |mark| mark.checkpoint == checkpoint);
    let mut rows: Vec<usize> = own().map(|mark| mark.row).collect();
    let longest = |row: usize| own().filter(|mark| mark.row == row).map(wait).max();
    rows.sort_by_key(|row| (std::cmp::Reverse(longest(*row)), *row));
    rows.dedup();
    rows.truncate(MOST_ROWS);
    rows.sort_unstable();
    let persisted = own().map(|mark| mark.overtaken_bytes);
    Some(Excerpt {
        name,
        occupancy,
        checkpoint,
        origin: own().map(|mark| mark.sent).min()?,
        rows,
        longest: wait(slowest).as_secs_f64(),
        persisted: persisted.fold(0, u64::saturating_add),
    })
}

impl Excerpt<'_> {
    /// Since the first barrier was sent.
    fn seconds(&self, at: SimTime) -> f64 {
        at.as_secs_f64() - self.origin.as_secs_f64()
    }

    /// Time of a sample.
    fn at(&self, index: usize) -> f64 {
        self.seconds(self.occupancy.start) + index as f64 * self.occupancy.step.as_secs_f64()
    }

    fn marks(&self) -> impl Iterator<Item = &BarrierMark> {
        let marks = self.occupancy.barriers.iter();
        marks.filter(|mark| mark.checkpoint == self.checkpoint)
    }

    /// When the last barrier was processed.
    fn last(&self) -> f64 {
        let ends = self.marks().map(|mark| self.seconds(mark.processed));
        ends.fold(0.0, f64::max)
    }

    fn buffers(&self, row: usize) -> &[f32] {
        self.occupancy.buffers.get(row).map_or(&[], Vec::as_slice)
    }

    fn blocked(&self, row: usize, index: usize) -> bool {
        let row = self.occupancy.blocked.get(row);
        row.and_then(|row| row.get(index)) == Some(&true)
    }

    fn fullest(&self) -> f64 {
        let all = self.rows.iter().flat_map(|row| self.buffers(*row));
        let all = all.map(|buffers| f64::from(*buffers));
        all.filter(|buffers| buffers.is_finite())
            .fold(0.0, f64::max)
    }

    fn samples(&self, time: &Span) -> Vec<Sample<'_>> {
        let of = self;
        let samples = self.rows.iter().flat_map(|&row| {
            (0..self.buffers(row).len()).map(move |index| Sample { of, row, index })
        });
        samples
            .filter(|sample| time.contains(self.at(sample.index)))
            .collect()
    }

    fn panel(&self, time: Span, fullest: f64, lowest: bool) -> Panel {
        let height = self.rows.len() as f64;
        let middle = |index: usize| height - index as f64 - 0.5;
        let (mut marks, mut names) = (Vec::new(), Vec::new());
        for (index, &row) in self.rows.iter().enumerate() {
            names.push(Name::new(middle(index), self.occupancy.rows[row].clone()));
            marks.extend(self.strip(row, middle(index), time, fullest));
            let own = self.marks().filter(|mark| mark.row == row);
            let overtaken = own.map(|mark| mark.overtaken_bytes);
            let overtaken = overtaken.fold(0, u64::saturating_add);
            if overtaken > 0 {
                let bytes = Unit::Bytes.text(overtaken as f64);
                marks.push(Mark::Margin(middle(index), format!("{bytes} persisted")));
            }
        }
        marks.extend(self.marks().filter_map(|mark| {
            let index = self.rows.iter().position(|row| *row == mark.row)?;
            let [from, to] =
                [mark.sent, mark.processed].map(|at| (self.seconds(at), middle(index)));
            Some(Mark::Arrow(role::OBJECTIVE, from, to))
        }));
        let label = if lowest {
            "Time since the first barrier was sent"
        } else {
            ""
        };
        let x = Axis::round(label, Unit::Time, time);
        let y = Axis::named("", Span::linear(0.0, height), names);
        Panel {
            heading: self.heading(),
            weight: height.max(3.0),
            ..Panel::new(x, y, marks)
        }
    }

    fn heading(&self) -> String {
        let colon = if self.name.is_empty() { "" } else { ": " };
        let persisted = match self.persisted {
            0 => "nothing persisted".to_owned(),
            bytes => format!("{} in flight persisted", Unit::Bytes.text(bytes as f64)),
        };
        let (shown, all) = (self.rows.len(), self.occupancy.rows.len());
        let of = if shown < all {
            format!(" · {shown} of {all} channels")
        } else {
            String::new()
        };
        format!(
            "{}{colon}checkpoint {}, barriers up to {} in a channel, {persisted}{of}",
            self.name,
            self.checkpoint,
            Unit::Time.text(self.longest)
        )
    }

    /// The heat strip of a channel: runs of equal shade and equal blocking, at most [`MOST_COLUMNS`].
    fn strip(&self, row: usize, middle: f64, time: Span, fullest: f64) -> Vec<Mark> {
        let buffers = self.buffers(row);
        let visible: Vec<usize> = (0..buffers.len())
            .filter(|index| self.at(*index) < time.high() && self.at(index + 1) > time.low())
            .collect();
        let stride = visible.len().div_ceil(MOST_COLUMNS).max(1);
        // Where samples are merged, the fullest one counts.
        let shades = visible.chunks(stride).map(|chunk| {
            let most = chunk.iter().map(|index| f64::from(buffers[*index]));
            let shade = (most.fold(0.0, f64::max) / fullest * SHADES).round() / SHADES;
            let blocked = chunk.iter().any(|index| self.blocked(row, *index));
            (chunk[0], chunk[chunk.len() - 1] + 1, shade, blocked)
        });
        let shades: Vec<(usize, usize, f64, bool)> = shades.collect();
        let runs = shades.chunk_by(|a, b| a.2.total_cmp(&b.2).is_eq() && a.3 == b.3);
        let cell = |run: &[(usize, usize, f64, bool)]| {
            let (first, _, shade, hatched) = run[0];
            let from = self.at(first).max(time.low());
            let to = self.at(run[run.len() - 1].1).min(time.high());
            let buffers = Unit::Plain.about(shade * fullest);
            let blocked = if hatched { ", blocked" } else { "" };
            Mark::Cell(Cell {
                hatched,
                value: format!("about {buffers} buffers{blocked}"),
                // Neighbours overlap by half a pixel: no seams between antialiased edges.
                gutter: -0.25,
                ..Cell::filled(
                    (from, to),
                    (middle - 0.42, middle + 0.42),
                    Colour::Heat(shade),
                )
            })
        };
        runs.map(cell).collect()
    }
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
        [one] if one.persisted > 0 => {
            format!(
                "Barriers pass within {} and persist {}",
                time(one),
                bytes(one)
            )
        }
        [one] => format!("Barriers wait up to {} behind data", time(one)),
        _ => "Barriers and buffers in flight".to_owned(),
    }
}
