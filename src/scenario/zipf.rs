//! Shares of subtasks when the popularity of keys follows Zipf's law.

use crate::scenario::key_groups;

/// Number of keys that are dealt.
const KEYS: u32 = 10_000;

/// Share of every subtask: 10 000 keys of weight 1 / rank^exponent, each in the key group that Flink gives to an
/// `Integer` key.
pub fn shares(exponent: f64, parallelism: usize, groups: usize) -> Vec<f64> {
    let mut weights = vec![0.0; parallelism];
    for key in 0..KEYS {
        let group = murmur(key) as usize % groups;
        weights[key_groups::owner(group, parallelism, groups)] +=
            libm::pow(f64::from(key + 1), -exponent);
    }
    let total: f64 = weights.iter().sum();
    weights.iter().map(|weight| weight / total).collect()
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
        let shares = shares(0.0, 4, 128);
        assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert!(
            shares.iter().all(|share| (share - 0.25).abs() < 0.03),
            "{shares:?}"
        );
    }

    #[test]
    fn the_most_popular_key_makes_one_subtask_hot() {
        let shares = shares(1.1, 8, 128);
        let hottest = shares.iter().copied().fold(0.0, f64::max);
        // Rank 1 alone has 1 / H(10000, 1.1), about 15 %.
        assert!((0.2..0.35).contains(&hottest), "{shares:?}");
    }
}
