//! Where a picture comes from: what stands at its foot.

use crate::experiment::SweepResult;

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
    /// The origin of a sweep.
    pub fn of(sweep: &SweepResult) -> Origin {
        Origin {
            scenario: sweep.scenario.clone(),
            version: sweep.version.clone(),
            sha256: sweep.scenario_sha256.clone(),
            seed: sweep.seed,
        }
    }

    /// `ckptsim 0.1.0 · scenario 3fa9c1e2 · seed 42`.
    pub fn footer(&self) -> String {
        let hash: String = self.sha256.chars().take(8).collect();
        format!(
            "ckptsim {} · scenario {hash} · seed {}",
            self.version, self.seed
        )
    }
}
