//! `vertex.inputs` as written.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::scenario::file::quantity::{Count, Number, Share, Text};
use crate::scenario::file::short::FromShort;

/// What a vertex reads.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Input {
    /// Name of the producing vertex.
    pub from: Option<String>,
    /// "hash" (keyBy), "rebalance", "rescale", "forward" or "broadcast". Default: "hash".
    pub exchange: Option<ExchangeKind>,
    /// Of a hash exchange: one subtask gets this share of all records, the others share the rest equally.
    pub skew: Option<Skew>,
    /// Of a hash exchange: Zipf exponent of the key popularity, 10000 keys on 128 key groups.
    pub zipf: Option<Number>,
    /// Of a hash exchange: share of every subtask, in sum 1.
    pub shares: Option<Vec<Number>>,
}

/// `vertex.inputs.exchange`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ExchangeKind {
    /// By key.
    Hash,
    /// Round robin to all.
    Rebalance,
    /// Round robin to some.
    Rescale,
    /// Subtask i to subtask i.
    Forward,
    /// Every record to everyone.
    Broadcast,
}

/// A hot subtask.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Skew {
    /// Which subtask, from 0. Default: 0.
    pub subtask: Option<Count>,
    /// Its share of all records.
    pub share: Option<Text<Share>>,
}

impl FromShort for Input {
    const SHORT: &'static str = "the name of a vertex";
    type Short = String;
    fn from_short(from: String) -> Self {
        Input {
            from: Some(from),
            ..Input::default()
        }
    }
}
