//! Egalitarian processor sharing: n jobs on c processors, each served at the rate min(1, c / n).
//!
//! What an operating system does with threads that want to run, seen from further away than its time slices. Jobs are
//! counted in *attained service*, which grows at the same rate for all that are there: a job that begins when every present
//! job has attained V ends when V has grown by its demand, whatever comes and goes meanwhile (the virtual time of
//! Kleinrock, "Queueing Systems" II, section 4.4).

use crate::units::{SimDuration, SimTime};

/// Jobs on the processors of one machine, each with a key of the caller's.
#[derive(Clone, Debug)]
pub struct ProcessorSharing<K> {
    cores: f64,
    jobs: Vec<Job<K>>,
    /// Service that a job would have attained that was there all the time, in nanoseconds, by `updated`.
    attained: f64,
    updated: SimTime,
    /// Nobody is served.
    stopped: bool,
}

#[derive(Clone, Copy, Debug)]
struct Job<K> {
    key: K,
    begun: f64,
    ends: f64,
}

/// Less than this is rounding: a hundredth of a nanosecond, and what a double cannot tell.
const NOTHING: f64 = 0.01;

impl<K: Copy + PartialEq> ProcessorSharing<K> {
    /// So many processors, idle.
    pub fn new(cores: f64) -> Self {
        ProcessorSharing {
            cores,
            jobs: Vec::new(),
            attained: 0.0,
            updated: SimTime::ZERO,
            stopped: false,
        }
    }

    /// From now on nobody is served, or everybody again.
    pub fn set_stopped(&mut self, now: SimTime, stopped: bool) {
        self.progress(now);
        self.stopped = stopped;
    }

    /// How much of a processor every job has.
    fn rate(&self) -> f64 {
        if self.stopped {
            return 0.0;
        }
        (self.cores / self.jobs.len() as f64).min(1.0)
    }

    fn progress(&mut self, now: SimTime) {
        self.attained += now.since(self.updated).as_nanos() as f64 * self.rate();
        self.updated = now;
    }

    /// A job begins that would take so long alone.
    pub fn begin(&mut self, now: SimTime, key: K, demand: SimDuration) {
        self.progress(now);
        self.jobs.push(Job {
            key,
            begun: self.attained,
            ends: self.attained + demand.as_nanos() as f64,
        });
    }

    /// How much service a job has attained so far.
    pub fn attained(&mut self, now: SimTime, key: K) -> Option<SimDuration> {
        self.progress(now);
        let job = self.jobs.iter().find(|job| job.key == key)?;
        let nanos = (self.attained - job.begun).min(job.ends - job.begun);
        Some(SimDuration::from_nanos(nanos.max(0.0) as u64))
    }

    /// A job wants so much service in all instead.
    pub fn change(&mut self, now: SimTime, key: K, demand: SimDuration) {
        self.progress(now);
        if let Some(job) = self.jobs.iter_mut().find(|job| job.key == key) {
            job.ends = job.begun + demand.as_nanos() as f64;
        }
    }

    /// Gives up the jobs of which this is true.
    pub fn cancel(&mut self, now: SimTime, given_up: impl Fn(K) -> bool) {
        self.progress(now);
        self.jobs.retain(|job| !given_up(job.key));
    }

    /// Jobs that have attained what they want by now, in the order of their ends.
    pub fn take_ended(&mut self, now: SimTime) -> Vec<K> {
        self.progress(now);
        let limit = self.attained + NOTHING + self.attained * f64::EPSILON;
        let mut ended: Vec<Job<K>> = Vec::new();
        self.jobs.retain(|job| {
            if job.ends <= limit {
                ended.push(*job);
            }
            job.ends > limit
        });
        ended.sort_by(|a, b| a.ends.total_cmp(&b.ends));
        ended.into_iter().map(|job| job.key).collect()
    }

    /// When the next job ends if none begins or changes; `None` while nobody is served.
    pub fn next_end(&self) -> Option<SimTime> {
        if self.stopped {
            return None;
        }
        let next = self.jobs.iter().map(|job| job.ends).reduce(f64::min)?;
        let left = (next - self.attained).max(0.0) / self.rate();
        Some(self.updated + SimDuration::from_nanos(left.ceil().min(9e18) as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> SimTime {
        SimTime::ZERO + SimDuration::from_millis(millis)
    }

    const fn ms(millis: u64) -> SimDuration {
        SimDuration::from_millis(millis)
    }

    #[test]
    fn as_many_jobs_as_processors_do_not_notice_each_other() {
        let mut shared = ProcessorSharing::new(2.0);
        shared.begin(at(0), 'a', ms(10));
        shared.begin(at(1), 'b', ms(10));
        assert_eq!(shared.next_end(), Some(at(10)));
        assert_eq!(shared.take_ended(at(10)), ['a']);
        assert_eq!(shared.next_end(), Some(at(11)));
    }

    #[test]
    fn more_jobs_share_them_equally_and_go_faster_when_one_leaves() {
        let mut shared = ProcessorSharing::new(1.0);
        shared.begin(at(0), 'a', ms(10));
        shared.begin(at(0), 'b', ms(30));
        assert_eq!(shared.next_end(), Some(at(20)));
        assert_eq!(shared.take_ended(at(20)), ['a']);
        // b has attained 10 of 30 ms.
        assert_eq!(shared.next_end(), Some(at(40)));
        shared.begin(at(30), 'c', ms(100));
        assert_eq!(shared.attained(at(34), 'b'), Some(ms(22)));
        shared.change(at(34), 'b', ms(24));
        assert_eq!(shared.next_end(), Some(at(38)));
        assert_eq!(shared.take_ended(at(38)), ['b']);
        shared.cancel(at(40), |key| key == 'c');
        assert_eq!(shared.next_end(), None);
    }

    #[test]
    fn who_is_stopped_goes_on_where_it_was() {
        let mut shared = ProcessorSharing::new(f64::INFINITY);
        shared.begin(at(0), 'a', ms(10));
        shared.set_stopped(at(4), true);
        shared.begin(at(5), 'b', ms(1));
        assert_eq!(shared.next_end(), None);
        assert!(shared.take_ended(at(20)).is_empty());
        shared.set_stopped(at(30), false);
        assert_eq!(shared.next_end(), Some(at(31)));
        assert_eq!(shared.take_ended(at(31)), ['b']);
        assert_eq!(shared.next_end(), Some(at(36)));
    }

    #[test]
    fn the_mean_response_of_m_m_1_ps_is_that_of_a_queue() {
        // E[T] = E[S] / (1 - rho), whatever the law of S (Kleinrock II, 4.4): 20 ms at 50 %.
        use crate::engine::Streams;
        let mut stream = Streams::new(3, 0).named("jobs");
        let mut shared = ProcessorSharing::new(1.0);
        let (mut now, mut sum, mut ended, mut begun) = (0.0, 0.0, 0_u32, Vec::new());
        for n in 0..200_000_u32 {
            now += 20e6 * stream.exponential();
            let arrival = SimTime::ZERO + SimDuration::from_nanos(now as u64);
            while let Some(end) = shared.next_end().filter(|end| *end <= arrival) {
                for key in shared.take_ended(end) {
                    sum += end.since(begun[key as usize]).as_secs_f64();
                    ended += 1;
                }
            }
            begun.push(arrival);
            shared.begin(
                arrival,
                n,
                SimDuration::from_millis(10).scale(stream.exponential()),
            );
        }
        let mean = sum / f64::from(ended);
        assert!((mean - 0.02).abs() < 0.000_4, "{mean}");
    }
}
