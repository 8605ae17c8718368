//! A history of a job: what became of checkpoints, and how often the job was restarted. Here from a JobManager's log, in
//! [`spans`](crate::recording::spans) from traces.
//!
//! Lines of `CheckpointCoordinator` and of the `ExecutionGraph`, as Flink 1.9 to 2.3 write them with the layout that it ships
//! (`log4j-console.properties`: `%d{yyyy-MM-dd HH:mm:ss,SSS}` in front). Nothing else of a line is kept.

use crate::measure::estimate::quantile;

/// What a log, or a file of spans, tells.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Log {
    /// What it is: `log`, or `spans`.
    pub kind: &'static str,
    /// Completed checkpoints: id, seconds from trigger to completion, bytes; seconds since the first line.
    pub completed: Vec<Completed>,
    /// Ids of those that expired.
    pub expired: Vec<u64>,
    /// Ids of those that a task declined.
    pub declined: Vec<u64>,
    /// Ids of those that failed for a reason that is not told.
    pub failed: Vec<u64>,
    /// Seconds since the beginning at which the job began to restart.
    pub restarts: Vec<f64>,
    /// How long tasks took to be initialised, restore included, each time after the first, s.
    pub restored_s: Vec<f64>,
    /// From the first line with a time to the last, s.
    pub span_s: f64,
}

/// A completed checkpoint.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Completed {
    /// Flink's id of it.
    pub id: u64,
    /// Seconds since the beginning.
    pub at_s: f64,
    /// Trigger to completion, s.
    pub duration_s: f64,
    /// As the coordinator says.
    pub bytes: f64,
}

/// Reads a log; `None` if no line of it is one of a coordinator.
pub fn read(text: &str) -> Option<Log> {
    let mut log = Log {
        kind: "log",
        ..Log::default()
    };
    let mut begin: Option<f64> = None;
    let mut now = 0.0;
    let mut recoveries = Vec::new();
    for line in text.lines() {
        if let Some(at) = timestamp(line) {
            now = at - *begin.get_or_insert(at);
            log.span_s = log.span_s.max(now);
        }
        if let Some(completed) = completed(line, now) {
            log.completed.push(completed);
        } else if let Some(id) = id_between(line, "Checkpoint ", " of job ")
            .filter(|_| line.contains("expired before completing"))
        {
            log.expired.push(id);
        } else if let Some(id) = id_between(line, "Decline checkpoint ", " by task ") {
            log.declined.push(id);
        } else if line.contains("switched from state RUNNING to RESTARTING")
            || line.contains("switched from state RUNNING to FAILING")
        {
            log.restarts.push(now);
        } else if line.contains("Trying to recover from a global failure") {
            recoveries.push(now);
        }
    }
    // An excerpt may lack the changes of state.
    if log.restarts.is_empty() {
        log.restarts = recoveries;
    }
    log.declined.dedup();
    log.knows().then_some(log)
}

impl Log {
    /// Whether it tells anything.
    pub fn knows(&self) -> bool {
        let ends = [&self.expired, &self.declined, &self.failed];
        !self.completed.is_empty()
            || ends.iter().any(|ids| !ids.is_empty())
            || !self.restarts.is_empty()
    }

    /// What the file is, in a sentence.
    pub fn file(&self) -> &'static str {
        match self.kind {
            "spans" => "file of spans",
            _ => "log",
        }
    }

    /// A quantile of the durations, s; `None` if none completed.
    pub fn duration_s(&self, q: f64) -> Option<f64> {
        let all: Vec<f64> = self.completed.iter().map(|one| one.duration_s).collect();
        quantile(&all, q)
    }

    /// Time between restarts, s; `None` with fewer than two.
    pub fn between_failures_s(&self) -> Option<f64> {
        let count = self.restarts.len();
        (count > 1 && self.span_s > 0.0).then(|| self.span_s / count as f64)
    }
}

/// `Completed checkpoint 7 for job x (15387 bytes, checkpointDuration=1008 ms, finalizationTime=0 ms).`, before Flink 1.13
/// `(15387 bytes in 1008 ms).`
fn completed(line: &str, at_s: f64) -> Option<Completed> {
    let id = id_between(line, "Completed checkpoint ", " for job ")?;
    let (_, rest) = line.split_once(" for job ")?;
    let (_, rest) = rest.split_once('(')?;
    let number = |text: &str| {
        text.trim()
            .parse::<f64>()
            .ok()
            .filter(|number| number.is_finite() && *number >= 0.0)
    };
    let (bytes, rest) = rest.split_once(" bytes")?;
    let ms = match rest.split_once("checkpointDuration=") {
        Some((_, ms)) => ms,
        None => rest.split_once(" in ")?.1,
    };
    Some(Completed {
        id,
        at_s,
        duration_s: number(ms.split_once(" ms")?.0)? / 1000.0,
        bytes: number(bytes)?,
    })
}

