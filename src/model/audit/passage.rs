//! What went through one channel, and what is in it.

use std::collections::VecDeque;

use crate::model::audit::identity::{Fold, Identity};
use crate::model::ids::CheckpointId;

/// The account of one channel. Records keep their order in a channel, whatever barriers do: the n-th record processed is
/// the n-th record sent, and buffers need not carry anything.
#[derive(Clone, Debug, Default)]
pub struct Passage {
    sent: Fold,
    received: Fold,
    /// Records from number `first` on: those not yet processed, and those that a cut still needs.
    log: VecDeque<Identity>,
    first: u64,
    /// Checkpoints whose barrier the producer has yet to send although the consumer has taken its snapshot, with the
    /// number of records that it had processed.
    awaited: Vec<(CheckpointId, u64)>,
}

impl Passage {
    /// Everything sent so far.
    pub fn sent(&self) -> Fold {
        self.sent
    }

    /// Everything processed so far.
    pub fn received(&self) -> Fold {
        self.received
    }

    /// The producer writes a record.
    #[inline]
    pub fn send(&mut self, record: Identity) {
        self.sent.add(record);
        self.log.push_back(record);
    }

    /// The consumer processes the next record.
    #[inline]
    pub fn process(&mut self) -> Identity {
        let position = (self.received.records - self.first) as usize;
        let record = *self
            .log
            .get(position)
            .expect("a record is written before it is processed");
        self.received.add(record);
        self.forget();
        record
    }

    /// The consumer takes its snapshot before the producer has sent the barrier: what is processed from now on may
    /// become in-flight data.
    pub fn await_barrier(&mut self, checkpoint: CheckpointId) {
        self.awaited.push((checkpoint, self.received.records));
    }

    /// What is sent and not processed.
    pub fn waiting(&self) -> impl Iterator<Item = Identity> {
        let processed = (self.received.records - self.first) as usize;
        self.log.iter().skip(processed).copied()
    }

    /// The records from number `from` on that have been sent by now; the checkpoint needs nothing more.
    pub fn in_flight(&mut self, checkpoint: CheckpointId, from: u64) -> Vec<Identity> {
        let skipped = from.saturating_sub(self.first) as usize;
        let records = self.log.iter().skip(skipped).copied().collect();
        self.release(checkpoint);
        records
    }

    /// The checkpoint is given up.
    pub fn release(&mut self, checkpoint: CheckpointId) {
        self.awaited.retain(|(awaited, _)| *awaited != checkpoint);
        self.forget();
    }

    /// Back to a cut: so much had been sent, the last of which was in flight.
    pub fn restore(&mut self, sent: Fold, in_flight: &[Identity]) {
        let mut flying = Fold::default();
        for record in in_flight {
            flying.add(*record);
        }
        self.sent = sent;
        self.received = Fold {
            records: sent.records - flying.records,
            sum: sent.sum.wrapping_sub(flying.sum),
        };
        self.first = self.received.records;
        self.log = in_flight.iter().copied().collect();
        self.awaited.clear();
    }

    #[inline]
    fn forget(&mut self) {
        let needed = self.awaited.iter().map(|(_, from)| *from);
        let needed = needed.fold(self.received.records, u64::min);
        while self.first < needed {
            self.log.pop_front();
            self.first += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(number: u64) -> Identity {
        Identity::of_source(0, 0, number)
    }

    #[test]
    fn records_come_out_in_the_order_in_which_they_went_in() {
        let mut passage = Passage::default();
        (0..3).for_each(|number| passage.send(record(number)));
        assert_eq!(passage.process(), record(0));
        assert_eq!(passage.process(), record(1));
        assert_eq!((passage.sent().records, passage.received().records), (3, 2));
        assert_eq!(passage.log.len(), 1, "nobody needs the others");
    }

    #[test]
    fn records_that_are_processed_before_the_awaited_barrier_comes_are_in_flight() {
        let mut passage = Passage::default();
        (0..2).for_each(|number| passage.send(record(number)));
        passage.process();
        passage.await_barrier(CheckpointId(1));
        passage.process();
        passage.send(record(2));
        passage.process();
        assert_eq!(
            passage.in_flight(CheckpointId(1), 1),
            [record(1), record(2)]
        );
        assert!(passage.log.is_empty());
    }

    #[test]
    fn a_restored_channel_holds_what_was_in_flight() {
        let mut passage = Passage::default();
        (0..5).for_each(|number| passage.send(record(number)));
        passage.process();
        let (sent, in_flight) = (passage.sent(), passage.in_flight(CheckpointId(1), 1));
        let received = passage.received();
        for _ in 0..4 {
            passage.process();
        }
        passage.restore(sent, &in_flight);
        assert_eq!((passage.sent(), passage.received()), (sent, received));
        assert_eq!(passage.process(), record(1));
    }
}
