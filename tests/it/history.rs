use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;

use ckptsim::scenario::load;
use ckptsim::units::SimDuration;
use serde_json::{Value, json};

use crate::import::{ckptsim, recording};

const ANSWERS: &str = "tests/recordings/A/A01_hm5_w10.json";
const TOKEN: &str = "hunter2";

/// What Prometheus answers about the recorded job: a restart every 20 minutes, rates that double.
fn answer(query: &str) -> Value {
    let values = |first: f64, step: f64| -> Vec<Value> {
        let value = |n: u32| (f64::from(n).mul_add(step, first)).to_string();
        (0..7)
            .map(|n| json!([f64::from(n) * 600.0, value(n)]))
            .collect()
    };
    let name = query.rsplit(['(', ')']).nth(1).unwrap();
    let series = match name {
        "flink_jobmanager_job_numRestarts" => values(3.0, 0.5),
        "flink_jobmanager_job_lastCheckpointDuration" => values(500.0, 10.0),
        "flink_taskmanager_job_task_numRecordsOutPerSecond" => values(100.0, 20.0),
        _ => Vec::new(),
    };
    let labels = json!({ "job_id": "x", "job_name": "recorded", "task_name": "src" });
    let result = json!([{ "metric": labels, "values": series }]);
    json!({ "status": "success", "data": { "resultType": "matrix", "result": result } })
}

/// Serves it to whoever has the token of Prometheus and nobody else's.
fn prometheus() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let lines: Vec<String> = lines
                .map_while(Result::ok)
                .take_while(|line| !line.is_empty())
                .collect();
            let path = lines[0].split(' ').nth(1).unwrap();
            let query = path.split(['=', '&']).nth(1).unwrap();
            let query = query
                .replace("%20", " ")
                .replace("%28", "(")
                .replace("%29", ")");
            let said = lines.join("\n");
            assert!(!said.contains("of-the-job-manager"), "{said}");
            let (status, body) = if said.contains(&format!("Bearer {TOKEN}")) {
                ("200 OK", answer(&query).to_string())
            } else {
                ("401 Unauthorized", String::new())
            };
            let length = body.len();
            let _ = write!(
                stream,
                "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
            );
        }
    });
    address
}

/// The recorded job as saved answers.
fn saved(directory: &Path) -> String {
    let rest = &recording()["rest"];
    let mut job = rest["job"].clone();
    job["name"] = json!("recorded");
    let mut files = vec![
        ("job".to_owned(), job),
        ("plan".to_owned(), rest["plan"].clone()),
    ];
    for (id, vertex) in rest["vertices"].as_object().unwrap() {
        files.push((format!("vertices/{id}"), vertex.clone()));
    }
    for (name, file) in files {
        let path = directory.join(format!("{name}.json"));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, file.to_string()).unwrap();
    }
    directory.to_str().unwrap().to_owned()
}

#[test]
fn prometheus_tells_the_last_week_to_whoever_has_its_token() {
    let directory = tempfile::tempdir().unwrap();
    let (saved, address) = (saved(directory.path()), prometheus());
    let import = ["import", &saved, "--no-fit", "--prometheus", &address];
    let mut command = ckptsim(&import);
    command.env("CKPTSIM_TOKEN", "of-the-job-manager");
    let refused = command.assert().code(1);
    let refused = String::from_utf8_lossy(&refused.get_output().stderr).into_owned();
    assert!(refused.contains("status 401"), "{refused}");
    let mut command = ckptsim(&import);
    command.env("CKPTSIM_PROMETHEUS_TOKEN", TOKEN);
    let output = command.assert().success();
    let text = String::from_utf8_lossy(&output.get_output().stdout).into_owned();
    assert!(text.contains("# - 3 restarts in 1h"), "{text}");
    assert!(text.contains("# - rate of `src`: median 160"), "{text}");
    assert!(!text.contains(TOKEN), "{text}");
    let loaded = load::parse(&text, "x", Path::new(""), &[]).unwrap();
    let law = loaded.scenario.failures.random.unwrap().law;
    assert_eq!(law.mtbf().unwrap(), SimDuration::from_secs(1200));
}

