//! What the picture of a failure says, in easy and in hard cases.

use insta::assert_snapshot;
use proptest::prelude::*;

use crate::experiment::RunResult;
use crate::measure::timeline::Sample;
use crate::render::chart::outline;
use crate::render::plot::tests::{of_kind, said};
use crate::render::plot::{Picture, run_pictures, svg};
use crate::render::sample::failure::{OUTAGE, Outage, failing};
use crate::render::sample::origin;
use crate::units::{SimDuration, SimTime};

fn picture(run: &RunResult) -> Option<Picture> {
    of_kind("failure", run_pictures(run, &origin()))
}

fn title(outages: &[Outage], seconds: f64) -> String {
    let run = failing(outages, seconds, 1.0);
    picture(&run).unwrap().chart.title
}

#[test]
fn a_failure_and_its_catch_up() {
    let run = failing(&[OUTAGE], 600.0, 10.0);
    let picture = picture(&run).unwrap();
    assert_snapshot!(said(&picture));
}

#[test]
fn a_failure_before_the_first_one_is_over_belongs_to_it() {
    let again = Outage {
        failed: 360.0,
        ..OUTAGE
    };
    let run = failing(&[OUTAGE, again], 900.0, 10.0);
    let picture = picture(&run).unwrap();
    assert_snapshot!(outline(&picture.chart));
}

#[test]
fn the_longest_recovery_is_shown() {
    let short = Outage {
        failed: 100.0,
        detect: 0.0,
        restart: 1.0,
        restore: 4.0,
    };
    let begin = |outages: &[Outage]| title(outages, 900.0)[.."Caught up 3m".len()].to_owned();
    assert_eq!(begin(&[short]), "Caught up 1m");
    assert_eq!(begin(&[short, OUTAGE]), "Caught up 3m");
}

#[test]
fn a_recovery_that_is_not_over_is_told_as_far_as_it_came() {
    assert_eq!(
        title(&[OUTAGE], 335.0),
        "Not running again 5.0 s after the failure, when the run ends: 5.0 s detect and restart"
    );
    assert_eq!(
        title(&[OUTAGE], 450.0),
        "Not caught up 2m after the failure, when the run ends: 9.0 s detect and restart, 41 s restore, \
         1m 10s replay and catch-up, 3.8 M records still wait"
    );
}

#[test]
fn without_a_failure_or_a_timeline_there_is_no_picture() {
    let mut run = failing(&[], 100.0, 1.0);
    assert_eq!(picture(&run), None);
    run = failing(&[OUTAGE], 400.0, 1.0);
    run.timeline = None;
    assert_eq!(picture(&run), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_recovery_can_be_drawn(
        failed: u64,
        times in prop::collection::vec(prop::option::of(0..u64::MAX), 4),
        rates in prop::collection::vec(prop::num::f64::ANY, 0..4),
    ) {
        let mut run = failing(&[OUTAGE], 400.0, 10.0);
        let at = |index: usize| times[index].map(SimTime::from_nanos);
        let record = &mut run.recoveries[0];
        record.failed = SimTime::from_nanos(failed);
        (record.detected, record.restarted, record.running, record.caught_up) = (at(0), at(1), at(2), at(3));
        let samples = rates.iter().enumerate().map(|(index, rate)| Sample {
            at: SimTime::from_nanos(failed) + SimDuration::from_nanos(index as u64 / 2),
            due_per_s: *rate,
            processed_per_s: *rate,
            unread: failed,
            ..Sample::default()
        });
        run.timeline.as_mut().unwrap().samples.extend(samples);
        if let Some(picture) = picture(&run) {
            let svg = svg(&picture);
            prop_assert!(!svg.contains("NaN") && !svg.contains("inf"));
        }
    }
}
