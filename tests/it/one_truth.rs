//! What is recommended, told and drawn is one answer: the pictures' numbers, the text, the report and the keys to paste
//! agree with `recommendation.json`.

use std::path::Path;

use serde_json::Value;

use crate::program::ckptsim;

const SCENARIO: &str = "scenarios/one-barrier.toml";

fn read(directory: &Path, ending: &str) -> String {
    let entries = std::fs::read_dir(directory).unwrap();
    let mut names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let name = names.find(|name| name.ends_with(ending));
    let name = name.unwrap_or_else(|| panic!("no {ending}"));
    std::fs::read_to_string(directory.join(name)).unwrap()
}

/// The rows of a picture's CSV, by column.
fn rows(text: &str) -> Vec<std::collections::BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows = reader.deserialize();
    rows.map(Result::unwrap).collect()
}

fn close(text: &str, value: f64) {
    let read: f64 = text.parse().unwrap();
    assert!(
        (read - value).abs() <= 1e-9 * value.abs().max(1e-12),
        "{read} {value}"
    );
}

#[test]
fn pictures_text_and_keys_show_the_recommended_interval_with_its_figures() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let out = directory.to_str().unwrap();
    let question = [
        "recommend",
        SCENARIO,
        "--quiet",
        "--no-sensitivity",
        "--objective=duration_p99<=60s",
        "--mtbf=1h",
        "--from=500 ms",
        "--to=5 s",
        "--set=job.duration=60 s",
        "--out",
        out,
    ];
    let (code, told, error) = ckptsim(&question);
    assert_eq!(code, 0, "{error}");
    let found: Value = serde_json::from_str(&read(directory, "recommendation.json")).unwrap();
    let chosen = &found["candidates"][found["chosen"].as_u64().unwrap() as usize];
    let interval_s = chosen["coordinates"][0]["value"].as_f64().unwrap();
    let label = chosen["coordinates"][0]["label"].as_str().unwrap();

    let answer = told.lines().next().unwrap();
    assert!(
        answer.starts_with(&format!("Checkpoint every {label}")),
        "{answer}"
    );
    for page in ["summary.md", "report.html"] {
        assert_eq!(ckptsim(&["report", "--quiet", out]).0, 0);
        assert!(
            read(directory, page).contains(&format!("Checkpoint every {label}")),
            "{page}"
        );
    }
    let (_, emitted, _) = ckptsim(&[&question[..9], &["--emit=flink-yaml"]].concat());
    let interval = found["changes"].as_array().unwrap().iter().find(|change| {
        change["key"]
            .as_str()
            .unwrap()
            .ends_with("checkpointing.interval")
    });
    let interval = interval.map_or("", |change| change["new"].as_str().unwrap());
    assert!(emitted.contains(interval), "{emitted}");

    let metric = |name: &str| chosen["metrics"][name]["value"].as_f64().unwrap();
    let cost = rows(&read(directory, "cost.csv"));
    let own = cost
        .iter()
        .find(|row| row["interval_s"].parse() == Ok(interval_s))
        .unwrap();
    let mut total = 0.0;
    for part in [
        "time_outage",
        "time_catch_up",
        "time_rework",
        "time_overhead",
    ] {
        close(&own[&format!("{part}_share")], metric(part));
        total += metric(part);
    }
    close(&own["total_share"], total);
    close(&own["total_share"], 1.0 - metric("efficiency"));
}

#[test]
fn the_table_the_sheet_and_the_pictures_of_a_sweep_show_the_same_points() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let out = directory.to_str().unwrap();
    let sweep = [
        "sweep",
        SCENARIO,
        "--quiet",
        "--vary=flink.execution.checkpointing.interval=500 ms, 1 s",
        "--set=job.duration=20 s",
        "--out",
        out,
    ];
    assert_eq!(ckptsim(&sweep).0, 0);
    let saved: Value = serde_json::from_str(&read(directory, "results.json")).unwrap();
    let points = rows(&read(directory, "points.csv"));
    let drawn = rows(&read(directory, "duration.csv"));
    let saved = saved["points"].as_array().unwrap();
    assert_eq!((saved.len(), points.len(), drawn.len()), (2, 2, 2));
    for ((saved, point), drawn) in saved.iter().zip(&points).zip(&drawn) {
        let duration = saved["duration_p50"]["value"].as_f64().unwrap();
        close(&point["duration_p50_s"], duration);
        close(&drawn["duration_p50_s"], duration);
    }
}
