//! Watermarks: how event time gets from the sources to the timers that wait for it.
//!
//! A source emits one every `pipeline.auto-watermark-interval`: the time of the next record that it will read, less its
//! `watermark-delay` (`BoundedOutOfOrdernessWatermarks`). It travels among the records, so that whatever holds them up
//! holds it up. A task's watermark is the smallest of its channels' (`StatusWatermarkValve`); when it rises, first its
//! event-time timers fire, then it is passed on (`InternalTimeServiceManagerImpl.advanceWatermark`).
//!
//! A watermark takes next to no room in a buffer: it is a mark behind so many records of a channel, and not counted as data. A
//! mark counts when the buffer that holds the record before it is processed to its end, at most one buffer late.

use std::collections::VecDeque;

use crate::model::Job;
use crate::model::event::{Agenda, Event};
use crate::model::ids::{ChannelId, Table, TaskId};
use crate::model::network::Network;
use crate::model::observe::{Fact, Observer};
use crate::model::task::Task;
use crate::scenario::timers::Clock;
use crate::scenario::{Scenario, VertexKind};
use crate::units::{SimDuration, SimTime};

/// Watermarks of all channels and tasks.
#[derive(Debug)]
pub struct Watermarks {
    channels: Table<ChannelId, Marks>,
    tasks: Table<TaskId, OfTask>,
}

/// Watermarks in one channel.
#[derive(Clone, Debug, Default)]
struct Marks {
    /// Behind so many records of the channel in all: a time.
    queue: VecDeque<(u64, SimTime)>,
    /// The newest one that has been read.
    newest: SimTime,
}

/// Where a task stands.
#[derive(Clone, Copy, Debug, Default)]
struct OfTask {
    /// Its watermark.
    now: SimTime,
    /// The newest that it has passed on.
    passed_on: SimTime,
    /// Marks that wait in its channels.
    waiting: usize,
}

impl Watermarks {
    /// For a job in which some timers wait for event time, or whose records' latency is to be measured.
    pub fn of(scenario: &Scenario, channels: usize, tasks: usize) -> Option<Box<Watermarks>> {
        let mut timers = scenario.vertices.iter().filter_map(|vertex| vertex.timers);
        let wanted = timers.any(|timers| timers.clock == Clock::Event);
        (wanted || scenario.simulation.record_latency).then(|| {
            Box::new(Watermarks {
                channels: vec![Marks::default(); channels].into(),
                tasks: vec![OfTask::default(); tasks].into(),
            })
        })
    }

    /// Puts a watermark behind all records that are in the channel.
    fn put(&mut self, network: &Network, id: ChannelId, time: SimTime) {
        let (channel, queue) = (network.channel(id), &mut self.channels[id].queue);
        let behind = channel.polled + network.in_channel(id).records;
        if let Some((last, newest)) = queue.back_mut()
            && *last == behind
        {
            *newest = time;
            return;
        }
        queue.push_back((behind, time));
        self.tasks[channel.consumer].waiting += 1;
    }

    /// The task has read what it has read: whether its watermark has risen.
    fn advance(&mut self, id: TaskId, task: &Task, network: &Network) -> bool {
        if self.tasks[id].waiting == 0 {
            return false;
        }
        let channels = || {
            let gates = task.inputs.iter().map(|input| network.gate(input.gate));
            gates.flat_map(|gate| gate.channels.iter().copied())
        };
        let mut some_read = false;
        for channel in channels() {
            let marks = &mut self.channels[channel];
            let read = network.channel(channel).polled - task.in_hand(channel);
            while let Some(&(behind, time)) = marks.queue.front()
                && behind <= read
            {
                marks.queue.pop_front();
                marks.newest = marks.newest.max(time);
                self.tasks[id].waiting -= 1;
                some_read = true;
            }
        }
        if !some_read {
            return false;
        }
        let least = channels()
            .map(|channel| self.channels[channel].newest)
            .min();
        let of_task = &mut self.tasks[id];
        let risen = least.is_some_and(|least| least > of_task.now);
        of_task.now = of_task.now.max(least.unwrap_or_default());
        risen
    }

