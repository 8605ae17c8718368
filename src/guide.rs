//! Guide: the model in pictures, what the well-known documents say and what Flink does, each formula with its limits, and
//! how to calibrate a scenario from a live job. There is no code here.
//!
//! # The model in pictures
//!
//! A job is a graph of subtasks. Between two of them lies a channel, and a channel is made of buffers:
//!
//! ```text
//!   sender (subtask)                                      receiver (subtask)
//!   records -> buffer being filled -> queue of a channel -> credits -> received buffers -> records
//!                                     at most 10 buffers              2 exclusive each, 8 floating per gate
//! ```
//!
//! The numbers are Flink's defaults: `taskmanager.network.memory.max-buffers-per-channel`, `buffers-per-channel` and
//! `floating-buffers-per-gate`.
//!
//! **Backpressure** is nothing but full queues: a subtask that finds no free buffer for its output stops until there is
//! one. No rate is ever reduced by a factor. The pictures `occupancy` and `knee` of the gallery show it.
//!
//! **An aligned barrier** stands in line behind the data in front of it. At a subtask with several inputs the first barrier
//! blocks its channel, the last one ends the alignment:
//!
//! ```text
//!   channel 1   d d d d |B| x x x      read until B, then blocked: x waits, its sender runs out of buffers
//!   channel 2   d d d d d d d d |B|    read on until B comes: that is the alignment
//! ```
//!
//! **An unaligned barrier** overtakes: it jumps to the head of every queue, and what it has overtaken is written into the
//! checkpoint. The wait becomes bytes.
//!
//! **A checkpoint of one subtask** is a row of phases. Only the sync phase and a blocked channel hold up processing:
//!
//! ```text
//!   trigger | start delay | alignment | sync |   async: upload on shared bandwidth   | ack
//!           `- barrier on its way          `- the subtask stops                      `- last one: end of the duration
//!                                                                    metadata, commit: after it, before the next trigger
//! ```
//!
//! **A failure** costs three times: the outage, the rework since the trigger of the restored checkpoint, and the time to work
//! both off with what capacity is spare (the pictures `failure` and `autoscaler.toml`):
//!
//! ```text
//!   trigger of the checkpoint ... failure | detect | restart | restore | replay and catch up
//!   `------------ rework ----------------'`---------- outage ---------'
//! ```
//!
//! # What real jobs have besides records
//!
//! Each of these is off unless a scenario has its keys; `scenarios/field/` has a report of somebody's trouble for most of them.
//!
//! **Timers and windows** (`vertex.window`, `vertex.timers`) fire all at once, and nothing comes between them:
//!
//! ```text
//!   records | 151,200 timers, one after the other ............................... | mail, barrier, records
//!                 `- the barrier comes here                                         `- and is read here, aligned or not
//! ```
//!
//! Event-time timers wait for the watermark, which travels among the records of all inputs; with
//! `unaligned.interruptible-timers` mail is read between two of them (FLINK-35051). The state of a window lives as long as the
//! window: what was written and deleted between two checkpoints is in neither (`state.lifetime`). A watermark that passes the
//! ends of several windows, as it does while a log is caught up with, fires them all. *Limit*: all keys fire at the
//! end of a window, and cost the same.
//!
//! A watermark is the time of the newest record that was read, and that of a task the smallest of its inputs'. A subtask of a source
//! that reads nothing has none, and everybody waits, until it is idle (`source.idle-after`, `withIdleness`):
//!
//! ```text
//!   subtask 0   o o o o o o o o o o o o o o     newest record 10:07:00
//!   subtask 1   (no split)                      no watermark          idle after 1 min: not counted
//!   window      keeps what has come ........................................| fires all at once
//! ```
//!
//! Windows that have not fired are in the state, and in the checkpoints: as much more as the watermark is behind the newest
//! records. That is what watermark alignment is for, too. *Limit*: all splits of a subtask are one, so that one of them that is idle
//! while others are not holds nobody up here.
//!
//! What an operator has buffered it writes into its state before the barrier leaves (`window.buffered` per record since the last
//! firing, `pre-barrier` for anything else; `prepareSnapshotPreBarrier`), in no phase that Flink reports:
//!
//! ```text
//!   operator   last barrier | writes its buffer | barrier leaves | sync | async
//!   behind it                                   `- and begins to travel: a start delay there
//! ```
//!
//! *Limit*: mini-batches emit what they have collected then; that they do is left out.
//!
//! With `source.watermark-alignment` (FLIP-182) readers that are more than the drift ahead of the slowest one of their group stop:
//!
//! ```text
//!   slow  ======>                    smallest watermark w, announced every update interval
//!   fast  ============|  waits       w + max-drift: reads no further, but answers triggers
//! ```
//!
//! **Sources** (`source.legacy`, `batch`, `splits`, `shares`, `records`, `finishes`). A `SourceFunction` emits under the checkpoint
//! lock. Under backpressure it waits for a buffer while it holds it, and its pool is available again only when no subtask
//! holds ten of them:
//!
//! ```text
//!   emits | pool empty: waits, lock held ......... | emits | waits ......... |
//!               `- trigger RPC                       `- the mailbox may get the lock (monitors are not fair)
//! ```
//!
//! So its start delay is half of such a wait, or more, and the queue in front of a hot subtask is longer than that of a `Source`
//! (`LocalBufferPool`, `SourceStreamTask`). Where it reaches a join on two ways, of which unaligned barriers may overtake on one
//! only, the job may hang: the join has blocked the one way and waits for the barrier of the other, which the source cannot send
//! before the join reads on. *Limit*: records of all splits are alike; that the job hangs follows from the classes and was not
//! seen on a cluster.
//!
//! While a source reports that it works off a **backlog** (`source.backlog`, the snapshot of a database before its log),
//! `execution.checkpointing.interval-during-backlog` counts (FLIP-309, `CheckpointCoordinator.setIsProcessingBacklog`): a change
//! pulls the next trigger forward, and never puts it off.
//! With `pipeline.sources.pause-until-first-checkpoint` (FLINK-38939) sources emit nothing before the first trigger after each start:
//!
//! ```text
//!   interval 10 s, 30 s during a backlog that ends at 32 s      1 . . . . . . . . 2 . . . 3 . . 4    0, 30, 42, 52 s
//! ```
//!
//! *Limit*: a backlog is a time since the start of the job, not what a source finds after a restart.
//!
//! **Flushes** (`cluster.flush-per-mb`): the RocksDB instances of a TaskManager share one flush thread (`Env::Default`), so that the
//! sync phase of the last is that of all, however little it has itself:
//!
//! ```text
//!   join #0        |## flush ##|
//!   join #1        |...........|## flush ##|
//!   aggregate #0     |.........................|f|       sync phase: its own flush and those before it
//! ```
//!
//! *Limit*: flushes between checkpoints do not stand in that line.
//!
//! **State that grows** (`state.inserts-per-record`): every record adds so many entries of new keys, which no level of RocksDB has yet;
//! a compaction adds them, and merges the others. *Limit*: formulas take `size` as it is at the start.
//!
//! **Sinks** (`vertex.sink`): what is buffered is flushed at the barrier (per record, or a table that is copied on write), the
//! queue of a connector's own thread must be empty then, and `notifyCheckpointComplete` commits on the task's thread:
//!
//! ```text
//!   records ... | barrier: flush, queue runs empty | records ... | notification: commit | records ...
//!                 sync phase, grows with what came since            later than the reported duration
//! ```
//!
//! *Limit*: a commit never fails.
//!
//! **Processors** (`cluster.cores`): task threads, sync phases, scans of canonical savepoints, the compaction that a snapshot's flush
//! starts, entries that a restore inserts one by one, and the encryption of what is written and read share them equally; a thread that
//! waits for a processor is busy, as Flink counts it:
//!
//! ```text
//!   one thread     ########             4 threads on 2 processors, half of one each
//!   four threads   ## ## ## ##  ...     so that each takes twice as long
//! ```
//!
//! A checkpoint is work itself, whatever the state: of each subtask 1.2 ms of its thread and 0.1 ms per input channel, and what
//! the asynchronous part and the ack take (3 to 4 ms). Forty-eight subtasks on two processors took 0.2 s on a cluster.
//! A vertex that waits for other systems while it is busy (`blocking`) needs no processor for that.
//!
//! *Limit*: the JobManager's work is not among it; compactions between checkpoints take no processor, nor does a heap backend that
//! reads its entries; there are no priorities.
//!
//! **Garbage collection** (`cluster.gc`) stops all threads of a TaskManager, and with them its tasks, snapshots and uploads:
//!
//! ```text
//!   task      ####      ####### | upload  ====      =======
//!   GC            ......            GC        ......            every, pause: from the GC log, or GarbageCollector.*.Count and .Time
//! ```
//!
//! *Limit*: how often and how long is given, not predicted from the state; a long pause does not count as a lost TaskManager.
//!
//! **Object stores** (`storage.requests-per-second`, `prefixes`, `backoff`, `writes-per-file`, `part-size`): a token bucket per prefix;
//! what it refuses comes back after an exponential backoff with jitter. The bill counts requests, not files:
//!
//! ```text
//!   files -> [ connections of the client ] -> [ bucket: 3,500 requests/s and prefix ] -> bytes on shared bandwidth -> closed
//!              others wait in line              503: come back in 0..0.5, 0..1, 0..2 s
//! ```
//!
//! The profiles `s3-hadoop`, `s3-presto`, `s3-native`, `gcs` and `abfs` know what each client asks for a file and how many connections it
//! has (`storage.connections`); see `src/scenario/profiles.rs` for sources and for what was chosen. *Limit*: reads are not
//! limited in number.
//!
//! **File merging** (`execution.checkpointing.file-merging`): state handles go on in a file that is open, if nobody else writes it:
//!
//! ```text
//!   apart    |open| a |close|  |open| b |close|  |open| c |close|
//!   merged   |open| a |flush| b |flush| c |flush|          as many files as are written at the same time
//! ```
//!
//! *Limit*: what has died in a file that lives on is not counted as retained.
//!
//! **The JobManager** (`cluster.jobmanager-per-ack`, `-per-handle`, `-per-channel`) handles one ack after the other, and writes every
//! state handle into the metadata after the last one:
//!
//! ```text
//!   acks  | | ||| |        handled  |-|-|-|-|-|-|   metadata  |====== handles ======|  pointer committed: durable
//! ```
//!
//! *Limit*: the order of magnitude is known, not more; measure your own.
//!
//! **Operations** (`[[operation]]`): the job is stopped on purpose and started again, redeployed or rescaled. With a savepoint
//! it is away while machines are made ready, and its first checkpoint is full (`NO_CLAIM`); at a checkpoint, as the adaptive scheduler
//! does it, it runs on until they are there and its next checkpoint is complete:
//!
//! ```text
//!   from = "savepoint"    at | savepoint ... | stopped | provisioning | restore | catches up | first checkpoint: everything
//!   from = "checkpoint"   at | provisioning, the job runs | next checkpoint | stopped | restore | catches up
//! ```
//!
//! With `parallelism`, `taskmanagers` or `slots` the job is another one from then on: key groups, and with them state, timers and
//! in-flight data, are dealt anew (`src/scenario/operation.rs` names the classes). *Limit*: in-flight data and open windows are dealt
//! evenly; formulas, warnings and costs are those of the job before; `recommend` leaves operations out; pictures of channels end with a
//! rescale; `simulation.check-consistency` cannot follow a rescale.
//!
//! **Runs differ** (`simulation.latencies = "random"`) in how fast records, flushes and messages are (`src/scenario/calibration.rs` says
//! by how much, and where that was seen); `cluster.control-plane-factor` says how slow messages and waking threads are where that is
//! known. *Limit*: they stay so for the whole run.
//!
//! **Latency of records** (`simulation.record-latency`): marks travel among the records, from the time at which a source reads
//! them to the end of the job, beside the visibility of what a checkpoint commits:
//!
//! ```text
//!   source  r r r m r r r m  -> channels, tasks ->  r r r m      age of m = now - when the source read it
//! ```
//!
//! *Limit*: of several inputs the oldest counts.
//!
//! # What the documents say, and what Flink does
//!
//! All of Flink's rules, with class names and sources, stand in `docs/flink-semantics.md` of the repository; the documents, their
//! formulas and mechanisms in `docs/source-documents.md`.
//!
//! | the documents | Flink, and this simulator |
//! |---|---|
//! | a checkpoint lasts alignment + snapshot + completion (F1) | the subtask that acknowledges last decides; its barrier's way (start delay) comes first, and completion comes after the reported duration |
//! | the frequency is 1 / (duration + interval) (F2) | the interval counts from trigger to trigger: 1 / max(interval, duration + min-pause), with one checkpoint at a time (R2) |
//! | throughput is lost for the whole duration (F3) | snapshots are asynchronous: lost are the sync phase and what blocked channels keep idle (R3); a job that is not saturated catches up |
//! | the faster channel is cached while the slower one is awaited | so did Flink before credit-based flow control (`simulation.alignment = "caching"`, which can run out of memory); now the channel is blocked and its sender feels it |
//! | new slots are requested during a checkpoint | they are not |
//! | Raft for checkpoints, Paxos for savepoints | the snapshot is asynchronous barrier snapshotting, a variant of Chandy and Lamport's; only the pointer to a completed checkpoint is committed to a store that runs a quorum protocol |
//! | keep 6 checkpoints every 2 min for an hour's worth | 6 x 2 min are 12 min: `check` warns (CK006), `recommend --keep` counts |
//! | savepoints are like checkpoints | canonical ones are rewritten record by record in full; native ones are files of the backend |
//!
//! # Each formula with its limits
//!
//! `run` prints every formula beside the measurement and says which of its assumptions do not hold. Module `formulas` has one
//! function for each, with symbols, units, source and where it fails. In short:
//!
//! | formula | right when | wrong when |
//! |---|---|---|
//! | F1 duration | full snapshots, one upload at a time, no queue in front of barriers | incremental backends, backpressure, shared bandwidth |
//! | F2, R2 frequency | F2: never in Flink; R2: one checkpoint at a time | checkpoints fail |
//! | F3, R3 loss | F3: synchronous snapshots; R3: saturated sources | unaligned barriers under backpressure |
//! | F5, F6 slowest subtask | equal subtasks on their own bandwidth | skew, compactions, limits per TaskManager |
//! | Young, Daly, Jayasekara interval | the cost is the stop, failures are Poisson, nothing but useful time counts | an objective on recovery binds; use `recommend` |
//! | fluid catch-up | constant rates, full capacity during the catch-up | one hot subtask, checkpoints during the catch-up, daily curves |
//!
//! # Calibrating from a live job
//!
//! 1. `ckptsim import http://jobmanager:8081 -o job.toml` reads the REST API (nothing is changed) and writes a scenario with a
//!    comment at every estimate. Take it under load, with at least ten completed checkpoints in the history.
//! 2. `ckptsim check job.toml` names what does not fit. Utilisation near 100 % makes everything uncertain: measure
//!    `busyTimeMsPerSecond` of the hottest subtask and set `service` from it (busy share / records per second).
//! 3. `ckptsim calibrate job.toml -o calibrated.toml` adjusts the estimates within their spreads to half of the checkpoints, and
//!    tells the error on the other half: below it, no difference that the simulation shows is worth anything.
//! 4. By hand: `ckptsim run job.toml --format json` has Flink's own shapes under `checkpoints` and `details`. In this order:
//!    state size (`state.size`), checkpointed bytes (`updates-per-record`, `entry`), async duration (`[storage]`), start delay
//!    (`service`, skew), alignment.
//! 5. A figure that is off has a mechanism. `ckptsim explain` shows on what a checkpoint waited, and under which metric Flink
//!    tells the same; `recording::lessons` lists what was wrong in this simulator before, and why.
//! 6. Only then change a setting: `ckptsim compare job.toml --with key=value`, or `ckptsim recommend`.
