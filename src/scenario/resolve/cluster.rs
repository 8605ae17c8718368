//! `[cluster]`: machines, slots, the commit of the pointer to a completed checkpoint.

use crate::scenario::cluster::{Cluster, Commit, Gc};
use crate::scenario::key_path::KeyPath;
use crate::scenario::keys::cluster as file;
use crate::scenario::keys::flink::SLOTS;
use crate::scenario::resolve::options::{FlinkOptions, FlinkVersion};
use crate::scenario::resolve::problems::Problems;
use crate::scenario::resolve::service::{LawTable, law};
use crate::scenario::vertex::Vertex;
use crate::units::SimDuration;

/// Since this version all channels of a subtask are in one state handle.
const MERGED_CHANNEL_HANDLES: FlinkVersion = FlinkVersion { major: 2, minor: 1 };

/// Slower clusters than that lose their heartbeats.
const CONTROL_PLANE_MAX: f64 = 1000.0;

/// `[cluster]`; without `slots`, as many as the job needs.
pub(super) fn cluster(
    (table, version): (&file::Cluster, FlinkVersion),
    options: &FlinkOptions,
    vertices: &[Vertex],
    problems: &mut Problems<'_>,
) -> Cluster {
    let taskmanagers = table.taskmanagers;
    let slots = slots(table.slots, options, (vertices, taskmanagers), problems);
    check_placements(vertices, taskmanagers, slots, problems);
    Cluster {
        taskmanagers,
        slots,
        placement: table.placement,
        cores: cores(table.cores, problems),
        gc: table.gc.as_ref().and_then(|table| gc(table, problems)),
        link: table.link,
        latency: table.latency,
        flush_per_mb: table.flush_per_mb,
        control_plane_factor: control_plane(table.control_plane_factor, problems),
        heap: table.heap,
        jobmanager_per_ack: table.jobmanager_per_ack,
        jobmanager_per_handle: table.jobmanager_per_handle,
        jobmanager_per_channel: table.jobmanager_per_channel.unwrap_or({
            // FLINK-33734: one handle for all channels of a subtask.
            if version < MERGED_CHANNEL_HANDLES {
                table.jobmanager_per_handle
            } else {
                SimDuration::ZERO
            }
        }),
        commit: table
            .commit
            .as_ref()
            .map_or(Commit::None, |table| commit(table, problems)),
    }
}

fn cores(given: Option<f64>, problems: &mut Problems<'_>) -> Option<f64> {
    let cores = given?;
    if cores < 0.01 {
        let path = KeyPath::top("cluster").key("cores");
        problems.error(&path, "a TaskManager has at least 0.01 processors");
    }
    Some(cores.max(0.01))
}

fn control_plane(given: Option<f64>, problems: &mut Problems<'_>) -> Option<f64> {
    if given.is_some_and(|factor| factor > CONTROL_PLANE_MAX) {
        let path = KeyPath::top("cluster").key("control-plane-factor");
        problems.error(&path, "a message takes at most 1000 times longer");
    }
    given.map(|factor| factor.min(CONTROL_PLANE_MAX))
}

fn gc(table: &file::Gc, problems: &mut Problems<'_>) -> Option<Gc> {
    let path = KeyPath::top("cluster").key("gc");
    let help = "add for example `every = \"10 s\", pause = \"200 ms\"`";
    for (key, given) in [("every", table.every), ("pause", table.pause)] {
        if given.is_none() {
            problems.missing(&path.key(key), format!("`gc` without `{key}`"), help);
        }
    }
    let (every, pause) = (table.every?, table.pause?);
    if pause >= every {
        let path = path.key("pause");
        problems.error(&path, "a collection is over before the next one begins");
    }
    Some(Gc { every, pause })
}

/// Slots of one TaskManager; together they must hold the vertex with the highest parallelism.
fn slots(
    given: Option<usize>,
    options: &FlinkOptions,
    (vertices, taskmanagers): (&[Vertex], usize),
    problems: &mut Problems<'_>,
) -> usize {
    let key = KeyPath::top("cluster").key("slots");
    let needed = vertices
        .iter()
        .map(|vertex| vertex.parallelism)
        .max()
        .unwrap_or(1);
    let enough = needed.div_ceil(taskmanagers).max(most_on_one(vertices));
    let (slots, path) = match given {
        None if options.has(&SLOTS) && !problems.given(&key) => (
            options.given(&SLOTS, problems).unwrap_or(enough),
            options.path(&SLOTS),
        ),
        _ => (given.unwrap_or(enough), key),
    };
    if taskmanagers.saturating_mul(slots) < needed {
        problems
            .error(
                &path,
                format!("not enough slots: {taskmanagers} x {slots} for a parallelism of {needed}"),
            )
            .help(format!(
                "{taskmanagers} TaskManagers need {enough} slots each"
            ));
    }
    slots
}

/// The largest number of subtasks of one vertex that are prescribed for one TaskManager.
fn most_on_one(vertices: &[Vertex]) -> usize {
    let prescribed = vertices
        .iter()
        .filter_map(|vertex| vertex.placement.as_ref());
    let most = prescribed.map(|placement| {
        let mut sorted = placement.clone();
        sorted.sort_unstable();
        sorted
            .chunk_by(|a, b| a == b)
            .map(<[usize]>::len)
            .max()
            .unwrap_or(0)
    });
    most.max().unwrap_or(0)
}

/// Each slot holds at most one subtask of a vertex (slot sharing).
fn check_placements(
    vertices: &[Vertex],
    taskmanagers: usize,
    slots: usize,
    problems: &mut Problems<'_>,
) {
    for (index, vertex) in vertices.iter().enumerate() {
        let Some(placement) = &vertex.placement else {
            continue;
        };
        let path = KeyPath::top("vertex").index(index).key("placement");
        if let Some(wrong) = placement.iter().find(|machine| **machine >= taskmanagers) {
            problems
                .error(&path, format!("there is no TaskManager {wrong}"))
                .help(format!(
                    "there are {taskmanagers}, counted from 0; see `cluster.taskmanagers`"
                ));
        } else if most_on_one(std::slice::from_ref(vertex)) > slots {
            problems.error(
                &path,
                format!(
                    "`{}` has more subtasks on one TaskManager than its {slots} slots",
                    vertex.name
                ),
            );
        }
    }
}

fn commit(table: &file::Commit, problems: &mut Problems<'_>) -> Commit {
    let path = KeyPath::top("cluster").key("commit");
    let replicas = table.replicas;
    let shape = LawTable {
        distribution: table.distribution,
        sigma: table.sigma,
        cv: table.cv,
        spread: table.spread,
    };
    Commit::Quorum {
        replicas,
        quorum: quorum(table.quorum, replicas, problems),
        round_trip: table.round_trip,
        law: law(&shape, &path, problems),
    }
}

/// Answers that are needed: at most as many as there are replicas.
fn quorum(given: Option<u64>, replicas: usize, problems: &mut Problems<'_>) -> usize {
    let majority = replicas / 2 + 1;
    let path = KeyPath::top("cluster").key("commit").key("quorum");
    match given {
        None => majority,
        Some(0) => {
            problems
                .error(&path, format!("`{path}` must be at least 1"))
                .help(format!("write a whole number from 1 to {replicas}"));
            majority
        }
        Some(quorum) if quorum > replicas as u64 => {
            problems.error(&path, format!("`{path}` must be at most {replicas}"));
            majority
        }
        Some(quorum) => quorum as usize,
    }
}
