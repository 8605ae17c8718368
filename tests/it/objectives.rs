use crate::program::ckptsim;

const FILE: &str = "scenarios/one-barrier.toml";

#[test]
fn run_says_the_most_important_first() {
    let fast = ["--set", "objectives.duration_p99=<= 60 s"];
    let small = ["--set", "objectives.checkpointed=<= 1 MiB"];
    let args = [&["run", FILE, "--no-loss", "-q"][..], &fast, &small].concat();
    let (code, told, error) = ckptsim(&args);
    assert_eq!(code, 3, "{error}");
    // Formulas have tests of their own.
    let (beginning, _) = told.split_once("\nby the documents").unwrap();
    insta::assert_snapshot!(beginning);
}

#[test]
fn the_exit_code_tells_whether_all_objectives_are_met() {
    let code = |bound: &str| {
        let wish = format!("objectives.duration_p99={bound}");
        ckptsim(&["run", FILE, "--no-loss", "-q", "--set", &wish]).0
    };
    assert_eq!(code("<= 60 s"), 0);
    assert_eq!(code("<= 1 ms"), 3);
    let (code, json, _) = ckptsim(&[
        "run",
        FILE,
        "--no-loss",
        "-q",
        "--format",
        "json",
        "--set",
        "objectives.recovery_p95=<= 1 min",
    ]);
    assert_eq!(code, 3, "nothing fails: nobody knows");
    let run: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(run["objectives"][0]["verdict"], "unknown");
}

#[test]
fn an_objective_that_is_none_is_refused_before_anything_is_simulated() {
    for command in ["run", "explain", "sweep"] {
        let wish = "objectives.duration_p9=<= 60 s";
        let (code, told, error) = ckptsim(&[command, FILE, "--set", wish]);
        assert_eq!((code, told.as_str()), (2, ""), "{error}");
        assert!(
            error.contains("there is no metric `duration_p9`"),
            "{error}"
        );
        assert!(error.contains("^^^"), "{error}");
    }
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("scenario.toml");
    let text = "[[vertex]]\nname = \"source\"\nsource = { rate = \"1000/s\" }\n\
                [objectives]\nduration_p99 = \"<= 60\"\n";
    std::fs::write(&file, text).unwrap();
    let (code, _, error) = ckptsim(&["check", file.to_str().unwrap()]);
    assert_eq!(code, 2);
    assert!(error.contains("scenario.toml:5:"), "{error}");
}
