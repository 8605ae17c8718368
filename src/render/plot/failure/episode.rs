//! What is drawn of a run's failures: one of them, with those that came before it was over, and its phases.

use crate::experiment::RunResult;
use crate::measure::RecoveryRecord;
use crate::render::chart::Colour;
use crate::render::plot::role;
use crate::units::SimTime;

/// A failure and what followed until everything was as before. Failures in between belong to it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Episode<'r> {
    /// In order of time; all but the last were interrupted by the next one.
    pub records: &'r [RecoveryRecord],
    /// When the run ended.
    pub run_end: SimTime,
}

/// What happens between a failure and the moment at which no more records wait than before, in order of time: until the
/// JobManager knows, until tasks are deployed, until all run, until no more wait.
pub const PARTS: [(&str, Colour); 4] = [
    ("detect", role::DETECT),
    ("restart", role::RESTART),
    ("restore", role::RESTORE),
    ("replay and catch up", role::CATCH_UP),
];

/// A phase, in seconds since the first failure of the episode.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Phase {
    /// Index of one of [`PARTS`].
    pub part: usize,
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

/// The longest one, the first of equal ones.
pub fn longest<'r>(all: &[Episode<'r>]) -> Option<Episode<'r>> {
    let longest = all.iter().map(Episode::seconds).fold(0.0, f64::max);
    all.iter().find(|one| one.seconds() >= longest).copied()
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
            for (part, end) in ends.into_iter().enumerate() {
                let to = end.unwrap_or(stop).min(stop);
                if to > from {
                    let (from, to) = (self.at(from), self.at(to));
                    phases.push(Phase { part, from, to });
                }
                // What has not ended is not followed by anything.
                let Some(end) = end else { break };
                from = end;
            }
        }
        phases
    }

    /// Seconds spent in each of the [`PARTS`], over all failures of the episode.
    pub fn spent(&self) -> [f64; 4] {
        let mut spent = [0.0; 4];
        for phase in self.phases() {
            spent[phase.part] += phase.to - phase.from;
        }
        spent
    }
}
