//! `[storage]`: what the checkpoint directory can do.

use crate::units::{ByteRate, SimDuration};

/// Bandwidths, latencies and prices of the checkpoint directory. `None` = never the bottleneck.
#[derive(Clone, Debug, PartialEq)]
pub struct Storage {
    /// Name of the profile that the figures come from.
    pub profile: String,
    /// Write bandwidth of one stream (file).
    pub write_per_stream: Option<ByteRate>,
    /// Write bandwidth of one TaskManager.
    pub write_per_taskmanager: Option<ByteRate>,
    /// Write bandwidth of the whole directory.
    pub write_total: Option<ByteRate>,
    /// Read bandwidth of one stream.
    pub read_per_stream: Option<ByteRate>,
    /// Read bandwidth of one TaskManager.
    pub read_per_taskmanager: Option<ByteRate>,
    /// Read bandwidth of the whole directory.
    pub read_total: Option<ByteRate>,
    /// Time to create a file.
    pub open: SimDuration,
    /// Time to close a file after its last byte.
    pub close: SimDuration,
    /// What it costs.
    pub prices: Prices,
}

/// Price list of a storage.
#[derive(Clone, Debug, PartialEq)]
pub struct Prices {
    /// Per GiB and month.
    pub per_gib_month: f64,
    /// Per 1000 writing requests.
    pub per_1000_writes: f64,
    /// Per 1000 reading requests.
    pub per_1000_reads: f64,
    /// Currency, source and date.
    pub note: String,
}
