//! Chrome's trace event format, which ui.perfetto.dev opens: what happened when, on which subtask.
//!
//! One process per vertex and one for the JobManager; one thread per subtask, with more where checkpoints overlap.
//! Phases are slices inside the slice of their checkpoint, barriers are arrows, depths of queues are counters.

mod counters;
mod event;
mod flows;
mod lanes;
mod slices;
#[cfg(test)]
mod tests;

use serde_json::json;

use crate::experiment::run_document::RunDocument;
use crate::render::export::trace::event::Event;
use crate::render::export::trace::lanes::Lanes;

/// Process of the JobManager; 0 has a meaning of its own in viewers.
const JOB_MANAGER: usize = 1;

/// The trace as JSON, one event per line, in order of time.
pub fn trace(run: &RunDocument) -> String {
    let lanes = Lanes::new(run);
    let mut events = slices::events(run, &lanes);
    events.extend(flows::events(run, &lanes));
    events.extend(counters::events(run));
    event::sort(&mut events);
    let text: Vec<String> = lanes
        .names(run)
        .into_iter()
        .chain(events.into_iter().map(Event::json))
        .map(|event| event.to_string())
        .collect();
    let origin = json!({
        "scenario": run.scenario,
        "scenario_sha256": run.scenario_sha256,
        "seed": run.result.seed,
        "version": run.version,
    });
    format!(
        "{{\"displayTimeUnit\":\"ms\",\"otherData\":{origin},\"traceEvents\":[\n{}\n]}}\n",
        text.join(",\n")
    )
}

/// The process of a vertex.
fn process(vertex: usize) -> usize {
    JOB_MANAGER + 1 + vertex
}
