//! The kinds of values that stand behind keys: how each is read, written and described, and within which limits.
//!
//! Quantities are strings with a unit. The largest quantity of each kind is in [`bounds`].

use std::collections::BTreeMap;
use std::marker::PhantomData;

use serde_json::{Value as Json, json};
use toml::Value;

use crate::scenario::bounds;
use crate::scenario::keys::node::Node;
use crate::scenario::keys::reader::Reader;
use crate::scenario::keys::table::{Choice, Content, Kind, Shape, Table, lines};
use crate::units::{ByteRate, Bytes, SimDuration, UnitError, parse, print};

/// Something that a file writes as a string with a unit.
pub trait Quantity {
    /// What the program holds.
    type Value: Copy;
    /// What it is, for error messages and for the schema.
    const NAME: &'static str;
    /// How it looks.
    const EXAMPLES: &'static [&'static str];
    /// Reads the text.
    fn parse(text: &str) -> Result<Self::Value, UnitError>;
    /// Writes the text.
    fn print(value: Self::Value) -> String;
    /// A limit that the value is beyond, in words.
    fn limit(_: Self::Value) -> Option<String> {
        None
    }
}

/// A duration of at least `LOW` and at most `HIGH` nanoseconds.
pub struct Duration<const LOW: u64 = 0, const HIGH: u64 = { u64::MAX }>;
/// Bytes.
pub struct Size;
/// Bytes per second.
pub struct Bandwidth;
/// Bytes per second, or without a limit.
pub struct Limit;
/// Records per second, or as fast as it goes.
pub struct RecordRate;
/// A share; 1.0 is 100 %.
pub struct Share;
/// A share per second.
pub struct ShareRate;
/// A whole number of at least `LOW` and at most `HIGH`.
pub struct Count<const LOW: u64 = 0, const HIGH: u64 = { u64::MAX }, N = u64>(PhantomData<N>);
/// A number, neither negative nor NaN, and not beyond [`bounds::NUMBER_MAX`].
pub struct Number;
/// `true` or `false`.
pub struct Flag;
/// Any string.
pub struct Text;
/// One of a few words.
pub struct Word<C>(PhantomData<C>);
/// Several in order.
pub struct List<K>(PhantomData<K>);
/// Several by names that are not known beforehand.
pub struct Named<K>(PhantomData<K>);
/// One table or a list of them.
pub struct OneOrMany<T>(PhantomData<T>);
/// A table that may be written as the one key that matters.
pub struct Short<T>(PhantomData<T>);
/// Something that is looked at elsewhere.
pub struct Raw<S>(PhantomData<S>);

/// The short form of a table.
pub trait FromShort: Table + Kind<Value = Self> {
    /// What the short form is, for error messages.
    const SHORT: &'static str;
    /// The key that it stands for.
    const KEY: &'static str;
    /// What that key takes.
    type Short: Kind;
}

/// Describes a value that is looked at elsewhere.
pub trait Described {
    /// Its schema.
    fn schema() -> Json;
}

/// Nanoseconds.
pub mod ns {
    /// A microsecond.
    pub const MICROSECOND: u64 = 1_000;
    /// A millisecond.
    pub const MILLISECOND: u64 = 1_000_000;
    /// A minute.
    pub const MINUTE: u64 = 60_000_000_000;
    /// An hour.
    pub const HOUR: u64 = 60 * MINUTE;
    /// A day.
    pub const DAY: u64 = 24 * HOUR;
}

impl<const LOW: u64, const HIGH: u64> Quantity for Duration<LOW, HIGH> {
    type Value = SimDuration;
    const NAME: &'static str = "duration";
    const EXAMPLES: &'static [&'static str] = &["10 min", "1.5 s", "35 us"];
    fn parse(text: &str) -> Result<SimDuration, UnitError> {
        parse::duration(text)
    }
    fn print(value: SimDuration) -> String {
        print::written(value)
    }
    fn limit(value: SimDuration) -> Option<String> {
        let written = |limit| print::written(SimDuration::from_nanos(limit));
        if value.as_nanos() < LOW {
            return Some(format!("at least {}", written(LOW)));
        }
        (value.as_nanos() > HIGH).then(|| format!("at most {}", written(HIGH)))
    }
}

/// Quantities: what holds them, their name, how they look, how they are read and written.
macro_rules! quantities {
    ($($kind:ident: $value:ty, $name:literal, $examples:expr, $parse:expr, $print:expr;)*) => {
        $(impl Quantity for $kind {
            type Value = $value;
            const NAME: &'static str = $name;
            const EXAMPLES: &'static [&'static str] = &$examples;
            fn parse(text: &str) -> Result<$value, UnitError> {
                $parse(text)
            }
            fn print(value: $value) -> String {
                $print(value)
            }
        })*
    };
}

