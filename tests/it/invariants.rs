use std::collections::BTreeMap;

use ckptsim::engine::{self, Agenda, Streams};
use ckptsim::measure::checkpoint::{CheckpointRecord, Outcome};
use ckptsim::measure::recorder::Recorder;
use ckptsim::model::Job;
use ckptsim::scenario::Scenario;
use ckptsim::units::{SimDuration, SimTime};
use proptest::prelude::*;

use crate::mishaps::failing_recipes;
use crate::recipes::{Recipe, recipes};

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
        mechanisms: 0,
        savepoint: 1,
        even_keys: false,
        bandwidth_mb: 55,
        selectivity: 1.0,
        tolerable: 1000,
        input: None,
    };
    let (mut job, mut agenda) = started(&recipe.scenario(), recipe.seed);
    let end = SimTime::ZERO + SimDuration::from_secs(3);
    assert!(engine::run(&mut job, &mut agenda, end, 5_000_000));
    check_history(&job.observer().checkpoints, true, agenda.now());
}

/// Stops the job at these instants (in microseconds), and looks whether records and time are conserved. A subtask that a rescale has
/// made, or taken away, was not there all the time.
pub fn check_conservation(
    scenario: &Scenario,
    seed: u64,
    mut instants: Vec<u64>,
) -> Result<Job<Recorder>, TestCaseError> {
    let (mut job, mut agenda) = started(scenario, seed);
    instants.sort_unstable();
    instants.push(scenario.job.duration.as_nanos() / 1000);
    for micros in instants {
        let horizon = SimTime::ZERO + SimDuration::from_micros(micros);
        let reached = engine::run(&mut job, &mut agenda, horizon, 5_000_000);
        let now = agenda.now();
        let (written, taken, in_channels) = job.record_balance();
        prop_assert_eq!(
            written,
            taken + in_channels,
            "records are conserved at {:?}",
            now
        );
        for (task, spent) in job.counters(now).iter().enumerate() {
            let sum = spent.busy + spent.backpressured + spent.idle;
            let there = SimTime::ZERO + sum;
            let holds = there == now || scenario.is_rescaled() && there < now;
            prop_assert!(holds, "time of task {task}: {there:?} of {now:?}");
        }
        if !reached {
            break;
        }
    }
    let overtakes = scenario.checkpointing.may_overtake();
    check_history(&job.observer().checkpoints, overtakes, agenda.now());
    Ok(job)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, max_shrink_iters: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn records_and_time_are_conserved_and_every_checkpoint_has_a_sound_history(
        recipe in recipes(),
        instants in prop::collection::vec(0..3_000_000_u64, 1..8),
    ) {
        let job = check_conservation(&recipe.scenario(), recipe.seed, instants)?;
        check_single_channels(&job);
    }

    #[test]
    fn records_and_time_are_conserved_across_restarts(
        failing in failing_recipes(),
        instants in prop::collection::vec(0..6_000_000_u64, 1..8),
    ) {
        let mut scenario = failing.scenario();
        scenario.simulation.check_consistency = false;
        check_conservation(&scenario, failing.recipe.seed, instants)?;
    }
}
