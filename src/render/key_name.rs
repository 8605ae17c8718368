//! Keys of a scenario and their values in words, as tables and pictures call them.

/// A coordinate in words: `unaligned` instead of `execution.checkpointing.unaligned.enabled = true`.
pub fn coordinate_name(key: &str, label: &str) -> String {
    let value = value_name(key, label);
    if value == "aligned" || value == "unaligned" {
        value
    } else {
        format!("{} {value}", short_key(key))
    }
}

/// The value of a coordinate, where its axis is named already.
pub fn value_name(key: &str, label: &str) -> String {
    match label {
        "true" if key.ends_with("unaligned.enabled") => "unaligned".to_owned(),
        "false" if key.ends_with("unaligned.enabled") => "aligned".to_owned(),
        label => label.to_owned(),
    }
}

/// The telling end of a key: `checkpoint interval`, `skew share`, `source rate`.
pub fn short_key(key: &str) -> String {
    const GENERIC: [&str; 9] = [
        "enabled", "factor", "max", "rate", "share", "size", "subtask", "timeout", "type",
    ];
    if key.ends_with("checkpointing.interval") {
        return "checkpoint interval".to_owned();
    }
    if key.ends_with("unaligned.enabled") {
        return "alignment".to_owned();
    }
    let parts: Vec<&str> = key
        .split(['.', '[', ']'])
        .filter(|part| !part.is_empty())
        .collect();
    let from = match parts.as_slice() {
        [.., last] if GENERIC.contains(last) => parts.len().saturating_sub(2),
        _ => parts.len().saturating_sub(1),
    };
    parts[from..].join(" ")
}

/// With a capital letter.
pub fn capital(text: &str) -> String {
    let first = text.chars().take(1).flat_map(char::to_uppercase);
    first.chain(text.chars().skip(1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coordinate_is_named_in_words() {
        let cases = [
            (
                "flink.execution.checkpointing.unaligned.enabled",
                "true",
                "unaligned",
            ),
            (
                "flink.execution.checkpointing.unaligned.enabled",
                "false",
                "aligned",
            ),
            ("vertex.join.skew.share", "30 %", "skew share 30 %"),
            (
                "vertex.orders.source.rate",
                "50000/s",
                "source rate 50000/s",
            ),
            (
                "flink.execution.checkpointing.interval",
                "30 s",
                "checkpoint interval 30 s",
            ),
            ("", "x", " x"),
        ];
        for (key, label, name) in cases {
            assert_eq!(coordinate_name(key, label), name);
        }
    }
}
