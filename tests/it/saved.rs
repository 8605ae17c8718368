use std::path::Path;

use assert_cmd::Command;
use serde_json::Value;

const SMALL: &str = "scenarios/one-barrier.toml";

fn ckptsim(args: &[&str]) -> Command {
    let mut command = Command::cargo_bin("ckptsim").unwrap();
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(args);
    command
}

/// Exit code, standard output and standard error.
fn told(command: &mut Command) -> (i32, String, String) {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let code = output.status.code().unwrap();
    (code, text(output.stdout), text(output.stderr))
}

fn run(directory: &Path, more: &[&str]) -> (i32, String, String) {
    let mut command = ckptsim(&["run", SMALL, "--no-loss", "--quiet"]);
    told(command.args(more).arg("--out").arg(directory))
}

#[test]
fn a_directory_says_what_it_was_made_of_and_can_be_verified() {
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(run(directory.path(), &[]).0, 0);
    let read = |name: &str| std::fs::read(directory.path().join(name)).unwrap();
    let manifest: Value = serde_json::from_slice(&read("manifest.json")).unwrap();
    for key in [
        "version",
        "scenario_sha256",
        "seed",
        "random_generator",
        "wall_time_ms",
        "events",
        "digest",
    ] {
        assert!(!manifest[key].is_null(), "{key}");
    }
    // What `sha256sum scenario.toml` says.
    assert_eq!(
        manifest["files"]["scenario.toml"],
        manifest["scenario_sha256"]
    );
    let verify = || told(ckptsim(&["verify", "--quiet"]).arg(directory.path()));
    let (code, equal, _) = verify();
    assert_eq!(code, 0, "{equal}");
    assert!(equal.contains(": equal, "), "{equal}");

    let run: String = String::from_utf8(read("run.json")).unwrap();
    let changed = run.replacen(
        "\"failed_in_preflight\": 0",
        "\"failed_in_preflight\": 7",
        1,
    );
    std::fs::write(directory.path().join("run.json"), changed).unwrap();
    let (code, different, _) = verify();
    assert_eq!(code, 1, "{different}");
    let first = "run.json: result.failed_in_preflight: saved 7, made again 0";
    assert!(different.contains(first), "{different}");
}

#[test]
fn a_sweep_is_verified_at_all_its_points() {
    let directory = tempfile::tempdir().unwrap();
    let axis = "flink.execution.checkpointing.interval=500 ms, 1 s";
    ckptsim(&["sweep", SMALL, "--vary", axis, "--no-loss", "--quiet"])
        .args(["--set", "job.duration=5 s", "--out"])
        .arg(directory.path())
        .assert()
        .success();
    let (code, equal, error) = told(ckptsim(&["verify", "-q"]).arg(directory.path()));
    assert_eq!(code, 0, "{equal}{error}");
    std::fs::write(directory.path().join("points.csv"), "").unwrap();
    let (code, different, _) = told(ckptsim(&["verify", "-q"]).arg(directory.path()));
    assert_eq!(code, 1);
    assert!(different.contains("points.csv: changed"), "{different}");
}

#[test]
fn results_of_something_else_are_not_replaced_silently() {
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(run(directory.path(), &[]).0, 0);
    assert_eq!(run(directory.path(), &[]).0, 0, "the same again is welcome");
    let before = std::fs::read(directory.path().join("run.json")).unwrap();
    let (code, _, error) = run(directory.path(), &["--seed", "9"]);
    assert_eq!(code, 1);
    assert!(error.contains("holds another run"), "{error}");
    assert!(error.contains("--force"), "{error}");
    let sweep = |more: &[&str]| {
        let mut command = ckptsim(&["sweep", SMALL, "--no-loss", "-q"]);
        told(command.args(more).arg("--out").arg(directory.path()))
    };
    assert_eq!(sweep(&[]).0, 1);
    let after = std::fs::read(directory.path().join("run.json")).unwrap();
    assert!(before == after);
    assert_eq!(run(directory.path(), &["--seed", "9", "--force"]).0, 0);
    assert_eq!(sweep(&["--force"]).0, 0);
    assert!(!directory.path().join("run.json").exists());
    let (code, _, error) = sweep(&["--seed", "9", "--resume"]);
    assert_eq!(code, 1, "another seed is no continuation");
    assert!(error.contains("holds another sweep"), "{error}");
}

