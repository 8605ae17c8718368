//! `vertex.inputs`: who reads whom, and how keys are shared out.

use crate::scenario::key_groups;
use crate::scenario::key_path::KeyPath;
use crate::scenario::keys::vertex as file;
use crate::scenario::keys::vertex::{ExchangeKind, Input as InputTable};
use crate::scenario::resolve::graph::{NamedBy, no_subtask, vertex_named};
use crate::scenario::resolve::problems::Problems;
use crate::scenario::vertex::{Dealt, Exchange, Input, Vertex, VertexId};

/// More inputs of one vertex than this are no job.
const INPUTS_MAX: usize = 100;

/// Resolves the inputs of all vertices.
pub(super) fn connect(
    tables: &[file::Vertex],
    vertices: &mut [Vertex],
    problems: &mut Problems<'_>,
) {
    for (index, table) in tables.iter().enumerate() {
        let path = KeyPath::top("vertex").index(index).key("inputs");
        // A source with inputs is an error already, and stays a source.
        let given = table
            .inputs
            .as_deref()
            .filter(|_| table.source.is_none())
            .unwrap_or_default();
        if given.len() > INPUTS_MAX {
            problems.error(
                &path,
                format!("{} inputs; at most {INPUTS_MAX} are simulated", given.len()),
            );
        }
        let resolved = given
            .iter()
            .take(INPUTS_MAX)
            .enumerate()
            .filter_map(|(position, input)| {
                let path = path.index(position);
                let from = producer(input, vertices, &path, problems)?;
                let ends = (&vertices[from.0], &vertices[index]);
                let exchange = exchange(input, ends, &path, problems);
                Some(Input {
                    from,
                    exchange,
                    dealt: dealt(input),
                })
            });
        let inputs: Vec<Input> = resolved.collect();
        vertices[index].inputs = inputs;
    }
}

fn producer(
    input: &InputTable,
    vertices: &[Vertex],
    path: &KeyPath,
    problems: &mut Problems<'_>,
) -> Option<VertexId> {
    let Some(name) = &input.from else {
        problems.missing(
            &path.key("from"),
            "an input without a producer",
            "add `from = \"name of a vertex\"`",
        );
        return None;
    };
    let by = (&path.key("from"), NamedBy::Value);
    vertex_named(name, vertices, by, problems).map(VertexId)
}

fn exchange(
    input: &InputTable,
    (producer, consumer): (&Vertex, &Vertex),
    path: &KeyPath,
    problems: &mut Problems<'_>,
) -> Exchange {
    let kind = input.exchange;
    let given = [
        ("skew", input.skew.is_some()),
        ("zipf", input.zipf.is_some()),
        ("shares", input.shares.is_some()),
    ];
    let given: Vec<&str> = given
        .into_iter()
        .filter_map(|(key, given)| given.then_some(key))
        .collect();
    if kind != ExchangeKind::Hash {
        for key in &given {
            problems
                .key_error(&path.key(key), format!("only a hash exchange has `{key}`"))
                .help("use `exchange = \"hash\"`, or `slow` for a subtask that works more slowly");
        }
    } else if let [_, second, ..] = given.as_slice() {
        let message = format!(
            "`{}` exclude each other: give one of them",
            given.join("` and `")
        );
        problems.key_error(&path.key(second), message);
    }
    match kind {
        ExchangeKind::Hash => Exchange::Hash {
            shares: shares(input, consumer, path, problems),
        },
        ExchangeKind::Rebalance => Exchange::Rebalance,
        ExchangeKind::Rescale => Exchange::Rescale,
        ExchangeKind::Broadcast => Exchange::Broadcast,
        ExchangeKind::Forward => {
            let (producers, consumers) = (producer.parallelism, consumer.parallelism);
            if producers != consumers {
                problems
                    .error(
                        &path.key("exchange"),
                        format!("forward needs equal parallelism, not {producers} and {consumers}"),
                    )
                    .help("use \"rescale\" or \"rebalance\", or make them equal");
            }
            Exchange::Forward
        }
    }
}

/// What the shares of a hash exchange follow from, if that was said.
fn dealt(input: &InputTable) -> Option<Dealt> {
    let hot = || {
        let skew = input.skew.as_ref()?;
        Some(Dealt::Hot {
            subtask: usize::try_from(skew.subtask).ok()?,
            share: skew.share?,
        })
    };
    input.zipf.map(Dealt::Zipf).or_else(hot)
}

fn shares(
    input: &InputTable,
    consumer: &Vertex,
    path: &KeyPath,
    problems: &mut Problems<'_>,
) -> Vec<f64> {
    let (parallelism, groups) = (consumer.parallelism, consumer.key_groups);
    let equal = vec![1.0 / parallelism as f64; parallelism];
    if let Some(given) = &input.shares {
        return given_shares(given, equal, &path.key("shares"), problems);
    }
    if let Some(exponent) = input.zipf {
        if exponent > 10.0 {
            problems.error(&path.key("zipf"), "`zipf` must be at most 10");
            return equal;
        }
        return Dealt::Zipf(exponent).shares(parallelism, groups);
    }
    let Some(skew) = &input.skew else {
        return key_groups::shares(parallelism, groups);
    };
    let path = path.key("skew");
    let Some(share) = skew.share else {
        problems.missing(
            &path.key("share"),
            "a skew without a share",
            "add for example `share = \"30 %\"`",
        );
        return equal;
    };
    if share > 1.0 {
        problems
            .error(&path.key("share"), "a share is at most 100 %")
            .help("it is this subtask's part of all records, such as \"30 %\"");
        return equal;
    }
    let subtask = skew.subtask;
    let Some(hot) = usize::try_from(subtask)
        .ok()
        .filter(|hot| *hot < parallelism)
    else {
        no_subtask(subtask, parallelism, &path, problems);
        return equal;
    };
    Dealt::Hot {
        subtask: hot,
        share,
    }
    .shares(parallelism, groups)
}

/// Shares as they were given, if there is one for each subtask and they sum to 1.
pub(super) fn given_shares(
    given: &[f64],
    equal: Vec<f64>,
    path: &KeyPath,
    problems: &mut Problems<'_>,
) -> Vec<f64> {
    if given.len() != equal.len() {
        problems.error(
            path,
            format!("{} shares for {} subtasks", given.len(), equal.len()),
        );
        return equal;
    }
    let shares: Vec<f64> = given.to_vec();
    let sum: f64 = shares.iter().sum();
    if (sum - 1.0).abs() > 1e-3 {
        problems.error(path, format!("the shares sum to {sum}, not to 1"));
        return equal;
    }
    // Shares that were rounded by hand are stretched; those that were computed stay as they are, bit by bit.
    if (sum - 1.0).abs() > 1e-9 {
        return shares.iter().map(|share| share / sum).collect();
    }
    shares
}
