//! `report`.

mod index;
mod made;
mod results;

use std::path::PathBuf;

use anyhow::bail;

use crate::cli::commands::report::made::Made;
use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::cli::present::Format;

/// Write a report of saved results, without simulating: report.html, summary.md and the pictures
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  ckptsim sweep :production && ckptsim report reports/production
  ckptsim report reports/production --page        # page.html: one sheet of A4 for a design document
  ckptsim report reports/before reports/after -o reports/both   # index.html compares them
  ckptsim report reports/production --format markdown

report.html is one file without any link to the network: styles, font and pictures are in it. It follows the light or
dark mode of the reader, prints, and its tables can be sorted. The same results give the same report, byte by byte.")]
pub struct Args {
    /// Directories that `run --out`, `sweep` or `recommend` have written
    #[arg(required = true, value_name = "DIR")]
    directories: Vec<PathBuf>,
    /// Also write page.html: what fits on one sheet of A4, to attach to a design document
    #[arg(long)]
    page: bool,
    /// Where index.html compares several results
    #[arg(short, long)]
    out: Option<PathBuf>,
    /// Print all formulas of a sweep, not only the three of the documents
    #[arg(long)]
    formulas: bool,
    /// What to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Reads, draws, writes, prints: the report of one directory, or of several and an index of them.
pub fn execute(args: &Args, console: Console) -> anyhow::Result<Exit> {
    match (args.directories.as_slice(), &args.out) {
        ([directory], None) => {
            let made = Made::of(directory, args.page, console)?;
            made.results.refuse(args.format, args.formulas)?;
            let (results, report) = made.keep(console)?;
            results.print(&report, (args.format, args.formulas), console)?;
        }
        (several, Some(out)) if several.len() > 1 => {
            index::refuse(args.format, args.formulas)?;
            let report = index::write(several, out, args.page, console)?;
            index::print(&report, args.format, console)?;
        }
        (_, Some(_)) => {
            bail!("--out is for several results; the report of one is written beside it")
        }
        (_, None) => bail!("several results are compared in an index.html: --out says where"),
    }
    Ok(Exit::Success)
}
