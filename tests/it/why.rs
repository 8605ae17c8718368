use serde_json::Value;

use crate::import::ckptsim;

const ANSWERS: &str = "tests/answers/A01_hm5_w10.json";

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_real_checkpoint_is_explained_beside_the_median_one_with_a_picture() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().to_str().unwrap();
    let output = ckptsim(&["why", ANSWERS, "--out", out]).assert().success();
    let told = text(&output.get_output().stdout);
    assert!(
        told.contains(" took ") && told.contains("writes its state"),
        "{told}"
    );
    assert!(told.contains("async phase"), "{told}");
    assert!(told.contains("What other options would give"), "{told}");
    let drawn = |end: &str| {
        let files = std::fs::read_dir(directory.path()).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.ends_with(end)).count()
    };
    assert_eq!((drawn(".png"), drawn(".csv")), (2, 2));
}

#[test]
fn the_parts_of_every_checkpoint_add_up_to_what_flink_says() {
    let ids = {
        let error = ckptsim(&["why", ANSWERS, "--checkpoint", "999999"])
            .assert()
            .code(1);
        let error = text(&error.get_output().stderr);
        let known = error.split("they hold ").nth(1).unwrap().trim().to_owned();
        known
            .split(", ")
            .map(|id| id.parse::<u64>().unwrap())
            .collect::<Vec<u64>>()
    };
    assert_eq!(ids.len(), 3, "{ids:?}");
    for id in ids {
        let id = id.to_string();
        let args = [
            "why",
            ANSWERS,
            "--no-what-if",
            "--format",
            "json",
            "--checkpoint",
            &id,
        ];
        let output = ckptsim(&args).assert().success();
        let found: Value = serde_json::from_str(&text(&output.get_output().stdout)).unwrap();
        let why = &found["why"];
        let parts = why["path"].as_array().unwrap().iter();
        let sum: u64 = parts.map(|step| step["length_ns"].as_u64().unwrap()).sum();
        let whole = why["duration_ns"].as_u64().unwrap();
        assert!(sum.abs_diff(whole) <= 1_000_000, "{id}: {sum} of {whole}");
    }
}

#[test]
fn what_is_no_job_is_refused_with_what_can_be_read() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("config.json");
    std::fs::write(&file, "{\"interval\": 1}").unwrap();
    ckptsim(&["why", file.to_str().unwrap()]).assert().code(1);
    ckptsim(&["why", "no-such-file"]).assert().code(1);
    // JSON that quotes a log is no log.
    let quoted = "{\"exception\": \"Job a (b) switched from state RUNNING to RESTARTING\"}";
    std::fs::write(&file, quoted).unwrap();
    ckptsim(&["why", file.to_str().unwrap()]).assert().code(1);
}

#[test]
fn a_log_tells_durations_expiries_and_how_often_the_job_restarted() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("jobmanager.log");
    let lines = [
        "2024-05-01 08:34:20,494 INFO  o.a.f.r.c.CheckpointCoordinator [] - Completed checkpoint 7 for job a (15387 bytes, checkpointDuration=1008 ms, finalizationTime=0 ms).",
        "2024-05-01 08:44:20,494 INFO  o.a.f.r.c.CheckpointCoordinator [] - Checkpoint 8 of job a expired before completing.",
        "2024-05-01 09:00:00,000 INFO  o.a.f.r.e.ExecutionGraph [] - Job hunter2 (a) switched from state RUNNING to RESTARTING.",
        "2024-05-01 10:00:00,000 INFO  o.a.f.r.e.ExecutionGraph [] - Job hunter2 (a) switched from state RUNNING to RESTARTING.",
    ];
    std::fs::write(&file, lines.join("\n")).unwrap();
    let file = file.to_str().unwrap();
    let told = ckptsim(&["why", file]).assert().success();
    let told = text(&told.get_output().stdout);
    for part in ["1.01 s", "1: 8", "--mtbf '2570 s'"] {
        assert!(told.contains(part), "{part}\n{told}");
    }
    assert!(!told.contains("hunter2"));
    let import = ckptsim(&["import", file]).assert().code(1);
    assert!(text(&import.get_output().stderr).contains("ckptsim why"));
}
