//! `import`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::Value;

use crate::cli::answers::{Asked, OBSERVE, Source};
use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::cli::input::word;
use crate::cli::output::Output;
use crate::cli::progress::Progress;
use crate::cli::reach::Reach;
use crate::cli::signals::Gently;
use crate::experiment::fit::{self, Fit};
use crate::experiment::run::RunError;
use crate::experiment::saved;
use crate::recording::answers::{Answers, Files, job_file};
use crate::recording::clock::Clock;
use crate::recording::estimate::Draft;
use crate::recording::file::RecordingError;
use crate::recording::measured::{self, Samples};
use crate::recording::prometheus::History;
use crate::recording::{estimate, file, known};
use crate::render::table;
use crate::scenario::load;
use crate::scenario::load::Loaded;
use crate::units::print;

/// Make a scenario of a running job: from a JobManager's REST API, saved answers, or a recording
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  ckptsim import http://localhost:8081 -o mine.toml          # only reads; asks twice, 15 s apart
  ckptsim import http://localhost:8081 --job 2f0a --save answers
  ckptsim import https://flink.example.com/prod --ca ca.pem --token-file token -o mine.toml
  ckptsim import answers/                                     # job.json, plan.json, vertices/<id>.json ...
  ckptsim import http://localhost:8081 --save job.json --anonymise  # a job to attach to a report
  ckptsim import http://localhost:8081 --prometheus http://prometheus:9090 -o mine.toml   # with the last week
  ckptsim import recording.json -o recording.toml
  ckptsim import exported.json -o again.toml                  # a run that `export --json` has written: its scenario

Every estimated value says where it comes from; what could not be estimated is listed at the top.")]
pub struct Args {
    /// Address of a JobManager or History Server (https://..., http://..., HOST:PORT, or from the browser), directory of saved answers, archive of a job, recording, or an exported run (JSON)
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
    #[arg(long, value_name = "SECONDS", default_value_t = OBSERVE, value_parser = clap::value_parser!(u64).range(0..=3600))]
    observe: u64,
    /// Also save the answers, to be imported again: into this directory, or into one file if it ends in .json
    #[arg(long, value_name = "DIR|FILE.json")]
    save: Option<PathBuf>,
    /// Save no names, hosts, paths or ids: what can be attached to a report
    #[arg(long, requires = "save")]
    anonymise: bool,
    /// A Prometheus that keeps Flink's metrics (its address), or saved answers of `/api/v1/query_range` (file or directory):
    /// how often the job failed in the last week, its checkpoints and rates
    #[arg(long, value_name = "URL|FILE|DIR", conflicts_with = "anonymise")]
    prometheus: Option<String>,
    /// Do not simulate the scenario and compare it with what the cluster measured
    #[arg(long)]
    no_fit: bool,
    #[command(flatten)]
    reach: Reach,
}

/// Nobody waits longer to hear how good an estimate is.
const FIT_WITHIN: Duration = Duration::from_secs(60);
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
    let mut imported = match Asked::of(&args.from, args).read(console)? {
        Source::Answers(files) => of_answers(files, args, console)?,
        Source::Recording(_) if args.save.is_some() => {
            bail!(
                "--save is for the answers of a job; {} is a recording already",
                args.from
            )
        }
        Source::Recording(_) if args.prometheus.is_some() => {
            bail!(
                "--prometheus is for the answers of a job; {} is a recording",
                args.from
            )
        }
        Source::Recording(content) => recording(path, &content, args)?,
        Source::Exported(_) if args.save.is_some() || args.prometheus.is_some() => bail!(
            "{} is a simulated run, whose scenario is known: --save and --prometheus are for the answers of a job",
            args.from
        ),
        Source::Exported(text) => Imported {
            draft: Draft {
                text,
                warnings: Vec::new(),
            },
            measured: None,
        },
        Source::Log(log) => bail!(
            "{} is a {}, which does not tell the graph of the job; `ckptsim why {}` reads what became of its checkpoints",
            args.from,
            log.file(),
            word(path)
        ),
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

impl<'a> Asked<'a> {
    fn of(from: &'a str, args: &'a Args) -> Asked<'a> {
        Asked {
            from,
            job: args.job.as_deref(),
            observe: args.observe,
            reach: &args.reach,
        }
    }
}

