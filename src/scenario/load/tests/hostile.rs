//! Whatever the text: no panic, and what is accepted reads back.

use std::path::Path;

use proptest::prelude::*;

use crate::scenario::diagnostic::Diagnostics;
use crate::scenario::load::parse;
use crate::scenario::load::tests::{JOIN, parsed};

/// Parses, renders every problem, and checks the round trip.
fn survive(text: &str, set: &[(String, String)]) -> Result<(), TestCaseError> {
    match parse(text, "test.toml", Path::new("/nowhere"), set) {
        Err(problems) => {
            problems.render(true);
            prop_assert!(problems.errors() > 0);
        }
        Ok(loaded) => {
            let again = parse(&loaded.toml(), "again.toml", Path::new("/nowhere"), &[]);
            let again = again.map_err(|problems| {
                TestCaseError::fail(format!("{problems}\n{}", loaded.toml()))
            })?;
            prop_assert_eq!(again.scenario, loaded.scenario);
            Diagnostics(loaded.notes).render(false);
        }
    }
    Ok(())
}

const WORDS: &[&str] = &[
    "0",
    "-1",
    "1e999",
    "nan",
    "\"\"",
    "\"10 s\"",
    "\"99999999999 d\"",
    "\"0 s\"",
    "\"1 EiB\"",
    "\"-5 %\"",
    "[]",
    "{}",
    "[1]",
    "{ a = 1 }",
    "true",
    "9223372036854775807",
    "\"unlimited\"",
    "\"in\"",
    "\"hash\"",
    "1979-05-27",
    "\"\\u0000\"",
    "[[1]]",
    "\"join\"",
    "\"\"\"x\ny\"\"\"",
    "0.1",
    "1000000",
];

proptest! {
    #[test]
    fn random_bytes_never_panic(text in ".{0,200}") {
        survive(&text, &[])?;
    }

    #[test]
    fn a_mutated_scenario_never_panics(at in 0..JOIN.len(), length in 0..20_usize, new in ".{0,8}") {
        let end = (at + length).min(JOIN.len());
        survive(&format!("{}{new}{}", &JOIN[..at], &JOIN[end..]), &[])?;
    }

    #[test]
    fn replaced_values_never_panic(line in 0..60_usize, word in 0..WORDS.len()) {
        let mut lines: Vec<String> = JOIN.lines().map(str::to_owned).collect();
        let line = line % lines.len();
        if let Some((key, _)) = lines[line].clone().split_once(" = ") {
            lines[line] = format!("{key} = {}", WORDS[word]);
        }
        survive(&lines.join("\n"), &[])?;
    }

    #[test]
    fn random_overrides_never_panic(
        path in "(vertex|job|flink|storage|cluster|simulation|sweep|trigger|failures|failure|outage|restore)(\\.(join|orders|0|inputs|skew|service|state|size|slow|name|rate|source|seed|mean|execution|at|task|what|age|parallelism|trace|mtbf)){0,4}",
        word in 0..WORDS.len(),
    ) {
        survive(JOIN, &[(path, WORDS[word].to_owned())])?;
    }

    #[test]
    fn random_yaml_never_panics(text in "([a-c.:\\[\\]{}&*!|>'\"% #\n-]|  ){0,80}") {
        let _ = crate::scenario::flink_conf::read("config.yaml", &text);
        let _ = crate::scenario::flink_conf::read("flink-conf.yaml", &text);
    }

    #[test]
    fn random_axes_never_panic(text in "(flink\\.execution\\.checkpointing\\.(interval|mode)|job\\.seed|vertex\\.join\\.service)=[0-9a-z .,:%]{0,20}") {
        let _ = parsed(JOIN).axis(&text);
    }
}

#[test]
fn deep_nesting_is_refused_and_does_not_overflow_the_stack() {
    let dotted = vec!["a"; 50_000].join(".");
    let texts = [
        format!("{dotted} = 1"),
        format!("[{dotted}]"),
        format!("[flink]\n{dotted} = 1"),
        format!("a = {}", "[".repeat(50_000)),
        format!("a = {}", "{ a = ".repeat(50_000)),
    ];
    for text in texts {
        assert!(parse(&text, "test.toml", Path::new(""), &[]).is_err());
    }
    let set = [(format!("job.{dotted}"), "1".to_owned())];
    assert!(parse(JOIN, "test.toml", Path::new(""), &set).is_err());
    let set = [("job.name".to_owned(), "[".repeat(50_000))];
    assert!(parse(JOIN, "test.toml", Path::new(""), &set).is_ok());
}
