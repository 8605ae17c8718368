//! ckptsim: what a Flink checkpoint configuration will cost, before it is deployed.

pub mod experiment;
pub mod formulas;
pub mod measure;
pub mod scenario;
pub mod units;
