//! What must be said about a scenario that was made of answers.

/// Sentences for the head of the scenario; warnings are also said on the terminal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remarks {
    /// What could not be read as it is: the simulated job differs from the real one there.
    pub warnings: Vec<String>,
    /// What had to be assumed.
    pub assumptions: Vec<String>,
}

impl Remarks {
    /// Something that must not be overlooked; said once.
    pub fn warn(&mut self, text: impl Into<String>) {
        let text = text.into();
        if !self.warnings.contains(&text) {
            self.warnings.push(text);
        }
    }

    /// Something that is only probable.
    pub fn assume(&mut self, text: impl Into<String>) {
        self.assumptions.push(text.into());
    }
}
