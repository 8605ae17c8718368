//! What `run` says on a terminal, the most important first.

use crate::experiment::JobEnd;
use crate::experiment::explain::{Explain, Explanation};
use crate::experiment::simulate::Simulated;
use crate::measure::CloseUp;
use crate::render::explain::{attempt, why};
use crate::render::number::counted;
use crate::render::table::{self, Table};
use crate::scenario::load::Loaded;

/// Runs with more events than this are not made again with other options: that would take longer than the run.
const EVENTS_MAX: u64 = 4_000_000;

/// What it is made of.
pub struct Summary<'a> {
    /// The scenario.
    pub loaded: &'a Loaded,
    /// What came out.
    pub outcome: &'a Simulated,
    /// The scenario's file as a word of a shell, to name it in advice.
    pub file: &'a str,
    /// Why the slowest checkpoint took so long; nothing if none completed.
    pub explanation: Option<&'a Explanation>,
    /// All formulas, not only those of the documents.
    pub all_formulas: bool,
    /// Columns of the terminal.
    pub width: usize,
}

impl Summary<'_> {
    /// What did not complete, objectives, headline, phases, why and what to try, vertices, formulas, costs, what to do next.
    pub fn text(&self) -> String {
        let Simulated { first, summary, .. } = self.outcome;
        let width = self.width;
        let wanted = &self.outcome.objectives;
        let formulas = table::some_formulas(&summary.comparisons, self.all_formulas);
        let prices = &self.loaded.scenario.storage.prices.note;
        let consistency = first.consistency.as_ref().map(table::consistency);
        let text = |table: Table| table.text(width);
        let blocks = [
            Some(self.title()),
            table::not_completed(first, self.replications())
                .map(|what| table::named(&[("", &what)], width)),
            (!wanted.is_empty()).then(|| text(table::objectives(wanted))),
            Some(text(table::headline(summary))),
            Some(text(table::phases(first))),
            table::savepoints(first).map(text),
            self.advice(),
            Some(text(table::vertices(first))),
            (!formulas.rows.is_empty()).then(|| text(formulas)),
            table::costs(summary, prices).map(text),
            consistency.map(text),
            Some(table::named(&[("next", &self.next())], width)),
        ];
        let blocks: Vec<String> = blocks
            .into_iter()
            .flatten()
            .map(|block| block.trim_end_matches('\n').to_owned())
            .collect();
        blocks.join("\n\n")
    }

    fn replications(&self) -> usize {
        self.loaded.scenario.job.replications as usize
    }

    fn title(&self) -> String {
        let (loaded, job) = (self.loaded, &self.loaded.scenario.job);
        let end = match &self.outcome.first.job_end {
            JobEnd::Running => String::new(),
            JobEnd::Failed { at, reason } => {
                format!("\nThe job failed after {at}: {reason}")
            }
        };
        format!(
            "{}: {}, {} simulated, {}, scenario {}{end}",
            job.name,
            counted(loaded.scenario.subtasks(), "subtask"),
            job.duration,
            counted(self.replications(), "replication"),
            &loaded.sha256()[..8],
        )
    }

    /// Why the slowest checkpoint took so long, and the option that would have helped it most.
    fn advice(&self) -> Option<String> {
        let explanation = self.explanation?;
        let attempt = attempt(explanation, self.file);
        let items = [("why", &*why(explanation)), ("try", &attempt)];
        Some(table::named(&items, self.width))
    }

    /// The command that a reader would want now.
    fn next(&self) -> String {
        let file = self.file;
        // Failures of the scenario's own need no assumption.
        let (mtbf, once) = match self.loaded.scenario.failures.random {
            None => (" --mtbf '1 day'", " if the job fails once a day"),
            Some(_) => ("", ""),
        };
        let open = self.outcome.objectives.iter();
        let open: Vec<String> = open
            .filter(|one| !one.verdict.is_met())
            .map(|one| format!(" --objective '{}'", one.objective.text))
            .collect();
        if !open.is_empty() {
            return format!(
                "`ckptsim recommend {file}{}{mtbf}` looks for an interval that meets all of it, and says what would \
                 help if none does",
                open.concat()
            );
        }
        format!(
            "`ckptsim explain {file}` follows the slowest checkpoint; `ckptsim recommend {file}{mtbf}` finds the \
             interval that costs least{once}"
        )
    }
}

/// Why the slowest checkpoint took so long, and what other options would have given; nothing if none completed.
/// `close_up` = what was seen of it already.
pub fn explanation(
    loaded: &Loaded,
    outcome: &Simulated,
    close_up: Option<&CloseUp>,
) -> Option<Explanation> {
    let small = outcome.first.events <= EVENTS_MAX;
    let asked = Explain::new(loaded, &outcome.first).seen(close_up);
    asked.what_if(small).explain().ok()
}
