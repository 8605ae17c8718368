//! Picture: a failure, and how long it takes until everything is as before.

mod episode;
mod finding;
#[cfg(test)]
mod tests;

use crate::experiment::RunResult;
use crate::measure::Timeline;
use crate::measure::timeline::Sample;
use crate::render::chart::{
    Axis, Cell, Chart, Colour, Flag, KeyEntry, Line, Mark, Panel, Span, Stroke, Swatch,
};
use crate::render::number::Unit;
use crate::render::plot::columns::Columns;
use crate::render::plot::failure::episode::{Episode, PARTS, Phase, episodes, longest};
use crate::render::plot::failure::finding::{finding, subtitle, waiting};
use crate::render::plot::{Draw, Drawing, Example, Kind, role};

pub const KIND: Kind = Kind {
    name: "failure",
    heading: "The longest recovery",
    caption: "From top to bottom on one time axis: what comes in against what is processed, what waits, and how late it \
              is. The job has recovered when no more waits than before the failure.",
    example: Some(Example::Failure),
    draw: Draw::Run(drawing),
};

/// Room right of the last instant for its name, as a share of the episode.
const TAIL: f64 = 0.18;
/// Most and least room left of the failure.
const LEAD: (f64, f64) = (0.08, 1.5);
/// What the last vertices process counts as the input, processed, if it is this close to it while all is well.
const SAME: (f64, f64) = (0.8, 1.25);
/// With fewer samples than this in the window, curves would be guesses.
const FEWEST: usize = 8;
/// Opacity of the bands behind the curves, and of the bar that names them.
const PALE: f64 = 0.14;
const FULL: f64 = 0.6;

/// The recovery that took longest, on a common time axis: phases, rates, records that wait, delay. `None` if nothing
/// failed, or no timeline was recorded that is fine enough.
fn drawing(run: &RunResult, scenario: &str) -> Option<Vec<Drawing>> {
    let timeline = run.timeline.as_ref()?;
    let all = episodes(run);
    let episode = longest(&all)?;
    let time = window(&episode);
    let samples = excerpt(timeline, &episode, &time);
    if samples.len() < FEWEST {
        return None;
    }
    let phases = all.iter().flat_map(|other| {
        let shift = episode.at(other.first().failed);
        let phases = other.phases().into_iter();
        phases.map(move |phase| Phase {
            from: phase.from + shift,
            to: phase.to + shift,
            ..phase
        })
    });
    let view = View {
        time,
        phases: phases
            .filter(|phase| phase.to > time.low() && phase.from < time.high())
            .collect(),
        instants: instants(&episode),
        samples: &samples,
    };
    let chart = Chart {
        title: finding(&episode, samples.last().map(|(_, sample)| *sample)),
        subtitle: subtitle(scenario, &episode, all.len()),
        height: 880,
        key: key(&episode),
        panels: vec![
            view.strip(),
            view.rates(output(timeline, &episode)),
            view.backlog(),
            view.delay(),
        ],
        ..Chart::default()
    };
    let data = Columns::of(&samples)
        .number("since_failure_s", |(since, _)| *since)
        .number("time_s", |(_, sample)| sample.at.as_secs_f64())
        .number("due_records_per_s", |(_, sample)| sample.due_per_s)
        .number("emitted_records_per_s", |(_, sample)| sample.emitted_per_s)
        .number("processed_records_per_s", |(_, sample)| {
            sample.processed_per_s
        })
        .number("unread_records", |(_, sample)| sample.unread as f64)
        .number("records_in_channels", |(_, sample)| {
            sample.in_channels as f64
        })
        .number("lag_s", |(_, sample)| sample.lag.as_secs_f64())
        .text("running", |(_, sample)| sample.running.to_string());
    Some(Drawing::only(chart, data.sheet()))
}

