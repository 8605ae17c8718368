//! Which of a JobManager's jobs is meant.

use serde_json::Value;

/// More jobs fill a screen; longer names a line.
const LISTED_MAX: usize = 20;
const NAME_MAX: usize = 80;

use crate::recording::answers::number::{list, text};

/// A job of `/jobs/overview`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobEntry {
    /// Flink's id of it.
    pub id: String,
    /// Its name, as its author wrote it.
    pub name: String,
    /// `RUNNING`, `FAILED` ...
    pub state: String,
}

impl JobEntry {
    /// Whether its counters may still move.
    pub fn is_alive(&self) -> bool {
        !["FINISHED", "FAILED", "CANCELED"].contains(&self.state.as_str())
    }
}

/// Reads `/jobs/overview`.
pub fn read(overview: &Value) -> Vec<JobEntry> {
    list(overview, "jobs")
        .iter()
        .filter_map(|job| {
            Some(JobEntry {
                id: text(job, "jid").filter(|id| super::is_id(id))?,
                name: text(job, "name").unwrap_or_default(),
                state: text(job, "state").unwrap_or_default(),
            })
        })
        .collect()
}

/// The wanted one by its id, the beginning of its id, or its name; without a wish the only one that runs.
pub fn choose(jobs: &[JobEntry], wanted: Option<&str>) -> Result<JobEntry, String> {
    let (candidates, none, several): (Vec<&JobEntry>, String, String) = match wanted {
        Some(wanted) => (
            matching(jobs, wanted),
            format!("there is no job {wanted}"),
            format!("several jobs are called {wanted}: choose one with --job ID"),
        ),
        None => (
            jobs.iter().filter(|job| job.state == "RUNNING").collect(),
            "no job is running".to_owned(),
            "several jobs are running: choose one with --job ID".to_owned(),
        ),
    };
    match candidates.as_slice() {
        [job] => Ok((*job).clone()),
        [] if jobs.is_empty() => Err(format!("{none}; the JobManager knows none at all")),
        [] => Err(format!(
            "{none}; there are (choose with --job):{}",
            listed(&jobs.iter().collect::<Vec<&JobEntry>>())
        )),
        several_jobs => Err(format!("{several}{}", listed(several_jobs))),
    }
}

fn matching<'j>(jobs: &'j [JobEntry], wanted: &str) -> Vec<&'j JobEntry> {
    let rules: [&dyn Fn(&JobEntry) -> bool; 3] =
        [&|job| job.id == wanted, &|job| job.name == wanted, &|job| {
            !wanted.is_empty() && job.id.starts_with(wanted)
        }];
    let mut found = rules
        .iter()
        .map(|rule| jobs.iter().filter(|job| rule(job)).collect());
    found
        .find(|found: &Vec<&JobEntry>| !found.is_empty())
        .unwrap_or_default()
}

fn listed(jobs: &[&JobEntry]) -> String {
    let line = |job: &&JobEntry| {
        let name: String = job.name.chars().take(NAME_MAX).collect();
        format!("\n  {}  {}  {name}", job.id, job.state)
    };
    let lines: String = jobs.iter().take(LISTED_MAX).map(line).collect();
    match jobs.len().saturating_sub(LISTED_MAX) {
        0 => lines,
        more => format!("{lines}\n  and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jobs() -> Vec<JobEntry> {
        [
            ("a1", "orders", "RESTARTING"),
            ("b2", "orders", "FINISHED"),
            ("b3", "clicks", "FAILED"),
        ]
        .map(|(id, name, state)| JobEntry {
            id: id.to_owned(),
            name: name.to_owned(),
            state: state.to_owned(),
        })
        .to_vec()
    }

    #[test]
    fn a_job_in_any_state_is_found_by_its_id_its_beginning_or_its_name() {
        for (wanted, id) in [("b2", "b2"), ("a", "a1"), ("clicks", "b3")] {
            assert_eq!(choose(&jobs(), Some(wanted)).unwrap().id, id, "{wanted}");
        }
        assert!(choose(&jobs(), Some("b")).unwrap_err().contains("several"));
        assert!(choose(&jobs(), Some("orders")).unwrap_err().contains("b2"));
    }

    #[test]
    fn without_a_running_job_those_that_are_there_are_named_with_their_state() {
        let error = choose(&jobs(), None).unwrap_err();
        assert!(error.contains("no job is running"), "{error}");
        assert!(error.contains("a1  RESTARTING  orders"), "{error}");
        let error = choose(&[], None).unwrap_err();
        assert!(error.contains("knows none"), "{error}");
    }
}
