//! Random scenarios, made of the schema: every key may be there, with any value.
//!
//! What the schema cannot say is told here: which keys a table cannot do without, which ones exclude each other, and
//! which texts are names. Whatever is still refused is taken out line by line, as a user would, until `check` accepts the
//! rest; so what is left has been accepted, and is usually still strange.

use std::collections::BTreeSet;
use std::path::Path;

use ckptsim::experiment::{metric, objectives};
use ckptsim::scenario::diagnostic::{Diagnostics, Severity};
use ckptsim::scenario::flink_options::{self, Role};
use ckptsim::scenario::load::{Loaded, parse};
use ckptsim::units::Unit;
use serde_json::Map;
use toml::{Table, Value};

use crate::options::dice::Dice;
use crate::options::rules::{ALTERNATIVES, FAILURE, NEEDED};
use crate::options::schema::{Schema, Shape};
use crate::options::values::{self, Odds};

/// A run is given up after so many events.
const EVENTS_MAX: i64 = 20_000;

/// A text, and how often something had to be taken out of it.
pub struct Made {
    pub text: String,
    pub repairs: usize,
}

/// Every storage, backend, alignment, restart strategy and failure occurs with every other one: the case with this number.
const STORAGE: &[&[(&str, &str)]] = &[
    &[("storage.profile", "hdfs")],
    &[("storage.profile", "s3")],
    &[("storage.profile", "s3-native")],
    &[("storage.profile", "abfs")],
    &[("storage.profile", "local-ssd")],
    &[("storage.profile", "jobmanager")],
    &[("flink.execution.checkpointing.storage", "jobmanager")],
];
const BACKEND: &[&[(&str, &str)]] = &[
    &[("flink.state.backend.type", "hashmap")],
    &[("flink.state.backend.type", "rocksdb")],
    &[
        ("flink.state.backend.type", "rocksdb"),
        ("flink.execution.checkpointing.incremental", "true"),
    ],
    &[
        ("flink.state.backend.type", "hashmap"),
        ("flink.state.changelog.enabled", "true"),
    ],
    &[
        ("flink.state.backend.type", "rocksdb"),
        ("flink.execution.checkpointing.incremental", "true"),
        ("flink.state.changelog.enabled", "true"),
    ],
];
const ALIGNMENT: &[&[(&str, &str)]] = &[
    &[],
    &[("flink.execution.checkpointing.unaligned.enabled", "true")],
    &[
        ("flink.execution.checkpointing.unaligned.enabled", "true"),
        (
            "flink.execution.checkpointing.aligned-checkpoint-timeout",
            "50 ms",
        ),
    ],
    &[("flink.execution.checkpointing.mode", "AT_LEAST_ONCE")],
    &[("simulation.alignment", "caching")],
];
const STRATEGY: &[&[(&str, &str)]] = &[
    &[],
    &[("flink.restart-strategy.type", "none")],
    &[("flink.restart-strategy.type", "fixed-delay")],
    &[("flink.restart-strategy.type", "failure-rate")],
    &[("flink.restart-strategy.type", "exponential-delay")],
];
/// Makes scenarios.
pub struct Maker<'m, 'd> {
    pub schema: &'m Schema,
    pub dice: Dice<'d>,
    /// How often an optional key is there, in percent.
    density: u32,
    odds: Odds,
    names: Vec<String>,
}

impl<'m, 'd> Maker<'m, 'd> {
    pub fn new(schema: &'m Schema, dice: Dice<'d>) -> Maker<'m, 'd> {
        Maker {
            schema,
            dice,
            density: 0,
            odds: Odds(0),
            names: Vec::new(),
        }
    }

    /// A scenario, most probably a valid one.
    pub fn file(&mut self, number: usize) -> String {
        self.density = self.dice.pick(&[3, 15, 40]);
        self.odds = Odds(self.dice.pick(&[0, 1, 2, 8]));
        let vertices = 1 + self.dice.below(6);
        self.names = (0..vertices).map(|n| format!("v{n}")).collect();
        let mut file = Table::new();
        let failing = FAILURE[number % FAILURE.len()];
        for (key, schema) in self.schema.top() {
            let wanted = match key.as_str() {
                "vertex" | "flink" | "job" => true,
                "sweep" | "objectives" | "measured" | "flink-conf" => self.dice.chance(8),
                key if FAILURE.contains(&key) => key == failing || self.dice.chance(8),
                _ => self.dice.chance(70),
            };
            if wanted {
                let value = match key.as_str() {
                    "vertex" => self.vertices(schema),
                    "flink" => self.flink(),
                    _ => self.value(key, schema),
                };
                file.insert(key.clone(), value);
            }
        }
        let corner = number / FAILURE.len();
        Self::corner(&mut file, corner);
        self.short(&mut file);
        file.to_string()
    }

