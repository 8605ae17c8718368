use super::*;
use crate::units::Bytes;

fn state(dirty: f64) -> State {
    State {
        size: Bytes::new(4_000_000),
        entry: Bytes::new(1000),
        updates: Updates::PerSecond(dirty),
        access: SimDuration::ZERO,
        inserts: 0.0,
        expiry: None,
    }
}

fn at(seconds: u64) -> SimTime {
    SimTime::ZERO + SimDuration::from_secs(seconds)
}

#[test]
fn a_heap_snapshot_is_always_full_with_13_bytes_per_entry() {
    let mut backend =
        StateBackend::new(Some(&state(0.0)), false, 1e6, 0, &Checkpointing::default());
    for n in 1..3 {
        let plan = backend.snapshot(
            at(u64::from(n)),
            0,
            CheckpointId(n),
            SnapshotKind::Checkpoint,
        );
        assert_eq!(plan.files, [1000 * 1013 + 717]);
        assert_eq!(plan.flush, SimDuration::ZERO);
    }
}

#[test]
fn state_below_the_threshold_makes_no_file() {
    let mut backend = StateBackend::new(None, true, 0.0, 0, &Checkpointing::default());
    let plan = backend.snapshot(at(1), 0, CheckpointId(1), SnapshotKind::Checkpoint);
    assert_eq!((plan.files.len(), plan.checkpointed), (0, 100));
}

fn rocksdb(incremental: bool, dirty: f64) -> StateBackend {
    let backend = Backend::RocksDb(RocksDb {
        incremental,
        ..RocksDb::default()
    });
    StateBackend::new(
        Some(&state(dirty)),
        false,
        4e6,
        0,
        &Checkpointing {
            backend,
            ..Checkpointing::default()
        },
    )
}

#[test]
fn without_the_notification_the_same_files_are_uploaded_again() {
    let mut backend = rocksdb(true, 0.01);
    let first = backend.snapshot(at(1), 0, CheckpointId(1), SnapshotKind::Checkpoint);
    let second = backend.snapshot(at(2), 0, CheckpointId(2), SnapshotKind::Checkpoint);
    assert_eq!(
        second.files.largest(),
        first.files.largest(),
        "checkpoint 1 is not known to be complete"
    );
    backend.confirm(CheckpointId(2));
    let third = backend.snapshot(at(3), 0, CheckpointId(3), SnapshotKind::Checkpoint);
    assert_eq!(third.files.len(), 1);
    assert!(third.files.largest() < first.files.largest() / 50);
}

#[test]
fn flushed_bytes_are_the_distinct_entries_touched() {
    let mut backend = rocksdb(true, 2.0);
    backend.snapshot(at(0), 0, CheckpointId(1), SnapshotKind::Checkpoint);
    backend.confirm(CheckpointId(1));
    // 4000 entries, 2 × 4000 updates: 4000 × (1 − e^−2) = 3458.66 entries of 1027 B
    let plan = backend.snapshot(at(1), 0, CheckpointId(2), SnapshotKind::Checkpoint);
    assert_eq!(plan.files, [3_552_042]);
}

#[test]
fn added_entries_are_all_flushed() {
    let added = State {
        updates: Updates::Adds(2.0),
        ..state(0.0)
    };
    let backend = Backend::RocksDb(RocksDb {
        incremental: true,
        ..RocksDb::default()
    });
    let options = Checkpointing {
        backend,
        ..Checkpointing::default()
    };
    let mut backend = StateBackend::new(Some(&added), false, added.size.as_f64(), 0, &options);
    backend.snapshot(at(0), 0, CheckpointId(1), SnapshotKind::Checkpoint);
    backend.confirm(CheckpointId(1));
    // 5000 records add 10 000 entries of 1027 B, more than the 4000 that live at any time.
    let plan = backend.snapshot(at(1), 5000, CheckpointId(2), SnapshotKind::Checkpoint);
    assert_eq!(plan.files, [10_270_000]);
}

