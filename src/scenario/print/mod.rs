//! A [`Scenario`] as a complete scenario file: every key is written, so that parsing it needs no defaults.

mod failure;
mod flink;
mod vertex;
mod writer;

use std::fmt::Write;

use sha2::{Digest, Sha256};

use crate::scenario::print::writer::{Inline, Writer, key_of, law_keys, text};
use crate::scenario::{
    Cluster, Commit, KeyDraw, LatencyDraw, ManualTrigger, Placement, SavepointFormat, Scenario,
    Storage, Trigger,
};
use crate::units::{ByteRate, print};

/// The scenario as TOML; parsing it gives the same scenario.
pub fn toml(scenario: &Scenario) -> String {
    let mut writer = Writer::default();
    job(scenario, &mut writer);
    for vertex in &scenario.vertices {
        vertex::vertex(scenario, vertex, &mut writer);
    }
    flink::flink(scenario, &mut writer);
    cluster(&scenario.cluster, &mut writer);
    storage(&scenario.storage, &mut writer);
    for trigger in &scenario.triggers {
        manual_trigger(*trigger, &mut writer);
    }
    failure::failures(scenario, &mut writer);
    simulation(scenario, &mut writer);
    if !scenario.objectives.is_empty() {
        writer.table("[objectives]");
    }
    for wish in &scenario.objectives {
        writer.key(&key_of(&wish.metric), text(&wish.bound));
    }
    if let Some(measured) = &scenario.measured {
        writer.table("[measured]");
        writer.key("recording", text(&measured.recording));
    }
    writer.finish()
}

/// SHA-256 of what [`toml()`] gives, in hexadecimal digits.
pub fn sha256(scenario: &Scenario) -> String {
    let mut hexadecimal = String::new();
    for byte in Sha256::digest(toml(scenario).as_bytes()) {
        write!(hexadecimal, "{byte:02x}").expect("a string takes everything");
    }
    hexadecimal
}

fn job(scenario: &Scenario, writer: &mut Writer) {
    let job = &scenario.job;
    writer.table("[job]");
    writer.key("name", text(&job.name));
    writer.key("duration", text(&print::written(job.duration)));
    writer.key("warmup", text(&print::written(job.warmup)));
    writer.key("seed", job.seed);
    writer.key("replications", job.replications);
    writer.key("flink-version", text(flink::version(&scenario.network)));
    if let Some(wish) = scenario.checkpointing.retention_wish {
        writer.key("retention-wish", text(&print::written(wish)));
    }
}

fn cluster(cluster: &Cluster, writer: &mut Writer) {
    writer.table("[cluster]");
    writer.key("taskmanagers", cluster.taskmanagers);
    writer.key("slots", cluster.slots);
    let placement = match cluster.placement {
        Placement::Spread => "spread",
        Placement::Fill => "fill",
    };
    writer.key("placement", text(placement));
    if let Some(link) = cluster.link {
        writer.key("link", text(&print::written_rate(link)));
    }
    writer.key("latency", text(&print::written(cluster.latency)));
    if let Some(heap) = cluster.heap {
        writer.key("heap", text(&print::written_size(heap)));
    }
    if let Commit::Quorum {
        replicas,
        quorum,
        round_trip,
        law,
    } = cluster.commit
    {
        let mut table = Inline::default();
        table.key("replicas", replicas);
        table.key("quorum", quorum);
        table.key("round-trip", text(&print::written(round_trip)));
        law_keys(law, &mut table);
        writer.key("commit", table.finish());
    }
}

fn storage(storage: &Storage, writer: &mut Writer) {
    let rate = |limit: Option<ByteRate>| {
        text(&limit.map_or_else(|| "unlimited".to_owned(), print::written_rate))
    };
    writer.table("[storage]");
    writer.key("profile", text(&storage.profile));
    writer.key("write-per-stream", rate(storage.write_per_stream));
    writer.key("write-per-taskmanager", rate(storage.write_per_taskmanager));
    writer.key("write-total", rate(storage.write_total));
    writer.key("read-per-stream", rate(storage.read_per_stream));
    writer.key("read-per-taskmanager", rate(storage.read_per_taskmanager));
    writer.key("read-total", rate(storage.read_total));
    writer.key("open", text(&print::written(storage.open)));
    writer.key("close", text(&print::written(storage.close)));
    let mut prices = Inline::default();
    prices.key(
        "per-gib-month",
        format!("{:?}", storage.prices.per_gib_month),
    );
    prices.key(
        "per-1000-writes",
        format!("{:?}", storage.prices.per_1000_writes),
    );
    prices.key(
        "per-1000-reads",
        format!("{:?}", storage.prices.per_1000_reads),
    );
    prices.key("note", text(&storage.prices.note));
    writer.key("prices", prices.finish());
}

fn manual_trigger(trigger: ManualTrigger, writer: &mut Writer) {
    writer.table("[[trigger]]");
    writer.key("at", text(&print::written(trigger.at)));
    match trigger.kind {
        Trigger::Checkpoint => writer.key("kind", text("checkpoint")),
        Trigger::Savepoint(format) => {
            writer.key("kind", text("savepoint"));
            let format = match format {
                SavepointFormat::Canonical => "canonical",
                SavepointFormat::Native => "native",
            };
            writer.key("format", text(format));
        }
    }
}

fn simulation(scenario: &Scenario, writer: &mut Writer) {
    let simulation = &scenario.simulation;
    writer.table("[simulation]");
    writer.key("quantum", text(&print::written(simulation.quantum)));
    let keys = match simulation.keys {
        KeyDraw::Random => "random",
        KeyDraw::Even => "even",
    };
    writer.key("keys", text(keys));
    let latencies = match simulation.latencies {
        LatencyDraw::Random => "random",
        LatencyDraw::Typical => "typical",
    };
    writer.key("latencies", text(latencies));
    writer.key("skip-steady-time", simulation.skip_steady_time);
    writer.key("max-events", simulation.max_events);
    writer.key("max-subtasks", simulation.max_subtasks);
    writer.key("max-channels", simulation.max_channels);
    writer.key("check-consistency", simulation.check_consistency);
    flink::simulated_only(&scenario.checkpointing, writer);
}
