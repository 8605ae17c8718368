//! How much throughput checkpoints cost, measured: the same job at saturation, with and without them.
//!
//! Below saturation checkpoints cost latency, not throughput; so every source is let loose. Both runs of a pair have
//! the same seed and replication, hence the same random numbers, and the difference is what checkpoints do.
//!
//! # What is counted, and when
//!
//! Records that the busiest subtask of the bottleneck has processed: work done ([`course`](crate::experiment::course) says
//! why not those of all its subtasks). What sources emit is not, since buffers fill and drain while a
//! run goes on: a run without checkpoints may end with less in its channels than it began with, which looked like a
//! throughput that checkpoints raise. Both runs are counted over the same window: from the end of warm-up, as many whole
//! checkpoint periods as fit into the run, so that neither a checkpoint too many nor one too few is in it.
//!
//! The run without checkpoints ends as soon as its rate is known: without random service times the busiest subtask soon
//! has worked at one rate to within 0.002 %, and the rest of the window would tell nothing new.
//!
//! There is no loss where one of the two jobs fails or restarts, nor where not even one period fits.

use crate::experiment::metric::MetricId;
use crate::experiment::metric::replicate::Replication;
use crate::measure::{Estimate, Scale};
use crate::scenario::flow::{Flow, flows};
use crate::scenario::{Arrivals, Checkpointing, Rate, Scenario, VertexKind};

/// A source that needs no time per record cannot be unlimited: it offers this many times what the job can carry.
const OVERLOAD: f64 = 10.0;

/// Paired losses, one per replication.
#[derive(Clone, Debug, PartialEq)]
pub struct Loss {
    shares: Vec<f64>,
    /// Why a pair has none.
    missing: Option<String>,
}

impl Loss {
    /// From runs of [`saturated`] scenarios with and without checkpoints, in order of replication.
    pub fn of(with: &[Replication], without: &[Replication]) -> Loss {
        let mut loss = Loss {
            shares: Vec::new(),
            missing: None,
        };
        for (with, without) in with.iter().zip(without) {
            match share(with, without) {
                Ok(share) => loss.shares.push(share),
                Err(why) => loss.missing = Some(why),
            }
        }
        loss
    }

    /// Share of the saturated throughput that checkpoints cost.
    pub fn share(&self) -> Option<Estimate> {
        estimate(&self.shares)
    }

    /// Why a pair has no loss, if one has none.
    pub fn missing(&self) -> Option<&str> {
        self.missing.as_deref()
    }

    /// The same as records per second of the throughput measured in `replications`, which varies far less.
    pub fn records_per_s(&self, replications: &[Replication]) -> Option<Estimate> {
        let share = self.share()?;
        let throughputs = replications
            .iter()
            .filter_map(|run| run.figures.get(MetricId::Throughput));
        let throughput = throughputs.sum::<f64>();
        let throughput = throughput / replications.len() as f64;
        throughput.is_finite().then_some(Estimate {
            value: share.value * throughput,
            low: share.low * throughput,
            high: share.high * throughput,
            n: share.n,
        })
    }
}

/// Losses over replications. What remains of the throughput is a ratio, which cannot be negative: so no loss exceeds 1.
pub fn estimate(losses: &[f64]) -> Option<Estimate> {
    let kept: Vec<f64> = losses.iter().map(|loss| 1.0 - loss).collect();
    let kept = Estimate::of(&kept, Scale::Positive)?;
    Some(Estimate {
        value: 1.0 - kept.value,
        low: 1.0 - kept.high,
        high: 1.0 - kept.low,
        n: kept.n,
    })
}

/// The loss of one pair; the error says why there is none.
pub fn share(with: &Replication, without: &Replication) -> Result<f64, String> {
    for (run, checkpoints) in [(with, "with"), (without, "without")] {
        if let Some(reason) = &run.failure {
            return Err(format!(
                "the job fails at saturation {checkpoints} checkpoints: {reason}"
            ));
        }
        let restarts = &run.recoveries.downtime;
        if !restarts.ended.is_empty() || !restarts.open.is_empty() {
            return Err(format!(
                "the job restarts at saturation {checkpoints} checkpoints"
            ));
        }
    }
    let period = with
        .figures
        .get(MetricId::Period)
        .filter(|period| *period > 0.0)
        .ok_or("no checkpoint was triggered at saturation")?;
    let periods = (with.course.seconds() / period + 1e-9).floor();
    if periods < 1.0 {
        return Err("the run is shorter than warm-up and one period of checkpoints".to_owned());
    }
    let vertex = without.course.bottleneck;
    let window = periods * period;
    let rate = |run: &Replication, seconds: f64| {
        let [from, to] = [0.0, seconds].map(|at| run.course.until(vertex, at));
        Some((to? - from?) / seconds)
    };
    let seen = window.min(without.course.seconds());
    match (rate(with, window), rate(without, seen)) {
        (Some(with), Some(without)) if without > 0.0 => Ok(1.0 - with / without),
        _ => Err("nothing is processed at saturation".to_owned()),
    }
}

/// The scenario with every source faster than the job can carry; `None` if nothing limits the job or it takes no
/// checkpoints, so that there is nothing to measure.
pub fn saturated(scenario: &Scenario) -> Option<Scenario> {
    let checkpointing = &scenario.checkpointing;
    if checkpointing.interval.is_none() && scenario.simulation.trigger_every_records.is_none() {
        return None;
    }
    let flows = flows(scenario);
    let utilisation = flows.iter().map(Flow::utilisation_max).fold(0.0, f64::max);
    let mut saturated = scenario.clone();
    // Failures are counted by their own figures; a job without checkpoints would begin anew after each.
    saturated.failures.random = None;
    saturated.failures.given.clear();
    saturated.operations.clear();
    for (vertex, flow) in saturated.vertices.iter_mut().zip(&flows) {
        let free = vertex.time_per_record().is_zero();
        let VertexKind::Source(source) = &mut vertex.work else {
            continue;
        };
        source.rate = if free && source.rate != Rate::Unlimited {
            // Without any work in the job there is no saturation.
            let capacity = flow.input_total() / utilisation;
            Rate::Constant(capacity.is_finite().then_some(capacity * OVERLOAD)?)
        } else {
            Rate::Unlimited
        };
        source.arrivals = Arrivals::Regular;
        source.log = false;
    }
    Some(saturated)
}

