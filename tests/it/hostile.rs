//! What a stranger may put into files: names that deceive, files that do not end.

use std::path::Path;

use ckptsim::units::harmless::is_harmful;

use crate::program::ckptsim;

/// Escape sequences, a turned direction, invisible signs, HTML, Markdown.
const NAME: &str =
    "a|b <img src=x onerror=alert(1)> `c` ![d](http://e) \\u001b[31m\\u202e\\u200b=cmd";

fn scenario(directory: &Path) -> String {
    let text = format!(
        "flink.execution.checkpointing.interval = \"3 s\"\n\
         [job]\nname = \"{NAME}\"\nduration = \"12 s\"\nwarmup = \"2 s\"\nreplications = 1\n\
         [[vertex]]\nname = \"s {NAME}\"\nsource = {{ rate = \"100/s\" }}\n\
         [[vertex]]\nname = \"o {NAME}\"\ninputs = [\"s {NAME}\"]\nstate = {{ size = \"1 MB\", entry = \"100 B\", updates-per-record = 1.0 }}\n"
    );
    let file = directory.join("s\u{202e}.toml");
    std::fs::write(&file, text).unwrap();
    file.to_string_lossy().into_owned()
}

#[test]
fn names_neither_reach_a_terminal_as_commands_nor_a_page_as_html() {
    let directory = tempfile::tempdir().unwrap();
    let file = scenario(directory.path());
    let out = directory.path().join("out");
    let out = out.to_str().unwrap();
    let commands: [&[&str]; 9] = [
        &["check", &file],
        &["run", &file, "--no-loss", "--out", out],
        &["run", &file, "--trace"],
        &["explain", &file],
        &["explain", &file, "--format", "markdown"],
        &["compare", &file, &file],
        &["compare", &file, &file, "--format", "markdown"],
        &["report", out],
        &["report", out, "--format", "markdown"],
    ];
    for command in commands {
        let (code, told, error) = ckptsim(command);
        assert_eq!(code, 0, "{command:?}: {error}");
        for text in [&told, &error] {
            assert!(!text.chars().any(is_harmful), "{command:?}: {text:?}");
        }
        if command.contains(&"markdown") {
            without_code(&told);
        }
    }
    let summary = Path::new(out).join("summary.md");
    if summary.exists() {
        without_code(&std::fs::read_to_string(summary).unwrap());
    }
}

/// Outside of fences there is neither a tag nor an image of a stranger.
#[track_caller]
fn without_code(markdown: &str) {
    let mut fenced = false;
    for line in markdown.lines() {
        if line.starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            assert!(!line.contains("<img") || line.contains("\\<img"), "{line}");
            assert!(!line.contains("](http"), "{line}");
        }
    }
}

#[test]
fn the_excerpt_of_an_error_is_harmless() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("s.toml");
    std::fs::write(
        &file,
        "[job]\n\"na\u{202e}me\u{200b}\" = 1\nduration = \"\u{202e}\u{200b}x\"\n",
    )
    .unwrap();
    let (code, _, error) = ckptsim(&["check", file.to_str().unwrap()]);
    assert_eq!(code, 2);
    assert!(!error.chars().any(is_harmful), "{error:?}");
}

#[cfg(unix)]
#[test]
fn what_does_not_end_is_refused_by_every_command_that_reads_files() {
    let directory = tempfile::tempdir().unwrap();
    let pipe = directory.path().join("pipe");
    let made = std::process::Command::new("mkfifo")
        .arg(&pipe)
        .status()
        .unwrap();
    assert!(made.success());
    let large = directory.path().join("large.toml");
    std::fs::File::create(&large)
        .unwrap()
        .set_len(65 << 20)
        .unwrap();
    let including = directory.path().join("s.toml");
    std::fs::write(
        &including,
        "flink-conf = \"pipe\"\n[[vertex]]\nname = \"a\"\nsource = { trace = \"pipe\" }\n",
    )
    .unwrap();
    for (endless, why) in [
        ("/dev/zero", "it is a device"),
        (pipe.to_str().unwrap(), "it is a pipe"),
        (directory.path().to_str().unwrap(), "it is a directory"),
        (large.to_str().unwrap(), "larger than 64 MiB"),
    ] {
        for command in [
            &["check", endless][..],
            &["run", endless],
            &["init", "--from", endless, "-"],
        ] {
            let (code, _, error) = ckptsim(command);
            assert_eq!(code, 2, "{command:?}: {error}");
            assert!(error.contains(why), "{command:?}: {error}");
        }
    }
    let (code, _, error) = ckptsim(&["check", including.to_str().unwrap()]);
    assert_eq!(code, 2);
    assert!(
        error.contains("cannot read `pipe`: it is a pipe"),
        "{error}"
    );
    for name in [
        "manifest.json",
        "results.json",
        "run.json",
        "journal.ndjson",
    ] {
        let results = tempfile::tempdir().unwrap();
        let made = std::process::Command::new("mkfifo")
            .arg(results.path().join(name))
            .status()
            .unwrap();
        assert!(made.success());
        let results = results.path().to_str().unwrap();
        let scenario = "scenarios/one-barrier.toml";
        let vary = "flink.execution.checkpointing.interval=1 s";
        for command in [
            &["report", results][..],
            &["verify", results],
            &["export", results, "--json"],
            &[
                "sweep", scenario, "--vary", vary, "--out", results, "--resume",
            ],
            &["sweep", scenario, "--vary", vary, "--out", results],
        ] {
            let (code, _, error) = ckptsim(command);
            assert_ne!(code, 0, "{command:?} with a pipe {name}: {error}");
        }
    }
    let (code, _, error) = ckptsim(&["import", "/dev/zero"]);
    assert_ne!(code, 0);
    assert!(error.contains("a device"), "{error}");
}

#[test]
fn an_objective_on_failures_without_a_failure_is_not_called_missed() {
    let file = "scenarios/one-barrier.toml";
    let wish = "objectives.recovery_p95=<= 1 min";
    let (code, told, error) = ckptsim(&["run", file, "--no-loss", "--set", wish]);
    assert_eq!(code, 3, "it is not met");
    assert!(
        told.contains("? ") && told.contains("no value: nothing failed"),
        "{told}"
    );
    assert!(!told.contains("missed"), "{told}");
    assert!(
        error.contains("has a value only where something fails: none is given"),
        "{error}"
    );
    assert!(
        error.contains("not judged") && error.contains("[[failure]]"),
        "{error}"
    );
    let (code, _, error) = ckptsim(&["run", file, "--set", "objectives.recovery=<= 1 min"]);
    assert_eq!(code, 2);
    assert!(
        error.contains(
            "did you mean `recovery_mean`, `recovery_p50`, `recovery_p95`, `recovery_p99` or `recovery_max`?"
        ),
        "{error}"
    );
}
