//! Whether the checkpoints of a run were consistent cuts.

use crate::measure::Consistency;
use crate::measure::consistency::{VertexState, Violation};
use crate::render::table::{Align, Cell, Table};

/// Violations that are listed.
const LISTED: usize = 10;

/// What was checked and found, above the states of the vertices at the end.
pub fn consistency(found: &Consistency) -> Table {
    let Consistency {
        checkpoints,
        violations,
        ..
    } = found;
    let duplicated = found.duplicated_records();
    let listed = violations.iter().take(LISTED);
    let mut notes: Vec<String> = listed.map(Violation::sentence).collect();
    if violations.len() > LISTED {
        notes.push(format!("... and {} more", violations.len() - LISTED));
    }
    if found.repeated > 0 {
        notes.push(format!(
            "{} records are in the states once too often: processed again after a restore, as at-least-once allows",
            found.repeated
        ));
    }
    let columns = [
        ("State at the end", Align::Left),
        ("Records", Align::Right),
        ("Checksum", Align::Left),
    ];
    let row = |state: &VertexState| {
        vec![
            state.vertex.clone().into(),
            Cell::Written(state.records.to_string(), state.records as f64),
            state.checksum.clone().into(),
        ]
    };
    Table {
        title: format!(
            "Consistency: {checkpoints} checkpoints checked, {} violations, {duplicated} records would be processed twice",
            violations.len()
        ),
        notes,
        ..Table::new(columns, found.states.iter().map(row))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::consistency::Duplicates;
    use crate::units::SimTime;

    #[test]
    fn a_violation_is_told_in_a_sentence() {
        let violation = Violation {
            invariant: "every subtask takes part in the checkpoint".to_owned(),
            checkpoint: Some(7),
            at: SimTime::ZERO,
            place: "map #1".to_owned(),
            expected: "a part".to_owned(),
            found: "none".to_owned(),
        };
        let duplicates = Duplicates {
            checkpoint: 7,
            at: SimTime::ZERO,
            channel: "in #0 -> map #1".to_owned(),
            sent: 10,
            processed: 14,
        };
        let found = Consistency {
            checkpoints: 8,
            violations: vec![violation; 12],
            duplicates: vec![duplicates],
            waiting: 0,
            repeated: 3,
            states: vec![VertexState {
                vertex: "map".to_owned(),
                records: 20,
                checksum: "00000000000000ff".to_owned(),
                subtasks: vec![(20, "00000000000000ff".to_owned())],
            }],
        };
        let text = consistency(&found).text(100);
        assert!(text.contains("8 checkpoints checked, 12 violations, 4 records"));
        assert!(text.contains("checkpoint 7 (0.000 s), map #1: a part expected, none found"));
        assert!(text.contains("3 records are in the states once too often"));
        assert!(text.contains("... and 2 more") && text.contains("00000000000000ff"));
    }
}
