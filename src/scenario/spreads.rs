//! Estimates in a scenario's text: values whose comment says between which bounds they lie.
//!
//! `service = "103.2 us" # estimated from busy time / records, spread 100.8..123 us`: what `import` writes, and anybody may.
//! Figure and bounds have the same unit. A comment is no part of TOML, so lines are read here, and values are changed in
//! place: all else of the text stays as it is.

/// A value with bounds.
#[derive(Clone, Debug, PartialEq)]
pub struct Spread {
    /// Its path, as `--set` takes it: vertices by index.
    pub path: String,
    /// What a person calls it: `service` of `join`.
    pub name: String,
    /// The figure, in `unit`.
    pub value: f64,
    /// Smallest figure that went into it.
    pub low: f64,
    /// Largest.
    pub high: f64,
    /// As written behind the figure, with its space; empty for a bare number.
    pub unit: String,
    line: usize,
}

impl Spread {
    /// A figure with its unit, as TOML writes it.
    pub fn written(&self, figure: f64) -> String {
        let figure = plain(figure);
        if self.unit.is_empty() {
            figure
        } else {
            format!("\"{figure}{}\"", self.unit)
        }
    }

    /// Where a figure lies between the bounds, 0 to 1: on a logarithmic scale, unless they reach down to 0.
    pub fn place(&self, figure: f64) -> f64 {
        if self.low > 0.0 {
            (figure / self.low).ln() / (self.high / self.low).ln()
        } else {
            figure / self.high
        }
    }

    /// The figure at such a place.
    pub fn figure(&self, place: f64) -> f64 {
        if self.low > 0.0 {
            self.low * (self.high / self.low).powf(place)
        } else {
            self.high * place
        }
    }

    /// A figure with its unit, for people.
    pub fn text(&self, figure: f64) -> String {
        format!("{}{}", plain(figure), self.unit)
    }
}

/// Five digits are more than any estimate has; whole numbers from there on.
fn plain(figure: f64) -> String {
    let places = if figure == 0.0 {
        0.0
    } else {
        4.0 - figure.abs().log10().floor()
    };
    let text = format!("{figure:.*}", places.clamp(0.0, 9.0) as usize);
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// All values of a text whose bounds are said, and differ; in its order.
pub fn spreads(text: &str) -> Vec<Spread> {
    let mut found = Vec::new();
    let mut table = String::new();
    let (mut vertex, mut vertex_name) = (None, String::new());
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.starts_with('[') {
            let header = line.trim_start_matches('[');
            header
                .split(']')
                .next()
                .unwrap_or("")
                .trim()
                .clone_into(&mut table);
            if line.starts_with("[[vertex]]") {
                vertex = Some(vertex.map_or(0, |index: usize| index + 1));
                vertex_name.clear();
            }
            continue;
        }
        if table == "vertex"
            && let Some(("name", name)) = key_and_value(line)
        {
            name.trim_matches('"').clone_into(&mut vertex_name);
        }
        let Some((key, value, low, high, unit)) = bounded(line) else {
            continue;
        };
        let within = table.strip_prefix("vertex").zip(vertex);
        let (path, name) = if let Some((inner, index)) = within {
            let key = format!("{inner}.{key}");
            let key = key.trim_start_matches('.');
            (
                format!("vertex.{index}.{key}"),
                format!("`{key}` of `{vertex_name}`"),
            )
        } else {
            let path = format!("{table}.{key}");
            (path.clone(), format!("`{path}`"))
        };
        found.push(Spread {
            path,
            name,
            value,
            low,
            high,
            unit,
            line: number,
        });
    }
    found
}

/// The text with other figures; the comment says what stood there.
pub fn rewritten(text: &str, changes: &[(&Spread, f64)]) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for (spread, figure) in changes {
        let line = &mut lines[spread.line];
        let old = spread.text(spread.value);
        if let Some((before, comment)) = line.split_once('#')
            && let Some((key, _)) = before.split_once('=')
        {
            *line = format!(
                "{}= {} #{comment}; calibrated, it was {old}",
                key,
                spread.written(*figure)
            );
        }
    }
    let mut text = lines.join("\n");
    text.push('\n');
    text
}

