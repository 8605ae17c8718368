use std::fmt::Write as _;

use ckptsim::scenario::Scenario;
use proptest::prelude::*;

use crate::recipes::{Additions, Input, Recipe, recipes};

/// A random job with an input that ends, and what goes wrong on the way.
#[derive(Clone, Debug)]
pub struct FailingRecipe {
    pub recipe: Recipe,
    pub mishaps: Mishaps,
}

/// The figures that random failures are made of; choices are taken modulo the number of their alternatives.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent choices")]
pub struct Mishaps {
    pub failures: Vec<Strike>,
    pub outages: Vec<Away>,
    pub strategy: usize,
    pub delay_ms: u32,
    pub attempts: u32,
    pub full: bool,
    pub local: bool,
    pub heartbeat: bool,
    pub high_availability: bool,
    pub start_ms: [u32; 2],
    pub retained: usize,
}

/// One failure, or several in a row.
#[derive(Clone, Debug)]
pub struct Strike {
    pub at_ms: u32,
    pub target: usize,
    pub index: usize,
    pub times: u32,
    pub again_ms: u32,
}

/// An outage of storage.
#[derive(Clone, Debug)]
pub struct Away {
    pub at_ms: u32,
    pub ms: u32,
    pub left_percent: u32,
}

fn strikes() -> impl Strategy<Value = Vec<Strike>> {
    let times = prop_oneof![4 => Just(1_u32), 1 => 2..4_u32];
    let strike = (0..4000_u32, 0..6_usize, 0..64_usize, times, 0..800_u32);
    let strike = strike.prop_map(|(at_ms, target, index, times, again_ms)| Strike {
        at_ms,
        target,
        index,
        times,
        again_ms,
    });
    prop::collection::vec(strike, 1..6)
}

fn mishaps() -> impl Strategy<Value = Mishaps> {
    let away = (0..3000_u32, 1..1500_u32, 0..60_u32);
    let away = away.prop_map(|(at_ms, ms, left_percent)| Away {
        at_ms,
        ms,
        left_percent,
    });
    let strategy = (
        0..3_usize,
        0..600_u32,
        prop_oneof![1 => 1..4_u32, 4 => Just(1000_u32)],
    );
    let choices = (
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
        prop::bool::weighted(0.8),
    );
    let rest = ([0..900_u32, 0..900_u32], 1..4_usize);
    let outages = prop::collection::vec(away, 0..3);
    (strikes(), outages, strategy, choices, rest).prop_map(
        |(failures, outages, strategy, choices, rest)| Mishaps {
            failures,
            outages,
            strategy: strategy.0,
            delay_ms: strategy.1,
            attempts: strategy.2,
            full: choices.0,
            local: choices.1,
            heartbeat: choices.2,
            high_availability: choices.3,
            start_ms: rest.0,
            retained: rest.1,
        },
    )
}

/// All kinds of small jobs, with all kinds of failures, long enough to process the whole input in spite of them.
pub fn failing_recipes() -> impl Strategy<Value = FailingRecipe> {
    let work = (
        prop_oneof![Just(1.0), 0.1..1.6_f64],
        prop_oneof![4 => Just(1000_u32), 1 => 0..3_u32],
        200..2000_u32,
        any::<bool>(),
        10..1500_u32,
        prop::array::uniform3(1..600_u32),
        prop::bool::weighted(0.2),
    );
    (recipes(), work, mishaps()).prop_map(|(recipe, work, mishaps)| {
        let recipe = Recipe {
            selectivity: work.0,
            tolerable: work.1,
            input: Some(Input {
                ms: work.2,
                log: work.3,
            }),
            rate: work.4,
            service_us: work.5,
            record: recipe.record.min(20_000),
            ..recipe
        };
        let recipe = if work.6 { pipelines(&recipe) } else { recipe };
        FailingRecipe { recipe, mishaps }
    })
}

/// The same job in pipelines that are not connected: as many failover regions as its sources have subtasks.
fn pipelines(recipe: &Recipe) -> Recipe {
    Recipe {
        exchanges: [3; 5],
        parallelism: [recipe.parallelism[0]; 4],
        ..recipe.clone()
    }
}

