//! `[flink]`: network buffers.

use crate::scenario::flink::{BufferTimeout, Debloating, Network};
use crate::scenario::resolve::options::{FlinkOptions, FlinkVersion, INTEGER_MAX};
use crate::scenario::resolve::problems::Problems;
use crate::units::{Bytes, SimDuration};

/// Flink's own numbers are 2, 8, 10 and 20. So many for each of 32,768 channels are still counted in 32 bits.
const BUFFERS_MAX: u64 = 10_000;

/// Buffers and their flow.
pub(super) fn network(
    version: FlinkVersion,
    options: &FlinkOptions,
    problems: &mut Problems<'_>,
) -> Network {
    let default = Network::default();
    // 20 since 2.x, where it is fixed; 5 before (`taskmanager.network.memory.max-overdraft-buffers-per-gate`).
    let overdraft = if version.major < 2 {
        5
    } else {
        default.overdraft
    };
    let key = "taskmanager.memory.segment-size";
    let segment = options.size(key).unwrap_or(default.segment);
    if segment < Bytes::from_kib(1) || segment > Bytes::from_mib(64) {
        problems.error(
            &options.path(key),
            format!("`{key}` must be between 1 kb and 64 mb"),
        );
    }
    let mut buffers = |name: &'static str, default: usize, smallest: u64| {
        options.integer(name, default as u64, (smallest, BUFFERS_MAX), problems) as usize
    };
    let exclusive = buffers(
        "taskmanager.network.memory.buffers-per-channel",
        default.exclusive,
        0,
    );
    let floating = buffers(
        "taskmanager.network.memory.floating-buffers-per-gate",
        default.floating,
        1,
    );
    let max_per_channel = buffers(
        "taskmanager.network.memory.max-buffers-per-channel",
        default.max_per_channel,
        1,
    );
    let overdraft = buffers(
        "taskmanager.network.memory.max-overdraft-buffers-per-gate",
        overdraft,
        0,
    );
    Network {
        segment,
        exclusive,
        floating,
        max_per_channel,
        overdraft,
        buffer_timeout: buffer_timeout(default.buffer_timeout, options),
        debloating: debloating(segment, options, problems),
    }
}

fn buffer_timeout(default: BufferTimeout, options: &FlinkOptions) -> BufferTimeout {
    if options.boolean("execution.buffer-timeout.enabled") == Some(false) {
        return BufferTimeout::WhenFull;
    }
    match options.duration("execution.buffer-timeout.interval") {
        None => default,
        Some(period) if period.is_zero() => BufferTimeout::EveryRecord,
        Some(period) => BufferTimeout::Every(period),
    }
}

fn debloating(
    segment: Bytes,
    options: &FlinkOptions,
    problems: &mut Problems<'_>,
) -> Option<Debloating> {
    if options.boolean("taskmanager.network.memory.buffer-debloat.enabled") != Some(true) {
        return None;
    }
    let default = Debloating::default();
    let positive = |key: &'static str, default: SimDuration, problems: &mut Problems<'_>| {
        let value = options.duration(key).unwrap_or(default);
        if value.is_zero() {
            problems.error(&options.path(key), format!("`{key}` must be positive"));
        }
        value
    };
    let period = positive(
        "taskmanager.network.memory.buffer-debloat.period",
        default.period,
        problems,
    );
    let target = positive(
        "taskmanager.network.memory.buffer-debloat.target",
        default.target,
        problems,
    );
    let samples = "taskmanager.network.memory.buffer-debloat.samples";
    let threshold = "taskmanager.network.memory.buffer-debloat.threshold-percentages";
    let smallest = "taskmanager.memory.min-segment-size";
    let starting = "taskmanager.memory.starting-segment-size";
    let min_segment = options.size(smallest).unwrap_or(default.min_segment);
    let starting_segment = options.size(starting).unwrap_or(default.starting_segment);
    for (key, size) in [(smallest, min_segment), (starting, starting_segment)] {
        if size == Bytes::ZERO || size > segment {
            problems.error(
                &options.path(key),
                format!("`{key}` must be between 1 byte and the segment size"),
            );
        }
    }
    Some(Debloating {
        period,
        target,
        samples: options.integer(samples, 20, (1, INTEGER_MAX), problems) as u32,
        threshold: options.integer(threshold, 25, (1, 100), problems) as f64 / 100.0,
        min_segment,
        starting_segment,
    })
}
