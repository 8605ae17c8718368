//! What the model holds, counted for the ledger: records on their way, and where the sources read on.

use crate::model::Job;
use crate::model::audit::Held;
use crate::model::ids::{ChannelId, TaskId};
use crate::model::network::Element;
use crate::model::observe::Observer;
use crate::model::task::Doing;
use crate::units::SimTime;

impl<O: Observer> Job<O> {
    /// The run is over: the states must be those of an uninterrupted run of the same input, and what is not processed
    /// must be there. Of tasks that are lost and not restarted only the states of the last instant are known.
    pub fn audit_end(&mut self, now: SimTime) {
        let lost = self.mishaps.lost.clone();
        self.audit(now, |id| !lost[id.index()]);
        if let Some(ledger) = &mut self.ledger {
            ledger.audit_states(now);
        }
    }

    /// Compares what these tasks and the channels among them hold with what the ledger knows.
    pub(crate) fn audit(&mut self, now: SimTime, of: impl Fn(TaskId) -> bool) {
        if self.ledger.is_none() {
            return;
        }
        let held = self.held(of);
        if let Some(ledger) = &mut self.ledger {
            ledger.audit(now, &held);
        }
    }

    fn held(&self, of: impl Fn(TaskId) -> bool) -> Held {
        let offset = |id: TaskId| {
            let task = &self.tasks[id.index()];
            let begun = match task.doing {
                Doing::Working(piece) => piece.records,
                _ => 0,
            };
            Some((id, task.source.as_ref()?.offset(begun)))
        };
        let within = |id: &ChannelId| {
            let channel = self.network.channel(*id);
            of(channel.producer) && of(channel.consumer)
        };
        let channels = (0..self.network.channels().len() as u32).map(ChannelId);
        Held {
            sources: self
                .all_tasks()
                .filter(|id| of(*id))
                .filter_map(offset)
                .collect(),
            channels: channels
                .filter(within)
                .map(|id| (id, self.records_waiting(id)))
                .collect(),
        }
    }

    /// Records of a channel that are not processed: in its buffers, in hand, in the cache of its consumer.
    fn records_waiting(&self, id: ChannelId) -> u64 {
        let channel = self.network.channel(id);
        let consumer = &self.tasks[channel.consumer.index()];
        let in_hand = consumer.inputs.iter().filter_map(|input| input.in_hand);
        let in_hand = in_hand.filter(|in_hand| in_hand.channel == id);
        let in_hand: u64 = in_hand.map(|in_hand| u64::from(in_hand.left)).sum();
        let cache = &consumer.cache;
        let cached = cache.cached.iter().chain(cache.replay.iter().flatten());
        let cached = cached.map(|(of, element)| match element {
            Element::Data(buffer) if *of == id => u64::from(buffer.records),
            Element::Data(_) | Element::Barrier(_) => 0,
        });
        channel.records() + self.network.shared_records_of(id) + in_hand + cached.sum::<u64>()
    }
}
