//! `import`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::Value;

use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::cli::reach::Reach;
use crate::experiment::saved;
use crate::recording::answers::{Answers, Files, layout};
use crate::recording::estimate::Draft;
use crate::recording::file::RecordingError;
use crate::recording::live::JobManager;
use crate::recording::live::jobs::JobEntry;
use crate::recording::{estimate, file, known};
use crate::scenario::{input_file, load};

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
    #[command(flatten)]
    reach: Reach,
}

/// A job's answers are some hundred files.
const FILES_MAX: usize = 100_000;
/// `web.tmpdir` has `jobs/<id>/checkpoints/details/<n>/subtasks/<vertex>.json`.
const DEPTH_MAX: usize = 7;
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
    let draft = if let Some(address) = address(&args.from) {
        live(&address, args, console)?
    } else if path.is_dir() {
        let read = saved_answers(path)?;
        estimated(&layout::files(read, args.job.as_deref())?, &args.from)?
    } else {
        single_file(path, args)?
    };
    let text = accepted(&draft.text)?;
    for warning in &draft.warnings {
        console.note(&format!("warning: {warning}"));
    }
    match &args.out {
        Some(out) => {
            saved::write(out, text.as_bytes())?;
            console.note(&format!("written to {}", out.display()));
        }
        None => console.result(text)?,
    }
    Ok(Exit::Success)
}

/// Nothing is written that `check` refuses.
fn accepted(text: &str) -> anyhow::Result<&str> {
    match load::parse(text, "the imported scenario", Path::new(""), &[]) {
        Ok(_) => Ok(text),
        Err(problems) => bail!(
            "nothing is written: `check` would refuse the scenario (the input contradicts itself, or a fault of `import`):\n{}",
            problems.render(false)
        ),
    }
}

/// The address of a JobManager, also without its scheme.
fn address(from: &str) -> Option<String> {
    if from.starts_with("http://") || from.starts_with("https://") {
        return Some(from.to_owned());
    }
    let (host, rest) = from.split_once(':')?;
    let port = rest.split(['/', '#']).next().unwrap_or(rest);
    let is_port = port.parse::<u16>().is_ok();
    let is_host = host
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte));
    (is_port && is_host && !host.is_empty() && !Path::new(from).exists())
        .then(|| format!("http://{from}"))
}

fn live(address: &str, args: &Args, console: Console) -> anyhow::Result<Draft> {
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
    estimated(&files, address)
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

fn estimated(files: &Files, from: &str) -> anyhow::Result<Draft> {
    let answers = Answers::of_files(files).with_context(|| from.to_owned())?;
    Ok(estimate::scenario(&answers, &answers.job)?)
}

/// Reads all JSON files below a directory, and archives, whose names are the ids of their jobs.
fn saved_answers(root: &Path) -> anyhow::Result<Vec<(String, Value)>> {
    let mut read = Vec::new();
    let mut directories = vec![(root.to_owned(), String::new())];
    while let Some((directory, prefix)) = directories.pop() {
        let entries = std::fs::read_dir(&directory)
            .with_context(|| format!("cannot read {}", directory.display()))?;
        for entry in entries {
            let path = entry?.path();
            let Some(stem) = path.file_stem().and_then(|stem| stem.to_str()) else {
                continue;
            };
            let name = format!("{prefix}{stem}");
            if path.is_dir() {
                if prefix.matches('/').count() < DEPTH_MAX {
                    directories.push((path.clone(), format!("{name}/")));
                }
            } else if path
                .extension()
                .map_or(is_job_id(stem), |extension| extension == "json")
            {
                if read.len() >= FILES_MAX {
                    bail!("{}: more than {FILES_MAX} files", root.display());
                }
                read.push((name, json(&path)?));
            }
        }
    }
    if read.is_empty() {
        bail!("{}: there are no saved answers (*.json)", root.display());
    }
    Ok(read)
}

fn is_job_id(name: &str) -> bool {
    name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A recording, or the archive of a job; one answer alone is not enough.
fn single_file(path: &Path, args: &Args) -> anyhow::Result<Draft> {
    let content = text(path)?;
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
    recording(path, &content, args.out.as_deref())
}

/// A recording with known parameters gives a scenario of these, with what was measured beside it; any other one is
/// estimated from its answers.
fn recording(path: &Path, content: &str, out: Option<&Path>) -> anyhow::Result<Draft> {
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
    let measured = toml::Value::from(seen_from(path, out).display().to_string());
    let recorded = format!("\n[measured]\nrecording = {measured}\n");
    draft.text.push_str(&recorded);
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

fn json(path: &Path) -> anyhow::Result<Value> {
    serde_json::from_str(&text(path)?).with_context(|| path.display().to_string())
}

fn text(path: &Path) -> anyhow::Result<String> {
    let bytes =
        input_file::result(path).with_context(|| format!("cannot read {}", path.display()))?;
    String::from_utf8(bytes).with_context(|| format!("{} is not UTF-8", path.display()))
}
