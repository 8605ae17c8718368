//! How much of a state has to be written again: what was touched, and what RocksDB compacted.

use crate::scenario::calibration::{
    ROCKSDB_L0_FILES, ROCKSDB_LEVEL_BASE_BYTES, ROCKSDB_LEVEL_MULTIPLIER,
};

/// Distinct entries touched by `updates` uniform overwrites of `entries` entries.
///
/// Question: how much of the state is dirty at the next checkpoint?
/// Formula: N·(1 − e^{−u/N}). Symbols: N entries, u overwrites. Assumptions: keys drawn uniformly and independently.
/// Source: occupancy problem (Feller vol. 1, II.5, Poisson limit); 8.88 MB predicted, 8.87 to 8.92 MB recorded.
/// Fails for skewed keys, where fewer entries are touched.
pub fn touched_entries(entries: f64, updates: f64) -> f64 {
    if entries <= 0.0 || updates <= 0.0 {
        0.0
    } else {
        -entries * libm::expm1(-updates / entries)
    }
}

/// Bytes that the compaction after four flushes writes again.
///
/// Question: what does RocksDB upload though the state did not change?
/// Formula: min(live, base) + Σ over deeper levels min(4·flush·(1 + held/above), held).
/// Symbols: live bytes of state, flush bytes per checkpoint, base 256 MiB (level 1), held bytes in a level, above the
/// target of the level above it: a tenth of its own, so that a full level is written again ten times its inflow.
/// Assumptions: leveled compaction, keys spread over the whole range. Source: RocksDB's leveled compaction; exact in
/// recordings with states below one level. Fails for the timing of single compactions in deeper levels.
pub fn compacted_bytes(live: f64, flush: f64) -> f64 {
    if flush <= 0.0 {
        return 0.0;
    }
    let base = ROCKSDB_LEVEL_BASE_BYTES as f64;
    let moved = ROCKSDB_L0_FILES as f64 * flush;
    let (mut bytes, mut rest, mut above) = (live.min(base), live - base, base);
    while rest > 0.0 {
        let level = above * ROCKSDB_LEVEL_MULTIPLIER as f64;
        let held = rest.min(level);
        bytes += held.min(moved * (1.0 + held / above));
        rest -= level;
        above = level;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_overwrites_as_entries_touch_63_percent() {
        // 1000·(1 − 1/e)
        assert!((touched_entries(1000.0, 1000.0) - 632.120_558_8).abs() < 1e-6);
    }

    #[test]
    fn untouched_state_is_never_dirty_and_all_of_it_after_forever() {
        assert_eq!(touched_entries(1000.0, 0.0), 0.0);
        assert_eq!(touched_entries(1000.0, f64::INFINITY), 1000.0);
    }

    #[test]
    fn a_state_of_many_levels_is_not_rewritten_as_a_whole() {
        // 1 GiB live, 1 MiB per flush: 256 MiB of level 1; level 2 holds 768 MiB, three times as much: 4 MiB · (1 + 3)
        let mib = f64::from(1 << 20);
        assert_eq!(compacted_bytes(1024.0 * mib, mib), 272.0 * mib);
        // A full level 2 of 2.5 GiB: 4 MiB · 11
        assert_eq!(compacted_bytes(2816.0 * mib, mib), 300.0 * mib);
    }
}
