//! Integration tests.

mod formulas;
/// The scenarios that ship: they are valid, and the reference is complete and true.
mod scenarios;
