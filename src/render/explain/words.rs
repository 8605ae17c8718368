//! The parts of a critical path in words: a name, and what there is to say.

use crate::experiment::explain::Step;
use crate::experiment::explain::step::{Doing, Flight, Limit, Mostly, Transfer, Upload};
use crate::render::number::{Unit, counted};
use crate::units::SimDuration;

/// Sizes of files that are told one by one.
const SIZES: usize = 4;

/// The name of a part.
pub fn name(step: &Step) -> String {
    match step {
        Step::EndToEnd { subtask } => format!("{subtask} acknowledged last"),
        Step::StartDelay => "start delay".to_owned(),
        Step::Alignment { .. } => "alignment".to_owned(),
        Step::Sync => "sync".to_owned(),
        Step::Async => "async".to_owned(),
        Step::Ack => "ack to the JobManager".to_owned(),
        Step::TriggerRpc => "trigger to the sources".to_owned(),
        Step::Mailbox { source, .. } => format!("{source}: trigger in the mailbox"),
        Step::Flight(flight) => {
            let place = if flight.remote { "remote" } else { "local" };
            let more = if flight.continued { ", continued" } else { "" };
            format!("barrier {} -> {} ({place}{more})", flight.from, flight.to)
        }
        Step::UntilTimeout { subtask } => format!("{subtask}: aligned until the time-out"),
        Step::PreBarrier { subtask } => format!("{subtask}: what comes before the barrier leaves"),
        Step::OlderCheckpoint => "behind an older checkpoint".to_owned(),
        Step::Preparation => "before the first byte".to_owned(),
        Step::Upload(upload) if upload.channel_state => {
            format!("in-flight data, {}", bytes(upload.bytes))
        }
        Step::Upload(upload) => {
            format!(
                "upload, {} in {}",
                bytes(upload.bytes),
                counted(upload.files, "file")
            )
        }
        Step::Create { files } => format!("create {}", counted(*files, "file")),
        Step::Transfer(transfer) => format!("transfer {}", bytes(transfer.bytes)),
        Step::Close { files } => format!("close {}", counted(*files, "file")),
        Step::InFlightData { .. } => "until the in-flight data was complete".to_owned(),
    }
}

/// What there is to say about a part that took `length`; sentences.
pub fn details(step: &Step, length: SimDuration) -> Vec<String> {
    match step {
        Step::Flight(flight) if !flight.continued => of_flight(flight),
        Step::Mailbox { source, doing } => vec![what(&source.to_string(), doing)],
        Step::Upload(upload) if upload.chain.len() > 1 || upload.files > 1 => vec![chain(upload)],
        Step::Transfer(transfer) => vec![of_transfer(transfer, length)],
        Step::Alignment { reported } if *reported != length => vec![format!(
            "reported as {}: it goes on beside the snapshot",
            Unit::Time.text(reported.as_secs_f64())
        )],
        Step::InFlightData { last } => last
            .iter()
            .map(|(from, to)| format!("the barrier from {from} to {to} came last"))
            .collect(),
        Step::Flight(_)
        | Step::Upload(_)
        | Step::Alignment { .. }
        | Step::EndToEnd { .. }
        | Step::StartDelay
        | Step::Sync
        | Step::Async
        | Step::Ack
        | Step::TriggerRpc
        | Step::UntilTimeout { .. }
        | Step::PreBarrier { .. }
        | Step::OlderCheckpoint
        | Step::Preparation
        | Step::Create { .. }
        | Step::Close { .. } => Vec::new(),
    }
}

/// `97 %`; below 10 % with one digit more.
pub fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent > 0.0 && percent < 0.05 {
        "under 0.1 %".to_owned()
    } else if percent > 0.0 && percent < 9.95 {
        format!("{percent:.1} %")
    } else {
        format!("{percent:.0} %")
    }
}

fn of_flight(flight: &Flight) -> Vec<String> {
    let ahead = format!(
        "{} and {} of {}",
        bytes(flight.bytes_ahead),
        counted(
            usize::try_from(flight.records_ahead).unwrap_or(usize::MAX),
            "record"
        ),
        flight.from
    );
    let mut sentences = vec![match (flight.overtakes, flight.bytes_ahead) {
        (_, 0) => "nothing in front of it in the channel".to_owned(),
        (true, _) => format!("overtook {ahead}"),
        (false, _) => format!("behind {ahead}"),
    }];
    let receiver = &flight.to;
    let read: u64 = flight.read_meanwhile.iter().map(|(_, bytes)| bytes).sum();
    if read > 0 {
        let parts: Vec<String> = flight
            .read_meanwhile
            .iter()
            .map(|(vertex, of)| format!("{} from {vertex}", percent(*of as f64 / read as f64)))
            .collect();
        sentences.push(format!(
            "meanwhile {receiver} read {} ({}) and processed {}",
            bytes(read),
            parts.join(", "),
            counted(
                usize::try_from(flight.records_meanwhile).unwrap_or(usize::MAX),
                "record"
            ),
        ));
    }
    sentences.push(what(&receiver.to_string(), &flight.doing));
    sentences
}

fn what(who: &str, doing: &Doing) -> String {
    let state = match doing.mostly() {
        Mostly::Busy => format!("{who} was busy {}", percent(doing.busy)),
        Mostly::Idle => format!("{who} was idle {}", percent(doing.idle)),
        Mostly::Backpressured => {
            format!("{who} was backpressured {}", percent(doing.backpressured))
        }
    };
    match &doing.held_by {
        Some(held) => format!(
            "{state}: its output is full; downstream {} is busy {} of the run",
            held.subtask,
            percent(held.busy)
        ),
        None => format!("{state} of that time"),
    }
}

fn chain(upload: &Upload) -> String {
    let mut sizes: Vec<String> = upload
        .chain
        .iter()
        .take(SIZES)
        .map(|size| bytes(*size))
        .collect();
    if upload.chain.len() > SIZES {
        sizes.push(format!("{} more", upload.chain.len() - SIZES));
    }
    format!("last thread: {}", sizes.join(", "))
}

fn of_transfer(transfer: &Transfer, length: SimDuration) -> String {
    let seconds = length.as_secs_f64();
    let rate = if seconds > 0.0 {
        transfer.bytes as f64 / seconds
    } else {
        0.0
    };
    let limit = match &transfer.limit {
        Some(limit) => limit_text(limit),
        None => "no limit".to_owned(),
    };
    format!(
        "at {}/s; {limit}; flowing at the same time: {:.1} files of the TaskManager, {:.1} of all",
        Unit::Bytes.text(rate),
        transfer.sharing_taskmanager,
        transfer.sharing_total
    )
}

fn limit_text(limit: &Limit) -> String {
    format!(
        "{} = {}/s",
        limit.kind.key(),
        Unit::Bytes.text(limit.bytes_per_s)
    )
}

fn bytes(bytes: u64) -> String {
    Unit::Bytes.text(bytes as f64)
}
