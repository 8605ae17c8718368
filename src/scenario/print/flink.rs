//! `[flink]`, and what belongs to checkpoints without being Flink's.

use crate::scenario::print::failure;
use crate::scenario::print::writer::{Writer, text};
use crate::scenario::{
    Alignment, Backend, BufferTimeout, Changelog, CheckpointStorage, Checkpointing, Debloating,
    Mode, Network, Overflow, Scenario,
};
use crate::units::{Bytes, SimDuration, flink, print};

/// The version under which the four buffer options have the given values.
pub(super) fn version(network: &Network) -> &'static str {
    if fixed_buffers(network) == fixed_buffers(&Network::default()) {
        "2.3"
    } else {
        "1.20"
    }
}

fn fixed_buffers(network: &Network) -> [(&'static str, usize); 4] {
    [
        ("buffers-per-channel", network.exclusive),
        ("floating-buffers-per-gate", network.floating),
        ("max-buffers-per-channel", network.max_per_channel),
        ("max-overdraft-buffers-per-gate", network.overdraft),
    ]
}

/// All options that are simulated.
pub(super) fn flink(scenario: &Scenario, writer: &mut Writer) {
    let checkpointing = &scenario.checkpointing;
    writer.table("[flink]");
    if let Some(interval) = checkpointing.interval {
        writer.key("execution.checkpointing.interval", duration(interval));
    }
    let mode = match checkpointing.mode {
        Mode::ExactlyOnce => "EXACTLY_ONCE",
        Mode::AtLeastOnce => "AT_LEAST_ONCE",
    };
    writer.key("execution.checkpointing.mode", text(mode));
    writer.key(
        "execution.checkpointing.min-pause",
        duration(checkpointing.min_pause),
    );
    writer.key(
        "execution.checkpointing.max-concurrent-checkpoints",
        checkpointing.max_concurrent,
    );
    writer.key(
        "execution.checkpointing.timeout",
        duration(checkpointing.timeout),
    );
    let failures = checkpointing.tolerable_failures;
    writer.key(
        "execution.checkpointing.tolerable-failed-checkpoints",
        failures,
    );
    writer.key(
        "execution.checkpointing.num-retained",
        checkpointing.retained,
    );
    alignment(checkpointing, writer);
    let threshold = size(checkpointing.inline_threshold);
    writer.key("execution.checkpointing.data-inline-threshold", threshold);
    let storage = match checkpointing.storage {
        CheckpointStorage::FileSystem => "filesystem",
        CheckpointStorage::JobManager { .. } => "jobmanager",
    };
    writer.key("execution.checkpointing.storage", text(storage));
    backend(checkpointing.backend, writer);
    changelog(checkpointing.changelog.as_ref(), writer);
    network(&scenario.network, writer);
    failure::flink(&scenario.failures.recovery, writer);
}

fn alignment(checkpointing: &Checkpointing, writer: &mut Writer) {
    let (unaligned, after) = match checkpointing.alignment {
        Alignment::Aligned | Alignment::Caching { .. } => (false, SimDuration::ZERO),
        Alignment::Unaligned => (true, SimDuration::ZERO),
        Alignment::AlignedThenUnaligned { after } => (true, after),
    };
    writer.key("execution.checkpointing.unaligned.enabled", unaligned);
    writer.key(
        "execution.checkpointing.aligned-checkpoint-timeout",
        duration(after),
    );
    let subtasks = checkpointing.subtasks_per_channel_state_file;
    writer.key(
        "execution.checkpointing.unaligned.max-subtasks-per-channel-state-file",
        subtasks,
    );
}

fn backend(backend: Backend, writer: &mut Writer) {
    match backend {
        Backend::HashMap => writer.key("state.backend.type", text("hashmap")),
        Backend::RocksDb(rocksdb) => {
            writer.key("state.backend.type", text("rocksdb"));
            writer.key("execution.checkpointing.incremental", rocksdb.incremental);
            writer.key(
                "state.backend.rocksdb.checkpoint.transfer.thread.num",
                rocksdb.transfer_threads,
            );
        }
    }
}

fn changelog(changelog: Option<&Changelog>, writer: &mut Writer) {
    writer.key("state.changelog.enabled", changelog.is_some());
    let Some(changelog) = changelog else { return };
    match changelog.materialize {
        Some(interval) => writer.key(
            "state.changelog.periodic-materialize.interval",
            duration(interval),
        ),
        None => writer.key("state.changelog.periodic-materialize.enabled", false),
    }
    let threshold = size(changelog.preemptive_persist);
    writer.key(
        "state.changelog.dstl.dfs.preemptive-persist-threshold",
        threshold,
    );
    writer.key(
        "state.changelog.dstl.dfs.batch.persist-delay",
        duration(changelog.persist_delay),
    );
}

fn network(network: &Network, writer: &mut Writer) {
    writer.key("taskmanager.memory.segment-size", size(network.segment));
    if version(network) != "2.3" {
        for (name, buffers) in fixed_buffers(network) {
            writer.key(&format!("taskmanager.network.memory.{name}"), buffers);
        }
    }
    match network.buffer_timeout {
        BufferTimeout::WhenFull => writer.key("execution.buffer-timeout.enabled", false),
        BufferTimeout::EveryRecord => writer.key("execution.buffer-timeout.interval", text("0 s")),
        BufferTimeout::Every(period) => {
            writer.key("execution.buffer-timeout.interval", duration(period));
        }
    }
    let enabled = network.debloating.is_some();
    writer.key("taskmanager.network.memory.buffer-debloat.enabled", enabled);
    if let Some(given) = &network.debloating {
        debloating(given, writer);
    }
}

fn debloating(debloating: &Debloating, writer: &mut Writer) {
    let percent = (debloating.threshold * 100.0).round() as u64;
    writer.key(
        "taskmanager.network.memory.buffer-debloat.period",
        duration(debloating.period),
    );
    writer.key(
        "taskmanager.network.memory.buffer-debloat.target",
        duration(debloating.target),
    );
    writer.key(
        "taskmanager.network.memory.buffer-debloat.samples",
        debloating.samples,
    );
    writer.key(
        "taskmanager.network.memory.buffer-debloat.threshold-percentages",
        percent,
    );
    writer.key(
        "taskmanager.memory.min-segment-size",
        size(debloating.min_segment),
    );
    writer.key(
        "taskmanager.memory.starting-segment-size",
        size(debloating.starting_segment),
    );
}

/// Keys of `[simulation]` that concern checkpoints.
pub(super) fn simulated_only(checkpointing: &Checkpointing, writer: &mut Writer) {
    if let Some(records) = checkpointing.every_records {
        writer.key("trigger-every-records", records);
    }
    if let Alignment::Caching { limit, overflow } = checkpointing.alignment {
        writer.key("alignment", text("caching"));
        writer.key("cache-limit", text(&print::written_size(limit)));
        let overflow = match overflow {
            Overflow::Spill => "spill",
            Overflow::Fail => "fail",
        };
        writer.key("cache-overflow", text(overflow));
    }
}

/// A duration as Flink writes it.
pub(super) fn duration(duration: SimDuration) -> String {
    text(&flink::write_duration(duration))
}

fn size(size: Bytes) -> String {
    text(&flink::write_size(size))
}
