//! When a source's records are due.
//!
//! Arrivals live on the axis of the cumulated rate: regular records at 0, 1, 2, …, Poisson records at the points of a
//! unit-rate process. The inverse of the cumulated rate turns a position into a time, whatever the rate's shape.

use std::sync::Arc;

use crate::engine::Stream;
use crate::scenario::{Arrivals, Rate};
use crate::units::{SimDuration, SimTime};

/// The schedule of one source subtask.
#[derive(Debug)]
pub struct Schedule {
    /// All subtasks of a source have the same: a trace may be long.
    rate: Arc<Rate>,
    /// Share of the rate that this subtask emits.
    share: f64,
    start: SimTime,
    /// The schedule began so much before `start`.
    lead: SimDuration,
    arrivals: Arrivals,
    stream: Stream,
    /// Position of the next record on the cumulated axis.
    next: f64,
    /// The step that holds `next`.
    step: Step,
    /// Records taken so far.
    taken: u64,
    /// Records that there are.
    limit: u64,
    /// When the newest record that was taken since the job began was due, and when it was taken.
    newest: Option<(SimTime, SimTime)>,
}

/// Where a step begins: (time since start in seconds, cumulated records, index of the step).
type Step = (f64, f64, usize);

/// So many repetitions of a schedule in a row are passed one by one; more are left out together, since a period may be a
/// nanosecond. Passing them one by one rounds a little otherwise: what real schedules give stays as it is to the last bit.
const TURNS_ONE_BY_ONE: f64 = 64.0;

/// A place in a schedule, to return to.
#[derive(Clone, Debug)]
pub struct Position {
    next: f64,
    step: Step,
    stream: Stream,
    taken: u64,
}

impl Schedule {
    /// A schedule of this share of the source's rate.
    pub fn new(
        rate: Arc<Rate>,
        (share, limit): (f64, u64),
        start: SimTime,
        arrivals: Arrivals,
        mut stream: Stream,
    ) -> Self {
        let next = match arrivals {
            Arrivals::Regular => 0.0,
            Arrivals::Poisson => stream.exponential(),
        };
        Schedule {
            rate,
            share,
            start,
            lead: SimDuration::ZERO,
            arrivals,
            stream,
            next,
            step: (0.0, 0.0, 0),
            taken: 0,
            limit,
            newest: None,
        }
    }

    /// When the next record is due; `SimTime::MAX` if never.
    pub fn next_due(&mut self) -> SimTime {
        let (due, step) = self.time_of_next();
        self.step = step;
        due
    }

    /// When the next record is due, and the step that holds it.
    fn time_of_next(&self) -> (SimTime, Step) {
        let (seconds, step) = match &*self.rate {
            _ if self.ended() => (f64::INFINITY, self.step),
            Rate::Unlimited => (0.0, self.step),
            Rate::Constant(per_s) => (self.next / (per_s * self.share), self.step),
            Rate::Steps { .. } => self.in_steps(),
        };
        let due = if seconds.is_finite() {
            self.start + ceil(seconds).saturating_sub(self.lead)
        } else {
            SimTime::MAX
        };
        (due, step)
    }

    /// How many records are due by `now`, at most `most`. Does not take them.
    pub fn take_due(&mut self, now: SimTime, most: u32) -> u32 {
        if *self.rate == Rate::Unlimited {
            let left = u32::try_from(self.limit - self.taken).unwrap_or(u32::MAX);
            let may = now >= self.start && self.share > 0.0;
            let due = if may { most.min(left) } else { 0 };
            self.taken += u64::from(due);
            if due > 0 {
                self.newest = Some((now, now));
            }
            return due;
        }
        let mut due = 0;
        let left = u32::try_from(self.limit - self.taken).unwrap_or(u32::MAX);
        let most = most.min(left);
        while due < most {
            let next = self.next_due();
            if next > now {
                break;
            }
            self.newest = Some((next, now));
            self.next += match self.arrivals {
                Arrivals::Regular => 1.0,
                Arrivals::Poisson => self.stream.exponential(),
            };
            due += 1;
        }
        self.taken += u64::from(due);
        due
    }

