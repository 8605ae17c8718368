//! From facts to numbers: what the model reported becomes records, records become estimates.
//!
//! Knows the model's facts, not its mechanisms; nothing here can change a run.

pub mod checkpoint;
pub mod close_up;
pub mod consistency;
pub mod estimate;
pub mod flight;
pub mod latency;
pub mod look;
pub mod occupancy;
pub mod phases;
pub mod recorder;
pub mod recovery;
pub mod rest;
pub mod straggler;
pub mod timeline;
pub mod trace;
pub mod watch;

pub use crate::measure::checkpoint::{CheckpointKind, CheckpointRecord, Outcome, SubtaskRecord};
pub use crate::measure::close_up::CloseUp;
pub use crate::measure::consistency::Consistency;
pub use crate::measure::estimate::{Estimate, Scale};
pub use crate::measure::flight::{Flight, Place};
pub use crate::measure::latency::RecordLatency;
pub use crate::measure::look::{Look, Looks, Probe};
pub use crate::measure::occupancy::{BarrierMark, Occupancy};
pub use crate::measure::phases::Phases;
pub use crate::measure::recorder::Recorder;
pub use crate::measure::recovery::RecoveryRecord;
pub use crate::measure::timeline::Timeline;
pub use crate::measure::trace::Trace;
