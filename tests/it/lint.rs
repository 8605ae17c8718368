use serde_json::Value;

use crate::import::ckptsim;

/// A directory with a file, and what `lint` prints about it, with its exit code.
fn lint(name: &str, text: &str, more: &[&str]) -> (i32, String, String) {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join(name), text).unwrap();
    let mut command = ckptsim(&["lint", name]);
    let output = command
        .current_dir(directory.path())
        .args(more)
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code().unwrap(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

fn codes(name: &str, text: &str, more: &[&str]) -> Vec<(String, u64)> {
    let (_, found, _) = lint(name, text, &[&["--format", "json"], more].concat());
    let found: Value = serde_json::from_str(&found).unwrap();
    let problems = found[0]["problems"].as_array().unwrap();
    let code = |problem: &Value| {
        let code = problem["code"].as_str().unwrap_or_default().to_owned();
        (code, problem["line"].as_u64().unwrap_or(0))
    };
    problems.iter().map(code).collect()
}

/// Nothing is wrong with it.
const GOOD: &str = "execution.checkpointing.interval: 60s\nexecution.checkpointing.dir: s3://b/c\n\
                    execution.checkpointing.tolerable-failed-checkpoints: 3\nexecution.checkpointing.num-retained: 3\n";

#[test]
fn every_danger_has_its_code_and_its_line() {
    assert_eq!(codes("config.yaml", GOOD, &[]), []);
    let line = 5;
    for (more, code) in [
        ("execution.checkpointing.intervall: 60s", "CK020"),
        ("state.backend.async: true", "CK021"),
        ("execution.checkpointing.timeout: 60 seckonds", "CK022"),
        ("execution.checkpointing.timeout: ${T}", "CK023"),
        (
            "execution.checkpointing.unaligned.during-recovery.enabled: true",
            "CK024",
        ),
        ("execution.checkpointing.min-pause: 2 min", "CK005"),
        (
            "execution.checkpointing.aligned-checkpoint-timeout: 10s",
            "CK029",
        ),
        ("parallelism.default: 120", "CK030"),
    ] {
        let found = codes("config.yaml", &format!("{GOOD}{more}\n"), &[]);
        assert_eq!(found, [(code.to_owned(), line)], "{more}");
    }
    let two = "execution.checkpointing.unaligned.enabled: true\nexecution.checkpointing.max-concurrent-checkpoints: 2\n";
    let found = codes("config.yaml", &format!("{GOOD}{two}"), &[]);
    assert_eq!(found, [("CK009".to_owned(), 6)]);
    let bare = codes(
        "config.yaml",
        "execution.checkpointing.interval: 60s\n",
        &[],
    );
    let bare: Vec<&str> = bare.iter().map(|(code, _)| code.as_str()).collect();
    assert_eq!(bare, ["CK026", "CK027", "CK028"]);
    let slow = codes("config.yaml", GOOD, &["--duration", "6 min"]);
    let slow: Vec<&str> = slow.iter().map(|(code, _)| code.as_str()).collect();
    assert_eq!(slow, ["CK025", "CK005"]);
}

#[test]
fn exit_codes_are_those_of_a_build() {
    assert_eq!(lint("config.yaml", GOOD, &["--strict"]).0, 0);
    let warned = "execution.checkpointing.interval: 60s\n";
    assert_eq!(lint("config.yaml", warned, &[]).0, 0);
    assert_eq!(lint("config.yaml", warned, &["--strict"]).0, 1);
    assert_eq!(
        lint(
            "config.yaml",
            "execution.checkpointing.interval: soon\n",
            &[]
        )
        .0,
        1
    );
    assert_eq!(lint("config.yaml", "a: [", &[]).0, 2);
    let (code, out, _) = lint("config.yaml", warned, &["--format", "github"]);
    assert_eq!(code, 0);
    assert!(
        out.starts_with("::warning file=config.yaml,line=1,col=1,title=CK026::"),
        "{out}"
    );
}

#[test]
fn a_version_decides_which_options_there_are() {
    let merging = format!("{GOOD}execution.checkpointing.file-merging.enabled: true\n");
    assert_eq!(codes("config.yaml", &merging, &[]), []);
    let old = codes("config.yaml", &merging, &["--flink-version", "1.19"]);
    assert!(old.contains(&("CK021".to_owned(), 5)), "{old:?}");
    let deployment = "apiVersion: flink.apache.org/v1beta1\nkind: FlinkDeployment\nspec:\n  flinkVersion: v1_19\n  \
                      flinkConfiguration:\n    execution.checkpointing.file-merging.enabled: \"true\"\n";
    assert!(codes("deployment.yaml", deployment, &[]).contains(&("CK021".to_owned(), 6)));
}

#[test]
fn an_option_is_told_with_its_versions_its_older_names_and_what_it_does() {
    let text = |args: &[&str], code: i32| {
        let output = ckptsim(args).assert().code(code);
        String::from_utf8_lossy(&output.get_output().stdout).into_owned()
    };
    let one = text(&["options", "state.backend.async"], 0);
    assert!(one.contains("1.13 or earlier to 1.20"), "{one}");
    text(&["options", "state.backend.async", "--version", "2.3"], 3);
    let older = text(&["options", "state.checkpoints.dir"], 0);
    assert!(
        older.contains("older spelling of execution.checkpointing.dir"),
        "{older}"
    );
    let trap = text(&["options", "during-recovery"], 0);
    let words: Vec<&str> = trap.split_whitespace().collect();
    assert!(words.join(" ").contains("this name does nothing"), "{trap}");
    let all: Value = serde_json::from_str(&text(&["options", "", "--format", "json"], 0)).unwrap();
    let all = all.as_array().unwrap();
    assert!(all.len() > 1_100, "{}", all.len());
    assert!(
        all.iter()
            .all(|one| !one["here"].as_str().unwrap().is_empty())
    );
    let none = ckptsim(&["options", "execution.checkpointing.intervall"])
        .assert()
        .code(3);
    let none = String::from_utf8_lossy(&none.get_output().stderr).into_owned();
    assert!(
        none.contains("did you mean `execution.checkpointing.interval`"),
        "{none}"
    );
}
