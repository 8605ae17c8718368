use std::io::Read;
use std::path::Path;
use std::process::Stdio;

use assert_cmd::Command;
use serde_json::Value;

const SMALL: &str = "scenarios/one-barrier.toml";

fn ckptsim(args: &[&str]) -> Command {
    let mut command = Command::cargo_bin("ckptsim").unwrap();
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(args);
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn json(args: &[&str]) -> Value {
    let output = ckptsim(&["run", SMALL, "--format", "json", "--no-loss"])
        .args(args)
        .assert()
        .success();
    serde_json::from_slice(&output.get_output().stdout).unwrap()
}

#[test]
fn a_run_exits_with_0_and_prints_its_tables_on_stdout() {
    let output = ckptsim(&["run", SMALL, "--no-loss", "--quiet"])
        .assert()
        .code(0);
    let output = output.get_output();
    assert!(text(&output.stdout).contains("one barrier"));
    assert_eq!(text(&output.stderr), "");
}

#[test]
fn the_json_of_a_run_is_one_object_with_all_promised_keys() {
    let result = json(&[]);
    for key in [
        "schema",
        "scenario_sha256",
        "seed",
        "digest",
        "events",
        "buffers_processed",
        "event_loop_ns",
        "checkpoints",
        "details",
        "throughput",
        "formulas",
    ] {
        assert!(result.get(key).is_some(), "{key}");
    }
    assert_eq!(result["checkpoints"]["counts"]["completed"], 1);
    assert!(result["details"]["1"].is_object());
}

#[test]
fn set_and_seed_take_effect() {
    let plain = json(&[]);
    assert_eq!(plain["seed"], 1);
    let reseeded = json(&["--seed", "7"]);
    assert_eq!(reseeded["seed"], 7);
    assert_ne!(reseeded["digest"], plain["digest"]);
    let longer = json(&["--set", "job.duration=3 s"]);
    assert_eq!(longer["simulated_ms"], 3000);
    assert_ne!(longer["scenario_sha256"], plain["scenario_sha256"]);
}

#[test]
fn an_invalid_file_is_shown_with_line_and_column_on_stderr_and_exits_with_2() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("wrong.toml");
    let wrong = "[[vertex]]\nname = \"a\"\nsource = { rate = \"1000/s\" }\nparalelism = 2\n";
    std::fs::write(&file, wrong).unwrap();
    for command in ["check", "run"] {
        let output = ckptsim(&[command]).arg(&file).assert().code(2);
        let output = output.get_output();
        assert_eq!(text(&output.stdout), "");
        let message = text(&output.stderr);
        assert!(message.contains("wrong.toml:4:1"), "{message}");
        assert!(message.contains("parallelism"), "{message}");
    }
}

#[test]
fn a_usage_error_exits_with_2_and_a_missing_scenario_too() {
    ckptsim(&["run"]).assert().code(2);
    ckptsim(&["run", SMALL, "--set", "nonsense"])
        .assert()
        .code(2);
    ckptsim(&["run", "scenarios/absent.toml"]).assert().code(2);
}

#[test]
fn a_report_of_an_unknown_directory_exits_with_1_and_names_the_file() {
    let output = ckptsim(&["report", "reports/absent"]).assert().code(1);
    let message = text(&output.get_output().stderr);
    assert!(message.starts_with("error: "), "{message}");
    let path = Path::new("reports/absent").join("results.json");
    assert!(message.contains(&*path.to_string_lossy()), "{message}");
}

#[test]
fn a_directory_without_a_sweep_is_told_by_what_it_holds_and_by_its_cause_once() {
    let directory = tempfile::tempdir().unwrap();
    let message = || {
        let output = ckptsim(&["report"]).arg(directory.path()).assert().code(1);
        text(&output.get_output().stderr)
    };
    let nothing = message();
    assert!(nothing.contains("holds no sweep"), "{nothing}");
    assert_eq!(nothing.matches("os error").count(), 1, "{nothing}");
    for (file, told) in [
        ("journal.ndjson", "--resume"),
        ("run.json", "no readable run.json"),
    ] {
        std::fs::write(directory.path().join(file), "").unwrap();
        assert!(message().contains(told), "{}", message());
    }
}

