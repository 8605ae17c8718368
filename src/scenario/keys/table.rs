//! What a key is, and how a table of a scenario is written down with all that there is to know about its keys.
//!
//! `table!` makes the struct and the list of its keys from one block: a line `name: Kind = default;` is a field, what
//! the reader accepts and refuses, what the printer writes, an entry of the JSON Schema with the comment above it, and
//! a line of `scenarios/reference.toml`. A key without a default is an `Option`.

use serde_json::Value as Json;

use crate::scenario::keys::node::Node;
use crate::scenario::keys::reader::Reader;

/// A key of the table `T`.
pub struct Key<T> {
    /// As a file spells it.
    pub name: String,
    /// What it means; the hover text of editors.
    pub doc: String,
    /// What could stand there, as TOML; empty if that is plain.
    pub example: &'static str,
    /// What may stand there.
    pub content: fn() -> Content,
    /// The value; `None` if there is none.
    pub get: fn(&T) -> Option<Node>,
    /// Reads the value; one that cannot be read is reported, and the key stays as it was.
    pub set: fn(&mut T, &toml::Value, &mut Reader<'_>),
}

/// A kind of value.
pub trait Kind {
    /// What the program holds.
    type Value;
    /// Reads a value; says what is wrong with it.
    fn read(value: &toml::Value, reader: &mut Reader<'_>) -> Option<Self::Value>;
    /// Reads a value over one that is there; it stays if the value cannot be read.
    fn update(held: &mut Self::Value, value: &toml::Value, reader: &mut Reader<'_>) {
        if let Some(value) = Self::read(value, reader) {
            *held = value;
        }
    }
    /// How a file writes it.
    fn write(value: &Self::Value) -> Node;
    /// What may stand there.
    fn content() -> Content;
}

/// A table whose keys are known.
pub trait Table: Default + 'static {
    /// What it is.
    const DOC: &'static [&'static str];
    /// Keys that say the same thing in different ways.
    const ALTERNATIVES: &'static [&'static [&'static str]];
    /// Its keys, in the order in which they are written.
    fn keys() -> &'static [Key<Self>];
}

/// What may stand at a place of a file.
pub enum Content {
    /// A value: its schema.
    Value(Json),
    /// Keys.
    Table(Shape),
    /// A string that stands for a table with this one key, or the table.
    Short(Json, &'static str, Shape),
    /// One table or a list of them.
    OneOrMany(Shape),
    /// A list.
    List(Box<Content>),
    /// Keys that are not known beforehand.
    Named(Box<Content>),
}

/// A table without its type.
pub struct Shape {
    /// What it is.
    pub doc: String,
    /// Keys that say the same thing in different ways.
    pub alternatives: &'static [&'static [&'static str]],
    /// Its keys.
    pub keys: Vec<Entry>,
}

/// A key without the type of its table.
pub struct Entry {
    /// As a file spells it.
    pub name: &'static str,
    /// What it means, with its default.
    pub doc: String,
    /// The default as TOML, if there is one.
    pub default: Option<Node>,
    /// What could stand there, as TOML; empty if that is plain.
    pub example: &'static str,
    /// What may stand there.
    pub content: Content,
}

impl Content {
    /// The table that stands here, in a list or not.
    pub fn shape(&self) -> Option<&Shape> {
        match self {
            Content::Table(shape) | Content::Short(_, _, shape) | Content::OneOrMany(shape) => {
                Some(shape)
            }
            Content::List(items) => items.shape(),
            Content::Value(_) | Content::Named(_) => None,
        }
    }

    /// The key that a string stands for, if one does.
    pub fn short(&self) -> Option<&'static str> {
        match self {
            Content::Short(_, key, _) => Some(key),
            Content::List(items) => items.short(),
            _ => None,
        }
    }
}

impl Shape {
    /// The shape of a table.
    pub fn of<T: Table>() -> Shape {
        let default = T::default();
        let keys = T::keys().iter().map(|key| Entry {
            name: &key.name,
            doc: key.doc.clone(),
            default: (key.get)(&default),
            example: key.example,
            content: (key.content)(),
        });
        Shape {
            doc: lines(T::DOC),
            alternatives: T::ALTERNATIVES,
            keys: keys.collect(),
        }
    }

