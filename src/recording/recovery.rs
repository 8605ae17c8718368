//! What recorded jobs went through after a failure, in the form in which a simulated run tells it.
//!
//! Times are since the start of the job ([`Clock`]). From the REST API come the failures (the instant at which the
//! JobManager handled the exception) and the triggers of checkpoints; from the JobManager's log the span
//! `JobInitialization`, which begins as the job is RUNNING again and state is assigned, and ends as the last task is
//! initialised; it names the restored checkpoint and its size. When the job had caught up is estimated from counters
//! ([`crate::recording::catch_up`]).

use crate::measure::RecoveryRecord;
use crate::recording::catch_up::{self, Replay};
use crate::recording::clock::{self, Clock, number_after};
use crate::recording::file::Recording;
use crate::units::{SimDuration, SimTime};

/// A span in which all tasks were (to be) initialised; ms of the recording's clock.
struct Initialisation {
    start: f64,
    end: f64,
    completed: bool,
    checkpoint: Option<u64>,
    bytes: u64,
}

/// The failures of a recording and what followed each. Failures that came before the job was restarted belong to the one
/// before them, as Flink counts them.
pub fn of_recording(recording: &Recording) -> Vec<RecoveryRecord> {
    let clock = Clock::of(recording);
    let failures = clock::failures(recording);
    let restarts = initialisations(recording);
    let mut records = Vec::new();
    let mut replays = Vec::new();
    let mut restarted = f64::NEG_INFINITY;
    for (index, (failed, cause)) in failures.iter().enumerate() {
        // The job had not been restarted after the failure before.
        if index > 0 && restarted < failures[index - 1].0 {
            continue;
        }
        let restart = restarts.iter().find(|restart| restart.start >= *failed);
        restarted = restart.map_or(f64::NEG_INFINITY, |restart| restart.start);
        let later = failures[index + 1..].iter().map(|(at, _)| *at);
        let next = later.clone().find(|at| *at > restarted);
        let running = restart
            .filter(|restart| restart.completed && next.is_none_or(|next| restart.end < next))
            .map(|restart| restart.end);
        let from = restart
            .and_then(|restart| triggered(recording, restart.checkpoint?))
            .unwrap_or(clock.start);
        let caught_up = running.and_then(|running| {
            replays.push(Replay {
                from,
                restarted,
                running,
            });
            catch_up::end(recording, &replays, next.unwrap_or(clock.over))
        });
        let time = |at: f64| instant(clock.since_start(at));
        records.push(RecoveryRecord {
            failed: time(*failed),
            cause: cause.clone(),
            detected: None,
            restarted: restart.map(|restart| time(restart.start)),
            checkpoint: restart.and_then(|restart| restart.checkpoint),
            replayed_from: restart.map(|_| time(from)),
            restored_bytes: restart.map_or(0, |restart| restart.bytes),
            running: running.map(time),
            caught_up: caught_up.map(time),
            interrupted: caught_up.is_none() && next.is_some(),
        });
    }
    records
}

/// All initialisations but the first, which is the start of the job.
fn initialisations(recording: &Recording) -> Vec<Initialisation> {
    let spans = recording
        .log_spans
        .iter()
        .filter(|(_, text)| text.contains("name=JobInitialization"))
        .filter_map(|(_, text)| {
            Some(Initialisation {
                start: number_after(text, "startTsMillis=")?,
                end: number_after(text, "endTsMillis=")?,
                completed: text.contains("initializationStatus=COMPLETED"),
                checkpoint: number_after(text, "checkpointId=").map(|id| id as u64),
                bytes: number_after(text, "fullSize=").map_or(0, |bytes| bytes as u64),
            })
        });
    let mut spans: Vec<Initialisation> = spans.collect();
    spans.sort_by(|a, b| a.start.total_cmp(&b.start));
    spans.drain(..spans.len().min(1));
    spans
}

fn triggered(recording: &Recording, checkpoint: u64) -> Option<f64> {
    let history = recording.rest.checkpoints["history"].as_array()?;
    let entry = history.iter().find(|entry| entry["id"] == checkpoint)?;
    entry["trigger_timestamp"].as_f64()
}

