//! Who a record is, and what a set of records adds up to.
//!
//! A record's identity follows from the place where its source read it and from the way it took: the same input gives the
//! same identities, whatever the timing. All that is random about a record (how many records it gives, which key it has)
//! is a function of its identity, so that two runs of one scenario can be compared record by record.

use crate::model::task::output::Key;

/// A record, for as long as the run lasts. Two records have the same one with a chance of 2^-64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identity(u64);

impl Identity {
    /// The record that source subtask `subtask` of a vertex reads at `position` of its input, from 0.
    pub fn of_source(vertex: usize, subtask: usize, position: u64) -> Self {
        Identity(mix(
            mix(mix(vertex as u64 + 1) ^ subtask as u64).wrapping_add(position)
        ))
    }

    /// The `number`-th record, from 0, that this one gives in a vertex.
    #[must_use]
    pub fn output(self, vertex: usize, number: u64) -> Self {
        Identity(mix(self.0 ^ mix((vertex as u64 + 1) << 32 | number)))
    }

    /// How many records this one gives: `selectivity` on average.
    pub fn outputs(self, selectivity: f64) -> u64 {
        // 32 bits: the sum is exact, and a selectivity of 1 gives one record without exception.
        let draw = mix(self.0 ^ SELECTIVITY) >> 32;
        (selectivity + draw as f64 / 4_294_967_296.0) as u64
    }

    /// The record's key, by which a hash exchange chooses its consumer.
    pub fn key(self) -> Key {
        Key(mix(self.0 ^ KEY))
    }
}

const SELECTIVITY: u64 = 0x5e1e_c717;
const KEY: u64 = 0x6b65_7973;

/// A bijection under which near numbers become unrelated ones (the output function of Steele's `SplitMix64`).
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// A set of records, in any order: F7's `S' = f(S, X)` with the least state that tells sets apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fold {
    /// How many there are.
    pub records: u64,
    /// Wrapping sum of their identities.
    pub sum: u64,
}

impl Fold {
    /// Adds a record.
    #[inline]
    pub fn add(&mut self, record: Identity) {
        self.add_copies(record, 1);
    }

    /// Adds a record `copies` times.
    #[inline]
    pub fn add_copies(&mut self, record: Identity, copies: u64) {
        self.records += copies;
        self.sum = self.sum.wrapping_add(record.0.wrapping_mul(copies));
    }

    /// Adds another set.
    pub fn merge(&mut self, other: Fold) {
        self.records += other.records;
        self.sum = self.sum.wrapping_add(other.sum);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fold_does_not_depend_on_order_but_on_every_record() {
        let records: Vec<Identity> = (0..100).map(|i| Identity::of_source(0, 1, i)).collect();
        let fold = |records: &mut dyn Iterator<Item = &Identity>| {
            let mut fold = Fold::default();
            records.for_each(|record| fold.add(*record));
            fold
        };
        let all = fold(&mut records.iter());
        assert_eq!(fold(&mut records.iter().rev()), all);
        assert_ne!(fold(&mut records.iter().skip(1).chain(&records[1..2])), all);
    }

    #[test]
    fn sources_subtasks_and_outputs_are_told_apart() {
        let mut all: Vec<Identity> = Vec::new();
        for (vertex, subtask) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            for position in 0..500 {
                let record = Identity::of_source(vertex, subtask, position);
                all.extend([record, record.output(2, 0), record.output(2, 1)]);
                all.push(record.output(3, 0));
            }
        }
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn a_record_gives_as_many_records_as_the_selectivity_says_on_average() {
        for (selectivity, expected) in [(0.0, 0), (0.25, 2500), (1.0, 10_000), (2.5, 25_000)] {
            let given: u64 = (0..10_000)
                .map(|i| Identity::of_source(0, 0, i).outputs(selectivity))
                .sum();
            assert!(given.abs_diff(expected) < 150, "{given} for {selectivity}");
        }
    }
}
