//! Options inside of something larger: manifests of the Kubernetes operator, a `ConfigMap`, Compose files, values of Helm.
//!
//! The operator writes `spec.flinkConfiguration` into Flink's configuration, and beside it `parallelism.default` from
//! `spec.job.parallelism`, or, where `spec.taskManager.replicas` is given, as many as these have slots; and
//! `taskmanager.memory.process.size` and `kubernetes.taskmanager.cpu.amount` from `spec.taskManager.resource`
//! (`FlinkConfigBuilder` of flink-kubernetes-operator). Another operator calls the options `flinkProperties`. Values of
//! Helm, and templates within a manifest, have the same fields beside them. Flink's own image writes the text of the
//! variable `FLINK_PROPERTIES` behind its configuration (`docker-entrypoint.sh`), and its tag is Flink's version.

use crate::scenario::flink_conf::yaml::{self, Node};
use crate::scenario::flink_conf::{Entry, Found, lines};
use crate::scenario::flink_names;

/// What the operator derives from other fields of a manifest: where they stand, and the option.
const DERIVED: [(&[&str], &str); 5] = [
    (&["job", "parallelism"], PARALLELISM),
    (
        &["taskManager", "resource", "memory"],
        "taskmanager.memory.process.size",
    ),
    (
        &["taskManager", "resource", "cpu"],
        "kubernetes.taskmanager.cpu.amount",
    ),
    (
        &["taskManager", "resources", "requests", "memory"],
        "taskmanager.memory.process.size",
    ),
    (
        &["taskManager", "resources", "requests", "cpu"],
        "kubernetes.taskmanager.cpu.amount",
    ),
];
const PARALLELISM: &str = "parallelism.default";
const SLOTS: &str = "taskmanager.numberOfTaskSlots";
/// Fields that hold options.
pub(super) const OPTIONS: [&str; 2] = ["flinkConfiguration", "flinkProperties"];
const PROPERTIES: &str = "FLINK_PROPERTIES";
/// What is looked for, for messages.
pub(super) const LOOKED_FOR: &str = "spec.flinkConfiguration of a FlinkDeployment or FlinkSessionJob, `config.yaml` or \
                                     `flink-conf.yaml` in a ConfigMap, FLINK_PROPERTIES, and flinkConfiguration or \
                                     flinkProperties anywhere else";

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
        self.spec(spec, line);
    }

    /// The options, and the fields that stand beside them.
    fn spec(&mut self, spec: &Node, line: usize) {
        for options in OPTIONS.iter().filter_map(|name| spec.get(name)) {
            self.options(options);
        }
        for (way, key) in DERIVED {
            if let Some(node) = spec.at(way).filter(|node| node.text().is_some()) {
                yaml::flatten(node, key, &mut self.found.entries);
            }
        }
        let number = |way: &[&str]| spec.at(way)?.text()?.parse::<u32>().ok();
        let replicas = number(&["taskManager", "replicas"]);
        self.found.facts.taskmanagers = replicas.or(self.found.facts.taskmanagers);
        if let Some(replicas) = replicas.filter(|_| spec.get("job").is_some()) {
            self.as_many_as_slots(replicas, line);
        }
        let version = spec.get("flinkVersion").or_else(|| spec.get("version"));
        if let Some(version) = version.and_then(Node::text).and_then(release) {
            self.found.facts.version = Some((version, "spec.flinkVersion"));
        }
    }

    /// Where replicas are given, the operator takes their slots for the parallelism, whatever else is said.
    fn as_many_as_slots(&mut self, replicas: u32, line: usize) {
        let entries = &mut self.found.entries;
        let of = |key: &str| entries.iter().rposition(|entry| entry.key == key);
        let slots = of(SLOTS).and_then(|index| entries[index].value.trim().parse::<u32>().ok());
        let Some(all) = replicas.checked_mul(slots.unwrap_or(1)) else {
            return;
        };
        let value = all.to_string();
        match of(PARALLELISM) {
            Some(index) if entries[index].value.trim() == value => {}
            Some(index) => {
                let remark = format!(
                    "the parallelism is {value}, that of the TaskManagers' slots: the operator ignores \
                     `job.parallelism` where `taskManager.replicas` is given"
                );
                self.found.remarks.push((entries[index].line, remark));
                entries[index].value = value;
            }
            None => entries.push(Entry {
                key: PARALLELISM.to_owned(),
                value,
                line,
            }),
        }
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
            Node::Mapping(pairs, line) => {
                if OPTIONS.iter().any(|name| node.get(name).is_some()) {
                    self.spec(node, *line);
                }
                for (key, node) in pairs {
                    match key.as_str() {
                        name if OPTIONS.contains(&name) => {}
                        "image" => self.image(node),
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

    /// An image of Flink says the version by its tag, where nothing else does.
    fn image(&mut self, node: &Node) {
        let Some((name, tag)) = node.text().and_then(|image| image.rsplit_once(':')) else {
            return;
        };
        let is_flink = name.rsplit('/').next() == Some("flink");
        if let Some(version) = numbers(tag).filter(|_| is_flink)
            && self.found.facts.version.is_none()
        {
            self.found.facts.version = Some((version, "the tag of the image"));
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

/// `v1_20` of the operator is `1.20`, and so is `1.20.1`.
fn release(version: &str) -> Option<String> {
    numbers(
        &version
            .strip_prefix('v')
            .unwrap_or(version)
            .replace('_', "."),
    )
}

/// `1.20` at the beginning of `1.20.1-scala_2.12`.
fn numbers(tag: &str) -> Option<String> {
    let mut parts = tag.split(['.', '-', '_']);
    let mut number = || parts.next()?.parse::<u32>().ok();
    let (major, minor) = (number()?, number()?);
    let version = format!("{major}.{minor}");
    flink_names::asked(&version).is_ok().then_some(version)
}
