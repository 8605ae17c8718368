use assert_cmd::Command;
use serde_json::Value;

const SMALL: &str = "scenarios/one-barrier.toml";
const INTERVAL: &str = "flink.execution.checkpointing.interval=200ms";

fn compare(args: &[&str]) -> Command {
    let mut command = Command::cargo_bin("ckptsim").unwrap();
    command
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["compare", SMALL, "--set", INTERVAL, "--no-loss", "--quiet"])
        .args(args);
    command
}

fn stdout(command: &mut Command, code: i32) -> String {
    let output = command.assert().code(code);
    String::from_utf8(output.get_output().stdout.clone()).unwrap()
}

#[test]
fn a_scenario_compared_with_itself_has_no_difference_in_any_metric() {
    let text = stdout(
        &mut compare(&[SMALL, "--replications", "3", "--detailed-exitcode"]),
        0,
    );
    assert!(text.contains("A and B are the same scenario"), "{text}");
    let worse = |line: &str| line.trim_end().ends_with("worse");
    assert!(!text.lines().any(worse), "{text}");
}

#[test]
fn a_slower_operator_is_worse_and_says_so_by_its_exit_code() {
    let slower = ["--with", "vertex.join.service=1500us"];
    let args = [
        &slower[..],
        &[
            "--replications",
            "4",
            "--detailed-exitcode",
            "--format",
            "json",
        ],
    ];
    let text = stdout(&mut compare(&args.concat()), 4);
    let result: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(result["changes"][0]["path"], "vertex.join.service");
    assert_eq!(result["changes"][0]["old"], "1 ms");
    let metrics = result["metrics"].as_array().unwrap();
    let busy = metrics.iter().find(|of| of["name"] == "utilisation");
    assert_eq!(busy.unwrap()["verdict"], "worse");
    assert_eq!(busy.unwrap()["difference"]["n"], 4);
}

#[test]
fn without_detailed_exitcode_a_difference_is_a_success() {
    let text = stdout(
        &mut compare(&["--with", "vertex.join.service=2ms", "--replications", "2"]),
        0,
    );
    assert!(
        text.contains("~ vertex.join.service: 1 ms -> 2 ms"),
        "{text}"
    );
}

#[test]
fn markdown_has_the_changes_as_a_diff_and_the_metrics_as_a_table() {
    let text = stdout(
        &mut compare(&[
            "--with",
            "job.name=b",
            "--replications",
            "2",
            "--format",
            "markdown",
        ]),
        0,
    );
    assert!(
        text.contains("```diff\n~ job.name: one barrier -> b\n```"),
        "{text}"
    );
    assert!(text.contains("| metric"), "{text}");
}

#[test]
fn one_scenario_needs_a_change() {
    compare(&[]).assert().code(2);
    compare(&["--with", "vertex.join.servce=2ms"])
        .assert()
        .code(2);
}

#[test]
fn two_results_are_compared_from_what_they_hold() {
    let directory = tempfile::tempdir().unwrap();
    let [a, b] = ["a", "b"].map(|name| directory.path().join(name).display().to_string());
    for (out, service) in [(&a, "1ms"), (&b, "2ms")] {
        let set = format!("vertex.join.service={service}");
        let args = [
            "run",
            SMALL,
            "--set",
            INTERVAL,
            "--set",
            &set,
            "--no-loss",
            "--quiet",
        ];
        Command::cargo_bin("ckptsim")
            .unwrap()
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .args(args)
            .args(["--replications", "4", "--out", out])
            .assert()
            .success();
    }
    let metrics = |text: String| -> Value {
        let all: Value = serde_json::from_str(&text).unwrap();
        all["metrics"].clone()
    };
    let mut saved = Command::cargo_bin("ckptsim").unwrap();
    saved.args(["compare", &a, &b, "--format", "json"]);
    let more = [
        "--with",
        "vertex.join.service=2ms",
        "--replications",
        "4",
        "--format",
        "json",
    ];
    let simulated = metrics(stdout(&mut compare(&more), 0));
    assert_eq!(metrics(stdout(&mut saved, 0)), simulated);
    let mut mixed = Command::cargo_bin("ckptsim").unwrap();
    mixed.args(["compare", &a, SMALL]).assert().code(1);
    let mut changed = Command::cargo_bin("ckptsim").unwrap();
    changed
        .args(["compare", &a, &b, "--no-loss"])
        .assert()
        .code(1);
}
