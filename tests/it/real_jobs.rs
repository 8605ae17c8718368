//! What real jobs are made of besides records: each mechanism in a job whose figures pencil and paper give.

mod machines;
mod operations;

use std::path::Path;

use ckptsim::experiment::RunResult;
use ckptsim::experiment::run::run;
use ckptsim::measure::{CheckpointKind, CheckpointRecord};
use ckptsim::scenario::load::parse;
use ckptsim::units::SimDuration;

#[track_caller]
fn result(text: &str) -> RunResult {
    let loaded = parse(text, "real job", Path::new(""), &[]);
    let scenario = loaded
        .unwrap_or_else(|problems| panic!("{problems}"))
        .scenario;
    run(&scenario, 1, 0).unwrap()
}

/// A source, an operator behind a hash exchange, and what is added to each; a checkpoint every 10 s for a minute.
fn job(source: &str, operator: &str, flink: &str, tables: &str) -> String {
    format!(
        "[job]\nduration = \"1 min\"\nwarmup = \"5 s\"\n\
         [[vertex]]\nname = \"in\"\n{source}\n\
         [[vertex]]\nname = \"op\"\ninputs = [\"in\"]\n{operator}\n\
         [flink]\nexecution.checkpointing.interval = \"10 s\"\nexecution.checkpointing.dir = \"hdfs:///c\"\n{flink}\n{tables}"
    )
}

fn completed(result: &RunResult) -> Vec<&CheckpointRecord> {
    let all = result.checkpoints.iter();
    all.filter(|record| record.durable().is_some()).collect()
}

fn seconds(duration: SimDuration) -> f64 {
    duration.as_secs_f64()
}

