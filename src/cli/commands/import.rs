//! `import`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::Value;

use crate::cli::answers;
use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::cli::progress::Progress;
use crate::cli::reach::Reach;
use crate::cli::signals::Gently;
use crate::experiment::fit::{self, Fit};
use crate::experiment::run::RunError;
use crate::experiment::saved;
use crate::recording::answers::{Answers, Files, layout};
use crate::recording::estimate::Draft;
use crate::recording::file::RecordingError;
use crate::recording::live::jobs::JobEntry;
use crate::recording::live::{JobManager, address};
use crate::recording::measured::{self, Samples};
use crate::recording::{estimate, file, known};
use crate::render::table;
use crate::scenario::load;
use crate::scenario::load::Loaded;

/// Make a scenario of a running job: from a JobManager's REST API, saved answers, or a recording
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  ckptsim import http://localhost:8081 -o mine.toml          # only reads; asks twice, 15 s apart
  ckptsim import http://localhost:8081 --job 2f0a --save answers
  ckptsim import https://flink.example.com/prod --ca ca.pem --token-file token -o mine.toml
  ckptsim import answers/                                     # job.json, plan.json, vertices/<id>.json ...
  ckptsim import recording.json -o recording.toml

Every estimated value says where it comes from; what could not be estimated is listed at the top.")]
pub struct Args {
    /// Address of a JobManager or History Server (https://..., http://..., HOST:PORT, or from the browser), directory of saved answers, archive of a job, or recording (JSON)
    from: String,
    /// Where to write the scenario, instead of standard output
    #[arg(short, long)]
    out: Option<PathBuf>,
    /// Overwrite an existing file
    #[arg(long, requires = "out")]
    force: bool,
    /// Which job, by its id, the beginning of its id, or its name; default: the only one that runs
    #[arg(long)]
    job: Option<String>,
    /// Live: seconds between the two readings of the counters; 0 reads once and averages since the start
    #[arg(long, value_name = "SECONDS", default_value_t = 15, value_parser = clap::value_parser!(u64).range(0..=3600))]
    observe: u64,
    /// Live: also save the answers into this directory, to be imported again
    #[arg(long, value_name = "DIR")]
    save: Option<PathBuf>,
    /// Do not simulate the scenario and compare it with what the cluster measured
    #[arg(long)]
    no_fit: bool,
    #[command(flatten)]
    reach: Reach,
}

/// Nobody waits longer to hear how good an estimate is.
const FIT_WITHIN: Duration = Duration::from_secs(60);
/// How long a JobManager takes to fetch metrics after it was asked, with room; and how often to ask again.
const METRICS_FETCH: Duration = Duration::from_millis(800);
const METRICS_TRIES: usize = 5;

/// Imports, and prints or writes the scenario.
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
    let path = Path::new(&args.from);
    let mut imported = if let Some(address) = address(&args.from) {
        live(&address, args, console)?
    } else if path.is_dir() {
        let files = answers::of_directory(path, args.job.as_deref())?;
        let mut imported = estimated(&files, &args.from)?;
        imported.draft.text.push_str(&measured_by(path, args));
        imported
    } else {
        single_file(path, args)?
    };
    let loaded = accepted(&imported.draft.text)?;
    for warning in &imported.draft.warnings {
        console.note(&format!("warning: {warning}"));
    }
    let fit = imported.measured.filter(|_| !args.no_fit);
    let fit = fit.and_then(|measured| compared(&measured, &loaded, console));
    if let Some(fit) = &fit {
        let told = table::fit_in_words(fit);
        let text = &mut imported.draft.text;
        let end = text.find('\n').map_or(0, |end| end + 1);
        text.insert_str(end, &format!("# {told}\n"));
        console.note(&format!(
            "\n{}\n{told}",
            table::fit(fit).text(console.width())
        ));
    }
    let text = &imported.draft.text;
    match &args.out {
        Some(out) => {
            saved::write(out, text.as_bytes())?;
            console.note(&format!("written to {}", out.display()));
        }
        None => console.result(text)?,
    }
    Ok(Exit::Success)
}

/// A scenario, and what the job measured, if that is not its recording's.
struct Imported {
    draft: Draft,
    measured: Option<Samples>,
}

impl From<Draft> for Imported {
    fn from(draft: Draft) -> Self {
        Imported {
            draft,
            measured: None,
        }
    }
}

/// What the scenario gives beside what the cluster measured; nothing, and why, if that takes too long.
fn compared(measured: &Samples, loaded: &Loaded, console: Console) -> Option<Fit> {
    let gently = Gently::begin();
    gently.within(FIT_WITHIN);
    let progress = Progress::new(console, fit::REPLICATIONS as usize, Some(gently.stop()));
    let fit = fit::fit(measured, &loaded.scenario, |wanted| {
        wanted.simulation().watched(progress.watch()).run()
    });
    progress.finish();
    let told = |why: &str| {
        console.note(&format!(
            "note: the scenario was not compared with what the cluster measured: {why}"
        ));
    };
    match fit {
        Ok(fit) => Some(fit),
        Err(RunError::Stopped) => {
            told(&format!(
                "its runs take more than {} s; `ckptsim validate` compares a scenario that names saved answers (--save)",
                FIT_WITHIN.as_secs()
            ));
            None
        }
        Err(error) => {
            told(&error.to_string());
            None
        }
    }
}

