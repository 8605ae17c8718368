//! Flink, simulated at the level of network buffers.
//!
//! Start with [`event`]: everything that can happen. Then [`job`], where one `match` says what each event does. The
//! components it asks (`network`, `alignment`, `snapshot`, `state_backend`, `storage`, `coordinator`) are state machines
//! that answer with values; none knows another, and only `job` schedules. Nothing outside this module knows that
//! buffers exist.

pub mod alignment;
pub mod changelog;
pub mod channel_state;
pub mod coordinator;
pub mod cut;
pub mod debloat;
pub mod event;
pub mod failure;
pub mod file_sizes;
pub mod graph;
pub mod ids;
pub mod job;
pub mod latency;
pub mod ledger;
pub mod lsm;
pub mod network;
pub mod observe;
pub mod restart;
pub mod schedule;
pub mod service;
pub mod snapshot;
pub mod state_backend;
pub mod storage;
pub mod task;

pub use crate::model::event::Event;
pub use crate::model::job::Job;
