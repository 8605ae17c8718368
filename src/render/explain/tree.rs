//! A critical path as a tree: name, milliseconds, share, and where Flink shows it.

use crate::experiment::explain::Part;
use crate::render::explain::words;
use crate::render::table::wrapped;
use crate::units::SimDuration;
use crate::units::harmless::{BOLD, DIM, PLAIN};

/// Columns of the tree itself, at least and at most.
const NAMES: (usize, usize) = (40, 54);
/// Columns to the right of it.
const FIGURES: usize = 40;
/// A part of at least this share is marked.
const MARKED: f64 = 0.5;

/// The tree with a heading, in lines of at most `width` characters.
pub fn text(tree: &Part, width: usize, colour: bool) -> String {
    let mut page = Page {
        width,
        names: width.saturating_sub(FIGURES).clamp(NAMES.0, NAMES.1),
        colour,
        whole: tree.length,
        lines: Vec::new(),
    };
    let heading = page.line("", "ms", "%", "in Flink");
    page.push(heading, Some(DIM));
    page.put(tree, &Branch::default());
    page.lines.join("\n")
}

/// What is written, and how.
struct Page {
    width: usize,
    names: usize,
    colour: bool,
    whole: SimDuration,
    lines: Vec<String>,
}

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

impl Page {
    fn put(&mut self, part: &Part, branch: &Branch) {
        let share = share(part.length, self.whole);
        let name = branch.own.clone() + &words::name(&part.step);
        let own = self.line(
            &shortened(&name, self.names),
            &milliseconds(part.length),
            &format!("{:.1}", share * 100.0),
            &part.in_flink,
        );
        let marked = share >= MARKED && part.parts.is_empty();
        self.push(own, marked.then_some(BOLD));
        let bar = if part.parts.is_empty() { "" } else { "│" };
        let indent = format!("{}{bar:<3}", branch.below);
        for sentence in words::details(&part.step, part.length) {
            let width = self.width.saturating_sub(indent.chars().count() + 2);
            for text in wrapped(&sentence, width) {
                self.push(format!("{indent}  {text}"), Some(DIM));
            }
        }
        for (index, below) in part.parts.iter().enumerate() {
            self.put(below, &branch.of(index + 1 == part.parts.len()));
        }
    }

    fn line(&self, name: &str, ms: &str, percent: &str, in_flink: &str) -> String {
        let names = self.names;
        let text = format!("{name:<names$}{ms:>10}{percent:>7}  {in_flink}");
        text.trim_end().to_owned()
    }

    fn push(&mut self, line: String, how: Option<&str>) {
        self.lines.push(match how.filter(|_| self.colour) {
            Some(how) => format!("{how}{line}{PLAIN}"),
            None => line,
        });
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

fn shortened(name: &str, most: usize) -> String {
    if name.chars().count() <= most {
        return name.to_owned();
    }
    let beginning: String = name.chars().take(most - 1).collect();
    format!("{beginning}…")
}
