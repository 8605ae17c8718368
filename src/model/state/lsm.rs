//! The files of a RocksDB instance: memtable flushes, levels, compactions.
//!
//! A state that is larger than a memtable belongs to an instance that has run for long: its upper levels are at their
//! targets, and its level 0 is somewhere between two compactions, in each subtask elsewhere. A smaller one begins empty.
//!
//! Keys are updated uniformly, so a level is described by its bytes. Compactions are instantaneous: on the time scale
//! of a checkpoint interval they are. The processor time of the one that a snapshot's flush starts is counted with
//! `cluster.cores`; that of the others, between checkpoints, is part of the state access cost. Sources: RocksDB's leveled
//! compaction (`level0_file_num_compaction_trigger`, `max_bytes_for_level_base`, `target_file_size_base`); that every
//! fourth checkpoint re-uploads a state of one level was seen in all recordings with RocksDB.

use std::collections::VecDeque;

use crate::scenario::calibration::{
    ROCKSDB_FILE_BYTES, ROCKSDB_L0_FILES, ROCKSDB_LEVEL_BASE_BYTES, ROCKSDB_LEVEL_MULTIPLIER,
    ROCKSDB_MEMTABLE_BYTES,
};

/// More flushes than this between two snapshots are taken for as many larger ones: no instance writes 640 GB in that
/// time, and what asks for it is to end all the same.
const FLUSHES_MAX: u64 = 10_000;

/// SST files of one size that were written one after another: a level of a large state is millions of them, and a few of
/// these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SstFiles {
    /// Id of the first one; the others follow. Never reused.
    first: u64,
    /// How many, at least one.
    number: u64,
    /// Size of each.
    bytes: u64,
}

impl SstFiles {
    /// Size and number.
    pub fn sizes(&self) -> (u64, u64) {
        (self.bytes, self.number)
    }

    /// Bytes of all of them.
    pub fn total(&self) -> u64 {
        self.bytes * self.number
    }

    /// The id after the last one.
    fn end(&self) -> u64 {
        self.first + self.number
    }

    /// Those from one id up to, but not including, another one.
    fn between(&self, first: u64, end: u64) -> Option<SstFiles> {
        let (first, end) = (first.max(self.first), end.min(self.end()));
        let number = end.checked_sub(first).filter(|number| *number > 0)?;
        Some(SstFiles {
            first,
            number,
            ..*self
        })
    }
}

/// The files that are not among others, by id.
pub fn without(files: &[SstFiles], known: &[SstFiles]) -> Vec<SstFiles> {
    let mut known: Vec<(u64, u64)> = known.iter().map(|run| (run.first, run.end())).collect();
    known.sort_unstable();
    let mut new = Vec::new();
    for run in files {
        let mut first = run.first;
        let before = known.partition_point(|(_, end)| *end <= first);
        for &(begin, end) in known[before..]
            .iter()
            .take_while(|(begin, _)| *begin < run.end())
        {
            new.extend(run.between(first, begin));
            first = end;
        }
        new.extend(run.between(first, u64::MAX));
    }
    new
}

/// The SST files of one instance, by level.
#[derive(Clone, Debug)]
pub struct Lsm {
    /// Oldest files first.
    levels: Vec<VecDeque<SstFiles>>,
    /// Bytes of all live entries.
    live: u64,
    /// Live entries that no file holds yet: a state that fits into the first memtable.
    in_memtable: u64,
    /// Bytes of new keys that no file holds yet; and by level, those that no level below it holds.
    new_in_memtable: u64,
    new: Vec<f64>,
    /// Files of level 0 from before the run; their bytes are neglected.
    older: usize,
    next_id: u64,
}

impl Lsm {
    /// An instance filled with `live` bytes: in the memtable if they fit, else in levels, of which each but the last is at
    /// its target (leveled compaction moves only what exceeds it), `older` flushes after a compaction.
    pub fn new(live: u64, older: usize) -> Self {
        let mut lsm = Lsm {
            levels: vec![VecDeque::new()],
            live,
            in_memtable: 0,
            new_in_memtable: 0,
            new: vec![0.0],
            older: 0,
            next_id: 0,
        };
        if live <= ROCKSDB_MEMTABLE_BYTES {
            lsm.in_memtable = live;
        } else {
            lsm.older = older;
            let mut left = live;
            while left > 0 {
                let level = lsm.levels.len();
                let bytes = left.min(target(level));
                lsm.add_level();
                lsm.write(level, bytes);
                left -= bytes;
            }
        }
        lsm
    }

