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
            "trap '' XFSZ; ulimit -f 48; exec \"$0\" \"$@\"",
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

/// A command that writes results with this seed; the directory follows.
fn seeded(kind: &str, seed: &'static str) -> Vec<&'static str> {
    let (own, common): (&[&str], &[&str]) = match kind {
        "run" => (&RUN[..4], &["--seed", seed, "--force", "--out"]),
        "sweep" => (&SWEEP[..12], &["--seed", seed, "--force", "--out"]),
        _ => (
            &[
                "recommend",
                "scenarios/one-barrier.toml",
                "--quiet",
                "--no-sensitivity",
                "--objective=duration_p99<=60s",
                "--budget=6",
                "--from=500 ms",
                "--to=5 s",
            ],
            &["--seed", seed, "--force", "--out"],
        ),
    };
    [own, common].concat()
}

/// Digest of the results in a directory, all of whose files must be what the manifest says.
#[track_caller]
fn whole(directory: &Path) -> String {
    use sha2::Digest;
    if directory.join(".ckptsim-ready").exists() {
        // Any reader moves into place what is ready; there need be nothing for this one.
        command(&["export", "--json"], directory).status().unwrap();
    }
    let manifest: serde_json::Value =
        serde_json::from_slice(&read(directory, "manifest.json")).unwrap();
    for (name, sha256) in manifest["files"].as_object().unwrap() {
        let now = sha2::Sha256::digest(read(directory, name));
        let hex = |hex: String, byte: &u8| format!("{hex}{byte:02x}");
        let now = now.iter().fold(String::new(), hex);
        assert_eq!(now, *sha256, "{name} in {}", directory.display());
    }
    manifest["digest"].as_str().unwrap().to_owned()
}

/// Everything in a directory belongs to its results.
#[track_caller]
fn nothing_is_left_over(directory: &Path) {
    let manifest: serde_json::Value =
        serde_json::from_slice(&read(directory, "manifest.json")).unwrap();
    let files = manifest["files"].as_object().unwrap();
    for entry in std::fs::read_dir(directory).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let known = files.contains_key(&name) || name == "manifest.json";
        let journal = name == "journal.ndjson" && manifest["kind"] == "sweep";
        // Runs that were made are kept for the next question.
        let runs = name == "runs.ndjson" && manifest["kind"] == "recommendation";
        assert!(known || journal || runs, "{name} was left");
    }
}

/// 12 kills by default; `CKPTSIM_KILLS=300 cargo test a_kill_at_any_moment` for more.
fn kills() -> u64 {
    let wished = std::env::var("CKPTSIM_KILLS").ok();
    wished.map_or(12, |number| number.parse().unwrap())
}

#[expect(
    clippy::disallowed_methods,
    reason = "a kill has to fall into the life of a process"
)]
fn now() -> std::time::Instant {
    std::time::Instant::now()
}

#[test]
fn a_kill_at_any_moment_leaves_the_earlier_results_or_the_new_ones() {
    let mut told = Vec::new();
    for kind in ["run", "sweep", "recommend"] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        let commands = ["1", "2"].map(|seed| seeded(kind, seed));
        let began = now();
        let digests = [0, 1].map(|which| {
            finish(&commands[which], path);
            whole(path)
        });
        let longest = began.elapsed().as_millis() as u64 / 2;
        assert_ne!(digests[0], digests[1]);
        let (mut killed, mut replaced) = (0, 0);
        for (number, delay) in delays(longest).take(kills() as usize / 4).enumerate() {
            let before = whole(path);
            let which = usize::from(before == digests[0]);
            killed += usize::from(kill_after(delay, &commands[which], path));
            let after = whole(path);
            assert!(after == before || after == digests[which], "{kind}");
            replaced += usize::from(after != before);
            if number % 5 == 4 {
                finish(&commands[which], path);
                assert_eq!(whole(path), digests[which]);
                nothing_is_left_over(path);
            }
        }
        finish(&commands[0], path);
        assert_eq!(whole(path), digests[0]);
        nothing_is_left_over(path);
        told.push(format!("{kind}: {killed} killed, {replaced} had replaced"));
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    finish(&seeded("sweep", "1"), path);
    let digest = whole(path);
    let report = ["report", "--quiet"];
    let began = now();
    finish(&report, path);
    let longest = began.elapsed().as_millis() as u64;
    let mut killed = 0;
    for delay in delays(longest).take(kills() as usize / 4) {
        killed += usize::from(kill_after(delay, &report, path));
        assert_eq!(whole(path), digest);
    }
    finish(&report, path);
    assert_eq!(whole(path), digest);
    nothing_is_left_over(path);
    told.push(format!("report: {killed} killed"));
    println!("{}", told.join("; "));
}

