//! A rate shared by concurrent transfers, max-min fairly, with a limit per transfer, per group and in total.
//!
//! Max-min fair means: no transfer can get more without taking from one that has less. All transfers are alike but for
//! their group, so the fair rate of a transfer is `min(per transfer, per group / n_group, level)`, where the common
//! level is what fills the total (water filling). Rates change only when a transfer begins, grows or ends.

use crate::units::{ByteRate, Bytes, SimDuration, SimTime};

/// Upper limits; `None` = no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Of one transfer.
    pub per_transfer: Option<ByteRate>,
    /// Of all transfers of a group.
    pub per_group: Option<ByteRate>,
    /// Of all transfers together.
    pub total: Option<ByteRate>,
}

/// Concurrent transfers, each with a key of the caller's.
#[derive(Clone, Debug)]
pub struct FairShare<K> {
    limits: Limits,
    transfers: Vec<Transfer<K>>,
    active_in_group: Vec<u32>,
    /// By group: nothing of it moves.
    stopped: Vec<bool>,
    updated: SimTime,
    /// Share of all limits that is left.
    scale: f64,
}

#[derive(Clone, Debug)]
struct Transfer<K> {
    key: K,
    group: usize,
    remaining: f64,
    rate: f64,
}

impl<K: Copy + PartialEq> FairShare<K> {
    /// No transfers yet, among `groups` groups.
    pub fn new(limits: Limits, groups: usize) -> Self {
        FairShare {
            limits,
            transfers: Vec::new(),
            active_in_group: vec![0; groups],
            stopped: vec![false; groups],
            updated: SimTime::ZERO,
            scale: 1.0,
        }
    }

    /// How many transfers are under way.
    pub fn under_way(&self) -> usize {
        self.transfers.len()
    }

    /// Begins a transfer.
    pub fn begin(&mut self, now: SimTime, key: K, group: usize, size: Bytes) {
        self.progress(now);
        self.transfers.push(Transfer {
            key,
            group,
            remaining: size.as_f64(),
            rate: 0.0,
        });
        self.active_in_group[group] += 1;
        self.share();
    }

    /// Takes out the transfers that have ended by `now`, in the order in which they began.
    pub fn take_ended(&mut self, now: SimTime) -> Vec<K> {
        self.progress(now);
        let mut ended = Vec::new();
        let active = &mut self.active_in_group;
        self.transfers.retain(|transfer| {
            let done = transfer.rate > 0.0 && transfer.left().is_zero();
            if done {
                ended.push(transfer.key);
                active[transfer.group] -= 1;
            }
            !done
        });
        if !ended.is_empty() {
            self.share();
        }
        ended
    }

    /// When the next transfer ends if nothing begins before; `None` without transfers that move.
    pub fn next_end(&self) -> Option<SimTime> {
        self.transfers
            .iter()
            .filter(|transfer| transfer.rate > 0.0)
            .map(|transfer| self.updated + transfer.left())
            .min()
    }

    /// Gives transfers up.
    pub fn cancel(&mut self, now: SimTime, given_up: impl Fn(K) -> bool) {
        self.progress(now);
        let active = &mut self.active_in_group;
        self.transfers.retain(|transfer| {
            let cancelled = given_up(transfer.key);
            if cancelled {
                active[transfer.group] -= 1;
            }
            !cancelled
        });
        self.share();
    }

    /// From now on all limits are this share of what they were at first; 0 = nothing moves.
    pub fn set_scale(&mut self, now: SimTime, scale: f64) {
        self.progress(now);
        self.scale = scale;
        self.share();
    }

    /// From now on nothing of a group moves, or all of it again.
    pub fn set_stopped(&mut self, now: SimTime, group: usize, stopped: bool) {
        self.progress(now);
        self.stopped[group] = stopped;
        self.share();
    }

    fn progress(&mut self, now: SimTime) {
        let elapsed = (now - self.updated).as_secs_f64();
        for transfer in &mut self.transfers {
            // An unlimited transfer ends at once; infinity × 0 would be NaN.
            transfer.remaining = if transfer.rate.is_infinite() {
                0.0
            } else {
                (transfer.remaining - transfer.rate * elapsed).max(0.0)
            };
        }
        self.updated = now;
    }

    fn share(&mut self) {
        let scale = self.scale;
        if scale <= 0.0 {
            for transfer in &mut self.transfers {
                transfer.rate = 0.0;
            }
            return;
        }
        let bound =
            |limit: Option<ByteRate>| limit.map_or(f64::INFINITY, |limit| limit.as_f64() * scale);
        let (per_transfer, per_group) = (
            bound(self.limits.per_transfer),
            bound(self.limits.per_group),
        );
        let groups = self.active_in_group.iter().zip(&self.stopped);
        let mut bounds: Vec<(f64, f64)> = groups
            .filter(|&(&active, &stopped)| active > 0 && !stopped)
            .map(|(&active, _)| {
                (
                    per_transfer.min(per_group / f64::from(active)),
                    f64::from(active),
                )
            })
            .collect();
        bounds.sort_by(|a, b| a.0.total_cmp(&b.0));
        let level = water_level(&bounds, bound(self.limits.total));
        for transfer in &mut self.transfers {
            let group = per_group / f64::from(self.active_in_group[transfer.group]);
            transfer.rate = if self.stopped[transfer.group] {
                0.0
            } else {
                per_transfer.min(group).min(level)
            };
        }
    }
}

