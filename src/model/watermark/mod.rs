//! Watermarks: how event time gets from the sources to the timers that wait for it.
//!
//! A source subtask emits one every `pipeline.auto-watermark-interval`: the time of the newest record that it has read, less its
//! `watermark-delay` (`BoundedOutOfOrdernessWatermarks`). One that reads nothing emits none, and holds back whatever reads it
//! and others (`WatermarkOutputMultiplexer` has no output to ask): "the Kafka source does not go automatically in an idle state
//! if the parallelism is higher than the number of partitions" (documentation of the connector). With `idle-after`
//! (`WatermarksWithIdleness`) it says after that time without a record that it is idle, and nobody waits for it until the next one.
//!
//! A watermark travels among the records, so that whatever holds them up holds it up. A task's own follows from its channels'
//! ([`valve`]); when it rises, first its event-time timers fire, then it is passed on
//! (`InternalTimeServiceManagerImpl.advanceWatermark`). Windows that have not fired are kept in the state: how far the watermark
//! is behind the newest records says how many more than usual ([`Job::unfired`]).
//!
//! A watermark takes next to no room in a buffer: it is a mark behind so many records of a channel, and not counted as data. A
//! mark counts when the buffer that holds the record before it is processed to its end, at most one buffer late. It carries as well
//! how far the source had read, whether or not a watermark follows from it: that is a latency marker.
//!
//! Limits: all splits of a subtask are one. A source that has finished goes on with the clock, where Flink's ends all windows at once.

pub mod valve;

use std::collections::VecDeque;

use crate::model::Job;
use crate::model::event::{Agenda, Event};
use crate::model::ids::{ChannelId, Table, TaskId};
use crate::model::network::Network;
use crate::model::observe::{Fact, Observer};
use crate::model::task::Task;
use crate::model::task::activity::TaskState;
use crate::model::watermark::valve::{Mark, behind, combine};
use crate::scenario::timers::Clock;
use crate::scenario::{Scenario, VertexKind};
use crate::units::{SimDuration, SimTime};

/// Watermarks of all channels and tasks.
#[derive(Debug)]
pub struct Watermarks {
    channels: Table<ChannelId, Marks>,
    tasks: Table<TaskId, OfTask>,
    /// The longest delay of a source.
    delay: SimDuration,
}

/// Watermarks in one channel.
#[derive(Clone, Debug, Default)]
struct Marks {
    /// Behind so many records of the channel in all: a mark.
    queue: VecDeque<(u64, Mark)>,
    /// The newest one that has been read.
    newest: Mark,
}

/// Where a task stands.
#[derive(Clone, Copy, Debug, Default)]
struct OfTask {
    /// Its watermark, and what the slowest of its channels has read.
    now: Mark,
    /// The newest that it has passed on.
    passed_on: Mark,
    /// Marks that wait in its channels.
    waiting: usize,
    /// When it began to run, or to run again, and what its watermark had been before.
    began: SimTime,
    fired: SimTime,
}

impl Watermarks {
    /// For a job in which some timers wait for event time, or whose records' latency is to be measured; windows that ended before
    /// `fired` have fired.
    pub fn of(
        scenario: &Scenario,
        (channels, tasks): (usize, usize),
        fired: SimTime,
    ) -> Option<Box<Watermarks>> {
        let mut timers = scenario.vertices.iter().filter_map(|vertex| vertex.timers);
        let wanted = timers.any(|timers| timers.clock == Clock::Event);
        let of_task = OfTask {
            fired,
            ..OfTask::default()
        };
        (wanted || scenario.simulation.record_latency).then(|| {
            Box::new(Watermarks {
                channels: vec![Marks::default(); channels].into(),
                tasks: vec![of_task; tasks].into(),
                delay: longest_delay(scenario),
            })
        })
    }

    /// Until when all windows have fired.
    pub fn fired(&self) -> SimTime {
        let fired = self.tasks.iter();
        let fired = fired.map(|task| task.fired.max(task.now.watermark));
        fired
            .filter(|at| *at > SimTime::ZERO)
            .min()
            .unwrap_or_default()
    }

