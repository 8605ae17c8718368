//! The files of a RocksDB instance: memtable flushes, levels, compactions.
//!
//! A state that is larger than a memtable belongs to an instance that has run for long: its upper levels are at their
//! targets, and its level 0 is somewhere between two compactions, in each subtask elsewhere. A smaller one begins empty.
//!
//! Keys are updated uniformly, so a level is described by its bytes. Compactions are instantaneous: on the time scale
//! of a checkpoint interval they are, and their CPU is part of the state access cost. Sources: RocksDB's leveled
//! compaction (`level0_file_num_compaction_trigger`, `max_bytes_for_level_base`, `target_file_size_base`); that every
//! fourth checkpoint re-uploads a state of one level was seen in all recordings with RocksDB.

use crate::scenario::calibration::{
    ROCKSDB_FILE_BYTES, ROCKSDB_L0_FILES, ROCKSDB_LEVEL_BASE_BYTES, ROCKSDB_LEVEL_MULTIPLIER,
};

/// One SST file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SstFile {
    /// Never reused.
    pub id: u64,
    /// Size.
    pub bytes: u64,
}

/// The SST files of one instance, by level.
#[derive(Clone, Debug)]
pub struct Lsm {
    levels: Vec<Vec<SstFile>>,
    /// Bytes of all live entries.
    live: u64,
    /// Live entries that no file holds yet: a state that fits into the first memtable.
    in_memtable: u64,
    /// Files of level 0 from before the run; their bytes are neglected.
    older: usize,
    next_id: u64,
}

impl Lsm {
    /// An instance filled with `live` bytes: in the memtable if they fit, else in levels, of which each but the last is at
    /// its target (leveled compaction moves only what exceeds it), `older` flushes after a compaction.
    pub fn new(live: u64, older: usize) -> Self {
        let mut lsm = Lsm {
            levels: vec![Vec::new()],
            live,
            in_memtable: 0,
            older: 0,
            next_id: 0,
        };
        if live <= ROCKSDB_FILE_BYTES {
            lsm.in_memtable = live;
        } else {
            lsm.older = older;
            let mut left = live;
            while left > 0 {
                let bytes = left.min(target(lsm.levels.len()));
                let files = lsm.files(bytes);
                lsm.levels.push(files);
                left -= bytes;
            }
        }
        lsm
    }

    /// Writes `dirty` bytes of overwritten entries to level 0; full memtables were flushed before. Returns the bytes
    /// of the last memtable: what a snapshot has to wait for.
    pub fn flush(&mut self, dirty: u64) -> u64 {
        let mut left = dirty.max(std::mem::take(&mut self.in_memtable));
        while left > ROCKSDB_FILE_BYTES {
            self.add_to_level_0(ROCKSDB_FILE_BYTES);
            self.compact();
            left -= ROCKSDB_FILE_BYTES;
        }
        if left > 0 {
            self.add_to_level_0(left);
        }
        left
    }

    /// All files, newest level first.
    pub fn all(&self) -> Vec<SstFile> {
        self.levels.iter().flatten().copied().collect()
    }

    /// Bytes of all live entries: what a scan reads.
    pub fn live(&self) -> u64 {
        self.live
    }

    /// Runs the compactions that are due.
    pub fn compact(&mut self) {
        if self.older + self.levels[0].len() < ROCKSDB_L0_FILES {
            return;
        }
        self.older = 0;
        // Level 0 files overlap all of level 1: both are merged. An overwritten entry exists once afterwards.
        let newer = std::mem::take(&mut self.levels[0]);
        self.merge_into(1, newer.iter().map(|file| file.bytes).sum(), 1.0);
        let mut level = 1;
        while level < self.levels.len() {
            let bytes = self.bytes(level);
            if bytes <= target(level) {
                break;
            }
            let excess = bytes - target(level);
            self.take(level, excess);
            self.merge_into(level + 1, excess, excess as f64 / bytes as f64);
            level += 1;
        }
    }

    fn add_to_level_0(&mut self, bytes: u64) {
        let id = self.fresh_id();
        self.levels[0].push(SstFile { id, bytes });
    }

