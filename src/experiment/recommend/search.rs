//! From where closed forms expect the answer to what simulation says: every combination of choices once, then the gaps
//! beside the best ones, then more runs where they may still decide.
//!
//! Knows nothing of scenarios: a site is a branch (one combination of discrete choices) and a rung, and somebody else
//! makes its runs. A replication has the same random numbers at every site, so that differences between sites are those
//! of the sites: they are judged in pairs (common random numbers). Results are collected by site: the number of jobs
//! changes time, never a byte. What may be spent ends the search earlier or later, but does not change its way.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rayon::prelude::*;

use crate::experiment::metric::replicate::{NOT_SIMULATED, Replication};
use crate::experiment::recommend::judge::{ENOUGH, Judgement, Question};
use crate::experiment::workers::{WorkersError, workers};
use crate::measure::{Estimate, Scale};

/// Rungs from the first site of a branch to the next one outwards; the step doubles from there.
const STEP: usize = 3;
/// Costs that differ by less are equal: nobody changes an option for it.
pub const EQUAL: f64 = 0.05;
/// As long as nothing is known of how much runs differ, a site that misses or costs more than the best by this share
/// is out.
const MARGIN: f64 = 0.2;

/// A configuration: which discrete choices, which interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Site {
    /// Index of the combination of discrete choices.
    pub branch: usize,
    /// Index of the interval.
    pub rung: usize,
}

/// Where and how long to search.
pub struct Plan<'a> {
    /// Where closed forms expect the answer of every branch.
    pub starts: Vec<Site>,
    /// Number of rungs.
    pub rungs: usize,
    /// Sites that are tried in any case.
    pub given: Vec<Site>,
    /// Evaluations (site and replication) that may be made.
    pub budget: usize,
    /// Most replications of a site.
    pub replications: u32,
    /// Parallel evaluations; 0 = one per core.
    pub jobs: usize,
    /// Set from outside to stop with what is known by then.
    pub stop: &'a AtomicBool,
    /// Called after every evaluation with the number of finished ones.
    pub progress: &'a (dyn Fn(usize) + Sync),
}

/// What ended a search before it knew anything.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// Somebody stopped it.
    #[error("interrupted before any configuration was simulated")]
    Interrupted,
    /// There are no threads.
    #[error(transparent)]
    Threads(#[from] WorkersError),
}

/// All sites that were visited, with their runs in order of replication.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Visited {
    /// By branch, then by rung.
    pub sites: BTreeMap<Site, Vec<Replication>>,
    /// Evaluations that were made.
    pub evaluations: usize,
    /// The budget ended before the search did.
    pub exhausted: bool,
    /// It was stopped before it was sure.
    pub stopped: bool,
}

impl Visited {
    /// Judgement of every site.
    pub fn judged(&self, question: &Question) -> BTreeMap<Site, Judgement> {
        let judge = |(site, runs): (&Site, &Vec<Replication>)| (*site, question.judge(runs));
        self.sites.iter().map(judge).collect()
    }

    /// Why not a single run could be made; `None` if one was, or none was tried.
    pub fn nothing_simulated(&self) -> Option<&str> {
        let mut runs = self.sites.values().flatten();
        if runs.clone().any(Replication::is_simulated) {
            return None;
        }
        runs.next()?.failure.as_deref().map(reason)
    }

    /// Sites that lack a run because it could not be made, and why the first of them does.
    pub fn not_simulated(&self) -> Option<(usize, &str)> {
        let lacks = |runs: &&Vec<Replication>| runs.iter().any(|run| !run.is_simulated());
        let sites = self.sites.values().filter(lacks);
        let first = sites.clone().flatten().find(|run| !run.is_simulated())?;
        Some((sites.count(), reason(first.failure.as_deref()?)))
    }

    /// Runs of a site.
    fn runs(&self, site: Site) -> u32 {
        self.sites.get(&site).map_or(0, Vec::len) as u32
    }