/// The level at which `Σ n · min(bound, level)` fills `total`, for `(bound, n)` in rising order of bound.
fn water_level(bounds: &[(f64, f64)], total: f64) -> f64 {
    let mut left = total;
    let mut waiting: f64 = bounds.iter().map(|(_, n)| n).sum();
    for &(bound, n) in bounds {
        if bound * waiting >= left {
            return left / waiting;
        }
        left -= bound * n;
        waiting -= n;
    }
    f64::INFINITY
}

impl<K> Transfer<K> {
    /// Time to the end at the present rate, rounded up to the nanosecond; less than a millionth of a byte is done.
    fn left(&self) -> SimDuration {
        if self.remaining < 1e-6 || self.rate.is_infinite() {
            return SimDuration::ZERO;
        }
        SimDuration::from_nanos((self.remaining / self.rate * 1e9).ceil().max(1.0) as u64)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rate(bytes: u64) -> Option<ByteRate> {
        ByteRate::new(bytes)
    }

    fn second(seconds: f64) -> SimTime {
        SimTime::ZERO + SimDuration::from_secs_f64(seconds)
    }

    /// Runs all transfers from time 0 and gives their ends in seconds, by key.
    fn ends(limits: Limits, sizes: &[(usize, u64)]) -> Vec<f64> {
        let mut share = FairShare::new(limits, 8);
        for (key, &(group, size)) in sizes.iter().enumerate() {
            share.begin(SimTime::ZERO, key, group, Bytes::new(size));
        }
        let mut ends = vec![0.0; sizes.len()];
        while let Some(end) = share.next_end() {
            for key in share.take_ended(end) {
                ends[key] = end.as_secs_f64();
            }
        }
        ends
    }

    #[test]
    fn a_lone_transfer_gets_its_own_limit() {
        let limits = Limits {
            per_transfer: rate(10),
            per_group: rate(25),
            total: None,
        };
        assert_eq!(ends(limits, &[(0, 100)]), [10.0]);
    }

    #[test]
    fn a_group_shares_its_limit_and_the_rest_speeds_up_when_one_ends() {
        // Both at 5 B/s until the first ends at 10 s; then the second has 50 B left at 10 B/s.
        let limits = Limits {
            per_transfer: None,
            per_group: rate(10),
            total: None,
        };
        assert_eq!(ends(limits, &[(0, 50), (0, 100)]), [10.0, 15.0]);
    }

    #[test]
    fn what_a_bounded_group_cannot_use_goes_to_the_others() {
        // Total 10. Group 0 holds two transfers of at most 2 each; group 1's single transfer gets 4 by its group limit.
        let limits = Limits {
            per_transfer: None,
            per_group: rate(4),
            total: rate(100),
        };
        assert_eq!(
            ends(limits, &[(0, 20), (0, 20), (1, 20)]),
            [10.0, 10.0, 5.0]
        );
    }

    #[test]
    fn unlimited_transfers_end_at_once() {
        assert_eq!(
            ends(Limits::default(), &[(0, u64::MAX), (1, 1)]),
            [0.0, 0.0]
        );
    }

    /// Twin: raise all rates together in small steps until each hits a limit (the textbook definition).
    fn progressive_filling(limits: Limits, groups: &[usize]) -> Vec<f64> {
        let bound = |limit: Option<ByteRate>| limit.map_or(f64::INFINITY, ByteRate::as_f64);
        let mut rates = vec![0.0; groups.len()];
        let mut frozen = vec![false; groups.len()];
        for _ in 0..200_000 {
            for i in 0..rates.len() {
                let group: f64 = (0..rates.len())
                    .filter(|&j| groups[j] == groups[i])
                    .map(|j| rates[j])
                    .sum();
                let total: f64 = rates.iter().sum();
                frozen[i] |= rates[i] >= bound(limits.per_transfer)
                    || group >= bound(limits.per_group)
                    || total >= bound(limits.total);
            }
            for i in 0..rates.len() {
                if !frozen[i] {
                    rates[i] += 0.01;
                }
            }
            if frozen.iter().all(|&f| f) {
                break;
            }
        }
        rates
    }

    #[test]
    fn a_pause_delays_everything_by_its_length_and_a_cancelled_transfer_leaves_its_share() {
        let limits = Limits {
            total: rate(100),
            ..Limits::default()
        };
        let mut share = FairShare::new(limits, 1);
        share.begin(SimTime::ZERO, 'a', 0, Bytes::new(100));
        share.begin(SimTime::ZERO, 'b', 0, Bytes::new(100));
        share.set_scale(second(1.0), 0.0);
        assert_eq!(share.next_end(), None);
        share.set_scale(second(5.0), 1.0);
        assert_eq!(share.next_end(), Some(second(6.0)));
        share.cancel(second(5.5), |key| key == 'b');
        assert_eq!(share.next_end(), Some(second(5.75)));
    }

    proptest! {
        #[test]
        fn water_filling_agrees_with_progressive_filling(
            groups in prop::collection::vec(0_usize..4, 1..8),
            per_transfer in 5_u64..40, per_group in 5_u64..60, total in 5_u64..100,
        ) {
            let limits = Limits { per_transfer: rate(per_transfer), per_group: rate(per_group), total: rate(total) };
            let mut share = FairShare::new(limits, 4);
            for (key, &group) in groups.iter().enumerate() {
                share.begin(second(0.0), key, group, Bytes::new(1000));
            }
            let slow = progressive_filling(limits, &groups);
            for (transfer, expected) in share.transfers.iter().zip(slow) {
                prop_assert!((transfer.rate - expected).abs() < 0.2, "{} against {expected}", transfer.rate);
            }
        }
    }
}
