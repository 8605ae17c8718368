//! Several results side by side.

use crate::experiment::metric::{Better, Metric, MetricId};
use crate::measure::Estimate;
use crate::render::number::counted;
use crate::render::report::numbers::capitalised;
use crate::render::report::{Part, Report, Section};
use crate::render::table::{Align, Cell, Measured, Table};

/// What results are compared by; the first that all of them have decides the headline.
const METRICS: [MetricId; 7] = [
    MetricId::CostPerMonth,
    MetricId::DurationP99,
    MetricId::DurationP50,
    MetricId::RecoveryP95,
    MetricId::ThroughputLoss,
    MetricId::Utilisation,
    MetricId::Checkpointed,
];

/// One of the results.
#[derive(Clone, Copy)]
pub struct Entry<'a> {
    /// What tells it from the others.
    pub name: &'a str,
    /// Where its report is.
    pub link: &'a str,
    /// Its report.
    pub report: &'a Report,
    /// Where its figures stand, if it has any.
    pub figures: Option<&'a dyn Measured>,
}

/// The decisions with links to the reports, and the figures with the best of each marked.
pub fn index(entries: &[Entry<'_>]) -> Report {
    let decisions = entries.iter().map(|entry| {
        vec![
            link(entry),
            entry.report.title.clone().into(),
            entry.report.subtitle.clone().into(),
            entry.report.headline.clone().into(),
        ]
    });
    let columns = ["result", "job", "what was done", "decision"];
    let decisions = Table::new(columns.map(|name| (name, Align::Left)), decisions);
    let sections = [
        Section::new("Decisions", [Part::Table(decisions)]),
        Section::new("Side by side", figures(entries).map(Part::Table)),
    ];
    Report {
        title: "Results side by side".to_owned(),
        subtitle: counted(entries.len(), "result"),
        headline: headline(entries),
        sections: sections.into_iter().flatten().collect(),
    }
}

fn link(entry: &Entry<'_>) -> Cell {
    Cell::Link {
        text: entry.name.to_owned(),
        to: entry.link.to_owned(),
    }
}

/// Whether all are about one job: only then one of them is better.
fn comparable(entries: &[Entry<'_>]) -> bool {
    let job = |entry: &Entry<'_>| entry.report.title.clone();
    entries
        .windows(2)
        .all(|pair| job(&pair[0]) == job(&pair[1]))
}

/// One row per result; metrics that nobody has are left out.
fn figures(entries: &[Entry<'_>]) -> Option<Table> {
    let shown: Vec<&Metric> = METRICS
        .iter()
        .map(|id| id.metric())
        .filter(|metric| values(entries, metric).iter().any(Option::is_some))
        .collect();
    let columns = shown.iter().map(|metric| (metric.label, Align::Right));
    let columns = std::iter::once(("result", Align::Left)).chain(columns);
    let rows = entries.iter().enumerate().map(|(index, entry)| {
        let cells = shown.iter().map(|metric| {
            let all = values(entries, metric);
            let cell = Cell::from(all[index].map(|is| Cell::Margin(metric.unit, is)));
            if comparable(entries) && best(&all, metric.better).contains(&index) {
                Cell::Best(Box::new(cell))
            } else {
                cell
            }
        });
        std::iter::once(link(entry)).chain(cells).collect()
    });
    let notes = [
        "★ is the best of a column, where all are about one job; ± is half the 95 % interval, and where intervals overlap, the best may be chance",
        "figures of a recommendation are those of its answer, figures of a sweep those of the scenario's own point",
    ];
    (!shown.is_empty()).then(|| Table {
        notes: notes.map(str::to_owned).into(),
        ..Table::new(columns, rows)
    })
}

fn values(entries: &[Entry<'_>], metric: &Metric) -> Vec<Option<Estimate>> {
    let value = |entry: &Entry<'_>| entry.figures?.estimate(metric.id);
    entries.iter().map(value).collect()
}

/// Who has the best value; nobody where all are equal, or where less and more are as good.
fn best(values: &[Option<Estimate>], better: Better) -> Vec<usize> {
    let known = values
        .iter()
        .enumerate()
        .filter_map(|(index, value)| Some((index, value.as_ref()?.value)));
    let known: Vec<(usize, f64)> = known.filter(|(_, value)| value.is_finite()).collect();
    let by_value = |a: &&(usize, f64), b: &&(usize, f64)| a.1.total_cmp(&b.1);
    let (least, most) = (known.iter().min_by(by_value), known.iter().max_by(by_value));
    let (Some(least), Some(most)) = (least, most) else {
        return Vec::new();
    };
    let best = match better {
        Better::Lower => least.1,
        Better::Higher => most.1,
        Better::Neither => return Vec::new(),
    };
    let is_best = |value: f64| value.total_cmp(&best).is_eq();
    if least.1.total_cmp(&most.1).is_eq() {
        return Vec::new();
    }
    let best = known.iter().filter(|(_, value)| is_best(*value));
    best.map(|(index, _)| *index).collect()
}

/// `Lowest cost per month: a, 9.31.`
fn headline(entries: &[Entry<'_>]) -> String {
    if !comparable(entries) {
        return "Results of different jobs: none of them is the best.".to_owned();
    }
    let told = METRICS.iter().find_map(|id| {
        let metric = id.metric();
        let values = values(entries, metric);
        let best = best(&values, metric.better);
        let [index] = best.as_slice() else {
            return None;
        };
        let value = values
            .iter()
            .all(Option::is_some)
            .then_some(values[*index])??;
        let end = match metric.better {
            Better::Lower | Better::Neither => "lowest",
            Better::Higher => "highest",
        };
        let (name, value) = (entries[*index].name, metric.unit.with_interval(&value));
        Some(capitalised(&format!(
            "{end} {}: {name}, {value}.",
            metric.label
        )))
    });
    told.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::PointSummary;
    use crate::render::report::{html, markdown};
    use crate::render::sample::point;

    fn report(headline: &str) -> Report {
        Report {
            title: "orders".to_owned(),
            subtitle: "One configuration, 5 replications".to_owned(),
            headline: headline.to_owned(),
            sections: Vec::new(),
        }
    }

    fn side_by_side(points: [&PointSummary; 2]) -> Report {
        let reports = [report("It takes a second."), report("It takes two.")];
        let named = |index: usize, name: &'static str, link: &'static str| Entry {
            name,
            link,
            report: &reports[index],
            figures: Some(points[index]),
        };
        index(&[
            named(0, "a b", "../a%20b/report.html"),
            named(1, "c", "../c/report.html"),
        ])
    }

    #[test]
    fn the_best_of_each_column_is_marked() {
        let (fast, slow) = (point(&[], Some(1.0)), point(&[], Some(2.0)));
        insta::assert_snapshot!(markdown(&side_by_side([&fast, &slow])));
    }

    #[test]
    fn nobody_is_best_among_different_jobs() {
        let (fast, slow) = (point(&[], Some(1.0)), point(&[], Some(2.0)));
        let other = Report {
            title: "payments".to_owned(),
            ..report("It takes a second.")
        };
        let orders = report("It takes two.");
        let named = |report, figures| Entry {
            name: "a",
            link: "a/report.html",
            report,
            figures: Some(figures),
        };
        let index = index(&[named(&other, &fast), named(&orders, &slow)]);
        assert!(index.headline.starts_with("Results of different jobs"));
        assert!(!markdown(&index).contains("★ 1"));
    }

    #[test]
    fn nobody_is_best_among_equals_and_every_name_is_a_link() {
        let same = point(&[], Some(1.0));
        let report = side_by_side([&same, &same]);
        assert_eq!(report.headline, "");
        assert!(!markdown(&report).contains("★ 1"));
        let page = html(&report);
        assert!(page.contains("<a href=\"../a%20b/report.html\">a b</a>"));
        assert!(!page.contains("class=\"headline\""));
    }
}
