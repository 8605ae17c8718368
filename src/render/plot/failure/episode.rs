//! What is drawn of a run's failures: one of them, with those that came before it was over, and its phases.

use crate::experiment::RunResult;
use crate::measure::RecoveryRecord;
use crate::render::plot::style::Paint;
use crate::units::SimTime;

/// A failure and what followed until everything was as before. Failures in between belong to it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Episode<'r> {
    /// In order of time; all but the last were interrupted by the next one.
    pub records: &'r [RecoveryRecord],
    /// When the run ended.
    pub run_end: SimTime,
}

/// What happens between a failure and the moment at which no more records wait than before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Until the JobManager knows.
    Detect,
    /// Until tasks are deployed.
    Restart,
    /// Until all tasks run.
    Restore,
    /// Until no more records wait than before.
    CatchUp,
}

impl Kind {
    /// In order of time.
    pub const ALL: [Kind; 4] = [Kind::Detect, Kind::Restart, Kind::Restore, Kind::CatchUp];

    /// As the key calls it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Detect => "detect",
            Kind::Restart => "restart",
            Kind::Restore => "restore",
            Kind::CatchUp => "replay and catch up",
        }
    }

    /// Colour of its band.
    pub fn paint(self) -> Paint {
        match self {
            Kind::Detect => Paint::Detect,
            Kind::Restart => Paint::Restart,
            Kind::Restore => Paint::Restore,
            Kind::CatchUp => Paint::CatchUp,
        }
    }
}

/// A phase, in seconds since the first failure of the episode.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Phase {
    /// Which.
    pub kind: Kind,
    /// Beginning.
    pub from: f64,
    /// End, or the next failure, or the end of the run.
    pub to: f64,
}

/// All episodes of a run, in order of time.
pub fn episodes(run: &RunResult) -> Vec<Episode<'_>> {
    run.recoveries
        .split_inclusive(|record| !record.interrupted)
        .map(|records| Episode {
            records,
            run_end: run.end,
        })
        .collect()
}

/// The episode with this record; without an index, the longest one, the first of equal ones.
pub fn chosen(run: &RunResult, index: Option<usize>) -> Option<Episode<'_>> {
    let all = episodes(run);
    if let Some(index) = index {
        let mut first = 0;
        return all.into_iter().find(|episode| {
            first += episode.records.len();
            index < first
        });
    }
    let longest = all.iter().map(Episode::seconds).fold(0.0, f64::max);
    all.into_iter().find(|one| one.seconds() >= longest)
}

impl<'r> Episode<'r> {
    /// The failure that began it.
    pub fn first(&self) -> &'r RecoveryRecord {
        &self.records[0]
    }

    /// The failure after which everything became as before, if it did.
    pub fn last(&self) -> &'r RecoveryRecord {
        &self.records[self.records.len() - 1]
    }

    /// When no more records waited than before, or the run ended.
    pub fn until(&self) -> SimTime {
        self.last().caught_up.unwrap_or(self.run_end)
    }

    /// From the first failure on.
    pub fn seconds(&self) -> f64 {
        self.until().since(self.first().failed).as_secs_f64()
    }

    /// Seconds since the first failure; negative before it.
    pub fn at(&self, time: SimTime) -> f64 {
        time.as_secs_f64() - self.first().failed.as_secs_f64()
    }

    /// All phases that took time, in order.
    pub fn phases(&self) -> Vec<Phase> {
        let mut phases = Vec::new();
        for (index, record) in self.records.iter().enumerate() {
            let next = self.records.get(index + 1).map(|next| next.failed);
            let stop = next.unwrap_or(self.run_end);
            let ends = [
                record.detected,
                record.restarted,
                record.running,
                record.caught_up,
            ];
            let mut from = record.failed;
            for (kind, end) in Kind::ALL.into_iter().zip(ends) {
                let to = end.unwrap_or(stop).min(stop);
                if to > from {
                    let (from, to) = (self.at(from), self.at(to));
                    phases.push(Phase { kind, from, to });
                }
                // What has not ended is not followed by anything.
                let Some(end) = end else { break };
                from = end;
            }
        }
        phases
    }

    /// Seconds spent in a phase, over all failures of the episode.
    pub fn spent(&self, kind: Kind) -> f64 {
        self.phases()
            .iter()
            .filter(|phase| phase.kind == kind)
            .map(|phase| phase.to - phase.from)
            .sum()
    }
}