#[test]
fn a_recommendation_that_is_killed_goes_on_and_ends_with_the_same_bytes() {
    let mut recommend = seeded("recommend", "1");
    recommend.retain(|arg| *arg != "--force");
    let undisturbed = tempfile::tempdir().unwrap();
    let began = now();
    finish(&recommend, undisturbed.path());
    let longest = began.elapsed().as_millis() as u64;
    let expected = read(undisturbed.path(), "recommendation.json");
    let mut kills = 0;
    let mut delays = delays(longest);
    while kills < 5 {
        let disturbed = tempfile::tempdir().unwrap();
        let directory = disturbed.path();
        while !directory.join("manifest.json").exists() && kills < 5 {
            let delay = delays.next().unwrap();
            kills += usize::from(kill_after(delay, &recommend, directory));
        }
        finish(&recommend, directory);
        assert!(read(directory, "recommendation.json") == expected);
        nothing_is_left_over(directory);
    }
}

/// What writes a file, or a directory without a manifest of results.
#[test]
fn a_kill_of_what_else_writes_leaves_whole_files() {
    let run = tempfile::tempdir().unwrap();
    finish(&RUN, run.path());
    let results = run.path().to_str().unwrap();
    let commands: [&[&str]; 4] = [
        &["export", results, "--force", "--json", "-o"],
        &["export", results, "--force", "--trace", "-o"],
        &[
            "import",
            "tests/recordings/A/A01_hm5_w10.json",
            "--quiet",
            "--force",
            "-o",
        ],
        &["init", "--quiet", "--force", "--template", "kafka-join"],
    ];
    for args in commands {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("written");
        std::fs::write(&file, "earlier").unwrap();
        let written = directory.path().join("fresh");
        let began = now();
        finish(args, &written);
        let longest = began.elapsed().as_millis() as u64 + 1;
        let expected = std::fs::read(&written).unwrap();
        for delay in delays(longest).take(kills() as usize / 3) {
            kill_after(delay, args, &file);
            let now = std::fs::read(&file).unwrap();
            assert!(
                now == b"earlier" || now == expected,
                "{args:?} after {delay} ms"
            );
        }
        finish(args, &file);
        assert!(std::fs::read(&file).unwrap() == expected);
    }
    let demo = tempfile::tempdir().unwrap();
    let args = ["demo", "--quiet", "--out"];
    finish(&args, demo.path());
    let picture = |name: &str| read(demo.path(), name);
    let names = [
        "skewed-join.toml",
        "aligned-checkpoint-11.png",
        "unaligned-checkpoint-11.csv",
    ];
    let expected = names.map(picture);
    for delay in delays(1_000).take(kills() as usize / 3) {
        kill_after(delay, &args, demo.path());
        assert!(names.map(picture) == expected);
    }
}

