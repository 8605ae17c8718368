//! Key groups: how Flink deals keys, and so records and state, to the subtasks of a keyed vertex.
//!
//! `KeyGroupRangeAssignment`: a key belongs to one of `maxParallelism` key groups, by its hash; every subtask owns a
//! contiguous range of them. With many keys all groups weigh the same, but their number is seldom a multiple of the
//! parallelism: of 256 groups 16 of 120 subtasks own 3 and 104 own 2, so that the first have 41 % more than the mean.
//! (`docs/flink-semantics.md`, 6.4.)

/// `KeyGroupRangeAssignment.DEFAULT_LOWER_BOUND_MAX_PARALLELISM`.
const DEFAULT_MIN: usize = 128;
/// `KeyGroupRangeAssignment.UPPER_BOUND_MAX_PARALLELISM`: 2^15.
pub const MAX: usize = 32_768;

/// Number of key groups of a vertex that names none: `computeDefaultMaxParallelism`.
pub fn default_max_parallelism(parallelism: usize) -> usize {
    (parallelism + parallelism / 2)
        .next_power_of_two()
        .clamp(DEFAULT_MIN, MAX)
}

/// The subtask that owns a key group: `computeOperatorIndexForKeyGroup`.
pub fn owner(group: usize, parallelism: usize, max_parallelism: usize) -> usize {
    group * parallelism / max_parallelism
}

/// Number of key groups of a subtask: the length of `computeKeyGroupRangeForOperatorIndex`.
pub fn owned(subtask: usize, parallelism: usize, max_parallelism: usize) -> usize {
    let first = |subtask: usize| (subtask * max_parallelism).div_ceil(parallelism);
    first(subtask + 1) - first(subtask)
}

/// Part of all keys of every subtask, in sum 1.
pub fn shares(parallelism: usize, max_parallelism: usize) -> Vec<f64> {
    (0..parallelism)
        .map(|subtask| owned(subtask, parallelism, max_parallelism) as f64 / max_parallelism as f64)
        .collect()
}

/// What the fullest subtask has, as a multiple of the mean; 1 where all own as many.
pub fn imbalance(parallelism: usize, max_parallelism: usize) -> f64 {
    let most = max_parallelism.div_ceil(parallelism);
    most as f64 * parallelism as f64 / max_parallelism as f64
}

/// The parallelism nearest to this one whose fullest subtask has at most `imbalance` times the mean; of two equally near
/// ones the larger.
pub fn nearest_balanced(parallelism: usize, max_parallelism: usize, imbalance_max: f64) -> usize {
    let balanced = |parallelism: &usize| imbalance(*parallelism, max_parallelism) <= imbalance_max;
    let above = (parallelism..=max_parallelism).find(balanced);
    let below = (1..parallelism).rev().find(balanced);
    match (above, below) {
        (Some(above), Some(below)) if parallelism - below < above - parallelism => below,
        (Some(above), _) => above,
        (None, below) => below.unwrap_or(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_half_as_much_again_rounded_up_to_a_power_of_two() {
        let defaults = [1, 85, 86, 120, 171, 200, 32_768].map(default_max_parallelism);
        assert_eq!(defaults, [128, 128, 256, 256, 256, 512, 32_768]);
    }

    #[test]
    fn of_256_groups_16_of_120_subtasks_own_3_and_104_own_2() {
        let owned: Vec<usize> = (0..120).map(|subtask| owned(subtask, 120, 256)).collect();
        let with = |groups: usize| owned.iter().filter(|count| **count == groups).count();
        assert_eq!((with(3), with(2)), (16, 104));
        let most = shares(120, 256).into_iter().fold(0.0, f64::max);
        assert!((most * 120.0 - imbalance(120, 256)).abs() < 1e-12);
        assert!((imbalance(120, 256) - 1.40625).abs() < 1e-12);
    }

    #[test]
    fn every_group_is_counted_at_its_owner() {
        for (parallelism, groups) in [(1, 1), (3, 128), (7, 7), (85, 128), (120, 256), (128, 128)] {
            let mut counted = vec![0; parallelism];
            for group in 0..groups {
                counted[owner(group, parallelism, groups)] += 1;
            }
            let computed: Vec<usize> = (0..parallelism)
                .map(|subtask| owned(subtask, parallelism, groups))
                .collect();
            assert_eq!(counted, computed, "{groups} groups on {parallelism}");
        }
    }

    #[test]
    fn a_power_of_two_is_dealt_evenly_to_the_last_bit() {
        assert_eq!(shares(8, 128), [0.125; 8]);
    }

    #[test]
    fn the_nearest_balanced_parallelism_may_lie_on_either_side() {
        assert_eq!(nearest_balanced(120, 256, 1.1), 128);
        // 256 / 3 = 85.3: with 86 the fullest has 3 of 2.98.
        assert_eq!(nearest_balanced(90, 256, 1.1), 90);
        assert_eq!(nearest_balanced(100, 256, 1.1), 93);
        assert_eq!(nearest_balanced(100, 128, 1.1), 128);
        assert_eq!(nearest_balanced(80, 128, 1.1), 70);
        assert_eq!(nearest_balanced(128, 128, 1.1), 128);
    }
}
