//! JSON: the answers that Flink's REST API would give about the checkpoints of the run, under the paths of that API.

use serde_json::{Map, Value, json};

use crate::experiment::run_document::RunDocument;
use crate::measure::rest;
use crate::scenario::flink::{Alignment, Backend, Checkpointing, Mode};
use crate::units::SimDuration;

/// What no API of Flink gives: the scenario (TOML) that was simulated.
pub const SCENARIO: &str = "ckptsim/scenario";

/// The scenario within such an export; `None` if it is none.
pub fn scenario_of(answers: &Value) -> Option<&str> {
    answers.get("checkpoints")?;
    answers.get(SCENARIO)?.as_str()
}

/// [`SCENARIO`], `checkpoints`, `checkpoints/config`, and `checkpoints/details/<id>/subtasks/<vertex>` for all ids and vertices.
/// Vertices go by their names; timestamps count from the start of the job.
pub fn rest(run: &RunDocument, options: &Checkpointing) -> Value {
    let result = &run.result;
    let names: Vec<&str> = result
        .vertices
        .iter()
        .map(|vertex| vertex.name.as_str())
        .collect();
    let mut answers = Map::new();
    let checkpoints = rest::checkpoints(
        &result.checkpoints,
        result.failed_in_preflight,
        options.retained,
    );
    answers.insert(SCENARIO.to_owned(), run.scenario_toml.clone().into());
    answers.insert("checkpoints".to_owned(), checkpoints);
    answers.insert("checkpoints/config".to_owned(), config(options));
    for record in &result.checkpoints {
        let Value::Object(by_vertex) = rest::details(record, &names) else {
            continue;
        };
        for (vertex, details) in by_vertex {
            let path = format!("checkpoints/details/{}/subtasks/{vertex}", record.id);
            answers.insert(path, details);
        }
    }
    Value::Object(answers)
}

/// `GET /jobs/:jobid/checkpoints/config`; checkpointing that is off has the interval `Long.MAX_VALUE`.
fn config(options: &Checkpointing) -> Value {
    let timeout = match options.alignment {
        Alignment::AlignedThenUnaligned { after } => after.as_millis(),
        Alignment::Aligned | Alignment::Unaligned | Alignment::Caching { .. } => 0,
    };
    json!({
        "mode": match options.mode {
            Mode::ExactlyOnce => "exactly_once",
            Mode::AtLeastOnce => "at_least_once",
        },
        "interval": options
            .interval
            .map_or(i64::MAX.cast_unsigned(), SimDuration::as_millis),
        "timeout": options.timeout.as_millis(),
        "min_pause": options.min_pause.as_millis(),
        "max_concurrent": options.max_concurrent,
        "state_backend": match options.backend {
            Backend::HashMap => "HashMapStateBackend",
            Backend::RocksDb(_) => "EmbeddedRocksDBStateBackend",
        },
        "unaligned_checkpoints": matches!(
            options.alignment,
            Alignment::Unaligned | Alignment::AlignedThenUnaligned { .. }
        ),
        "tolerable_failed_checkpoints": options.tolerable_failures,
        "aligned_checkpoint_timeout": timeout,
        "state_changelog_enabled": options.changelog.is_some(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::export::sample;

    #[test]
    fn every_answer_stands_under_its_path() {
        let answers = rest(&sample::run(), &Checkpointing::default());
        let paths: Vec<&String> = answers.as_object().unwrap().keys().collect();
        assert_eq!(
            paths,
            [
                "checkpoints",
                "checkpoints/config",
                "checkpoints/details/1/subtasks/join",
                "checkpoints/details/1/subtasks/orders",
                "checkpoints/details/2/subtasks/join",
                "checkpoints/details/2/subtasks/orders",
                SCENARIO,
            ]
        );
        assert_eq!(answers["checkpoints"]["counts"]["failed"], 1);
        assert_eq!(answers["checkpoints/config"]["interval"], i64::MAX);
    }
}
