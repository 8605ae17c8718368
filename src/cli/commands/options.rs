//! `options`.

use clap::ValueEnum;
use serde_json::{Value, json};

use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::render::table::named;
use crate::scenario::diagnostic::did_you_mean;
use crate::scenario::flink_names::{self, FIRST, NEWEST, Version, written};
use crate::scenario::flink_options::{self, FlinkOption, Lookup, Role};

/// Show options of Flink: what each does here, its default, its spellings, and which versions know it
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  ckptsim options                                   # those that change a checkpoint or a recovery
  ckptsim options unaligned                         # all whose names hold this word
  ckptsim options state.backend.async               # everything about one
  ckptsim options --version 1.19 file-merging       # what Flink 1.19 knows of it

Exit code 3 if nothing is found, or the version does not know the option.")]
pub struct Args {
    /// A key, or a part of one
    key: Option<String>,
    /// Whether this version of Flink knows it
    #[arg(long = "version", value_name = "VERSION", value_parser = flink_names::asked)]
    of: Option<Version>,
    /// What to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What is printed on stdout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table, or everything about one option.
    #[default]
    Text,
    /// A list of objects.
    Json,
}

/// One name of Flink's, and what is known of it.
struct Row {
    key: String,
    option: Option<FlinkOption>,
    /// What it does here.
    here: String,
    /// Why the wanted version does not know it.
    outside: Option<String>,
}

/// Prints what is known.
pub fn execute(args: &Args, console: Console) -> anyhow::Result<Exit> {
    let rows = rows(args);
    let exact = args
        .key
        .as_deref()
        .and_then(|key| rows.iter().find(|row| row.key == key));
    match (args.format, exact) {
        (Format::Json, _) => {
            let all: Vec<Value> = rows.iter().map(json_of).collect();
            console.result(&serde_json::to_string_pretty(&all)?)?;
        }
        (Format::Text, Some(row)) => console.text(&about(row, console.width()))?,
        (Format::Text, None) if rows.is_empty() => {
            let key = args.key.as_deref().unwrap_or_default();
            let meant = match flink_options::lookup(key) {
                Lookup::Unknown(meant) => meant.map(did_you_mean),
                _ => None,
            };
            let meant = meant.map_or_else(String::new, |meant| format!("; {meant}"));
            console.error(&format!(
                "no option of Flink holds `{key}` in its name{meant}"
            ));
        }
        (Format::Text, None) => console.text(&list(&rows, console.width()))?,
    }
    let is_known = match exact {
        Some(row) => row.outside.is_none(),
        None => !rows.is_empty(),
    };
    Ok(if is_known {
        Exit::Success
    } else {
        Exit::Missed
    })
}

/// The options that are wanted: without a word those that matter.
fn rows(args: &Args) -> Vec<Row> {
    let version = args.of.unwrap_or(NEWEST);
    let matters = |key: &str| flink_options::is_used(key) || flink_options::cost(key).is_some();
    let listed = flink_options::all().map(|option| option.key);
    let mut keys: Vec<&str> = flink_names::all().chain(listed).collect();
    keys.extend(flink_options::traps());
    keys.sort_unstable();
    keys.dedup();
    let wanted = |key: &&str| match &args.key {
        Some(word) => key.contains(word.as_str()),
        None => matters(key) && flink_options::present_key(key) == *key,
    };
    let rows = keys.into_iter().filter(wanted).map(|key| Row {
        here: here(key),
        option: match flink_options::lookup(key) {
            Lookup::Known(option) | Lookup::Older(option) => Some(option),
            Lookup::Foreign | Lookup::Unknown(_) => None,
        },
        outside: args.of.and_then(|_| flink_names::outside(key, version)),
        key: key.to_owned(),
    });
    rows.collect()
}

/// What an option does here, in one sentence.
fn here(key: &str) -> String {
    if let Some(trap) = flink_options::trap(key) {
        return trap.to_owned();
    }
    let present = flink_options::present_key(key);
    if present != key {
        return format!("older spelling of {present}");
    }
    match flink_options::lookup(key) {
        Lookup::Known(option) if option.role == Role::Simulated => option.effect.to_owned(),
        Lookup::Known(option) if option.role == Role::Before2 => {
            format!("{} (Flink 1.x only)", option.effect)
        }
        _ => flink_options::cost(key).map_or_else(
            || "no effect on checkpoints or recoveries that is simulated".to_owned(),
            |reason| format!("not simulated: {reason}"),
        ),
    }
}

/// A line with the option and its default, and below it what it does here: keys are too long for a table.
fn list(rows: &[Row], width: usize) -> String {
    let lines = rows.iter().map(|row| {
        let own = row.option.as_ref().filter(|option| option.key == row.key);
        let default = own
            .map(|option| option.default)
            .filter(|default| !default.is_empty());
        let default = default.map_or_else(String::new, |default| format!(" = {default}"));
        let outside = row
            .outside
            .as_ref()
            .map_or_else(String::new, |why| format!("; {why}"));
        let here = format!("{}{outside}", row.here);
        format!("{}{default}\n{}", row.key, named(&[("", &here)], width))
    });
    lines.collect()
}

fn about(row: &Row, width: usize) -> String {
    let option = row.option.as_ref();
    let name = flink_names::find(&row.key);
    let default = option.map_or("", |option| option.default);
    let older = option.map_or_else(String::new, |option| option.older.join(", "));
    let versions = name.map_or_else(
        || "read by something else than Flink's own jars".to_owned(),
        |name| {
            let last = name.last.unwrap_or(NEWEST);
            match name.first {
                (1, 0) if last < FIRST => format!("{} or earlier", written(last)),
                (1, 0) => format!("{} or earlier to {}", written(FIRST), written(last)),
                first => format!("{} to {}", written(first), written(last)),
            }
        },
    );
    let kind = option.map_or_else(String::new, |option| option.kind.to_string());
    let items = [
        (row.key.as_str(), row.here.as_str()),
        ("Type", &kind),
        ("Default", default),
        ("Older names", &older),
        ("Versions", &versions),
        ("Asked for", row.outside.as_deref().unwrap_or_default()),
    ];
    let shown: Vec<(&str, &str)> = items
        .into_iter()
        .filter(|(_, text)| !text.is_empty())
        .collect();
    named(&shown, width)
}

fn json_of(row: &Row) -> Value {
    let name = flink_names::find(&row.key);
    let option = row.option.as_ref();
    json!({
        "key": row.key,
        "present": flink_options::present_key(&row.key),
        "default": option.map(|option| option.default),
        "older": option.map(|option| &option.older),
        "first": name.map(|name| written(name.first)),
        "last": name.and_then(|name| name.last).map(written),
        "simulated": flink_options::is_used(&row.key),
        "here": row.here,
        "outside": row.outside,
    })
}
