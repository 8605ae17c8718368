//! The history of a job as Prometheus keeps it, by the names of Flink's reporter: how often it restarted, how long its
//! checkpoints took, how large they were, and how its rates changed.
//!
//! Answers of `/api/v1/query_range`: a matrix, in which every value is a text. Names and labels are those of
//! `PrometheusReporter`: `flink_<scope>_<metric>` with `job_id`, `job_name`, `task_name`, `subtask_index`. A gauge that is
//! seen every few minutes shows some checkpoints of many; counters show all, also when their process begins again from 0.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::measure::estimate::quantile;
use crate::recording::answers::number::visible;
use crate::units::{Bytes, print};

const RESTARTS: &str = "flink_jobmanager_job_numRestarts";
/// Before Flink 1.15.
const FULL_RESTARTS: &str = "flink_jobmanager_job_fullRestarts";
const DURATION: &str = "flink_jobmanager_job_lastCheckpointDuration";
const SIZE: &str = "flink_jobmanager_job_lastCheckpointSize";
const COMPLETED: &str = "flink_jobmanager_job_numberOfCompletedCheckpoints";
const FAILED: &str = "flink_jobmanager_job_numberOfFailedCheckpoints";
const IN: &str = "flink_taskmanager_job_task_numRecordsInPerSecond";
const OUT: &str = "flink_taskmanager_job_task_numRecordsOutPerSecond";

/// The metrics that are asked for, with the query of each: subtasks are added up, and a job's JobManager is one.
pub fn queries() -> Vec<(&'static str, String)> {
    let of_job = [RESTARTS, FULL_RESTARTS, DURATION, SIZE, COMPLETED, FAILED];
    let of_job = of_job.map(|name| (name, format!("max by (job_id, job_name) ({name})")));
    let of_tasks = [IN, OUT].map(|name| {
        (
            name,
            format!("sum by (job_id, job_name, task_name) ({name})"),
        )
    });
    of_job.into_iter().chain(of_tasks).collect()
}

/// Whether this is an answer of Prometheus.
pub fn is_answer(answer: &Value) -> bool {
    answer.get("status").is_some()
        && answer
            .get("data")
            .is_some_and(|data| data.get("resultType").is_some())
}

/// Samples of one series: seconds since 1970, value.
type Series = Vec<(f64, f64)>;

/// What is kept of a job.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// From the first sample to the last, s.
    pub span_s: f64,
    /// Restarts in that time; `None` if nobody counts them.
    pub restarts: Option<f64>,
    /// Durations of checkpoints that were seen, s.
    pub durations_s: Vec<f64>,
    /// Bytes of checkpoints that were seen.
    pub sizes: Vec<f64>,
    /// Completed and failed checkpoints in that time.
    pub ended: Option<(f64, f64)>,
    /// Records per second that a task reads, or writes if it reads none, over time.
    pub rates: BTreeMap<String, Vec<f64>>,
}

/// Why a history cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The answers are of other jobs.
    #[error("Prometheus knows the jobs {known}, but not {wanted}")]
    OtherJobs {
        /// Which it knows.
        known: String,
        /// Which was looked for.
        wanted: String,
    },
    /// There is nothing in them.
    #[error(
        "there is no metric of Flink's in it: `flink_jobmanager_job_...` as Flink's own reporter names them"
    )]
    Empty,
}

/// Reads the history of the job with this id or this name from answers; the metric of one is what `__name__` says, or the
/// name that comes with it.
///
/// # Errors
/// If it is not there.
pub fn read(answers: &[(String, Value)], id: &str, name: &str) -> Result<History, HistoryError> {
    let all: Vec<Found> = answers
        .iter()
        .flat_map(|(metric, answer)| found(metric, answer))
        .collect();
    if all.is_empty() {
        return Err(HistoryError::Empty);
    }
    let is = |found: &&Found, wanted: &str, label: fn(&Found) -> &str| {
        !wanted.is_empty() && label(found) == wanted
    };
    let by_id = all.iter().any(|found| is(&found, id, |found| &found.id));
    // A job that was submitted again has another id; its name stays.
    let chosen: Vec<&Found> = all
        .iter()
        .filter(|found| {
            is(found, name, |found| &found.name)
                || is(found, id, |found| &found.id)
                || (!by_id && found.id.is_empty() && found.name.is_empty())
        })
        .collect();
    if chosen.is_empty() {
        let known: BTreeSet<&str> = all.iter().map(|found| found.name.as_str()).collect();
        return Err(HistoryError::OtherJobs {
            known: known.into_iter().collect::<Vec<_>>().join(", "),
            wanted: name.to_owned(),
        });
    }
    Ok(history(&chosen))
}

