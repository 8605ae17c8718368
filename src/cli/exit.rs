//! Exit codes.

use std::process::ExitCode;

/// How the program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Success = 0,
    /// A run or a file failed.
    Failure = 1,
    /// The command line or a scenario is invalid (clap's own code, too).
    Usage = 2,
    /// An objective is missed, or there is no value to judge it by.
    Missed = 3,
    /// `compare --detailed-exitcode` found a difference.
    Difference = 4,
    /// Interrupted; what was finished is kept.
    Interrupted = 130,
    /// The same by SIGTERM.
    Terminated = 143,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}
