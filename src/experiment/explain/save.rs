//! From the snapshot of a subtask to its ack: sync phase, async phase with its upload, ack.

use crate::experiment::explain::path::Sight;
use crate::experiment::explain::step::{Limit, LimitKind, Part, Step, Subtask, Transfer, Upload};
use crate::measure::Place;
use crate::measure::close_up::{self, Content};
use crate::scenario::Storage;
use crate::units::{ByteRate, SimDuration, SimTime};

/// A file whose times are all known.
#[derive(Clone, Copy)]
struct File<'a> {
    upload: &'a close_up::Upload,
    flows: SimTime,
    through: SimTime,
    closed: SimTime,
}

/// Sync phase, async phase and ack of a subtask; `None` if they were not all seen.
pub fn from_snapshot(sight: Sight<'_>, place: Place) -> Option<[Part; 3]> {
    let steps = sight.close_up.steps.get(&place)?;
    let (snapshot, sync_ended) = (steps.snapshot?, steps.sync_ended?);
    let (async_ended, ack) = (steps.async_ended?, steps.ack?);
    let (began, upload_began) = (steps.async_began?, steps.upload_began?);
    let mut parts = Vec::new();
    let mut part = |step, length: SimDuration| {
        if !length.is_zero() {
            parts.push(Part::leaf(step, length));
        }
    };
    part(Step::OlderCheckpoint, began.since(sync_ended));
    part(Step::Preparation, upload_began.since(began));
    let own = own_files(sight, place);
    let mut uploaded = upload_began;
    if let Some(last) = own.iter().copied().max_by_key(|file| file.closed) {
        let bytes = own.iter().map(|file| file.upload.bytes).sum();
        let chain = chain(last, &own);
        parts.push(upload(sight, (own.len(), bytes), &chain, upload_began));
        uploaded = last.closed;
    }
    parts.extend(in_flight_data(sight, uploaded, async_ended));
    Some([
        Part::leaf(Step::Sync, sync_ended.since(snapshot)),
        Part::of(Step::Async, async_ended.since(sync_ended), parts),
        Part::leaf(Step::Ack, ack.since(async_ended)),
    ])
}

fn own_files(sight: Sight<'_>, place: Place) -> Vec<File<'_>> {
    let uploads = sight.close_up.uploads();
    uploads
        .filter(|upload| upload.content == Content::State(place))
        .filter_map(complete)
        .collect()
}

fn complete(upload: &close_up::Upload) -> Option<File<'_>> {
    Some(File {
        upload,
        flows: upload.flows?,
        through: upload.through?,
        closed: upload.closed?,
    })
}

/// The files before this one on its thread, and itself: a thread begins the next file as it has closed one.
fn chain<'a>(last: File<'a>, all: &[File<'a>]) -> Vec<File<'a>> {
    let mut chain = vec![last];
    let mut first = last;
    while let Some(before) = all.iter().find(|file| {
        file.closed == first.upload.created && file.upload.created < first.upload.created
    }) {
        chain.push(*before);
        first = *before;
    }
    chain.reverse();
    chain
}

/// A chain of files from `from` on: what lay before is none of this part.
fn upload(
    sight: Sight<'_>,
    (files, bytes): (usize, u64),
    chain: &[File<'_>],
    from: SimTime,
) -> Part {
    let after = |begin: SimTime, end: SimTime| end.since(begin.max(from));
    let sum = |length: fn(&File<'_>, &dyn Fn(SimTime, SimTime) -> SimDuration) -> SimDuration| {
        let lengths = chain.iter().map(|file| length(file, &after));
        lengths.fold(SimDuration::ZERO, |sum, length| sum + length)
    };
    let create = sum(|file, after| after(file.upload.created, file.flows));
    let flow = sum(|file, after| after(file.flows, file.through));
    let close = sum(|file, after| after(file.through, file.closed));
    let count = chain.len();
    let channel_state = chain
        .iter()
        .any(|file| file.upload.content == Content::ChannelState);
    let parts = [
        (Step::Create { files: count }, create),
        (Step::Transfer(transfer(sight, chain)), flow),
        (Step::Close { files: count }, close),
    ];
    let parts = parts
        .into_iter()
        .filter(|(_, length)| !length.is_zero())
        .map(|(step, length)| Part::leaf(step, length));
    let step = Step::Upload(Upload {
        files,
        bytes,
        chain: chain.iter().map(|file| file.upload.bytes).collect(),
        channel_state,
    });
    Part::of(step, create + flow + close, parts.collect())
}

/// How much of which bandwidth the files of a chain had. Other files count for the part of the time in which they flowed.
fn transfer(sight: Sight<'_>, chain: &[File<'_>]) -> Transfer {
    let (mut beside, mut everywhere, mut time) = (0.0, 0.0, 0.0);
    for file in chain {
        time += file.through.since(file.flows).as_secs_f64();
        for other in sight.close_up.uploads() {
            let Some(flows) = other.flows else { continue };
            let through = other.through.unwrap_or(SimTime::MAX);
            let common = through.min(file.through).since(flows.max(file.flows));
            everywhere += common.as_secs_f64();
            if other.taskmanager == file.upload.taskmanager {
                beside += common.as_secs_f64();
            }
        }
    }
    let average = |sum: f64| {
        if time > 0.0 {
            (sum / time).max(1.0)
        } else {
            1.0
        }
    };
    let (sharing_taskmanager, sharing_total) = (average(beside), average(everywhere));
    Transfer {
        bytes: chain.iter().map(|file| file.upload.bytes).sum(),
        sharing_taskmanager,
        sharing_total,
        limit: limit(&sight.scenario.storage, sharing_taskmanager, sharing_total),
    }
}

/// The bandwidth that leaves a file the least.
fn limit(storage: &Storage, sharing_taskmanager: f64, sharing_total: f64) -> Option<Limit> {
    let limits = [
        (LimitKind::Stream, storage.write_per_stream, 1.0),
        (
            LimitKind::TaskManager,
            storage.write_per_taskmanager,
            sharing_taskmanager,
        ),
        (LimitKind::Total, storage.write_total, sharing_total),
    ];
    let shares = limits.into_iter().filter_map(|(kind, rate, sharing)| {
        let bytes_per_s = rate.map(ByteRate::as_f64)?;
        Some((bytes_per_s / sharing, Limit { kind, bytes_per_s }))
    });
    shares
        .min_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, limit)| limit)
}

/// After the own files: until in-flight data was complete, and its file written, if it was large enough for one.
fn in_flight_data(sight: Sight<'_>, from: SimTime, until: SimTime) -> Vec<Part> {
    if from >= until {
        return Vec::new();
    }
    let files = sight.close_up.uploads().filter_map(complete);
    let written = files
        .filter(|file| file.upload.content == Content::ChannelState)
        .find(|file| file.closed == until);
    let complete_at = written.map_or(until, |file| file.upload.created.max(from));
    let mut parts = Vec::new();
    if complete_at > from {
        let last = sight.close_up.waits.iter().rev();
        let last = last
            .filter(|wait| wait.ended == complete_at)
            .find_map(|wait| Some((wait.from?, wait.to)));
        let name = |place| Subtask::at(sight.scenario, place);
        let last = last.map(|(from, to)| (name(from), name(to)));
        parts.push(Part::leaf(
            Step::InFlightData { last },
            complete_at.since(from),
        ));
    }
    if let Some(file) = written {
        let size = (1, file.upload.bytes);
        parts.push(upload(sight, size, &[file], from));
    }
    parts
}
