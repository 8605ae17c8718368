//! `[storage]` as written.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::scenario::bounds;
use crate::scenario::file::quantity::{Number, Quantity, Text};
use crate::units::{ByteRate, SimDuration, UnitError, parse};

/// What the checkpoint directory can do. Every key overrides a figure of the profile.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Storage {
    /// Where the figures come from: "hdfs", "s3", "local-ssd" or "jobmanager". Default: "hdfs".
    pub profile: Option<ProfileKind>,
    /// Write bandwidth of one stream (file), or "unlimited".
    pub write_per_stream: Option<Text<Limit>>,
    /// Write bandwidth of one TaskManager, or "unlimited".
    pub write_per_taskmanager: Option<Text<Limit>>,
    /// Write bandwidth of the whole directory, or "unlimited".
    pub write_total: Option<Text<Limit>>,
    /// Read bandwidth of one stream, or "unlimited".
    pub read_per_stream: Option<Text<Limit>>,
    /// Read bandwidth of one TaskManager, or "unlimited".
    pub read_per_taskmanager: Option<Text<Limit>>,
    /// Read bandwidth of the whole directory, or "unlimited".
    pub read_total: Option<Text<Limit>>,
    /// Time to create a file.
    pub open: Option<Text<SimDuration>>,
    /// Time to close a file after its last byte.
    pub close: Option<Text<SimDuration>>,
    /// What it costs.
    pub prices: Option<Prices>,
}

/// A bandwidth that may be unlimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit(pub Option<ByteRate>);

impl Quantity for Limit {
    const NAME: &'static str = "byte rate";
    const EXAMPLES: &'static [&'static str] = &["80 MB/s", "10 Gbit/s", "unlimited"];
    fn parse(text: &str) -> Result<Self, UnitError> {
        if text.trim() == "unlimited" {
            return Ok(Limit(None));
        }
        bounds::byte_rate(text, parse::byte_rate(text)?).map(|rate| Limit(Some(rate)))
    }
}

/// `storage.profile`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ProfileKind {
    /// A Hadoop cluster.
    Hdfs,
    /// An object store.
    S3,
    /// A disk of the machine itself.
    LocalSsd,
    /// The JobManager's heap.
    Jobmanager,
}

/// Price list of a storage.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Prices {
    /// Per GiB and month.
    pub per_gib_month: Option<Number>,
    /// Per 1000 writing requests.
    pub per_1000_writes: Option<Number>,
    /// Per 1000 reading requests.
    pub per_1000_reads: Option<Number>,
    /// Currency, source and date.
    pub note: Option<String>,
}
