//! Estimates adjusted within their spreads, so that the scenario gives what was measured; and whether that holds on what
//! was held out.
//!
//! An estimate is a median of figures that differ, and where it lies between the smallest and the largest is unknown. Each
//! is a coordinate from 0 to 1 across its spread. What is compared is half of the checkpoints, every second one; the others
//! are held out. Every estimate is moved once to see what it does (a column of the Jacobian matrix): one that moves nothing
//! cannot be told from these answers, and two that move the same figures alike cannot be told apart. The rest is least
//! squares in a box by Gauss and Newton, with Broyden's update of the matrix (Dennis and Schnabel, *Numerical Methods for
//! Unconstrained Optimization and Nonlinear Equations* (1983), 8.1 and 10.2); each step is simulated, and one that is not
//! better is halved. An adjustment that makes what was held out worse is refused.

use crate::experiment::fit::Fit;
use crate::experiment::validate::Comparison;
use crate::recording::measured::{Metric, Samples};

/// Fewer checkpoints leave nothing to hold out.
pub const CHECKPOINTS: usize = 4;
/// An estimate that moves the figures by less over its whole spread (root of the sum of squares, as shares) is not told by
/// them.
const TOLD: f64 = 0.02;
/// Two estimates whose effects are so nearly in proportion (cosine) are not told apart.
const ALIKE: f64 = 0.98;
/// A step that gains less of the sum of squares is the last.
const GAIN: f64 = 0.01;
/// A coordinate that goes from one end of its spread to the other weighs as much as a figure that is so far off.
const STAY: f64 = 0.01;

/// What became of an estimate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Told {
    /// The measured figures depend on it.
    Yes,
    /// Nothing that was measured changes with it.
    No,
    /// It has the same effect as this other one, by index.
    AlikeWith(usize),
    /// The budget or the time was over before it was moved, or the scenario cannot be simulated with it moved.
    Untried,
}

/// The outcome.
#[derive(Clone, Debug)]
pub struct Calibration {
    /// Where each estimate lies in its spread, 0 to 1; where it was if nothing was gained.
    pub at: Vec<f64>,
    /// What each estimate's figures tell.
    pub told: Vec<Told>,
    /// What was compared, before and after.
    pub fitted: [Fit; 2],
    /// What was held out, before and after.
    pub held_out: [Fit; 2],
    /// Simulations of the scenario (each of several runs).
    pub evaluations: usize,
    /// Whether what was held out came nearer, so that the adjustment is worth taking.
    pub gained: bool,
}

/// Why there is none.
#[derive(Debug, thiserror::Error)]
pub enum CalibrateError<E> {
    /// Nothing is left to hold out.
    #[error(
        "{0} completed checkpoints are too few: half of them are held out, so it takes at least {CHECKPOINTS}"
    )]
    TooFew(usize),
    /// The scenario could not be simulated as it is.
    #[error(transparent)]
    Run(#[from] E),
}

/// Every second checkpoint, and the others; a figure of the whole run is in both.
pub fn halves(measured: &Samples) -> (Samples, Samples) {
    let half = |parity: usize| {
        let of = |values: &Vec<f64>| -> Vec<f64> {
            if values.len() == 1 {
                return values.clone();
            }
            let kept = values.iter().skip(parity).step_by(2);
            kept.copied().collect()
        };
        measured
            .iter()
            .map(|(key, values)| (key.clone(), of(values)))
            .collect()
    };
    (half(0), half(1))
}

/// Adjusts estimates that are at `start` in their spreads. `simulate` compares with both halves at a place in the box;
/// `None` = there is no more time.
///
/// # Errors
/// If too little was measured, or the first simulation fails.
pub fn calibrate<E>(
    measured: &Samples,
    start: &[f64],
    budget: usize,
    simulate: impl Fn(&[f64], &Samples) -> Result<Option<Fit>, E>,
) -> Result<Option<Calibration>, CalibrateError<E>> {
    let checkpoints = measured
        .get(&(Metric::EndToEndDuration, None))
        .map_or(0, Vec::len);
    if checkpoints < CHECKPOINTS {
        return Err(CalibrateError::TooFew(checkpoints));
    }
    let (fitted, held_out) = halves(measured);
    let (Some(before), Some(before_held)) =
        (simulate(start, &fitted)?, simulate(start, &held_out)?)
    else {
        return Ok(None);
    };
    let mut search = Search {
        simulate: |at: &[f64]| simulate(at, &fitted),
        evaluations: 1,
        budget,
    };
    let (told, jacobian) = search.jacobian(start, &residuals(&before));
    let (at, after) = search.descend(start, &before, &told, jacobian);
    let evaluations = search.evaluations;
    let after_held = simulate(&at, &held_out)?.unwrap_or_else(|| before_held.clone());
    let gained = sum_of_squares(&residuals(&after_held)) < sum_of_squares(&residuals(&before_held));
    Ok(Some(Calibration {
        at: if gained { at } else { start.to_vec() },
        told,
        fitted: [before, after],
        held_out: [before_held, after_held],
        evaluations,
        gained,
    }))
}

