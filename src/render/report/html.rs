//! The report as one HTML file that loads nothing.

use maud::{Markup, html};

use crate::render::report::document::document;
use crate::render::report::inline::{self, Palette};
use crate::render::report::{Number, Part, Report, Section};
use crate::render::table::{Align, Cell, Table, one_line};

/// Rows of a table that is printed on one page.
const ROWS_TOGETHER: usize = 12;
/// Letters of a line that are printed; who reads paper does not copy the rest.
const PRINTED: usize = 160;

/// The whole page.
pub fn html(report: &Report) -> String {
    let mut desk = Desk::default();
    let sections: Vec<Markup> = report
        .sections
        .iter()
        .map(|one| desk.section(one))
        .collect();
    let body = html! {
        a.skip href="#content" { "Skip to the content" }
        header {
            p.kind { (report.subtitle) }
            h1 { (report.title) }
            @if !report.headline.is_empty() { p.headline { (words(&report.headline)) } }
            nav aria-label="Sections" {
                ul {
                    @for section in &report.sections {
                        li { a href={ "#" (heading(section)) } { (section.heading) } }
                    }
                }
            }
        }
        main #content tabindex="-1" { @for section in &sections { (section) } }
    };
    document(&title(report), ("report", ""), &desk.palette, &body)
}

/// What a window is called.
pub fn title(report: &Report) -> String {
    format!("{} – {}", report.title, report.subtitle)
}

/// Where a section is found.
pub fn heading(section: &Section) -> String {
    section.heading.to_lowercase().replace(' ', "-")
}

/// What all parts of a page share: colours, and the number of pictures so far.
#[derive(Debug, Default)]
pub struct Desk {
    /// Colours of the pictures.
    pub palette: Palette,
    pictures: usize,
}

impl Desk {
    fn section(&mut self, section: &Section) -> Markup {
        let id = heading(section);
        html! {
            section aria-labelledby=(id) {
                h2 id=(id) { (section.heading) }
                @for one in &section.parts { (self.part(one, section.heading)) }
            }
        }
    }

    /// A part of the section with this heading.
    pub fn part(&mut self, part: &Part, heading: &str) -> Markup {
        match part {
            Part::Text(text) => html! { p { (words(text)) } },
            Part::List(sentences) => {
                html! { ul { @for sentence in sentences { li { (words(sentence)) } } } }
            }
            Part::Numbers(all) => numbers(all),
            Part::Facts(facts) => html! {
                dl.facts { @for (name, value) in facts { div { dt { (name) } dd { (words(value)) } } } }
            },
            Part::Table(own) => table(own, heading),
            Part::Picture(picture) => {
                self.pictures += 1;
                inline::figure(picture, self.pictures, &mut self.palette)
            }
            Part::Code { place, text } => html! {
                div.code {
                    p.place { (place) }
                    div.scroll tabindex="0" role="region" aria-label={ "To copy: " (place) } { pre { code { (text) } } }
                }
            },
            Part::Folded { summary, text } => html! {
                details {
                    summary { (summary) }
                    div.scroll tabindex="0" role="region" aria-label=(heading) {
                        pre { code { @for line in text.lines() { (printed(line)) "\n" } } }
                    }
                }
            },
        }
    }
}

/// A line that is shortened on paper only.
fn printed(line: &str) -> Markup {
    match line.char_indices().nth(PRINTED) {
        None => html! { (line) },
        Some((end, _)) => {
            let (begin, rest) = line.split_at(end);
            let more = rest.chars().count();
            html! { (begin) span.unprinted { (rest) } span.printed { " … " (more) " more letters" } }
        }
    }
}

fn numbers(all: &[Number]) -> Markup {
    html! {
        dl.numbers {
            @for number in all {
                div {
                    dt { (number.name) }
                    dd {
                        span.value { (number.value) }
                        @if !number.note.is_empty() { span.note { (number.note) } }
                    }
                }
            }
        }
    }
}

/// Text in which what stands between backticks is code.
pub fn words(text: &str) -> Markup {
    let pieces: Vec<&str> = text.split('`').collect();
    // A backtick without its fellow is a backtick.
    if pieces.len().is_multiple_of(2) {
        return html! { (text) };
    }
    html! {
        @for (index, piece) in pieces.iter().enumerate() {
            @if index % 2 == 1 { code { (piece) } } @else { (piece) }
        }
    }
}

/// A table whose headings sort it; notes below.
fn table(table: &Table, name: &str) -> Markup {
    let name = if table.title.is_empty() {
        name
    } else {
        &table.title
    };
    let class = if table.rows.len() <= ROWS_TOGETHER {
        "scroll short"
    } else {
        "scroll"
    };
    html! {
        div class=(class) tabindex="0" role="region" aria-label=(name) {
            table {
                @if !table.title.is_empty() { caption { (table.title) } }
                thead { tr {
                    @for (heading, align) in &table.columns {
                        (head(&one_line(heading), *align))
                    }
                } }
                tbody { @for row in &table.rows { tr {
                    @for (index, (cell, (_, align))) in row.iter().zip(&table.columns).enumerate() {
                        @let key = cell.key().map(|key| key.to_string());
                        @let side = side(*align);
                        @if index == 0 && !cell.text().is_empty() {
                            th scope="row" class=[side] data-key=[key] { (content(cell)) }
                        } @else {
                            td class=[side] data-key=[key] { (content(cell)) }
                        }
                    }
                } } }
            }
        }
        @for note in &table.notes { p.note { (words(note)) } }
    }
}

fn content(cell: &Cell) -> Markup {
    match cell {
        Cell::Link { text, to } => html! { a href=(to) { (text) } },
        Cell::Best(_) => html! { strong { (cell.text()) } },
        _ => words(&cell.text()),
    }
}

fn head(heading: &str, align: Align) -> Markup {
    html! {
        @if heading.is_empty() {
            td class=[side(align)] {}
        } @else {
            th scope="col" class=[side(align)] aria-sort="none" { button type="button" { (heading) } }
        }
    }
}

fn side(align: Align) -> Option<&'static str> {
    (align == Align::Right).then_some("right")
}
