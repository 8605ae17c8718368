//! Spans that Flink has reported (`traces.reporter.*`, since 1.19), saved as OpenTelemetry's JSON: what the collector's file
//! exporter writes, one object per line or one for all.
//!
//! `CheckpointStatsTracker` reports a span `Checkpoint` from the trigger to the last ack (`checkpointId`, `checkpointedSize`,
//! `checkpointStatus`) and one `JobInitialization` from the deployment until all tasks run (FLIP-384). Spans of others are
//! passed over, and nothing of theirs is kept.

use serde_json::Value;

use crate::recording::log::{Completed, Log};

/// As it was called over the versions.
const SCOPES: [&str; 3] = ["scopeSpans", "instrumentationLibrarySpans", "scope_spans"];

/// Reads spans; `None` if there is none of Flink's.
pub fn read(text: &str) -> Option<Log> {
    if !text.contains("resourceSpans") && !text.contains("resource_spans") {
        return None;
    }
    let documents: Vec<Value> = match serde_json::from_str(text) {
        Ok(document) => vec![document],
        Err(_) => text
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect(),
    };
    let mut found: Vec<Found> = documents.iter().flat_map(spans).filter_map(found).collect();
    found.sort_by(|a, b| a.begin_s.total_cmp(&b.begin_s));
    let begin = found.first()?.begin_s;
    let mut log = Log {
        kind: "spans",
        ..Log::default()
    };
    let mut initialised = 0;
    for span in &found {
        let at_s = span.end_s - begin;
        log.span_s = log.span_s.max(at_s);
        match span.what {
            What::Completed { id, bytes } => log.completed.push(Completed {
                id,
                at_s,
                duration_s: span.end_s - span.begin_s,
                bytes,
            }),
            What::Failed { id } => log.failed.push(id),
            What::Initialised => {
                initialised += 1;
                // The first one may be the start of the job.
                if initialised > 1 {
                    log.restarts.push(span.begin_s - begin);
                    log.restored_s.push(span.end_s - span.begin_s);
                }
            }
        }
    }
    Some(log)
}

struct Found {
    begin_s: f64,
    end_s: f64,
    what: What,
}

enum What {
    Completed { id: u64, bytes: f64 },
    Failed { id: u64 },
    Initialised,
}

fn spans(document: &Value) -> Vec<&Value> {
    let resources = list(document, &["resourceSpans", "resource_spans"]);
    let scopes = resources.flat_map(|resource| list(resource, &SCOPES));
    scopes.flat_map(|scope| list(scope, &["spans"])).collect()
}

fn list<'a>(value: &'a Value, names: &'a [&str]) -> impl Iterator<Item = &'a Value> {
    let lists = names.iter().filter_map(|name| value.get(name)?.as_array());
    lists.flatten()
}

fn found(span: &Value) -> Option<Found> {
    let nanoseconds = |name: &str| Some(number(span.get(name)?)? / 1e9);
    let begin_s = nanoseconds("startTimeUnixNano")?;
    let end_s = nanoseconds("endTimeUnixNano")?;
    let attribute = |key: &str| {
        let all = span.get("attributes")?.as_array()?;
        let this = all
            .iter()
            .find(|one| one.get("key").is_some_and(|name| name == key))?;
        this.get("value")?.as_object()?.values().next()
    };
    let what = match span.get("name")?.as_str()? {
        "Checkpoint" => {
            let id = number(attribute("checkpointId")?)? as u64;
            let status = attribute("checkpointStatus").and_then(Value::as_str);
            match status {
                Some("COMPLETED") | None => What::Completed {
                    id,
                    bytes: attribute("checkpointedSize")
                        .or_else(|| attribute("fullSize"))
                        .and_then(number)
                        .unwrap_or(0.0),
                },
                Some(_) => What::Failed { id },
            }
        }
        "JobInitialization" => What::Initialised,
        _ => return None,
    };
    (end_s >= begin_s).then_some(Found {
        begin_s,
        end_s,
        what,
    })
}

/// 64-bit integers are texts in OpenTelemetry's JSON.
fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::String(text) => text.parse().ok()?,
        other => other.as_f64()?,
    };
    (number.is_finite() && number >= 0.0).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn span(name: &str, from_ms: u64, to_ms: u64, attributes: &[(&str, Value)]) -> Value {
        let attributes: Vec<Value> = attributes
            .iter()
            .map(|(key, value)| json!({ "key": key, "value": value }))
            .collect();
        json!({
            "name": name,
            "startTimeUnixNano": (from_ms * 1_000_000).to_string(),
            "endTimeUnixNano": (to_ms * 1_000_000).to_string(),
            "attributes": attributes,
        })
    }

    fn document(spans: &[Value]) -> Value {
        json!({ "resourceSpans": [{ "scopeSpans": [{ "scope": { "name": "x" }, "spans": spans }] }] })
    }

    fn checkpoint(id: u64, from_ms: u64, to_ms: u64, status: &str) -> Value {
        let attributes = [
            ("checkpointId", json!({ "intValue": id.to_string() })),
            ("checkpointedSize", json!({ "intValue": "15387" })),
            ("checkpointStatus", json!({ "stringValue": status })),
            ("secret", json!({ "stringValue": "hunter2" })),
        ];
        span("Checkpoint", from_ms, to_ms, &attributes)
    }

    #[test]
    fn checkpoints_failures_and_restores_are_read_from_one_object_or_from_lines() {
        let all = [
            span("JobInitialization", 1_000, 3_000, &[]),
            checkpoint(1, 10_000, 11_500, "COMPLETED"),
            checkpoint(2, 20_000, 30_000, "FAILED"),
            span("JobInitialization", 31_000, 36_000, &[]),
            span("GET /", 0, 99_000, &[]),
        ];
        let whole = read(&document(&all).to_string()).unwrap();
        let lines: Vec<String> = all
            .iter()
            .map(|one| document(std::slice::from_ref(one)).to_string())
            .collect();
        assert_eq!(read(&lines.join("\n")).unwrap(), whole);
        assert_eq!(whole.completed.len(), 1);
        let first = whole.completed[0];
        assert_eq!(
            (first.id, first.duration_s, first.bytes),
            (1, 1.5, 15_387.0)
        );
        assert_eq!(whole.failed, [2]);
        assert_eq!((whole.restarts, whole.restored_s), (vec![30.0], vec![5.0]));
        assert!((whole.span_s - 35.0).abs() < 1e-9);
    }

    #[test]
    fn what_is_no_span_of_flink_is_none() {
        for text in [
            "",
            "{}",
            "resourceSpans",
            "{\"resourceSpans\": [{\"scopeSpans\": 1}]}",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        let broken = json!({ "name": "Checkpoint", "startTimeUnixNano": "x" });
        assert_eq!(read(&document(&[broken]).to_string()), None);
        let other = document(&[span("GET /", 1, 2, &[])]);
        assert_eq!(read(&other.to_string()), None);
    }
}
