//! A report: one document about one directory of results, as a self-contained HTML page and as Markdown.
//!
//! `run`, `sweep` and `recommendation` say what is in it, in the order of a design document: the answer, the objectives,
//! the numbers, the pictures, the formulas, the scenario, how far to trust it, where it comes from. `html` and `markdown`
//! put the same parts on paper, `one_page` those that fit on a single sheet. A page loads nothing: styles, script, font and
//! pictures are in it.

mod document;
mod html;
mod index;
mod inline;
mod markdown;
mod numbers;
mod one_page;
mod reasons;
mod recommendation;
mod run;
mod sweep;
#[cfg(test)]
mod tests;
mod trust;

pub use crate::render::report::html::html;
pub use crate::render::report::index::{Entry, index};
pub use crate::render::report::markdown::markdown;
pub use crate::render::report::one_page::one_page;
pub use crate::render::report::recommendation::recommendation;
pub use crate::render::report::run::{drawable as run_pictures, run};
pub use crate::render::report::sweep::{own_point, sweep};

use crate::experiment::objectives::Judged;
use crate::render::plot::Picture;
use crate::render::report::trust::Trust;
use crate::render::table::{self, Table};

/// A document before it is put on paper.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Name of the job.
    pub title: String,
    /// What was done: one line.
    pub subtitle: String,
    /// The answer, in one sentence.
    pub headline: String,
    /// In the order of reading.
    pub sections: Vec<Section>,
}

/// A part of the document under a heading of its own; never empty.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    /// Heading.
    pub heading: &'static str,
    /// What stands below it.
    pub parts: Vec<Part>,
    /// What of it stands on a single sheet; may be empty.
    pub brief: Vec<Part>,
}

/// Something in a section.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// A paragraph.
    Text(String),
    /// Sentences with the same weight.
    List(Vec<String>),
    /// The few numbers to remember.
    Numbers(Vec<Number>),
    /// A name and what there is to say about it.
    Facts(Vec<(String, String)>),
    /// A table that can be sorted.
    Table(Table),
    /// A picture with what it tells.
    Picture(Box<Picture>),
    /// Text to copy.
    Code {
        /// Where it is pasted.
        place: &'static str,
        /// The text.
        text: String,
    },
    /// Long text, folded away.
    Folded {
        /// What is folded.
        summary: String,
        /// The text.
        text: String,
    },
}

/// A number to remember.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number {
    /// What it is.
    pub name: String,
    /// With its unit.
    pub value: String,
    /// Its interval or its circumstances; may be empty.
    pub note: String,
}

/// Where results come from, beyond what they say themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Provenance {
    /// Digest of the results.
    pub digest: String,
    /// More facts, such as the file of the scenario; without paths and clocks, so that the report is the same everywhere.
    pub more: Vec<(String, String)>,
}

impl Section {
    /// A section, if there is something in it.
    fn new(heading: &'static str, parts: impl IntoIterator<Item = Part>) -> Option<Section> {
        let parts: Vec<Part> = parts.into_iter().collect();
        (!parts.is_empty()).then_some(Section {
            heading,
            parts,
            brief: Vec::new(),
        })
    }

    /// The same, with these parts on a single sheet.
    fn briefly(self, parts: impl IntoIterator<Item = Part>) -> Section {
        let brief = parts.into_iter().collect();
        Section { brief, ..self }
    }

    /// The same, with all its parts on a single sheet.
    fn in_brief(self) -> Section {
        let parts = self.parts.clone();
        self.briefly(parts)
    }
}

/// What must hold and whether it does; `at` says where that was measured, and may be empty.
fn objectives(judged: &[Judged], at: String) -> Option<Section> {
    if judged.is_empty() {
        return None;
    }
    let table = table::objectives(judged);
    let mut meanings: Vec<String> = Vec::new();
    for metric in judged.iter().map(|one| &one.objective.metric) {
        let meaning = format!("`{}`: {}", metric.name, metric.meaning);
        if !metric.meaning.is_empty() && !meanings.contains(&meaning) {
            meanings.push(meaning);
        }
    }
    let whole = Table {
        title: at,
        notes: meanings,
        ..table.clone()
    };
    let section = Section::new("Objectives", [Part::Table(whole)])?;
    Some(section.briefly([Part::Table(table)]))
}

/// All pictures; the first one carries the answer.
fn pictures(all: Vec<Picture>) -> Option<Section> {
    let parts = all.into_iter().map(|one| Part::Picture(Box::new(one)));
    let section = Section::new("Pictures", parts)?;
    let first = section.parts[0].clone();
    Some(section.briefly([first]))
}

/// The pictures in order, their names numbered from 01.
pub fn numbered(pictures: Vec<Picture>) -> Vec<Picture> {
    let number = |(index, mut picture): (usize, Picture)| {
        picture.name = format!("{:02}-{}", index + 1, picture.name);
        picture
    };
    pictures.into_iter().enumerate().map(number).collect()
}

/// The parts that every report ends with.
fn end(
    scenario_toml: &str,
    trust: Trust,
    provenance: Vec<(String, String)>,
) -> [Option<Section>; 3] {
    let scenario = (!scenario_toml.is_empty()).then(|| Part::Folded {
        summary: "Every key with its value, defaults included".to_owned(),
        text: scenario_toml.to_owned(),
    });
    [
        Section::new("Effective scenario", scenario),
        Section::new("How far to trust it", trust.parts).map(|all| all.briefly(trust.brief)),
        Section::new("Provenance", [Part::Facts(provenance)]).map(Section::in_brief),
    ]
}

/// What identifies results: who made them, of what.
fn facts(
    version: &str,
    (seed, replications): (u64, Option<u32>),
    sha256: &str,
    provenance: &Provenance,
) -> Vec<(String, String)> {
    let mut facts = vec![
        ("Simulated by", format!("ckptsim {version}")),
        ("Seed", seed.to_string()),
    ];
    facts.extend(replications.map(|n| ("Replications", n.to_string())));
    facts.push(("Scenario SHA-256", sha256.to_owned()));
    facts.push(("Digest of the results", provenance.digest.clone()));
    facts
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .chain(provenance.more.iter().cloned())
        .collect()
}
