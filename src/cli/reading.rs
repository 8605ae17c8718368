//! Results that are read again: nothing is believed that is not what was written.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::cli::console::Console;
use crate::cli::manifest::{self, Manifest, sha256};
use crate::cli::output;
use crate::experiment::run_document::{self, RunDocument};
use crate::experiment::saved::SavedError;
use crate::scenario::input_file;

/// A directory of results with its manifest, if it has one.
#[derive(Debug)]
pub struct Reading {
    directory: PathBuf,
    /// What the directory says of itself, itself checked.
    pub manifest: Option<Manifest>,
}

impl Reading {
    /// Reads the manifest; says so if there is none.
    pub fn of(directory: &Path, console: Console) -> anyhow::Result<Reading> {
        output::settle(directory)?;
        Reading::settled(directory, console)
    }

    /// The same by who holds the lock already.
    pub fn settled(directory: &Path, console: Console) -> anyhow::Result<Reading> {
        let manifest = match manifest::read(directory) {
            Ok(manifest) => Some(manifest),
            Err(SavedError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                let file = directory.join(manifest::FILE);
                console.note(&format!(
                    "warning: there is no {}: nobody can tell whether the results are as they were written",
                    file.display()
                ));
                None
            }
            Err(error) => return Err(error.into()),
        };
        Ok(Reading {
            directory: directory.to_owned(),
            manifest,
        })
    }

    /// The content of a file, which is what the manifest lists.
    pub fn content(&self, name: &str) -> anyhow::Result<Vec<u8>> {
        let path = self.directory.join(name);
        let content =
            input_file::result(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let Some(manifest) = &self.manifest else {
            return Ok(content);
        };
        let Some(written) = manifest.files.get(name) else {
            bail!(
                "{} does not belong to the {} in this directory: its {} does not list it",
                path.display(),
                manifest.kind.name(),
                manifest::FILE
            );
        };
        if sha256(&content) != *written {
            let path = path.display().to_string();
            let why = format!("its SHA-256 is not that in {}", manifest::FILE);
            return Err(SavedError::Damaged { path, why }.into());
        }
        Ok(content)
    }

    /// Files that are no longer what was written, with what has happened to them.
    pub fn changed(&self) -> Vec<(&str, &'static str)> {
        let files = self.manifest.iter().flat_map(|manifest| &manifest.files);
        files
            .filter_map(
                |(name, written)| match manifest::sha256_of(&self.directory.join(name)) {
                    None => Some((name.as_str(), "missing")),
                    Some(now) if now == *written => None,
                    Some(_) => Some((name.as_str(), "changed since it was written")),
                },
            )
            .collect()
    }
}

/// A directory, or the run.json in one; a scenario is TOML.
pub fn is_result(path: &Path) -> bool {
    path.is_dir()
        || path
            .extension()
            .is_some_and(|extension| extension == "json")
}

/// Whether there is a run in a directory, or the file that was named, once all is in its place.
pub fn has_run(path: &Path) -> anyhow::Result<bool> {
    output::settle(directory_of(&run_document::file(path)))?;
    Ok(run_document::file(path).exists())
}

/// The run of a directory, or of the file that was named.
pub fn run(path: &Path, console: Console) -> anyhow::Result<RunDocument> {
    let file = run_document::file(path);
    let name = file.file_name().unwrap_or_default();
    let name = name.to_string_lossy().into_owned();
    let mut reading = Reading::of(directory_of(&file), console)?;
    let listed = |manifest: &Manifest| manifest.files.contains_key(&name);
    if !path.is_dir()
        && name != run_document::FILE
        && !reading.manifest.as_ref().is_some_and(listed)
    {
        // A copy under a name of its own.
        reading.manifest = None;
    }
    let content = reading.content(&name)?;
    Ok(run_document::parse(&content, &file)?)
}

fn directory_of(file: &Path) -> &Path {
    match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
