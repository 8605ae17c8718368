use std::error::Error;

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
    let examples: [fn() -> Result<(), Box<dyn Error>>; 4] =
        [built::main, observer::main, one_run::main, sweep::main];
    for main in examples {
        main().unwrap();
    }
    let files = std::fs::read_dir("examples").unwrap();
    assert_eq!(files.count(), 4, "one that is not run here");
}
