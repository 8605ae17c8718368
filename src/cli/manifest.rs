//! `manifest.json`: what a directory of results was made of, so that anybody can make it again and compare.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::engine::streams;
use crate::experiment::saved::{self, SavedError};
use crate::scenario::axis::Axis;
use crate::scenario::edit;
use crate::scenario::load::Loaded;

/// Name of the file.
pub const FILE: &str = "manifest.json";
/// Name of the effective scenario: every default decided, every override applied.
pub const SCENARIO: &str = "scenario.toml";
/// Name of the journal, all that there is of a sweep that was not finished.
pub const JOURNAL: &str = "journal.ndjson";
/// Name of a saved recommendation.
pub const RECOMMENDATION: &str = "recommendation.json";
/// Files that hold results.
const RESULTS: [&str; 4] = ["run.json", "results.json", RECOMMENDATION, JOURNAL];

const SCHEMA: &str = "ckptsim.manifest/1";

/// What kind of results a directory holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// One configuration: `run.json`.
    Run,
    /// A grid of them: `results.json`.
    Sweep,
    /// An answer: `recommendation.json`.
    Recommendation,
}

impl Kind {
    /// For messages.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Run => "run",
            Kind::Sweep => "sweep",
            Kind::Recommendation => "recommendation",
        }
    }
}

/// The content of the file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Manifest {
    schema: String,
    /// What the directory holds.
    pub kind: Kind,
    /// Version of the program.
    pub version: String,
    command: Vec<String>,
    /// The scenario file as the user named it.
    pub scenario_file: String,
    scenario_file_sha256: Option<String>,
    /// Keys changed on the command line.
    pub overrides: BTreeMap<String, String>,
    /// SHA-256 of the effective scenario, which `sha256sum scenario.toml` gives.
    pub scenario_sha256: String,
    /// The scenario as it was written, overrides applied, defaults left out: points of a sweep are changes to this text.
    pub scenario_written: String,
    /// Root seed.
    pub seed: u64,
    /// Runs per point.
    pub replications: u32,
    /// Whether throughput loss was measured.
    pub loss: bool,
    /// Swept keys with their values.
    pub axes: Vec<SavedAxis>,
    /// Where random numbers come from.
    pub random_generator: Generator,
    platform: String,
    wall_time_ms: u64,
    /// Events of all runs, where they were counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<u64>,
    /// Digest of the results.
    pub digest: String,
    /// SHA-256 of every file that was written, as `sha256sum` gives it; null if it had gone by then.
    pub files: BTreeMap<String, Option<String>>,
}

/// An axis as it was swept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedAxis {
    /// Path of the key.
    pub path: String,
    /// Values as written.
    pub values: Vec<String>,
}

/// A generator of random numbers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Generator {
    /// Its crate or algorithm.
    pub name: String,
    /// Its version.
    pub version: String,
}

impl Generator {
    /// The one of this program.
    pub fn used() -> Generator {
        Generator {
            name: streams::GENERATOR.to_owned(),
            version: streams::GENERATOR_VERSION.to_owned(),
        }
    }
}

/// What is going to be made.
#[derive(Clone, Copy, Debug)]
pub struct Plan<'a> {
    /// A run or a sweep.
    pub kind: Kind,
    /// The scenario.
    pub loaded: &'a Loaded,
    /// The scenario file as the user named it.
    pub file: &'a Path,
    /// Runs per point.
    pub replications: u32,
    /// Changes of `--set`, `--seed` and `--replications`.
    pub overrides: &'a [(String, String)],
    /// Axes of a sweep.
    pub axes: &'a [Axis],
    /// Whether throughput loss is measured.
    pub loss: bool,
}

/// What may happen to results that are in the directory already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The same results may be made again.
    New,
    /// Anything may be taken away.
    Replace,
    /// A sweep over other values of the same scenario may go on.
    Continue,
}

/// What came of it.
#[derive(Clone, Copy, Debug)]
pub struct Made<'a> {
    /// Real time that it took, in milliseconds.
    pub wall_time_ms: u64,
    /// Events of all runs, where they were counted.
    pub events: Option<u64>,
    /// Digest of the results.
    pub digest: &'a str,
    /// Names of the files that were written.
    pub files: &'a [String],
}