#[test]
fn a_run_is_exported_from_its_directory_or_its_file() {
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(run(directory.path(), &[]).0, 0);
    let export = |format: &str, from: &Path| {
        let output = ckptsim(&["export", format]).arg(from).output().unwrap();
        assert!(output.status.success(), "{format}");
        output.stdout
    };
    let file = directory.path().join("run.json");
    for format in ["--csv", "--json", "--parquet", "--trace", "--openmetrics"] {
        assert!(
            export(format, directory.path()) == export(format, &file),
            "{format}"
        );
    }
    let text = |format| String::from_utf8(export(format, &file)).unwrap();
    assert!(text("--openmetrics").ends_with("# EOF\n"));
    let trace: Value = serde_json::from_str(&text("--trace")).unwrap();
    let events = trace["traceEvents"].as_array().unwrap();
    for phase in ["M", "X", "s", "f", "C"] {
        assert!(events.iter().any(|event| event["ph"] == phase), "{phase}");
    }
    let rest: Value = serde_json::from_str(&text("--json")).unwrap();
    assert_eq!(rest["checkpoints"]["counts"]["completed"], 1);
    assert!(export("--parquet", &file).starts_with(b"PAR1"));
}

#[test]
fn an_export_asks_for_one_format_and_spares_existing_files() {
    let directory = tempfile::tempdir().unwrap();
    let code = |args: &[&str]| told(ckptsim(args).arg(directory.path())).0;
    assert_eq!(code(&["export"]), 2);
    assert_eq!(code(&["export", "--csv", "--json"]), 2);
    assert_eq!(code(&["export", "--csv"]), 1, "there is no run");
    assert_eq!(run(directory.path(), &[]).0, 0);
    let file = directory.path().join("mine.csv");
    let to = file.to_string_lossy().into_owned();
    assert_eq!(code(&["export", "--csv", "-o", &to]), 0);
    assert_eq!(code(&["export", "--csv", "-o", &to]), 1);
    assert_eq!(code(&["export", "--csv", "--force", "-o", &to]), 0);
}

#[test]
fn init_writes_what_check_accepts_and_overwrites_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("job.toml");
    let init = |more: &[&str]| told(ckptsim(&["init", "-o"]).arg(&file).args(more));
    assert_eq!(init(&["--template", "kafka-join"]).0, 0);
    assert!(directory.path().join("ckptsim.schema.json").exists());
    let written = std::fs::read_to_string(&file).unwrap();
    assert!(written.starts_with("#:schema ./ckptsim.schema.json\n"));
    let (code, valid, problems) = told(ckptsim(&["check"]).arg(&file));
    assert_eq!((code, problems.as_str()), (0, ""), "{valid}");
    let (code, _, error) = init(&[]);
    assert_eq!(code, 1);
    assert!(error.contains("--force"), "{error}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), written);

    let config = directory.path().join("config.yaml");
    std::fs::write(
        &config,
        "execution:\n  checkpointing:\n    interval: 3 min\n",
    )
    .unwrap();
    let from = config.to_string_lossy().into_owned();
    assert_eq!(init(&["--force", "--from", &from]).0, 0);
    let written = std::fs::read_to_string(&file).unwrap();
    assert!(
        written.contains("execution.checkpointing.interval = \"3 min\""),
        "{written}"
    );
}

