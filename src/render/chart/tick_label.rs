//! What stands at a tick, and how a setting is written: `30 s`, `2 min`, `1.5 GiB`.

use crate::render::number::Unit;

/// Seconds.
pub const MINUTE: f64 = 60.0;
/// Seconds.
pub const HOUR: f64 = 3_600.0;
/// Seconds.
pub const DAY: f64 = 86_400.0;
const KIB: f64 = 1024.0;

/// A time as people set it: `30 s`, `2 min`, `1 h`; three digits where it is no round number.
pub fn setting(seconds: f64) -> String {
    let text = time(seconds, seconds, seconds);
    let digits = text.chars().filter(char::is_ascii_digit).count();
    if seconds.is_finite() && digits <= 5 {
        text
    } else {
        Unit::Time.text(seconds)
    }
}

/// The text at a tick, exact for multiples of `step`, on an axis that reaches `largest`.
pub fn label(unit: Unit, value: f64, step: f64, largest: f64) -> String {
    match unit {
        Unit::Time => time(value, step, largest),
        Unit::Bytes => bytes(value),
        Unit::BytesPerHour => format!("{}/h", bytes(value)),
        Unit::Share => format!("{} %", plain(value * 100.0, step * 100.0)),
        Unit::PerSecond => format!("{}/s", plain(value, step)),
        Unit::RecordsPerSecond => format!("{}/s", thousands(value, step, largest)),
        Unit::Money | Unit::Records | Unit::States | Unit::Plain => thousands(value, step, largest),
    }
}

fn time(value: f64, step: f64, largest: f64) -> String {
    let magnitude = value.abs();
    let whole = |unit: f64| (magnitude / unit).fract() < 1e-9;
    let parts: [(f64, &str); 4] = [(DAY, "d"), (HOUR, "h"), (MINUTE, "min"), (1.0, "s")];
    for pair in parts.windows(2) {
        let [(unit, name), (small, small_name)] = [pair[0], pair[1]];
        if magnitude < unit {
            continue;
        }
        if whole(unit) {
            return format!("{} {name}", plain(value / unit, 1.0));
        }
        // "1 min 30 s", but not "1 min 30.5 s".
        if whole(small) {
            let count = (magnitude / unit).floor();
            let rest = ((magnitude - count * unit) / small).round();
            return format!(
                "{} {name} {rest} {small_name}",
                plain(count * value.signum(), 1.0)
            );
        }
    }
    // One unit for the whole axis: 0.5 s before 1.0 s, not 500 ms.
    let (scale, name) = match largest.abs() {
        seconds if seconds >= 1.0 => (1.0, "s"),
        seconds if seconds >= 1e-3 => (1e-3, "ms"),
        seconds if seconds >= 1e-6 => (1e-6, "µs"),
        _ => (1e-9, "ns"),
    };
    format!("{} {name}", plain(value / scale, step / scale))
}

/// The largest of 1, 1024, 1024², … that is at most `value`.
pub fn byte_scale(value: f64) -> f64 {
    let power = libm::floor(libm::log2(value.abs().max(1.0)) / 10.0).clamp(0.0, 5.0);
    KIB.powi(power as i32)
}

fn bytes(value: f64) -> String {
    let scale = byte_scale(value);
    let index = libm::round(libm::log2(scale) / 10.0) as usize;
    let name = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"][index.min(5)];
    let scaled = value / scale;
    let step = [1.0, 0.5, 0.25]
        .into_iter()
        .find(|step| (scaled / step).fract() == 0.0);
    format!("{} {name}", plain(scaled, step.unwrap_or(0.01)))
}

fn thousands(value: f64, step: f64, largest: f64) -> String {
    let (scale, name) = match largest.abs() {
        v if v >= 1e9 => (1e9, " G"),
        v if v >= 1e6 => (1e6, " M"),
        v if v >= 1e4 => (1e3, " k"),
        _ => (1.0, ""),
    };
    format!("{}{name}", plain(value / scale, step / scale))
}

/// As many decimals as the step needs, with a real minus sign.
fn plain(value: f64, step: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    if value.abs() >= 1e12 {
        return format!("{value:.1e}");
    }
    let decimals = (0..12).find(|&decimals| {
        let scaled = step.abs() * 10f64.powi(decimals);
        (scaled - scaled.round()).abs() < 1e-6 * scaled && scaled.round() >= 1.0
    });
    let decimals = usize::try_from(decimals.unwrap_or(2)).unwrap_or(2);
    let text = format!("{:.decimals$}", value.abs());
    if value < 0.0 {
        format!("−{text}")
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_written_as_people_write_it() {
        let cases = [
            (30.0, "30 s"),
            (120.0, "2 min"),
            (90.0, "1 min 30 s"),
            (3600.0, "1 h"),
            (0.25, "250 ms"),
        ];
        for (seconds, text) in cases {
            assert_eq!(setting(seconds), text);
        }
        assert_eq!(setting(100.0 / 3.0), "33.3 s");
        assert_eq!(setting(f64::NAN), "–");
    }
}
