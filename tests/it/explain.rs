use std::path::{Path, PathBuf};

use ckptsim::experiment::RunResult;
use ckptsim::experiment::explain::{Explain, Explanation, Outlook, Part, slowest};
use ckptsim::experiment::run::run;
use ckptsim::measure::CheckpointRecord;
use ckptsim::render::explain::{markdown, text};
use ckptsim::scenario::load::{Loaded, load};
use ckptsim::units::SimDuration;

use crate::program::ckptsim;

/// A shipped scenario with some keys changed, and its replication 0.
fn made(name: &str, changes: &[(&str, &str)]) -> (Loaded, RunResult) {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("scenarios")
        .join(name);
    let changes: Vec<(String, String)> = changes
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    let loaded = load(&path, &changes).unwrap_or_else(|problems| panic!("{problems}"));
    let result = run(&loaded.scenario, loaded.scenario.job.seed, 0).unwrap();
    (loaded, result)
}

fn of(made: &(Loaded, RunResult), checkpoint: Option<u64>, what_if: bool) -> Explanation {
    let asked = Explain::new(&made.0, &made.1).checkpoint(checkpoint);
    let explained = asked.what_if(what_if).explain();
    explained.unwrap_or_else(|error| panic!("{error}"))
}

/// As in the demo: short, and the buffers in front of the hot subtask fill.
const SHORT_JOIN: [(&str, &str); 3] = [
    ("job.duration", "120 s"),
    ("job.warmup", "60 s"),
    ("flink.execution.checkpointing.interval", "10 s"),
];

#[track_caller]
fn parts_add_up(part: &Part) {
    if !part.parts.is_empty() {
        let parts = part.parts.iter();
        let sum = parts.fold(SimDuration::ZERO, |sum, part| sum + part.length);
        assert_eq!(sum, part.length, "{part:#?}");
        part.parts.iter().for_each(parts_add_up);
    }
}

#[test]
fn the_parts_of_every_checkpoint_add_up_to_its_duration() {
    let unaligned = "flink.execution.checkpointing.unaligned.enabled";
    let timeout = "flink.execution.checkpointing.aligned-checkpoint-timeout";
    let debloating = "flink.taskmanager.network.memory.buffer-debloat.enabled";
    let cases: [(&str, &[(&str, &str)]); 8] = [
        ("one-barrier.toml", &[]),
        ("skewed-join.toml", &SHORT_JOIN),
        (
            "skewed-join.toml",
            &[&SHORT_JOIN[..], &[(unaligned, "true")]].concat(),
        ),
        (
            "skewed-join.toml",
            &[&SHORT_JOIN[..], &[(unaligned, "true"), (timeout, "300 ms")]].concat(),
        ),
        (
            "skewed-join.toml",
            &[&SHORT_JOIN[..], &[(debloating, "true")]].concat(),
        ),
        ("recorded-b-backpressure.toml", &[]),
        ("recorded-c-unaligned.toml", &[]),
        (
            "published-changelog-on.toml",
            &[("job.duration", "40 s"), ("job.warmup", "10 s")],
        ),
    ];
    let mut explained = 0;
    for (name, changes) in cases {
        let made = made(name, changes);
        for record in &made.1.checkpoints {
            let Some(duration) = record.end_to_end() else {
                continue;
            };
            let found = of(&made, Some(record.id), false);
            assert_eq!(found.tree.length, duration, "{name} {}", record.id);
            parts_add_up(&found.tree);
            explained += 1;
        }
    }
    assert!(explained > 60, "{explained}");
}

#[test]
fn a_counterfactual_is_a_plain_run_with_the_key_changed() {
    let made = made("skewed-join.toml", &SHORT_JOIN);
    let found = of(&made, None, true);
    assert!(found.what_if.len() >= 5, "{:#?}", found.what_if);
    for option in &found.what_if {
        let settings: Vec<(String, String)> = option
            .settings
            .iter()
            .map(|setting| (setting.key.clone(), setting.value.clone()))
            .collect();
        let changed = made.0.at(&settings).unwrap().scenario;
        let plain = run(&changed, made.1.seed, 0).unwrap();
        let record = &plain.checkpoints[found.checkpoint as usize - 1];
        let duration = record.end_to_end().unwrap();
        assert_eq!(
            option.checkpoint,
            Outlook::Completed(duration),
            "{}",
            option.name
        );
        assert_eq!(
            option.slowest,
            slowest(&plain).and_then(CheckpointRecord::end_to_end)
        );
    }
    let wins = found
        .what_if
        .iter()
        .map(|option| option.checkpoint.duration());
    assert!(wins.is_sorted(), "{:#?}", found.what_if);
}

