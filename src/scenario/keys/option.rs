//! How an option of Flink is written down: a line of `options!` says what it takes, its default, its key and the older
//! spellings of it, and what it does.

use std::marker::PhantomData;

use crate::scenario::bounds;
use crate::scenario::diagnostic::{did_you_mean, similar};
use crate::scenario::keys::node::Node;
use crate::scenario::keys::table::Choice;
use crate::units::{Bytes, SimDuration, UnitError, flink};

/// One option of Flink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlinkOption {
    /// Its key in Flink 2.3.
    pub key: &'static str,
    /// What values it takes.
    pub kind: Kind,
    /// Default of Flink 2.3 as text; empty if there is none.
    pub default: &'static str,
    /// Keys that Flink still understands, or understood once.
    pub older: Vec<&'static str>,
    /// Whether it matters here.
    pub role: Role,
    /// What it does, in a few words.
    pub effect: &'static str,
}

/// Type of an option's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Flink's durations.
    Duration,
    /// Flink's sizes.
    Size,
    /// A whole number.
    Integer,
    /// A decimal number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// Anything.
    Text,
    /// One of these words, in any case.
    Choice(Vec<&'static str>),
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Kind::Duration => "duration",
            Kind::Size => "size",
            Kind::Integer => "whole number",
            Kind::Number => "number",
            Kind::Boolean => "true or false",
            Kind::Text => "text",
            Kind::Choice(words) => return write!(f, "one of {}", words.join(", ")),
        })
    }
}

/// Whether an option matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It changes the simulation.
    Simulated,
    /// It changes costs in Flink, and is not simulated.
    Cost,
    /// It is accepted and changes nothing.
    Ignored,
    /// It acts in Flink 1.x only.
    Before2,
}

/// An option that the program asks for.
pub struct Opt<K> {
    /// Its key in Flink 2.3.
    pub key: &'static str,
    /// Keys that Flink still understands, or understood once.
    pub older: &'static [&'static str],
    /// Default of Flink 2.3 as text; empty if there is none.
    pub default: &'static str,
    /// What it does, in a few words.
    pub effect: &'static str,
    kind: PhantomData<fn() -> K>,
}

/// Knows which options were given.
pub trait Given {
    /// The value of an option, if it was given and is one.
    fn value<K: OptionKind>(&mut self, option: &Opt<K>) -> Option<K::Value>;
}

/// What an option takes.
pub trait OptionKind {
    /// What the program holds.
    type Value: Clone;
    /// Whether it acts in every version.
    const ROLE: Role = Role::Simulated;
    /// The type of its text.
    fn kind() -> Kind;
    /// The value of a text of this type; the rule that it breaks, if nothing can hold it.
    fn read(text: &str) -> Result<Self::Value, String>;
    /// The rule that a value breaks which can be gone on with, so that everything else is checked, too.
    fn limit(_: &Self::Value) -> Option<String> {
        None
    }
    /// How a file writes it.
    fn write(value: Self::Value) -> Node;
}

/// A duration of at least `LOW` nanoseconds.
pub struct Period<const LOW: u64 = 0>;
/// A size within limits.
pub struct Memory<const LOW: u64 = 0, const HIGH: u64 = { u64::MAX }>;
/// A whole number within limits.
pub struct Integer<const LOW: i64, const HIGH: i64, N = usize>(PhantomData<N>);
/// A decimal number within limits.
pub struct Decimal<const LOW: u64, const HIGH: u64>;
/// `true` or `false`.
pub struct Boolean;
/// Any text.
pub struct Name;
/// One of a few words, in any case.
pub struct OneOf<C>(PhantomData<C>);
/// Acts in Flink 1.x only.
pub struct Before2<K>(PhantomData<K>);

/// Largest number that an option of Flink's type Integer holds.
pub const INTEGER_MAX: i64 = i32::MAX as i64;

impl<K: OptionKind> Opt<K> {
    /// An option; empty, if it has no default.
    pub const fn new(
        key: &'static str,
        older: &'static [&'static str],
        default: &'static str,
        effect: &'static str,
    ) -> Self {
        Opt {
            key,
            older,
            default,
            effect,
            kind: PhantomData,
        }
    }

    /// What Flink takes if nothing is given.
    pub fn default(&self) -> K::Value {
        K::read(self.default).expect("an option that is asked for its default has one")
    }

    /// The option in the list of all options.
    pub fn listed(&self) -> FlinkOption {
        FlinkOption {
            key: self.key,
            kind: K::kind(),
            default: self.default,
            older: self.older.to_vec(),
            role: K::ROLE,
            effect: self.effect.trim(),
        }
    }
}

