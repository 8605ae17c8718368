use crate::program::{ckptsim, ckptsim_of};

const SHORT: [&str; 6] = [
    "--set",
    "job.duration=3 min",
    "--set",
    "job.warmup=1 min",
    "--set",
    "job.replications=2",
];

/// What people read, of every command that prints texts.
fn texts(columns: &str) -> Vec<String> {
    let join = "scenarios/skewed-join.toml";
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("sweep");
    let commands: [Vec<&str>; 6] = [
        [
            &["run", join, "--set", "objectives.duration_p99=<= 60 s"][..],
            &SHORT,
        ]
        .concat(),
        [
            &[
                "run",
                join,
                "--no-loss",
                "--set",
                "objectives.alignment=<= 1 ms",
            ][..],
            &SHORT,
        ]
        .concat(),
        [&["explain", join, "--no-what-if"][..], &SHORT[..4]].concat(),
        [
            &[
                "sweep",
                "scenarios/one-barrier.toml",
                "--out",
                out.to_str().unwrap(),
            ][..],
            &SHORT,
        ]
        .concat(),
        vec![
            "compare",
            "scenarios/one-barrier.toml",
            "scenarios/one-barrier.toml",
        ],
        vec!["check", join],
    ];
    let told = commands.iter().map(|command| {
        let (code, text, error) = ckptsim_of(columns, &[&["--ascii"], &command[..]].concat());
        assert!(matches!(code, 0 | 3), "{command:?}: {error}");
        assert!(!text.is_empty() && error.is_ascii(), "{command:?}: {error}");
        text
    });
    told.collect()
}

#[test]
fn texts_fit_a_terminal_and_have_nothing_but_ascii_on_request() {
    for (columns, width) in [("", 100), ("80", 80), ("3", 80), ("120", 120), ("999", 120)] {
        for text in texts(columns) {
            assert!(text.is_ascii(), "{text}");
            let long = text.lines().find(|line| line.len() > width);
            assert_eq!(long, None, "{width}\n{text}");
        }
    }
}

#[test]
fn met_and_missed_have_a_colour_if_it_is_asked_for() {
    let wanted = [
        "objectives.duration_p99=<= 60 s",
        "objectives.checkpointed=<= 1 MiB",
    ];
    let sets = wanted.iter().flat_map(|one| ["--set", one]);
    let mut command = vec!["run", "scenarios/one-barrier.toml", "--no-loss", "--color"];
    command.push("always");
    command.extend(sets);
    let (_, text, error) = ckptsim(&command);
    for coloured in ["\x1b[32m✓\x1b[0m", "\x1b[1;31m✗\x1b[0m"] {
        assert!(text.contains(coloured), "{error}\n{text}");
    }
    command[4] = "never";
    assert!(!ckptsim(&command).1.contains('\x1b'));
}

#[test]
fn names_stay_what_they_are() {
    let renamed = ["--set", "job.name=κ"];
    let command = ["--ascii", "run", "scenarios/one-barrier.toml", "--no-loss"];
    let (code, text, error) = ckptsim(&[&command[..], &renamed].concat());
    assert_eq!(code, 0, "{error}");
    assert!(text.contains('κ'), "{text}");
}
