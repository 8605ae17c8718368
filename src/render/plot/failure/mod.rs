//! Picture: a failure, and how long it takes until everything is as before.

mod episode;
mod finding;
#[cfg(test)]
mod tests;

use crate::experiment::RunResult;
use crate::measure::Timeline;
use crate::measure::timeline::Sample;
use crate::render::number::Unit;
use crate::render::plot::Picture;
use crate::render::plot::chart::{Axis, Cell, Chart, Flag, KeyEntry, Line, Mark, Panel, Swatch};
use crate::render::plot::failure::episode::{Episode, Kind, Phase, chosen, episodes};
use crate::render::plot::failure::finding::{finding, subtitle, waiting};
use crate::render::plot::origin::Origin;
use crate::render::plot::span::Span;
use crate::render::plot::style::{Paint, Stroke};
use crate::render::sheet::{self, Sheet};

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

/// A failure of a run on a common time axis: phases, rates, records that wait, delay. `index` chooses one of the run's
/// recoveries; else it is the one that took longest. `None` if nothing failed, or no timeline was recorded that is
/// fine enough.
pub fn picture(run: &RunResult, index: Option<usize>, origin: &Origin) -> Option<Picture> {
    let timeline = run.timeline.as_ref()?;
    let episode = chosen(run, index)?;
    let time = window(&episode);
    let samples: Vec<(f64, &Sample)> = excerpt(timeline, &episode, &time);
    if samples.len() < FEWEST {
        return None;
    }
    let all = episodes(run);
    let phases: Vec<Phase> = all
        .iter()
        .flat_map(|other| {
            let shift = episode.at(other.first().failed);
            other.phases().into_iter().map(move |phase| Phase {
                from: phase.from + shift,
                to: phase.to + shift,
                ..phase
            })
        })
        .filter(|phase| phase.to > time.low() && phase.from < time.high())
        .collect();
    let frame = Frame {
        time,
        phases,
        marks: instants(&episode),
    };
    let chart = Chart {
        title: finding(&episode, samples.last().map(|(_, sample)| *sample)),
        subtitle: subtitle(&origin.scenario, &episode, all.len(), index.is_none()),
        footer: origin.footer(),
        height: 880,
        key: key(&episode),
        panels: vec![
            strip(&frame),
            rates(&frame, timeline, &episode, &samples),
            backlog(&frame, &samples),
            lag(&frame, &samples),
        ],
    };
    Some(Picture {
        name: "failure".to_owned(),
        chart,
        data: data(&samples),
    })
}

/// What all panels have in common.
struct Frame {
    time: Span,
    phases: Vec<Phase>,
    marks: Vec<Flag>,
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
    let first = timeline
        .samples
        .partition_point(|sample| at(sample) < time.low());
    timeline.samples[first.saturating_sub(1)..]
        .iter()
        .map(|sample| (at(sample), sample))
        .take_while(|(at, _)| *at <= time.high())
        .collect()
}

fn instants(episode: &Episode) -> Vec<Flag> {
    let (first, last) = (episode.first(), episode.last());
    let flag = |at: f64, label: &str, paint: Paint| Flag {
        at,
        label: label.to_owned(),
        paint,
    };
    let restored = first.checkpoint.map_or_else(
        || "start of the job".to_owned(),
        |id| format!("checkpoint {id} triggered"),
    );
    let mut flags = Vec::new();
    flags.extend(
        first
            .replayed_from
            .map(|from| flag(episode.at(from), &restored, Paint::Ink)),
    );
    flags.push(flag(0.0, "failure", Paint::Objective));
    let again = episode.records.len() - 1;
    for (index, record) in episode.records[1..].iter().enumerate() {
        let label = match (index, again) {
            (0, 1) => "failed again".to_owned(),
            (0, _) => format!("failed {again} more times"),
            _ => String::new(),
        };
        flags.push(flag(episode.at(record.failed), &label, Paint::Objective));
    }
    let after = [
        (last.restarted, "restarted"),
        (last.running, "running"),
        (last.caught_up, "caught up"),
    ];
    if last.caught_up.is_none() {
        flags.push(flag(
            episode.at(episode.run_end),
            "the run ends",
            Paint::Grey,
        ));
    }
    flags.extend(
        after
            .into_iter()
            .filter_map(|(at, label)| Some(flag(episode.at(at?), label, Paint::Ink))),
    );
    flags
}

