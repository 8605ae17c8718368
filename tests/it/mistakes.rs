use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use ckptsim::scenario::load;

/// Scenarios with one mistake each, in order of their names.
fn files() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/mistakes");
    let mut files: Vec<PathBuf> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
}

/// What `check` says, with the file's name instead of its path.
fn told(file: &Path) -> String {
    let name = file.file_name().unwrap().to_string_lossy().into_owned();
    let Err(problems) = load::load(file, &[]) else {
        panic!("{name} has no mistake")
    };
    problems
        .to_string()
        .replace(&*file.to_string_lossy(), &name)
}

#[test]
fn every_mistake_is_told_with_a_caret_and_a_hint() {
    let files = files();
    assert!(files.len() >= 30);
    let mut all = String::new();
    for file in files {
        let told = told(&file);
        assert!(told.contains('^'), "{told}");
        assert!(told.contains("= help: "), "{told}");
        assert_eq!(told.matches("error: ").count(), 1, "one mistake:\n{told}");
        writeln!(all, "{told}\n").unwrap();
    }
    insta::assert_snapshot!(all);
}

#[test]
fn a_file_that_cannot_be_read_is_named_with_the_reason() {
    let directory = tempfile::tempdir().unwrap();
    let told = |file: &Path| load::load(file, &[]).unwrap_err().to_string();
    let absent = told(&directory.path().join("absent.toml"));
    assert!(absent.contains("absent.toml: No such file"), "{absent}");
    let folder = told(directory.path());
    assert!(folder.contains("it is a directory"), "{folder}");
    let binary = directory.path().join("binary.toml");
    std::fs::write(&binary, [0xff, 0xfe, 0]).unwrap();
    assert!(told(&binary).contains("not UTF-8"), "{}", told(&binary));
}
