//! The job graph of the plan, sources first.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::recording::answers::number::{at, list, text};
use crate::recording::answers::plan_window::{self, PlanWindow};
use crate::recording::answers::remarks::Remarks;
use crate::recording::file::RecordingError;
use crate::scenario::bounds::PARALLELISM_MAX;
use crate::scenario::key_groups::default_max_parallelism;

/// Longer names fill no table.
const NAME_CHARS_MAX: usize = 40;
/// More vertices than this are no plan.
const VERTICES_MAX: usize = 10_000;

/// A vertex of the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Flink's id of it.
    pub id: String,
    /// Unique, short, made of the operators' names.
    pub name: String,
    /// Subtasks.
    pub parallelism: usize,
    /// Key groups, where they are not what Flink's rule makes of the parallelism.
    pub max_parallelism: Option<usize>,
    /// Inputs: position of the producer, and how records are distributed.
    pub inputs: Vec<(usize, &'static str)>,
    /// A window by key, if it is one of SQL.
    pub window: Option<PlanWindow>,
}

/// Reads `jobs/:id/plan` (or the plan within `jobs/:id`), in topological order.
pub fn read(
    plan: &Value,
    job: &Value,
    given_names: &BTreeMap<String, String>,
    remarks: &mut Remarks,
) -> Result<Vec<Node>, RecordingError> {
    let plan = [plan.get("plan"), Some(plan), job.get("plan")]
        .into_iter()
        .flatten()
        .find(|plan| !list(plan, "nodes").is_empty())
        .ok_or_else(|| {
            wrong(
                "there is no job plan: neither plan.json nor job.json (answers of /jobs/<id>/plan and /jobs/<id>) has nodes",
            )
        })?;
    let nodes = list(plan, "nodes");
    if nodes.len() > VERTICES_MAX {
        return Err(wrong("the plan has too many nodes"));
    }
    let order = topological(nodes)?;
    let position: BTreeMap<String, usize> = order
        .iter()
        .enumerate()
        .filter_map(|(position, node)| Some((text(node, "id")?, position)))
        .collect();
    let described = |node: &Value| node.get("description")?.as_str().map(str::to_owned);
    let descriptions: Vec<String> = nodes.iter().filter_map(described).collect();
    let columns = descriptions.iter().map(String::as_str);
    let processing: BTreeSet<&str> = columns.flat_map(plan_window::processing_columns).collect();
    let mut names: Vec<String> = Vec::new();
    let nodes: Vec<Node> = order
        .into_iter()
        .map(|node| {
            let id = text(node, "id").ok_or_else(|| wrong("a node of the plan has no id"))?;
            let name = given_names.get(&id).map_or_else(
                || short_name(&long_name(&id, node, job)),
                |name| plain_name(name),
            );
            let name = unique(&name, &names);
            names.push(name.clone());
            let parallelism = at(node, &["parallelism"])
                .filter(|p| (1.0..=PARALLELISM_MAX as f64).contains(p))
                .ok_or_else(|| wrong(&format!("vertex `{name}` has no plausible parallelism")))?;
            let inputs = list(node, "inputs")
                .iter()
                .map(|input| {
                    let from = text(input, "id").and_then(|id| position.get(&id).copied());
                    let from = from
                        .ok_or_else(|| wrong(&format!("vertex `{name}` reads an unknown one")))?;
                    Ok((from, exchange(input, &name, remarks)))
                })
                .collect::<Result<_, RecordingError>>()?;
            let parallelism = parallelism as usize;
            Ok(Node {
                max_parallelism: max_parallelism(&id, parallelism, job),
                id,
                name,
                parallelism,
                inputs,
                window: described(node).and_then(|text| plan_window::of(&text, &processing)),
            })
        })
        .collect::<Result<_, RecordingError>>()?;
    Ok(with_possible_exchanges(nodes))
}

/// `maxParallelism` of a vertex of `jobs/:id`: set by hand, or by the job that the state came from.
fn max_parallelism(id: &str, parallelism: usize, job: &Value) -> Option<usize> {
    let vertices = list(job, "vertices").iter();
    let mut of_id = vertices.filter(|vertex| text(vertex, "id").as_deref() == Some(id));
    let given = at(of_id.next()?, &["maxParallelism"])?;
    let plausible = (parallelism as f64..=PARALLELISM_MAX as f64).contains(&given);
    Some(given as usize).filter(|given| plausible && *given != default_max_parallelism(parallelism))
}

/// All records to subtask 0: Flink's `GlobalPartitioner`.
pub const GLOBAL: &str = "global";

/// How records are distributed; what has no word of its own here is a round robin to all, and said.
fn exchange(input: &Value, name: &str, remarks: &mut Remarks) -> &'static str {
    match input.get("ship_strategy").and_then(Value::as_str) {
        // CUSTOM: the job's own partitioner; where its records went is measured.
        Some("HASH" | "CUSTOM") => "hash",
        Some("FORWARD") => "forward",
        Some("RESCALE") => "rescale",
        Some("BROADCAST") => "broadcast",
        Some("GLOBAL") => GLOBAL,
        // SHUFFLE: a random subtask for each record, in the mean the same.
        Some("REBALANCE" | "SHUFFLE") => "rebalance",
        Some(_) | None => {
            remarks.warn(format!(
                "`{name}`: how it is given its records (ship_strategy) is not known here: in turn, as by REBALANCE"
            ));
            "rebalance"
        }
    }
}