/// From the trigger of the restored checkpoint, unless that is far, until a little after the end.
fn window(episode: &Episode) -> Span {
    let seconds = episode.seconds().max(1e-3);
    let replayed = episode.first().replayed_from;
    // Not restarted yet: nobody knows how far back it will go.
    let replayed = replayed.map_or(f64::INFINITY, |from| episode.at(from).abs());
    let lead = (replayed + LEAD.0 * seconds).clamp(LEAD.0 * seconds, LEAD.1 * seconds);
    Span::linear(-lead, seconds * (1.0 + TAIL))
}

/// Samples in the window and one before it, so that curves begin at its edge.
fn excerpt<'t>(timeline: &'t Timeline, episode: &Episode, time: &Span) -> Vec<(f64, &'t Sample)> {
    let at = |sample: &Sample| episode.at(sample.at);
    let samples = &timeline.samples;
    let first = samples.partition_point(|sample| at(sample) < time.low());
    let from = samples[first.saturating_sub(1)..].iter();
    from.map(|sample| (at(sample), sample))
        .take_while(|(at, _)| *at <= time.high())
        .collect()
}

fn instants(episode: &Episode) -> Vec<Flag> {
    let (first, last) = (episode.first(), episode.last());
    let flag = |time, label: &str, colour| Flag {
        at: episode.at(time),
        label: label.to_owned(),
        colour,
    };
    let restored = match first.checkpoint {
        Some(id) => format!("checkpoint {id} triggered"),
        None => "start of the job".to_owned(),
    };
    // A job that was stopped with a savepoint reads nothing again.
    let restored = first
        .replayed_from
        .filter(|from| *from != first.failed)
        .map(|from| flag(from, &restored, Colour::Ink));
    let mut flags: Vec<Flag> = restored.into_iter().collect();
    flags.push(flag(first.failed, "failure", role::OBJECTIVE));
    let again = episode.records.len() - 1;
    for (index, record) in episode.records[1..].iter().enumerate() {
        let label = match (index, again) {
            (0, 1) => "failed again".to_owned(),
            (0, _) => format!("failed {again} more times"),
            _ => String::new(),
        };
        flags.push(flag(record.failed, &label, role::OBJECTIVE));
    }
    if last.caught_up.is_none() {
        flags.push(flag(episode.run_end, "the run ends", Colour::Grey));
    }
    let after = [
        (last.restarted, "restarted"),
        (last.running, "running"),
        (last.caught_up, "caught up"),
    ];
    let after = after.into_iter();
    flags.extend(after.filter_map(|(at, label)| Some(flag(at?, label, Colour::Ink))));
    flags
}

fn key(episode: &Episode) -> Vec<KeyEntry> {
    let parts = PARTS.into_iter().zip(episode.spent());
    let present = parts.filter(|(_, seconds)| *seconds > 0.0);
    let entry = |((name, colour), seconds)| {
        let label = format!("{name} {}", Unit::Time.about(seconds));
        KeyEntry::new(label, Swatch::Fill(colour, FULL))
    };
    present.map(entry).collect()
}

/// What stands beside the input: what the last vertices process; what the sources read, if the vertices in between make
/// more or fewer records out of those.
fn output(timeline: &Timeline, episode: &Episode) -> (&'static str, fn(&Sample) -> f64) {
    let failed = episode.first().failed;
    let before = timeline
        .samples
        .iter()
        .take_while(|sample| sample.at <= failed);
    let before = before.filter(|sample| sample.running);
    let (due, processed) = before.fold((0.0, 0.0), |(due, processed), sample| {
        (due + sample.due_per_s, processed + sample.processed_per_s)
    });
    if (SAME.0..=SAME.1).contains(&(processed / due)) {
        ("processed", |sample| sample.processed_per_s)
    } else {
        ("read", |sample| sample.emitted_per_s)
    }
}

/// What all panels have in common.
struct View<'v> {
    time: Span,
    phases: Vec<Phase>,
    instants: Vec<Flag>,
    /// With the seconds since the failure.
    samples: &'v [(f64, &'v Sample)],
}

