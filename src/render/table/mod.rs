//! Tables for people: on a terminal of so many columns, and as Markdown. For programs there are sheets of the same content.

mod accuracy;
mod calibration;
mod cell;
mod consistency;
mod costs;
mod difference;
mod fit;
mod formulas;
mod headline;
mod monthly;
mod objectives;
mod outcomes;
mod phases;
mod sparkline;
mod sweep;
mod theory;
mod vertices;
mod what_if;

pub use crate::render::table::accuracy::{accuracy, comparisons, khaos, predicted, published};
pub use crate::render::table::calibration::{
    calibration, calibration_in_words, figure as calibrated, held_out,
};
pub use crate::render::table::cell::Cell;
pub use crate::render::table::consistency::consistency;
pub use crate::render::table::costs::costs;
pub use crate::render::table::difference::{changes, differences};
pub use crate::render::table::fit::{fit, fit_in_words};
pub use crate::render::table::formulas::{formulas, some_formulas, sweep_formulas_sheet};
pub use crate::render::table::headline::headline;
pub use crate::render::table::monthly::{Measured, WEIGHED_BY, item, monthly};
pub use crate::render::table::objectives::objectives;
pub use crate::render::table::outcomes::{not_completed, savepoints};
pub use crate::render::table::phases::{OVERLAP, parts_overlap, phases};
pub use crate::render::table::sparkline::sparkline;
pub use crate::render::table::sweep::{failures, sweep, sweep_sheet};
pub use crate::render::table::theory::theory;
pub use crate::render::table::vertices::vertices;
pub use crate::render::table::what_if::what_if;

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Width, presets};

use crate::render::markdown;
use crate::render::number::MISSING;

/// Columns of a text where no terminal has a width of its own.
pub const WIDTH: usize = 100;

/// Side of a cell on which its text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Names.
    Left,
    /// Numbers.
    Right,
}

/// A table before it is printed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// Above the table; may be empty.
    pub title: String,
    /// Headings.
    pub columns: Vec<(String, Align)>,
    /// Cells.
    pub rows: Vec<Vec<Cell>>,
    /// Below the table, one per line.
    pub notes: Vec<String>,
}

impl Table {
    /// A table without title and notes.
    pub fn new<S: Into<String>>(
        columns: impl IntoIterator<Item = (S, Align)>,
        rows: impl IntoIterator<Item = Vec<Cell>>,
    ) -> Table {
        let columns = columns.into_iter();
        Table {
            columns: columns.map(|(name, align)| (name.into(), align)).collect(),
            rows: rows.into_iter().collect(),
            ..Table::default()
        }
    }

    /// For a terminal of `width` columns; ends with a line feed. What is too wide comes in parts, each with the names of
    /// its rows.
    pub fn text(&self, width: usize) -> String {
        let mut lines: Vec<String> = Vec::new();
        lines.extend((!self.title.is_empty()).then(|| self.title.clone()));
        for (number, part) in self.parts(width).iter().enumerate() {
            if number > 0 {
                lines.push(String::new());
            }
            let body = self.only(part).body(width);
            lines.extend(body.lines().map(|line| line.trim_end().to_owned()));
        }
        lines.extend(self.notes.iter().flat_map(|note| wrapped(note, width)));
        lines.iter().flat_map(|line| [line, "\n"]).collect()
    }

    /// The columns of each part that fits into the width.
    fn parts(&self, width: usize) -> Vec<Vec<usize>> {
        let columns = self.columns.len();
        let all = || (0..columns).collect();
        let room_of = |column: usize| self.narrowest(column) + 1;
        if (0..columns).map(room_of).sum::<usize>() <= width + 1 {
            return vec![all()];
        }
        let is_name = |(_, align): &&(String, Align)| *align == Align::Left;
        let names = self.columns.iter().take_while(is_name).count();
        if names == 0 || names == columns {
            return vec![all()];
        }
        let room = (width + 1).saturating_sub((0..names).map(room_of).sum());
        let mut parts: Vec<Vec<usize>> = Vec::new();
        let mut used = usize::MAX;
        for column in names..columns {
            used = used.saturating_add(room_of(column));
            if used > room {
                parts.push((0..names).collect());
                used = room_of(column);
            }
            parts.last_mut().expect("one was begun").push(column);
        }
        parts
    }

