//! `[cluster]`: machines, slots, the commit of the pointer to a completed checkpoint.

use crate::scenario::cluster::{Cluster, Commit, Placement};
use crate::scenario::file::cluster::{self as file, PlacementKind};
use crate::scenario::file::vertex::Distribution;
use crate::scenario::key_path::KeyPath;
use crate::scenario::resolve::count;
use crate::scenario::resolve::options::FlinkOptions;
use crate::scenario::resolve::problems::Problems;
use crate::scenario::resolve::service::{LawTable, law};
use crate::scenario::vertex::Vertex;
use crate::units::SimDuration;

/// More machines than this are a slip of the pen.
const TASKMANAGERS_MAX: u64 = 100_000;

/// `[cluster]`; without `slots`, as many as the job needs.
pub(super) fn cluster(
    table: Option<&file::Cluster>,
    options: &FlinkOptions,
    vertices: &[Vertex],
    problems: &mut Problems<'_>,
) -> Cluster {
    let path = KeyPath::top("cluster");
    let default = Cluster::default();
    let table = table.cloned().unwrap_or_default();
    let taskmanagers = count(
        table.taskmanagers,
        1,
        (1, TASKMANAGERS_MAX),
        &path.key("taskmanagers"),
        problems,
    );
    let needed = vertices
        .iter()
        .map(|vertex| vertex.parallelism)
        .max()
        .unwrap_or(1) as u64;
    let enough = needed.div_ceil(taskmanagers).max(most_on_one(vertices));
    let option = "taskmanager.numberOfTaskSlots";
    let slots = match table.slots {
        Some(_) => count(
            table.slots,
            enough,
            (1, 100_000),
            &path.key("slots"),
            problems,
        ),
        None => options.integer(option, enough, (1, 100_000), problems),
    };
    let slots_path = if table.slots.is_none() && options.has(option) {
        options.path(option)
    } else {
        path.key("slots")
    };
    if taskmanagers.saturating_mul(slots) < needed {
        problems
            .error(
                &slots_path,
                format!("not enough slots: {taskmanagers} x {slots} for a parallelism of {needed}"),
            )
            .help(format!(
                "{taskmanagers} TaskManagers need {enough} slots each"
            ));
    }
    check_placements(vertices, taskmanagers, slots, problems);
    let latency = table.latency.map_or(default.latency, |text| text.0);
    if latency > SimDuration::from_secs(60) {
        problems.error(
            &path.key("latency"),
            "`cluster.latency` must be at most 1 min",
        );
    }
    Cluster {
        taskmanagers: taskmanagers as usize,
        slots: slots as usize,
        placement: match table.placement {
            Some(PlacementKind::Fill) => Placement::Fill,
            Some(PlacementKind::Spread) | None => Placement::Spread,
        },
        link: table.link.map(|text| text.0),
        latency,
        heap: table.heap.map(|text| text.0),
        commit: table
            .commit
            .as_ref()
            .map_or(Commit::None, |table| commit(table, problems)),
    }
}

/// The largest number of subtasks of one vertex that are prescribed for one TaskManager.
fn most_on_one(vertices: &[Vertex]) -> u64 {
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
    most.max().unwrap_or(0) as u64
}

/// Each slot holds at most one subtask of a vertex (slot sharing).
fn check_placements(
    vertices: &[Vertex],
    taskmanagers: u64,
    slots: u64,
    problems: &mut Problems<'_>,
) {
    for (index, vertex) in vertices.iter().enumerate() {
        let Some(placement) = &vertex.placement else {
            continue;
        };
        let path = KeyPath::top("vertex").index(index).key("placement");
        if let Some(wrong) = placement
            .iter()
            .find(|machine| **machine as u64 >= taskmanagers)
        {
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
    let replicas = count(
        table.replicas,
        3,
        (1, 1_000),
        &path.key("replicas"),
        problems,
    );
    let quorum = count(
        table.quorum,
        replicas / 2 + 1,
        (1, replicas),
        &path.key("quorum"),
        problems,
    );
    let shape = LawTable {
        distribution: table.distribution.unwrap_or(Distribution::Exponential),
        sigma: table.sigma,
        cv: table.cv,
        spread: table.spread,
    };
    Commit::Quorum {
        replicas: replicas as usize,
        quorum: quorum as usize,
        round_trip: table
            .round_trip
            .map_or(SimDuration::from_millis(5), |text| text.0),
        law: law(&shape, &path, problems),
    }
}
