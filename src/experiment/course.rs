//! How much each vertex had worked as a run went on: what two runs are compared by over the same window.
//!
//! What is counted are the records of the subtask that has worked most since warm-up, those of a slow subtask as many times
//! as it is slower. Not those of the whole vertex: at saturation it is that subtask which limits the job, and where inputs
//! deal their records differently, checkpoints change the mix of what passes it. A record of an input that is dealt evenly
//! brings seven more to a vertex of eight subtasks, one of a hot key none: the vertex would seem to do more with
//! checkpoints than without.

use serde::{Deserialize, Serialize};

use crate::model::observe::TaskCounters;
use crate::scenario::Scenario;
use crate::units::{SimDuration, SimTime};

/// Instants after warm-up at which records are counted. Between two of them the rate counts as constant.
const MARKS: u64 = 256;
/// A rate is known when the count was never farther from a straight line than this share of it: so much may an
/// extrapolation be off.
const KNOWN_TO: f64 = 2e-5;
/// Counts without which nobody can tell.
const MARKS_MIN: usize = 16;
/// Vertices whose busiest subtasks are this close are equally busy.
const EQUALLY_BUSY: f64 = 0.01;

/// Records that the busiest subtask of each vertex has processed (sources: emitted), on the clock of the simulation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Course {
    /// Seconds between counts; the first is at the end of warm-up.
    pub step_s: f64,
    /// By vertex, in scenario order: one count after the other.
    pub records: Vec<Vec<u64>>,
    /// The vertex with the busiest subtask; of equally busy ones the last.
    pub bottleneck: usize,
}

impl Course {
    /// Records of a vertex until `at_s` seconds after warm-up; `None` if the run did not last so long.
    pub fn until(&self, vertex: usize, at_s: f64) -> Option<f64> {
        let counts = self.records.get(vertex)?;
        let position = at_s / self.step_s;
        let last = counts.len().checked_sub(1)? as f64;
        // The last count is at the end of the run but for rounding.
        if !(0.0..=last + 1e-6).contains(&position) {
            return None;
        }
        let before = position.min(last).floor();
        let from = *counts.get(before as usize)? as f64;
        let to = counts
            .get(before as usize + 1)
            .map_or(from, |count| *count as f64);
        Some(from + (to - from) * (position.min(last) - before))
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Seconds from warm-up to the last count.
    pub fn seconds(&self) -> f64 {
        let counts = self.records.first().map_or(0, Vec::len);
        self.step_s * counts.saturating_sub(1) as f64
    }

    /// Whether the records of the bottleneck lie on a straight line.
    fn is_straight(&self) -> bool {
        let Some(counts) = self.records.get(self.bottleneck) else {
            return false;
        };
        let (steps, all) = match counts.split_last() {
            Some((last, before)) if before.len() >= MARKS_MIN => (before.len(), *last as f64),
            _ => return false,
        };
        let mut line = counts.iter().enumerate();
        all > 0.0
            && line.all(|(step, count)| {
                (*count as f64 - all * step as f64 / steps as f64).abs() <= KNOWN_TO * all
            })
    }

    /// Remembers the bottleneck, by the largest busy share of each vertex.
    pub fn busiest(&mut self, busy: impl Iterator<Item = f64>) {
        let busy: Vec<f64> = busy.collect();
        let most = busy.iter().copied().fold(0.0, f64::max);
        let as_busy = busy.iter().rposition(|share| *share >= most - EQUALLY_BUSY);
        self.bottleneck = as_busy.unwrap_or(0);
    }
}

/// Counts while a run goes on.
#[derive(Clone, Debug)]
pub(super) struct Meter {
    warmup: SimTime,
    step: SimDuration,
    /// How many times longer a record takes each subtask, by vertex.
    slowness: Vec<Vec<f64>>,
    /// Records and busy time of every task until the end of warm-up.
    before: Vec<(u64, SimDuration)>,
    course: Course,
}

impl Meter {
    pub(super) fn of(scenario: &Scenario) -> Meter {
        let counted = scenario.job.duration.saturating_sub(scenario.job.warmup);
        let step = SimDuration::from_nanos((counted.as_nanos() / MARKS).max(1));
        Meter {
            warmup: SimTime::ZERO + scenario.job.warmup,
            step,
            slowness: scenario
                .vertices
                .iter()
                .enumerate()
                .map(|(index, vertex)| {
                    let mut slowness = vertex.slowness.clone();
                    slowness.resize(scenario.widest(index), 1.0);
                    slowness
                })
                .collect(),
            before: Vec::new(),
            course: Course {
                step_s: step.as_secs_f64(),
                records: vec![Vec::new(); scenario.vertices.len()],
                bottleneck: 0,
            },
        }
    }

