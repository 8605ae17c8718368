//! `verify`.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde_json::Value;

use crate::cli::commands::{run, sweep};
use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::cli::jobs::Jobs;
use crate::cli::manifest::{self, Kind, Manifest, SWEEP};
use crate::cli::output;
use crate::cli::reading::Reading;
use crate::experiment::journal::Journal;
use crate::experiment::run_document::{self, RunDocument};
use crate::experiment::{grid, saved};
use crate::render::number::counted;
use crate::scenario::axis::Axis;
use crate::scenario::input_file;
use crate::scenario::load::{self, Loaded};

/// Make the results of a directory again, from its manifest, and compare them to the last digit
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  ckptsim run :skewed-join --out reports/join && ckptsim verify reports/join
  ckptsim verify reports/production --jobs 2

Exit code 0 if everything is equal, 1 if not; the first difference is named.")]
pub struct Args {
    /// Directory that `run --out` or `sweep` has written
    directory: PathBuf,
    #[command(flatten)]
    jobs: Jobs,
}

/// What may differ between two makings of a run: how long it took, who made it, and what only a directory has.
const NOT_COMPARED: [&str; 7] = [
    "version",
    "event_loop_ns",
    "flights",
    "watched",
    "queues",
    "explanation",
    "result.occupancy",
];

/// Reads the manifest, simulates, compares.
pub fn execute(args: &Args, console: Console) -> anyhow::Result<Exit> {
    let directory = &args.directory;
    output::settle(directory)?;
    let manifest = manifest::read(directory)
        .with_context(|| format!("{} cannot be verified", directory.display()))?;
    let own = env!("CARGO_PKG_VERSION");
    if manifest.version != own {
        let theirs = &manifest.version;
        console.note(&format!(
            "note: written by ckptsim {theirs}, made again by {own}"
        ));
    }
    let again = match manifest.kind {
        Kind::Run => make_run(&manifest, directory, console)?,
        Kind::Sweep => make_sweep(&manifest, args, console)?,
        Kind::Recommendation => bail!(
            "{} holds a recommendation; runs and sweeps can be verified, a question is asked again with `ckptsim recommend`",
            directory.display()
        ),
    };
    let file = directory.join(again.file);
    let saved: Value = serde_json::from_slice(
        &input_file::result(&file).with_context(|| format!("cannot read {}", file.display()))?,
    )
    .with_context(|| file.display().to_string())?;
    let mut differences = Vec::new();
    if let Some(found) = difference(&saved, &again.result, "") {
        differences.push(format!("{}: {found}", again.file));
    }
    if again.digest != manifest.digest {
        let (saved, now) = (&manifest.digest, &again.digest);
        differences.push(format!("digest: saved {saved}, made again {now}"));
    }
    let reading = Reading::of(directory, console)?;
    let changed = reading.changed();
    differences.extend(changed.iter().map(|(name, what)| format!("{name}: {what}")));
    let name = directory.display();
    if differences.is_empty() {
        let events = counted(manifest.events.unwrap_or(0) as usize, "event");
        console.text(&format!("{name}: equal, {events}, digest {}", again.digest))?;
        return Ok(Exit::Success);
    }
    console.text(&format!(
        "{name}: different\n  {}",
        differences.join("\n  ")
    ))?;
    Ok(Exit::Failure)
}

/// Results as they are now.
struct Again {
    file: &'static str,
    result: Value,
    digest: String,
}

fn make_run(manifest: &Manifest, directory: &Path, console: Console) -> anyhow::Result<Again> {
    let file = directory.join(manifest::SCENARIO);
    let loaded = load::load(&file, &[])?;
    expect_scenario(manifest, &loaded, &file)?;
    let outcome = run::simulate(&loaded, manifest.loss, console)?;
    Ok(Again {
        file: run_document::FILE,
        result: reread(&RunDocument::of(&loaded, &outcome).json(&loaded.scenario))?,
        digest: outcome.first.digest,
    })
}

