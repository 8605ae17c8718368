//! `[flink]`: every option that says what was decided.

use crate::scenario::keys::flink::{self as keys, Strategy};
use crate::scenario::keys::node::Node;
use crate::scenario::keys::option::{Opt, OptionKind};
use crate::scenario::{
    Alignment, Backend, BufferTimeout, Changelog, CheckpointStorage, Checkpointing, Debloating,
    Network, Recovery, RestartStrategy, Scenario,
};
use crate::units::SimDuration;

/// The version under which the four buffer options have the given values.
pub(super) fn version(network: &Network) -> &'static str {
    if fixed_buffers(network) == fixed_buffers(&Network::default()) {
        "2.3"
    } else {
        "1.20"
    }
}

fn fixed_buffers(network: &Network) -> [usize; 4] {
    [
        network.exclusive,
        network.floating,
        network.max_per_channel,
        network.overdraft,
    ]
}

/// Options in their order.
#[derive(Default)]
struct Writer(Vec<(String, Node)>);

impl Writer {
    fn option<K: OptionKind>(&mut self, option: &Opt<K>, value: K::Value) {
        self.0.push((option.key.to_owned(), K::write(value)));
    }
}

/// All options that are simulated.
pub(super) fn options(scenario: &Scenario) -> Vec<(String, Node)> {
    let mut writer = Writer::default();
    checkpointing(&scenario.checkpointing, &mut writer);
    backend(scenario.checkpointing.backend, &mut writer);
    changelog(scenario.checkpointing.changelog.as_ref(), &mut writer);
    network(&scenario.network, &mut writer);
    recovery(&scenario.failures.recovery, &mut writer);
    writer.0.extend(scenario.flink.written());
    writer.0
}

fn checkpointing(checkpointing: &Checkpointing, writer: &mut Writer) {
    if let Some(interval) = checkpointing.interval {
        writer.option(&keys::INTERVAL, interval);
    }
    if let Some(given) = checkpointing.backlog_interval {
        let interval = checkpointing.interval_during_backlog();
        writer.option(&keys::BACKLOG_INTERVAL, interval.unwrap_or(given));
    }
    writer.option(&keys::PAUSE_SOURCES, checkpointing.pause_sources);
    writer.option(&keys::MODE, checkpointing.mode);
    writer.option(&keys::MIN_PAUSE, checkpointing.min_pause);
    writer.option(&keys::MAX_CONCURRENT, checkpointing.max_concurrent);
    writer.option(&keys::TIMEOUT, checkpointing.timeout);
    let failures = checkpointing.tolerable_failures;
    writer.option(&keys::TOLERABLE_FAILURES, failures);
    writer.option(
        &keys::NUM_RETAINED,
        checkpointing.retained.cast_signed() as i64,
    );
    let (unaligned, after) = match checkpointing.alignment {
        Alignment::Aligned | Alignment::Caching { .. } => (false, SimDuration::ZERO),
        Alignment::Unaligned => (true, SimDuration::ZERO),
        Alignment::AlignedThenUnaligned { after } => (true, after),
    };
    writer.option(&keys::UNALIGNED, unaligned);
    writer.option(&keys::ALIGNED_TIMEOUT, after);
    writer.option(&keys::AFTER_FINISH, checkpointing.after_finish);
    writer.option(
        &keys::INTERRUPTIBLE_TIMERS,
        checkpointing.interruptible_timers,
    );
    let subtasks = checkpointing.subtasks_per_channel_state_file;
    writer.option(&keys::SUBTASKS_PER_FILE, subtasks);
    writer.option(&keys::INLINE_THRESHOLD, checkpointing.inline_threshold);
    if let Some(merging) = checkpointing.file_merging {
        writer.option(&keys::FILE_MERGING, true);
        writer.option(&keys::FILE_MERGING_ACROSS, merging.across);
        writer.option(&keys::FILE_MERGING_SIZE, merging.max_size);
        writer.option(&keys::FILE_MERGING_BLOCKING, merging.blocking);
    }
    let storage = match checkpointing.storage {
        CheckpointStorage::FileSystem => "filesystem",
        CheckpointStorage::JobManager { .. } => "jobmanager",
    };
    writer.option(&keys::STORAGE, storage.to_owned());
}

fn backend(backend: Backend, writer: &mut Writer) {
    match backend {
        Backend::HashMap => writer.option(&keys::BACKEND, "hashmap".to_owned()),
        Backend::RocksDb(rocksdb) => {
            writer.option(&keys::BACKEND, "rocksdb".to_owned());
            writer.option(&keys::INCREMENTAL, rocksdb.incremental);
            writer.option(
                &keys::TRANSFER_THREADS,
                rocksdb.transfer_threads.cast_signed() as i64,
            );
        }
    }
}