impl Plan<'_> {
    /// Makes sure, before anything is simulated, that the directory can be written and holds no results of something
    /// else; takes those away if that is wanted.
    pub fn claim(&self, directory: &Path, claim: Claim) -> anyhow::Result<()> {
        std::fs::create_dir_all(directory)
            .with_context(|| format!("cannot create {}", directory.display()))?;
        tempfile::tempfile_in(directory)
            .with_context(|| format!("cannot write into {}", directory.display()))?;
        let Some(found) = self.others(directory, claim) else {
            // Another answer has other pictures.
            return match self.kind {
                Kind::Recommendation => clear(directory),
                Kind::Run | Kind::Sweep => Ok(()),
            };
        };
        if claim == Claim::Replace {
            return clear(directory);
        }
        bail!(
            "{} holds {found}; add --force to replace it, or name another directory with --out",
            directory.display()
        );
    }

    /// What a directory holds that is not what this plan makes.
    fn others(&self, directory: &Path, claim: Claim) -> Option<String> {
        match read(directory) {
            // Whether it is the same scenario but for the number of replications, the journal knows.
            Ok(manifest) if claim == Claim::Continue && self.continues(&manifest) => None,
            Ok(manifest) if self.matches(&manifest) => None,
            Ok(manifest) => Some(format!(
                "another {} (scenario {:.8}, seed {}, {})",
                manifest.kind.name(),
                manifest.scenario_sha256,
                manifest.seed,
                axes_text(&manifest.axes),
            )),
            Err(SavedError::Content { .. }) => Some("results of another version".to_owned()),
            Err(SavedError::Io { .. }) => self.unlisted(directory),
        }
    }

    /// A directory without a manifest: an earlier version wrote it, or a kill came before the manifest.
    fn unlisted(&self, directory: &Path) -> Option<String> {
        let sha256 = self.loaded.sha256();
        let is_ours = |name: &str| {
            let text = std::fs::read(directory.join(name)).unwrap_or_default();
            let result: Option<Value> = serde_json::from_slice(&text).ok();
            result.is_some_and(|result| result["scenario_sha256"] == sha256.as_str())
        };
        let other = |name: &&str| match (*name, self.kind) {
            // The journal of an unfinished sweep knows itself whether it belongs to this one.
            (JOURNAL, Kind::Sweep) | (RECOMMENDATION, Kind::Recommendation) => false,
            (name, _) => directory.join(name).exists() && !is_ours(name),
        };
        RESULTS
            .into_iter()
            .find(other)
            .map(|name| format!("a {name} of something else"))
    }

    fn continues(&self, manifest: &Manifest) -> bool {
        manifest.kind == self.kind
            && manifest.seed == self.loaded.scenario.job.seed
            && grown(&manifest.axes, &saved_axes(self.axes))
    }

    /// The same results made again; a question may be asked anew, its answer then is another one.
    fn matches(&self, manifest: &Manifest) -> bool {
        if self.kind == Kind::Recommendation {
            return manifest.kind == self.kind;
        }
        manifest.kind == self.kind
            && manifest.scenario_sha256 == self.loaded.sha256()
            && manifest.axes == saved_axes(self.axes)
            && manifest.loss == self.loss
    }

    /// Writes the effective scenario, and the manifest beside the files that it lists.
    pub fn finish(&self, directory: &Path, made: &Made<'_>) -> anyhow::Result<()> {
        let toml = self.loaded.toml();
        saved::write(&directory.join(SCENARIO), toml.as_bytes())?;
        let names = made.files.iter().map(String::as_str).chain([SCENARIO]);
        let job = &self.loaded.scenario.job;
        let manifest = Manifest {
            schema: SCHEMA.to_owned(),
            kind: self.kind,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            command: command(),
            scenario_file: self.file.display().to_string(),
            scenario_file_sha256: sha256_of(self.file),
            overrides: self
                .overrides
                .iter()
                .map(|(path, value)| (path.clone(), edit::kept(path, value)))
                .collect(),
            scenario_sha256: self.loaded.sha256(),
            scenario_written: self.loaded.written(),
            seed: job.seed,
            replications: self.replications,
            loss: self.loss,
            axes: saved_axes(self.axes),
            random_generator: Generator::used(),
            platform: format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS),
            wall_time_ms: made.wall_time_ms,
            events: made.events,
            digest: made.digest.to_owned(),
            files: names
                .map(|name| (name.to_owned(), sha256_of(&directory.join(name))))
                .collect(),
        };
        saved::write(&directory.join(FILE), &saved::json(&manifest))?;
        Ok(())
    }
}

/// Reads the manifest of a directory.
pub fn read(directory: &Path) -> Result<Manifest, SavedError> {
    saved::read(&directory.join(FILE), SCHEMA)
}

/// SHA-256 in hexadecimal digits.
pub fn sha256(content: &[u8]) -> String {
    Sha256::digest(content)
        .iter()
        .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}

/// SHA-256 of a file; `None` if it cannot be read.
pub fn sha256_of(path: &Path) -> Option<String> {
    std::fs::read(path).ok().map(|content| sha256(&content))
}

/// Takes away what an earlier command has written: a picture of other results must not stand beside new ones.
fn clear(directory: &Path) -> anyhow::Result<()> {
    let listed = read(directory).map(|manifest| manifest.files);
    let names = listed.unwrap_or_default().into_keys();
    for name in names.chain(RESULTS.iter().chain([&FILE]).map(|name| (*name).to_owned())) {
        // Names of files, not ways out of the directory.
        if Path::new(&name)
            .file_name()
            .is_none_or(|own| own != name.as_str())
        {
            continue;
        }
        let path = directory.join(name);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("cannot remove {}", path.display()));
            }
            _ => {}
        }
    }
    Ok(())
}

fn saved_axes(axes: &[Axis]) -> Vec<SavedAxis> {
    let saved = axes.iter().map(|axis| SavedAxis {
        path: axis.path.clone(),
        values: axis.values.clone(),
    });
    saved.collect()
}

/// Whether all values of a sweep are also among those of another.
fn grown(before: &[SavedAxis], now: &[SavedAxis]) -> bool {
    before.iter().all(|axis| {
        let same = now.iter().find(|one| one.path == axis.path);
        same.is_some_and(|one| axis.values.iter().all(|value| one.values.contains(value)))
    })
}

fn axes_text(axes: &[SavedAxis]) -> String {
    if axes.is_empty() {
        return "no axis".to_owned();
    }
    let paths: Vec<&str> = axes.iter().map(|axis| axis.path.as_str()).collect();
    format!("over {}", paths.join(" and "))
}

/// The command line, without the values of options that are not used.
fn command() -> Vec<String> {
    std::env::args_os()
        .map(|word| kept_word(&word.to_string_lossy()))
        .collect()
}

/// `path=value` or `--set=path=value`.
fn kept_word(word: &str) -> String {
    let (option, setting) = match word.split_once('=') {
        Some((option, setting)) if option.starts_with('-') => (format!("{option}="), setting),
        _ => (String::new(), word),
    };
    match setting.split_once('=') {
        Some((path, value)) => format!("{option}{path}={}", edit::kept(path, value)),
        None => word.to_owned(),
    }
}
