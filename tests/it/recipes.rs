use std::fmt::Write as _;
use std::path::Path;

use ckptsim::scenario::Scenario;
use ckptsim::scenario::load::parse;
use proptest::prelude::*;

/// The figures that a random scenario is made of; every choice is taken modulo the number of its alternatives.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent choices")]
pub struct Recipe {
    pub shape: usize,
    pub parallelism: [usize; 4],
    pub exchanges: [usize; 5],
    pub service_us: [u32; 3],
    pub rate: u32,
    pub record: u32,
    pub seed: u64,
    pub alignment: usize,
    pub backend: usize,
    pub interval_ms: u32,
    pub timeout_ms: u32,
    pub concurrent: usize,
    pub buffer_timeout: usize,
    pub debloating: bool,
    pub alternating: bool,
    pub skewed: bool,
    pub taskmanagers: usize,
    pub savepoint: usize,
    pub even_keys: bool,
    pub bandwidth_mb: u32,
    pub selectivity: f64,
    pub tolerable: u32,
    /// Which of the [`Mechanism`]s, by bit.
    pub mechanisms: u32,
    pub input: Option<Input>,
}

/// What a real job may have besides records and state: each may come with each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mechanism {
    LegacySource,
    Batches,
    FewerSplits,
    ProcessingTimers,
    EventTimers,
    Sink,
    SharedProcessors,
    RequestLimit,
    AcksOneByOne,
    Expiry,
    InterruptibleTimers,
    Collections,
    Connections,
    NewKeys,
    Backlog,
    PausedSources,
    FileMerging,
}

/// An input that ends, in a run that goes on until everything is processed; without it sources never rest.
#[derive(Clone, Copy, Debug)]
pub struct Input {
    pub ms: u32,
    pub log: bool,
}

/// What a scenario has beside its recipe, table by table.
#[derive(Clone, Debug, Default)]
pub struct Additions {
    pub flink: String,
    pub cluster: String,
    pub simulation: String,
    pub tables: String,
}

/// All kinds of small jobs, checkpointed in all kinds of ways.
pub fn recipes() -> impl Strategy<Value = Recipe> {
    let work = (
        0..5_usize,
        prop::array::uniform4(1..4_usize),
        prop::array::uniform5(0..5_usize),
        prop::array::uniform3(1..3000_u32),
        prop_oneof![10..500_u32, 500..20_000_u32],
        prop_oneof![1..300_u32, 300..80_000_u32],
        any::<u64>().prop_map(|seed| seed >> 12),
    );
    let checkpointing = (
        0..6_usize,
        0..5_usize,
        50..900_u32,
        prop_oneof![10..300_u32, 300..60_000_u32],
        1..3_usize,
        0..3_usize,
        any::<bool>(),
    );
    let rest = (
        any::<bool>(),
        any::<bool>(),
        1..4_usize,
        0..5_usize,
        any::<bool>(),
        1..200_u32,
        prop_oneof![Just(0_u32), 0..1_u32 << 17],
    );
    (work, checkpointing, rest).prop_map(|(work, checkpointing, rest)| Recipe {
        shape: work.0,
        parallelism: work.1,
        exchanges: work.2,
        service_us: work.3,
        rate: work.4,
        record: work.5,
        seed: work.6,
        alignment: checkpointing.0,
        backend: checkpointing.1,
        interval_ms: checkpointing.2,
        timeout_ms: checkpointing.3,
        concurrent: checkpointing.4,
        buffer_timeout: checkpointing.5,
        debloating: checkpointing.6,
        alternating: rest.0,
        skewed: rest.1,
        taskmanagers: rest.2,
        savepoint: rest.3,
        even_keys: rest.4,
        bandwidth_mb: rest.5,
        selectivity: 1.0,
        tolerable: 1000,
        mechanisms: rest.6,
        input: None,
    })
}

impl Recipe {
    pub fn has(&self, mechanism: Mechanism) -> bool {
        self.mechanisms >> mechanism as u16 & 1 == 1
    }