/// The name of the thread may begin as the message does.
fn id_between(line: &str, before: &str, after: &str) -> Option<u64> {
    let mut places = line.match_indices(before);
    places.find_map(|(at, _)| {
        let rest = &line[at + before.len()..];
        rest.split_once(after)?.0.trim().parse().ok()
    })
}

/// `2024-05-01 08:34:19,494`, in seconds.
fn timestamp(line: &str) -> Option<f64> {
    let text = line.trim_start().get(..23)?;
    let part = |range: std::ops::Range<usize>| text.get(range)?.parse::<i64>().ok();
    let signs = [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')];
    let is_time = signs.iter().all(|(at, sign)| text.as_bytes()[*at] == *sign);
    let (year, month, day) = (part(0..4)?, part(5..7)?, part(8..10)?);
    if !is_time || !(1..=12).contains(&month) {
        return None;
    }
    let seconds =
        days(year, month, day) * 86_400 + part(11..13)? * 3600 + part(14..16)? * 60 + part(17..19)?;
    Some(seconds as f64 + part(20..23)? as f64 / 1000.0)
}

/// Days since 1970 in the Gregorian calendar (H. Hinnant, `days_from_civil`).
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "2024-02-28 23:59:59,000 INFO  org.apache.flink.runtime.checkpoint.CheckpointCoordinator [] - Triggering checkpoint 1 (type=x) @ 1 for job a.\n\
        2024-02-29 00:00:00,500 INFO  o.a.f.r.c.CheckpointCoordinator [] - Completed checkpoint 1 for job a (15387 bytes, checkpointDuration=1008 ms, finalizationTime=0 ms).\n\
        2024-03-01 00:00:00,000 INFO  o.a.f.r.c.CheckpointCoordinator [] - Completed checkpoint 2 for job a (1000 bytes in 2500 ms).\n\
        2024-03-01 00:10:00,000 INFO  o.a.f.r.c.CheckpointCoordinator [] - Checkpoint 3 of job a expired before completing.\n\
        2024-03-01 00:20:00,000 INFO  o.a.f.r.c.CheckpointCoordinator [] - Decline checkpoint 4 by task b of job a at c.\n\
        \tat java.lang.Thread\n\
        2024-03-01 00:30:00,000 INFO  o.a.f.r.e.ExecutionGraph [] - Job hunter2 (a) switched from state RUNNING to RESTARTING.\n\
        2024-03-02 00:30:00,000 INFO  o.a.f.r.e.ExecutionGraph [] - Job hunter2 (a) switched from state RUNNING to RESTARTING.\n";

    #[test]
    fn durations_sizes_expiries_and_restarts_are_read_over_days() {
        let log = read(LOG).unwrap();
        let durations: Vec<f64> = log.completed.iter().map(|one| one.duration_s).collect();
        assert_eq!(durations, [1.008, 2.5]);
        assert!((log.completed[1].bytes - 1000.0).abs() < 1e-9);
        assert_eq!((log.expired, log.declined), (vec![3], vec![4]));
        assert_eq!(log.restarts.len(), 2);
        // 29 February and two days of March.
        assert!(
            (log.span_s - (2.0 * 86_400.0 + 1_800.0 + 1.0)).abs() < 1e-6,
            "{}",
            log.span_s
        );
        assert!((log.completed[1].at_s - 86_401.0).abs() < 1e-6);
    }

    #[test]
    fn names_of_threads_and_other_words_for_a_restart_are_understood() {
        let text = "2023-03-06 20:51:56.793 [Checkpoint Timer] INFO  o.a.f.r.c.CheckpointCoordinator [] - Checkpoint 3 of job a expired before completing.\n\
            2023-03-06 20:51:57.000 [x] INFO  o.a.f.r.j.JobMaster [] - Trying to recover from a global failure.\n";
        let log = read(text).unwrap();
        assert_eq!((log.expired, log.restarts.len()), (vec![3], 1));
    }

    #[test]
    fn what_is_no_log_is_none() {
        for text in [
            "",
            "a\nb",
            "2024-99-99 99:99:99,999",
            "Completed checkpoint x for job (",
            "ä".repeat(30).as_str(),
            format!("a{}", "ä".repeat(30)).as_str(),
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(days(1970, 1, 1), 0);
        assert_eq!(days(2000, 3, 1), 11_017);
    }
}
