//! The program: see `ckptsim --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    ckptsim::cli::main()
}