quantities! {
    Size: Bytes, "size", ["220 B", "64 MiB", "12 GiB"],
        |text| bounds::size(text, parse::size(text)?), print::written_size;
    Limit: Option<ByteRate>, "byte rate", ["80 MB/s", "10 Gbit/s", UNLIMITED],
        |text| or_unlimited(text, Bandwidth::parse), |value| unlimited_or(value, print::written_rate);
    Bandwidth: ByteRate, "byte rate", ["80 MB/s", "64 MiB/s", "10 Gbit/s"],
        |text| bounds::byte_rate(text, parse::byte_rate(text)?), print::written_rate;
    RecordRate: Option<f64>, "record rate", ["50000/s", "1.2M/s", UNLIMITED],
        |text| or_unlimited(text, |text| bounds::record_rate(text, parse::record_rate(text)?)),
        |value| unlimited_or(value, print::written_record_rate);
    Share: f64, "share", ["30 %"], parse::share, print::written_share;
    ShareRate: f64, "share per time", ["3 %/min", "0.5 %/s"],
        |text| bounds::share_rate(text, parse::share_rate(text)?), print::written_share_rate;
}

/// What has no limit.
const UNLIMITED: &str = "unlimited";

fn or_unlimited<V>(
    text: &str,
    parse: impl Fn(&str) -> Result<V, UnitError>,
) -> Result<Option<V>, UnitError> {
    if text.trim() == UNLIMITED {
        return Ok(None);
    }
    parse(text).map(Some)
}

fn unlimited_or<V>(value: Option<V>, print: impl Fn(V) -> String) -> String {
    value.map_or_else(|| UNLIMITED.to_owned(), print)
}

impl<Q: Quantity> Kind for Q {
    type Value = Q::Value;

    fn read(value: &Value, reader: &mut Reader<'_>) -> Option<Q::Value> {
        let text = match value {
            Value::String(text) => text.clone(),
            // A bare number takes the same way, since its error says what Flink would have meant.
            Value::Integer(number) => number.to_string(),
            Value::Float(number) => number.to_string(),
            _ => {
                let expected = format!("a {} such as \"{}\"", Q::NAME, Q::EXAMPLES[0]);
                reader.wrong_type(value, &expected);
                return None;
            }
        };
        match Q::parse(&text) {
            Ok(value) => {
                if let Some(limit) = Q::limit(value) {
                    reader.beyond(&limit, None);
                }
                Some(value)
            }
            Err(error) => {
                reader.wrong(&error.message, error.help);
                None
            }
        }
    }

    fn write(value: &Q::Value) -> Node {
        Node::Text(Q::print(*value))
    }

    fn content() -> Content {
        Content::Value(json!({ "type": "string", "examples": Q::EXAMPLES }))
    }
}

impl<const LOW: u64, const HIGH: u64, N> Kind for Count<LOW, HIGH, N>
where
    N: Copy + TryFrom<u64> + std::fmt::Display,
{
    type Value = N;

    fn read(value: &Value, reader: &mut Reader<'_>) -> Option<N> {
        let Value::Integer(number) = value else {
            reader.wrong_type(value, "a whole number, not negative");
            return None;
        };
        let Ok(count) = u64::try_from(*number) else {
            let help = "write a whole number from 0 on";
            reader.wrong(&format!("`{number}` is negative"), Some(help.to_owned()));
            return None;
        };
        if count < LOW {
            let help = format!("write a whole number from {LOW} to {HIGH}");
            reader.beyond(&format!("at least {LOW}"), Some(help));
            return None;
        }
        let held = N::try_from(count).ok().filter(|_| count <= HIGH);
        if held.is_none() {
            reader.beyond(&format!("at most {HIGH}"), None);
        }
        held
    }

    fn write(value: &N) -> Node {
        Node::Bare(value.to_string())
    }

    fn content() -> Content {
        Content::Value(json!({ "type": "integer", "minimum": 0 }))
    }
}

impl Kind for Number {
    type Value = f64;

    fn read(value: &Value, reader: &mut Reader<'_>) -> Option<f64> {
        let number = match value {
            Value::Integer(number) => *number as f64,
            Value::Float(number) => *number,
            _ => {
                reader.wrong_type(value, "a number, not negative");
                return None;
            }
        };
        let most = bounds::NUMBER_MAX;
        if (0.0..=most).contains(&number) {
            return Some(number);
        }
        let (message, help) = if number > most && number.is_finite() {
            let message = format!("`{number}` is more than is simulated: at most {most}");
            (message, "look for a slip in the number")
        } else {
            let message = format!("`{number}` is not a number of at least 0");
            (message, "write for example 1.5")
        };
        reader.wrong(&message, Some(help.to_owned()));
        None
    }

    fn write(value: &f64) -> Node {
        Node::number(*value)
    }

    fn content() -> Content {
        Content::Value(json!({ "type": "number", "minimum": 0, "maximum": bounds::NUMBER_MAX }))
    }
}

impl Kind for Flag {
    type Value = bool;

    fn read(value: &Value, reader: &mut Reader<'_>) -> Option<bool> {
        if value.as_bool().is_none() {
            reader.wrong_type(value, "a boolean");
        }
        value.as_bool()
    }

    fn write(value: &bool) -> Node {
        Node::Bare(value.to_string())
    }