    /// Whether a source that cannot send its barrier while it waits may reach a join on two ways, of which barriers overtake
    /// on one only.
    pub fn may_hang(&self) -> bool {
        let stubborn = self.has(Mechanism::LegacySource) || self.has(Mechanism::Batches);
        let overtakes = matches!(self.alignment, 1 | 2);
        let some_never = self.exchanges.iter().any(|exchange| *exchange > 1);
        stubborn && overtakes && some_never && self.shape == 2
    }

    /// Whether its operators have timers: up to 45 ms at a time for each vertex.
    pub fn has_timers(&self) -> bool {
        self.has(Mechanism::EventTimers) || self.has(Mechanism::ProcessingTimers)
    }

    /// What a vertex has besides its records: timers that emit nothing, whose number no input says, and a sink at the end.
    fn besides(&self, name: &str) -> String {
        let mut text = String::new();
        if self.has_timers() {
            let clock = if self.has(Mechanism::EventTimers) {
                "event"
            } else {
                "processing"
            };
            // Processors that are shared have no time for 45 ms of each vertex.
            let number = if self.has(Mechanism::SharedProcessors) {
                9
            } else {
                90
            };
            writeln!(text, "timers = {{ every = \"300 ms\", number = {number}, time = \"500 us\", buffered = \"5 us\", clock = \"{clock}\" }}").unwrap();
        }
        if self.has(Mechanism::Sink) {
            text += "pre-barrier = \"2 ms\"\n";
        }
        if self.has(Mechanism::Sink) && (name == "z" || self.shape == 0) {
            text += "sink = { flush-per-record = \"10 us\", commit = \"5 ms\", commit-per-record = \"1 us\", \
                     rewrite = \"100 KB\", drain = \"60 MB/s\", queue = \"50 KB\" }\n";
        }
        text
    }

    /// An input, with an exchange that the two parallelisms allow.
    fn input(&self, from: &str, edge: usize, producers: usize, consumers: usize) -> String {
        let exchange = match self.exchanges[edge] {
            1 => "rebalance",
            2 => "rescale",
            3 if producers == consumers => "forward",
            4 => "broadcast",
            _ => "hash",
        };
        let skew = if exchange == "hash" && self.skewed && consumers > 1 {
            ", skew = { subtask = 0, share = \"70 %\" }"
        } else {
            ""
        };
        format!("{{ from = \"{from}\", exchange = \"{exchange}\"{skew} }}")
    }

    fn source(&self, name: &str, parallelism: usize, rate: &str) -> String {
        let record = self.record;
        let rate = match self.input {
            None => format!("rate = \"{rate}\""),
            Some(Input { ms, log }) => {
                format!("steps = [\"0 s {rate}\", \"{ms} ms 0/s\"], log = {log}")
            }
        };
        let mut more = String::new();
        if self.has(Mechanism::LegacySource) {
            more += ", legacy = true";
        }
        if self.has(Mechanism::Batches) {
            more += ", batch = 7";
        }
        if self.has(Mechanism::FewerSplits) {
            more += ", splits = 2";
            if self.seed.is_multiple_of(2) {
                more += ", idle-after = \"1 s\"";
            }
        }
        if self.has(Mechanism::Backlog) {
            more += ", backlog = \"1 s\"";
        }
        format!(
            "[[vertex]]\nname = \"{name}\"\nparallelism = {parallelism}\n\
             source = {{ {rate}, record = \"{record} B\"{more} }}\n"
        )
    }

    fn operator(
        &self,
        name: &str,
        parallelism: usize,
        service: usize,
        inputs: &[String],
    ) -> String {
        let selectivity = self.selectivity;
        let reading = if self.alternating {
            "alternating"
        } else {
            "union"
        };
        let state = if self.backend == 0 {
            String::new()
        } else {
            let expiry = if self.has(Mechanism::Expiry) {
                ", lifetime = \"700 ms\", lifetime-step = \"200 ms\""
            } else {
                ""
            };
            let new = if self.has(Mechanism::NewKeys) {
                ", inserts-per-record = 0.7"
            } else {
                ""
            };
            format!(
                "state = {{ size = \"4 MiB\", entry = \"1 KiB\", dirty = \"50 %/min\"{expiry}{new} }}\n"
            )
        };
        let state = state + &self.besides(name);
        format!(
            "[[vertex]]\nname = \"{name}\"\nparallelism = {parallelism}\nservice = \"{} us\"\n\
             selectivity = {selectivity:?}\ninputs = [{}]\nreading = \"{reading}\"\n{state}",
            self.service_us[service],
            inputs.join(", ")
        )
    }

