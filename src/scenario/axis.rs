//! Axes of a sweep: which key takes which values.

use std::collections::BTreeMap;

use toml::{Table, Value};

use crate::scenario::conceal;
use crate::scenario::diagnostic::{Diagnostic, Place, did_you_mean};
use crate::scenario::document::Document;
use crate::scenario::edit;
use crate::scenario::flink_options::{self, Kind, Lookup, NOT_KEPT};
use crate::scenario::key_path::{KeyPath, Step};
use crate::scenario::keys::read;
use crate::scenario::keys::reader::Fault;
use crate::scenario::range::{self, Scale};
use crate::scenario::resolve::problems::Problems;

/// More values than this on one axis are a slip of the pen.
const VALUES_MAX: usize = 1_000;

/// One axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Axis {
    /// Path of the key, as written.
    pub path: String,
    /// Values as text, in order; at least one.
    pub values: Vec<String>,
}

impl Axis {
    /// Reads `path=spec`, where `spec` is `10 s, 1 min, 5 min` or `10 s..10 min:log:12`.
    pub fn parse(text: &str) -> Result<Axis, Diagnostic> {
        let Some((path, spec)) = text.split_once('=') else {
            return Err(Diagnostic::error(format!("`{text}` is no axis")).help(
                "write for example `flink.execution.checkpointing.interval=10 s..10 min:log:8`",
            ));
        };
        let path = path.trim().to_owned();
        let values = values_of(&path, &Value::from(spec))?;
        Ok(Axis { path, values })
    }
}

/// The axes of `[sweep]`, in the order of the file.
pub fn axes(sweep: Option<&BTreeMap<String, Value>>, problems: &mut Problems<'_>) -> Vec<Axis> {
    let Some(sweep) = sweep else {
        return Vec::new();
    };
    let table = KeyPath::top("sweep");
    let mut all = Vec::new();
    for path in problems.document().keys_in_order(&table, sweep) {
        let key = table.key(&path);
        let place = problems.document().place(&key);
        let axis = values_of(&path, &sweep[&path]).map(|values| Axis { path, values });
        let checked = axis
            .map_err(|problem| vec![problem.at(place.clone())])
            .and_then(|axis| {
                check(&axis, problems.document(), place.as_ref())?;
                Ok(axis)
            });
        match checked {
            Ok(axis) => all.push(axis),
            Err(wrong) => problems.extend(wrong),
        }
    }
    all
}

