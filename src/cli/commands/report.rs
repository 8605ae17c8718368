//! `report`, and what `sweep` prints and draws.

use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::cli::commands::sweep::Format;
use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::experiment::recommend::{Recommendation, SCHEMA};
use crate::experiment::saved::{self, SWEEP_SCHEMA};
use crate::experiment::{PointSummary, SweepResult, saved_run};
use crate::render::number::counted;
use crate::render::{plot, recommend, table};
use crate::scenario::load;

/// Print and draw the saved results of a sweep, a recommendation, or a run again, without simulating
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  ckptsim report reports/production-2min")]
pub struct Args {
    /// Directory of results
    directory: PathBuf,
    /// What to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Name of a saved recommendation.
pub const RECOMMENDATION: &str = "recommendation.json";

/// Reads, prints, draws: a recommendation, a sweep, or both, since both commands write into `reports/<scenario>` unless
/// told otherwise; else a single run.
pub fn execute(args: &Args, console: Console) -> anyhow::Result<Exit> {
    let directory = &args.directory;
    let has = |name: &str| directory.join(name).exists();
    let (recommended, swept) = (has(RECOMMENDATION), has("results.json"));
    if recommended {
        recommendation(args, swept, console)?;
    } else if has(saved_run::FILE) && !swept {
        run(args, console)?;
    }
    if swept || !(recommended || has(saved_run::FILE)) {
        let result: SweepResult = saved::read(&directory.join("results.json"), SWEEP_SCHEMA)
            .with_context(|| unreadable(directory))?;
        print(&result, args.format, console)?;
        draw(&result, directory, console)?;
    }
    Ok(Exit::Success)
}

/// A saved recommendation; where a sweep follows, it is printed only if both can be told apart.
fn recommendation(args: &Args, sweep_follows: bool, console: Console) -> anyhow::Result<()> {
    let directory = &args.directory;
    let found: Recommendation = saved::read(&directory.join(RECOMMENDATION), SCHEMA)
        .with_context(|| format!("{} holds no readable recommendation", directory.display()))?;
    match args.format {
        Format::Text => console.result(&recommend::text(&found))?,
        Format::Json | Format::Csv | Format::Markdown if sweep_follows => {}
        Format::Json => console.result(&String::from_utf8_lossy(&saved::json(&found)))?,
        Format::Csv | Format::Markdown => {
            anyhow::bail!("a recommendation is printed as text or json")
        }
    }
    tell(&draw_recommendation(&found, directory)?, directory, console);
    Ok(())
}

/// A saved run. Its queues are not drawn again: the picture compares them with those of another mode, which is not saved.
fn run(args: &Args, console: Console) -> anyhow::Result<()> {
    let directory = &args.directory;
    let mut saved = saved_run::read(directory)
        .with_context(|| format!("{} holds no readable run", directory.display()))?;
    saved.result.occupancy = None;
    let phases = table::phases(&saved.result);
    match args.format {
        Format::Text => console.result(&phases.text())?,
        Format::Markdown => console.result(&phases.markdown())?,
        Format::Json | Format::Csv => {
            anyhow::bail!(
                "a saved run is printed as text or markdown; `ckptsim export` has csv, and run.json is json"
            )
        }
    }
    let origin = plot::Origin {
        scenario: saved.scenario,
        version: saved.version,
        sha256: saved.scenario_sha256,
        seed: saved.result.seed,
    };
    let pictures = plot::run_pictures(&saved.result, &origin);
    tell(&write_pictures(&pictures, directory)?, directory, console);
    Ok(())
}

fn tell(names: &[String], directory: &Path, console: Console) {
    let names = names.join(", ");
    console.note(&format!("written to {}: {names}", directory.display()));
}

/// Draws a recommendation; returns the names of the PNG files.
pub fn draw_recommendation(
    found: &Recommendation,
    directory: &Path,
) -> anyhow::Result<Vec<String>> {
    write_pictures(&plot::recommendation::pictures(found), directory)
}

/// What a directory is from which nothing can be read.
fn unreadable(directory: &Path) -> String {
    let has = |name: &str| directory.join(name).exists();
    let what = if has("results.json") {
        "holds no readable sweep"
    } else if has("journal.ndjson") {
        "holds a sweep that was interrupted; finish it with `ckptsim sweep --resume`"
    } else {
        "holds no sweep, recommendation, or run"
    };
    format!("{} {what}", directory.display())
}

/// Prints the table of points, and the formulas beside the measurements of the point nearest to the scenario itself.
pub fn print(result: &SweepResult, format: Format, console: Console) -> anyhow::Result<()> {
    let points = table::sweep(result);
    let Some((title, point)) = formula_point(result) else {
        return console.result(&points.text());
    };
    let formulas = table::formulas(&point.comparisons);
    let name = &result.scenario;
    match format {
        Format::Json => console.result(&String::from_utf8_lossy(&saved::json(result))),
        Format::Text => console.result(&format!(
            "{name}: {}, {}, scenario {}\n\n{}\n\nFormula beside measurement{title}\n\n{}",
            counted(result.points.len(), "point"),
            counted(result.replications as usize, "replication"),
            &result.scenario_sha256[..8],
            points.text(),
            formulas.text(),
        )),
        Format::Csv => console.result(&table::sweep_sheet(result).csv()),
        Format::Markdown => {
            console.result(&format!("{}\n\n{}", points.markdown(), formulas.markdown()))
        }
    }
}

/// The point whose formulas are printed: the one at the scenario's own values, else the middle one.
fn formula_point(result: &SweepResult) -> Option<(String, &PointSummary)> {
    let own = load::parse(&result.scenario_toml, "results.json", Path::new(""), &[]).ok();
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
    let point = result
        .points
        .iter()
        .find(is_own)
        .or_else(|| result.points.get(result.points.len() / 2))?;
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

/// Writes the pictures, each as SVG, PNG and CSV, and the tables as CSV; returns the names of all files of the report.
pub fn draw(
    result: &SweepResult,
    directory: &Path,
    console: Console,
) -> anyhow::Result<Vec<String>> {
    let timeout = load::parse(&result.scenario_toml, "results.json", Path::new(""), &[])
        .ok()
        .map(|loaded| loaded.scenario.checkpointing.timeout);
    let pictures = plot::sweep_pictures(result, timeout);
    let sheets = [
        ("points.csv", table::sweep_sheet(result)),
        ("formulas.csv", table::sweep_formulas_sheet(result)),
    ];
    for (name, sheet) in &sheets {
        saved::write(&directory.join(name), sheet.csv().as_bytes())?;
    }
    let tables = ["results.json"]
        .into_iter()
        .chain(sheets.iter().map(|(name, _)| *name));
    let mut shown: Vec<String> = tables.map(str::to_owned).collect();
    let mut written = shown.clone();
    for picture in &pictures {
        let name = &picture.name;
        written.extend(["svg", "png", "csv"].map(|extension| format!("{name}.{extension}")));
    }
    shown.extend(write_pictures(&pictures, directory)?);
    console.note(&format!(
        "written to {}: {}",
        directory.display(),
        shown.join(", ")
    ));
    Ok(written)
}

/// Writes pictures; returns the names of their PNG files.
pub fn write_pictures(pictures: &[plot::Picture], directory: &Path) -> anyhow::Result<Vec<String>> {
    for picture in pictures {
        for (name, content) in plot::files(picture) {
            saved::write(&directory.join(name), &content)?;
        }
    }
    Ok(pictures
        .iter()
        .map(|picture| format!("{}.png", picture.name))
        .collect())
}
