//! What a job measured beside what its scenario gives.

use crate::experiment::fit::{Fit, rests_on};
use crate::experiment::validate::Comparison;
use crate::recording::measured::Metric;
use crate::render::number::Unit;
use crate::render::table::{Align, Cell, Table};

/// A duration that is farther off is not near.
const NEAR: f64 = 0.1;
/// So many vertices' figures fill no screen.
const SHOWN: usize = 16;

/// Metric by metric: of vertices those that matter most.
pub fn fit(fit: &Fit) -> Table {
    let columns = [
        ("figure", Align::Left),
        ("of", Align::Left),
        ("measured", Align::Right),
        ("simulated", Align::Right),
        ("difference", Align::Right),
    ];
    let (of_job, mut of_vertices): (Vec<&Comparison>, Vec<&Comparison>) =
        fit.rows.iter().partition(|row| row.vertex.is_none());
    // What is below the floor on both sides tells nothing.
    of_vertices.retain(|row| {
        [row.measured, row.simulated]
            .iter()
            .flatten()
            .any(|value| *value >= row.floor)
    });
    let size = |row: &Comparison| {
        row.measured
            .unwrap_or(0.0)
            .max(row.simulated.unwrap_or(0.0))
            / row.floor
    };
    of_vertices.sort_by(|a, b| size(b).total_cmp(&size(a)));
    let left_out = of_vertices.len().saturating_sub(SHOWN);
    of_vertices.truncate(SHOWN);
    of_vertices.sort_by(|a, b| (&a.vertex, a.metric).cmp(&(&b.vertex, b.metric)));
    let rows = of_job.into_iter().chain(of_vertices).map(row);
    let more =
        (left_out > 0).then(|| format!("{left_out} smaller figures of vertices are not shown"));
    Table {
        notes: more.into_iter().collect(),
        ..Table::new(columns, rows)
    }
}

fn row(row: &Comparison) -> Vec<Cell> {
    let value = |value: Option<f64>| Cell::from(value.map(|value| figure(row.metric, value)));
    let difference = row
        .measured
        .zip(row.simulated)
        .filter(|(measured, _)| *measured > 0.0);
    vec![
        row.name.replace('_', " ").into(),
        row.vertex.as_deref().unwrap_or("job").into(),
        value(row.measured),
        value(row.simulated),
        difference
            .map(|(measured, simulated)| Cell::Deviation(simulated / measured - 1.0))
            .into(),
    ]
}

fn figure(metric: Metric, value: f64) -> Cell {
    match metric {
        Metric::CheckpointedSize | Metric::PersistedData => Cell::Value(Unit::Bytes, value),
        Metric::Throughput => Cell::Value(Unit::RecordsPerSecond, value),
        Metric::Busy | Metric::Backpressured => Cell::Value(Unit::Share, value / 1000.0),
        Metric::Completed | Metric::Failed => Cell::Value(Unit::Plain, value),
        _ => Cell::Value(Unit::Time, value / 1000.0),
    }
}

/// How well the scenario reproduces the job, and which estimate is to blame for the largest misfit.
pub fn fit_in_words(fit: &Fit) -> String {
    let duration = fit
        .duration()
        .and_then(|row| row.measured.zip(row.simulated));
    let first = duration.map_or_else(
        || "The answers hold no duration of a checkpoint to compare with.".to_owned(),
        |(measured, simulated)| {
            let time = |ms: f64| Unit::Time.text(ms / 1000.0);
            format!(
                "The scenario gives checkpoints of {} where the cluster measured {} ({:+.1} %, medians).",
                time(simulated),
                time(measured),
                100.0 * (simulated / measured.max(1.0) - 1.0)
            )
        },
    );
    let Some(worst) = fit.worst() else {
        let near = duration.is_none_or(|(measured, simulated)| {
            (simulated / measured.max(1.0) - 1.0).abs() <= NEAR
        });
        return if near {
            format!("{first} No figure is more than a tenth off.")
        } else {
            format!(
                "{first} Which part of it is to blame is not known: the answers hold no phases of checkpoints."
            )
        };
    };
    let text = |value: Option<f64>| {
        value.map_or_else(String::new, |value| figure(worst.metric, value).text())
    };
    format!(
        "{first} Farthest off is {} of {}: {} measured, {} simulated; it rests on {}.",
        worst.name.replace('_', " "),
        worst
            .vertex
            .as_deref()
            .map_or_else(|| "the job".to_owned(), |name| format!("`{name}`")),
        text(worst.measured),
        text(worst.simulated),
        rests_on(worst.metric)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(metric: Metric, vertex: Option<&str>, measured: f64, simulated: f64) -> Comparison {
        Comparison {
            metric,
            name: metric.name(),
            vertex: vertex.map(str::to_owned),
            measured: Some(measured),
            simulated: Some(simulated),
            low: None,
            high: None,
            floor: metric.floor(),
            error: Some(metric.error(simulated, measured)),
        }
    }

    #[test]
    fn the_first_sentence_says_how_far_off_the_duration_is_and_the_second_why() {
        let words = |rows: Vec<Comparison>| fit_in_words(&Fit { rows });
        let duration = |simulated| row(Metric::EndToEndDuration, None, 600.0, simulated);
        let near = words(vec![duration(590.0)]);
        assert!(near.contains("(-1.7 %, medians)"), "{near}");
        assert!(near.ends_with("No figure is more than a tenth off."));
        let unknown = words(vec![duration(60.0)]);
        assert!(unknown.ends_with("no phases of checkpoints."), "{unknown}");
        let upload = row(Metric::Async, Some("join"), 500.0, 50.0);
        let known = words(vec![duration(60.0), upload]);
        assert!(
            known.contains("Farthest off is async of `join`: 500 ms measured, 50.0 ms simulated"),
            "{known}"
        );
        assert!(known.contains("storage.write-per-stream"));
        let nothing = words(Vec::new());
        assert!(
            nothing.starts_with("The answers hold no duration"),
            "{nothing}"
        );
    }

    #[test]
    fn small_figures_of_vertices_are_left_out() {
        let rows = vec![
            row(Metric::EndToEndDuration, None, 600.0, 590.0),
            row(Metric::Sync, Some("join"), 1.0, 2.0),
            row(Metric::Async, Some("join"), 500.0, 490.0),
        ];
        let text = fit(&Fit { rows }).text(80);
        assert!(text.contains("async") && !text.contains("\nsync"), "{text}");
    }
}
