use std::path::Path;

use ckptsim::formulas::{Formula, FormulaId, all, timeout};
use ckptsim::scenario::Scenario;
use ckptsim::scenario::load::load;

fn shipped() -> Vec<(String, Scenario)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut files: Vec<_> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|file| file.extension().is_some_and(|is| is == "toml"))
        .collect();
    files.sort();
    let read = |file: &Path| {
        let loaded = load(file, &[]).unwrap_or_else(|problems| panic!("{problems}"));
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        (name, loaded.scenario)
    };
    files.iter().map(|file| read(file)).collect()
}

fn of(name: &str) -> Vec<Formula> {
    let (_, scenario) = shipped().into_iter().find(|(is, _)| is == name).unwrap();
    all(&scenario)
}

fn value(formulas: &[Formula], id: FormulaId) -> f64 {
    let formula = formulas.iter().find(|formula| formula.id == id).unwrap();
    formula.value.unwrap()
}

#[test]
fn every_formula_of_every_shipped_scenario_is_finite_and_not_negative() {
    for (name, scenario) in shipped() {
        let periodic = scenario.checkpointing.interval.is_some();
        for formula in all(&scenario) {
            let is_period = [
                FormulaId::F2,
                FormulaId::F3,
                FormulaId::F3Records,
                FormulaId::R2,
                FormulaId::R3,
            ]
            .contains(&formula.id);
            assert_eq!(
                formula.value.is_some(),
                periodic || !is_period,
                "{name} {formula:?}"
            );
            let value = formula.value.unwrap_or(0.0);
            assert!(value.is_finite() && value >= 0.0, "{name} {formula:?}");
        }
    }
}

#[test]
fn formulas_have_different_ids_and_say_where_they_come_from() {
    let formulas = of("document-000-hdfs-60s");
    for (index, formula) in formulas.iter().enumerate() {
        assert!(formulas[..index].iter().all(|other| other.id != formula.id));
        assert!(!formula.source.is_empty() && formula.question.ends_with('?'));
    }
}

#[test]
fn where_the_documents_assumptions_hold_their_duration_is_near_the_refined_one() {
    // full snapshots, a stream for each subtask, no backpressure: only overheads of a few per cent are missing
    let formulas = of("document-000-hdfs-60s");
    let refined = value(&formulas, FormulaId::R1) + value(&formulas, FormulaId::R1Completion);
    assert!((value(&formulas, FormulaId::F1) / refined - 1.0).abs() < 0.1);
}

#[test]
fn incremental_checkpoints_are_shorter_than_the_documents_say_and_the_formula_admits_it() {
    let formulas = of("document-001-rocksdb-10s");
    assert!(value(&formulas, FormulaId::F1) > 10.0 * value(&formulas, FormulaId::R1));
    // Subtasks compact at different checkpoints: one of them always uploads a level again.
    assert!(value(&formulas, FormulaId::R1) > 3.0);
    let broken = &formulas
        .iter()
        .find(|formula| formula.id == FormulaId::F1)
        .unwrap()
        .broken_assumptions;
    assert!(
        broken
            .iter()
            .any(|sentence| sentence.contains("incremental"))
    );
}

#[test]
fn the_timeouts_of_the_shipped_scenarios_are_ample() {
    for (name, scenario) in shipped() {
        let warnings = timeout::lint(&scenario);
        let about = warnings
            .iter()
            .filter(|warning| warning.option.ends_with("checkpointing.timeout"));
        assert_eq!(about.count(), 0, "{name}: {warnings:?}");
    }
}