/// A series with its labels.
struct Found {
    metric: String,
    id: String,
    name: String,
    task: String,
    samples: Series,
}

fn found(metric: &str, answer: &Value) -> Vec<Found> {
    let result = answer.get("data").and_then(|data| data.get("result"));
    let result = result.and_then(Value::as_array);
    let series = result.into_iter().flatten().filter_map(|series| {
        let labels = series.get("metric")?;
        let label = |key: &str| labels.get(key).and_then(Value::as_str).unwrap_or("");
        let metric = match label("__name__") {
            "" => metric,
            own => own,
        };
        let samples: Series = series
            .get("values")?
            .as_array()?
            .iter()
            .filter_map(sample)
            .collect();
        let tells = metric.starts_with("flink_") && !samples.is_empty();
        tells.then(|| Found {
            metric: metric.to_owned(),
            id: visible(label("job_id")),
            name: visible(label("job_name")),
            task: visible(label("task_name")),
            samples,
        })
    });
    series.collect()
}

/// `[1435781430.781, "1"]`.
fn sample(value: &Value) -> Option<(f64, f64)> {
    let pair = value.as_array()?;
    let at = pair.first()?.as_f64()?;
    let value: f64 = pair.get(1)?.as_str()?.parse().ok()?;
    (at.is_finite() && value.is_finite() && value >= 0.0).then_some((at, value))
}

fn history(chosen: &[&Found]) -> History {
    let of = |metric: &str| -> Vec<&Found> {
        let these = chosen.iter().filter(|found| found.metric == metric);
        these.copied().collect()
    };
    let times = || {
        let samples = chosen.iter().flat_map(|found| &found.samples);
        samples.map(|(at, _)| *at)
    };
    let (first, last) = (
        times().fold(f64::INFINITY, f64::min),
        times().fold(f64::NEG_INFINITY, f64::max),
    );
    let increase = |metric: &str| -> Option<f64> {
        let series = of(metric);
        (!series.is_empty()).then(|| series.iter().map(|found| increase(&found.samples)).sum())
    };
    let seen = |metric: &str| -> Vec<f64> {
        let series = of(metric);
        series
            .iter()
            .flat_map(|found| changes(&found.samples))
            .collect()
    };
    History {
        span_s: (last - first).max(0.0),
        restarts: increase(RESTARTS).or_else(|| increase(FULL_RESTARTS)),
        durations_s: seen(DURATION).iter().map(|ms| ms / 1000.0).collect(),
        sizes: seen(SIZE),
        ended: increase(COMPLETED).zip(increase(FAILED).or(Some(0.0))),
        rates: rates(&of(IN), &of(OUT)),
    }
}

/// How much a counter has grown; where it falls, it began again from 0.
fn increase(samples: &Series) -> f64 {
    let steps = samples.windows(2).map(|pair| {
        let (before, after) = (pair[0].1, pair[1].1);
        if after < before {
            after
        } else {
            after - before
        }
    });
    steps.sum()
}

/// The values of a gauge, each once until it changes.
fn changes(samples: &Series) -> Vec<f64> {
    let mut values: Vec<f64> = samples.iter().map(|(_, value)| *value).collect();
    values.dedup();
    values
}

/// By task: what it reads at every instant over all its series (subtasks), or what it writes if it never reads.
fn rates(read: &[&Found], written: &[&Found]) -> BTreeMap<String, Vec<f64>> {
    let total = |series: &[&Found], task: &str| -> Vec<f64> {
        let mut at: BTreeMap<i64, f64> = BTreeMap::new();
        for found in series.iter().filter(|found| found.task == task) {
            for (time, value) in &found.samples {
                *at.entry(time.round() as i64).or_default() += value;
            }
        }
        at.into_values().collect()
    };
    let tasks: BTreeSet<&str> = read
        .iter()
        .chain(written)
        .map(|found| found.task.as_str())
        .filter(|task| !task.is_empty())
        .collect();
    let of = |task: &str| {
        let read = total(read, task);
        let reads = read.iter().any(|rate| *rate > 0.0);
        let rate = if reads { read } else { total(written, task) };
        (task.to_owned(), rate)
    };
    tasks.into_iter().map(of).collect()
}

