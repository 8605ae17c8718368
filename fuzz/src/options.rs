//! The generator and the judge of the property in `cargo test`: one truth for both.

#[path = "../../tests/it/options/dice.rs"]
pub mod dice;
#[path = "../../tests/it/options/generate.rs"]
pub mod generate;
#[path = "../../tests/it/options/judge.rs"]
pub mod judge;
#[path = "../../tests/it/options/rules.rs"]
pub mod rules;
#[path = "../../tests/it/options/schema.rs"]
pub mod schema;
#[path = "../../tests/it/options/values.rs"]
pub mod values;
