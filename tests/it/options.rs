//! What `check` calls valid, `run` ends: without a panic, in reasonable time, with at most 1 GiB.
//!
//! Random values of every key of the schema, see `generate`; `CKPTSIM_CASES=100000 cargo test --test it options` for more,
//! from case `CKPTSIM_FIRST` on.

mod children;
pub mod dice;
pub mod generate;
pub mod judge;
mod rules;
pub mod schema;
mod shrink;
pub mod values;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use children::{Ended, Fault, is_child, judged, judged_text};
use dice::Dice;
use generate::{Maker, repaired};
use rand_pcg::Pcg64;
use rand_pcg::rand_core::{Rng as _, SeedableRng as _};
use rules::FILES;
use schema::Schema;
use tempfile::TempDir;
use toml::{Table, Value};

/// Cases, unless `CKPTSIM_CASES` says how many.
const CASES: usize = 2000;
/// So many different faults are shown.
const SHOWN_MAX: usize = 20;

const PROPERTY: &str = "options::what_check_calls_valid_run_ends";

fn number(variable: &str, default: usize) -> usize {
    std::env::var(variable).map_or(default, |text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{variable} is a number"))
    })
}

/// The scenario with this number.
fn made(schema: &Schema, number: usize) -> String {
    let mut random = Pcg64::seed_from_u64(number as u64);
    let mut maker = Maker::new(schema, Dice::new(move || random.next_u32()));
    maker.file(number)
}

/// A directory with the files that scenarios name.
fn directory() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in FILES {
        std::fs::write(directory.path().join(name), text).unwrap();
    }
    directory
}

/// How many cases ended in which way.
#[derive(Debug, Default)]
struct Count {
    cases: usize,
    valid: usize,
    without_repair: usize,
    ran: usize,
    completed: usize,
}

impl Count {
    fn add(&mut self, ended: &Ended) {
        self.cases += 1;
        if let Ended::Well {
            ran,
            completed,
            repairs,
        } = ended
        {
            self.valid += 1;
            self.without_repair += usize::from(*repairs == 0);
            self.ran += usize::from(*ran);
            self.completed += usize::from(*completed);
        }
    }
}

#[test]
fn what_check_calls_valid_run_ends() {
    if is_child(made) {
        return;
    }
    let directory = directory();
    let first = number("CKPTSIM_FIRST", 0);
    let cases = first..first + number("CKPTSIM_CASES", CASES);
    let mut count = Count::default();
    let mut faults: Vec<(usize, Fault, String)> = Vec::new();
    judged(cases, PROPERTY, directory.path(), |number, ended, text| {
        count.add(&ended);
        if let Ended::Fault(fault) = ended {
            // At once: an exploration takes long.
            println!("case {number}: {fault:?}");
            faults.push((number, fault, text.to_owned()));
        }
    });
    println!("{count:?}");
    let report = told(&faults, directory.path());
    assert!(faults.is_empty(), "{} faults\n{report}", faults.len());
    let share = |part: usize| part as f64 / count.cases as f64;
    assert!(share(count.valid) > 0.8, "{count:?}");
    assert!(share(count.ran) > 0.5, "{count:?}");
    assert!(share(count.completed) > 0.3, "{count:?}");
}

/// Every fault once, with the smallest scenario that has it.
fn told(faults: &[(usize, Fault, String)], directory: &Path) -> String {
    let mut different: Vec<(usize, &Fault, &str, usize)> = Vec::new();
    for (number, fault, text) in faults {
        match different
            .iter_mut()
            .find(|(_, other, ..)| other.is_like(fault))
        {
            Some((.., times)) => *times += 1,
            None => different.push((*number, fault, text, 1)),
        }
    }
    let mut report = String::new();
    for (number, fault, text, times) in different.into_iter().take(SHOWN_MAX) {
        let smallest = shrink::smallest(text, |smaller| {
            let ended = judged_text(smaller, PROPERTY, directory);
            matches!(ended, Some(Ended::Fault(other)) if other.is_like(fault))
        });
        writeln!(
            report,
            "\n# case {number}, {times} times: {fault:?}\n{smallest}"
        )
        .unwrap();
    }
    report
}

/// The paths of all keys of a file, as the schema names them.
fn keys_of(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Table(table) => {
            for (key, value) in table {
                keys_of(value, &format!("{path}.{key}"), found);
            }
        }
        Value::Array(elements) => {
            found.insert(path.to_owned());
            for element in elements {
                keys_of(element, path, found);
            }
        }
        _ => {
            found.insert(path.to_owned());
        }
    }
}

#[test]
fn every_key_of_the_schema_is_in_some_valid_scenario() {
    let schema = Schema::load();
    let directory = directory();
    let mut found = BTreeSet::new();
    for number in 0..900 {
        let Some(made) = repaired(&made(&schema, number), directory.path()) else {
            continue;
        };
        let file: Table = made.text.parse().unwrap();
        for (key, value) in &file {
            keys_of(value, key, &mut found);
        }
    }
    let has = |key: &String| {
        let below = format!("{key}.");
        found.contains(key) || found.iter().any(|found| found.starts_with(&below))
    };
    let keys = schema.keys();
    assert!(keys.len() > 200, "{}", keys.len());
    let missing: Vec<&String> = keys.iter().filter(|key| !has(key)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
