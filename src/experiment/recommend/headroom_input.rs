//! What `--find` can find the limit of.

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
    /// What `--find` takes.
    pub fn words() -> impl Iterator<Item = &'static str> {
        SOUGHT.iter().map(|(word, _)| *word)
    }

    /// What this word means.
    pub fn named(word: &str) -> Option<Sought> {
        let found = SOUGHT.iter().find(|(known, _)| *known == word);
        found.map(|(_, sought)| *sought)
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
    use crate::experiment::recommend::inputs;

    #[test]
    fn every_input_that_is_sought_is_in_the_table() {
        for word in Sought::words() {
            let name = Sought::named(word).unwrap().name();
            let known = inputs::ALL.iter().any(|input| input.name == name);
            assert!(known || word == "taskmanagers", "{word}");
        }
        assert_eq!(Sought::named("ratee"), None);
    }
}
