//! Random jobs that are rescaled on their way, while they fail.

use std::cell::Cell;
use std::fmt::Write as _;
use std::path::Path;

use ckptsim::scenario::Scenario;
use ckptsim::scenario::load::parse;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::invariants::check_conservation;
use crate::mishaps::{FailingRecipe, failing_recipes};

/// Random jobs, unless `CKPTSIM_CASES` says how many.
const CASES: u32 = 300;

/// One operation; choices are taken modulo the number of their alternatives.
#[derive(Clone, Debug)]
struct Chosen {
    at_ms: u32,
    from: usize,
    provisioning_ms: u32,
    vertex: usize,
    parallelism: usize,
    taskmanagers: usize,
}

fn operations() -> impl Strategy<Value = Vec<Chosen>> {
    let one = (
        0..6000_u32,
        0..3_usize,
        0..700_u32,
        0..4_usize,
        1..6_usize,
        1..5_usize,
    );
    let one = one.prop_map(
        |(at_ms, from, provisioning_ms, vertex, parallelism, taskmanagers)| Chosen {
            at_ms,
            from,
            provisioning_ms,
            vertex,
            parallelism,
            taskmanagers,
        },
    );
    prop::collection::vec(one, 1..4).prop_map(|mut all| {
        all.sort_by_key(|one| one.at_ms);
        all
    })
}

/// The job of a recipe with these operations, if there can be one.
fn scenario(failing: &FailingRecipe, operations: &[Chosen]) -> Option<Scenario> {
    let mut text = failing.toml().replace("check-consistency = true\n", "");
    let graph = failing.recipe.graph();
    for one in operations {
        let (vertex, _) = graph[one.vertex % graph.len()];
        let from = [
            "format = \"native\"",
            "format = \"canonical\"",
            "from = \"checkpoint\"",
        ][one.from];
        writeln!(
            text,
            "[[operation]]\nat = \"{} ms\"\n{from}\nprovisioning = \"{} ms\"\nparallelism = {{ {vertex} = {} }}\n\
             taskmanagers = {}\nslots = 5",
            one.at_ms, one.provisioning_ms, one.parallelism, one.taskmanagers
        )
        .unwrap();
    }
    let loaded = parse(&text, "rescaled", Path::new(""), &[]).ok()?;
    // What is printed is the same job.
    let again = parse(&loaded.toml(), "again", Path::new(""), &[]);
    assert_eq!(again.expect("it can be read").scenario, loaded.scenario);
    Some(loaded.scenario)
}

#[test]
fn whatever_is_rescaled_when_records_and_time_are_conserved() {
    let cases = std::env::var("CKPTSIM_CASES").map_or(CASES, |cases| cases.parse().unwrap());
    let config = ProptestConfig {
        cases,
        failure_persistence: None,
        max_shrink_iters: 400,
        ..ProptestConfig::default()
    };
    let rescaled = Cell::new(0);
    let chosen = (
        failing_recipes(),
        operations(),
        prop::collection::vec(0..9_000_000_u64, 1..6),
    );
    let outcome = TestRunner::new(config).run(&chosen, |(failing, operations, instants)| {
        let Some(scenario) = scenario(&failing, &operations) else {
            return Ok(());
        };
        let job = check_conservation(&scenario, failing.recipe.seed, instants)?;
        rescaled.set(rescaled.get() + u32::from(!job.is_as_built()));
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
    println!("{} of {cases} were rescaled", rescaled.get());
    assert!(rescaled.get() > cases / 3);
}
