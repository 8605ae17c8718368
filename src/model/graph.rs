//! From a scenario to tasks and channels: who is connected to whom, and where.
//!
//! `flink-semantics` 4.2 (`VertexInputInfoComputationUtils`, `NettyShuffleUtils`). Tasks are numbered vertex by vertex,
//! which is also the order of deployment.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::engine::Streams;
use crate::model::checkpoint::alignment::Alignment;
use crate::model::ids::{ChannelId, GateId, PartitionId, TaskId};
use crate::model::network::{
    BufferLimits, Channel, Gate, InFlight, Links, Network, Partition, SharedSegments,
};
use crate::model::state::StateBackend;
use crate::model::task::schedule::Schedule;
use crate::model::task::service::{Partitioner, ServiceTime};
use crate::model::task::{Counters, Doing, SourceState, Task, TaskInput, TaskOutput, TimeAccount};
use crate::scenario::calibration::ROCKSDB_L0_FILES;
use crate::scenario::{BufferTimeout, Exchange, Input, Rate, Reading, Scenario, VertexId, Work};
use crate::units::SimTime;

/// The tasks of a job and the network between them.
#[derive(Debug)]
pub struct Graph {
    /// All tasks, in order of id.
    pub tasks: Vec<Task>,
    /// What connects them.
    pub network: Network,
    /// By task: its TaskManager.
    pub taskmanager_of: Vec<usize>,
}

/// Number of channels that the scenario's job will have.
pub fn channel_count(scenario: &Scenario) -> usize {
    scenario
        .vertices
        .iter()
        .flat_map(|vertex| {
            vertex
                .inputs
                .iter()
                .map(move |input| (vertex.parallelism, input))
        })
        .map(|(q, input)| {
            let p = scenario.vertex(input.from).parallelism;
            if input.exchange.is_all_to_all() {
                p.saturating_mul(q)
            } else {
                p.max(q)
            }
        })
        .fold(0, usize::saturating_add)
}

/// Builds the job.
pub fn build(scenario: &Scenario, streams: &Streams) -> Graph {
    let first_task: Vec<u32> = scenario
        .vertices
        .iter()
        .scan(0, |next, vertex| {
            Some(std::mem::replace(next, *next + vertex.parallelism as u32))
        })
        .collect();
    let mut taskmanager_of = Vec::new();
    let mut tasks = Vec::new();
    for (v, vertex) in scenario.vertices.iter().enumerate() {
        let rate = match &vertex.work {
            Work::Source(source) => Arc::new(source.rate.clone()),
            Work::Operator(_) => Arc::new(Rate::Unlimited),
        };
        for subtask in 0..vertex.parallelism {
            taskmanager_of.push(scenario.taskmanager_of(VertexId(v), subtask));
            tasks.push(task(scenario, (v, subtask), &rate, streams));
        }
    }
    let mut wiring = Wiring {
        scenario,
        streams,
        first_task,
        taskmanager_of,
        tasks,
        channels: Vec::with_capacity(scenario.channels()),
        partitions: vec![],
        gates: vec![],
    };
    for consumer in 0..scenario.vertices.len() {
        for position in 0..scenario.vertices[consumer].inputs.len() {
            wiring.connect(consumer, position);
        }
    }
    wiring.finish()
}

struct Wiring<'a> {
    scenario: &'a Scenario,
    streams: &'a Streams,
    first_task: Vec<u32>,
    taskmanager_of: Vec<usize>,
    tasks: Vec<Task>,
    channels: Vec<Channel>,
    partitions: Vec<Partition>,
    gates: Vec<Gate>,
}