    /// Nothing decides against a site: no objective is surely missed, and it may cost less than the best one by more than
    /// what is [`EQUAL`].
    pub(super) fn may_win(
        &self,
        site: Site,
        best: Site,
        judged: &BTreeMap<Site, Judgement>,
        question: &Question,
    ) -> bool {
        let (here, there) = (&judged[&site], &judged[&best]);
        let few = self.runs(site).min(self.runs(best)) < ENOUGH;
        let hopeless = if few {
            here.rank().0 && here.excess > MARGIN
        } else {
            here.surely_fails()
        };
        if hopeless || here.failure.is_some() {
            return false;
        }
        if !there.passes() {
            // As long as nothing passes, what misses less may.
            return here.excess <= there.excess + MARGIN;
        }
        let (Some(cost), Some(least)) = (here.cost, there.cost) else {
            return false;
        };
        if few {
            return cost.value <= least.value + MARGIN * least.value.abs();
        }
        let difference = self.difference(site, best, question);
        difference.is_some_and(|difference| difference.low < -EQUAL * least.value.abs())
    }

    /// What is minimised, at `site` minus at `base`, paired by replication.
    pub fn difference(&self, site: Site, base: Site, question: &Question) -> Option<Estimate> {
        let cost = |run: &Replication| {
            let reading = question.minimised.read(std::slice::from_ref(run))?;
            Some(reading.estimate.value)
        };
        let pairs = self.sites.get(&site)?.iter().zip(self.sites.get(&base)?);
        let differences = pairs.filter_map(|(here, there)| Some(cost(here)? - cost(there)?));
        Estimate::of(&differences.collect::<Vec<f64>>(), Scale::Signed)
    }
}

/// Without the words that tell it from the failure of a simulated job.
fn reason(failure: &str) -> &str {
    let rest = failure.strip_prefix(NOT_SIMULATED);
    rest.map_or(failure, |rest| rest.trim_start_matches(": "))
}

/// Searches until nothing is left to learn, the budget is spent, or somebody stops it. An evaluation that was stopped has
/// no replication.
pub fn search(
    question: &Question,
    plan: &Plan<'_>,
    evaluate: impl Fn(Site, u32) -> Option<Replication> + Sync,
) -> Result<Visited, SearchError> {
    let pool = workers(plan.jobs, plan.budget)?;
    let mut visited = Visited::default();
    let mut wanted: Wanted = plan
        .starts
        .iter()
        .chain(&plan.given)
        .map(|site| (*site, 1))
        .collect();
    while !wanted.is_empty() && !visited.exhausted && !visited.stopped {
        let mut runs: Vec<(Site, u32)> = wanted
            .iter()
            .flat_map(|(site, to)| {
                let from = visited.runs(*site);
                (from..*to).map(move |replication| (*site, replication))
            })
            .collect();
        // Replication by replication: a budget that ends early leaves no site out.
        runs.sort_by_key(|(site, replication)| (*replication, *site));
        let left = plan.budget.saturating_sub(visited.evaluations);
        visited.exhausted = runs.len() > left;
        runs.truncate(left);
        let finished = AtomicUsize::new(visited.evaluations);
        let made: Vec<Option<Replication>> = pool.install(|| {
            let make = |(site, replication): &(Site, u32)| {
                if plan.stop.load(Ordering::Relaxed) {
                    return None;
                }
                let run = evaluate(*site, *replication);
                (plan.progress)(finished.fetch_add(1, Ordering::Relaxed) + 1);
                run
            };
            // One item is a whole run: nothing is gained by keeping neighbours together.
            runs.par_iter().with_max_len(1).map(make).collect()
        });
        for ((site, replication), run) in runs.iter().zip(made) {
            // Of a site whose earlier replication was stopped, later ones have no place.
            match run.filter(|_| visited.runs(*site) == *replication) {
                Some(run) => {
                    visited.sites.entry(*site).or_default().push(run);
                    visited.evaluations += 1;
                }
                None => visited.stopped = true,
            }
        }
        wanted = next(&visited, question, plan);
    }
    if visited.sites.is_empty() && visited.stopped {
        return Err(SearchError::Interrupted);
    }
    Ok(visited)
}

