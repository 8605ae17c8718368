use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use ckptsim::engine::{self, Agenda, Streams};
use ckptsim::measure::checkpoint::{CheckpointRecord, Outcome};
use ckptsim::measure::recorder::Recorder;
use ckptsim::model::Job;
use ckptsim::scenario::Scenario;
use ckptsim::scenario::load::parse;
use ckptsim::units::{SimDuration, SimTime};
use proptest::prelude::*;

/// The figures that a random scenario is made of; every choice is taken modulo the number of its alternatives.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent choices")]
struct Recipe {
    shape: usize,
    parallelism: [usize; 4],
    exchanges: [usize; 5],
    service_us: [u32; 3],
    rate: u32,
    record: u32,
    seed: u64,
    alignment: usize,
    backend: usize,
    interval_ms: u32,
    timeout_ms: u32,
    concurrent: usize,
    buffer_timeout: usize,
    debloating: bool,
    alternating: bool,
    skewed: bool,
    taskmanagers: usize,
    savepoint: usize,
    even_keys: bool,
    bandwidth_mb: u32,
}

fn recipes() -> impl Strategy<Value = Recipe> {
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
        0..4_usize,
        any::<bool>(),
        1..200_u32,
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
    })
}

impl Recipe {
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
        format!(
            "[[vertex]]\nname = \"{name}\"\nparallelism = {parallelism}\n\
             source = {{ rate = \"{rate}\", record = \"{record} B\" }}\n"
        )
    }

    fn operator(
        &self,
        name: &str,
        parallelism: usize,
        service: usize,
        inputs: &[String],
    ) -> String {
        let reading = if self.alternating {
            "alternating"
        } else {
            "union"
        };
        let state = if self.backend == 0 {
            String::new()
        } else {
            "state = { size = \"4 MiB\", entry = \"1 KiB\", dirty = \"50 %/min\" }\n".to_owned()
        };
        format!(
            "[[vertex]]\nname = \"{name}\"\nparallelism = {parallelism}\nservice = \"{} us\"\n\
             inputs = [{}]\nreading = \"{reading}\"\n{state}",
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
                    + &self.source("b", r, "unlimited")
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
             execution.checkpointing.tolerable-failed-checkpoints = 1000\n\
             taskmanager.network.memory.buffer-debloat.enabled = {}\n",
            self.interval_ms, self.timeout_ms, self.concurrent, self.debloating
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

    fn toml(&self) -> String {
        let mut text = format!(
            "[job]\nduration = \"3 s\"\nwarmup = \"0 s\"\n{}{}",
            self.vertices(),
            self.flink()
        );
        let keys = if self.even_keys { "even" } else { "random" };
        writeln!(text, "[simulation]\nkeys = \"{keys}\"").unwrap();
        text += match self.alignment {
            4 => "alignment = \"caching\"\ncache-limit = \"1 MiB\"\n",
            5 => "alignment = \"caching\"\ncache-limit = \"1 MiB\"\ncache-overflow = \"fail\"\n",
            _ => "",
        };
        let (taskmanagers, bandwidth) = (self.taskmanagers, self.bandwidth_mb);
        writeln!(text, "[cluster]\ntaskmanagers = {taskmanagers}\nslots = 3").unwrap();
        writeln!(
            text,
            "[storage]\nprofile = \"hdfs\"\nwrite-per-stream = \"{bandwidth} MB/s\""
        )
        .unwrap();
        text += match self.savepoint {
            1 => "[[trigger]]\nat = \"1 s\"\nkind = \"savepoint\"\nformat = \"canonical\"\n",
            2 => "[[trigger]]\nat = \"1 s\"\nkind = \"savepoint\"\nformat = \"native\"\n",
            3 => "[[trigger]]\nat = \"1 s\"\nkind = \"checkpoint\"\n",
            _ => "",
        };
        text
    }

    fn scenario(&self) -> Scenario {
        let text = self.toml();
        parse(&text, "recipe", Path::new(""), &[])
            .unwrap_or_else(|problems| panic!("{problems}\n{text}"))
            .scenario
    }
}

fn started(scenario: &Scenario, seed: u64) -> (Job<Recorder>, Agenda<ckptsim::model::Event>) {
    let parallelism: Vec<usize> = scenario.vertices.iter().map(|v| v.parallelism).collect();
    let mut agenda = Agenda::default();
    let streams = Streams::new(seed, 0);
    let job = Job::new(
        scenario,
        &streams,
        |_| Recorder::new(&parallelism),
        &mut agenda,
    );
    (job, agenda)
}

/// Consecutive ids; acks after triggers; completed means acknowledged by all, and in order.
fn check_history(checkpoints: &[CheckpointRecord], overtakes: bool, end: SimTime) {
    for (position, record) in checkpoints.iter().enumerate() {
        assert_eq!(record.id, position as u64 + 1, "ids are consecutive");
        let latest = record
            .acknowledged()
            .map(|(_, _, subtask)| subtask.ack)
            .max();
        for (_, _, subtask) in record.acknowledged() {
            assert!(subtask.ack >= record.trigger, "an ack before its trigger");
            // With barriers that overtake, a snapshot begins at the first of them: while it is
            // under way, its alignment may still go on.
            let whole = subtask.ack - record.trigger;
            let aligned = subtask.start_delay + subtask.alignment;
            let saved = subtask.start_delay + subtask.sync + subtask.r#async;
            assert!(
                aligned <= whole && saved <= whole,
                "phases longer than the whole"
            );
            if !overtakes {
                assert!(
                    saved + subtask.alignment <= whole,
                    "phases longer than the whole"
                );
            }
        }
        match &record.outcome {
            Outcome::Completed {
                latest_ack,
                durable,
            } => {
                assert!(record.subtasks.iter().flatten().all(Option::is_some));
                assert_eq!(Some(*latest_ack), latest);
                assert!(latest_ack <= durable && *durable <= end);
            }
            Outcome::Failed { at, .. } => assert!(record.trigger <= *at && *at <= end),
            Outcome::InProgress => {}
        }
    }
    let mut newest_durable = BTreeMap::new();
    for record in checkpoints {
        if let Outcome::Completed { durable, .. } = record.outcome {
            newest_durable.insert(record.id, durable);
        }
    }
    let instants: Vec<SimTime> = newest_durable.into_values().collect();
    assert!(
        instants.is_sorted(),
        "an older checkpoint completed after a newer one"
    );
}

/// Subtasks with one channel in all.
fn single_channel_subtasks(job: &Job<Recorder>) -> Vec<bool> {
    let mut channels = BTreeMap::<usize, usize>::new();
    for channel in job.network().channels() {
        *channels.entry(channel.consumer.index()).or_default() += 1;
    }
    let tasks = job.counters(SimTime::ZERO).len();
    (0..tasks)
        .map(|task| channels.get(&task).copied().unwrap_or(0) <= 1)
        .collect()
}

fn check_single_channels(job: &Job<Recorder>) {
    let single = single_channel_subtasks(job);
    for record in &job.observer().checkpoints {
        for (subtask, single) in record.subtasks.iter().flatten().zip(&single) {
            if let (Some(subtask), true) = (subtask, single) {
                assert_eq!(subtask.alignment, SimDuration::ZERO, "{record:?}");
            }
        }
    }
}

/// The cancel marker of a newer checkpoint left an older one pending at a task that overtakes; the next barrier declined
/// it again and again, without end.
#[test]
fn a_cancel_marker_ends_the_alignment_of_older_checkpoints_too() {
    let recipe = Recipe {
        shape: 2,
        parallelism: [3, 2, 2, 2],
        exchanges: [1, 4, 0, 0, 4],
        service_us: [1228, 2478, 549],
        rate: 10_539,
        record: 275,
        seed: 3_530_864_442_789_996,
        alignment: 1,
        backend: 1,
        interval_ms: 455,
        timeout_ms: 117,
        concurrent: 1,
        buffer_timeout: 0,
        debloating: true,
        alternating: true,
        skewed: true,
        taskmanagers: 2,
        savepoint: 1,
        even_keys: false,
        bandwidth_mb: 55,
    };
    let (mut job, mut agenda) = started(&recipe.scenario(), recipe.seed);
    let end = SimTime::ZERO + SimDuration::from_secs(3);
    assert!(engine::run(&mut job, &mut agenda, end, 5_000_000));
    check_history(&job.observer().checkpoints, true, agenda.now());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, max_shrink_iters: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn records_and_time_are_conserved_and_every_checkpoint_has_a_sound_history(
        recipe in recipes(),
        mut instants in prop::collection::vec(0..3_000_000_u64, 1..8),
    ) {
        let scenario = recipe.scenario();
        let (mut job, mut agenda) = started(&scenario, recipe.seed);
        instants.sort_unstable();
        instants.push(3_000_000);
        for micros in instants {
            let horizon = SimTime::ZERO + SimDuration::from_micros(micros);
            let reached = engine::run(&mut job, &mut agenda, horizon, 5_000_000);
            let now = agenda.now();
            let (written, taken, in_channels) = job.record_balance();
            prop_assert_eq!(written, taken + in_channels, "records are conserved at {:?}", now);
            for (task, spent) in job.counters(now).iter().enumerate() {
                let sum = spent.busy + spent.backpressured + spent.idle;
                prop_assert_eq!(SimTime::ZERO + sum, now, "time of task {}", task);
            }
            if !reached {
                break;
            }
        }
        let overtakes = matches!(recipe.alignment, 1 | 2);
        check_history(&job.observer().checkpoints, overtakes, agenda.now());
        check_single_channels(&job);
    }
}
