use std::path::Path;

use assert_cmd::Command;
use ckptsim::experiment::why::why;
use ckptsim::recording::answers::{Answers, Files, job_file};
use ckptsim::recording::real::Real;
use ckptsim::recording::{estimate, file, log, measured};
use ckptsim::render::why as words;
use ckptsim::scenario::load;
use proptest::prelude::*;
use serde_json::{Value, json};

const RECORDING: &str = "tests/answers/A01_hm5_w10.json";

pub fn ckptsim(args: &[&str]) -> Command {
    let mut command = Command::cargo_bin("ckptsim").unwrap();
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(args);
    command
}

/// A recording of a real cluster.
pub fn recording() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(RECORDING);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn what_is_estimated_is_what_the_recorded_job_was_made_with() {
    let recording = file::read(&recording().to_string()).unwrap();
    let answers = Answers::of_recording(&recording).unwrap();
    let estimated = estimate::of(&answers, "A01");
    let operator = &estimated.vertices[1];
    // Known: 500 us, 5000 entries of 1013 B in each of 4 subtasks, 10 MB/s, 200 records/s of 1025 B.
    let service = operator.service.unwrap().value;
    assert!(
        (service / 500e-6 - 1.0).abs() < 0.4,
        "the JVM's own time included: {service}"
    );
    let live = operator.state.unwrap().0.live.value;
    assert!((live / 20.26e6 - 1.0).abs() < 0.01, "{live}");
    let bandwidth = estimated.storage.write_bytes_per_s.unwrap().value;
    assert!((bandwidth / 10e6 - 1.0).abs() < 0.05, "{bandwidth}");
    let rate = estimated.vertices[0].record.unwrap().value;
    assert!((rate / 1025.0 - 1.0).abs() < 0.02, "{rate}");
}

#[test]
fn a_recording_with_known_parameters_names_itself_in_the_scenario() {
    let output = ckptsim(&["import", RECORDING]).assert().success();
    let text = String::from_utf8_lossy(&output.get_output().stdout).into_owned();
    let scenario = load::parse(&text, "x", Path::new(""), &[])
        .unwrap()
        .scenario;
    assert_eq!(scenario.measured.unwrap().recording, RECORDING);
    let mean = scenario.vertices[1].service.mean;
    assert_eq!(mean, ckptsim::units::SimDuration::from_micros(500));
}

#[test]
fn one_answer_alone_says_which_it_is_and_what_is_missing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("rest.json");
    for (answer, address) in [
        ("job", "/jobs/<id>"),
        ("checkpoints", "/jobs/<id>/checkpoints"),
        ("taskmanagers", "/taskmanagers"),
    ] {
        std::fs::write(&path, recording()["rest"][answer].to_string()).unwrap();
        let output = ckptsim(&["import", path.to_str().unwrap()])
            .assert()
            .code(1);
        let message = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
        assert!(
            message.contains(&format!("is the answer of {address} alone")),
            "{message}"
        );
        assert!(message.contains("plan.json"), "{message}");
    }
}

#[test]
fn an_archive_and_the_files_of_a_history_server_give_the_same_scenario_as_saved_answers() {
    let files = files(&recording());
    let id = recording()["rest"]["job"]["jid"]
        .as_str()
        .unwrap()
        .to_owned();
    let address = |name: &str| {
        let parts: Vec<&str> = name.split('/').collect();
        match parts.as_slice() {
            ["job"] => format!("/jobs/{id}"),
            ["checkpoints_config"] => format!("/jobs/{id}/checkpoints/config"),
            ["checkpoints", n] => format!("/jobs/{id}/checkpoints/details/{n}"),
            ["checkpoints", n, v] => format!("/jobs/{id}/checkpoints/details/{n}/subtasks/{v}"),
            _ => format!("/jobs/{id}/{name}"),
        }
    };
    let directory = tempfile::tempdir().unwrap();
    let (web, archive) = (directory.path().join("web"), directory.path().join(&id));
    let mut entries = Vec::new();
    // A HistoryServer does not know the TaskManagers.
    for (name, answer) in files.iter().filter(|(name, _)| *name != "taskmanagers") {
        let path = address(name);
        let file = web.join(format!("{}.json", path.trim_start_matches('/')));
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, answer.to_string()).unwrap();
        entries.push(json!({"path": path, "json": answer.to_string()}));
    }
    std::fs::write(&archive, json!({ "archive": entries }).to_string()).unwrap();
    let expected = estimate::scenario(&Answers::of_files(&files).unwrap(), "A01_hm5_w10");
    let expected = expected.unwrap().text;
    for from in [&web, &archive, &directory.path().to_path_buf()] {
        let output = ckptsim(&["import", "--no-fit", from.to_str().unwrap()]).assert();
        if from == directory.path() {
            // Both layouts at once are still one job.
            output.success();
            continue;
        }
        let output = output.success();
        let text = String::from_utf8_lossy(&output.get_output().stdout).into_owned();
        let (text, place) = text.split_once("\n[measured]\nrecording = ").unwrap();
        assert_eq!(text.trim_end(), expected.trim_end());
        assert!(place.contains(from.to_str().unwrap()));
    }
}

