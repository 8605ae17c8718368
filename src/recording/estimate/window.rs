//! The windows of a SQL job: their lengths are in the plan; how many keys fire is what comes out.
//!
//! Of the busy time nobody can tell from outside how much the records take and how much the firings: reading or writing
//! one slice of one key is taken to cost the same, wherever it happens. A record writes one; a firing reads all slices of
//! its window, and emits.

use crate::recording::answers::plan_window::PlanWindow;
use crate::recording::estimate::estimated::Estimated;
use crate::recording::estimate::rates::Rates;
use crate::scenario::vertex::Expiry;
use crate::units::SimDuration;

/// A window and what its firings cost.
#[derive(Clone, Copy, Debug)]
pub struct WindowEstimate {
    /// Its lengths.
    pub window: PlanWindow,
    /// Keys of all subtasks that have a result at the end of a window; of sessions, at a time.
    pub keys: Estimated,
    /// Seconds on the thread per key and firing.
    pub firing: Option<Estimated>,
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
) -> Option<(WindowEstimate, Option<Estimated>)> {
    let results = rates.total_out()?;
    let records: f64 = rates.records_in.iter().sum();
    if records <= 0.0 {
        return None;
    }
    // A session that is as long as its gap lives for two of them.
    let period = window.slide.unwrap_or(window.size * 2);
    let slices = window
        .slide
        .map_or(1.0, |slide| window.size.as_secs_f64() / slide.as_secs_f64());
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
    };
    Some((estimate, one))
}