    /// Whether no record is left to be taken.
    pub fn ended(&self) -> bool {
        self.share <= 0.0 || self.taken >= self.limit
    }

    /// Records taken so far: the offset of the next one.
    pub fn taken(&self) -> u64 {
        self.taken
    }

    /// When the newest record that was taken since the job began, or began again, was due.
    pub fn newest(&self) -> Option<SimTime> {
        self.newest.map(|(due, _)| due)
    }

    /// Since when no record has been taken, for lack of one; `None` if one is due.
    pub fn silent_since(&mut self, now: SimTime) -> Option<SimTime> {
        let taken = self.newest.map_or(SimTime::ZERO, |(_, at)| at);
        (self.next_due() > now).then_some(taken)
    }

    /// Where it stands.
    pub fn position(&self) -> Position {
        Position {
            next: self.next,
            step: self.step,
            stream: self.stream.clone(),
            taken: self.taken,
        }
    }

    /// Returns to a place: what came after it is due again, at the time when it was due at first.
    pub fn return_to(&mut self, position: &Position) {
        self.next = position.next;
        self.step = position.step;
        self.stream = position.stream.clone();
        self.taken = position.taken;
        self.newest = None;
    }

    /// What other subtasks of the source had read, with records that they had taken and not emitted, is dealt anew: this one goes on
    /// at its share of all their places. `records` = how many there are for all together.
    pub fn go_on_from<'a>(
        &mut self,
        places: impl Iterator<Item = &'a (Position, u32)>,
        records: Option<u64>,
    ) {
        let (mut place, mut taken) = (0.0, 0);
        for (position, due) in places {
            place += position.next - f64::from(*due);
            taken += position.taken - u64::from(*due);
        }
        self.next = place * self.share;
        self.step = (0.0, 0.0, 0);
        self.taken = match records {
            None => 0,
            Some(records) => {
                let left = records.saturating_sub(taken) as f64 * self.share;
                self.limit.saturating_sub(left.round() as u64)
            }
        };
    }

    /// The schedule began so much earlier: as many records are due at once.
    pub fn begin_earlier(&mut self, lead: SimDuration) {
        self.lead = lead;
    }

    /// Records that are due by `now` and not taken (Poisson arrivals: how many that is on average); 0 without a rate.
    pub fn unread(&self, now: SimTime) -> u64 {
        // Record 0 is due at position 0.
        let position = self.position_at(now);
        let unread = position.map_or(0, |position| (position - self.next + 1.0).max(0.0) as u64);
        unread.min(self.limit - self.taken)
    }

    /// Records that were due by `now` in all (on average), or `None` without a rate.
    pub fn due(&self, now: SimTime) -> Option<u64> {
        self.position_at(now)
            .map(|position| (position as u64).min(self.limit))
    }

    /// How long the next record has been due.
    pub fn lag(&self, now: SimTime) -> SimDuration {
        match &*self.rate {
            Rate::Unlimited => SimDuration::ZERO,
            Rate::Constant(_) | Rate::Steps { .. } => now.since(self.time_of_next().0),
        }
    }

    /// Position on the cumulated axis.
    fn position_at(&self, now: SimTime) -> Option<f64> {
        let seconds = (now + self.lead).since(self.start).as_secs_f64();
        match &*self.rate {
            Rate::Unlimited => None,
            Rate::Constant(per_s) => Some(per_s * self.share * seconds),
            Rate::Steps { .. } => Some(self.cumulated_at(seconds)),
        }
    }

    /// Position on the cumulated axis at a time that is not before the present step.
    fn cumulated_at(&self, seconds: f64) -> f64 {
        let step = self.step;
        let turn = self.turn();
        let turns = turn.map_or(0.0, |(length, _)| (seconds - step.0) / length);
        let (mut begin, mut cumulated, mut index) = self.turns_after(step, turns);
        for _ in 0..self.steps_to_pass() {
            let (per_s, length) = self.step_of(index);
            if seconds <= begin + length {
                return cumulated + per_s * (seconds - begin).max(0.0);
            }
            (begin, cumulated, index) = (
                begin + length,
                cumulated + per_s * length,
                self.after(index),
            );
        }
        cumulated
    }

    /// Records per second and seconds of a step.
    fn step_of(&self, index: usize) -> (f64, f64) {
        let Rate::Steps { steps, period } = &*self.rate else {
            unreachable!("only a rate of steps has steps")
        };
        let (begin, per_s) = steps[index];
        let length = match (steps.get(index + 1), period) {
            (Some((next, _)), _) => next.saturating_sub(begin).as_secs_f64(),
            (None, Some(period)) => period.saturating_sub(begin).as_secs_f64(),
            (None, None) => f64::INFINITY,
        };
        (per_s * self.share, length)
    }

    /// Seconds and records of one repetition, if the schedule is repeated.
    fn turn(&self) -> Option<(f64, f64)> {
        let Rate::Steps {
            steps,
            period: Some(period),
        } = &*self.rate
        else {
            return None;
        };
        let records = (0..steps.len()).map(|index| self.step_of(index));
        let records = records.map(|(per_s, length)| per_s * length).sum();
        Some((period.as_secs_f64(), records))
    }

    /// Where the same step begins `turns` repetitions later, or a few before that; itself if they are few.
    fn turns_after(&self, step: Step, turns: f64) -> Step {
        let Some((length, records)) = self.turn().filter(|_| turns > TURNS_ONE_BY_ONE) else {
            return step;
        };
        let turns = (turns - 2.0).floor();
        (step.0 + length * turns, step.1 + records * turns, step.2)
    }

    /// Steps that may have to be passed before the one that is looked for. If there are more, a step is so small that it
    /// vanishes in what there was before: the place is reached as nearly as it can be.
    fn steps_to_pass(&self) -> usize {
        match &*self.rate {
            Rate::Steps { steps, .. } => steps.len() * (TURNS_ONE_BY_ONE as usize + 4),
            Rate::Unlimited | Rate::Constant(_) => 0,
        }
    }

    /// The step that follows; the first one after the last.
    fn after(&self, index: usize) -> usize {
        let Rate::Steps { steps, .. } = &*self.rate else {
            unreachable!("only a rate of steps has steps")
        };
        if index + 1 == steps.len() {
            0
        } else {
            index + 1
        }
    }

    /// A generator that could not emit for `pause`: everything comes that much later.
    pub fn postpone(&mut self, pause: SimDuration) {
        self.start = self.start + pause;
    }

    /// Seconds since the start when the next record is due, and its step.
    fn in_steps(&self) -> (f64, Step) {
        let turn = self.turn();
        // A whole turn without records would never end.
        if turn.is_some_and(|(_, records)| records <= 0.0) {
            return (f64::INFINITY, self.step);
        }
        let turns = turn.map_or(0.0, |(_, records)| (self.next - self.step.1) / records);
        let mut step = self.turns_after(self.step, turns);
        for _ in 0..self.steps_to_pass() {
            let (begin, cumulated, index) = step;
            let (per_s, length) = self.step_of(index);
            let within = (self.next - cumulated) / per_s;
            if per_s > 0.0 && within <= length {
                return (begin + within, step);
            }
            if length.is_infinite() {
                return (f64::INFINITY, step);
            }
            step = (
                begin + length,
                cumulated + per_s * length,
                self.after(index),
            );
        }
        (step.0, step)
    }
}