/// How far off every figure is, as a share; phases as a share of the whole duration if that is longer.
pub fn residuals(fit: &Fit) -> Vec<f64> {
    let duration = fit.duration().and_then(|row| row.measured).unwrap_or(0.0);
    let compared = fit.rows.iter().filter(|row| is_compared(row.metric));
    let off = compared.map(|row| {
        let scale = row.measured?.max(row.floor);
        let scale = if row.metric.is_phase() {
            scale.max(duration)
        } else {
            scale
        };
        Some((row.simulated? - row.measured?) / scale)
    });
    off.map(|off| off.unwrap_or(0.0)).collect()
}

/// Counts and triggers follow from the configuration, not from estimates.
fn is_compared(metric: Metric) -> bool {
    !matches!(
        metric,
        Metric::Completed | Metric::Failed | Metric::TriggerInterval
    )
}

/// The duration's error as a share; `None` if it is unknown.
pub fn off(fit: &Fit) -> Option<f64> {
    fit.duration().and_then(|row: &Comparison| row.error)
}

/// Root of the mean square of all figures' errors, as a share.
pub fn typical(fit: &Fit) -> f64 {
    let residuals = residuals(fit);
    (sum_of_squares(&residuals) / residuals.len().max(1) as f64).sqrt()
}

fn sum_of_squares(residuals: &[f64]) -> f64 {
    residuals.iter().map(|one| one * one).sum()
}

/// One column per estimate: how the figures change over its whole spread.
type Jacobian = Vec<Vec<f64>>;

struct Search<S> {
    simulate: S,
    evaluations: usize,
    budget: usize,
}

