use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;

use assert_cmd::Command;
use ckptsim::recording::answers::{Answers, Files};
use ckptsim::recording::{estimate, file};
use ckptsim::scenario::load;
use proptest::prelude::*;
use serde_json::{Value, json};

const RECORDING: &str = "tests/answers/A01_hm5_w10.json";

fn ckptsim(args: &[&str]) -> Command {
    let mut command = Command::cargo_bin("ckptsim").unwrap();
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(args);
    command
}

fn recording() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(RECORDING);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// What a JobManager with the recorded job answers.
fn answer(recording: &Value, path: &str) -> Option<Value> {
    let rest = &recording["rest"];
    let id = rest["job"]["jid"].as_str().unwrap();
    if path == "/jobs/overview" {
        let job = json!({"jid": id, "name": "recorded", "state": "RUNNING"});
        return Some(json!({ "jobs": [job] }));
    }
    if path == "/taskmanagers" {
        return Some(rest["taskmanagers"].clone());
    }
    let parts: Vec<&str> = path
        .strip_prefix(&format!("/jobs/{id}"))?
        .split('/')
        .skip(1)
        .collect();
    let found = match parts.as_slice() {
        [] => &rest["job"],
        ["plan"] => &rest["plan"],
        ["checkpoints"] => &rest["checkpoints"],
        ["checkpoints", "config"] => &rest["checkpoints_config"],
        ["vertices", vertex] => &rest["vertices"][vertex],
        ["checkpoints", "details", id] => &rest["checkpoint_details"][id]["detail"],
        ["checkpoints", "details", id, "subtasks", vertex] => {
            &rest["checkpoint_details"][id]["subtasks"][vertex]
        }
        _ => return None,
    };
    (!found.is_null()).then(|| found.clone())
}

/// Serves answers on loopback until the test ends; gives its address.
fn serve(answer: impl Fn(&str) -> Option<String> + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            reply(&stream.unwrap(), &answer);
        }
    });
    address
}

fn reply(mut stream: &TcpStream, answer: &impl Fn(&str) -> Option<String>) {
    let mut lines = BufReader::new(stream).lines();
    let Some(Ok(request)) = lines.next() else {
        return;
    };
    assert!(request.starts_with("GET "), "only reads: {request}");
    while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
    let path = request.split(' ').nth(1).unwrap();
    let (status, body) = match answer(path) {
        Some(body) => ("200 OK", body),
        None => ("404 Not Found", String::new()),
    };
    let length = body.len();
    // A client that has gone away is no error of the test.
    let _ = write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    );
}

fn job_manager() -> String {
    let recording = recording();
    serve(move |path| answer(&recording, path).map(|answer| answer.to_string()))
}

#[test]
fn a_live_job_becomes_a_scenario_and_its_saved_answers_the_same_one() {
    let directory = tempfile::tempdir().unwrap();
    let (out, saved) = (
        directory.path().join("live.toml"),
        directory.path().join("saved"),
    );
    let (out_name, saved_name) = (out.to_str().unwrap(), saved.to_str().unwrap());
    let address = job_manager();
    let live = ["import", &address, "--observe", "0", "--save", saved_name];
    ckptsim(&live).args(["-o", out_name]).assert().success();
    let live_text = std::fs::read_to_string(&out).unwrap();
    let again = ckptsim(&["import", saved_name]).assert().success();
    assert_eq!(
        String::from_utf8_lossy(&again.get_output().stdout),
        live_text
    );

    let loaded = load::load(&out, &[]).unwrap();
    let operator = &loaded.scenario.vertices[1];
    assert_eq!(
        (operator.parallelism, loaded.scenario.cluster.slots),
        (4, 2)
    );
    assert!(live_text.contains("# estimated from busy time / records, spread "));

    ckptsim(&["import", saved_name, "-o", out_name])
        .assert()
        .code(1);
    ckptsim(&["import", saved_name, "-o", out_name, "--force"])
        .assert()
        .success();
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
fn trouble_with_a_job_manager_is_told_clearly() {
    let error = |args: &[&str]| {
        let output = ckptsim(args).assert().code(1);
        String::from_utf8_lossy(&output.get_output().stderr).into_owned()
    };
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let message = error(&["import", &format!("http://{closed}")]);
    assert!(message.contains("cannot reach the JobManager"), "{message}");

    let two = serve(|_| {
        let jobs = ["a1", "b2"].map(|id| json!({"jid": id, "name": id, "state": "RUNNING"}));
        Some(json!({ "jobs": jobs }).to_string())
    });
    let message = error(&["import", &two]);
    assert!(
        message.contains("choose one with --job ID\n  a1  a1"),
        "{message}"
    );
    let message = error(&["import", &two, "--job", "c3"]);
    assert!(message.contains("no job c3 is running"), "{message}");

    for body in ["<html>", "{\"jobs\": [", "", "[[[["] {
        let page = serve(move |_| Some(body.to_owned()));
        let message = error(&["import", &page]);
        assert!(
            message.contains("does not answer as Flink's REST API does"),
            "{message}"
        );
    }
    let empty = serve(|_| Some("{}".to_owned()));
    assert!(error(&["import", &empty]).contains("no job is running"));
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
            if let Ok(text) = estimate::scenario(&answers, "hostile") {
                prop_assert!(load::parse(&text, "x", Path::new(""), &[]).is_ok());
            }
            prop_assert!(text.len() < 10_000_000);
        }
        if let Ok(recording) = file::read(&recording.to_string())
            && let Ok(answers) = Answers::of_recording(&recording)
        {
            let _ = estimate::scenario(&answers, "hostile");
            let _ = ckptsim::recording::known::scenario(&recording);
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
