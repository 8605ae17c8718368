//! Timers of a task: when they are due, and how many have not fired.
//!
//! When a watermark passes several times at once, all of them fire, as each has had its records
//! (`InternalTimerServiceImpl.advanceWatermark` takes timers from its queue until the next one lies ahead): so it is while a job
//! reads what has waited in a log. The clock on the wall passes times at which no record came: then only the windows fire that
//! were there already, and a timer once.

use std::collections::VecDeque;

use crate::scenario::timers::{Clock, Fires, Timers};
use crate::units::{SimDuration, SimTime};

/// The timers of one task.
#[derive(Clone, Debug)]
pub struct TimerService {
    every: SimDuration,
    first: SimTime,
    clock: Clock,
    /// Timers that fire at a time, and records that one of them emits.
    number: f64,
    output: f64,
    time: SimDuration,
    /// Time to write a record that is buffered into the state, how many records had been processed when that was done last,
    /// and the time of those that a firing has to write first.
    buffered: SimDuration,
    flushed: u64,
    to_write: SimDuration,
    /// Records of open windows that other subtasks had processed: they come before those of this one.
    before: u64,
    /// Mail is read between two event-time timers.
    interruptible: bool,
    /// With a window that keeps its records: how far back it reaches, in times.
    reaches: Option<u64>,
    /// Records come for every time, whenever they are read.
    every_time: bool,
    progress: Progress,
}

/// What a checkpoint keeps of a task's timers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    /// The next time, counted from the first.
    next: u64,
    /// Timers that are due and have not fired.
    due: u64,
    /// Fractions of a timer, and of a record that is still to be emitted.
    fractions: (f64, f64),
    /// Records that a due timer emits.
    output: f64,
    /// With a window that keeps its records: records processed before the job began, and by the last times, the newest last.
    begun: u64,
    ends: VecDeque<u64>,
}

/// More times than that are passed as one.
const TIMES_MAX: u64 = 10_000;

impl TimerService {
    /// Takes so many timers out that are due, to fire them.
    pub fn take(&mut self, number: u32) {
        self.progress.due -= u64::from(number);
    }

    /// They have not fired after all.
    pub fn put_back(&mut self, number: u32) {
        self.progress.due += u64::from(number);
    }

    /// A timer fires: what it emits, with the fraction of a record that earlier ones have left.
    pub fn owed(&mut self) -> &mut f64 {
        self.progress.fractions.1 += self.progress.output;
        &mut self.progress.fractions.1
    }

    /// Timers of a task that has `part` of them, is slower by `slowness`, and fires first after `offset` if nothing else
    /// is given; `log` says whether sources read later what they cannot read now.
    pub fn new(
        timers: &Timers,
        part: impl Fn(f64) -> f64,
        (slowness, interruptible): (f64, bool),
        (offset, log): (SimDuration, bool),
    ) -> Self {
        let (number, output, reaches) = match timers.number {
            Fires::Keys(number) => (part(number), timers.output, None),
            Fires::Records { of, keys } => {
                let reach = of.as_nanos().div_ceil(timers.every.as_nanos().max(1));
                (part(keys), timers.output, Some(reach.max(1)))
            }
        };
        TimerService {
            every: timers.every,
            first: SimTime::ZERO + timers.offset.unwrap_or(offset),
            clock: timers.clock,
            number,
            output,
            time: timers.time.scale(slowness),
            buffered: timers.buffered.scale(slowness),
            flushed: 0,
            to_write: SimDuration::ZERO,
            before: 0,
            interruptible: interruptible && timers.clock == Clock::Event,
            reaches,
            every_time: log && timers.clock == Clock::Event,
            progress: Progress::default(),
        }
    }

    /// What is buffered is written into the state: how long that takes.
    pub fn flush(&mut self, processed: u64) -> SimDuration {
        let records = processed.saturating_sub(self.flushed);
        self.flushed = processed;
        self.buffered * records + std::mem::take(&mut self.to_write)
    }

    /// What they wait for.
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// Whether some are due and have not fired.
    #[inline]
    pub fn fire(&self) -> bool {
        self.progress.due > 0
    }

    /// Whether mail is read between two of them.
    #[inline]
    pub fn interruptible(&self) -> bool {
        self.interruptible
    }

    /// When the next are due, on their clock.
    pub fn next_time(&self) -> SimTime {
        self.first + self.every * self.progress.next
    }

    /// What a checkpoint keeps.
    pub fn progress(&self) -> Progress {
        self.progress.clone()
    }

