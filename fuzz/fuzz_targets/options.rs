//! Bytes as choices of keys and values: what `check` calls valid, a short run ends.
#![no_main]

use std::sync::OnceLock;

use ckptsim_fuzz::directory;
use ckptsim_fuzz::options::dice::Dice;
use ckptsim_fuzz::options::generate::{Maker, repaired};
use ckptsim_fuzz::options::judge::{Depth, judge};
use ckptsim_fuzz::options::schema::Schema;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    static SCHEMA: OnceLock<Schema> = OnceLock::new();
    let mut pairs = bytes.chunks(2).map(|pair| u16::from_le_bytes([pair[0], *pair.last().unwrap_or(&0)]));
    let number = usize::from(pairs.next().unwrap_or(0));
    // When the bytes are used up, nothing optional is chosen any more.
    let mut next = || pairs.next().map_or(u32::MAX, |pair| u32::from(pair).wrapping_mul(0x0001_0001));
    let mut maker = Maker::new(SCHEMA.get_or_init(Schema::load), Dice::new(&mut next));
    let text = maker.file(number);
    if let Some(made) = repaired(&text, directory()) {
        judge(&made.text, directory(), Depth::Run);
    }
});