    fn body(&self, width: usize) -> String {
        let mut table = self.filled(str::to_owned, str::to_owned);
        table
            .load_style(presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(width as u16);
        // Two spaces between columns where that fits, otherwise one.
        let widths: usize = (0..self.columns.len()).map(|index| self.width(index)).sum();
        let wide = widths + 2 * self.columns.len() <= width + 1;
        for (index, column) in table.column_iter_mut().enumerate() {
            let padding = if wide { 2 } else { 1 };
            column.set_padding((0, padding));
            // A line that is too long is easier to read than a word or a number that is broken.
            let narrowest = self.narrowest(index) + usize::from(padding);
            column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(
                narrowest.min(width) as u16,
            )));
        }
        table.to_string()
    }

    /// As a Markdown table, title in bold, notes as a list; ends with a line feed.
    pub fn markdown(&self) -> String {
        let mut table = self.filled(one_line, markdown::cell);
        table
            .load_style(presets::ASCII_MARKDOWN)
            .set_content_arrangement(ContentArrangement::Disabled);
        let mut text = if self.title.is_empty() {
            String::new()
        } else {
            format!("**{}**\n\n", markdown::sentence(&self.title))
        };
        for (index, line) in table.to_string().lines().enumerate() {
            text.push_str(&if index == 1 {
                self.rule(line)
            } else {
                line.to_owned()
            });
            text.push('\n');
        }
        if !self.notes.is_empty() {
            text.push('\n');
        }
        for note in &self.notes {
            text.push_str("- ");
            text.push_str(&markdown::sentence(note));
            text.push('\n');
        }
        text
    }

    /// With headings passed through `heading`, and everything else through `text`.
    fn filled(&self, heading: fn(&str) -> String, text: fn(&str) -> String) -> comfy_table::Table {
        let cell = |(text, (_, align)): (&String, &(String, Align))| {
            comfy_table::Cell::new(text).set_alignment(match align {
                Align::Left => CellAlignment::Left,
                Align::Right => CellAlignment::Right,
            })
        };
        let mut table = comfy_table::Table::new();
        table.force_no_tty();
        let headings: Vec<String> = self.columns.iter().map(|(name, _)| heading(name)).collect();
        table.set_header(headings.iter().zip(&self.columns).map(cell));
        for row in &self.rows {
            let row: Vec<String> = row.iter().map(|cell| text(&cell.text())).collect();
            table.add_row(row.iter().zip(&self.columns).map(cell));
        }
        table
    }

    /// Markdown marks right-aligned columns by a colon in the rule.
    fn rule(&self, line: &str) -> String {
        let parts: Vec<&str> = line.trim_matches('|').split('|').collect();
        let rules = parts
            .iter()
            .zip(&self.columns)
            .map(|(part, (_, align))| match align {
                Align::Left => (*part).to_owned(),
                Align::Right => format!("{}:", &part[..part.len().saturating_sub(1)]),
            });
        format!("|{}|", rules.collect::<Vec<String>>().join("|"))
    }

    fn width(&self, column: usize) -> usize {
        let cells = self.rows.iter().filter_map(|row| row.get(column));
        let heading = self.columns[column].0.split('\n');
        cells
            .map(|cell| cell.text().chars().count())
            .chain(heading.map(|line| line.chars().count()))
            .max()
            .unwrap_or(0)
    }

    /// Width at which neither a word nor a number with its unit needs to be broken.
    fn narrowest(&self, column: usize) -> usize {
        let (heading, align) = &self.columns[column];
        let unbroken = |text: &str| match align {
            Align::Left => longest_of(text.split_whitespace()),
            Align::Right => longest_of(text.split(" ±")),
        };
        let cells = self.rows.iter().filter_map(|row| row.get(column));
        cells
            .map(|cell| unbroken(&cell.text()))
            .chain([longest_of(heading.split_whitespace())])
            .max()
            .unwrap_or(0)
    }

    /// Without the columns (from `first` on) in which nothing stands.
    fn without_empty_columns(&self, first: usize) -> Table {
        let empty = |column: usize| {
            let mut cells = self.rows.iter().map(|row| row.get(column));
            column >= first && cells.all(|cell| cell.is_none_or(|cell| cell.text() == MISSING))
        };
        let kept: Vec<usize> = (0..self.columns.len())
            .filter(|column| !empty(*column))
            .collect();
        Table {
            title: self.title.clone(),
            notes: self.notes.clone(),
            ..self.only(&kept)
        }
    }

    /// These columns, without title and notes.
    fn only(&self, kept: &[usize]) -> Table {
        let columns = kept.iter().map(|column| self.columns[*column].clone());
        let row = |row: &Vec<Cell>| {
            let cells = kept.iter().filter_map(|column| row.get(*column).cloned());
            cells.collect::<Vec<Cell>>()
        };
        Table::new(columns, self.rows.iter().map(row))
    }
}

