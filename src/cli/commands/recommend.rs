//! `recommend`.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use clap::ValueEnum;
use clap::builder::PossibleValuesParser;

use crate::cli::clock;
use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::cli::files;
use crate::cli::input::Input;
use crate::cli::jobs::Jobs;
use crate::cli::manifest::{self, Claim, Kind, Made, Plan, RECOMMENDATION};
use crate::cli::output::Output;
use crate::cli::present::{draw_recommendation, tell, tell_damaged};
use crate::cli::progress::Progress;
use crate::cli::signals::Gently;
use crate::experiment::journal::{Journal, JournalError};
use crate::experiment::recommend::answering::recommend;
use crate::experiment::recommend::ask::{Ask, BUDGET, REPLICATIONS, RecommendError};
use crate::experiment::recommend::choices::Choice;
use crate::experiment::recommend::headroom_input::Sought;
use crate::experiment::recommend::judge::Question;
use crate::experiment::recommend::search::SearchError;
use crate::experiment::recommend::{Recommendation, choices, objective};
use crate::experiment::{metric, objectives, saved};
use crate::render::recommend::{Emitted, emit, text};
use crate::scenario::load::Loaded;
use crate::units::{SimDuration, parse};

/// Find the checkpoint interval that meets all objectives at the lowest cost
#[derive(clap::Args, Debug)]
#[command(after_help = after_help())]
pub struct Args {
    #[command(flatten)]
    input: Input,
    /// What must hold: a metric, one of <= < >= >, a bound, such as `recovery_p95<=3min` (repeatable) [default: [objectives] of the scenario]
    #[arg(long, value_name = "METRIC<=BOUND")]
    objective: Vec<String>,
    /// What is as small as the objectives allow
    #[arg(
        long,
        alias = "minimize",
        value_name = "METRIC",
        default_value = objective::MINIMISED
    )]
    minimise: String,
    /// Choose this, too: `aligned,unaligned,timeout`, `incremental`, `retained=1,3`, `slots=1,1.5,2`, or a key with
    /// values as in `sweep --vary` (repeatable)
    #[arg(long, value_name = "CHOICE")]
    also: Vec<String>,
    /// Shortest interval [default: 10 s, or twice the duration of a checkpoint]
    #[arg(long, value_parser = duration)]
    from: Option<SimDuration>,
    /// Longest interval [default: 1 h]
    #[arg(long, value_parser = duration)]
    to: Option<SimDuration>,
    /// Mean time between failures, instead of that of `[failures]` [default: a failure a day]
    #[arg(long, value_parser = duration)]
    mtbf: Option<SimDuration>,
    /// How far back retained checkpoints should reach, instead of job.retention-wish
    #[arg(long, value_parser = duration)]
    keep: Option<SimDuration>,
    /// Runs that may be made; a search usually ends before
    #[arg(long, default_value_t = BUDGET)]
    budget: usize,
    /// Answer within this time with what is known by then; the same command goes on from there
    #[arg(long, value_name = "TIME", value_parser = duration)]
    within: Option<SimDuration>,
    /// How far can this go before an objective is missed? With the answer, and with the best interval
    #[arg(long, value_name = "INPUT", value_parser = PossibleValuesParser::new(Sought::words()))]
    find: Option<String>,
    /// Do not compute the sensitivity of the answer
    #[arg(long)]
    no_sensitivity: bool,
    #[command(flatten)]
    jobs: Jobs,
    /// Directory of the result, else `reports/SCENARIO-recommendation`
    #[arg(short, long)]
    out: Option<PathBuf>,
    /// Replace results of another kind in that directory; make all runs anew
    #[arg(long)]
    force: bool,
    /// What to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Print only the options to change, ready to paste
    #[arg(long, value_enum, conflicts_with = "format")]
    emit: Option<Emit>,
}

/// What is printed on stdout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Sentences and tables for people.
    #[default]
    Text,
    /// The saved result.
    Json,
}

/// Where options are pasted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Emit {
    /// config.yaml
    FlinkYaml,
    /// SET statements of the SQL client
    SqlSet,
    /// Calls on a Configuration
    Java,
    /// A patch of a `FlinkDeployment`, which the Kubernetes operator applies; its name is in $DEPLOYMENT
    KubectlPatch,
}

/// The runs of a journal name their scenarios themselves.
const RUNS_OF: &str = "recommendations";

