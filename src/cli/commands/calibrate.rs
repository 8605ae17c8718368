//! `calibrate`.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, bail};

use crate::cli::answers::{Asked, OBSERVE, Source};
use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::cli::progress::Progress;
use crate::cli::reach::Reach;
use crate::cli::signals::Gently;
use crate::experiment::calibrate::{Calibration, calibrate};
use crate::experiment::fit;
use crate::experiment::run::RunError;
use crate::experiment::saved;
use crate::recording::measured::{self, Samples};
use crate::recording::{Answers, file};
use crate::render::table;
use crate::scenario::input_file;
use crate::scenario::load::{self, Loaded};
use crate::scenario::spreads::{Spread, rewritten, spreads};

/// Adjust the estimates of an imported scenario within their spreads, and say how far off it is on checkpoints held out
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  ckptsim calibrate mine.toml --to answers/ -o calibrated.toml
  ckptsim calibrate mine.toml --to http://localhost:8081 -o calibrated.toml
  ckptsim calibrate mine.toml                            # to what its `[measured]` table names

An estimate is a value with its spread in the comment, as `import` writes it and anybody may:
  service = \"103.2 us\" # spread 100.8..123 us
Half of the checkpoints are compared with, the other half is held out. What nothing measured depends on is said, and left.")]
pub struct Args {
    /// Scenario with estimates
    scenario: PathBuf,
    /// What was measured: as for `import` [default: what the `[measured]` table of the scenario names]
    #[arg(long, value_name = "FROM")]
    to: Option<String>,
    /// Where to write the adjusted scenario, instead of standard output
    #[arg(short, long)]
    out: Option<PathBuf>,
    /// Overwrite an existing file
    #[arg(long, requires = "out")]
    force: bool,
    /// Which job, by its id, the beginning of its id, or its name; default: the only one that runs
    #[arg(long)]
    job: Option<String>,
    /// Places in the spreads that may be simulated
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    budget: u64,
    #[command(flatten)]
    reach: Reach,
}

/// Adjusts, tells, and prints or writes the scenario.
pub fn execute(args: &Args, console: Console) -> anyhow::Result<Exit> {
    if let Some(out) = &args.out
        && out.exists()
        && !args.force
    {
        bail!(
            "{} exists already: add --force to overwrite it",
            out.display()
        );
    }
    let loaded = load::load(&args.scenario, &[])?;
    let text = input_file::text(&args.scenario)
        .with_context(|| format!("cannot read {}", args.scenario.display()))?;
    let spreads = spreads(&text);
    if spreads.is_empty() {
        bail!(
            "{} has no estimates: no value with its spread in a comment, such as \
             `service = \"103 us\" # spread 100..123 us`; `ckptsim import` writes them",
            args.scenario.display()
        );
    }
    let measured = measured(args, &loaded, console)?;
    related(&measured, &loaded, args)?;
    let job = Job {
        args,
        text: &text,
        spreads: &spreads,
    };
    let Some(found) = job.calibrate(&measured, console)? else {
        bail!("stopped before the scenario was simulated as it is: nothing is written");
    };
    let width = console.width();
    console.note(&table::calibration(&found, &spreads).text(width));
    console.note(&table::held_out(&found).text(width));
    console.note(&format!(
        "{} places simulated. {}",
        found.evaluations,
        table::calibration_in_words(&found)
    ));
    let text = job.written(&found);
    match &args.out {
        Some(out) => {
            saved::write(out, text.as_bytes())?;
            console.note(&format!("written to {}", out.display()));
        }
        None => console.result(&text)?,
    }
    Ok(Exit::Success)
}

/// A scenario's text and what in it may move.
struct Job<'a> {
    args: &'a Args,
    text: &'a str,
    spreads: &'a [Spread],
}

