//! `[flink]`: checkpoints and state backend.

use crate::scenario::file::job::{AlignmentKind, Job, OverflowKind, Simulation};
use crate::scenario::file::storage::{ProfileKind, Storage};
use crate::scenario::flink::{
    Alignment, Backend, Changelog, CheckpointStorage, Checkpointing, Mode, Overflow, RocksDb,
};
use crate::scenario::key_path::KeyPath;
use crate::scenario::resolve::options::{FlinkOptions, INTEGER_MAX};
use crate::scenario::resolve::problems::Problems;
use crate::units::{Bytes, SimDuration};

/// `CheckpointCoordinatorConfiguration`: smallest interval and timeout.
const PERIOD_MIN: SimDuration = SimDuration::from_millis(10);
/// `CheckpointCoordinatorConfiguration`: the pause is capped at a year.
const PAUSE_MAX: SimDuration = SimDuration::from_secs(365 * 86_400);
/// `JobManagerCheckpointStorage.DEFAULT_MAX_STATE_SIZE`.
const JOB_MANAGER_STATE_MAX: Bytes = Bytes::from_mib(5);
/// Cache of a subtask with `simulation.alignment = "caching"`; chosen.
const CACHE_LIMIT: Bytes = Bytes::from_mib(64);

/// What else of the file concerns checkpoints.
pub(super) struct Inputs<'f> {
    pub(super) job: &'f Job,
    pub(super) simulation: &'f Simulation,
    pub(super) storage: Option<&'f Storage>,
}

/// Everything about checkpoints and state.
pub(super) fn checkpointing(
    inputs: &Inputs<'_>,
    options: &FlinkOptions,
    problems: &mut Problems<'_>,
) -> Checkpointing {
    let default = Checkpointing::default();
    let mode = mode(options);
    let min_pause = options
        .duration("execution.checkpointing.min-pause")
        .map_or(default.min_pause, |pause| pause.min(PAUSE_MAX));
    let concurrent = "execution.checkpointing.max-concurrent-checkpoints";
    let tolerable = "execution.checkpointing.tolerable-failed-checkpoints";
    let per_file = "execution.checkpointing.unaligned.max-subtasks-per-channel-state-file";
    let every = KeyPath::top("simulation").key("trigger-every-records");
    if inputs
        .simulation
        .trigger_every_records
        .is_some_and(|records| records.0 == 0)
    {
        problems.error(&every, format!("`{every}` must be at least 1"));
    }
    Checkpointing {
        interval: interval(min_pause, options, problems),
        every_records: inputs
            .simulation
            .trigger_every_records
            .filter(|_| !is_batch(options))
            .map(|records| records.0),
        min_pause,
        max_concurrent: options.integer(concurrent, 1, (1, INTEGER_MAX), problems) as usize,
        timeout: timeout(default.timeout, options, problems),
        spared: None,
        tolerable_failures: options.integer(tolerable, 0, (0, INTEGER_MAX), problems) as u32,
        mode,
        alignment: alignment(mode, inputs.simulation, options, problems),
        subtasks_per_channel_state_file: options.integer(per_file, 5, (1, INTEGER_MAX), problems)
            as usize,
        retained: num_retained(options, problems),
        retention_wish: inputs.job.retention_wish.map(|wish| wish.0),
        inline_threshold: inline_threshold(default.inline_threshold, options, problems),
        storage: storage(inputs.storage, options, problems),
        backend: backend(options, problems),
        changelog: changelog(options),
    }
}

/// `CheckpointingOptions`, `DefaultCompletedCheckpointStoreUtils`: less than 1 is warned about and becomes 1.
fn num_retained(options: &FlinkOptions, problems: &mut Problems<'_>) -> usize {
    let key = "execution.checkpointing.num-retained";
    let number = options.text(key).and_then(|text| text.parse::<i64>().ok());
    if number.is_some_and(|number| number < 1) {
        problems.warning(
            &options.path(key),
            format!("`{key}` must be at least 1: Flink warns and keeps 1 checkpoint"),
        );
        return 1;
    }
    options.integer(key, 1, (1, INTEGER_MAX), problems) as usize
}

