#[path = "../../examples/built.rs"]
mod built;
#[path = "../../examples/observer.rs"]
mod observer;
#[path = "../../examples/one_run.rs"]
mod one_run;
#[path = "../../examples/sweep.rs"]
mod sweep;

#[test]
fn every_example_runs() {
    built::main().unwrap();
    observer::main().unwrap();
    one_run::main().unwrap();
    sweep::main().unwrap();
    let files = std::fs::read_dir("examples").unwrap();
    assert_eq!(files.count(), 4, "one that is not run here");
}
