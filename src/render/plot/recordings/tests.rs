//! What the pictures of accuracy say.

use insta::assert_snapshot;
use proptest::prelude::*;

use crate::experiment::validate::{Compared, Comparison};
use crate::recording::measured::Metric;
use crate::render::plot::tests::said;
use crate::render::plot::{recording_pictures as pictures, svg};

fn recording(id: &str, cpu: f64, measured: f64, simulated: f64, f1: Option<f64>) -> Compared {
    let metric = Metric::EndToEndDuration;
    Compared {
        id: id.to_owned(),
        family: id.chars().take(1).collect(),
        imported_from: None,
        machine_cpu: Some(cpu),
        f1_ms: f1,
        f1_error: f1.map(|f1| metric.error(f1, measured)),
        metrics: vec![Comparison {
            metric,
            name: metric.name(),
            vertex: None,
            measured: Some(measured),
            simulated: Some(simulated),
            low: Some(simulated * 0.95),
            high: Some(simulated * 1.1),
            floor: metric.floor(),
            error: Some(metric.error(simulated, measured)),
        }],
    }
}

fn sample() -> Vec<Compared> {
    vec![
        recording("A1", 0.4, 2000.0, 2020.0, Some(1900.0)),
        recording("A2", 0.7, 2100.0, 2020.0, Some(1900.0)),
        recording("B1", 0.4, 7000.0, 7350.0, Some(140.0)),
        recording("B2", 0.2, 650.0, 208.0, Some(134.0)),
        recording("E1", 0.4, 43.0, 42.0, None),
        recording("own", 0.4, 1000.0, 1100.0, Some(1000.0)),
    ]
}

#[test]
fn predicted_against_measured() {
    let picture = &pictures(&sample(), 10, 42)[0];
    assert_snapshot!(said(picture));
}

#[test]
fn errors_by_family_beside_the_formula() {
    let picture = &pictures(&sample(), 10, 42)[1];
    assert_snapshot!(said(picture));
}

#[test]
fn without_durations_there_is_no_picture() {
    assert_eq!(pictures(&[], 10, 42), []);
    let mut one = recording("A1", 0.4, 2000.0, 2020.0, None);
    one.metrics[0].measured = None;
    assert_eq!(pictures(&[one], 10, 42), []);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_durations_can_be_drawn(
        durations in prop::collection::vec(
            (prop::num::f64::ANY, prop::num::f64::ANY, prop::option::of(prop::num::f64::ANY)),
            1..6,
        ),
    ) {
        let compared: Vec<Compared> = durations
            .into_iter()
            .map(|(measured, simulated, f1)| recording("A1", 0.4, measured, simulated, f1))
            .collect();
        for picture in pictures(&compared, 10, 42) {
            let svg = svg(&picture);
            prop_assert!(!svg.contains("NaN") && !svg.contains("inf"), "{}", picture.name);
        }
    }
}
