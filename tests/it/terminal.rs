use crate::program::ckptsim;

const SHORT: [&str; 6] = [
    "--set",
    "job.duration=3 min",
    "--set",
    "job.warmup=1 min",
    "--set",
    "job.replications=2",
];

/// What people read, of every command that prints texts.
fn texts() -> Vec<String> {
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
        let (code, text, error) = ckptsim(&[&["--ascii"], &command[..]].concat());
        assert!(matches!(code, 0 | 3), "{command:?}: {error}");
        assert!(!text.is_empty() && error.is_ascii(), "{command:?}: {error}");
        text
    });
    told.collect()
}

#[test]
fn texts_fit_a_terminal_and_have_nothing_but_ascii_on_request() {
    for text in texts() {
        assert!(text.is_ascii(), "{text}");
        let long = text.lines().find(|line| line.len() > 100);
        assert_eq!(long, None, "{text}");
    }
}

#[test]
fn names_stay_what_they_are() {
    let renamed = ["--set", "job.name=κ"];
    let command = ["--ascii", "run", "scenarios/one-barrier.toml", "--no-loss"];
    let (code, text, error) = ckptsim(&[&command[..], &renamed].concat());
    assert_eq!(code, 0, "{error}");
    assert!(text.contains('κ'), "{text}");
}