fn key(episode: &Episode) -> Vec<KeyEntry> {
    let entry = |kind: Kind| {
        let seconds = episode.spent(kind);
        (seconds > 0.0).then(|| KeyEntry {
            label: format!("{} {}", kind.name(), Unit::Time.about(seconds)),
            swatch: Swatch::Fill(kind.paint(), FULL),
        })
    };
    Kind::ALL.into_iter().filter_map(entry).collect()
}

/// The names of the instants above a bar of the phases.
fn strip(frame: &Frame) -> Panel {
    let mut marks = bands(frame, (0.0, 0.24), FULL);
    for (mark, phase) in marks.iter_mut().zip(&frame.phases) {
        if let Mark::Cell(cell) = mark {
            let time = Unit::Time.about(phase.to - phase.from);
            cell.text = vec![format!("{} {time}", phase.kind.name())];
        }
    }
    marks.push(Mark::Flags(frame.marks.clone()));
    Panel {
        heading: String::new(),
        weight: 0.62,
        x: Axis::shared(Unit::Time, frame.time),
        y: Axis::named("", Span::linear(0.0, 1.0), Vec::new()),
        marks,
        margin: Vec::new(),
    }
}

/// Rectangles of the phases.
fn bands(frame: &Frame, y: (f64, f64), opacity: f64) -> Vec<Mark> {
    let cell = |phase: &Phase| {
        Mark::Cell(Cell {
            opacity,
            ..Cell::filled((phase.from, phase.to), y, phase.kind.paint())
        })
    };
    frame.phases.iter().map(cell).collect()
}

/// Bands and thin lines behind the curves of a panel.
fn ground(frame: &Frame, y: &Span) -> Vec<Mark> {
    let mut marks = bands(frame, (y.low(), y.high()), PALE);
    marks.extend(frame.marks.iter().map(|flag| {
        Mark::Line(Line {
            label: String::new(),
            paint: flag.paint,
            stroke: Stroke::Thin,
            points: vec![(flag.at, y.low()), (flag.at, y.high())],
            dots: false,
        })
    }));
    marks
}

fn curve(
    label: &str,
    paint: Paint,
    stroke: Stroke,
    points: impl IntoIterator<Item = (f64, f64)>,
) -> Mark {
    Mark::Line(Line {
        label: label.to_owned(),
        paint,
        stroke,
        points: points.into_iter().collect(),
        dots: false,
    })
}

fn rates(
    frame: &Frame,
    timeline: &Timeline,
    episode: &Episode,
    samples: &[(f64, &Sample)],
) -> Panel {
    let (label, read) = output(timeline, episode);
    let values = samples
        .iter()
        .flat_map(|(_, sample)| [sample.due_per_s, read(sample)]);
    let y = Span::from_zero(values);
    let series = |read: fn(&Sample) -> f64| samples.iter().map(move |(at, one)| (*at, read(one)));
    let mut marks = ground(frame, &y);
    marks.push(curve(label, Paint::Aligned, Stroke::Solid, series(read)));
    marks.push(curve(
        "input",
        Paint::Ink,
        Stroke::Dashed,
        series(|sample| sample.due_per_s),
    ));
    Panel {
        heading: format!("Input and what is {label}"),
        weight: 1.0,
        x: Axis::shared(Unit::Time, frame.time),
        y: Axis::round("Records", Unit::RecordsPerSecond, y),
        marks,
        margin: Vec::new(),
    }
}

