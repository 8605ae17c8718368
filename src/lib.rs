//! What a Flink checkpoint configuration will cost, before it is deployed: a deterministic discrete-event simulator of Flink's
//! checkpoints at the level of network buffers.
//!
//! ```
//! use ckptsim::{ScenarioBuilder, Simulation};
//!
//! let scenario = ScenarioBuilder::new()
//!     .set("job.duration", "1 min")
//!     .set("flink.execution.checkpointing.interval", "10 s")
//!     .source("orders", "4000/s")
//!     .operator("count", &["orders"])
//!     .with("parallelism", 4)
//!     .with("state.size", "200 MiB")
//!     .build()?;
//! let result = Simulation::new(&scenario).run()?;
//! let newest = result.checkpoints.iter().rev().find_map(|checkpoint| checkpoint.end_to_end());
//! println!("the newest checkpoint took {}", newest.ok_or("none has completed")?);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | to | use |
//! |---|---|
//! | read or build a scenario | [`load`], [`parse`], [`ScenarioBuilder`]; what is wrong with it are [`Diagnostics`] |
//! | simulate it once | [`Simulation`], which gives a [`RunResult`] |
//! | look at a run while it is made | [`Observer`] of [`Fact`]s, as a [`Look`] |
//! | simulate many settings, several times each | [`Sweep`]; each [`PointSummary`] has an [`Estimate`] of every [`Metric`] |
//! | find the interval that meets your objectives | [`Recommend`], which gives a [`Recommendation`] |
//! | know why a checkpoint took so long | [`Explain`], which gives an [`Explanation`] |
//! | read what `ckptsim run --out` has written | [`RunDocument`] |
//!
//! The same scenario, seed and replication give the same result, bit by bit, on every machine. The keys of a scenario are those
//! of the file (`scenarios/reference.toml`); the [`guide`] says what is simulated, what the well-known formulas say, and how to
//! calibrate. The program is `ckptsim`, feature `cli`, which is on by default; without it this is a library without terminal,
//! pictures and HTTP. Examples: `examples/`. How the code is built: module `architecture`.

// What only the program uses is looked for in the build that has it.
#![cfg_attr(not(feature = "cli"), allow(dead_code, unused_imports))]

mod architecture;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
pub mod guide;

#[cfg(not(feature = "internals"))]
mod engine;
#[cfg(feature = "internals")]
#[doc(hidden)]
pub mod engine;
#[cfg(not(feature = "internals"))]
mod experiment;
#[cfg(feature = "internals")]
#[doc(hidden)]
pub mod experiment;
#[cfg(not(feature = "internals"))]
mod formulas;
#[cfg(feature = "internals")]
#[doc(hidden)]
pub mod formulas;
#[cfg(not(feature = "internals"))]
mod measure;
#[cfg(feature = "internals")]
#[doc(hidden)]
pub mod measure;
#[cfg(not(feature = "internals"))]
mod model;
#[cfg(feature = "internals")]
#[doc(hidden)]
pub mod model;
#[cfg(not(feature = "internals"))]
mod recording;
#[cfg(feature = "internals")]
#[doc(hidden)]
pub mod recording;
#[cfg(all(feature = "cli", not(feature = "internals")))]
mod render;
#[cfg(all(feature = "internals", feature = "cli"))]
#[doc(hidden)]
pub mod render;
#[cfg(not(feature = "internals"))]
mod scenario;
#[cfg(feature = "internals")]
#[doc(hidden)]
pub mod scenario;
#[cfg(not(feature = "internals"))]
mod units;
#[cfg(feature = "internals")]
#[doc(hidden)]
pub mod units;

pub use crate::experiment::explain::{Explain, ExplainError, Explanation, Part};
pub use crate::experiment::metric::{Metric, MetricId};
pub use crate::experiment::recommend::Recommendation;
pub use crate::experiment::recommend::ask::RecommendError;
pub use crate::experiment::recommend::recommending::Recommend;
pub use crate::experiment::run::{RunError, Simulation};
pub use crate::experiment::run_document::RunDocument;
pub use crate::experiment::simulate::SimulateError;
pub use crate::experiment::sweep::Swept;
pub use crate::experiment::sweeping::Sweep;
pub use crate::experiment::{PointSummary, RunResult};
pub use crate::measure::{Estimate, Look};
pub use crate::model::observe::{Fact, Observer};
pub use crate::scenario::Scenario;
pub use crate::scenario::build::ScenarioBuilder;
pub use crate::scenario::diagnostic::Diagnostics;
pub use crate::scenario::load::{Loaded, load, parse};
pub use crate::units::{SimDuration, SimTime};
