use std::collections::{BTreeMap, BTreeSet};
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
    assert!(violates("src/model/mod.rs", "crate::formulas::all()"));
    assert!(!violates("src/model/mod.rs", "use crate::units::Bytes;"));
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

/// The paths that a `use` of `tree` (what stands behind `crate::`) names.
fn spelt_out(tree: &str) -> Vec<String> {
    let (mut paths, mut prefixes, mut current) = (Vec::new(), vec![String::new()], String::new());
    for c in tree.chars().chain([',']) {
        match c {
            '{' => {
                let prefix = format!("{}{current}", prefixes[prefixes.len() - 1]);
                prefixes.push(prefix);
                current.clear();
            }
            ',' | '}' => {
                let name = current.split(" as ").next().unwrap_or_default();
                if !name.is_empty() {
                    paths.push(format!("{}{name}", prefixes[prefixes.len() - 1]));
                }
                current.clear();
                if c == '}' {
                    prefixes.pop();
                }
            }
            '\n' | '\t' => {}
            ' ' if current.is_empty() => {}
            c => current.push(c),
        }
    }
    paths
}

/// A file of `src` as a module: what it uses, and what it gives under another path.
struct Module {
    uses: Vec<String>,
    reexports: BTreeMap<String, String>,
}

impl Module {
    fn of(source: &Source) -> Self {
        let code: Vec<&str> = source.code().map(|(_, line)| line).collect();
        let code = code.join("\n");
        let code = code.split("#[cfg(test)]\nmod tests {").next().unwrap();
        let (mut uses, mut reexports) = (Vec::new(), BTreeMap::new());
        for (position, _) in code.match_indices("crate::") {
            let path = &code[position + "crate::".len()..];
            let before = code[..position].trim_end();
            if !before.ends_with("use") {
                let end = path.find(|c: char| !(c.is_alphanumeric() || "_:".contains(c)));
                uses.push(path[..end.unwrap_or(path.len())].to_owned());
                continue;
            }
            let paths = spelt_out(path.split(';').next().unwrap());
            if before.ends_with("pub use") || before.ends_with(") use") {
                for path in &paths {
                    let name = path.rsplit("::").next().unwrap();
                    reexports.insert(name.to_owned(), path.clone());
                }
            }
            uses.extend(paths);
        }
        Module { uses, reexports }
    }
}

/// All modules by path: `src/model/task/mod.rs` is `model::task`.
fn modules(sources: &[Source]) -> BTreeMap<String, Module> {
    let path = |source: &Source| {
        let path = source.path.strip_prefix("src/")?.strip_suffix(".rs")?;
        let path = path.strip_suffix("/mod").unwrap_or(path);
        (path != "lib" && path != "main").then(|| path.replace('/', "::"))
    };
    let modules = sources.iter();
    modules
        .filter_map(|source| Some((path(source)?, Module::of(source))))
        .collect()
}

/// The file in which the item of this path stands.
fn home<'a>(modules: &'a BTreeMap<String, Module>, path: &str) -> Option<&'a str> {
    let names: Vec<&str> = path.split("::").collect();
    for n in (1..=names.len()).rev() {
        let Some((module, found)) = modules.get_key_value(&names[..n].join("::")) else {
            continue;
        };
        let elsewhere = names.get(n).and_then(|name| found.reexports.get(*name));
        return match elsewhere {
            Some(elsewhere) if elsewhere != path => home(modules, elsewhere),
            _ => Some(module),
        };
    }
    None
}

/// Files that use each other, whatever is between them. A module and its descendants are one whole: they may.
fn circles(modules: &BTreeMap<String, Module>) -> BTreeSet<Vec<&str>> {
    let related = |a: &str, b: &str| format!("{a}::").starts_with(&format!("{b}::"));
    let mut used: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (path, module) in modules {
        let homes = module.uses.iter().filter_map(|used| home(modules, used));
        let strangers = homes.filter(|home| !related(path, home) && !related(home, path));
        used.insert(path, strangers.collect());
    }
    let reached = |from: &str| {
        let (mut reached, mut next): (BTreeSet<&str>, Vec<&str>) = (BTreeSet::new(), vec![from]);
        while let Some(path) = next.pop() {
            let new = used[path].iter().filter(|used| reached.insert(used));
            next.extend(new.copied().collect::<Vec<&str>>());
        }
        reached
    };
    let reached: BTreeMap<&str, BTreeSet<&str>> =
        used.keys().map(|&path| (path, reached(path))).collect();
    let with = |path: &str| -> Vec<&str> {
        let there = reached[path].iter().copied();
        there
            .filter(|other| reached[other].contains(path))
            .collect()
    };
    let circles = used.keys().map(|&path| with(path));
    circles.filter(|circle| !circle.is_empty()).collect()
}

