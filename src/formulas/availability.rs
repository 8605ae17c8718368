//! How much of the time does a job run?

/// Failures and repairs of one thing. Seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Repair {
    /// Mean time between failures.
    pub mtbf_s: f64,
    /// Mean time to repair.
    pub mttr_s: f64,
}

impl Repair {
    /// Share of time in which it works: MTBF/(MTBF + MTTR).
    ///
    /// Question: how available is the job? Assumptions: failures and repairs alternate. Source: renewal theory.
    pub fn availability(&self) -> f64 {
        self.mtbf_s / (self.mtbf_s + self.mttr_s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn availability_of_a_job_that_fails_monthly_daily_and_every_six_hours() {
        let table = [
            (30.0 * 86_400.0, 180.0, 0.999_930_56),
            (86_400.0, 120.0, 0.998_613_04),
            (6.0 * 3600.0, 300.0, 0.986_301_37),
        ];
        for (mtbf_s, mttr_s, share) in table {
            let repair = Repair { mtbf_s, mttr_s };
            assert!((repair.availability() - share).abs() < 1e-8);
        }
    }
}
