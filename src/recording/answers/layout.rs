//! Where answers stand: this program's own directories, the `web.tmpdir` of a history server, archives of jobs.
//!
//! A history server keeps Flink's addresses as paths: `jobs/<id>/checkpoints/details/3.json`; an archive is one file with
//! a list of paths and answers. Answers under other names are known by what stands in them.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::recording::answers::files::Files;
use crate::recording::answers::number::{list, text};
use crate::recording::file::RecordingError;

/// Answers by path (without `.json`) as [`Files`]; `wanted` chooses a job by its id, if there are several.
///
/// # Errors
/// If there are answers of several jobs and none is chosen.
pub fn files(read: Vec<(String, Value)>, wanted: Option<&str>) -> Result<Files, RecordingError> {
    let (archives, mut paths): (Vec<_>, Vec<_>) =
        read.into_iter().partition(|(_, answer)| is_archive(answer));
    for (_, archive) in &archives {
        paths.extend(unpacked(archive));
    }
    let jobs: BTreeSet<String> = paths.iter().filter_map(|(path, _)| job_of(path)).collect();
    let job = chosen(&jobs, wanted)?;
    let mut files = Files::default();
    let mut others = Vec::new();
    for (path, answer) in paths {
        match (&job, path.strip_prefix("jobs/")) {
            (Some(job), Some(rest)) => {
                if let Some(name) = rest.strip_prefix(job.as_str()).and_then(own_name) {
                    files.insert(&name, answer);
                }
            }
            (None, Some(_)) => {}
            (_, None) if is_own(&path) => files.insert(&path, answer),
            (_, None) => others.push(answer),
        }
    }
    for answer in others {
        if let Some(name) = name_of(&answer)
            && files.get(&name).is_null()
        {
            files.insert(&name, answer);
        }
    }
    Ok(files)
}

/// Whether a file is an archive of a job, as Flink writes them for a history server.
pub fn is_archive(answer: &Value) -> bool {
    !list(answer, "archive").is_empty()
}

/// What a single answer is: its address below the JobManager's; `None` if it is none that is known here.
pub fn address_of(answer: &Value) -> Option<String> {
    let name = name_of(answer)?;
    Some(match name.as_str() {
        "job" => "/jobs/<id>".to_owned(),
        "plan" => "/jobs/<id>/plan".to_owned(),
        "checkpoints" => "/jobs/<id>/checkpoints".to_owned(),
        "checkpoints_config" => "/jobs/<id>/checkpoints/config".to_owned(),
        "taskmanagers" => "/taskmanagers".to_owned(),
        "jobmanager_config" => "/jobmanager/config".to_owned(),
        "config" => "/config".to_owned(),
        other if other.starts_with("vertices/") => "/jobs/<id>/vertices/<vertex id>".to_owned(),
        _ => "/jobs/<id>/checkpoints/details/<n>".to_owned(),
    })
}

