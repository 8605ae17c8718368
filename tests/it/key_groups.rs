//! Keys are dealt in key groups, as `KeyGroupRangeAssignment` does it: what follows from that by arithmetic.

use std::path::Path;

use ckptsim::experiment::run::run;
use ckptsim::scenario::Scenario;
use ckptsim::scenario::load::parse;

fn scenario(parallelism: usize, groups: u32) -> Scenario {
    let text = format!(
        "[job]\nduration = \"40 s\"\nwarmup = \"20 s\"\n\
         [flink]\nexecution.checkpointing.interval = \"5 s\"\npipeline.max-parallelism = {groups}\n\
         [[vertex]]\nname = \"in\"\nsource = {{ rate = \"1000/s\" }}\n\
         [[vertex]]\nname = \"x\"\nparallelism = {parallelism}\ninputs = [\"in\"]\nservice = \"2 ms\"\n\
         state = {{ size = \"26 MiB\", entry = \"1 KiB\" }}\n"
    );
    parse(&text, "key groups", Path::new(""), &[])
        .unwrap_or_else(|problems| panic!("{problems}"))
        .scenario
}

#[test]
fn records_and_state_of_a_subtask_are_those_of_its_key_groups() {
    // Of 13 groups the ranges of 5 subtasks begin at 0, 3, 6, 8 and 11.
    let result = run(&scenario(5, 13), 1, 0).unwrap();
    let records = &result.vertices[1].subtask_records_per_s;
    let newest = result
        .checkpoints
        .iter()
        .find(|one| one.durable().is_some())
        .unwrap();
    for (subtask, owned) in [3.0, 3.0, 2.0, 3.0, 2.0].into_iter().enumerate() {
        let expected = 1000.0 * owned / 13.0;
        assert!(
            (records[subtask] / expected - 1.0).abs() < 0.05,
            "{records:?}"
        );
        let size = newest.subtasks[1][subtask]
            .as_ref()
            .unwrap()
            .checkpointed
            .as_f64();
        let expected = 26.0 * 1024.0 * (1024.0 + 13.0) * owned / 13.0;
        assert!(
            (size / expected - 1.0).abs() < 0.01,
            "{size} is not {expected}"
        );
    }
}

#[test]
fn a_subtask_with_one_key_group_more_saturates_while_the_mean_is_far_from_it() {
    // 1000/s x 2 ms on 3 subtasks: 67 % on average; of 4 groups the first owns 2 and needs 100 %.
    let busy = |groups| {
        run(&scenario(3, groups), 1, 0).unwrap().vertices[1]
            .busy
            .clone()
    };
    let uneven = busy(4);
    assert!(uneven[0] > 0.98 && uneven[1] < 0.55, "{uneven:?}");
    let even = busy(3000);
    assert!(
        even.iter().all(|share| (share - 2.0 / 3.0).abs() < 0.03),
        "{even:?}"
    );
}

#[test]
fn fewer_key_groups_than_subtasks_are_refused() {
    let text = "[flink]\npipeline.max-parallelism = 4\n[[vertex]]\nname = \"in\"\nsource = { rate = \"1/s\" }\n\
                [[vertex]]\nname = \"x\"\nparallelism = 5\ninputs = [\"in\"]\n";
    let problems = parse(text, "key groups", Path::new(""), &[])
        .unwrap_err()
        .to_string();
    assert!(
        problems.contains("a parallelism of 5 needs as many key groups"),
        "{problems}"
    );
}
