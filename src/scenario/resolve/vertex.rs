//! `[[vertex]]`: names, subtasks, service times, state.

use crate::scenario::flink::Backend;
use crate::scenario::key_groups::default_max_parallelism;
use crate::scenario::key_path::KeyPath;
use crate::scenario::keys::File;
use crate::scenario::keys::flink::{MAX_PARALLELISM, PARALLELISM};
use crate::scenario::keys::vertex as file;
use crate::scenario::resolve::options::FlinkOptions;
use crate::scenario::resolve::problems::Problems;
use crate::scenario::resolve::{exchange, graph, service, source, state, timers};
use crate::scenario::vertex::{Operator, Reading, Service, State, Vertex, VertexKind};
use crate::units::Bytes;

/// Bytes of a source's record if none are given; chosen.
pub(crate) const RECORD_DEFAULT: Bytes = Bytes::new(100);

/// More vertices than this are no job.
const VERTICES_MAX: usize = 2_000;

/// What the job graph depends on.
pub(super) struct Given<'g> {
    pub(super) file: &'g File,
    pub(super) options: &'g FlinkOptions,
    pub(super) backend: Backend,
    /// `pipeline.max-parallelism`, if given.
    pub(super) max_parallelism: Option<u32>,
    /// `simulation.max-subtasks`.
    pub(super) subtasks_max: usize,
}

/// The job graph. Inputs that cannot be resolved are left out after being reported.
pub(super) fn vertices(given: &Given<'_>, problems: &mut Problems<'_>) -> Vec<Vertex> {
    let tables = given.file.vertex.as_deref().unwrap_or_default();
    let root = KeyPath::top("vertex");
    if tables.is_empty() {
        let help = "add [[vertex]] with `name` and `source`, and others with `inputs`";
        problems.missing(&root, "a scenario without a vertex", help);
    }
    if tables.len() > VERTICES_MAX {
        problems.key_error(
            &root,
            format!(
                "{} vertices; at most {VERTICES_MAX} are simulated",
                tables.len()
            ),
        );
        return Vec::new();
    }
    let parallelism = parallelism(tables, given, problems);
    let tables_with_parallelism = tables.iter().zip(parallelism).enumerate();
    let mut vertices: Vec<Vertex> = tables_with_parallelism
        .map(|(index, (table, parallelism))| {
            vertex(table, parallelism, given, &root.index(index), problems)
        })
        .collect();
    graph::check_names(tables, problems);
    exchange::connect(tables, &mut vertices, problems);
    graph::check_sources(&vertices, problems);
    match graph::topological(&vertices) {
        Ok(order) => records(tables, &order, &mut vertices, problems),
        Err(cycle) => graph::report_cycle(&vertices, &cycle, problems),
    }
    vertices
}

/// The parallelism of every vertex. All are 1 if they are too many, so that no memory is taken for them.
fn parallelism(
    tables: &[file::Vertex],
    given: &Given<'_>,
    problems: &mut Problems<'_>,
) -> Vec<usize> {
    let root = KeyPath::top("vertex");
    let default = given.options.of(&PARALLELISM, problems);
    let each = tables.iter();
    let parallelism: Vec<usize> = each
        .map(|table| table.parallelism.unwrap_or(default))
        .collect();
    let subtasks: usize = parallelism.iter().sum();
    let limit = given.subtasks_max;
    if subtasks <= limit {
        return parallelism;
    }
    problems
        .key_error(
            &root,
            format!("{subtasks} subtasks are more than the limit of {limit}"),
        )
        .help("raise `simulation.max-subtasks` if you have time and memory");
    vec![1; tables.len()]
}

fn vertex(
    table: &file::Vertex,
    parallelism: usize,
    given: &Given<'_>,
    path: &KeyPath,
    problems: &mut Problems<'_>,
) -> Vertex {
    let service = service::service(table.service.as_ref(), &path.key("service"), problems);
    let work = work(table, (&service, parallelism), path, problems);
    let (timers, expiry) = timers::timers(table, path, problems);
    Vertex {
        name: table.name.clone().unwrap_or_default(),
        parallelism,
        max_parallelism: table.max_parallelism,
        key_groups: key_groups(table, parallelism, given, path, problems),
        work,
        service,
        slowness: slowness(table, parallelism, path, problems),
        record: RECORD_DEFAULT,
        state: table.state.as_ref().map(|table| {
            let state = state::state(table, given.backend, &path.key("state"), problems);
            State { expiry, ..state }
        }),
        pre_barrier: table.pre_barrier,
        blocking: table.blocking.unwrap_or(false),
        sync_extra: table.sync_extra,
        timers,
        sink: table.sink.clone(),
        placement: placement(table, parallelism, path, problems),
        inputs: Vec::new(),
    }
}

fn key_groups(
    table: &file::Vertex,
    parallelism: usize,
    given: &Given<'_>,
    path: &KeyPath,
    problems: &mut Problems<'_>,
) -> usize {
    let default = default_max_parallelism(parallelism);
    let Some(groups) = table.max_parallelism.or(given.max_parallelism) else {
        return default;
    };
    let groups = groups as usize;
    if groups >= parallelism {
        return groups;
    }
    let (path, name) = if table.max_parallelism.is_some() {
        (path.key("max-parallelism"), "max-parallelism")
    } else {
        (given.options.path(&MAX_PARALLELISM), MAX_PARALLELISM.key)
    };
    problems
        .error(
            &path,
            format!(
                "a parallelism of {parallelism} needs as many key groups, `{name}` has {groups}"
            ),
        )
        .help("Flink does not start such a job: raise it, or lower the parallelism");
    default
}

fn work(
    table: &file::Vertex,
    (service, parallelism): (&Service, usize),
    path: &KeyPath,
    problems: &mut Problems<'_>,
) -> VertexKind {
    let operator = Operator {
        selectivity: table.selectivity.unwrap_or(1.0),
        reading: table.reading.unwrap_or(Reading::Union),
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
            VertexKind::Operator(operator)
        }
        Some(given) => {
            if table.inputs.is_some() {
                problems
                    .key_error(&path.key("inputs"), "a source has no inputs")
                    .help("a vertex has either `source` or `inputs`");
            }
            for key in problems.which(
                path,
                &["selectivity", "reading", "window", "timers", "sink"],
            ) {
                problems.key_error(&path.key(key), format!("a source has no `{key}`"));
            }
            if given.record.is_some() && table.record.is_some() {
                problems.key_error(&path.key("record"), "`record` is given twice");
            }
            let path = path.key("source");
            VertexKind::Source(source::source(
                given,
                (service, parallelism),
                &path,
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
        for (index, (slot, factor)) in factors.iter_mut().zip(given).enumerate() {
            check_factor(*factor, &path.index(index), problems);
            *slot = *factor;
        }
        return factors;
    }
    let slow = table.slow.as_deref().unwrap_or_default();
    let path = path.key("slow");
    for entry in slow {
        let (subtask, factor) = (entry.subtask, entry.factor);
        check_factor(factor, &path, problems);
        match factors.get_mut(usize::try_from(subtask).unwrap_or(usize::MAX)) {
            Some(normal) => *normal = factor,
            None => graph::no_subtask(subtask, parallelism, &path, problems),
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
    Some(given.clone())
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
        let size = table.record.or(of_source).unwrap_or(inherited);
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
