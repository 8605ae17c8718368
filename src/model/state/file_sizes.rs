//! Files that wait for a thread, in the order in which they are taken, and those that threads transfer.
//!
//! A large state is millions of files of one size: equal neighbours are counted together, so that the memory does not
//! grow with the state.

use std::collections::VecDeque;

/// A queue of file sizes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileSizes {
    /// Size and number of equal files; no number is 0, and no two neighbours have the same size.
    runs: VecDeque<(u64, u64)>,
}

impl FileSizes {
    /// A queue of one file.
    pub fn one(bytes: u64) -> Self {
        FileSizes::of([(bytes, 1)])
    }

    /// Files of these sizes and numbers, in the order in which they are taken.
    pub fn of(runs: impl IntoIterator<Item = (u64, u64)>) -> Self {
        let mut sizes = FileSizes::default();
        for (bytes, files) in runs {
            match sizes.runs.back_mut() {
                _ if files == 0 => {}
                Some((size, number)) if *size == bytes => *number += files,
                _ => sizes.runs.push_back((bytes, files)),
            }
        }
        sizes
    }

    /// Files of these sizes and numbers, largest first.
    pub fn largest_first(runs: impl IntoIterator<Item = (u64, u64)>) -> Self {
        let mut runs: Vec<(u64, u64)> = runs.into_iter().collect();
        runs.sort_unstable_by(|a, b| b.cmp(a));
        FileSizes::of(runs)
    }

    /// A file that is taken before all others.
    pub fn put_first(&mut self, bytes: u64) {
        match self.runs.front_mut() {
            Some((size, number)) if *size == bytes => *number += 1,
            _ => self.runs.push_front((bytes, 1)),
        }
    }

    /// Takes the next file.
    pub fn take(&mut self) -> Option<u64> {
        let (bytes, files) = self.runs.front_mut()?;
        let bytes = *bytes;
        *files -= 1;
        if *files == 0 {
            self.runs.pop_front();
        }
        Some(bytes)
    }

    /// Leaves out the files that are not worth keeping, by size.
    pub fn retain(&mut self, keep: impl Fn(u64) -> bool) {
        let runs = std::mem::take(&mut self.runs);
        *self = FileSizes::of(runs.into_iter().filter(|(bytes, _)| keep(*bytes)));
    }

    /// Takes all of them out.
    pub fn clear(&mut self) {
        self.runs.clear();
    }

    /// Whether none is left.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// How many are left.
    pub fn len(&self) -> u64 {
        self.runs.iter().map(|(_, files)| files).sum()
    }

    /// Bytes of the largest one; 0 without any.
    pub fn largest(&self) -> u64 {
        self.runs.iter().map(|(bytes, _)| *bytes).max().unwrap_or(0)
    }

    /// Bytes of all of them.
    pub fn total(&self) -> u64 {
        self.runs.iter().map(|(bytes, files)| bytes * files).sum()
    }
}

/// Files that several threads write or read, each thread one at a time.
#[derive(Clone, Debug)]
pub struct Transfers {
    waiting: FileSizes,
    threads: usize,
    open: usize,
}

impl Transfers {
    /// None has begun.
    pub fn new(waiting: FileSizes, threads: usize) -> Self {
        Transfers {
            waiting,
            threads,
            open: 0,
        }
    }

    /// The next file that a free thread takes, if there are both.
    pub fn begin_next(&mut self) -> Option<u64> {
        if self.open >= self.threads {
            return None;
        }
        let bytes = self.waiting.take()?;
        self.open += 1;
        Some(bytes)
    }

    /// A file is closed: its thread is free.
    pub fn end_one(&mut self) {
        self.open -= 1;
    }

    /// Files that have not begun will not be transferred.
    pub fn drop_waiting(&mut self) {
        self.waiting.clear();
    }

    /// Whether nothing waits and nothing is under way.
    pub fn are_over(&self) -> bool {
        self.waiting.is_empty() && self.open == 0
    }
}

impl<const N: usize> PartialEq<[u64; N]> for FileSizes {
    fn eq(&self, sizes: &[u64; N]) -> bool {
        *self == FileSizes::of(sizes.map(|bytes| (bytes, 1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_taken_one_by_one_largest_first() {
        let mut sizes = FileSizes::largest_first([(5, 1), (9, 2), (7, 0), (5, 1)]);
        assert_eq!((sizes.len(), sizes.total(), sizes.largest()), (4, 28, 9));
        sizes.put_first(1);
        let taken: Vec<u64> = std::iter::from_fn(|| sizes.take()).collect();
        assert_eq!(taken, [1, 9, 9, 5, 5]);
        assert!(sizes.is_empty());
    }

    #[test]
    fn a_petabyte_of_equal_files_takes_no_more_memory_than_one() {
        let sizes = FileSizes::of([(64 << 20, 16_000_000), (64 << 20, 1), (3, 1)]);
        assert_eq!(sizes.runs.len(), 2);
        assert_eq!(sizes.len(), 16_000_002);
    }
}
