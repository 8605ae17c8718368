//! The future events, in order of time and, at equal times, of scheduling.
//!
//! A tournament: each slot of an event plays against its neighbour, the winner (the earlier event) against the winner of
//! the next pair, and the winner of the last match is the next event. Putting an event into a slot replays its matches: as
//! many steps every time, and no choice that a processor could guess wrong. Taking an event leaves its slot open for the
//! next event that is scheduled: most handlers schedule one, so that taking and scheduling cost one replay.
//! See `benches/` for the comparison with `BinaryHeap<(time, sequence, event)>`.

use std::hint::select_unpredictable;

use crate::units::{SimDuration, SimTime};

const SLOT_BITS: u32 = 24;
const SEQUENCE_BITS: u32 = 40;

/// When an event is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Due {
    time: SimTime,
    /// Sequence of scheduling, then slot.
    order: u64,
}

/// A slot without an event: due after all others.
const EMPTY: Due = Due {
    time: SimTime::MAX,
    order: u64::MAX,
};

/// Future events of type `E`, and the clock.
#[derive(Debug)]
pub struct Agenda<E> {
    /// The players of every match. In match `m` play the winners of the matches `2m` and `2m + 1`; in the second half of
    /// the matches, the slots. The last match is 1.
    matches: Vec<[Due; 2]>,
    /// The winner of all matches.
    next: Due,
    /// What waits in each slot.
    events: Vec<E>,
    free: Vec<u32>,
    /// The slot of the event that was taken last, while no other event has got it.
    vacated: Option<u32>,
    now: SimTime,
    sequence: u64,
    handled: u64,
    /// Work inside of events, in events.
    toiled: u64,
    limit: u64,
    /// An event could not be scheduled.
    overflowed: bool,
}

