//! Values spread evenly between two ends, whatever their unit.

use crate::scenario::flink_options::Kind;
use crate::units::{Bytes, SimDuration, flink, parse, print};

/// How values are spaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Equal differences.
    Lin,
    /// Equal ratios.
    Log,
}

/// How to read an end of a range and to write a value between the ends.
struct Unit {
    read: fn(&str) -> Option<f64>,
    write: fn(f64) -> String,
    /// Whether values are whole numbers (of the smallest unit).
    whole: bool,
}

/// `steps` values from one end to the other, both included; those between are rounded to three digits. `None` if
/// the ends are no two values of one kind. `option` is the type of an option of Flink, whose unit rules hold then.
pub fn spread(
    option: Option<&Kind>,
    (from, to): (&str, &str),
    scale: Scale,
    steps: usize,
) -> Option<Vec<String>> {
    let candidates = match option {
        Some(Kind::Duration) => vec![FLINK_DURATION],
        Some(Kind::Size) => vec![FLINK_SIZE],
        Some(Kind::Integer) => vec![INTEGER],
        Some(Kind::Number) => vec![NUMBER],
        Some(Kind::Boolean | Kind::Text | Kind::Choice(_)) => Vec::new(),
        None => vec![
            INTEGER,
            NUMBER,
            DURATION,
            SIZE,
            BYTE_RATE,
            RECORD_RATE,
            SHARE,
            SHARE_RATE,
        ],
    };
    let fitting = candidates
        .into_iter()
        .find_map(|unit| Some(((unit.read)(from)?, (unit.read)(to)?, unit)));
    let (first, last, unit) = fitting?;
    if steps < 2 || (scale == Scale::Log && (first <= 0.0 || last <= 0.0)) {
        return None;
    }
    let between = (1..steps - 1).map(|step| {
        let share = step as f64 / (steps - 1) as f64;
        let exact = match scale {
            Scale::Lin => first + (last - first) * share,
            Scale::Log => first * libm::pow(last / first, share),
        };
        let rounded = three_digits(exact);
        (unit.write)(if unit.whole { rounded.round() } else { rounded })
    });
    let mut values = vec![from.to_owned()];
    values.extend(between);
    values.push(to.to_owned());
    values.dedup();
    Some(values)
}

const INTEGER: Unit = Unit {
    read: |text| text.parse::<u64>().ok().map(|number| number as f64),
    write: |number| format!("{number}"),
    whole: true,
};
const NUMBER: Unit = Unit {
    read: |text| text.parse::<f64>().ok().filter(|number| number.is_finite()),
    write: |number| format!("{number:?}"),
    whole: false,
};
const DURATION: Unit = Unit {
    read: |text| {
        parse::duration(text)
            .ok()
            .map(|duration| duration.as_nanos() as f64)
    },
    write: |nanos| print::written(SimDuration::from_nanos(nanos as u64)),
    whole: true,
};
const FLINK_DURATION: Unit = Unit {
    read: |text| {
        flink::duration(text)
            .ok()
            .map(|duration| duration.as_nanos() as f64)
    },
    write: |nanos| flink::write_duration(SimDuration::from_nanos(nanos as u64)),
    whole: true,
};
const SIZE: Unit = Unit {
    read: |text| parse::size(text).ok().map(Bytes::as_f64),
    write: |bytes| print::written_size(Bytes::new(bytes as u64)),
    whole: true,
};
const FLINK_SIZE: Unit = Unit {
    read: |text| flink::size(text).ok().map(Bytes::as_f64),
    write: |bytes| flink::write_size(Bytes::new(bytes as u64)),
    whole: true,
};
const BYTE_RATE: Unit = Unit {
    read: |text| {
        parse::byte_rate(text)
            .ok()
            .map(crate::units::ByteRate::as_f64)
    },
    write: |bytes| format!("{bytes} B/s"),
    whole: true,
};
const RECORD_RATE: Unit = Unit {
    read: |text| parse::record_rate(text).ok(),
    write: print::written_record_rate,
    whole: false,
};
const SHARE: Unit = Unit {
    read: |text| parse::share(text).ok().map(|share| share * 100.0),
    write: |percent| format!("{percent} %"),
    whole: false,
};
const SHARE_RATE: Unit = Unit {
    read: |text| parse::share_rate(text).ok(),
    write: print::written_share_rate,
    whole: false,
};

fn three_digits(number: f64) -> f64 {
    // Text and back is the only rounding that leaves no binary dust.
    format!("{number:.2e}").parse().unwrap_or(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_range_has_equal_ratios_and_exact_ends() {
        let values = spread(Some(&Kind::Duration), ("10 s", "10 min"), Scale::Log, 4).unwrap();
        assert_eq!(values, ["10 s", "39100 ms", "153 s", "10 min"]);
    }

    #[test]
    fn ranges_of_every_unit() {
        #[track_caller]
        fn case(from: &str, to: &str, middle: &str) {
            assert_eq!(spread(None, (from, to), Scale::Lin, 3).unwrap()[1], middle);
        }
        case("1", "9", "5");
        case("0.5", "1.0", "0.75");
        case("10 us", "20 us", "15 us");
        case("1 MiB", "3 MiB", "2100000 B");
        case("10 %", "30 %", "20 %");
        case("10 MB/s", "30 MB/s", "20000000 B/s");
        case("1000/s", "3000/s", "2000/s");
        case("1 %/s", "3 %/s", "2 %/s");
    }

    #[test]
    fn ends_of_different_kinds_are_no_range() {
        assert_eq!(spread(None, ("1 s", "5 MiB"), Scale::Lin, 3), None);
        assert_eq!(spread(None, ("0 s", "5 s"), Scale::Log, 3), None);
        assert_eq!(spread(Some(&Kind::Text), ("1", "5"), Scale::Lin, 3), None);
    }
}
