//! A recommendation for people: the answer first, then why, then what to paste.

mod emit;
mod tables;
mod text;

pub use crate::render::recommend::emit::{Emitted, emit, keys};
pub use crate::render::recommend::tables::{candidates, interval, sensitivity};
pub use crate::render::recommend::text::{answer, because, name, text};