impl History {
    /// Time between restarts, s; `None` with fewer than two.
    pub fn between_failures_s(&self) -> Option<f64> {
        let restarts = self.restarts.filter(|restarts| *restarts >= 2.0)?;
        (self.span_s > 0.0).then(|| self.span_s / restarts)
    }

    /// In sentences: what a scenario's header says.
    pub fn told(&self) -> Vec<String> {
        let mut told = Vec::new();
        let span = print::seconds(self.span_s);
        if let Some(restarts) = self.restarts {
            told.push(format!("{restarts:.0} restarts in {span}"));
        }
        if let Some((completed, failed)) = self.ended {
            told.push(format!(
                "{completed:.0} checkpoints completed, {failed:.0} failed in {span}"
            ));
        }
        let three = |values: &[f64], text: fn(f64) -> String| {
            let at = |q| quantile(values, q).map(text);
            Some(format!(
                "median {}, 95 % {}, largest {}",
                at(0.5)?,
                at(0.95)?,
                at(1.0)?
            ))
        };
        if let Some(text) = three(&self.durations_s, print::seconds) {
            told.push(format!("duration of checkpoints that were seen: {text}"));
        }
        if let Some(text) = three(&self.sizes, |bytes| Bytes::new(bytes as u64).to_string()) {
            told.push(format!("size of checkpoints that were seen: {text}"));
        }
        for (task, rates) in &self.rates {
            if let Some(text) = three(rates, print::record_rate) {
                told.push(format!("rate of `{task}`: {text}"));
            }
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn answer(series: &[(Value, &[(f64, &str)])]) -> Value {
        let result: Vec<Value> = series
            .iter()
            .map(|(labels, samples)| json!({ "metric": labels, "values": samples }))
            .collect();
        json!({ "status": "success", "data": { "resultType": "matrix", "result": result } })
    }

    fn labels(metric: &str, task: &str) -> Value {
        json!({ "__name__": metric, "job_id": "ab", "job_name": "payments", "task_name": task })
    }

    #[test]
    fn restarts_durations_sizes_and_rates_are_read() {
        let counter: &[(f64, &str)] = &[(0.0, "3"), (600.0, "5"), (1200.0, "0"), (1800.0, "1")];
        let gauge: &[(f64, &str)] = &[
            (0.0, "1000"),
            (600.0, "1000"),
            (1200.0, "3000"),
            (1800.0, "NaN"),
        ];
        let rate: &[(f64, &str)] = &[(0.0, "10"), (600.0, "30")];
        let none: &[(f64, &str)] = &[(0.0, "0"), (600.0, "0")];
        let answers = [(
            String::new(),
            answer(&[
                (labels(RESTARTS, ""), counter),
                (labels(DURATION, ""), gauge),
                (labels(SIZE, ""), gauge),
                (labels(IN, "join"), rate),
                (labels(IN, "join"), rate),
                (labels(IN, "ev"), none),
                (labels(OUT, "ev"), rate),
                (json!({ "__name__": RESTARTS, "job_name": "other" }), gauge),
            ]),
        )];
        let history = read(&answers, "ab", "payments").unwrap();
        assert_eq!(history.restarts, Some(3.0));
        assert_eq!(history.between_failures_s(), Some(600.0));
        assert_eq!(history.durations_s, [1.0, 3.0]);
        assert_eq!(history.rates["join"], [20.0, 60.0]);
        assert_eq!(history.rates["ev"], [10.0, 30.0]);
        let told = history.told().join("\n");
        assert!(told.contains("3 restarts in 30m"), "{told}");
        assert!(told.contains("rate of `join`: median 40"), "{told}");
    }

    #[test]
    fn another_job_is_told_and_nothing_of_it_is_taken() {
        let one: &[(f64, &str)] = &[(0.0, "1")];
        let answers = [(String::new(), answer(&[(labels(RESTARTS, ""), one)]))];
        let error = read(&answers, "cd", "orders").unwrap_err().to_string();
        assert_eq!(error, "Prometheus knows the jobs payments, but not orders");
        assert!(matches!(read(&[], "", ""), Err(HistoryError::Empty)));
        let odd = json!({ "data": { "result": [{ "metric": 1, "values": [[1], "x", [1, 2]] }] } });
        assert!(read(&[("flink_x".to_owned(), odd)], "", "a").is_err());
    }

    #[test]
    fn the_queries_name_what_is_read_again() {
        let queries = queries();
        assert!(queries.iter().all(|(name, query)| query.contains(name)));
        assert_eq!(queries.len(), 8);
    }
}
