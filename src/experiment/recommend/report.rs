//! Everything that is said about an answer.

use crate::experiment::recommend::answer::Judged;
use crate::experiment::recommend::changes::changes;
use crate::experiment::recommend::choices::INTERVAL;
use crate::experiment::recommend::closed_forms::{self, Beside};
use crate::experiment::recommend::result::{
    Binding, Candidate, Change, MetricName, Recommendation, Retention, SCHEMA,
};
use crate::experiment::recommend::run_plan::{self, with_interval};
use crate::experiment::recommend::search::{Site, Visited};
use crate::experiment::recommend::setting::{PACED, Setting};
use crate::formulas::assumptions::rate_varies;
use crate::formulas::refined::Refined;
use crate::units::SimDuration;

/// Fewer runs tell little of how much they differ.
const ENOUGH_RUNS: usize = 3;

impl Setting<'_> {
    /// The recommendation without its sensitivity and its effort.
    pub(super) fn report(
        &self,
        judged: &Judged<'_>,
        visited: &Visited,
        best: Site,
    ) -> Recommendation {
        let passes = judged.passes(best);
        let labels: Vec<Vec<String>> = self
            .branches
            .iter()
            .map(|branch| branch.labels.clone())
            .collect();
        let binding = if passes {
            judged.binding(best)
        } else {
            Vec::new()
        };
        let beside = self.beside(judged, best, &binding);
        let mtbf_s = beside.mtbf_s;
        let formulas = closed_forms::formulas(&beside);
        let disagreement = closed_forms::disagreement(&beside, &formulas);
        let retention = self.retention(beside.chosen_s);
        let axes = self.ask.choices.iter().map(|choice| choice.axis.clone());
        let candidates = judged.candidates(&labels);
        let mut notes = self.notes(visited, visited.sites.get(&best).map(Vec::len));
        notes.extend(paced_otherwise(&candidates));
        Recommendation {
            schema: SCHEMA.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            scenario: self.loaded.scenario.job.name.clone(),
            scenario_sha256: self.loaded.sha256(),
            scenario_toml: self.loaded.toml(),
            seed: self.loaded.scenario.job.seed,
            runs: 0,
            budget: self.ask.budget as u64,
            objectives: self.ask.question.objectives.clone(),
            minimised: MetricName::of(self.ask.question.minimised),
            axes: std::iter::once(INTERVAL.to_owned()).chain(axes).collect(),
            candidates,
            chosen: judged.index(best).filter(|_| passes),
            current: self.current.and_then(|site| judged.index(site)),
            range: passes.then(|| judged.range(best)),
            runner_up: if passes { judged.runner_up(best) } else { None },
            nearest: if passes { None } else { judged.nearest(best) },
            changes: if passes {
                self.changes(best, retention)
            } else {
                Vec::new()
            },
            mtbf_s,
            binding,
            formulas,
            disagreement,
            sensitivity: Vec::new(),
            remedy: None,
            headroom: None,
            retention: retention.filter(|_| passes),
            notes,
        }
    }

    /// What the closed forms know of the answer.
    fn beside<'b>(&'b self, judged: &Judged<'_>, best: Site, binding: &'b [Binding]) -> Beside<'b> {
        let chosen_s = self.rungs[best.rung];
        let mtbf = self.ask.mtbf.map(SimDuration::as_secs_f64);
        Beside {
            cost_s: judged.metric(best, "stop"),
            mtbf_s: mtbf.or_else(|| run_plan::mtbf_s(&self.branches[best.branch].scenario)),
            chosen_s,
            duration_s: judged.metric(best, "duration_p50"),
            objectives: &self.ask.question.objectives,
            binding,
            minimised: self.ask.question.minimised.name,
        }
    }

    /// As many checkpoints as reach back to the wish when the oldest is about to be dropped.
    fn retention(&self, interval_s: f64) -> Option<Retention> {
        let scenario = &self.loaded.scenario;
        let wish_s = self.ask.keep.or(scenario.job.retention_wish)?.as_secs_f64();
        Some(Retention {
            wish_s,
            retained: (wish_s / interval_s).ceil().max(1.0) as u64,
            present_s: scenario.checkpointing.retained as f64 * interval_s,
        })
    }

    fn changes(&self, site: Site, retention: Option<Retention>) -> Vec<Change> {
        let mut to = with_interval(&self.branches[site.branch].scenario, self.rungs[site.rung]);
        let needed = retention.map_or(0, |retention| retention.retained as usize);
        to.checkpointing.retained = to.checkpointing.retained.max(needed);
        changes(&self.loaded.scenario, &to)
    }

    fn notes(&self, visited: &Visited, chosen_runs: Option<usize>) -> Vec<String> {
        let mut notes = Vec::new();
        if self.injects {
            notes.push(
                "No failure strikes by itself in a run of this length: one was simulated per replication, each at another \
                 moment of the checkpoint period, and those at other moments follow from the checkpoint's age then. A \
                 recovery that was not over at the end of its run counts as longer than all others."
                    .to_owned(),
            );
        }
        let longest_s = self.rungs.last().copied().unwrap_or(0.0);
        let longest = with_interval(&self.branches[0].scenario, longest_s);
        if run_plan::prolonged(&longest).job.duration > self.loaded.scenario.job.duration {
            notes.push(
                "Where job.duration is too short for three checkpoints, runs were prolonged; the first one, which \
                 uploads everything, is not counted."
                    .to_owned(),
            );
        }
        if rate_varies(&self.loaded.scenario).is_some() {
            notes.push(
                "Rates change within a run: the answer is one to this course of rates. An interval may pass because few \
                 checkpoints were attempted while it lasted."
                    .to_owned(),
            );
        }
        if Refined::of(&self.loaded.scenario).load.peak() >= 1.0 {
            notes.push(
                "A subtask has more work than time (CK001): after a failure the job never catches up, whatever the interval \
                 is. Give it more capacity first."
                    .to_owned(),
            );
        }
        if self.assumed_mtbf {
            notes.push(
                "Nobody says how often the job fails: one failure a day is assumed. --mtbf, or [failures], says it."
                    .to_owned(),
            );
        }
        if let Some(paced_s) = self.paced_s {
            notes.push(format!(
                "Intervals below {paced_s:.0} s were not tried: min-pause, or checkpoints that take longer, let them come \
                 no more often than that (CK005)."
            ));
        }
        if let Some(cut_s) = self.cut_s {
            notes.push(format!(
                "Intervals above {cut_s:.0} s were not tried: processing a quarter of what came in between again would take \
                 longer than the objective allows. --to tries them."
            ));
        }
        if let Some((sites, why)) = visited.not_simulated() {
            notes.push(format!(
                "{} could not be simulated, so that nothing is known about {}: {why}",
                if sites == 1 {
                    "One candidate".to_owned()
                } else {
                    format!("{sites} candidates")
                },
                if sites == 1 { "it" } else { "them" },
            ));
        }
        if let Some(runs) = chosen_runs.filter(|runs| *runs < ENOUGH_RUNS) {
            notes.push(format!(
                "The answer rests on {runs} run{}; the next one may judge it differently: --budget allows more.",
                if runs == 1 { "" } else { "s" }
            ));
        }
        if visited.stopped {
            notes.push(
                "The search was stopped before it was sure: the same command goes on from there."
                    .to_owned(),
            );
        }
        if visited.exhausted {
            notes.push(format!(
                "The budget of {} runs ended the search before it was sure: --budget allows more.",
                self.ask.budget
            ));
        }
        notes
    }
}

