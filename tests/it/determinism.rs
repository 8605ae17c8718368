use std::path::Path;

use assert_cmd::Command;
use ckptsim::experiment::run::run;
use ckptsim::scenario::Scenario;
use ckptsim::scenario::load::load;

fn scenario(name: &str) -> Scenario {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("scenarios")
        .join(name);
    let short = [("job.duration", "20 s"), ("job.warmup", "5 s")];
    let short = short.map(|(key, value)| (key.to_owned(), value.to_owned()));
    load(&path, &short)
        .unwrap_or_else(|problems| panic!("{problems}"))
        .scenario
}

#[test]
fn the_same_seed_gives_the_same_digest_and_another_seed_or_replication_another() {
    let scenario = scenario("skewed-join.toml");
    let digest = |seed, replication| run(&scenario, seed, replication).unwrap().digest;
    let first = digest(1, 0);
    assert_eq!(digest(1, 0), first);
    assert_ne!(digest(2, 0), first);
    assert_ne!(digest(1, 1), first);
}

#[test]
fn a_result_is_the_same_in_debug_and_release_and_on_every_machine() {
    // A change of the model changes this on purpose; anything else that does is a bug.
    let result = run(&scenario("one-barrier.toml"), 1, 0).unwrap();
    assert_eq!(
        result.digest,
        "85edc0966f4d5d05a53197616faa0cef39c73db691b2ff87ecee109a9a647f72"
    );
}

#[test]
fn the_number_of_threads_does_not_reach_the_results() {
    let results = |jobs: &str| {
        let directory = tempfile::tempdir().unwrap();
        Command::cargo_bin("ckptsim")
            .unwrap()
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .args(["sweep", "scenarios/skewed-join.toml", "--quiet"])
            .args(["--set", "job.duration=30 s", "--set", "job.warmup=5 s"])
            .args(["--vary", "flink.execution.checkpointing.interval=5 s, 10 s"])
            .args(["--replications", "2", "--jobs", jobs, "--out"])
            .arg(directory.path())
            .assert()
            .success();
        std::fs::read(directory.path().join("results.json")).unwrap()
    };
    assert!(
        results("1") == results("2"),
        "results.json depends on --jobs"
    );
}
