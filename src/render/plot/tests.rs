//! What pictures say and that they can always be drawn.

use insta::assert_snapshot;
use proptest::prelude::*;

use crate::experiment::metric::MetricId;
use crate::experiment::{RunResult, SweepResult};
use crate::measure::Estimate;
use crate::render::chart::{Area, Theme, draw, outline, tooltips};
use crate::render::number::Unit;
use crate::render::plot::{
    Example, PICTURES, Picture, files, occupancy as queues, recommendation_pictures, run_pictures,
    svg, sweep_pictures,
};
use crate::render::sample::failure::{OUTAGE, failing};
use crate::render::sample::recommendation::{recommendation, usual};
use crate::render::sample::{
    INTERVAL, UNALIGNED, interval_sweep, mode_sweep, occupancy, origin, point, rate_sweep, run,
    set, sweep,
};
use crate::units::SimDuration;

/// Chart and numbers.
pub fn said(picture: &Picture) -> String {
    format!("{}\n{}", outline(&picture.chart), picture.data.csv())
}

/// The picture of this kind.
pub fn of_kind(kind: &str, pictures: Vec<Picture>) -> Option<Picture> {
    pictures
        .into_iter()
        .find(|picture| picture.kind.name == kind)
}

fn swept(kind: &str, sweep: &SweepResult) -> Picture {
    of_kind(kind, sweep_pictures(sweep, None)).unwrap()
}

fn of_run(kind: &str, run: &RunResult) -> Picture {
    of_kind(kind, run_pictures(run, &origin())).unwrap()
}

fn heading(sweep: &SweepResult) -> String {
    swept("duration", sweep).chart.title
}

#[test]
fn every_picture_of_the_list_has_a_name_of_its_own_and_can_be_drawn() {
    let mut pictures = sweep_pictures(&interval_sweep(), None);
    pictures.extend(sweep_pictures(&mode_sweep(), None));
    pictures.extend(sweep_pictures(&rate_sweep(), None));
    pictures.extend(run_pictures(&run(4, false), &origin()));
    pictures.extend(run_pictures(&failing(&[OUTAGE], 400.0, 1.0), &origin()));
    pictures.extend(recommendation_pictures(&recommendation(usual())));
    for (index, kind) in PICTURES.iter().enumerate() {
        assert!(
            PICTURES[..index]
                .iter()
                .all(|other| other.name != kind.name)
        );
        // The recordings have tests of their own.
        let elsewhere = kind.example == Some(Example::Recordings);
        assert!(
            elsewhere || pictures.iter().any(|picture| picture.kind == *kind),
            "{kind:?}"
        );
    }
}

#[test]
fn duration_over_the_interval() {
    let timeout = Some(SimDuration::from_secs(20));
    let picture = of_kind("duration", sweep_pictures(&interval_sweep(), timeout));
    assert_snapshot!(said(&picture.unwrap()));
}

#[test]
fn duration_aligned_and_unaligned() {
    assert_snapshot!(said(&swept("duration", &mode_sweep())));
}

#[test]
fn equal_durations_aligned_and_unaligned_are_told_at_both_ends_of_the_axis() {
    let mut sweep = mode_sweep();
    for pair in sweep.points.chunks_exact_mut(2) {
        let median = pair[0].metric(MetricId::DurationP50);
        set(&mut pair[1], MetricId::DurationP50, median);
    }
    let [first, last] = [0, sweep.points.len() - 1].map(|index| {
        let point = &sweep.points[index];
        let median = Unit::Time.text(point.metric(MetricId::DurationP50).unwrap().value);
        format!("{median} at {}", point.coordinates[0].label)
    });
    assert_eq!(
        heading(&sweep),
        format!("Aligned or unaligned makes no difference: {first}, {last}")
    );
}

#[test]
fn loss_over_the_interval() {
    assert_snapshot!(said(&swept("loss", &interval_sweep())));
}

#[test]
fn knee_over_the_load() {
    assert_snapshot!(said(&swept("knee", &rate_sweep())));
}

#[test]
fn heatmap_of_interval_and_mode() {
    assert_snapshot!(said(&swept("heatmap", &mode_sweep())));
}

#[test]
fn one_checkpoint_aligned() {
    assert_snapshot!(said(&of_run("checkpoint", &run(4, false))));
}

#[test]
fn one_checkpoint_unaligned() {
    assert_snapshot!(said(&of_run("checkpoint", &run(2, true))));
}