/// Searches, saves, prints.
pub fn execute(args: &Args, console: Console) -> anyhow::Result<Exit> {
    let mut question = Question {
        objectives: objective::parse_all(&args.objective)?,
        minimised: objective::minimised(&args.minimise)?,
    };
    let began = clock::now();
    let loaded = args.input.load(console)?;
    if question.objectives.is_empty() {
        question.objectives = objectives::of(&loaded)?;
    }
    question.check()?;
    let find = args.find.as_deref().and_then(Sought::named);
    let choices = choices::parse_all(&args.also, &loaded)?;
    let directory = args.out.clone().unwrap_or_else(|| {
        Path::new("reports").join(format!("{}-recommendation", args.input.stem()))
    });
    let overrides = args.input.overrides();
    let plan = Plan {
        kind: Kind::Recommendation,
        loaded: &loaded,
        file: &args.input.file,
        replications: args.input.replications.unwrap_or(REPLICATIONS),
        overrides: &overrides,
        axes: &[],
        loss: false,
    };
    let mut output = Output::open(&directory)?;
    let claim = if args.force {
        Claim::Replace
    } else {
        Claim::New
    };
    plan.claim(&directory, claim)?;
    let kept = directory.join(files::RUNS);
    let journal = Mutex::new(runs(&kept, args.force, console)?);
    let gently = Gently::begin();
    if let Some(time) = args.within {
        gently.within(Duration::from_nanos(time.as_nanos()));
    }
    let asked = (question, choices, find);
    let found = searched(args, asked, &loaded, (&journal, &gently), console);
    let runs = journal.into_inner().unwrap_or_else(PoisonError::into_inner);
    if runs.is_empty() {
        // Without a run there is nothing to go on from.
        std::fs::remove_file(&kept)?;
    }
    let found = match found {
        Ok(found) => found,
        Err(RecommendError::Search(interrupted @ SearchError::Interrupted)) => {
            console.error(&interrupted.to_string());
            return Ok(Exit::Interrupted);
        }
        Err(RecommendError::Invalid(problems)) => return Err(problems.into()),
        Err(error) => return Err(error.into()),
    };
    let content = saved::json(&found);
    output.write(RECOMMENDATION, &content)?;
    let shown = draw_recommendation(&found, &mut output)?;
    let made = Made {
        wall_time_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        events: None,
        digest: &manifest::sha256(&content),
        journal: None,
    };
    plan.finish(output, &made)?;
    print(args, &found, console)?;
    tell(&shown, &directory, console);
    Ok(if gently.signalled() {
        Exit::Interrupted
    } else if found.chosen.is_some() {
        Exit::Success
    } else {
        Exit::Missed
    })
}

fn searched(
    args: &Args,
    (question, choices, find): (Question, Vec<Choice>, Option<Sought>),
    loaded: &Loaded,
    (journal, gently): (&Mutex<Journal>, &Gently),
    console: Console,
) -> Result<Recommendation, RecommendError> {
    let progress = Progress::new(console, args.budget, Some(gently.stop()));
    let tell = |finished| progress.set(finished);
    let ask = Ask {
        choices,
        from: args.from,
        to: args.to,
        mtbf: args.mtbf,
        keep: args.keep,
        find,
        budget: args.budget,
        replications: args.input.replications.unwrap_or(REPLICATIONS),
        jobs: args.jobs.jobs,
        sensitivity: !args.no_sensitivity,
        progress: &tell,
        ..Ask::new(question, journal, gently.stop())
    };
    recommend(loaded, &ask, |wanted| {
        wanted.simulation().watched(progress.watch()).run()
    })
}

/// Runs that were made before, for whichever question: what is found twice is simulated once.
fn runs(path: &Path, anew: bool, console: Console) -> anyhow::Result<Journal> {
    let journal = match Journal::open(path, RUNS_OF, !anew) {
        // Another version may simulate differently.
        Err(JournalError::Foreign { .. } | JournalError::OtherSweep { .. }) => {
            Journal::open(path, RUNS_OF, false)?
        }
        other => other?,
    };
    tell_damaged(&journal, path, console);
    Ok(journal)
}

fn print(args: &Args, found: &Recommendation, console: Console) -> anyhow::Result<()> {
    let form = args.emit.map(|emit| match emit {
        Emit::FlinkYaml => Emitted::FlinkYaml,
        Emit::SqlSet => Emitted::SqlSet,
        Emit::Java => Emitted::Java,
        Emit::KubectlPatch => Emitted::KubectlPatch,
    });
    match (form, args.format) {
        (Some(_), _) if found.chosen.is_none() => {
            console.error(&text(found, console.width()));
            Ok(())
        }
        (Some(form), _) => {
            for note in &found.notes {
                console.note(&format!("note: {note}"));
            }
            console.result(&emit(found, form))
        }
        (None, Format::Text) => console.text(&text(found, console.width())),
        (None, Format::Json) => console.result(&String::from_utf8_lossy(&saved::json(found))),
    }
}

fn duration(text: &str) -> Result<SimDuration, String> {
    let duration = parse::duration(text).map_err(|error| error.to_string())?;
    if duration < SimDuration::from_millis(10) {
        return Err("at least 10 ms".to_owned());
    }
    Ok(duration)
}

fn after_help() -> String {
    format!(
        "\
Examples:
  ckptsim recommend :production --objective 'duration_p99<=60s'
  ckptsim recommend :production --objective 'recovery_p95<=3min' --also aligned,unaligned
  ckptsim recommend :production --objective 'recovery_p95<=3min' --emit flink-yaml

Exit codes: 0 all objectives are met, 3 no configuration meets them, 1 and 2 as always.

Metrics (unit of the bound; percentiles over all runs of a configuration):
{}",
        metric::list()
    )
}
