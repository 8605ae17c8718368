//! What machines, clients and sources do besides: collections, compactions, connections, backlogs, alignment, flushes.

use super::{RATE, completed, job, mean, near, result, seconds, start_delays};

#[test]
fn records_that_are_read_again_are_as_old_as_they_are() {
    // The checkpoint at 30 s is restored 1 s after 39 s: the first records are 10 s old, and those of 39 s only half of that.
    let tables = "[simulation]\nrecord-latency = true\n[[failure]]\nat = \"39 s\"\ntask = { vertex = \"op\" }\n";
    // The source takes as long for a record as it does for two of its schedule.
    let source = format!("{RATE}\nservice = \"5 ms\"");
    let found = result(&job(&source, "", "", tables));
    let oldest = seconds(found.latency.unwrap().max);
    assert!((9.0..12.0).contains(&oldest), "{oldest}");
}

#[test]
fn a_state_grows_with_its_new_keys() {
    for (backend, share) in [("hashmap", 1.0), ("rocksdb", 0.95)] {
        let state = "state = { size = \"1 MB\", entry = \"1 KB\", inserts-per-record = 2.0 }";
        let flink = format!("state.backend.type = \"{backend}\"");
        let found = result(&job(RATE, state, &flink, ""));
        let sizes: Vec<f64> = completed(&found)
            .iter()
            .filter_map(|record| Some(record.subtasks[1][0].as_ref()?.state_size.as_f64()))
            .collect();
        // 200 KB/s for the 10 s of an interval.
        let grown = (sizes[sizes.len() - 1] - sizes[0]) / (sizes.len() - 1) as f64;
        assert!((share * 2e6..2.2e6).contains(&grown), "{backend} {sizes:?}");
    }
}

#[test]
fn a_collection_stops_the_threads_of_its_taskmanager() {
    let busy = |gc: &str| {
        let text = job(RATE, "service = \"4 ms\"", "", &format!("[cluster]\n{gc}"));
        result(&text).vertices[1].busy[0]
    };
    near(busy(""), 0.4, 0.02);
    // Who waits for the end of a collection counts as busy: a third of the time, of which 0.4 would have been busy anyway.
    let stopped = busy("gc = { every = \"300 ms\", pause = \"100 ms\" }");
    assert!((0.5..0.85).contains(&stopped), "{stopped}");
    // Two thirds of the time are not enough for a job that needs four fifths.
    let text = job(
        RATE,
        "service = \"8 ms\"",
        "",
        "[cluster]\ngc = { every = \"300 ms\", pause = \"100 ms\" }",
    );
    near(result(&text).vertices[1].records_per_s, 83.0, 0.06);
}

