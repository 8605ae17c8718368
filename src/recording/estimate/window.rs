//! The windows of a SQL job: their lengths are in the plan; how many keys fire is what comes out.
//!
//! SQL's window aggregation buffers records and writes them into its state before a barrier leaves and before the windows fire
//! (`WindowBuffer.flush`); what that takes at a barrier, no phase shows. Of the rest of the busy time nobody can tell from
//! outside how much the records take and how much the firings: reading or writing one slice of one key is taken to cost the
//! same, wherever it happens. A record writes one; a firing reads all slices of its window, and emits.
//!
//! How many of the records of a window have different keys tells how many keys there are: n records of K keys drawn at random have
//! K (1 - exp(-n / K)) of them.

use crate::recording::answers::plan_window::PlanWindow;
use crate::recording::estimate::estimated::Estimated;
use crate::recording::estimate::rates::Rates;
use crate::recording::estimate::threads::Threads;
use crate::scenario::calibration::ROCKSDB_BYTES_PER_ENTRY;
use crate::scenario::vertex::Expiry;
use crate::units::SimDuration;

/// Of the busy time, writing what is buffered takes no more than this share.
const BUFFERED_MAX: f64 = 0.8;
/// More results than this share of the records: nearly every record has a key of its own, and the number of keys is anybody's
/// guess.
const DIFFERENT_MAX: f64 = 0.95;

/// A window and what its firings cost.
#[derive(Clone, Copy, Debug)]
pub struct WindowEstimate {
    /// Its lengths.
    pub window: PlanWindow,
    /// Keys of all subtasks that have a result at the end of a window; of sessions, at a time.
    pub keys: Estimated,
    /// Seconds on the thread per key and firing.
    pub firing: Option<Estimated>,
    /// Seconds on the thread per record that is buffered.
    pub buffered: Option<Estimated>,
    /// Entries that its slices would have at the end of a window if every key had come.
    pub entries: Option<f64>,
    /// Persisted bytes of an entry, its overhead included.
    pub entry_bytes: Option<Estimated>,
}

impl WindowEstimate {
    /// When the entries of its state are deleted.
    pub fn expiry(&self) -> Expiry {
        let PlanWindow { size, slide, .. } = self.window;
        match slide {
            Some(step) => Expiry {
                lifetime: size,
                step,
            },
            None => Expiry {
                lifetime: size * 2,
                step: SimDuration::ZERO,
            },
        }
    }
}

/// The window of a vertex with these rates, and what is left of the seconds per record; `None` if nothing comes out of it.
pub fn of(
    window: PlanWindow,
    rates: &Rates,
    service: Option<Estimated>,
    threads: &Threads<'_>,
) -> Option<(WindowEstimate, Option<Estimated>)> {
    let results = rates.total_out()?;
    let records: f64 = rates.records_in.iter().sum();
    if records <= 0.0 {
        return None;
    }
    let per_subtask = records / rates.records_in.len() as f64;
    let buffered = window.slide.and_then(|slide| {
        let found = threads.buffered(slide.as_millis_f64(), per_subtask)?;
        let most = BUFFERED_MAX * service?.value;
        Some(found.map(|seconds| seconds.min(most)))
    });
    let written = buffered.map_or(0.0, |buffered| buffered.value);
    let service = service.map(|service| service.map(|all| all - written.min(BUFFERED_MAX * all)));
    // A session that is as long as its gap lives for two of them.
    let period = window.slide.unwrap_or(window.size * 2);
    let slices = slices(window);
    let accesses = slices + 1.0;
    let per_record = 1.0 + accesses * results.value / records;
    let one = service.map(|service| service.times(1.0 / per_record));
    let keys = Estimated {
        source: "numRecordsOut of a window",
        ..results.times(period.as_secs_f64())
    };
    let firing = one.map(|one| Estimated {
        source: "busy time / (records + slices read by firings)",
        ..one.times(accesses)
    });
    let estimate = WindowEstimate {
        window,
        keys,
        firing,
        buffered,
        entries: population(window, rates).map(|keys| keys * slices),
        entry_bytes: None,
    };
    Some((estimate, one))
}

fn slices(window: PlanWindow) -> f64 {
    window
        .slide
        .map_or(1.0, |slide| window.size.as_secs_f64() / slide.as_secs_f64())
}

/// Keys among which those of the records are drawn; `None` if they do not show.
fn population(window: PlanWindow, rates: &Rates) -> Option<f64> {
    let period_s = window.slide?.as_secs_f64();
    let different = rates.total_out()?.value * period_s;
    let records = rates.records_in.iter().sum::<f64>() * window.size.as_secs_f64();
    if records <= 0.0 || different <= 0.0 || different > DIFFERENT_MAX * records {
        return None;
    }
    // The number of different keys rises with that of all keys.
    let (mut low, mut high) = (different, 1e3 * records);
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        if touched(middle, records) < different {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(0.5 * (low + high))
}

/// Different ones among so many draws of `all`.
fn touched(all: f64, draws: f64) -> f64 {
    all * -libm::expm1(-draws / all)
}

/// Bytes that an entry takes where it is flushed, from checkpoints of RocksDB between compactions: what they have flushed, less
/// the tombstones of what windows have deleted, over the entries that have been written since and live.
pub fn entry_bytes(window: PlanWindow, rates: &Rates, threads: &Threads<'_>) -> Option<Estimated> {
    let slide = window.slide?;
    let entries = population(window, rates)? * slices(window);
    let records: f64 = rates.records_in.iter().sum();
    let kept_ms = window.size.saturating_sub(slide).as_millis_f64();
    let flushes = threads.flushes();
    let figures: Vec<f64> = flushes
        .iter()
        .filter_map(|flush| {
            let alive_ms =
                (flush.trigger_ms.rem_euclid(slide.as_millis_f64()) + kept_ms).min(flush.since_ms);
            let written = touched(entries, 0.001 * alive_ms * records);
            let deleted = touched(entries, 0.001 * flush.since_ms * records);
            let bytes = flush.bytes - deleted * ROCKSDB_BYTES_PER_ENTRY as f64;
            (written >= 100.0 && bytes > 0.0).then(|| bytes / written)
        })
        .collect();
    Estimated::median(
        &figures,
        "checkpointed_size without compaction / keys since the windows began",
    )
    .filter(|bytes| bytes.value > 2.0 * ROCKSDB_BYTES_PER_ENTRY as f64)
}
