use assert_cmd::Command;

/// The trace in the crate documentation is what the program prints.
#[test]
fn the_tour_shows_what_the_program_prints() {
    let output = Command::cargo_bin("ckptsim")
        .unwrap()
        .args(["run", "scenarios/one-barrier.toml", "--trace", "--quiet"])
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(printed, include_str!("one-barrier.trace"));
}
