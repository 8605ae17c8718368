//! An estimate as a scenario file: every figure with its origin in a comment.

use std::fmt::Write as _;
use std::path::Path;

use crate::recording::answers::graph;
use crate::recording::answers::number::visible;
use crate::recording::answers::plan_window::PlanWindow;
use crate::recording::estimate::bursts::Burst;
use crate::recording::estimate::estimated::Estimated;
use crate::recording::estimate::state::{StateEstimate, value_bytes};
use crate::recording::estimate::window::WindowEstimate;
use crate::recording::estimate::{Estimate, VertexEstimate, WorkEstimate};
use crate::recording::file::RecordingError;
use crate::scenario::calibration::{READERS_EARLIER, ROCKSDB_BYTES_PER_ENTRY};
use crate::scenario::diagnostic::Diagnostics;
use crate::scenario::keys::table::Choice;
use crate::scenario::load;
use crate::units::print;

/// A source whose emission time is unknown; any value from 1 to 100 us gives the same results in recordings.
const EMIT_US: f64 = 10.0;
/// How much faster than its average a burst comes: at once, on the scale of a buffer.
const BURST_SHARE: f64 = 0.01;
/// For a job without end.
const LENGTH_MS: (f64, f64) = (600_000.0, 60_000.0);

/// The text, if it is a valid scenario.
///
/// # Errors
/// If it is not: the answers contradict themselves.
pub fn valid(text: &str) -> Result<String, RecordingError> {
    match load::parse(text, "the imported scenario", Path::new(""), &[]) {
        Ok(_) => Ok(text.to_owned()),
        Err(problems) => Err(RecordingError::Scenario(Diagnostics::render(
            &problems, false,
        ))),
    }
}

/// The scenario file of an estimate.
pub fn toml(estimate: &Estimate) -> String {
    let rocksdb = estimate
        .options
        .get("state.backend.type")
        .is_some_and(|backend| backend.contains("rocksdb"));
    let mut file = head(estimate);
    for vertex in &estimate.vertices {
        file.vertex(estimate, vertex, rocksdb);
    }
    file.line("\n[flink]");
    for (key, value) in &estimate.options {
        file.line(&format!("{} = {}", quoted(key), quoted(value)));
    }
    file.cluster(estimate);
    file.storage(estimate);
    file.0
}

fn head(estimate: &Estimate) -> File {
    let mut file = File(String::new());
    let name = visible(&estimate.name);
    file.line(&format!(
        "# Imported from the REST answers of the job {name}: everything below is estimated."
    ));
    file.remarks("Take care", &estimate.remarks.warnings);
    file.remarks("Assumptions", &estimate.remarks.assumptions);
    let (duration, warmup) = estimate.length_ms.unwrap_or(LENGTH_MS);
    file.line("\n[job]");
    file.line(&format!("name = {}", quoted(&name)));
    file.line(&format!("duration = \"{} ms\"", duration.round()));
    file.line(&format!("warmup = \"{} ms\"", warmup.round()));
    if let Some(version) = &estimate.flink_version {
        file.line(&format!(
            "flink-version = {} # whose defaults hold",
            quoted(version)
        ));
    }
    file
}

/// A scenario file being written.
struct File(String);

