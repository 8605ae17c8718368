//! Numbers as Flink's REST API answers them: also as strings, `"NaN"` for unknown, -1 for never.

use serde_json::Value;

/// Larger figures are no measurement: 10^15 ms are 30 000 years, 10^15 B a petabyte per subtask.
const PLAUSIBLE_MAX: f64 = 1e15;

/// A count, size or time: `None` if it is missing, negative, not finite, or beyond anything that is measured.
pub fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    (0.0..=PLAUSIBLE_MAX).contains(&number).then_some(number)
}

/// The number behind a chain of keys.
pub fn at(value: &Value, path: &[&str]) -> Option<f64> {
    let found = path.iter().try_fold(value, |inner, key| inner.get(key))?;
    number(found)
}

/// The text behind a key; not longer than a name is, and fit to be shown.
pub fn text(value: &Value, key: &str) -> Option<String> {
    let text = value.get(key)?.as_str()?;
    Some(visible(&text.chars().take(1000).collect::<String>()))
}

/// Without characters that steer a terminal or turn the direction of the text around.
pub fn visible(text: &str) -> String {
    let steers = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.replace(steers, " ")
}

/// The list behind a key; empty if there is none.
pub fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value
        .get(key)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_can_be_measured_is_a_number() {
        assert_eq!(number(&json!(12.5)), Some(12.5));
        assert_eq!(number(&json!("12")), Some(12.0));
        for unknown in [
            json!("NaN"),
            json!("inf"),
            json!(-1),
            json!(1e300),
            json!(null),
            json!([1]),
        ] {
            assert_eq!(number(&unknown), None, "{unknown}");
        }
    }
}