impl Wiring<'_> {
    /// Adds an edge: a gate per consumer subtask, a partition per producer subtask, and the channels between them.
    fn connect(&mut self, consumer: usize, position: usize) {
        let vertex = &self.scenario.vertices[consumer];
        let input = &vertex.inputs[position];
        let network = &self.scenario.network;
        let first_gate = self.gates.len();
        for subtask in 0..vertex.parallelism {
            let task = TaskId(self.first_task[consumer] + subtask as u32);
            let gate = GateId(self.gates.len() as u32);
            self.gates.push(Gate::new(task, network.floating as u32));
            self.tasks[task.index()].inputs.push(TaskInput {
                gate,
                in_hand: None,
                bytes: 0,
            });
        }
        let (p, q) = (
            self.scenario.vertex(input.from).parallelism,
            vertex.parallelism,
        );
        // If any input edge of a vertex cannot be overtaken, none of them is (`StreamGraphGenerator`).
        let supports_unaligned = vertex
            .inputs
            .iter()
            .all(|input| input.exchange.supports_unaligned());
        for subtask in 0..p {
            let producer = TaskId(self.first_task[input.from.0] + subtask as u32);
            let consumers = consumers_of(&input.exchange, subtask, p, q);
            let first_channel = self.channels.len() as u32;
            let partition = PartitionId(self.partitions.len() as u32);
            for to in consumers.clone() {
                let gate = GateId((first_gate + to) as u32);
                let consumer = TaskId(self.first_task[consumer] + to as u32);
                self.add_channel(producer, consumer, partition, gate);
            }
            let n = consumers.len() as u32;
            let shared = (input.exchange == Exchange::Broadcast).then(|| SharedSegments {
                returned: vec![0; n as usize],
                ..SharedSegments::default()
            });
            self.partitions.push(Partition {
                producer,
                channels: first_channel..first_channel + n,
                used: 0,
                // 4.2: N × exclusive + floating, given enough network memory.
                pool: n * network.exclusive.max(1) as u32 + network.floating as u32,
                full: 0,
                shared,
            });
            let output = self.output(
                input,
                consumer,
                position,
                subtask,
                partition,
                n,
                supports_unaligned,
            );
            self.tasks[producer.index()].outputs.push(output);
        }
    }

    fn add_channel(
        &mut self,
        producer: TaskId,
        consumer: TaskId,
        partition: PartitionId,
        gate: GateId,
    ) {
        let network = &self.scenario.network;
        let remote = self.taskmanager_of[producer.index()] != self.taskmanager_of[consumer.index()];
        let capacity = network.debloating.map_or(network.segment, |debloating| {
            debloating.starting_segment.min(network.segment)
        });
        self.gates[gate.index()]
            .channels
            .push(ChannelId(self.channels.len() as u32));
        self.channels.push(Channel {
            producer,
            consumer,
            partition,
            gate,
            remote,
            blocked_by: None,
            listed: false,
            next_ready: ChannelId(0),
            flush_requested: false,
            awaits_floating: false,
            recording: false,
            overtaken_by: None,
            met_priority: None,
            recorded: InFlight::default(),
            segments: 0,
            capacity: capacity.get() as u32,
            queue: VecDeque::new(),
            queued_events: 0,
            open: None,
            received: VecDeque::new(),
            visible: 0,
            free_exclusive: if remote { network.exclusive as u32 } else { 0 },
            free_floating: 0,
            required: 0,
        });
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the loop variables of `connect`, which would be too long with this"
    )]
    fn output(
        &self,
        input: &Input,
        consumer: usize,
        position: usize,
        subtask: usize,
        partition: PartitionId,
        n: u32,
        supports_unaligned: bool,
    ) -> TaskOutput {
        let producer = self.scenario.vertex(input.from);
        let name = format!(
            "keys {} {subtask} -> {} {position}",
            producer.name, self.scenario.vertices[consumer].name
        );
        let mut stream = self.streams.named(&name);
        // `RebalancePartitioner.setup`: the rotation begins at a random channel; rescale begins at the first.
        let first = if input.exchange == Exchange::Rebalance {
            stream.below(n)
        } else {
            0
        };
        TaskOutput {
            partition,
            partitioner: Partitioner::new(
                &input.exchange,
                self.scenario.simulation.keys,
                n,
                first,
                stream,
            ),
            record_bytes: u32::try_from(producer.record.get())
                .unwrap_or(u32::MAX)
                .max(1),
            flush_every_record: self.scenario.network.buffer_timeout == BufferTimeout::EveryRecord,
            supports_unaligned,
        }
    }

    fn finish(mut self) -> Graph {
        for task in &mut self.tasks {
            let channels: usize = task
                .inputs
                .iter()
                .map(|input| self.gates[input.gate.index()].channels.len())
                .sum();
            *task.alignment = Alignment::new(channels as u32, self.scenario.checkpointing.mode);
        }
        let (scenario, network) = (self.scenario, &self.scenario.network);
        let limits = BufferLimits {
            exclusive: network.exclusive as u32,
            floating: network.floating as u32,
            per_channel: network.max_per_channel as u32,
            overdraft: network.overdraft as u32,
            segment: network.segment.get() as u32,
        };
        let taskmanagers = self.taskmanager_of.iter().max().map_or(1, |last| last + 1);
        let links = Links {
            taskmanager_of: self.taskmanager_of.clone(),
            free_at: vec![SimTime::ZERO; taskmanagers],
            rate: scenario.cluster.link,
            latency: scenario.cluster.latency,
        };
        let network = Network::new(self.channels, self.partitions, self.gates, links, limits);
        Graph {
            tasks: self.tasks,
            network,
            taskmanager_of: self.taskmanager_of,
        }
    }
}