#[test]
fn no_file_is_in_a_circle_with_another_except_a_module_with_its_children() {
    let sources = sources(&["src"]);
    let modules = modules(&sources);
    let circles = circles(&modules);
    assert!(circles.is_empty(), "{circles:#?}");
}

#[test]
fn the_circle_check_looks_through_groups_and_other_names() {
    let file = |path: &str, text: &str| Source {
        path: path.to_owned(),
        text: text.to_owned(),
    };
    let sources = [
        file("src/a/mod.rs", "pub use crate::a::inner::Thing;"),
        file(
            "src/a/inner.rs",
            "use crate::{\n    a,\n    b::{self, c::Other as O},\n};",
        ),
        file("src/b/mod.rs", ""),
        file("src/b/c.rs", "fn thing() -> crate::a::Thing {}"),
        file("src/d.rs", "use crate::b::c::Other; // crate::e"),
        file("src/e.rs", "use crate::d::D;"),
    ];
    let modules = modules(&sources);
    let circle = vec!["a::inner", "b::c"];
    assert_eq!(circles(&modules), BTreeSet::from([circle]));
}

/// Numbers that are cited behind a mention: `1.2 (what), 1.3 and 1.4 to 1.6`.
fn cited(text: &str) -> Vec<String> {
    let (mut rest, mut numbers) = (text.trim_start(), Vec::new());
    loop {
        let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.'));
        let number = rest[..end.unwrap_or(rest.len())].trim_end_matches('.');
        if number.is_empty() {
            return numbers;
        }
        numbers.push(number.to_owned());
        rest = rest[number.len()..].trim_start();
        if rest.starts_with('(') {
            rest = rest[rest.find(')').map_or(0, |end| end + 1)..].trim_start();
        }
        let separators = [", ", "; ", "and ", "to "];
        let Some(separator) = separators.iter().find(|s| rest.starts_with(**s)) else {
            return numbers;
        };
        rest = rest[separator.len()..].trim_start();
    }
}

/// The text of all comments, without line breaks.
fn comments(source: &Source) -> String {
    let lines = source.text.lines().filter_map(|line| line.split_once("//"));
    let texts = lines.map(|(_, text)| text.trim_start_matches(['/', '!', ' ']));
    texts.collect::<Vec<&str>>().join(" ")
}

#[test]
fn every_section_that_the_code_cites_is_in_docs() {
    let read = |path: &str| std::fs::read_to_string(root().join(path)).unwrap();
    let (semantics, documents) = (
        read("docs/flink-semantics.md"),
        read("docs/source-documents.md"),
    );
    let headings = semantics.lines().filter(|line| line.starts_with('#'));
    let numbers = headings.filter_map(|line| line.split_whitespace().nth(1));
    let sections: Vec<&str> = numbers.map(|number| number.trim_end_matches('.')).collect();
    let mut problems = String::new();
    let mut citations = 0;
    for source in sources(&["src"]) {
        let comments = comments(&source);
        for behind in comments.split("`flink-semantics`").skip(1) {
            let cited = cited(behind);
            citations += cited.len();
            for number in cited.iter().filter(|n| !sections.contains(&n.as_str())) {
                writeln!(problems, "{}: there is no section {number}", source.path).unwrap();
            }
            if cited.is_empty() {
                writeln!(problems, "{}: which section?{behind:.40}", source.path).unwrap();
            }
        }
        for (position, _) in comments.match_indices('(') {
            let number = cited(&comments[position + 1..]);
            let alone = number.first().is_some_and(|number| {
                number.contains('.')
                    && sections.contains(&number.as_str())
                    && comments[position + 1 + number.len()..].starts_with([')', ':'])
            });
            if alone {
                writeln!(problems, "{}: ({}) of what?", source.path, number[0]).unwrap();
            }
        }
        for behind in source.text.split("document 00").skip(1) {
            let (document, behind) = behind.split_at(1);
            let Some(section) = behind.strip_prefix(", section ") else {
                continue;
            };
            let row = format!("| 00{document} |");
            let row = documents.lines().find(|line| line.starts_with(&row));
            let section = cited(section).swap_remove(0);
            if !row.is_some_and(|row| row.contains(&section)) {
                let cited = format!("document 00{document}, section {section}");
                writeln!(problems, "{}: there is no {cited}", source.path).unwrap();
            }
        }
    }
    assert!(problems.is_empty(), "{problems}");
    assert!(citations > 50, "{citations}");
}