    /// One combination of all, spread over the numbers.
    fn corner(file: &mut Table, number: usize) {
        let mut rest = number;
        for kinds in [STORAGE, BACKEND, ALIGNMENT, STRATEGY] {
            for (path, value) in kinds[rest % kinds.len()] {
                set(file, path, Value::String((*value).to_owned()));
            }
            rest /= kinds.len();
        }
    }

    /// Runs are short, unless the duration is meant to be an extreme.
    fn short(&mut self, file: &mut Table) {
        let ms = self.dice.between(100.0, 8000.0).round();
        if !self.dice.chance(self.odds.0) {
            set(file, "job.duration", Value::String(format!("{ms} ms")));
            let warmup = (ms * self.dice.fraction()).floor();
            set(file, "job.warmup", Value::String(format!("{warmup} ms")));
        }
        set(
            file,
            "job.replications",
            Value::Integer(self.dice.pick(&[1, 1, 1, 2, 3])),
        );
        let few = self.dice.chance(4);
        let events = if few {
            self.dice.pick(&[0, 1, 300])
        } else {
            EVENTS_MAX
        };
        set(file, "simulation.max-events", Value::Integer(events));
        if !self.dice.chance(10) {
            let ms = self.dice.between(10.0, 1000.0).round();
            let interval = Value::String(format!("{ms} ms"));
            set(file, "flink.execution.checkpointing.interval", interval);
        }
    }

    fn vertices(&mut self, schema: &serde_json::Value) -> Value {
        let mut vertices = Vec::new();
        let Shape::Table(keys) = self.schema.shape(&schema["items"]) else {
            panic!("vertices are tables");
        };
        for number in 0..self.names.len() {
            let mut vertex = self.table("vertex", keys);
            vertex.insert("name".to_owned(), self.names[number].clone().into());
            if !self.dice.chance(self.odds.0) {
                let parallelism: i64 = self.dice.pick(&[1, 2, 3, 4]);
                vertex.insert("parallelism".to_owned(), parallelism.into());
            }
            let schema = |key: &str| &keys[key];
            if number == 0 || self.dice.chance(20) {
                vertex.retain(|key, _| !["inputs", "reading", "selectivity"].contains(&key));
                let source = self.value("vertex.source", schema("source"));
                vertex.insert("source".to_owned(), source);
            } else {
                vertex.remove("source");
                let inputs = self.inputs(number, schema("inputs"));
                vertex.insert("inputs".to_owned(), inputs);
            }
            self.per_subtask(&mut vertex);
            vertices.push(Value::Table(vertex));
        }
        Value::Array(vertices)
    }

    /// As many elements in lists as the vertex has subtasks.
    fn per_subtask(&mut self, vertex: &mut Table) {
        let subtasks = vertex.get("parallelism").and_then(Value::as_integer);
        let subtasks = subtasks.filter(|subtasks| (1..100).contains(subtasks));
        let Some(subtasks) = subtasks.map(|subtasks| subtasks as usize) else {
            return;
        };
        if self.dice.chance(self.odds.0) {
            return;
        }
        let fitting = |list: &mut Value| {
            if let Value::Array(elements) = list {
                let first = elements[0].clone();
                elements.resize(subtasks, first);
            }
        };
        for key in ["slowness", "placement"] {
            if let Some(list) = vertex.get_mut(key) {
                fitting(list);
            }
        }
        let source = vertex.get_mut("source").and_then(Value::as_table_mut);
        if let Some(shares) = source.and_then(|source| source.get_mut("shares")) {
            let mut one = vec![Value::Float(0.0); subtasks];
            one[self.dice.below(subtasks)] = Value::Float(1.0);
            *shares = Value::Array(one);
        }
        let inputs = vertex.get_mut("inputs").and_then(Value::as_array_mut);
        for input in inputs.into_iter().flatten() {
            if let Some(shares) = input.get_mut("shares") {
                let mut equal = vec![Value::Float(0.0); subtasks];
                equal[self.dice.below(subtasks)] = Value::Float(1.0);
                *shares = Value::Array(equal);
            }
        }
    }

