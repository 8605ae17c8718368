//! Jobs that were made to fail: one subtask throws, a given time after its operator was opened.
//!
//! Known beforehand is the time since the opening; when that was, the logs tell, as they tell the start of the job (all
//! tasks are initialised: time 0 of the simulation). In ten recordings the failures came 2 ms early to 135 ms late.

use std::fmt::Write as _;

use crate::recording::clock::{Clock, number_after};
use crate::recording::file::{Node, Recording};
use crate::recording::names::Names;

/// From the opening of an operator to the end of the job's initialisation, where no log tells: the median of ten
/// recordings; ms.
const OPENED_EARLIER_MS: f64 = 60.0;

/// Whether a subtask of the job throws on purpose.
pub fn is_made_to_fail(recording: &Recording) -> bool {
    failing(recording).next().is_some()
}

/// A `[[failure]]` for every vertex that fails on purpose.
pub fn tables(recording: &Recording, clock: &Clock, names: &Names) -> String {
    let mut text = String::new();
    for (node, after_s) in failing(recording) {
        let at = (opened(recording, clock, node) + 1000.0 * after_s).max(0.0);
        let _ = writeln!(
            text,
            "\n[[failure]]\nat = \"{at} ms\"\ntask = {{ vertex = {}, subtask = {} }}",
            toml::Value::from(names.of_id(&node.id)),
            node.fail_subtask
        );
        let times = node.fail_times.unwrap_or(1);
        if times > 1 {
            let again = node.fail_again_s_after_reopen.max(0.0);
            let _ = writeln!(text, "times = {times}\nagain-after = \"{again} s\"");
        }
    }
    text
}

fn failing(recording: &Recording) -> impl Iterator<Item = (&Node, f64)> {
    let nodes = recording.params.explicit.nodes.iter();
    nodes
        .filter(|node| node.fail_times != Some(0))
        .filter_map(|node| Some((node, node.fail_at_s_after_first_open?)))
}

/// When the first subtask of a vertex was opened on the TaskManager of the one that fails; ms since the start. Only the
/// restore of the gates comes after the opening.
fn opened(recording: &Recording, clock: &Clock, node: &Node) -> f64 {
    let params = &recording.params;
    let id = params.vertex_ids.get(&node.id).map_or("", String::as_str);
    let placement = params
        .placement
        .get(&node.id)
        .map_or(&[][..], Vec::as_slice);
    let machine = placement.get(node.fail_subtask);
    let there = placement
        .iter()
        .enumerate()
        .filter(|(_, other)| Some(*other) == machine)
        .map(|(subtask, _)| format!("_{id}_{subtask}_0."));
    let markers: Vec<String> = there.collect();
    let opened = recording
        .log_spans
        .iter()
        .filter(|(_, text)| markers.iter().any(|marker| text.ends_with(marker)))
        .filter_map(|(_, text)| {
            let gates = number_after(text, "GateRestoreDurationMs=").unwrap_or(0.0);
            Some(number_after(text, "initializationEndTs=")? - gates)
        });
    let first = opened.fold(f64::INFINITY, f64::min);
    if first.is_finite() {
        first - clock.start
    } else {
        -OPENED_EARLIER_MS
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::recording::{clock, file, known};
    use crate::scenario::{GivenFailure, RestartStrategy, Scenario, Target, lint, load};
    use crate::units::SimDuration;

    fn recording(id: &str) -> Recording {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recordings/G/");
        file::read(&std::fs::read_to_string(format!("{root}{id}.json")).unwrap()).unwrap()
    }

    fn scenario(recording: &Recording) -> Scenario {
        let text = known::scenario(recording).unwrap();
        let loaded = load::parse(&text, "imported", Path::new(""), &[]);
        loaded
            .unwrap_or_else(|problems| panic!("{problems}"))
            .scenario
    }

    #[test]
    fn an_imported_job_fails_when_the_recorded_one_did() {
        for id in [
            "G_exp_d1_n4",
            "G_hm40_r10_d2",
            "G_hm40_ra20_d2",
            "G_hm5_lat200",
            "G_hm5_r10_d2_r1",
            "G_hm5_r10_d2_r2",
            "G_hm5_rho09",
            "G_rfull40_r20_d2",
            "G_rinc40_r10_d2",
            "G_ua_hm5_rho120",
        ] {
            let recording = recording(id);
            let scenario = scenario(&recording);
            let [failure] = scenario.failures.given.as_slice() else {
                panic!("{id}")
            };
            let clock = Clock::of(&recording);
            let failed = clock::failures(&recording)[0].0 - clock.start;
            let late = failed - failure.at.as_millis_f64();
            assert!((-3.0..=136.0).contains(&late), "{id}: {late} ms");
            let task = Target::Task {
                vertex: 1,
                subtask: 1,
            };
            assert_eq!(failure.target, task);
            assert!(failure.at < scenario.job.duration);
            assert_eq!(
                lint::check(&scenario)
                    .iter()
                    .filter(|finding| finding.rule.code >= "CK014")
                    .count(),
                0
            );
        }
    }

    #[test]
    fn repeated_failures_and_the_restart_strategy_are_carried_over() {
        let failures = scenario(&recording("G_exp_d1_n4")).failures;
        let GivenFailure {
            times, again_after, ..
        } = failures.given[0];
        assert_eq!((times, again_after), (4, SimDuration::from_secs(3)));
        let expected = RestartStrategy::ExponentialDelay {
            initial: SimDuration::from_secs(1),
            max: SimDuration::from_secs(20),
            multiplier: 2.0,
            jitter: 0.0,
            reset: SimDuration::from_secs(60),
            attempts: 100,
        };
        assert_eq!(failures.recovery.strategy, expected);
        let fixed = scenario(&recording("G_hm5_rho09")).failures;
        assert_eq!(
            (fixed.given[0].times, fixed.given[0].again_after),
            (1, SimDuration::ZERO)
        );
        let delay = SimDuration::from_secs(2);
        assert!(
            matches!(fixed.recovery.strategy, RestartStrategy::FixedDelay { delay: given, .. } if given == delay),
            "{:?}",
            fixed.recovery.strategy
        );
    }

    #[test]
    fn without_logs_the_opening_is_assumed() {
        let mut recording = recording("G_hm5_rho09");
        recording.log_spans.clear();
        let at = scenario(&recording).failures.given[0].at;
        assert_eq!(at, SimDuration::from_millis(27_940));
    }
}