/// Only equal numbers of subtasks can be joined one by one.
fn with_possible_exchanges(mut nodes: Vec<Node>) -> Vec<Node> {
    let parallelism: Vec<usize> = nodes.iter().map(|node| node.parallelism).collect();
    for node in &mut nodes {
        for (from, exchange) in &mut node.inputs {
            if *exchange == "forward" && parallelism[*from] != node.parallelism {
                *exchange = "rescale";
            }
        }
    }
    nodes
}

/// Producers before consumers (Flink lists sinks first).
fn topological(nodes: &[Value]) -> Result<Vec<&Value>, RecordingError> {
    let mut order: Vec<&Value> = Vec::new();
    let mut left: Vec<&Value> = nodes.iter().rev().collect();
    while !left.is_empty() {
        let waiting: Vec<String> = left.iter().filter_map(|node| text(node, "id")).collect();
        let (ready, rest): (Vec<&Value>, Vec<&Value>) = left.into_iter().partition(|node| {
            list(node, "inputs")
                .iter()
                .filter_map(|input| text(input, "id"))
                .all(|id| !waiting.contains(&id))
        });
        if ready.is_empty() {
            return Err(wrong("the plan has a circle"));
        }
        order.extend(ready);
        left = rest;
    }
    Ok(order)
}

fn long_name(id: &str, node: &Value, job: &Value) -> String {
    list(job, "vertices")
        .iter()
        .find(|vertex| vertex.get("id").and_then(Value::as_str) == Some(id))
        .and_then(|vertex| text(vertex, "name"))
        .or_else(|| text(node, "description"))
        .unwrap_or_else(|| id.to_owned())
}

/// `Source: orders[158] -> Calc[159]` is `orders`.
fn short_name(long: &str) -> String {
    let first = long.split(" -> ").next().unwrap_or(long);
    let first = first.strip_prefix("Source: ").unwrap_or(first);
    let end = first.find(['[', '(', '<']).filter(|end| *end > 0);
    plain_name(&first[..end.unwrap_or(first.len())])
}

/// Letters and digits, not many, at least one: a name that can stand in a key and in a picture.
pub fn plain_name(name: &str) -> String {
    let name: String = name
        .trim()
        .chars()
        .take(NAME_CHARS_MAX)
        .map(|c| {
            if c.is_alphanumeric() || c == '_' {
                c
            } else {
                '-'
            }
        })
        .collect();
    let name = name.trim_matches('-');
    if name.is_empty() {
        "vertex".to_owned()
    } else {
        name.to_owned()
    }
}

/// The name, or with the first number behind it that makes it another one than those before.
pub fn unique(name: &str, taken_names: &[String]) -> String {
    let taken = |name: &str| taken_names.iter().any(|other| other == name);
    if !taken(name) {
        return name.to_owned();
    }
    (2..=taken_names.len() + 2)
        .map(|n| format!("{name}-{n}"))
        .find(|name| !taken(name))
        .expect("one of more numbers than names is free")
}

fn wrong(why: &str) -> RecordingError {
    RecordingError::Value(why.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn sources_come_first_and_names_are_short_and_unique() {
        let plan = json!({"plan": {"nodes": [
            {"id": "b", "parallelism": 2, "description": "Agg[2]<br/>",
             "inputs": [{"id": "a", "ship_strategy": "HASH"}, {"id": "c", "ship_strategy": "GLOBAL"}]},
            {"id": "a", "parallelism": 1, "description": "Source: Agg[1] -> Calc[3]"},
            {"id": "c", "parallelism": 1, "description": "((("},
        ]}});
        let nodes = read(
            &plan,
            &Value::Null,
            &BTreeMap::new(),
            &mut Remarks::default(),
        )
        .unwrap();
        let names: Vec<&str> = nodes.iter().map(|node| node.name.as_str()).collect();
        assert_eq!(names, ["vertex", "Agg", "Agg-2"]);
        assert_eq!(nodes[2].inputs, [(1, "hash"), (0, GLOBAL)]);
    }

    #[test]
    fn key_groups_are_read_where_flink_s_rule_gives_others() {
        let plan = json!({"nodes": [{"id": "a", "parallelism": 2}, {"id": "b", "parallelism": 2}]});
        let job = json!({"vertices": [{"id": "a", "maxParallelism": 128}, {"id": "b", "maxParallelism": 720}]});
        let nodes = read(&plan, &job, &BTreeMap::new(), &mut Remarks::default()).unwrap();
        let groups: Vec<Option<usize>> = nodes.iter().map(|node| node.max_parallelism).collect();
        // The last of equal ones comes first.
        assert_eq!(groups, [Some(720), None]);
    }

    #[test]
    fn a_circle_is_an_error() {
        let plan = json!({"nodes": [{"id": "a", "parallelism": 1, "inputs": [{"id": "a"}]}]});
        let error = read(
            &plan,
            &Value::Null,
            &BTreeMap::new(),
            &mut Remarks::default(),
        )
        .unwrap_err();
        assert_eq!(error.to_string(), "the plan has a circle");
    }
}