/// Where the interval is not what sets the pace: such candidates may be one and the same configuration.
fn paced_otherwise(candidates: &[Candidate]) -> Option<String> {
    let pace = |candidate: &Candidate| {
        let interval_s = candidate.coordinates.first()?.value?;
        let period_s = candidate.metrics.get("period")?.value;
        (period_s > interval_s * PACED).then_some((interval_s, period_s))
    };
    let mut paces: Vec<(f64, f64)> = candidates.iter().filter_map(pace).collect();
    paces.sort_by(|a, b| a.0.total_cmp(&b.0));
    paces.dedup_by(|a, b| a.0.total_cmp(&b.0).is_eq());
    let time =
        |seconds: f64| SimDuration::from_secs_f64((seconds * 10.0).round() / 10.0).to_string();
    let each: Vec<String> = paces
        .iter()
        .map(|(interval_s, period_s)| format!("every {} at {}", time(*period_s), time(*interval_s)))
        .collect();
    (!each.is_empty()).then(|| {
        format!(
            "The interval does not set the pace everywhere: min-pause, or checkpoints that last longer than it, let \
             them come {} (CK005). What was measured belongs to that pace; candidates of the same pace are the same.",
            each.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::summary::Coordinate;
    use crate::measure::{Estimate, Scale};

    #[test]
    fn intervals_that_a_pause_hides_are_named() {
        let candidate = |interval_s: f64, period_s: f64| {
            let period = Estimate::of(&[period_s], Scale::Positive).unwrap();
            Candidate {
                coordinates: vec![Coordinate {
                    label: String::new(),
                    value: Some(interval_s),
                }],
                metrics: [("period".to_owned(), period)].into(),
                at_least: Vec::new(),
                feasible: true,
                verdicts: Vec::new(),
                evaluations: 1,
                failure: None,
            }
        };
        let all = [
            candidate(10.0, 44.0),
            candidate(40.0, 44.0),
            candidate(60.0, 60.0),
        ];
        let note = paced_otherwise(&all).unwrap();
        assert!(
            note.contains("every 44s at 10s, every 44s at 40s"),
            "{note}"
        );
        assert_eq!(paced_otherwise(&all[2..]), None);
    }
}