impl View<'_> {
    /// The names of the instants above a bar of the phases.
    fn strip(&self) -> Panel {
        let cells = self.phases.iter().map(|phase| {
            let time = Unit::Time.about(phase.to - phase.from);
            let text = vec![format!("{} {time}", PARTS[phase.part].0)];
            Mark::Cell(Cell {
                text,
                ..cell(phase, (0.0, 0.24), FULL)
            })
        });
        let flags = Mark::Flags(self.instants.clone());
        let marks = cells.chain([flags]).collect();
        Panel {
            weight: 0.62,
            ..Panel::new(Axis::shared(Unit::Time, self.time), Axis::empty(), marks)
        }
    }

    /// A panel above the last one, with bands and thin lines behind its marks.
    fn panel(&self, heading: String, y: Axis, curves: impl IntoIterator<Item = Mark>) -> Panel {
        let height = (y.span.low(), y.span.high());
        let bands = self
            .phases
            .iter()
            .map(|phase| cell(phase, height, PALE).into());
        let instants = self.instants.iter();
        let lines = instants.map(|flag| Line::upright(flag.colour, flag.at, &y.span).into());
        let marks = bands.chain(lines).chain(curves).collect();
        Panel {
            heading,
            ..Panel::new(Axis::shared(Unit::Time, self.time), y, marks)
        }
    }

    fn series(&self, read: impl Fn(&Sample) -> f64) -> Vec<(f64, f64)> {
        self.samples
            .iter()
            .map(|(at, sample)| (*at, read(sample)))
            .collect()
    }

    fn rates(&self, (label, read): (&str, fn(&Sample) -> f64)) -> Panel {
        let (due, output) = (self.series(|sample| sample.due_per_s), self.series(read));
        let y = Span::from_zero(due.iter().chain(&output).map(|(_, rate)| *rate));
        let curves = [
            Line::new(role::ALIGNED, Stroke::Solid, output).labelled(label),
            Line::new(Colour::Ink, Stroke::Dashed, due).labelled("input"),
        ];
        self.panel(
            format!("Input and what is {label}"),
            Axis::round("Records", Unit::RecordsPerSecond, y),
            curves.map(Mark::Line),
        )
    }

    fn backlog(&self) -> Panel {
        let points = self.series(waiting);
        let (most, y, filled) = filled("waiting", &points);
        // Caught up means: no more than this.
        let before = points.iter().rfind(|(at, _)| *at <= 0.0);
        let before = before.map(|(_, waiting)| {
            let level = [(0.0, *waiting), (self.time.high(), *waiting)];
            let line = Line::new(role::FORMULA, Stroke::Dashed, level);
            Mark::Line(line.labelled("as before"))
        });
        let most = Unit::Plain.about(most);
        self.panel(
            format!("Backlog: up to {most} records wait at the sources and in channels"),
            Axis::round("Records", Unit::Plain, y),
            before.into_iter().chain(filled),
        )
    }

    /// The lowest panel: its axis is that of all.
    fn delay(&self) -> Panel {
        let (most, y, filled) = filled("behind", &self.series(|sample| sample.lag.as_secs_f64()));
        let most = Unit::Time.about(most);
        let panel = self.panel(
            format!(
                "Delay: the slowest source is up to {most} behind; results are at least as late"
            ),
            Axis::round("Behind", Unit::Time, y),
            filled,
        );
        Panel {
            x: Axis::round("Time since the failure", Unit::Time, self.time),
            ..panel
        }
    }
}

fn cell(phase: &Phase, y: (f64, f64), opacity: f64) -> Cell {
    Cell::filled((phase.from, phase.to), y, PARTS[phase.part].1).opacity(opacity)
}

/// A curve with its area; the largest value, and the range of the axis.
fn filled(label: &str, points: &[(f64, f64)]) -> (f64, Span, [Mark; 2]) {
    let most = points.iter().map(|(_, value)| *value).fold(0.0, f64::max);
    let band = points.iter().map(|(at, high)| (*at, 0.0, *high)).collect();
    let curve = Line::new(role::ALIGNED, Stroke::Solid, points.iter().copied());
    let marks = [
        Mark::Band(role::ALIGNED, band),
        curve.labelled(label).into(),
    ];
    (most, Span::from_zero([most]), marks)
}
