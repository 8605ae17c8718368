//! ckptsim: what a Flink checkpoint configuration will cost, before it is deployed.

pub mod cli;
pub mod engine;
pub mod experiment;
pub mod formulas;
pub mod measure;
pub mod model;
pub mod render;
pub mod scenario;
pub mod units;