    /// One or two inputs, names or tables, from vertices before this one.
    fn inputs(&mut self, number: usize, schema: &serde_json::Value) -> Value {
        let first = self.dice.below(number);
        let second = self.dice.below(number);
        let mut from = vec![first];
        if second != first && self.dice.chance(50) {
            from.push(second);
        }
        let Shape::List(items) = self.schema.shape(schema) else {
            panic!("inputs are a list");
        };
        let inputs = from.into_iter().map(|from| {
            let name = Value::String(self.names[from].clone());
            match self.value("vertex.inputs", items) {
                Value::Table(mut input) => {
                    input.insert("from".to_owned(), name);
                    Value::Table(input)
                }
                _ => name,
            }
        });
        Value::Array(inputs.collect())
    }

    fn flink(&mut self) -> Value {
        let mut flink = Table::new();
        for option in flink_options::all() {
            let percent = match option.role {
                Role::Simulated => self.density,
                Role::Cost | Role::Ignored => self.density / 4 + 1,
                Role::Before2 => self.density / 2 + 1,
            };
            if self.dice.chance(percent) {
                let key = values::spelling(&mut self.dice, &option);
                let value = values::option(&mut self.dice, option.key, &option.kind, self.odds);
                flink.insert(key.to_owned(), value);
            }
        }
        Value::Table(flink)
    }

    fn table(&mut self, path: &str, keys: &Map<String, serde_json::Value>) -> Table {
        let chosen = ALTERNATIVES.iter().find(|(table, ..)| *table == path);
        let chosen = chosen.map(|(_, ways, none)| {
            let way = self.dice.pick(ways);
            (ways, (!self.dice.chance(*none)).then_some(way))
        });
        let mut table = Table::new();
        for (key, schema) in keys {
            let below = format!("{path}.{key}");
            let wanted = match chosen {
                Some((ways, way)) if ways.contains(&key.as_str()) => way == Some(key.as_str()),
                _ => NEEDED.contains(&below.as_str()) || self.dice.chance(self.density),
            };
            if wanted {
                table.insert(key.clone(), self.value(&below, schema));
            }
        }
        if !self.dice.chance(self.odds.0) {
            self.agree(path, &mut table);
        }
        table
    }

    /// What belongs together.
    fn agree(&mut self, path: &str, table: &mut Table) {
        let word =
            |table: &Table, key: &str| table.get(key).and_then(Value::as_str).map(str::to_owned);
        match path {
            "vertex.source" if table.contains_key("watermark-alignment") => {
                table.remove("legacy");
                table.remove("period");
                table.insert("log".to_owned(), true.into());
            }
            "vertex.source" if !table.contains_key("steps") && !table.contains_key("trace") => {
                table.remove("period");
            }
            "vertex.source" if table.contains_key("period") => {
                table.insert("period".to_owned(), "10 s".into());
            }
            "vertex.service" | "cluster.commit" => {
                let shape = word(table, "distribution");
                table.retain(|key, _| !["sigma", "cv", "spread"].contains(&key));
                let (key, value) = match shape.as_deref() {
                    Some("lognormal") => (self.dice.pick(&["sigma", "cv"]), 0.5),
                    Some("uniform") => ("spread", 0.25),
                    _ => return,
                };
                let value = values::number(&mut self.dice, self.odds)
                    .as_float()
                    .map(|it| it * value);
                table.insert(key.to_owned(), value.unwrap_or_default().into());
            }
            "cluster.gc" => {
                table.insert(
                    "pause".to_owned(),
                    self.dice.pick(&["0 s", "1 ms", "40 ms"]).into(),
                );
                table.insert(
                    "every".to_owned(),
                    self.dice.pick(&["41 ms", "300 ms"]).into(),
                );
            }
            "vertex.inputs"
                if ["shares", "skew", "zipf"]
                    .iter()
                    .any(|key| table.contains_key(*key)) =>
            {
                table.insert("exchange".to_owned(), "hash".into());
            }
            "vertex.window" if table.contains_key("gap") => {
                table.remove("slide");
                table.remove("offset");
            }
            "vertex.window" => {
                table.remove("session");
                if table.contains_key("slide") {
                    let size = table.get("size").cloned();
                    table.extend(size.map(|size| ("slide".to_owned(), size)));
                }
            }
            "vertex.state" => {
                if !table.contains_key("lifetime") {
                    table.remove("lifetime-step");
                }
                let ways: &[&[&str]] = &[&["dirty"], &["updates-per-record"], &["adds-per-record"]];
                self.one_of(table, ways);
                self.one_of(table, &[&["access"], &["accesses-per-record"]]);
            }
            "failure" => {
                table
                    .remove("again-after")
                    .filter(|_| table.contains_key("times"))
                    .map(|value| {
                        table.insert("times".to_owned(), 3.into());
                        table.insert("again-after".to_owned(), value)
                    });
            }
            "failures" if word(table, "law").as_deref() == Some("weibull") => {
                let shape = self.dice.between(0.5, 3.0);
                table.insert("shape".to_owned(), shape.into());
            }
            "failures" => {
                table.remove("shape");
            }
            "trigger" | "restore" => {
                let kind = word(table, "kind").or_else(|| word(table, "from"));
                if kind.as_deref() != Some("savepoint") {
                    table.remove("format");
                }
            }
            "operation" if word(table, "from").as_deref() == Some("checkpoint") => {
                table.remove("format");
            }
            "simulation" if word(table, "alignment").as_deref() != Some("caching") => {
                table.retain(|key, _| !key.starts_with("cache-"));
            }
            _ => {}
        }
    }

