//! A recording's known parameters as a scenario: the text of a TOML file.
//!
//! Nothing that was measured goes into it but the instants of [`crate::recording::clock`]. Bytes on the wire: payload + 25
//! behind a source, + 17 behind an operator (no timestamp).

use std::fmt::Write as _;

use crate::recording::answers::number::visible;
use crate::recording::clock::{self, Clock};
use crate::recording::estimate::text::valid;
use crate::recording::failing;
use crate::recording::file::{Explicit, Node, Recording, RecordingError};
use crate::recording::machines;
use crate::recording::names::Names;

/// Bytes around a payload behind a source: length 4, tag 1, timestamp 8, key 8, array length 4.
const SOURCE_OVERHEAD: u64 = 25;
/// Behind an operator: without a timestamp.
const OPERATOR_OVERHEAD: u64 = 17;
/// What a source needs per record: it only copies a payload. Any value from 1 to 100 us gives the same results.
const EMIT_US: f64 = 10.0;
/// Task threads of the recorded jobs sleep when they are 1 ms ahead.
const QUANTUM_MS: f64 = 1.0;
/// Options that say where files are, not how the job behaves.
const PLACES: [&str; 3] = [
    "execution.checkpointing.dir",
    "execution.checkpointing.savepoint-dir",
    "execution.checkpointing.storage",
];

/// The scenario of a recording with known parameters.
///
/// # Errors
/// If the recording's job is unknown (SQL), names a vertex or TaskManager that does not exist, or contradicts itself.
pub fn scenario(recording: &Recording) -> Result<String, RecordingError> {
    let clock = Clock::of(recording);
    let explicit = &recording.params.explicit;
    let names = Names::of(&explicit.nodes);
    let mut text = job(recording, &clock);
    for (position, node) in explicit.nodes.iter().enumerate() {
        text += &vertex(recording, &clock, node, (names.at(position), &names))?;
    }
    text += names.comments();
    text += &flink(recording);
    text += &environment(explicit, machines::cores(&recording.rest.taskmanagers));
    for action in &recording.params.actions {
        if let Some(format) = &action.format {
            let at = clock.since_start(recording.measurement.running_ms + 1000.0 * action.at_s);
            let format = format.to_lowercase();
            let _ = writeln!(
                text,
                "\n[[trigger]]\nat = \"{at} ms\"\nkind = \"savepoint\"\nformat = {}",
                quoted(&format)
            );
        }
    }
    text += &failing::tables(recording, &clock, &names);
    valid(&text)
}

fn job(recording: &Recording, clock: &Clock) -> String {
    format!(
        "# Recording {id} of a real Flink cluster: what was known before it ran.\n\n\
         [job]\nname = {name}\nduration = \"{duration} ms\"\nwarmup = \"{warmup} ms\"\n",
        id = visible(&recording.id),
        name = quoted(&visible(&recording.id)),
        // What comes after the first failure is known only if the job was made to fail.
        duration = clock.since_start(if failing::is_made_to_fail(recording) {
            clock.over
        } else {
            clock.end
        }),
        warmup = clock.since_start(clock.warmup),
    )
}

fn vertex(
    recording: &Recording,
    clock: &Clock,
    node: &Node,
    (name, names): (&str, &Names),
) -> Result<String, RecordingError> {
    let mut text = format!(
        "\n[[vertex]]\nname = {}\nparallelism = {}\nplacement = {:?}\n",
        quoted(name),
        node.parallelism,
        placement(recording, &node.id)?,
    );
    if node.kind == "source" {
        text += &source(recording, clock, node)?;
    } else {
        text += &operator(recording, node, names)?;
    }
    Ok(text)
}

fn source(recording: &Recording, clock: &Clock, node: &Node) -> Result<String, RecordingError> {
    let rate = required(
        node.source_rate_per_subtask_rps,
        node,
        "source_rate_per_subtask_rps",
    )?;
    let delay = node.source_start_delay_ms.unwrap_or(3000.0);
    let id = recording
        .params
        .vertex_ids
        .get(&node.id)
        .map_or("", String::as_str);
    let start = (clock::readers_opened(recording, clock, id) + delay).max(0.0);
    let rate = if rate < 0.0 {
        "unlimited".to_owned()
    } else {
        format!("{}/s", rate * node.parallelism as f64)
    };
    Ok(format!(
        "service = \"{EMIT_US} us\"\n[vertex.source]\nrate = {rate}\narrivals = {arrivals}\nrecord = \"{record} B\"\nstart = \"{start} ms\"\n",
        rate = quoted(&rate),
        arrivals = quoted(if node.source_poisson_arrivals {
            "poisson"
        } else {
            "regular"
        }),
        record =
            required(node.record_payload_bytes, node, "record_payload_bytes")? + SOURCE_OVERHEAD,
    ))
}

