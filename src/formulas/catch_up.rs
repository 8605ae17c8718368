//! How long until a job has caught up after an outage?

/// An outage of a job that reads from a log.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outage {
    /// Records per second that arrive, λ.
    pub input_per_s: f64,
    /// Records per second that the job can process, μ.
    pub capacity_per_s: f64,
    /// Time without processing, D: detection, restart delay, restore.
    pub down_s: f64,
    /// Input since the last completed checkpoint, in seconds of input, r: it is processed again.
    pub rework_s: f64,
}

impl Outage {
    /// Records that wait when processing begins again: λ(D + r).
    ///
    /// Question: how far does the job fall behind? Assumptions: constant rates, fluid. Source: fluid queue.
    pub fn lag_peak_records(&self) -> f64 {
        self.input_per_s * (self.down_s + self.rework_s)
    }

    /// Time to work off the lag: (D + r)·ρ/(1 − ρ) s, ρ = λ/μ; `None` if the job has no reserve.
    ///
    /// Question: how long is the catch-up? Assumptions: constant rates; full capacity during catch-up.
    /// Fails when checkpoints (back to back, with full buffers) take capacity during catch-up.
    pub fn drain_s(&self) -> Option<f64> {
        let rho = self.input_per_s / self.capacity_per_s;
        (rho < 1.0).then(|| (self.down_s + self.rework_s) * rho / (1.0 - rho))
    }

    /// From the failure until the job is back to normal: D + drain, s.
    pub fn back_to_normal_s(&self) -> Option<f64> {
        self.drain_s().map(|drain| self.down_s + drain)
    }
}

/// Rework after a failure at a random moment: mean interval/2 + duration, at worst interval + duration, s. Simulated
/// failures are tested against it.
#[cfg(feature = "internals")]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rework {
    /// Expected seconds of input to process again.
    pub mean_s: f64,
    /// The same of a failure just before the next completion.
    pub worst_s: f64,
}

/// Input between the restored checkpoint's trigger and a failure at a random moment.
///
/// Question: how much is processed again? Symbols: period trigger to trigger, duration trigger to durable, s.
/// Assumptions: every checkpoint completes. Source: uniform phase of the failure within a period.
#[cfg(feature = "internals")]
pub fn rework(period_s: f64, duration_s: f64) -> Rework {
    Rework {
        mean_s: period_s / 2.0 + duration_s,
        worst_s: period_s + duration_s,
    }
}

/// What Flink's autoscaler aims at. Simulated capacities are tested against it.
#[cfg(feature = "internals")]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScalingTarget {
    /// Records per second that arrive, λ.
    pub input_per_s: f64,
    /// Expected restart time.
    pub restart_s: f64,
    /// Time in which the lag of the restart should be worked off.
    pub catch_up_s: f64,
    /// Target utilisation, 0 to 1.
    pub utilisation: f64,
}

/// Capacity that Flink's autoscaler asks for, records/s.
///
/// Formula: μ = λ/utilisation + λ·restart/catch-up. Source: `ScalingMetricEvaluator` of the Flink operator.
/// Fails to count the rework since the last checkpoint, only the lag of the restart.
#[cfg(feature = "internals")]
pub fn autoscaler_capacity_per_s(target: ScalingTarget) -> f64 {
    target.input_per_s * (1.0 / target.utilisation + target.restart_s / target.catch_up_s)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outages() {
        // λ, μ in thousands; D; rework; peak in millions, drain, total
        let table = [
            (100.0, 125.0, 60.0, 0.0, 6.0, 240.0, 300.0),
            (100.0, 125.0, 60.0, 30.0, 9.0, 360.0, 420.0),
            (100.0, 125.0, 60.0, 60.0, 12.0, 480.0, 540.0),
            (80.0, 100.0, 120.0, 0.0, 9.6, 480.0, 600.0),
            (80.0, 100.0, 120.0, 30.0, 12.0, 600.0, 720.0),
            (80.0, 100.0, 120.0, 60.0, 14.4, 720.0, 840.0),
            (50.0, 100.0, 90.0, 0.0, 4.5, 90.0, 180.0),
            (50.0, 100.0, 90.0, 15.0, 5.25, 105.0, 195.0),
            (50.0, 100.0, 90.0, 30.0, 6.0, 120.0, 210.0),
            (90.0, 100.0, 60.0, 0.0, 5.4, 540.0, 600.0),
            (90.0, 100.0, 60.0, 30.0, 8.1, 810.0, 870.0),
            (90.0, 100.0, 60.0, 60.0, 10.8, 1080.0, 1140.0),
        ];
        for (input, capacity, down_s, rework_s, peak, drain, total) in table {
            let outage = Outage {
                input_per_s: input * 1e3,
                capacity_per_s: capacity * 1e3,
                down_s,
                rework_s,
            };
            assert!((outage.lag_peak_records() - peak * 1e6).abs() < 1e-6);
            assert!((outage.drain_s().unwrap() - drain).abs() < 1e-9);
            assert!((outage.back_to_normal_s().unwrap() - total).abs() < 1e-9);
        }
    }

    #[test]
    fn a_job_without_reserve_never_catches_up() {
        let outage = Outage {
            input_per_s: 100.0,
            capacity_per_s: 100.0,
            down_s: 1.0,
            rework_s: 0.0,
        };
        assert_eq!(outage.drain_s(), None);
    }

    #[test]
    fn the_autoscaler_misses_its_own_target_when_checkpoints_are_old() {
        // 100 000/s, restart 120 s, catch-up 300 s, 70 %: 182 857/s; rework of 180 s takes 362.1 s > 300 s
        let target = ScalingTarget {
            input_per_s: 1e5,
            restart_s: 120.0,
            catch_up_s: 300.0,
            utilisation: 0.7,
        };
        let capacity_per_s = autoscaler_capacity_per_s(target);
        assert!((capacity_per_s - 182_857.142_857).abs() < 1e-3);
        let outage = |rework_s| Outage {
            input_per_s: 1e5,
            capacity_per_s,
            down_s: 120.0,
            rework_s,
        };
        for (rework_s, drain) in [(0.0, 144.8), (60.0, 217.2), (180.0, 362.1), (600.0, 869.0)] {
            assert!((outage(rework_s).drain_s().unwrap() - drain).abs() < 0.05);
        }
    }

    #[test]
    fn a_failure_costs_half_an_interval_and_one_duration() {
        assert_eq!(
            rework(60.0, 5.0),
            Rework {
                mean_s: 35.0,
                worst_s: 65.0
            }
        );
    }
}
