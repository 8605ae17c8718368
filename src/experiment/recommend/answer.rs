//! From visited sites to a recommendation: the answer, its range, what binds, and who came second.

use std::collections::BTreeMap;

use crate::experiment::recommend::judge::{Judgement, Question};
use crate::experiment::recommend::result::{Binding, Candidate, Nearest, Range, RunnerUp, Verdict};
use crate::experiment::recommend::search::{Site, Visited, best};
use crate::experiment::summary::Coordinate;
use crate::units::{SimDuration, flink};

/// Visited sites with their judgements, in the order of candidates.
pub struct Judged<'a> {
    question: &'a Question,
    visited: &'a Visited,
    rungs: &'a [f64],
    sites: BTreeMap<Site, Judgement>,
}

impl<'a> Judged<'a> {
    /// Judges all sites.
    pub fn new(question: &'a Question, visited: &'a Visited, rungs: &'a [f64]) -> Judged<'a> {
        Judged {
            question,
            visited,
            rungs,
            sites: visited.judged(question),
        }
    }

    /// The best site, whether it passes or not; `None` if nothing was visited.
    pub fn best(&self) -> Option<Site> {
        best(&self.sites)
    }

    /// Whether a site passes.
    pub fn passes(&self, site: Site) -> bool {
        self.sites.get(&site).is_some_and(Judgement::passes)
    }

    /// A metric of a site.
    pub fn metric(&self, site: Site, name: &str) -> Option<f64> {
        self.sites
            .get(&site)?
            .metrics
            .get(name)
            .map(|estimate| estimate.value)
    }

    /// Index of a site among the candidates.
    pub fn index(&self, site: Site) -> Option<usize> {
        self.sites.keys().position(|other| *other == site)
    }

    /// All candidates; `labels` are those of each branch.
    pub fn candidates(&self, labels: &[Vec<String>]) -> Vec<Candidate> {
        let candidate = |(site, judgement): (&Site, &Judgement)| Candidate {
            coordinates: coordinates(self.rungs[site.rung], &labels[site.branch]),
            metrics: judgement.metrics.clone(),
            at_least: judgement.at_least.clone(),
            feasible: judgement.passes(),
            verdicts: judgement.verdicts.clone(),
            evaluations: self.visited.sites[site].len() as u32,
            failure: judgement.failure.clone(),
        };
        self.sites.iter().map(candidate).collect()
    }

    /// The intervals around a site that pass without a gap.
    pub fn range(&self, site: Site) -> Range {
        let branch = self.branch(site);
        let at = branch
            .iter()
            .position(|(rung, _)| *rung == site.rung)
            .unwrap_or(0);
        let below = branch[..at]
            .iter()
            .rev()
            .take_while(|(_, judged)| judged.passes())
            .count();
        let above = branch[at..]
            .iter()
            .take_while(|(_, judged)| judged.passes())
            .count()
            .max(1);
        Range {
            from_s: self.rungs[branch[at - below].0],
            to_s: self.rungs[branch[at + above - 1].0],
            open_below: at == below,
            open_above: at + above == branch.len(),
        }
    }

    /// Objectives that are missed at the first intervals beyond the range: above first.
    pub fn binding(&self, site: Site) -> Vec<Binding> {
        let branch = self.branch(site);
        let range = self.range(site);
        let above = branch
            .iter()
            .find(|(rung, _)| self.rungs[*rung] > range.to_s);
        let below = branch
            .iter()
            .rev()
            .find(|(rung, _)| self.rungs[*rung] < range.from_s);
        let mut found = Vec::new();
        for (rung, judgement) in [above, below].into_iter().flatten() {
            let missed = judgement
                .verdicts
                .iter()
                .enumerate()
                .filter(|(_, verdict)| matches!(verdict, Verdict::Missed | Verdict::LikelyMissed));
            for (objective, _) in missed {
                let name = &self.question.objectives[objective].metric.name;
                if let Some(estimate) = judgement.metrics.get(name) {
                    let (beyond_s, value) = (self.rungs[*rung], estimate.value);
                    found.push(Binding {
                        objective,
                        beyond_s,
                        value,
                    });
                }
            }
        }
        found
    }

    /// The best of another branch if one passes, else of the other intervals.
    pub fn runner_up(&self, site: Site) -> Option<RunnerUp> {
        let among = |keep: &dyn Fn(&Site) -> bool| {
            let others = self
                .sites
                .iter()
                .filter(|(other, judged)| keep(other) && judged.passes());
            let others = others.map(|(site, judged)| (*site, judged.clone()));
            best(&others.collect())
        };
        let second = among(&|other| other.branch != site.branch)
            .or_else(|| among(&|other| *other != site))?;
        Some(RunnerUp {
            candidate: self.index(second)?,
            difference: self.visited.difference(second, site, self.question),
        })
    }

    /// The candidate that comes closest, and what it misses most.
    pub fn nearest(&self, site: Site) -> Option<Nearest> {
        let judgement = self.sites.get(&site)?;
        Some(Nearest {
            candidate: self.index(site)?,
            objective: judgement.worst?,
            // JSON knows no infinity.
            excess: judgement.excess.min(f64::MAX),
        })
    }

    fn branch(&self, site: Site) -> Vec<(usize, &Judgement)> {
        let of_branch = self
            .sites
            .iter()
            .filter(|(other, _)| other.branch == site.branch);
        of_branch
            .map(|(other, judgement)| (other.rung, judgement))
            .collect()
    }
}

fn coordinates(interval_s: f64, labels: &[String]) -> Vec<Coordinate> {
    let interval = Coordinate {
        label: flink::write_duration(SimDuration::from_secs_f64(interval_s)),
        value: Some(interval_s),
    };
    let others = labels.iter().map(|label| Coordinate {
        label: label.clone(),
        value: label
            .parse::<f64>()
            .ok()
            .filter(|number| number.is_finite()),
    });
    std::iter::once(interval).chain(others).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::metric::MetricId;
    use crate::experiment::metric::replicate::Figures;
    use crate::experiment::metric::replicate::Replication;
    use crate::experiment::recommend::objective::{minimised, parse};

    /// Sites of one branch: overhead falls with the interval, recovery rises, duration falls.
    fn visited(rungs: &[f64]) -> Visited {
        let run = |interval_s: f64| {
            let mut run = Replication {
                figures: Figures::from_iter([(MetricId::Overhead, 1.0 / interval_s)]),
                ..Replication::default()
            };
            run.recoveries.recovery.ended = vec![interval_s];
            run.durations.ended = vec![100.0 / interval_s];
            run
        };
        let sites = rungs.iter().enumerate().map(|(rung, interval_s)| {
            (
                Site { branch: 0, rung },
                vec![run(*interval_s), run(*interval_s)],
            )
        });
        Visited {
            sites: sites.collect(),
            evaluations: rungs.len() * 2,
            ..Visited::default()
        }
    }

    #[test]
    fn the_range_ends_where_an_objective_binds_on_either_side() {
        let rungs = [5.0, 10.0, 20.0, 30.0, 60.0];
        let question = Question {
            objectives: vec![
                parse("recovery_p95<=40s").unwrap(),
                parse("duration_p99<=10s").unwrap(),
            ],
            minimised: minimised("overhead").unwrap(),
        };
        let visited = visited(&rungs);
        let judged = Judged::new(&question, &visited, &rungs);
        let site = judged.best().unwrap();
        assert_eq!(site.rung, 3);
        let range = judged.range(site);
        assert_eq!(
            (range.from_s, range.to_s, range.open_below, range.open_above),
            (10.0, 30.0, false, false)
        );
        let binding: Vec<(usize, f64, f64)> = judged
            .binding(site)
            .iter()
            .map(|binding| (binding.objective, binding.beyond_s, binding.value))
            .collect();
        assert_eq!(binding, [(0, 60.0, 60.0), (1, 5.0, 20.0)]);
        let second = judged.runner_up(site).unwrap();
        assert_eq!(second.candidate, 2);
        assert!((second.difference.unwrap().value - (1.0 / 20.0 - 1.0 / 30.0)).abs() < 1e-12);
    }

    #[test]
    fn a_range_that_the_search_cut_is_open() {
        let rungs = [10.0, 20.0];
        let question = Question {
            objectives: Vec::new(),
            minimised: minimised("overhead").unwrap(),
        };
        let visited = visited(&rungs);
        let judged = Judged::new(&question, &visited, &rungs);
        let range = judged.range(judged.best().unwrap());
        assert!(range.open_below && range.open_above);
        assert_eq!((range.from_s, range.to_s), (10.0, 20.0));
    }
}