    /// What a checkpoint has kept, `again` records before the one that is to be read next: they are counted twice.
    pub fn return_to(&mut self, progress: &Progress, (again, processed): (u64, u64)) {
        self.flushed = processed;
        self.to_write = SimDuration::ZERO;
        self.progress = progress.clone();
        self.progress.begun += again;
        self.progress.ends.iter_mut().for_each(|end| *end += again);
    }

    /// What timers of other subtasks had come to, each with the records that it had processed, is dealt to so many that have processed
    /// none: due ones and the records of open windows evenly.
    pub fn go_on_from(&mut self, others: &[&(Progress, u64)], parallelism: usize) {
        let Some((first, _)) = others.first() else {
            return;
        };
        let part = |sum: u64| sum / parallelism.max(1) as u64;
        let since = |at: &dyn Fn(&Progress) -> Option<u64>| {
            let records = others.iter().filter_map(|(progress, processed)| {
                at(progress).map(|then| processed.saturating_sub(then))
            });
            part(records.sum())
        };
        self.before = since(&|progress| Some(progress.begun));
        let before = self.before;
        let ends = (0..first.ends.len())
            .map(|n| before.saturating_sub(since(&|progress| progress.ends.get(n).copied())));
        self.progress = Progress {
            next: first.next,
            due: part(others.iter().map(|(progress, _)| progress.due).sum()),
            fractions: (0.0, 0.0),
            output: first.output,
            begun: 0,
            ends: ends.collect(),
        };
    }

    /// The clock of the timers has come to `now`, and the task has processed so many records in all: those whose time has
    /// passed are due.
    pub fn come_due(&mut self, now: SimTime, processed: u64) {
        if self.next_time() > now {
            return;
        }
        self.to_write = self.flush(processed);
        let passed = now.since(self.first).as_nanos() / self.every.as_nanos().max(1) + 1;
        let mut times = passed - self.progress.next;
        if !self.every_time {
            times = times.min(self.reaches.unwrap_or(1));
        }
        self.progress.next = passed;
        let keys = self.number * times as f64;
        let whole = match self.reaches {
            None => {
                self.progress.output = self.output;
                keys
            }
            Some(reaches) => {
                let processed = self.before + processed;
                let records = self.read_windows(times.min(TIMES_MAX), reaches, processed);
                self.progress.output = if records > 0.0 {
                    (keys * self.output / records).min(1e9)
                } else {
                    0.0
                };
                records
            }
        };
        self.progress.fractions.0 += whole.min(1e12);
        let fired = self.progress.fractions.0.floor();
        self.progress.fractions.0 -= fired;
        self.progress.due += fired as u64;
    }

    /// Records of windows that end at so many times, each read once for every window; those that came since the last time are
    /// spread evenly over these.
    fn read_windows(&mut self, times: u64, reaches: u64, processed: u64) -> f64 {
        let Progress { begun, ends, .. } = &mut self.progress;
        let kept = usize::try_from(reaches).unwrap_or(usize::MAX);
        let last = ends.back().copied().unwrap_or(*begun);
        let new = processed.saturating_sub(last) as f64;
        let mut records = 0.0;
        for time in 1..=times {
            let end = last + (new * time as f64 / times as f64) as u64;
            let before = if ends.len() < kept {
                *begun
            } else {
                ends.pop_front().unwrap_or(*begun)
            };
            ends.push_back(end);
            records += end.saturating_sub(before) as f64;
        }
        records
    }