/// `max(interval, min-pause)`, as `CheckpointCoordinator` does silently.
fn interval(
    min_pause: SimDuration,
    options: &FlinkOptions,
    problems: &mut Problems<'_>,
) -> Option<SimDuration> {
    let key = "execution.checkpointing.interval";
    let interval = options.duration(key)?;
    if is_batch(options) {
        let batch = "execution.runtime-mode";
        problems
            .warning(
                &options.path(batch),
                "in BATCH mode Flink takes no checkpoints, so that none are simulated",
            )
            .help(format!("leave out `{batch}` for a streaming job"));
        return None;
    }
    // `StreamingJobGraphGenerator`: below its minimum there is no interval.
    if interval.is_zero() {
        problems.note(
            &options.path(key),
            "an interval of 0 switches checkpoints off",
        );
        return None;
    }
    if interval < PERIOD_MIN {
        let mut error = problems.error(
            &options.path(key),
            format!("`{key}` must be at least 10 ms"),
        );
        error.help("leave it out, or write 0, to switch checkpoints off");
    }
    Some(interval.max(min_pause))
}

/// `execution.runtime-mode: BATCH`: what fails is made again from its beginning.
fn is_batch(options: &FlinkOptions) -> bool {
    let mode = options.text("execution.runtime-mode");
    mode.is_some_and(|mode| mode.eq_ignore_ascii_case("BATCH"))
}

fn timeout(
    default: SimDuration,
    options: &FlinkOptions,
    problems: &mut Problems<'_>,
) -> SimDuration {
    let key = "execution.checkpointing.timeout";
    let timeout = options.duration(key).unwrap_or(default);
    if timeout < PERIOD_MIN {
        problems.error(
            &options.path(key),
            format!("`{key}` must be at least 10 ms"),
        );
    }
    timeout
}

fn mode(options: &FlinkOptions) -> Mode {
    let text = options
        .text("execution.checkpointing.mode")
        .unwrap_or_default();
    if text.eq_ignore_ascii_case("AT_LEAST_ONCE") {
        Mode::AtLeastOnce
    } else {
        Mode::ExactlyOnce
    }
}

fn alignment(
    mode: Mode,
    simulation: &Simulation,
    options: &FlinkOptions,
    problems: &mut Problems<'_>,
) -> Alignment {
    let key = "execution.checkpointing.unaligned.enabled";
    let unaligned = options.boolean(key).unwrap_or(false);
    let table = KeyPath::top("simulation");
    if simulation.alignment == Some(AlignmentKind::Caching) {
        if unaligned {
            problems
                .error(
                    &table.key("alignment"),
                    "caching belongs to aligned checkpoints",
                )
                .help(format!("take out `{key}` or `simulation.alignment`"));
        }
        return Alignment::Caching {
            limit: simulation.cache_limit.map_or(CACHE_LIMIT, |limit| limit.0),
            overflow: match simulation.cache_overflow {
                Some(OverflowKind::Fail) => Overflow::Fail,
                Some(OverflowKind::Spill) | None => Overflow::Spill,
            },
        };
    }
    let cache_keys = [
        ("cache-limit", simulation.cache_limit.is_some()),
        ("cache-overflow", simulation.cache_overflow.is_some()),
    ];
    for (key, _) in cache_keys.iter().filter(|(_, given)| *given) {
        problems
            .key_error(
                &table.key(key),
                format!("`simulation.{key}` has no effect without caching"),
            )
            .help("add `alignment = \"caching\"`");
    }
    if !unaligned {
        return Alignment::Aligned;
    }
    if mode == Mode::AtLeastOnce {
        problems.warning(
            &options.path(key),
            "unaligned checkpoints need EXACTLY_ONCE; Flink goes on with aligned ones",
        );
        return Alignment::Aligned;
    }
    match options.duration("execution.checkpointing.aligned-checkpoint-timeout") {
        Some(after) if !after.is_zero() => Alignment::AlignedThenUnaligned { after },
        Some(_) | None => Alignment::Unaligned,
    }
}

/// `FileSystemCheckpointStorage`: at most 1 MiB.
fn inline_threshold(default: Bytes, options: &FlinkOptions, problems: &mut Problems<'_>) -> Bytes {
    let key = "execution.checkpointing.data-inline-threshold";
    let threshold = options.size(key).unwrap_or(default);
    if threshold > Bytes::from_mib(1) {
        problems.error(&options.path(key), format!("`{key}` must be at most 1 mb"));
    }
    threshold
}

