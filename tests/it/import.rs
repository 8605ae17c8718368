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
    serve_with(move |path| match answer(path) {
        Some(body) => ("200 OK".to_owned(), body),
        None => ("404 Not Found".to_owned(), String::new()),
    })
}

/// The same for answers with their status, and with headers behind it.
fn serve_with(answer: impl Fn(&str) -> (String, String) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            reply(&stream.unwrap(), &answer);
        }
    });
    address
}

fn reply(mut stream: &TcpStream, answer: &impl Fn(&str) -> (String, String)) {
    let mut lines = BufReader::new(stream).lines();
    let Some(Ok(request)) = lines.next() else {
        return;
    };
    assert!(request.starts_with("GET "), "only reads: {request}");
    while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
    let path = request.split(' ').nth(1).unwrap();
    let (status, body) = answer(path);
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
        message.contains("choose one with --job ID\n  a1  RUNNING  a1"),
        "{message}"
    );
    let message = error(&["import", &two, "--job", "c3"]);
    assert!(message.contains("there is no job c3"), "{message}");

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
fn https_and_other_hosts_are_refused_and_named() {
    let error = |args: &[&str]| {
        let output = ckptsim(args).assert().code(1);
        String::from_utf8_lossy(&output.get_output().stderr).into_owned()
    };
    // Nobody listens there: refused before connecting.
    let message = error(&["import", "https://127.0.0.1:1/"]);
    assert!(message.contains("kubectl port-forward"), "{message}");
    let elsewhere = serve(|_| panic!("nobody may ask here"));
    let target = elsewhere.clone();
    let redirecting = serve_with(move |path| {
        (
            format!("302 Found\r\nlocation: {target}{path}"),
            String::new(),
        )
    });
    let message = error(&["import", &redirecting]);
    assert!(
        message.contains(&format!("redirects to {elsewhere}")),
        "{message}"
    );
}

/// A JobManager whose job is in some state and that refuses what the program can do without; half of its addresses lead
/// to themselves with a slash behind.
fn guarded(state: &'static str) -> String {
    let recording = recording();
    serve_with(move |path| {
        if ["/jobmanager/config", "/taskmanagers"].contains(&path) {
            return ("403 Forbidden".to_owned(), String::new());
        }
        if path == "/jobs/overview" {
            return (
                "302 Found\r\nlocation: /jobs/overview/".to_owned(),
                String::new(),
            );
        }
        if path == "/config" {
            let version = json!({ "flink-version": "1.18.1" });
            return ("200 OK".to_owned(), version.to_string());
        }
        let Some(mut found) = answer(&recording, path.trim_end_matches('/')) else {
            return ("404 Not Found".to_owned(), String::new());
        };
        if let Some(jobs) = found.get_mut("jobs") {
            jobs[0]["state"] = json!(state);
        } else if found.get("jid").is_some() {
            found["state"] = json!(state);
        }
        ("200 OK".to_owned(), found.to_string())
    })
}

#[test]
fn a_job_in_any_state_is_imported_by_the_beginning_of_its_id_its_name_or_the_browsers_address() {
    let id = recording()["rest"]["job"]["jid"]
        .as_str()
        .unwrap()
        .to_owned();
    let address = guarded("FAILED");
    let output = ckptsim(&["import", &address]).assert().code(1);
    let message = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
    assert!(
        message.contains(&format!("{id}  FAILED  recorded")),
        "{message}"
    );
    let page = format!("{address}/#/job/failed/{id}/overview");
    let host = address.strip_prefix("http://").unwrap();
    for args in [
        vec!["import", &address, "--job", &id[..6]],
        vec!["import", host, "--job", "recorded"],
        vec!["import", &page],
    ] {
        let output = ckptsim(&args).assert().success();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (out, err) = (
            text(&output.get_output().stdout),
            text(&output.get_output().stderr),
        );
        assert!(out.contains("flink-version = \"1.18\""), "{out}");
        assert!(err.contains("the job is FAILED"), "{err}");
        assert!(
            err.contains("/jobmanager/config is refused (status 403)"),
            "{err}"
        );
    }
}

#[test]
fn no_value_of_an_option_that_is_not_simulated_leaves_the_job_manager() {
    let recording = recording();
    let address = serve(move |path| {
        if path == "/jobmanager/config" {
            let entries = [
                ("state.my.password", "hunter1"),
                ("execution.savepoint.path", "s3://hunter2"),
                ("execution.checkpointing.savepoint-dir", "s3://hunter3"),
                ("execution.checkpointing.dir", "s3://key:hunter4@bucket"),
                ("s3.secret-key", "hunter5"),
                ("restart-strategy", "hunter6"),
                ("env.java.opts", "-Dpassword=hunter7"),
                ("restart-strategy.fixed-delay.delay", "30 s"),
            ];
            let entries = entries.map(|(key, value)| json!({"key": key, "value": value}));
            return Some(json!(entries).to_string());
        }
        answer(&recording, path).map(|answer| answer.to_string())
    });
    let directory = tempfile::tempdir().unwrap();
    let (out, saved) = (
        directory.path().join("live.toml"),
        directory.path().join("saved"),
    );
    let output = ckptsim(&["import", &address, "--observe", "0"])
        .args([
            "--save",
            saved.to_str().unwrap(),
            "-o",
            out.to_str().unwrap(),
        ])
        .assert()
        .success();
    let config = std::fs::read_to_string(saved.join("jobmanager_config.json")).unwrap();
    assert!(
        config.contains("restart-strategy.fixed-delay.delay"),
        "{config}"
    );
    let scenario = std::fs::read_to_string(&out).unwrap();
    assert!(
        scenario.contains("restart-strategy.fixed-delay.delay"),
        "{scenario}"
    );
    let said = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
    assert!(said.contains("`restart-strategy` has a value"), "{said}");
    for text in [config.replace("hunter6", ""), scenario, said] {
        assert!(!text.contains("hunter"), "{text}");
    }
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
        let output = ckptsim(&["import", from.to_str().unwrap()]).assert();
        if from == directory.path() {
            // Both layouts at once are still one job.
            output.success();
            continue;
        }
        let output = output.success();
        let text = String::from_utf8_lossy(&output.get_output().stdout).into_owned();
        assert_eq!(text.trim_end(), expected.trim_end());
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
