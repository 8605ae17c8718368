//! One file per command: its arguments, and `execute`.

pub mod calibrate;
pub mod check;
pub mod compare;
pub mod completions;
pub mod demo;
pub mod explain;
pub mod export;
pub mod gallery;
pub mod import;
pub mod init;
pub mod lint;
pub mod man;
pub mod options;
pub mod recommend;
pub mod report;
pub mod run;
pub mod schema;
pub mod sweep;
pub mod validate;
pub mod verify;
pub mod why;