    fn vertices(&self) -> String {
        let [p, q, r, last] = self.parallelism;
        let rate = format!("{}/s", self.rate);
        let edge = |from, edge, producers, consumers| self.input(from, edge, producers, consumers);
        let source = self.source("a", p, &rate);
        match self.shape {
            0 => source + &self.operator("m", q, 0, &[edge("a", 0, p, q)]),
            1 => {
                source
                    + &self.operator("m", q, 0, &[edge("a", 0, p, q)])
                    + &self.operator("n", r, 1, &[edge("m", 1, q, r)])
                    + &self.operator("z", last, 2, &[edge("n", 2, r, last)])
            }
            2 => {
                source
                    + &self.operator("m", q, 0, &[edge("a", 0, p, q)])
                    + &self.operator("n", r, 1, &[edge("a", 1, p, r)])
                    + &self.operator(
                        "z",
                        last,
                        2,
                        &[edge("m", 2, q, last), edge("n", 3, r, last)],
                    )
            }
            3 => {
                source
                    + &self.source("b", r, "200/s")
                    + &self.operator("m", q, 0, &[edge("a", 0, p, q), edge("b", 1, r, q)])
                    + &self.operator("z", last, 1, &[edge("m", 2, q, last)])
            }
            _ => {
                source
                    + &self.source(
                        "b",
                        r,
                        if self.input.is_some() {
                            "2000/s"
                        } else {
                            "unlimited"
                        },
                    )
                    + &self.operator("m", q, 0, &[edge("a", 0, p, q)])
                    + &self.operator(
                        "z",
                        last,
                        1,
                        &[edge("m", 1, q, last), edge("b", 2, r, last)],
                    )
            }
        }
    }

    fn flink(&self) -> String {
        let mut text = format!(
            "[flink]\nexecution.checkpointing.interval = \"{} ms\"\n\
             execution.checkpointing.timeout = \"{} ms\"\n\
             execution.checkpointing.max-concurrent-checkpoints = {}\n\
             execution.checkpointing.tolerable-failed-checkpoints = {}\n\
             taskmanager.network.memory.buffer-debloat.enabled = {}\n",
            self.interval_ms, self.timeout_ms, self.concurrent, self.tolerable, self.debloating
        );
        text += match self.alignment {
            1 => "execution.checkpointing.unaligned.enabled = true\n",
            2 => {
                "execution.checkpointing.unaligned.enabled = true\n\
                 execution.checkpointing.aligned-checkpoint-timeout = \"100 ms\"\n"
            }
            3 => "execution.checkpointing.mode = \"AT_LEAST_ONCE\"\n",
            _ => "",
        };
        if self.has(Mechanism::InterruptibleTimers) {
            text += "execution.checkpointing.unaligned.interruptible-timers.enabled = true\n";
        }
        if self.has(Mechanism::Backlog) {
            let longer = 2 * self.interval_ms;
            writeln!(
                text,
                "execution.checkpointing.interval-during-backlog = \"{longer} ms\""
            )
            .unwrap();
        }
        if self.has(Mechanism::FileMerging) {
            let (across, blocking) = (self.debloating, self.alternating);
            writeln!(
                text,
                "execution.checkpointing.file-merging.enabled = true\n\
                 execution.checkpointing.file-merging.across-checkpoint-boundary = {across}\n\
                 execution.checkpointing.file-merging.pool-blocking = {blocking}\n\
                 execution.checkpointing.file-merging.max-file-size = \"1 mb\""
            )
            .unwrap();
        }
        if self.has(Mechanism::PausedSources) {
            text += "pipeline.sources.pause-until-first-checkpoint = true\n";
        }
        text += match self.backend {
            2 => "state.backend.type = \"rocksdb\"\n",
            3 => "state.backend.type = \"rocksdb\"\nexecution.checkpointing.incremental = true\n",
            4 => {
                "state.changelog.enabled = true\n\
                 state.changelog.periodic-materialize.interval = \"1 s\"\n"
            }
            _ => "state.backend.type = \"hashmap\"\n",
        };
        text += match self.buffer_timeout {
            0 => "",
            1 => "execution.buffer-timeout.interval = \"0 ms\"\n",
            _ => "execution.buffer-timeout.enabled = false\n",
        };
        text
    }