    /// The key of this name.
    pub fn key(&self, name: &str) -> Option<&Entry> {
        self.keys.iter().find(|key| key.name == name)
    }
}

impl Entry {
    /// What the key means, and its default.
    pub fn description(&self) -> String {
        match &self.default {
            Some(default) if !matches!(default, Node::Table(_) | Node::List(_)) => {
                format!("{} Default: {}.", self.doc, default.inline())
            }
            _ => self.doc.clone(),
        }
    }
}

/// Reads every key of a table over what it is now; what is none of its keys is reported. `false` if there is no table.
pub fn read_over<T: Table>(held: &mut T, value: &toml::Value, reader: &mut Reader<'_>) -> bool {
    let Some(table) = value.as_table() else {
        reader.wrong_type(value, "a table");
        return false;
    };
    for (name, value) in table {
        let mut below = reader.key(name);
        match T::keys().iter().find(|key| key.name == *name) {
            Some(key) => (key.set)(held, value, &mut below),
            None => below.unknown_key(name, T::keys().iter().map(|key| key.name.as_str())),
        }
    }
    true
}

/// Every key that has a value.
pub fn written<T: Table>(table: &T) -> Node {
    let keys = T::keys().iter();
    let given = keys.filter_map(|key| Some((key.name.clone(), (key.get)(table)?)));
    Node::Table(given.collect())
}

/// A comment of several lines as one text.
pub fn lines(doc: &[&str]) -> String {
    let lines: Vec<&str> = doc.iter().map(|line| line.trim()).collect();
    lines.join(" ")
}

/// How a file spells a field.
pub fn spelt(field: &str) -> String {
    field.replace('_', "-")
}

/// A struct that is a table of a scenario, and its keys.
macro_rules! table {
    (
        $(#[doc = $doc:literal])+
        pub struct $name:ident $(one of $([$($way:literal),+]),+)? {
            $(
                $(#[doc = $key_doc:literal])+
                $field:ident $((like $example:literal))? : $kind:ty $(= $default:expr)?;
            )*
        }
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            $(
                $(#[doc = $key_doc])+
                pub $field: $crate::scenario::keys::table::table!(@type $kind $(, $default)?),
            )*
        }

        impl Default for $name {
            fn default() -> Self {
                $name { $($field: $crate::scenario::keys::table::table!(@default $($default)?),)* }
            }
        }

        impl $crate::scenario::keys::table::Table for $name {
            const DOC: &'static [&'static str] = &[$($doc),+];
            const ALTERNATIVES: &'static [&'static [&'static str]] = &[$($(&[$($way),+]),+)?];

            fn keys() -> &'static [$crate::scenario::keys::table::Key<Self>] {
                use $crate::scenario::keys::table::{Key, Kind, lines, spelt, table};
                static KEYS: std::sync::LazyLock<Vec<Key<$name>>> = std::sync::LazyLock::new(|| vec![
                    $(Key {
                        name: spelt(stringify!($field)),
                        doc: lines(&[$($key_doc),+]),
                        example: concat!($($example)?),
                        content: <$kind as Kind>::content,
                        get: |table| table!(@get table.$field, $kind $(, $default)?),
                        set: |table, value, reader| {
                            table!(@set table.$field, value, reader, $kind $(, $default)?);
                        },
                    },)*
                ]);
                &KEYS
            }
        }

        impl $crate::scenario::keys::table::Kind for $name {
            type Value = $name;

            fn read(
                value: &toml::Value,
                reader: &mut $crate::scenario::keys::reader::Reader<'_>,
            ) -> Option<$name> {
                let mut table = $name::default();
                $crate::scenario::keys::table::read_over(&mut table, value, reader).then_some(table)
            }

            fn update(
                held: &mut $name,
                value: &toml::Value,
                reader: &mut $crate::scenario::keys::reader::Reader<'_>,
            ) {
                $crate::scenario::keys::table::read_over(held, value, reader);
            }

            fn write(value: &$name) -> $crate::scenario::keys::node::Node {
                $crate::scenario::keys::table::written(value)
            }

            fn content() -> $crate::scenario::keys::table::Content {
                $crate::scenario::keys::table::Content::Table(
                    $crate::scenario::keys::table::Shape::of::<$name>(),
                )
            }
        }
    };
    (@type $kind:ty) => { Option<<$kind as $crate::scenario::keys::table::Kind>::Value> };
    (@type $kind:ty, $default:expr) => { <$kind as $crate::scenario::keys::table::Kind>::Value };
    (@default) => { None };
    (@default $default:expr) => { $default };
    (@get $field:expr, $kind:ty) => { $field.as_ref().map(|value| <$kind as Kind>::write(value)) };
    (@get $field:expr, $kind:ty, $default:expr) => { Some(<$kind as Kind>::write(&$field)) };
    (@set $field:expr, $value:expr, $reader:expr, $kind:ty) => {
        if let Some(value) = <$kind as Kind>::read($value, $reader) {
            $field = Some(value);
        }
    };
    (@set $field:expr, $value:expr, $reader:expr, $kind:ty, $default:expr) => {
        <$kind as Kind>::update(&mut $field, $value, $reader)
    };
}
pub(crate) use table;

/// A word that a file chooses from a few.
pub trait Choice: Copy + PartialEq + 'static {
    /// All of them: how a file spells each, and what it means.
    const WORDS: &'static [(Self, &'static str, &'static [&'static str])];

    /// How a file spells it.
    fn word(self) -> &'static str {
        let found = Self::WORDS.iter().find(|(value, ..)| *value == self);
        found.map_or("", |(_, word, _)| word)
    }
}

/// An enum that is a choice of words.
macro_rules! choice {
    (
        $(#[doc = $doc:literal])+
        pub enum $name:ident {
            $($(#[doc = $word_doc:literal])+ $variant:ident = $word:literal $(| $same:literal)*,)+
        }
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[doc = $word_doc])+ $variant,)+
        }

        impl $crate::scenario::keys::table::Choice for $name {
            const WORDS: &'static [(Self, &'static str, &'static [&'static str])] =
                &[$(($name::$variant, $word, &[$($word_doc),+]), $(($name::$variant, $same, &[]),)*)+];
        }
    };
}
pub(crate) use choice;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::keys::File;

    fn visit(shape: &Shape, see: &mut impl FnMut(&Shape)) {
        see(shape);
        for below in shape.keys.iter().filter_map(|key| key.content.shape()) {
            visit(below, see);
        }
    }

    #[test]
    fn alternatives_are_keys_of_their_table_and_short_forms_stand_for_one() {
        visit(&Shape::of::<File>(), &mut |shape| {
            for name in shape.alternatives.iter().copied().flatten() {
                assert!(shape.key(name).is_some(), "{name} of {}", shape.doc);
            }
            for key in &shape.keys {
                if let (Some(short), Some(below)) = (key.content.short(), key.content.shape()) {
                    assert!(below.key(short).is_some(), "{short} of {}", key.name);
                }
            }
        });
    }

    #[test]
    fn every_key_is_explained_in_a_sentence() {
        visit(&Shape::of::<File>(), &mut |shape| {
            for key in &shape.keys {
                assert!(key.doc.ends_with('.'), "{}: {}", key.name, key.doc);
            }
        });
    }
}
