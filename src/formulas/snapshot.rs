//! What a snapshot costs: time on the task's thread, bytes to upload, time to upload them.

use crate::formulas::incremental_size::{compacted_bytes, touched_entries};
use crate::formulas::transfer::{Transfer, transfer_s, write_limits};
use crate::formulas::utilisation::Load;
use crate::scenario::calibration::{
    HASHMAP_ASYNC_FIXED, HASHMAP_BYTES_PER_ENTRY, HASHMAP_BYTES_PER_SUBTASK, INLINE_ASYNC,
    ROCKSDB_ASYNC_FIXED, ROCKSDB_BYTES_PER_ENTRY, ROCKSDB_FILE_BYTES, ROCKSDB_FLUSH_FIXED,
    ROCKSDB_L0_FILES, ROCKSDB_MEMTABLE_BYTES, ROCKSDB_MISC_BYTES,
};
use crate::scenario::{
    Backend, Changelog, CheckpointStorage, RocksDb, Scenario, State, Updates, Vertex, VertexId,
};

/// Which checkpoint of RocksDB's cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cycle {
    /// One without a compaction before it: three of four.
    Usual,
    /// The one after a compaction, which uploads the compacted files again.
    Compacted,
}

/// The snapshot of one subtask.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Snapshot {
    /// Seconds on the task's thread.
    pub sync_s: f64,
    /// Seconds from the end of the sync phase to the last byte in storage.
    pub async_s: f64,
    /// Newly persisted bytes.
    pub uploaded_bytes: f64,
    /// Bytes that a restore reads.
    pub full_bytes: f64,
    /// The largest file that a restore reads; files are read in parallel.
    pub largest_file_bytes: f64,
    /// As [`Plan::staggered`].
    pub staggered: f64,
    /// Newly persisted bytes on average over the checkpoints, where subtasks compact at different ones.
    pub expected_bytes: f64,
}

/// What one subtask wants to write, before bandwidth is shared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan {
    /// Seconds on the task's thread, those of the flush thread left out.
    pub sync_s: f64,
    /// Seconds of the flush thread that the RocksDB instances of a TaskManager share: the task waits for it and for those before.
    pub flush_s: f64,
    /// Seconds of the async part besides the transfer.
    pub fixed_s: f64,
    /// Bytes that go to files; 0 if the state travels in the ack.
    pub transfer_bytes: f64,
    /// The largest of those files.
    pub transfer_largest_bytes: f64,
    /// Files that are written at the same time, at least 1.
    pub streams: usize,
    /// Newly persisted bytes.
    pub uploaded_bytes: f64,
    /// Bytes that a restore reads.
    pub full_bytes: f64,
    /// The largest file that a restore reads.
    pub restore_largest_bytes: f64,
    /// Share of the checkpoints that come after a compaction, if this subtask compacts at others than its neighbours do: a
    /// state that is larger than a memtable has been written for long, each subtask's in its own rhythm. 0 where all begin
    /// empty, and compact together.
    pub staggered: f64,
}

impl Plan {
    /// What is between a usual checkpoint and one after a compaction, as often as the latter comes.
    fn expected(&self, usual: &Plan, compacted: &Plan, read: fn(&Plan) -> f64) -> f64 {
        if self.staggered > 0.0 {
            read(usual) + self.staggered * (read(compacted) - read(usual))
        } else {
            read(self)
        }
    }
}

