//! Intervals that people write down: the search visits these, so that the answer needs no rounding.

/// Steps within a minute, and of minutes within an hour; neighbours differ by a fifth to a third.
const STEPS: &[f64] = &[
    1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 12.0, 15.0, 20.0, 25.0, 30.0, 40.0,
    50.0,
];
/// Between a minute and two, quarters of a minute are written.
const SECONDS: &[f64] = &[75.0, 90.0, 105.0, 150.0, 210.0];
const MINUTES: &[f64] = &[
    1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 12.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0,
];
const HOURS: &[f64] = &[1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 18.0, 24.0];

/// All rungs from `from_s` to `to_s`, both included (an end that is no rung is one here), and `extra`, rising. Seconds.
pub fn rungs(from_s: f64, to_s: f64, extra: Option<f64>) -> Vec<f64> {
    let mut rungs: Vec<f64> = all()
        .filter(|rung| *rung > from_s && *rung < to_s)
        .chain([from_s, to_s])
        .chain(extra)
        .map(whole_milliseconds)
        .collect();
    rungs.sort_by(f64::total_cmp);
    rungs.dedup();
    rungs
}

/// The largest rung that is not above `seconds`; `seconds` itself below the first.
pub fn rung_at_most(seconds: f64) -> f64 {
    let below = all().filter(|rung| *rung <= seconds);
    below.reduce(f64::max).unwrap_or(seconds)
}

fn all() -> impl Iterator<Item = f64> {
    let below_a_second = [0.001, 0.01, 0.1]
        .into_iter()
        .flat_map(|decade| STEPS[..10].iter().map(move |step| step * decade));
    below_a_second
        .chain(STEPS.iter().copied())
        .chain(SECONDS.iter().copied())
        .chain(MINUTES.iter().map(|minutes| minutes * 60.0))
        .chain(HOURS.iter().map(|hours| hours * 3600.0))
}

/// Flink reads whole milliseconds.
fn whole_milliseconds(seconds: f64) -> f64 {
    (seconds * 1000.0).round().max(1.0) / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_close_on_a_log_scale() {
        let rungs = rungs(1.0, 24.0 * 3600.0, None);
        for pair in rungs.windows(2) {
            assert!(pair[1] / pair[0] <= 1.51 && pair[1] > pair[0], "{pair:?}");
        }
    }

    #[test]
    fn the_ends_and_the_interval_in_use_are_rungs() {
        assert_eq!(
            rungs(17.0, 33.0, Some(22.0)),
            [17.0, 20.0, 22.0, 25.0, 30.0, 33.0]
        );
        assert_eq!(rungs(10.0, 10.0, None), [10.0]);
        assert!((rung_at_most(266.0) - 240.0).abs() < 1e-9);
    }
}
