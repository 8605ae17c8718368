//! Why a result is as it is, and what would help: in the words of the terminal.

use crate::experiment::explain::Explanation;
use crate::experiment::recommend::Recommendation;
use crate::experiment::run_document;
use crate::render::explain::{attempt, path, what_if_table, why};
use crate::render::key_name::capital;
use crate::render::recommend::because;
use crate::render::report::{Part, Section};

const WHY: &str = "Why";
const HELP: &str = "What would help";

/// What would help, among the reasons of a recommendation.
const LEVERS: &str = "Levers";
/// Closed forms, which have a section of their own.
const FORMULAS: &str = "Formulas";
/// Reasons for which a single sheet has room; the costs have a table there.
const BRIEF: [&str; 5] = ["Range", "Binds", "Apart", "Runner-up", "In use"];

/// Why the slowest checkpoint of a run took so long, and which options would have helped it.
pub fn of_run(explanation: &Explanation) -> [Option<Section>; 2] {
    let sentence = capital(&why(explanation));
    let path = Part::Folded {
        summary: "Its critical path, from the trigger to the last acknowledgement".to_owned(),
        text: path(explanation),
    };
    let why = Section::new(WHY, [Part::Text(sentence.clone()), path]);
    let best = Part::Text(capital(&attempt(explanation, run_document::FILE)));
    let tried = (!explanation.what_if.is_empty()).then(|| Part::Table(what_if_table(explanation)));
    let help = Section::new(HELP, std::iter::once(best.clone()).chain(tried));
    [
        why.map(|section| section.briefly([Part::Text(sentence)])),
        help.map(|section| section.briefly([best])),
    ]
}

/// What a recommendation rests on, and which levers would help where nothing meets the objectives.
pub fn of_recommendation(found: &Recommendation) -> [Option<Section>; 2] {
    let told: Vec<(&str, String)> = because(found)
        .into_iter()
        .filter(|(name, sentences)| *name != FORMULAS && !sentences.is_empty())
        .map(|(name, sentences)| (name, sentences.join("; ")))
        .collect();
    let facts = |chosen: &dyn Fn(&str) -> bool| {
        let facts = told.iter().filter(|(name, _)| chosen(name));
        let facts: Vec<(String, String)> = facts
            .map(|(name, sentences)| ((*name).to_owned(), sentences.clone()))
            .collect();
        (!facts.is_empty()).then_some(Part::Facts(facts))
    };
    let why = Section::new(WHY, facts(&|name| name != LEVERS));
    let help = Section::new(HELP, facts(&|name| name == LEVERS));
    [
        why.map(|section| section.briefly(facts(&|name| BRIEF.contains(&name)))),
        help.map(Section::in_brief),
    ]
}