/// The snapshots of all subtasks, by vertex, when a checkpoint is taken every `period_s` seconds.
pub fn snapshots(
    scenario: &Scenario,
    load: &Load,
    period_s: f64,
    cycle: Cycle,
) -> Vec<Vec<Snapshot>> {
    let plans: Vec<Vec<[Plan; 3]>> = (0..scenario.vertices.len())
        .map(VertexId)
        .map(|id| {
            let of = |i, cycle| plan(scenario, load, id, i, period_s, cycle);
            (0..scenario.vertex(id).parallelism)
                .map(|i| [cycle, Cycle::Usual, Cycle::Compacted].map(|cycle| of(i, cycle)))
                .collect()
        })
        .collect();
    let flushed_s = flushed(scenario, &plans);
    // What flows beside a file are its neighbours' files as they are on average.
    let mut taskmanagers = vec![0.0; scenario.cluster.taskmanagers];
    for (vertex, plans) in plans.iter().enumerate() {
        for (subtask, [plan, usual, compacted]) in plans.iter().enumerate() {
            taskmanagers[scenario.taskmanager_of(VertexId(vertex), subtask)] +=
                plan.expected(usual, compacted, |plan| plan.transfer_bytes);
        }
    }
    let limits = write_limits(scenario);
    let job_bytes: f64 = taskmanagers.iter().sum();
    let finish = |vertex: usize, subtask: usize, [plan, usual, compacted]: &[Plan; 3]| {
        let beyond =
            plan.transfer_bytes - plan.expected(usual, compacted, |plan| plan.transfer_bytes);
        let taskmanager = scenario.taskmanager_of(VertexId(vertex), subtask);
        let transfer = Transfer {
            bytes: plan.transfer_bytes,
            largest_bytes: plan.transfer_largest_bytes,
            streams: plan.streams,
            taskmanager_bytes: taskmanagers[taskmanager] + beyond,
            job_bytes: job_bytes + beyond,
        };
        let transfer_s = if plan.transfer_bytes > 0.0 {
            transfer_s(limits, transfer)
        } else {
            0.0
        };
        Snapshot {
            sync_s: plan.sync_s + flushed_s[vertex][subtask],
            async_s: plan.fixed_s + transfer_s,
            uploaded_bytes: plan.uploaded_bytes,
            full_bytes: plan.full_bytes,
            largest_file_bytes: plan.restore_largest_bytes,
            staggered: plan.staggered,
            expected_bytes: plan.expected(usual, compacted, |plan| plan.uploaded_bytes),
        }
    };
    let by_vertex = plans.iter().enumerate();
    by_vertex
        .map(|(vertex, plans)| {
            plans
                .iter()
                .enumerate()
                .map(|(i, plan)| finish(vertex, i, plan))
                .collect()
        })
        .collect()
}

/// By subtask: seconds until the flush thread of its TaskManager has flushed its state, one after the other in the order in which
/// barriers come.
fn flushed(scenario: &Scenario, plans: &[Vec<[Plan; 3]>]) -> Vec<Vec<f64>> {
    let mut free_s = vec![0.0; scenario.cluster.taskmanagers];
    let mut of = |vertex: usize, subtask: usize, plan: &Plan| {
        let free_s = &mut free_s[scenario.taskmanager_of(VertexId(vertex), subtask)];
        if plan.flush_s > 0.0 {
            *free_s += plan.flush_s;
            *free_s
        } else {
            0.0
        }
    };
    let vertices = plans.iter().enumerate();
    vertices
        .map(|(vertex, plans)| {
            let subtasks = plans.iter().enumerate();
            subtasks
                .map(|(subtask, [plan, ..])| of(vertex, subtask, plan))
                .collect()
        })
        .collect()
}

fn plan(
    scenario: &Scenario,
    load: &Load,
    id: VertexId,
    subtask: usize,
    period_s: f64,
    cycle: Cycle,
) -> Plan {
    let vertex = scenario.vertex(id);
    let user_s = vertex.pre_barrier.as_secs_f64()
        + vertex.sync_extra.as_secs_f64()
        + buffered_s(vertex, load.input_per_s(id, subtask), period_s)
        + sink_s(scenario, load, id, subtask, period_s);
    let Some(state) = vertex.state else {
        return in_the_ack(user_s, 0.0);
    };
    let entries = vertex.state_of(subtask) / state.entry.as_f64().max(1.0);
    let updates = updates(&state, entries, load.input_per_s(id, subtask), period_s);
    let mut plan = match (
        scenario.checkpointing.changelog,
        scenario.checkpointing.backend,
    ) {
        (Some(changelog), backend) => {
            logged(scenario, changelog, backend, &state, entries, updates)
        }
        (None, Backend::HashMap) => heap(scenario, &state, entries),
        (None, Backend::RocksDb(rocksdb)) => {
            let per_entry = (state.entry.get() + ROCKSDB_BYTES_PER_ENTRY) as f64;
            let flush = written_entries(&state, entries, updates * alive_share(&state, period_s))
                * per_entry
                + deleted_entries(&state, entries, updates) * ROCKSDB_BYTES_PER_ENTRY as f64;
            lsm(scenario, rocksdb, entries * per_entry, flush, cycle)
        }
    };
    plan.sync_s += user_s;
    let is_inline = plan.uploaded_bytes <= scenario.checkpointing.inline_threshold.as_f64();
    match scenario.checkpointing.storage {
        CheckpointStorage::FileSystem if !is_inline => plan,
        CheckpointStorage::FileSystem | CheckpointStorage::JobManager { .. } => Plan {
            full_bytes: plan.full_bytes,
            restore_largest_bytes: plan.restore_largest_bytes,
            flush_s: plan.flush_s,
            ..in_the_ack(plan.sync_s, plan.uploaded_bytes)
        },
    }
}

