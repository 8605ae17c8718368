//! A live JobManager, and Prometheus beside it: the answers of their APIs, by GET only, with timeouts, and from nobody else.

pub mod access;
pub mod jobs;
pub mod prometheus;

use serde_json::Value;
use ureq::Agent;
use ureq::http::{Response, Uri, header};

use crate::recording::answers::Files;
use crate::recording::answers::number::{at, list, text};
use crate::recording::answers::options;
use crate::recording::live::access::Access;
use crate::recording::live::jobs::JobEntry;

/// Larger answers are not Flink's.
const ANSWER_BYTES_MAX: u64 = 64 << 20;
/// Details of so many checkpoints, the latest ones, are enough for medians.
const CHECKPOINTS_MAX: usize = 30;
/// A job of many vertices shows enough in fewer of them.
const SUBTASK_ANSWERS_MAX: usize = 600;
/// A job with more vertices is not looked at: nobody could read its scenario.
const VERTICES_MAX: usize = 2_000;
/// From `/jobs` to `/jobs/` and the like.
const REDIRECTS_MAX: usize = 3;

/// Why a JobManager's answers could not be had.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// Nobody answers.
    #[error("cannot reach {name}: {url}: {why}")]
    Unreachable {
        /// Who.
        name: &'static str,
        /// What was asked.
        url: String,
        /// Why.
        why: String,
    },
    /// It is another API.
    #[error("{url} does not answer as {api} does: {why}")]
    Answer {
        /// Whose.
        api: &'static str,
        /// What was asked.
        url: String,
        /// Why.
        why: String,
    },
    /// It must not be asked.
    #[error("{0}")]
    Address(String),
    /// Which job?
    #[error("{0}")]
    Job(String),
}

/// The address of a JobManager, also without its scheme.
pub fn address(from: &str) -> Option<String> {
    if from.starts_with("http://") || from.starts_with("https://") {
        return Some(from.to_owned());
    }
    let (host, rest) = from.split_once(':')?;
    let port = rest.split(['/', '#']).next().unwrap_or(rest);
    let is_port = port.parse::<u16>().is_ok();
    let is_host = host
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte));
    (is_port && is_host && !host.is_empty()).then(|| format!("http://{from}"))
}

/// Who is asked.
#[derive(Clone)]
struct Server {
    agent: Agent,
    access: Access,
    base: String,
    name: &'static str,
    api: &'static str,
}

/// A JobManager.
#[derive(Clone)]
pub struct JobManager {
    server: Server,
    /// The job that the address names, as Flink's web page writes it.
    job: Option<String>,
}

impl JobManager {
    /// The JobManager, or the History Server, at an address such as `http://localhost:8081`, or one copied from the browser.
    ///
    /// # Errors
    /// If it is no address that can be asked, or it cannot be asked so.
    pub fn new(address: &str, access: Access) -> Result<JobManager, LiveError> {
        let (base, page) = address.split_once('#').unwrap_or((address, ""));
        access::address(base)?;
        Ok(JobManager {
            server: Server {
                agent: access.agent()?,
                access,
                base: base.trim_end_matches('/').to_owned(),
                name: "the JobManager",
                api: "Flink's REST API",
            },
            job: page
                .split('/')
                .find(|part| part.len() == 32 && is_id(part))
                .map(str::to_owned),
        })
    }

    /// The job to import: the wanted one, the one that the address names, or the only one that runs.
    ///
    /// # Errors
    /// If there is none, or if several run and none was named.
    pub fn job(&self, wanted: Option<&str>) -> Result<JobEntry, LiveError> {
        let overview = self.server.get("/jobs/overview")?;
        let jobs = jobs::read(&overview);
        jobs::choose(&jobs, wanted.or(self.job.as_deref())).map_err(LiveError::Job)
    }

    /// Lets the JobManager fetch metrics: it does so when it is asked, and answers with what it had before
    /// (`MetricFetcherImpl.update`).
    ///
    /// # Errors
    /// If the JobManager does not answer.
    pub fn wake(&self, job: &str) -> Result<(), LiveError> {
        let plan = self.plan(job)?;
        if let Some(id) = vertex_ids(&plan).first() {
            self.server.ask(&format!("/jobs/{job}/vertices/{id}"))?;
        }
        Ok(())
    }

