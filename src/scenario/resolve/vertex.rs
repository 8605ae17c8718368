//! `[[vertex]]`: names, subtasks, service times, state.

use crate::scenario::file::File;
use crate::scenario::file::quantity::{Count, Number};
use crate::scenario::file::vertex::{self as file, ReadingKind};
use crate::scenario::flink::Backend;
use crate::scenario::key_path::KeyPath;
use crate::scenario::resolve::options::FlinkOptions;
use crate::scenario::resolve::problems::Problems;
use crate::scenario::resolve::{count, exchange, graph, service, source, state};
use crate::scenario::vertex::{Operator, Reading, Service, Vertex, Work};
use crate::units::{Bytes, SimDuration};

/// Flink's largest parallelism (`KeyGroupRangeAssignment.UPPER_BOUND_MAX_PARALLELISM`).
const PARALLELISM_MAX: u64 = 32_768;
/// Bytes of a source's record if none are given; chosen.
pub(crate) const RECORD_DEFAULT: Bytes = Bytes::new(100);

/// The job graph. Inputs that cannot be resolved are left out after being reported.
pub(super) fn vertices(
    file: &File,
    options: &FlinkOptions,
    backend: Backend,
    problems: &mut Problems<'_>,
) -> Vec<Vertex> {
    let tables = file.vertex.as_deref().unwrap_or_default();
    let root = KeyPath::top("vertex");
    if tables.is_empty() {
        let help = "add [[vertex]] with `name` and `source`, and others with `inputs`";
        problems.missing(&root, "a scenario without a vertex", help);
    }
    let parallelism_default =
        options.integer("parallelism.default", 1, (1, PARALLELISM_MAX), problems);
    let mut vertices: Vec<Vertex> = tables
        .iter()
        .enumerate()
        .map(|(index, table)| {
            let path = root.index(index);
            let limits = (1, PARALLELISM_MAX);
            let key = path.key("parallelism");
            let parallelism = count(
                table.parallelism,
                parallelism_default,
                limits,
                &key,
                problems,
            ) as usize;
            vertex(table, parallelism, backend, &path, problems)
        })
        .collect();
    graph::check_names(tables, problems);
    exchange::connect(tables, &mut vertices, problems);
    graph::check_sources(&vertices, problems);
    let order = graph::topological(&vertices);
    match order {
        Ok(order) => records(tables, &order, &mut vertices, problems),
        Err(cycle) => graph::report_cycle(&vertices, &cycle, problems),
    }
    vertices
}

fn vertex(
    table: &file::Vertex,
    parallelism: usize,
    backend: Backend,
    path: &KeyPath,
    problems: &mut Problems<'_>,
) -> Vertex {
    let service = service::service(table.service.as_ref(), &path.key("service"), problems);
    let work = work(table, &service, path, problems);
    Vertex {
        name: table.name.clone().unwrap_or_default(),
        parallelism,
        work,
        service,
        slowness: slowness(table, parallelism, path, problems),
        record: RECORD_DEFAULT,
        state: table
            .state
            .as_ref()
            .map(|state| state::state(state, backend, &path.key("state"), problems)),
        sync_extra: table.sync_extra.map_or(SimDuration::ZERO, |text| text.0),
        placement: placement(table, parallelism, path, problems),
        inputs: Vec::new(),
    }
}

