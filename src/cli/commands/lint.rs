//! `lint`.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use serde_json::{Value, json};

use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::cli::findings;
use crate::cli::from_conf::{self, Taken};
use crate::render::number::counted;
use crate::scenario::conf::LAST_OF_1;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::scenario::flink_conf::Conf;
use crate::scenario::flink_names::{self, NEWEST, Version, version_of};
use crate::scenario::flink_options;
use crate::scenario::lint::configuration::Configuration;
use crate::scenario::lint::rules::{DOUBTFUL_LINE, REFUSED_VALUE};
use crate::scenario::load;
use crate::units::{SimDuration, parse};

/// Find what is misspelt, refused, without effect or dangerous in a configuration of Flink, for CI
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  ckptsim lint config.yaml
  ckptsim lint deployment.yaml --duration 90s --strict       # checkpoints take 90 s; warnings fail, too
  kubectl get flinkdeployment orders -o yaml | ckptsim lint -
  ckptsim lint k8s/*.yaml --format sarif > lint.sarif

Reads what `init --from` reads: config.yaml, flink-conf.yaml, FlinkDeployment, FlinkSessionJob, ConfigMap, Compose files,
values of Helm, SQL scripts, command lines, answers of /jobmanager/config. No value of an option that is not simulated is
ever shown.

Exit codes: 0 nothing that fails, 1 an error, or a warning with --strict, 2 a file cannot be read.")]
pub struct Args {
    /// Configurations; `-` is standard input
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Version of Flink that they are for [default: what a file says, else 2.3; 1.20 for flink-conf.yaml]
    #[arg(long, value_name = "VERSION", value_parser = flink_names::asked)]
    flink_version: Option<Version>,
    /// How long checkpoints take
    #[arg(long, value_name = "TIME", value_parser = duration)]
    duration: Option<SimDuration>,
    /// Warnings fail, too
    #[arg(long)]
    strict: bool,
    /// What to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What is printed on stdout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    #[default]
    Text,
    /// One object per file.
    Json,
    /// Commands of a GitHub workflow.
    Github,
    /// SARIF 2.1.0.
    Sarif,
}

/// Looks at every file, whatever the others are like.
pub fn execute(args: &Args, console: Console) -> anyhow::Result<Exit> {
    let mut exit = Exit::Success;
    let mut all: Vec<(String, Vec<Diagnostic>)> = Vec::new();
    for file in &args.files {
        let name = file.display().to_string();
        let found = match findings_of(args, file) {
            Ok(found) => found,
            Err(problems) => {
                exit = Exit::Usage;
                problems.0
            }
        };
        let fails = |one: &Diagnostic| {
            one.severity == Severity::Error || args.strict && one.severity == Severity::Warning
        };
        if exit == Exit::Success && found.iter().any(fails) {
            exit = Exit::Failure;
        }
        all.push((name, found));
    }
    match args.format {
        Format::Text => text(&all, console)?,
        Format::Json => {
            let files = all.iter().map(|(file, found)| {
                let problems: Vec<Value> = found.iter().map(findings::json).collect();
                json!({ "file": file, "problems": problems })
            });
            console.result(&serde_json::to_string(&files.collect::<Vec<Value>>())?)?;
        }
        Format::Github => {
            let lines = all
                .iter()
                .flat_map(|(file, found)| found.iter().map(|one| findings::github(one, file)));
            let lines: Vec<String> = lines.collect();
            if !lines.is_empty() {
                console.result(&lines.join("\n"))?;
            }
        }
        Format::Sarif => console.result(&serde_json::to_string_pretty(&findings::sarif(&all))?)?,
    }
    Ok(exit)
}

fn text(all: &[(String, Vec<Diagnostic>)], console: Console) -> anyhow::Result<()> {
    for (file, found) in all {
        console.diagnostics(&Diagnostics(found.clone()));
        let count = |severity| found.iter().filter(|one| one.severity == severity).count();
        console.text(&format!(
            "{file}: {}, {}",
            counted(count(Severity::Error), "error"),
            counted(count(Severity::Warning), "warning"),
        ))?;
    }
    Ok(())
}

/// Everything that is found in a file.
fn findings_of(args: &Args, file: &Path) -> Result<Vec<Diagnostic>, Diagnostics> {
    let conf = from_conf::read(file)?;
    let taken = Taken::of(&conf)?;
    let loaded = load::parse(&taken.text, "scenario", Path::new(""), &[])?;
    let coded = |code: &'static str, severity: Severity| {
        move |one: Diagnostic| Diagnostic {
            code: Some(code),
            severity,
            ..one
        }
    };
    // What Flink accepts breaks no build.
    let (accepted, refused): (Vec<_>, Vec<_>) = taken
        .refused
        .into_iter()
        .partition(|one| one.message.contains(flink_options::NOT_SIMULATED));
    let remarks = conf.remarks.iter().cloned();
    let configuration = Configuration {
        conf: &conf,
        scenario: &loaded.scenario,
        version: args.flink_version.unwrap_or_else(|| version_for(&conf)),
        duration: args.duration,
    };
    Ok(refused
        .into_iter()
        .map(coded(REFUSED_VALUE.code, Severity::Error))
        .chain(
            accepted
                .into_iter()
                .map(coded(REFUSED_VALUE.code, Severity::Warning)),
        )
        .chain(remarks.map(coded(DOUBTFUL_LINE.code, Severity::Warning)))
        .chain(configuration.findings())
        .collect())
}

/// The version that a file is for.
fn version_for(conf: &Conf) -> Version {
    let old = conf.facts.is_old.then_some(LAST_OF_1);
    let given = conf
        .facts
        .version
        .as_ref()
        .map(|(version, _)| version.as_str());
    let given = given.or(old);
    given.and_then(version_of).unwrap_or(NEWEST)
}

fn duration(text: &str) -> Result<SimDuration, String> {
    parse::duration(text).map_err(|error| error.to_string())
}
