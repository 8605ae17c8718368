use std::path::Path;

use ckptsim::experiment::run;
use ckptsim::measure::Consistency;
use ckptsim::scenario::load::parse;

/// A record spans more buffers than the receiver has; the barrier overtakes its last bytes at the sender. They arrive in the
/// instant in which the task reads the barrier's mark, and are behind it: only the sender persists them.
#[test]
fn what_arrives_with_the_mark_of_a_priority_barrier_is_behind_it() {
    let text = r#"
[job]
duration = "5 s"
warmup = "0 s"
[[vertex]]
name = "a"
parallelism = 2
source = { steps = ["0 s 399/s", "286 ms 0/s"], log = false, record = "9421 B" }
[[vertex]]
name = "m"
selectivity = 1.2459245618924848
inputs = [{ from = "a", exchange = "hash" }]
state = { size = "4 MiB", entry = "1 KiB", dirty = "50 %/min" }
[[vertex]]
name = "n"
service = "480 us"
selectivity = 1.2459245618924848
inputs = [{ from = "m", exchange = "rescale" }]
[[vertex]]
name = "z"
parallelism = 3
inputs = [{ from = "n", exchange = "hash" }]
[flink]
execution.checkpointing.interval = "103 ms"
execution.checkpointing.unaligned.enabled = true
execution.buffer-timeout.interval = "0 ms"
execution.state-recovery.from-local = true
state.backend.type = "rocksdb"
taskmanager.network.memory.buffer-debloat.enabled = true
[cluster]
taskmanagers = 3
[storage]
write-per-stream = "115 MB/s"
[simulation]
check-consistency = true
[[failure]]
at = "299 ms"
task = { vertex = "a", subtask = 0 }
"#;
    let found = found_in(text, 0);
    assert_eq!(found.violations, []);
    assert!(found.checkpoints > 30, "{} checkpoints", found.checkpoints);
}

/// A barrier that has blocked its channel as it left is pulled to the head at the receiver, and the channel goes on. By the
/// time that the task meets it, the savepoint's barrier may have blocked the channel again.
#[test]
fn a_barrier_resumes_only_what_it_has_blocked() {
    let text = r#"
[job]
duration = "3 s"
warmup = "0 s"
[[vertex]]
name = "a"
parallelism = 1
source = { steps = ["0 s 1088/s", "1132 ms 0/s"], log = false, record = "796 B" }
[[vertex]]
name = "m"
parallelism = 2
service = "1 us"
inputs = [{ from = "a", exchange = "rebalance" }]
reading = "union"
[[vertex]]
name = "n"
parallelism = 2
service = "1 us"
inputs = [{ from = "a", exchange = "hash" }]
reading = "union"
[[vertex]]
name = "z"
parallelism = 1
service = "427 us"
inputs = [{ from = "m", exchange = "hash" }, { from = "n", exchange = "hash" }]
reading = "union"
[flink]
execution.checkpointing.interval = "455 ms"
execution.checkpointing.timeout = "300 ms"
execution.checkpointing.max-concurrent-checkpoints = 2
execution.checkpointing.tolerable-failed-checkpoints = 1000
execution.checkpointing.unaligned.enabled = true
execution.checkpointing.aligned-checkpoint-timeout = "100 ms"
execution.buffer-timeout.enabled = false
[simulation]
keys = "random"
check-consistency = true
[cluster]
taskmanagers = 2
slots = 3
[storage]
profile = "hdfs"
write-per-stream = "102 MB/s"
[[trigger]]
at = "1 s"
kind = "savepoint"
format = "canonical"
"#;
    let found = found_in(text, 1_826_511_245_996_006);
    assert_eq!(found.violations, []);
    assert_eq!(found.duplicates, [], "exactly once");
}

fn found_in(text: &str, seed: u64) -> Consistency {
    let loaded = parse(text, "found", Path::new(""), &[]);
    let scenario = loaded
        .unwrap_or_else(|problems| panic!("{problems}"))
        .scenario;
    run::run(&scenario, seed, 0).unwrap().consistency.unwrap()
}