impl<S, E> Search<S>
where
    S: Fn(&[f64]) -> Result<Option<Fit>, E>,
{
    /// `None` when the budget or the time is over, or a place cannot be simulated.
    fn at(&mut self, place: &[f64]) -> Option<Fit> {
        if self.evaluations >= self.budget {
            return None;
        }
        self.evaluations += 1;
        (self.simulate)(place).ok().flatten()
    }

    /// Every estimate is moved to the farther end of its spread.
    fn jacobian(&mut self, start: &[f64], before: &[f64]) -> (Vec<Told>, Jacobian) {
        let mut columns: Jacobian = Vec::new();
        let mut told = Vec::new();
        for moved in 0..start.len() {
            let mut place = start.to_vec();
            place[moved] = if start[moved] < 0.5 { 1.0 } else { 0.0 };
            let step = place[moved] - start[moved];
            let Some(fit) = self.at(&place) else {
                told.push(Told::Untried);
                columns.push(vec![0.0; before.len()]);
                continue;
            };
            let after = residuals(&fit);
            let changes = after.iter().zip(before).map(|(a, b)| (a - b) / step);
            let column: Vec<f64> = changes.collect();
            let norm = |column: &[f64]| sum_of_squares(column).sqrt();
            let alike = columns.iter().position(|other| {
                let both = norm(other) * norm(&column);
                both > 0.0 && dot(other, &column).abs() > ALIKE * both
            });
            told.push(match alike {
                _ if norm(&column) < TOLD => Told::No,
                Some(other) if told[other] == Told::Yes => Told::AlikeWith(other),
                _ => Told::Yes,
            });
            columns.push(column);
        }
        (told, columns)
    }

    /// Steps until one gains little, or there is no more to spend.
    fn descend(
        &mut self,
        start: &[f64],
        before: &Fit,
        told: &[Told],
        mut jacobian: Jacobian,
    ) -> (Vec<f64>, Fit) {
        let free: Vec<usize> = (0..start.len())
            .filter(|index| told[*index] == Told::Yes)
            .collect();
        let (mut at, mut fit) = (start.to_vec(), before.clone());
        loop {
            let now = residuals(&fit);
            let mut step = solved(&jacobian, &now, &at, start, &free);
            let mut better = None;
            while better.is_none() && step.iter().any(|one| one.abs() > 1e-3) {
                let place: Vec<f64> = at.iter().zip(&step).map(|(a, s)| a + s).collect();
                let Some(next) = self.at(&place) else {
                    return (at, fit);
                };
                update(&mut jacobian, &step, &now, &residuals(&next));
                if sum_of_squares(&residuals(&next)) < sum_of_squares(&now) {
                    better = Some((place, next));
                } else {
                    for one in &mut step {
                        *one /= 2.0;
                    }
                }
            }
            let Some((place, next)) = better else {
                return (at, fit);
            };
            let gain = 1.0 - sum_of_squares(&residuals(&next)) / sum_of_squares(&now);
            (at, fit) = (place, next);
            if gain < GAIN {
                return (at, fit);
            }
        }
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The step within the box that makes the linear model's squares least, by descent along one coordinate after the other;
/// with a weak pull towards where the estimates were.
fn solved(
    jacobian: &Jacobian,
    residuals: &[f64],
    at: &[f64],
    start: &[f64],
    free: &[usize],
) -> Vec<f64> {
    const ROUNDS: usize = 200;
    let mut step = vec![0.0; at.len()];
    let mut left = residuals.to_vec();
    for _ in 0..ROUNDS {
        for &index in free {
            let column = &jacobian[index];
            let curvature = sum_of_squares(column) + STAY * STAY;
            let pull = STAY * STAY * (at[index] + step[index] - start[index]);
            let wanted = step[index] - (dot(column, &left) + pull) / curvature;
            let kept = wanted.clamp(-at[index], 1.0 - at[index]);
            for (one, slope) in left.iter_mut().zip(column) {
                *one += slope * (kept - step[index]);
            }
            step[index] = kept;
        }
    }
    step
}

/// Broyden's update: the matrix then says what the step did.
fn update(jacobian: &mut Jacobian, step: &[f64], before: &[f64], after: &[f64]) {
    let length = sum_of_squares(step);
    if length == 0.0 {
        return;
    }
    for figure in 0..before.len() {
        let predicted: f64 = jacobian
            .iter()
            .zip(step)
            .map(|(column, step)| column[figure] * step)
            .sum();
        let wrong = after[figure] - before[figure] - predicted;
        for (column, step) in jacobian.iter_mut().zip(step) {
            column[figure] += wrong * step / length;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    /// A world in which the duration is 400 + 400 x, a phase of one vertex 100 y, and z does nothing.
    #[expect(clippy::unnecessary_wraps, reason = "called as a simulation is")]
    fn world(at: &[f64], measured: &Samples) -> Result<Option<Fit>, Infallible> {
        let simulated = |metric: Metric| match metric {
            Metric::EndToEndDuration => 400.0 + 400.0 * at[0] * (1.0 + 0.2 * at[0]),
            Metric::CheckpointedSize => 1e6 * (1.0 + at[1]),
            _ => 0.0,
        };
        let rows = measured.iter().map(|(key, values)| {
            let measured = crate::recording::measured::median(values);
            Comparison {
                metric: key.0,
                name: key.0.name(),
                vertex: key.1.clone(),
                measured,
                simulated: Some(simulated(key.0)),
                low: None,
                high: None,
                floor: key.0.floor(),
                error: measured.map(|measured| key.0.error(simulated(key.0), measured)),
            }
        });
        Ok(Some(Fit {
            rows: rows.collect(),
        }))
    }

    fn measured(durations: &[f64]) -> Samples {
        [
            ((Metric::EndToEndDuration, None), durations.to_vec()),
            (
                (Metric::CheckpointedSize, None),
                vec![1.3e6; durations.len()],
            ),
        ]
        .into()
    }

    #[test]
    fn what_the_figures_tell_is_found_and_what_they_do_not_is_said() {
        let all = measured(&[640.0, 644.0, 642.0, 640.0, 641.0, 643.0]);
        let found = calibrate(&all, &[0.1, 0.9, 0.5], 60, world)
            .unwrap()
            .unwrap();
        assert_eq!(found.told, [Told::Yes, Told::Yes, Told::No]);
        // 400 + 400 x (1 + 0.2 x) = 641
        assert!((found.at[0] - 0.545).abs() < 0.02, "{:?}", found.at);
        assert!((found.at[1] - 0.3).abs() < 0.02, "{:?}", found.at);
        assert!((found.at[2] - 0.5).abs() < 1e-12);
        assert!(found.gained && off(&found.held_out[1]).unwrap() < 0.01);
        assert!(typical(&found.held_out[1]) < typical(&found.held_out[0]));
    }

    #[test]
    fn two_estimates_with_one_effect_are_not_told_apart() {
        let twins = |at: &[f64], measured: &Samples| {
            let sum = 0.5 * (at[0] + at[2]);
            world(&[sum, at[1], 0.0], measured)
        };
        let found = calibrate(&measured(&[640.0; 4]), &[0.1, 0.3, 0.1], 60, twins);
        let found = found.unwrap().unwrap();
        assert_eq!(found.told[2], Told::AlikeWith(0));
        assert!((found.at[2] - 0.1).abs() < 1e-12);
    }

    #[test]
    fn what_makes_the_held_out_half_worse_is_refused() {
        let all = measured(&[640.0, 440.0, 640.0, 440.0]);
        let found = calibrate(&all, &[0.1, 0.3, 0.5], 60, world)
            .unwrap()
            .unwrap();
        assert!(!found.gained);
        assert!((found.at[0] - 0.1).abs() < 1e-12);
    }

    #[test]
    fn what_the_budget_left_untried_is_not_called_without_effect() {
        let all = measured(&[640.0; 4]);
        let found = calibrate(&all, &[0.1, 0.3, 0.5], 2, world)
            .unwrap()
            .unwrap();
        assert_eq!(found.told, [Told::Yes, Told::Untried, Told::Untried]);
    }

    #[test]
    fn three_checkpoints_are_too_few() {
        let error = calibrate(&measured(&[640.0; 3]), &[0.1, 0.3, 0.5], 60, world).unwrap_err();
        assert!(
            error.to_string().starts_with("3 completed checkpoints"),
            "{error}"
        );
    }
}
