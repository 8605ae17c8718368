use super::{duration_s, near, simulate, subtask};

/// A subtask with 40 MB of values in entries of 1000 B (41.08 MB of RocksDB files), 5 %/min of which are overwritten; a
/// checkpoint every 10 s.
fn rocksdb(flink: &str, rest: &str) -> String {
    format!(
        "[job]\nduration = \"55 s\"\nwarmup = \"0 s\"\n\
         [[vertex]]\nname = \"source\"\nsource = {{ rate = \"10/s\" }}\n\
         [[vertex]]\nname = \"operator\"\ninputs = [\"source\"]\n\
         state = {{ size = \"40 MB\", entry = \"1000 B\", dirty = \"5 %/min\" }}\n\
         [flink]\nexecution.checkpointing.interval = \"10 s\"\nstate.backend.type = \"rocksdb\"\n\
         execution.checkpointing.incremental = true\n{flink}\
         [storage]\nprofile = \"local-ssd\"\n{rest}"
    )
}

/// 9.1 no. 14, corrected (recordings: a state of one level is compacted at every fourth flush). New bytes are
/// 41.08 MB · (1 − e^(−1/120)) = 0.341 MB and 10 kB of misc files; every fourth time the compacted state comes on top.
#[test]
fn an_incremental_checkpoint_uploads_what_was_touched_and_what_was_compacted() {
    let result = simulate(&rocksdb("", ""));
    let bytes = |n: usize| subtask(&result, n, 1, 0).checkpointed.as_f64();
    near(bytes(0), 41.08e6 + 10e3, 0.001);
    for n in 1..4 {
        near(bytes(n), 0.341e6 + 10e3, 0.01);
    }
    near(bytes(4), 41.08e6 + 0.341e6 + 10e3, 0.01);
}

/// 9.1 no. 14. Committing takes 12 s, so that the notification of checkpoint 1 comes after checkpoint 2 was taken: 2
/// uploads the files of 1 again.
#[test]
fn without_the_notification_the_same_files_are_uploaded_again() {
    let result = simulate(&rocksdb(
        "execution.checkpointing.max-concurrent-checkpoints = 2\n",
        "[cluster]\ncommit = { replicas = 1, quorum = 1, round-trip = \"12 s\", distribution = \"deterministic\" }\n",
    ));
    let bytes = |n: usize| subtask(&result, n, 1, 0).checkpointed.as_f64();
    near(bytes(1), 41.08e6 + 0.341e6 + 10e3, 0.001);
    assert!(bytes(2) < 1e6, "{}", bytes(2));
}

/// 9.1 no. 15. 261 MB of values are 268.0 MB in 4 files of at most 67.1 MB. At 20 MB/s per stream: 4 threads 67.1 / 20 =
/// 3.36 s; one thread 268.0 / 20 = 13.4 s; 4 threads at 40 MB/s per TaskManager 268.0 / 40 = 6.7 s.
#[test]
fn the_async_time_is_that_of_the_largest_file_of_one_thread_or_of_the_machine() {
    let async_s = |threads: usize, machine: &str| {
        let result = simulate(&format!(
            "[job]\nduration = \"40 s\"\nwarmup = \"0 s\"\n\
             [[vertex]]\nname = \"source\"\nsource = {{ rate = \"10/s\" }}\n\
             [[vertex]]\nname = \"operator\"\ninputs = [\"source\"]\n\
             state = {{ size = \"261 MB\", entry = \"1000 B\" }}\n\
             [flink]\nstate.backend.type = \"rocksdb\"\n\
             state.backend.rocksdb.checkpoint.transfer.thread.num = {threads}\n\
             [storage]\nprofile = \"local-ssd\"\nwrite-per-stream = \"20 MB/s\"\n\
             write-per-taskmanager = \"{machine}\"\n\
             [[trigger]]\nat = \"1 s\"\nkind = \"checkpoint\"\n"
        ));
        subtask(&result, 0, 1, 0).r#async.as_secs_f64()
    };
    near(async_s(4, "1 GB/s"), 3.36, 0.01);
    near(async_s(1, "1 GB/s"), 13.4, 0.01);
    near(async_s(4, "40 MB/s"), 6.7, 0.01);
}

/// 9.1 no. 15. 40 MB of values are 40.5 MB on the heap's scale; at 10 MB/s each upload takes 4.05 s. With two checkpoints
/// under way the async thread of the subtask is never free: each waits for the other, 8.1 s (recorded: 8.1 s).
#[test]
fn overlapping_uploads_of_one_subtask_queue() {
    let result = simulate(
        "[job]\nduration = \"60 s\"\nwarmup = \"0 s\"\n\
         [[vertex]]\nname = \"source\"\nsource = { rate = \"10/s\" }\n\
         [[vertex]]\nname = \"operator\"\ninputs = [\"source\"]\n\
         state = { size = \"40 MB\", entry = \"1000 B\" }\n\
         [flink]\nexecution.checkpointing.interval = \"1 s\"\n\
         execution.checkpointing.max-concurrent-checkpoints = 2\n\
         [storage]\nprofile = \"local-ssd\"\nwrite-per-stream = \"10 MB/s\"\n",
    );
    let completed: Vec<f64> = result
        .checkpoints
        .iter()
        .filter(|record| record.end_to_end().is_some())
        .map(duration_s)
        .collect();
    assert!(completed.len() > 8);
    near(completed[0], 4.05, 0.01);
    for duration in &completed[3..] {
        near(*duration, 8.1, 0.01);
    }
}
