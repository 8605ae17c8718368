//! TOML, line by line.

use std::fmt::{Display, Write};

use crate::scenario::Law;

/// A file that grows.
#[derive(Debug, Default)]
pub(super) struct Writer(String);

/// An inline table that grows.
#[derive(Debug, Default)]
pub(super) struct Inline(Vec<String>);

impl Writer {
    /// Begins a table; `header` with its brackets.
    pub(super) fn table(&mut self, header: &str) {
        if !self.0.is_empty() {
            self.0.push('\n');
        }
        self.0.push_str(header);
        self.0.push('\n');
    }

    /// A key of the table; `value` is TOML already.
    pub(super) fn key(&mut self, key: &str, value: impl Display) {
        writeln!(self.0, "{key} = {value}").expect("a string takes everything");
    }

    /// All of it.
    pub(super) fn finish(self) -> String {
        self.0
    }
}

impl Inline {
    /// A key of the table; `value` is TOML already.
    pub(super) fn key(&mut self, key: &str, value: impl Display) {
        self.0.push(format!("{key} = {value}"));
    }

    /// All of it.
    pub(super) fn finish(self) -> String {
        format!("{{ {} }}", self.0.join(", "))
    }
}

/// A string of TOML.
pub(super) fn text(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// A key of TOML, quoted if it must be.
pub(super) fn key_of(name: &str) -> String {
    let line = toml::Table::from_iter([(name.to_owned(), toml::Value::from(true))]).to_string();
    let key = line.trim_end().strip_suffix(" = true");
    key.expect("a table of one key is one line").to_owned()
}

/// A list of numbers.
pub(super) fn numbers(numbers: &[f64]) -> String {
    let texts: Vec<String> = numbers.iter().map(|number| format!("{number:?}")).collect();
    format!("[{}]", texts.join(", "))
}

/// The keys of a distribution.
pub(super) fn law_keys(law: Law, table: &mut Inline) {
    match law {
        Law::Deterministic => table.key("distribution", text("deterministic")),
        Law::Exponential => table.key("distribution", text("exponential")),
        Law::Lognormal { sigma } => {
            table.key("distribution", text("lognormal"));
            table.key("sigma", format!("{sigma:?}"));
        }
        Law::Uniform { spread } => {
            table.key("distribution", text("uniform"));
            table.key("spread", format!("{spread:?}"));
        }
    }
}
