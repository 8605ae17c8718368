//! `import`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::Value;

use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::experiment::saved;
use crate::recording::answers::{Answers, Files};
use crate::recording::live::JobManager;
use crate::recording::{estimate, file, known};
use crate::scenario::input_file;

/// Make a scenario of a running job: from a JobManager's REST API, saved answers, or a recording
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  ckptsim import http://localhost:8081 -o mine.toml          # only reads; asks twice, 15 s apart
  ckptsim import http://localhost:8081 --job 2f0a... --save answers
  ckptsim import answers/                                     # job.json, plan.json, vertices/<id>.json ...
  ckptsim import recording.json -o recording.toml

Every estimated value says where it comes from; what could not be estimated is listed at the top.")]
pub struct Args {
    /// Address of a JobManager (http://...), directory of saved answers, or recording (JSON)
    from: String,
    /// Where to write the scenario, instead of standard output
    #[arg(short, long)]
    out: Option<PathBuf>,
    /// Overwrite an existing file
    #[arg(long, requires = "out")]
    force: bool,
    /// Id of the job, if several run
    #[arg(long)]
    job: Option<String>,
    /// Live: seconds between the two readings of the counters; 0 reads once and averages since the start
    #[arg(long, value_name = "SECONDS", default_value_t = 15, value_parser = clap::value_parser!(u64).range(0..=3600))]
    observe: u64,
    /// Live: also save the answers into this directory, to be imported again
    #[arg(long, value_name = "DIR")]
    save: Option<PathBuf>,
}

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
    let text = if args.from.starts_with("http://") || args.from.starts_with("https://") {
        live(args, console)?
    } else if Path::new(&args.from).is_dir() {
        let files = saved_answers(Path::new(&args.from))?;
        let answers = Answers::of_files(&files).with_context(|| args.from.clone())?;
        estimate::scenario(&answers, &answers.job)?
    } else {
        recording(Path::new(&args.from), args.out.as_deref())?
    };
    match &args.out {
        Some(out) => {
            saved::write(out, text.as_bytes())?;
            console.note(&format!("written to {}", out.display()));
        }
        None => console.result(&text)?,
    }
    Ok(Exit::Success)
}

fn live(args: &Args, console: Console) -> anyhow::Result<String> {
    let manager = JobManager::new(&args.from);
    let job = manager.job(args.job.as_deref())?;
    let mut files = Files::default();
    if args.observe > 0 {
        manager.counters(&job, &mut files)?;
        console.note(&format!("counting for {} s (--observe) ...", args.observe));
        std::thread::sleep(Duration::from_secs(args.observe));
    }
    manager.answers(&job, &mut files)?;
    if let Some(directory) = &args.save {
        let mut output = Output::open(directory)?;
        for (name, answer) in files.iter() {
            output.write(&format!("{name}.json"), &saved::json(answer))?;
        }
        output.commit([], None)?;
        console.note(&format!("answers saved in {}", directory.display()));
    }
    let answers = Answers::of_files(&files)?;
    Ok(estimate::scenario(&answers, &answers.job)?)
}

/// Reads all JSON files below a directory, two levels deep.
fn saved_answers(root: &Path) -> anyhow::Result<Files> {
    let mut files = Files::default();
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
                if prefix.matches('/').count() < 2 {
                    directories.push((path.clone(), format!("{name}/")));
                }
            } else if path
                .extension()
                .is_some_and(|extension| extension == "json")
            {
                files.insert(&name, json(&path)?);
            }
        }
    }
    if files.is_empty() {
        bail!("{}: there are no saved answers (*.json)", root.display());
    }
    Ok(files)
}

/// A recording with known parameters gives a scenario of these, with what was measured beside it; any other one is
/// estimated from its answers.
fn recording(path: &Path, out: Option<&Path>) -> anyhow::Result<String> {
    let name = || path.display().to_string();
    let recording = file::read(&text(path)?).with_context(name)?;
    let known = recording.is_known();
    let text = if known {
        known::scenario(&recording)
    } else {
        Answers::of_recording(&recording)
            .and_then(|answers| estimate::scenario(&answers, &answers.job))
    };
    let measured = toml::Value::from(seen_from(path, out).display().to_string());
    Ok(format!(
        "{}\n[measured]\nrecording = {measured}\n",
        text.with_context(name)?
    ))
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
    let bytes = input_file::bytes(path, input_file::RESULT_MAX)
        .with_context(|| format!("cannot read {}", path.display()))?;
    String::from_utf8(bytes).with_context(|| format!("{} is not UTF-8", path.display()))
}
