//! Prometheus, asked for the history of Flink's jobs: by GET only, with the same timeouts as a JobManager.

use serde_json::Value;

use crate::recording::live::access::Access;
use crate::recording::live::{LiveError, Server, access};
use crate::recording::prometheus::queries;

/// As long as people look back.
pub const WEEK_S: f64 = 7.0 * 86_400.0;
/// Between samples: 1,008 in a week, of 11,000 that Prometheus gives at most.
const STEP_S: f64 = 600.0;

/// Asks for everything that is read, until `now_s` (seconds since 1970): names of metrics and answers.
///
/// # Errors
/// If it does not answer.
pub fn answers(base: &str, access: Access, now_s: f64) -> Result<Vec<(String, Value)>, LiveError> {
    access::address(base)?;
    let server = Server {
        agent: access.agent()?,
        access,
        base: base.trim_end_matches('/').to_owned(),
        name: "Prometheus",
        api: "Prometheus's API",
    };
    let begin_s = now_s - WEEK_S;
    let ask = |(metric, query): (&str, String)| {
        let query = encoded(&query);
        let path = format!(
            "/api/v1/query_range?query={query}&start={begin_s:.0}&end={now_s:.0}&step={STEP_S:.0}"
        );
        Ok((metric.to_owned(), server.get(&path)?))
    };
    queries().into_iter().map(ask).collect()
}

/// As a part of an address.
fn encoded(text: &str) -> String {
    let letter = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'.' => (byte as char).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_a_part_of_an_address() {
        assert_eq!(
            encoded("max by (a_1) (b)"),
            "max%20by%20%28a_1%29%20%28b%29"
        );
    }
}
