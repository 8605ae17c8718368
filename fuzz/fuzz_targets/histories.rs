//! What a job was like before: a log, spans, answers of Prometheus; and a scenario's estimates, rewritten and read again.
#![no_main]

use ckptsim::recording::{log, prometheus, spans};
use ckptsim::render::why as words;
use ckptsim::scenario::spreads::{rewritten, spreads};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for history in [log::read(text), spans::read(text)].into_iter().flatten() {
        words::log(&history, 80);
    }
    if let Ok(answer) = serde_json::from_str(text)
        && let Ok(history) = prometheus::read(&[(String::new(), answer)], "x", "job")
    {
        history.told();
        history.between_failures_s();
    }
    let found = spreads(text);
    let changes: Vec<_> = found.iter().map(|one| (one, one.figure(0.5))).collect();
    let again = spreads(&rewritten(text, &changes));
    for (one, other) in found.iter().zip(&again) {
        assert_eq!((&one.path, &one.unit), (&other.path, &other.unit));
    }
});
