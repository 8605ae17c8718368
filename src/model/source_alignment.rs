//! `source.watermark-alignment`: readers that are ahead of the slowest one of their group wait for it.
//!
//! The readers tell the JobManager how far they are; every update interval it announces the smallest watermark of the group plus the
//! maximal drift, and a reader whose own is beyond stops reading until a later announcement (FLIP-182, `SourceCoordinator`,
//! `SourceOperator.checkWatermarkAlignment`; FLIP-217 does the same for splits of one reader). Barriers do not wait:
//! a reader that has stopped still answers a trigger. One that has read nothing has no watermark to tell, and an idle one
//! tells that nobody need wait for it (`SourceOperator.emitLatestWatermark`). A reader that is not ahead reads its next record
//! however late that was due: what counts is the watermark that it has, not the one that it will have.
//!
//! Limits: all splits of a subtask are one; the messages take no time.

use crate::model::Job;
use crate::model::event::{Agenda, Event};
use crate::model::ids::{Table, TaskId};
use crate::model::observe::Observer;
use crate::model::task::Task;
use crate::model::task::activity::TaskState;
use crate::model::watermark::valve::behind;
use crate::scenario::{Scenario, VertexKind, WatermarkAlignment};
use crate::units::{SimDuration, SimTime};

/// Sources whose readers wait for each other.
#[derive(Debug)]
pub struct SourceGroup {
    name: String,
    /// The shortest of its sources' intervals.
    update_interval: SimDuration,
    /// Readers, with how far their watermarks are behind what they read, and how far they may be ahead.
    members: Vec<(TaskId, SimDuration, SimDuration)>,
}

/// The groups of a job.
pub fn groups(scenario: &Scenario, tasks: &Table<TaskId, Task>) -> Vec<SourceGroup> {
    let mut groups: Vec<SourceGroup> = Vec::new();
    for id in tasks.ids() {
        let VertexKind::Source(source) = &scenario.vertices[tasks[id].vertex].work else {
            continue;
        };
        let Some(WatermarkAlignment {
            group,
            max_drift,
            update_interval,
        }) = &source.watermark_alignment
        else {
            continue;
        };
        let member = (id, source.watermark_delay, *max_drift);
        if let Some(known) = groups.iter_mut().find(|known| known.name == *group) {
            known.update_interval = known.update_interval.min(*update_interval);
            known.members.push(member);
        } else {
            groups.push(SourceGroup {
                name: group.clone(),
                update_interval: *update_interval,
                members: vec![member],
            });
        }
    }
    groups
}

impl<O: Observer> Job<O> {
    /// The first comparison of each group.
    pub(crate) fn schedule_source_alignment(&self, agenda: &mut Agenda) {
        for (number, group) in self.aligned_sources.iter().enumerate() {
            agenda.after(group.update_interval, Event::SourcesAligned(number as u32));
        }
    }

    /// The watermarks of a group are compared: who is too far ahead stops, others read on.
    pub(crate) fn align_sources(&mut self, number: u32, agenda: &mut Agenda) {
        let now = agenda.now();
        let group = &self.aligned_sources[number as usize];
        agenda.after(group.update_interval, Event::SourcesAligned(number));
        let mut least = SimTime::MAX;
        for &(id, delay, _) in &group.members {
            if let Some(newest) = tells(&self.scenario, &mut self.tasks[id], now) {
                least = least.min(behind(newest, delay));
            }
        }
        for &(id, delay, drift) in &group.members {
            let task = &mut self.tasks[id];
            let Some(source) = &mut task.source else {
                continue;
            };
            source.reads_until = if least == SimTime::MAX {
                least
            } else {
                least + drift + delay
            };
            let newest = source.schedule.newest();
            if newest.is_none_or(|newest| newest <= source.reads_until) {
                source.reads_until = source.reads_until.max(source.schedule.next_due());
            }
            self.runnable.push_back(id);
        }
    }
}

/// The newest record of a reader that others wait for.
fn tells(scenario: &Scenario, task: &mut Task, now: SimTime) -> Option<SimTime> {
    let VertexKind::Source(given) = &scenario.vertices[task.vertex].work else {
        return None;
    };
    let source = task.source.as_mut()?;
    let idle = scenario.idle_after(given).zip(source.silent_since(now));
    let idle = idle.is_some_and(|(after, since)| now.since(since) >= after);
    let runs = task.state != TaskState::Down && !source.schedule.ended();
    source.schedule.newest().filter(|_| runs && !idle)
}
