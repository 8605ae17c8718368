//! From results to pictures and tables.
//!
//! Everything here is a function of results: it never simulates, never prints and never touches a file; the caller
//! gets texts and bytes. The same results give the same bytes on every machine: fonts are embedded, no clock is read.

pub mod ascii;
pub(crate) mod chart;
pub mod explain;
pub mod export;
pub mod key_name;
pub mod markdown;
pub mod number;
pub mod plot;
pub mod recommend;
pub mod report;
#[cfg(test)]
mod sample;
pub mod sheet;
pub mod table;
pub mod why;
