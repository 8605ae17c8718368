//! Integration tests.

mod formulas;
/// The scenarios that ship: they are valid, and the reference is complete and true.
mod scenarios;

/// The traced tour of one barrier in the crate documentation is what the program prints.
mod tour;
