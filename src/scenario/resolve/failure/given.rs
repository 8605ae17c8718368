//! `[[failure]]`: what fails, when, and how often.

use crate::scenario::cluster::Cluster;
use crate::scenario::failure::{GivenFailure, Target};
use crate::scenario::key_path::KeyPath;
use crate::scenario::keys::failure as file;
use crate::scenario::keys::table::Table;
use crate::scenario::resolve::failure::required;
use crate::scenario::resolve::graph::{NamedBy, no_subtask, vertex_named};
use crate::scenario::resolve::problems::Problems;
use crate::scenario::vertex::Vertex;
use crate::units::SimDuration;

/// A failure at a given time; `None` if it is not known what fails.
pub(super) fn failure(
    table: &file::Failure,
    (vertices, cluster): (&[Vertex], &Cluster),
    path: &KeyPath,
    problems: &mut Problems<'_>,
) -> Option<GivenFailure> {
    let at = required(table.at, &path.key("at"), "a failure", problems);
    let ways = file::Failure::ALTERNATIVES[0];
    problems.said_once(path, ways, "what fails is said");
    if problems.which(path, ways).is_empty() {
        let help = "add `task = { vertex = \"name\", subtask = 0 }`, `taskmanager = 0` or `jobmanager = true`";
        problems.missing(&path.key("task"), "a failure of nothing", help);
    }
    let target = target(table, (vertices, cluster), path, problems);
    let times = table.times;
    if times == 1 && !problems.unreadable_within(&path.key("times")) {
        problems.without_effect(path, &["again-after"], "without `times` above 1");
    }
    Some(GivenFailure {
        at,
        target: target?,
        times,
        again_after: table.again_after.unwrap_or(SimDuration::ZERO),
    })
}

fn target(
    table: &file::Failure,
    (vertices, cluster): (&[Vertex], &Cluster),
    path: &KeyPath,
    problems: &mut Problems<'_>,
) -> Option<Target> {
    if let Some(task) = &table.task {
        return subtask(task, vertices, &path.key("task"), problems);
    }
    if let Some(machine) = table.taskmanager {
        let there = cluster.taskmanagers;
        if machine < there {
            return Some(Target::TaskManager(machine));
        }
        problems
            .error(
                &path.key("taskmanager"),
                format!("there is no TaskManager {machine}"),
            )
            .help(format!(
                "there are {there}, counted from 0; see `cluster.taskmanagers`"
            ));
        return None;
    }
    if table.jobmanager? {
        return Some(Target::JobManager);
    }
    problems
        .error(&path.key("jobmanager"), "`jobmanager` can only be true")
        .help("leave it out if something else fails");
    None
}

fn subtask(
    task: &file::Task,
    vertices: &[Vertex],
    path: &KeyPath,
    problems: &mut Problems<'_>,
) -> Option<Target> {
    let key = path.key("vertex");
    let Some(name) = &task.vertex else {
        let help = "add `vertex = \"name of a vertex\"`";
        problems.missing(&key, "a task without a vertex", help);
        return None;
    };
    let vertex = vertex_named(name, vertices, (&key, NamedBy::Value), problems)?;
    let subtask = task.subtask;
    let parallelism = vertices[vertex].parallelism;
    if subtask >= parallelism as u64 {
        no_subtask(subtask, parallelism, &path.key("subtask"), problems);
        return None;
    }
    Some(Target::Task {
        vertex,
        subtask: subtask as usize,
    })
}
