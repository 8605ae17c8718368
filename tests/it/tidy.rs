use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// A module uses those to its left only.
const LAYERS: &[&str] = &[
    "units",
    "engine",
    "scenario",
    "formulas",
    "model",
    "measure",
    "recording",
    "experiment",
    "render",
    "cli",
];

/// Bans that the order does not express.
const NEVER: &[(&str, &str)] = &[
    ("scenario", "engine"),
    ("model", "formulas"),
    ("formulas", "model"),
    ("render", "model"),
];

/// Words, and the only places where they may stand.
const RESERVED: &[(&[&str], &str)] = &[
    (
        &["println!", "eprintln!", "print!(", "process::exit"],
        "src/cli/",
    ),
    (&["Instant::now", "SystemTime"], "src/cli/"),
    (&["rayon::"], "src/experiment/"),
    (&["plotters::"], "src/render/chart/canvas.rs"),
];

/// Folders that may use nothing but these.
const ONLY: &[(&str, &[&str])] = &[(
    "src/render/chart/",
    &["render::chart", "render::number", "units"],
)];

/// What the chart engine knows nothing of.
const FLINK: &[&str] = &[
    "aligned",
    "barrier",
    "checkpoint",
    "flink",
    "replication",
    "savepoint",
    "scenario",
    "subtask",
    "watermark",
];

const LINES_MAX: usize = 600;

/// A source file, with its path from the root of the repository.
struct Source {
    path: String,
    text: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn sources(directories: &[&str]) -> Vec<Source> {
    let mut found = Vec::new();
    for directory in directories {
        files(&root().join(directory), &mut found);
    }
    found.sort();
    assert!(!found.is_empty());
    found
        .into_iter()
        .map(|path| Source {
            text: std::fs::read_to_string(&path).unwrap(),
            path: path
                .strip_prefix(root())
                .unwrap()
                .to_string_lossy()
                .replace('\\', "/"),
        })
        .collect()
}

impl Source {
    /// Lines without comments, with their numbers.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text
            .lines()
            .enumerate()
            .map(|(number, line)| (number + 1, line.split("//").next().unwrap_or_default()))
    }

    /// `src/model/task.rs` is in `model`; `src/main.rs` and `src/lib.rs` are above all.
    fn layer(&self) -> Option<&str> {
        let (layer, _) = self.path.strip_prefix("src/")?.split_once('/')?;
        Some(layer)
    }
}

fn violations_of_layers(source: &Source) -> String {
    let mut problems = String::new();
    let Some(layer) = source.layer() else {
        return problems;
    };
    let rank = |name: &str| LAYERS.iter().position(|layer| *layer == name);
    let own = rank(layer).unwrap_or_else(|| panic!("src/{layer} is in no layer"));
    for (number, line) in source.code() {
        for rest in line.split("crate::").skip(1) {
            let used: String = rest
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect();
            let allowed = rank(&used).is_some_and(|used| used <= own)
                && !NEVER.contains(&(layer, used.as_str()));
            if !allowed {
                writeln!(
                    problems,
                    "{}:{number}: {layer} must not use `{used}`: {line}",
                    source.path
                )
                .unwrap();
            }
        }
    }
    problems
}

#[test]
fn every_module_uses_only_those_to_its_left() {
    let problems: String = sources(&["src"]).iter().map(violations_of_layers).collect();
    assert!(problems.is_empty(), "{problems}");
}

#[test]
fn the_layer_check_catches_upward_grouped_and_banned_paths() {
    let violates = |path: &str, line: &str| {
        let (path, text) = (path.to_owned(), line.to_owned());
        !violations_of_layers(&Source { path, text }).is_empty()
    };
    assert!(violates("src/engine/mod.rs", "use crate::model::Job;"));
    assert!(violates("src/cli/mod.rs", "use crate::{units, model};"));
    assert!(violates("src/model/job.rs", "crate::formulas::all()"));
    assert!(!violates("src/model/job.rs", "use crate::units::Bytes;"));
    assert!(!violates("src/units/mod.rs", "// see crate::model"));
    assert!(!violates("src/main.rs", "crate::cli::main()"));
}

fn violations_of_only(source: &Source) -> String {
    let mut problems = String::new();
    let allowed = ONLY
        .iter()
        .find(|(folder, _)| source.path.starts_with(folder));
    let Some((folder, allowed)) = allowed else {
        return problems;
    };
    for (number, line) in source.code() {
        for path in line.split("crate::").skip(1) {
            if !allowed.iter().any(|allowed| path.starts_with(allowed)) {
                let place = format!("{}:{number}", source.path);
                writeln!(problems, "{place}: {folder} must not use crate::{path}").unwrap();
            }
        }
    }
    problems
}

#[test]
fn the_chart_engine_uses_numbers_and_itself_and_has_no_word_of_flink() {
    let mut problems = String::new();
    for source in sources(&["src/render/chart"]) {
        problems += &violations_of_only(&source);
        let text = source.text.to_lowercase();
        for word in FLINK.iter().filter(|word| text.contains(**word)) {
            writeln!(problems, "{}: `{word}`", source.path).unwrap();
        }
    }
    assert!(problems.is_empty(), "{problems}");
    let picture = "use crate::render::plot::Picture;".to_owned();
    let path = "src/render/chart/axes.rs".to_owned();
    let text = picture;
    assert!(!violations_of_only(&Source { path, text }).is_empty());
}

#[test]
fn files_are_short_and_named_after_their_subject() {
    let mut problems = String::new();
    for source in sources(&["src", "tests", "benches"]) {
        let lines = source.text.lines().count();
        if lines > LINES_MAX {
            writeln!(problems, "{}: {lines} lines", source.path).unwrap();
        }
        let name = source.path.trim_end_matches(".rs").rsplit('/').next();
        let words = [
            "util", "utils", "utility", "helper", "helpers", "common", "misc",
        ];
        let first = name.and_then(|name| name.split('_').next());
        if first.is_some_and(|first| words.contains(&first)) {
            writeln!(problems, "{}: says nothing about its subject", source.path).unwrap();
        }
    }
    assert!(problems.is_empty(), "{problems}");
}

#[test]
fn printing_clocks_threads_and_drawing_have_one_place_each() {
    let mut problems = String::new();
    for source in sources(&["src"]) {
        for (words, place) in RESERVED {
            if source.path.starts_with(place) {
                continue;
            }
            for (number, line) in source.code() {
                for word in words.iter().filter(|word| line.contains(**word)) {
                    writeln!(
                        problems,
                        "{}:{number}: `{word}` belongs to {place}",
                        source.path
                    )
                    .unwrap();
                }
            }
        }
    }
    assert!(problems.is_empty(), "{problems}");
}