    /// Merges `bytes` from above into the share `overlap` of a level's key range, which is written anew.
    fn merge_into(&mut self, level: usize, bytes: u64, overlap: f64) {
        if level == self.levels.len() {
            self.levels.push(Vec::new());
        }
        let below = self.bytes(level) as f64 * overlap;
        let range = self.live as f64 * overlap;
        self.take(level, below as u64);
        // Two independent subsets of the keys of the range: |A ∪ B| = |A| + |B| − |A||B| / range.
        let both = below + bytes as f64 - below * bytes as f64 / range.max(1.0);
        let merged = both.clamp(0.0, range) as u64;
        let files = self.files(merged);
        self.levels[level].extend(files);
    }

    /// Removes whole files, oldest first, and shortens the last one, until `bytes` are gone.
    fn take(&mut self, level: usize, bytes: u64) {
        let mut left = bytes;
        self.levels[level].retain_mut(|file| {
            let gone = file.bytes.min(left);
            left -= gone;
            file.bytes -= gone;
            file.bytes > 0
        });
    }

    fn bytes(&self, level: usize) -> u64 {
        self.levels[level].iter().map(|file| file.bytes).sum()
    }

    fn files(&mut self, bytes: u64) -> Vec<SstFile> {
        let mut left = bytes;
        let mut files = Vec::new();
        while left > 0 {
            let bytes = left.min(ROCKSDB_FILE_BYTES);
            let id = self.fresh_id();
            files.push(SstFile { id, bytes });
            left -= bytes;
        }
        files
    }

    fn fresh_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }
}

fn target(level: usize) -> u64 {
    let factor =
        ROCKSDB_LEVEL_MULTIPLIER.saturating_pow(u32::try_from(level - 1).expect("few levels"));
    ROCKSDB_LEVEL_BASE_BYTES.saturating_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// New bytes of each of `n` snapshots, each after `dirty` bytes, with every snapshot confirmed.
    fn uploads(lsm: &mut Lsm, dirty: u64, n: usize) -> Vec<u64> {
        let mut known = Vec::new();
        (0..n)
            .map(|_| {
                lsm.flush(dirty);
                let files = lsm.all();
                let new = files
                    .iter()
                    .filter(|file| !known.contains(&file.id))
                    .map(|file| file.bytes)
                    .sum();
                known = files.iter().map(|file| file.id).collect();
                lsm.compact();
                new
            })
            .collect()
    }

    #[test]
    fn every_fourth_checkpoint_uploads_a_small_state_again() {
        let mut lsm = Lsm::new(41_000_000, 3);
        assert_eq!(
            uploads(&mut lsm, 1_600_000, 9),
            [
                41_000_000, 1_600_000, 1_600_000, 1_600_000, 42_600_000, 1_600_000, 1_600_000,
                1_600_000, 42_600_000
            ]
        );
    }

    #[test]
    fn a_large_state_is_not_rewritten_as_a_whole() {
        let live = 20_000_000_000;
        let mut lsm = Lsm::new(live, 0);
        let uploads = uploads(&mut lsm, 50_000_000, 41);
        assert!(uploads[0] >= live);
        let later: u64 = uploads[1..].iter().sum();
        assert!(
            later < 40 * 50_000_000 * 20,
            "write amplification stays below 20: {later}"
        );
        assert!(later > 40 * 50_000_000, "compaction output is uploaded too");
    }

    #[test]
    fn a_store_that_has_run_for_long_rewrites_its_level_1_with_every_fourth_flush() {
        // 370 MB: 256 MiB in level 1, the rest in level 2. With 3.4 MB per flush 13.6 MB move on, and rewrite
        // 13.6 / 268 of 102 MB: 5 MB.
        for older in 0..4 {
            let mut lsm = Lsm::new(370_000_000, older);
            let uploads = uploads(&mut lsm, 3_400_000, 9);
            for (n, bytes) in uploads.iter().enumerate().skip(1) {
                let megabytes = *bytes as f64 / 1e6;
                if (n + older).is_multiple_of(4) {
                    assert!((270.0..300.0).contains(&megabytes), "{n} {megabytes}");
                } else {
                    assert!((megabytes - 3.4).abs() < 0.01, "{n} {megabytes}");
                }
            }
        }
    }

    #[test]
    fn nothing_dirty_gives_no_new_file() {
        let mut lsm = Lsm::new(1000, 0);
        assert_eq!(uploads(&mut lsm, 0, 3), [1000, 0, 0]);
    }
}