fn key_and_value(line: &str) -> Option<(&str, &str)> {
    let (key, rest) = line.split_once('=')?;
    let value = rest.split('#').next()?;
    Some((key.trim().trim_matches('"'), value.trim()))
}

/// Key, figure, bounds and unit of a line that says them.
fn bounded(line: &str) -> Option<(&str, f64, f64, f64, String)> {
    let (assigned, comment) = line.split_once('#')?;
    let (key, value) = key_and_value(assigned)?;
    let (value, unit) = figure(value.trim_matches('"'))?;
    let bounds = comment.split("spread ").nth(1)?;
    let (low, rest) = bounds.split_once("..")?;
    let low: f64 = low.trim().parse().ok()?;
    // What follows the bounds is another sentence.
    let rest = rest.split([';', ',']).next()?.trim_end();
    let (high, high_unit) = figure(rest)?;
    let sound = value.is_finite() && low.is_finite() && high.is_finite();
    let differs = high - low > 1e-9 * high.abs();
    let same_unit = unit.trim() == high_unit.trim();
    (sound && differs && same_unit && low >= 0.0)
        .then(|| (key, value, low.min(value), high.max(value), unit.to_owned()))
}

/// `103.2 us`: the figure, and what stands behind it.
fn figure(text: &str) -> Option<(f64, &str)> {
    let end = text
        .find(|letter: char| !letter.is_ascii_digit() && letter != '.')
        .unwrap_or(text.len());
    Some((text[..end].parse().ok()?, &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
[[vertex]]
name = \"ev\"
service = \"10 us\" # assumed
[[vertex]]
name = \"join\"
selectivity = 1.419 # estimated from out / in, spread 1.417..1.421
service = \"103.2 us\" # estimated from busy time / records, spread 100.8..123 us
record = \"49 B\" # estimated from bytes, spread 49..49 B
[vertex.state]
size = \"18801137 B\" # estimated from state_size, spread 17442938..21406913 B
[storage]
write-per-stream = \"5 MB/s\" # spread 4..7 MB/s, as seen by me
open = \"4 ms\" # spread 3..5 s
";

    #[test]
    fn estimates_are_found_with_their_paths_bounds_and_units() {
        let found = spreads(TEXT);
        let all: Vec<(&str, f64, f64, f64)> = found
            .iter()
            .map(|one| (one.path.as_str(), one.value, one.low, one.high))
            .collect();
        assert_eq!(
            all,
            [
                ("vertex.1.selectivity", 1.419, 1.417, 1.421),
                ("vertex.1.service", 103.2, 100.8, 123.0),
                (
                    "vertex.1.state.size",
                    18_801_137.0,
                    17_442_938.0,
                    21_406_913.0
                ),
                ("storage.write-per-stream", 5.0, 4.0, 7.0),
            ]
        );
        assert_eq!(found[1].name, "`service` of `join`");
        assert_eq!(found[2].name, "`state.size` of `join`");
        assert!((found[1].figure(found[1].place(110.0)) - 110.0).abs() < 1e-9);
        assert!(found[1].place(100.8).abs() < 1e-12 && (found[1].place(123.0) - 1.0).abs() < 1e-12);
        assert_eq!(found[0].written(1.42), "1.42");
        assert_eq!(found[2].written(18_000_000.4), "\"18000000 B\"");
    }

    #[test]
    fn a_changed_figure_says_what_it_was_and_can_be_read_again() {
        let found = spreads(TEXT);
        let text = rewritten(TEXT, &[(&found[1], 120.0), (&found[3], 6.5)]);
        assert!(text.contains("service = \"120 us\" # estimated"), "{text}");
        assert!(text.contains("spread 100.8..123 us; calibrated, it was 103.2 us\n"));
        let again = spreads(&text);
        assert_eq!(again.len(), 4);
        assert!((again[3].value - 6.5).abs() < 1e-12);
        assert_eq!(text.lines().count(), TEXT.lines().count());
    }

    #[test]
    fn what_is_no_estimate_is_left_alone() {
        for line in [
            "a = 1",
            "a = \"x\" # spread 1..2",
            "# spread 1..2",
            "a = 1 # spread one..2",
            "a = [1] # spread 1..2",
        ] {
            assert!(spreads(line).is_empty(), "{line}");
        }
    }
}