#[test]
fn a_recommendation_that_cannot_be_made_keeps_the_earlier_one() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let recommend = seeded("recommend", "1");
    finish(&recommend, path);
    let (digest, manifest) = (whole(path), read(path, "manifest.json"));
    for bad in [
        ["--also", "rocksdb,hashmap"],
        ["--budget", "0"],
        ["--set", "job.duration=x"],
    ] {
        let args = [&recommend[..4], &bad[..], &["--out"]].concat();
        let (code, message) = output(command(&args, path));
        assert!(matches!(code, Some(1 | 2)), "{bad:?}: {message}");
        assert_eq!(whole(path), digest, "{bad:?}");
    }
    assert!(read(path, "manifest.json") == manifest);
    nothing_is_left_over(path);
}

#[cfg(unix)]
fn signal(child: &std::process::Child, signal: &str) {
    let pid = child.id().to_string();
    let status = Command::new("kill").args(["-s", signal, &pid]).status();
    assert!(status.unwrap().success());
}

/// A sweep that takes long enough to be met while it runs.
const LONG: [&str; 9] = [
    "sweep",
    "scenarios/skewed-join.toml",
    "--no-loss",
    "--set",
    "job.duration=1 h",
    "--replications=50",
    "--jobs=1",
    "--force",
    "--out",
];

#[cfg(unix)]
#[track_caller]
fn wait_for(path: &Path) {
    for _ in 0..6_000 {
        if path.exists() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("{} does not come", path.display());
}

#[cfg(unix)]
#[test]
fn a_second_process_is_refused_at_once_and_signals_leave_nothing_behind() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    finish(&seeded("run", "1"), path);
    let digest = whole(path);
    let long = |kind: &'static str| -> Vec<&'static str> {
        let mut args = LONG.to_vec();
        args[0] = kind;
        if kind == "run" {
            args.retain(|arg| *arg != "--jobs=1");
        }
        args
    };
    for (kind, name, code) in [
        ("sweep", "TERM", 143),
        ("run", "TERM", 143),
        ("run", "INT", 130),
    ] {
        let mut child = command(&long(kind), path).spawn().unwrap();
        wait_for(&path.join(".ckptsim-new"));
        for more in [&seeded("run", "2")[..], &["report", "--quiet"]] {
            let (refused, message) = output(command(more, path));
            assert_eq!(refused, Some(1), "{message}");
            assert!(
                message.contains("another ckptsim is writing into "),
                "{message}"
            );
        }
        signal(&child, name);
        if kind == "sweep" {
            // The first one lets the run under way finish.
            std::thread::sleep(Duration::from_millis(200));
            if child.try_wait().unwrap().is_none() {
                signal(&child, name);
            }
        }
        let status = child.wait().unwrap();
        assert!(matches!(status.code(), Some(found) if found == code || kind == "sweep"));
        assert_eq!(whole(path), digest);
        for leftover in [".ckptsim-new", ".ckptsim-ready", ".ckptsim.lock"] {
            assert!(!path.join(leftover).exists(), "{kind} {name}: {leftover}");
        }
    }
    finish(&seeded("run", "1"), path);
    nothing_is_left_over(path);
}

#[test]
fn an_interrupted_sweep_over_finished_results_goes_on_and_they_stay_until_then() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    finish(&seeded("sweep", "1"), path);
    let (digest, journal) = (whole(path), read(path, "journal.ndjson"));
    let next = path.join("journal.next.ndjson");
    let lines = || {
        std::fs::read_to_string(&next)
            .unwrap_or_default()
            .lines()
            .count()
    };
    let mut child = command(&seeded("sweep", "2"), path).spawn().unwrap();
    while lines() < 4 && child.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(lines() >= 4, "the kill came too late to mean anything");
    assert_eq!(whole(path), digest);
    assert!(read(path, "journal.ndjson") == journal);
    let mut again = seeded("sweep", "2");
    again.retain(|arg| *arg != "--force");
    let (code, message) = output(command(&again, path));
    assert_eq!(code, Some(1));
    assert!(message.contains("--resume to go on with"), "{message}");
    again.insert(1, "--resume");
    finish(&again, path);
    assert_ne!(whole(path), digest);
    nothing_is_left_over(path);
}
