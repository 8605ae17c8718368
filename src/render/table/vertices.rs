//! Vertices of a run: throughput, and how their subtasks spend their time.

use crate::experiment::{RunResult, VertexResult};
use crate::render::number::Unit;
use crate::render::table::{Align, Cell, Table};

/// One row per vertex; shares of time of the busiest subtask and on average.
pub fn vertices(run: &RunResult) -> Table {
    let columns = [
        "Vertex",
        "Subtasks",
        "Throughput",
        "Busy mean",
        "Busy max",
        "Backpressured",
        "Idle",
    ];
    let aligns = std::iter::once(Align::Left).chain(std::iter::repeat(Align::Right));
    Table::new(
        columns.into_iter().zip(aligns),
        run.vertices.iter().map(row),
    )
}

fn row(vertex: &VertexResult) -> Vec<Cell> {
    let mean = |shares: &[f64]| shares.iter().sum::<f64>() / shares.len().max(1) as f64;
    let share = |value: f64| Cell::About(Unit::Share, value);
    vec![
        vertex.name.clone().into(),
        Cell::count(vertex.parallelism),
        Cell::About(Unit::RecordsPerSecond, vertex.records_per_s),
        share(mean(&vertex.busy)),
        share(vertex.busy.iter().copied().fold(0.0, f64::max)),
        share(mean(&vertex.backpressured)),
        share(mean(&vertex.idle)),
    ]
}
