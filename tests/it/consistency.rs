use std::cell::Cell;

use ckptsim::experiment::run;
use ckptsim::measure::Consistency;
use ckptsim::scenario::{Scenario, Work};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::recipes::{Recipe, recipes};

/// Random jobs, modes and skews that are checked.
const CASES: u32 = 300;

fn checked(mut scenario: Scenario, seed: u64) -> Consistency {
    scenario.simulation.check_consistency = true;
    let result = run::run(&scenario, seed, 0).unwrap();
    result.consistency.unwrap()
}

/// A recipe whose operators give several records per record, or less than one.
fn with_selectivity(recipe: &Recipe, selectivity: f64) -> Scenario {
    let mut scenario = recipe.scenario();
    for vertex in &mut scenario.vertices {
        if let Work::Operator(operator) = &mut vertex.work {
            operator.selectivity = selectivity;
        }
    }
    scenario
}

#[test]
fn every_completed_checkpoint_of_a_random_job_is_a_consistent_cut() {
    let (cases, checkpoints) = (Cell::new(0_u32), Cell::new(0_u64));
    let config = ProptestConfig {
        cases: CASES,
        failure_persistence: None,
        max_shrink_iters: 400,
        ..ProptestConfig::default()
    };
    let selectivity = prop_oneof![Just(1.0), 0.1..2.5_f64];
    TestRunner::new(config)
        .run(&(recipes(), selectivity), |(recipe, selectivity)| {
            let consistency = checked(with_selectivity(&recipe, selectivity), recipe.seed);
            let first = consistency.violations.first();
            prop_assert!(first.is_none(), "{}", first.unwrap().sentence());
            cases.set(cases.get() + 1);
            checkpoints.set(checkpoints.get() + consistency.checkpoints);
            Ok(())
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
    println!(
        "{} checkpoints of {} random jobs",
        checkpoints.get(),
        cases.get()
    );
}

#[test]
fn explore() {
    use proptest::strategy::ValueTree;
    let mut runner = TestRunner::deterministic();
    let mut n = 0;
    for case in 0..1000 {
        let (recipe, selectivity) = (recipes(), prop_oneof![Just(1.0), 0.1..2.5_f64])
            .new_tree(&mut runner)
            .unwrap()
            .current();
        let c = checked(with_selectivity(&recipe, selectivity), recipe.seed);
        if let Some(v) = c.violations.first() {
            n += 1;
            if n < 40 {
                println!("CASE {case} sel {selectivity} {}\n   {recipe:?}", v.sentence());
            }
        }
    }
    println!("{n} bad");
}