    /// Writes `dirty` bytes of overwritten entries to level 0; full memtables were flushed before. Returns the bytes
    /// of the last memtable: what a snapshot has to wait for.
    pub fn flush(&mut self, dirty: u64) -> u64 {
        let mut left = dirty.max(std::mem::take(&mut self.in_memtable));
        let memtable = ROCKSDB_MEMTABLE_BYTES.max(left.div_ceil(FLUSHES_MAX));
        while left > memtable {
            self.add_to_level_0(memtable, left);
            self.compact();
            left -= memtable;
        }
        if left > 0 {
            self.add_to_level_0(left, left);
        }
        left.min(ROCKSDB_MEMTABLE_BYTES)
    }

    /// All files, newest level first.
    pub fn all(&self) -> Vec<SstFiles> {
        self.levels.iter().flatten().copied().collect()
    }

    /// Bytes of all live entries: what a scan reads.
    pub fn live(&self) -> u64 {
        self.live
    }

    /// So many bytes of new keys have come; the next flush writes them.
    pub fn grow(&mut self, bytes: u64) {
        self.live = self.live.saturating_add(bytes);
        self.new_in_memtable = self.new_in_memtable.saturating_add(bytes);
        if self.in_memtable > 0 {
            self.in_memtable = self.in_memtable.saturating_add(bytes);
        }
    }

    /// So many bytes have been deleted; compactions leave them out.
    pub fn shrink(&mut self, bytes: u64) {
        self.live = self.live.saturating_sub(bytes);
        self.in_memtable = self.in_memtable.min(self.live);
    }

    /// Runs the compactions that are due; returns the bytes that they write.
    pub fn compact(&mut self) -> u64 {
        if self.older + self.levels[0].len() < ROCKSDB_L0_FILES {
            return 0;
        }
        self.older = 0;
        // Level 0 files overlap all of level 1: both are merged. An overwritten entry exists once afterwards.
        let newer = self.bytes(0);
        self.levels[0].clear();
        let mut written = self.merge_into(1, newer, 1.0);
        let mut level = 1;
        while level < self.levels.len() {
            let bytes = self.bytes(level);
            if bytes <= target(level) {
                break;
            }
            let excess = bytes - target(level);
            self.take(level, excess);
            written += self.merge_into(level + 1, excess, excess as f64 / bytes as f64);
            level += 1;
        }
        written
    }

    /// `bytes` of the `of` that are to be written. Each file stands for itself: they are counted.
    fn add_to_level_0(&mut self, bytes: u64, of: u64) {
        let new = (self.new_in_memtable as f64 * (bytes as f64 / of as f64)) as u64;
        self.new_in_memtable -= new;
        self.new[0] += new as f64;
        let files = self.fresh(1, bytes);
        self.levels[0].push_back(files);
    }

    fn add_level(&mut self) {
        self.levels.push(VecDeque::new());
        self.new.push(0.0);
    }

    /// Merges `bytes` from above into the share `overlap` of a level's key range, which is rewritten; returns how much is
    /// written.
    fn merge_into(&mut self, level: usize, bytes: u64, overlap: f64) -> u64 {
        if level == self.levels.len() {
            self.add_level();
        }
        let below = self.bytes(level) as f64 * overlap;
        let range = self.live as f64 * overlap;
        self.take(level, below as u64);
        let new = self.new[level - 1] * overlap;
        self.new[level - 1] -= new;
        self.new[level] += new;
        // Nothing below has the new keys. The others and those below are two independent subsets of the keys of the range:
        // |A ∪ B| = |A| + |B| − |A||B| / range.
        let new = new.min(bytes as f64);
        let others = bytes as f64 - new;
        let both = below + new + others - below * others / (range - new).max(1.0);
        let merged = both.clamp(0.0, range) as u64;
        self.write(level, merged);
        merged
    }

    /// Removes whole files, oldest first, and shortens the last one, until `bytes` are gone.
    fn take(&mut self, level: usize, bytes: u64) {
        let mut left = bytes;
        let files = &mut self.levels[level];
        while left > 0
            && let Some(oldest) = files.pop_front()
        {
            let whole = oldest.number.min(left / oldest.bytes);
            left -= whole * oldest.bytes;
            if let Some(rest) = oldest.between(oldest.first + whole, oldest.end()) {
                if left == 0 {
                    files.push_front(rest);
                    return;
                }
                if let Some(untouched) = rest.between(rest.first + 1, rest.end()) {
                    files.push_front(untouched);
                }
                files.push_front(SstFiles {
                    number: 1,
                    bytes: rest.bytes - left,
                    ..rest
                });
                left = 0;
            }
        }
    }

