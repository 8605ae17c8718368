//! The report as Markdown, with the pictures beside it as files.

use crate::render::report::reading::reading;
use crate::render::report::{Part, Report};

/// The whole report; ends with a line feed.
pub fn markdown(report: &Report) -> String {
    let mut text = format!(
        "# {}\n\n{}\n\n**{}**\n",
        report.title, report.subtitle, report.headline
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
        Part::Text(text) => format!("{text}\n"),
        Part::List(sentences) => {
            let line = |one: &String| format!("- {one}\n");
            sentences.iter().map(line).collect()
        }
        Part::Numbers(numbers) => {
            let line = |number: &crate::render::report::Number| {
                let note = if number.note.is_empty() {
                    String::new()
                } else {
                    format!(" ({})", number.note)
                };
                format!("- {}: **{}**{note}\n", number.name, number.value)
            };
            numbers.iter().map(line).collect()
        }
        Part::Facts(facts) => {
            let line = |(name, value): &(String, String)| format!("- {name}: {value}\n");
            facts.iter().map(line).collect()
        }
        Part::Table(table) => table.markdown(),
        Part::Picture(picture) => {
            let (heading, reading) = reading(&picture.name);
            let title = picture.chart.title.replace(['[', ']'], "");
            let name = &picture.name;
            format!("### {heading}\n\n![{title}]({name}.png)\n\n{reading}\n")
        }
        Part::Code(text) => fenced(text),
        Part::Folded { summary, text } => format!(
            "<details><summary>{summary}</summary>\n\n{}\n</details>\n",
            fenced(text)
        ),
    }
}

/// Behind a fence that the text does not contain.
fn fenced(text: &str) -> String {
    let mut fence = "```".to_owned();
    while text.contains(&fence) {
        fence.push('`');
    }
    format!("{fence}\n{}\n{fence}\n", text.trim_end())
}
