//! Pictures: a real checkpoint by subtask, drawn as those of a simulation are, and the one that it is compared with.

use crate::experiment::why::Why;
use crate::experiment::{JobEnd, RunResult, VertexResult};
use crate::measure::CheckpointRecord;
use crate::recording::real::Real;
use crate::render::number::Unit;
use crate::render::plot::{Picture, gantt};
use crate::units::SimTime;

/// The checkpoint that is explained, then the other one.
pub fn real_pictures(real: &Real, why: &Why) -> Vec<Picture> {
    let run = as_run(real);
    let other = why.against.as_ref().map(|other| other.checkpoint);
    let ids = [Some(why.checkpoint), other];
    let found = ids.into_iter().flatten().filter_map(|id| {
        let record = real.checkpoints.iter().find(|record| record.id == id)?;
        gantt::drawing(&run, record, &real.job)
    });
    let drawn = found.flatten().map(|drawing| {
        let mut chart = drawing.chart;
        chart.subtitle = subtitle(real, &drawing.suffix);
        let footer = concat!(
            "measured by Flink, drawn by ckptsim ",
            env!("CARGO_PKG_VERSION")
        );
        footer.clone_into(&mut chart.footer);
        Picture {
            name: format!("{}{}", gantt::KIND.name, drawing.suffix),
            kind: &gantt::KIND,
            chart,
            data: drawing.data,
        }
    });
    drawn.collect()
}

fn subtitle(real: &Real, suffix: &str) -> String {
    let id = suffix.trim_start_matches('-');
    let record = real
        .checkpoints
        .iter()
        .find(|record| record.id.to_string() == id);
    let ended = record.and_then(CheckpointRecord::end_to_end);
    let took = ended.map_or_else(
        || "did not complete".to_owned(),
        |took| format!("took {}", Unit::Time.text(took.as_secs_f64())),
    );
    format!("{} · checkpoint {id} of the real job · {took}", real.job)
}

/// The form in which pictures expect a job.
fn as_run(real: &Real) -> RunResult {
    let vertices = real.vertices.iter().map(|vertex| VertexResult {
        name: vertex.name.clone(),
        parallelism: vertex.hosts.len(),
        records_per_s: 0.0,
        subtask_records_per_s: Vec::new(),
        busy: Vec::new(),
        backpressured: Vec::new(),
        idle: Vec::new(),
    });
    RunResult {
        seed: 0,
        replication: 0,
        digest: String::new(),
        events: 0,
        buffers_processed: 0,
        end: SimTime::ZERO,
        warmup: SimTime::ZERO,
        job_end: JobEnd::Running,
        checkpoints: real.checkpoints.clone(),
        failed_in_preflight: 0,
        requests_refused: 0,
        created_share: None,
        latency: None,
        recoveries: Vec::new(),
        skipped: Vec::new(),
        vertices: vertices.collect(),
        timeline: None,
        consistency: None,
        occupancy: None,
        course: crate::experiment::course::Course::default(),
    }
}
