//! Small scenarios whose numbers can be worked by hand.

use crate::scenario::key_groups::default_max_parallelism;
use crate::scenario::storage::Prices;
use crate::scenario::storage::Profile;
use crate::scenario::vertex::Operator;
use crate::scenario::{
    Arrivals, Checkpointing, Cluster, Distribution, Exchange, Input, Job, Network, Rate, Reading,
    Scenario, Service, Simulation, Source, State, Storage, Updates, Vertex, VertexId, VertexKind,
};
use crate::units::{ByteRate, Bytes, SimDuration};

/// A source with two subtasks, keyed to four subtasks with this service time, on two TaskManagers, records of 1025 B;
/// 40 000 000 B of state in entries of 1000 B, `HashMap`, 10 MB/s per stream, a checkpoint every 10 s.
pub fn keyed(rate_per_s: f64, service: SimDuration) -> Scenario {
    let mut scenario = with_rate(Rate::Constant(rate_per_s));
    scenario.vertices[1].service.mean = service;
    scenario
}

/// As [`keyed`] with 4 ms of service and this rate.
pub fn with_rate(rate: Rate) -> Scenario {
    let mut operator = vertex("count", 4, SimDuration::from_millis(4));
    operator.inputs = vec![Input {
        dealt: None,
        from: VertexId(0),
        exchange: Exchange::Hash {
            shares: vec![0.25; 4],
        },
    }];
    operator.state = Some(State {
        size: Bytes::new(40_000_000),
        entry: Bytes::new(1000),
        updates: Updates::PerSecond(0.01),
        access: SimDuration::ZERO,
        inserts: 0.0,
        expiry: None,
    });
    let mut source = vertex("events", 2, SimDuration::from_micros(10));
    source.work = VertexKind::Source(Source {
        splits: None,
        backlog: SimDuration::ZERO,
        watermark_alignment: None,
        rate,
        arrivals: Arrivals::Regular,
        log: true,
        start: SimDuration::ZERO,
        watermark_delay: SimDuration::ZERO,
        idle_after: None,
        shares: vec![0.5; 2],
        records: None,
        finishes: false,
        legacy: false,
        batch: 1,
    });
    Scenario {
        measured: None,
        job: Job::default(),
        vertices: vec![source, operator],
        checkpointing: Checkpointing {
            interval: Some(SimDuration::from_secs(10)),
            ..Checkpointing::default()
        },
        network: Network::default(),
        cluster: Cluster {
            taskmanagers: 2,
            slots: 2,
            latency: SimDuration::ZERO,
            jobmanager_per_handle: SimDuration::ZERO,
            ..Cluster::default()
        },
        storage: storage(),
        cost: crate::scenario::Cost::default(),
        flink: crate::scenario::Options::default(),
        simulation: Simulation::default(),
        failures: crate::scenario::Failures::default(),
        triggers: Vec::new(),
        operations: Vec::new(),
        objectives: Vec::new(),
    }
}

/// An operator without state or inputs.
pub fn vertex(name: &str, parallelism: usize, service: SimDuration) -> Vertex {
    Vertex {
        name: name.to_owned(),
        parallelism,
        max_parallelism: None,
        key_groups: default_max_parallelism(parallelism),
        work: VertexKind::Operator(Operator {
            selectivity: 1.0,
            reading: Reading::Union,
        }),
        service: Service {
            mean: service,
            law: Distribution::Deterministic,
        },
        slowness: vec![1.0; parallelism],
        record: Bytes::new(1025),
        state: None,
        pre_barrier: SimDuration::ZERO,
        blocking: false,
        sync_extra: SimDuration::ZERO,
        timers: None,
        sink: None,
        placement: None,
        inputs: Vec::new(),
    }
}

fn storage() -> Storage {
    Storage {
        profile: Profile::Hdfs,
        write_per_stream: ByteRate::new(10_000_000),
        write_per_taskmanager: None,
        write_total: None,
        read_per_stream: ByteRate::new(20_000_000),
        read_per_taskmanager: None,
        read_total: None,
        open: SimDuration::from_millis(5),
        close: SimDuration::from_millis(5),
        prices: Prices {
            per_gib_month: 0.0,
            per_1000_writes: 0.0,
            per_1000_reads: 0.0,
            note: "none".to_owned(),
        },
        ..Storage::default()
    }
}