#[test]
fn many_notes_are_counted_by_a_run_and_shown_by_check() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("job.toml");
    let conf = "jobmanager.rpc.address: a\nrest.port: 8081\nrest.address: b\n";
    std::fs::write(directory.path().join("config.yaml"), conf).unwrap();
    let scenario = "flink-conf = 'config.yaml'\n[job]\nduration = '1 s'\n[[vertex]]\nname = 'in'\n\
                    source = { rate = '10/s' }\n";
    std::fs::write(&file, scenario).unwrap();
    let run = |set: &[&str]| {
        let output = ckptsim(&["run", "--no-loss"]).arg(&file).args(set).assert();
        text(&output.success().get_output().stderr)
    };
    let brief = run(&[]);
    assert!(brief.starts_with("3 notes on options: "), "{brief}");
    assert_eq!(brief.lines().count(), 1, "{brief}");
    let own = run(&["--set", "flink.rest.bind-port=1"]);
    assert!(own.contains("`rest.bind-port`"), "{own}");
    let check = ckptsim(&["check"]).arg(&file).assert().success();
    let check = check.get_output();
    assert!(text(&check.stdout).ends_with("1 vertex, 1 subtask, 0 warnings, 3 notes\n"));
    assert_eq!(text(&check.stderr).matches("note:").count(), 3);
}

#[test]
fn flinks_own_configuration_is_recognised_where_a_scenario_is_expected() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("config.yaml");
    std::fs::write(&file, "rest:\n  port: 8081\n").unwrap();
    let output = ckptsim(&["check"]).arg(&file).assert().code(2);
    let message = text(&output.get_output().stderr);
    assert!(
        message.contains("flink-conf = \"config.yaml\""),
        "{message}"
    );
    assert_eq!(message.matches("error").count(), 1, "{message}");
}

#[test]
fn a_reader_that_stops_reading_is_no_error() {
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin("ckptsim"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["run", SMALL, "--trace"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut message = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut message)
        .unwrap();
    assert!(child.wait().unwrap().success(), "{message}");
    assert_eq!(message, "");
}

#[test]
fn a_sweep_says_what_its_results_were_made_of() {
    let directory = tempfile::tempdir().unwrap();
    let axis = "flink.execution.checkpointing.interval=500 ms, 1 s";
    let output = ckptsim(&["sweep", SMALL, "--vary", axis, "--format", "csv", "--quiet"])
        .args(["--set", "job.duration=5 s", "--no-loss", "--out"])
        .arg(directory.path())
        .assert()
        .success();
    let points = text(&output.get_output().stdout);
    assert_eq!(points.lines().count(), 3, "{points}");
    let read = |name: &str| std::fs::read(directory.path().join(name)).unwrap();
    let manifest: Value = serde_json::from_slice(&read("manifest.json")).unwrap();
    assert_eq!(manifest["overrides"]["job.duration"], "5 s");
    for name in manifest["files"].as_object().unwrap().keys() {
        assert!(!read(name).is_empty(), "{name}");
    }
    let formulas = text(&read("formulas.csv"));
    let second_point = formulas.lines().filter(|line| line.starts_with("1 s,F1,"));
    assert_eq!(second_point.count(), 1, "{formulas}");
}

#[test]
fn a_report_draws_the_same_pictures_without_simulating() {
    let directory = tempfile::tempdir().unwrap();
    let axis = "flink.execution.checkpointing.interval=500 ms, 1 s";
    let sweep = ckptsim(&["sweep", SMALL, "--vary", axis, "--no-loss", "--quiet"])
        .args(["--set", "job.duration=5 s", "--out"])
        .arg(directory.path())
        .assert()
        .success();
    let picture = directory.path().join("01-duration.svg");
    let drawn = std::fs::read(&picture).unwrap();
    std::fs::remove_file(&picture).unwrap();
    let report = ckptsim(&["report", "--quiet"])
        .arg(directory.path())
        .assert()
        .success();
    assert_eq!(report.get_output().stdout, sweep.get_output().stdout);
    assert!(std::fs::read(&picture).unwrap() == drawn);
}

#[test]
fn check_lists_problems_for_programs() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("wrong.toml");
    std::fs::write(&file, "[job]\nnme = \"a\"\n").unwrap();
    let output = ckptsim(&["check", SMALL, "--format", "json"])
        .arg(&file)
        .assert()
        .code(2);
    let report: Value = serde_json::from_slice(&output.get_output().stdout).unwrap();
    assert_eq!(report[0]["valid"], true);
    assert_eq!(report[1]["valid"], false);
    let problems = report[1]["problems"].as_array().unwrap();
    let misspelt = problems.iter().find(|problem| problem["line"] == 2);
    assert_eq!(misspelt.unwrap()["severity"], "error");
}