/// Start delays of a vertex's first subtask in completed checkpoints, in seconds.
fn start_delays(result: &RunResult, vertex: usize) -> Vec<f64> {
    completed(result)
        .iter()
        .filter_map(|record| Some(seconds(record.subtasks[vertex][0].as_ref()?.start_delay)))
        .collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[track_caller]
fn near(found: f64, right: f64, share: f64) {
    assert!((found / right - 1.0).abs() <= share, "{found}, not {right}");
}

const RATE: &str = "source = { rate = \"100/s\", record = \"1 KB\" }";

#[test]
fn a_source_function_reads_its_trigger_when_it_has_got_a_buffer() {
    let source = |legacy: bool| {
        format!(
            "service = \"10 us\"\nsource = {{ rate = \"unlimited\", record = \"1 KB\", legacy = {legacy} }}"
        )
    };
    let delay = |legacy| {
        let text = job(&source(legacy), "service = \"3 ms\"", "", "");
        mean(&start_delays(&result(&text), 0))
    };
    // A buffer of 32 records every 98 ms: half of that on average; then the lock is won with 1 - 0.993^32 = 20 %, else another
    // 98 ms pass: 0.05 + 4 x 0.098 s.
    let (legacy, new) = (delay(true), delay(false));
    assert!(new < 0.01, "{new}");
    assert!((0.2..0.9).contains(&legacy), "{legacy}");
}

#[test]
fn a_source_function_fills_its_whole_pool_with_what_goes_to_a_hot_subtask() {
    // 4 subtasks: a pool of 4 x 2 + 8 = 16 segments, of which a reader may not give more than 10 to one subtask.
    let delay = |legacy: bool| {
        let source = format!(
            "service = \"10 us\"\nsource = {{ rate = \"unlimited\", record = \"1 KB\", legacy = {legacy} }}"
        );
        let operator = "parallelism = 4\nservice = \"3 ms\"";
        let text = job(&source, operator, "", "").replace(
            "inputs = [\"in\"]",
            "inputs = [{ from = \"in\", skew = { share = \"97 %\" } }]",
        );
        mean(&start_delays(&result(&text), 1))
    };
    let (legacy, new) = (delay(true), delay(false));
    // 10 segments of 32 records and 3 ms, one of them being filled.
    near(new, 0.91, 0.1);
    assert!(legacy > 1.15 * new, "{legacy} {new}");
}

#[test]
fn a_reader_within_a_batch_does_not_look_at_its_mailbox() {
    // 3000 records of 1 ms: what is left of them, half on average.
    let source = "service = \"1 ms\"\nsource = { rate = \"unlimited\", batch = 3000 }";
    let flink = "execution.checkpointing.interval = \"5333 ms\"";
    let text = job(source, "service = \"100 us\"", "", "")
        .replace("execution.checkpointing.interval = \"10 s\"", flink)
        .replace("1 min", "10 min");
    near(mean(&start_delays(&result(&text), 0)), 1.5, 0.1);
}

#[test]
fn splits_are_dealt_to_the_subtasks_in_turn() {
    let source = "parallelism = 3\nsource = { rate = \"500/s\", splits = 5 }";
    let found = result(&job(source, "", "", ""));
    let rates = &found.vertices[0].subtask_records_per_s;
    for (rate, right) in rates.iter().zip([200.0, 200.0, 100.0]) {
        near(*rate, right, 0.02);
    }
}

#[test]
fn a_bounded_source_ends_with_its_last_record() {
    let source = "parallelism = 2\nsource = { rate = \"500/s\", records = 10000 }";
    let found = result(
        &job(source, "service = \"10 us\"", "", "").replace("warmup = \"5 s\"", "warmup = \"0 s\""),
    );
    let records: f64 = found.vertices[1].subtask_records_per_s.iter().sum();
    near(60.0 * records, 10_000.0, 0.001);
}

#[test]
fn a_finished_subtask_stops_checkpoints_before_flink_1_15() {
    let of = |version: &str| {
        let source = "parallelism = 5\nsource = { rate = \"100/s\", splits = 4, finishes = true }";
        let text = job(source, "", "", "")
            .replace("[job]", &format!("[job]\nflink-version = \"{version}\""));
        let found = result(&text);
        (completed(&found).len(), found.failed_in_preflight)
    };
    let (none, failed) = of("1.13");
    assert!(none == 0 && failed >= 6, "{failed}");
    // The one before all tasks ran.
    assert_eq!(of("1.20"), (6, 1));
}

#[test]
fn a_source_that_still_holds_records_has_not_finished() {
    // All 100 records are due within a second, and it takes a second to emit each.
    let source = "service = \"1 s\"\nsource = { rate = \"100/s\", records = 100, finishes = true }";
    let text = job(source, "", "", "").replace("[job]", "[job]\nflink-version = \"1.13\"");
    assert!(completed(&result(&text)).len() >= 5);
}

/// 2000 timers of 1 ms, 1 s before each third trigger.
fn timers(clock: &str) -> String {
    format!(
        "service = \"10 us\"\ntimers = {{ every = \"30 s\", offset = \"29 s\", number = 2000, time = \"1 ms\", clock = \"{clock}\" }}"
    )
}

#[test]
fn a_barrier_waits_until_all_timers_have_fired_aligned_or_not() {
    for unaligned in ["false", "true"] {
        let flink = format!("execution.checkpointing.unaligned.enabled = {unaligned}");
        for clock in ["processing", "event"] {
            let found = result(&job(RATE, &timers(clock), &flink, ""));
            let delays = start_delays(&found, 1);
            // Of event time, a record that is younger and a watermark every 200 ms.
            let longest = delays.iter().copied().fold(0.0, f64::max);
            assert!(
                (0.95..1.45).contains(&longest),
                "{clock} {unaligned}: {delays:?}"
            );
            assert!(
                delays.iter().filter(|delay| **delay < 0.1).count() >= 3,
                "{delays:?}"
            );
        }
    }
}

#[test]
fn interruptible_timers_let_an_unaligned_barrier_pass() {
    let longest = |clock: &str, unaligned: bool| {
        let flink = format!(
            "execution.checkpointing.unaligned.enabled = {unaligned}\n\
             execution.checkpointing.unaligned.interruptible-timers.enabled = true"
        );
        let found = result(&job(RATE, &timers(clock), &flink, ""));
        start_delays(&found, 1).into_iter().fold(0.0, f64::max)
    };
    assert!(longest("event", true) < 0.05);
    assert!(
        longest("event", false) > 0.9,
        "aligned barriers wait in line"
    );
    assert!(
        longest("processing", true) > 0.9,
        "only event-time timers can be interrupted"
    );
}

#[test]
fn what_a_window_emits_comes_from_its_keys() {
    let operator = "selectivity = 0\nwindow = { size = \"4 s\", slide = \"2 s\", keys = 300, firing = \"10 us\", offset = \"1 s\" }";
    let text = job(RATE, operator, "", "") + "\n[[vertex]]\nname = \"out\"\ninputs = [\"op\"]\n";
    let found = result(&text);
    near(
        found.vertices[2].subtask_records_per_s.iter().sum(),
        150.0,
        0.05,
    );
}

/// Records that a window's consumer has processed from 5 s to 60 s.
fn results_of_a_window(window: &str, consumer: &str, tables: &str) -> f64 {
    let source = "source = { rate = \"100/s\", record = \"1 KB\", log = true }";
    let operator = format!("selectivity = 0\nrecord = \"20 KB\"\nwindow = {{ {window} }}");
    let text = job(source, &operator, "", tables)
        + &format!("\n[[vertex]]\nname = \"out\"\ninputs = [\"op\"]\n{consumer}\n");
    let found = result(&text);
    55.0 * found.vertices[2].subtask_records_per_s.iter().sum::<f64>()
}

#[test]
fn windows_that_had_fired_since_the_checkpoint_fire_again_after_a_failure() {
    let window = "size = \"4 s\", keys = 300, firing = \"10 us\", offset = \"1 s\"";
    // At 5 s, 9 s, ... 57 s.
    near(results_of_a_window(window, "", ""), 14.0 * 300.0, 0.001);
    // Those at 33 s and at 37 s, once more.
    let failure = "[[failure]]\nat = \"38 s\"\ntask = { vertex = \"op\", subtask = 0 }";
    near(
        results_of_a_window(window, "", failure),
        16.0 * 300.0,
        0.001,
    );
}

#[test]
fn a_window_that_waits_for_buffers_while_it_fires_loses_nothing() {
    let window = "size = \"4 s\", keys = 300, firing = \"10 us\", offset = \"1 s\"";
    let slow = "service = \"10 ms\"";
    near(results_of_a_window(window, slow, ""), 14.0 * 300.0, 0.03);
}

#[test]
fn a_window_that_keeps_its_records_reads_each_once_per_window() {
    let operator = "selectivity = 0\nservice = \"1 us\"\n\
                    window = { size = \"4 s\", slide = \"2 s\", keys = 10, aggregation = \"list\", firing = \"1 ms\" }";
    let found = result(&job(RATE, operator, "", ""));
    // 100/s in two windows at a time, 1 ms for each.
    near(found.vertices[1].busy[0], 0.2, 0.1);
}

#[test]
fn event_time_waits_for_the_slowest_input_and_for_the_delay() {
    let firing = |second: &str| {
        let text = job(RATE, &timers("event"), "", "")
            .replace("inputs = [\"in\"]", "inputs = [\"in\", \"late\"]")
            + &format!("\n[[vertex]]\nname = \"late\"\nsource = {{ rate = \"10/s\", {second} }}\n");
        start_delays(&result(&text), 1)
            .into_iter()
            .fold(0.0, f64::max)
    };
    assert!(firing("log = true") > 0.7);
    // Two seconds behind: the trigger comes first.
    assert!(firing("watermark-delay = \"2 s\"") < 0.1);
}

/// A window of 4 s in event time behind two subtasks of which one has no split, with 2000 entries of 1 KB on the heap.
fn window_behind_an_empty_subtask(source: &str) -> RunResult {
    let source = format!("parallelism = 2\nsource = {{ rate = \"100/s\", splits = 1, {source} }}");
    let operator = "selectivity = 0\nstate = { size = \"2 MB\", entry = \"1 KB\" }\n\
                    window = { size = \"4 s\", keys = 300, firing = \"10 us\", offset = \"1 s\" }";
    let consumer = "[[vertex]]\nname = \"out\"\ninputs = [\"op\"]";
    result(&job(&source, operator, "", consumer))
}

/// What came out of it, and megabytes of its state in each checkpoint.
fn results_and_sizes(found: &RunResult) -> (f64, Vec<f64>) {
    let size = |record: &&CheckpointRecord| {
        Some(record.subtasks[1][0].as_ref()?.state_size.as_f64() / 1e6)
    };
    let sizes = completed(found).iter().filter_map(size).collect();
    let results = &found.vertices[2].subtask_records_per_s;
    (results.iter().sum::<f64>() * 55.0, sizes)
}

#[test]
fn a_subtask_without_a_split_holds_all_windows_back_and_their_state_grows() {
    let (results, sizes) = results_and_sizes(&window_behind_an_empty_subtask(""));
    near(results + 1.0, 1.0, 1e-9);
    // Every 4 s as much again, from 10 s to the next checkpoint.
    for pair in sizes.windows(2) {
        near(pair[1] - pair[0], 2.026 * 10.0 / 4.0, 0.05);
    }
    assert!(sizes.len() > 3, "{sizes:?}");
}

#[test]
fn an_idle_subtask_holds_nobody_back_and_what_waited_fires_at_once() {
    let (results, sizes) =
        results_and_sizes(&window_behind_an_empty_subtask("idle-after = \"30 s\""));
    // The windows that ended at 1, 5, ... 57 s, those until 29 s together.
    near(results, 15.0 * 300.0, 0.01);
    let largest = sizes.iter().copied().fold(0.0, f64::max);
    assert!(largest > 9.0, "{sizes:?}");
    near(sizes[sizes.len() - 1], 2.026, 0.02);
}

#[test]
fn a_watermark_stays_where_the_newest_record_is() {
    // A record every 20 s: the window that ended at 5 s fires with the one at 20 s, and so on.
    let text = job(
        "source = { rate = \"0.05/s\" }",
        "window = { size = \"4 s\", keys = 300, offset = \"1 s\" }",
        "",
        "[[vertex]]\nname = \"out\"\ninputs = [\"op\"]",
    );
    let found = result(&text.replace("1 min", "39 s"));
    let results = &found.vertices[2].subtask_records_per_s;
    // All that ended until 20 s, and none until 39 s.
    near(results[0] * 34.0, 5.0 * 300.0, 0.01);
}

#[test]
fn twice_the_interval_does_not_dirty_twice_the_data_of_a_window() {
    let persisted = |interval: u32, lifetime: &str| {
        let state = format!(
            "state = {{ size = \"2 MB\", entry = \"1 KB\", adds-per-record = 1.0{lifetime} }}"
        );
        let flink = "state.backend.type = \"rocksdb\"\nexecution.checkpointing.incremental = true";
        let text = job(RATE, &state, flink, "")
            .replace(
                "interval = \"10 s\"",
                &format!("interval = \"{interval} s\""),
            )
            .replace("1 min", "7 min");
        let found = result(&text);
        let mut sizes: Vec<f64> = completed(&found)
            .iter()
            .filter_map(|record| Some(record.subtasks[1][0].as_ref()?.checkpointed.as_f64()))
            .collect();
        sizes.sort_by(f64::total_cmp);
        sizes[sizes.len() / 4]
    };
    near(persisted(20, "") / persisted(10, ""), 2.0, 0.05);
    let lives = ", lifetime = \"8 s\"";
    // Only the tombstones grow.
    assert!(persisted(20, lives) / persisted(10, lives) < 1.1);
}

#[test]
fn work_at_the_barrier_grows_with_what_came_since_the_last_one() {
    let sync = |interval: u32, sink: &str| {
        let text = job(RATE, &format!("sink = {{ {sink} }}"), "", "").replace(
            "interval = \"10 s\"",
            &format!("interval = \"{interval} s\""),
        );
        let found = result(&text);
        let last = completed(&found)
            .last()
            .and_then(|record| record.subtasks[1][0]);
        seconds(last.unwrap().sync)
    };
    near(sync(10, "flush-per-record = \"1 ms\""), 1.0, 0.05);
    near(sync(20, "flush-per-record = \"1 ms\""), 2.0, 0.05);
    // 100 KB/s against 50 KB/s: the queue is full, and a barrier waits until it is empty.
    near(
        sync(10, "drain = \"50 KB/s\", queue = \"100 KB\""),
        2.0,
        0.05,
    );
    near(
        sync(10, "rewrite = \"30 MB\", rewrite-rate = \"10 MB/s\""),
        3.0,
        0.01,
    );
}

#[test]
fn a_commit_holds_the_records_up() {
    let found = result(&job(RATE, "sink = { commit = \"4 s\" }", "", ""));
    // 4 s of every 10.
    near(found.vertices[1].busy[0], 0.4, 0.12);
}

#[test]
fn threads_share_the_processors_of_a_taskmanager() {
    let busy = |cores: &str| {
        let operator = "parallelism = 2\nservice = \"5 ms\"";
        let source = "source = { rate = \"160/s\" }";
        let text = job(
            source,
            operator,
            "",
            &format!("[cluster]\nslots = 2\n{cores}"),
        )
        .replace("1 min", "10 min");
        result(&text).vertices[1].busy.clone()
    };
    // Each needs 40 % of a processor; of one for both, M/D/1-PS like, it takes longer.
    near(busy("")[0], 0.4, 0.05);
    near(busy("cores = 2")[0], 0.4, 0.05);
    let shared = busy("cores = 1")[0];
    assert!((0.45..0.75).contains(&shared), "{shared}");
    assert!(
        busy("cores = 0.7")[0] > 0.97,
        "80 % of a processor are needed"
    );
}

#[test]
fn a_canonical_savepoint_takes_a_processor_as_long_as_it_reads() {
    let taken = |cores: &str| {
        let operator = "service = \"5 ms\"\nstate = { size = \"500 MB\", entry = \"1 KB\" }";
        let tables = format!(
            "[cluster]\n{cores}\n[storage]\nprofile = \"local-ssd\"\n\
             [[trigger]]\nat = \"15 s\"\nkind = \"savepoint\"\nformat = \"canonical\"\n"
        );
        let flink = "state.backend.type = \"rocksdb\"";
        let found = result(&job(RATE, operator, flink, &tables));
        let savepoint = found
            .checkpoints
            .iter()
            .find(|record| record.kind != CheckpointKind::Checkpoint);
        seconds(savepoint.unwrap().end_to_end().unwrap())
    };
    let alone = taken("");
    // Half of the processor is the task's.
    let shared = taken("cores = 1");
    assert!((1.5..2.5).contains(&(shared / alone)), "{shared} {alone}");
}

#[test]
fn the_jobmanager_handles_one_ack_after_the_other_and_writes_every_handle() {
    let of = |cluster: &str| {
        let operator = "parallelism = 50\nservice = \"10 us\"";
        let found = result(&job(RATE, operator, "", &format!("[cluster]\n{cluster}")));
        let last = *completed(&found).last().unwrap();
        (
            seconds(last.end_to_end().unwrap()),
            seconds(last.durable().unwrap() - last.trigger),
        )
    };
    let (duration, durable) = of("");
    let (one_by_one, _) = of("jobmanager-per-ack = \"10 ms\"");
    near(one_by_one - duration, 0.5, 0.1);
    let (same, later) = of("jobmanager-per-handle = \"10 ms\"");
    near(same, duration, 0.01);
    near(later - durable, 0.51, 0.05);
}

#[test]
fn a_store_that_says_slow_down_is_asked_again() {
    let of = |limit: &str| {
        let operator =
            "parallelism = 40\nservice = \"10 us\"\nstate = { size = \"40 MB\", entry = \"1 KB\" }";
        let found = result(&job(RATE, operator, "", &format!("[storage]\n{limit}")));
        let last = *completed(&found).last().unwrap();
        (seconds(last.end_to_end().unwrap()), found.requests_refused)
    };
    let (free, none) = of("");
    assert_eq!(none, 0);
    // 40 files of 6 requests: 240 against a bucket of 60 that fills with 60 a second, so at least 3 s.
    let (held, refused) = of("requests-per-second = 60\nwrites-per-file = 6");
    assert!(held > 2.9 && held > 10.0 * free, "{held} {free}");
    assert!(refused > 100, "{refused}");
    let (spread, fewer) = of("requests-per-second = 60\nwrites-per-file = 6\nprefixes = 3");
    assert!(
        spread < 0.7 * held && fewer < refused / 2,
        "{spread} {fewer}"
    );
}

#[test]
fn what_timers_emit_cannot_be_followed() {
    let operator = "timers = { every = \"1 s\", number = 5, output = 1.0 }";
    let text = job(
        RATE,
        operator,
        "",
        "[simulation]\ncheck-consistency = true\n",
    );
    let problems = parse(&text, "real job", Path::new(""), &[])
        .unwrap_err()
        .to_string();
    assert!(
        problems.contains("cannot follow what timers emit"),
        "{problems}"
    );
}
