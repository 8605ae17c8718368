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
//!   nothing ([`model::ledger`]).
//! * Components of the model answer with values; only [`model::job`] schedules.
//! * A scenario is checked once, at the border: inside, nothing about it can be wrong.
//!
//! The [`guide`] has the model in pictures, what the well-known documents say and what Flink does, and how to calibrate.
//!
//! # The tour: one barrier from trigger to completion
//!
//! Read beside it: [`model::event`] (everything that can happen, in this order), [`model::job`] (the one `match`).
//! `ckptsim run scenarios/one-barrier.toml --trace` prints one line per fact: milliseconds since the trigger, what
//! happened, where. Two sources feed a join of two subtasks, which feeds a sink.
//!
//! ```text
#![doc = include_str!("../tests/it/one-barrier.trace")]
//! ```
//!
//! 1. **Trigger.** [`model::coordinator`] admits a request ([`Event::CheckpointDue`], [`Event::Requested`]): the trigger
//!    timestamp is taken, 4 ms later the RPCs put a mail into each source's box ([`Event::TriggerAtSources`]).
//! 2. **At the sources** ([`model::job`], file `barrier.rs`): the task reads its mail between two records, sends the barrier
//!    into every channel *before* it takes its own snapshot, then its sync phase begins.
//! 3. **In the channel** ([`model::network`]): the barrier finishes the buffer being filled and waits behind the data in
//!    front of it. As it leaves the sender, an aligned barrier blocks its channel there.
//! 4. **At the join** ([`model::alignment`]): the first barrier ends the start delay, the last one the alignment. In between
//!    the other channel is read on, the blocked one is not.
//! 5. **Snapshot** ([`model::snapshot`], [`model::state_backend`]): the sync phase blocks the task
//!    ([`Event::SyncPhaseDone`]); only then blocked channels are resumed. The async part uploads files
//!    ([`Event::FileOpened`], [`Event::TransferDone`], [`Event::FileClosed`]) on bandwidth that [`engine::fair_share`]
//!    divides.
//! 6. **Ack and completion** ([`Event::AckAtCoordinator`], [`Event::CheckpointDurable`]): the last ack ends the reported
//!    duration; metadata and commit come after it and delay the next trigger, not the figure.
//! 7. **Notification** ([`Event::CompletionAtTasks`]): the tasks learn that the files need not be uploaded again.
//!
//! # Questions
//!
//! **Why integer time?** Equal times must be equal, and a sum must not depend on its order.
//! **Why an enum and no trait objects?** Flink's protocol is a closed world: the compiler lists what was forgotten.
//! **Why are records emitted at the end of a piece of work?** One event per record would cost ten times as much; a piece is
//! at most `simulation.quantum` long, and is cut at the next record when a mail comes or the output runs out.
//!
//! [`Event::CheckpointDue`]: model::Event::CheckpointDue
//! [`Event::Requested`]: model::Event::Requested
//! [`Event::TriggerAtSources`]: model::Event::TriggerAtSources
//! [`Event::SyncPhaseDone`]: model::Event::SyncPhaseDone
//! [`Event::FileOpened`]: model::Event::FileOpened
//! [`Event::TransferDone`]: model::Event::TransferDone
//! [`Event::FileClosed`]: model::Event::FileClosed
//! [`Event::AckAtCoordinator`]: model::Event::AckAtCoordinator
//! [`Event::CheckpointDurable`]: model::Event::CheckpointDurable
//! [`Event::CompletionAtTasks`]: model::Event::CompletionAtTasks

pub mod cli;
pub mod engine;
pub mod experiment;
pub mod formulas;
pub mod guide;
pub mod measure;
pub mod model;
pub mod recording;
pub mod render;
pub mod scenario;
pub mod units;