    /// Vertices by name, with their parallelism.
    pub fn graph(&self) -> Vec<(&'static str, usize)> {
        let [p, q, r, last] = self.parallelism;
        match self.shape {
            0 => vec![("a", p), ("m", q)],
            1 | 2 => vec![("a", p), ("m", q), ("n", r), ("z", last)],
            _ => vec![("a", p), ("b", r), ("m", q), ("z", last)],
        }
    }

    /// The scenario as a file.
    pub fn toml(&self, more: &Additions) -> String {
        let duration = if self.input.is_some() { 20 } else { 3 };
        let mut text = format!(
            "[job]\nduration = \"{duration} s\"\nwarmup = \"0 s\"\n{}{}{}",
            self.vertices(),
            self.flink(),
            more.flink
        );
        let keys = if self.even_keys { "even" } else { "random" };
        writeln!(text, "[simulation]\nkeys = \"{keys}\"").unwrap();
        text += match self.alignment {
            4 => "alignment = \"caching\"\ncache-limit = \"1 MiB\"\n",
            5 => "alignment = \"caching\"\ncache-limit = \"1 MiB\"\ncache-overflow = \"fail\"\n",
            _ => "",
        };
        text += &more.simulation;
        let (taskmanagers, bandwidth) = (self.taskmanagers, self.bandwidth_mb);
        writeln!(text, "[cluster]\ntaskmanagers = {taskmanagers}\nslots = 3").unwrap();
        if self.has(Mechanism::SharedProcessors) {
            text += "cores = 2\n";
        }
        if self.has(Mechanism::Collections) {
            text += "gc = { every = \"250 ms\", pause = \"60 ms\" }\n";
        }
        if self.has(Mechanism::AcksOneByOne) {
            text += "jobmanager-per-ack = \"3 ms\"\njobmanager-per-channel = \"50 us\"\n";
        }
        text += &more.cluster;
        writeln!(
            text,
            "[storage]\nprofile = \"hdfs\"\nwrite-per-stream = \"{bandwidth} MB/s\""
        )
        .unwrap();
        if self.has(Mechanism::Connections) {
            text += "connections = 1\n";
        }
        if self.has(Mechanism::RequestLimit) {
            text += "requests-per-second = 20\nwrites-per-file = 3\nbackoff = \"50 ms\"\n";
        }
        text += match self.savepoint {
            1 => "[[trigger]]\nat = \"1 s\"\nkind = \"savepoint\"\nformat = \"canonical\"\n",
            2 => "[[trigger]]\nat = \"1 s\"\nkind = \"savepoint\"\nformat = \"native\"\n",
            3 => "[[trigger]]\nat = \"1 s\"\nkind = \"checkpoint\"\n",
            4 => {
                "[[operation]]\nat = \"1 s\"\nformat = \"native\"\n\
                 provisioning = \"300 ms\"\n"
            }
            _ => "",
        };
        text + &more.tables
    }

    /// The scenario.
    pub fn scenario(&self) -> Scenario {
        self.scenario_with(&Additions::default())
    }

    /// The scenario, and more.
    pub fn scenario_with(&self, more: &Additions) -> Scenario {
        let text = self.toml(more);
        parse(&text, "recipe", Path::new(""), &[])
            .unwrap_or_else(|problems| panic!("{problems}\n{text}"))
            .scenario
    }
}
