//! `sweep`.

use std::path::{Path, PathBuf};

use anyhow::bail;

use crate::cli::clock;
use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::cli::input::Input;
use crate::cli::jobs::Jobs;
use crate::cli::manifest::{self, Claim, Kind, Made, NEXT_JOURNAL, Plan};
use crate::cli::output::Output;
use crate::cli::present::{self, Format};
use crate::cli::progress::Progress;
use crate::cli::signals::Gently;
use crate::experiment::SweepResult;
use crate::experiment::grid::{self, Point};
use crate::experiment::journal::Journal;
use crate::experiment::saved::{self, SWEEP_SCHEMA};
use crate::experiment::sweep::{Options, SweepError, identity, run_count, sweep};
use crate::render::number::counted;
use crate::scenario::axis::Axis;
use crate::scenario::load::Loaded;

/// Simulate a scenario over its [sweep] on all cores; print tables, draw pictures
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  ckptsim sweep :production
  ckptsim sweep :skewed-join --vary 'flink.execution.checkpointing.interval=10 s..10 min:log:8'
  ckptsim sweep :production --resume      # after a kill: finished runs are not repeated")]
#[expect(clippy::struct_excessive_bools, reason = "options of a command line")]
pub struct Args {
    #[command(flatten)]
    input: Input,
    /// Sweep a key, instead of [sweep]: `path=a, b, c` or `path=from..to:log:n` (repeatable)
    #[arg(long, value_name = "PATH=SPEC")]
    vary: Vec<String>,
    #[command(flatten)]
    jobs: Jobs,
    /// Continue a sweep that was interrupted, or one that has got more values meanwhile
    #[arg(long)]
    resume: bool,
    /// Replace other results in the directory; begin an interrupted sweep anew
    #[arg(long, conflicts_with = "resume")]
    force: bool,
    /// Do not measure throughput loss (saves two thirds of the runs)
    #[arg(long)]
    no_loss: bool,
    /// Directory of the results, else `reports/SCENARIO`
    #[arg(short, long)]
    out: Option<PathBuf>,
    /// What to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Print all formulas, not only the three of the documents; JSON, and formulas.csv, always have them
    #[arg(long)]
    formulas: bool,
}

/// Sweeps, saves, prints, draws.
pub fn execute(args: &Args, console: Console) -> anyhow::Result<Exit> {
    let began = clock::now();
    if args.formulas && args.format == Format::Csv {
        bail!("--format csv prints the points; formulas.csv in the directory has all formulas");
    }
    let loaded = args.input.load(console)?;
    let axes = axes(args, &loaded)?;
    let points = grid::points(&loaded, &axes)?;
    let directory = args
        .out
        .clone()
        .unwrap_or_else(|| Path::new("reports").join(args.input.stem()));
    let overrides = args.input.overrides();
    let plan = Plan {
        kind: Kind::Sweep,
        loaded: &loaded,
        file: &args.input.file,
        overrides: &overrides,
        replications: loaded.scenario.job.replications,
        axes: &axes,
        loss: !args.no_loss,
    };
    let mut output = Output::open(&directory)?;
    let book = Book::of(args, &loaded, &directory);
    let claim = match (args.force || book.agreed, args.resume) {
        (true, _) => Claim::Replace,
        (false, true) => Claim::Continue,
        (false, false) => Claim::New,
    };
    plan.claim(&directory, claim)?;
    let mut journal = book.open(args, &loaded, &directory, console)?;
    let options = (args.jobs.jobs, !args.no_loss);
    let result = match simulate(&loaded, &axes, &points, &mut journal, options, console) {
        Ok(result) => result,
        Err(error) => match error.downcast_ref::<SweepError>() {
            Some(SweepError::Interrupted { .. }) => {
                console.error(&error.to_string());
                return Ok(Exit::Interrupted);
            }
            _ => return Err(error),
        },
    };
    // What was found is kept before it is told: whoever reads may have gone away.
    let content = saved::json(&result);
    output.write(manifest::SWEEP, &content)?;
    let shown = present::draw(&result, &mut output)?;
    let made = Made {
        wall_time_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        events: Some(journal.events()),
        digest: &manifest::sha256(&content),
        journal: (book.name == NEXT_JOURNAL).then_some(book.name),
    };
    plan.finish(output, &made)?;
    present::print(&result, (args.format, args.formulas), console)?;
    present::tell(&shown, &directory, console);
    let failed = result.points.iter().filter(|point| point.failure.is_some());
    let failed = failed.count();
    if failed == 0 {
        return Ok(Exit::Success);
    }
    let all = counted(result.points.len(), "point");
    console.error(&format!(
        "error: {failed} of {all} failed; --resume tries again what could not be simulated"
    ));
    Ok(Exit::Failure)
}

