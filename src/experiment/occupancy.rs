//! A look into the buffers in front of one subtask while a checkpoint passes.

use crate::experiment::metric::measured::counted;
use crate::experiment::run::Simulation;
use crate::experiment::run_result::RunResult;
use crate::measure::watch::{self, BarrierWatch};
use crate::measure::{CloseUp, Occupancy, Place, Probe};
use crate::model::ids::ChannelId;
use crate::model::network::{Channel, Network};
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
    let slowest = counted(run).max_by_key(|record| record.end_to_end())?;
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

impl Window {
    /// Whose inputs are looked at.
    pub fn place(&self) -> Place {
        Place {
            vertex: self.vertex,
            subtask: self.subtask,
        }
    }

    fn step(&self) -> SimDuration {
        SimDuration::from_nanos((self.until - self.from).as_nanos() / SAMPLES)
    }

    /// Instant of a sample; `None` after the last one.
    fn sample(&self, number: u64) -> Option<SimTime> {
        (number < SAMPLES).then(|| self.from + self.step() * number)
    }
}

/// Simulates up to the window and samples the buffers of its channels; a checkpoint is looked at from close by in the
/// same pass.
pub fn observe(
    scenario: &Scenario,
    seed: u64,
    window: Window,
    close_up: Option<(&mut CloseUp, SimTime)>,
) -> Occupancy {
    let last = window.sample(SAMPLES - 1).unwrap_or(window.until);
    let mut barriers = BarrierWatch::new(window.place(), window.from, last);
    let mut buffers = Buffers::new(window);
    let mut until = last;
    let mut simulation = Simulation::new(scenario).seed(seed);
    if let Some((close_up, durable)) = close_up {
        until = until.max(durable);
        simulation = simulation.observe(close_up);
    }
    let looks = simulation.observe(&mut barriers).sample(&mut buffers);
    // The job has been simulated before; with other barriers it may be refused, and nothing is seen.
    let _ = looks.look_until(until);
    buffers.occupancy.barriers = barriers.marks;
    fullest(&buffers.occupancy)
}

/// Samples the buffers in the channels of the window's subtask.
struct Buffers {
    window: Window,
    channels: Vec<ChannelId>,
    sampled: u64,
    occupancy: Occupancy,
}

impl Buffers {
    fn new(window: Window) -> Self {
        Buffers {
            window,
            channels: Vec::new(),
            sampled: 0,
            occupancy: Occupancy {
                start: window.from,
                step: window.step(),
                rows: Vec::new(),
                buffers: Vec::new(),
                blocked: Vec::new(),
                barriers: Vec::new(),
            },
        }
    }
}

impl Probe for Buffers {
    fn begin(&mut self, scenario: &Scenario, network: &Network) {
        self.channels = watch::channels_into(self.window.place(), scenario, network);
        let channels = self.channels.iter();
        let labels = channels.map(|id| label(scenario, network.channel(*id)));
        self.occupancy.rows = labels.collect();
        self.occupancy.buffers = vec![Vec::new(); self.channels.len()];
        self.occupancy.blocked = vec![Vec::new(); self.channels.len()];
    }

    fn due(&self) -> Option<SimTime> {
        self.window.sample(self.sampled)
    }

    fn sample(&mut self, _now: SimTime, network: &Network) {
        self.sampled += 1;
        for (row, id) in self.channels.iter().enumerate() {
            let channel = network.channel(*id);
            self.occupancy.buffers[row].push(channel.buffers() as f32);
            self.occupancy.blocked[row].push(channel.blocked_by.is_some());
        }
    }
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
