use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use ckptsim::scenario::Scenario;
use ckptsim::scenario::diagnostic::Diagnostic;
use ckptsim::scenario::lint::{self, rules};
use ckptsim::scenario::load::{Loaded, load, parse, schema};
use serde_json::Value;

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}

#[track_caller]
fn shipped(name: &str) -> Loaded {
    load(&directory().join(name), &[]).unwrap_or_else(|problems| panic!("{problems}"))
}

#[test]
fn every_scenario_that_ships_is_valid_and_reads_back() {
    let mut files: Vec<PathBuf> = std::fs::read_dir(directory())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.retain(|file| {
        file.extension()
            .is_some_and(|extension| extension == "toml")
    });
    assert!(files.len() >= 3);
    for file in files {
        let loaded = load(&file, &[]).unwrap_or_else(|problems| panic!("{problems}"));
        // A job of an older version may have to say what that version did not do.
        let is_said = |note: &&Diagnostic| note.message.contains("it is simulated all the same");
        let notes: Vec<&Diagnostic> = loaded.notes.iter().filter(|note| !is_said(note)).collect();
        assert_eq!(notes, [] as [&Diagnostic; 0], "{}", file.display());
        let again = parse(&loaded.toml(), "again", Path::new(""), &[]);
        let again = again.unwrap_or_else(|problems| panic!("{problems}"));
        assert_eq!(again.scenario, loaded.scenario);
        assert_eq!(again.sha256(), loaded.sha256());
        for axis in &loaded.axes {
            for value in &axis.values {
                let point = loaded.at(&[(axis.path.clone(), value.clone())]);
                point.unwrap_or_else(|problems| panic!("{problems}"));
            }
        }
    }
}

#[test]
fn the_reference_says_the_defaults() {
    let bare = "[[vertex]]\nname = \"source\"\nsource = { rate = \"1000/s\" }\n\
                [[vertex]]\nname = \"operator\"\ninputs = [\"source\"]\n";
    let bare = parse(bare, "bare", Path::new(""), &[]).unwrap();
    assert_eq!(shipped("reference.toml").scenario, bare.scenario);
}

#[test]
fn the_default_scenario_is_that_of_a_file_with_only_a_source() {
    let bare = "[[vertex]]\nname = \"source\"\nsource = { rate = \"1000/s\" }\n";
    let bare = parse(bare, "bare", Path::new(""), &[]).unwrap();
    assert_eq!(bare.scenario, Scenario::default());
}

/// The keys of a schema and of all schemas in it.
fn properties<'s>(schema: &'s Value, keys: &mut BTreeSet<&'s str>) {
    let own = schema.get("properties").and_then(Value::as_object);
    keys.extend(own.into_iter().flatten().map(|(key, _)| key.as_str()));
    match schema {
        // Options of Flink have a test of their own.
        Value::Object(rules) => rules
            .iter()
            .filter(|(key, _)| *key != "flink")
            .for_each(|(_, rule)| properties(rule, keys)),
        Value::Array(several) => several.iter().for_each(|one| properties(one, keys)),
        _ => {}
    }
}

#[test]
fn every_key_of_the_schema_occurs_in_the_reference() {
    let text = std::fs::read_to_string(directory().join("reference.toml")).unwrap();
    let schema: Value = serde_json::from_str(&schema()).unwrap();
    let words: BTreeSet<&str> = text
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'))
        .collect();
    let mut keys = BTreeSet::new();
    properties(&schema, &mut keys);
    assert!(keys.len() > 80, "{keys:?}");
    let missing: Vec<&&str> = keys.iter().filter(|key| !words.contains(**key)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_option_that_is_simulated_occurs_in_the_reference() {
    use ckptsim::scenario::flink_options::all;
    let text = std::fs::read_to_string(directory().join("reference.toml")).unwrap();
    for option in all().filter(|option| option.role.is_used()) {
        assert!(
            text.contains(&format!("{} = ", option.key)),
            "{}",
            option.key
        );
    }
}

#[test]
fn the_production_scenario_warns_about_its_retention_only() {
    let loaded = shipped("production-2min.toml");
    let codes: Vec<&str> = lint::check(&loaded.scenario)
        .iter()
        .map(|finding| finding.rule.code)
        .collect();
    assert_eq!(codes, [rules::RETENTION.code]);
    assert_eq!(loaded.axes.len(), 1);
}