#[test]
fn beyond_forty_bars_the_rest_is_folded() {
    let text = outline(&of_run("checkpoint", &run(44, true)).chart);
    assert_eq!(text.matches("margin").count(), 40);
    assert!(
        text.contains("note 0:0.5 \"… 5 more, none above 630 ms\""),
        "{text}"
    );
}

#[test]
fn queues_aligned_above_unaligned() {
    let (above, below) = (occupancy(true), occupancy(false));
    assert_snapshot!(said(
        &queues::picture(&[("aligned", &above), ("unaligned", &below)], &origin()).unwrap()
    ));
}

#[test]
fn storage_over_time() {
    let run = failing(&[OUTAGE], 400.0, 20.0);
    assert_snapshot!(said(&of_run("storage", &run)));
}

#[test]
fn hundreds_of_checkpoints_are_not_marked_one_by_one() {
    let mut run = failing(&[], 400.0, 20.0);
    let one = run.checkpoints[0].clone();
    run.checkpoints = vec![one; 200];
    let text = outline(&of_run("storage", &run).chart);
    assert!(text.contains("too many to mark each"), "{text}");
    assert!(!text.contains("dots"), "{text}");
}

#[test]
fn the_headline_states_what_the_interval_does() {
    let over = |medians: &[Option<f64>]| {
        let intervals = [
            ("10 s", 10.0),
            ("30 s", 30.0),
            ("1 min", 60.0),
            ("2 min", 120.0),
        ];
        let points = intervals
            .iter()
            .zip(medians)
            .map(|((label, value), median)| point(&[(label, Some(*value))], *median));
        heading(&sweep(&[INTERVAL], points.collect()))
    };
    let cases: [(&[Option<f64>], &str); 8] = [
        (
            &[Some(4.0), Some(9.0), Some(2.0), Some(5.0)],
            "The duration follows the interval in no simple way: 2.00 s (interval 1 min) to 9.0 s (interval 30 s)",
        ),
        (
            &[Some(1.0), Some(4.0), Some(4.1), Some(4.1)],
            "Beyond 30 s the checkpoint no longer gets slower: 4.1 s at 2 min",
        ),
        (
            &[Some(4.0), Some(4.1), Some(4.0), Some(4.1)],
            "The interval hardly changes the duration: 4.1 s from 10 s to 2 min",
        ),
        (
            &[Some(1.0), Some(2.0), Some(3.0), Some(4.0)],
            "The longer the interval, the longer the checkpoint: 1.00 s at 10 s, 4.0 s at 2 min",
        ),
        (
            &[Some(9.0), Some(4.0), Some(4.0), Some(4.0)],
            "Beyond 30 s the checkpoint no longer gets faster: 4.0 s at 2 min",
        ),
        (
            &[None, None, Some(3.0), Some(4.0)],
            "No checkpoint completes at 30 s or less; at 1 min it takes 3.00 s",
        ),
        (
            &[None, None, None, None],
            "No checkpoint completes at any interval",
        ),
        (
            &[Some(4.0)],
            "At an interval of 10 s, a checkpoint takes 4.0 s",
        ),
    ];
    for (medians, title) in cases {
        assert_eq!(over(medians), title);
    }
}

#[test]
fn a_picture_is_svg_png_and_csv_with_its_origin() {
    let picture = swept("duration", &interval_sweep());
    let files = files(&picture);
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["duration.svg", "duration.png", "duration.csv"]);
    let mut reader = png::Decoder::new(std::io::Cursor::new(&files[1].1))
        .read_info()
        .unwrap();
    let info = reader.info();
    assert_eq!((info.width, info.height), (2400, 1280));
    let source = info
        .utf8_text
        .iter()
        .find(|text| text.keyword == "Source")
        .unwrap();
    assert_eq!(
        source.get_text().unwrap(),
        "ckptsim 0.1.0 · scenario 3fa9c1e2 · seed 42"
    );
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels).unwrap();
    assert!(pixels.iter().any(|byte| *byte < 64), "there is ink");
}

#[test]
fn the_same_picture_gives_the_same_bytes() {
    let picture = swept("duration", &mode_sweep());
    assert!(files(&picture) == files(&picture.clone()));
}

