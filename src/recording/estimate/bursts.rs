//! Sources that deliver a whole period's records at once and then sleep, as Flink's `datagen` does every second.
//!
//! A counter that is read now and then stands still at multiples of one number between the bursts. Counters of sources
//! that deliver evenly end anywhere.

use std::collections::BTreeMap;

use crate::recording::answers::Vertex;
use crate::recording::answers::series::Counter;
use crate::recording::estimate::estimated::median;

/// Smaller numbers come out equal by chance, too.
const RECORDS_MIN: u64 = 500;
/// Share of the increments that must be exact multiples.
const SHARE_MIN: f64 = 0.3;
/// Increments below this number prove nothing.
const SAMPLES_MIN: usize = 10;

/// A burst of one subtask.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Burst {
    /// Records of each.
    pub records: f64,
    /// From one to the next.
    pub period_s: f64,
}

/// The bursts of a source; `None` if it delivers evenly, or if there are too few samples to tell. Its subtasks are
/// alike, so that their increments are taken together.
pub fn of(vertex: &Vertex) -> Option<Burst> {
    let increments: Vec<u64> = vertex
        .subtasks
        .iter()
        .flat_map(|subtask| {
            let series = subtask.counters.counted(Counter::RecordsOut);
            series.windows(2)
        })
        .map(|pair| (pair[1].1 - pair[0].1).max(0.0) as u64)
        .filter(|increment| *increment > 0)
        .collect();
    let rates: Vec<f64> = vertex
        .subtasks
        .iter()
        .filter_map(|subtask| subtask.counters.per_second(Counter::RecordsOut))
        .collect();
    let records = quota(&increments)?;
    let period_s = records / median(&rates).filter(|rate| *rate > 0.0)?;
    // The window cuts at most one burst off: schedules have whole seconds.
    let samples = increments.len() as f64 / vertex.subtasks.len() as f64;
    let whole = period_s.round();
    let is_whole = whole >= 1.0 && (period_s - whole).abs() <= 2.0 * whole / samples;
    Some(Burst {
        records,
        period_s: if is_whole { whole } else { period_s },
    })
}

/// The number whose multiples the increments are.
fn quota(increments: &[u64]) -> Option<f64> {
    if increments.len() < SAMPLES_MIN {
        return None;
    }
    let mut times: BTreeMap<u64, usize> = BTreeMap::new();
    for increment in increments {
        *times.entry(*increment).or_default() += 1;
    }
    let (quota, _) = times.into_iter().max_by_key(|(_, times)| *times)?;
    let multiples = increments.iter().filter(|n| **n % quota == 0).count();
    (quota >= RECORDS_MIN && multiples as f64 >= SHARE_MIN * increments.len() as f64)
        .then_some(quota as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_that_rests_at_multiples_shows_bursts() {
        let mut increments = vec![6000; 8];
        increments.extend([12_000, 3840, 8160]);
        assert_eq!(quota(&increments), Some(6000.0));
    }

    #[test]
    fn an_even_source_ends_anywhere() {
        let increments: Vec<u64> = (0..20).map(|n| 6000 + n * 7 % 13).collect();
        assert_eq!(quota(&increments), None);
    }
}
