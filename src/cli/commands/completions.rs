//! `completions`.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::cli::Cli;
use crate::cli::console::Console;
use crate::cli::exit::Exit;

/// Print the completions of a shell
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  ckptsim completions bash > ~/.local/share/bash-completion/completions/ckptsim
  ckptsim completions zsh > ~/.zfunc/_ckptsim
  ckptsim completions fish > ~/.config/fish/completions/ckptsim.fish")]
pub struct Args {
    /// Which shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints them.
pub fn execute(args: &Args, console: Console) -> anyhow::Result<Exit> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "ckptsim", &mut text);
    console.bytes(&text)?;
    Ok(Exit::Success)
}
