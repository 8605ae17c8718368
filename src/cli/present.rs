//! Results on a terminal and in a directory: what `sweep` and `report` print, and the files that several commands draw.

use std::path::Path;

use clap::ValueEnum;

use crate::cli::console::Console;
use crate::cli::manifest::SWEEP;
use crate::cli::output::Output;
use crate::experiment::journal::Journal;
use crate::experiment::recommend::Recommendation;
use crate::experiment::{SweepResult, saved};
use crate::render::number::counted;
use crate::render::plot::{self, Picture};
use crate::render::{report, table};
use crate::scenario::load;

/// What is printed of results.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Tables for people.
    #[default]
    Text,
    /// The saved result.
    Json,
    /// One row per point, plain numbers.
    Csv,
    /// Tables for documents.
    Markdown,
}

/// Says which files there are now.
pub fn tell(names: &[String], directory: &Path, console: Console) {
    if names.is_empty() {
        return;
    }
    let names = names.join(", ");
    console.note(&format!("written to {}: {names}", directory.display()));
}

/// Draws a recommendation; returns the names of the files to look at.
pub fn draw_recommendation(
    found: &Recommendation,
    output: &mut Output,
) -> anyhow::Result<Vec<String>> {
    let pictures = report::numbered(plot::recommendation_pictures(found));
    write_pictures(&pictures, output)
}

/// Prints the table of points, and the formulas beside the measurements of the point nearest to the scenario itself: those
/// of the documents, or all.
pub fn print(
    result: &SweepResult,
    (format, all_formulas): (Format, bool),
    console: Console,
) -> anyhow::Result<()> {
    let width = console.width();
    let points = table::sweep(result);
    let Some((title, point)) = report::own_point(result) else {
        return console.text(&points.text(width));
    };
    let formulas = table::some_formulas(&point.comparisons, all_formulas);
    let name = &result.scenario;
    match format {
        Format::Json => console.result(&String::from_utf8_lossy(&saved::json(result))),
        Format::Text => console.text(&format!(
            "{name}: {}, {}, scenario {}\n\n{}\n\nFormula beside measurement{title}\n\n{}",
            counted(result.points.len(), "point"),
            counted(result.replications as usize, "replication"),
            &result.scenario_sha256[..8],
            points.text(width),
            formulas.text(width),
        )),
        Format::Csv => console.result(&table::sweep_sheet(result).csv()),
        Format::Markdown => {
            console.result(&format!("{}\n\n{}", points.markdown(), formulas.markdown()))
        }
    }
}

/// Every picture of a sweep, numbered.
pub fn sweep_pictures(result: &SweepResult) -> Vec<Picture> {
    let timeout = load::parse(&result.scenario_toml, "results.json", Path::new(""), &[])
        .ok()
        .map(|loaded| loaded.scenario.checkpointing.timeout);
    report::numbered(plot::sweep_pictures(result, timeout))
}

/// Writes the pictures, each as SVG, PNG and CSV, and the tables as CSV; returns the names of the files to look at.
pub fn draw(result: &SweepResult, output: &mut Output) -> anyhow::Result<Vec<String>> {
    let sheets = [
        ("points.csv", table::sweep_sheet(result)),
        ("formulas.csv", table::sweep_formulas_sheet(result)),
    ];
    let mut shown = vec![SWEEP.to_owned()];
    for (name, sheet) in &sheets {
        output.write(name, sheet.csv().as_bytes())?;
        shown.push((*name).to_owned());
    }
    shown.extend(write_pictures(&sweep_pictures(result), output)?);
    Ok(shown)
}

/// Writes pictures; returns the names of their PNG files.
pub fn write_pictures(pictures: &[Picture], output: &mut Output) -> anyhow::Result<Vec<String>> {
    for picture in pictures {
        for (name, content) in plot::files(picture) {
            output.write(&name, &content)?;
        }
    }
    Ok(pictures
        .iter()
        .map(|picture| format!("{}.png", picture.name))
        .collect())
}

/// Says that a journal was changed by somebody else.
pub fn tell_damaged(journal: &Journal, path: &Path, console: Console) {
    if journal.damaged() > 0 {
        console.note(&format!(
            "warning: {} of {} differ from what was written: their runs are made again",
            counted(journal.damaged(), "line"),
            path.display()
        ));
    }
}