#[test]
fn a_job_without_checkpointed_sizes_is_not_stateless() {
    // Flink before 1.15 has state_size only.
    let text = files(&recording());
    let mut older = Files::default();
    for (name, answer) in text.iter() {
        let mut answer = answer.clone();
        let drop = |object: &mut Value| {
            object.as_object_mut().unwrap().remove("checkpointed_size");
        };
        if name == "checkpoints" {
            answer["history"]
                .as_array_mut()
                .unwrap()
                .iter_mut()
                .for_each(drop);
        } else if name.starts_with("checkpoints/") && answer.get("subtasks").is_some() {
            answer["subtasks"]
                .as_array_mut()
                .unwrap()
                .iter_mut()
                .for_each(drop);
        }
        older.insert(name, answer);
    }
    let found = estimate::of(&Answers::of_files(&older).unwrap(), "older");
    assert_eq!(found.flink_version.as_deref(), Some("1.14"));
    let live = found.vertices[1].state.unwrap().0.live.value;
    assert!((live / 20.26e6 - 1.0).abs() < 0.01, "{live}");
    let bandwidth = found.storage.write_bytes_per_s.unwrap().value;
    assert!((bandwidth / 10e6 - 1.0).abs() < 0.05, "{bandwidth}");

    // Sizes of the whole job are better than none.
    let mut alone = Files::default();
    for name in ["job", "plan", "checkpoints", "checkpoints_config"] {
        alone.insert(name, text.get(name).clone());
    }
    let found = estimate::of(&Answers::of_files(&alone).unwrap(), "alone");
    let live = found.vertices[1].state.unwrap().0.live.value;
    assert!((live / 20.26e6 - 1.0).abs() < 0.01, "{live}");
    assert!(
        found.remarks.warnings[0].contains("divided evenly"),
        "{:?}",
        found.remarks
    );

    alone.insert("checkpoints", Value::Null);
    let found = estimate::of(&Answers::of_files(&alone).unwrap(), "unknown");
    assert!(
        found.remarks.warnings[0].contains("the state is unknown"),
        "{:?}",
        found.remarks
    );
}

#[test]
fn an_operator_whose_busy_time_is_nan_is_busy_when_it_is_neither_idle_nor_held_back() {
    let mut files = files(&recording());
    let expected = estimate::of(&Answers::of_files(&files).unwrap(), "x");
    let id = expected.vertices[1].node.id.clone();
    let mut answer = files.get(&format!("vertices/{id}")).clone();
    for subtask in answer["subtasks"].as_array_mut().unwrap() {
        subtask["metrics"]["accumulated-busy-time"] = json!("NaN");
    }
    files.insert(&format!("vertices/{id}"), answer);
    let found = estimate::of(&Answers::of_files(&files).unwrap(), "x");
    let service = |estimate: &estimate::Estimate| estimate.vertices[1].service.unwrap();
    assert!(service(&found).source.starts_with("(1 - idle"));
    // The metrics are a moment older than the answer: this moment counts as busy.
    let ratio = service(&found).value / service(&expected).value;
    assert!((1.0..2.0).contains(&ratio), "{ratio}");
}