impl Job<'_> {
    fn calibrate(
        &self,
        measured: &Samples,
        console: Console,
    ) -> anyhow::Result<Option<Calibration>> {
        let gently = Gently::begin();
        let budget = self.args.budget as usize;
        let runs = (budget + 3) * fit::REPLICATIONS as usize;
        let progress = Progress::new(console, runs, Some(gently.stop()));
        let finished = AtomicUsize::new(0);
        let start: Vec<f64> = self
            .spreads
            .iter()
            .map(|one| one.place(one.value))
            .collect();
        let found = calibrate(measured, &start, budget, |at, half| {
            let scenario = self.at(at)?.scenario;
            let compared = fit::fit(half, &scenario, |wanted| {
                let run = wanted.simulation().watched(progress.watch()).run();
                progress.set(finished.fetch_add(1, Ordering::Relaxed) + 1);
                run
            });
            match compared {
                Ok(fit) => Ok(Some(fit)),
                Err(RunError::Stopped) => Ok(None),
                Err(error) => Err(anyhow::Error::from(error)),
            }
        });
        progress.finish();
        match found {
            Ok(found) => Ok(found),
            Err(error) => bail!("{}: {error}", self.args.scenario.display()),
        }
    }

    /// The scenario at a place in the spreads.
    fn at(&self, place: &[f64]) -> anyhow::Result<Loaded> {
        let moved = self.spreads.iter().zip(place);
        let changes: Vec<(&Spread, f64)> = moved.map(|(one, at)| (one, one.figure(*at))).collect();
        self.loaded(&rewritten(self.text, &changes))
    }

    fn loaded(&self, text: &str) -> anyhow::Result<Loaded> {
        let base = self.args.scenario.parent().unwrap_or(Path::new(""));
        Ok(load::parse(text, "the adjusted scenario", base, &[])?)
    }

    /// With what was found, and a first line that says it.
    fn written(&self, found: &Calibration) -> String {
        let changed = self.spreads.iter().enumerate().filter_map(|(index, one)| {
            let figure = table::calibrated(found, index, one)?;
            Some((one, figure))
        });
        let text = rewritten(self.text, &changed.collect::<Vec<_>>());
        format!("# {}\n{text}", table::calibration_in_words(found))
    }
}

/// What the job measured.
fn measured(args: &Args, loaded: &Loaded, console: Console) -> anyhow::Result<Samples> {
    let from = match (&args.to, loaded.recording()) {
        (Some(from), _) => from.clone(),
        (None, Some(named)) => named.display().to_string(),
        (None, None) => bail!("the scenario names nothing that was measured: --to says it"),
    };
    let asked = Asked {
        from: &from,
        job: args.job.as_deref(),
        observe: OBSERVE,
        reach: &args.reach,
    };
    match asked.read(console)? {
        Source::Answers(files) => {
            let answers = Answers::of_files(&files).with_context(|| from.clone())?;
            Ok(measured::of_answers(&files, &answers))
        }
        Source::Recording(content) => {
            let recording = file::read(&content).with_context(|| from.clone())?;
            Ok(measured::of_recording(&recording))
        }
        Source::Exported(_) => bail!("{from} is a simulated run: nothing in it was measured"),
        Source::Log(log) => bail!(
            "{from} is a {}, which has no figures of vertices",
            log.file()
        ),
    }
}

/// Answers of another job say nothing about this one.
fn related(measured: &Samples, loaded: &Loaded, args: &Args) -> anyhow::Result<()> {
    let mut theirs: Vec<&str> = measured
        .keys()
        .filter_map(|(_, vertex)| vertex.as_deref())
        .collect();
    theirs.dedup();
    let vertices = &loaded.scenario.vertices;
    let is_ours = |name: &&str| vertices.iter().any(|vertex| vertex.name == **name);
    if !theirs.is_empty() && !theirs.iter().any(is_ours) {
        bail!(
            "what was measured is of another job: {} has no vertex `{}`",
            args.scenario.display(),
            theirs[0]
        );
    }
    Ok(())
}