    /// Leaves one of several ways.
    fn one_of(&mut self, table: &mut Table, ways: &[&[&str]]) {
        let way = self.dice.pick(ways);
        let others = ways.iter().filter(|other| **other != way);
        for key in others.flat_map(|keys| keys.iter()) {
            table.remove(*key);
        }
    }

    fn value(&mut self, path: &str, schema: &serde_json::Value) -> Value {
        if let Some(value) = self.named(path) {
            return value;
        }
        let odds = self.odds;
        match self.schema.shape(schema) {
            Shape::Choice(words) => Value::String(self.dice.pick(&words).to_owned()),
            Shape::Duration => values::duration(&mut self.dice, odds),
            Shape::Size => values::size(&mut self.dice, odds),
            Shape::ByteRate => values::byte_rate(&mut self.dice, odds),
            Shape::Rate => values::rate(&mut self.dice, odds),
            Shape::Percentage => values::percentage(&mut self.dice, odds),
            Shape::Dirty => values::dirty(&mut self.dice, odds),
            Shape::Integer => values::integer(&mut self.dice, odds),
            Shape::Number => values::number(&mut self.dice, odds),
            Shape::Boolean => Value::Boolean(self.dice.chance(50)),
            Shape::Text => values::words(&mut self.dice),
            Shape::List(items) => {
                let length = 1 + self.dice.below(3);
                Value::Array((0..length).map(|_| self.value(path, items)).collect())
            }
            Shape::Table(keys) => Value::Table(self.table(path, keys)),
            Shape::Open => Value::Table(Table::new()),
            Shape::Either(choices) => {
                let choice = self.dice.below(choices.len());
                self.value(path, &choices[choice])
            }
        }
    }

    /// Texts with a meaning, and what stands in tables whose keys are free.
    fn named(&mut self, path: &str) -> Option<Value> {
        let name = self.names[self.dice.below(self.names.len())].clone();
        let list = |lines: &[&str]| lines.iter().map(|line| Value::from(*line)).collect();
        Some(match path {
            "failure.task.vertex" | "vertex.inputs.from" => Value::String(name),
            "vertex.source.trace" => "rates.csv".into(),
            "failures.trace" => "failures.csv".into(),
            "flink-conf" => "config.yaml".into(),
            "measured.recording" => "recording.json".into(),
            "job.flink-version" => self
                .dice
                .pick(&["2.3", "2.0", "1.20", "1.14", "1.9"])
                .into(),
            "vertex.source.steps" => Value::Array(list(self.dice.pick(&[
                &["0 s 100/s"],
                &["0 s 1000/s", "500 ms 0/s"],
                &["0 s 0/s", "1 ns 1000/s", "1 s 0/s"],
            ]))),
            "vertex.source.curve" => Value::Array(list(
                self.dice
                    .pick(&[&["00:00 100/s"], &["08:00 0/s", "20:00 1000/s"]]),
            )),
            "failure.jobmanager" => true.into(),
            _ if self.dice.chance(self.odds.0) => return None,
            "failure.task.subtask"
            | "vertex.slow.subtask"
            | "vertex.inputs.skew.subtask"
            | "failure.taskmanager"
            | "vertex.placement"
            | "outage.replica" => Value::Integer(i64::from(self.dice.chance(10))),
            "operation.parallelism" => {
                let parallelism = Value::Integer(self.dice.pick(&[1, 2, 3]));
                Value::Table(Table::from_iter([(name, parallelism)]))
            }
            "cluster.taskmanagers" | "operation.taskmanagers" => {
                Value::Integer(self.dice.pick(&[1, 2, 3]))
            }
            "cluster.slots" | "operation.slots" => Value::Integer(self.dice.pick(&[4, 5, 6, 7])),
            "vertex.source.rate" if self.dice.chance(10) => "unlimited".into(),
            "failures.at" => Value::Array(list(
                self.dice.pick(&[&["0 s"], &["300 ms", "301 ms", "1 s"]]),
            )),
            "restore.parallelism" => {
                let parallelism = values::integer(&mut self.dice, self.odds);
                Value::Table(Table::from_iter([(name, parallelism)]))
            }
            "objectives" => {
                let metrics = metric::all();
                let metric = &metrics[self.dice.below(metrics.len())];
                let sign = self.dice.pick(&["<=", ">="]);
                let unit = match metric.unit {
                    Unit::Time => " s",
                    Unit::Share => " %",
                    Unit::Bytes => " B",
                    _ => "",
                };
                let bound = format!(
                    "{sign} {}{unit}",
                    self.dice.pick(&["0", "1", "50", "1e300"])
                );
                Value::Table(Table::from_iter([(metric.name.to_owned(), bound.into())]))
            }
            "sweep" => self.axis(),
            _ => return None,
        })
    }