/// `CheckpointStorageLoader`: what is named; else a directory if one is given; else the JobManager's heap, unless
/// `[storage]` says otherwise.
fn storage(
    table: Option<&Storage>,
    options: &FlinkOptions,
    problems: &mut Problems<'_>,
) -> CheckpointStorage {
    let job_manager = CheckpointStorage::JobManager {
        max_state: JOB_MANAGER_STATE_MAX,
    };
    let key = "execution.checkpointing.storage";
    match options.text(key).map(str::to_lowercase).as_deref() {
        Some("jobmanager") => return job_manager,
        Some("filesystem") => return CheckpointStorage::FileSystem,
        Some(other) => {
            let mut error = problems.error(
                &options.path(key),
                format!("checkpoint storage `{other}` is not known here"),
            );
            error.help("allowed are `filesystem` and `jobmanager`");
        }
        None => {}
    }
    let legacy = backend_name(options.text("state.backend.type").unwrap_or_default());
    let profile = table.and_then(|table| table.profile);
    if options.has("execution.checkpointing.dir") || legacy.eq_ignore_ascii_case("filesystem") {
        return CheckpointStorage::FileSystem;
    }
    if profile == Some(ProfileKind::Jobmanager) || legacy.eq_ignore_ascii_case("jobmanager") {
        return job_manager;
    }
    let checkpoints = options
        .duration("execution.checkpointing.interval")
        .is_some_and(|interval| !interval.is_zero() && !is_batch(options));
    if table.is_none() && checkpoints {
        problems
            .note(
                &options.path("execution.checkpointing.interval"),
                "no checkpoint directory is given: simulated on HDFS, while Flink would use the JobManager's heap",
            )
            .help("add [storage] with a profile, or `execution.checkpointing.dir`");
    }
    CheckpointStorage::FileSystem
}

fn backend(options: &FlinkOptions, problems: &mut Problems<'_>) -> Backend {
    let key = "state.backend.type";
    let text = backend_name(options.text(key).unwrap_or("hashmap"));
    let incremental_key = "execution.checkpointing.incremental";
    let incremental = options.boolean(incremental_key).unwrap_or(false);
    match text.as_str() {
        "rocksdb" => {}
        // `filesystem` and `jobmanager` are heap backends of Flink before 1.13.
        "hashmap" | "filesystem" | "jobmanager" => {
            if incremental {
                problems.note(
                    &options.path(incremental_key),
                    "incremental checkpoints need RocksDB; the heap backend writes everything each time",
                );
            }
            return Backend::HashMap;
        }
        other => {
            let mut error = problems.error(
                &options.path(key),
                format!("state backend `{other}` is not simulated"),
            );
            error.help("allowed are `hashmap` and `rocksdb`");
            return Backend::HashMap;
        }
    }
    Backend::RocksDb(RocksDb {
        incremental,
        transfer_threads: transfer_threads(options, problems),
    })
}

/// `RocksDBStateDataTransferHelper`: a pool of its own, the calling thread (0 or 1), or the TaskManager's io pool
/// (negative), which has 4 threads per core for all operators there: as many per operator as the default, with an
/// operator per core.
fn transfer_threads(options: &FlinkOptions, problems: &mut Problems<'_>) -> usize {
    let key = "state.backend.rocksdb.checkpoint.transfer.thread.num";
    match options.text(key).map(str::parse::<i64>) {
        Some(Ok(0)) => 1,
        Some(Ok(..0)) => {
            problems.note(
                &options.path(key),
                "files go through the TaskManager's io pool: taken as 4 threads per operator",
            );
            4
        }
        _ => options.integer(key, 4, (1, 1_000), problems) as usize,
    }
}

/// `StateBackendLoader`: a short name, or the class of a factory.
fn backend_name(text: &str) -> String {
    match text.rsplit('.').next().unwrap_or(text) {
        "EmbeddedRocksDBStateBackendFactory" | "RocksDBStateBackendFactory" => "rocksdb",
        "HashMapStateBackendFactory" => "hashmap",
        "FsStateBackendFactory" => "filesystem",
        "MemoryStateBackendFactory" => "jobmanager",
        "ForStStateBackendFactory" => "forst",
        _ => return text.to_lowercase(),
    }
    .to_owned()
}

fn changelog(options: &FlinkOptions) -> Option<Changelog> {
    if options.boolean("state.changelog.enabled") != Some(true) {
        return None;
    }
    let default = Changelog::default();
    let periodic = options
        .boolean("state.changelog.periodic-materialize.enabled")
        .unwrap_or(true);
    let interval = options
        .duration("state.changelog.periodic-materialize.interval")
        .or(default.materialize);
    Some(Changelog {
        materialize: interval.filter(|interval| periodic && !interval.is_zero()),
        preemptive_persist: options
            .size("state.changelog.dstl.dfs.preemptive-persist-threshold")
            .unwrap_or(default.preemptive_persist),
        persist_delay: options
            .duration("state.changelog.dstl.dfs.batch.persist-delay")
            .unwrap_or(default.persist_delay),
    })
}