/// Seconds on the thread to write what is buffered when a barrier comes: what has come since the last one, or since timers
/// fired, which is half of their period ago on average.
fn buffered_s(vertex: &Vertex, input_per_s: f64, period_s: f64) -> f64 {
    let Some(timers) = vertex.timers.filter(|timers| !timers.buffered.is_zero()) else {
        return 0.0;
    };
    let since_s = period_s.min(timers.every.as_secs_f64() / 2.0);
    timers.buffered.as_secs_f64() * input_per_s * since_s
}

/// Seconds on the thread of a sink at a barrier. Its queue is full where more comes than its own thread writes.
fn sink_s(scenario: &Scenario, load: &Load, id: VertexId, subtask: usize, period_s: f64) -> f64 {
    let vertex = scenario.vertex(id);
    let Some(sink) = &vertex.sink else {
        return 0.0;
    };
    let per_s = load.input_per_s(id, subtask);
    let first = vertex.inputs.first();
    let bytes = first.map_or(vertex.record, |input| scenario.vertex(input.from).record);
    let full = sink
        .drain
        .is_some_and(|drain| per_s * bytes.as_f64() > drain.as_f64());
    let queued = if full { sink.queue.as_f64() } else { 0.0 };
    let records = if per_s > 0.0 { per_s * period_s } else { 0.0 };
    sink.at_barrier_s(records, vertex.parallelism, queued)
}

fn updates(state: &State, entries: f64, input_per_s: f64, period_s: f64) -> f64 {
    let per_s = match state.updates {
        Updates::PerSecond(share) => share * entries,
        Updates::PerRecord(times) | Updates::Adds(times) => times * input_per_s,
    };
    // Nothing per second stays nothing, even if no checkpoint ever comes.
    if per_s > 0.0 { per_s * period_s } else { 0.0 }
}

/// Of what was written in a period, the share that is not deleted again by its end.
fn alive_share(state: &State, period_s: f64) -> f64 {
    match state.expiry {
        Some(expiry) if period_s.is_finite() && period_s > 0.0 => {
            expiry.written_s(period_s) / period_s
        }
        Some(_) | None => 1.0,
    }
}

/// Of added entries that expire, and of a window's, as many are deleted as are written: each leaves a tombstone with its key.
fn deleted_entries(state: &State, entries: f64, updates: f64) -> f64 {
    match (state.updates, state.expiry) {
        (Updates::Adds(_), Some(_)) => updates,
        (_, Some(expiry)) if !expiry.step.is_zero() => touched_entries(entries, updates),
        _ => 0.0,
    }
}

/// Entries that a flush writes: overwrites of one entry count once, added entries are all different.
fn written_entries(state: &State, entries: f64, updates: f64) -> f64 {
    match state.updates {
        Updates::PerSecond(_) | Updates::PerRecord(_) => touched_entries(entries, updates),
        Updates::Adds(_) => updates,
    }
}

/// State that needs no file: it travels in the ack.
fn in_the_ack(sync_s: f64, bytes: f64) -> Plan {
    Plan {
        sync_s,
        flush_s: 0.0,
        fixed_s: INLINE_ASYNC.typical().as_secs_f64(),
        transfer_bytes: 0.0,
        transfer_largest_bytes: 0.0,
        streams: 1,
        uploaded_bytes: bytes,
        full_bytes: bytes,
        restore_largest_bytes: bytes,
        staggered: 0.0,
    }
}

/// `HashMap`: everything, in one stream; the sync phase copies an array of pointers and is not noticed.
fn heap(scenario: &Scenario, state: &State, entries: f64) -> Plan {
    let bytes = entries * (state.entry.get() + HASHMAP_BYTES_PER_ENTRY) as f64
        + HASHMAP_BYTES_PER_SUBTASK as f64;
    Plan {
        fixed_s: HASHMAP_ASYNC_FIXED.typical().as_secs_f64() + file_s(scenario),
        transfer_bytes: bytes,
        transfer_largest_bytes: bytes,
        ..in_the_ack(0.0, bytes)
    }
}