#[test]
fn names_that_cannot_be_are_repaired_with_a_comment() {
    let long = "x".repeat(2000);
    for bad in ["", " ", long.as_str(), "op1\u{1b}[31m\u{202e}"] {
        let mut recording = recording();
        // The second vertex; its name is also the key of what is known about it.
        recording["params"]["explicit"]["nodes"][1]["id"] = json!(bad);
        for table in ["placement", "vertex_ids"] {
            let known = recording["params"][table]["op1"].clone();
            recording["params"][table][bad] = known;
        }
        let directory = tempfile::tempdir().unwrap();
        let (path, out) = (
            directory.path().join("r.json"),
            directory.path().join("r.toml"),
        );
        std::fs::write(&path, recording.to_string()).unwrap();
        ckptsim(&[
            "import",
            path.to_str().unwrap(),
            "-o",
            out.to_str().unwrap(),
        ])
        .assert()
        .success();
        ckptsim(&["check", out.to_str().unwrap()])
            .assert()
            .success();
        let text = std::fs::read_to_string(&out).unwrap();
        assert!(text.contains("which cannot be its name here"), "{text}");
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text}");
    }
}

/// Every estimate lies within the spread of what it was estimated from.
fn lies_in_its_spread(scenario: &str) {
    let number = |text: &str| -> f64 {
        let text = text.trim().trim_start_matches('"');
        let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.'));
        text[..end.unwrap_or(text.len())]
            .trim_end_matches('.')
            .parse()
            .unwrap()
    };
    for line in scenario.lines().filter(|line| line.contains(", spread ")) {
        let (key, rest) = line.split_once(" = ").unwrap();
        let (_, spread) = rest.rsplit_once(", spread ").unwrap();
        let (low, high) = spread.split_once("..").unwrap();
        let (value, low, high) = (number(rest), number(low), number(high));
        assert!(key == "steps" || (low..=high).contains(&value), "{line}");
    }
}

#[test]
fn an_estimate_lies_within_its_own_spread() {
    let text = estimate::scenario(&Answers::of_files(&files(&recording())).unwrap(), "x");
    let text = text.unwrap().text;
    assert!(text.matches(", spread ").count() >= 5, "{text}");
    lies_in_its_spread(&text);
}

#[test]
fn broken_recordings_are_errors() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("broken.json");
    let whole = recording().to_string();
    let deep = "[".repeat(100_000);
    for text in [&whole[..whole.len() / 2], "", "null", "{}", deep.as_str()] {
        std::fs::write(&path, text).unwrap();
        ckptsim(&["import", path.to_str().unwrap()])
            .assert()
            .code(1);
    }
    std::fs::write(&path, [0xff, 0xfe, 0x00]).unwrap();
    ckptsim(&["import", path.to_str().unwrap()])
        .assert()
        .code(1);
    ckptsim(&["import", directory.path().to_str().unwrap()])
        .assert()
        .code(1);
    ckptsim(&["import", "no-such-file.json"]).assert().code(1);
}