/// The consumer subtasks of producer subtask `k` (4.2).
fn consumers_of(exchange: &Exchange, k: usize, p: usize, q: usize) -> std::ops::Range<usize> {
    match exchange {
        Exchange::Hash { .. } | Exchange::Rebalance | Exchange::Broadcast => 0..q,
        Exchange::Forward => k..k + 1,
        // Consumer i reads producers ⌊i·p/q⌋ … ⌊(i+1)·p/q⌋ − 1.
        Exchange::Rescale if p >= q => {
            let until = ((k + 1) * q).div_ceil(p);
            until - 1..until
        }
        Exchange::Rescale => (k * q).div_ceil(p)..((k + 1) * q).div_ceil(p),
    }
}

/// A subtask of a vertex; `rate` is what all subtasks of a source share.
fn task(
    scenario: &Scenario,
    (v, subtask): (usize, usize),
    rate: &Arc<Rate>,
    streams: &Streams,
) -> Task {
    let vertex = &scenario.vertices[v];
    let stream = |purpose: &str| streams.named(&format!("{purpose} {} {subtask}", vertex.name));
    let source = match &vertex.work {
        Work::Source(source) => Some(Box::new(SourceState {
            schedule: Schedule::new(
                Arc::clone(rate),
                vertex.parallelism,
                SimTime::ZERO + source.start,
                source.arrivals,
                stream("arrivals"),
            ),
            log: source.log,
            due: 0,
        })),
        Work::Operator(_) => None,
    };
    let (selectivity, reading) = match &vertex.work {
        Work::Source(_) => (1.0, Reading::Union),
        Work::Operator(operator) => (operator.selectivity, operator.reading),
    };
    let per_record = vertex.time_per_record().scale(vertex.slowness[subtask]);
    let emitted = (vertex.record.as_f64() * selectivity).max(1.0);
    Task {
        vertex: v,
        subtask,
        inputs: Vec::new(),
        outputs: Vec::new(),
        reading,
        next_input: 0,
        doing: Doing::Waiting,
        restoring: false,
        turn: 0,
        wakes_at: SimTime::MAX,
        mails: VecDeque::new(),
        service: ServiceTime::new(
            per_record,
            vertex.service.law,
            scenario.simulation.quantum,
            stream("service"),
        ),
        source,
        selectivity,
        fraction: 0.0,
        piece_records_max: (scenario.network.segment.as_f64() / emitted).clamp(1.0, 1e6) as u32,
        counters: Counters::default(),
        clock: TimeAccount::default(),
        alignment: Box::new(Alignment::new(0, scenario.checkpointing.mode)),
        state: Box::new(StateBackend::new(
            vertex.state.as_ref(),
            vertex.is_source(),
            vertex.parallelism,
            stream("compaction").below(ROCKSDB_L0_FILES as u32) as usize,
            &scenario.checkpointing,
        )),
        snapshots: Box::default(),
        reports: Vec::new(),
        to_resume: Vec::new(),
        cache: Box::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rescale_connects_contiguous_groups() {
        let all = |p: usize, q: usize| {
            (0..p)
                .map(|k| consumers_of(&Exchange::Rescale, k, p, q))
                .collect::<Vec<_>>()
        };
        assert_eq!(all(2, 4), [0..2, 2..4]);
        assert_eq!(all(4, 2), [0..1, 0..1, 1..2, 1..2]);
        assert_eq!(all(2, 3), [0..2, 2..3]);
        assert_eq!(all(3, 2), [0..1, 1..2, 1..2]);
    }
}
