//! The report of a single run.

use std::path::Path;

use crate::experiment::JobEnd;
use crate::experiment::metric::MetricId;
use crate::experiment::run_document::RunDocument;
use crate::render::number::{Unit, counted};
use crate::render::plot::{self, Origin, Picture, occupancy};
use crate::render::report::numbers::{cost_per_month, headline, outcome};
use crate::render::report::trust::{failures, trust};
use crate::render::report::{
    Part, Provenance, Report, Section, end, facts, objectives, pictures, reasons,
};
use crate::render::table;
use crate::scenario::{Alignment, Scenario, load};
use crate::units::flink;

/// Everything that a saved run can be drawn of.
pub fn drawable(saved: &RunDocument) -> Vec<Picture> {
    let origin = Origin {
        scenario: saved.scenario.clone(),
        version: saved.version.clone(),
        sha256: saved.scenario_sha256.clone(),
        seed: saved.result.seed,
    };
    let mut result = saved.result.clone();
    let queues: Vec<_> = saved
        .queues
        .iter()
        .map(|queue| (queue.mode.as_str(), &queue.occupancy))
        .collect();
    if !queues.is_empty() {
        result.occupancy = None;
    }
    let mut pictures = plot::run_pictures(&result, &origin);
    pictures.extend(occupancy::picture(&queues, &origin));
    pictures
}

/// The report of a saved run with these pictures of it.
pub fn run(saved: &RunDocument, drawn: Vec<Picture>, provenance: &Provenance) -> Report {
    let (result, summary) = (&saved.result, &saved.summary);
    let scenario = load::parse(&saved.scenario_toml, "run.json", Path::new(""), &[])
        .ok()
        .map(|loaded| loaded.scenario);
    let replications = summary.digests.len();
    let consistency = result.consistency.as_ref();
    let phases = [
        Some(table::phases(result)),
        table::savepoints(result),
        Some(table::vertices(result)),
        consistency.map(table::consistency),
    ];
    let prices = scenario
        .as_ref()
        .map(|own| own.storage.prices.note.as_str());
    let costs = table::costs(summary, prices.unwrap_or_default()).map(Part::Table);
    let formulas = (!summary.comparisons.is_empty())
        .then(|| Part::Table(table::formulas(&summary.comparisons)));
    let assumed = scenario.as_ref().map(failures);
    let facts = facts(
        &saved.version,
        (result.seed, u32::try_from(replications).ok()),
        &saved.scenario_sha256,
        provenance,
    );
    let failure = summary.failure.clone().map(Part::Text);
    let numbers = Section::new("Headline numbers", [Part::Numbers(headline(summary))]);
    let reasons = saved.explanation.as_ref().map(reasons::of_run);
    let [why, help] = reasons.unwrap_or_default();
    let sections = [
        Section::new("Not simulated", failure).map(Section::in_brief),
        objectives(&saved.objectives, String::new()),
        numbers.map(Section::in_brief),
        Section::new("Phases", phases.into_iter().flatten().map(Part::Table)),
        why,
        help,
        cost_per_month(summary),
        Section::new("Costs", costs),
        pictures(drawn),
        Section::new("Formula beside simulation", formulas),
    ];
    let end = end(
        &saved.scenario_toml,
        trust(assumed.as_slice(), replications, &summary.comparisons),
        facts,
    );
    Report {
        title: saved.scenario.clone(),
        subtitle: format!(
            "One configuration, {}",
            counted(replications, "replication")
        ),
        headline: answer(saved, scenario.as_ref()),
        sections: sections.into_iter().chain(end).flatten().collect(),
    }
}

/// `A checkpoint every 2 min, aligned, takes 1.30 s (p99 1.34 s) and 0.5 % of the throughput: 11 completed, none failed
/// per replication.`
fn answer(saved: &RunDocument, scenario: Option<&Scenario>) -> String {
    let summary = &saved.summary;
    if let JobEnd::Failed { at, reason } = &saved.result.job_end {
        let at = Unit::Time.text(at.as_secs_f64());
        return format!("The job fails after {at}: {reason}.");
    }
    // Whoever has checkpoints that expire asks about these.
    let expired = table::not_completed(&saved.result, summary.digests.len());
    let expired = expired.map_or_else(String::new, |what| what + " ");
    let settings = scenario.map_or_else(String::new, settings);
    let Some(median) = summary.metric(MetricId::DurationP50) else {
        let settings = settings.trim_end_matches(',');
        return format!(
            "{expired}No checkpoint completes{settings}: {}.",
            outcome(summary)
        );
    };
    let tail = summary
        .metric(MetricId::DurationP99)
        .map_or_else(String::new, |p99| {
            format!(" (p99 {})", Unit::Time.estimate(&p99))
        });
    let loss = summary
        .metric(MetricId::ThroughputLoss)
        .map_or_else(String::new, |loss| {
            if loss.value > 0.0 {
                format!(" and {} of the throughput", Unit::Share.estimate(&loss))
            } else {
                " and no throughput".to_owned()
            }
        });
    format!(
        "{expired}A checkpoint{settings} takes {}{tail}{loss}: {} per replication.",
        Unit::Time.estimate(&median),
        outcome(summary)
    )
}

/// ` every 2 min, aligned,`, without an interval `, aligned,`.
fn settings(scenario: &Scenario) -> String {
    let checkpointing = &scenario.checkpointing;
    let mode = match checkpointing.alignment {
        Alignment::Aligned => "aligned",
        Alignment::Unaligned => "unaligned",
        Alignment::AlignedThenUnaligned { .. } => "aligned until its timeout",
        Alignment::Caching { .. } => "aligned by caching",
    };
    let every = checkpointing.interval.map_or_else(
        || ",".to_owned(),
        |interval| format!(" every {},", flink::write_duration(interval)),
    );
    format!("{every} {mode},")
}
