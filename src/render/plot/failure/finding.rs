//! What the picture of a failure says, as a sentence with numbers.

use crate::measure::timeline::Sample;
use crate::render::number::Unit;
use crate::render::plot::failure::episode::Episode;

/// The sentence above the picture; `last` is the last sample that is drawn.
pub fn finding(episode: &Episode, last: Option<&Sample>) -> String {
    let time = Unit::Time.about(episode.seconds());
    let after = match episode.records.len() {
        1 => "the failure".to_owned(),
        many => format!("the first of {many} failures"),
    };
    let record = episode.last();
    let parts = parts(episode);
    if record.caught_up.is_some() {
        return format!("Caught up {time} after {after}{parts}");
    }
    if record.running.is_none() {
        return format!("Not running again {time} after {after}, when the run ends{parts}");
    }
    let waiting = last.map_or_else(String::new, |sample| {
        let waiting = Unit::Plain.about(waiting(sample));
        format!(", {waiting} records still wait")
    });
    format!("Not caught up {time} after {after}, when the run ends{parts}{waiting}")
}

/// Records that are due and not processed.
pub fn waiting(sample: &Sample) -> f64 {
    sample.unread as f64 + sample.in_channels as f64
}

/// `: 9 s detect and restart, 41 s restore, 76 s replay`; without what took no time.
fn parts(episode: &Episode) -> String {
    let [detect, restart, restore, replay] = episode.spent();
    let parts = [
        (detect + restart, "detect and restart"),
        (restore, "restore"),
        (replay, "replay and catch-up"),
    ];
    let present = parts.into_iter().filter(|(seconds, _)| *seconds > 0.0);
    let told = present.map(|(seconds, name)| format!("{} {name}", Unit::Time.about(seconds)));
    let told: Vec<String> = told.collect();
    let colon = if told.is_empty() { "" } else { ": " };
    format!("{colon}{}", told.join(", "))
}

/// Scenario, cause, and what was restored.
pub fn subtitle(scenario: &str, episode: &Episode, episodes: usize) -> String {
    let record = episode.last();
    let mut parts = vec![scenario.to_owned(), record.cause.clone()];
    let rework = record
        .rework()
        .map(|rework| Unit::Time.about(rework.as_secs_f64()));
    parts.extend(rework.map(|rework| match record.checkpoint {
        Some(id) => format!(
            "checkpoint {id} restored ({}), {rework} of work done again",
            Unit::Bytes.text(record.restored_bytes as f64)
        ),
        None => format!("no checkpoint to restore, all {rework} of work done again"),
    }));
    if episodes > 1 {
        parts.push(format!("the longest of {episodes} recoveries"));
    }
    parts.join(" · ")
}
