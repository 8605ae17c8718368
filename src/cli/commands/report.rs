//! `report`, and what `sweep` prints and draws.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::cli::manifest::{
    self, JOURNAL, Kind, Manifest, PAGE, RECOMMENDATION, SUMMARY, SWEEP, sha256,
};
use crate::cli::output::Output;
use crate::cli::present::{
    Format, draw, draw_recommendation, print, sweep_pictures, tell, write_pictures,
};
use crate::cli::reading::Reading;
use crate::experiment::recommend::{Recommendation, SCHEMA};
use crate::experiment::saved::{self, SWEEP_SCHEMA, SavedError};
use crate::experiment::{SweepResult, run_document};
use crate::render::plot;
use crate::render::report::{self, Provenance, Report};
use crate::render::{recommend, table};
use crate::scenario::input_file;

/// Write a report of saved results, without simulating: report.html, summary.md and the pictures
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  ckptsim sweep :production && ckptsim report reports/production
  ckptsim report reports/production --format markdown

report.html is one file without any link to the network: styles, font and pictures are in it. It follows the light or
dark mode of the reader, prints, and its tables can be sorted. The same results give the same report, byte by byte.")]
pub struct Args {
    /// Directory that `run --out`, `sweep` or `recommend` has written
    directory: PathBuf,
    /// What to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Reads, prints, draws, writes: the recommendation of a directory, its sweep, or its run.
pub fn execute(args: &Args, console: Console) -> anyhow::Result<Exit> {
    let has = |name: &str| args.directory.join(name).exists();
    if !args.directory.is_dir() {
        return Err(nothing(&args.directory));
    }
    let output = Output::existing(&args.directory)?;
    if ![manifest::FILE, RECOMMENDATION, run_document::FILE, SWEEP]
        .into_iter()
        .any(has)
    {
        return Err(nothing(&args.directory));
    }
    let reading = Reading::settled(&args.directory, console)?;
    let kind = match &reading.manifest {
        Some(manifest) => manifest.kind,
        None if has(RECOMMENDATION) => Kind::Recommendation,
        None if has(run_document::FILE) && !has(SWEEP) => Kind::Run,
        None => Kind::Sweep,
    };
    let desk = Desk {
        reading,
        output,
        console,
    };
    match kind {
        Kind::Recommendation => recommendation(args, desk)?,
        Kind::Run => run(args, desk)?,
        Kind::Sweep => sweep(args, desk)?,
    }
    Ok(Exit::Success)
}

/// What a report is made of, and where it goes.
struct Desk {
    reading: Reading,
    output: Output,
    console: Console,
}

impl Desk {
    /// A saved result, read by `parse` out of the content of its file.
    fn read<T>(
        &self,
        name: &str,
        parse: impl FnOnce(&[u8], &Path) -> Result<T, SavedError>,
    ) -> anyhow::Result<T> {
        let path = self.output.directory().join(name);
        let content = self.reading.content(name)?;
        parse(&content, &path).with_context(|| {
            format!(
                "{} holds no readable {name}",
                self.output.directory().display()
            )
        })
    }
}

fn recommendation(args: &Args, mut desk: Desk) -> anyhow::Result<()> {
    if args.format == Format::Csv {
        bail!("a recommendation is printed as text, json or markdown");
    }
    let parse = |text: &[u8], path: &Path| saved::parse(text, path, SCHEMA);
    let found: Recommendation = desk.read(RECOMMENDATION, parse)?;
    let provenance = desk.provenance(sha256(&saved::json(&found)));
    let shown = draw_recommendation(&found, &mut desk.output)?;
    let pictures = report::numbered(plot::recommendation_pictures(&found));
    let report = report::recommendation(&found, pictures, &provenance);
    let console = desk.console;
    desk.finish(&report, shown)?;
    match args.format {
        Format::Markdown => console.result(&report::markdown(&report)),
        Format::Json => console.result(&String::from_utf8_lossy(&saved::json(&found))),
        Format::Text | Format::Csv => console.text(&recommend::text(&found, console.width())),
    }
}

fn run(args: &Args, mut desk: Desk) -> anyhow::Result<()> {
    if matches!(args.format, Format::Json | Format::Csv) {
        bail!(
            "a saved run is printed as text or markdown; `ckptsim export` has csv, and run.json is json"
        );
    }
    let saved = desk.read(run_document::FILE, run_document::parse)?;
    let pictures = report::numbered(report::run_pictures(&saved));
    let shown = write_pictures(&pictures, &mut desk.output)?;
    let provenance = desk.provenance(saved.result.digest.clone());
    let report = report::run(&saved, pictures, &provenance);
    let console = desk.console;
    desk.finish(&report, shown)?;
    if args.format == Format::Markdown {
        return console.result(&report::markdown(&report));
    }
    console.text(&table::phases(&saved.result).text(console.width()))
}

fn sweep(args: &Args, mut desk: Desk) -> anyhow::Result<()> {
    let parse = |text: &[u8], path: &Path| saved::parse(text, path, SWEEP_SCHEMA);
    let result: SweepResult = desk.read(SWEEP, parse)?;
    let shown = draw(&result, &mut desk.output)?;
    let provenance = desk.provenance(sha256(&saved::json(&result)));
    let report = report::sweep(&result, sweep_pictures(&result), &provenance);
    let console = desk.console;
    desk.finish(&report, shown)?;
    match args.format {
        Format::Markdown => console.result(&report::markdown(&report)),
        format => print(&result, (format, false), console),
    }
}

impl Desk {
    /// What the manifest says, if there is one; no path and no clock.
    fn provenance(&self, digest: String) -> Provenance {
        let manifest = self.reading.manifest.as_ref();
        Provenance {
            digest,
            more: manifest.map_or_else(Vec::new, facts),
        }
    }

    /// Adds the page and the summary, and puts everything into the directory. Whatever else has changed there is told.
    fn finish(mut self, report: &Report, mut shown: Vec<String>) -> anyhow::Result<()> {
        self.output.write(PAGE, report::html(report).as_bytes())?;
        let summary = report::markdown(report);
        self.output.write(SUMMARY, summary.as_bytes())?;
        let directory = self.output.directory().to_owned();
        for (name, what) in self.reading.changed() {
            let file = directory.join(name);
            if !self.output.written().contains_key(name) {
                bail!("{} is {what}; make the results again", file.display());
            }
            let file = file.display();
            self.console
                .note(&format!("note: {file} was {what}; it is made again"));
        }
        if let Some(manifest) = self.reading.manifest {
            let manifest = manifest.with(self.output.written());
            self.output.write(manifest::FILE, &manifest.sealed())?;
        }
        self.output.commit([], None)?;
        shown.extend([PAGE, SUMMARY].map(str::to_owned));
        tell(&shown, &directory, self.console);
        Ok(())
    }
}

fn facts(manifest: &Manifest) -> Vec<(String, String)> {
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
    known.collect()
}

/// Why there is nothing to report on.
fn nothing(directory: &Path) -> anyhow::Error {
    let what = if directory.join(JOURNAL).exists() {
        "holds a sweep that was interrupted; finish it with `ckptsim sweep --resume`"
    } else {
        "holds no sweep, recommendation, or run"
    };
    let result = directory.join(SWEEP);
    let what = format!("{} {what}", directory.display());
    match input_file::result(&result) {
        Ok(_) => anyhow::anyhow!("{what}"),
        Err(error) => anyhow::Error::new(error)
            .context(format!("cannot read {}", result.display()))
            .context(what),
    }
}
