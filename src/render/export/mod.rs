//! A saved run in the formats of other tools: texts and bytes; the caller writes them.

pub mod columns;
pub mod csv;
pub mod openmetrics;
pub mod parquet;
pub mod rest;
#[cfg(test)]
pub(in crate::render) mod sample;
pub mod trace;
