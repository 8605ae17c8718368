//! Whether a job moved between two readings of its counters, and what counts if it did not.

use crate::recording::answers::Vertex;
use crate::recording::answers::remarks::Remarks;

/// Chooses, for every vertex, the time that counts: between the two readings, or since the start of its tasks if nothing
/// can be told from these.
pub fn settle(vertices: &mut [Vertex], remarks: &mut Remarks) {
    if !vertices.iter().any(read_twice) {
        if vertices.iter().any(Vertex::moves) {
            remarks.assume(
                "the counters were read once: rates are averages since the start of the tasks",
            );
        } else {
            remarks.warn("no record was counted yet: rates and service times are assumed");
        }
        return;
    }
    let seconds = vertices.iter().filter_map(longest_span).fold(0.0, f64::max) / 1000.0;
    if !vertices.iter().any(Vertex::moves) {
        if seconds > 0.0 {
            remarks.warn(format!(
                "the job stands still: no record was read or written between the two readings, {seconds:.0} s apart; \
                 rates and service times are averages since the start of its tasks"
            ));
        } else {
            remarks.warn(
                "the JobManager answered the same counters twice (metrics.fetcher.update-interval): rates are averages \
                 since the start of the tasks; a larger --observe shows what happens now",
            );
        }
        for vertex in vertices {
            vertex.count_from(0.0);
        }
        return;
    }
    for vertex in vertices {
        if vertex.moves() && vertex.subtasks.iter().all(is_updated) {
            continue;
        }
        vertex.count_from(0.0);
        if vertex.moves() {
            remarks.assume(format!(
                "`{}`: nothing was counted between the two readings: averages since the start of its tasks",
                vertex.node.name
            ));
        }
    }
}

fn read_twice(vertex: &Vertex) -> bool {
    let mut subtasks = vertex.subtasks.iter();
    subtasks.any(|subtask| subtask.counters.is_read_twice())
}

/// Between the readings of a subtask, on its own clock.
fn longest_span(vertex: &Vertex) -> Option<f64> {
    let windows = vertex.subtasks.iter();
    let spans = windows.filter_map(|subtask| {
        let (first, last) = subtask.counters.window()?;
        Some(last - first)
    });
    spans.reduce(f64::max)
}

/// Whether the second reading of a subtask is later than its first: TaskManagers report one by one.
fn is_updated(subtask: &crate::recording::answers::Subtask) -> bool {
    let window = subtask.counters.window();
    !subtask.counters.is_read_twice() || window.is_some_and(|(first, last)| last > first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::answers::graph::Node;
    use crate::recording::answers::series::Counter;
    use serde_json::{Value, json};

    /// A vertex of one subtask: records read and milliseconds run at two readings.
    fn vertex(readings: [(u64, u64); 2]) -> Vertex {
        let answers = readings.map(|(records, ran)| {
            json!({ "now": 100_000 + ran, "subtasks": [{
                "subtask": 0, "start-time": 100_000,
                "metrics": {
                    "read-records": records, "accumulated-busy-time": 0.0,
                    "accumulated-idle-time": ran, "accumulated-backpressured-time": 0,
                },
            }]})
        });
        let node = Node {
            id: "a".to_owned(),
            name: "a".to_owned(),
            parallelism: 1,
            max_parallelism: None,
            inputs: Vec::new(),
            window: None,
        };
        let answers: Vec<&Value> = answers.iter().collect();
        Vertex::read(node, &answers)
    }

    fn rate(vertex: &Vertex) -> Option<f64> {
        vertex.subtasks[0].counters.per_second(Counter::RecordsIn)
    }

    #[test]
    fn a_job_that_stands_still_is_said_and_shown_as_it_was() {
        let mut vertices = [vertex([(4000, 20_000), (4000, 40_000)])];
        let mut remarks = Remarks::default();
        settle(&mut vertices, &mut remarks);
        assert!(remarks.warnings[0].contains("stands still"), "{remarks:?}");
        assert!(remarks.warnings[0].contains("20 s apart"), "{remarks:?}");
        assert_eq!(rate(&vertices[0]), Some(100.0));
    }

    #[test]
    fn the_same_answer_twice_is_no_standstill() {
        let mut vertices = [vertex([(4000, 20_000), (4000, 20_000)])];
        let mut remarks = Remarks::default();
        settle(&mut vertices, &mut remarks);
        assert!(
            remarks.warnings[0].contains("same counters twice"),
            "{remarks:?}"
        );
        assert_eq!(rate(&vertices[0]), Some(200.0));
    }

    #[test]
    fn a_vertex_that_rests_while_others_move_shows_its_average() {
        let moving = vertex([(1000, 20_000), (2000, 40_000)]);
        let resting = vertex([(4000, 20_000), (4000, 40_000)]);
        let mut vertices = [moving, resting];
        let mut remarks = Remarks::default();
        settle(&mut vertices, &mut remarks);
        assert_eq!(rate(&vertices[0]), Some(50.0));
        assert_eq!(rate(&vertices[1]), Some(100.0));
        assert!(remarks.warnings.is_empty(), "{remarks:?}");
        assert_eq!(remarks.assumptions.len(), 1);
    }
}
