//! `<command>.manifest.json`: what pictures were made of where no results lie beside them. Several commands may draw in
//! one directory, each has a manifest of its own. No clock and no machine: the same pictures give the same manifest.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use crate::cli::manifest::{Generator, sha256_of};
use crate::experiment::saved;

const SCHEMA: &str = "ckptsim.pictures/1";

/// What was drawn from what.
#[derive(Clone, Debug)]
pub struct Drawn<'a> {
    /// `demo`, `gallery`, or `validate`.
    pub command: &'static str,
    /// Scenarios or recordings by name, each with the SHA-256 of its content.
    pub inputs: BTreeMap<String, String>,
    /// Root seed, where all inputs share one.
    pub seed: Option<u64>,
    /// Runs per input, where it is the same for all.
    pub replications: Option<u32>,
    /// Names of the files that were written.
    pub files: &'a [String],
}

#[derive(Serialize)]
struct Content<'a> {
    schema: &'static str,
    command: &'static str,
    version: &'static str,
    inputs: &'a BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    replications: Option<u32>,
    random_generator: Generator,
    files: BTreeMap<&'a str, Option<String>>,
}

impl Drawn<'_> {
    /// Writes the manifest beside the files that it lists.
    pub fn write(&self, directory: &Path) -> anyhow::Result<()> {
        let content = Content {
            schema: SCHEMA,
            command: self.command,
            version: env!("CARGO_PKG_VERSION"),
            inputs: &self.inputs,
            seed: self.seed,
            replications: self.replications,
            random_generator: Generator::used(),
            files: self
                .files
                .iter()
                .map(|name| (name.as_str(), sha256_of(&directory.join(name))))
                .collect(),
        };
        let name = format!("{}.manifest.json", self.command);
        saved::write(&directory.join(name), &saved::json(&content))?;
        Ok(())
    }
}