    /// The counters of every vertex as they are now, as `<name>/<vertexid>`; `false` if some task's are not known yet.
    ///
    /// # Errors
    /// If the JobManager does not answer.
    pub fn counters(&self, job: &str, name: &str, files: &mut Files) -> Result<bool, LiveError> {
        let plan = self.plan(job)?;
        let mut complete = true;
        for id in vertex_ids(&plan) {
            let answer = self.server.get(&format!("/jobs/{job}/vertices/{id}"))?;
            complete &= list(&answer, "subtasks").iter().all(|subtask| {
                let metrics = subtask.get("metrics");
                let known = metrics.and_then(|metrics| metrics.get("write-records-complete"));
                known != Some(&Value::Bool(false))
            });
            files.insert(&format!("{name}/{id}"), answer);
        }
        Ok(complete)
    }

    /// All other answers about a job. Returns what was refused.
    ///
    /// # Errors
    /// If the JobManager does not answer. Answers that an older Flink does not know are left out.
    pub fn answers(&self, job: &str, files: &mut Files) -> Result<Vec<String>, LiveError> {
        let root = format!("/jobs/{job}");
        let plan = self.plan(job)?;
        files.insert("job", self.server.get(&root)?);
        let mut refused = Vec::new();
        for (name, path) in [
            ("checkpoints", format!("{root}/checkpoints")),
            ("checkpoints_config", format!("{root}/checkpoints/config")),
            ("taskmanagers", "/taskmanagers".to_owned()),
            ("jobmanager_config", "/jobmanager/config".to_owned()),
            ("config", "/config".to_owned()),
        ] {
            self.optional(name, &path, files, &mut refused)?;
        }
        if !files.get("jobmanager_config").is_null() {
            let config = options::without_other_keys(files.get("jobmanager_config"));
            files.insert("jobmanager_config", config);
        }
        let vertices = vertex_ids(&plan);
        files.insert("plan", plan);
        let most = (SUBTASK_ANSWERS_MAX / vertices.len().max(1)).clamp(1, CHECKPOINTS_MAX);
        for id in ended(files.get("checkpoints"), most) {
            let details = format!("{root}/checkpoints/details/{id}");
            self.optional(&format!("checkpoints/{id}"), &details, files, &mut refused)?;
            for vertex in &vertices {
                let name = format!("checkpoints/{id}/{vertex}");
                let path = format!("{details}/subtasks/{vertex}");
                self.optional(&name, &path, files, &mut refused)?;
            }
        }
        Ok(refused)
    }

    fn plan(&self, job: &str) -> Result<Value, LiveError> {
        let plan = self.server.get(&format!("/jobs/{job}/plan"))?;
        let vertices = vertex_ids(&plan).len();
        if vertices > VERTICES_MAX {
            return Err(LiveError::Job(format!(
                "the job has {vertices} vertices, more than the {VERTICES_MAX} that are read"
            )));
        }
        Ok(plan)
    }

    /// Checkpoints are forgotten, not every version knows every path, and a proxy may forbid some.
    fn optional(
        &self,
        name: &str,
        path: &str,
        files: &mut Files,
        refused: &mut Vec<String>,
    ) -> Result<(), LiveError> {
        match self.server.ask(path)? {
            Asked::Answer(answer) => files.insert(name, answer),
            Asked::Status(404) => {}
            Asked::Status(code) => refused.push(format!("{path} is refused (status {code})")),
        }
        Ok(())
    }
}

impl Server {
    fn get(&self, path: &str) -> Result<Value, LiveError> {
        match self.ask(path)? {
            Asked::Answer(answer) => Ok(answer),
            Asked::Status(code) => Err(LiveError::Answer {
                api: self.api,
                url: format!("{}{path}", self.base),
                why: format!("status {code}"),
            }),
        }
    }

    fn ask(&self, path: &str) -> Result<Asked, LiveError> {
        let mut url = format!("{}{path}", self.base);
        let mut response = self.call(&url)?;
        for _ in 0..REDIRECTS_MAX {
            if !response.status().is_redirection() {
                break;
            }
            url = self.same_host(&url, &response)?;
            response = self.call(&url)?;
        }
        if !response.status().is_success() {
            return Ok(Asked::Status(response.status().as_u16()));
        }
        let body = response
            .body_mut()
            .with_config()
            .limit(ANSWER_BYTES_MAX)
            .read_to_vec();
        let why = match body {
            Ok(body) => match serde_json::from_slice(&body) {
                Ok(answer) => return Ok(Asked::Answer(answer)),
                Err(error) => error.to_string(),
            },
            Err(error) => error.to_string(),
        };
        Err(LiveError::Answer {
            api: self.api,
            url,
            why,
        })
    }

