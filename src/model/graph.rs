//! From a scenario to tasks and channels: who is connected to whom, and where.
//!
//! `flink-semantics` 4.2 (`VertexInputInfoComputationUtils`, `NettyShuffleUtils`). Tasks are numbered vertex by vertex,
//! which is also the order of deployment.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::engine::{Stream, Streams};
use crate::model::checkpoint::barrier::Alignment;
use crate::model::ids::{ChannelId, GateId, Id, PartitionId, Table, TaskId};
use crate::model::network::{
    BufferLimits, Channel, Gate, Links, Network, Partition, Request, SharedSegments,
};
use crate::model::state::StateBackend;
use crate::model::task::activity::{TaskState, TimeAccount};
use crate::model::task::output::{Partitioner, TaskOutput};
use crate::model::task::schedule::Schedule;
use crate::model::task::service::ServiceTime;
use crate::model::task::sink::SinkWriter;
use crate::model::task::timers::TimerService;
use crate::model::task::{CheckpointLock, Counters, Pause, SourceState, Task, TaskInput};
use crate::scenario::calibration::{FLUSH_BETWEEN_RUNS, ROCKSDB_L0_FILES, SPEED_BETWEEN_RUNS};
use crate::scenario::{
    BufferTimeout, Exchange, LatencyDraw, Rate, Reading, Scenario, Vertex, VertexId, VertexKind,
};
use crate::units::{SimDuration, SimTime};

/// The tasks of a job and the network between them.
#[derive(Debug)]
pub struct Graph {
    /// All tasks, in order of id.
    pub tasks: Table<TaskId, Task>,
    /// What connects them.
    pub network: Network,
    /// By task: its TaskManager.
    pub taskmanager_of: Table<TaskId, usize>,
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
    let mut first_task = Vec::with_capacity(scenario.vertices.len());
    let mut taskmanager_of = Table::from(Vec::new());
    let mut tasks = Table::from(Vec::new());
    for (v, vertex) in scenario.vertices.iter().enumerate() {
        let rate = match &vertex.work {
            VertexKind::Source(source) => Arc::new(source.rate.clone()),
            VertexKind::Operator(_) => Arc::new(Rate::Unlimited),
        };
        first_task.push(tasks.len());
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
        channels: Vec::with_capacity(scenario.channels()).into(),
        partitions: Vec::new().into(),
        gates: Vec::new().into(),
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
    first_task: Vec<usize>,
    taskmanager_of: Table<TaskId, usize>,
    tasks: Table<TaskId, Task>,
    channels: Table<ChannelId, Channel>,
    partitions: Table<PartitionId, Partition>,
    gates: Table<GateId, Gate>,
}

impl Wiring<'_> {
    fn task(&self, vertex: usize, subtask: usize) -> TaskId {
        TaskId::at(self.first_task[vertex] + subtask)
    }

    /// Adds an edge: a gate per consumer subtask, a partition per producer subtask, and the channels between them.
    fn connect(&mut self, consumer: usize, position: usize) {
        let vertex = &self.scenario.vertices[consumer];
        let input = &vertex.inputs[position];
        let network = &self.scenario.network;
        let first_gate = self.gates.len();
        for subtask in 0..vertex.parallelism {
            let task = self.task(consumer, subtask);
            let gate = self.gates.push(Gate::new(task, network.floating as u32));
            self.tasks[task].inputs.push(TaskInput {
                gate,
                current: None,
                bytes: 0,
            });
        }
        let from = self.scenario.vertex(input.from);
        for subtask in 0..from.parallelism {
            let producer = self.task(input.from.0, subtask);
            let to = consumers_of(
                &input.exchange,
                subtask,
                from.parallelism,
                vertex.parallelism,
            );
            let channels = self.channels.len() as u32..(self.channels.len() + to.len()) as u32;
            let n = channels.end - channels.start;
            let shared = (input.exchange == Exchange::Broadcast).then(|| SharedSegments {
                returned: vec![0; n as usize],
                ..SharedSegments::default()
            });
            let partition = self.partitions.push(Partition {
                producer,
                channels,
                used: 0,
                // `flink-semantics` 4.2: N × exclusive + floating, given enough network memory.
                pool: n * network.exclusive.max(1) as u32 + network.floating as u32,
                full: 0,
                shared,
                request: match &from.work {
                    VertexKind::Source(source) if source.legacy => {
                        Request::Blocking { waits_for: None }
                    }
                    _ => Request::Cooperative,
                },
            });
            for to in to {
                let (consumer, gate) = (self.task(consumer, to), GateId::at(first_gate + to));
                self.add_channel((producer, partition), (consumer, gate));
            }
            let output = self.output(partition, n, (consumer, position), subtask);
            self.tasks[producer].outputs.push(output);
        }
    }