/// RocksDB: flush on the thread, then SST files in parallel; the misc files are small and travel in the ack.
fn lsm(scenario: &Scenario, rocksdb: RocksDb, live: f64, flush: f64, cycle: Cycle) -> Plan {
    let misc = ROCKSDB_MISC_BYTES as f64;
    let file_max = ROCKSDB_FILE_BYTES as f64;
    // Between two compactions one to four flushes lie beside the live state: 2.5 on average.
    let beside = flush * (ROCKSDB_L0_FILES + 1) as f64 / 2.0;
    let (bytes, largest) = match (rocksdb.incremental, cycle) {
        (true, Cycle::Usual) => (flush + misc, flush),
        (true, Cycle::Compacted) => {
            let compacted = compacted_bytes(live, flush);
            (flush + compacted + misc, compacted.max(flush))
        }
        (false, Cycle::Usual) => (live + beside + misc, live),
        (false, Cycle::Compacted) => (live + flush * ROCKSDB_L0_FILES as f64 + misc, live),
    };
    // Full memtables were flushed in the background before the checkpoint came; of the last one, half is filled on average.
    let memtable = ROCKSDB_MEMTABLE_BYTES as f64;
    let buffered = if flush <= memtable {
        flush
    } else {
        memtable / 2.0
    };
    let flush_s = ROCKSDB_FLUSH_FIXED.as_secs_f64()
        + scenario.cluster.flush_per_mb.as_secs_f64() * buffered / 1e6;
    Plan {
        fixed_s: ROCKSDB_ASYNC_FIXED.typical().as_secs_f64() + file_s(scenario),
        transfer_bytes: bytes,
        transfer_largest_bytes: largest.min(file_max),
        streams: rocksdb.transfer_threads,
        full_bytes: live + beside + misc,
        restore_largest_bytes: live.min(file_max),
        staggered: if live > memtable && flush > 0.0 {
            ((flush / memtable).ceil() / ROCKSDB_L0_FILES as f64).min(1.0)
        } else {
            0.0
        },
        flush_s: if flush > 0.0 { flush_s } else { 0.0 },
        ..in_the_ack(0.0, bytes)
    }
}

/// Changelog: the tail of the log that has not been written ahead; a restore reads the last materialization and the log.
fn logged(
    scenario: &Scenario,
    changelog: Changelog,
    backend: Backend,
    state: &State,
    entries: f64,
    updates: f64,
) -> Plan {
    let log = updates * state.entry.as_f64();
    let overhead = match backend {
        Backend::HashMap => HASHMAP_BYTES_PER_ENTRY,
        Backend::RocksDb(_) => ROCKSDB_BYTES_PER_ENTRY,
    };
    let base = entries * (state.entry.get() + overhead) as f64;
    let tail = log.min(changelog.preemptive_persist.as_f64());
    Plan {
        fixed_s: changelog.persist_delay.as_secs_f64() + file_s(scenario),
        transfer_bytes: tail,
        transfer_largest_bytes: tail,
        full_bytes: base + log,
        restore_largest_bytes: base,
        ..in_the_ack(0.0, log)
    }
}

