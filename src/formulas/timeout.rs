//! Do the timeouts fit what they limit? A lint on the scenario, by the refined laws.

use crate::formulas::refined::Refined;
use crate::scenario::{Alignment, Mode, Scenario};
use crate::units::print;

/// Headroom below which a timeout is called tight: durations vary by about this much between checkpoints.
const TIGHT: f64 = 2.0;

/// One thing about a timeout that somebody should know before deployment.
#[derive(Clone, Debug, PartialEq)]
pub struct Warning {
    /// The Flink option that it is about.
    pub option: &'static str,
    /// What is wrong, with numbers.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

/// Everything that is wrong with the timeouts of this scenario; empty = nothing.
///
/// Question: will checkpoints expire, never switch, or run into each other?
/// Compares `timeout`, `interval` and `aligned-checkpoint-timeout` with the duration by R1; assumptions as there.
pub fn lint(scenario: &Scenario) -> Vec<Warning> {
    let refined = Refined::of(scenario);
    let checks = [
        expiry(scenario, &refined),
        peak_expiry(scenario, &refined),
        never_switches(scenario),
        switches_always(scenario, &refined),
        back_to_back(scenario, &refined),
    ];
    checks.into_iter().flatten().collect()
}

/// The usual checkpoint against the timeout.
fn expiry(scenario: &Scenario, refined: &Refined) -> Option<Warning> {
    let timeout_s = scenario.checkpointing.timeout.as_secs_f64();
    let needed_s = refined.slowest.end_to_end_s;
    if needed_s * TIGHT <= timeout_s {
        return None;
    }
    let verdict = if needed_s > timeout_s {
        "the usual checkpoint will expire"
    } else {
        "slow checkpoints may expire"
    };
    let where_ = &scenario.vertex(refined.slowest.vertex).name;
    let waits_s = refined.slowest.start_delay_s + refined.slowest.alignment_s;
    let hint = if waits_s > refined.slowest.async_s {
        format!(
            "barriers need {} to reach {where_}: remove the backpressure, or let barriers overtake",
            print::seconds(waits_s)
        )
    } else {
        format!(
            "the upload of {where_} takes {}: a longer timeout, more bandwidth, or less to upload (incremental checkpoints, the changelog)",
            print::seconds(refined.slowest.async_s)
        )
    };
    let (needed, timeout) = print::unequal_seconds(needed_s, timeout_s);
    let message = format!("{verdict}: a checkpoint needs about {needed}, the timeout is {timeout}");
    Some(Warning {
        option: "execution.checkpointing.timeout",
        message,
        hint,
    })
}

/// Only the checkpoint after a compaction is too long.
fn peak_expiry(scenario: &Scenario, refined: &Refined) -> Option<Warning> {
    let timeout_s = scenario.checkpointing.timeout.as_secs_f64();
    let peak_s = refined.slowest_compacted.end_to_end_s;
    let (peak, timeout) = print::unequal_seconds(peak_s, timeout_s);
    (peak_s > timeout_s && refined.slowest.end_to_end_s * TIGHT <= timeout_s).then(|| Warning {
        option: "execution.checkpointing.timeout",
        message: format!(
            "one checkpoint in four uploads compacted files and needs about {peak}; the timeout is {timeout}"
        ),
        hint: "set the timeout for the longest checkpoint, not for the usual one".to_owned(),
    })
}

/// The aligned checkpoint timeout can only act before the checkpoint expires.
fn never_switches(scenario: &Scenario) -> Option<Warning> {
    let Alignment::AlignedThenUnaligned { after } = scenario.checkpointing.alignment else {
        return None;
    };
    let timeout = scenario.checkpointing.timeout;
    (scenario.checkpointing.mode == Mode::ExactlyOnce && after >= timeout).then(|| Warning {
        option: "execution.checkpointing.aligned-checkpoint-timeout",
        message: format!(
            "barriers start to overtake after {after}, but the checkpoint expires after {timeout}"
        ),
        hint: "set it well below execution.checkpointing.timeout".to_owned(),
    })
}

/// Every checkpoint switches: the wait before it is wasted.
fn switches_always(scenario: &Scenario, refined: &Refined) -> Option<Warning> {
    let Alignment::AlignedThenUnaligned { after } = scenario.checkpointing.alignment else {
        return None;
    };
    (scenario.checkpointing.mode == Mode::ExactlyOnce && refined.persisted_bytes > 0.0).then(|| Warning {
        option: "execution.checkpointing.aligned-checkpoint-timeout",
        message: format!(
            "aligned barriers do not arrive within {after}: every checkpoint waits that long and then overtakes"
        ),
        hint: "shorten it, or remove the backpressure".to_owned(),
    })
}

/// A checkpoint that outlasts its interval.
fn back_to_back(scenario: &Scenario, refined: &Refined) -> Option<Warning> {
    let interval_s = scenario.checkpointing.interval?.as_secs_f64();
    let no_pause = scenario.checkpointing.min_pause.is_zero();
    let (takes, interval) = print::unequal_seconds(refined.durable_s(), interval_s);
    (refined.durable_s() > interval_s && no_pause).then(|| Warning {
        option: "execution.checkpointing.interval",
        message: format!(
            "a checkpoint takes about {takes}, longer than the interval of {interval}: one follows the other without pause"
        ),
        hint: "lengthen the interval, or set execution.checkpointing.min-pause".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formulas::scenarios_for_tests::keyed;
    use crate::units::SimDuration;

    fn options(scenario: &Scenario) -> Vec<&'static str> {
        lint(scenario)
            .into_iter()
            .map(|warning| warning.option)
            .collect()
    }

    #[test]
    fn a_quiet_job_with_flinks_defaults_has_nothing_to_fear() {
        assert_eq!(lint(&keyed(600.0, SimDuration::from_millis(4))), []);
    }

    #[test]
    fn an_upload_longer_than_the_timeout_is_blamed_on_the_upload() {
        let mut scenario = keyed(600.0, SimDuration::from_millis(4));
        scenario.checkpointing.timeout = SimDuration::from_secs(1);
        let warnings = lint(&scenario);
        assert_eq!(warnings.len(), 1);
        assert!(
            warnings[0]
                .message
                .starts_with("the usual checkpoint will expire"),
            "{warnings:?}"
        );
        assert!(warnings[0].hint.contains("upload of count"), "{warnings:?}");
    }

    #[test]
    fn backpressure_longer_than_the_timeout_is_blamed_on_the_barriers() {
        let mut scenario = keyed(600.0, SimDuration::from_millis(1));
        scenario.vertices[1].slowness[0] = 10.0;
        scenario.vertices[1].state = None;
        scenario.checkpointing.timeout = SimDuration::from_secs(3);
        assert!(lint(&scenario)[0].hint.starts_with("barriers need 8s "));
    }

    #[test]
    fn a_switch_after_the_expiry_is_pointless() {
        let mut scenario = keyed(600.0, SimDuration::from_millis(4));
        scenario.checkpointing.alignment = Alignment::AlignedThenUnaligned {
            after: SimDuration::from_secs(600),
        };
        assert_eq!(
            options(&scenario),
            ["execution.checkpointing.aligned-checkpoint-timeout"]
        );
    }

    #[test]
    fn an_interval_shorter_than_the_checkpoint_needs_a_pause() {
        let mut scenario = keyed(600.0, SimDuration::from_millis(4));
        scenario.checkpointing.interval = Some(SimDuration::from_millis(500));
        assert_eq!(options(&scenario), ["execution.checkpointing.interval"]);
        scenario.checkpointing.min_pause = SimDuration::from_millis(500);
        assert_eq!(options(&scenario), [""; 0]);
    }
}