impl File {
    fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }

    fn remarks(&mut self, title: &str, remarks: &[String]) {
        if !remarks.is_empty() {
            self.line(&format!("# {title}:"));
        }
        for remark in remarks {
            self.line(&format!("# - {}", visible(remark)));
        }
    }

    /// `key = "1 us" # estimated from ..., spread a..b us`; figure and spread are rounded alike, so that one lies within
    /// the other.
    fn estimated(&mut self, key: &str, from: Estimated, unit: &str, round: Round) {
        let value = match unit {
            "" => round(from.value),
            unit => format!("\"{}\"", with_unit(&round(from.value), unit)),
        };
        self.line(&format!("{key} = {value} {}", origin(from, unit, round)));
    }

    fn cluster(&mut self, estimate: &Estimate) {
        let found = estimate.cluster.is_some() || estimate.spread_out.is_some();
        if found || estimate.control_plane.is_some() || estimate.flush_per_mb.is_some() {
            self.line("\n[cluster]");
        }
        if let Some((taskmanagers, slots)) = estimate.cluster {
            self.line(&format!(
                "taskmanagers = {taskmanagers} # from the TaskManagers"
            ));
            self.line(&format!("slots = {slots} # from the TaskManagers"));
        }
        if let Some(per_mb) = estimate.flush_per_mb {
            self.estimated("flush-per-mb", per_mb.times(1e3), "ms", short);
        }
        if let Some(factor) = estimate.control_plane {
            self.estimated("control-plane-factor", factor, "", short);
        }
        if let Some(spread) = estimate.spread_out {
            let placement = if spread { "spread" } else { "fill" };
            self.line(&format!(
                "placement = \"{placement}\" # from cluster.evenly-spread-out-slots"
            ));
        }
    }

    fn vertex(&mut self, estimate: &Estimate, vertex: &VertexEstimate, rocksdb: bool) {
        let node = &vertex.node;
        self.line("\n[[vertex]]");
        self.line(&format!("name = {}", quoted(&node.name)));
        self.line(&format!(
            "parallelism = {} # from the plan",
            node.parallelism
        ));
        if let Some(groups) = node.max_parallelism {
            self.line(&format!(
                "max-parallelism = {groups} # from maxParallelism of the vertex"
            ));
        }
        if let Some(placement) = &vertex.placement {
            self.line(&format!("placement = {placement:?} # from taskmanager-id"));
        }
        if let WorkEstimate::Operator {
            selectivity,
            shares,
            ..
        } = &vertex.work
        {
            self.inputs(estimate, vertex, shares.as_deref());
            if vertex.window.is_some() {
                self.line("selectivity = 0 # what it emits comes from firing windows");
            } else if let Some(selectivity) = selectivity {
                self.estimated("selectivity", *selectivity, "", short);
            }
        }
        let service = vertex.service.map(|service| service.times(1e6));
        match (service, &vertex.work) {
            (Some(us), _) => {
                self.estimated("service", us.map(|us| us.max(0.001)), "us", short);
            }
            (None, WorkEstimate::Source { .. }) => {
                self.line(&format!("service = \"{EMIT_US} us\" # assumed"));
            }
            (None, WorkEstimate::Operator { .. }) => self.line("service = \"1 us\" # assumed"),
        }
        if let Some(before) = vertex.pre_barrier {
            self.estimated("pre-barrier", before.times(1e3), "ms", short);
        }
        if let Some(extra) = vertex.sync_extra {
            self.estimated("sync-extra", extra.times(1e3), "ms", short);
        }
        if let Some(factors) = &vertex.slowness {
            let factors: Vec<String> = factors.iter().map(|factor| short(*factor)).collect();
            self.line(&format!(
                "slowness = [{}] # estimated from busy time / records of every subtask",
                factors.join(", ")
            ));
        }
        if matches!(vertex.work, WorkEstimate::Operator { .. })
            && let Some(record) = vertex.record
        {
            self.record(record);
        }
        if let Some(window) = &vertex.window {
            self.window(window);
        }
        if let Some((state, entry)) = &vertex.state {
            self.state(vertex, state, *entry, rocksdb);
        }
        self.source(vertex);
    }

    fn record(&mut self, record: Estimated) {
        self.estimated("record", record, "B", whole);
    }

    fn inputs(&mut self, estimate: &Estimate, vertex: &VertexEstimate, shares: Option<&[f64]>) {
        let inputs: Vec<String> = vertex
            .node
            .inputs
            .iter()
            .map(|(from, exchange)| {
                let (exchange, shares) = if *exchange == graph::GLOBAL {
                    ("hash", Some(all_to_the_first(vertex.node.parallelism)))
                } else {
                    let shares = shares.filter(|_| *exchange == "hash");
                    (*exchange, shares.map(normalised))
                };
                let shares =
                    shares.map_or_else(String::new, |shares| format!(", shares = {shares:?}"));
                let from = &estimate.vertices[*from].node.name;
                format!(
                    "{{ from = {}, exchange = \"{exchange}\"{shares} }}",
                    quoted(from)
                )
            })
            .collect();
        let origin = if shares.is_some() {
            "exchange from ship_strategy; shares estimated from numRecordsIn"
        } else {
            "from ship_strategy"
        };
        self.line(&format!("inputs = [{}] # {origin}", inputs.join(", ")));
        if inputs.len() > 1 {
            self.line("reading = \"alternating\" # a task of several inputs");
        }
    }

    fn source(&mut self, vertex: &VertexEstimate) {
        let WorkEstimate::Source {
            rate,
            burst,
            earlier_ms,
            legacy,
        } = &vertex.work
        else {
            return;
        };
        self.line("[vertex.source]");
        match (rate, burst) {
            (Some(rate), Some(burst)) => self.bursts(vertex, *rate, *burst, *earlier_ms),
            (Some(rate), None) => {
                self.estimated("rate", *rate, "/s", short);
            }
            (None, _) if vertex.record.is_some() => {
                self.line("rate = \"unlimited\" # backpressured: see above");
            }
            (None, _) => self.line("rate = \"1/s\" # assumed"),
        }
        if *legacy {
            self.line(
                "legacy = true # estimated from busyTimeMsPerSecond, which no SourceFunction has",
            );
        }
        if let Some(record) = vertex.record {
            self.record(record);
        }
    }

    /// Readers begin before the last task runs and checkpoints are triggered: so much of a period has passed then.
    fn bursts(
        &mut self,
        vertex: &VertexEstimate,
        rate: Estimated,
        burst: Burst,
        earlier: Option<f64>,
    ) {
        let period = 1000.0 * burst.period_s;
        let on = period * BURST_SHARE;
        let per_s = burst.records * vertex.node.parallelism as f64 / (0.001 * on);
        let steps = format!("[\"0 ms {}/s\", \"{} ms 0/s\"]", short(per_s), short(on));
        let mean = origin(rate, "/s", short);
        self.line(&format!("steps = {steps} {mean} in the mean"));
        self.line(&format!(
            "period = \"{} ms\" # numRecordsOut rests at multiples of {}: it delivers in bursts",
            short(period),
            burst.records
        ));
        let (origin, earlier) = match earlier {
            Some(earlier) => ("estimated from status-duration", earlier),
            None => ("assumed", READERS_EARLIER.as_millis() as f64),
        };
        self.line(&format!(
            "start = \"{} ms\" # {origin}: readers start {} ms before checkpoints do",
            short((-earlier).rem_euclid(period)),
            short(earlier)
        ));
    }

    fn window(&mut self, window: &WindowEstimate) {
        self.line("[vertex.window]");
        let PlanWindow { size, slide, clock } = window.window;
        let (size, from) = (print::written(size), "# from the plan");
        match slide {
            Some(slide) => {
                self.line(&format!("size = \"{size}\" {from}"));
                self.line(&format!("slide = \"{}\" {from}", print::written(slide)));
            }
            None => self.line(&format!("gap = \"{size}\" {from}")),
        }
        self.line(&format!("time = \"{}\" {from}", clock.word()));
        self.estimated("keys", window.keys, "", whole);
        if let Some(firing) = window.firing {
            let us = firing.times(1e6).map(|us| us.max(0.001));
            self.estimated("firing", us, "us", short);
        }
        if let Some(buffered) = window.buffered {
            let us = buffered.times(1e6).map(|us| us.max(0.001));
            self.estimated("buffered", us, "us", short);
        }
    }

    fn state(&mut self, vertex: &VertexEstimate, state: &StateEstimate, entry: f64, rocksdb: bool) {
        let of_window = vertex.window.and_then(|window| {
            let bytes = window.entry_bytes.filter(|_| rocksdb)?;
            Some((
                window.entries?,
                bytes.map(|bytes| bytes - ROCKSDB_BYTES_PER_ENTRY as f64),
            ))
        });
        if let Some((entries, bytes)) = of_window {
            return self.state_of_window(entries, bytes);
        }
        let subtasks = vertex.node.parallelism;
        let size = state
            .live
            .map(|live| value_bytes(live, subtasks, entry, rocksdb).round());
        self.line("[vertex.state]");
        self.estimated("size", size, "B", whole);
        self.line(&format!("entry = \"{entry} B\" # assumed"));
        self.line("access = \"0 s\" # part of the service time");
        let (Some(change), WorkEstimate::Operator { records_in, .. }) =
            (state.change, &vertex.work)
        else {
            return;
        };
        // What was written and deleted again since the checkpoint before is not flushed.
        let expiry = vertex.window.map(|window| window.expiry());
        let written_s = expiry.map_or(change.period_s, |expiry| expiry.written_s(change.period_s));
        let entries = size.value / subtasks as f64 / entry;
        let per_record = |flushed: f64| {
            // Of what expires, as much is deleted as is added: a tombstone each.
            let overhead = ROCKSDB_BYTES_PER_ENTRY as f64;
            let deleted = expiry.map_or(0.0, |_| overhead * change.period_s / written_s);
            let added = flushed / (entry + overhead + deleted);
            let overwritten = change
                .overwritten_per_s(flushed)
                .filter(|_| expiry.is_none());
            overwritten.map_or(added / written_s, |share| share * entries) / records_in
        };
        let overwritten = change.overwritten_per_s(change.flushed.value);
        let key = match overwritten.filter(|_| expiry.is_none()) {
            Some(_) => "updates-per-record",
            None => "adds-per-record",
        };
        let mut per_record = change.flushed.map(per_record);
        let (low, high) = per_record.spread;
        // Where the largest flush is no overwriting any more, the rule is another one.
        per_record.spread = (low.min(per_record.value), high.max(per_record.value));
        if per_record.value.is_finite() {
            self.estimated(key, per_record, "", short);
        }
    }

    /// An entry of every key and slice, which its records overwrite.
    fn state_of_window(&mut self, entries: f64, bytes: Estimated) {
        self.line("[vertex.state]");
        let bytes = bytes.map(f64::round);
        self.estimated("size", bytes.times(entries), "B", whole);
        self.estimated("entry", bytes, "B", whole);
        self.line("access = \"0 s\" # part of the service time");
        self.line("updates-per-record = 1.0 # SQL's window aggregation: one slice of one key");
    }

    fn storage(&mut self, estimate: &Estimate) {
        self.line("\n[storage]");
        self.line("profile = \"hdfs\" # assumed; what follows overrides it");
        if let Some(write) = estimate.storage.write_bytes_per_s {
            self.estimated("write-per-stream", write, "B/s", whole);
            let read = whole(write.value);
            self.line(&format!("read-per-stream = \"{read} B/s\" # assumed"));
            for key in [
                "write-per-taskmanager",
                "write-total",
                "read-per-taskmanager",
                "read-total",
            ] {
                self.line(&format!("{key} = \"unlimited\" # assumed"));
            }
        }
        if let Some(per_file) = estimate.storage.per_file_ms {
            self.estimated("open", per_file.times(0.5), "ms", short);
            self.estimated("close", per_file.times(0.5), "ms", short);
        } else if estimate.storage.write_bytes_per_s.is_some() {
            let half = short(0.5 * estimate.storage.assumed_per_file_ms);
            for key in ["open", "close"] {
                self.line(&format!(
                    "{key} = \"{half} ms\" # assumed: no small file shows it; taken off the bandwidth"
                ));
            }
        }
    }
}

