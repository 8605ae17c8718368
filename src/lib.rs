//! ckptsim: what a Flink checkpoint configuration will cost, before it is deployed.
//!
//! A deterministic discrete-event simulator of Flink's checkpoints at the level of network buffers, with a command line.
//! The sentence around which everything stands is [`experiment::run::run`]: `run(&Scenario, seed, replication)` gives a
//! [`experiment::RunResult`]. It is pure: no files, no printing, no clock. [`experiment::run::Simulation`] is the same with
//! those who look at the run while it is made.
//!
//! # Layers
//!
//! Each uses only those to its left; a test keeps it so.
//!
//! ```text
//! units -> engine -> scenario -> formulas -> model -> measure -> recording -> experiment -> render -> cli
//! ```
//!
//! | layer | is | does not know |
//! |---|---|---|
//! | [`units`] | times, sizes, rates as types; their text forms | Flink |
//! | [`engine`] | agenda, random streams, a rate shared fairly | Flink, scenarios |
//! | [`scenario`] | TOML to a complete [`scenario::Scenario`], problems with carets | what a scenario will do |
//! | [`formulas`] | closed forms computed from the scenario alone | the model |
//! | [`model`] | Flink: buffers, barriers, snapshots, the coordinator | formulas, statistics |
//! | [`measure`] | facts to records, records to estimates, Flink's REST shapes | how the model works |
//! | [`recording`] | what real clusters were made with, and what they measured | how a run is simulated |
//! | [`experiment`] | runs, replications, sweeps, formula beside measurement | how results look |
//! | [`render`] | results to tables, pictures and reports; never simulates | the model |
//! | [`cli`] | the only place that prints, reads a clock, or exits | |
//!
//! `formulas` and `model` must not see each other: they are two independent witnesses to one scenario.
//!
//! # Invariants
//!
//! * Time is integer nanoseconds; equal times are served in the order of scheduling.
//! * Every random number comes from a stream named by seed, replication and purpose: two scenarios differ only by what was
//!   changed.
//! * Records are conserved: written = taken + in channels, at any instant.
//! * A job that fails and restarts ends, with exactly-once, in the states of the job that does not; at-least-once loses
//!   nothing ([`model::audit`]).
//! * What a handler of the job asks (coordinator, alignment, network, backend) answers with values; only handlers schedule.
//! * A scenario is checked once, at the border: inside, nothing about it can be wrong.
//!
//! The [`guide`] has the model in pictures, what the well-known documents say and what Flink does, and how to calibrate.
//!
//! What Flink does, with class names, stands in `docs/flink-semantics.md`; the code cites its sections ("`flink-semantics`
//! 3.4"). The five introductions behind the formulas F1 to F8 ("document 000, section 4.1") are in
//!
//! # The tour: one barrier from trigger to completion
//!
//! Read beside it: [`model::event`] (everything that can happen, in this order) and [`model`] (the job and the one `match`);
//! with the files named below that is the whole way. `ckptsim run scenarios/one-barrier.toml --trace` prints one line per
//! fact: milliseconds since the trigger, what happened, where. Two sources feed a join of two subtasks, which feeds a sink.
//!
//! ```text
#![doc = include_str!("../tests/it/one-barrier.trace")]
//! ```
//!
//! 1. **Trigger** (`checkpoint/coordinator.rs`, [`model::checkpoint::coordinator`]): the timer or a user asks
//!    ([`Event::ScheduledTrigger`], [`Event::Requested`]), a request is chosen, the trigger timestamp is taken. 4 ms later the
//!    RPCs (`latency.rs`) are there ([`Event::TriggerAtSources`]).
//! 2. **At the sources** (`checkpoint/barrier.rs`, [`model::checkpoint::barrier`]): each finds a mail in its box, which it reads
//!    between two records (`task/run.rs`). It sends the barrier into every channel *before* it takes its own snapshot.
//! 3. **In the channel** (`network/send.rs`, `network/receive.rs`): the barrier finishes the buffer being filled and waits
//!    behind the data in front of it. As it leaves the sender, an aligned barrier blocks its channel there.
//! 4. **At the join** (`checkpoint/barrier.rs` again): the first barrier ends the start delay, the last one the alignment. In
//!    between the other channel is read on, the blocked one is not.
//! 5. **Snapshot** (`checkpoint/snapshot.rs`, what it costs in `state/mod.rs`): the sync phase blocks the task
//!    ([`Event::SyncPhaseDone`]); only then blocked channels are resumed. The async part ([`Event::AsyncFixedPartDone`]) uploads
//!    files (`storage/mod.rs`: [`Event::FileOpened`], [`Event::TransferDone`], [`Event::FileClosed`]) on bandwidth that
//!    [`engine::fair_share`] divides.
//! 6. **Ack and completion** (`checkpoint/coordinator.rs` again; [`Event::AckAtCoordinator`], [`Event::CheckpointFinalized`]):
//!    the last ack ends the reported duration; metadata and pointer come after it and delay the next trigger, not the figure.
//! 7. **Notification** ([`Event::CompletionAtTasks`]): the tasks learn that the files need not be uploaded again.
//!
//! Barriers that overtake leave this way at step 2 or, after a time-out ([`Event::AlignmentTimedOut`]), at any later one
//! (`checkpoint/unaligned.rs`, `network/overtake.rs`): they reach the consumer as urgent mail
//! ([`Event::PriorityBarrierAtTask`]), and what they overtake becomes part of the snapshot (`checkpoint/channel_state.rs`).
//!
//! **One buffer** goes a shorter way: `task/schedule.rs` says when a source's records are due; `task/run.rs`, read straight
//! down, processes them in batches ([`Event::Step`]); `task/output.rs` chooses a channel for each; `network/send.rs` fills
//! buffers and sends them as credits allow; `network/receive.rs` is polled by the consumer's loop, which is `task/run.rs` again,
//! and gets the buffer back.
//!
//! # Questions
//!
//! **Why integer time?** Equal times must be equal, and a sum must not depend on its order.
//! **Why an enum and no trait objects?** Flink's protocol is a closed world: the compiler lists what was forgotten.
//! **Why are records emitted at the end of a batch?** One event per record would cost ten times as much; a batch is
//! at most `simulation.quantum` long, and is cut at the next record when a mail comes or the output runs out.
//!
//! [`Event::ScheduledTrigger`]: model::Event::ScheduledTrigger
//! [`Event::Requested`]: model::Event::Requested
//! [`Event::TriggerAtSources`]: model::Event::TriggerAtSources
//! [`Event::SyncPhaseDone`]: model::Event::SyncPhaseDone
//! [`Event::AsyncFixedPartDone`]: model::Event::AsyncFixedPartDone
//! [`Event::FileOpened`]: model::Event::FileOpened
//! [`Event::TransferDone`]: model::Event::TransferDone
//! [`Event::FileClosed`]: model::Event::FileClosed
//! [`Event::AckAtCoordinator`]: model::Event::AckAtCoordinator
//! [`Event::CheckpointFinalized`]: model::Event::CheckpointFinalized
//! [`Event::CompletionAtTasks`]: model::Event::CompletionAtTasks
//! [`Event::AlignmentTimedOut`]: model::Event::AlignmentTimedOut
//! [`Event::PriorityBarrierAtTask`]: model::Event::PriorityBarrierAtTask
//! [`Event::Step`]: model::Event::Step

// What only the program uses is looked for in the build that has it.
#![cfg_attr(not(feature = "cli"), allow(dead_code, unused_imports))]

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

pub use crate::experiment::metric::{Metric, MetricId};
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
