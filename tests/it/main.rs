//! Integration tests.

/// What pencil and paper say about the scenarios that ship.
mod formulas;
/// The scenarios that ship: they are valid, and the reference is complete and true.
mod scenarios;
