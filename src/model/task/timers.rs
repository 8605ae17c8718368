//! Timers of a task: when they are due, and how many have not fired.

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
    /// Mail is read between two event-time timers.
    interruptible: bool,
    /// With a window that keeps its records: how far back it reaches, in times.
    reaches: Option<u64>,
    /// Records processed by the last times, the newest last.
    processed: Vec<u64>,
    progress: Progress,
}

/// What a checkpoint keeps of a task's timers.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Progress {
    /// The next time, counted from the first.
    next: u64,
    /// Timers that are due and have not fired.
    due: u64,
    /// Fractions of a timer, and of a record that is still to be emitted.
    fractions: (f64, f64),
    /// Records that a due timer emits.
    output: f64,
}

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
    /// is given.
    pub fn new(
        timers: &Timers,
        part: impl Fn(f64) -> f64,
        (slowness, interruptible): (f64, bool),
        offset: SimDuration,
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
            interruptible: interruptible && timers.clock == Clock::Event,
            reaches,
            processed: Vec::new(),
            progress: Progress::default(),
        }
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
        self.progress
    }

    /// What a checkpoint has kept. Timers whose time has passed meanwhile are due.
    pub fn return_to(&mut self, progress: Progress) {
        self.progress = progress;
        self.processed.clear();
    }

    /// The clock of the timers has come to `now`, and the task has processed so many records in all: those whose time has
    /// passed are due, of several times that were missed no more than live at a time.
    pub fn come_due(&mut self, now: SimTime, processed: u64) {
        let first = self.progress.next;
        if self.next_time() > now {
            return;
        }
        let passed = now.since(self.first).as_nanos() / self.every.as_nanos().max(1) + 1;
        self.progress.next = passed;
        let times = (passed - first).min(self.reaches.unwrap_or(1)) as f64;
        let keys = self.number * times;
        let whole = match self.reaches {
            None => {
                self.progress.output = self.output;
                keys
            }
            Some(reaches) => {
                // The records of the window's time, each read once for every window that ends.
                let kept = reaches as usize;
                let before = if self.processed.len() >= kept {
                    self.processed[self.processed.len() - kept]
                } else {
                    0
                };
                self.processed.push(processed);
                if self.processed.len() > kept {
                    self.processed.remove(0);
                }
                let records = processed.saturating_sub(before) as f64 * times;
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

    /// How many of those that are due fit into a piece of about `longest`, and into about one output buffer.
    pub fn piece(&self, longest: SimDuration, records_max: u32) -> (u32, SimDuration) {
        let fit = longest.as_nanos().checked_div(self.time.as_nanos());
        let fit = fit.unwrap_or(u64::MAX).max(1);
        let written = f64::from(records_max) / self.progress.output.max(1e-9);
        let number = self.progress.due.min(fit).min(written.max(1.0) as u64);
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        (number, self.time * u64::from(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timers(number: Fires) -> TimerService {
        let timers = Timers {
            every: SimDuration::from_secs(2),
            offset: Some(SimDuration::from_secs(1)),
            number,
            time: SimDuration::from_micros(10),
            output: 0.5,
            clock: Clock::Processing,
        };
        TimerService::new(
            &timers,
            |whole| whole / 4.0,
            (1.0, false),
            SimDuration::ZERO,
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
        timers.return_to(kept);
        assert_eq!((timers.progress.due, timers.next_time()), (10, at(3)));
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