/// Nothing is written that `check` refuses.
fn accepted(text: &str) -> anyhow::Result<Loaded> {
    match load::parse(text, "the imported scenario", Path::new(""), &[]) {
        Ok(loaded) => Ok(loaded),
        Err(problems) => bail!(
            "nothing is written: `check` would refuse the scenario (the input contradicts itself, or a fault of `import`):\n{}",
            problems.render(false)
        ),
    }
}

fn live(address: &str, args: &Args, console: Console) -> anyhow::Result<Imported> {
    let manager = JobManager::new(address, args.reach.access_to(address, console)?)?;
    let job = manager.job(args.job.as_deref())?;
    let mut files = Files::default();
    if args.observe > 0 && job.is_alive() {
        counters(&manager, &job, "vertices-before", &mut files)?;
        console.note(&format!("counting for {} s (--observe) ...", args.observe));
        std::thread::sleep(Duration::from_secs(args.observe));
    }
    counters(&manager, &job, "vertices", &mut files)?;
    for refused in manager.answers(&job.id, &mut files)? {
        console.note(&format!("warning: {refused}: left out"));
    }
    if let Some(directory) = &args.save {
        let mut output = Output::open(directory)?;
        for (name, answer) in files.iter() {
            output.write(&format!("{name}.json"), &saved::json(answer))?;
        }
        output.commit([], None)?;
        console.note(&format!("answers saved in {}", directory.display()));
    }
    let mut imported = estimated(&files, address)?;
    if let Some(directory) = &args.save {
        imported.draft.text.push_str(&measured_by(directory, args));
    }
    Ok(imported)
}

/// Counters that are not older than a moment: a JobManager that nobody looked at has none, or old ones.
fn counters(
    manager: &JobManager,
    job: &JobEntry,
    name: &str,
    files: &mut Files,
) -> anyhow::Result<()> {
    manager.wake(&job.id)?;
    for _ in 0..METRICS_TRIES {
        std::thread::sleep(METRICS_FETCH);
        if manager.counters(&job.id, name, files)? {
            break;
        }
    }
    Ok(())
}

fn estimated(files: &Files, from: &str) -> anyhow::Result<Imported> {
    let answers = Answers::of_files(files).with_context(|| from.to_owned())?;
    Ok(Imported {
        draft: estimate::scenario(&answers, &answers.job)?,
        measured: Some(measured::of_answers(files, &answers)),
    })
}

/// The table that names what a scenario can be compared with again.
fn measured_by(path: &Path, args: &Args) -> String {
    let seen = seen_from(path, args.out.as_deref());
    let seen = toml::Value::from(seen.display().to_string());
    format!("\n[measured]\nrecording = {seen}\n")
}

/// A recording, or the archive of a job; one answer alone is not enough.
fn single_file(path: &Path, args: &Args) -> anyhow::Result<Imported> {
    let content = answers::text(path)?;
    let answer: Value = serde_json::from_str(&content)
        .with_context(|| format!("{} is not valid JSON", path.display()))?;
    if layout::is_archive(&answer) {
        let files = layout::files(vec![(String::new(), answer)], args.job.as_deref())?;
        return estimated(&files, &args.from);
    }
    if let Some(address) = layout::address_of(&answer) {
        bail!(
            "{} is the answer of {address} alone: put it into a directory with the others and import that (at least \
             plan.json or job.json of /jobs/<id>; vertices/<vertex id>.json, checkpoints.json, checkpoints/<n>.json and \
             checkpoints/<n>/<vertex id>.json for rates and state); `ckptsim import http://... --save DIR` makes it",
            path.display()
        );
    }
    Ok(recording(path, &content, args)?.into())
}

/// A recording with known parameters gives a scenario of these, with what was measured beside it; any other one is
/// estimated from its answers.
fn recording(path: &Path, content: &str, args: &Args) -> anyhow::Result<Draft> {
    let name = || path.display().to_string();
    let recording = file::read(content).with_context(name)?;
    let made = || -> Result<Draft, RecordingError> {
        if recording.is_known() {
            return Ok(Draft {
                text: known::scenario(&recording)?,
                warnings: Vec::new(),
            });
        }
        let answers = Answers::of_recording(&recording)?;
        estimate::scenario(&answers, &answers.job)
    };
    let mut draft = made().with_context(name)?;
    draft.text.push_str(&measured_by(path, args));
    Ok(draft)
}

/// The recording's path as the scenario beside it should write it: relative if it is in or below the same directory.
fn seen_from(recording: &Path, out: Option<&Path>) -> PathBuf {
    let absolute = std::path::absolute(recording).unwrap_or_else(|_| recording.to_owned());
    let Some(out) = out else {
        return recording.to_owned();
    };
    let out = std::path::absolute(out).unwrap_or_else(|_| out.to_owned());
    let below = out
        .parent()
        .and_then(|base| absolute.strip_prefix(base).ok());
    below.map_or_else(|| absolute.clone(), Path::to_owned)
}