fn instant(ms: f64) -> SimTime {
    SimTime::ZERO + SimDuration::from_secs_f64(ms / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::file;

    #[track_caller]
    fn recoveries(id: &str) -> Vec<RecoveryRecord> {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recordings/");
        let file = format!("{root}{}/{id}.json", &id[..1]);
        of_recording(&file::read(&std::fs::read_to_string(file).unwrap()).unwrap())
    }

    fn ms(duration: Option<SimDuration>) -> Option<u64> {
        duration.map(SimDuration::as_millis)
    }

    #[test]
    fn a_failed_task_is_restarted_after_its_delay_and_reads_its_state_at_the_storages_rate() {
        // Delay 2 s; 10 MB/s; 5.07 or 40.5 MB in the largest subtask.
        #[track_caller]
        fn case(id: &str, failed: u64, delay: u64, restore: u64, caught_up: u64) {
            let found = recoveries(id);
            let [one] = found.as_slice() else {
                panic!("{found:?}")
            };
            assert_eq!(one.failed.as_millis(), failed);
            assert_eq!(ms(one.restart_delay()), Some(delay));
            assert_eq!(ms(one.restore_time()), Some(restore));
            assert_eq!(ms(one.downtime()), Some(delay + restore));
            assert_eq!(one.checkpoint, Some(6));
            assert!(!one.interrupted);
            assert_eq!(ms(one.catch_up()), Some(caught_up));
        }
        case("G_hm5_r10_d2_r1", 27_757, 2_065, 800, 5_488);
        case("G_hm5_r10_d2_r2", 27_921, 2_006, 577, 5_468);
        case("G_hm5_lat200", 27_952, 2_015, 855, 5_662);
        case("G_hm5_rho09", 27_838, 2_005, 588, 21_799);
        case("G_hm40_r10_d2", 27_731, 2_029, 4_237, 9_453);
        case("G_hm40_ra20_d2", 27_958, 2_004, 4_235, 8_959);
        case("G_rfull40_r20_d2", 27_963, 2_014, 2_243, 7_283);
        case("G_rinc40_r10_d2", 28_090, 2_048, 4_359, 10_002);
    }

    /// What came between the trigger of the restored checkpoint and the end of the restore, at 2000 - rate per second.
    #[test]
    fn catching_up_takes_as_long_as_a_fluid_would() {
        for id in [
            "G_hm5_r10_d2_r1",
            "G_hm5_r10_d2_r2",
            "G_hm5_lat200",
            "G_hm5_rho09",
            "G_hm40_r10_d2",
            "G_hm40_ra20_d2",
            "G_rfull40_r20_d2",
            "G_rinc40_r10_d2",
        ] {
            let one = &recoveries(id)[0];
            let rate = if id == "G_hm5_rho09" { 1600.0 } else { 1000.0 };
            let lost = one
                .running
                .unwrap()
                .since(one.replayed_from.unwrap())
                .as_secs_f64();
            let fluid = rate * lost / (2000.0 - rate);
            let measured = one.catch_up().unwrap().as_secs_f64();
            assert!(
                (measured / fluid - 1.0).abs() < 0.06,
                "{id}: {measured} {fluid}"
            );
        }
    }

    #[test]
    fn four_failures_back_off_exponentially_and_are_never_caught_up() {
        let found = recoveries("G_exp_d1_n4");
        let delays: Vec<_> = found.iter().map(|one| ms(one.restart_delay())).collect();
        assert_eq!(delays, [Some(1_028), Some(2_014), Some(4_062), Some(8_007)]);
        let restored: Vec<_> = found.iter().map(|one| one.checkpoint).collect();
        assert_eq!(restored, [Some(4), Some(4), Some(4), Some(5)]);
        let interrupted: Vec<_> = found.iter().map(|one| one.interrupted).collect();
        assert_eq!(interrupted, [true, true, true, false]);
        assert!(found.iter().all(|one| one.caught_up.is_none()));
        assert!(found.iter().all(|one| one.restored_bytes == 20_263_429));
        assert_eq!(found[0].cause, "java.lang.RuntimeException");
        assert_eq!(found[0].replayed_from, found[2].replayed_from);
    }

    #[test]
    fn an_overloaded_job_never_catches_up() {
        let found = recoveries("G_ua_hm5_rho120");
        assert_eq!(ms(found[0].restore_time()), Some(1_035));
        assert_eq!((found[0].caught_up, found[0].interrupted), (None, false));
    }

    #[test]
    fn a_job_that_never_failed_has_no_recoveries() {
        assert_eq!(recoveries("A01_hm5_w10"), []);
    }
}