#[test]
fn every_command_shows_examples_and_has_a_manual_page() {
    let directory = tempfile::tempdir().unwrap();
    ckptsim(&["man", "--out"])
        .arg(directory.path())
        .assert()
        .success();
    let mut pages = 0;
    for entry in std::fs::read_dir(directory.path()).unwrap() {
        let page = entry.unwrap().file_name().into_string().unwrap();
        let Some(name) = page.strip_prefix("ckptsim-") else {
            continue;
        };
        let (code, help, _) = told(&mut ckptsim(&[name.trim_end_matches(".1"), "--help"]));
        assert_eq!(code, 0, "{page}");
        assert!(help.contains("Example"), "{page}");
        pages += 1;
    }
    assert!(pages >= 14);
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let (code, text, _) = told(&mut ckptsim(&["completions", shell]));
        assert_eq!(code, 0);
        assert!(text.contains("openmetrics"), "{shell}");
    }
}

/// Changes the first of these texts in a file that was written.
fn falsify(directory: &Path, name: &str, from: &str, to: &str) {
    let path = directory.join(name);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{name}: {from}");
    std::fs::write(path, text.replacen(from, to, 1)).unwrap();
}

#[test]
fn results_that_differ_from_what_was_written_are_not_believed() {
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(run(directory.path(), &[]).0, 0);
    let picture = directory.path().join("01-checkpoint-1.svg");
    let drawn = std::fs::read(&picture).unwrap();
    falsify(
        directory.path(),
        "run.json",
        "\"duration_p99\": {",
        "\"duration_p99\":  {",
    );
    let file = directory.path().join("run.json");
    for (args, result) in [
        (&["report"][..], directory.path()),
        (&["export", "--json"], directory.path()),
        (&["export", "--csv"], &file),
        (&["explain"], directory.path()),
        (&["explain"], &file),
        (&["verify"], directory.path()),
    ] {
        let (code, out, error) = told(ckptsim(args).arg(result));
        assert_eq!(code, 1, "{args:?}: {out}{error}");
        let named = format!("{out}{error}");
        assert!(named.contains("run.json"), "{args:?}: {named}");
        assert!(
            named.contains("differs from") || named.contains("changed since"),
            "{named}"
        );
    }
    assert!(std::fs::read(&picture).unwrap() == drawn);
    assert!(!directory.path().join("report.html").exists());
}

#[test]
fn a_changed_manifest_is_not_believed_and_a_missing_one_is_told() {
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(run(directory.path(), &[]).0, 0);
    let export = || told(ckptsim(&["export", "--json"]).arg(directory.path()));
    let whole = std::fs::read(directory.path().join("manifest.json")).unwrap();
    for (from, to) in [
        ("\"seed\": ", "\"seed\": 1"),
        ("\"kind\"", "\"kinds\""),
        ("{", ""),
    ] {
        falsify(directory.path(), "manifest.json", from, to);
        let (code, _, error) = export();
        assert_eq!(code, 1, "{error}");
        assert!(
            error.contains("manifest.json differs from what was written"),
            "{error}"
        );
        std::fs::write(directory.path().join("manifest.json"), &whole).unwrap();
    }
    let (code, _, error) = run(directory.path(), &[]);
    assert_eq!(code, 0, "{error}");
    falsify(
        directory.path(),
        "manifest.json",
        "manifest/2",
        "manifest/1",
    );
    let (code, _, error) = export();
    assert_eq!(code, 1);
    assert!(
        error.contains("its schema is ckptsim.manifest/1, expected ckptsim.manifest/2"),
        "{error}"
    );
    std::fs::remove_file(directory.path().join("manifest.json")).unwrap();
    let (code, _, error) = export();
    assert_eq!(code, 0, "{error}");
    assert!(error.starts_with("warning: there is no "), "{error}");
}

