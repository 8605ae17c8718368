//! `man`.

use std::path::PathBuf;

use clap::CommandFactory;
use clap_mangen::Man;

use crate::cli::Cli;
use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::experiment::saved;
use crate::render::number::counted;

/// Print the manual page, or write the pages of all commands into a directory
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  ckptsim man | man -l -
  ckptsim man --out ~/.local/share/man/man1    # then: man ckptsim-sweep")]
pub struct Args {
    /// Directory of the pages
    #[arg(short, long)]
    out: Option<PathBuf>,
}

/// Prints or writes.
pub fn execute(args: &Args, console: Console) -> anyhow::Result<Exit> {
    let mut program = Cli::command();
    program.build();
    let Some(directory) = &args.out else {
        console.bytes(&text(&Man::new(program))?)?;
        return Ok(Exit::Success);
    };
    let commands: Vec<clap::Command> = program
        .get_subcommands()
        .filter(|command| command.get_name() != "help")
        .cloned()
        .collect();
    let mut pages = 0;
    for command in std::iter::once(program).chain(commands) {
        let page = Man::new(command);
        // The whole name of a subcommand is known after `build`: ckptsim-sweep.1.
        let file = directory.join(page.get_filename());
        saved::write(&file, &text(&page)?)?;
        pages += 1;
    }
    console.note(&format!(
        "{} written to {}",
        counted(pages, "page"),
        directory.display()
    ));
    Ok(Exit::Success)
}

fn text(page: &Man) -> anyhow::Result<Vec<u8>> {
    let mut text = Vec::new();
    page.render(&mut text)?;
    Ok(text)
}