impl<const LOW: u64> OptionKind for Period<LOW> {
    type Value = SimDuration;
    fn kind() -> Kind {
        Kind::Duration
    }
    fn read(text: &str) -> Result<SimDuration, String> {
        flink::duration(text).map_err(|error| error.message)
    }
    fn limit(value: &SimDuration) -> Option<String> {
        match LOW {
            1 if value.is_zero() => Some("positive".to_owned()),
            _ if value.as_nanos() < LOW => Some(format!("at least {}", written(LOW))),
            _ => None,
        }
    }
    fn write(value: SimDuration) -> Node {
        Node::Text(flink::write_duration(value))
    }
}

fn written(nanos: u64) -> String {
    flink::write_duration(SimDuration::from_nanos(nanos))
}

impl<const LOW: u64, const HIGH: u64> OptionKind for Memory<LOW, HIGH> {
    type Value = Bytes;
    fn kind() -> Kind {
        Kind::Size
    }
    fn read(text: &str) -> Result<Bytes, String> {
        flink::size(text).map_err(|error| error.message)
    }
    fn limit(value: &Bytes) -> Option<String> {
        let written = |bytes| flink::write_size(Bytes::new(bytes));
        match LOW {
            _ if (LOW..=HIGH).contains(&value.get()) => None,
            0 => Some(format!("at most {}", written(HIGH))),
            _ => Some(format!("between {} and {}", written(LOW), written(HIGH))),
        }
    }
    fn write(value: Bytes) -> Node {
        Node::Text(flink::write_size(value))
    }
}

impl<const LOW: i64, const HIGH: i64, N> OptionKind for Integer<LOW, HIGH, N>
where
    N: Clone + TryFrom<i64> + std::fmt::Display,
{
    type Value = N;
    fn kind() -> Kind {
        Kind::Integer
    }
    fn read(text: &str) -> Result<N, String> {
        let most = || format!("at most {HIGH}");
        let value: i64 = text.parse().map_err(|_| most())?;
        if value < LOW {
            return Err(format!("at least {LOW}"));
        }
        N::try_from(value)
            .ok()
            .filter(|_| value <= HIGH)
            .ok_or_else(most)
    }
    fn write(value: N) -> Node {
        Node::Bare(value.to_string())
    }
}

impl<const LOW: u64, const HIGH: u64> OptionKind for Decimal<LOW, HIGH> {
    type Value = f64;
    fn kind() -> Kind {
        Kind::Number
    }
    fn read(text: &str) -> Result<f64, String> {
        let within = |value: &f64| (LOW as f64..=HIGH as f64).contains(value);
        let value = text.parse().ok().filter(within);
        value.ok_or_else(|| format!("between {LOW} and {HIGH}"))
    }
    fn write(value: f64) -> Node {
        Node::number(value)
    }
}

impl OptionKind for Boolean {
    type Value = bool;
    fn kind() -> Kind {
        Kind::Boolean
    }
    fn read(text: &str) -> Result<bool, String> {
        Ok(text.eq_ignore_ascii_case("true"))
    }
    fn write(value: bool) -> Node {
        Node::Bare(value.to_string())
    }
}

impl OptionKind for Name {
    type Value = String;
    fn kind() -> Kind {
        Kind::Text
    }
    fn read(text: &str) -> Result<String, String> {
        Ok(text.to_owned())
    }
    fn write(value: String) -> Node {
        Node::Text(value)
    }
}

impl<C: Choice> OptionKind for OneOf<C> {
    type Value = C;
    fn kind() -> Kind {
        Kind::Choice(C::WORDS.iter().map(|(_, word, _)| *word).collect())
    }
    fn read(text: &str) -> Result<C, String> {
        let mut words = C::WORDS.iter();
        let found = words.find(|(_, word, _)| word.eq_ignore_ascii_case(text));
        found.map(|(value, ..)| *value).ok_or_else(String::new)
    }
    fn write(value: C) -> Node {
        Node::Text(value.word().to_owned())
    }
}

