//! Options inside of something larger: manifests of the Kubernetes operator, a `ConfigMap`, Compose files, values of Helm.
//!
//! The operator writes `spec.flinkConfiguration` into Flink's configuration, and beside it `parallelism.default` from
//! `spec.job.parallelism`, `taskmanager.memory.process.size` and `kubernetes.taskmanager.cpu.amount` from
//! `spec.taskManager.resource` (`FlinkConfigBuilder` of flink-kubernetes-operator). Flink's own image writes the text of
//! the variable `FLINK_PROPERTIES` behind its configuration (`docker-entrypoint.sh`).

use crate::scenario::flink_conf::yaml::{self, Node};
use crate::scenario::flink_conf::{Entry, Found, lines};

/// What the operator derives from other fields of a manifest: where they stand, and the option.
const DERIVED: [(&[&str], &str); 3] = [
    (&["job", "parallelism"], "parallelism.default"),
    (
        &["taskManager", "resource", "memory"],
        "taskmanager.memory.process.size",
    ),
    (
        &["taskManager", "resource", "cpu"],
        "kubernetes.taskmanager.cpu.amount",
    ),
];
const PROPERTIES: &str = "FLINK_PROPERTIES";
/// What is looked for, for messages.
pub(super) const LOOKED_FOR: &str = "spec.flinkConfiguration of a FlinkDeployment or FlinkSessionJob, `config.yaml` or \
                                     `flink-conf.yaml` in a ConfigMap, FLINK_PROPERTIES, and flinkConfiguration in values of Helm";

/// The options in all documents; nothing where there is no such block.
pub(super) fn read(documents: &[Node]) -> Option<Found> {
    let mut search = Search::default();
    for document in documents {
        search.document(document);
    }
    (search.blocks > 0).then_some(search.found)
}

/// The lines below `FLINK_PROPERTIES=` in a file of variables, which is no YAML.
pub(super) fn variables(text: &str) -> Option<Found> {
    let mut all = text.lines();
    let before = all
        .by_ref()
        .take_while(|line| line.trim() != "FLINK_PROPERTIES=")
        .count();
    let rest: Vec<&str> = all.collect();
    (!rest.is_empty()).then(|| {
        let mut search = Search::default();
        search.lines(&rest.join("\n"), before + 2);
        search.found
    })
}

#[derive(Default)]
struct Search {
    found: Found,
    blocks: usize,
    /// A `FlinkDeployment` was read.
    has_job: bool,
}

impl Search {
    fn document(&mut self, document: &Node) {
        let kind = document.get("kind").and_then(Node::text);
        match (kind, document.get("spec"), document.get("items")) {
            (Some("List"), _, Some(Node::List(items, _))) => {
                for item in items {
                    self.document(item);
                }
            }
            (Some(kind @ ("FlinkDeployment" | "FlinkSessionJob")), Some(spec), _) => {
                self.manifest(kind, spec, document.line());
            }
            _ => self.anywhere(document),
        }
    }

    /// The job of a manifest; of several the first one.
    fn manifest(&mut self, kind: &str, spec: &Node, line: usize) {
        let is_job = spec.get("job").is_some();
        if is_job && self.has_job {
            let remark = format!("another {kind} begins here: only the first job is read");
            self.found.remarks.push((line, remark));
            return;
        }
        self.has_job |= is_job;
        self.blocks += 1;
        if let Some(options) = spec.get("flinkConfiguration") {
            self.options(options);
        }
        for (way, key) in DERIVED {
            if let Some(node) = spec.at(way).filter(|node| node.text().is_some()) {
                yaml::flatten(node, key, &mut self.found.entries);
            }
        }
        let number = |way: &[&str]| spec.at(way)?.text()?.parse().ok();
        let facts = &mut self.found.facts;
        facts.taskmanagers = number(&["taskManager", "replicas"]).or(facts.taskmanagers);
        let version = spec.get("flinkVersion").and_then(Node::text);
        facts.version = version.and_then(release).or(facts.version.take());
    }

    /// Blocks anywhere below a node.
    fn anywhere(&mut self, node: &Node) {
        match node {
            Node::Text { .. } => {}
            Node::List(elements, _) => {
                for element in elements {
                    if !self.variable(element) {
                        self.anywhere(element);
                    }
                }
            }
            Node::Mapping(pairs, _) => {
                for (key, node) in pairs {
                    match key.as_str() {
                        "flinkConfiguration" => self.options(node),
                        "config.yaml" | PROPERTIES if node.text().is_some() => self.options(node),
                        "flink-conf.yaml" if node.text().is_some() => {
                            self.found.facts.is_old = true;
                            self.options(node);
                        }
                        _ => self.anywhere(node),
                    }
                }
            }
        }
    }

    /// An element of a list of variables: `FLINK_PROPERTIES=…`, or its name and its value.
    fn variable(&mut self, element: &Node) -> bool {
        let assigned = element.text().and_then(|text| {
            let rest = text.trim_start().strip_prefix(PROPERTIES)?;
            rest.trim_start().strip_prefix('=')
        });
        if let Some(text) = assigned {
            let all = element.text().unwrap_or_default();
            let before = &all[..all.len() - text.len()];
            self.lines(text, element.line() + before.matches('\n').count());
            return true;
        }
        let is_named = element.get("name").and_then(Node::text) == Some(PROPERTIES);
        match element.get("value").filter(|_| is_named) {
            Some(value) => {
                self.options(value);
                true
            }
            None => false,
        }
    }

    /// A mapping of options, or a text of lines.
    fn options(&mut self, node: &Node) {
        match node {
            Node::Text { text: None, .. } => self.blocks += 1,
            Node::Text {
                text: Some(text), ..
            } => self.lines(text, node.line()),
            Node::Mapping(..) | Node::List(..) => {
                self.blocks += 1;
                yaml::flatten(node, "", &mut self.found.entries);
            }
        }
    }

    /// A text of options whose first line is this one: YAML where it is some, else as Flink 1.x reads it.
    fn lines(&mut self, text: &str, first: usize) {
        self.blocks += 1;
        let yaml = (!self.found.facts.is_old)
            .then(|| yaml::read(text).ok())
            .flatten();
        let inner = yaml.unwrap_or_else(|| lines::read(text));
        let below = |line: usize| line.saturating_sub(1) + first;
        self.found
            .entries
            .extend(inner.entries.into_iter().map(|entry| Entry {
                line: below(entry.line),
                ..entry
            }));
        let remarks = inner.remarks.into_iter();
        self.found
            .remarks
            .extend(remarks.map(|(line, remark)| (below(line), remark)));
    }
}

/// `v1_20` of the operator is `1.20`.
fn release(version: &str) -> Option<String> {
    let version = version.strip_prefix('v')?.replace('_', ".");
    let is_number = version.chars().all(|c| c.is_ascii_digit() || c == '.');
    (is_number && !version.is_empty()).then_some(version)
}
