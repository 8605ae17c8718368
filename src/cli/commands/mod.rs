//! One file per command: its arguments, and `execute`.

pub mod check;
pub mod compare;
pub mod demo;
pub mod gallery;
pub mod import;
pub mod recommend;
pub mod report;
pub mod run;
pub mod schema;
pub mod sweep;
pub mod validate;
