//! What stands in a report, and that it is sound HTML whatever the texts are.

use insta::assert_snapshot;
use roxmltree::{Document, Node, ParsingOptions};

use crate::experiment::SweepResult;
use crate::render::export::sample;
use crate::render::plot::{recommendation_pictures, sweep_pictures};
use crate::render::report::{
    Provenance, Report, html, markdown, numbered, recommendation, run, run_pictures, sweep,
};
use crate::render::sample::recommendation::{recommendation as found, usual};
use crate::render::sample::{interval_sweep, mode_sweep, occupancy};

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

fn of_run() -> Report {
    let saved = sample::run();
    run(&saved, numbered(run_pictures(&saved)), &provenance())
}

/// The page as XML: void elements closed, style and script taken as text.
fn xml(report: &Report) -> String {
    let mut page = html(report).replace("<!DOCTYPE html>", "");
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