fn work(
    table: &file::Vertex,
    service: &Service,
    path: &KeyPath,
    problems: &mut Problems<'_>,
) -> Work {
    let operator = Operator {
        selectivity: table.selectivity.map_or(1.0, |number| number.0),
        reading: match table.reading {
            Some(ReadingKind::Alternating) => Reading::Alternating,
            Some(ReadingKind::Union) | None => Reading::Union,
        },
    };
    let has_inputs = table
        .inputs
        .as_ref()
        .is_some_and(|inputs| !inputs.is_empty());
    match &table.source {
        None => {
            if !has_inputs && !problems.unreadable_within(path) {
                problems
                    .key_error(path, "a vertex needs `source` or `inputs`")
                    .help("add `source = { rate = \"50000/s\" }` or `inputs = [\"name of another vertex\"]`");
            }
            Work::Operator(operator)
        }
        Some(given) => {
            if table.inputs.is_some() {
                problems
                    .key_error(&path.key("inputs"), "a source has no inputs")
                    .help("a vertex has either `source` or `inputs`");
            }
            let given_keys = [
                ("selectivity", table.selectivity.is_some()),
                ("reading", table.reading.is_some()),
            ];
            for (key, _) in given_keys.iter().filter(|(_, given)| *given) {
                problems.key_error(&path.key(key), format!("a source has no `{key}`"));
            }
            if given.record.is_some() && table.record.is_some() {
                problems.key_error(&path.key("record"), "`record` is given twice");
            }
            Work::Source(source::source(
                given,
                service,
                &path.key("source"),
                problems,
            ))
        }
    }
}

fn slowness(
    table: &file::Vertex,
    parallelism: usize,
    path: &KeyPath,
    problems: &mut Problems<'_>,
) -> Vec<f64> {
    let mut factors = vec![1.0; parallelism];
    if let Some(given) = &table.slowness {
        let path = path.key("slowness");
        if table.slow.is_some() {
            problems.key_error(
                &path,
                "`slow` and `slowness` say the same thing: give one of them",
            );
        }
        if given.len() != parallelism {
            problems.error(
                &path,
                format!("{} factors for {parallelism} subtasks", given.len()),
            );
        }
        for (index, (slot, Number(factor))) in factors.iter_mut().zip(given).enumerate() {
            check_factor(*factor, &path.index(index), problems);
            *slot = *factor;
        }
        return factors;
    }
    let slow = table
        .slow
        .as_ref()
        .map(|list| list.0.as_slice())
        .unwrap_or_default();
    let path = path.key("slow");
    for entry in slow {
        let subtask = entry.subtask.map_or(0, |subtask| subtask.0);
        let factor = entry.factor.map_or(2.0, |factor| factor.0);
        check_factor(factor, &path, problems);
        match factors.get_mut(usize::try_from(subtask).unwrap_or(usize::MAX)) {
            Some(normal) => *normal = factor,
            None => no_subtask(subtask, parallelism, &path, problems),
        }
    }
    factors
}

fn check_factor(factor: f64, path: &KeyPath, problems: &mut Problems<'_>) {
    if !(0.001..=1e6).contains(&factor) {
        problems.error(
            path,
            format!("a factor of {factor} on the service time; allowed are 0.001 to 1000000"),
        );
    }
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

fn placement(
    table: &file::Vertex,
    parallelism: usize,
    path: &KeyPath,
    problems: &mut Problems<'_>,
) -> Option<Vec<usize>> {
    let given = table.placement.as_ref()?;
    if given.len() != parallelism {
        let message = format!("{} TaskManagers for {parallelism} subtasks", given.len());
        problems.error(&path.key("placement"), message);
    }
    let machines = given
        .iter()
        .map(|Count(machine)| usize::try_from(*machine).unwrap_or(usize::MAX));
    Some(machines.collect())
}

/// Record sizes: what is given, else that of the first input.
fn records(
    tables: &[file::Vertex],
    order: &[usize],
    vertices: &mut [Vertex],
    problems: &mut Problems<'_>,
) {
    for index in order.iter().copied() {
        let (table, path) = (&tables[index], KeyPath::top("vertex").index(index));
        let inherited = vertices[index]
            .inputs
            .first()
            .map_or(RECORD_DEFAULT, |input| vertices[input.from.0].record);
        let of_source = table.source.as_ref().and_then(|source| source.record);
        let size = table.record.or(of_source).map_or(inherited, |text| text.0);
        if size == Bytes::ZERO || size > Bytes::from_mib(1024) {
            let key = if table.record.is_some() {
                path.key("record")
            } else {
                path.key("source").key("record")
            };
            problems.error(&key, "a record has between 1 B and 1 GiB");
        }
        vertices[index].record = size;
    }
}
