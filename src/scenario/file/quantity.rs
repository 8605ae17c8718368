//! Values of the file that carry a unit, and numbers that must be sensible.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error, Visitor};

use crate::scenario::bounds;
use crate::units::{ByteRate, Bytes, SimDuration, UnitError, parse};

/// Separates message and hint in an error that travels through serde as one string.
pub(super) const HINT: char = '\u{1}';

/// Something that the file writes as a string with a unit.
pub trait Quantity: Sized {
    /// What it is, for error messages and for the schema.
    const NAME: &'static str;
    /// How it looks.
    const EXAMPLES: &'static [&'static str];
    /// Reads the text.
    fn parse(text: &str) -> Result<Self, UnitError>;
}

/// A quantity as it stands in the file: always a string with a unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Text<Q>(pub Q);

/// Records per second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RecordRate(pub f64);

/// The rate of a source: a number of records per second, or as fast as it can.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SourceRate {
    /// As fast as backpressure allows.
    Unlimited,
    /// Records per second.
    PerSecond(f64),
}

/// A share, 1.0 = 100 %.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share(pub f64);

/// A share per second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ShareRate(pub f64);

/// A whole number, not negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count(pub u64);

/// A number, neither negative nor NaN, and not beyond [`bounds::NUMBER_MAX`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Number(pub f64);

impl Quantity for SimDuration {
    const NAME: &'static str = "duration";
    const EXAMPLES: &'static [&'static str] = &["10 min", "1.5 s", "35 us"];
    fn parse(text: &str) -> Result<Self, UnitError> {
        parse::duration(text)
    }
}

impl Quantity for Bytes {
    const NAME: &'static str = "size";
    const EXAMPLES: &'static [&'static str] = &["220 B", "64 MiB", "12 GiB"];
    fn parse(text: &str) -> Result<Self, UnitError> {
        bounds::size(text, parse::size(text)?)
    }
}

impl Quantity for ByteRate {
    const NAME: &'static str = "byte rate";
    const EXAMPLES: &'static [&'static str] = &["80 MB/s", "64 MiB/s", "10 Gbit/s"];
    fn parse(text: &str) -> Result<Self, UnitError> {
        bounds::byte_rate(text, parse::byte_rate(text)?)
    }
}

impl Quantity for RecordRate {
    const NAME: &'static str = "record rate";
    const EXAMPLES: &'static [&'static str] = &["50000/s", "1.2M/s"];
    fn parse(text: &str) -> Result<Self, UnitError> {
        bounds::record_rate(text, parse::record_rate(text)?).map(RecordRate)
    }
}

impl Quantity for SourceRate {
    const NAME: &'static str = "record rate";
    const EXAMPLES: &'static [&'static str] = &["50000/s", "1.2M/s", "unlimited"];
    fn parse(text: &str) -> Result<Self, UnitError> {
        if text.trim() == "unlimited" {
            return Ok(SourceRate::Unlimited);
        }
        bounds::record_rate(text, parse::record_rate(text)?).map(SourceRate::PerSecond)
    }
}

impl Quantity for Share {
    const NAME: &'static str = "share";
    const EXAMPLES: &'static [&'static str] = &["30 %"];
    fn parse(text: &str) -> Result<Self, UnitError> {
        parse::share(text).map(Share)
    }
}

impl Quantity for ShareRate {
    const NAME: &'static str = "share per time";
    const EXAMPLES: &'static [&'static str] = &["3 %/min", "0.5 %/s"];
    fn parse(text: &str) -> Result<Self, UnitError> {
        bounds::share_rate(text, parse::share_rate(text)?).map(ShareRate)
    }
}

impl<'de, Q: Quantity> Deserialize<'de> for Text<Q> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_any(TextVisitor(PhantomData))
            .map(Text)
    }
}

struct TextVisitor<Q>(PhantomData<Q>);

impl<Q: Quantity> Visitor<'_> for TextVisitor<Q> {
    type Value = Q;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "a {} such as \"{}\"", Q::NAME, Q::EXAMPLES[0])
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Q, E> {
        Q::parse(text).map_err(|error| match error.help {
            Some(help) => E::custom(format_args!("{}{HINT}{help}", error.message)),
            None => E::custom(error.message),
        })
    }

    // A bare number takes the same way, since its error says what Flink would have meant.
    fn visit_i64<E: Error>(self, number: i64) -> Result<Q, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Q, E> {
        self.visit_str(&number.to_string())
    }
}

impl<Q: Quantity> JsonSchema for Text<Q> {
    fn schema_name() -> Cow<'static, str> {
        Q::NAME.into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "examples": Q::EXAMPLES })
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct CountVisitor;
        impl Visitor<'_> for CountVisitor {
            type Value = Count;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a whole number, not negative")
            }
            fn visit_i64<E: Error>(self, number: i64) -> Result<Count, E> {
                let negative = || {
                    E::custom(format_args!(
                        "`{number}` is negative{HINT}write a whole number from 0 on"
                    ))
                };
                u64::try_from(number).map(Count).map_err(|_| negative())
            }
        }
        deserializer.deserialize_any(CountVisitor)
    }
}

impl JsonSchema for Count {
    fn schema_name() -> Cow<'static, str> {
        "count".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": 0 })
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumberVisitor;
        impl Visitor<'_> for NumberVisitor {
            type Value = Number;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a number, not negative")
            }
            fn visit_i64<E: Error>(self, number: i64) -> Result<Number, E> {
                self.visit_f64(number as f64)
            }
            fn visit_f64<E: Error>(self, number: f64) -> Result<Number, E> {
                if (0.0..=bounds::NUMBER_MAX).contains(&number) {
                    return Ok(Number(number));
                }
                if number > bounds::NUMBER_MAX && number.is_finite() {
                    return Err(E::custom(format_args!(
                        "`{number}` is more than is simulated: at most {}{HINT}look for a slip in the number",
                        bounds::NUMBER_MAX
                    )));
                }
                Err(E::custom(format_args!(
                    "`{number}` is not a number of at least 0{HINT}write for example 1.5"
                )))
            }
        }
        deserializer.deserialize_any(NumberVisitor)
    }
}

impl JsonSchema for Number {
    fn schema_name() -> Cow<'static, str> {
        "number".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number", "minimum": 0, "maximum": bounds::NUMBER_MAX })
    }
}
