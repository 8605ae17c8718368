//! What stands in a report, and that it is sound HTML whatever the texts are.

use insta::assert_snapshot;
use roxmltree::{Document, Node, ParsingOptions};

use serde_json::json;

use crate::experiment::SweepResult;
use crate::experiment::explain::{Explanation, SCHEMA};
use crate::experiment::objectives::Judged;
use crate::experiment::recommend::{Change, Verdict};
use crate::render::export::sample;
use crate::render::plot::{recommendation_pictures, sweep_pictures};
use crate::render::report::{
    Part, Provenance, Report, html, markdown, numbered, one_page, recommendation, run,
    run_pictures, sweep,
};
use crate::render::sample::recommendation::{objective, recommendation as found, usual};
use crate::render::sample::{estimate, interval_sweep, mode_sweep, occupancy};

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
    recommendation(
        &found,
        numbered(recommendation_pictures(&found)),
        &provenance(),
    )
}

/// Of one checkpoint, with one option that would have helped.
fn explanation() -> Explanation {
    let last = json!({ "vertex": "join", "subtask": 0 });
    let bandwidth = json!({ "bandwidth": { "kind": "stream", "bytes_per_s": 8e7 } });
    let changelog = json!({
        "name": "changelog",
        "settings": [{ "key": "flink.state.changelog.enabled", "value": "true" }],
        "checkpoint": { "duration_ns": 100_000_000 },
        "slowest_ns": 100_000_000,
    });
    let value = json!({
        "schema": SCHEMA,
        "version": "0.0.0",
        "scenario": "two",
        "scenario_sha256": "abcdef",
        "seed": 7,
        "checkpoint": 1,
        "kind": "checkpoint",
        "is_slowest": true,
        "completed": 1,
        "trigger_ns": 1_000_000_000,
        "completion_ns": 50_000_000,
        "tree": {
            "step": "end_to_end",
            "subtask": last,
            "length_ns": 250_000_000,
            "in_flink": "end_to_end_duration",
        },
        "stragglers": { "threshold_ns": 93_000_000, "subtasks": [], "of": 3 },
        "bottleneck": { "resource": bandwidth, "length_ns": 200_000_000, "share": 0.8 },
        "slowest_ns": 250_000_000,
        "what_if": [changelog],
    });
    serde_json::from_value(value).unwrap()
}

/// What the scenario wants, and by how much it is missed.
fn wished() -> Judged {
    Judged {
        objective: objective("duration_p99<=60ms", "duration_p99", 0.06),
        measured: Some(estimate(0.2, 0.01)),
        at_least: false,
        verdict: Verdict::Missed,
    }
}

fn of_run() -> Report {
    let mut saved = sample::run();
    saved.explanation = Some(explanation());
    saved.objectives = vec![wished()];
    run(&saved, numbered(run_pictures(&saved)), &provenance())
}

/// The page as XML: void elements closed, style and script taken as text.
fn xml(report: &Report) -> String {
    as_xml(&html(report))
}

fn as_xml(page: &str) -> String {
    let mut page = page.replace("<!DOCTYPE html>", "");
    for void in ["<meta ", "<link "] {
        let parts: Vec<String> = page
            .split(void)
            .enumerate()
            .map(|(index, part)| match index {
                0 => part.to_owned(),
                _ => part.replacen('>', "/>", 1),
            })
            .collect();
        page = parts.join(void);
    }
    for text in ["style", "script"] {
        page = page
            .replace(&format!("<{text}>"), &format!("<{text}><![CDATA["))
            .replace(&format!("</{text}>"), &format!("]]></{text}>"));
    }
    page
}

fn parsed(text: &str) -> Document<'_> {
    let options = ParsingOptions {
        nodes_limit: u32::MAX,
        ..ParsingOptions::default()
    };
    Document::parse_with_options(text, options).unwrap()
}

/// Elements of this name.
fn all<'d>(page: &'d Document<'d>, name: &str) -> Vec<Node<'d, 'd>> {
    let named = |node: &Node| node.tag_name().name() == name;
    page.descendants().filter(named).collect()
}

/// Whether an element has all these attributes; a value of `*` is any.
fn has(node: Node, attributes: &[(&str, &str)]) -> bool {
    attributes.iter().all(|(name, value)| {
        let found = node.attribute(*name);
        found.is_some_and(|found| *value == "*" || found == *value)
    })
}

