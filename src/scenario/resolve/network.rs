//! `[flink]`: network buffers.

use crate::scenario::flink::{BufferTimeout, Debloating, Network};
use crate::scenario::keys::flink as keys;
use crate::scenario::keys::option::{Opt, OptionKind};
use crate::scenario::resolve::options::{FlinkOptions, FlinkVersion};
use crate::scenario::resolve::problems::Problems;
use crate::units::Bytes;

/// Buffers and their flow.
pub(super) fn network(
    version: FlinkVersion,
    options: &FlinkOptions,
    problems: &mut Problems<'_>,
) -> Network {
    // Fixed since 2.x (`NettyShuffleEnvironmentConfiguration`), by an option before.
    let overdraft = options.given(&keys::OVERDRAFT, problems);
    let fixed = if version.major < 2 {
        keys::OVERDRAFT.default()
    } else {
        Network::default().overdraft
    };
    let segment = options.of(&keys::SEGMENT, problems);
    Network {
        segment,
        exclusive: options.of(&keys::EXCLUSIVE, problems),
        floating: options.of(&keys::FLOATING, problems),
        max_per_channel: options.of(&keys::MAX_PER_CHANNEL, problems),
        overdraft: overdraft.unwrap_or(fixed),
        buffer_timeout: buffer_timeout(options, problems),
        watermark_interval: options.of(&keys::WATERMARK_INTERVAL, problems),
        source_idle: options.of(&keys::SOURCE_IDLE, problems),
        debloating: debloating(segment, options, problems),
    }
}

fn buffer_timeout(options: &FlinkOptions, problems: &mut Problems<'_>) -> BufferTimeout {
    if !options.of(&keys::BUFFER_TIMEOUT_ENABLED, problems) {
        return BufferTimeout::WhenFull;
    }
    let period = options.of(&keys::BUFFER_TIMEOUT, problems);
    if period.is_zero() {
        BufferTimeout::EveryRecord
    } else {
        BufferTimeout::Every(period)
    }
}

fn debloating(
    segment: Bytes,
    options: &FlinkOptions,
    problems: &mut Problems<'_>,
) -> Option<Debloating> {
    if !options.of(&keys::DEBLOAT, problems) {
        return None;
    }
    let threshold = options.of(&keys::DEBLOAT_THRESHOLD, problems);
    Some(Debloating {
        period: options.of(&keys::DEBLOAT_PERIOD, problems),
        target: options.of(&keys::DEBLOAT_TARGET, problems),
        samples: options.of(&keys::DEBLOAT_SAMPLES, problems),
        threshold: f64::from(threshold) / 100.0,
        min_segment: within(segment, &keys::MIN_SEGMENT, options, problems),
        starting_segment: within(segment, &keys::STARTING_SEGMENT, options, problems),
    })
}

/// A buffer is debloated to a part of its segment.
fn within<K: OptionKind<Value = Bytes>>(
    segment: Bytes,
    option: &Opt<K>,
    options: &FlinkOptions,
    problems: &mut Problems<'_>,
) -> Bytes {
    let size = options.of(option, problems);
    if size == Bytes::ZERO || size > segment {
        problems.error(
            &options.path(option),
            format!(
                "`{}` must be between 1 byte and the segment size",
                option.key
            ),
        );
    }
    size
}