fn axes(args: &Args, loaded: &Loaded) -> anyhow::Result<Vec<Axis>> {
    if args.vary.is_empty() {
        return Ok(loaded.axes.clone());
    }
    Ok(args
        .vary
        .iter()
        .map(|text| loaded.axis(text))
        .collect::<Result<_, _>>()?)
}

/// Which journal in the directory is written. It belongs to the scenario: with --resume, axes may have grown. What an
/// interrupted sweep has finished is never thrown away unasked; and the journal of finished results stays with them until
/// they are replaced.
struct Book {
    name: &'static str,
    resume: bool,
    /// A sweep that was told to replace what is here was interrupted, and is continued now.
    agreed: bool,
}

impl Book {
    fn of(args: &Args, loaded: &Loaded, directory: &Path) -> Book {
        let has = |name: &str| directory.join(name).exists();
        let (begun, next) = (has(manifest::JOURNAL), directory.join(NEXT_JOURNAL));
        if !has(manifest::FILE) {
            return Book {
                name: manifest::JOURNAL,
                resume: args.resume || begun && !args.force,
                agreed: false,
            };
        }
        let agreed = args.resume && Journal::belongs(&next, &identity(&loaded.scenario));
        if args.resume && !agreed {
            return Book {
                name: manifest::JOURNAL,
                resume: true,
                agreed,
            };
        }
        Book {
            name: NEXT_JOURNAL,
            resume: next.exists() && !args.force,
            agreed,
        }
    }

    fn open(
        &self,
        args: &Args,
        loaded: &Loaded,
        directory: &Path,
        console: Console,
    ) -> anyhow::Result<Journal> {
        let path = directory.join(self.name);
        let journal = Journal::open(&path, &identity(&loaded.scenario), self.resume)?;
        present::tell_damaged(&journal, &path, console);
        if self.resume && !args.resume && !journal.is_empty() {
            console.note(&format!(
                "continuing an interrupted sweep: {} finished already (--force begins anew)",
                counted(journal.len(), "run")
            ));
        }
        Ok(journal)
    }
}

/// Makes the runs of a sweep that the journal does not have; `(jobs, loss)` as in [`Options`].
pub fn simulate(
    loaded: &Loaded,
    axes: &[Axis],
    points: &[Point],
    journal: &mut Journal,
    (jobs, loss): (usize, bool),
    console: Console,
) -> anyhow::Result<SweepResult> {
    let job = &loaded.scenario.job;
    let replications = job.replications;
    let gently = Gently::begin();
    let mut options = Options {
        jobs,
        loss,
        seed: job.seed,
        replications,
        stop: gently.stop(),
        progress: &|_| {},
    };
    let runs = run_count(points, &options);
    let paths: Vec<&str> = axes.iter().map(|axis| axis.path.as_str()).collect();
    let over = if paths.is_empty() {
        "no axis (none in [sweep], no --vary)".to_owned()
    } else {
        paths.join(" and ")
    };
    console.note(&format!(
        "{} over {over}, {}: {}",
        counted(points.len(), "point"),
        counted(replications as usize, "replication"),
        counted(runs, "run"),
    ));
    let progress = Progress::new(console, runs, None);
    let tell = |finished| progress.set(finished);
    options.progress = &tell;
    let swept = sweep(points, &options, journal, |wanted| {
        wanted.simulation().watched(progress.watch()).run()
    });
    progress.finish();
    let swept = swept?;
    for trouble in &swept.troubles {
        console.note(&format!("warning: {trouble}"));
    }
    for (point, summary) in points.iter().zip(&swept.points) {
        if let Some(why) = &summary.failure {
            console.error(&format!("error: {}: {why}", point.label()));
        }
    }
    Ok(SweepResult {
        schema: SWEEP_SCHEMA.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        scenario: job.name.clone(),
        scenario_sha256: loaded.sha256(),
        scenario_toml: loaded.toml(),
        seed: job.seed,
        replications,
        axes: axes.iter().map(|axis| axis.path.clone()).collect(),
        points: swept.points,
    })
}
