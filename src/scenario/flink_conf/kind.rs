//! What else people have that holds Flink's options, and cannot be read: each is recognised, and told what to do instead.

use std::path::Path;

use crate::scenario::diagnostic::Diagnostic;

/// More lines than this need not be seen to know a file.
const LINES_SEEN: usize = 2_000;

const WRITE: &str =
    "write the options into a file of their own, a line `key: value` each, and name that file";
const IMPORT: &str = "`ckptsim import http://jobmanager:8081` reads the options of a running job";

/// Instead of a scenario, this; none if it may be one.
pub fn instead_of_a_scenario(name: &str, origin: &str, text: &str) -> Option<Diagnostic> {
    let extension = Path::new(name)
        .extension()
        .map(|extension| extension.to_string_lossy().to_lowercase());
    let is_yaml = matches!(extension.as_deref(), Some("yaml" | "yml"));
    if extension.as_deref() == Some("toml") {
        return None;
    }
    if let Some((what, help)) = other_than_a_configuration(text) {
        let problem = Diagnostic::error(format!("{origin} is {what}; a scenario is TOML"));
        return Some(problem.help(help));
    }
    is_yaml.then(|| {
        let problem = Diagnostic::error(format!("{origin} is YAML; a scenario is TOML"));
        problem.help(format!(
            "a scenario reads Flink's configuration by `flink-conf = \"{name}\"`"
        ))
    })
}

/// What a text is if it is no configuration of Flink, and what can be read instead.
pub(super) fn other_than_a_configuration(text: &str) -> Option<(String, String)> {
    // A comment may tell of anything.
    let code = text
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'));
    let lines: Vec<&str> = code.take(LINES_SEEN).map(str::trim_end).collect();
    let told = |what: &str, help: &str| Some((what.to_owned(), help.to_owned()));
    if lines.iter().any(|line| line.contains("{{")) {
        return told(
            "a template",
            "render it first, such as by `helm template`, and name the result",
        );
    }
    if is_json(text) {
        return told("JSON", IMPORT);
    }
    if lines.iter().any(|line| is_log(line)) {
        return told("a log", IMPORT);
    }
    if lines.iter().any(|line| is_java(line)) {
        return told("a program", &format!("{WRITE}; or {IMPORT}"));
    }
    if lines.iter().any(|line| is_sql(line)) {
        return told("a SQL script", WRITE);
    }
    if lines.iter().any(|line| line.contains("[[vertex]]")) {
        return told("a scenario", "`ckptsim check` and `ckptsim run` read it");
    }
    if let Some(kind) = kubernetes(&lines) {
        return Some(kind);
    }
    if lines.iter().any(|line| line.contains("FLINK_PROPERTIES")) {
        return told(
            "a file with FLINK_PROPERTIES",
            "put the lines below FLINK_PROPERTIES into a file of their own and name that",
        );
    }
    if lines.contains(&"services:") {
        return told("a Compose file", WRITE);
    }
    if lines
        .iter()
        .any(|line| line.trim_start().starts_with("flinkConfiguration:"))
    {
        return told(
            "a file of Helm values or the like",
            "put the entries of `flinkConfiguration` into a file of their own and name that",
        );
    }
    if lines.iter().any(|line| is_command(line)) {
        return told(
            "a command line",
            &format!("put every -Dkey=value as `key: value` into a file: {WRITE}"),
        );
    }
    if is_properties(&lines) {
        return told(
            "a properties file",
            "write `key: value` instead of `key=value`",
        );
    }
    None
}

/// An object may also be a configuration, since JSON is YAML; an array is none.
fn is_json(text: &str) -> bool {
    let text = text.trim_start();
    text.starts_with('[') && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

/// `2024-05-01 08:34:19,494 INFO`.
fn is_log(line: &str) -> bool {
    let pattern = "dddd-dd-dd dd:dd:dd";
    let begin = line.trim_start().chars().zip(pattern.chars());
    begin.clone().count() == pattern.len()
        && begin.into_iter().all(|(c, sign)| match sign {
            'd' => c.is_ascii_digit(),
            ' ' => matches!(c, ' ' | 'T'),
            sign => c == sign,
        })
}

fn is_java(line: &str) -> bool {
    let line = line.trim_start();
    let calls = [
        "enableCheckpointing(",
        "getCheckpointConfig(",
        "setStateBackend(",
    ];
    let begins = [
        "import org.apache.flink",
        "import pyflink",
        "from pyflink",
        "public class ",
    ];
    calls.iter().any(|call| line.contains(call)) || begins.iter().any(|word| line.starts_with(word))
}

fn is_sql(line: &str) -> bool {
    let upper = line.trim_start().to_uppercase();
    let statements = [
        "CREATE TABLE ",
        "INSERT INTO ",
        "CREATE CATALOG ",
        "EXECUTE STATEMENT",
    ];
    upper.starts_with("SET ") && upper.contains('=')
        || statements.iter().any(|word| upper.starts_with(word))
}

fn is_command(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let named = words.next().is_some_and(|word| word.ends_with(':'));
    let option = |word: &str| word.starts_with("-D") && word.contains('=');
    !named && line.split_whitespace().any(option)
}

fn is_properties(lines: &[&str]) -> bool {
    let written = lines
        .iter()
        .map(|line| line.trim())
        .filter(|line| !line.is_empty() && !line.starts_with(['#', '!']) && *line != "---");
    let (mut pairs, mut others) = (0, 0);
    for line in written {
        let is_key = |key: &str| {
            let part = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | ' ');
            key.contains('.') && key.chars().all(part)
        };
        match line.split_once('=') {
            Some((key, _)) if is_key(key) => pairs += 1,
            _ => others += 1,
        }
    }
    pairs > 0 && others == 0
}

/// What a manifest is, by its `kind`, and where its options stand.
fn kubernetes(lines: &[&str]) -> Option<(String, String)> {
    if !lines.iter().any(|line| line.starts_with("apiVersion:")) {
        return None;
    }
    let kind = lines.iter().find_map(|line| line.strip_prefix("kind:"));
    let kind: String = kind
        .unwrap_or("of unknown kind")
        .chars()
        .filter(|c| c.is_alphanumeric() || *c == ' ')
        .collect();
    let kind = kind.trim();
    let help = match kind {
        "FlinkDeployment" | "FlinkSessionJob" => {
            "put the entries of spec.flinkConfiguration into a file of their own and name that"
        }
        "ConfigMap" => {
            "put the text below `config.yaml: |` or `flink-conf.yaml: |` into a file of that name and name it"
        }
        _ => WRITE,
    };
    Some((format!("a Kubernetes manifest ({kind})"), help.to_owned()))
}
