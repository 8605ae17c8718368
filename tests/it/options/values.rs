//! Values of keys: usual ones, and those at the edges of what can be written.

use ckptsim::scenario::flink_options::{self, Kind};
use toml::Value;

use crate::options::dice::Dice;

/// How often a value is an extreme one, in percent.
#[derive(Clone, Copy)]
pub struct Odds(pub u32);

pub const DURATIONS: &[&str] = &[
    "0 s",
    "1 ns",
    "1 us",
    "1 h",
    "1000000 h",
    "584 days",
    "4611686018427387904 ns",
    "9223372036854775807 ns",
    "18446744073709551615 ns",
    "18446744073709551616 ns",
    "-1 s",
];
pub const SIZES: &[&str] = &[
    "0 B",
    "1 B",
    "1 GiB",
    "1 TiB",
    "1 PiB",
    "8 EiB",
    "9007199254740993 B",
    "18446744073709551615 B",
    "18446744073709551616 B",
    "-1 B",
];
const BYTE_RATES: &[&str] = &[
    "unlimited",
    "0 B/s",
    "1 B/s",
    "0.001 B/s",
    "1 TB/s",
    "18446744073709551615 B/s",
    "-1 B/s",
];
const RATES: &[&str] = &[
    "unlimited",
    "0/s",
    "0.000001/s",
    "1/h",
    "1000000/s",
    "1e12/s",
    "18446744073709551615/s",
    "-1/s",
];
const PERCENTAGES: &[&str] = &["0 %", "0.0000001 %", "99.99999 %", "100 %", "101 %", "-1 %"];
const DIRTY: &[&str] = &[
    "0 %/s",
    "100 %/s",
    "1000000 %/s",
    "0.000001 %/h",
    "1e300 %/s",
    "-1 %/s",
];
const INTEGERS: &[i64] = &[
    0,
    1,
    7,
    128,
    2000,
    32_769,
    1 << 31,
    (1 << 31) - 1,
    1 << 32,
    1 << 53,
    i64::MAX,
    -1,
    i64::MIN,
];
const NUMBERS: &[f64] = &[
    0.0,
    -0.0,
    5e-324,
    1e-9,
    1.0,
    128.0,
    1e6,
    1e15,
    1e300,
    f64::MAX,
    f64::INFINITY,
    f64::NAN,
    -1.0,
];
const TEXTS: &[&str] = &["", " ", "text", "\u{1b}[31m", "ä\u{202e}\"'\\", "a/b.c"];
const FLINK_DURATIONS: &[&str] = &[
    "0",
    "0 ms",
    "1 ns",
    "10 ms",
    "1 d",
    "1000000 h",
    "4611686018427387903 ns",
    "9223372036854775807 ns",
    "18446744073709551616 ns",
    "-1 s",
];
const FLINK_SIZES: &[&str] = &[
    "0",
    "1 b",
    "255 b",
    "1 gb",
    "2 gb",
    "4 gb",
    "1024 tb",
    "9007199254740993 b",
    "18446744073709551615 b",
    "-1",
];

fn text(words: impl Into<String>) -> Value {
    Value::String(words.into())
}

fn of(dice: &mut Dice<'_>, words: &[&str]) -> Value {
    text(dice.pick(words))
}

/// 1 us to 5 s, written in different ways.
pub fn duration(dice: &mut Dice<'_>, odds: Odds) -> Value {
    if dice.chance(odds.0) {
        return of(dice, DURATIONS);
    }
    let micros = dice.between(1.0, 5e6).round();
    text(match dice.below(3) {
        0 => format!("{micros} us"),
        1 => format!("{} ms", micros / 1e3),
        _ => format!("{} s", micros / 1e6),
    })
}

/// 1 B to 64 MiB.
pub fn size(dice: &mut Dice<'_>, odds: Odds) -> Value {
    if dice.chance(odds.0) {
        return of(dice, SIZES);
    }
    let bytes = dice.between(1.0, 64.0 * 1_048_576.0).round();
    text(if dice.chance(50) {
        format!("{bytes} B")
    } else {
        format!("{} KiB", (bytes / 1024.0).ceil())
    })
}