impl Mishaps {
    fn flink(&self) -> String {
        let Mishaps {
            delay_ms: delay,
            attempts,
            ..
        } = self;
        let mut text = match self.strategy {
            0 => format!(
                "restart-strategy.type = \"fixed-delay\"\n\
                 restart-strategy.fixed-delay.attempts = {attempts}\n\
                 restart-strategy.fixed-delay.delay = \"{delay} ms\"\n"
            ),
            1 => format!(
                "restart-strategy.type = \"failure-rate\"\n\
                 restart-strategy.failure-rate.max-failures-per-interval = {attempts}\n\
                 restart-strategy.failure-rate.failure-rate-interval = \"2 s\"\n\
                 restart-strategy.failure-rate.delay = \"{delay} ms\"\n"
            ),
            _ => format!(
                "restart-strategy.type = \"exponential-delay\"\n\
                 restart-strategy.exponential-delay.initial-backoff = \"{} ms\"\n\
                 restart-strategy.exponential-delay.max-backoff = \"1 s\"\n\
                 restart-strategy.exponential-delay.attempts-before-reset-backoff = {attempts}\n",
                delay + 1
            ),
        };
        let failover = if self.full { "full" } else { "region" };
        let (local, retained) = (self.local, self.retained);
        write!(
            text,
            "jobmanager.execution.failover-strategy = \"{failover}\"\n\
             execution.state-recovery.from-local = {local}\n\
             execution.checkpointing.num-retained = {retained}\n"
        )
        .unwrap();
        if self.heartbeat {
            text += "heartbeat.interval = \"200 ms\"\nheartbeat.timeout = \"700 ms\"\n";
        }
        text
    }

    fn tables(&self, recipe: &Recipe) -> String {
        let [taskmanager, jobmanager] = self.start_ms;
        let detection = if self.heartbeat {
            "heartbeat"
        } else {
            "immediate"
        };
        let mut text = format!(
            "[failures]\ndetection = \"{detection}\"\ntaskmanager-start = \"{taskmanager} ms\"\n\
             jobmanager-start = \"{jobmanager} ms\"\n"
        );
        for strike in &self.failures {
            let target = match strike.target {
                0 => "jobmanager = true".to_owned(),
                1 | 2 => format!("taskmanager = {}", strike.index % recipe.taskmanagers),
                _ => {
                    let graph = recipe.graph();
                    let (vertex, parallelism) = graph[strike.index % graph.len()];
                    let subtask = strike.index / graph.len() % parallelism;
                    format!("task = {{ vertex = \"{vertex}\", subtask = {subtask} }}")
                }
            };
            writeln!(text, "[[failure]]\nat = \"{} ms\"\n{target}", strike.at_ms).unwrap();
            if strike.times > 1 {
                let (times, again) = (strike.times, strike.again_ms);
                writeln!(text, "times = {times}\nagain-after = \"{again} ms\"").unwrap();
            }
        }
        for Away {
            at_ms,
            ms,
            left_percent,
        } in &self.outages
        {
            writeln!(
                text,
                "[[outage]]\nat = \"{at_ms} ms\"\nduration = \"{ms} ms\"\nstorage = \"{left_percent} %\""
            )
            .unwrap();
        }
        text
    }
}

impl FailingRecipe {
    fn additions(&self) -> Additions {
        let quorum = "commit = { replicas = 3, quorum = 2, round-trip = \"5 ms\" }\n";
        Additions {
            flink: self.mishaps.flink(),
            cluster: if self.mishaps.high_availability {
                quorum.to_owned()
            } else {
                String::new()
            },
            simulation: "check-consistency = true\n".to_owned(),
            tables: self.mishaps.tables(&self.recipe),
        }
    }

    /// The scenario as a file.
    pub fn toml(&self) -> String {
        self.recipe.toml(&self.additions())
    }

    /// The scenario.
    pub fn scenario(&self) -> Scenario {
        self.recipe.scenario_with(&self.additions())
    }
}
