//! Counters: buffers in front of the watched subtask, records in channels, records that sources have not read.

use serde_json::json;

use crate::experiment::run_document::RunDocument;
use crate::render::export::trace::event::{Event, What};
use crate::render::export::trace::{JOB_MANAGER, process};

/// All counters that were recorded.
pub fn events(run: &RunDocument) -> Vec<Event> {
    let mut events = Vec::new();
    if let (Some(occupancy), Some(place)) = (&run.result.occupancy, run.watched) {
        for (row, samples) in occupancy.rows.iter().zip(&occupancy.buffers) {
            let name = format!("queue: {row} to #{}", place.subtask);
            let mut at = occupancy.start;
            for buffers in samples {
                let track = (process(place.vertex), 0);
                let event = Event::new(What::Counter, name.clone(), at, track);
                events.push(event.with(json!({ "buffers": buffers })));
                at = at + occupancy.step;
            }
        }
    }
    for sample in run
        .result
        .timeline
        .iter()
        .flat_map(|timeline| &timeline.samples)
    {
        let values = [
            (
                "records in channels",
                json!({ "records": sample.in_channels }),
            ),
            ("unread records", json!({ "records": sample.unread })),
            (
                "lag of the slowest source",
                json!({ "ms": sample.lag.as_millis_f64() }),
            ),
        ];
        for (name, value) in values {
            let event = Event::new(What::Counter, name, sample.at, (JOB_MANAGER, 0));
            events.push(event.with(value));
        }
    }
    events
}