#[test]
fn every_font_in_the_svg_is_embedded() {
    let mut pictures = sweep_pictures(&interval_sweep(), None);
    pictures.extend(run_pictures(&run(4, false), &origin()));
    for picture in pictures {
        let svg = svg(&picture);
        let fonts: Vec<&str> = svg
            .split("font-family=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .collect();
        assert!(!fonts.is_empty());
        assert!(fonts.iter().all(|font| *font == "Inter"), "{fonts:?}");
    }
}

#[test]
fn hostile_names_are_drawn_as_text() {
    let mut sweep = interval_sweep();
    sweep.scenario = "<svg> & \"quotes\" \u{0} \u{1b}[31m \u{ffff} ]]> 日本 ".repeat(200);
    for picture in sweep_pictures(&sweep, None) {
        assert_eq!(files(&picture).len(), 3);
    }
}

#[test]
fn empty_results_give_no_picture_instead_of_a_panic() {
    assert_eq!(sweep_pictures(&sweep(&[], Vec::new()), None), []);
    assert_eq!(
        sweep_pictures(&sweep(&[INTERVAL, UNALIGNED], Vec::new()), None),
        []
    );
    let mut run = run(1, false);
    run.checkpoints.clear();
    run.occupancy = None;
    assert_eq!(run_pictures(&run, &origin()), []);
}

#[test]
fn thousands_of_subtasks_fit_one_picture() {
    let picture = of_run("checkpoint", &run(5000, false));
    assert!(picture.chart.height < 1400);
    assert!(svg(&picture).len() < 200_000);
}

fn read(picture: &Picture) -> Vec<String> {
    let drawn = draw(&picture.chart, Theme::Light);
    let all = tooltips(&picture.chart, &drawn.areas);
    let paper = Area::between((0.0, 0.0), (1200.0, f64::from(drawn.height)));
    for tip in &all {
        let Area {
            left,
            top,
            right,
            bottom,
        } = tip.area;
        assert!(left < right && top < bottom, "{tip:?}");
        assert!(
            paper.contains((left, top)) && bottom <= paper.bottom,
            "{tip:?}"
        );
    }
    all.into_iter().map(|tip| tip.text).collect()
}

fn has(picture: &Picture, text: &str) {
    let all = read(picture);
    assert!(all.iter().any(|own| own == text), "{text}\n{all:#?}");
}

#[test]
fn a_point_tells_its_value_its_interval_and_where_it_lies() {
    has(
        &swept("duration", &interval_sweep()),
        "simulated median: End to end duration 2.00 s [1.90 s, 2.10 s], Checkpoint interval 10.0 s",
    );
}

#[test]
fn a_bar_tells_its_subtask_its_phase_and_its_length() {
    let picture = of_run("checkpoint", &run(4, false));
    has(&picture, "join #0: alignment, 3.00 s from 100 ms to 3.10 s");
}

#[test]
fn a_cell_of_a_map_tells_both_coordinates() {
    has(&swept("heatmap", &mode_sweep()), "unaligned: 250 ms, 10 s");
}

#[test]
fn a_strip_tells_how_many_buffers_there_were() {
    let queue = occupancy(true);
    let picture = queues::picture(&[("aligned", &queue)], &origin()).unwrap();
    let all = read(&picture);
    assert!(
        all.iter().any(|text| text.contains("buffers, blocked")),
        "{all:#?}"
    );
}

prop_compose! {
    fn any_estimate()(value in prop::num::f64::ANY, low in prop::num::f64::ANY, high in prop::num::f64::ANY, n in 0..3usize) -> Estimate {
        Estimate { value, low, high, n }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_numbers_can_be_drawn(
        points in prop::collection::vec(
            (prop::option::of(prop::num::f64::ANY), prop::option::of(any_estimate()), prop::option::of(any_estimate())),
            0..6,
        ),
        timeout in prop::option::of(0..u64::MAX),
    ) {
        let points: Vec<_> = points
            .into_iter()
            .enumerate()
            .map(|(index, (value, first, second))| {
                let mode = if index % 2 == 0 { "true" } else { "false" };
                let mut point = point(&[("x", value), (mode, None), ("rate", value)], None);
                set(&mut point, MetricId::DurationP50, first);
                set(&mut point, MetricId::DurationP99, second);
                set(&mut point, MetricId::ThroughputLoss, second);
                set(&mut point, MetricId::Utilisation, first);
                set(&mut point, MetricId::Failed, second);
                point
            })
            .collect();
        let sweep = sweep(&[INTERVAL, UNALIGNED, "source.rate"], points);
        for picture in sweep_pictures(&sweep, timeout.map(SimDuration::from_nanos)) {
            let svg = svg(&picture);
            prop_assert!(!svg.contains("NaN"), "{}: not a number", picture.name);
            prop_assert!(!svg.contains("inf"), "{}: infinite", picture.name);
        }
    }
}
