//! Which subtasks get a line, and how the rest is folded.

use crate::experiment::RunResult;
use crate::measure::{CheckpointRecord, SubtaskRecord};
use crate::render::number::Unit;
use crate::render::plot::gantt::{total, vertex_name};

/// Bars in one picture; the rest is folded.
const MOST_ROWS: usize = 40;
/// Vertices with bars of their own.
const MOST_VERTICES: usize = 12;

/// A subtask with its number.
pub type Bar<'r> = (usize, &'r SubtaskRecord);

/// One line of the picture, from top to bottom.
pub enum Row<'r> {
    /// Name of the vertex and what is said about it.
    Vertex(String),
    /// A subtask.
    Bar(Bar<'r>),
    /// Subtasks that are not shown.
    Folded(String),
}

/// Vertices in the order of the job, subtasks slowest first; room is shared by need.
pub fn rows<'r>(run: &'r RunResult, checkpoint: &'r CheckpointRecord) -> Vec<Row<'r>> {
    let mut rows = Vec::new();
    let groups: Vec<Vec<Bar>> = checkpoint
        .subtasks
        .iter()
        .map(|subtasks| {
            let numbered = subtasks.iter().enumerate();
            let mut bars: Vec<Bar> = numbered
                .filter_map(|(index, record)| Some((index, record.as_ref()?)))
                .collect();
            bars.sort_by_key(|(index, record)| (std::cmp::Reverse(record.ack), *index));
            bars
        })
        .collect();
    let shown = groups.len().min(MOST_VERTICES);
    let share = share(
        &groups.iter().take(shown).map(Vec::len).collect::<Vec<_>>(),
        MOST_ROWS,
    );
    for (vertex, bars) in groups.iter().enumerate().take(shown) {
        let parallelism = checkpoint.subtasks[vertex].len();
        let missing = parallelism - bars.len();
        rows.push(Row::Vertex(vertex_name(run, vertex)));
        rows.extend(bars.iter().take(share[vertex]).map(|bar| Row::Bar(*bar)));
        if let Some((_, next)) = bars.get(share[vertex]) {
            let bound = Unit::Time.text(round_up(total(checkpoint.trigger, next)));
            rows.push(Row::Folded(format!(
                "… {} more, none above {bound}",
                bars.len() - share[vertex]
            )));
        }
        if missing > 0 {
            rows.push(Row::Folded(format!(
                "{missing} of {parallelism} never acknowledged"
            )));
        }
    }
    if groups.len() > shown {
        rows.push(Row::Folded(format!(
            "… {} more vertices",
            groups.len() - shown
        )));
    }
    rows
}

/// Splits `room` among groups of these sizes: small groups get all they need, large ones share what is left.
fn share(sizes: &[usize], room: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..sizes.len()).collect();
    order.sort_by_key(|index| (sizes[*index], *index));
    let mut result = vec![0; sizes.len()];
    let (mut left, mut waiting) = (room, sizes.len());
    for index in order {
        result[index] = sizes[index].min(left / waiting);
        left -= result[index];
        waiting -= 1;
    }
    result
}

/// Two digits, rounded up: a bound that may be printed.
fn round_up(seconds: f64) -> f64 {
    if seconds <= 0.0 || !seconds.is_finite() {
        return 0.0;
    }
    let unit = 10f64.powi(libm::floor(libm::log10(seconds)) as i32 - 1);
    (seconds / unit).ceil() * unit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_groups_get_all_they_need() {
        assert_eq!(share(&[4, 48, 16], 40), [4, 20, 16]);
        assert_eq!(share(&[2, 3], 40), [2, 3]);
        assert_eq!(share(&[], 40), [0; 0]);
    }

    #[test]
    fn a_bound_is_rounded_up() {
        assert_eq!(Unit::Time.text(round_up(3.361)), "3.40 s");
        assert_eq!(Unit::Time.text(round_up(0.0)), "0 s");
    }
}
