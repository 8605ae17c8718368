//! `<command>.manifest.json`: what pictures were made of where no results lie beside them. Several commands may draw in
//! one directory, each has a manifest of its own. No clock and no machine: the same pictures give the same manifest.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::cli::manifest::{self, Generator};
use crate::cli::output::Output;
use crate::experiment::saved;

const SCHEMA: &str = "ckptsim.pictures/1";

/// What was drawn from what.
#[derive(Debug)]
pub struct Drawn {
    /// `demo`, `gallery`, or `validate`.
    pub command: &'static str,
    /// Scenarios or recordings by name, each with the SHA-256 of its content.
    pub inputs: BTreeMap<String, String>,
    /// Root seed, where all inputs share one.
    pub seed: Option<u64>,
    /// Runs per input, where it is the same for all.
    pub replications: Option<u32>,
    /// All that was drawn.
    pub output: Output,
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
    files: &'a BTreeMap<String, String>,
}

impl Drawn {
    /// Adds the manifest, and replaces what the command has drawn there before.
    pub fn finish(mut self) -> anyhow::Result<()> {
        let content = Content {
            schema: SCHEMA,
            command: self.command,
            version: env!("CARGO_PKG_VERSION"),
            inputs: &self.inputs,
            seed: self.seed,
            replications: self.replications,
            random_generator: Generator::used(),
            files: self.output.written(),
        };
        let name = format!("{}.{}", self.command, manifest::FILE);
        let content = saved::json(&content);
        let earlier = manifest::listed(&self.output.directory().join(&name));
        self.output.write(&name, &content)?;
        self.output.commit(earlier, None)
    }
}
