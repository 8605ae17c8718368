//! How loaded the machines are: what messages and waking threads take, from the start delays of sources that have nothing else to
//! wait for.

use crate::recording::answers::Answers;
use crate::recording::estimate::estimated::{Estimated, median};
use crate::recording::estimate::rates::Rates;
use crate::scenario::calibration::{TRIGGER_RPC, trigger_typical};

/// A source that is backpressured for a larger share of the time waits for buffers, too.
const BACKPRESSURED_MAX: f64 = 0.05;
/// Fewer start delays tell nothing.
const SAMPLES_MIN: usize = 6;
/// The mail waits for the record in hand, and Flink cuts to whole milliseconds: together about nothing but this.
const MAIL_WAITS_MS: f64 = 0.5;
/// What a cluster may come to.
const FACTORS: (f64, f64) = (0.1, 20.0);

/// The factor on what is typical.
pub fn factor(answers: &Answers, rates: &[Rates]) -> Option<Estimated> {
    let vertices = answers.vertices.iter().zip(rates).enumerate();
    let idle = vertices.filter(|(_, (vertex, rates))| {
        vertex.node.inputs.is_empty()
            && !rates.is_legacy_source()
            && rates.mean_backpressured() < BACKPRESSURED_MAX
    });
    let positions: Vec<usize> = idle.map(|(position, _)| position).collect();
    let known = answers.checkpoints.iter();
    let known = known.filter(|checkpoint| checkpoint.trigger_ms >= answers.from_ms);
    // Of each checkpoint the median, so that the spread is that of checkpoints.
    let mut samples = 0;
    let delays: Vec<f64> = known
        .filter_map(|checkpoint| {
            let of = positions
                .iter()
                .filter_map(|position| checkpoint.vertices.get(*position));
            let delays: Vec<f64> = of
                .flatten()
                .filter_map(|source| source.start_delay_ms)
                .collect();
            samples += delays.len();
            median(&delays)
        })
        .collect();
    if samples < SAMPLES_MIN {
        return None;
    }
    let floor_ms = TRIGGER_RPC.floor.as_millis_f64();
    let typical_ms = trigger_typical().as_millis_f64() - floor_ms;
    let (least, most) = FACTORS;
    let factor = |delay: f64| ((delay - floor_ms - MAIL_WAITS_MS) / typical_ms).clamp(least, most);
    Some(Estimated::median(&delays, "start_delay of the sources")?.map(factor))
}