fn child<'d>(node: Node<'d, 'd>, name: &str) -> Option<Node<'d, 'd>> {
    node.children()
        .find(|child| child.tag_name().name() == name)
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
        let text = xml(&report);
        let page = parsed(&text);
        let body = all(&page, "body")[0];
        let first = body.first_element_child().unwrap();
        assert!(has(first, &[("class", "skip"), ("href", "#content")]));
        assert!(has(all(&page, "main")[0], &[("id", "content")]));
        assert_eq!(all(&page, "h1").len(), 1);
        assert_eq!(all(&page, "h2").len(), report.sections.len());
        for link in all(&page, "a") {
            let target = link.attribute("href").unwrap().trim_start_matches('#');
            let found = page
                .descendants()
                .any(|node| node.attribute("id") == Some(target));
            assert!(found, "{target}");
        }
        let pictures = all(&page, "svg");
        assert!(!pictures.is_empty() && pictures.len() == all(&page, "figure").len());
        for svg in pictures {
            assert!(has(svg, &[("role", "img"), ("tabindex", "0")]));
            let [title, description] = ["title", "desc"].map(|name| child(svg, name).unwrap());
            assert_eq!(svg.attribute("aria-labelledby"), title.attribute("id"));
            let described = svg.attribute("aria-describedby").unwrap();
            assert!(described.starts_with(description.attribute("id").unwrap()));
            assert!(!title.text().unwrap().is_empty() && !description.text().unwrap().is_empty());
            let spots = svg
                .children()
                .find(|node| node.attribute("class") == Some("spots"));
            for spot in spots.unwrap().children() {
                assert!(!child(spot, "title").unwrap().text().unwrap().is_empty());
            }
        }
        let columns = all(&page, "th");
        let columns = columns
            .iter()
            .filter(|head| has(**head, &[("scope", "col")]));
        for head in columns {
            assert!(has(*head, &[("aria-sort", "none")]));
            assert!(has(child(*head, "button").unwrap(), &[("type", "button")]));
        }
        for scroll in all(&page, "div") {
            if has(scroll, &[("tabindex", "0")]) {
                assert!(has(scroll, &[("role", "region"), ("aria-label", "*")]));
            }
        }
    }
}

/// Headings of a sheet, in order.
fn headings(report: &Report) -> Vec<String> {
    let sheet = one_page(report);
    let text = sheet.split("<h2 ").skip(1);
    let heading = |rest: &str| {
        let (_, rest) = rest.split_once('>')?;
        Some(rest.split_once('<')?.0.to_owned())
    };
    text.filter_map(heading).collect()
}

#[test]
fn a_sheet_has_what_there_is_and_no_empty_headings() {
    let end = ["How far to trust it", "Provenance"];
    let all = |begin: &[&'static str]| [begin, &end].concat();
    let of_run = headings(&of_run());
    let begin = ["Objectives", "Headline numbers", "Why", "What would help"];
    assert_eq!(of_run, all(&begin));
    assert_eq!(
        headings(&of_sweep(&mode_sweep())),
        all(&["Headline numbers"])
    );
    let begin = ["Objectives", "Why"];
    assert_eq!(headings(&of_recommendation()), all(&begin));
}

#[test]
fn keys_and_costs_per_month_stand_on_the_sheet_of_a_recommendation() {
    let mut found = found(usual());
    for candidate in &mut found.candidates {
        for (name, value) in [("cost_outage", 1.5), ("cost_per_month", 9.0)] {
            let value = estimate(value, 0.1);
            candidate.metrics.insert(name.to_owned(), value);
        }
    }
    found.changes = vec![Change {
        key: "execution.checkpointing.interval".to_owned(),
        old: Some("30 s".to_owned()),
        new: "45 s".to_owned(),
        reason: "it is cheaper".to_owned(),
    }];
    let report = recommendation(&found, recommendation_pictures(&found), &provenance());
    let sheet = one_page(&report);
    for told in [
        "# was 30 s: it is cheaper",
        "SET &#39;execution.checkpointing.interval&#39; = &#39;45 s&#39;;",
        "kubectl patch flinkdeployment",
        "in use: 30 s, aligned",
        "outage",
        "fail once in 6h on average",
    ] {
        assert!(
            sheet.contains(told) || sheet.contains(&told.replace("&#39;", "'")),
            "{told}"
        );
    }
    assert_eq!(sheet.matches("<svg ").count(), 1);
    assert_eq!(all(&parsed(&as_xml(&sheet)), "script").len(), 1);
}

#[test]
fn a_sheet_with_many_texts_is_set_smaller() {
    let mut report = of_run();
    let class = |report: &Report| {
        let sheet = one_page(report);
        let (_, class) = sheet.split_once("class=\"").unwrap();
        class.split_once('"').unwrap().0.to_owned()
    };
    assert_eq!(class(&report), "sheet");
    let brief = &mut report.sections[0].brief;
    brief.push(Part::List(vec!["word ".repeat(24); 24]));
    assert_eq!(class(&report), "sheet small");
    report.sections[0]
        .brief
        .push(Part::List(vec!["a".to_owned(); 20]));
    assert_eq!(class(&report), "sheet smallest");
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
    let text = xml(&report);
    let page = parsed(&text);
    assert_eq!(all(&page, "img").len(), 0);
    assert_eq!(all(&page, "script").len(), 1);
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
        .map(|mode| crate::experiment::run_document::Queue {
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