    fn bytes(&self, level: usize) -> u64 {
        self.levels[level].iter().map(SstFiles::total).sum()
    }

    /// Writes `bytes` into files at the end of a level.
    fn write(&mut self, level: usize, bytes: u64) {
        let (full, rest) = (bytes / ROCKSDB_FILE_BYTES, bytes % ROCKSDB_FILE_BYTES);
        if full > 0 {
            let files = self.fresh(full, ROCKSDB_FILE_BYTES);
            self.levels[level].push_back(files);
        }
        if rest > 0 {
            let last = self.fresh(1, rest);
            self.levels[level].push_back(last);
        }
    }

    fn fresh(&mut self, number: u64, bytes: u64) -> SstFiles {
        let first = self.next_id;
        self.next_id += number;
        SstFiles {
            first,
            number,
            bytes,
        }
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
                let new = without(&files, &known).iter().map(SstFiles::total).sum();
                known = files;
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
    fn a_state_of_new_keys_only_is_held_once() {
        for (first, each) in [(0, 40_000_000), (300_000_000, 150_000_000)] {
            let mut lsm = Lsm::new(first, 0);
            for _ in 0..60 {
                lsm.grow(each);
                lsm.flush(each);
                lsm.compact();
            }
            assert_eq!(lsm.live(), first + 60 * each);
            let held: u64 = lsm.all().iter().map(SstFiles::total).sum();
            let share = held as f64 / lsm.live() as f64;
            assert!((0.97..1.001).contains(&share), "{share}");
        }
    }

    #[test]
    fn nothing_dirty_gives_no_new_file() {
        let mut lsm = Lsm::new(1000, 0);
        assert_eq!(uploads(&mut lsm, 0, 3), [1000, 0, 0]);
    }

    #[test]
    fn the_files_of_a_petabyte_take_no_memory_to_speak_of() {
        let mut lsm = Lsm::new(1_000_000_000_000_000, 2);
        let first = uploads(&mut lsm, 50_000_000_000, 1);
        assert!(first[0] >= 1_000_000_000_000_000, "{first:?}");
        uploads(&mut lsm, 50_000_000_000, 20);
        let files: u64 = lsm.all().iter().map(|run| run.number).sum();
        assert!(files > 10_000_000, "{files}");
        assert!(lsm.all().len() < 200_000, "{}", lsm.all().len());
    }

    #[test]
    fn whatever_is_dirty_is_flushed_in_time() {
        let mut lsm = Lsm::new(1_000_000_000, 0);
        assert!(lsm.flush(u64::MAX / 4) <= ROCKSDB_MEMTABLE_BYTES);
        let live: u64 = lsm.all().iter().map(SstFiles::total).sum();
        assert!(live > 0);
    }

    /// Twin: every file for itself.
    struct OneByOne(Vec<(u64, u64)>);

    impl OneByOne {
        fn take(&mut self, bytes: u64) {
            let mut left = bytes;
            self.0.retain_mut(|(_, bytes)| {
                let gone = (*bytes).min(left);
                left -= gone;
                *bytes -= gone;
                *bytes > 0
            });
        }
    }

    fn spelt(runs: &[SstFiles]) -> Vec<(u64, u64)> {
        let each = |run: &SstFiles| (run.first..run.end()).map(|id| (id, run.bytes)).collect();
        runs.iter().flat_map::<Vec<(u64, u64)>, _>(each).collect()
    }

    proptest::proptest! {
        #[test]
        fn files_counted_together_are_the_files(
            steps in proptest::collection::vec((0..900_000_000_u64, 0..900_000_000_u64), 1..30)
        ) {
            let mut lsm = Lsm::new(0, 0);
            lsm.add_level();
            let mut twin = OneByOne(Vec::new());
            for (written, taken) in steps {
                let known = lsm.all();
                lsm.write(1, written);
                lsm.take(1, taken);
                let mut left = written;
                let mut id = lsm.next_id - written.div_ceil(ROCKSDB_FILE_BYTES);
                while left > 0 {
                    let bytes = left.min(ROCKSDB_FILE_BYTES);
                    twin.0.push((id, bytes));
                    (left, id) = (left - bytes, id + 1);
                }
                twin.take(taken);
                let files = lsm.all();
                proptest::prop_assert_eq!(spelt(&files), twin.0.clone());
                let ids: Vec<u64> = spelt(&known).iter().map(|(id, _)| *id).collect();
                let new = twin.0.iter().filter(|(id, _)| !ids.contains(id)).copied();
                proptest::prop_assert_eq!(spelt(&without(&files, &known)), new.collect::<Vec<_>>());
            }
        }
    }
}