fn operator(recording: &Recording, node: &Node, names: &Names) -> Result<String, RecordingError> {
    let exchange = node.input_exchange.as_deref().unwrap_or("hash");
    let shares = node
        .input_key_share_per_subtask
        .as_deref()
        .filter(|_| exchange == "hash");
    let inputs: Vec<String> = node
        .inputs
        .iter()
        .map(|from| {
            let shares = shares.map_or_else(String::new, |shares| {
                let sum: f64 = shares.iter().sum();
                let shares: Vec<f64> = shares.iter().map(|share| share / sum).collect();
                format!(", shares = {shares:?}")
            });
            format!(
                "{{ from = {}, exchange = {}{shares} }}",
                quoted(names.of_id(from)),
                quoted(exchange)
            )
        })
        .collect();
    let payload = recording
        .params
        .explicit
        .nodes
        .iter()
        .find_map(|node| node.record_payload_bytes);
    let mut text = format!(
        "inputs = [{}]\nreading = {}\nrecord = \"{} B\"\n",
        inputs.join(", "),
        quoted(if node.two_input_operator {
            "alternating"
        } else {
            "union"
        }),
        payload.unwrap_or(100) + OPERATOR_OVERHEAD,
    );
    if let Some(factors) = &node.service_multiplier_per_subtask {
        let _ = writeln!(text, "slowness = {factors:?}");
    }
    if node.sync_phase_extra_sleep_ms > 0.0 {
        let _ = writeln!(
            text,
            "sync-extra = \"{} ms\"",
            node.sync_phase_extra_sleep_ms
        );
    }
    let law = match node.service_distribution.as_deref() {
        None | Some("det") => "deterministic",
        Some("exp") => "exponential",
        Some(other @ ("deterministic" | "exponential" | "lognormal" | "uniform")) => other,
        Some(_) => {
            return Err(RecordingError::Value(format!(
                "vertex `{}` has a service_distribution that is not known here",
                visible(&node.id).chars().take(40).collect::<String>()
            )));
        }
    };
    let service = required(node.service_us, node, "service_us")?;
    // The threads of the recorded jobs sleep.
    text += "blocking = true\n";
    let _ = writeln!(
        text,
        "service = {{ mean = \"{service} us\", distribution = {} }}",
        quoted(law)
    );
    text += &state(node);
    Ok(text)
}

fn state(node: &Node) -> String {
    let Some(entry) = node.state_entry_value_bytes else {
        return String::new();
    };
    let size = (node.state_entries_per_subtask * entry * node.parallelism as f64) as u64;
    if size == 0 {
        return String::new();
    }
    let dirty = 100.0 * node.state_dirty_fraction_per_s;
    let dirty = if dirty > 0.0 {
        format!(", dirty = \"{dirty} %/s\"")
    } else {
        String::new()
    };
    // Touching the state is part of the recorded job's service time.
    format!(
        "state = {{ size = \"{size} B\", entry = \"{} B\"{dirty}, access = \"0 s\" }}\n",
        entry as u64
    )
}

/// Flink's own keys, as the job and the cluster had them.
fn flink(recording: &Recording) -> String {
    let params = &recording.params;
    let cluster = params.cluster.flink_conf.iter().filter(|(key, _)| {
        key.ends_with("segment-size")
            || key.starts_with("taskmanager.network.memory.")
            || key.starts_with("heartbeat.")
            || *key == "jobmanager.execution.failover-strategy"
    });
    let mut text = "\n[flink]\nexecution.checkpointing.dir = \"file:///checkpoints\"\n".to_owned();
    let job = params.job_conf.iter().filter(|(key, _)| {
        !PLACES.contains(&key.as_str())
            && ["execution.", "state.", "restart-strategy."]
                .iter()
                .any(|prefix| key.starts_with(prefix))
    });
    for (key, value) in cluster.chain(job) {
        let _ = writeln!(text, "{} = {}", quoted(key), quoted(value));
    }
    text
}

fn environment(explicit: &Explicit, cores: Option<f64>) -> String {
    let cores = cores.map_or_else(String::new, |cores| format!("cores = {cores}\n"));
    let rate = |bytes_per_s: u64| match bytes_per_s {
        0 => "unlimited".to_owned(),
        limit => format!("{limit} B/s"),
    };
    format!(
        "\n[cluster]\ntaskmanagers = {}\nslots = {}\n{cores}\n[storage]\nprofile = \"local-ssd\"\n\
         write-per-stream = \"{}\"\nwrite-per-taskmanager = \"{}\"\nwrite-total = \"unlimited\"\n\
         read-per-stream = \"{}\"\nread-per-taskmanager = \"{}\"\nread-total = \"unlimited\"\n\
         open = \"{} ms\"\nclose = \"{} ms\"\n\n[simulation]\nquantum = \"{QUANTUM_MS} ms\"\n",
        explicit.taskmanagers,
        explicit.slots_per_tm,
        rate(explicit.storage_write_bytes_per_s_per_stream),
        rate(explicit.storage_write_bytes_per_s_aggregate_per_tm),
        rate(explicit.storage_read_bytes_per_s_per_stream),
        rate(explicit.storage_read_bytes_per_s_aggregate_per_tm),
        explicit.storage_open_latency_ms,
        explicit.storage_close_latency_ms,
    )
}

/// TaskManagers by number: in alphabetical order of their names.
fn placement(recording: &Recording, vertex: &str) -> Result<Vec<usize>, RecordingError> {
    let placement = &recording.params.placement;
    let names: std::collections::BTreeSet<&String> = placement.values().flatten().collect();
    let names: Vec<&String> = names.into_iter().collect();
    let of_vertex = placement.get(vertex).ok_or_else(|| {
        RecordingError::Value(format!("params.placement has no vertex `{vertex}`"))
    })?;
    Ok(of_vertex
        .iter()
        .filter_map(|name| names.binary_search(&name).ok())
        .collect())
}

fn required<T>(value: Option<T>, node: &Node, key: &str) -> Result<T, RecordingError> {
    value.ok_or_else(|| {
        RecordingError::Value(format!(
            "vertex `{}` has no {key}: its parameters are not known",
            node.id
        ))
    })
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}
