//! The report of a sweep.

use std::path::Path;

use crate::experiment::{PointSummary, SweepResult};
use crate::render::number::counted;
use crate::render::plot::Picture;
use crate::render::report::numbers::{cost_per_month, headline, phases};
use crate::render::report::trust::{failures as assumed_failures, trust};
use crate::render::report::{Part, Provenance, Report, Section, end, facts, pictures};
use crate::render::table;
use crate::scenario::load::{self, Loaded};

/// The report of a sweep with these pictures of it.
pub fn sweep(result: &SweepResult, drawn: Vec<Picture>, provenance: &Provenance) -> Report {
    let own = own_point(result);
    let numbers = own.iter().flat_map(|(at, point)| {
        [
            Part::Text(format!("The scenario{at}:")),
            Part::Numbers(headline(point)),
        ]
    });
    let phases = own.iter().flat_map(|(at, point)| {
        [
            Part::Text(format!("The scenario{at}:")),
            Part::Table(phases(point)),
        ]
    });
    let comparisons = own
        .as_ref()
        .map_or(&[][..], |(_, point)| &point.comparisons);
    let formulas = own
        .iter()
        .filter(|(_, point)| !point.comparisons.is_empty())
        .flat_map(|(at, point)| {
            [
                Part::Text(format!("The scenario{at}:")),
                Part::Table(table::formulas(&point.comparisons)),
            ]
        });
    let about = format!(
        "A sweep over {}: {}, {} each",
        axes(result),
        counted(result.points.len(), "point"),
        counted(result.replications as usize, "replication")
    );
    let answer = drawn.first().map_or_else(
        || format!("{about}."),
        |picture| format!("{}.", picture.chart.title),
    );
    let facts = facts(
        &result.version,
        (result.seed, Some(result.replications)),
        &result.scenario_sha256,
        provenance,
    );
    let failures = table::failures(result);
    let failures = (!failures.is_empty()).then_some(Part::List(failures));
    let sections = [
        Section::new("Not simulated", failures).map(Section::in_brief),
        Section::new("Headline numbers", numbers).map(Section::in_brief),
        Section::new("Phases", phases),
        own.as_ref().and_then(|(_, point)| cost_per_month(point)),
        pictures(drawn),
        Section::new("All points", [Part::Table(table::sweep(result))]),
        Section::new("Formula beside simulation", formulas),
    ];
    let assumed = loaded(result).map(|own| assumed_failures(&own.scenario));
    let trust = trust(
        assumed.as_slice(),
        result.replications as usize,
        comparisons,
    );
    let end = end(&result.scenario_toml, trust, facts);
    Report {
        title: result.scenario.clone(),
        subtitle: about,
        headline: answer,
        sections: sections.into_iter().chain(end).flatten().collect(),
    }
}

fn axes(result: &SweepResult) -> String {
    if result.axes.is_empty() {
        return "no axis".to_owned();
    }
    let short = |key: &String| key.trim_start_matches("flink.").to_owned();
    let all: Vec<String> = result.axes.iter().map(short).collect();
    all.join(" and ")
}

fn loaded(result: &SweepResult) -> Option<Loaded> {
    load::parse(&result.scenario_toml, "results.json", Path::new(""), &[]).ok()
}

/// The point at the scenario's own values, else the middle one, else the first that could be simulated, with ` at interval = 1 min`.
pub fn own_point(result: &SweepResult) -> Option<(String, &PointSummary)> {
    let own = loaded(result);
    let is_own = |point: &&PointSummary| {
        let changes: Vec<(String, String)> = result
            .axes
            .iter()
            .cloned()
            .zip(point.coordinates.iter().map(|at| at.label.clone()))
            .collect();
        own.as_ref()
            .is_some_and(|own| own.at(&changes).is_ok_and(|at| at.scenario == own.scenario))
    };
    let simulated = |point: &&PointSummary| point.failure.is_none() || !point.digests.is_empty();
    let point = result
        .points
        .iter()
        .find(is_own)
        .filter(simulated)
        .or_else(|| result.points.get(result.points.len() / 2).filter(simulated))
        .or_else(|| result.points.iter().find(simulated))
        .or_else(|| result.points.first())?;
    let at: Vec<String> = result
        .axes
        .iter()
        .zip(&point.coordinates)
        .map(|(path, at)| format!("{path} = {}", at.label))
        .collect();
    let title = if at.is_empty() {
        String::new()
    } else {
        format!(" at {}", at.join(", "))
    };
    Some((title, point))
}
