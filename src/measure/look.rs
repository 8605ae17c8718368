//! Looking at a run while it is made: any number of looks share one pass, and none of them changes it.

use crate::model::network::Network;
use crate::model::observe::{Fact, Observer};
use crate::scenario::Scenario;
use crate::units::SimTime;

/// Follows the facts of a run.
pub trait Look: Observer {
    /// The job is built, and has not begun; or it was rescaled, and what follows concerns other tasks and channels.
    fn begin(&mut self, _scenario: &Scenario, _network: &Network) {}

    /// The run is over. Steady time was left out of it: a checkpoint has another number, and an instant lies later.
    fn shift(&mut self, _number: &dyn Fn(u64) -> Option<u64>, _real: &dyn Fn(SimTime) -> SimTime) {}
}

/// Looks at the channels every so often.
pub trait Probe {
    /// The job is built, and has not begun.
    fn begin(&mut self, scenario: &Scenario, network: &Network);

    /// When to look next.
    fn due(&self) -> Option<SimTime>;

    /// Looks.
    fn sample(&mut self, now: SimTime, network: &Network);
}

/// All who look at one run.
#[derive(Default)]
pub struct Looks<'o>(pub Vec<&'o mut dyn Look>);

impl std::fmt::Debug for Looks<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} looks", self.0.len())
    }
}

impl Observer for Looks<'_> {
    fn observe(&mut self, now: SimTime, fact: &Fact) {
        for look in &mut self.0 {
            look.observe(now, fact);
        }
    }

    fn looks_closely(&self) -> bool {
        self.0.iter().any(|look| look.looks_closely())
    }

    fn rescaled(&mut self, scenario: &Scenario, network: &Network) {
        for look in &mut self.0 {
            look.begin(scenario, network);
        }
    }
}