#[test]
fn the_job_manager_refuses_more_than_its_limit() {
    let storage = CheckpointStorage::JobManager {
        max_state: Bytes::from_mib(5),
    };
    let options = Checkpointing {
        storage,
        ..Checkpointing::default()
    };
    let big = State {
        size: Bytes::from_mib(6),
        ..state(0.0)
    };
    let plan = |state: &State| {
        let mut backend = StateBackend::new(Some(state), false, state.size.as_f64(), 0, &options);
        backend.snapshot(at(1), 0, CheckpointId(1), SnapshotKind::Checkpoint)
    };
    assert!(plan(&big).too_large);
    assert!(!plan(&state(0.0)).too_large);
}

#[test]
fn new_keys_count_once_and_from_a_restart_on() {
    let mut grows = state(0.0);
    grows.inserts = 2.0;
    let mut backend = StateBackend::new(Some(&grows), false, 1e6, 0, &Checkpointing::default());
    let mut size = |processed, id: u32| {
        let now = at(2 * u64::from(id));
        let plan = backend.snapshot(now, processed, CheckpointId(id), SnapshotKind::Checkpoint);
        let entries = (plan.state_size - 717) / 1013;
        backend.restored(at(2 * u64::from(id) + 1), processed + 100, None);
        entries
    };
    assert_eq!(size(50, 1), 1100);
    // What came between is read again, and counts then.
    assert_eq!(size(200, 2), 1200);
}

#[test]
fn entries_are_deleted_together_when_a_step_begins() {
    let expiry = Expiry {
        lifetime: SimDuration::from_secs(7),
        step: SimDuration::from_secs(7),
    };
    let alive = |now, first| {
        let second = SimDuration::from_secs;
        expiry.alive_since(second(now), second(first)).as_secs_f64() as u64
    };
    // Steps begin at 3, 10, 17 s.
    assert_eq!(
        [alive(2, 3), alive(9, 3), alive(10, 3), alive(16, 3)],
        [0, 3, 10, 10]
    );
    assert_eq!([alive(13, 0), alive(14, 0)], [7, 14]);
    let sliding = Expiry {
        lifetime: SimDuration::from_secs(21),
        ..expiry
    };
    let since = sliding.alive_since(SimDuration::from_secs(30), SimDuration::from_secs(3));
    assert_eq!(since, SimDuration::from_secs(10));
}

#[test]
fn windows_that_have_not_fired_are_kept() {
    let expiring = State {
        expiry: Some(Expiry {
            lifetime: SimDuration::from_secs(10),
            step: SimDuration::from_secs(10),
        }),
        ..state(0.1)
    };
    let entries = |late: u64, backend: &mut StateBackend| {
        backend.keep_unfired(SimDuration::from_secs(late));
        backend.scan_bytes() / 1013
    };
    let mut heap = StateBackend::new(Some(&expiring), false, 1e6, 0, &Checkpointing::default());
    let held: Vec<u64> = [0, 10, 10, 25, 0]
        .map(|late| entries(late, &mut heap))
        .to_vec();
    assert_eq!(held, [1000, 2000, 2000, 3500, 1000]);

    let options = Checkpointing {
        backend: Backend::RocksDb(RocksDb {
            incremental: true,
            ..RocksDb::default()
        }),
        ..Checkpointing::default()
    };
    let mut rocksdb = StateBackend::new(Some(&expiring), false, 1e6, 0, &options);
    let mut size = |second: u64, late: u64| {
        rocksdb.keep_unfired(SimDuration::from_secs(late));
        let id = CheckpointId(u32::try_from(second).unwrap());
        let plan = rocksdb.snapshot(at(second), 0, id, SnapshotKind::Checkpoint);
        rocksdb.confirm(id);
        plan.checkpointed
    };
    let usual: Vec<u64> = (1..9).map(|n| size(10 * n, 0)).collect();
    // Nothing is deleted while the windows wait; tombstones of all come when they fire.
    let waiting = size(90, 100);
    let fired = size(100, 0);
    assert!(waiting > usual[6], "{waiting} {usual:?}");
    assert!(
        fired > usual[5] + 10 * 1000 * 27 - 2000,
        "{fired} {usual:?}"
    );
}
