//! Saved answers of a JobManager, from a directory.

use std::path::Path;

use anyhow::{Context, bail};
use serde_json::Value;

use crate::recording::answers::{Files, layout};
use crate::scenario::input_file;

/// A job's answers are some hundred files.
const FILES_MAX: usize = 100_000;
/// `web.tmpdir` has `jobs/<id>/checkpoints/details/<n>/subtasks/<vertex>.json`.
const DEPTH_MAX: usize = 7;
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
