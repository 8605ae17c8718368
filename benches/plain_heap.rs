//! The yardstick: the textbook engine on workload W3, without statistics, checkpoints or credits.
//!
//! `BinaryHeap<Reverse<(time, sequence, event)>>`, one `match`, channels of capacity 10 that block their producer, inputs
//! read round robin. Source → p A (round robin) → p B (by hash) → sink. One event is one service completion.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// The pipeline.
pub struct Pipeline {
    heap: BinaryHeap<Reverse<(u64, u64, Event)>>,
    sequence: u64,
    now: u64,
    tasks: Vec<Task>,
    channels: Vec<VecDeque<u64>>,
    p: usize,
    next_buffer: u64,
    /// Service completions so far.
    pub completions: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Done { task: usize },
}

struct Task {
    service: u64,
    inputs: Vec<usize>,
    next_input: usize,
    outputs: Vec<usize>,
    doing: Doing,
}

#[derive(Clone, Copy)]
enum Doing {
    Idle,
    Busy(u64),
    Blocked { buffer: u64, on: usize },
}

const CAPACITY: usize = 10;

fn splitmix64(mut x: u64) -> u64 {
    x = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

impl Pipeline {
    /// W3 with `p` A and `p` B; source and sink are `faster` times as fast.
    pub fn new(p: usize, faster: u64) -> Self {
        let task = |service| Task {
            service,
            inputs: vec![],
            next_input: 0,
            outputs: vec![],
            doing: Doing::Idle,
        };
        let mut tasks = vec![task(100_003 / faster)];
        tasks.extend((0..p as u64).map(|i| task(800_000 + 101 * i)));
        tasks.extend((0..p as u64).map(|j| task((700_000 + 103 * j) * if j == 0 { 2 } else { 1 })));
        tasks.push(task(50_021 / faster));
        let mut channels = Vec::new();
        let sink = 2 * p + 1;
        let pairs = (0..p)
            .map(|a| (0, 1 + a))
            .chain((0..p).flat_map(|a| (0..p).map(move |b| (1 + a, 1 + p + b))));
        for (from, to) in pairs.chain((0..p).map(|b| (1 + p + b, sink))) {
            tasks[from].outputs.push(channels.len());
            tasks[to].inputs.push(channels.len());
            channels.push(VecDeque::with_capacity(CAPACITY));
        }
        let mut pipeline = Pipeline {
            heap: BinaryHeap::new(),
            sequence: 0,
            now: 0,
            tasks,
            channels,
            p,
            next_buffer: 0,
            completions: 0,
        };
        pipeline.begin(0);
        pipeline
    }

    /// Lets `completions` services end.
    pub fn run(&mut self, completions: u64) {
        while self.completions < completions {
            let Some(Reverse((time, _, event))) = self.heap.pop() else {
                return;
            };
            self.now = time;
            match event {
                Event::Done { task } => self.done(task),
            }
        }
    }

    fn done(&mut self, task: usize) {
        self.completions += 1;
        let Doing::Busy(buffer) = self.tasks[task].doing else {
            return;
        };
        self.tasks[task].doing = Doing::Idle;
        if self.tasks[task].outputs.is_empty() {
            self.begin(task);
            return;
        }
        let outputs = self.tasks[task].outputs.len() as u64;
        let choice = if task == 0 || outputs == 1 {
            buffer % outputs
        } else {
            splitmix64(buffer) % outputs
        };
        let on = self.tasks[task].outputs[choice as usize];
        self.push(task, buffer, on);
    }

    fn push(&mut self, task: usize, buffer: u64, on: usize) {
        if self.channels[on].len() == CAPACITY {
            self.tasks[task].doing = Doing::Blocked { buffer, on };
            return;
        }
        self.channels[on].push_back(buffer);
        let consumer = self.consumer_of(on);
        if matches!(self.tasks[consumer].doing, Doing::Idle) {
            self.begin(consumer);
        }
        self.tasks[task].doing = Doing::Idle;
        self.begin(task);
    }

    fn begin(&mut self, task: usize) {
        let buffer = if task == 0 {
            self.next_buffer += 1;
            self.next_buffer
        } else {
            let n = self.tasks[task].inputs.len();
            let first = self.tasks[task].next_input;
            let Some(input) = (0..n)
                .map(|k| (first + k) % n)
                .find(|&k| !self.channels[self.tasks[task].inputs[k]].is_empty())
            else {
                return;
            };
            self.tasks[task].next_input = (input + 1) % n;
            let channel = self.tasks[task].inputs[input];
            let Some(buffer) = self.channels[channel].pop_front() else {
                return;
            };
            self.unblock(channel);
            buffer
        };
        self.tasks[task].doing = Doing::Busy(buffer);
        self.sequence += 1;
        let at = self.now + self.tasks[task].service;
        self.heap
            .push(Reverse((at, self.sequence, Event::Done { task })));
    }

    fn unblock(&mut self, channel: usize) {
        let producer = self.producer_of(channel);
        if let Doing::Blocked { buffer, on } = self.tasks[producer].doing
            && on == channel
        {
            self.tasks[producer].doing = Doing::Idle;
            self.push(producer, buffer, on);
        }
    }

    fn consumer_of(&self, channel: usize) -> usize {
        let p = self.p;
        match channel {
            c if c < p => 1 + c,
            c if c < p + p * p => 1 + p + (c - p) % p,
            _ => 2 * p + 1,
        }
    }

    fn producer_of(&self, channel: usize) -> usize {
        let p = self.p;
        match channel {
            c if c < p => 0,
            c if c < p + p * p => 1 + (c - p) / p,
            c => 1 + p + (c - p - p * p),
        }
    }
}
