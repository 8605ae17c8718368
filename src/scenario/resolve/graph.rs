//! The job graph as a whole: names, cycles, sources.

use crate::scenario::diagnostic::meant;
use crate::scenario::key_path::KeyPath;
use crate::scenario::keys::vertex as file;
use crate::scenario::resolve::problems::Problems;
use crate::scenario::vertex::Vertex;

/// Every vertex has a name of its own.
pub(super) fn check_names(tables: &[file::Vertex], problems: &mut Problems<'_>) {
    for (index, table) in tables.iter().enumerate() {
        let path = KeyPath::top("vertex").index(index).key("name");
        let Some(name) = table.name.as_deref().filter(|name| !name.trim().is_empty()) else {
            problems.missing(
                &path,
                "a vertex without a name",
                "add for example `name = \"join\"`",
            );
            continue;
        };
        let first = tables[..index]
            .iter()
            .position(|other| other.name.as_deref() == Some(name));
        if first.is_some() {
            problems
                .error(&path, format!("two vertices are called `{name}`"))
                .label("second one")
                .help("inputs name a vertex: give one of the two another name");
        }
    }
}

/// What refers to a vertex by its name.
#[derive(Clone, Copy)]
pub(super) enum NamedBy {
    Key,
    Value,
}

/// The index of a vertex that the key or the value at `path` names.
pub(super) fn vertex_named(
    name: &str,
    vertices: &[Vertex],
    (path, by): (&KeyPath, NamedBy),
    problems: &mut Problems<'_>,
) -> Option<usize> {
    let found = vertices.iter().position(|vertex| vertex.name == name);
    // A vertex whose name could not be read may be the one that is meant.
    if found.is_none() && !problems.unreadable_within(&KeyPath::top("vertex")) {
        let names: Vec<&str> = vertices
            .iter()
            .map(|vertex| vertex.name.as_str())
            .filter(|name| !name.is_empty())
            .collect();
        let message = format!("there is no vertex `{name}`");
        let mut error = match by {
            NamedBy::Key => problems.key_error(path, message),
            NamedBy::Value => problems.error(path, message),
        };
        if let Some(help) = meant(name, &names, "vertices are") {
            error.help(help);
        }
    }
    found
}

/// There is no such subtask.
pub(super) fn no_subtask(
    subtask: u64,
    parallelism: usize,
    path: &KeyPath,
    problems: &mut Problems<'_>,
) {
    problems
        .error(path, format!("there is no subtask {subtask}"))
        .help(format!("there are {parallelism}, counted from 0"));
}

/// Something must come in.
pub(super) fn check_sources(vertices: &[Vertex], problems: &mut Problems<'_>) {
    let root = KeyPath::top("vertex");
    if !vertices.is_empty()
        && !vertices.iter().any(Vertex::is_source)
        && !problems.unreadable_within(&root)
    {
        problems
            .key_error(&root.index(0), "no vertex is a source")
            .help("add a vertex with `source = { rate = \"50000/s\" }`");
    }
}

/// Indices so that producers come before consumers; else the vertices of one cycle, in the order of the flow.
pub fn topological(vertices: &[Vertex]) -> Result<Vec<usize>, Vec<usize>> {
    let mut waiting: Vec<usize> = vertices.iter().map(|vertex| vertex.inputs.len()).collect();
    let mut order: Vec<usize> = (0..vertices.len())
        .filter(|index| waiting[*index] == 0)
        .collect();
    let mut next = 0;
    while let Some(done) = order.get(next).copied() {
        next += 1;
        for (consumer, vertex) in vertices.iter().enumerate() {
            let edges = vertex
                .inputs
                .iter()
                .filter(|input| input.from.0 == done)
                .count();
            if edges > 0 {
                waiting[consumer] -= edges;
                if waiting[consumer] == 0 {
                    order.push(consumer);
                }
            }
        }
    }
    if order.len() == vertices.len() {
        return Ok(order);
    }
    let stuck = waiting.iter().position(|count| *count > 0).unwrap_or(0);
    Err(cycle(vertices, &waiting, stuck))
}

/// Follows unfinished producers backwards until one comes twice.
fn cycle(vertices: &[Vertex], waiting: &[usize], start: usize) -> Vec<usize> {
    let mut way = vec![start];
    loop {
        let last = way[way.len() - 1];
        let producer = vertices[last]
            .inputs
            .iter()
            .map(|input| input.from.0)
            .find(|from| waiting[*from] > 0);
        let Some(producer) = producer else { return way };
        if let Some(first) = way.iter().position(|index| *index == producer) {
            let mut cycle = way.split_off(first);
            cycle.reverse();
            return cycle;
        }
        way.push(producer);
    }
}

/// A dataflow of Flink has no cycles.
pub(super) fn report_cycle(vertices: &[Vertex], cycle: &[usize], problems: &mut Problems<'_>) {
    let Some(first) = cycle.first() else { return };
    let mut names: Vec<&str> = cycle
        .iter()
        .map(|index| vertices[*index].name.as_str())
        .collect();
    names.push(&vertices[*first].name);
    let path = KeyPath::top("vertex").index(*first).key("inputs");
    problems
        .error(
            &path,
            format!("the graph has a cycle: {}", names.join(" -> ")),
        )
        .help("data runs from sources to sinks: take one of these inputs out");
}
