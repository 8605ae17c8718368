//! `manifest.json`: what a directory of results was made of, so that anybody can make it again and compare.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::bail;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use crate::cli::files::{
    FILE, JOURNAL, NEXT_JOURNAL, ONE_PAGE, PAGE, RECOMMENDATION, SCENARIO, SUMMARY, SWEEP, sha256,
    sha256_of,
};
use crate::cli::output::Output;
use crate::engine::streams;
use crate::experiment::saved::{self, SavedError};
use crate::scenario::axis::Axis;
use crate::scenario::edit;
use crate::scenario::input_file;
use crate::scenario::load::Loaded;

/// Files that hold results.
const RESULTS: [&str; 4] = ["run.json", SWEEP, RECOMMENDATION, JOURNAL];
/// Files that are about results, which earlier versions did not list.
const ABOUT: [&str; 4] = [PAGE, SUMMARY, SCENARIO, NEXT_JOURNAL];

const SCHEMA: &str = "ckptsim.manifest/2";

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
    /// SHA-256 of every file that was written, as `sha256sum` gives it.
    pub files: BTreeMap<String, String>,
    /// SHA-256 of this file with 64 zeros here.
    seal: String,
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
    /// Name of a journal that becomes that of the results.
    pub journal: Option<&'a str>,
}

impl Plan<'_> {
    /// Makes sure, before anything is simulated, that the directory holds no results of something else that nobody wants
    /// replaced. It is only looked at.
    pub fn claim(&self, directory: &Path, claim: Claim) -> anyhow::Result<()> {
        let found = match claim {
            Claim::Replace => None,
            Claim::New | Claim::Continue => self.others(directory, claim),
        };
        if let Some(found) = found {
            let begun = self.kind == Kind::Sweep && directory.join(NEXT_JOURNAL).exists();
            let or_resume = if begun {
                ", --resume to go on with the sweep that was interrupted while it did"
            } else {
                ""
            };
            bail!(
                "{} holds {found}; add --force to replace it{or_resume}, or name another directory with --out",
                directory.display()
            );
        }
        Ok(())
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
            Err(SavedError::Damaged { .. }) => Some(format!("results with a damaged {FILE}")),
            Err(SavedError::Io { source, .. }) if source.kind() != ErrorKind::NotFound => {
                Some(format!("a {FILE} that cannot be read ({source})"))
            }
            Err(SavedError::Io { .. }) => self.unlisted(directory),
        }
    }

    /// A directory without a manifest: an earlier version wrote it, or a kill came before the manifest.
    fn unlisted(&self, directory: &Path) -> Option<String> {
        let sha256 = self.loaded.sha256();
        let is_ours = |name: &str| {
            let text = input_file::result(&directory.join(name)).unwrap_or_default();
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

    /// Adds the effective scenario and the manifest to the new results, and replaces the earlier ones.
    pub fn finish(&self, mut output: Output, made: &Made<'_>) -> anyhow::Result<()> {
        output.write(SCENARIO, self.loaded.toml().as_bytes())?;
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
            files: output.written().clone(),
            seal: String::new(),
        };
        output.write(FILE, &manifest.sealed())?;
        let mut earlier = earlier(output.directory());
        if self.kind == Kind::Sweep {
            earlier.retain(|name| name != JOURNAL);
        }
        output.commit(earlier, made.journal.map(|name| (name, JOURNAL)))
    }
}

impl Manifest {
    /// The content of the file.
    pub fn sealed(&self) -> Vec<u8> {
        let open = Manifest {
            seal: UNSEALED.to_owned(),
            ..self.clone()
        };
        let text = saved::json(&open);
        let seal = seal_of(&text, UNSEALED);
        saved::json(&Manifest { seal, ..open })
    }

    /// The manifest of a directory in which these files stand, too.
    pub fn with(mut self, files: &BTreeMap<String, String>) -> Manifest {
        let added = files.iter().filter(|(name, _)| *name != FILE);
        self.files
            .extend(added.map(|(name, sha256)| (name.clone(), sha256.clone())));
        self
    }
}

/// What stands in the place of the seal while it is computed.
const UNSEALED: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The seal that a manifest must have in which `seal` stands.
fn seal_of(text: &[u8], seal: &str) -> String {
    let text = String::from_utf8_lossy(text);
    let field = |seal: &str| format!("\"seal\": \"{seal}\"");
    // The last one: names of files stand before it.
    let open = match text.rsplit_once(&field(seal)) {
        Some((before, after)) => format!("{before}{}{after}", field(UNSEALED)),
        None => text.into_owned(),
    };
    sha256(open.as_bytes())
}

/// Names of the files that belong to the results in a directory, whoever has written them.
fn earlier(directory: &Path) -> Vec<String> {
    let known = RESULTS.iter().chain(&ABOUT).chain([&FILE]);
    let known = known.map(|name| (*name).to_owned());
    let listed = listed(&directory.join(FILE));
    listed.into_iter().chain(known).collect()
}

/// Names of the files that a manifest of any kind and version lists; none if there is no manifest.
pub fn listed(manifest: &Path) -> Vec<String> {
    let text = input_file::result(manifest).unwrap_or_default();
    let manifest: Value = serde_json::from_slice(&text).unwrap_or_default();
    let files = manifest["files"].as_object().cloned();
    files
        .unwrap_or_default()
        .into_iter()
        .map(|(name, _)| name)
        .collect()
}

/// Reads the manifest of a directory.
pub fn read(directory: &Path) -> Result<Manifest, SavedError> {
    let path = directory.join(FILE);
    let text = input_file::result(&path).map_err(|source| SavedError::Io {
        path: path.display().to_string(),
        source,
    })?;
    let damaged = |why: String| SavedError::Damaged {
        path: path.display().to_string(),
        why,
    };
    let value: Value = serde_json::from_slice(&text).map_err(|error| damaged(error.to_string()))?;
    let schema = value["schema"].as_str().unwrap_or_default();
    let seal = value["seal"].as_str().unwrap_or_default();
    if schema == SCHEMA && seal_of(&text, seal) != seal {
        return Err(damaged("its seal does not match".to_owned()));
    }
    saved::parse(&text, &path, SCHEMA)
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
