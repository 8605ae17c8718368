//! Quantities as types: no bare number crosses a module border.
//!
//! Knows nothing of Flink's options. Text becomes a quantity in `parse` (ours: a unit is required) or in `flink`
//! (Flink's own unit rules), a quantity becomes text in `print`.

mod bytes;
mod decimal;
pub mod flink;
pub mod harmless;
pub mod parse;
pub mod print;
mod time;
mod unit;

pub use crate::units::bytes::{ByteRate, Bytes};
pub use crate::units::parse::UnitError;
pub use crate::units::time::{SimDuration, SimTime};
pub use crate::units::unit::Unit;