    fn content() -> Content {
        Content::Value(json!({ "type": "boolean" }))
    }
}

impl Kind for Text {
    type Value = String;

    fn read(value: &Value, reader: &mut Reader<'_>) -> Option<String> {
        if !value.is_str() {
            reader.wrong_type(value, "a string");
        }
        value.as_str().map(str::to_owned)
    }

    fn write(value: &String) -> Node {
        Node::Text(value.clone())
    }

    fn content() -> Content {
        Content::Value(json!({ "type": "string" }))
    }
}

impl<C: Choice> Kind for Word<C> {
    type Value = C;

    fn read(value: &Value, reader: &mut Reader<'_>) -> Option<C> {
        let Value::String(text) = value else {
            reader.wrong_type(value, "a string");
            return None;
        };
        let found = C::WORDS.iter().find(|(_, word, _)| word == text);
        if found.is_none() {
            let words: Vec<&str> = C::WORDS.iter().map(|(_, word, _)| *word).collect();
            reader.no_choice(text, &words);
        }
        found.map(|(value, ..)| *value)
    }

    fn write(value: &C) -> Node {
        Node::Text(value.word().to_owned())
    }

    fn content() -> Content {
        let words = C::WORDS.iter();
        let words = words.map(
            |(_, word, doc)| json!({ "const": word, "description": lines(doc), "type": "string" }),
        );
        Content::Value(json!({ "oneOf": words.collect::<Vec<Json>>() }))
    }
}

impl<K: Kind> Kind for List<K> {
    type Value = Vec<K::Value>;

    fn read(value: &Value, reader: &mut Reader<'_>) -> Option<Vec<K::Value>> {
        let Some(items) = value.as_array() else {
            reader.wrong_type(value, "a sequence");
            return None;
        };
        let items = items.iter().enumerate();
        items
            .map(|(index, item)| K::read(item, &mut reader.index(index)))
            .collect()
    }

    fn write(value: &Vec<K::Value>) -> Node {
        Node::List(value.iter().map(K::write).collect())
    }

    fn content() -> Content {
        Content::List(Box::new(K::content()))
    }
}

impl<K: Kind> Kind for Named<K> {
    type Value = BTreeMap<String, K::Value>;

    fn read(value: &Value, reader: &mut Reader<'_>) -> Option<Self::Value> {
        let Some(table) = value.as_table() else {
            reader.wrong_type(value, "a map");
            return None;
        };
        let named = table.iter().filter_map(|(name, value)| {
            Some((name.clone(), K::read(value, &mut reader.key(name))?))
        });
        Some(named.collect())
    }

    fn write(value: &Self::Value) -> Node {
        let named = value.iter();
        Node::Table(
            named
                .map(|(name, value)| (name.clone(), K::write(value)))
                .collect(),
        )
    }

    fn content() -> Content {
        Content::Named(Box::new(K::content()))
    }
}

impl<T: Table + Kind<Value = T>> Kind for OneOrMany<T> {
    type Value = Vec<T>;

    fn read(value: &Value, reader: &mut Reader<'_>) -> Option<Vec<T>> {
        match value {
            Value::Table(_) => T::read(value, reader).map(|one| vec![one]),
            Value::Array(_) => List::<T>::read(value, reader),
            _ => {
                reader.wrong_type(value, "a table or a list of tables");
                None
            }
        }
    }

    fn write(value: &Vec<T>) -> Node {
        List::<T>::write(value)
    }

    fn content() -> Content {
        Content::OneOrMany(Shape::of::<T>())
    }
}

impl<T: FromShort> Kind for Short<T> {
    type Value = T;

    fn read(value: &Value, reader: &mut Reader<'_>) -> Option<T> {
        match value {
            Value::Table(_) => T::read(value, reader),
            Value::String(_) | Value::Integer(_) | Value::Float(_) => {
                let key = T::keys().iter().find(|key| key.name == T::KEY)?;
                T::Short::read(value, reader)?;
                let mut table = T::default();
                (key.set)(&mut table, value, reader);
                Some(table)
            }
            _ => {
                reader.wrong_type(value, &format!("{} or a table", T::SHORT));
                None
            }
        }
    }

    /// In short, if nothing but the one key is there.
    fn write(value: &T) -> Node {
        let table = T::write(value);
        match &table {
            Node::Table(keys) if keys.len() == 1 => table.get(T::KEY).cloned().unwrap_or(table),
            _ => table,
        }
    }

    fn content() -> Content {
        let short = match T::Short::content() {
            Content::Value(schema) => schema,
            _ => Json::Bool(true),
        };
        Content::Short(short, T::KEY, Shape::of::<T>())
    }
}

impl<S: Described> Kind for Raw<S> {
    type Value = Value;

    fn read(value: &Value, _: &mut Reader<'_>) -> Option<Value> {
        Some(value.clone())
    }

    fn write(value: &Value) -> Node {
        Node::Bare(value.to_string())
    }

    fn content() -> Content {
        Content::Value(S::schema())
    }
}
