//! What closed forms expect of a configuration, before any run: where a search begins.
//!
//! The refined laws give duration, period and sync phase, the fluid law the catch-up; the parts of the cost are those of
//! [`TimeBudget`](crate::experiment::time_budget::TimeBudget). Nothing of it is part of an answer: simulation confirms.

use crate::experiment::costs::{GIB, MONTH_S, files_of_state};
use crate::experiment::metric::MetricId;
use crate::experiment::recommend::judge::Question;
use crate::experiment::recommend::run_plan::{mtbf_s, restart_s};
use crate::formulas::catch_up::Outage;
use crate::formulas::refined::Refined;
use crate::scenario::Scenario;
use crate::units::Bytes;

/// Of recoveries, the 95th percentile follows a failure so late in a period.
const LATE: f64 = 0.95;

/// What is expected.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prior {
    /// What is minimised, up to a factor; equal everywhere where closed forms know nothing of it.
    pub cost: f64,
    /// Largest excess over the bound of an objective that closed forms know, as a share of the bound; 0 if all are met.
    pub excess: f64,
}

/// What closed forms say about a scenario.
pub fn prior(scenario: &Scenario, question: &Question) -> Prior {
    let forms = Forms::of(scenario);
    let excesses = question.objectives.iter().filter_map(|objective| {
        let expected = forms.metric(&objective.metric.name)?;
        let beyond = if objective.relation.is_ceiling() {
            expected - objective.bound
        } else {
            objective.bound - expected
        };
        Some(beyond / objective.bound.abs().max(f64::MIN_POSITIVE))
    });
    Prior {
        cost: forms.minimised(question.minimised.id),
        excess: excesses.fold(0.0, f64::max),
    }
}

struct Forms<'a> {
    scenario: &'a Scenario,
    refined: Refined,
    period_s: f64,
    mtbf_s: Option<f64>,
}

impl Forms<'_> {
    fn of(scenario: &Scenario) -> Forms<'_> {
        let refined = Refined::of(scenario);
        Forms {
            scenario,
            period_s: refined.period_s.unwrap_or(f64::INFINITY),
            mtbf_s: mtbf_s(scenario),
            refined,
        }
    }

    fn metric(&self, name: &str) -> Option<f64> {
        let down_s = restart_s(self.scenario, &self.refined);
        match name.split_once('_')? {
            ("duration", _) => Some(self.refined.slowest.end_to_end_s),
            ("recovery", _) => {
                let outage = self.outage(self.period_s * LATE);
                Some(outage.back_to_normal_s().unwrap_or(f64::INFINITY))
            }
            ("downtime", _) => Some(down_s),
            _ => None,
        }
    }

    /// After a failure so long after the trigger of a checkpoint's successor.
    fn outage(&self, since_s: f64) -> Outage {
        Outage {
            input_per_s: self.refined.load.peak(),
            capacity_per_s: 1.0,
            down_s: restart_s(self.scenario, &self.refined),
            rework_s: since_s + self.refined.durable_s(),
        }
    }

    fn minimised(&self, id: MetricId) -> f64 {
        let overhead = self.refined.slowest.sync_s / self.period_s;
        match id {
            MetricId::Overhead | MetricId::TimeOverhead => overhead,
            MetricId::CostPerMonth => {
                let cluster = self.scenario.cluster.taskmanagers as f64;
                let machines = cluster * self.scenario.cost.taskmanager_hour;
                let hours = MONTH_S / 3600.0;
                overhead * hours * machines
                    + self.late_share() * hours * (machines + self.scenario.cost.late_hour)
                    + self.storage()
            }
            MetricId::BytesWrittenPerHour => self.refined.checkpointed_bytes() / self.period_s,
            MetricId::MoneyPerMonth => self.storage(),
            _ => 0.0,
        }
    }

    fn late_share(&self) -> f64 {
        let Some(mtbf_s) = self
            .mtbf_s
            .filter(|mtbf_s| self.period_s.is_finite() && *mtbf_s > 0.0)
        else {
            return 0.0;
        };
        let outage = self.outage(self.period_s / 2.0);
        let late_s = outage
            .back_to_normal_s()
            .unwrap_or(outage.rework_s + outage.down_s);
        late_s / (mtbf_s + outage.down_s)
    }

    /// Per month.
    fn storage(&self) -> f64 {
        let prices = &self.scenario.storage.prices;
        let snapshots = || self.refined.snapshots.iter().flatten();
        let bytes = snapshots().map(|snapshot| Bytes::new(snapshot.expected_bytes as u64));
        let storage = &self.scenario.storage;
        let requests = |bytes: Bytes| {
            let files = files_of_state(self.scenario, bytes);
            files as f64 * storage.writes_of(bytes.get() / files.max(1))
        };
        let requests: f64 = bytes.map(requests).sum();
        let full: f64 = snapshots().map(|snapshot| snapshot.full_bytes).sum();
        let writes = (requests + storage.writes_per_file) / self.period_s * MONTH_S / 1000.0;
        full / GIB * prices.per_gib_month + writes * prices.per_1000_writes
    }
}
