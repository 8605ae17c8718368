//! Where a picture comes from: what stands at its foot, and the name of the job.

use crate::experiment::SweepResult;
use crate::experiment::recommend::Recommendation;

/// Scenario, version and seed of the results in a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Name of the job.
    pub scenario: String,
    /// Version of the program that simulated.
    pub version: String,
    /// SHA-256 of the effective scenario text.
    pub sha256: String,
    /// Root seed.
    pub seed: u64,
}

impl Origin {
    /// `ckptsim 0.1.0 · scenario 3fa9c1e2 · seed 42`.
    pub fn footer(&self) -> String {
        let hash: String = self.sha256.chars().take(8).collect();
        let (version, seed) = (&self.version, self.seed);
        format!("ckptsim {version} · scenario {hash} · seed {seed}")
    }
}

impl From<&SweepResult> for Origin {
    fn from(sweep: &SweepResult) -> Origin {
        Origin {
            scenario: sweep.scenario.clone(),
            version: sweep.version.clone(),
            sha256: sweep.scenario_sha256.clone(),
            seed: sweep.seed,
        }
    }
}

impl From<&Recommendation> for Origin {
    fn from(found: &Recommendation) -> Origin {
        Origin {
            scenario: found.scenario.clone(),
            version: found.version.clone(),
            sha256: found.scenario_sha256.clone(),
            seed: found.seed,
        }
    }
}

/// A name of at most 60 characters (as in Flink's web UI), so that what follows it is not lost.
pub fn brief(name: &str) -> String {
    if name.chars().count() <= 60 {
        return name.to_owned();
    }
    name.chars().take(59).chain(['…']).collect()
}
