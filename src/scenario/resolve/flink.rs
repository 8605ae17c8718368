//! `[flink]`: checkpoints and state backend.

use crate::scenario::flink::{
    Alignment, Backend, Changelog, CheckpointStorage, Checkpointing, FileMerging, Mode, Overflow,
    RocksDb,
};
use crate::scenario::flink_options::NOT_SIMULATED;
use crate::scenario::job::{AlignmentKind, Simulation};
use crate::scenario::key_path::KeyPath;
use crate::scenario::keys::flink::{self as keys, RuntimeMode};
use crate::scenario::resolve::options::{FlinkOptions, FlinkVersion};
use crate::scenario::resolve::problems::Problems;
use crate::scenario::storage::{Profile, Storage};
use crate::units::{Bytes, SimDuration};

/// `CheckpointCoordinatorConfiguration`: the pause is capped at a year.
const PAUSE_MAX: SimDuration = SimDuration::from_secs(365 * 86_400);
/// `JobManagerCheckpointStorage.DEFAULT_MAX_STATE_SIZE`.
const JOB_MANAGER_STATE_MAX: Bytes = Bytes::from_mib(5);
/// Cache of a subtask with `simulation.alignment = "caching"`; chosen.
const CACHE_LIMIT: Bytes = Bytes::from_mib(64);

/// Since this version checkpoints go on by default when tasks have finished.
const CHECKPOINTS_AFTER_FINISH: FlinkVersion = FlinkVersion {
    major: 1,
    minor: 15,
};

/// What else of the file concerns checkpoints.
pub(super) struct Inputs<'f> {
    pub(super) simulation: &'f Simulation,
    pub(super) storage: Option<&'f Storage>,
    pub(super) version: FlinkVersion,
}

/// Everything about checkpoints and state.
pub(super) fn checkpointing(
    inputs: &Inputs<'_>,
    options: &FlinkOptions,
    problems: &mut Problems<'_>,
) -> Checkpointing {
    let mode = options.of(&keys::MODE, problems);
    let min_pause = options.of(&keys::MIN_PAUSE, problems).min(PAUSE_MAX);
    let interval = interval(min_pause, options, problems);
    let backlog_interval = backlog_interval(interval, options, problems);
    Checkpointing {
        interval,
        backlog_interval,
        pause_sources: pause_sources((interval, backlog_interval), options, problems),
        min_pause,
        max_concurrent: options.of(&keys::MAX_CONCURRENT, problems),
        timeout: options.of(&keys::TIMEOUT, problems),
        spared: None,
        tolerable_failures: options.of(&keys::TOLERABLE_FAILURES, problems),
        mode,
        alignment: alignment(mode, inputs.simulation, options, problems),
        // Since 1.14 there, since 1.15 the default (FLIP-147).
        after_finish: options
            .given(&keys::AFTER_FINISH, problems)
            .unwrap_or(inputs.version >= CHECKPOINTS_AFTER_FINISH),
        interruptible_timers: options.of(&keys::INTERRUPTIBLE_TIMERS, problems),
        subtasks_per_channel_state_file: options.of(&keys::SUBTASKS_PER_FILE, problems),
        retained: num_retained(options, problems),
        inline_threshold: options.of(&keys::INLINE_THRESHOLD, problems),
        file_merging: file_merging(options, problems),
        storage: storage(inputs.storage, options, problems),
        backend: backend(options, problems),
        changelog: changelog(options, problems),
    }
}

/// `CheckpointingOptions`, `DefaultCompletedCheckpointStoreUtils`: less than 1 is warned about and becomes 1.
fn num_retained(options: &FlinkOptions, problems: &mut Problems<'_>) -> usize {
    let number = options.of(&keys::NUM_RETAINED, problems);
    if number < 1 {
        problems.warning(
            &options.path(&keys::NUM_RETAINED),
            format!(
                "`{}` must be at least 1: Flink warns and keeps 1 checkpoint",
                keys::NUM_RETAINED.key
            ),
        );
    }
    number.max(1) as usize
}

