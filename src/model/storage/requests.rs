//! Requests to an object store that accepts only so many per second.
//!
//! "Best practices design patterns: optimizing Amazon S3 performance" (S3 User Guide): at least 3,500 PUT, COPY, POST and DELETE
//! requests per second and prefix; beyond them the answer is `503 Slow Down`, and clients come back after an exponential
//! backoff with jitter (`fs.s3a.retry.throttle.interval` 500 ms; the AWS SDK's full jitter). The limit is a token bucket that
//! holds a second's worth; keys that begin with entropy (`s3.entropy.key`) spread over several prefixes.

use crate::engine::Stream;
use crate::scenario::Storage as Profile;
use crate::units::{SimDuration, SimTime};

/// What the store accepts.
#[derive(Debug)]
pub struct RequestLimit {
    per_s: f64,
    tokens: f64,
    at: SimTime,
    backoff: SimDuration,
    backoff_max: SimDuration,
    stream: Stream,
}

impl RequestLimit {
    /// The limit of a profile, if it has one; the bucket is full.
    pub fn of(profile: &Profile, stream: Stream) -> Option<RequestLimit> {
        let per_s = profile.requests_per_second? * f64::from(profile.prefixes);
        Some(RequestLimit {
            per_s,
            tokens: per_s,
            at: SimTime::ZERO,
            backoff: profile.backoff,
            backoff_max: profile.backoff_max,
            stream,
        })
    }

    /// So many requests for one file arrive at once: accepted, or to be repeated after a while, the `attempt`-th time. A file
    /// with more requests than the bucket holds takes it empty.
    pub fn ask(&mut self, now: SimTime, requests: f64, attempt: u32) -> Result<(), SimDuration> {
        let refilled = now.since(self.at).as_secs_f64() * self.per_s;
        self.tokens = (self.tokens + refilled).min(self.per_s.max(1.0));
        self.at = now;
        if self.tokens >= requests.min(self.per_s.max(1.0)) {
            self.tokens -= requests;
            return Ok(());
        }
        let longest = self.backoff.scale(libm::exp2(f64::from(attempt.min(30))));
        let longest = longest.min(self.backoff_max.max(self.backoff));
        // Full jitter, but never at once.
        let wait = longest.scale(self.stream.unit().max(0.01));
        Err(wait.max(SimDuration::from_millis(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Streams;

    #[test]
    fn a_burst_beyond_a_second_s_worth_is_told_to_come_back() {
        let profile = Profile {
            requests_per_second: Some(10.0),
            prefixes: 2,
            ..Profile::default()
        };
        let mut limit = RequestLimit::of(&profile, Streams::new(1, 0).named("x")).unwrap();
        let accepted = (0..50)
            .filter(|_| limit.ask(SimTime::ZERO, 1.0, 0).is_ok())
            .count();
        assert_eq!(accepted, 20);
        let later = SimTime::ZERO + SimDuration::from_millis(500);
        let accepted = (0..50).filter(|_| limit.ask(later, 1.0, 0).is_ok()).count();
        assert_eq!(accepted, 10);
        let waits: Vec<SimDuration> = (0..8)
            .map(|n| limit.ask(later, 1.0, n).unwrap_err())
            .collect();
        assert!(waits.iter().all(|wait| *wait <= profile.backoff_max));
    }
}