/// 1 MB/s to 10 GB/s.
pub fn byte_rate(dice: &mut Dice<'_>, odds: Odds) -> Value {
    if dice.chance(odds.0) {
        return of(dice, BYTE_RATES);
    }
    text(format!("{} MB/s", dice.between(1.0, 1e4).round()))
}

/// 1 to 3000 records per second.
pub fn rate(dice: &mut Dice<'_>, odds: Odds) -> Value {
    if dice.chance(odds.0) {
        return of(dice, RATES);
    }
    text(format!("{}/s", dice.between(1.0, 3e3).round()))
}

pub fn percentage(dice: &mut Dice<'_>, odds: Odds) -> Value {
    if dice.chance(odds.0) {
        return of(dice, PERCENTAGES);
    }
    text(format!("{} %", 1 + dice.below(99)))
}

pub fn dirty(dice: &mut Dice<'_>, odds: Odds) -> Value {
    if dice.chance(odds.0) {
        return of(dice, DIRTY);
    }
    text(format!("{} %/min", dice.between(0.1, 1e3)))
}

pub fn integer(dice: &mut Dice<'_>, odds: Odds) -> Value {
    if dice.chance(odds.0) {
        return Value::Integer(dice.pick(INTEGERS));
    }
    Value::Integer(dice.pick(&[0, 1, 2, 3, 4]))
}

pub fn number(dice: &mut Dice<'_>, odds: Odds) -> Value {
    if dice.chance(odds.0) {
        return Value::Float(dice.pick(NUMBERS));
    }
    Value::Float((dice.between(0.01, 4.0) * 100.0).round() / 100.0)
}

pub fn words(dice: &mut Dice<'_>) -> Value {
    of(dice, TEXTS)
}

/// A value of an option of Flink: in its own units, typed or as text.
pub fn option(dice: &mut Dice<'_>, key: &str, kind: &Kind, odds: Odds) -> Value {
    let value = match kind {
        Kind::Duration if dice.chance(odds.0) => of(dice, FLINK_DURATIONS),
        Kind::Duration => {
            let ms = dice.between(10.0, 5e3).round();
            match dice.below(3) {
                0 => Value::Integer(ms as i64),
                1 => text(format!("{ms} ms")),
                _ => text(format!("{} s", (ms / 1e3).ceil())),
            }
        }
        Kind::Size if dice.chance(odds.0) => of(dice, FLINK_SIZES),
        Kind::Size => text(format!("{} kb", dice.between(1.0, 1024.0).round())),
        Kind::Integer => integer(dice, odds),
        Kind::Number => number(dice, odds),
        Kind::Boolean => Value::Boolean(dice.chance(50)),
        Kind::Choice(words) => {
            let word = dice.pick(words);
            text(if dice.chance(20) {
                word.to_lowercase()
            } else {
                word.to_owned()
            })
        }
        Kind::Text => match key {
            "state.backend.type" => of(dice, &["hashmap", "rocksdb", "forst"]),
            "execution.checkpointing.storage" => of(dice, &["jobmanager", "filesystem"]),
            "execution.checkpointing.dir" => of(dice, &["file:///checkpoints", "s3://bucket/it"]),
            _ => words(dice),
        },
    };
    // A value of config.yaml may be quoted.
    match value {
        Value::Integer(_) | Value::Float(_) | Value::Boolean(_) if dice.chance(10) => {
            text(value.to_string())
        }
        other => other,
    }
}

/// The key of an option, perhaps an older one.
pub fn spelling(dice: &mut Dice<'_>, option: &flink_options::FlinkOption) -> &'static str {
    if !option.older.is_empty() && dice.chance(8) {
        dice.pick(&option.older)
    } else {
        option.key
    }
}