#[test]
fn one_barrier_is_explained() {
    let made = made("one-barrier.toml", &[]);
    let found = of(&made, None, true);
    insta::assert_snapshot!(text(&found, 100, false));
}

#[test]
fn a_skewed_join_is_explained() {
    let made = made("skewed-join.toml", &SHORT_JOIN);
    let found = of(&made, None, true);
    insta::assert_snapshot!(text(&found, 100, false));
    insta::assert_snapshot!(markdown(&found));
    let text = text(&found, 100, false);
    assert!(
        text.lines().all(|line| line.chars().count() <= 100),
        "{text}"
    );
}

#[test]
fn an_unaligned_checkpoint_is_explained() {
    let unaligned = ("flink.execution.checkpointing.unaligned.enabled", "true");
    let made = made(
        "skewed-join.toml",
        &[&SHORT_JOIN[..], &[unaligned]].concat(),
    );
    let found = of(&made, None, false);
    insta::assert_snapshot!(text(&found, 100, false));
}

#[test]
fn an_expired_checkpoint_is_explained_as_if_it_had_been_let_go_on() {
    let timeout = ("flink.execution.checkpointing.timeout", "1 s");
    let tolerable = (
        "flink.execution.checkpointing.tolerable-failed-checkpoints",
        "100",
    );
    let patient = made("skewed-join.toml", &SHORT_JOIN);
    let hasty = made(
        "skewed-join.toml",
        &[&SHORT_JOIN[..], &[timeout, tolerable]].concat(),
    );
    let found = of(&hasty, None, true);
    assert_eq!(found.expired_after, Some(SimDuration::from_secs(1)));
    assert!(found.tree.length > SimDuration::from_secs(1));
    parts_add_up(&found.tree);
    // Those before it expired, too, which did not disturb it: its length is that of the run where none expires.
    let undisturbed = of(&patient, Some(found.checkpoint), false);
    let ratio = found.tree.length.as_secs_f64() / undisturbed.tree.length.as_secs_f64();
    assert!((ratio - 1.0).abs() < 0.2, "{ratio}");
    assert_eq!(undisturbed.expired_after, None);
    assert!(
        found
            .what_if
            .iter()
            .any(|one| matches!(one.checkpoint, Outlook::Completed(_))),
        "{:?}",
        found.what_if
    );
    insta::assert_snapshot!(text(&found, 100, false));
}

#[test]
fn what_cannot_be_explained_is_refused_with_a_reason() {
    let refused = |changes: &[(&str, &str)], checkpoint| {
        let made = made("skewed-join.toml", &[&SHORT_JOIN[..], changes].concat());
        let asked = Explain::new(&made.0, &made.1).checkpoint(checkpoint);
        let refused = asked.what_if(false).explain().unwrap_err();
        refused.to_string()
    };
    let timeout = ("flink.execution.checkpointing.timeout", "1 s");
    let tolerable = (
        "flink.execution.checkpointing.tolerable-failed-checkpoints",
        "100",
    );
    let short = ("job.duration", "122 s");
    // It expires after 121 s.
    let late = refused(&[timeout, tolerable, short], Some(13));
    assert!(
        late.starts_with("checkpoint 13 did not complete: Checkpoint expired before completing."),
        "{late}"
    );
    assert!(late.contains("Without ack: join #0"), "{late}");
    let open = refused(&[], Some(13));
    assert!(open.contains("the run ended before"), "{open}");
    assert_eq!(
        refused(&[], Some(99)),
        "the run has no checkpoint 99; its checkpoints are 1 to 13"
    );
    let none = ("flink.execution.checkpointing.interval", "10 min");
    assert_eq!(
        refused(&[none], None),
        "no checkpoint of the run has completed or expired after warm-up"
    );
}

#[test]
fn a_run_document_is_explained_as_its_scenario_is() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path().to_str().unwrap();
    let file = "scenarios/one-barrier.toml";
    assert_eq!(ckptsim(&["run", file, "--no-loss", "-q", "--out", at]).0, 0);
    let format = ["--format", "json", "-q"];
    let told = |path| ckptsim(&[&["explain", path], &format[..]].concat());
    let (code, saved, error) = told(at);
    assert_eq!(code, 0, "{error}");
    assert_eq!(told(file).1, saved);
    let found: Explanation = serde_json::from_str(&saved).unwrap();
    assert_eq!(found.checkpoint, 1);
    let (code, _, error) = ckptsim(&["explain", at, "--seed", "2"]);
    assert_eq!(code, 1);
    assert!(error.contains("name the scenario file instead"), "{error}");
}
