//! What tables of a scenario need, and what excludes each other in them.

/// What a table cannot do without.
pub const NEEDED: &[&str] = &[
    "cluster.gc.every",
    "cluster.gc.pause",
    "failure.at",
    "operation.at",
    "outage.at",
    "outage.duration",
    "trigger.at",
    "vertex.name",
    "vertex.parallelism",
    "vertex.inputs.from",
    "vertex.inputs.skew.subtask",
    "vertex.inputs.skew.share",
    "vertex.slow.subtask",
    "vertex.slow.factor",
    "vertex.service.mean",
    "failure.task.vertex",
    "failure.task.subtask",
    "vertex.source.watermark-alignment.max-drift",
    "vertex.state.size",
    "vertex.timers.every",
    "vertex.timers.number",
    "vertex.window.keys",
    "measured.recording",
];

/// Of these only one can stand in a table; the second figure is how often none does, in percent.
pub const ALTERNATIVES: &[(&str, &[&str], u32)] = &[
    ("vertex.source", &["rate", "steps", "curve", "trace"], 0),
    ("vertex.source", &["splits", "shares"], 60),
    ("vertex.window", &["size", "gap"], 0),
    ("vertex", &["window", "timers"], 60),
    ("vertex.inputs", &["shares", "skew", "zipf"], 60),
    ("vertex.service", &["sigma", "cv", "spread"], 50),
    ("cluster.commit", &["sigma", "cv", "spread"], 50),
    ("failure", &["task", "taskmanager", "jobmanager"], 0),
    ("failures", &["mtbf", "trace", "at"], 0),
    ("outage", &["storage", "replica"], 0),
];

/// Files that scenarios name, beside them.
pub const FILES: &[(&str, &str)] = &[
    (
        "rates.csv",
        "seconds,records_per_s\n0,500\n0.5,0\n1,2000\n2.5,100\n",
    ),
    ("failures.csv", "seconds\n0.25\n0.75\n0.7500001\n3\n"),
    (
        "config.yaml",
        "state.backend.type: rocksdb\nexecution:\n  checkpointing:\n    interval: 300 ms\n    min-pause: 50 ms\n",
    ),
];

/// Tables that are there; `""` = none of those that fail.
pub const FAILURE: &[&str] = &[
    "",
    "failure",
    "failures",
    "outage",
    "trigger",
    "operation",
    "restore",
];