    /// Tasks begin again, and the channels between them are empty.
    pub fn reset(&mut self, network: &Network, lost: impl Fn(TaskId) -> bool) {
        for (marks, channel) in self.channels.iter_mut().zip(network.channels()) {
            if lost(channel.consumer) {
                *marks = Marks::default();
            }
        }
        let lost: Vec<TaskId> = self.tasks.ids().filter(|id| lost(*id)).collect();
        for id in lost {
            self.tasks[id] = OfTask::default();
        }
    }
}

impl<O: Observer> Job<O> {
    /// The first watermark of a source.
    pub(crate) fn schedule_watermarks(&self, id: TaskId, agenda: &mut Agenda) {
        let interval = self.scenario.network.watermark_interval;
        let emits = self.watermarks.is_some() && self.tasks[id].source.is_some();
        if emits && !interval.is_zero() {
            agenda.after(interval, Event::WatermarkDue(id));
        }
    }

    /// A source emits its watermark.
    pub(crate) fn emit_watermark(&mut self, id: TaskId, agenda: &mut Agenda) {
        let now = agenda.now();
        let task = &mut self.tasks[id];
        let VertexKind::Source(given) = &self.scenario.vertices[task.vertex].work else {
            return;
        };
        let Some(source) = &mut task.source else {
            return;
        };
        let read = source.event_time(now);
        let time = SimTime::ZERO
            + read
                .since(SimTime::ZERO)
                .saturating_sub(given.watermark_delay);
        if let Some(watermarks) = &mut self.watermarks {
            let of_task = &mut watermarks.tasks[id];
            of_task.now = of_task.now.max(time);
        }
        self.pass_watermark_on(id);
        self.schedule_watermarks(id, agenda);
    }

    /// A task looks whether its watermark has risen: timers fire first, what has fired is passed on. At the end of the job it
    /// tells how old what it has processed is.
    #[cold]
    pub(crate) fn look_at_watermarks(&mut self, id: TaskId, now: SimTime) {
        let Some(watermarks) = &mut self.watermarks else {
            return;
        };
        let task = &mut self.tasks[id];
        if watermarks.advance(id, task, &self.network) {
            let (time, processed) = (watermarks.tasks[id].now, task.counters.records);
            if let Some(timers) = &mut task.timers
                && timers.clock() == Clock::Event
            {
                timers.come_due(time, processed);
            }
        }
        let ends = self.scenario.simulation.record_latency && self.tasks[id].outputs.is_empty();
        let fires = self.tasks[id]
            .timers
            .as_ref()
            .is_some_and(|timers| timers.fire());
        if fires {
            return;
        }
        if ends && let Some(age) = self.age_of_processed(id, now) {
            self.observer.observe(now, &Fact::Processed { age });
        }
        self.pass_watermark_on(id);
    }

    /// How old the records before a task's newest watermark are now, if it has not said so yet.
    fn age_of_processed(&self, id: TaskId, now: SimTime) -> Option<SimDuration> {
        let of_task = self.watermarks.as_ref()?.tasks[id];
        let is_source = self.tasks[id].source.is_some();
        (!is_source && of_task.now > of_task.passed_on).then(|| now.since(of_task.now))
    }

    fn pass_watermark_on(&mut self, id: TaskId) {
        let Some(watermarks) = &mut self.watermarks else {
            return;
        };
        let of_task = &mut watermarks.tasks[id];
        if of_task.passed_on >= of_task.now {
            return;
        }
        let time = of_task.now;
        of_task.passed_on = time;
        for output in &self.tasks[id].outputs {
            for channel in self.network.partition(output.partition).channels.clone() {
                let channel = ChannelId(channel);
                watermarks.put(&self.network, channel, time);
                // Nobody else wakes the reader of an empty channel.
                self.runnable
                    .push_back(self.network.channel(channel).consumer);
            }
        }
    }
}