/// What stands beside the input: what the last vertices process; what the sources read, if the vertices in between make
/// more or fewer records out of those.
fn output(timeline: &Timeline, episode: &Episode) -> (&'static str, fn(&Sample) -> f64) {
    let before = timeline
        .samples
        .iter()
        .take_while(|sample| sample.at <= episode.first().failed)
        .filter(|sample| sample.running);
    let (due, processed) = before.fold((0.0, 0.0), |(due, processed), sample| {
        (due + sample.due_per_s, processed + sample.processed_per_s)
    });
    if (SAME.0..=SAME.1).contains(&(processed / due)) {
        ("processed", |sample| sample.processed_per_s)
    } else {
        ("read", |sample| sample.emitted_per_s)
    }
}

fn backlog(frame: &Frame, samples: &[(f64, &Sample)]) -> Panel {
    let points: Vec<(f64, f64)> = samples
        .iter()
        .map(|(at, sample)| (*at, waiting(sample)))
        .collect();
    let most = points
        .iter()
        .map(|(_, waiting)| *waiting)
        .fold(0.0, f64::max);
    let y = Span::from_zero([most]);
    let mut marks = ground(frame, &y);
    // Caught up means: no more than this.
    let before = points.iter().rfind(|(at, _)| *at <= 0.0);
    if let Some((_, waiting)) = before {
        let level = [(0.0, *waiting), (frame.time.high(), *waiting)];
        marks.push(curve("as before", Paint::Formula, Stroke::Dashed, level));
    }
    marks.push(Mark::Band(
        Paint::Aligned,
        points.iter().map(|(at, high)| (*at, 0.0, *high)).collect(),
    ));
    marks.push(curve("waiting", Paint::Aligned, Stroke::Solid, points));
    Panel {
        heading: format!(
            "Backlog: up to {} records wait at the sources and in channels",
            Unit::Plain.about(most)
        ),
        weight: 1.0,
        x: Axis::shared(Unit::Time, frame.time),
        y: Axis::round("Records", Unit::Plain, y),
        marks,
        margin: Vec::new(),
    }
}

fn lag(frame: &Frame, samples: &[(f64, &Sample)]) -> Panel {
    let points: Vec<(f64, f64)> = samples
        .iter()
        .map(|(at, sample)| (*at, sample.lag.as_secs_f64()))
        .collect();
    let most = points.iter().map(|(_, lag)| *lag).fold(0.0, f64::max);
    let y = Span::from_zero([most]);
    let mut marks = ground(frame, &y);
    marks.push(Mark::Band(
        Paint::Aligned,
        points.iter().map(|(at, high)| (*at, 0.0, *high)).collect(),
    ));
    marks.push(curve("behind", Paint::Aligned, Stroke::Solid, points));
    Panel {
        heading: format!(
            "Delay: the slowest source is up to {} behind; results are at least as late",
            Unit::Time.about(most)
        ),
        weight: 1.0,
        x: Axis::round("Time since the failure", Unit::Time, frame.time),
        y: Axis::round("Behind", Unit::Time, y),
        marks,
        margin: Vec::new(),
    }
}

fn data(samples: &[(f64, &Sample)]) -> Sheet {
    let mut sheet = Sheet::new([
        "since_failure_s",
        "time_s",
        "due_records_per_s",
        "emitted_records_per_s",
        "processed_records_per_s",
        "unread_records",
        "records_in_channels",
        "lag_s",
        "running",
    ]);
    for (since, sample) in samples {
        let numbers = [
            *since,
            sample.at.as_secs_f64(),
            sample.due_per_s,
            sample.emitted_per_s,
            sample.processed_per_s,
            sample.unread as f64,
            sample.in_channels as f64,
            sample.lag.as_secs_f64(),
        ];
        let mut row: Vec<String> = numbers.map(sheet::cell).into();
        row.push(sample.running.to_string());
        sheet.push(row);
    }
    sheet
}
