//! How long until a result is visible behind an exactly-once sink?

/// Time until a record's result is committed. Seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Visible {
    /// Its mean over all records.
    pub mean_s: f64,
    /// That of the unluckiest record.
    pub worst_s: f64,
}

/// Delay that a two-phase-commit sink adds: uniform between d and P + d.
///
/// Question: how old are results when a reader of committed data sees them?
/// Formula: mean P/2 + d, worst P + d. Symbols: P period trigger to trigger, d trigger to commit, s.
/// Assumptions: checkpoints complete at equal distances; records come evenly. Source: `TwoPhaseCommittingSink`: a
/// transaction is committed when its checkpoint is complete. Fails when checkpoints fail: each adds a period.
pub fn two_phase_commit(period_s: f64, commit_after_s: f64) -> Visible {
    Visible {
        mean_s: period_s / 2.0 + commit_after_s,
        worst_s: period_s + commit_after_s,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_seconds_of_period_and_two_of_duration_make_seven_on_average() {
        assert_eq!(
            two_phase_commit(10.0, 2.0),
            Visible {
                mean_s: 7.0,
                worst_s: 12.0
            }
        );
        assert_eq!(
            two_phase_commit(60.0, 5.0),
            Visible {
                mean_s: 35.0,
                worst_s: 65.0
            }
        );
    }
}