    fn add_channel(
        &mut self,
        (producer, partition): (TaskId, PartitionId),
        (consumer, gate): (TaskId, GateId),
    ) {
        let network = &self.scenario.network;
        let capacity = network.debloating.map_or(network.segment, |debloating| {
            debloating.starting_segment.min(network.segment)
        });
        let channel = self.channels.push(Channel::new(
            (producer, partition),
            (consumer, gate),
            self.taskmanager_of[producer] != self.taskmanager_of[consumer],
            capacity.get() as u32,
            network.exclusive as u32,
        ));
        self.gates[gate].channels.push(channel);
    }

    /// The output of a subtask to `n` consumers over the edge that is input `position` of vertex `consumer`.
    fn output(
        &self,
        partition: PartitionId,
        n: u32,
        (consumer, position): (usize, usize),
        subtask: usize,
    ) -> TaskOutput {
        let consumer = &self.scenario.vertices[consumer];
        let input = &consumer.inputs[position];
        let producer = self.scenario.vertex(input.from);
        let (from, to) = (&producer.name, &consumer.name);
        let mut stream = self
            .streams
            .named(&format!("keys {from} {subtask} -> {to} {position}"));
        // `RebalancePartitioner.setup`: the rotation begins at a random channel; rescale begins at the first.
        let first = if input.exchange == Exchange::Rebalance {
            stream.below(n)
        } else {
            0
        };
        let keys = self.scenario.simulation.keys;
        TaskOutput {
            partition,
            partitioner: Partitioner::new(&input.exchange, keys, n, first, stream),
            record_bytes: u32::try_from(producer.record.get())
                .unwrap_or(u32::MAX)
                .max(1),
            flush_every_record: self.scenario.network.buffer_timeout == BufferTimeout::EveryRecord,
            // If any input edge of a vertex cannot be overtaken, none of them is (`StreamGraphGenerator`).
            supports_unaligned: consumer
                .inputs
                .iter()
                .all(|input| input.exchange.supports_unaligned()),
        }
    }

