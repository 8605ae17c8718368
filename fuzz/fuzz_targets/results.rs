//! Bytes as saved results, whichever schema they name: what is read can be exported, explained and reported.
#![no_main]

use ckptsim::experiment::SweepResult;
use ckptsim::experiment::explain::Explain;
use ckptsim::experiment::recommend::{Recommendation, SCHEMA as RECOMMENDATION_SCHEMA};
use ckptsim::experiment::run_document::{self, RunDocument};
use ckptsim::experiment::saved::{self, SWEEP_SCHEMA};
use ckptsim::render::export::{csv, openmetrics, parquet, rest, trace};
use ckptsim::render::report::{self, Provenance, Report};
use ckptsim::render::{plot, recommend};
use ckptsim::scenario::load::parse;
use ckptsim_fuzz::directory;
use libfuzzer_sys::fuzz_target;

fn provenance() -> Provenance {
    Provenance {
        digest: String::new(),
        more: Vec::new(),
    }
}

fn written(report: &Report) {
    report::html(report);
    report::markdown(report);
}

fn a_run(saved: &RunDocument) {
    csv::csv(saved);
    trace::trace(saved);
    openmetrics::openmetrics(saved, &[]);
    let _file = parquet::parquet(saved);
    let pictures = report::numbered(report::run_pictures(saved));
    written(&report::run(saved, pictures, &provenance()));
    let Ok(loaded) = parse(&saved.scenario_toml, "run.json", directory(), &[]) else {
        return;
    };
    rest::rest(saved, &loaded.scenario.checkpointing);
    let asked = Explain::new(&loaded, &saved.result).what_if(false);
    let _explanation = asked.explain();
}

fuzz_target!(|bytes: &[u8]| {
    let file = directory().join("run.json");
    if let Ok(saved) = run_document::parse(bytes, &file) {
        a_run(&saved);
    }
    if let Ok(sweep) = saved::parse::<SweepResult>(bytes, &file, SWEEP_SCHEMA) {
        let pictures = report::numbered(plot::sweep_pictures(&sweep, None));
        written(&report::sweep(&sweep, pictures, &provenance()));
    }
    if let Ok(found) = saved::parse::<Recommendation>(bytes, &file, RECOMMENDATION_SCHEMA) {
        let pictures = report::numbered(plot::recommendation_pictures(&found));
        written(&report::recommendation(&found, pictures, &provenance()));
        recommend::text(&found, 100);
    }
});
