//! Which options change, from one scenario to another: old value, new value, why.

use std::collections::BTreeMap;

use crate::experiment::recommend::result::Change;
use crate::scenario::{Scenario, difference};

/// Why an option is set, for those that a recommendation sets.
const REASONS: &[(&str, &str)] = &[
    (
        "execution.checkpointing.interval",
        "the cheapest interval that meets all objectives",
    ),
    (
        "execution.checkpointing.unaligned.enabled",
        "this alignment meets the objectives at the lowest cost",
    ),
    (
        "execution.checkpointing.aligned-checkpoint-timeout",
        "this alignment meets the objectives at the lowest cost",
    ),
    (
        "execution.checkpointing.incremental",
        "costs less within the objectives",
    ),
    (
        "execution.checkpointing.num-retained",
        "checkpoints reach back as far as wished",
    ),
    ("cluster.taskmanagers", "slots to catch up in time"),
];
const OTHER: &str = "part of the cheapest configuration that meets all objectives";

/// All keys of Flink, of the cluster and of vertices that differ.
pub fn changes(from: &Scenario, to: &Scenario) -> Vec<Change> {
    let (before, after) = (keys(from), keys(to));
    let all: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    all.into_iter()
        .filter(|key| before.get(*key) != after.get(*key))
        // What Flink derives once there are checkpoints is nothing to set.
        .filter(|key| !key.starts_with("restart-strategy."))
        .filter_map(|key| {
            let new = after.get(key)?.clone();
            let reason = REASONS.iter().find(|(known, _)| known == key);
            Some(Change {
                key: key.clone(),
                old: before.get(key).cloned(),
                new,
                reason: reason.map_or(OTHER, |(_, reason)| reason).to_owned(),
            })
        })
        .collect()
}

/// Flink's options by their own names; keys of the cluster and the parallelism of vertices with their path.
fn keys(scenario: &Scenario) -> BTreeMap<String, String> {
    let keys = difference::keys(scenario).into_iter();
    let told = keys.filter_map(|(path, value)| {
        if let Some(option) = path.strip_prefix("flink.") {
            return Some((option.to_owned(), value));
        }
        let vertex = path.starts_with("vertex.") && path.ends_with(".parallelism");
        (vertex || path.starts_with("cluster.")).then_some((path, value))
    });
    told.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::recommend::run_plan::with_interval;
    use crate::experiment::sample;

    #[test]
    fn only_what_differs_is_a_change() {
        let from = sample::scenario(10);
        let mut to = with_interval(&from, 90.0);
        to.checkpointing.retained = 40;
        let changes = changes(&from, &to);
        let told: Vec<(&str, Option<&str>, &str)> = changes
            .iter()
            .map(|change| {
                (
                    change.key.as_str(),
                    change.old.as_deref(),
                    change.new.as_str(),
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                ("execution.checkpointing.interval", Some("10 s"), "90 s"),
                ("execution.checkpointing.num-retained", Some("1"), "40"),
            ]
        );
    }

    #[test]
    fn an_option_that_was_not_set_has_no_old_value() {
        let mut from = sample::scenario(10);
        from.checkpointing.interval = None;
        let changes = changes(&from, &sample::scenario(10));
        assert_eq!(changes[0].old, None);
    }
}
