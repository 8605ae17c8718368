//! What an operator pays per month for checkpoints and failures: lost time at the price of the machines and of lateness
//! (`[cost]`), and storage at its own prices.

use crate::experiment::costs::{self, MONTH_S};
use crate::experiment::metric::measured::Measured;
use crate::experiment::time_budget::TimeBudget;

/// A share of the time, at the price of the machines: an hour of all TaskManagers. Per month.
pub fn machines_per_month(run: &Measured<'_>, share: fn(&TimeBudget) -> f64) -> Option<f64> {
    let hours = share(&TimeBudget::of(run)?) * MONTH_S / 3600.0;
    let taskmanagers = run.scenario.cluster.taskmanagers as f64;
    Some(hours * taskmanagers * run.scenario.cost.taskmanager_hour)
}

/// A share of the time in which results are late, at the price of that and of the machines. Per month.
pub fn late_per_month(run: &Measured<'_>, share: fn(&TimeBudget) -> f64) -> Option<f64> {
    let hours = share(&TimeBudget::of(run)?) * MONTH_S / 3600.0;
    Some(machines_per_month(run, share)? + hours * run.scenario.cost.late_hour)
}

/// What an operator pays for checkpoints and failures: the sum of all parts. Requests of a changelog are not known, and
/// not in it. Per month.
pub fn in_all(run: &Measured<'_>) -> Option<f64> {
    let storage = costs::money_per_month(run).or_else(|| costs::stored_per_month(run));
    let parts = [
        machines_per_month(run, |budget| budget.overhead)?,
        late_per_month(run, |budget| budget.rework)?,
        late_per_month(run, |budget| budget.catch_up)?,
        late_per_month(run, |budget| budget.outage)?,
        storage.unwrap_or(0.0),
    ];
    Some(parts.iter().sum())
}
