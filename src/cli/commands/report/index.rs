//! Several results, and a page that compares them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, bail};

use crate::cli::commands::report::made::Made;
use crate::cli::console::Console;
use crate::cli::drawn::Drawn;
use crate::cli::manifest::PAGE;
use crate::cli::output::Output;
use crate::cli::present::{Format, tell};
use crate::render::report::{self, Entry, Part, Report};

/// The page.
const INDEX: &str = "index.html";

/// Writes the report of every directory, and the index of them into `out`; nothing where one of them has no report.
pub fn write(
    directories: &[PathBuf],
    out: &Path,
    page: bool,
    console: Console,
) -> anyhow::Result<Report> {
    let mut places: Vec<PathBuf> = Vec::new();
    for directory in directories {
        let place = place(directory);
        if places.contains(&place) {
            bail!("{} is named twice", directory.display());
        }
        places.push(place);
    }
    if places.contains(&place(out)) {
        bail!(
            "{} is one of the results; the index needs a directory of its own",
            out.display()
        );
    }
    let all = directories
        .iter()
        .map(|directory| Made::of(directory, page, console))
        .collect::<anyhow::Result<Vec<Made>>>()?;
    let mut output = Output::open(out)?;
    let from = out
        .canonicalize()
        .with_context(|| format!("cannot find {}", out.display()))?;
    let ways: Vec<String> = places.iter().map(|to| way(&from, to)).collect();
    let links: Vec<String> = ways
        .iter()
        .map(|way| format!("{}/{PAGE}", escaped(way)))
        .collect();
    let names: Vec<&str> = ways.iter().map(|way| name(way)).collect();
    let told = names.iter().zip(&links);
    let entries = all.iter().zip(told).map(|(made, (name, link))| Entry {
        name,
        link,
        report: &made.report,
        figures: made.results.figures(),
    });
    let index = report::index(&entries.collect::<Vec<Entry<'_>>>());
    output.write(INDEX, report::html(&index).as_bytes())?;
    let digests = all.iter().map(|made| made.digest.clone());
    let inputs: BTreeMap<String, String> = ways.iter().cloned().zip(digests).collect();
    for made in all {
        made.keep(console)?;
    }
    let drawn = Drawn {
        command: "report",
        inputs,
        seed: None,
        replications: None,
        output,
    };
    drawn.finish()?;
    tell(&[INDEX.to_owned()], out, console);
    Ok(index)
}

/// Refuses a form in which an index is not printed.
pub fn refuse(format: Format, formulas: bool) -> anyhow::Result<()> {
    if formulas {
        bail!("an index has no formulas; the report of each result has all");
    }
    match format {
        Format::Text | Format::Markdown => Ok(()),
        Format::Json | Format::Csv => bail!("several results are printed as text or markdown"),
    }
}

/// Prints what the index says.
pub fn print(index: &Report, format: Format, console: Console) -> anyhow::Result<()> {
    match format {
        Format::Markdown => console.result(&report::markdown(index)),
        Format::Text | Format::Json | Format::Csv => console.text(&tables(index, console.width())),
    }
}

fn tables(index: &Report, width: usize) -> String {
    let parts = index.sections.iter().flat_map(|section| &section.parts);
    let tables = parts.filter_map(|part| match part {
        Part::Table(table) => Some(table.text(width)),
        _ => None,
    });
    tables.collect::<Vec<String>>().join("\n")
}

/// Where a directory is, whatever it was called; one that does not exist is where its name says.
fn place(directory: &Path) -> PathBuf {
    let absolute = || std::path::absolute(directory);
    let place = directory.canonicalize().or_else(|_| absolute());
    place.unwrap_or_else(|_| directory.to_owned())
}

/// The way from one directory to another, both without links, with `/` in between.
fn way(from: &Path, to: &Path) -> String {
    let (from, to): (Vec<Component<'_>>, Vec<Component<'_>>) =
        (from.components().collect(), to.components().collect());
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = from[shared..].iter().map(|_| "..".to_owned());
    let down = to[shared..]
        .iter()
        .map(|part| part.as_os_str().to_string_lossy().into_owned());
    let steps: Vec<String> = up.chain(down).collect();
    steps.join("/")
}

/// What is told of a way: not how far it leads up.
fn name(way: &str) -> &str {
    let down = way.trim_start_matches("../");
    if down.is_empty() || down == ".." {
        way
    } else {
        down
    }
}

/// A path in a link: what means something there is written as bytes.
fn escaped(path: &str) -> String {
    path.bytes().fold(String::new(), |mut link, byte| {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            link.push(char::from(byte));
        } else {
            write!(link, "%{byte:02X}").expect("writing into a string");
        }
        link
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_from_the_index_to_a_report_whatever_the_names_are() {
        let way = |from: &str, to: &str| way(Path::new(from), Path::new(to));
        assert_eq!(way("/r/both", "/r/a"), "../a");
        assert_eq!(way("/r", "/r/a/b"), "a/b");
        assert_eq!(way("/x/y", "/r"), "../../r");
        assert_eq!(way("/x/y", "/x"), "..");
        assert_eq!(["../../r", "a/b", ".."].map(name), ["r", "a/b", ".."]);
        assert_eq!(escaped("../50 % #1?"), "../50%20%25%20%231%3F");
        assert_eq!(escaped("ä"), "%C3%A4");
    }
}