/// The scenario without checkpoints and savepoints.
pub fn without_checkpoints(scenario: &Scenario) -> Scenario {
    let mut without = scenario.clone();
    // Whatever else is configured for checkpoints must not matter, so that points of a sweep share these runs.
    without.checkpointing = Checkpointing {
        backend: scenario.checkpointing.backend,
        ..Checkpointing::default()
    };
    without.triggers.clear();
    without.operations.clear();
    without
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::course::Course;
    use crate::experiment::metric::replicate::Figures;
    use crate::experiment::sample;
    use crate::units::SimDuration;

    /// 100 s after warm-up at a constant rate, a checkpoint every 10 s.
    fn replication(throughput: f64) -> Replication {
        let figures = [(MetricId::Throughput, throughput), (MetricId::Period, 10.0)];
        Replication {
            figures: Figures::from_iter(figures),
            course: Course {
                step_s: 50.0,
                records: vec![vec![
                    7,
                    7 + (50.0 * throughput) as u64,
                    7 + (100.0 * throughput) as u64,
                ]],
                bottleneck: 0,
            },
            ..Replication::default()
        }
    }

    #[test]
    fn loss_is_one_minus_the_ratio_of_each_pair() {
        let with = [replication(90.0), replication(160.0)];
        let without = [replication(100.0), replication(200.0)];
        let loss = Loss::of(&with, &without);
        // 10 % and 20 %.
        let share = loss.share().unwrap();
        assert!((share.value - 0.15).abs() < 1e-12);
        let records = loss.records_per_s(&[replication(50.0), replication(50.0)]);
        assert!((records.unwrap().value - 7.5).abs() < 1e-12);
    }

    #[test]
    fn a_job_that_fails_has_no_loss() {
        // It counted until its failure after 11 ms, the other one for 8 s: -362 %.
        let failed = Replication {
            failure: Some("exceeded checkpoint tolerable failure threshold".to_owned()),
            ..replication(400.0)
        };
        let loss = Loss::of(&[failed], &[replication(100.0)]);
        assert_eq!(loss.share(), None);
        assert!(loss.missing().unwrap().contains("the job fails"));
    }

    #[test]
    fn both_runs_are_counted_over_the_same_whole_periods() {
        // 1000 records/s; a checkpoint every 40 s stops the job for 10 s. In 100 s there are two whole periods; the rest
        // of the run, with another checkpoint just at its end, is not counted.
        let course = |stopped: &[u64]| {
            let mut records = vec![0];
            for second in 0..100 {
                let working = u64::from(!stopped.contains(&(second / 10)));
                records.push(records[records.len() - 1] + 1000 * working);
            }
            Course {
                step_s: 1.0,
                records: vec![records],
                bottleneck: 0,
            }
        };
        let run = |stopped: &[u64]| Replication {
            figures: Figures::from_iter([(MetricId::Period, 40.0)]),
            course: course(stopped),
            ..Replication::default()
        };
        let loss = Loss::of(&[run(&[1, 5, 9])], &[run(&[])]);
        assert!((loss.share().unwrap().value - 0.25).abs() < 1e-12);
        let too_short = Replication {
            figures: Figures::from_iter([(MetricId::Period, 101.0)]),
            ..run(&[1])
        };
        assert_eq!(Loss::of(&[too_short], &[run(&[])]).share(), None);
    }

    #[test]
    fn no_interval_of_a_loss_exceeds_the_whole() {
        let loss = estimate(&[0.99, 0.5, 0.999]).unwrap();
        assert!(loss.high < 1.0 && loss.low < loss.value, "{loss:?}");
    }

    #[test]
    fn sources_are_let_loose_and_only_checkpoints_differ() {
        let scenario = sample::scenario(10);
        let loose = saturated(&scenario).unwrap();
        let VertexKind::Source(source) = &loose.vertices[0].work else {
            panic!("the first vertex is a source");
        };
        assert_eq!(source.rate, Rate::Unlimited);
        assert_eq!(loose.checkpointing, scenario.checkpointing);
        assert_eq!(without_checkpoints(&loose).checkpointing.interval, None);
        assert_eq!(
            without_checkpoints(&loose),
            without_checkpoints(&saturated(&sample::scenario(20)).unwrap())
        );
    }

    #[test]
    fn a_source_without_a_service_time_offers_ten_times_the_capacity() {
        let mut scenario = sample::scenario(10);
        scenario.vertices[0].service.mean = SimDuration::ZERO;
        let loose = saturated(&scenario).unwrap();
        let VertexKind::Source(source) = &loose.vertices[0].work else {
            panic!("the first vertex is a source");
        };
        // 1000/s use half of two subtasks at 1 ms per record.
        assert_eq!(source.rate, Rate::Constant(20_000.0));
    }

    #[test]
    fn without_checkpoints_or_work_there_is_no_loss() {
        let mut scenario = sample::scenario(10);
        scenario.checkpointing.interval = None;
        assert_eq!(saturated(&scenario), None);
        let mut idle = sample::scenario(10);
        for vertex in &mut idle.vertices {
            vertex.service.mean = SimDuration::ZERO;
        }
        assert_eq!(saturated(&idle), None);
    }
}
