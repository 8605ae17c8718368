use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A sweep of 3 points with 4 replications, one run after the other.
fn sweep(out: &Path, more: &[&str]) -> Child {
    Command::new(assert_cmd::cargo::cargo_bin("ckptsim"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args([
            "sweep",
            "scenarios/skewed-join.toml",
            "--quiet",
            "--no-loss",
        ])
        .args(["--set", "job.duration=60 s", "--set", "job.warmup=5 s"])
        .args([
            "--vary",
            "flink.execution.checkpointing.interval=5 s, 10 s, 15 s",
        ])
        .args(["--replications", "4", "--jobs", "1"])
        .args(more)
        .arg("--out")
        .arg(out)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

/// Sound lines of a journal: its header, then one per finished run.
fn lines(out: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(out.join("journal.ndjson")).unwrap_or_default();
    text.split_inclusive('\n')
        .filter(|line| line.ends_with('\n'))
        .map(str::to_owned)
        .collect()
}

#[test]
fn a_killed_sweep_resumes_without_repeating_runs_and_ends_with_the_same_bytes() {
    let undisturbed = tempfile::tempdir().unwrap();
    assert!(sweep(undisturbed.path(), &[]).wait().unwrap().success());

    let disturbed = tempfile::tempdir().unwrap();
    let mut child = sweep(disturbed.path(), &[]);
    while lines(disturbed.path()).len() < 4 {
        assert!(child.try_wait().unwrap().is_none(), "ended before the kill");
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let before = lines(disturbed.path());
    assert!(before.len() < 13, "the kill came too late to mean anything");
    assert!(!disturbed.path().join("results.json").exists());

    assert!(
        sweep(disturbed.path(), &["--resume"])
            .wait()
            .unwrap()
            .success()
    );
    let after = lines(disturbed.path());
    assert_eq!(after[..before.len()], before[..], "finished runs were kept");
    assert_eq!(after.len(), 13, "and not repeated");
    let results = |out: &Path| std::fs::read(out.join("results.json")).unwrap();
    assert!(results(disturbed.path()) == results(undisturbed.path()));
}
