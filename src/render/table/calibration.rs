//! Estimates before and after they were adjusted, and how far off what was held out is.

use crate::experiment::calibrate::{Calibration, Told, off, typical};
use crate::render::number::Unit;
use crate::render::table::{Align, Cell, Table};
use crate::scenario::spreads::Spread;

/// At a bound of its spread, as a share of it.
const AT_END: f64 = 0.001;

/// Estimate by estimate.
pub fn calibration(found: &Calibration, spreads: &[Spread]) -> Table {
    let columns = [
        ("estimate", Align::Left),
        ("from", Align::Right),
        ("to", Align::Right),
        ("was", Align::Right),
        ("is", Align::Right),
        ("", Align::Left),
    ];
    let rows = spreads.iter().enumerate().map(|(index, spread)| {
        let told = match found.told[index] {
            Told::No => "nothing measured depends on it".to_owned(),
            Told::Untried => "not tried: --budget".to_owned(),
            Told::AlikeWith(other) => format!("acts like {}: left", spreads[other].name),
            Told::Yes if !found.gained => "left".to_owned(),
            Told::Yes if is_end(found.at[index]) => "at the end of its spread".to_owned(),
            Told::Yes => String::new(),
        };
        let text = |figure: f64| Cell::from(spread.text(figure));
        vec![
            spread.name.clone().into(),
            text(spread.low),
            text(spread.high),
            text(spread.value),
            text(figure(found, index, spread).unwrap_or(spread.value)),
            told.into(),
        ]
    });
    Table::new(columns, rows)
}

/// What an estimate was adjusted to; `None` if it was left.
pub fn figure(found: &Calibration, index: usize, spread: &Spread) -> Option<f64> {
    let adjusted = found.gained && found.told[index] == Told::Yes;
    adjusted.then(|| spread.figure(found.at[index]))
}

fn is_end(place: f64) -> bool {
    !(AT_END..=1.0 - AT_END).contains(&place)
}

/// How far off both halves are, before and after.
pub fn held_out(found: &Calibration) -> Table {
    let columns = [
        ("half of the checkpoints", Align::Left),
        ("duration off, before", Align::Right),
        ("after", Align::Right),
        ("all figures, before", Align::Right),
        ("after", Align::Right),
    ];
    let share = |value: Option<f64>| Cell::from(value.map(|value| Cell::Value(Unit::Share, value)));
    let halves = [
        ("adjusted to", &found.fitted),
        ("held out", &found.held_out),
    ];
    let rows = halves.map(|(name, [before, after])| {
        vec![
            name.into(),
            share(off(before)),
            share(off(after)),
            share(Some(typical(before))),
            share(Some(typical(after))),
        ]
    });
    Table::new(columns, rows)
}

/// In a sentence.
pub fn calibration_in_words(found: &Calibration) -> String {
    let [before, after] = &found.held_out;
    let share = |value: f64| Unit::Share.text(value);
    let duration = off(before)
        .zip(off(after))
        .map_or_else(String::new, |(before, after)| {
            format!(
                "checkpoints are {} off ({} before), and ",
                share(after),
                share(before)
            )
        });
    let told = format!(
        "Of the half that was held out, {duration}all figures {} ({} before; root of the mean square).",
        share(typical(after)),
        share(typical(before))
    );
    if found.gained {
        told
    } else {
        format!("Nothing is gained: the estimates are left as they are. {told}")
    }
}