/// Checks that the key exists and can take every value; `place` is where the axis was written.
pub fn check(
    axis: &Axis,
    document: &Document,
    place: Option<&Place>,
) -> Result<(), Vec<Diagnostic>> {
    let path =
        edit::resolve(document, &axis.path).map_err(|problem| vec![problem.at(place.cloned())])?;
    let mut wrong: Vec<Diagnostic> = Vec::new();
    for value in &axis.values {
        let problem = match flink_key(&path) {
            Some(key) => flink_problem(key, value),
            None => own_problem(axis, &path, value, document),
        };
        if let Some(problem) = problem {
            let problem = problem.at(place.cloned());
            if !wrong.contains(&problem) {
                wrong.push(problem);
            }
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

fn flink_key(path: &KeyPath) -> Option<&str> {
    match path.steps() {
        [Step::Key(top), Step::Key(key)] if top == "flink" => Some(key),
        _ => None,
    }
}

fn flink_problem(key: &str, value: &str) -> Option<Diagnostic> {
    match flink_options::lookup(key) {
        Lookup::Known(option) | Lookup::Older(option) if option.role.is_used() => {
            let error = option.kind.check(value).err()?;
            let mut problem = Diagnostic::error(format!("`{key}`: {}", error.message));
            problem.help.extend(error.help);
            Some(problem)
        }
        Lookup::Known(_) | Lookup::Older(_) | Lookup::Foreign => {
            Some(Diagnostic::error(match flink_options::cost(key) {
                Some(_) => flink_options::not_simulated(key),
                None => format!("`{key}` has no effect on the simulation"),
            }))
        }
        Lookup::Unknown(meant) => {
            let mut problem = Diagnostic::error(format!("Flink has no option `{key}`"));
            problem.help.extend(meant.map(did_you_mean));
            Some(problem)
        }
    }
}

fn own_problem(
    axis: &Axis,
    path: &KeyPath,
    value: &str,
    document: &Document,
) -> Option<Diagnostic> {
    let mut changed = document.clone();
    if let Err(problem) = edit::set(&mut changed, &axis.path, value, "sweep") {
        return Some(problem);
    }
    let (_, mistakes) = read::read(&changed.table);
    let mistake = mistakes
        .into_iter()
        .filter(|mistake| mistake.fault != Fault::Limit)
        .find(|mistake| mistake.path.contains(path) || path.contains(&mistake.path))?;
    let spelt = document.spell(&mistake.path);
    let mut problem = Diagnostic::error(mistake.message.replacen(
        &mistake.path.to_string(),
        &spelt,
        1,
    ));
    problem.help.extend(mistake.help);
    Some(problem)
}

fn values_of(path: &str, spec: &Value) -> Result<Vec<String>, Diagnostic> {
    if !conceal::is_path_kept(path) {
        // [`check`] refuses the axis without a look at its values.
        return Ok(vec![NOT_KEPT.to_owned()]);
    }
    match spec {
        Value::Array(values) if values.is_empty() => Err(Diagnostic::error(format!(
            "`{path}` has no values"
        ))
        .help("write a list such as [\"10 s\", \"1 min\"], or a range: \"10 s..10 min:log:8\"")),
        Value::Array(values) if values.len() > VALUES_MAX => Err(Diagnostic::error(format!(
            "`{path}` has more than {VALUES_MAX} values"
        ))),
        Value::Array(values) => Ok(values.iter().map(text_of).collect()),
        Value::String(text) => values_of_text(path, text),
        Value::Table(table) => values_of_table(path, table),
        other => Ok(vec![text_of(other)]),
    }
}

/// `{ from = "10 s", to = "10 min", steps = 12, scale = "log" }`.
fn values_of_table(path: &str, table: &Table) -> Result<Vec<String>, Diagnostic> {
    let help = "write { from = \"10 s\", to = \"10 min\", steps = 8, scale = \"log\" }";
    let known = ["from", "to", "steps", "scale"];
    if let Some(key) = table.keys().find(|key| !known.contains(&key.as_str())) {
        return Err(Diagnostic::error(format!("unknown key `{key}` of a range")).help(help));
    }
    let missing =
        |key: &str| Diagnostic::error(format!("a range of `{path}` without `{key}`")).help(help);
    let from = table
        .get("from")
        .map(text_of)
        .ok_or_else(|| missing("from"))?;
    let to = table.get("to").map(text_of).ok_or_else(|| missing("to"))?;
    let steps = table
        .get("steps")
        .map(text_of)
        .ok_or_else(|| missing("steps"))?;
    let scale = table.get("scale").map_or_else(|| "lin".to_owned(), text_of);
    spread(path, (&from, &to), &scale, &steps)
}

/// `10 s, 1 min` or `10 s..10 min:log:12` or `1..9:5`.
fn values_of_text(path: &str, text: &str) -> Result<Vec<String>, Diagnostic> {
    if let Some((from, rest)) = text.split_once("..") {
        let parts: Vec<&str> = rest.split(':').map(str::trim).collect();
        return match parts.as_slice() {
            [to, scale, steps] => spread(path, (from.trim(), to), scale, steps),
            [to, steps] => spread(path, (from.trim(), to), "lin", steps),
            _ => Err(Diagnostic::error(format!("`{text}` is no range")).help(
                "write for example `10 s..10 min:log:8` (from, to, log or lin, number of values)",
            )),
        };
    }
    let values: Vec<String> = text
        .split(',')
        .map(|value| value.trim().to_owned())
        .collect();
    if values.iter().any(String::is_empty) {
        return Err(Diagnostic::error(format!("a value of `{path}` is empty")));
    }
    if values.len() > VALUES_MAX {
        return Err(Diagnostic::error(format!(
            "`{path}` has more than {VALUES_MAX} values"
        )));
    }
    Ok(values)
}

fn spread(
    path: &str,
    (from, to): (&str, &str),
    scale: &str,
    steps: &str,
) -> Result<Vec<String>, Diagnostic> {
    let scale = match scale {
        "log" => Scale::Log,
        "lin" => Scale::Lin,
        other => {
            let problem = Diagnostic::error(format!("`{other}` is no scale"));
            return Err(problem.help("allowed are `lin` and `log`"));
        }
    };
    let steps = steps
        .parse()
        .ok()
        .filter(|steps| (2..=VALUES_MAX).contains(steps))
        .ok_or_else(|| {
            Diagnostic::error(format!(
                "`{steps}` is no number of values between 2 and {VALUES_MAX}"
            ))
        })?;
    let option = path.strip_prefix("flink.").map(|key| {
        match flink_options::lookup(key.trim_matches(['"', '\''])) {
            Lookup::Known(option) | Lookup::Older(option) => option.kind,
            Lookup::Foreign | Lookup::Unknown(_) => Kind::Text,
        }
    });
    range::spread(option.as_ref(), (from, to), scale, steps).ok_or_else(|| {
        Diagnostic::error(format!("`{from}..{to}` is no range of `{path}`"))
            .help("both ends need the same kind of unit; a range on a log scale begins above 0")
    })
}

fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
