//! Bytes as the journal of a sweep, after a sound first line: what is sound is kept, the rest is cut off once.
#![no_main]

use ckptsim::experiment::journal::Journal;
use ckptsim_fuzz::directory;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let file = directory().join("journal.ndjson");
    let open = |resume| Journal::open(&file, "sweep", resume);
    drop(open(false).expect("an empty journal"));
    let mut text = std::fs::read(&file).expect("it was just written");
    text.extend_from_slice(bytes);
    std::fs::write(&file, &text).expect("the directory is ours");
    // Without the first line it is refused.
    if let Ok(journal) = open(true) {
        let kept = (journal.len(), journal.events());
        drop(journal);
        let again = open(true).expect("what was kept is sound");
        assert_eq!((again.len(), again.events()), kept);
    }
});
