//! `vertex.state`.

use crate::scenario::flink::Backend;
use crate::scenario::key_path::KeyPath;
use crate::scenario::keys::vertex as file;
use crate::scenario::resolve::problems::Problems;
use crate::scenario::vertex::{State, Updates};
use crate::units::{Bytes, SimDuration};

/// One access to an object on the heap; chosen, the order of magnitude of a hash lookup and a cache miss.
const HEAP_ACCESS: SimDuration = SimDuration::from_nanos(500);
/// One access to RocksDB through JNI with serialisation; chosen, the order of magnitude of a cached point lookup.
const ROCKSDB_ACCESS: SimDuration = SimDuration::from_micros(10);

/// As for `service`.
const ACCESS_MAX: SimDuration = SimDuration::from_secs(86_400);

/// Keyed state of a vertex.
pub(super) fn state(
    table: &file::State,
    backend: Backend,
    path: &KeyPath,
    problems: &mut Problems<'_>,
) -> State {
    if table.size.is_none() {
        problems.missing(
            &path.key("size"),
            "state without a size",
            "add for example `size = \"12 GiB\"`",
        );
    }
    let entry = table.entry;
    if entry == Bytes::ZERO {
        problems.error(&path.key("entry"), "an entry has at least 1 byte");
    }
    if table.dirty.is_some() && table.updates_per_record.is_some() {
        problems.key_error(
            &path.key("updates-per-record"),
            "`dirty` and `updates-per-record`: give one of them",
        );
    }
    if table.adds_per_record.is_some()
        && (table.dirty.is_some() || table.updates_per_record.is_some())
    {
        problems.key_error(
            &path.key("adds-per-record"),
            "`adds-per-record` stands instead of `dirty` and `updates-per-record`: give one of them",
        );
    }
    if table.access.is_some() && table.accesses_per_record.is_some() {
        problems.key_error(
            &path.key("accesses-per-record"),
            "`access` and `accesses-per-record`: give one of them",
        );
    }
    let one_access = match backend {
        Backend::HashMap => HEAP_ACCESS,
        Backend::RocksDb(_) => ROCKSDB_ACCESS,
    };
    let state = State {
        size: table.size.unwrap_or(Bytes::ZERO),
        entry,
        updates: match (table.dirty, table.updates_per_record, table.adds_per_record) {
            (_, _, Some(entries)) => Updates::Adds(entries),
            (_, Some(entries), None) => Updates::PerRecord(entries),
            (Some(rate), None, None) => Updates::PerSecond(rate),
            (None, None, None) => Updates::PerSecond(0.0),
        },
        access: match (table.access, table.accesses_per_record) {
            (Some(time), _) => time,
            (None, Some(accesses)) => one_access.scale(accesses),
            (None, None) => SimDuration::ZERO,
        },
        inserts: table.inserts_per_record,
        expiry: None,
    };
    if state.access > ACCESS_MAX {
        let key = if table.access.is_some() {
            "access"
        } else {
            "accesses-per-record"
        };
        problems.error(
            &path.key(key),
            "the state access of a record cannot take more than a day",
        );
    }
    state
}
