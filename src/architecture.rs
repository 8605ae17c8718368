//! How the code is built, for those who read or change it: `cargo doc --document-private-items`.
//!
//! The sentence around which everything stands is [`experiment::run::run`](crate::experiment::run::run): `run(&Scenario, seed, replication)` gives a
//! [`experiment::RunResult`](crate::experiment::RunResult). It is pure: no files, no printing, no clock. [`experiment::run::Simulation`](crate::experiment::run::Simulation) is the same with
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
//! | [`units`](crate::units) | times, sizes, rates as types; their text forms | Flink |
//! | [`engine`](crate::engine) | agenda, random streams, a rate shared fairly | Flink, scenarios |
//! | [`scenario`](crate::scenario) | TOML to a complete [`scenario::Scenario`](crate::scenario::Scenario), problems with carets | what a scenario will do |
//! | [`formulas`](crate::formulas) | closed forms computed from the scenario alone | the model |
//! | [`model`](crate::model) | Flink: buffers, barriers, snapshots, the coordinator | formulas, statistics |
//! | [`measure`](crate::measure) | facts to records, records to estimates, Flink's REST shapes | how the model works |
//! | [`recording`](crate::recording) | what real clusters were made with, and what they measured | how a run is simulated |
//! | [`experiment`](crate::experiment) | runs, replications, sweeps, formula beside measurement | how results look |
//! | [`render`](crate::render) | results to tables, pictures and reports; never simulates | the model |
//! | [`cli`](crate::cli) | the only place that prints, reads a clock, or exits | |
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
//!   nothing ([`model::audit`](crate::model::audit)).
//! * What a handler of the job asks (coordinator, alignment, network, backend) answers with values; only handlers schedule.
//! * A scenario is checked once, at the border: inside, nothing about it can be wrong.
//!
//! The [`guide`](crate::guide) has the model in pictures, what the well-known documents say and what Flink does, and how to calibrate.
//!
//! What Flink does, with class names, stands in `docs/flink-semantics.md`; the code cites its sections ("`flink-semantics`
//! 3.4"). The five introductions behind the formulas F1 to F8 ("document 000, section 4.1") are in
//!
//! # The tour: one barrier from trigger to completion
//!
//! Read beside it: [`model::event`](crate::model::event) (everything that can happen, in this order) and [`model`](crate::model) (the job and the one `match`);
//! with the files named below that is the whole way. `ckptsim run scenarios/one-barrier.toml --trace` prints one line per
//! fact: milliseconds since the trigger, what happened, where. Two sources feed a join of two subtasks, which feeds a sink.
//!
//! ```text
#![doc = include_str!("../tests/it/one-barrier.trace")]
//! ```
//!
//! 1. **Trigger** (`checkpoint/coordinator.rs`, [`model::checkpoint::coordinator`](crate::model::checkpoint::coordinator)): the timer or a user asks
//!    ([`Event::ScheduledTrigger`], [`Event::Requested`]), a request is chosen, the trigger timestamp is taken. 4 ms later the
//!    RPCs (`latency.rs`) are there ([`Event::TriggerAtSources`]).
//! 2. **At the sources** (`checkpoint/barrier.rs`, [`model::checkpoint::barrier`](crate::model::checkpoint::barrier)): each finds a mail in its box, which it reads
//!    between two records (`task/run.rs`). It sends the barrier into every channel *before* it takes its own snapshot.
//! 3. **In the channel** (`network/send.rs`, `network/receive.rs`): the barrier finishes the buffer being filled and waits
//!    behind the data in front of it. As it leaves the sender, an aligned barrier blocks its channel there.
//! 4. **At the join** (`checkpoint/barrier.rs` again): the first barrier ends the start delay, the last one the alignment. In
//!    between the other channel is read on, the blocked one is not.
//! 5. **Snapshot** (`checkpoint/snapshot.rs`, what it costs in `state/mod.rs`): the sync phase blocks the task
//!    ([`Event::SyncPhaseDone`]); only then blocked channels are resumed. The async part ([`Event::AsyncFixedPartDone`]) uploads
//!    files (`storage/transfer.rs`: [`Event::FileOpened`], [`Event::TransferDone`], [`Event::FileClosed`]) on bandwidth that
//!    [`engine::fair_share`](crate::engine::fair_share) divides.
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
//! [`Event::ScheduledTrigger`]: crate::model::Event::ScheduledTrigger
//! [`Event::Requested`]: crate::model::Event::Requested
//! [`Event::TriggerAtSources`]: crate::model::Event::TriggerAtSources
//! [`Event::SyncPhaseDone`]: crate::model::Event::SyncPhaseDone
//! [`Event::AsyncFixedPartDone`]: crate::model::Event::AsyncFixedPartDone
//! [`Event::FileOpened`]: crate::model::Event::FileOpened
//! [`Event::TransferDone`]: crate::model::Event::TransferDone
//! [`Event::FileClosed`]: crate::model::Event::FileClosed
//! [`Event::AckAtCoordinator`]: crate::model::Event::AckAtCoordinator
//! [`Event::CheckpointFinalized`]: crate::model::Event::CheckpointFinalized
//! [`Event::CompletionAtTasks`]: crate::model::Event::CompletionAtTasks
//! [`Event::AlignmentTimedOut`]: crate::model::Event::AlignmentTimedOut
//! [`Event::PriorityBarrierAtTask`]: crate::model::Event::PriorityBarrierAtTask
//! [`Event::Step`]: crate::model::Event::Step