/// `max(interval, min-pause)`, as `CheckpointCoordinator` does silently.
fn interval(
    min_pause: SimDuration,
    options: &FlinkOptions,
    problems: &mut Problems<'_>,
) -> Option<SimDuration> {
    let interval = options.given(&keys::INTERVAL, problems)?;
    let path = options.path(&keys::INTERVAL);
    if is_batch(options, problems) {
        let batch = &keys::RUNTIME_MODE;
        problems
            .warning(
                &options.path(batch),
                "in BATCH mode Flink takes no checkpoints, so that none are simulated",
            )
            .help(format!("leave out `{}` for a streaming job", batch.key));
        return None;
    }
    // `StreamingJobGraphGenerator`: below its minimum there is no interval.
    if interval.is_zero() {
        problems.note(&path, "an interval of 0 switches checkpoints off");
        return None;
    }
    if interval.as_nanos() < keys::PERIOD_MIN {
        let message = format!("`{}` must be at least 10 ms", keys::INTERVAL.key);
        problems
            .error(&path, message)
            .help("leave it out, or write 0, to switch checkpoints off");
    }
    Some(interval.max(min_pause))
}

/// `execution.checkpointing.file-merging`: its options are read, and judged, even if it is off.
fn file_merging(options: &FlinkOptions, problems: &mut Problems<'_>) -> Option<FileMerging> {
    let merging = FileMerging {
        across: options.of(&keys::FILE_MERGING_ACROSS, problems),
        max_size: options.of(&keys::FILE_MERGING_SIZE, problems),
        blocking: options.of(&keys::FILE_MERGING_BLOCKING, problems),
    };
    options.of(&keys::FILE_MERGING, problems).then_some(merging)
}

/// `CheckpointConfig`: not shorter than the interval, unless there are none meanwhile.
fn backlog_interval(
    interval: Option<SimDuration>,
    options: &FlinkOptions,
    problems: &mut Problems<'_>,
) -> Option<SimDuration> {
    let given = options.given(&keys::BACKLOG_INTERVAL, problems)?;
    let path = options.path(&keys::BACKLOG_INTERVAL);
    let shorter = interval.is_some_and(|interval| given < interval);
    if shorter && given.as_nanos() >= keys::PERIOD_MIN {
        problems
            .error(
                &path,
                "the interval during a backlog is shorter than the interval",
            )
            .help("Flink refuses that; write 0 for no checkpoints meanwhile");
    }
    Some(given)
}

/// `pipeline.sources.pause-until-first-checkpoint`: without a checkpoint the sources would wait for ever.
fn pause_sources(
    (interval, backlog): (Option<SimDuration>, Option<SimDuration>),
    options: &FlinkOptions,
    problems: &mut Problems<'_>,
) -> bool {
    let pauses = options.of(&keys::PAUSE_SOURCES, problems);
    let never =
        interval.is_none() || backlog.is_some_and(|given| given.as_nanos() < keys::PERIOD_MIN);
    if pauses && never {
        let path = options.path(&keys::PAUSE_SOURCES);
        problems
            .error(
                &path,
                "the sources wait for a first checkpoint, and there may be none",
            )
            .help("give `execution.checkpointing.interval`, and none of 0 during a backlog");
    }
    pauses
}

/// `execution.runtime-mode: BATCH`: what fails is made again from its beginning.
pub(super) fn is_batch(options: &FlinkOptions, problems: &mut Problems<'_>) -> bool {
    options.of(&keys::RUNTIME_MODE, problems) == RuntimeMode::Batch
}

