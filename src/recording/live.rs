//! A live JobManager: the answers of its REST API, by GET only, with timeouts.

use std::time::Duration;

use serde_json::Value;
use ureq::Agent;

use crate::recording::answers::Files;
use crate::recording::answers::number::{at, list, text};

/// A JobManager answers within milliseconds; one that is busy within seconds.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Larger answers are not Flink's.
const ANSWER_BYTES_MAX: u64 = 64 << 20;
/// Details of so many checkpoints, the latest ones, are enough for medians.
const CHECKPOINTS_MAX: usize = 30;

/// Why a JobManager's answers could not be had.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// Nobody answers.
    #[error("cannot reach the JobManager: {url}: {why}")]
    Unreachable {
        /// What was asked.
        url: String,
        /// Why.
        why: String,
    },
    /// It is not Flink's API.
    #[error("{url} does not answer as Flink's REST API does: {why}")]
    Answer {
        /// What was asked.
        url: String,
        /// Why.
        why: String,
    },
    /// Which job?
    #[error("{0}")]
    Job(String),
}

/// A JobManager.
#[derive(Clone, Debug)]
pub struct JobManager {
    agent: Agent,
    base: String,
}

impl JobManager {
    /// The JobManager at an address such as `http://localhost:8081`.
    pub fn new(address: &str) -> JobManager {
        let config = Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            .max_redirects(3)
            .build();
        JobManager {
            agent: config.into(),
            base: address.trim_end_matches('/').to_owned(),
        }
    }

    /// The job to import: the wanted one, or the only one that runs.
    ///
    /// # Errors
    /// If it does not run, or if several do and none was named.
    pub fn job(&self, wanted: Option<&str>) -> Result<String, LiveError> {
        let overview = self.get("/jobs/overview")?;
        let running: Vec<(String, String)> = list(&overview, "jobs")
            .iter()
            .filter(|job| job.get("state").and_then(Value::as_str) == Some("RUNNING"))
            .filter_map(|job| Some((text(job, "jid")?, text(job, "name").unwrap_or_default())))
            .filter(|(id, _)| is_id(id))
            .collect();
        let listed = || -> String {
            let lines = running.iter().map(|(id, name)| format!("\n  {id}  {name}"));
            lines.collect()
        };
        match wanted {
            Some(wanted) => running
                .iter()
                .find(|(id, _)| id == wanted)
                .map(|(id, _)| id.clone())
                .ok_or_else(|| {
                    LiveError::Job(format!("no job {wanted} is running; running:{}", listed()))
                }),
            None => match running.as_slice() {
                [(id, _)] => Ok(id.clone()),
                [] => Err(LiveError::Job("no job is running".to_owned())),
                _ => Err(LiveError::Job(format!(
                    "several jobs are running: choose one with --job ID{}",
                    listed()
                ))),
            },
        }
    }

    /// The counters of every vertex as they are now, as `vertices-before/<vertexid>`.
    ///
    /// # Errors
    /// If the JobManager does not answer.
    pub fn counters(&self, job: &str, files: &mut Files) -> Result<(), LiveError> {
        let plan = self.get(&format!("/jobs/{job}/plan"))?;
        for id in vertex_ids(&plan) {
            let answer = self.get(&format!("/jobs/{job}/vertices/{id}"))?;
            files.insert(&format!("vertices-before/{id}"), answer);
        }
        Ok(())
    }

    /// All answers about a job.
    ///
    /// # Errors
    /// If the JobManager does not answer. Answers that an older Flink does not know are left out.
    pub fn answers(&self, job: &str, files: &mut Files) -> Result<(), LiveError> {
        let root = format!("/jobs/{job}");
        let plan = self.get(&format!("{root}/plan"))?;
        files.insert("job", self.get(&root)?);
        for (name, path) in [
            ("checkpoints", format!("{root}/checkpoints")),
            ("checkpoints_config", format!("{root}/checkpoints/config")),
            ("taskmanagers", "/taskmanagers".to_owned()),
            ("jobmanager_config", "/jobmanager/config".to_owned()),
        ] {
            self.optional(name, &path, files)?;
        }
        let vertices = vertex_ids(&plan);
        files.insert("plan", plan);
        for id in &vertices {
            self.optional(
                &format!("vertices/{id}"),
                &format!("{root}/vertices/{id}"),
                files,
            )?;
        }
        for id in completed(files.get("checkpoints")) {
            let details = format!("{root}/checkpoints/details/{id}");
            self.optional(&format!("checkpoints/{id}"), &details, files)?;
            for vertex in &vertices {
                let name = format!("checkpoints/{id}/{vertex}");
                self.optional(&name, &format!("{details}/subtasks/{vertex}"), files)?;
            }
        }
        Ok(())
    }

    /// Checkpoints are forgotten, and not every version knows every path: 404 is no error.
    fn optional(&self, name: &str, path: &str, files: &mut Files) -> Result<(), LiveError> {
        if let Some(answer) = self.ask(path)? {
            files.insert(name, answer);
        }
        Ok(())
    }

    fn get(&self, path: &str) -> Result<Value, LiveError> {
        self.ask(path)?.ok_or_else(|| LiveError::Answer {
            url: format!("{}{path}", self.base),
            why: "404 Not Found".to_owned(),
        })
    }

    fn ask(&self, path: &str) -> Result<Option<Value>, LiveError> {
        let url = format!("{}{path}", self.base);
        let mut response = match self.agent.get(&url).call() {
            Ok(response) => response,
            Err(ureq::Error::StatusCode(404)) => return Ok(None),
            Err(ureq::Error::StatusCode(code)) => {
                let why = format!("status {code}");
                return Err(LiveError::Answer { url, why });
            }
            Err(error) => {
                let why = error.to_string();
                return Err(LiveError::Unreachable { url, why });
            }
        };
        let body = response
            .body_mut()
            .with_config()
            .limit(ANSWER_BYTES_MAX)
            .read_to_vec();
        let why = match body {
            Ok(body) => match serde_json::from_slice(&body) {
                Ok(answer) => return Ok(Some(answer)),
                Err(error) => error.to_string(),
            },
            Err(error) => error.to_string(),
        };
        Err(LiveError::Answer { url, why })
    }
}

fn vertex_ids(plan: &Value) -> Vec<String> {
    let plan = plan.get("plan").unwrap_or(plan);
    list(plan, "nodes")
        .iter()
        .filter_map(|node| text(node, "id"))
        .filter(|id| is_id(id))
        .collect()
}

/// Ids of the completed checkpoints in the history, the latest ones.
fn completed(checkpoints: &Value) -> Vec<u64> {
    list(checkpoints, "history")
        .iter()
        .filter(|checkpoint| checkpoint.get("status").and_then(Value::as_str) == Some("COMPLETED"))
        .filter_map(|checkpoint| Some(at(checkpoint, &["id"])? as u64))
        .take(CHECKPOINTS_MAX)
        .collect()
}

/// Ids become parts of addresses and of file names: only Flink's hexadecimal ones may.
fn is_id(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
}
