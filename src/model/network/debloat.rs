//! Buffer debloating: a gate wants buffers that hold about one target time of data.
//!
//! `flink-semantics` 4.5 (`BufferDebloater`, `BufferSizeEMA`): the size follows an exponential moving average of
//! throughput × target / buffers in use, and is announced when it has changed enough.

use crate::model::Job;
use crate::model::event::{Agenda, Event};
use crate::model::ids::{GateId, TaskId};
use crate::model::observe::Observer;
use crate::model::task::activity::TimeKind;
use crate::scenario::Debloating;
use crate::units::{SimDuration, SimTime};

/// The debloater of one gate.
#[derive(Clone, Debug)]
pub struct Debloater {
    average: f64,
    announced: f64,
    bytes: u64,
    active: SimDuration,
    segment: f64,
}

impl Debloater {
    /// Starts at the starting segment size; never above `segment` bytes.
    pub fn new(options: &Debloating, segment: u64) -> Self {
        let start = options.starting_segment.as_f64().min(segment as f64);
        Debloater {
            average: start,
            announced: start,
            bytes: 0,
            active: SimDuration::ZERO,
            segment: segment as f64,
        }
    }

    /// A period has passed: `bytes` received in all and `active` time not idle in all, `in_use` buffers queued or
    /// announced. Returns the new size in bytes if it is to be announced.
    pub fn measure(
        &mut self,
        options: &Debloating,
        bytes: u64,
        active: SimDuration,
        in_use: usize,
    ) -> Option<u32> {
        let received = (bytes - std::mem::replace(&mut self.bytes, bytes)) as f64;
        let seconds = active
            .saturating_sub(std::mem::replace(&mut self.active, active))
            .as_secs_f64();
        if seconds <= 0.0 {
            return None;
        }
        let desired = received / seconds * options.target.as_secs_f64() / in_use.max(1) as f64;
        let alpha = 2.0 / (f64::from(options.samples) + 1.0);
        let minimum = options.min_segment.as_f64().min(self.segment);
        let step = desired.min(2.0 * self.average) - self.average;
        self.average = (self.average + alpha * step).clamp(minimum, self.segment);
        let size = self.average.round();
        let at_an_end = size <= minimum || size >= self.segment;
        let changed = (size - self.announced).abs() >= options.threshold * self.announced;
        if (size - self.announced).abs() < 0.5 || !(at_an_end || changed) {
            return None;
        }
        self.announced = size;
        Some(size as u32)
    }
}

impl<O: Observer> Job<O> {
    /// The gates of a task that begins to run measure once a period.
    pub(crate) fn schedule_debloating(&mut self, id: TaskId, agenda: &mut Agenda) {
        let Some(options) = self.scenario.network.debloating else {
            return;
        };
        for input in &self.tasks[id].inputs {
            agenda.after(options.period, Event::Debloat(input.gate));
        }
    }

    /// A gate announces how large the buffers are that it wants; those requested from now on are.
    pub(crate) fn debloat(&mut self, gate: GateId, agenda: &mut Agenda) {
        let Some(options) = self.scenario.network.debloating else {
            return;
        };
        agenda.after(options.period, Event::Debloat(gate));
        let now = agenda.now();
        let task = &self.tasks[self.network.gate(gate).consumer];
        let mut inputs = task.inputs.iter();
        let input = inputs.find(|input| input.gate == gate);
        let bytes = input.map_or(0, |input| input.bytes);
        let idle = task.clock.spent(now, TimeKind::Idle);
        let active = now.since(SimTime::ZERO).saturating_sub(idle);
        let in_use = self.network.buffers_in_use(gate);
        let debloater = &mut self.debloaters[gate];
        if let Some(size) = debloater.measure(&options, bytes, active, in_use) {
            for channel in self.network.gate(gate).channels.clone() {
                self.network.set_capacity(channel, size);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settle(bytes_per_s: u64) -> f64 {
        let options = Debloating::default();
        let mut debloater = Debloater::new(&options, 32_768);
        for n in 1..=200 {
            debloater.measure(
                &options,
                bytes_per_s * n / 5,
                SimDuration::from_millis(200 * n),
                20,
            );
        }
        debloater.announced
    }

    #[test]
    fn the_size_converges_to_one_target_time_of_data() {
        // 1 MB/s × 1 s / 20 buffers = 50 000 B, above a segment; 100 kB/s gives 5000 B, announced in steps of 25 %.
        assert!((settle(1_000_000) - 32_768.0).abs() < 1e-9);
        assert!(
            (3_750.0..=5_000.0).contains(&settle(100_000)),
            "{}",
            settle(100_000)
        );
    }
}
