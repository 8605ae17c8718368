//! Overrides: `--set path=value`, and the points of a sweep.

use std::sync::Arc;

use toml::{Table, Value};

use crate::scenario::conceal;
use crate::scenario::diagnostic::{Diagnostic, Place, SourceText, meant};
use crate::scenario::document::{Document, KEY_PARTS_MAX};
use crate::scenario::flink_options;
use crate::scenario::key_path::{KeyPath, Step};
use crate::scenario::keys::File;
use crate::scenario::keys::table::{Content, Shape};
use crate::scenario::tree;

/// Sets the value of a path; the text of the option is where it counts as written.
pub fn set(
    document: &mut Document,
    path: &str,
    value: &str,
    option: &str,
) -> Result<(), Diagnostic> {
    let written = |text: &str| {
        Arc::new(SourceText {
            name: option.to_owned(),
            text: text.to_owned(),
        })
    };
    // What stands behind a path that is none is nobody's business.
    let key_place = Place::new(written(path), 0..path.len());
    let found = resolve(document, path).map_err(|problem| problem.at(Some(key_place.clone())))?;
    let value = kept(path, value);
    let text = format!("{path}={value}");
    let source = written(&text);
    make_room(&mut document.table, &found);
    let value = typed(&found, &value);
    if !tree::insert(&mut document.table, &found, value) {
        let problem = Diagnostic::error(format!("nothing can be set at `{path}`"));
        return Err(problem
            .at(Some(key_place))
            .help("something that is no table is in the way, or a list is shorter"));
    }
    let value_start = (path.len() + 1).min(text.len());
    document.written_in(found, source, 0..path.len(), value_start..text.len());
    Ok(())
}

/// What may be kept of a value: nothing if the path is an option that is not used.
pub fn kept(path: &str, value: &str) -> String {
    match KeyPath::split(path).as_deref() {
        Some([top, key @ ..]) if top == "flink" && !key.is_empty() => {
            conceal::kept_value(&key.join("."), value)
        }
        _ => value.to_owned(),
    }
}

/// The path that a text means: vertices by name or index, Flink's options by any of their names.
pub fn resolve(document: &Document, text: &str) -> Result<KeyPath, Diagnostic> {
    let wrong = || {
        Diagnostic::error(format!("`{text}` is no path of a key")).help(
            "write for example `flink.execution.checkpointing.interval` or `vertex.join.service`",
        )
    };
    let parts = KeyPath::split(text)
        .filter(|parts| parts.len() <= KEY_PARTS_MAX)
        .ok_or_else(wrong)?;
    if parts[0] == "flink" && parts.len() > 1 {
        return Ok(KeyPath::flink(&parts[1..].join(".")));
    }
    let mut path = KeyPath::root();
    for (position, part) in parts.iter().enumerate() {
        let here = tree::get(&document.table, &path);
        let step = match here {
            Some(Value::Array(_)) if position == 1 && parts[0] == "vertex" => {
                Step::Index(vertex_index(&document.table, part)?)
            }
            Some(Value::Array(array)) => Step::Index(element(part, array.len(), &path)?),
            None if position == 1 && parts[0] == "vertex" => return Err(no_vertex(part, &[])),
            _ => Step::Key(part.clone()),
        };
        path = path.with(step);
    }
    Ok(path)
}

fn element(part: &str, length: usize, path: &KeyPath) -> Result<usize, Diagnostic> {
    part.parse()
        .ok()
        .filter(|index| *index < length)
        .ok_or_else(|| {
            Diagnostic::error(format!(
                "`{path}` is a list of {length}; `{part}` is none of its elements"
            ))
            .help("elements are counted from 0")
        })
}

fn vertex_index(table: &Table, name: &str) -> Result<usize, Diagnostic> {
    let vertices = table
        .get("vertex")
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    let names: Vec<&str> = vertices
        .iter()
        .filter_map(|vertex| vertex.get("name").and_then(Value::as_str))
        .collect();
    let by_name = vertices
        .iter()
        .position(|vertex| vertex.get("name").and_then(Value::as_str) == Some(name));
    let by_index = name.parse().ok().filter(|index| *index < vertices.len());
    by_name.or(by_index).ok_or_else(|| no_vertex(name, &names))
}

fn no_vertex(name: &str, names: &[&str]) -> Diagnostic {
    let mut problem = Diagnostic::error(format!("there is no vertex `{name}`"));
    problem.help.extend(meant(name, names, "vertices are"));
    problem
}

/// Takes out what the new value replaces, and turns short forms into tables on the way.
fn make_room(table: &mut Table, path: &KeyPath) {
    if let [Step::Key(top), Step::Key(key)] = path.steps()
        && top == "flink"
    {
        let present = flink_options::present_key(key);
        if let Some(Value::Table(options)) = table.get_mut("flink") {
            options.retain(|other, _| flink_options::present_key(other) != present);
        }
        return;
    }
    let root = Shape::of::<File>();
    let mut shape = Some(&root);
    let mut short = None;
    let mut at = KeyPath::root();
    for (position, step) in path.steps().iter().enumerate() {
        if let Step::Key(key) = step {
            let groups = shape.map_or(&[][..], |shape| shape.alternatives).iter();
            let others = groups.filter(|group| group.contains(&key.as_str()));
            for other in others.copied().flatten().filter(|other| *other != key) {
                tree::remove(table, &at.key(other));
            }
            let content = shape.and_then(|shape| Some(&shape.key(key)?.content));
            shape = content.and_then(Content::shape);
            short = content.and_then(Content::short);
        }
        at = at.with(step.clone());
        if let Some(key) = short.filter(|_| position + 1 < path.steps().len()) {
            expand(table, &at, key);
        }
    }
}

/// Turns a string into the table that it stands for, with this one key.
fn expand(table: &mut Table, path: &KeyPath, key: &str) {
    if let Some(Value::String(text)) = tree::get(table, path) {
        let long = Table::from_iter([(key.to_owned(), Value::String(text.clone()))]);
        tree::insert(table, path, Value::Table(long));
    }
}

/// A value as TOML if it is TOML, else as a string. Versions stay text: 1.20 is not 1.2.
fn typed(path: &KeyPath, value: &str) -> Value {
    let text = Value::String(value.to_owned());
    if matches!(path.steps().last(), Some(Step::Key(key)) if key == "flink-version" || key == "name")
    {
        return text;
    }
    let Ok(table) = format!("v = {value}").parse::<Table>() else {
        return text;
    };
    match (table.len(), table.get("v")) {
        (1, Some(parsed)) => parsed.clone(),
        _ => text,
    }
}
