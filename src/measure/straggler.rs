//! Which subtasks are stragglers, by the rule of the checkpoint timeline in Flink's web UI: trigger to ack took at least
//! the larger of the 95th percentile and 1.5 times the median over all subtasks of the checkpoint.

use crate::measure::CheckpointRecord;
use crate::measure::estimate::quantile;

/// The rule in words.
pub const RULE: &str = "at least max(p95, 1.5 x median)";

/// From this time between trigger and ack on, in seconds, a subtask is a straggler. The percentile alone would mark one
/// in twenty even where all are alike.
pub fn threshold(checkpoint: &CheckpointRecord) -> Option<f64> {
    let totals: Vec<f64> = checkpoint
        .acknowledged()
        .map(|(_, _, record)| record.ack.since(checkpoint.trigger).as_secs_f64())
        .collect();
    Some(quantile(&totals, 0.95)?.max(1.5 * quantile(&totals, 0.5)?))
}
