//! Flink's statistics objects: `{"min":1,"max":9,"avg":4,"p50":4.0,…}`.

use serde_json::{Map, Value, json};

const QUANTILES: [(&str, f64); 5] = [
    ("p50", 0.5),
    ("p90", 0.9),
    ("p95", 0.95),
    ("p99", 0.99),
    ("p999", 0.999),
];

/// Minimum, maximum and average are whole numbers. Subtask summaries have no quantiles, and neither have empty ones: Flink
/// writes the string `"NaN"` there.
pub fn statistics(samples: impl Iterator<Item = u64>, quantiles: bool) -> Value {
    let mut sorted: Vec<u64> = samples.collect();
    sorted.sort_unstable();
    let average = match sorted.len() as u64 {
        0 => 0,
        n => sorted.iter().sum::<u64>() / n,
    };
    let mut object = Map::new();
    let mut put = |name: &str, value: Value| object.insert(name.to_owned(), value);
    put("min", json!(sorted.first().unwrap_or(&0)));
    put("max", json!(sorted.last().unwrap_or(&0)));
    put("avg", json!(average));
    for (name, q) in QUANTILES {
        let value = percentile(&sorted, q).filter(|_| quantiles);
        put(name, value.map_or(json!("NaN"), Value::from));
    }
    Value::Object(object)
}

/// `org.apache.commons.math3.stat.descriptive.rank.Percentile` in its default type `LEGACY`: position q·(n + 1).
fn percentile(sorted: &[u64], q: f64) -> Option<f64> {
    let (first, last) = (*sorted.first()?, *sorted.last()?);
    let position = q * (sorted.len() as f64 + 1.0);
    let below = position.floor() as usize;
    if below == 0 {
        return Some(first as f64);
    }
    if below >= sorted.len() {
        return Some(last as f64);
    }
    let (lower, upper) = (sorted[below - 1] as f64, sorted[below] as f64);
    Some(lower + (position - position.floor()) * (upper - lower))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_commons_math() {
        // Position 0.5 · 5 = 2.5: half way between the second and the third; 0.9 · 5 = 4.5 is beyond the last.
        let statistics = statistics([40, 10, 20, 30].into_iter(), true);
        assert_eq!(statistics["p50"], 25.0);
        assert_eq!(statistics["p90"], 40.0);
        assert_eq!(statistics["min"], 10);
        assert_eq!(statistics["avg"], 25);
    }

    #[test]
    fn without_samples_quantiles_are_the_string_nan() {
        let statistics = statistics(std::iter::empty(), true);
        assert_eq!(statistics["p999"], "NaN");
        assert_eq!(statistics["max"], 0);
    }
}
