//! What follows from watermarks: windows that wait for a subtask that has nothing to read.

use crate::scenario::Scenario;
use crate::scenario::lint::rules::NO_WATERMARK;
use crate::scenario::lint::{Finding, vertex_path};

/// Sources because of which timers in event time never fire.
pub(super) fn event_time(scenario: &Scenario, findings: &mut Vec<Finding>) {
    for unfired in scenario.unfired() {
        let of = &scenario.vertices[unfired.vertex];
        let message = format!(
            "{} of {} subtasks of `{}` read nothing, so that no timer of `{}` in event time fires",
            unfired.silent, of.parallelism, of.name, scenario.vertices[unfired.waiting].name
        );
        let dealt = unfired.source.splits.map_or("shares", |_| "splits");
        let path = vertex_path(unfired.vertex).key("source").key(dealt);
        findings.push(Finding::new(NO_WATERMARK, path, message).help(
            "give no more subtasks than splits, or `idle-after = \"1 min\"` (`withIdleness`)",
        ));
    }
}
