//! Problems of files for programs: JSON of our own, commands of GitHub's workflows, and SARIF.

use serde_json::{Value, json};

use crate::scenario::diagnostic::{Diagnostic, Place, Severity};
use crate::scenario::lint::rules::RULES;

/// One problem as JSON.
pub fn json(problem: &Diagnostic) -> Value {
    let (line, column) = problem.place.as_ref().map(Place::line_column).unzip();
    json!({
        "severity": word(problem.severity),
        "code": problem.code,
        "message": problem.message,
        "where": problem.place.as_ref().map(|place| &place.source.name),
        "line": line,
        "column": column,
        "help": problem.help,
    })
}

/// A line that GitHub's workflows show beside the code (workflow commands `error`, `warning`, `notice`); `file` is that of
/// problems without a place.
pub fn github(problem: &Diagnostic, file: &str) -> String {
    let level = match problem.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let file = problem
        .place
        .as_ref()
        .map_or(file, |place| &place.source.name);
    let (line, column) = problem.place.as_ref().map_or((1, 1), Place::line_column);
    let title = problem.code.unwrap_or("ckptsim");
    format!(
        "::{level} file={},line={line},col={column},title={title}::{}",
        escaped(file, true),
        escaped(&told(problem), false)
    )
}

/// Everything as one document of the Static Analysis Results Interchange Format 2.1.0.
pub fn sarif(found: &[(String, Vec<Diagnostic>)]) -> Value {
    let rules = RULES.iter().map(|rule| {
        json!({
            "id": rule.code,
            "shortDescription": { "text": rule.title },
            "fullDescription": { "text": rule.explanation },
        })
    });
    let results = found.iter().flat_map(|(file, problems)| {
        problems.iter().map(move |problem| {
            let (line, column) = problem.place.as_ref().map_or((1, 1), Place::line_column);
            let mut result = json!({
                "level": word(problem.severity),
                "message": { "text": told(problem) },
                "locations": [{ "physicalLocation": {
                    "artifactLocation": { "uri": file },
                    "region": { "startLine": line, "startColumn": column },
                }}],
            });
            if let Some(code) = problem.code {
                result["ruleId"] = json!(code);
            }
            result
        })
    });
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "ckptsim",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.collect::<Vec<Value>>(),
            }},
            "results": results.collect::<Vec<Value>>(),
        }],
    })
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

fn told(problem: &Diagnostic) -> String {
    let help = problem.help.iter().map(|help| format!(" ({help})"));
    std::iter::once(problem.message.clone())
        .chain(help)
        .collect()
}

/// What means something to GitHub is written as bytes.
fn escaped(text: &str, is_property: bool) -> String {
    let text = text
        .replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A");
    if is_property {
        text.replace(':', "%3A").replace(',', "%2C")
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem() -> Diagnostic {
        Diagnostic {
            code: Some("CK020"),
            ..Diagnostic::warning("100 % wrong\n::error::x").help("did you mean `y`?")
        }
    }

    #[test]
    fn no_text_of_a_problem_is_a_command_of_its_own() {
        assert_eq!(
            github(&problem(), "a,b.yaml"),
            "::warning file=a%2Cb.yaml,line=1,col=1,title=CK020::100 %25 wrong%0A::error::x (did you mean `y`?)"
        );
    }

    #[test]
    fn sarif_has_a_rule_for_every_result() {
        let document = sarif(&[("a.yaml".to_owned(), vec![problem()])]);
        let run = &document["runs"][0];
        let id = &run["results"][0]["ruleId"];
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        assert!(rules.iter().any(|rule| rule["id"] == *id));
        assert_eq!(run["results"][0]["level"], "warning");
    }
}
