//! The answers of a JobManager, wherever they are: live, in a directory, in an archive, in one file.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::Value;

use crate::cli::clock;
use crate::cli::console::Console;
use crate::cli::reach::Reach;
use crate::recording::answers::{Files, job_file, layout};
use crate::recording::live::jobs::JobEntry;
use crate::recording::live::{self, JobManager, address};
use crate::recording::log::{self, Log};
use crate::recording::prometheus::{self, History};
use crate::recording::spans;
use crate::render::export::rest;
use crate::scenario::{flink_conf, input_file};

/// A job's answers are some hundred files.
const FILES_MAX: usize = 100_000;
/// `web.tmpdir` has `jobs/<id>/checkpoints/details/<n>/subtasks/<vertex>.json`.
const DEPTH_MAX: usize = 7;
/// How long a JobManager takes to fetch metrics after it was asked, with room; and how often to ask again.
const METRICS_FETCH: Duration = Duration::from_millis(800);
const METRICS_TRIES: usize = 5;

/// Seconds between the two readings of a live job's counters, where nobody says.
pub const OBSERVE: u64 = 15;

/// What is asked for.
pub struct Asked<'a> {
    /// Address, directory or file.
    pub from: &'a str,
    /// Which job, if there are several.
    pub job: Option<&'a str>,
    /// Live: seconds between two readings of the counters; 0 = one reading.
    pub observe: u64,
    /// Live: how the server is reached.
    pub reach: &'a Reach,
}

/// What is there.
pub enum Source {
    /// The answers about a job.
    Answers(Files),
    /// The text of what may be a recording.
    Recording(String),
    /// The scenario of a simulated run that was exported.
    Exported(String),
    /// A JobManager's log, or the spans that Flink has reported.
    Log(Log),
}

impl Asked<'_> {
    /// Reads it.
    pub fn read(&self, console: Console) -> anyhow::Result<Source> {
        let path = Path::new(self.from);
        if let Some(address) = address(self.from).filter(|_| !path.exists()) {
            return Ok(Source::Answers(self.live(&address, console)?));
        }
        if path.is_dir() {
            return Ok(Source::Answers(of_directory(path, self.job)?));
        }
        let content = text(path)?;
        if let Some(spans) = spans::read(&content) {
            return Ok(Source::Log(spans));
        }
        let parsed = serde_json::from_str(&content);
        // An archive may quote a log; a log is no JSON.
        if let (Err(_), Some(log)) = (&parsed, log::read(&content)) {
            return Ok(Source::Log(log));
        }
        if parsed.is_err() && flink_conf::is_log(&content) {
            bail!(
                "{} is a log without a line about checkpoints or restarts of a job",
                path.display()
            );
        }
        let answer: Value =
            parsed.with_context(|| format!("{} is not valid JSON", path.display()))?;
        if let Some(scenario) = rest::scenario_of(&answer) {
            return Ok(Source::Exported(scenario.to_owned()));
        }
        if let Some(files) = job_file::read(&answer) {
            return Ok(Source::Answers(files));
        }
        if layout::is_archive(&answer) {
            let files = layout::files(vec![(String::new(), answer)], self.job)?;
            return Ok(Source::Answers(files));
        }
        if let Some(address) = layout::address_of(&answer) {
            bail!(
                "{} is the answer of {address} alone: put it into a directory with the others and name that (at least \
                 plan.json or job.json of /jobs/<id>; vertices/<vertex id>.json, checkpoints.json, checkpoints/<n>.json and \
                 checkpoints/<n>/<vertex id>.json for rates and state); `ckptsim import http://... --save DIR` makes it",
                path.display()
            );
        }
        Ok(Source::Recording(content))
    }

    /// The history of a job, from Prometheus or from its saved answers.
    pub fn history(&self, id: &str, name: &str, console: Console) -> anyhow::Result<History> {
        let path = Path::new(self.from);
        let answers = match address(self.from).filter(|_| !path.exists()) {
            Some(address) => {
                let access = self.reach.prometheus(&address, console)?;
                live::prometheus::answers(&address, access, clock::today_s())?
            }
            None if path.is_dir() => saved_answers(path)?,
            None => vec![(stem(path), json(path)?)],
        };
        let metric = |(name, answer): (String, Value)| {
            let metric = name.rsplit('/').next().unwrap_or_default();
            prometheus::is_answer(&answer).then(|| (metric.to_owned(), answer))
        };
        let answers: Vec<(String, Value)> = answers.into_iter().filter_map(metric).collect();
        prometheus::read(&answers, id, name).with_context(|| self.from.to_owned())
    }

    fn live(&self, address: &str, console: Console) -> anyhow::Result<Files> {
        let manager = JobManager::new(address, self.reach.access_to(address, console)?)?;
        let job = manager.job(self.job)?;
        let mut files = Files::default();
        if self.observe > 0 && job.is_alive() {
            counters(&manager, &job, "vertices-before", &mut files)?;
            console.note(&format!("counting for {} s (--observe) ...", self.observe));
            std::thread::sleep(Duration::from_secs(self.observe));
        }
        counters(&manager, &job, "vertices", &mut files)?;
        for refused in manager.answers(&job.id, &mut files)? {
            console.note(&format!("warning: {refused}: left out"));
        }
        Ok(files)
    }
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

/// The answers about one job, `wanted` if there are several, below a directory.
pub fn of_directory(root: &Path, wanted: Option<&str>) -> anyhow::Result<Files> {
    Ok(layout::files(saved_answers(root)?, wanted)?)
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

fn stem(path: &Path) -> String {
    let stem = path.file_stem().and_then(|stem| stem.to_str());
    stem.unwrap_or_default().to_owned()
}

fn is_job_id(name: &str) -> bool {
    name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn json(path: &Path) -> anyhow::Result<Value> {
    serde_json::from_str(&text(path)?).with_context(|| path.display().to_string())
}

/// The text of a file.
pub fn text(path: &Path) -> anyhow::Result<String> {
    let bytes =
        input_file::result(path).with_context(|| format!("cannot read {}", path.display()))?;
    String::from_utf8(bytes).with_context(|| format!("{} is not UTF-8", path.display()))
}
