//! `[cost]`: what lost time costs.

use crate::scenario::keys::kind::{Number, Text};
use crate::scenario::keys::table::table;

table! {
    /// What lost time costs, in the currency of `storage.prices`. It weighs the parts of `cost_per_month`; nothing that is
    /// simulated depends on it.
    pub struct Cost {
        /// An hour of one TaskManager, which it does not work.
        taskmanager_hour: Number = 0.192;
        /// An hour in which results are late, besides the machines: outage, rework, catch-up.
        late_hour: Number = 0.0;
        /// Currency, source and date.
        note: Text = "USD; m6i.xlarge (4 vCPU, 16 GiB), us-east-1, on demand, 2026".to_owned();
    }
}
