use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

const CKPTSIM: &str = env!("CARGO_BIN_EXE_ckptsim");

/// A sweep of 4 points with 3 replications, one run after the other.
const SWEEP: [&str; 13] = [
    "sweep",
    "scenarios/skewed-join.toml",
    "--quiet",
    "--no-loss",
    "--set",
    "job.duration=30 s",
    "--set",
    "job.warmup=2 s",
    "--vary",
    "flink.execution.checkpointing.interval=3 s, 4 s, 5 s, 6 s",
    "--replications=3",
    "--jobs=1",
    "--out",
];

const RUN: [&str; 5] = [
    "run",
    "scenarios/one-barrier.toml",
    "--quiet",
    "--no-loss",
    "--out",
];

fn command(args: &[&str], directory: &Path) -> Command {
    let mut command = Command::new(CKPTSIM);
    command
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(args)
        .arg(directory)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

#[track_caller]
fn finish(args: &[&str], directory: &Path) {
    let status = command(args, directory).status().unwrap();
    assert!(status.success(), "{args:?}");
}

/// Sends SIGKILL after so long; whether that came before the end.
fn kill_after(millis: u64, args: &[&str], directory: &Path) -> bool {
    let mut child = command(args, directory).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(millis));
    let killed = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    child.wait().unwrap();
    killed
}

fn read(directory: &Path, name: &str) -> Vec<u8> {
    std::fs::read(directory.join(name)).unwrap_or_default()
}

/// The journal without a line that a kill has torn.
fn sound_journal(directory: &Path) -> Vec<u8> {
    let text = read(directory, "journal.ndjson");
    let end = text.iter().rposition(|byte| *byte == b'\n');
    text[..end.map_or(0, |end| end + 1)].to_vec()
}

/// Times between kills that no machine beats with a pattern: multiples of the golden ratio.
fn delays(longest: u64) -> impl Iterator<Item = u64> {
    (1_u64..).map(move |n| (n * 618_034 % 1_000_000) * longest / 1_000_000)
}

#[test]
fn a_sweep_that_is_killed_ten_times_ends_with_the_same_bytes() {
    let undisturbed = tempfile::tempdir().unwrap();
    finish(&SWEEP, undisturbed.path());
    let expected = read(undisturbed.path(), "results.json");
    let mut kills = 0;
    let mut delays = delays(300);
    while kills < 10 {
        let disturbed = tempfile::tempdir().unwrap();
        let directory = disturbed.path();
        while !directory.join("manifest.json").exists() && kills < 10 {
            let before = sound_journal(directory);
            let delay = delays.next().unwrap();
            kills += usize::from(kill_after(delay, &SWEEP, directory));
            let after = sound_journal(directory);
            assert!(after.starts_with(&before), "a finished point was lost");
            let results = read(directory, "results.json");
            assert!(results.is_empty() || results == expected, "a torn file");
        }
        finish(&SWEEP, directory);
        assert!(read(directory, "results.json") == expected);
    }
}

#[test]
fn a_killed_run_or_report_leaves_whole_files() {
    let undisturbed = tempfile::tempdir().unwrap();
    finish(&SWEEP, undisturbed.path());
    let names = [
        "results.json",
        "points.csv",
        "01-duration.svg",
        "01-duration.png",
    ];
    let drawn = names.map(|name| read(undisturbed.path(), name));
    for delay in delays(200).take(5) {
        kill_after(delay, &["report", "--quiet"], undisturbed.path());
        assert!(names.map(|name| read(undisturbed.path(), name)) == drawn);
    }
    let disturbed = tempfile::tempdir().unwrap();
    for delay in delays(150).take(5) {
        kill_after(delay, &RUN, disturbed.path());
        let run = read(disturbed.path(), "run.json");
        assert!(run.is_empty() || serde_json::from_slice::<serde_json::Value>(&run).is_ok());
    }
    finish(&RUN, disturbed.path());
    finish(&["verify", "--quiet"], disturbed.path());
}

fn output(mut command: Command) -> (Option<i32>, String) {
    let Output { status, stderr, .. } = command.stderr(Stdio::piped()).output().unwrap();
    (status.code(), String::from_utf8(stderr).unwrap())
}

#[test]
fn a_directory_that_cannot_be_written_is_told_before_anything_is_simulated() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    std::fs::write(&file, "").unwrap();
    for args in [&RUN[..], &SWEEP[..]] {
        let (code, message) = output(command(args, &file.join("below")));
        assert_eq!(code, Some(1), "{message}");
        assert!(message.starts_with("error: cannot create "), "{message}");
    }
    forbidden(directory.path());
}

/// Nothing is forbidden to root, who runs many a container.
#[cfg(unix)]
fn forbidden(directory: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let locked = directory.join("locked");
    std::fs::create_dir(&locked).unwrap();
    std::fs::set_permissions(&locked, std::fs::Permissions::from_mode(0o555)).unwrap();
    if std::fs::write(locked.join("probe"), "").is_ok() {
        return;
    }
    let (code, message) = output(command(&RUN, &locked));
    assert_eq!(code, Some(1), "{message}");
    assert!(
        message.starts_with("error: cannot write into "),
        "{message}"
    );
}

#[cfg(not(unix))]
fn forbidden(_: &Path) {}

#[cfg(target_os = "linux")]
#[test]
fn a_device_that_is_full_gives_an_error_and_stays_a_device() {
    use std::os::unix::fs::FileTypeExt;
    let directory = tempfile::tempdir().unwrap();
    finish(&RUN, directory.path());
    let full = Path::new("/dev/full");
    for format in ["--csv", "--parquet"] {
        let mut export = command(&["export", format, "-o", "/dev/full"], directory.path());
        export.stdout(Stdio::null());
        let (code, message) = output(export);
        assert_eq!(code, Some(1));
        assert!(message.contains("No space left"), "{message}");
    }
    let mut printed = command(&["export", "--csv"], directory.path());
    printed.stdout(std::fs::OpenOptions::new().write(true).open(full).unwrap());
    let (code, message) = output(printed);
    assert_eq!(code, Some(1));
    assert!(
        message.contains("cannot write to standard output"),
        "{message}"
    );
    let kind = std::fs::metadata(full).unwrap().file_type();
    assert!(kind.is_char_device());
}

/// `ulimit -f` stands for a full disk: the journal may not grow beyond a few runs.
#[cfg(unix)]
#[test]
fn a_sweep_on_a_full_disk_keeps_what_was_finished() {
    let roomy = tempfile::tempdir().unwrap();
    finish(&SWEEP, roomy.path());
    let full = tempfile::tempdir().unwrap();
    let mut limited = Command::new("sh");
    limited
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args([
            "-c",
            "trap '' XFSZ; ulimit -f 6; exec \"$0\" \"$@\"",
            CKPTSIM,
        ])
        .args(SWEEP)
        .arg(full.path());
    let (code, message) = output(limited);
    assert_eq!(code, Some(1), "{message}");
    assert!(message.contains("journal"), "{message}");
    let kept = sound_journal(full.path());
    let lines = kept.split(|byte| *byte == b'\n').count() - 1;
    assert!((2..13).contains(&lines), "{lines} lines were kept");
    finish(&SWEEP, full.path());
    assert!(sound_journal(full.path()).starts_with(&kept));
    assert!(read(full.path(), "results.json") == read(roomy.path(), "results.json"));
}