#[test]
fn a_collection_holds_an_upload_up() {
    let asynchronous = |gc: &str| {
        let state = "state = { size = \"80 MB\", entry = \"1 KB\" }";
        let tables = format!("[cluster]\n{gc}\n[storage]\nwrite-per-stream = \"20 MB/s\"\n");
        let found = result(&job(RATE, state, "", &tables));
        let last = completed(&found)
            .last()
            .and_then(|record| record.subtasks[1][0]);
        seconds(last.unwrap().r#async)
    };
    near(
        asynchronous("gc = { every = \"1 s\", pause = \"500 ms\" }") / asynchronous(""),
        2.0,
        0.2,
    );
}

#[test]
fn a_compaction_takes_a_processor() {
    let busy = |cores: &str| {
        let operator = "service = \"4 ms\"\nstate = { size = \"200 MB\", entry = \"1 KB\", updates-per-record = 1.0 }";
        let flink = "state.backend.type = \"rocksdb\"\nexecution.checkpointing.incremental = true";
        let tables = format!("[cluster]\n{cores}\n");
        let text = job(RATE, operator, flink, &tables);
        let text = text
            .replace("interval = \"10 s\"", "interval = \"2 s\"")
            .replace("1 min", "3 min");
        result(&text).vertices[1].busy[0]
    };
    // Every fourth checkpoint rewrites 200 MB, 1.8 s on the only processor, which the task shares meanwhile.
    let (free, shared) = (busy(""), busy("cores = 1"));
    assert!(shared > 1.1 * free, "{shared} {free}");
}

/// End-to-end duration of checkpoints of 12 + 12 subtasks on one TaskManager, in seconds.
fn duration_of_many(cluster: &str) -> f64 {
    let source = format!("parallelism = 12\n{RATE}");
    let text = job(
        &source,
        "parallelism = 12",
        "",
        &format!("[cluster]\n{cluster}\n"),
    );
    let found = result(&text);
    let durations: Vec<f64> = completed(&found)
        .iter()
        .filter_map(|record| Some(seconds(record.durable()?.since(record.trigger))))
        .collect();
    mean(&durations)
}

#[test]
fn a_checkpoint_of_many_subtasks_needs_processors() {
    let alone = duration_of_many("");
    let shared = duration_of_many("cores = 0.5");
    // 24 subtasks x 1.2 ms, 144 channels x 0.1 ms, 24 asynchronous parts and acks of 3.6 ms: 0.13 s, on half a processor.
    assert!(alone < 0.06, "{alone}");
    assert!((0.15..0.4).contains(&(shared - alone)), "{shared} {alone}");
    assert!(duration_of_many("cores = 24") < 1.5 * alone);
}

#[test]
fn a_vertex_that_waits_while_it_is_busy_needs_no_processor() {
    let busy = |operator: &str| {
        let operator = format!("parallelism = 4\nservice = \"20 ms\"\n{operator}");
        let found = result(&job(RATE, &operator, "", "[cluster]\ncores = 1\n"));
        found.vertices[1].busy[0]
    };
    // Each is busy half of the time, and there is one processor for two of them.
    near(busy("blocking = true"), 0.5, 0.05);
    assert!(busy("") > 0.9);
    // Two of ten seconds more.
    near(busy("blocking = true\nsync-extra = \"2 s\""), 0.7, 0.05);
}

#[test]
fn a_pool_of_connections_lets_files_wait_in_line() {
    let asynchronous = |connections: &str| {
        let state = "parallelism = 4\nstate = { size = \"40 MB\", entry = \"1 KB\" }";
        let tables = format!("[storage]\nwrite-per-stream = \"10 MB/s\"\n{connections}\n");
        let found = result(&job(RATE, state, "", &tables));
        let last = completed(&found).pop().unwrap();
        let tasks = last.subtasks[1].iter().flatten();
        let all: Vec<f64> = tasks.map(|task| seconds(task.r#async)).collect();
        all.into_iter().fold(0.0, f64::max)
    };
    // Four files of 10 MB one after the other, or two at a time.
    near(asynchronous("connections = 1"), 4.0, 0.05);
    near(asynchronous("connections = 2"), 2.0, 0.05);
    near(asynchronous("connections = 4"), asynchronous(""), 0.01);
}

#[test]
fn checkpoints_are_rarer_while_a_source_works_off_a_backlog() {
    let triggers = |during: &str| -> Vec<f64> {
        let source = "source = { rate = \"100/s\", record = \"1 KB\", backlog = \"32 s\" }";
        let found = result(&job(source, "", during, ""));
        let all = found.checkpoints.iter();
        all.map(|record| record.trigger.as_secs_f64().round())
            .collect()
    };
    let option = "execution.checkpointing.interval-during-backlog";
    assert_eq!(triggers(""), [0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0]);
    // The next one, due at 60 s, is pulled forward to one interval after the end of the backlog.
    assert_eq!(
        triggers(&format!("{option} = \"30 s\"")),
        [0.0, 30.0, 42.0, 52.0]
    );
    assert_eq!(triggers(&format!("{option} = 0")), [0.0, 42.0, 52.0]);
}

#[test]
fn sources_wait_for_the_first_checkpoint_after_each_start() {
    let flink = "pipeline.sources.pause-until-first-checkpoint = true\n\
                 execution.checkpointing.min-pause = \"5 s\"\n\
                 restart-strategy.type = \"fixed-delay\"\nrestart-strategy.fixed-delay.attempts = 9";
    let failure = "[[failure]]\nat = \"29 s\"\ntask = { vertex = \"op\" }\n";
    for source in [
        "source = { rate = \"100/s\", record = \"1 KB\" }",
        "source = { rate = \"100/s\", record = \"1 KB\", log = false }",
        "source = { rate = \"100/s\", record = \"1 KB\", legacy = true }",
    ] {
        let log = !source.contains("log = false");
        let found = result(&job(source, "", flink, failure));
        assert_eq!(found.recoveries.len(), 1);
        assert!(completed(&found).len() > 4, "{source}");
        // A log catches up, a generator has emitted nothing for 5 s after the restart.
        let rate = found.vertices[0].records_per_s;
        if log {
            assert!(rate > 99.0, "{source} {rate}");
        } else {
            assert!((80.0..95.0).contains(&rate), "{source} {rate}");
        }
    }
}

#[test]
fn a_reader_that_is_ahead_waits_for_the_slowest_of_its_group() {
    // Both sources have 30 s to catch up with; one reads 500 records per second, the other 125.
    let text = |alignment: &str| {
        let source = |name: &str, service: &str| {
            format!(
                "[[vertex]]\nname = \"{name}\"\nservice = \"{service}\"\n\
                 source = {{ rate = \"100/s\", record = \"1 KB\"{alignment} }}\n"
            )
        };
        format!(
            "[job]\nduration = \"40 s\"\nwarmup = \"0 s\"\n{}{}\
             [[vertex]]\nname = \"op\"\ninputs = [\"fast\", \"slow\"]\n\
             [flink]\nexecution.checkpointing.interval = \"10 s\"\nexecution.checkpointing.dir = \"hdfs:///c\"\n\
             [restore]\nfrom = \"savepoint\"\nage = \"30 s\"\n",
            source("fast", "2 ms"),
            source("slow", "8 ms")
        )
    };
    let read = |text: &str| -> [f64; 2] {
        let found = result(text);
        assert!(completed(&found).len() >= 3);
        [0, 1].map(|vertex| found.vertices[vertex].records_per_s * 40.0)
    };
    // 100 records per second of event time: the slow one gets 40 s x 125 = 50 s far, the fast one is done with all 70.
    let [fast, slow] = read(&text(""));
    near(fast, 7000.0, 0.02);
    near(slow, 5000.0, 0.03);
    let [fast, same] = read(&text(
        ", watermark-alignment = { max-drift = \"5 s\", update-interval = \"500 ms\" }",
    ));
    near(same, slow, 0.01);
    assert!((400.0..650.0).contains(&(fast - slow)), "{fast} {slow}");
}

#[test]
fn what_comes_before_the_barrier_is_a_start_delay_for_those_behind() {
    let text = job(RATE, "pre-barrier = \"300 ms\"", "", "")
        + "\n[[vertex]]\nname = \"out\"\ninputs = [\"op\"]\n";
    for flink in ["", "execution.checkpointing.unaligned.enabled = true\n"] {
        let text = text.replace("[flink]\n", &format!("[flink]\n{flink}"));
        let found = result(&text);
        let own = mean(&start_delays(&found, 1));
        let behind = mean(&start_delays(&found, 2));
        assert!(
            (0.29..0.32).contains(&(behind - own)),
            "{flink} {own} {behind}"
        );
        for record in completed(&found) {
            let op = record.subtasks[1][0].as_ref().unwrap();
            assert!(seconds(op.sync) < 0.01 && seconds(op.r#async) < 0.1);
            assert!(seconds(record.end_to_end().unwrap()) > 0.3);
        }
    }
}

#[test]
fn what_a_window_has_buffered_is_written_before_the_barrier_leaves_and_before_it_fires() {
    let window = |buffered: &str| {
        let operator = format!(
            "selectivity = 0\nwindow = {{ size = \"4 s\", keys = 10, offset = \"1 s\", firing = \"1 us\"{buffered} }}"
        );
        let text =
            job(RATE, &operator, "", "") + "\n[[vertex]]\nname = \"out\"\ninputs = [\"op\"]\n";
        result(&text)
    };
    let found = window(", buffered = \"1 ms\"");
    // It fires at 1, 5, 9 s and so on: at 10, 20, 30 s there are 1, 3, 1 s of 100 records each.
    let behind: Vec<f64> = start_delays(&found, 2).into_iter().skip(1).collect();
    for (delay, right) in behind.iter().zip([0.1, 0.3, 0.1, 0.3]) {
        assert!((right - 0.03..right + 0.05).contains(delay), "{behind:?}");
    }
    // All of them are written sooner or later.
    near(
        found.vertices[1].busy[0] - window("").vertices[1].busy[0],
        0.1,
        0.1,
    );
}

#[test]
fn instances_of_a_taskmanager_flush_one_after_the_other() {
    let sync = |taskmanagers: u32| {
        let operator = "parallelism = 4\nstate = { size = \"400 MB\", entry = \"1 KB\", updates-per-record = 100.0 }";
        let flink = "state.backend.type = \"rocksdb\"\nexecution.checkpointing.incremental = true";
        let tables = format!("[cluster]\ntaskmanagers = {taskmanagers}\nflush-per-mb = \"5 ms\"\n");
        let found = result(&job(RATE, operator, flink, &tables));
        let last = completed(&found).pop().unwrap();
        let mut all: Vec<f64> = last.subtasks[1]
            .iter()
            .flatten()
            .map(|task| seconds(task.sync))
            .collect();
        all.sort_by(f64::total_cmp);
        all
    };
    let (alone, together) = (sync(4), sync(1));
    near(together[3], alone.iter().sum(), 0.03);
    assert!(
        together[0] <= 1.01 * alone[3] && together[1] > 1.8 * alone[0],
        "{together:?}"
    );
}

#[test]
fn a_sink_flushes_for_as_long_whoever_waits_for_the_flush_thread() {
    let sync = |cores: &str| {
        let operator = "parallelism = 2\nstate = { size = \"40 MB\", entry = \"1 KB\", updates-per-record = 100.0 }\n\
                        sink = { flush-per-record = \"1 ms\" }";
        let flink = "state.backend.type = \"rocksdb\"\nexecution.checkpointing.incremental = true";
        let tables = format!("[cluster]\ntaskmanagers = 1\n{cores}\n");
        let found = result(&job(RATE, operator, flink, &tables));
        let last = completed(&found).pop().unwrap();
        let tasks = last.subtasks[1].iter().flatten();
        let all: Vec<f64> = tasks.map(|task| seconds(task.sync)).collect();
        all.into_iter().fold(0.0, f64::max)
    };
    // 500 records of each, half a second, and the flushes; processors enough, counted or not.
    let uncounted = sync("");
    assert!(uncounted > 0.5, "{uncounted}");
    near(sync("cores = 64"), uncounted, 0.01);
}

#[test]
fn there_are_as_many_merged_files_as_are_written_at_the_same_time() {
    let storage =
        "[storage]\nprofile = \"hdfs\"\nopen = \"200 ms\"\nwrite-per-stream = \"100 MB/s\"\n";
    let of = |(parallelism, size): (u32, &str), options: &str, more: &str| {
        let operator = format!(
            "service = \"1 ms\"\nparallelism = {parallelism}\nstate = {{ size = \"{size}\", entry = \"1 KB\" }}"
        );
        let found = result(&job(RATE, &operator, options, &format!("{storage}{more}")));
        let all = completed(&found);
        let lasts: Vec<f64> = all
            .iter()
            .filter_map(|record| record.end_to_end())
            .map(seconds)
            .collect();
        (mean(&lasts[1..]), found.created_share)
    };
    let merging =
        |more: &str| format!("execution.checkpointing.file-merging.enabled = true\n{more}");
    let heap = (8, "8 MB");
    let (apart, none) = of(heap, "", "connections = 1\n");
    assert_eq!(none, None);
    let (_, share) = of(heap, &merging(""), "");
    near(share.unwrap(), 1.0, 1e-9);
    // One file for all, one after the other: it is opened once, not eight times.
    let blocking = merging("execution.checkpointing.file-merging.pool-blocking = true\n");
    let (merged, share) = of(heap, &blocking, "");
    near(apart - merged, 7.0 * 0.2, 0.03);
    near(share.unwrap(), 1.0 / 8.0, 1e-9);
    // Files of 32 MB hold four checkpoints of 8 MB.
    let across = "execution.checkpointing.file-merging.across-checkpoint-boundary = true\n";
    let (_, share) = of(heap, &(blocking + across), "");
    near(share.unwrap(), 1.0 / 32.0, 0.35);
    // Ten files of a subtask by four threads.
    let rocksdb = "state.backend.type = \"rocksdb\"\nexecution.checkpointing.incremental = true\n\
                   execution.checkpointing.file-merging.max-file-size = \"10 gb\"\n";
    let (_, share) = of((1, "640 MB"), &merging(rocksdb), "");
    assert!((0.3..0.8).contains(&share.unwrap()), "{share:?}");
}