fn changelog(changelog: Option<&Changelog>, writer: &mut Writer) {
    writer.option(&keys::CHANGELOG, changelog.is_some());
    let Some(changelog) = changelog else { return };
    match changelog.materialize {
        Some(interval) => writer.option(&keys::MATERIALIZE_INTERVAL, interval),
        None => writer.option(&keys::MATERIALIZE, false),
    }
    writer.option(&keys::PREEMPTIVE_PERSIST, changelog.preemptive_persist);
    writer.option(&keys::PERSIST_DELAY, changelog.persist_delay);
}

fn network(network: &Network, writer: &mut Writer) {
    writer.option(&keys::SEGMENT, network.segment);
    if version(network) != "2.3" {
        writer.option(&keys::EXCLUSIVE, network.exclusive);
        writer.option(&keys::FLOATING, network.floating);
        writer.option(&keys::MAX_PER_CHANNEL, network.max_per_channel);
        writer.option(&keys::OVERDRAFT, network.overdraft);
    }
    match network.buffer_timeout {
        BufferTimeout::WhenFull => writer.option(&keys::BUFFER_TIMEOUT_ENABLED, false),
        BufferTimeout::EveryRecord => writer.option(&keys::BUFFER_TIMEOUT, SimDuration::ZERO),
        BufferTimeout::Every(period) => writer.option(&keys::BUFFER_TIMEOUT, period),
    }
    writer.option(&keys::WATERMARK_INTERVAL, network.watermark_interval);
    if !network.source_idle.is_zero() {
        writer.option(&keys::SOURCE_IDLE, network.source_idle);
    }
    writer.option(&keys::DEBLOAT, network.debloating.is_some());
    if let Some(given) = &network.debloating {
        debloating(given, writer);
    }
}

fn debloating(debloating: &Debloating, writer: &mut Writer) {
    let percent = (debloating.threshold * 100.0).round() as u32;
    writer.option(&keys::DEBLOAT_PERIOD, debloating.period);
    writer.option(&keys::DEBLOAT_TARGET, debloating.target);
    writer.option(&keys::DEBLOAT_SAMPLES, debloating.samples);
    writer.option(&keys::DEBLOAT_THRESHOLD, percent);
    writer.option(&keys::MIN_SEGMENT, debloating.min_segment);
    writer.option(&keys::STARTING_SEGMENT, debloating.starting_segment);
}

fn recovery(recovery: &Recovery, writer: &mut Writer) {
    strategy(recovery.strategy, writer);
    writer.option(&keys::FAILOVER, recovery.failover);
    writer.option(&keys::HEARTBEAT, recovery.heartbeat_interval);
    writer.option(&keys::HEARTBEAT_TIMEOUT, recovery.heartbeat_timeout);
    writer.option(&keys::LOCAL_RECOVERY, recovery.local);
}

fn strategy(strategy: RestartStrategy, writer: &mut Writer) {
    match strategy {
        RestartStrategy::None => writer.option(&keys::RESTART, Strategy::None),
        RestartStrategy::FixedDelay { attempts, delay } => {
            writer.option(&keys::RESTART, Strategy::FixedDelay);
            writer.option(&keys::FIXED_ATTEMPTS, attempts);
            writer.option(&keys::FIXED_DELAY, delay);
        }
        RestartStrategy::FailureRate {
            max_failures,
            interval,
            delay,
        } => {
            writer.option(&keys::RESTART, Strategy::FailureRate);
            writer.option(&keys::RATE_FAILURES, max_failures);
            writer.option(&keys::RATE_INTERVAL, interval);
            writer.option(&keys::RATE_DELAY, delay);
        }
        RestartStrategy::ExponentialDelay {
            initial,
            max,
            multiplier,
            jitter,
            reset,
            attempts,
        } => {
            writer.option(&keys::RESTART, Strategy::ExponentialDelay);
            writer.option(&keys::EXPONENTIAL_INITIAL, initial);
            writer.option(&keys::EXPONENTIAL_MAX, max);
            writer.option(&keys::EXPONENTIAL_MULTIPLIER, multiplier);
            writer.option(&keys::EXPONENTIAL_JITTER, jitter);
            writer.option(&keys::EXPONENTIAL_RESET, reset);
            writer.option(&keys::EXPONENTIAL_ATTEMPTS, attempts);
        }
    }
}
