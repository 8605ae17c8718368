//! The names of the formulas.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Which formula: those of the documents have an `F`, the laws of Flink that refine them an `R`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum FormulaId {
    /// Duration of a checkpoint, by the documents.
    F1,
    /// Until the last barrier has come.
    #[serde(rename = "F1.alignment")]
    F1Alignment,
    /// Saving the largest state.
    #[serde(rename = "F1.snapshot")]
    F1Snapshot,
    /// From the last upload until it is durable.
    #[serde(rename = "F1.completion")]
    F1Completion,
    /// Frequency, by the documents.
    F2,
    /// Share of the throughput that is lost, by the documents.
    F3,
    /// The same in records per second.
    #[serde(rename = "F3.records")]
    F3Records,
    /// States in a checkpoint.
    F4,
    /// Longest save time of a subtask.
    F5,
    /// Longest restore time of a subtask.
    F6,
    /// End to end duration, by Flink's mechanisms.
    R1,
    /// The same after a compaction.
    #[serde(rename = "R1.max")]
    R1Max,
    /// Start delay of the slowest subtask.
    #[serde(rename = "R1.start_delay")]
    R1StartDelay,
    /// Alignment of the slowest subtask.
    #[serde(rename = "R1.alignment")]
    R1Alignment,
    /// Sync phase of the slowest subtask.
    #[serde(rename = "R1.sync")]
    R1Sync,
    /// Async phase of the slowest subtask.
    #[serde(rename = "R1.async")]
    R1Async,
    /// Last ack to committed pointer.
    #[serde(rename = "R1.completion")]
    R1Completion,
    /// Newly persisted bytes.
    #[serde(rename = "R1.checkpointed")]
    R1Checkpointed,
    /// Full size.
    #[serde(rename = "R1.state_size")]
    R1StateSize,
    /// In-flight bytes.
    #[serde(rename = "R1.persisted")]
    R1Persisted,
    /// Frequency, by Flink's trigger rules.
    R2,
    /// Share of the throughput that is lost while a vertex stands still.
    R3,
}

impl FormulaId {
    /// As tables and files name it: `F1`, `R1.async`.
    pub fn name(self) -> &'static str {
        match self {
            FormulaId::F1 => "F1",
            FormulaId::F1Alignment => "F1.alignment",
            FormulaId::F1Snapshot => "F1.snapshot",
            FormulaId::F1Completion => "F1.completion",
            FormulaId::F2 => "F2",
            FormulaId::F3 => "F3",
            FormulaId::F3Records => "F3.records",
            FormulaId::F4 => "F4",
            FormulaId::F5 => "F5",
            FormulaId::F6 => "F6",
            FormulaId::R1 => "R1",
            FormulaId::R1Max => "R1.max",
            FormulaId::R1StartDelay => "R1.start_delay",
            FormulaId::R1Alignment => "R1.alignment",
            FormulaId::R1Sync => "R1.sync",
            FormulaId::R1Async => "R1.async",
            FormulaId::R1Completion => "R1.completion",
            FormulaId::R1Checkpointed => "R1.checkpointed",
            FormulaId::R1StateSize => "R1.state_size",
            FormulaId::R1Persisted => "R1.persisted",
            FormulaId::R2 => "R2",
            FormulaId::R3 => "R3",
        }
    }
}

impl fmt::Display for FormulaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_is_saved_under_its_name() {
        for id in [FormulaId::F1, FormulaId::F3Records, FormulaId::R1StartDelay] {
            assert_eq!(serde_json::to_string(&id).unwrap(), format!("\"{id}\""));
        }
    }
}
