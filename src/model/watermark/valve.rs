//! The watermark of a task with several inputs (`StatusWatermarkValve`).
//!
//! It is the smallest of its channels' that are active. An idle channel holds nobody up; one that is active again counts when it
//! has caught up with what the task has passed on. When all are idle, so is the task, and its watermark is the largest of
//! theirs.

use crate::units::{SimDuration, SimTime};

/// What is said of the records before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// Whatever was due until then has been read.
    pub read: SimTime,
    /// The time of the newest record among what has been read; zero before the first one.
    pub newest: SimTime,
    /// No record that is older is expected; zero before the first watermark.
    pub watermark: SimTime,
    /// Nothing is expected for the time being (`WatermarkStatus.IDLE`).
    pub idle: bool,
}

impl Mark {
    /// A later mark of the same channel: a watermark never falls.
    pub fn follow(&mut self, later: Mark) {
        self.read = self.read.max(later.read);
        self.newest = self.newest.max(later.newest);
        self.watermark = self.watermark.max(later.watermark);
        self.idle = later.idle;
    }
}

/// The watermark that follows from the newest record, if records may be so much older (`BoundedOutOfOrdernessWatermarks`).
pub fn behind(newest: SimTime, delay: SimDuration) -> SimTime {
    SimTime::ZERO + newest.since(SimTime::ZERO).saturating_sub(delay)
}

/// What holds for a task that stands at `now`, once its channels have come to these marks. `read` is that of the slowest channel.
pub fn combine(now: Mark, channels: impl Iterator<Item = Mark> + Clone) -> Mark {
    let Some(read) = channels.clone().map(|mark| mark.read).min() else {
        return now;
    };
    let newest = channels.clone().map(|mark| mark.newest).max();
    let mut active = channels.clone().filter(|mark| !mark.idle).peekable();
    let idle = active.peek().is_none();
    let watermark = if idle {
        channels.map(|mark| mark.watermark).max()
    } else {
        let caught_up = active.filter(|mark| mark.watermark >= now.watermark);
        caught_up.map(|mark| mark.watermark).min()
    };
    Mark {
        read: now.read.max(read),
        newest: now.newest.max(newest.unwrap_or_default()),
        watermark: now.watermark.max(watermark.unwrap_or_default()),
        idle,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SimTime {
        SimTime::ZERO + SimDuration::from_secs(seconds)
    }

    fn mark(read: u64, watermark: u64) -> Mark {
        Mark {
            read: at(read),
            newest: at(read),
            watermark: at(watermark),
            idle: false,
        }
    }

    fn idle(read: u64, watermark: u64) -> Mark {
        Mark {
            idle: true,
            ..mark(read, watermark)
        }
    }

    fn combined(now: Mark, channels: &[Mark]) -> Mark {
        combine(now, channels.iter().copied())
    }

    #[test]
    fn the_slowest_channel_holds_the_others_up() {
        let now = mark(3, 3);
        let slowest = Mark {
            newest: at(9),
            ..mark(7, 5)
        };
        assert_eq!(combined(now, &[mark(9, 8), mark(7, 5)]), slowest);
        let none = Mark::default();
        assert_eq!(combined(none, &[mark(9, 8), mark(9, 0)]), mark(9, 0));
    }

    #[test]
    fn an_idle_channel_does_not() {
        assert_eq!(combined(mark(3, 3), &[mark(9, 8), idle(9, 0)]), mark(9, 8));
    }

    #[test]
    fn one_that_is_active_again_counts_when_it_has_caught_up() {
        let now = mark(9, 8);
        assert_eq!(combined(now, &[mark(12, 11), mark(12, 4)]), mark(12, 11));
        assert_eq!(combined(now, &[mark(12, 11), mark(12, 9)]), mark(12, 9));
    }

    #[test]
    fn when_all_are_idle_the_newest_watermark_comes_out_and_nothing_more() {
        let now = mark(9, 2);
        assert_eq!(combined(now, &[idle(12, 6), idle(12, 4)]), idle(12, 6));
    }
}