impl<E> Default for Agenda<E> {
    fn default() -> Self {
        Agenda {
            matches: vec![[EMPTY; 2]; 2],
            next: EMPTY,
            events: Vec::new(),
            free: Vec::new(),
            vacated: None,
            now: SimTime::ZERO,
            sequence: 0,
            handled: 0,
            toiled: 0,
            limit: u64::MAX,
            overflowed: false,
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

    /// From now on at most so many events, and what counts as such, are wanted in all.
    pub fn set_limit(&mut self, limit: u64) {
        self.limit = limit;
    }

    /// Whether as much has been done as is wanted.
    #[inline]
    pub fn is_exhausted(&self) -> bool {
        self.overflowed || self.handled.saturating_add(self.toiled) >= self.limit
    }

    /// Work inside of one event that is worth `events` others: what a single event may take must not escape the limit.
    /// Returns whether more is wanted; if not, the rest of the event may be left out, since nobody will see it.
    #[inline]
    pub fn toil(&mut self, events: u64) -> bool {
        self.toiled = self.toiled.saturating_add(events);
        !self.is_exhausted()
    }

    /// Events that wait.
    pub fn pending(&self) -> usize {
        self.events.len() - self.free.len() - usize::from(self.vacated.is_some())
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
        if self.is_full() {
            self.overflowed = true;
            return;
        }
        let slot = match self.vacated.take() {
            Some(slot) => slot,
            None => self.free_slot(event),
        };
        self.events[slot as usize] = event;
        let sequence = self.sequence;
        self.sequence += 1;
        let order = sequence << SLOT_BITS | u64::from(slot);
        self.replay(slot, Due { time, order });
    }

    /// Whether no other event can wait, or none can be told from the others by its number: then nothing that follows is
    /// worth anything, and the agenda is exhausted.
    #[inline]
    fn is_full(&self) -> bool {
        self.sequence >= 1 << SEQUENCE_BITS
            || self.events.len() >= 1 << SLOT_BITS && self.free.is_empty() && self.vacated.is_none()
    }

    /// Takes the next event if it is due at or before `horizon`, and sets the clock to its time.
    #[inline]
    pub fn next_until(&mut self, horizon: SimTime) -> Option<E> {
        self.vacate();
        let Due { time, order } = self.next;
        if time > horizon || self.next == EMPTY {
            return None;
        }
        let slot = (order as u32) & ((1 << SLOT_BITS) - 1);
        self.vacated = Some(slot);
        self.now = time;
        self.handled += 1;
        Some(self.events[slot as usize])
    }

    /// Strikes out the events that wait and are not worth keeping.
    pub fn retain(&mut self, keep: impl Fn(&E) -> bool) {
        self.vacate();
        let leaves = self.matches.len();
        for slot in 0..self.events.len() {
            let leaf = self.matches[usize::midpoint(leaves, slot)][slot % 2];
            if leaf != EMPTY && !keep(&self.events[slot]) {
                self.free.push(slot as u32);
                self.replay(slot as u32, EMPTY);
            }
        }
    }

    /// Sets the clock to `time` unless it is later already.
    pub fn advance_to(&mut self, time: SimTime) {
        self.now = self.now.max(time);
    }

    /// Takes the event that was served last out of its slot, if no other has taken its place.
    #[inline]
    fn vacate(&mut self) {
        if let Some(slot) = self.vacated.take() {
            self.free.push(slot);
            self.replay(slot, EMPTY);
        }
    }

    /// A slot without an event; `event` fills it if it is new.
    #[inline]
    fn free_slot(&mut self, event: E) -> u32 {
        match self.free.pop() {
            Some(slot) => slot,
            None => self.new_slot(event),
        }
    }

    #[cold]
    fn new_slot(&mut self, event: E) -> u32 {
        let slot = self.events.len();
        self.events.push(event);
        if slot == self.matches.len() {
            self.grow();
        }
        slot as u32
    }

    /// Doubles the number of slots.
    fn grow(&mut self) {
        let slots = self.matches.len();
        let mut matches = vec![[EMPTY; 2]; 2 * slots];
        matches[slots..slots + slots / 2].copy_from_slice(&self.matches[slots / 2..]);
        for player in (2..matches.len()).rev() {
            let [left, right] = matches[player];
            matches[player / 2][player % 2] = left.earlier(right);
        }
        self.matches = matches;
    }

    /// Puts `due` into the slot and the winners of its matches into the next ones.
    #[inline]
    fn replay(&mut self, slot: u32, due: Due) {
        let matches = self.matches.as_mut_slice();
        let mut player = matches.len() + slot as usize;
        let mut winner = due;
        while player > 1 {
            let players = &mut matches[player / 2];
            let other = players[(player % 2) ^ 1];
            players[player % 2] = winner;
            winner = winner.earlier(other);
            player /= 2;
        }
        self.next = winner;
    }
}

impl Due {
    /// The earlier of the two. Which one it is cannot be predicted, so that a jump would be wrong every other time.
    #[inline]
    fn earlier(self, other: Due) -> Due {
        let of_equals = select_unpredictable(self.order < other.order, self.order, other.order);
        let of_unequals = select_unpredictable(self.time < other.time, self.order, other.order);
        Due {
            time: select_unpredictable(self.time < other.time, self.time, other.time),
            order: select_unpredictable(self.time == other.time, of_equals, of_unequals),
        }
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

    #[test]
    fn what_is_struck_out_is_not_served_and_the_rest_keeps_its_order() {
        let mut agenda = Agenda::default();
        for event in 0..37_u64 {
            agenda.at(at(event / 4), event);
        }
        assert_eq!(agenda.next_until(SimTime::MAX), Some(0));
        agenda.retain(|event| event % 3 != 1);
        agenda.at(at(100), 99);
        let served: Vec<u64> = std::iter::from_fn(|| agenda.next_until(SimTime::MAX)).collect();
        let expected: Vec<u64> = (1..37).filter(|event| event % 3 != 1).chain([99]).collect();
        assert_eq!(served, expected);
        assert_eq!(agenda.pending(), 0);
    }

    #[test]
    fn more_events_than_can_be_numbered_exhaust_the_agenda() {
        let mut agenda = Agenda {
            sequence: (1 << SEQUENCE_BITS) - 1,
            ..Agenda::default()
        };
        agenda.at(at(7), 'a');
        assert!(!agenda.is_exhausted());
        agenda.at(at(7), 'b');
        assert!(agenda.is_exhausted());
        assert_eq!(agenda.next_until(at(7)), Some('a'));
        assert_eq!(agenda.next_until(at(7)), None);
    }

    #[test]
    fn work_inside_of_an_event_counts_towards_the_limit() {
        let mut agenda = Agenda::default();
        agenda.at(at(1), 'a');
        agenda.set_limit(10);
        agenda.next_until(at(1));
        assert!(agenda.toil(8));
        assert!(!agenda.is_exhausted());
        assert!(!agenda.toil(1));
        assert_eq!(agenda.handled(), 1, "it is no event");
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
