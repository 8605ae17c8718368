//! A look into the buffers in front of one subtask while a checkpoint passes.

use crate::engine::{self, Agenda, Streams};
use crate::experiment::result::RunResult;
use crate::measure::watch::BarrierWatch;
use crate::measure::{CheckpointKind, Occupancy};
use crate::model::ids::ChannelId;
use crate::model::network::Channel;
use crate::model::observe::Observer;
use crate::model::{Job, graph};
use crate::scenario::{Alignment, Scenario, VertexId};
use crate::units::{SimDuration, SimTime};

/// Samples per look.
const SAMPLES: u64 = 240;
/// At most so many channels are looked at: those that hold most.
const ROWS_MAX: usize = 16;

/// Where and when to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Vertex of the subtask.
    pub vertex: usize,
    /// The subtask whose inputs are looked at.
    pub subtask: usize,
    /// First sample.
    pub from: SimTime,
    /// Last sample.
    pub until: SimTime,
}

/// The window around the slowest checkpoint after warm-up, at the subtask whose last barrier came latest.
pub fn window(scenario: &Scenario, run: &RunResult) -> Option<Window> {
    let slowest = run
        .checkpoints
        .iter()
        .filter(|record| record.kind == CheckpointKind::Checkpoint && record.trigger >= run.warmup)
        .max_by_key(|record| record.end_to_end())?;
    slowest.end_to_end()?;
    let (vertex, subtask, record) = slowest
        .acknowledged()
        .filter(|(vertex, ..)| !scenario.vertices[*vertex].inputs.is_empty())
        .max_by_key(|(_, _, record)| (record.alignment, record.start_delay))?;
    let length =
        (record.start_delay + record.alignment + record.sync).max(SimDuration::from_millis(50));
    let before = length.scale(0.25);
    let from = SimTime::ZERO + slowest.trigger.since(SimTime::ZERO).saturating_sub(before);
    Some(Window {
        vertex,
        subtask,
        from,
        until: slowest.trigger + length.scale(1.25),
    })
}

/// The scenario with this alignment, all else equal.
pub fn with_alignment(scenario: &Scenario, alignment: Alignment) -> Scenario {
    let mut changed = scenario.clone();
    changed.checkpointing.alignment = alignment;
    changed
}

/// Simulates up to the window and samples the buffers of its channels.
pub fn observe(scenario: &Scenario, seed: u64, window: Window) -> Occupancy {
    let streams = Streams::new(seed, 0);
    let task = first_task(scenario, window.vertex) + window.subtask as u32;
    let rows: Vec<ChannelId> = {
        let network = graph::build(scenario, &streams).network;
        let into = network
            .channels()
            .iter()
            .enumerate()
            .filter(|(_, channel)| channel.consumer.0 == task);
        into.map(|(id, _)| ChannelId(id as u32)).collect()
    };
    let mut agenda = Agenda::default();
    let mut watch = BarrierWatch::new(rows.clone());
    let observer: &mut dyn Observer = &mut watch;
    let mut job = Job::new(scenario, &streams, |_| observer, &mut agenda);
    let step = SimDuration::from_nanos((window.until - window.from).as_nanos() / SAMPLES);
    let mut occupancy = Occupancy {
        start: window.from,
        step,
        rows: rows
            .iter()
            .map(|id| label(scenario, job.network().channel(*id)))
            .collect(),
        buffers: vec![Vec::new(); rows.len()],
        blocked: vec![Vec::new(); rows.len()],
        barriers: Vec::new(),
    };
    for sample in 0..SAMPLES {
        let at = window.from + step * sample;
        if !engine::run(&mut job, &mut agenda, at, scenario.simulation.max_events) {
            break;
        }
        for (row, id) in rows.iter().enumerate() {
            let channel = job.network().channel(*id);
            occupancy.buffers[row].push(channel.buffers() as f32);
            occupancy.blocked[row].push(channel.blocked_by.is_some());
        }
    }
    let in_window = |mark: &crate::measure::BarrierMark| mark.processed >= window.from;
    drop(job);
    occupancy.barriers = watch.marks.into_iter().filter(in_window).collect();
    fullest(&occupancy)
}

fn first_task(scenario: &Scenario, vertex: usize) -> u32 {
    scenario.vertices[..vertex]
        .iter()
        .map(|vertex| vertex.parallelism as u32)
        .sum()
}

fn label(scenario: &Scenario, channel: &Channel) -> String {
    let name = |task: u32| {
        let mut left = task as usize;
        for (index, vertex) in scenario.vertices.iter().enumerate() {
            if left < vertex.parallelism {
                return format!("{} #{left}", scenario.vertex(VertexId(index)).name);
            }
            left -= vertex.parallelism;
        }
        String::new()
    };
    let place = if channel.remote { "remote" } else { "local" };
    format!("{} ({place})", name(channel.producer.0))
}

/// Keeps the rows that hold most, in their order.
fn fullest(occupancy: &Occupancy) -> Occupancy {
    let held = |row: usize| occupancy.buffers[row].iter().sum::<f32>();
    let mut kept: Vec<usize> = (0..occupancy.rows.len()).collect();
    kept.sort_by(|a, b| held(*b).total_cmp(&held(*a)).then(a.cmp(b)));
    kept.truncate(ROWS_MAX);
    kept.sort_unstable();
    let new_row = |old: usize| kept.iter().position(|row| *row == old);
    Occupancy {
        rows: kept
            .iter()
            .map(|row| occupancy.rows[*row].clone())
            .collect(),
        buffers: kept
            .iter()
            .map(|row| occupancy.buffers[*row].clone())
            .collect(),
        blocked: kept
            .iter()
            .map(|row| occupancy.blocked[*row].clone())
            .collect(),
        barriers: occupancy
            .barriers
            .iter()
            .filter_map(|mark| {
                Some(crate::measure::BarrierMark {
                    row: new_row(mark.row)?,
                    ..*mark
                })
            })
            .collect(),
        start: occupancy.start,
        step: occupancy.step,
    }
}