    /// An axis over a key of the job or an option.
    fn axis(&mut self) -> Value {
        let (path, values): (&str, &[&str]) = self.dice.pick(&[
            (
                "flink.execution.checkpointing.interval",
                &["100 ms", "1 s"] as &[&str],
            ),
            ("job.seed", &["1", "2"]),
            ("storage.write-per-stream", &["1 MB/s", "unlimited"]),
            ("vertex.v0.parallelism", &["1", "2"]),
        ]);
        let values = values.iter().map(|value| match value.parse::<i64>() {
            Ok(number) => Value::Integer(number),
            Err(_) => Value::from(*value),
        });
        Value::Table(Table::from_iter([(
            path.to_owned(),
            Value::Array(values.collect()),
        )]))
    }
}

/// Sets a key; of Flink's options the rest of the path is one key.
fn set(file: &mut Table, path: &str, value: Value) {
    let (table, key) = path.split_once('.').unwrap();
    let empty = || Value::Table(Table::new());
    if let Value::Table(table) = file.entry(table).or_insert_with(empty) {
        table.insert(key.to_owned(), value);
    }
}

/// What `check` does.
pub fn check(text: &str, base: &Path) -> Result<Loaded, Diagnostics> {
    let loaded = parse(text, "scenario", base, &[])?;
    objectives::of(&loaded)?;
    Ok(loaded)
}

/// Takes out what `check` refuses, until it refuses nothing; `None` if it does not say where it is.
pub fn repaired(text: &str, base: &Path) -> Option<Made> {
    let mut text = text.to_owned();
    for repairs in 0..12 {
        let Err(Diagnostics(problems)) = check(&text, base) else {
            let text = limited(&text);
            return Some(Made { text, repairs });
        };
        let errors = problems
            .iter()
            .filter(|problem| problem.severity == Severity::Error);
        let places = errors.filter_map(|problem| problem.place.as_ref());
        let own = places.filter(|place| place.source.name == "scenario");
        let lines: BTreeSet<usize> = own.map(|place| place.line_column().0).collect();
        if lines.is_empty() {
            return None;
        }
        text = without(&text, &lines);
    }
    None
}

/// A repair may have taken the limit out, with which every case is short.
fn limited(text: &str) -> String {
    let mut file: Table = text.parse().expect("it has been read just now");
    let simulation = file.get("simulation").and_then(Value::as_table);
    if simulation.is_some_and(|table| table.contains_key("max-events")) {
        return text.to_owned();
    }
    set(
        &mut file,
        "simulation.max-events",
        Value::Integer(EVENTS_MAX),
    );
    file.to_string()
}

/// Without these lines, from 1; with the header of a table goes all of it, and the tables below.
pub fn without(text: &str, lines: &BTreeSet<usize>) -> String {
    let mut left = String::new();
    let mut removed_table: Option<&str> = None;
    for (index, line) in text.lines().enumerate() {
        let removed = lines.contains(&(index + 1));
        if let Some(header) = line.strip_prefix('[') {
            let name = header.trim_matches(['[', ']']);
            let below = |table: &str| {
                name.strip_prefix(table)
                    .is_some_and(|rest| rest.starts_with('.'))
            };
            if removed {
                removed_table = Some(name);
            } else if !removed_table.is_some_and(below) {
                removed_table = None;
            }
        }
        if !removed && removed_table.is_none() {
            left += line;
            left += "\n";
        }
    }
    left
}
