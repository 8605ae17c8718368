//! `manifest.json`: what a directory of results was made of, so that anybody can make it again and compare.

use std::path::Path;

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::experiment::saved;
use crate::scenario::load::Loaded;

/// Name of the file.
pub const FILE: &str = "manifest.json";

/// What the manifest says besides the scenario.
#[derive(Clone, Copy, Debug)]
pub struct Manifest<'a> {
    /// The scenario file as the user named it.
    pub file: &'a Path,
    /// Changes of `--set`, `--seed` and `--replications`.
    pub overrides: &'a [(String, String)],
    /// Real time that it took, in milliseconds.
    pub wall_time_ms: u64,
    /// Names of the files that were written.
    pub files: &'a [String],
}

impl Manifest<'_> {
    /// Writes the manifest beside the files that it lists; hashes are those of `sha256sum`.
    pub fn write(&self, loaded: &Loaded, directory: &Path) -> anyhow::Result<()> {
        let hashes: Map<String, Value> = self
            .files
            .iter()
            .map(|name| (name.clone(), sha256(&directory.join(name))))
            .collect();
        let overrides: Map<String, Value> = self
            .overrides
            .iter()
            .map(|(path, value)| (path.clone(), json!(value)))
            .collect();
        let job = &loaded.scenario.job;
        let manifest = json!({
            "schema": "ckptsim.manifest/1",
            "version": env!("CARGO_PKG_VERSION"),
            "command": command(),
            "scenario_file": self.file,
            "scenario_file_sha256": sha256(self.file),
            "overrides": overrides,
            "scenario_sha256": loaded.sha256(),
            "seed": job.seed,
            "replications": job.replications,
            "random_generator": "Pcg64Mcg",
            "platform": format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS),
            "wall_time_ms": self.wall_time_ms,
            "files": hashes,
        });
        saved::write(&directory.join(FILE), &saved::json(&manifest))?;
        Ok(())
    }
}

fn command() -> Vec<String> {
    std::env::args_os()
        .map(|word| word.to_string_lossy().into_owned())
        .collect()
}

/// Null if the file has gone meanwhile.
fn sha256(path: &Path) -> Value {
    let hex = |content: Vec<u8>| {
        Sha256::digest(&content)
            .iter()
            .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
    };
    std::fs::read(path).map_or(Value::Null, |content| hex(content).into())
}