/// Small enough for a search: one source, one keyed operator.
const TINY: &str = "
[job]
name = 'tiny'
duration = '40 s'
warmup = '5 s'
retention-wish = '2 min'
[[vertex]]
name = 'in'
source = { rate = '200/s', record = '100 B' }
[[vertex]]
name = 'count'
parallelism = 2
inputs = ['in']
service = '1 ms'
state = { size = '4 MiB', dirty = '50 %/min' }
[flink]
execution.checkpointing.interval = '5 s'
[cluster]
slots = 2
";

fn recommended(directory: &Path, args: &[&str]) -> assert_cmd::assert::Assert {
    let file = directory.join("tiny.toml");
    std::fs::write(&file, TINY).unwrap();
    ckptsim(&[
        "recommend",
        "--from",
        "2 s",
        "--to",
        "20 s",
        "--quiet",
        "--out",
    ])
    .arg(directory)
    .arg(&file)
    .args(args)
    .assert()
}

#[test]
fn a_recommendation_says_what_to_paste_and_saves_what_it_rests_on() {
    let directory = tempfile::tempdir().unwrap();
    let met = recommended(directory.path(), &["--objective", "duration_p99<=10s"]).code(0);
    let answer = text(&met.get_output().stdout);
    assert!(
        answer.starts_with("Checkpoint every ") && answer.contains(": cost_per_month "),
        "{answer}"
    );
    assert!(
        answer.lines().all(|line| line.chars().count() <= 100),
        "{answer}"
    );
    let saved = std::fs::read(directory.path().join("recommendation.json")).unwrap();
    let saved: Value = serde_json::from_slice(&saved).unwrap();
    assert_eq!(saved["schema"], "ckptsim.recommendation/1");
    let chosen = saved["chosen"].as_u64().unwrap() as usize;
    let interval = &saved["candidates"][chosen]["coordinates"][0]["label"];
    assert!(saved["retention"]["retained"].as_u64().is_some());
    let emitted = recommended(
        directory.path(),
        &["--emit", "flink-yaml", "--no-sensitivity"],
    )
    .code(0);
    let options = text(&emitted.get_output().stdout);
    assert!(options.contains("# was 5 s: "), "{options}");
    assert!(
        options.contains(&format!(
            "execution.checkpointing.interval: {}",
            interval.as_str().unwrap()
        )),
        "{options}"
    );
}

#[test]
fn an_objective_that_nothing_meets_exits_with_3_and_a_misspelt_one_with_2() {
    let directory = tempfile::tempdir().unwrap();
    let missed = recommended(directory.path(), &["--objective", "duration_p99<=1ms"]).code(3);
    let answer = text(&missed.get_output().stdout);
    assert!(answer.starts_with("None of the "), "{answer}");
    let wrong = recommended(directory.path(), &["--objective", "duraton_p99<=1s"]).code(2);
    let message = text(&wrong.get_output().stderr);
    assert!(
        message.contains("did you mean `duration_p99`?"),
        "{message}"
    );
}