    fn call(&self, url: &str) -> Result<Response<ureq::Body>, LiveError> {
        let Some(patience) = self.access.patience() else {
            return Err(LiveError::Unreachable {
                name: self.name,
                url: url.to_owned(),
                why: "all answers together take too long (--deadline)".to_owned(),
            });
        };
        let mut request = self.agent.get(url);
        for (name, value) in &self.access.headers {
            request = request.header(name, value);
        }
        let request = request.config().http_status_as_error(false);
        request
            .timeout_global(Some(patience))
            .build()
            .call()
            .map_err(|error| LiveError::Unreachable {
                name: self.name,
                url: url.to_owned(),
                why: error.to_string(),
            })
    }

    /// Where a redirect leads, if it stays with the host and the port that were asked.
    fn same_host<B>(&self, url: &str, response: &Response<B>) -> Result<String, LiveError> {
        let location = response.headers().get(header::LOCATION);
        let location = location.and_then(|location| location.to_str().ok());
        let refuse = |why: String| {
            Err(LiveError::Answer {
                api: self.api,
                url: url.to_owned(),
                why,
            })
        };
        let Some(location) = location else {
            return refuse("it redirects to nowhere".to_owned());
        };
        let (Ok(from), Ok(to)) = (url.parse::<Uri>(), location.parse::<Uri>()) else {
            return refuse("it redirects to what is no address".to_owned());
        };
        let authority = from.authority().map_or("", |authority| authority.as_str());
        let scheme = from.scheme_str().unwrap_or("http");
        match to.authority() {
            // `//host/…` names another host, which this reader of addresses takes for a path.
            None if location.starts_with('/') && !location.starts_with("//") => {
                Ok(format!("{scheme}://{authority}{location}"))
            }
            Some(other) if other.as_str() == authority && to.scheme_str() == Some(scheme) => {
                Ok(location.to_owned())
            }
            Some(other) => refuse(format!(
                "it redirects to {}://{}, which was not asked for: give that address if it is the JobManager",
                to.scheme_str().unwrap_or("http"),
                other.as_str().rsplit('@').next().unwrap_or_default()
            )),
            None => refuse("it redirects to what is no address".to_owned()),
        }
    }
}

/// What came back.
enum Asked {
    Answer(Value),
    Status(u16),
}

fn vertex_ids(plan: &Value) -> Vec<String> {
    let plan = plan.get("plan").unwrap_or(plan);
    list(plan, "nodes")
        .iter()
        .filter_map(|node| text(node, "id"))
        .filter(|id| is_id(id))
        .collect()
}

/// Ids of the checkpoints in the history that have ended, the latest ones.
fn ended(checkpoints: &Value, most: usize) -> Vec<u64> {
    let status = |checkpoint: &Value| text(checkpoint, "status");
    list(checkpoints, "history")
        .iter()
        .filter(|checkpoint| status(checkpoint).is_some_and(|status| status != "IN_PROGRESS"))
        .filter_map(|checkpoint| Some(at(checkpoint, &["id"])? as u64))
        .take(most)
        .collect()
}

/// Ids become parts of addresses and of file names: only Flink's hexadecimal ones may.
fn is_id(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redirect(location: &str) -> Result<String, LiveError> {
        let response = Response::builder().header(header::LOCATION, location);
        let manager = JobManager::new("http://jm:8081", Access::default()).unwrap();
        let response = response.body(()).expect("valid");
        manager.server.same_host("http://jm:8081/jobs", &response)
    }

    #[test]
    fn a_redirect_stays_with_the_host_and_the_port_that_were_asked() {
        assert_eq!(redirect("/jobs/").unwrap(), "http://jm:8081/jobs/");
        let same = "http://jm:8081/x";
        assert_eq!(redirect(same).unwrap(), same);
        for other in [
            "http://elsewhere:8081/",
            "http://jm:80/",
            "https://jm:8081/",
            "//elsewhere/x",
            "x",
        ] {
            assert!(redirect(other).is_err(), "{other}");
        }
        let error = redirect("http://user:hunter2@elsewhere/").unwrap_err();
        let error = error.to_string();
        assert!(error.contains("http://elsewhere,"), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }

    #[test]
    fn an_address_from_the_browser_names_its_job() {
        let id = "6518ab34ac9e2b94ca31d939ded32f17";
        let page = format!("http://jm:8081/#/job/running/{id}/overview");
        let manager = JobManager::new(&page, Access::default()).unwrap();
        assert_eq!(
            (manager.server.base.as_str(), manager.job.as_deref()),
            ("http://jm:8081", Some(id))
        );
    }
}
