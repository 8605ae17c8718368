//! What of a report fits on one sheet of A4, to attach to a design document.

use maud::{Markup, html};

use crate::render::report::document::document;
use crate::render::report::html::{Desk, heading, title, words};
use crate::render::report::inline;
use crate::render::report::{Part, Report, Section};

const STYLE: &str = include_str!("one_page.css");
/// Letters in a line of small print across the sheet.
const LINE: usize = 120;
/// Lines that fit at the usual size beside the smallest picture, and at the next smaller one.
const ROOM: [usize; 2] = [36, 42];

/// The sheet: the answer, and what each section has in brief around the picture. It is printed on exactly one page: the
/// picture takes what the texts leave, and many texts are set smaller.
pub fn one_page(report: &Report) -> String {
    let mut desk = Desk::default();
    let brief = |section: &&Section| !section.brief.is_empty();
    let sections: Vec<&Section> = report.sections.iter().filter(brief).collect();
    let at = sections.iter().position(|section| is_drawn(section));
    let (before, after) = sections.split_at(at.unwrap_or(sections.len()));
    let body = html! {
        header {
            p.kind { (report.subtitle) }
            h1 { (report.title) }
            p.headline { (words(&report.headline)) }
        }
        main #content {
            div.row { @for one in before { (section(one, &mut desk)) } }
            @for one in after.iter().take(1) { (picture(one, &mut desk)) }
            div.row { @for one in after.iter().skip(1) { (section(one, &mut desk)) } }
        }
    };
    let class = ["sheet", "sheet small", "sheet smallest"];
    let lines: usize = sections.iter().flat_map(|one| &one.brief).map(lines).sum();
    let size = ROOM.iter().filter(|room| lines > **room).count();
    document(&title(report), (class[size], STYLE), &desk.palette, &body)
}

fn is_drawn(section: &Section) -> bool {
    let is_picture = |part: &Part| matches!(part, Part::Picture(_));
    section.brief.iter().any(is_picture)
}

fn picture(section: &Section, desk: &mut Desk) -> Markup {
    html! {
        @for part in &section.brief {
            @if let Part::Picture(picture) = part {
                figure {
                    (inline::drawing(picture, 1, &mut desk.palette))
                    figcaption { (picture.kind.caption) (inline::hint(1)) }
                }
            }
        }
    }
}

fn section(section: &Section, desk: &mut Desk) -> Markup {
    let is_text =
        |part: &Part| matches!(part, Part::Code { .. } | Part::List(_) | Part::Numbers(_));
    let codes = section
        .brief
        .iter()
        .any(|part| matches!(part, Part::Code { .. }));
    let wide = section.brief.iter().any(is_text);
    html! {
        section.wide[wide] aria-labelledby=(heading(section)) {
            h2 id=(heading(section)) { (section.heading) }
            div.codes[codes] { @for part in &section.brief { (desk.part(part, section.heading)) } }
        }
    }
}

/// About how many lines a part takes across the sheet.
fn lines(part: &Part) -> usize {
    let wrapped = |text: &str| text.chars().count().div_ceil(LINE);
    match part {
        Part::Text(text) => wrapped(text),
        Part::List(sentences) => sentences.iter().map(|one| wrapped(one)).sum(),
        Part::Numbers(numbers) => 3 * numbers.len().div_ceil(6),
        // Two of these stand side by side.
        Part::Facts(facts) => facts.len().div_ceil(2),
        Part::Table(table) => (table.rows.len() + table.notes.len() + 2) / 2,
        Part::Code { text, .. } => text.lines().count() / 2 + 1,
        Part::Picture(_) | Part::Folded { .. } => 0,
    }
}
