//! A text as a scenario: what `check` calls valid, a short run ends.
#![no_main]

use ckptsim::experiment::objectives;
use ckptsim::scenario::load::parse;
use ckptsim_fuzz::directory;
use ckptsim_fuzz::options::judge::{Depth, judge_valid};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    // Files anywhere on this machine are not part of the experiment.
    if text.contains("..") || text.contains("\"/") || text.contains("'/") {
        return;
    }
    let short = [
        ("simulation.max-events", "5000"),
        ("job.replications", "1"),
    ];
    let short = short.map(|(key, value)| (key.to_owned(), value.to_owned()));
    match parse(text, "scenario", directory(), &short) {
        Ok(loaded) if objectives::of(&loaded).is_ok() => {
            judge_valid(&loaded, Depth::Run);
        }
        Ok(_) => {}
        Err(problems) => {
            problems.render(true);
        }
    }
});
