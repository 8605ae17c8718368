//! Closed forms: what a checkpoint costs according to pencil and paper, from the scenario alone.
//!
//! The second witness beside the simulation: it sees [`Scenario`] and the calibration constants, never the model, so
//! that agreement means something. Formulas of the documents have an `F`, the laws of Flink that refine them an `R`.
//! Each says which of its assumptions a scenario breaks; a deviation outside them is information, not an error.
//!
//! Two kinds of files: questions about a scenario (`duration`, `frequency`, `overhead`, `cut`, `save_time`, `recovery`)
//! with the estimates they rest on (`utilisation`, `in_flight`, `barrier`, `snapshot`, `dirty`, `transfer`, `completion`,
//! `refined`), and pure laws on numbers (`interval`, `queueing`, `order_statistics`, `quorum`, `catch_up`, `restart`,
//! `availability`).

#![cfg_attr(
    test,
    expect(
        clippy::float_cmp,
        reason = "hand-worked values that binary numbers hold exactly"
    )
)]

pub mod assumptions;
pub mod availability;
pub mod barrier;
pub mod catch_up;
pub mod completion;
pub mod cut;
pub mod dirty;
pub mod duration;
pub mod exchange;
pub mod frequency;
mod id;
pub mod in_flight;
pub mod interval;
pub mod lambert;
pub mod order_statistics;
pub mod overhead;
pub mod parts;
pub mod period;
pub mod queueing;
pub mod quorum;
pub mod recovery;
pub mod refined;
pub mod restart;
pub mod save_time;
#[cfg(test)]
mod scenarios_for_tests;
pub mod snapshot;
pub mod timeout;
pub mod transfer;
pub mod utilisation;
pub mod visibility;

use serde::Serialize;

pub use crate::formulas::id::FormulaId;
use crate::formulas::refined::Refined;
use crate::scenario::Scenario;
use crate::units::Unit;

/// One formula, applied to one scenario.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Formula {
    /// Its name.
    pub id: FormulaId,
    /// What it predicts, in Flink's words.
    pub quantity: &'static str,
    /// The question that it answers.
    pub question: &'static str,
    /// The formula, as one line of text.
    pub expression: &'static str,
    /// Value in `unit`; `None` where the formula is undefined for this scenario.
    pub value: Option<f64>,
    /// Base unit.
    pub unit: Unit,
    /// What the letters in `expression` mean, with their values here.
    pub symbols: Vec<Symbol>,
    /// Assumptions that this scenario breaks, as sentences; empty = all hold.
    pub broken_assumptions: Vec<String>,
    /// Where the formula comes from.
    pub source: &'static str,
}

/// One letter of a formula.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Symbol {
    /// As written in the expression.
    pub name: &'static str,
    /// In words.
    pub meaning: &'static str,
    /// Its value for this scenario, if it has one.
    pub value: Option<f64>,
    /// Unit of the value.
    pub unit: &'static str,
}

impl Symbol {
    /// A letter with a value.
    pub fn new(name: &'static str, meaning: &'static str, value: f64, unit: &'static str) -> Self {
        Symbol {
            name,
            meaning,
            value: Some(value),
            unit,
        }
    }

    /// A letter that may have no value for this scenario.
    pub fn maybe(
        name: &'static str,
        meaning: &'static str,
        value: Option<f64>,
        unit: &'static str,
    ) -> Self {
        Symbol {
            name,
            meaning,
            value,
            unit,
        }
    }
}

/// All formulas for this scenario: first those of the documents, then the refined laws, in the order of their ids.
pub fn all(scenario: &Scenario) -> Vec<Formula> {
    let refined = Refined::of(scenario);
    let mut formulas = duration::documents(scenario, &refined);
    formulas.push(frequency::documents(scenario, &refined));
    formulas.extend(overhead::documents(scenario));
    formulas.push(cut::size(scenario));
    formulas.push(save_time::longest(scenario, &refined));
    formulas.push(recovery::longest_restore(scenario, &refined));
    formulas.extend(parts::refined(scenario, &refined));
    formulas.push(frequency::flink(scenario, &refined));
    formulas.push(overhead::blocking(scenario, &refined));
    formulas
}
