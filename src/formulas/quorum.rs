//! How long a quorum takes to agree: the k-th fastest of n.

use crate::formulas::order_statistics::{Order, expected};
use crate::scenario::Distribution;

/// A store that answers when enough replicas have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Replicas {
    /// Replicas, n, at least 1.
    pub replicas: usize,
    /// Answers needed, k; 1 ≤ k ≤ n.
    pub quorum: usize,
    /// How one replica's round trip varies around its mean.
    pub law: Distribution,
}

/// Mean time to commit, in units of the mean round trip.
///
/// Question: how much does the quorum protocol add to a checkpoint's completion?
/// Formula: `E[X_(k)]` of n independent round trips; exponential `H_n − H_{n−k}`; uniform `1 − s + 2s·k/(n + 1)`.
/// Symbols: n replicas, k answers needed, s half width of the uniform law as a share of the mean.
/// Assumptions: independent replicas, all up, one round of messages, a leader that does not change.
/// Source: order statistics (David and Nagaraja, 2003). Fails during a leader election.
pub fn mean_commit(store: Replicas) -> f64 {
    expected(
        store.law,
        Order {
            n: store.replicas,
            rank: store.quorum,
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(quorum: usize, replicas: usize, expected: f64) {
        let commit = mean_commit(Replicas {
            replicas,
            quorum,
            law: Distribution::Exponential,
        });
        assert!(
            (commit - expected).abs() < 1e-6,
            "{quorum} of {replicas}: {commit}"
        );
    }

    #[test]
    fn exponential_round_trips_give_differences_of_harmonic_numbers() {
        case(2, 3, 0.833_333);
        case(3, 5, 0.783_333);
        case(4, 7, 0.759_524);
        case(5, 5, 2.283_333);
    }

    #[test]
    fn uniform_round_trips_from_nothing_to_twice_the_mean_give_2k_over_n_plus_1() {
        let store = Replicas {
            replicas: 3,
            quorum: 2,
            law: Distribution::Uniform { spread: 1.0 },
        };
        assert!((mean_commit(store) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn in_units_of_the_longest_uniform_round_trip_it_is_k_over_n_plus_1() {
        for (quorum, replicas) in [(2, 3), (3, 5), (4, 7), (5, 5)] {
            let store = Replicas {
                replicas,
                quorum,
                law: Distribution::Uniform { spread: 1.0 },
            };
            let share = quorum as f64 / (replicas as f64 + 1.0);
            assert!((mean_commit(store) / 2.0 - share).abs() < 1e-12);
        }
    }

    #[test]
    fn equal_round_trips_take_one() {
        assert_eq!(
            mean_commit(Replicas {
                replicas: 5,
                quorum: 3,
                law: Distribution::Deterministic
            }),
            1.0
        );
    }
}
