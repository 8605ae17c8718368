use std::path::Path;

use ckptsim::formulas::{all, timeout};
use ckptsim::scenario::Scenario;
use ckptsim::scenario::load::load;

fn shipped() -> Vec<(String, Scenario)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let files = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut scenarios: Vec<(String, Scenario)> = files
        .filter(|file| {
            file.extension()
                .is_some_and(|extension| extension == "toml")
        })
        .map(|file| {
            let name = file.file_stem().unwrap().to_string_lossy().into_owned();
            let loaded = load(&file, &[]).unwrap_or_else(|problems| panic!("{problems}"));
            (name, loaded.scenario)
        })
        .collect();
    scenarios.sort_by(|(a, _), (b, _)| a.cmp(b));
    scenarios
}

#[test]
fn every_formula_of_every_shipped_scenario_is_finite_and_not_negative() {
    for (name, scenario) in shipped() {
        for formula in all(&scenario) {
            println!(
                "{name:28} {:18} {:>16.6} {:9} {}",
                formula.id,
                formula.value.unwrap_or(f64::NAN),
                formula.unit,
                formula.broken_assumptions.join("; ")
            );
        }
        for w in timeout::lint(&scenario) {
            println!("{name:28} LINT {w:?}");
        }
    }
}