/// Replaces the n-th value (counted in the order of the text) by another one.
fn mutate(value: &mut Value, position: &mut usize, replacement: &Value) {
    if *position == 0 {
        *value = replacement.clone();
    }
    *position = position.wrapping_sub(1);
    match value {
        Value::Array(elements) => elements
            .iter_mut()
            .for_each(|element| mutate(element, position, replacement)),
        Value::Object(object) => object
            .values_mut()
            .for_each(|inner| mutate(inner, position, replacement)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn hostile() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        Just(json!("NaN")),
        Just(json!("-Infinity")),
        Just(json!(-1)),
        Just(json!(0)),
        Just(json!(1e300)),
        Just(json!(u64::MAX)),
        Just(json!(0.000_000_1)),
        Just(json!([])),
        Just(json!({})),
        Just(json!("\u{0}\n\"quoted\" \u{1F600}")),
        Just(json!("x".repeat(5000))),
        any::<f64>().prop_map(|number| json!(number)),
    ]
}

fn files(recording: &Value) -> Files {
    let rest = &recording["rest"];
    let mut files = Files::default();
    for name in [
        "job",
        "plan",
        "checkpoints",
        "checkpoints_config",
        "taskmanagers",
    ] {
        files.insert(name, rest[name].clone());
    }
    let object = |value: &Value| value.as_object().cloned().unwrap_or_default();
    for (id, vertex) in object(&rest["vertices"]) {
        files.insert(&format!("vertices/{id}"), vertex);
    }
    for (id, details) in object(&rest["checkpoint_details"]) {
        files.insert(&format!("checkpoints/{id}"), details["detail"].clone());
        for (vertex, subtasks) in object(&details["subtasks"]) {
            files.insert(&format!("checkpoints/{id}/{vertex}"), subtasks);
        }
    }
    files
}

/// Whatever the answers are, what is told of a checkpoint is finite.
fn explained(real: &Real) {
    for record in &real.checkpoints {
        if let Ok(mut found) = why(real, Some(record.id), None) {
            words::text(&found, 100);
            ckptsim::render::plot::real_pictures(real, &found);
            // A name is told as it is, and may be "NaN": what is left without names is figures.
            found.job.clear();
            found.vertices.iter_mut().for_each(String::clear);
            found.failure = found.failure.map(|_| String::new());
            found.host = None;
            let text = words::text(&found, 100);
            assert!(!text.contains("NaN") && !text.contains("inf "), "{text}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn hostile_answers_give_a_valid_scenario_or_an_error(
        mutations in prop::collection::vec((0_usize..6000, hostile()), 1..6),
    ) {
        let mut recording = recording();
        for (position, replacement) in &mutations {
            mutate(&mut recording, &mut position.clone(), replacement);
        }
        if let Ok(answers) = Answers::of_files(&files(&recording)) {
            let text = estimate::text::toml(&estimate::of(&answers, &answers.job));
            if let Ok(draft) = estimate::scenario(&answers, "hostile") {
                prop_assert!(load::parse(&draft.text, "x", Path::new(""), &[]).is_ok());
                lies_in_its_spread(&draft.text);
            }
            let files = files(&recording);
            explained(&Real::of_files(&files, &answers));
            let again = job_file::read(&job_file::write(&files, true)).unwrap();
            if let Ok(anonymous) = Answers::of_files(&again) {
                explained(&Real::of_files(&again, &anonymous));
            }
            measured::of_answers(&files, &answers);
            prop_assert!(text.len() < 10_000_000);
        }
        if let Ok(recording) = file::read(&recording.to_string())
            && let Ok(answers) = Answers::of_recording(&recording)
        {
            let _ = estimate::scenario(&answers, "hostile");
            if let Ok(text) = ckptsim::recording::known::scenario(&recording) {
                prop_assert!(load::parse(&text, "x", Path::new(""), &[]).is_ok());
                prop_assert!(!text.contains(|c: char| c.is_control() && c != '\n'));
            }
            let _ = ckptsim::recording::what_if(&recording, &recording);
        }
    }

    #[test]
    fn hostile_failures_give_a_scenario_and_recoveries_or_an_error(
        mutations in prop::collection::vec((0_usize..2500, hostile()), 1..6),
    ) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings/G/G_exp_d1_n4.json");
        let mut recording: Value =
            serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        for (position, replacement) in &mutations {
            mutate(&mut recording, &mut position.clone(), replacement);
        }
        if let Ok(recording) = file::read(&recording.to_string()) {
            let _ = ckptsim::recording::known::scenario(&recording);
            for recovery in ckptsim::recording::recovery::of_recording(&recording) {
                let _ = (recovery.recovery_time(), recovery.rework(), recovery.restart_delay());
            }
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_a_log_or_none(lines in prop::collection::vec("[ -~]{0,40}|Completed checkpoint [0-9]{0,25} for job [a-z]{0,3} \\([0-9.eE+-]{0,20} bytes(, checkpointDuration=| in )[0-9.eE+-]{0,20} ms\\)|[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2},[0-9]{3} switched from state RUNNING to RESTARTING", 0..20)) {
        if let Some(log) = log::read(&lines.join("\n")) {
            let text = words::log(&log, 80);
            prop_assert!(!text.contains("NaN"), "{}", text);
        }
    }
}
