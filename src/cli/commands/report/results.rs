//! Saved results of any kind, for a report.

use std::path::Path;

use anyhow::{Context, bail};

use crate::cli::console::Console;
use crate::cli::manifest::{Kind, RECOMMENDATION, SWEEP, sha256};
use crate::cli::output::Output;
use crate::cli::present::{
    Format, draw, draw_recommendation, print, sweep_pictures, write_pictures,
};
use crate::cli::reading::Reading;
use crate::experiment::SweepResult;
use crate::experiment::recommend::{Recommendation, SCHEMA};
use crate::experiment::run_document::{self, RunDocument};
use crate::experiment::saved::{self, SWEEP_SCHEMA, SavedError};
use crate::render::plot;
use crate::render::report::{self, Provenance, Report};
use crate::render::{recommend, table};

/// What a directory holds.
pub enum Results {
    Recommendation(Box<Recommendation>),
    Run(Box<RunDocument>),
    Sweep(Box<SweepResult>),
}

impl Results {
    /// Reads results of this kind.
    pub fn read(kind: Kind, reading: &Reading, directory: &Path) -> anyhow::Result<Results> {
        let name = match kind {
            Kind::Recommendation => RECOMMENDATION,
            Kind::Run => run_document::FILE,
            Kind::Sweep => SWEEP,
        };
        let (content, path) = (reading.content(name)?, directory.join(name));
        let parsed: Result<Results, SavedError> = match kind {
            Kind::Recommendation => saved::parse(&content, &path, SCHEMA)
                .map(|found| Results::Recommendation(Box::new(found))),
            Kind::Run => {
                run_document::parse(&content, &path).map(|run| Results::Run(Box::new(run)))
            }
            Kind::Sweep => saved::parse(&content, &path, SWEEP_SCHEMA)
                .map(|sweep| Results::Sweep(Box::new(sweep))),
        };
        parsed.with_context(|| format!("{} holds no readable {name}", directory.display()))
    }

    /// What identifies them.
    pub fn digest(&self) -> String {
        match self {
            Results::Recommendation(found) => sha256(&saved::json(found)),
            Results::Run(run) => run.result.digest.clone(),
            Results::Sweep(sweep) => sha256(&saved::json(sweep)),
        }
    }

    /// Draws the pictures; returns the names of the files to look at.
    pub fn draw(&self, output: &mut Output) -> anyhow::Result<Vec<String>> {
        match self {
            Results::Recommendation(found) => draw_recommendation(found, output),
            Results::Run(run) => {
                write_pictures(&report::numbered(report::run_pictures(run)), output)
            }
            Results::Sweep(sweep) => draw(sweep, output),
        }
    }

    /// The report with its pictures.
    pub fn report(&self, provenance: &Provenance) -> Report {
        match self {
            Results::Recommendation(found) => {
                let pictures = report::numbered(plot::recommendation_pictures(found));
                report::recommendation(found, pictures, provenance)
            }
            Results::Run(run) => {
                report::run(run, report::numbered(report::run_pictures(run)), provenance)
            }
            Results::Sweep(sweep) => report::sweep(sweep, sweep_pictures(sweep), provenance),
        }
    }

    /// Where their figures stand: those of the answer, of the run, or of the scenario's own point.
    pub fn figures(&self) -> Option<&dyn table::Measured> {
        match self {
            Results::Recommendation(found) => found.focus().map(|one| one as _),
            Results::Run(run) => Some(&run.summary),
            Results::Sweep(sweep) => report::own_point(sweep).map(|(_, point)| point as _),
        }
    }

    /// Refuses a form in which they are not printed; `formulas` = all of them.
    pub fn refuse(&self, format: Format, formulas: bool) -> anyhow::Result<()> {
        let tables = matches!(format, Format::Text | Format::Markdown);
        if formulas && !(matches!(self, Results::Sweep(_)) && tables) {
            bail!(
                "--formulas is for the tables of a sweep; report.html has all formulas of every result"
            );
        }
        match (self, format) {
            (Results::Recommendation(_), Format::Csv) => {
                bail!("a recommendation is printed as text, json or markdown")
            }
            (Results::Run(_), Format::Json | Format::Csv) => bail!(
                "a saved run is printed as text or markdown; `ckptsim export` has csv, and run.json is json"
            ),
            _ => Ok(()),
        }
    }

    /// Prints them.
    pub fn print(
        &self,
        report: &Report,
        (format, formulas): (Format, bool),
        console: Console,
    ) -> anyhow::Result<()> {
        if format == Format::Markdown {
            return console.result(&report::markdown(report));
        }
        match (self, format) {
            (Results::Recommendation(found), Format::Json) => {
                console.result(&String::from_utf8_lossy(&saved::json(found)))
            }
            (Results::Recommendation(found), _) => {
                console.text(&recommend::text(found, console.width()))
            }
            (Results::Run(run), _) => {
                console.text(&table::phases(&run.result).text(console.width()))
            }
            (Results::Sweep(sweep), format) => print(sweep, (format, formulas), console),
        }
    }
}