/// An answer's name here, by what stands in it.
fn name_of(answer: &Value) -> Option<String> {
    let has = |keys: &[&str]| keys.iter().all(|key| answer.get(key).is_some());
    let id = || text(answer, "id").filter(|id| id.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    let name = if has(&["jid", "vertices"]) {
        "job"
    } else if has(&["nodes"])
        || answer
            .get("plan")
            .is_some_and(|plan| plan.get("nodes").is_some())
    {
        "plan"
    } else if has(&["counts", "history"]) {
        "checkpoints"
    } else if has(&["mode", "interval", "timeout"]) {
        "checkpoints_config"
    } else if has(&["taskmanagers"]) {
        "taskmanagers"
    } else if has(&["flink-version"]) {
        "config"
    } else if has(&["now", "subtasks", "id"]) {
        return Some(format!("vertices/{}", id()?));
    } else if has(&["trigger_timestamp", "tasks", "id"]) {
        return Some(format!("checkpoints/{}", answer.get("id")?.as_u64()?));
    } else if answer.as_array().is_some_and(|entries| {
        !entries.is_empty() && entries.iter().all(|entry| entry.get("key").is_some())
    }) {
        "jobmanager_config"
    } else {
        return None;
    };
    Some(name.to_owned())
}

fn is_own(path: &str) -> bool {
    let whole = [
        "job",
        "plan",
        "checkpoints",
        "checkpoints_config",
        "taskmanagers",
        "jobmanager_config",
        "config",
        "overview",
    ];
    let below = ["checkpoints/", "vertices/", "vertices-before/"];
    whole.contains(&path) || below.iter().any(|prefix| path.starts_with(prefix))
}

/// The name of what stands behind `jobs/<id>`: `/checkpoints/details/3` is `checkpoints/3`.
fn own_name(below_job: &str) -> Option<String> {
    let parts: Vec<&str> = below_job.split('/').skip(1).collect();
    Some(match parts.as_slice() {
        [] if below_job.is_empty() => "job".to_owned(),
        [name @ ("plan" | "checkpoints")] => (*name).to_owned(),
        ["checkpoints", "config"] => "checkpoints_config".to_owned(),
        ["checkpoints", "details", id] => format!("checkpoints/{id}"),
        ["checkpoints", "details", id, "subtasks", vertex] => format!("checkpoints/{id}/{vertex}"),
        ["vertices", vertex] => format!("vertices/{vertex}"),
        _ => return None,
    })
}

/// The job that a path belongs to: Flink's ids are 32 hexadecimal digits.
fn job_of(path: &str) -> Option<String> {
    let id = path.strip_prefix("jobs/")?.split('/').next()?;
    let hexadecimal = id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    hexadecimal.then(|| id.to_owned())
}

fn chosen(jobs: &BTreeSet<String>, wanted: Option<&str>) -> Result<Option<String>, RecordingError> {
    let mut matching = jobs
        .iter()
        .filter(|job| wanted.is_none_or(|wanted| job.starts_with(wanted)));
    let refuse = |why: &str| {
        let listed: Vec<String> = jobs.iter().map(|job| format!("\n  {job}")).collect();
        Err(RecordingError::Value(format!("{why}{}", listed.concat())))
    };
    match (matching.next(), matching.next()) {
        (None, _) if jobs.is_empty() => Ok(None),
        (None, _) => refuse("there is no such job (--job); there are:"),
        (Some(job), None) => Ok(Some(job.clone())),
        (Some(_), Some(_)) => refuse("there are several jobs: choose one with --job ID"),
    }
}

/// The answers in an archive; what is no JSON is left out.
fn unpacked(archive: &Value) -> impl Iterator<Item = (String, Value)> + '_ {
    list(archive, "archive").iter().filter_map(|entry| {
        let path = text(entry, "path")?;
        let answer = serde_json::from_str(entry.get("json")?.as_str()?).ok()?;
        Some((path.trim_start_matches('/').to_owned(), answer))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const JOB: &str = "6518ab34ac9e2b94ca31d939ded32f17";

    fn entry(path: &str) -> (String, Value) {
        (path.to_owned(), json!({ "of": path }))
    }

    #[test]
    fn the_files_of_a_history_server_and_an_archive_are_the_same_answers() {
        let paths = [
            "",
            "/plan",
            "/checkpoints/config",
            "/checkpoints/details/3/subtasks/v",
        ];
        let paths = paths.map(|rest| format!("jobs/{JOB}{rest}"));
        let of_files = files(paths.iter().map(|path| entry(path)).collect(), None).unwrap();
        let entries = paths.iter().map(
            |path| json!({ "path": format!("/{path}"), "json": json!({ "of": path }).to_string() }),
        );
        let archive = json!({ "archive": entries.collect::<Vec<Value>>() });
        let of_archive = files(vec![(JOB.to_owned(), archive)], None).unwrap();
        let names = |files: &Files| files.iter().map(|(name, _)| name.to_owned()).collect();
        let names: [Vec<String>; 2] = [names(&of_files), names(&of_archive)];
        assert_eq!(
            names[0],
            ["checkpoints/3/v", "checkpoints_config", "job", "plan"]
        );
        assert_eq!(names[0], names[1]);
    }

    #[test]
    fn of_several_jobs_one_must_be_chosen() {
        let other = "a".repeat(32);
        let read = || {
            vec![
                entry(&format!("jobs/{JOB}")),
                entry(&format!("jobs/{other}")),
            ]
        };
        let error = files(read(), None).unwrap_err().to_string();
        assert!(error.contains(JOB) && error.contains(&other), "{error}");
        assert!(files(read(), Some("6518")).unwrap().iter().next().is_some());
        assert!(files(read(), Some("ffff")).is_err());
    }

    #[test]
    fn answers_under_other_names_are_known_by_what_stands_in_them() {
        let answer = json!({ "taskmanagers": [] });
        let files = files(vec![("task-managers".to_owned(), answer)], None).unwrap();
        assert!(!files.get("taskmanagers").is_null());
        let job = json!({ "jid": JOB, "vertices": [], "plan": { "nodes": [] } });
        assert_eq!(address_of(&job).as_deref(), Some("/jobs/<id>"));
        assert_eq!(address_of(&json!({ "a": 1 })), None);
    }
}
