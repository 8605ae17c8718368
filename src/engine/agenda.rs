//! The future events, in order of time and, at equal times, of scheduling.
//!
//! A binary heap of 128-bit keys `time | sequence | slot`; events lie still in a slab and only keys move. Taking an
//! event leaves a hole at the root, which the next event that is scheduled fills: most handlers schedule one, so that
//! taking and scheduling cost one walk down the heap instead of two. See `benches/` for the comparison with
//! `BinaryHeap<(time, sequence, event)>`.

use crate::units::{SimDuration, SimTime};

const SLOT_BITS: u32 = 24;
const SEQUENCE_BITS: u32 = 40;

/// Future events of type `E`, and the clock.
#[derive(Debug)]
pub struct Agenda<E> {
    heap: Vec<u128>,
    /// The first key has been taken, and nothing has filled its place yet.
    hole: bool,
    slab: Vec<E>,
    free: Vec<u32>,
    now: SimTime,
    sequence: u64,
    handled: u64,
}

impl<E> Default for Agenda<E> {
    fn default() -> Self {
        Agenda {
            heap: Vec::new(),
            hole: false,
            slab: Vec::new(),
            free: Vec::new(),
            now: SimTime::ZERO,
            sequence: 0,
            handled: 0,
        }
    }
}

impl<E: Copy> Agenda<E> {
    /// The time of the event that is being handled.
    #[inline]
    pub fn now(&self) -> SimTime {
        self.now
    }

    /// Events handled so far.
    pub fn handled(&self) -> u64 {
        self.handled
    }

    /// Events that wait.
    pub fn pending(&self) -> usize {
        self.heap.len() - usize::from(self.hole)
    }

    /// Schedules `event` after `delay`.
    #[inline]
    pub fn after(&mut self, delay: SimDuration, event: E) {
        self.at(self.now + delay, event);
    }

    /// Schedules `event` at `time`, which is not before now.
    #[inline]
    pub fn at(&mut self, time: SimTime, event: E) {
        assert!(time >= self.now, "an event cannot be scheduled in the past");
        let slot = if let Some(slot) = self.free.pop() {
            self.slab[slot as usize] = event;
            slot
        } else {
            let slot = u32::try_from(self.slab.len()).expect("fewer than 2^24 events wait");
            assert!(slot < 1 << SLOT_BITS, "at most 2^24 events can wait");
            self.slab.push(event);
            slot
        };
        let sequence = self.sequence;
        assert!(
            sequence < 1 << SEQUENCE_BITS,
            "at most 2^40 events can be scheduled"
        );
        self.sequence += 1;
        let key = u128::from(time.as_nanos()) << 64
            | u128::from(sequence) << SLOT_BITS
            | u128::from(slot);
        if std::mem::take(&mut self.hole) {
            self.sink(key);
        } else {
            self.heap.push(key);
            self.rise(self.heap.len() - 1, key);
        }
    }

    /// Takes the next event if it is due at or before `horizon`, and sets the clock to its time.
    #[inline]
    pub fn next_until(&mut self, horizon: SimTime) -> Option<E> {
        if std::mem::take(&mut self.hole) {
            self.close_hole();
        }
        let key = *self.heap.first()?;
        let time = SimTime::from_nanos((key >> 64) as u64);
        if time > horizon {
            return None;
        }
        self.hole = true;
        self.now = time;
        self.handled += 1;
        let slot = (key as u32) & ((1 << SLOT_BITS) - 1);
        self.free.push(slot);
        Some(self.slab[slot as usize])
    }

    /// Sets the clock to `time` unless it is later already.
    pub fn advance_to(&mut self, time: SimTime) {
        self.now = self.now.max(time);
    }

    fn close_hole(&mut self) {
        let last = self.heap.pop().expect("there is a hole to close");
        if !self.heap.is_empty() {
            self.sink(last);
        }
    }

    /// Puts `key` into the hole at the root: the hole sinks to a leaf, always to the smaller child, and the key rises
    /// from there. A new event usually belongs near the leaves, so this needs about one comparison per level.
    #[inline]
    fn sink(&mut self, key: u128) {
        let heap = self.heap.as_mut_slice();
        let mut hole = 0;
        while let Some(&[left, right]) = heap.get(2 * hole + 1..2 * hole + 3) {
            // An index, not a choice of keys: which child is smaller cannot be predicted.
            let child = 2 * hole + 1 + usize::from(right < left);
            heap[hole] = heap[child];
            hole = child;
        }
        if let Some(&only) = heap.get(2 * hole + 1) {
            heap[hole] = only;
            hole = 2 * hole + 1;
        }
        self.rise(hole, key);
    }

    /// Lets `key` rise from position `child` to its place.
    #[inline]
    fn rise(&mut self, mut child: usize, key: u128) {
        let heap = self.heap.as_mut_slice();
        while child > 0 {
            let parent = (child - 1) / 2;
            let above = heap[parent];
            if above <= key {
                break;
            }
            heap[child] = above;
            child = parent;
        }
        heap[child] = key;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn at(nanos: u64) -> SimTime {
        SimTime::from_nanos(nanos)
    }

    #[test]
    fn equal_times_are_served_in_the_order_of_scheduling() {
        let mut agenda = Agenda::default();
        for event in 0..20 {
            agenda.at(at(7), event);
        }
        let served: Vec<i32> = std::iter::from_fn(|| agenda.next_until(at(7))).collect();
        assert_eq!(served, (0..20).collect::<Vec<_>>());
    }

    #[test]
    fn nothing_beyond_the_horizon_is_served_and_the_clock_stays() {
        let mut agenda = Agenda::default();
        agenda.at(at(5), 'a');
        assert_eq!(agenda.next_until(at(4)), None);
        assert_eq!(agenda.now(), SimTime::ZERO);
        assert_eq!(agenda.next_until(at(5)), Some('a'));
        assert_eq!(agenda.now(), at(5));
    }

    proptest! {
        /// Twin: a sorted map keyed by (time, sequence).
        #[test]
        fn the_heap_agrees_with_a_sorted_map(operations in prop::collection::vec((0_u64..50, any::<bool>()), 1..400)) {
            let mut agenda = Agenda::default();
            let mut twin = BTreeMap::new();
            for (sequence, (delay, take)) in operations.into_iter().enumerate() {
                agenda.after(SimDuration::from_nanos(delay), sequence);
                twin.insert((agenda.now().as_nanos() + delay, sequence), sequence);
                if take {
                    let expected = twin.pop_first().map(|((time, _), event)| (time, event));
                    let served = agenda.next_until(SimTime::MAX).map(|event| (agenda.now().as_nanos(), event));
                    prop_assert_eq!(served, expected);
                }
            }
        }
    }
}