/// What Prometheus remembers, behind the first line; and how often the job fails.
fn add_history(draft: &mut Draft, history: &History) {
    let lines = history
        .told()
        .into_iter()
        .map(|line| format!("# - {line}\n"));
    let told: String = std::iter::once("# What Prometheus remembers:\n".to_owned())
        .chain(lines)
        .collect();
    let end = draft.text.find('\n').map_or(0, |end| end + 1);
    draft.text.insert_str(end, &told);
    if let Some(between) = history.between_failures_s() {
        let span = print::seconds(history.span_s);
        let law = format!(
            "\n[failures]\nmtbf = \"{between:.0} s\" # estimated from numRestarts in the last {span}\n"
        );
        draft.text.push_str(&law);
    }
}

/// A scenario, and what the job measured, if that is not its recording's.
struct Imported {
    draft: Draft,
    measured: Option<Samples>,
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

/// Saves the answers if that is asked for, and estimates.
fn of_answers(files: Files, args: &Args, console: Console) -> anyhow::Result<Imported> {
    let kept = match &args.save {
        Some(place) => Some((place.as_path(), save(&files, place, args)?)),
        None => None,
    };
    let (place, files) = match kept {
        Some((place, kept)) => {
            console.note(&format!("answers saved in {}", place.display()));
            (Some(place), if args.anonymise { kept } else { files })
        }
        None => (
            Some(Path::new(&args.from)).filter(|from| from.exists()),
            files,
        ),
    };
    let answers = Answers::of_files(&files).with_context(|| args.from.clone())?;
    let mut draft = estimate::scenario(&answers, &answers.job)?;
    if let Some(from) = &args.prometheus {
        let id = files.get("job").get("jid").and_then(Value::as_str);
        let asked = Asked::of(from, args);
        add_history(
            &mut draft,
            &asked.history(id.unwrap_or(""), &answers.job, console)?,
        );
    }
    if let Some(place) = place {
        draft.text.push_str(&measured_by(place, args));
    }
    Ok(Imported {
        draft,
        measured: Some(measured::of_answers(&files, &answers)),
    })
}

/// Into a directory of answers, or into one file; gives what can be read there.
fn save(files: &Files, place: &Path, args: &Args) -> anyhow::Result<Files> {
    let file = job_file::write(files, args.anonymise);
    let kept = job_file::read(&file).expect("it was written so");
    if place
        .extension()
        .is_some_and(|extension| extension == "json")
    {
        saved::write(place, &saved::json(&file))?;
        return Ok(kept);
    }
    let mut output = Output::open(place)?;
    for (name, answer) in kept.iter() {
        output.write(&format!("{name}.json"), &saved::json(answer))?;
    }
    output.commit([], None)?;
    Ok(kept)
}

/// The table that names what a scenario can be compared with again.
fn measured_by(path: &Path, args: &Args) -> String {
    let seen = seen_from(path, args.out.as_deref());
    let seen = toml::Value::from(seen.display().to_string());
    format!("\n[measured]\nrecording = {seen}\n")
}

/// A recording with known parameters gives a scenario of these, which `validate` compares with it; any other one is
/// estimated from its answers, and compared.
fn recording(path: &Path, content: &str, args: &Args) -> anyhow::Result<Imported> {
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
    let is_whole = !recording.is_known() && !Clock::of(&recording).cut;
    Ok(Imported {
        draft,
        measured: is_whole.then(|| measured::of_recording(&recording)),
    })
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
    match below {
        Some(here) if here == Path::new("") => PathBuf::from("."),
        Some(below) => below.to_owned(),
        None => absolute.clone(),
    }
}
