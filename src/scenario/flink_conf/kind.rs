//! What people have that holds Flink's options: in which words they stand there, and what cannot be read, and what can
//! instead.

use std::path::Path;

use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::flink_conf::blocks::OPTIONS;

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
    let form = form(text);
    if let Some(what) = form.name() {
        let problem = Diagnostic::error(format!("{origin} is {what}; a scenario is TOML"));
        return Some(problem.help(match form {
            Form::Other(_, help) => help,
            _ => format!(
                "`ckptsim init --from {name}` makes a scenario of its options; a scenario reads them by `flink-conf = \"{name}\"`"
            ),
        }));
    }
    is_yaml.then(|| {
        let problem = Diagnostic::error(format!("{origin} is YAML; a scenario is TOML"));
        problem.help(format!(
            "a scenario reads Flink's configuration by `flink-conf = \"{name}\"`"
        ))
    })
}

/// What a text holds Flink's options in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// A configuration as Flink reads it.
    Configuration,
    /// Blocks of options inside of this.
    Blocks(String),
    /// A script of the SQL client.
    Sql,
    /// A command line.
    Command,
    /// What a JobManager answers about its configuration.
    Answer,
    /// Something else: what it is, and what can be read instead.
    Other(String, String),
}

/// What a text is, by its looks.
pub(super) fn form(text: &str) -> Form {
    // A comment may tell of anything.
    let code = text
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'));
    let lines: Vec<&str> = code.take(LINES_SEEN).map(str::trim_end).collect();
    let other = |what: &str, help: &str| Form::Other(what.to_owned(), help.to_owned());
    let any = |is: fn(&str) -> bool| lines.iter().any(|line| is(line));
    if any(is_template) {
        return other(
            "a template",
            "render it first, such as by `helm template`, and name the result",
        );
    }
    if is_json(text) {
        return Form::Answer;
    }
    if any(is_logged) {
        return other(
            "a log",
            "`ckptsim why FILE` reads what became of its checkpoints",
        );
    }
    if any(|line| line.contains("[[vertex]]")) {
        return other("a scenario", "`ckptsim check` and `ckptsim run` read it");
    }
    // A manifest may hold a script.
    if let Some(kind) = kubernetes(&lines) {
        return Form::Blocks(format!("a Kubernetes manifest ({kind})"));
    }
    if any(|line| line.contains("FLINK_PROPERTIES")) {
        return Form::Blocks("a file with FLINK_PROPERTIES".to_owned());
    }
    if lines.contains(&"services:") {
        return Form::Blocks("a Compose file".to_owned());
    }
    let begins = |line: &&str, name: &str| {
        let rest = line.trim_start().strip_prefix(name);
        rest.is_some_and(|rest| rest.starts_with(':'))
    };
    if lines
        .iter()
        .any(|line| OPTIONS.iter().any(|name| begins(line, name)))
    {
        return Form::Blocks("a file of Helm values or the like".to_owned());
    }
    if any(is_java) {
        return other("a program", &format!("{WRITE}; or {IMPORT}"));
    }
    if any(is_sql) {
        return Form::Sql;
    }
    if any(is_command) {
        return Form::Command;
    }
    if is_properties(&lines) {
        return other(
            "a properties file",
            "write `key: value` instead of `key=value`",
        );
    }
    Form::Configuration
}

impl Form {
    /// What the text is, where it is no configuration by itself.
    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Form::Configuration => None,
            Form::Blocks(what) | Form::Other(what, _) => Some(what),
            Form::Sql => Some("a SQL script"),
            Form::Command => Some("a command line"),
            Form::Answer => Some("JSON"),
        }
    }
}

/// `{{ .Values.x }}`; the operator replaces `{{name}}` and `{{namespace}}` in `spec.ingress` by itself.
fn is_template(line: &str) -> bool {
    let own = line.replace("{{name}}", "").replace("{{namespace}}", "");
    own.contains("{{")
}

/// An object may also be a configuration, since JSON is YAML; an array is none.
fn is_json(text: &str) -> bool {
    let text = text.trim_start();
    text.starts_with('[') && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

/// Whether a text has lines of a log.
pub fn is_log(text: &str) -> bool {
    text.lines().take(LINES_SEEN).any(is_logged)
}

/// `2024-05-01 08:34:19,494 INFO`.
fn is_logged(line: &str) -> bool {
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
    let mut after_option = false;
    !named
        && line.split_whitespace().any(|word| {
            let is_option = (after_option || word.starts_with("-D")) && word.contains('=');
            after_option = word == "-D";
            is_option
        })
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

/// The `kind` of a manifest.
fn kubernetes(lines: &[&str]) -> Option<String> {
    if !lines.iter().any(|line| line.starts_with("apiVersion:")) {
        return None;
    }
    let kind = lines.iter().find_map(|line| line.strip_prefix("kind:"));
    let kind: String = kind
        .unwrap_or("of unknown kind")
        .chars()
        .filter(|c| c.is_alphanumeric() || *c == ' ')
        .collect();
    Some(kind.trim().to_owned())
}
