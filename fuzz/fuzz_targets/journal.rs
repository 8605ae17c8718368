//! Bytes as the journal of a sweep: what does not match its checksum is never believed, and what is kept is kept again.
//!
//! Every line of the bytes that reads as a result is first added as a run is; then the bytes as they are, and one changed
//! byte of what was there.
#![no_main]

use std::path::Path;

use ckptsim::experiment::journal::Journal;
use ckptsim::experiment::metric::replicate::Replication;
use ckptsim_fuzz::directory;
use libfuzzer_sys::fuzz_target;

fn open(file: &Path, resume: bool) -> Option<Journal> {
    Journal::open(file, "sweep", resume).ok()
}

fuzz_target!(|input: (u16, u8, &[u8])| {
    let (position, change, bytes) = input;
    let file = directory().join("journal.ndjson");
    let mut journal = open(&file, false).expect("an empty journal");
    let results: Vec<Replication> = bytes
        .split(|&byte| byte == b'\n')
        .filter_map(|line| serde_json::from_slice(line).ok())
        .collect();
    for (number, result) in results.iter().enumerate() {
        journal
            .add(&number.to_string(), result)
            .expect("the directory is ours");
    }
    drop(journal);
    let mut text = std::fs::read(&file).expect("it was just written");
    let place = usize::from(position) % text.len();
    text[place] ^= change;
    text.extend_from_slice(bytes);
    std::fs::write(&file, &text).expect("the directory is ours");
    let Some(journal) = open(&file, true) else {
        return;
    };
    for (number, written) in results.iter().enumerate() {
        let found = journal.get(&number.to_string());
        let text = |result| serde_json::to_string(result).expect("plain data");
        assert!(found.is_none_or(|found| text(found) == text(written)));
    }
    let kept = (journal.len(), journal.events());
    drop(journal);
    let again = open(&file, true).expect("what was kept is sound");
    assert_eq!((again.len(), again.events()), kept);
});
