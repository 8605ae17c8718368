//! The command line: the only place that prints, reads a clock, or exits.

mod answers;
mod clock;
mod commands;
mod console;
mod drawn;
mod exit;
mod files;
mod findings;
mod from_conf;
mod input;
mod jobs;
mod manifest;
mod output;
mod present;
mod progress;
mod reach;
mod reading;
mod signals;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::cli::console::{Colour, Console};
use crate::cli::exit::Exit;
use crate::scenario::built_in;
use crate::scenario::diagnostic::Diagnostics;

/// Find out what a Flink checkpoint configuration will cost, before you deploy it.
#[derive(Debug, Parser)]
#[command(
    name = "ckptsim",
    version,
    arg_required_else_help = true,
    after_help = after_help()
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// When to use colour (`NO_COLOR` is honoured)
    #[arg(long, global = true, value_enum, default_value_t)]
    color: Colour,
    /// Letters of plain terminals only (the default on a terminal whose locale is not UTF-8)
    #[arg(long, global = true)]
    ascii: bool,
    /// No progress, notes or warnings
    #[arg(short, long, global = true)]
    quiet: bool,
}

fn after_help() -> String {
    format!(
        "\
Commonest commands:
  ckptsim demo                         no file needed: simulate, print, draw
  ckptsim init --template kafka-join   a scenario to begin with
  ckptsim check :production            every problem of a scenario at once
  ckptsim run :production              one configuration, formulas beside measurements
  ckptsim explain :skewed-join         why did the slowest checkpoint take so long, and what would help?
  ckptsim sweep :production            over the intervals of [sweep], with pictures
  ckptsim recommend :production --objective 'duration_p99<=60s'   which interval?

Built in are {}; your own is a file.

Exit codes: 0 done, 1 a run or a file failed, 2 invalid command line or scenario, 3 an objective is missed
or has no value, 4 `compare --detailed-exitcode` found a difference, 130 interrupted (143 by SIGTERM).

Directories of results are replaced only when the new results are whole, by one process at a time; what a killed process
has left is cleared by the next one.",
        built_in::names()
    )
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(commands::init::Args),
    Run(commands::run::Args),
    Sweep(commands::sweep::Args),
    Compare(commands::compare::Args),
    Recommend(commands::recommend::Args),
    Report(commands::report::Args),
    Explain(commands::explain::Args),
    Why(commands::why::Args),
    Export(commands::export::Args),
    Verify(commands::verify::Args),
    Check(commands::check::Args),
    Lint(commands::lint::Args),
    Options(commands::options::Args),
    Import(commands::import::Args),
    Calibrate(commands::calibrate::Args),
    Demo(commands::demo::Args),
    Gallery(commands::gallery::Args),
    Validate(commands::validate::Args),
    Schema(commands::schema::Args),
    Completions(commands::completions::Args),
    Man(commands::man::Args),
}

/// Reads the command line and carries it out.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let console = Console::new(cli.color, cli.ascii, cli.quiet);
    signals::listen();
    let done = match cli.command {
        Command::Init(args) => commands::init::execute(&args, console),
        Command::Run(args) => commands::run::execute(&args, console),
        Command::Sweep(args) => commands::sweep::execute(&args, console),
        Command::Compare(args) => commands::compare::execute(&args, console),
        Command::Recommend(args) => commands::recommend::execute(&args, console),
        Command::Report(args) => commands::report::execute(&args, console),
        Command::Explain(args) => commands::explain::execute(&args, console),
        Command::Why(args) => commands::why::execute(&args, console),
        Command::Export(args) => commands::export::execute(&args, console),
        Command::Verify(args) => commands::verify::execute(&args, console),
        Command::Check(args) => commands::check::execute(&args, console),
        Command::Lint(args) => commands::lint::execute(&args, console),
        Command::Options(args) => commands::options::execute(&args, console),
        Command::Import(args) => commands::import::execute(&args, console),
        Command::Calibrate(args) => commands::calibrate::execute(&args, console),
        Command::Demo(args) => commands::demo::execute(&args, console),
        Command::Gallery(args) => commands::gallery::execute(&args, console),
        Command::Validate(args) => commands::validate::execute(&args, console),
        Command::Schema(args) => commands::schema::execute(&args, console),
        Command::Completions(args) => commands::completions::execute(&args, console),
        Command::Man(args) => commands::man::execute(&args, console),
    };
    done.unwrap_or_else(|error| explain(&error, console)).into()
}

/// Says once what went wrong, with its causes.
fn explain(error: &anyhow::Error, console: Console) -> Exit {
    if let Some(problems) = error.downcast_ref::<Diagnostics>() {
        console.diagnostics(problems);
        return Exit::Usage;
    }
    console.error(&format!("error: {}", causes(error)));
    Exit::Failure
}

/// The error and its causes, without those that the message before them has already told.
fn causes(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = cause;
        } else if !text.ends_with(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}