/// A point is a change to what was written: the effective scenario would not do, as a profile's values are decided there.
fn make_sweep(manifest: &Manifest, args: &Args, console: Console) -> anyhow::Result<Again> {
    let file = Path::new(&manifest.scenario_file);
    let base = file.parent().unwrap_or(Path::new(""));
    let loaded = load::parse(&manifest.scenario_written, manifest::FILE, base, &[])?;
    expect_scenario(manifest, &loaded, file)?;
    let axes: Vec<Axis> = manifest
        .axes
        .iter()
        .map(|axis| Axis {
            path: axis.path.clone(),
            values: axis.values.clone(),
        })
        .collect();
    let points = grid::points(&loaded, &axes)?;
    let mut journal = Journal::in_memory();
    let options = (args.jobs.jobs, manifest.loss);
    let result = sweep::simulate(&loaded, &axes, &points, &mut journal, options, console)?;
    Ok(Again {
        file: SWEEP,
        result: reread(&result)?,
        digest: manifest::sha256(&saved::json(&result)),
    })
}

fn expect_scenario(manifest: &Manifest, loaded: &Loaded, file: &Path) -> anyhow::Result<()> {
    let (saved, now) = (&manifest.scenario_sha256, loaded.sha256());
    if *saved != now {
        bail!(
            "{} is not the scenario of the manifest: {saved:.16} there, {now:.16} here",
            file.display()
        );
    }
    Ok(())
}

/// As it reads back from a file, so that equal numbers are equal values.
fn reread(data: &impl serde::Serialize) -> anyhow::Result<Value> {
    Ok(serde_json::from_slice(&saved::json(data))?)
}

/// The first place, in the order of the keys, where two results differ.
fn difference(saved: &Value, now: &Value, path: &str) -> Option<String> {
    if NOT_COMPARED.contains(&path) {
        return None;
    }
    match (saved, now) {
        (Value::Object(saved), Value::Object(now)) => {
            let keys = saved
                .keys()
                .chain(now.keys().filter(|key| !saved.contains_key(*key)));
            keys.map(|key| {
                let of = |side: &serde_json::Map<String, Value>| {
                    side.get(key).cloned().unwrap_or(Value::Null)
                };
                let dot = if path.is_empty() { "" } else { "." };
                difference(&of(saved), &of(now), &format!("{path}{dot}{key}"))
            })
            .find_map(|found| found)
        }
        (Value::Array(saved), Value::Array(now)) => {
            let inside = saved
                .iter()
                .zip(now)
                .enumerate()
                .find_map(|(n, (saved, now))| difference(saved, now, &format!("{path}[{n}]")));
            let (before, after) = (saved.len(), now.len());
            let length = format!("{path}: saved {before} elements, made again {after}");
            inside.or_else(|| (before != after).then_some(length))
        }
        _ if saved == now => None,
        _ => Some(format!(
            "{path}: saved {}, made again {}",
            brief(saved),
            brief(now)
        )),
    }
}

fn brief(value: &Value) -> String {
    const LONGEST: usize = 60;
    let text = value.to_string();
    if text.chars().count() <= LONGEST {
        return text;
    }
    let beginning: String = text.chars().take(LONGEST).collect();
    format!("{beginning}…")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_first_difference_is_named_by_its_path() {
        let saved = json!({"a": [1, {"b": 2.5}], "version": "1"});
        assert_eq!(difference(&saved, &saved, ""), None);
        let now = json!({"a": [1, {"b": 2.75}], "version": "2"});
        assert_eq!(
            difference(&saved, &now, "").unwrap(),
            "a[1].b: saved 2.5, made again 2.75"
        );
        let longer = json!({"a": [1, {"b": 2.5}, 3]});
        assert_eq!(
            difference(&saved, &longer, "").unwrap(),
            "a: saved 2 elements, made again 3"
        );
        assert_eq!(
            difference(&json!({}), &json!({"c": 1}), "").unwrap(),
            "c: saved null, made again 1"
        );
    }
}
