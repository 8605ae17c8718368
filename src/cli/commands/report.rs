//! `report`, and what `sweep` prints and draws.

use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::cli::commands::sweep::Format;
use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::cli::manifest::{self, RECOMMENDATION};
use crate::experiment::recommend::{Recommendation, SCHEMA};
use crate::experiment::saved::{self, SWEEP_SCHEMA};
use crate::experiment::{SweepResult, saved_run};
use crate::render::number::counted;
use crate::render::plot::{self, Picture};
use crate::render::report::{self, Provenance, Report};
use crate::render::{recommend, table};
use crate::scenario::load;

/// Write a report of saved results, without simulating: report.html, summary.md and the pictures
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  ckptsim sweep scenarios/production-2min.toml && ckptsim report reports/production-2min
  ckptsim report reports/production-2min --format markdown

report.html is one file without any link to the network: styles, font and pictures are in it. It follows the light or
dark mode of the reader, prints, and its tables can be sorted. The same results give the same report, byte by byte.")]
pub struct Args {
    /// Directory that `run --out`, `sweep` or `recommend` has written
    directory: PathBuf,
    /// What to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Name of the page.
const PAGE: &str = "report.html";
/// Name of the same as Markdown.
const SUMMARY: &str = "summary.md";

/// Reads, prints, draws, writes: the recommendation of a directory, else its sweep, else its run.
pub fn execute(args: &Args, console: Console) -> anyhow::Result<Exit> {
    let has = |name: &str| args.directory.join(name).exists();
    if has(RECOMMENDATION) {
        recommendation(args, console)?;
    } else if has(saved_run::FILE) && !has("results.json") {
        run(args, console)?;
    } else {
        sweep(args, console)?;
    }
    Ok(Exit::Success)
}

fn recommendation(args: &Args, console: Console) -> anyhow::Result<()> {
    let directory = &args.directory;
    let found: Recommendation = saved::read(&directory.join(RECOMMENDATION), SCHEMA)
        .with_context(|| format!("{} holds no readable recommendation", directory.display()))?;
    let provenance = provenance(directory, manifest::sha256(&saved::json(&found)));
    draw_recommendation(&found, directory, console)?;
    let pictures = report::numbered(plot::recommendation::pictures(&found));
    let report = report::recommendation(&found, pictures, &provenance);
    write(&report, directory, console)?;
    match args.format {
        Format::Text => console.text(&recommend::text(&found)),
        Format::Json => console.result(&String::from_utf8_lossy(&saved::json(&found))),
        Format::Markdown => console.result(&report::markdown(&report)),
        Format::Csv => anyhow::bail!("a recommendation is printed as text, json or markdown"),
    }
}

fn run(args: &Args, console: Console) -> anyhow::Result<()> {
    let directory = &args.directory;
    let saved = saved_run::read(directory)
        .with_context(|| format!("{} holds no readable run", directory.display()))?;
    let pictures = report::numbered(report::run_pictures(&saved));
    tell(&write_pictures(&pictures, directory)?, directory, console);
    let provenance = provenance(directory, saved.result.digest.clone());
    let report = report::run(&saved, pictures, &provenance);
    write(&report, directory, console)?;
    match args.format {
        Format::Text => console.text(&table::phases(&saved.result).text()),
        Format::Markdown => console.result(&report::markdown(&report)),
        Format::Json | Format::Csv => {
            anyhow::bail!(
                "a saved run is printed as text or markdown; `ckptsim export` has csv, and run.json is json"
            )
        }
    }
}

fn sweep(args: &Args, console: Console) -> anyhow::Result<()> {
    let directory = &args.directory;
    let result: SweepResult = saved::read(&directory.join("results.json"), SWEEP_SCHEMA)
        .with_context(|| unreadable(directory))?;
    draw(&result, directory, console)?;
    let provenance = provenance(directory, manifest::sha256(&saved::json(&result)));
    let report = report::sweep(&result, sweep_pictures(&result), &provenance);
    write(&report, directory, console)?;
    match args.format {
        Format::Markdown => console.result(&report::markdown(&report)),
        format => print(&result, format, console),
    }
}

/// Writes the page and the summary.
fn write(report: &Report, directory: &Path, console: Console) -> anyhow::Result<()> {
    saved::write(&directory.join(PAGE), report::html(report).as_bytes())?;
    saved::write(
        &directory.join(SUMMARY),
        report::markdown(report).as_bytes(),
    )?;
    tell(&[PAGE.to_owned(), SUMMARY.to_owned()], directory, console);
    Ok(())
}

/// What the manifest says, if there is one; no path and no clock.
fn provenance(directory: &Path, digest: String) -> Provenance {
    let Ok(manifest) = manifest::read(directory) else {
        return Provenance {
            digest,
            more: Vec::new(),
        };
    };
    let generator = &manifest.random_generator;
    let file = Path::new(&manifest.scenario_file).file_name();
    let overrides: Vec<String> = manifest
        .overrides
        .iter()
        .map(|(key, value)| format!("{key} = {value}"))
        .collect();
    let facts = [
        (
            "Scenario file",
            file.map(|name| name.to_string_lossy().into_owned()),
        ),
        (
            "Changed on the command line",
            (!overrides.is_empty()).then(|| overrides.join(", ")),
        ),
        ("Events", manifest.events.map(|events| events.to_string())),
        (
            "Random numbers",
            Some(format!("{} {}", generator.name, generator.version)),
        ),
    ];
    let known = facts
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Provenance {
        digest,
        more: known.collect(),
    }
}

fn tell(names: &[String], directory: &Path, console: Console) {
    if names.is_empty() {
        return;
    }
    let names = names.join(", ");
    console.note(&format!("written to {}: {names}", directory.display()));
}

/// Draws a recommendation; returns the names of all files.
pub fn draw_recommendation(
    found: &Recommendation,
    directory: &Path,
    console: Console,
) -> anyhow::Result<Vec<String>> {
    let pictures = report::numbered(plot::recommendation::pictures(found));
    tell(&write_pictures(&pictures, directory)?, directory, console);
    Ok(files(&pictures))
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
    let Some((title, point)) = report::own_point(result) else {
        return console.text(&points.text());
    };
    let formulas = table::formulas(&point.comparisons);
    let name = &result.scenario;
    match format {
        Format::Json => console.result(&String::from_utf8_lossy(&saved::json(result))),
        Format::Text => console.text(&format!(
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

/// Every picture of a sweep, numbered.
fn sweep_pictures(result: &SweepResult) -> Vec<Picture> {
    let timeout = load::parse(&result.scenario_toml, "results.json", Path::new(""), &[])
        .ok()
        .map(|loaded| loaded.scenario.checkpointing.timeout);
    report::numbered(plot::sweep_pictures(result, timeout))
}

/// Writes the pictures, each as SVG, PNG and CSV, and the tables as CSV; returns the names of all files.
pub fn draw(
    result: &SweepResult,
    directory: &Path,
    console: Console,
) -> anyhow::Result<Vec<String>> {
    let pictures = sweep_pictures(result);
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
    written.extend(files(&pictures));
    shown.extend(write_pictures(&pictures, directory)?);
    tell(&shown, directory, console);
    Ok(written)
}

/// Names of the files of pictures.
pub fn files(pictures: &[Picture]) -> Vec<String> {
    let names = pictures.iter().flat_map(|picture| {
        ["svg", "png", "csv"].map(|extension| format!("{}.{extension}", picture.name))
    });
    names.collect()
}

/// Writes pictures; returns the names of their PNG files.
pub fn write_pictures(pictures: &[Picture], directory: &Path) -> anyhow::Result<Vec<String>> {
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
