//! `flink-conf`: the options of a configuration of Flink beside those of `[flink]`, which win.

use std::collections::BTreeSet;

use toml::{Table, Value};

use crate::scenario::diagnostic::{Diagnostic, Diagnostics, did_you_mean};
use crate::scenario::document::Document;
use crate::scenario::flink_conf::{self, Conf};
use crate::scenario::flink_options::{self, Lookup, present_key};
use crate::scenario::input_file;
use crate::scenario::key_path::KeyPath;

/// The newest version that reads `flink-conf.yaml`.
pub const LAST_OF_1: &str = "1.20";

/// Reads the file that `flink-conf` names, at the top or in `[flink]`, and puts its options into `[flink]`.
pub fn include(document: &mut Document) -> Result<(), Diagnostics> {
    let (path, value) = match document.table.get("flink-conf") {
        Some(value) => (KeyPath::top("flink-conf"), value.clone()),
        None => match document.flink().find(|(key, _)| *key == "flink-conf") {
            Some((_, value)) => (KeyPath::flink("flink-conf"), value.clone()),
            None => return Ok(()),
        },
    };
    let place = document.place(&path);
    let Value::String(name) = value else {
        let problem = Diagnostic::error("`flink-conf` is the path of a file").at(place);
        return Err(Diagnostics(vec![problem]));
    };
    let file = document.base.join(&name);
    let text = input_file::text(&file).map_err(|error| {
        let problem = Diagnostic::error(format!("cannot read `{name}`: {error}"));
        let help = "the path begins at the directory of the scenario";
        Diagnostics(vec![problem.at(place.clone()).help(help)])
    })?;
    let conf = flink_conf::read(&file.display().to_string(), &text).map_err(|problem| {
        // What has no place in the file has it where the file is named.
        let place = problem.place.clone().or(place);
        Diagnostics(vec![problem.at(place)])
    })?;
    document.table.remove("flink-conf");
    version(document, &path, &name, &conf);
    merge(document, &conf);
    Ok(())
}

/// A file that only Flink 1.x reads says which Flink it is, and so does a manifest of the Kubernetes operator.
fn version(document: &mut Document, path: &KeyPath, name: &str, conf: &Conf) {
    let facts = &conf.facts;
    if facts.version.is_none() && !facts.is_old {
        return;
    }
    let place = document.key_place(path);
    let job = document
        .table
        .entry("job")
        .or_insert_with(|| Value::Table(Table::new()));
    let Value::Table(job) = job else { return };
    let given = job.get("flink-version").and_then(Value::as_str);
    let remark = match (given, &facts.version) {
        (None, Some((version, _))) => {
            job.insert("flink-version".to_owned(), Value::from(version.as_str()));
            Diagnostic::note(format!("Flink {version}, as `{name}` says"))
        }
        (None, None) => {
            job.insert("flink-version".to_owned(), Value::from(LAST_OF_1));
            Diagnostic::note(format!(
                "Flink {LAST_OF_1} is assumed: `{name}` is a file of Flink 1.x"
            ))
            .help("set `job.flink-version` if it is another one")
        }
        (Some(given), Some((version, _))) if given.trim() != version => Diagnostic::warning(
            format!("`job.flink-version` is {given}, `{name}` is for Flink {version}"),
        ),
        (Some(version), None) if version.trim().starts_with('2') => Diagnostic::warning(format!(
            "`{name}` is a file of Flink 1.x: Flink {version} reads `config.yaml` only"
        )),
        (Some(_), _) => return,
    };
    document.remarks.push(remark.at(place));
}

fn merge(document: &mut Document, conf: &Conf) {
    let own: BTreeSet<String> = document.flink().map(|(key, _)| present_key(key)).collect();
    document.remarks.extend(conf.remarks.iter().cloned());
    let slot = document
        .table
        .entry("flink")
        .or_insert_with(|| Value::Table(Table::new()));
    let Value::Table(options) = slot else { return };
    options.remove("flink-conf");
    let mut places = Vec::new();
    for entry in &conf.entries {
        let place = conf.place(entry.line);
        if let Lookup::Unknown(meant) = flink_options::lookup(&entry.key) {
            document
                .remarks
                .push(unknown(&entry.key, meant).at(Some(place)));
        } else if !own.contains(&present_key(&entry.key)) {
            options.insert(entry.key.clone(), Value::from(entry.value.as_str()));
            places.push((KeyPath::flink(&entry.key), place));
        }
    }
    for (path, place) in places {
        document.written_in(path, place.source, place.span.clone(), place.span);
    }
}

/// Flink ignores what it does not know: in its own file an unknown key is no error.
fn unknown(key: &str, meant: Option<&str>) -> Diagnostic {
    let warning = Diagnostic::warning(format!("{}, and is left out", flink_options::ignored(key)));
    match meant {
        Some(meant) => warning.help(did_you_mean(meant)),
        None => warning,
    }
}
