//! Integration tests.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
/// Simulations against recordings of real clusters: the published errors may not get worse.
mod accuracy;
/// The program as a user calls it: exit codes, streams, overrides, messages.
mod cli;
/// Figures that have a right value by arithmetic, with and without failures and left out time.
mod closed_figures;
/// Two configurations side by side: changes, verdicts, exit codes.
mod compare;
/// Completed checkpoints are consistent cuts, record by record, whatever the job and the mode.
mod consistency;
/// Equal inputs give equal results, to the byte, on every machine and with any number of threads.
mod determinism;
/// The examples, as `cargo run --example` runs them.
mod examples;
/// The critical path of a checkpoint, and what other options would have given.
mod explain;
/// A failed job comes back with the state of a checkpoint, and works off what has piled up.
mod failures;
/// What users have reported, simulated.
mod field;
/// What pencil and paper say about the scenarios that ship.
mod formulas;
/// What a job was like before: Prometheus, spans, an exported run; estimates adjusted to what was measured.
mod history;
/// Names that deceive, files that do not end: what a stranger may put into files.
mod hostile;
/// Servers that mean harm: slow, endless, deep, without number.
mod hostile_server;
/// Scenarios made of recordings and saved answers; hostile answers.
mod import;
/// Answers of real clusters, as they were saved: what is estimated, and what the scenario then measures.
mod imported;
/// A checkpoint that the job cannot tolerate, whatever was under way.
mod intolerable;
/// What must hold for every scenario, at every instant.
mod invariants;
/// Scenarios made of what a cluster's REST API answers on loopback: jobs, redirects, refusals, secrets.
mod job_manager;
/// Keys are dealt in key groups: records, state, and who saturates first.
mod key_groups;
/// The largest values: refused, or simulated to an end in bounded memory.
mod limits;
/// Configurations in every form that people keep: what is misspelt, refused or dangerous, and what is known of an option.
mod lint;
/// Random failures, outages and restart strategies, for random scenarios.
mod mishaps;
/// Real mistakes in scenarios, one file each: every one is told with a caret and a hint.
mod mistakes;
/// What a scenario wants: judged by `run`, which says the most important first.
mod objectives;
/// What is recommended, told and drawn is one answer.
mod one_truth;
/// What `check` calls valid, `run` ends: random values of every key of the schema.
mod options;
/// Barriers that overtake, in jobs in which random ones have found a fault.
mod overtaking;
/// What Flink's semantics predict for small scenarios, with the numbers worked out by hand.
mod predictions;
/// Running the program.
mod program;
/// Figures that others have published, within the tolerance that the table states.
mod published;
/// What the README shows is what the commands print.
mod readme;
/// What real jobs are made of besides records: sources, timers, sinks, processors, stores, the JobManager.
mod real_jobs;
/// Random scenarios, for the tests of what always holds.
mod recipes;
/// Whatever fails, and whenever: the states end as those of the run without failures, and every restart keeps the rules.
///
/// 300 random jobs with random failures by default; `CKPTSIM_CASES=5000 cargo test recovery` for more. The README says how many were tried.
mod recovery;
/// `report`, and its page in a real browser.
mod report;
/// Random jobs that are rescaled on their way, while they fail.
mod rescale;
/// A killed sweep continues where it was.
mod resume;
/// Killed at any moment, on a full disk, without permission: nothing finished is lost, no file is torn.
mod robustness;
/// Directories of results: what they say of themselves, who may overwrite them, what they can be turned into.
mod saved;
/// The scenarios that ship: they are valid, and the reference is complete and true.
mod scenarios;
/// The JSON Schema accepts what ships and refuses what the reader refuses.
mod schema;
/// No value of an option that is not used reaches a terminal or a file.
mod secrets;
/// Texts for people fit a terminal, plain ones, too.
mod terminal;
/// Queues, order statistics, catch-up and failures against pencil and paper, by confidence interval.
mod theory;
/// The rules of the source tree: layers, sizes, names, who may print.
mod tidy;
/// A JobManager behind TLS, with an authority of its own and a token.
mod tls;
/// The traced tour of one barrier in the crate documentation is what the program prints.
mod tour;
/// A real checkpoint from saved answers: its way, what differs, and a picture.
mod why;
