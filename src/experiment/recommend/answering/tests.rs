use super::*;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use crate::experiment::journal::Journal;
use crate::experiment::recommend::judge::Question;
use crate::experiment::recommend::objective::{minimised, parse};
use crate::experiment::sample;
use crate::units::SimDuration;

static NEVER: AtomicBool = AtomicBool::new(false);

fn question(objectives: &[&str]) -> Question {
    Question {
        objectives: objectives.iter().map(|text| parse(text).unwrap()).collect(),
        minimised: minimised("overhead").unwrap(),
    }
}

fn answered(objectives: &[&str], jobs: usize) -> Recommendation {
    let loaded = sample::loaded(10);
    let journal = Mutex::new(Journal::in_memory());
    let ask = Ask {
        from: Some(SimDuration::from_secs(10)),
        to: Some(SimDuration::from_secs(300)),
        mtbf: Some(SimDuration::from_secs(3600)),
        keep: Some(SimDuration::from_secs(600)),
        budget: 400,
        replications: 6,
        jobs,
        sensitivity: true,
        ..Ask::new(question(objectives), &journal, &NEVER)
    };
    recommend(&loaded, &ask, sample::made).unwrap()
}

#[test]
fn an_answer_has_its_range_its_reason_and_its_options() {
    // The stub's durations are 0.2 to 0.3 s + 1.3 % of the interval: 2 s are passed between 120 and 150 s.
    let answer = answered(&["duration_p99<=2s"], 1);
    let chosen = &answer.candidates[answer.chosen.unwrap()];
    assert_eq!(chosen.coordinates[0].label, "2 min");
    let range = answer.range.unwrap();
    assert_eq!(
        (range.from_s, range.to_s, range.open_below),
        (10.0, 120.0, true)
    );
    assert_eq!(
        (answer.binding[0].objective, answer.binding[0].beyond_s),
        (0, 150.0)
    );
    let retention = answer.retention.unwrap();
    assert_eq!(retention.retained, 5);
    let keys: Vec<&str> = answer
        .changes
        .iter()
        .map(|change| change.key.as_str())
        .collect();
    assert_eq!(
        keys,
        [
            "execution.checkpointing.interval",
            "execution.checkpointing.num-retained"
        ]
    );
    assert_eq!(
        answer.candidates[answer.current.unwrap()].coordinates[0].label,
        "10 s"
    );
    assert!(answer.runs <= answer.budget && !answer.sensitivity.is_empty());
}

#[test]
fn nothing_is_recommended_where_nothing_passes() {
    let answer = answered(&["duration_p99<=100ms"], 1);
    assert_eq!((answer.chosen, answer.range), (None, None));
    let nearest = answer.nearest.unwrap();
    assert_eq!(
        answer.candidates[nearest.candidate].coordinates[0].label,
        "10 s"
    );
    assert!(nearest.excess > 1.0 && answer.changes.is_empty());
}

#[test]
fn jobs_change_no_byte_and_the_file_can_be_read_again() {
    let text = |jobs| serde_json::to_string(&answered(&["duration_p99<=2s"], jobs)).unwrap();
    assert_eq!(text(1), text(4));
    let read: Recommendation = serde_json::from_str(&text(1)).unwrap();
    assert_eq!(read, answered(&["duration_p99<=2s"], 2));
}

fn limited(wanted: Wanted<'_>) -> Result<RunResult, RunError> {
    let interval = wanted.scenario.checkpointing.interval.unwrap();
    assert!(
        interval > SimDuration::from_secs(15),
        "a fault of the model"
    );
    sample::made(wanted)
}

#[test]
fn a_candidate_that_cannot_be_simulated_is_no_evidence_and_ends_nothing() {
    let loaded = sample::loaded(10);
    let journal = Mutex::new(Journal::in_memory());
    let ask = |from, to| Ask {
        from: Some(SimDuration::from_secs(from)),
        to: Some(SimDuration::from_secs(to)),
        budget: 100,
        replications: 3,
        jobs: 2,
        ..Ask::new(question(&["duration_p99<=2s"]), &journal, &NEVER)
    };
    let found = recommend(&loaded, &ask(10, 300), limited).unwrap();
    let chosen = &found.candidates[found.chosen.unwrap()];
    assert_eq!(chosen.coordinates[0].label, "2 min");
    let shortest = &found.candidates[0];
    assert!(shortest.is_unknown() && !shortest.feasible, "{shortest:?}");
    let told = |note: &String| note.contains("could not be simulated, so that nothing is known");
    assert!(found.notes.iter().any(told), "{:?}", found.notes);
    let error = recommend(&loaded, &ask(10, 12), limited).unwrap_err();
    assert!(
        error.to_string().contains("a fault of the model"),
        "{error}"
    );
}