impl<K: OptionKind> OptionKind for Before2<K> {
    type Value = K::Value;
    const ROLE: Role = Role::Before2;
    fn kind() -> Kind {
        K::kind()
    }
    fn read(text: &str) -> Result<K::Value, String> {
        K::read(text)
    }
    fn limit(value: &K::Value) -> Option<String> {
        K::limit(value)
    }
    fn write(value: K::Value) -> Node {
        K::write(value)
    }
}

impl FlinkOption {
    /// How far down the list of spellings a key is: Flink takes the first one that is given. 0 is the present key.
    pub fn age(&self, key: &str) -> usize {
        if self.key == key {
            return 0;
        }
        // A spelling that only the names know is older than those of the list.
        let older = self.older.iter().position(|older| *older == key);
        older.unwrap_or(self.older.len()) + 1
    }
}

impl Role {
    /// Whether the simulation looks at the value.
    pub fn is_used(self) -> bool {
        matches!(self, Role::Simulated | Role::Before2)
    }
}

impl Kind {
    /// Checks that a text is a value of this type.
    pub fn check(&self, text: &str) -> Result<(), UnitError> {
        let trimmed = text.trim();
        let wrong = |what: &str| Err(UnitError::new(format!("`{text}` is no {what}")));
        match self {
            Kind::Duration => flink::duration(trimmed).map(|_| ()),
            Kind::Size => flink::size(trimmed)
                .and_then(|size| bounds::size(trimmed, size))
                .map(|_| ()),
            Kind::Integer if trimmed.parse::<i64>().is_err() => wrong("whole number"),
            Kind::Number if !trimmed.parse::<f64>().is_ok_and(f64::is_finite) => wrong("number"),
            Kind::Boolean if !["true", "false"].contains(&trimmed.to_lowercase().as_str()) => {
                wrong("boolean").map_err(|error: UnitError| error.with_help("write true or false"))
            }
            Kind::Choice(words) if !words.iter().any(|word| word.eq_ignore_ascii_case(trimmed)) => {
                let meant = similar(trimmed, words.iter().copied());
                wrong("allowed value").map_err(|error: UnitError| match meant {
                    Some(word) => error.with_help(did_you_mean(word)),
                    None => error.with_help(format!("allowed are {}", words.join(", "))),
                })
            }
            _ => Ok(()),
        }
    }
}

/// Options as constants, the list of them, and a struct of those that a scenario holds as they are.
macro_rules! options {
    (
        $(#[doc = $doc:literal])+
        pub struct $held_by:ident;
        $(
            #[doc = $effect:literal]
            $name:ident: $kind:ty $(= $default:literal)?, $key:literal $(or $($older:literal),+)?
                $(=> $held:ident)?;
        )*
    ) => {
        $(
            #[doc = concat!("`", $key, "`.")]
            pub const $name: $crate::scenario::keys::option::Opt<$kind> =
                $crate::scenario::keys::option::Opt::new(
                    $key,
                    &[$($($older),+)?],
                    concat!($($default)?),
                    $effect,
                );
        )*

        /// All of them.
        pub fn all() -> Vec<$crate::scenario::keys::option::FlinkOption> {
            vec![$($name.listed()),*]
        }

        $(#[doc = $doc])+
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct $held_by {
            $($(
                #[doc = $effect]
                pub $held: Option<<$kind as $crate::scenario::keys::option::OptionKind>::Value>,
            )?)*
        }

        impl $held_by {
            /// What is held of what was given.
            pub(in crate::scenario) fn read(
                given: &mut impl $crate::scenario::keys::option::Given,
            ) -> Self {
                $held_by { $($($held: given.value(&$name),)?)* }
            }

            /// The options and values of what is held.
            pub(in crate::scenario) fn written(
                &self,
            ) -> Vec<(String, $crate::scenario::keys::node::Node)> {
                let held: Vec<(&str, Option<$crate::scenario::keys::node::Node>)> = vec![
                    $($(($key, self.$held.clone().map(<$kind as $crate::scenario::keys::option::OptionKind>::write)),)?)*
                ];
                held.into_iter()
                    .filter_map(|(key, value)| Some((key.to_owned(), value?)))
                    .collect()
            }
        }
    };
}
pub(crate) use options;
