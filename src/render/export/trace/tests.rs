//! A trace is valid if a viewer that takes the format literally can draw all of it.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::render::export::sample;
use crate::render::export::trace::trace;

/// A slice: process, thread, from and until in nanoseconds.
type Slice = (u64, u64, i64, i64);

fn nanos(value: &Value) -> i64 {
    (value.as_f64().unwrap() * 1e3).round() as i64
}

fn events(text: &str) -> Vec<Value> {
    let trace: Value = serde_json::from_str(text).unwrap();
    trace["traceEvents"].as_array().unwrap().clone()
}

/// Checks what the format demands, and returns how many events of each phase there are.
#[track_caller]
pub fn validate(text: &str) -> BTreeMap<String, usize> {
    let events = events(text);
    let mut counts = BTreeMap::new();
    let mut last = i64::MIN;
    let mut slices: Vec<Slice> = Vec::new();
    let mut named = Vec::new();
    for event in &events {
        let phase = event["ph"].as_str().unwrap();
        *counts.entry(phase.to_owned()).or_insert(0) += 1;
        assert!(event["name"].is_string(), "{event}");
        let track = (
            event["pid"].as_u64().unwrap(),
            event["tid"].as_u64().unwrap(),
        );
        let at = nanos(&event["ts"]);
        assert!(at >= 0 && (phase == "M" || at >= last), "{event}");
        last = if phase == "M" { last } else { at };
        match phase {
            "M" => named.push(track),
            "X" => {
                let length = nanos(&event["dur"]);
                assert!(length >= 0, "{event}");
                slices.push((track.0, track.1, at, at + length));
                assert!(named.contains(&track), "{event}");
            }
            "s" | "f" => assert!(event["id"].is_u64() && event["cat"].is_string(), "{event}"),
            "C" => assert!(
                event["args"]
                    .as_object()
                    .unwrap()
                    .values()
                    .all(Value::is_number)
            ),
            other => panic!("unknown phase {other}"),
        }
    }
    slices_nest(&slices);
    flows_match(&events, &slices);
    counts
}

/// Two slices of a thread are apart, or one lies inside the other.
fn slices_nest(slices: &[Slice]) {
    for (n, a) in slices.iter().enumerate() {
        for b in &slices[n + 1..] {
            let same = (a.0, a.1) == (b.0, b.1);
            let apart = a.3 <= b.2 || b.3 <= a.2;
            let inside = (a.2 <= b.2 && b.3 <= a.3) || (b.2 <= a.2 && a.3 <= b.3);
            assert!(!same || apart || inside, "{a:?} {b:?}");
        }
    }
}

/// Every arrow has one beginning and one end, not earlier, both inside a slice of their thread.
fn flows_match(events: &[Value], slices: &[Slice]) {
    let mut ends: BTreeMap<u64, Vec<(&str, i64)>> = BTreeMap::new();
    for event in events {
        let phase = event["ph"].as_str().unwrap();
        if phase != "s" && phase != "f" {
            continue;
        }
        let at = nanos(&event["ts"]);
        let (pid, tid) = (
            event["pid"].as_u64().unwrap(),
            event["tid"].as_u64().unwrap(),
        );
        let inside =
            |slice: &&Slice| (slice.0, slice.1) == (pid, tid) && slice.2 <= at && at <= slice.3;
        assert!(slices.iter().any(|slice| inside(&slice)), "{event}");
        ends.entry(event["id"].as_u64().unwrap())
            .or_default()
            .push((phase, at));
    }
    for (id, ends) in ends {
        let [("s", from), ("f", until)] = ends[..] else {
            panic!("arrow {id}: {ends:?}");
        };
        assert!(from <= until, "arrow {id}");
    }
}

#[test]
fn a_trace_is_valid_and_has_slices_arrows_and_counters() {
    let text = trace(&sample::run());
    let counts = validate(&text);
    // Two checkpoints and two arrows from their triggers; three barriers; three samples of a queue, three of the job.
    let of = |phase: &str| counts.get(phase).copied().unwrap_or(0);
    assert_eq!((of("s"), of("f"), of("C")), (5, 5, 6));
    insta::assert_snapshot!(text);
}

#[test]
fn overlapping_checkpoints_get_threads_of_their_own() {
    let mut run = sample::run();
    let mut again = run.result.checkpoints[0].clone();
    again.id = 3;
    run.result.checkpoints.push(again);
    let text = trace(&run);
    validate(&text);
    assert!(text.contains("orders #0, overlapping 1"), "{text}");
    assert!(text.contains("checkpoints, overlapping 1"), "{text}");
}
