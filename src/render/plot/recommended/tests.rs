//! What the pictures of a recommendation say, in easy and in hard cases.

use insta::assert_snapshot;
use proptest::prelude::*;

use crate::experiment::recommend::Recommendation;
use crate::experiment::recommend::result::Nearest;
use crate::render::plot::tests::{of_kind, said};
use crate::render::plot::{Picture, recommendation_pictures as pictures, svg};
use crate::render::sample::recommendation::{objective, recommendation, usual};

fn picture(kind: &str, found: &Recommendation) -> Option<Picture> {
    of_kind(kind, pictures(found))
}

fn title(kind: &str, found: &Recommendation) -> String {
    picture(kind, found).unwrap().chart.title
}

/// Nothing passes, and the shortest interval is nearest.
fn infeasible() -> Recommendation {
    let mut found = recommendation(vec![objective("recovery_p95<=30s", "recovery_p95", 30.0)]);
    found.nearest = Some(Nearest {
        candidate: 0,
        objective: 0,
        excess: 32.0 / 30.0,
    });
    found.sensitivity.clear();
    found
}

#[test]
fn objectives_over_the_interval() {
    assert_snapshot!(said(
        &picture("recommendation", &recommendation(usual())).unwrap()
    ));
}

#[test]
fn overhead_against_recovery() {
    assert_snapshot!(said(&picture("pareto", &recommendation(usual())).unwrap()));
}

#[test]
fn lost_time_over_the_interval() {
    assert_snapshot!(said(&picture("cost", &recommendation(usual())).unwrap()));
}

#[test]
fn objectives_as_the_rate_grows() {
    assert_snapshot!(said(
        &picture("headroom", &recommendation(usual())).unwrap()
    ));
}

#[test]
fn inputs_that_move_the_answer() {
    assert_snapshot!(said(
        &picture("sensitivity", &recommendation(usual())).unwrap()
    ));
}

#[test]
fn without_an_answer_the_nearest_miss_is_told() {
    let titles: Vec<String> = pictures(&infeasible())
        .into_iter()
        .map(|picture| format!("{}: {}", picture.name, picture.chart.title))
        .collect();
    assert_snapshot!(titles.join("\n"));
}

#[test]
fn an_answer_that_no_input_moves_is_called_stable() {
    let mut found = recommendation(usual());
    for entry in &mut found.sensitivity {
        (entry.low, entry.high) = (Some(90.0), Some(90.0));
        (entry.cost_low, entry.cost_high) = (entry.cost_base, entry.cost_base);
    }
    found.sensitivity[2].cost_high = Some(0.3 / 90.0);
    assert_eq!(
        title("sensitivity", &found),
        "The answer stays 1 min 30 s if any input changes by a fifth; write bandwidth moves the overhead most, by up \
         to 50 %"
    );
}

#[test]
fn a_single_candidate_has_no_cost_curve_but_can_be_drawn() {
    let mut found = recommendation(usual());
    found.candidates.truncate(1);
    (found.chosen, found.current, found.range) = (Some(0), Some(0), None);
    assert_eq!(picture("cost", &found), None);
    assert_eq!(
        title("pareto", &found),
        "10 s, aligned stays: overhead 2.00 %, recovery p95 1m 2s"
    );
    assert_eq!(
        title("recommendation", &found),
        "A checkpoint every 10 s meets all 3 objectives"
    );
}

#[test]
fn without_candidates_there_is_no_picture() {
    let mut found = recommendation(usual());
    found.candidates.clear();
    found.sensitivity.clear();
    (found.chosen, found.current, found.headroom) = (None, None, None);
    assert_eq!(pictures(&found), []);
}

#[test]
fn a_time_that_is_not_known_is_not_drawn() {
    let mut found = recommendation(usual());
    for candidate in &mut found.candidates {
        candidate.metrics.remove("time_rework");
    }
    assert_eq!(picture("cost", &found), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_recommendation_can_be_drawn(
        values in prop::collection::vec(prop::num::f64::ANY, 88),
        intervals in prop::collection::vec(prop::option::of(prop::num::f64::ANY), 22),
        chosen in prop::option::of(0..30usize),
        bound in prop::num::f64::ANY,
    ) {
        let mut found = recommendation(usual());
        found.objectives[0].bound = bound;
        (found.chosen, found.mtbf_s) = (chosen, Some(bound));
        let metrics = found.candidates.iter_mut().flat_map(|one| one.metrics.values_mut());
        for (metric, value) in metrics.zip(&values) {
            (metric.value, metric.high) = (*value, *value);
        }
        for (candidate, interval) in found.candidates.iter_mut().zip(&intervals) {
            candidate.coordinates[0].value = *interval;
        }
        for (entry, value) in found.sensitivity.iter_mut().zip(&values) {
            (entry.low, entry.base, entry.cost_high) = (Some(*value), bound, Some(*value));
        }
        for picture in pictures(&found) {
            let svg = svg(&picture);
            prop_assert!(!svg.contains("NaN") && !svg.contains("inf"), "{}", picture.name);
        }
    }
}