fn longest_of<'a>(parts: impl Iterator<Item = &'a str>) -> usize {
    parts.map(|part| part.chars().count()).max().unwrap_or(0)
}

/// A heading without its line breaks: `align-` and `ment` are one word.
pub fn one_line(heading: &str) -> String {
    heading.replace("-\n", "").replace('\n', " ")
}

/// Sentences with names on their left, in lines of at most `width` characters.
pub fn named(items: &[(&str, &str)], width: usize) -> String {
    let indent = items
        .iter()
        .map(|(name, _)| name.chars().count() + 2)
        .max()
        .unwrap_or(0);
    let lines = items
        .iter()
        .map(|(name, sentence)| hanging(name, sentence, indent, width) + "\n");
    lines.collect()
}

/// A name on the left and a sentence to its right, from column `indent` on, in lines of at most `width` characters.
pub(in crate::render) fn hanging(
    name: &str,
    sentence: &str,
    indent: usize,
    width: usize,
) -> String {
    let lines = lines_of(sentence, width - indent, width - indent);
    let lines = lines.join(&format!("\n{:indent$}", ""));
    format!("{name:<indent$}{lines}")
}

/// A note in lines of at most so many characters, continued with an indent.
pub(in crate::render) fn wrapped(note: &str, width: usize) -> Vec<String> {
    const INDENT: usize = 4;
    let lines = lines_of(note, width, width.saturating_sub(INDENT));
    let indented = |(number, line): (usize, String)| match number {
        0 => line,
        _ => format!("{:INDENT$}{line}", ""),
    };
    lines.into_iter().enumerate().map(indented).collect()
}