    /// How many of those that are due fit into a piece of about `longest`, and into about one output buffer.
    /// What is buffered is written first.
    pub fn piece(&mut self, longest: SimDuration, records_max: u32) -> (u32, SimDuration) {
        let fit = longest.as_nanos().checked_div(self.time.as_nanos());
        let fit = fit.unwrap_or(u64::MAX).max(1);
        let written = f64::from(records_max) / self.progress.output.max(1e-9);
        let number = self.progress.due.min(fit).min(written.max(1.0) as u64);
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        let first = std::mem::take(&mut self.to_write);
        (number, first + self.time * u64::from(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timers(number: Fires) -> TimerService {
        timers_of(Clock::Processing, number)
    }

    fn timers_of(clock: Clock, number: Fires) -> TimerService {
        let timers = Timers {
            every: SimDuration::from_secs(2),
            offset: Some(SimDuration::from_secs(1)),
            number,
            time: SimDuration::from_micros(10),
            output: 0.5,
            buffered: SimDuration::ZERO,
            clock,
        };
        TimerService::new(
            &timers,
            |whole| whole / 4.0,
            (1.0, false),
            (SimDuration::ZERO, true),
        )
    }

    fn at(seconds: u64) -> SimTime {
        SimTime::ZERO + SimDuration::from_secs(seconds)
    }

    #[test]
    fn a_part_of_the_keys_fires_each_time() {
        let mut timers = timers(Fires::Keys(10.0));
        assert_eq!(timers.next_time(), at(1));
        timers.come_due(at(0), 0);
        assert!(!timers.fire());
        timers.come_due(at(1), 0);
        assert_eq!((timers.progress.due, timers.next_time()), (2, at(3)));
        timers.come_due(at(3), 0);
        assert_eq!(timers.progress.due, 5, "2.5 each time");
    }

    #[test]
    fn of_times_that_were_missed_the_timers_fire_once() {
        let mut timers = timers(Fires::Keys(40.0));
        timers.come_due(at(8), 0);
        assert_eq!((timers.progress.due, timers.next_time()), (10, at(9)));
    }

    #[test]
    fn a_watermark_that_passes_several_times_fires_them_all() {
        let mut timers = timers_of(Clock::Event, Fires::Keys(40.0));
        timers.come_due(at(8), 0);
        assert_eq!((timers.progress.due, timers.next_time()), (40, at(9)));

        // 600 records in four windows of 4 s, from second to second: 150 in the first, 300 in each that follows.
        let of = SimDuration::from_secs(4);
        let mut timers = timers_of(Clock::Event, Fires::Records { of, keys: 40.0 });
        timers.come_due(at(8), 600);
        assert_eq!(timers.progress.due, 150 + 3 * 300);
    }

    #[test]
    fn a_window_that_keeps_its_records_reads_those_of_its_size() {
        let of = SimDuration::from_secs(4);
        let mut timers = timers(Fires::Records { of, keys: 40.0 });
        for (time, processed, read) in [(1, 100, 100), (3, 300, 300), (5, 600, 500), (7, 600, 300)]
        {
            timers.come_due(at(time), processed);
            assert_eq!(timers.progress.due, read, "at {time} s");
            assert!((timers.progress.output * read as f64 - 5.0).abs() < 1e-9);
            timers.progress.due = 0;
        }
    }

    #[test]
    fn what_a_checkpoint_has_kept_comes_back() {
        let mut timers = timers(Fires::Keys(40.0));
        timers.come_due(at(1), 0);
        let kept = timers.progress();
        timers.come_due(at(3), 0);
        timers.return_to(&kept, (0, 0));
        assert_eq!((timers.progress.due, timers.next_time()), (10, at(3)));
    }

    #[test]
    fn records_that_are_read_again_are_in_their_window_once() {
        let of = SimDuration::from_secs(4);
        let mut timers = timers(Fires::Records { of, keys: 40.0 });
        timers.come_due(at(1), 100);
        let kept = timers.progress();
        timers.progress.due = 0;
        // 250 were processed since, the checkpoint was at 120: 130 come again.
        timers.return_to(&kept, (130, 250));
        timers.come_due(at(3), 430);
        assert_eq!(timers.progress.due, 100 + 300);
    }

    #[test]
    fn what_was_buffered_before_a_restart_is_not_written_again() {
        let mut timers = timers(Fires::Keys(40.0));
        timers.buffered = SimDuration::from_millis(1);
        assert_eq!(timers.flush(10), SimDuration::from_millis(10));
        let kept = timers.progress();
        timers.return_to(&kept, (5, 15));
        assert_eq!(timers.flush(17), SimDuration::from_millis(2));
        timers.come_due(at(1), 20);
        let longest = SimDuration::from_secs(1);
        let (number, takes) = timers.piece(longest, 1000);
        assert_eq!(
            takes,
            SimDuration::from_micros(3000 + 10 * u64::from(number))
        );
        assert_eq!(
            timers.piece(longest, 1000).1,
            SimDuration::from_micros(100),
            "written once"
        );
    }

    #[test]
    fn a_piece_is_about_a_quantum_or_a_buffer_of_records() {
        let mut timers = timers(Fires::Keys(40_000.0));
        timers.come_due(at(1), 0);
        let quantum = SimDuration::from_millis(5);
        assert_eq!(timers.piece(quantum, 1000).0, 500);
        assert_eq!(timers.piece(quantum, 100).0, 200, "half a record each");
    }
}
