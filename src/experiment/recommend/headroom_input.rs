//! What `--find` can find the limit of.

use crate::scenario::diagnostic::{Diagnostic, Diagnostics, enumerate, similar};

/// What `--find` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sought {
    /// An input that can be made any size: its name in the table of inputs, and whether more of it is harder.
    Input(&'static str, bool),
    /// TaskManagers, with the parallelism in proportion; fewer are harder.
    TaskManagers,
}

const SOUGHT: &[(&str, Sought)] = &[
    ("rate", Sought::Input("input rate", true)),
    ("state", Sought::Input("state size", true)),
    ("dirty", Sought::Input("dirty rate", true)),
    ("write-bandwidth", Sought::Input("write bandwidth", false)),
    ("read-bandwidth", Sought::Input("read bandwidth", false)),
    ("mtbf", Sought::Input("time between failures", false)),
    ("taskmanagers", Sought::TaskManagers),
];

impl Sought {
    /// Reads `--find`.
    pub fn parse(word: &str) -> Result<Sought, Diagnostics> {
        if let Some((_, sought)) = SOUGHT.iter().find(|(name, _)| *name == word) {
            return Ok(*sought);
        }
        let names: Vec<&str> = SOUGHT.iter().map(|(name, _)| *name).collect();
        let problem = Diagnostic::error(format!("`{word}` is nothing that --find knows"));
        let help = match similar(word, names.iter().copied()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("it finds the limit of {}", enumerate(&names)),
        };
        Err(Diagnostics(vec![problem.help(help)]))
    }

    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Sought::Input(name, _) => name,
            Sought::TaskManagers => "TaskManagers",
        }
    }

    /// Whether more of it is harder.
    pub fn more_is_harder(self) -> bool {
        match self {
            Sought::Input(_, harder) => harder,
            Sought::TaskManagers => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sought_is_read_with_a_hint() {
        assert_eq!(Sought::parse("taskmanagers").unwrap(), Sought::TaskManagers);
        let refused = Sought::parse("ratee").unwrap_err().to_string();
        assert!(refused.contains("did you mean `rate`"), "{refused}");
    }
}
