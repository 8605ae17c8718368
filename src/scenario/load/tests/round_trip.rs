//! A scenario in which nothing has its default reads back from its complete TOML.

use crate::scenario::Scenario;
use crate::scenario::load::tests::parsed;

const EVERYTHING: &str = r#"
[job]
name = "every \"key\"\n\\"
duration = "123456789 ns"
warmup = "1 us"
seed = 7
replications = 3
flink-version = "1.18"
retention-wish = "1 h"

[[vertex]]
name = "in.a"
parallelism = 2
source = { steps = ["0 s 0.1/s", "1500 us 333.3/s"], period = "7 d", arrivals = "poisson", log = false, start = "3 ms" }
record = "1 KB"
placement = [1, 0]
sync-extra = "1 ms"

[[vertex]]
name = "in b"
source = { rate = "unlimited" }
service = { mean = "10 us", distribution = "lognormal", cv = 0.7 }

[[vertex]]
name = "x"
parallelism = 3
inputs = ["in.a", { from = "in b", exchange = "rebalance" }, { from = "in.a", zipf = 1.3 }, { from = "in b", exchange = "broadcast" }]
reading = "alternating"
selectivity = 0.3333333333333333
service = { mean = "10 us", distribution = "uniform", spread = 0.25 }
slow = [{ subtask = 1, factor = 1.7 }, { subtask = 2 }]
state = { size = "1 TB", entry = "7 B", dirty = "0.7 %/h", accesses-per-record = 1.3 }

[[vertex]]
name = "y"
parallelism = 3
inputs = [{ from = "x", exchange = "forward" }, { from = "in.a", exchange = "rescale" }, { from = "in.a", shares = [0.2, 0.3, 0.49999] }]
service = { mean = "10 us", distribution = "exponential" }
state = { size = "5 B", updates-per-record = 0.3, access = "7 ns" }

[flink]
execution.checkpointing.interval = 12345
execution.checkpointing.mode = "at_least_once"
execution.checkpointing.min-pause = "20 s"
execution.checkpointing.max-concurrent-checkpoints = 2
execution.checkpointing.timeout = "11 s"
execution.checkpointing.tolerable-failed-checkpoints = 3
execution.checkpointing.num-retained = 4
execution.checkpointing.unaligned.max-subtasks-per-channel-state-file = 6
execution.checkpointing.incremental = true
execution.checkpointing.data-inline-threshold = 12345
execution.checkpointing.storage = "jobmanager"
state.backend.type = "rocksdb"
state.backend.rocksdb.checkpoint.transfer.thread.num = 2
state.changelog.enabled = true
state.changelog.periodic-materialize.enabled = false
state.changelog.dstl.dfs.preemptive-persist-threshold = "6 mb"
state.changelog.dstl.dfs.batch.persist-delay = "3 µs"
execution.buffer-timeout.interval = 0
taskmanager.memory.segment-size = "16 kb"
taskmanager.memory.min-segment-size = 300
taskmanager.memory.starting-segment-size = "2 kb"
taskmanager.network.memory.buffer-debloat.enabled = true
taskmanager.network.memory.buffer-debloat.period = "100 ms"
taskmanager.network.memory.buffer-debloat.target = "2 s"
taskmanager.network.memory.buffer-debloat.samples = 10
taskmanager.network.memory.buffer-debloat.threshold-percentages = 29
taskmanager.network.memory.buffers-per-channel = 0
taskmanager.network.memory.floating-buffers-per-gate = 9
taskmanager.network.memory.max-buffers-per-channel = 11
taskmanager.network.memory.max-overdraft-buffers-per-gate = 21

[cluster]
taskmanagers = 3
slots = 4
placement = "fill"
link = "1 Gbit/s"
latency = "77 us"
heap = "3 GB"
commit = { replicas = 5, quorum = 4, round-trip = "3 ms", distribution = "lognormal", sigma = 0.3 }

[storage]
profile = "s3"
write-per-stream = "unlimited"
write-total = "123 B/s"
open = "1 ms"
prices = { per-gib-month = 0.1 }

[[trigger]]
at = "1 us"
kind = "savepoint"
format = "native"

[[trigger]]
at = "2 us"

[simulation]
quantum = "1 ms"
keys = "even"
max-events = 5
max-subtasks = 100
max-channels = 200
check-consistency = true
trigger-every-records = 9
alignment = "caching"
cache-limit = "1 MiB"
cache-overflow = "fail"
"#;

#[track_caller]
fn reads_back(text: &str) -> Scenario {
    let loaded = parsed(text);
    let again = parsed(&loaded.toml());
    assert_eq!(again.scenario, loaded.scenario, "{}", loaded.toml());
    assert_eq!(again.toml(), loaded.toml());
    loaded.scenario
}

#[test]
fn everything_that_is_not_a_default_reads_back() {
    let scenario = reads_back(EVERYTHING);
    let default = Scenario::default();
    assert_ne!(scenario.checkpointing, default.checkpointing);
    assert_eq!(scenario.network.overdraft, 21);
}

#[test]
fn every_alignment_and_buffer_timeout_reads_back() {
    let start = "[[vertex]]\nname = 'in'\nsource = { rate = '10/s' }\n[flink]\n";
    for options in [
        "execution.checkpointing.unaligned.enabled = true",
        "execution.checkpointing.unaligned.enabled = true\nexecution.checkpointing.aligned-checkpoint-timeout = '3 s'",
        "execution.buffer-timeout.enabled = false",
        "state.changelog.enabled = true",
        "[simulation]\nalignment = 'caching'",
    ] {
        reads_back(&format!("{start}{options}\n"));
    }
}