#[test]
fn a_report_belongs_to_its_results_and_goes_with_them() {
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(run(directory.path(), &[]).0, 0);
    let report = || told(ckptsim(&["report"]).arg(directory.path()));
    std::fs::write(directory.path().join("01-checkpoint-1.csv"), "").unwrap();
    let (code, _, error) = report();
    assert_eq!(code, 0, "{error}");
    assert!(
        error.contains("01-checkpoint-1.csv was changed since it was written; it is made again")
    );
    let verify = || told(ckptsim(&["verify", "-q"]).arg(directory.path()));
    let (code, equal, _) = verify();
    assert_eq!(code, 0, "{equal}");
    falsify(directory.path(), "report.html", "<html", "<html ");
    let (code, different, _) = verify();
    assert_eq!(code, 1);
    assert!(different.contains("report.html: changed"), "{different}");
    falsify(directory.path(), "scenario.toml", "seed", "sead");
    let (code, _, error) = report();
    assert_eq!(code, 1);
    assert!(
        error.contains("scenario.toml is changed since it was written"),
        "{error}"
    );
    assert_eq!(run(directory.path(), &["--seed", "9", "--force"]).0, 0);
    assert!(!directory.path().join("report.html").exists());
}

#[test]
fn one_bad_point_does_not_take_a_sweep_with_it() {
    let directory = tempfile::tempdir().unwrap();
    let sweep = |more: &[&str], out: &Path| {
        let mut command = ckptsim(&["sweep", SMALL, "--no-loss", "--set", "job.duration=5 s"]);
        let axis = "simulation.max-events=1000, 10000000";
        told(
            command
                .args(["--vary", axis])
                .args(more)
                .arg("--out")
                .arg(out),
        )
    };
    let (code, table, error) = sweep(&[], directory.path());
    assert_eq!(code, 1, "{error}");
    let why = "max-events = 1000: not simulated: after ";
    assert!(
        error.contains(why) && error.contains("1 of 2 points failed"),
        "{error}"
    );
    assert!(table.contains(why), "{table}");
    let read = |name: &str| std::fs::read_to_string(directory.path().join(name)).unwrap();
    let results: Value = serde_json::from_str(&read("results.json")).unwrap();
    let failure = results["points"][0]["failure"].as_str().unwrap();
    assert!(failure.starts_with("not simulated: after "), "{failure}");
    assert!(results["points"][0]["duration_p50"].is_null());
    assert!(
        results["points"][1]["duration_p50"]["value"]
            .as_f64()
            .unwrap()
            > 0.0
    );
    assert!(results["points"][1].get("failure").is_none());
    assert!(read("points.csv").contains("not simulated: after "));
    assert_eq!(
        read("journal.ndjson").lines().count(),
        2,
        "only the good run is finished"
    );
    assert_eq!(told(ckptsim(&["verify", "-q"]).arg(directory.path())).0, 0);
    assert_eq!(told(ckptsim(&["report", "-q"]).arg(directory.path())).0, 0);
    assert!(read("report.html").contains("not simulated: after "));
    assert!(read("summary.md").contains("not simulated: after "));
    let (code, _, error) = told(ckptsim(&["export", "--csv"]).arg(directory.path()));
    assert_eq!(code, 1);
    assert!(error.contains("holds a sweep"), "{error}");
    let (code, _, error) = sweep(&["--resume"], directory.path());
    assert_eq!(code, 1, "it is tried again, and fails again: {error}");
}

#[test]
fn a_side_of_a_comparison_that_cannot_be_simulated_is_told() {
    let limited = "simulation.max-events=1000";
    let (code, out, error) = told(&mut ckptsim(&[
        "compare",
        SMALL,
        "--with",
        limited,
        "--no-loss",
    ]));
    assert_eq!(code, 1, "{out}");
    assert!(error.contains("error: B: not simulated: after "), "{error}");
    assert!(!out.contains("worse"), "{out}");
}

#[test]
fn four_billion_jobs_are_as_many_as_there_is_work_for() {
    let directory = tempfile::tempdir().unwrap();
    let axis = "flink.execution.checkpointing.interval=500 ms, 1 s";
    ckptsim(&["sweep", SMALL, "--vary", axis, "--no-loss", "-q"])
        .args(["--set", "job.duration=3 s", "--jobs", "4294967295", "--out"])
        .arg(directory.path())
        .assert()
        .success();
}
