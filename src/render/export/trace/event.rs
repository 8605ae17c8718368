//! Events of a trace and their order.

use std::cmp::Reverse;

use serde_json::{Value, json};

use crate::units::{SimDuration, SimTime};

/// Something at an instant on a thread.
pub struct Event {
    at: SimTime,
    process: usize,
    thread: usize,
    name: String,
    what: What,
    args: Value,
}

/// What it is.
pub enum What {
    /// A slice.
    Complete(SimDuration),
    /// The beginning of an arrow.
    FlowStart(u64),
    /// Its end, inside the slice around it.
    FlowEnd(u64),
    /// A value from now on.
    Counter,
}

/// The number of a thread in the format. A thread with the number of its process would count as its main thread, and be
/// shown before the others.
pub fn tid(thread: usize) -> usize {
    1000 + thread
}

impl Event {
    /// An event of this thread.
    pub fn new(what: What, name: impl Into<String>, at: SimTime, track: (usize, usize)) -> Event {
        let (process, thread) = track;
        Event {
            at,
            process,
            thread,
            name: name.into(),
            what,
            args: json!({}),
        }
    }

    /// With details.
    #[must_use]
    pub fn with(mut self, args: Value) -> Event {
        self.args = args;
        self
    }

    /// In the format: times are microseconds.
    pub fn json(self) -> Value {
        let mut event = json!({
            "name": self.name,
            "pid": self.process,
            "tid": tid(self.thread),
            "ts": micros(self.at.as_nanos()),
        });
        match self.what {
            What::Complete(length) => {
                event["ph"] = json!("X");
                event["cat"] = json!("checkpoint");
                event["dur"] = micros(length.as_nanos());
            }
            What::FlowStart(id) => {
                event["ph"] = json!("s");
                event["cat"] = json!("barrier");
                event["id"] = json!(id);
            }
            What::FlowEnd(id) => {
                event["ph"] = json!("f");
                event["cat"] = json!("barrier");
                event["id"] = json!(id);
                event["bp"] = json!("e");
            }
            What::Counter => event["ph"] = json!("C"),
        }
        if self.args.as_object().is_some_and(|args| !args.is_empty()) {
            event["args"] = self.args;
        }
        event
    }

    /// A slice begins before what lies in it, an arrow before it ends.
    fn order(&self) -> (SimTime, u8, Reverse<SimDuration>) {
        match self.what {
            What::Complete(length) => (self.at, 0, Reverse(length)),
            What::FlowStart(_) => (self.at, 1, Reverse(SimDuration::ZERO)),
            What::FlowEnd(_) => (self.at, 2, Reverse(SimDuration::ZERO)),
            What::Counter => (self.at, 3, Reverse(SimDuration::ZERO)),
        }
    }
}

/// Puts events into the order of time.
pub fn sort(events: &mut [Event]) {
    events.sort_by_key(Event::order);
}

fn micros(nanos: u64) -> Value {
    if nanos.is_multiple_of(1_000) {
        json!(nanos / 1_000)
    } else {
        json!(nanos as f64 / 1e3)
    }
}
