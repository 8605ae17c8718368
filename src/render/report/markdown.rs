//! The report as Markdown, with the pictures beside it as files.

use crate::render::markdown::{fenced, name, sentence};
use crate::render::report::{Part, Report};

/// The whole report; ends with a line feed.
pub fn markdown(report: &Report) -> String {
    let mut text = format!(
        "# {}\n\n{}\n\n**{}**\n",
        name(&report.title),
        sentence(&report.subtitle),
        sentence(&report.headline)
    );
    for section in &report.sections {
        text.extend(["\n## ", section.heading, "\n"]);
        for one in &section.parts {
            text.push('\n');
            text.push_str(&part(one));
        }
    }
    text
}

fn part(part: &Part) -> String {
    match part {
        Part::Text(text) => format!("{}\n", sentence(text)),
        Part::List(sentences) => {
            let line = |one: &String| format!("- {}\n", sentence(one));
            sentences.iter().map(line).collect()
        }
        Part::Numbers(numbers) => {
            let line = |number: &crate::render::report::Number| {
                let note = if number.note.is_empty() {
                    String::new()
                } else {
                    format!(" ({})", number.note)
                };
                sentence(&format!("- {}: **{}**{note}", number.name, number.value)) + "\n"
            };
            numbers.iter().map(line).collect()
        }
        Part::Facts(facts) => {
            let line =
                |(name, value): &(String, String)| sentence(&format!("- {name}: {value}")) + "\n";
            facts.iter().map(line).collect()
        }
        Part::Table(table) => table.markdown(),
        Part::Picture(picture) => {
            let (heading, reading) = (picture.kind.heading, picture.kind.caption);
            let title = name(&picture.chart.title.replace(['[', ']'], ""));
            let file = &picture.name;
            format!("### {heading}\n\n![{title}]({file}.png)\n\n{reading}\n")
        }
        Part::Code { place, text } => format!("{place}:\n\n{}", fenced("", text)),
        Part::Folded { summary, text } => format!(
            "<details><summary>{summary}</summary>\n\n{}\n</details>\n",
            fenced("", text)
        ),
    }
}
