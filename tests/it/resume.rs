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

#[test]
fn a_changed_digit_in_the_journal_is_simulated_again_and_changes_no_result() {
    let directory = tempfile::tempdir().unwrap();
    assert!(sweep(directory.path(), &[]).wait().unwrap().success());
    let results = || std::fs::read(directory.path().join("results.json")).unwrap();
    let (whole, sound) = (results(), lines(directory.path()));
    for (line, position) in [(3, 400), (7, 900), (12, 1_300)] {
        let mut changed = sound.clone();
        let text: Vec<char> = changed[line].chars().collect();
        let at = (position..text.len())
            .find(|at| text[*at].is_ascii_digit())
            .unwrap();
        let other = if text[at] == '1' { '2' } else { '1' };
        changed[line] = text[..at]
            .iter()
            .chain([&other])
            .chain(&text[at + 1..])
            .collect();
        std::fs::write(directory.path().join("journal.ndjson"), changed.concat()).unwrap();
        assert!(
            sweep(directory.path(), &["--resume"])
                .wait()
                .unwrap()
                .success()
        );
        assert!(results() == whole, "line {line}");
        let mut after = lines(directory.path());
        assert_eq!(after.len(), 13);
        after.sort();
        let mut expected = sound.clone();
        expected.sort();
        assert!(
            after == expected,
            "every good line stayed, the bad one was made again"
        );
    }
}

#[test]
fn a_journal_without_checksums_is_refused_with_a_reason() {
    let directory = tempfile::tempdir().unwrap();
    let old = "{\"schema\":\"ckptsim.journal/1\",\"version\":\"0.1.0\",\"sweep\":\"3f3f\"}\n";
    std::fs::write(directory.path().join("journal.ndjson"), old).unwrap();
    let child = sweep(directory.path(), &["--resume"]);
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(1));
    let kept = std::fs::read_to_string(directory.path().join("journal.ndjson")).unwrap();
    assert_eq!(kept, old, "it is not ours to change");
}
