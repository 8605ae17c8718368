//! A critical path as a tree: name, milliseconds, share, and where Flink shows it.

use crate::experiment::explain::Part;
use crate::render::explain::words;
use crate::render::table::{WIDTH, wrapped};
use crate::units::SimDuration;

/// Columns of the tree itself.
const NAMES: usize = 54;
/// A part of at least this share is marked.
const MARKED: f64 = 0.5;

/// The tree with a heading.
pub fn text(tree: &Part, colour: bool) -> String {
    let heading = line("", "ms", "%", "in Flink");
    let mut lines = vec![painted(heading, DIM, colour)];
    put(tree, tree.length, &Branch::default(), colour, &mut lines);
    lines.join("\n")
}

const DIM: &str = "\x1b[2m";
const BOLD: &str = "\x1b[1m";

/// What stands to the left of a part.
#[derive(Clone, Debug, Default)]
struct Branch {
    own: String,
    below: String,
}

impl Branch {
    fn of(&self, last: bool) -> Branch {
        let (own, below) = if last {
            ("└─ ", "   ")
        } else {
            ("├─ ", "│  ")
        };
        Branch {
            own: self.below.clone() + own,
            below: self.below.clone() + below,
        }
    }
}

fn put(part: &Part, whole: SimDuration, branch: &Branch, colour: bool, lines: &mut Vec<String>) {
    let share = share(part.length, whole);
    let name = branch.own.clone() + &words::name(&part.step);
    let own = line(
        &shortened(&name),
        &milliseconds(part.length),
        &format!("{:.1}", share * 100.0),
        &part.in_flink,
    );
    let marked = share >= MARKED && part.parts.is_empty();
    lines.push(if marked {
        painted(own, BOLD, colour)
    } else {
        own
    });
    let bar = if part.parts.is_empty() { "" } else { "│" };
    let indent = format!("{}{bar:<3}", branch.below);
    for sentence in words::details(&part.step, part.length) {
        for text in wrapped(&sentence, WIDTH - indent.chars().count() - 2) {
            lines.push(painted(format!("{indent}  {text}"), DIM, colour));
        }
    }
    for (index, below) in part.parts.iter().enumerate() {
        let branch = branch.of(index + 1 == part.parts.len());
        put(below, whole, &branch, colour, lines);
    }
}

fn line(name: &str, ms: &str, percent: &str, in_flink: &str) -> String {
    let text = format!("{name:<NAMES$}{ms:>10}{percent:>7}  {in_flink}");
    text.trim_end().to_owned()
}

fn painted(line: String, how: &str, colour: bool) -> String {
    if colour {
        format!("{how}{line}\x1b[0m")
    } else {
        line
    }
}

fn share(part: SimDuration, whole: SimDuration) -> f64 {
    if whole.is_zero() {
        0.0
    } else {
        part.as_secs_f64() / whole.as_secs_f64()
    }
}

/// Three digits after the point below 10 ms, one below 10 s.
fn milliseconds(length: SimDuration) -> String {
    let millis = length.as_millis_f64();
    match millis {
        0.0 => "0".to_owned(),
        _ if millis < 10.0 => format!("{millis:.3}"),
        _ if millis < 10_000.0 => format!("{millis:.1}"),
        _ => format!("{millis:.0}"),
    }
}

fn shortened(name: &str) -> String {
    if name.chars().count() <= NAMES {
        return name.to_owned();
    }
    let beginning: String = name.chars().take(NAMES - 1).collect();
    format!("{beginning}…")
}