/// Sites, and how many runs each should have.
type Wanted = BTreeMap<Site, u32>;

/// What to do after a round: gaps first, then more runs where they may decide.
fn next(visited: &Visited, question: &Question, plan: &Plan<'_>) -> Wanted {
    let judged = visited.judged(question);
    let Some(best) = best(&judged) else {
        return Wanted::new();
    };
    let rivals: Vec<Site> = judged
        .keys()
        .copied()
        .filter(|site| *site == best || visited.may_win(*site, best, &judged, question))
        .collect();
    let mut branches: Vec<usize> = rivals.iter().map(|site| site.branch).collect();
    branches.dedup();
    let gaps: Wanted = branches
        .iter()
        .flat_map(|branch| gaps(&judged, *branch, plan.rungs))
        .map(|site| (site, 1))
        .collect();
    if !gaps.is_empty() {
        return gaps;
    }
    let more = |site: &Site| {
        let runs = visited.runs(*site);
        let settled = rivals.len() == 1 && judged[site].surely_passes();
        let wanted = if runs < ENOUGH {
            ENOUGH
        } else if settled {
            runs
        } else {
            runs * 2
        };
        (*site, wanted.min(plan.replications))
    };
    let more = rivals.iter().map(more);
    more.filter(|(site, wanted)| *wanted > visited.runs(*site))
        .collect()
}

/// Unvisited rungs beside the best site of a branch, half way to its neighbours, or further out where it has none.
fn gaps(judged: &BTreeMap<Site, Judgement>, branch: usize, rungs: usize) -> Vec<Site> {
    let of_branch = judged.iter().filter(|(site, _)| site.branch == branch);
    let of_branch: BTreeMap<Site, Judgement> = of_branch
        .map(|(site, judgement)| (*site, judgement.clone()))
        .collect();
    let Some(at) = best(&of_branch).map(|best| best.rung) else {
        return Vec::new();
    };
    let visited: Vec<usize> = of_branch.keys().map(|site| site.rung).collect();
    let below = visited.iter().rev().find(|rung| **rung < at).copied();
    let above = visited.iter().find(|rung| **rung > at).copied();
    let outwards = STEP << (visited.len() - 1).min(3);
    let left = match below {
        Some(below) => usize::midpoint(below, at),
        None => at.saturating_sub(outwards),
    };
    let right = match above {
        Some(above) => (at + above).div_ceil(2),
        None => (at + outwards).min(rungs - 1),
    };
    let new = [left, right].into_iter();
    new.filter(|rung| !visited.contains(rung))
        .map(|rung| Site { branch, rung })
        .collect()
}

/// The answer: of those that pass surely, else of those that pass, the cheapest; of costs that are equal (see [`EQUAL`])
/// the branch that was named first, then the longest interval: it writes least. If nothing passes, what misses least.
pub fn best(judged: &BTreeMap<Site, Judgement>) -> Option<Site> {
    let class = |judgement: &Judgement| (!judgement.passes(), !judgement.surely_passes());
    let first = judged.values().map(class).min()?;
    let of_class = || {
        judged
            .iter()
            .filter(|(_, judgement)| class(judgement) == first)
    };
    let by = |judgement: &Judgement| judgement.rank().1;
    let least = of_class()
        .map(|(_, judgement)| by(judgement))
        .min_by(f64::total_cmp)?;
    let equal = of_class().filter(|(_, judgement)| by(judgement) <= least + EQUAL * least.abs());
    let order = |site: &Site| (site.branch, std::cmp::Reverse(site.rung));
    equal.map(|(site, _)| *site).min_by_key(order)
}

#[cfg(test)]
mod tests;
