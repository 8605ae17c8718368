//! The report as one HTML file that loads nothing.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::render::chart::{BOLD, REGULAR};
use crate::render::report::inline::{self, Palette};
use crate::render::report::{Number, Part, Report, Section};
use crate::render::table::{Align, Table, one_line};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");
/// Nothing may be loaded, not even by a text that somebody smuggled into the name of a job.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
                      font-src data:; img-src data:; base-uri 'none'; form-action 'none'";

/// Rows of a table that is printed on one page.
const ROWS_TOGETHER: usize = 12;

/// The whole page.
pub fn html(report: &Report) -> String {
    let mut palette = Palette::default();
    let mut pictures = 0;
    let sections: Vec<Markup> = report
        .sections
        .iter()
        .map(|one| section(one, &mut pictures, &mut palette))
        .collect();
    let style = [fonts(), palette.css(), STYLE.to_owned()].concat();
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="generator" content=(concat!("ckptsim ", env!("CARGO_PKG_VERSION")));
                link rel="icon" href="data:,";
                title { (report.title) " – " (report.subtitle) }
                style { (PreEscaped(style)) }
            }
            body {
                a.skip href="#content" { "Skip to the content" }
                header {
                    p.kind { (report.subtitle) }
                    h1 { (report.title) }
                    p.headline { (words(&report.headline)) }
                    nav aria-label="Sections" {
                        ul {
                            @for section in &report.sections {
                                li { a href={ "#" (anchor(section)) } { (section.heading) } }
                            }
                        }
                    }
                }
                main #content tabindex="-1" { @for section in &sections { (section) } }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    // A name may hold anything; HTML has no way to write control characters.
    let written = |letter: &char| !letter.is_control() || matches!(letter, '\n' | '\t');
    page.into_string()
        .chars()
        .filter(written)
        .collect::<String>()
        + "\n"
}

fn anchor(section: &Section) -> String {
    section.heading.to_lowercase().replace(' ', "-")
}

fn section(section: &Section, pictures: &mut usize, palette: &mut Palette) -> Markup {
    let id = anchor(section);
    html! {
        section aria-labelledby=(id) {
            h2 id=(id) { (section.heading) }
            @for one in &section.parts {
                @match one {
                    Part::Text(text) => p { (words(text)) },
                    Part::List(sentences) => ul { @for sentence in sentences { li { (words(sentence)) } } },
                    Part::Numbers(all) => (numbers(all)),
                    Part::Facts(facts) => dl.facts {
                        @for (name, value) in facts { div { dt { (name) } dd { (words(value)) } } }
                    },
                    Part::Table(own) => (table(own, section.heading)),
                    Part::Picture(picture) => ({
                        *pictures += 1;
                        inline::figure(picture, *pictures, palette)
                    }),
                    Part::Code(text) => div.scroll tabindex="0" role="region" aria-label="Text to copy" {
                        pre { code { (text) } }
                    },
                    Part::Folded { summary, text } => details {
                        summary { (summary) }
                        div.scroll tabindex="0" role="region" aria-label=(section.heading) { pre { code { (text) } } }
                    },
                }
            }
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
fn words(text: &str) -> Markup {
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
                        @let cell = cell.text();
                        @if index == 0 && !cell.is_empty() {
                            th scope="row" class=[side] data-key=[key] { (cell) }
                        } @else {
                            td class=[side] data-key=[key] { (cell) }
                        }
                    }
                } } }
            }
        }
        @for note in &table.notes { p.note { (words(note)) } }
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

/// The font of the pictures, so that their texts are as wide as they were measured.
fn fonts() -> String {
    let face = |(weight, bytes): (u32, &[u8])| {
        format!(
            "@font-face{{font-family:Inter;font-weight:{weight};src:url(data:font/ttf;base64,{}) format(\"truetype\")}}\n",
            STANDARD.encode(bytes)
        )
    };
    [(400, REGULAR), (700, BOLD)].map(face).concat()
}