fn alignment(
    mode: Mode,
    simulation: &Simulation,
    options: &FlinkOptions,
    problems: &mut Problems<'_>,
) -> Alignment {
    let key = keys::UNALIGNED.key;
    let unaligned = options.of(&keys::UNALIGNED, problems);
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
            limit: simulation.cache_limit.unwrap_or(CACHE_LIMIT),
            overflow: simulation.cache_overflow.unwrap_or(Overflow::Spill),
        };
    }
    for key in problems.which(&table, &["cache-limit", "cache-overflow"]) {
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
            &options.path(&keys::UNALIGNED),
            "unaligned checkpoints need EXACTLY_ONCE; Flink goes on with aligned ones",
        );
        return Alignment::Aligned;
    }
    let after = options.of(&keys::ALIGNED_TIMEOUT, problems);
    if after.is_zero() {
        Alignment::Unaligned
    } else {
        Alignment::AlignedThenUnaligned { after }
    }
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
    let named = options.given(&keys::STORAGE, problems);
    match named.map(|name| name.to_lowercase()).as_deref() {
        Some("jobmanager") => return job_manager,
        Some("filesystem") => return CheckpointStorage::FileSystem,
        Some(other) => {
            let mut error = problems.error(
                &options.path(&keys::STORAGE),
                format!("checkpoint storage `{other}` is not known here"),
            );
            error.help("allowed are `filesystem` and `jobmanager`");
        }
        None => {}
    }
    let legacy = backend_name(&options.of(&keys::BACKEND, problems));
    let profile = table.map(|table| table.profile);
    if options.has(&keys::DIR) || legacy.eq_ignore_ascii_case("filesystem") {
        return CheckpointStorage::FileSystem;
    }
    if profile == Some(Profile::JobManager) || legacy.eq_ignore_ascii_case("jobmanager") {
        return job_manager;
    }
    let interval = options.given(&keys::INTERVAL, problems);
    let checkpoints =
        interval.is_some_and(|interval| !interval.is_zero()) && !is_batch(options, problems);
    if table.is_none() && checkpoints {
        problems
            .note(
                &options.path(&keys::INTERVAL),
                "no checkpoint directory is given: simulated on HDFS, while Flink would use the JobManager's heap",
            )
            .help("add [storage] with a profile, or `execution.checkpointing.dir`");
    }
    CheckpointStorage::FileSystem
}

fn backend(options: &FlinkOptions, problems: &mut Problems<'_>) -> Backend {
    let text = backend_name(&options.of(&keys::BACKEND, problems));
    let incremental = options.of(&keys::INCREMENTAL, problems);
    match text.as_str() {
        "rocksdb" => {}
        heap if HEAP.contains(&heap) => {
            if incremental {
                problems.note(
                    &options.path(&keys::INCREMENTAL),
                    "incremental checkpoints need RocksDB; the heap backend writes everything each time",
                );
            }
            return Backend::HashMap;
        }
        other => {
            let mut error = problems.error(
                &options.path(&keys::BACKEND),
                format!("state backend `{other}` {NOT_SIMULATED}"),
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
    match options.of(&keys::TRANSFER_THREADS, problems) {
        0 => 1,
        ..0 => {
            problems.note(
                &options.path(&keys::TRANSFER_THREADS),
                "files go through the TaskManager's io pool: taken as 4 threads per operator",
            );
            4
        }
        threads => threads as usize,
    }
}

/// Names of heap backends; `filesystem` and `jobmanager` are those of Flink before 1.13.
const HEAP: [&str; 3] = ["hashmap", "filesystem", "jobmanager"];

/// Whether a value of `state.backend.type` means a backend on the heap.
pub fn is_heap_backend(text: &str) -> bool {
    HEAP.contains(&backend_name(text).as_str())
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

fn changelog(options: &FlinkOptions, problems: &mut Problems<'_>) -> Option<Changelog> {
    if !options.of(&keys::CHANGELOG, problems) {
        return None;
    }
    let periodic = options.of(&keys::MATERIALIZE, problems);
    let interval = options.of(&keys::MATERIALIZE_INTERVAL, problems);
    Some(Changelog {
        materialize: (periodic && !interval.is_zero()).then_some(interval),
        preemptive_persist: options.of(&keys::PREEMPTIVE_PERSIST, problems),
        persist_delay: options.of(&keys::PERSIST_DELAY, problems),
    })
}
