//! What `run` says on a terminal, the most important first.

use crate::experiment::explain::{Explain, Explanation};
use crate::experiment::simulate::Simulated;
use crate::experiment::{JobEnd, PointSummary};
use crate::measure::CloseUp;
use crate::render::explain::{attempt, why};
use crate::render::number::counted;
use crate::render::table;
use crate::scenario::load::Loaded;

/// Runs with more events than this are not made again with other options: that would take longer than the run.
const EVENTS_MAX: u64 = 4_000_000;

/// Objectives, headline, phases, why and what to try, vertices, formulas. `file` = the scenario, to name it in advice.
pub fn text(
    loaded: &Loaded,
    outcome: &Simulated,
    file: &str,
    explanation: Option<&Explanation>,
) -> String {
    let Simulated { first, summary, .. } = outcome;
    let job = &loaded.scenario.job;
    let end = match &first.job_end {
        JobEnd::Running => String::new(),
        JobEnd::Failed { at, reason } => {
            format!("\nThe job failed after {at}: {reason}")
        }
    };
    let mut blocks = vec![format!(
        "{}: {}, {} simulated, {}, scenario {}{end}",
        job.name,
        counted(loaded.scenario.subtasks(), "subtask"),
        job.duration,
        counted(job.replications as usize, "replication"),
        &loaded.sha256()[..8],
    )];
    if !outcome.objectives.is_empty() {
        blocks.push(table::objectives(&outcome.objectives).text());
    }
    blocks.push(table::headline(summary).text());
    blocks.push(table::phases(first).text());
    blocks.extend(explanation.map(|why| advice(why, file)));
    blocks.push(table::vertices(first).text());
    blocks.push(table::formulas(&summary.comparisons).text());
    blocks.extend(costs(loaded, summary));
    if let Some(found) = &first.consistency {
        blocks.push(table::consistency(found).text());
    }
    let blocks: Vec<&str> = blocks
        .iter()
        .map(|block| block.trim_end_matches('\n'))
        .collect();
    blocks.join("\n\n")
}

fn costs(loaded: &Loaded, summary: &PointSummary) -> Option<String> {
    let prices = &loaded.scenario.storage.prices.note;
    Some(table::costs(summary, prices)?.text())
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

fn advice(explanation: &Explanation, file: &str) -> String {
    table::named(&[
        ("why", &why(explanation)),
        ("try", &attempt(explanation, file)),
    ])
}