/// How figures are printed; it never falls.
type Round = fn(f64) -> String;

/// `# estimated from ..., spread a..b us`.
fn origin(from: Estimated, unit: &str, round: Round) -> String {
    let (low, high) = from.spread;
    format!(
        "# estimated from {}, spread {}..{}",
        from.source,
        round(low),
        with_unit(&round(high), unit)
    )
}

fn with_unit(figure: &str, unit: &str) -> String {
    let gap = if unit.is_empty() || unit.starts_with('/') {
        ""
    } else {
        " "
    };
    format!("{figure}{gap}{unit}")
}

/// A whole number of bytes, at least one.
fn whole(figure: f64) -> String {
    figure.round().max(1.0).to_string()
}

/// Shares whose printed figures sum to 1.
fn normalised(shares: &[f64]) -> Vec<f64> {
    let mut shares: Vec<f64> = shares
        .iter()
        .map(|share| (share * 1e4).round() / 1e4)
        .collect();
    let sum: f64 = shares.iter().sum();
    for share in &mut shares {
        *share /= sum;
    }
    shares
}

/// Flink's `GlobalPartitioner`.
fn all_to_the_first(subtasks: usize) -> Vec<f64> {
    let mut shares = vec![0.0; subtasks];
    shares[0] = 1.0;
    shares
}

/// Four significant digits, never in exponent form.
fn short(figure: f64) -> String {
    if figure == 0.0 || !figure.is_finite() {
        return "0".to_owned();
    }
    let digits = (3 - figure.abs().log10().floor() as i32).clamp(0, 12);
    let mut text = String::new();
    write!(text, "{figure:.*}", digits as usize).expect("a string takes everything");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_four_digits_and_no_exponent() {
        assert_eq!(short(12_345.6), "12346");
        assert_eq!(short(0.000_012_345_6), "0.00001235");
        assert_eq!(short(2.5), "2.5");
        assert_eq!(short(f64::INFINITY), "0");
    }

    #[test]
    fn rounded_shares_sum_to_one() {
        let shares = normalised(&[1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0]);
        assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }
}
