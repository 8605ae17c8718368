//! Durations of jobs whose parameters nobody knew: imported from one configuration, predicted for it and for others.

use crate::experiment::validate::{Compared, Comparison};
use crate::measure::estimate::quantile;
use crate::recording::measured::Metric;
use crate::render::table::{Align, Cell, Table};

/// A row per imported recording; `None` without any.
pub fn what_if(recordings: &[Compared]) -> Option<Table> {
    let imported: Vec<(&Compared, &str, &Comparison)> = recordings
        .iter()
        .filter_map(|one| {
            let duration = one.metrics.iter();
            let mut duration = duration.filter(|metric| metric.metric == Metric::EndToEndDuration);
            let known = duration.find(|metric| metric.error.is_some())?;
            Some((one, one.imported_from.as_deref()?, known))
        })
        .collect();
    if imported.is_empty() {
        return None;
    }
    let columns = [
        ("Recording", Align::Left),
        ("Imported from", Align::Left),
        ("Predicted", Align::Right),
        ("90 % interval", Align::Right),
        ("Measured", Align::Right),
        ("Error %", Align::Right),
        ("Within", Align::Left),
    ];
    let rows = imported.iter().map(|(one, from, duration)| {
        let itself = *from == one.id;
        vec![
            one.id.as_str().into(),
            if itself { "itself" } else { *from }.into(),
            whole(duration.simulated),
            interval(duration),
            whole(duration.measured),
            duration
                .error
                .map(|error| Cell::Written(format!("{:.1}", 100.0 * error), error))
                .into(),
            is_within(duration)
                .map_or("–", |within| if within { "yes" } else { "no" })
                .into(),
        ]
    });
    let of = |itself: bool| {
        let chosen = imported
            .iter()
            .filter(|(one, from, _)| (*from == one.id) == itself);
        let errors: Vec<f64> = chosen.filter_map(|(.., duration)| duration.error).collect();
        let percent = |q| quantile(&errors, q).map(|error| format!("{:.1} %", 100.0 * error));
        Some((errors.len(), percent(0.5)?, percent(1.0)?))
    };
    let within: Vec<bool> = imported
        .iter()
        .filter_map(|(.., duration)| is_within(duration))
        .collect();
    let inside = within.iter().filter(|within| **within).count();
    let told = |what: &str, (n, median, worst): (usize, String, String)| {
        format!("{what}: median {median}, worst {worst} ({n}).")
    };
    let mut notes = Vec::new();
    notes.extend(of(true).map(|errors| told("The configuration itself", errors)));
    notes.extend(of(false).map(|errors| told("Another configuration", errors)));
    notes.push(format!(
        "Within the interval: {inside} of {}.",
        within.len()
    ));
    Some(Table {
        title: "Duration of imported jobs, ms".to_owned(),
        notes,
        ..Table::new(columns, rows)
    })
}

fn is_within(duration: &Comparison) -> Option<bool> {
    let (low, high) = duration.low.zip(duration.high)?;
    Some((low..=high).contains(&duration.measured?))
}

fn whole(ms: Option<f64>) -> Cell {
    ms.map(|ms| Cell::Written(format!("{ms:.0}"), ms)).into()
}

fn interval(duration: &Comparison) -> Cell {
    let interval = duration.low.zip(duration.high);
    interval
        .map(|(low, high)| Cell::Written(format!("{low:.0}..{high:.0}"), low))
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn imported(id: &str, from: &str, measured: f64, simulated: f64) -> Compared {
        let metric = Metric::EndToEndDuration;
        Compared {
            id: id.to_owned(),
            family: "S".to_owned(),
            imported_from: Some(from.to_owned()),
            machine_cpu: None,
            f1_ms: None,
            f1_error: None,
            metrics: vec![Comparison {
                metric,
                name: metric.name(),
                vertex: None,
                measured: Some(measured),
                simulated: Some(simulated),
                low: Some(0.9 * simulated),
                high: Some(1.1 * simulated),
                floor: metric.floor(),
                error: Some(metric.error(simulated, measured)),
            }],
        }
    }

    #[test]
    fn a_configuration_of_its_own_and_another_one_are_told_apart() {
        let all = [
            imported("X", "X", 1000.0, 980.0),
            imported("Y", "X", 1000.0, 700.0),
            imported("Z", "X", 1000.0, 1050.0),
        ];
        insta::assert_snapshot!(what_if(&all).unwrap().text(100));
        let mut known = all[0].clone();
        known.imported_from = None;
        assert!(what_if(&[known]).is_none());
    }
}
