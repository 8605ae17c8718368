//! Scenarios that are part of the program: `:production` wherever a scenario file is named, so that every example can be tried
//! where the program is installed.

use std::path::Path;

use crate::scenario::diagnostic::{Diagnostic, meant};

/// What a name begins with that is no file's.
const MARK: char = ':';

/// A production job with large state.
pub const PRODUCTION: &str = include_str!("../../scenarios/production-2min.toml");
/// A job with a hot key.
pub const SKEWED_JOIN: &str = include_str!("../../scenarios/skewed-join.toml");

/// Names without their mark, and texts.
const SCENARIOS: [(&str, &str); 5] = [
    ("production", PRODUCTION),
    ("skewed-join", SKEWED_JOIN),
    (
        "one-barrier",
        include_str!("../../scenarios/one-barrier.toml"),
    ),
    (
        "autoscaler",
        include_str!("../../scenarios/autoscaler.toml"),
    ),
    (
        "history-backfill",
        include_str!("../../scenarios/history-backfill.toml"),
    ),
];

/// All of them as they are written on a command line: `:production`, `:skewed-join` ...
pub fn names() -> String {
    SCENARIOS
        .map(|(known, _)| format!("`{MARK}{known}`"))
        .join(", ")
}

/// The name without its mark, if the path names something built in.
pub fn name(path: &Path) -> Option<&str> {
    path.to_str()?.strip_prefix(MARK)
}

/// The text of a built-in scenario; the error says which there are.
pub fn text(name: &str) -> Result<&'static str, Diagnostic> {
    let found = SCENARIOS.iter().find(|(known, _)| *known == name);
    found.map(|(_, text)| *text).ok_or_else(|| {
        let names = SCENARIOS.map(|(known, _)| known);
        let mut problem = Diagnostic::error(format!("there is no built-in scenario `{name}`"));
        problem.help.extend(meant(name, &names, "built in are"));
        problem
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::load::load;

    #[test]
    fn every_built_in_scenario_can_be_loaded_by_its_name() {
        for (known, _) in SCENARIOS {
            let loaded = load(Path::new(&format!("{MARK}{known}")), &[]).unwrap();
            assert_eq!(loaded.origin(), format!("{MARK}{known}"));
        }
    }

    #[test]
    fn another_name_is_refused_with_those_that_there_are() {
        let problem = text("productoin").unwrap_err();
        assert_eq!(problem.help[0], "did you mean `production`?");
        assert_eq!(name(Path::new("./:production")), None);
    }
}
