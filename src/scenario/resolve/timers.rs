//! `vertex.timers` and `vertex.window`: both are timers; a window also says how long its state lives.

use crate::scenario::key_path::KeyPath;
use crate::scenario::keys::vertex as file;
use crate::scenario::resolve::problems::Problems;
use crate::scenario::timers::{Aggregation, Fires, Timers, TimersTable, Window};
use crate::scenario::vertex::{Expiry, Vertex};
use crate::units::SimDuration;

/// Sessions end all the time: those that have ended since the last look fire together. A watermark passes every 200 ms
/// (`pipeline.auto-watermark-interval`, Flink's default).
const SESSIONS_EVERY: SimDuration = SimDuration::from_millis(200);
/// More timers at a time than this are a mistake.
const NUMBER_MAX: f64 = 1e9;

/// The timers of a vertex, and when the entries of its state are deleted.
pub(super) fn timers(
    table: &file::Vertex,
    path: &KeyPath,
    problems: &mut Problems<'_>,
) -> (Option<Timers>, Option<Expiry>) {
    problems.said_once(path, &["window", "timers"], "what fires is given");
    let state = table.state.as_ref();
    let lifetime = state.and_then(|state| state.lifetime);
    let step = state.and_then(|state| state.lifetime_step);
    if let (Some(step), None) = (step, lifetime) {
        let key = path.key("state").key("lifetime-step");
        problems.key_error(&key, format!("steps of {step} without a `lifetime`"));
    }
    let of_state = lifetime.map(|lifetime| Expiry {
        lifetime,
        step: step.unwrap_or(SimDuration::ZERO),
    });
    if let Some(window) = &table.window {
        if lifetime.is_some() {
            let key = path.key("state").key("lifetime");
            problems
                .key_error(&key, "the state of a window lives as long as the window")
                .help("take out `lifetime`, or give `timers` instead of `window`");
        }
        let path = path.key("window");
        let (timers, expiry) = of_window(window, &path, problems);
        return (Some(timers), Some(expiry));
    }
    let timers = table.timers.as_ref();
    let timers = timers.map(|given| of_timers(given, &path.key("timers"), problems));
    (timers, of_state)
}

/// What timers emit has no identity: how many there are depends on the clock, so that no input says what there must be.
pub(super) fn check_ledger(
    tables: &[file::Vertex],
    vertices: &[Vertex],
    problems: &mut Problems<'_>,
) {
    for (index, (table, vertex)) in tables.iter().zip(vertices).enumerate() {
        if vertex.timers.is_some_and(|timers| timers.output > 0.0) {
            let key = if table.window.is_some() {
                "window"
            } else {
                "timers"
            };
            let path = KeyPath::top("vertex").index(index).key(key);
            problems
                .key_error(
                    &path,
                    "`simulation.check-consistency` cannot follow what timers emit",
                )
                .help("give them `output = 0`, or take out `check-consistency`");
        }
    }
}

fn of_timers(table: &TimersTable, path: &KeyPath, problems: &mut Problems<'_>) -> Timers {
    if table.every.is_none() {
        let help = "add for example `every = \"10 s\"`";
        problems.missing(&path.key("every"), "timers without a period", help);
    }
    if table.number.is_none() {
        let help = "add for example `number = 50000`, of all subtasks";
        problems.missing(&path.key("number"), "how many timers fire?", help);
    }
    check_number(table.number, &path.key("number"), problems);
    Timers {
        every: table.every.unwrap_or(SimDuration::from_secs(1)),
        offset: table.offset,
        number: match (table.records_of, table.number.unwrap_or(0.0)) {
            (Some(of), keys) => Fires::Records { of, keys },
            (None, number) => Fires::Keys(number),
        },
        time: table.time,
        output: table.output,
        buffered: table.buffered,
        clock: table.clock,
    }
}

fn of_window(table: &Window, path: &KeyPath, problems: &mut Problems<'_>) -> (Timers, Expiry) {
    problems.said_once(path, &["size", "gap"], "the length is given");
    if table.size.is_none() && table.gap.is_none() {
        let help = "add `size = \"1 min\"`, or `gap = \"30 s\"` for sessions";
        problems.missing(&path.key("size"), "a window without a length", help);
    }
    if table.keys.is_none() {
        let help = "add for example `keys = 50000`: so many have records in one window";
        problems.missing(&path.key("keys"), "a window without keys", help);
    }
    check_number(table.keys, &path.key("keys"), problems);
    let keys = table.keys.unwrap_or(0.0);
    let list = table.aggregation == Aggregation::List;
    let (every, number, expiry) = if let Some(gap) = table.gap {
        for key in problems.which(path, &["slide", "offset"]) {
            problems.key_error(&path.key(key), format!("a session window has no `{key}`"));
        }
        let session = table.session.unwrap_or(gap);
        let lives = session + gap;
        // Of so many keys at a time as many end per second as begin.
        let ended = keys * SESSIONS_EVERY.as_secs_f64() / lives.as_secs_f64();
        let number = if list {
            Fires::Records {
                of: SESSIONS_EVERY,
                keys: ended,
            }
        } else {
            Fires::Keys(ended)
        };
        let step = SimDuration::ZERO;
        (
            SESSIONS_EVERY,
            number,
            Expiry {
                lifetime: lives,
                step,
            },
        )
    } else {
        if table.session.is_some() {
            problems.key_error(
                &path.key("session"),
                "only a window with a `gap` has `session`",
            );
        }
        let size = table.size.unwrap_or(SimDuration::from_secs(1));
        let slide = table.slide.unwrap_or(size);
        if slide > size {
            problems
                .error(&path.key("slide"), "a window slides by at most its size")
                .help("what falls between two windows would be in none");
        }
        let number = if list {
            Fires::Records { of: size, keys }
        } else {
            Fires::Keys(keys)
        };
        let (lifetime, step) = (size, slide);
        (slide, number, Expiry { lifetime, step })
    };
    let timers = Timers {
        every,
        offset: table.offset,
        number,
        time: table.firing,
        output: table.output,
        buffered: table.buffered,
        clock: table.time,
    };
    (timers, expiry)
}

fn check_number(number: Option<f64>, path: &KeyPath, problems: &mut Problems<'_>) {
    if number.is_some_and(|number| number > NUMBER_MAX) {
        problems.error(path, "at most 1000000000 timers fire at a time");
    }
}