fn file_s(scenario: &Scenario) -> f64 {
    (scenario.storage.open + scenario.storage.close).as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formulas::scenarios_for_tests::keyed;
    use crate::units::{ByteRate, Bytes, SimDuration};

    fn of_the_first(scenario: &Scenario, cycle: Cycle) -> Snapshot {
        snapshots(scenario, &Load::offered(scenario), 10.0, cycle)[1][0]
    }

    fn rocksdb(incremental: bool) -> Scenario {
        let mut scenario = keyed(600.0, SimDuration::from_millis(4));
        scenario.checkpointing.backend = Backend::RocksDb(RocksDb {
            incremental,
            transfer_threads: 4,
        });
        scenario
    }

    #[test]
    fn a_heap_snapshot_is_bytes_over_bandwidth_plus_open_and_close() {
        // 10 MB of values in 10 000 entries: + 130 000 B + 717 B = 10 130 717 B; at 10 MB/s 1013.07 ms + 10 + 1 ms
        let snapshot = of_the_first(&keyed(600.0, SimDuration::from_millis(4)), Cycle::Usual);
        assert!((snapshot.uploaded_bytes - 10_130_717.0).abs() < 1e-9);
        assert!((snapshot.async_s - 1.024_071_7).abs() < 1e-9);
        assert!(snapshot.sync_s.abs() < 1e-9);
    }

    #[test]
    fn four_equal_uploads_share_the_line_of_the_directory() {
        // 4 × 10.13 MB at 10 MB/s in total: 4.052 s instead of 1.013 s
        let mut scenario = keyed(600.0, SimDuration::from_millis(4));
        scenario.storage.write_total = ByteRate::new(10_000_000);
        let snapshot = of_the_first(&scenario, Cycle::Usual);
        assert!((snapshot.async_s - (4.0 * 1.013_071_7 + 0.011)).abs() < 1e-9);
    }

    #[test]
    fn an_incremental_snapshot_uploads_what_was_touched() {
        // 1 %/s for 10 s of 10 000 entries: 1000 overwrites touch 951.626 of them, 1027 B each = 977 320 B + 12 633 B
        // sync 4 ms + 0.977 MB · 5 ms = 8.887 ms, for the first on its TaskManager; async 10 ms + 5.5 ms + 97.7 ms (the largest file)
        let snapshot = of_the_first(&rocksdb(true), Cycle::Usual);
        assert!(
            (snapshot.uploaded_bytes - 989_953.0).abs() < 1.0,
            "{}",
            snapshot.uploaded_bytes
        );
        assert!((snapshot.sync_s - 0.008_887).abs() < 1e-6);
        assert!((snapshot.async_s - 0.113_232).abs() < 1e-6);
    }

    #[test]
    fn the_checkpoint_after_a_compaction_uploads_the_whole_state_again() {
        // live 10 000 · 1027 B = 10.27 MB in one file: 15.5 ms + 1.027 s
        let snapshot = of_the_first(&rocksdb(true), Cycle::Compacted);
        assert!((snapshot.uploaded_bytes - (10_270_000.0 + 989_953.0)).abs() < 1.0);
        assert!((snapshot.async_s - 1.0425).abs() < 1e-6);
    }

    #[test]
    fn subtasks_of_large_states_compact_at_different_checkpoints() {
        // 100 000 entries per subtask are 103 MB, more than a memtable: of four checkpoints one comes after a compaction.
        let mut scenario = rocksdb(true);
        let state = scenario.vertices[1].state.as_mut().unwrap();
        state.size = Bytes::new(state.size.get() * 10);
        let [usual, compacted] =
            [Cycle::Usual, Cycle::Compacted].map(|cycle| of_the_first(&scenario, cycle));
        assert!((usual.staggered - 0.25).abs() < 1e-12);
        let mean = 0.75 * usual.uploaded_bytes + 0.25 * compacted.uploaded_bytes;
        assert!((usual.expected_bytes - mean).abs() < 1e-6, "{usual:?}");
        assert!(
            (compacted.expected_bytes - mean).abs() < 1e-6,
            "{compacted:?}"
        );
    }

    #[test]
    fn a_full_rocksdb_snapshot_takes_as_long_as_its_largest_file() {
        let snapshot = of_the_first(&rocksdb(false), Cycle::Usual);
        assert!((snapshot.async_s - 1.0425).abs() < 1e-6);
    }

    #[test]
    fn no_state_and_small_state_travel_in_the_ack() {
        let mut scenario = keyed(600.0, SimDuration::from_millis(4));
        scenario.vertices[1].state.as_mut().unwrap().size = Bytes::new(4 * 10_000);
        assert!((of_the_first(&scenario, Cycle::Usual).async_s - 0.001).abs() < 1e-9);
        scenario.vertices[1].state = None;
        assert!(of_the_first(&scenario, Cycle::Usual).uploaded_bytes.abs() < 1e-9);
    }

    #[test]
    fn unlimited_bandwidth_leaves_only_latency() {
        let mut scenario = keyed(600.0, SimDuration::from_millis(4));
        scenario.storage.write_per_stream = None;
        assert!((of_the_first(&scenario, Cycle::Usual).async_s - 0.011).abs() < 1e-12);
    }
}
