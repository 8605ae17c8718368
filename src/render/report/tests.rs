//! What stands in a report, and that it is sound HTML whatever the texts are.

use insta::assert_snapshot;
use scraper::{Html, Selector};

use crate::experiment::SweepResult;
use crate::render::export::sample;
use crate::render::plot::sample::recommendation::{recommendation as found, usual};
use crate::render::plot::sample::{interval_sweep, mode_sweep, occupancy};
use crate::render::plot::{recommendation as drawn, sweep_pictures};
use crate::render::report::{
    Provenance, Report, html, markdown, numbered, recommendation, run, run_pictures, sweep,
};

fn provenance() -> Provenance {
    Provenance {
        digest: "d1ce".to_owned(),
        more: vec![("Scenario file".to_owned(), "orders.toml".to_owned())],
    }
}

fn of_sweep(result: &SweepResult) -> Report {
    sweep(
        result,
        numbered(sweep_pictures(result, None)),
        &provenance(),
    )
}

fn of_recommendation() -> Report {
    let found = found(usual());
    recommendation(&found, numbered(drawn::pictures(&found)), &provenance())
}

fn of_run() -> Report {
    let saved = sample::run();
    run(&saved, numbered(run_pictures(&saved)), &provenance())
}

fn parsed(report: &Report) -> Html {
    let page = Html::parse_document(&html(report));
    assert!(page.errors.is_empty(), "{:?}", page.errors);
    page
}

fn count(page: &Html, selector: &str) -> usize {
    page.select(&Selector::parse(selector).unwrap()).count()
}

#[test]
fn a_sweep_as_a_document() {
    assert_snapshot!(markdown(&of_sweep(&interval_sweep())));
}

#[test]
fn a_recommendation_as_a_document() {
    assert_snapshot!(markdown(&of_recommendation()));
}

#[test]
fn a_run_as_a_document() {
    assert_snapshot!(markdown(&of_run()));
}

#[test]
fn the_page_can_be_used_without_a_mouse_and_read_aloud() {
    for report in [of_run(), of_sweep(&mode_sweep()), of_recommendation()] {
        let page = parsed(&report);
        assert_eq!(
            count(&page, "body > a.skip[href='#content']:first-child"),
            1
        );
        assert_eq!(count(&page, "main#content, h1"), 2);
        assert_eq!(count(&page, "h2"), report.sections.len());
        let pictures = count(&page, "figure");
        assert!(pictures > 0);
        let named = "figure svg[role=img][tabindex='0'][aria-labelledby][aria-describedby]";
        assert_eq!(count(&page, named), pictures);
        assert_eq!(
            count(&page, "svg > title[id], svg > desc[id]"),
            2 * pictures
        );
        assert_eq!(count(&page, ".spots > rect:not(:has(> title))"), 0);
        let headings = count(&page, "th[scope=col]");
        assert_eq!(
            count(&page, "th[scope=col][aria-sort=none] > button"),
            headings
        );
        assert_eq!(count(&page, ".scroll[tabindex='0']:not([aria-label])"), 0);
    }
}

#[test]
fn the_page_refers_to_nothing_outside() {
    let page = html(&of_run());
    for (at, _) in page.match_indices("http") {
        let own = page[at..].starts_with("http-equiv");
        assert!(own, "{}", &page[at..at + 60]);
    }
    for word in [" src=", "@import", "<link rel=\"stylesheet\""] {
        assert!(!page.contains(word), "{word}");
    }
    assert!(page.contains("default-src 'none'"));
}

#[test]
fn no_text_becomes_an_element() {
    let hostile = "</title></script><img src=x onerror=alert(1)>&\"'`|\u{7}";
    let mut result = interval_sweep();
    result.scenario = hostile.to_owned();
    result.scenario_toml = hostile.to_owned();
    result.axes[0] = format!("{hostile}.checkpointing.interval");
    for point in &mut result.points {
        point.coordinates[0].label = hostile.to_owned();
    }
    let report = of_sweep(&result);
    let page = parsed(&report);
    assert_eq!(count(&page, "img, script[src]"), 0);
    assert_eq!(count(&page, "script"), 1);
    assert!(markdown(&report).contains("```"));
}

#[test]
fn the_queues_of_both_modes_are_drawn_again() {
    let mut saved = sample::run();
    let names = |saved: &_| -> Vec<String> {
        let pictures = run_pictures(saved).into_iter();
        pictures.map(|picture| picture.name).collect()
    };
    let before = names(&saved);
    saved.queues = ["aligned", "unaligned"]
        .map(|mode| crate::experiment::saved_run::Queue {
            mode: mode.to_owned(),
            occupancy: occupancy(mode == "aligned"),
        })
        .to_vec();
    saved.result.occupancy = Some(occupancy(true));
    let queues = run_pictures(&saved).pop().unwrap();
    assert_eq!(queues.name, "occupancy");
    assert_eq!(queues.chart.panels.len(), 2);
    let occupancies = names(&saved)
        .iter()
        .filter(|name| *name == "occupancy")
        .count();
    assert_eq!(occupancies, 1, "{before:?}");
}