#[test]
fn saved_answers_of_prometheus_are_read_from_files_too_and_those_of_another_job_are_not() {
    let directory = tempfile::tempdir().unwrap();
    let saved = saved(&directory.path().join("answers"));
    let kept = directory
        .path()
        .join("flink_jobmanager_job_numRestarts.json");
    let restarts = answer("max by (job_id) (flink_jobmanager_job_numRestarts)");
    std::fs::write(&kept, restarts.to_string()).unwrap();
    let import = |from: &Path| {
        let from = from.to_str().unwrap();
        ckptsim(&["import", &saved, "--no-fit", "--prometheus", from]).assert()
    };
    let output = import(&kept).success();
    let text = String::from_utf8_lossy(&output.get_output().stdout).into_owned();
    assert!(
        text.contains("mtbf = \"1200 s\" # estimated from numRestarts"),
        "{text}"
    );
    let other = restarts.to_string().replace("recorded", "orders");
    std::fs::write(&kept, other).unwrap();
    let output = import(&kept).code(1);
    let said = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
    assert!(
        said.contains("knows the jobs orders, but not recorded"),
        "{said}"
    );
}

#[test]
fn spans_of_flink_are_told_by_why_and_are_no_graph() {
    let span = |id: u32, milliseconds: u64| {
        json!({
            "name": "Checkpoint",
            "startTimeUnixNano": "1000000000",
            "endTimeUnixNano": (1_000_000_000 + milliseconds * 1_000_000).to_string(),
            "attributes": [
                { "key": "checkpointId", "value": { "intValue": id.to_string() } },
                { "key": "checkpointedSize", "value": { "intValue": "2048" } },
                { "key": "password", "value": { "stringValue": TOKEN } },
            ],
        })
    };
    let file =
        json!({ "resourceSpans": [{ "scopeSpans": [{ "spans": [span(7, 500), span(8, 900)] }] }] });
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("traces.json");
    std::fs::write(&path, file.to_string()).unwrap();
    let path = path.to_str().unwrap();
    let output = ckptsim(&["why", path]).assert().success();
    let told = String::from_utf8_lossy(&output.get_output().stdout).into_owned();
    assert!(
        told.contains("in the spans") && told.contains("checkpoint 8"),
        "{told}"
    );
    assert!(!told.contains(TOKEN), "{told}");
    let output = ckptsim(&["import", path]).assert().code(1);
    let said = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
    assert!(
        said.contains("is a file of spans, which does not tell the graph"),
        "{said}"
    );
}

#[test]
fn an_exported_run_gives_the_scenario_that_was_simulated() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let (run, exported, again) = (file("run"), file("run.json"), file("again.toml"));
    let one = ["run", ":one-barrier", "--no-loss", "--out", &run];
    ckptsim(&one).assert().success();
    ckptsim(&["export", &run, "--json", "-o", &exported])
        .assert()
        .success();
    ckptsim(&["import", &exported, "-o", &again])
        .assert()
        .success();
    let first = load::load(Path::new(":one-barrier"), &[]).unwrap();
    let again = load::load(Path::new(&again), &[]).unwrap();
    assert_eq!(first.scenario, again.scenario);
    let refused = ckptsim(&["why", &exported]).assert().code(1);
    let said = String::from_utf8_lossy(&refused.get_output().stderr).into_owned();
    assert!(said.contains("`ckptsim explain` tells why"), "{said}");
}

#[test]
fn estimates_are_adjusted_within_their_spreads_and_stay_estimates() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let (answers, scenario, adjusted) = (
        saved(directory.path()),
        file("job.toml"),
        file("adjusted.toml"),
    );
    ckptsim(&["import", &answers, "--no-fit", "-o", &scenario])
        .assert()
        .success();
    // Of a recording, durations and phases are known.
    let calibrate = [
        "calibrate",
        &scenario,
        "--to",
        ANSWERS,
        "--budget",
        "20",
        "-o",
        &adjusted,
    ];
    let output = ckptsim(&calibrate).assert().success();
    let said = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
    assert!(said.contains("Of the half that was held out"), "{said}");
    let text = std::fs::read_to_string(&adjusted).unwrap();
    load::parse(&text, "x", Path::new(""), &[]).unwrap();
    ckptsim(&calibrate).assert().code(1);
    let nothing = ckptsim(&["calibrate", "scenarios/one-barrier.toml", "--to", ANSWERS]);
    let mut nothing = nothing;
    let said = nothing.assert().code(1);
    let said = String::from_utf8_lossy(&said.get_output().stderr).into_owned();
    assert!(said.contains("has no estimates"), "{said}");
}