fn ceil(seconds: f64) -> SimDuration {
    SimDuration::from_nanos((seconds * 1e9 - 1e-3).ceil().clamp(0.0, 9e18) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Streams;

    fn schedule(rate: Rate, arrivals: Arrivals) -> Schedule {
        Schedule::new(
            Arc::new(rate),
            (0.5, u64::MAX),
            SimTime::ZERO,
            arrivals,
            Streams::new(1, 0).named("source"),
        )
    }

    fn at(seconds: f64) -> SimTime {
        SimTime::ZERO + SimDuration::from_secs_f64(seconds)
    }

    #[test]
    fn a_constant_rate_is_split_among_the_subtasks() {
        let mut source = schedule(Rate::Constant(200.0), Arrivals::Regular);
        assert_eq!(source.take_due(at(0.05), 100), 6);
        assert_eq!(source.next_due(), at(0.06));
    }

    #[test]
    fn a_daily_curve_repeats() {
        let steps = vec![(SimDuration::ZERO, 20.0), (SimDuration::from_secs(10), 0.0)];
        let rate = Rate::Steps {
            steps,
            period: Some(SimDuration::from_secs(20)),
        };
        let mut source = schedule(rate, Arrivals::Regular);
        assert_eq!(
            source.take_due(at(19.9), 1000),
            101,
            "100 in the first ten seconds, one at their very end"
        );
        assert_eq!(source.take_due(at(25.0), 1000), 50);
    }

    #[test]
    fn a_schedule_that_repeats_every_nanosecond_is_looked_at_in_no_time() {
        let steps = vec![(SimDuration::ZERO, 0.002)];
        let period = Some(SimDuration::from_nanos(1));
        let mut source = schedule(Rate::Steps { steps, period }, Arrivals::Regular);
        assert_eq!(source.due(at(1e6 + 1.0)), Some(1000));
        assert_eq!(source.take_due(at(0.0), 1), 1);
        let next = source.next_due();
        assert!(
            next.since(at(1000.0)) < SimDuration::from_millis(1),
            "{next}"
        );
        assert_eq!(source.take_due(at(1e6 + 1.0), 10_000), 1000);
    }

    #[test]
    fn what_comes_after_a_place_is_due_again_when_one_returns_to_it() {
        for arrivals in [Arrivals::Regular, Arrivals::Poisson] {
            let mut source = schedule(Rate::Constant(200.0), arrivals);
            source.take_due(at(1.0), u32::MAX);
            let place = source.position();
            let first = source.take_due(at(3.0), u32::MAX);
            source.return_to(&place);
            assert_eq!(source.taken(), place.taken);
            assert!(source.unread(at(3.0)).abs_diff(u64::from(first)) < 40);
            assert_eq!(source.take_due(at(3.0), u32::MAX), first);
            assert_eq!(source.unread(at(3.0)), 0);
        }
    }

    #[test]
    fn unread_records_are_counted_over_the_steps_of_a_curve() {
        let steps = vec![(SimDuration::ZERO, 20.0), (SimDuration::from_secs(10), 0.0)];
        let period = Some(SimDuration::from_secs(20));
        let mut source = schedule(Rate::Steps { steps, period }, Arrivals::Regular);
        assert_eq!(source.unread(at(15.0)), 101);
        assert_eq!(source.take_due(at(15.0), 40), 40);
        assert_eq!(source.unread(at(25.0)), 111);
        source.begin_earlier(SimDuration::from_secs(5));
        assert_eq!(source.unread(at(20.0)), 111);
    }

    #[test]
    fn a_trace_that_ends_in_silence_never_has_a_next_record() {
        let steps = vec![(SimDuration::ZERO, 2.0), (SimDuration::from_secs(1), 0.0)];
        let mut source = schedule(
            Rate::Steps {
                steps,
                period: None,
            },
            Arrivals::Regular,
        );
        assert_eq!(source.take_due(at(100.0), 1000), 2);
        assert_eq!(source.next_due(), SimTime::MAX);
    }

    #[test]
    fn a_postponed_generator_loses_nothing_but_time() {
        let mut source = schedule(Rate::Constant(2.0), Arrivals::Regular);
        assert_eq!(source.take_due(at(0.0), 9), 1);
        source.postpone(SimDuration::from_secs(3));
        assert_eq!(source.next_due(), at(4.0));
    }

    #[test]
    fn poisson_records_have_the_right_mean_number() {
        let mut source = schedule(Rate::Constant(2000.0), Arrivals::Poisson);
        let n = source.take_due(at(100.0), u32::MAX);
        assert!((f64::from(n) - 1e5).abs() < 1e3, "{n}");
    }
}
