//! `[storage]`: a profile and what overrides it.

use crate::scenario::file::quantity::Text;
use crate::scenario::file::storage::{self as file, Limit, ProfileKind};
use crate::scenario::key_path::KeyPath;
use crate::scenario::profiles;
use crate::scenario::resolve::problems::Problems;
use crate::scenario::storage::Storage;
use crate::units::{ByteRate, SimDuration};

/// Opening a file takes no hours.
const LATENCY_MAX: SimDuration = SimDuration::from_secs(3600);

/// `[storage]`.
pub(super) fn storage(table: Option<&file::Storage>, problems: &mut Problems<'_>) -> Storage {
    let Some(table) = table else {
        return Storage::default();
    };
    let mut storage = match table.profile.unwrap_or(ProfileKind::Hdfs) {
        ProfileKind::Hdfs => profiles::hdfs(),
        ProfileKind::S3 => profiles::s3(),
        ProfileKind::LocalSsd => profiles::local_ssd(),
        ProfileKind::Jobmanager => profiles::jobmanager(),
    };
    override_rate(&mut storage.write_per_stream, table.write_per_stream);
    override_rate(
        &mut storage.write_per_taskmanager,
        table.write_per_taskmanager,
    );
    override_rate(&mut storage.write_total, table.write_total);
    override_rate(&mut storage.read_per_stream, table.read_per_stream);
    override_rate(
        &mut storage.read_per_taskmanager,
        table.read_per_taskmanager,
    );
    override_rate(&mut storage.read_total, table.read_total);
    for (key, value, slot) in [
        ("open", table.open, &mut storage.open),
        ("close", table.close, &mut storage.close),
    ] {
        let Some(Text(latency)) = value else { continue };
        if latency > LATENCY_MAX {
            let path = KeyPath::top("storage").key(key);
            problems.error(&path, format!("`{path}` must be at most 1 h"));
        }
        *slot = latency;
    }
    if let Some(prices) = &table.prices {
        let number = |given: Option<crate::scenario::file::quantity::Number>, default| {
            given.map_or(default, |n| n.0)
        };
        let ours = &mut storage.prices;
        ours.per_gib_month = number(prices.per_gib_month, ours.per_gib_month);
        ours.per_1000_writes = number(prices.per_1000_writes, ours.per_1000_writes);
        ours.per_1000_reads = number(prices.per_1000_reads, ours.per_1000_reads);
        let changed = prices.per_gib_month.is_some()
            || prices.per_1000_writes.is_some()
            || prices.per_1000_reads.is_some();
        match &prices.note {
            Some(note) => ours.note.clone_from(note),
            None if changed => "as given in the scenario".clone_into(&mut ours.note),
            None => {}
        }
    }
    storage
}

fn override_rate(slot: &mut Option<ByteRate>, given: Option<Text<Limit>>) {
    if let Some(Text(Limit(limit))) = given {
        *slot = limit;
    }
}