    /// When to count next.
    pub(super) fn due(&self) -> Option<SimTime> {
        let counted = self.course.records.first()?.len() as u64;
        (counted <= MARKS).then(|| self.warmup + self.step * counted)
    }

    /// Counts what the tasks have done.
    pub(super) fn count(&mut self, tasks: &[TaskCounters]) {
        if self.before.is_empty() {
            self.before = tasks.iter().map(|task| (task.records, task.busy)).collect();
        }
        let mut since = tasks.iter().zip(&self.before);
        let mut busy = Vec::with_capacity(self.slowness.len());
        for (slowness, counts) in self.slowness.iter().zip(&mut self.course.records) {
            let (mut worked, mut longest) = (0.0, 0.0);
            for ((task, before), factor) in since.by_ref().take(slowness.len()).zip(slowness) {
                let records = task.records.saturating_sub(before.0) as f64;
                worked = f64::max(worked, records * factor);
                let time = task.busy.saturating_sub(before.1).as_secs_f64();
                longest = f64::max(longest, time);
            }
            counts.push(worked.round() as u64);
            let seconds = self.course.step_s * (counts.len() - 1) as f64;
            busy.push(if seconds > 0.0 {
                longest / seconds
            } else {
                0.0
            });
        }
        self.course.busiest(busy.into_iter());
    }

    /// Whether the bottleneck has worked at one rate, so that the rest of its course is known.
    pub(super) fn is_steady(&self) -> bool {
        self.course.is_straight()
    }

    pub(super) fn finish(self) -> Course {
        self.course
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::load::parse;
    use std::path::Path;

    #[test]
    fn between_two_counts_the_rate_is_constant_and_beyond_the_last_nothing_is_known() {
        let course = Course {
            step_s: 2.0,
            records: vec![vec![0, 10, 30]],
            bottleneck: 0,
        };
        assert_eq!(course.until(0, 1.0), Some(5.0));
        assert_eq!(course.until(0, 3.0), Some(20.0));
        assert_eq!(course.until(0, 4.0), Some(30.0));
        assert_eq!(course.until(0, 4.1), None);
        assert!((course.seconds() - 4.0).abs() < 1e-12);
    }

    #[test]
    fn a_straight_course_is_known_and_one_that_bends_or_has_just_begun_is_not() {
        let course = |marks: u64, extra: u64| Course {
            step_s: 1.0,
            records: vec![
                (0..=marks)
                    .map(|mark| 10_000 * mark + if mark > marks / 2 { extra } else { 0 })
                    .collect(),
            ],
            bottleneck: 0,
        };
        assert!(course(16, 0).is_straight() && course(16, 4).is_straight());
        assert!(!course(16, 10).is_straight() && !course(15, 0).is_straight());
        assert!(!Course::default().is_straight());
    }

    #[test]
    fn the_subtask_that_worked_most_since_warm_up_is_counted() {
        let text = "[[vertex]]\nname = 'a'\nsource = { rate = '5/s' }\n\
                    [[vertex]]\nname = 'b'\nparallelism = 2\ninputs = ['a']\nslowness = [1.0, 3.0]\n";
        let scenario = parse(text, "a.toml", Path::new(""), &[]).unwrap().scenario;
        let mut meter = Meter::of(&scenario);
        let tasks = |records: [u64; 3]| {
            records.map(|records| TaskCounters {
                records,
                ..TaskCounters::default()
            })
        };
        meter.count(&tasks([5, 900, 0]));
        meter.count(&tasks([45, 920, 10]));
        assert_eq!(meter.finish().records, [vec![0, 40], vec![0, 30]]);
    }

    #[test]
    fn the_bottleneck_is_the_last_of_the_busiest() {
        let mut course = Course::default();
        course.busiest([0.2, 0.995, 1.0, 0.4].into_iter());
        assert_eq!(course.bottleneck, 2);
        course.busiest([0.2, 1.0, 0.995, 0.4].into_iter());
        assert_eq!(course.bottleneck, 2);
        course.busiest([1.0, 0.2, 0.3].into_iter());
        assert_eq!(course.bottleneck, 0);
    }
}
