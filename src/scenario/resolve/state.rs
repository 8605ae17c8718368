//! `vertex.state`.

use crate::scenario::file::quantity::{Number, Text};
use crate::scenario::file::vertex as file;
use crate::scenario::flink::Backend;
use crate::scenario::key_path::KeyPath;
use crate::scenario::resolve::problems::Problems;
use crate::scenario::vertex::{State, Updates};
use crate::units::{Bytes, SimDuration};

/// Bytes of a state entry if none are given; chosen.
const ENTRY_DEFAULT: Bytes = Bytes::from_kib(1);
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
    let entry = table.entry.map_or(ENTRY_DEFAULT, |text| text.0);
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
        size: table.size.map_or(Bytes::ZERO, |text| text.0),
        entry,
        updates: match (table.dirty, table.updates_per_record, table.adds_per_record) {
            (_, _, Some(Number(entries))) => Updates::Adds(entries),
            (_, Some(Number(entries)), None) => Updates::PerRecord(entries),
            (Some(Text(rate)), None, None) => Updates::PerSecond(rate.0),
            (None, None, None) => Updates::PerSecond(0.0),
        },
        access: match (table.access, table.accesses_per_record) {
            (Some(Text(time)), _) => time,
            (None, Some(Number(accesses))) => one_access.scale(accesses),
            (None, None) => SimDuration::ZERO,
        },
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