    fn finish(mut self) -> Graph {
        for task in &mut self.tasks {
            let channels: usize = task
                .inputs
                .iter()
                .map(|input| self.gates[input.gate].channels.len())
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

/// The consumer subtasks of producer subtask `k` (`flink-semantics` 4.2).
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

/// How long these machines take to flush a megabyte: as given, more or less in every run.
fn flush_per_mb(scenario: &Scenario, streams: &Streams) -> SimDuration {
    let given = scenario.cluster.flush_per_mb;
    given.scale(between_runs(
        scenario,
        FLUSH_BETWEEN_RUNS,
        streams.named("flushes"),
    ))
}

/// How many times longer than typical something takes in a whole run.
fn between_runs(scenario: &Scenario, spread: f64, mut stream: Stream) -> f64 {
    match scenario.simulation.latencies {
        LatencyDraw::Typical => 1.0,
        LatencyDraw::Random => libm::exp(spread * stream.normal()),
    }
}

/// When a vertex's timers fire first, and with them the entries of a window are deleted: as given, or another time in every run.
fn first_time(vertex: &Vertex, streams: &Streams) -> SimDuration {
    let expiry = vertex.state.and_then(|state| state.expiry);
    let (given, every) = match (&vertex.timers, expiry) {
        (Some(timers), _) => (timers.offset, timers.every),
        (None, Some(expiry)) => (None, expiry.step),
        (None, None) => return SimDuration::ZERO,
    };
    given.unwrap_or_else(|| {
        let mut stream = streams.named(&format!("timers {}", vertex.name));
        every.scale(stream.unit())
    })
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
        VertexKind::Source(source) => Some(Box::new(SourceState {
            schedule: Schedule::new(
                Arc::clone(rate),
                (
                    source.shares[subtask],
                    source.records.map_or(u64::MAX, |records| {
                        (records as f64 * source.shares[subtask]).round() as u64
                    }),
                ),
                SimTime::ZERO + source.start,
                source.arrivals,
                stream("arrivals"),
            ),
            log: source.log,
            due: 0,
            batch: source.batch,
            finishes: source.finishes,
            lock: source.legacy.then(|| CheckpointLock::new(stream("lock"))),
            awake: SimTime::ZERO,
            reads_until: SimTime::MAX,
            pause: if scenario.checkpointing.pauses_sources() {
                Pause::UntilTriggered
            } else {
                Pause::Never
            },
        })),
        VertexKind::Operator(_) => None,
    };
    let first = first_time(vertex, streams);
    let backend = StateBackend::new(
        vertex.state.as_ref(),
        vertex.is_source(),
        vertex.state_of(subtask),
        stream("compaction").below(ROCKSDB_L0_FILES as u32) as usize,
        &scenario.checkpointing,
    );
    let (selectivity, reading) = match &vertex.work {
        VertexKind::Source(_) => (1.0, Reading::Union),
        VertexKind::Operator(operator) => (operator.selectivity, operator.reading),
    };
    let speed = between_runs(scenario, SPEED_BETWEEN_RUNS, streams.named("speed"));
    let per_record = vertex
        .time_per_record()
        .scale(vertex.slowness[subtask] * speed);
    let emitted = (vertex.record.as_f64() * selectivity).max(1.0);
    Task {
        vertex: v,
        subtask,
        inputs: Vec::new(),
        outputs: Vec::new(),
        reading,
        next_input: 0,
        state: TaskState::Waiting,
        restoring: false,
        generation: 0,
        wakes_at: SimTime::MAX,
        mails: VecDeque::new(),
        service: ServiceTime::new(
            per_record,
            vertex.service.law,
            scenario.simulation.quantum,
            stream("service"),
        ),
        source,
        timers: vertex.timers.as_ref().map(|timers| {
            let part = |whole| vertex.part_of(whole, subtask);
            let interruptible = scenario.checkpointing.interruptible_timers
                && scenario.checkpointing.may_overtake();
            let slowness = vertex.slowness[subtask];
            let turns = (slowness, interruptible);
            let log = scenario.vertices.iter().all(Vertex::keeps_unread_records);
            Box::new(TimerService::new(timers, part, turns, (first, log)))
        }),
        sink: vertex.sink.as_ref().map(|sink| {
            let first = vertex.inputs.first();
            let record = first.map_or(vertex.record, |input| scenario.vertex(input.from).record);
            Box::new(SinkWriter::new(sink, vertex.parallelism, record.as_f64()))
        }),
        selectivity,
        fraction: 0.0,
        batch_records_max: (scenario.network.segment.as_f64() / emitted).clamp(1.0, 1e6) as u32,
        counters: Counters::default(),
        clock: TimeAccount::default(),
        before_barrier: None,
        alignment: Box::new(Alignment::new(0, scenario.checkpointing.mode)),
        backend: Box::new(
            backend
                .stepping_from(first)
                .flushing_at(flush_per_mb(scenario, streams)),
        ),
        snapshots: Box::default(),
        reports: Vec::new(),
        to_resume: Vec::new(),
        barrier_buffer: Box::default(),
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
