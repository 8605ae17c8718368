//! Quantities as types: no bare number crosses a module border.
//!
//! Knows nothing of Flink. Text becomes a quantity in `parse`, a quantity becomes text in `print`.

mod bytes;
mod time;

pub use crate::units::bytes::{ByteRate, Bytes};
pub use crate::units::time::{SimDuration, SimTime};
