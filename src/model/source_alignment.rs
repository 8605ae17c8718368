//! `source.watermark-alignment`: readers that are ahead of the slowest one of their group wait for it.
//!
//! The readers tell the JobManager how far they are; every update interval it announces the smallest watermark of the group plus the
//! maximal drift, and a reader whose own is beyond stops reading until a later announcement (FLIP-182, `SourceCoordinator`,
//! `SourceOperator.checkWatermarkAlignment`; FLIP-217 does the same for splits of one reader). Barriers do not wait:
//! a reader that has stopped still answers a trigger.
//!
//! Limits: all splits of a subtask are one; a subtask without splits holds nobody up; the messages take no time.

use crate::model::Job;
use crate::model::event::{Agenda, Event};
use crate::model::ids::{Table, TaskId};
use crate::model::observe::Observer;
use crate::model::task::Task;
use crate::model::task::activity::TaskState;
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
            let task = &mut self.tasks[id];
            let runs = task.state != TaskState::Down;
            if let Some(source) = task.source.as_mut().filter(|_| runs)
                && !source.schedule.ended()
            {
                least = least.min(watermark(source.event_time(now), delay));
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
            self.runnable.push_back(id);
        }
    }
}

fn watermark(event_time: SimTime, delay: SimDuration) -> SimTime {
    SimTime::ZERO + event_time.since(SimTime::ZERO).saturating_sub(delay)
}