/// The words in a first line of at most `first` characters and others of at most `others`; always one line.
fn lines_of(sentence: &str, first: usize, others: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in sentence.split_whitespace() {
        let width = if lines.len() == 1 { first } else { others };
        let last = lines.last_mut().expect("there is always one");
        if last.is_empty() {
            last.push_str(word);
        } else if last.chars().count() + 1 + word.chars().count() <= width {
            last.push(' ');
            last.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::metric::MetricId;
    use crate::measure::Estimate;
    use crate::render::sample::{interval_sweep, mode_sweep, run, set};
    use insta::assert_snapshot;

    #[test]
    fn a_sweep_has_one_row_per_point() {
        let sweep = interval_sweep();
        assert_snapshot!(format!(
            "{}\n{}",
            super::sweep(&sweep).text(WIDTH),
            super::sweep(&sweep).markdown()
        ));
        assert_snapshot!(sweep_sheet(&sweep).csv());
    }

    #[test]
    fn a_point_that_failed_is_marked_with_its_reason_everywhere() {
        let mut sweep = interval_sweep();
        let point = &mut sweep.points[1];
        *point = crate::experiment::PointSummary {
            coordinates: point.coordinates.clone(),
            failure: Some("not simulated: after 1.0 s, 9 events".to_owned()),
            ..crate::experiment::PointSummary::default()
        };
        let told = "failed: interval = 10 s: not simulated: after 1.0 s, 9 events";
        let (text, markdown) = (
            super::sweep(&sweep).text(WIDTH),
            super::sweep(&sweep).markdown(),
        );
        let row = |text: &str, start: &str| {
            let row = text.lines().find(|line| line.starts_with(start));
            row.unwrap_or_else(|| panic!("{text}")).to_owned()
        };
        assert!(row(&text, "10 s").contains("failed"));
        assert!(text.contains(told) && markdown.contains(told), "{text}");
        let sheet = sweep_sheet(&sweep);
        let column = sheet.columns().iter().position(|name| name == "failure");
        let failure = |row: usize| sheet.rows()[row][column.unwrap()].as_str();
        assert_eq!(failure(1), "not simulated: after 1.0 s, 9 events");
        assert_eq!(failure(0), "");
    }

    #[test]
    fn formulas_stand_beside_the_simulation() {
        let comparisons = &interval_sweep().points[2].comparisons;
        assert_snapshot!(format!(
            "{}\n{}",
            formulas(comparisons).text(WIDTH),
            formulas(comparisons).markdown()
        ));
        assert_snapshot!(super::formulas::formulas_sheet(comparisons).csv());
    }

    #[test]
    fn the_formulas_of_a_sweep_are_told_apart_by_their_point() {
        let sweep = interval_sweep();
        let sheet = sweep_formulas_sheet(&sweep);
        let each = sweep.points.iter().map(|point| point.comparisons.len());
        assert_eq!(sheet.rows().len(), each.sum::<usize>());
        assert_eq!(sheet.columns()[..2], [sweep.axes[0].as_str(), "id"]);
        assert_eq!(sheet.rows()[0][0], sweep.points[0].coordinates[0].label);
    }

    #[test]
    fn phases_of_a_run_in_time_order() {
        let run = run(4, false);
        assert_snapshot!(phases(&run).text(WIDTH));
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        for width in [80, WIDTH, 120] {
            for sweep in [interval_sweep(), mode_sweep()] {
                let text = super::sweep(&sweep).text(width);
                let widest = text.lines().map(|line| line.chars().count()).max();
                assert!(widest <= Some(width), "{width}\n{text}");
            }
        }
    }

    #[test]
    fn no_word_and_no_number_is_broken_even_if_the_line_gets_long() {
        let mut sweep = mode_sweep();
        for point in &mut sweep.points {
            point.coordinates.push(point.coordinates[1].clone());
            set(
                point,
                MetricId::ThroughputLoss,
                Some(Estimate {
                    value: 0.000_398,
                    low: 0.000_398,
                    high: 0.000_398,
                    n: 5,
                }),
            );
        }
        sweep.axes.push("storage.write-per-stream".to_owned());
        let text = super::sweep(&sweep).text(WIDTH);
        for whole in ["alignment", "unaligned", "write-per-stream", "0.0398 %"] {
            assert!(text.contains(whole), "{whole}\n{text}");
        }
    }

    #[test]
    fn empty_results_are_empty_tables() {
        let mut run = run(1, false);
        run.checkpoints.clear();
        assert!(phases(&run).text(WIDTH).contains("0 completed"));
        assert_eq!(formulas(&[]).text(WIDTH).lines().count(), 1);
        let mut sweep = interval_sweep();
        sweep.points.clear();
        assert!(
            super::sweep(&sweep)
                .text(WIDTH)
                .contains("no checkpoint completed")
        );
    }
}
