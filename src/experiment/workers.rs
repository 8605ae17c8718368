//! The threads that make runs: the only place that decides how many.

use rayon::{ThreadPool, ThreadPoolBuilder};

/// More threads per core than this wait for each other; each of them holds a whole simulation.
const PER_CORE_MAX: usize = 4;

/// The threads cannot be started.
#[derive(Debug, thiserror::Error)]
#[error("cannot start {threads} threads: {why}")]
pub struct WorkersError {
    threads: usize,
    why: String,
}

/// Threads for so many runs; `jobs` as the user wishes, 0 = one per core.
pub fn workers(jobs: usize, runs: usize) -> Result<ThreadPool, WorkersError> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = threads(jobs, runs, cores);
    ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map_err(|error| WorkersError {
            threads,
            why: error.to_string(),
        })
}

fn threads(jobs: usize, runs: usize, cores: usize) -> usize {
    let wished = if jobs == 0 { cores } else { jobs };
    wished.min(runs).min(PER_CORE_MAX * cores).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_billion_jobs_are_no_more_threads_than_runs_or_cores_can_use() {
        assert_eq!(threads(4_294_967_295, 3, 8), 3);
        assert_eq!(threads(100_000, 1_000_000, 8), 32);
        assert_eq!(threads(0, 1_000_000, 8), 8);
        assert_eq!(threads(0, 0, 8), 1);
        assert_eq!(threads(5, 1_000_000, 2), 5);
        assert_eq!(workers(usize::MAX, 2).unwrap().current_num_threads(), 2);
    }
}
