//! Shares of subtasks when the popularity of keys follows Zipf's law.

/// Number of keys that are dealt.
const KEYS: u32 = 10_000;
/// `KeyGroupRangeAssignment`: smallest and largest default number of key groups.
const KEY_GROUPS: (usize, usize) = (128, 32_768);

/// Share of every subtask: 10 000 keys of weight 1 / rank^exponent, each in the key group that Flink gives to an
/// `Integer` key, key groups in contiguous ranges (`KeyGroupRangeAssignment`).
pub fn shares(exponent: f64, parallelism: usize) -> Vec<f64> {
    let groups = key_groups(parallelism);
    let mut weights = vec![0.0; parallelism];
    for key in 0..KEYS {
        let group = murmur(key) as usize % groups;
        weights[group * parallelism / groups] += libm::pow(f64::from(key + 1), -exponent);
    }
    let total: f64 = weights.iter().sum();
    weights.iter().map(|weight| weight / total).collect()
}

/// `KeyGroupRangeAssignment.computeDefaultMaxParallelism`.
fn key_groups(parallelism: usize) -> usize {
    (parallelism + parallelism / 2)
        .next_power_of_two()
        .clamp(KEY_GROUPS.0, KEY_GROUPS.1)
}

/// `MathUtils.murmurHash` of an `Integer`'s hash code, which is the number itself.
fn murmur(code: u32) -> u32 {
    let mut hash = code
        .wrapping_mul(0xcc9e_2d51)
        .rotate_left(15)
        .wrapping_mul(0x1b87_3593);
    hash = hash
        .rotate_left(13)
        .wrapping_mul(5)
        .wrapping_add(0xe654_6b64)
        ^ 4;
    hash = (hash ^ (hash >> 16)).wrapping_mul(0x85eb_ca6b);
    hash = (hash ^ (hash >> 13)).wrapping_mul(0xc2b2_ae35);
    hash ^= hash >> 16;
    // Java's int: its absolute value, 0 for the smallest.
    let signed = hash.cast_signed();
    signed.checked_abs().map_or(0, i32::unsigned_abs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_sum_to_one_and_are_nearly_equal_without_popularity() {
        let shares = shares(0.0, 4);
        assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert!(
            shares.iter().all(|share| (share - 0.25).abs() < 0.03),
            "{shares:?}"
        );
    }

    #[test]
    fn the_most_popular_key_makes_one_subtask_hot() {
        let shares = shares(1.1, 8);
        let hottest = shares.iter().copied().fold(0.0, f64::max);
        // Rank 1 alone has 1 / H(10000, 1.1), about 15 %.
        assert!((0.2..0.35).contains(&hottest), "{shares:?}");
    }

    #[test]
    fn more_subtasks_than_128_have_more_key_groups() {
        assert_eq!(key_groups(8), 128);
        assert_eq!(key_groups(200), 512);
        assert_eq!(key_groups(32_768), 32_768);
        assert_eq!(shares(1.0, 200).len(), 200);
    }
}
