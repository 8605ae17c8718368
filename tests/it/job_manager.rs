use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;

use ckptsim::scenario::load;
use serde_json::{Value, json};

use crate::import::{ckptsim, recording};

/// What a JobManager with the recorded job answers.
pub fn answer(recording: &Value, path: &str) -> Option<Value> {
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
    let again = directory.path().join("again.toml");
    let again_name = again.to_str().unwrap();
    ckptsim(&["import", saved_name, "-o", again_name])
        .assert()
        .success();
    assert_eq!(std::fs::read_to_string(&again).unwrap(), live_text);
    let first = live_text.lines().nth(1).unwrap();
    assert!(
        first.starts_with("# The scenario gives checkpoints of "),
        "{first}"
    );
    assert!(
        live_text.ends_with("[measured]\nrecording = \"saved\"\n"),
        "{live_text}"
    );
    let compared = ckptsim(&["validate", again_name, "--replications", "1"]).assert();
    let compared = compared.success();
    let compared = String::from_utf8_lossy(&compared.get_output().stdout).into_owned();
    assert!(compared.contains("end_to_end_duration"), "{compared}");

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
fn an_anonymous_file_of_a_job_names_nobody_and_gives_the_same_figures() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let (saved, named) = (file("job.json"), file("named.toml"));
    let address = job_manager();
    let import = |args: &[&str]| {
        ckptsim(&["import"])
            .args(args)
            .arg("--no-fit")
            .assert()
            .success();
    };
    import(&[&address, "--observe", "0", "-o", &named]);
    let anonymous = file("anonymous.toml");
    import(&[
        &address,
        "--observe",
        "0",
        "--save",
        &saved,
        "--anonymise",
        "-o",
        &anonymous,
    ]);
    let again = file("again.toml");
    import(&[&saved, "-o", &again]);
    let read = |name: &str| std::fs::read_to_string(name).unwrap();
    assert_eq!(read(&anonymous), read(&again));
    let text = format!("{}{}", read(&saved), read(&anonymous));
    let recorded = recording();
    let id = recorded["rest"]["job"]["jid"].as_str().unwrap();
    for name in ["127.0.0.1", "op1", "recorded", id] {
        assert!(!text.contains(name), "{name}");
    }
    let [named, anonymous] =
        [named, anonymous].map(|name| load::load(Path::new(&name), &[]).unwrap().scenario);
    assert_eq!(named.subtasks(), anonymous.subtasks());
    let pairs = named.vertices.iter().zip(&anonymous.vertices);
    for (named, anonymous) in pairs {
        assert_eq!(
            (named.service, named.record, named.state),
            (anonymous.service, anonymous.record, anonymous.state)
        );
    }
    assert_eq!(
        named.checkpointing.interval,
        anonymous.checkpointing.interval
    );
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
fn other_hosts_are_refused_and_named() {
    let error = |args: &[&str]| {
        let output = ckptsim(args).assert().code(1);
        String::from_utf8_lossy(&output.get_output().stderr).into_owned()
    };
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