    /// Puts a mark behind all records that are in the channel.
    fn put(&mut self, network: &Network, id: ChannelId, mark: Mark) {
        let (channel, queue) = (network.channel(id), &mut self.channels[id].queue);
        let behind = channel.polled + network.in_channel(id).records;
        if let Some((last, newest)) = queue.back_mut()
            && *last == behind
        {
            newest.follow(mark);
            return;
        }
        queue.push_back((behind, mark));
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
            while let Some(&(behind, mark)) = marks.queue.front()
                && behind <= read
            {
                marks.queue.pop_front();
                marks.newest.follow(mark);
                self.tasks[id].waiting -= 1;
                some_read = true;
            }
        }
        if !some_read {
            return false;
        }
        let before = self.tasks[id].now;
        let now = combine(before, channels().map(|id| self.channels[id].newest));
        self.tasks[id].now = now;
        now.watermark > before.watermark
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
            let of_task = &mut self.tasks[id];
            *of_task = OfTask {
                fired: of_task.fired.max(of_task.now.watermark),
                ..OfTask::default()
            };
        }
    }
}

fn longest_delay(scenario: &Scenario) -> SimDuration {
    let delays = scenario.vertices.iter().map(|vertex| match &vertex.work {
        VertexKind::Source(source) => source.watermark_delay,
        VertexKind::Operator(_) => SimDuration::ZERO,
    });
    delays.max().unwrap_or_default()
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
        self.schedule_watermarks(id, agenda);
        let now = agenda.now();
        let task = &mut self.tasks[id];
        let VertexKind::Source(given) = &self.scenario.vertices[task.vertex].work else {
            return;
        };
        let idle_after = self.scenario.idle_after(given);
        let (Some(source), Some(watermarks)) = (&mut task.source, &mut self.watermarks) else {
            return;
        };
        let of_task = &mut watermarks.tasks[id];
        if task.state == TaskState::Down {
            of_task.began = now;
            return;
        }
        let (newest, finished) = (source.schedule.newest(), source.is_finished());
        let reached = if finished { Some(now) } else { newest };
        let silent_since = source.silent_since(now);
        of_task.now.follow(Mark {
            read: source.event_time(now),
            newest: newest.unwrap_or_default(),
            watermark: reached.map_or(SimTime::ZERO, |at| behind(at, given.watermark_delay)),
            idle: idle_after.is_some_and(|after| {
                silent_since.is_some_and(|since| now.since(since.max(of_task.began)) >= after)
            }),
        });
        self.pass_watermark_on(id);
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
            let time = watermarks.tasks[id].now.watermark;
            let processed = task.counters.records;
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
        let (read, passed_on) = (of_task.now.read, of_task.passed_on.read);
        (!is_source && read > passed_on).then(|| now.since(read))
    }

    /// How much longer than usual the windows of a task have been kept: so far is its watermark behind the newest records that it has
    /// read, the delay that sources give and one interval taken off.
    pub(crate) fn unfired(&self, id: TaskId) -> SimDuration {
        let timers = self.tasks[id].timers.as_ref();
        let event_time = timers.is_some_and(|timers| timers.clock() == Clock::Event);
        let Some(watermarks) = self.watermarks.as_ref().filter(|_| event_time) else {
            return SimDuration::ZERO;
        };
        let of_task = &watermarks.tasks[id];
        let fired = of_task.now.watermark.max(of_task.fired);
        let usual = self.scenario.network.watermark_interval + watermarks.delay;
        of_task.now.newest.since(fired).saturating_sub(usual)
    }

    fn pass_watermark_on(&mut self, id: TaskId) {
        let Some(watermarks) = &mut self.watermarks else {
            return;
        };
        let of_task = &mut watermarks.tasks[id];
        if of_task.passed_on == of_task.now {
            return;
        }
        let mark = of_task.now;
        of_task.passed_on = mark;
        for output in &self.tasks[id].outputs {
            for channel in self.network.partition(output.partition).channels.clone() {
                let channel = ChannelId(channel);
                watermarks.put(&self.network, channel, mark);
                // Nobody else wakes the reader of an empty channel.
                self.runnable
                    .push_back(self.network.channel(channel).consumer);
            }
        }
    }
}
