//! Successive halving on a grid of intervals: few runs for all, more for those that may still win, and new rungs
//! around the optimum and around the borders of the feasible range.
//!
//! Knows nothing of scenarios: a site is a branch (one combination of discrete choices) and a rung, and somebody else
//! makes its runs. A replication has the same random numbers at every site, so that differences between sites are those
//! of the sites. Results are collected by site: the number of jobs changes time, never a byte.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rayon::prelude::*;

use crate::experiment::metric::replicate::{NOT_SIMULATED, Replication};
use crate::experiment::recommend::judge::{Judgement, Question};
use crate::experiment::workers::{WorkersError, workers};

/// Runs of every site at first.
pub const FIRST: u32 = 3;
/// Rungs of every branch at first.
const COARSE: usize = 7;

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
    /// Number of branches.
    pub branches: usize,
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
    /// Set from outside to stop after the runs under way.
    pub stop: &'a AtomicBool,
    /// Called after every evaluation with the number of finished ones.
    pub progress: &'a (dyn Fn(usize) + Sync),
}

/// What ended a search early.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// Somebody stopped it.
    #[error("interrupted after {0} evaluations")]
    Interrupted(usize),
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
}

/// Without the words that tell it from the failure of a simulated job.
fn reason(failure: &str) -> &str {
    let rest = failure.strip_prefix(NOT_SIMULATED);
    rest.map_or(failure, |rest| rest.trim_start_matches(": "))
}

/// Searches until nothing is left to learn, or the budget is spent.
pub fn search(
    question: &Question,
    plan: &Plan<'_>,
    evaluate: impl Fn(Site, u32) -> Replication + Sync,
) -> Result<Visited, SearchError> {
    let pool = workers(plan.jobs, plan.budget)?;
    let mut visited = Visited::default();
    let mut wanted = first(plan);
    while !wanted.is_empty() && !visited.exhausted {
        let mut runs: Vec<(Site, u32)> = wanted
            .iter()
            .flat_map(|(site, to)| {
                let from = visited.sites.get(site).map_or(0, Vec::len) as u32;
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
                Some(run)
            };
            // One item is a whole run: nothing is gained by keeping neighbours together.
            runs.par_iter().with_max_len(1).map(make).collect()
        });
        for ((site, _), run) in runs.iter().zip(made) {
            let run = run.ok_or(SearchError::Interrupted(visited.evaluations))?;
            visited.sites.entry(*site).or_default().push(run);
            visited.evaluations += 1;
        }
        wanted = next(&visited, question, plan);
    }
    Ok(visited)
}

/// Some rungs of every branch, both ends among them, and the given sites.
fn first(plan: &Plan<'_>) -> BTreeMap<Site, u32> {
    let last = plan.rungs.saturating_sub(1);
    let steps = COARSE.min(plan.rungs).max(2) - 1;
    let coarse = (0..plan.branches).flat_map(|branch| {
        (0..=steps).map(move |step| Site {
            branch,
            rung: (last * step + steps / 2) / steps,
        })
    });
    let runs = FIRST.min(plan.replications);
    coarse
        .chain(plan.given.iter().copied())
        .map(|site| (site, runs))
        .collect()
}

/// What to do after a round: new rungs where they may matter, more runs where they may decide.
fn next(visited: &Visited, question: &Question, plan: &Plan<'_>) -> BTreeMap<Site, u32> {
    let judged = visited.judged(question);
    let Some(best) = best(&judged) else {
        return BTreeMap::new();
    };
    let may_win = |judgement: &Judgement| may_win(judgement, &judged[&best]);
    let mut wanted = BTreeMap::new();
    for site in between(&judged, best, &may_win) {
        wanted.insert(site, FIRST.min(plan.replications));
    }
    for (site, judgement) in judged.iter().filter(|(_, judgement)| may_win(judgement)) {
        let runs = visited.sites[site].len() as u32;
        let alone = judged.values().filter(|other| may_win(other)).count() == 1;
        let decided = judgement.surely_passes() && alone;
        if runs < plan.replications && !decided {
            wanted.insert(*site, (runs * 2).min(plan.replications));
        }
    }
    wanted
}

/// Midpoints of gaps beside the best site, and of gaps in which something passes at one end only.
fn between(
    judged: &BTreeMap<Site, Judgement>,
    best: Site,
    may_win: &dyn Fn(&Judgement) -> bool,
) -> BTreeSet<Site> {
    let mut found = BTreeSet::new();
    let sites: Vec<(&Site, &Judgement)> = judged.iter().collect();
    for pair in sites.windows(2) {
        let ((left, at_left), (right, at_right)) = (pair[0], pair[1]);
        if left.branch != right.branch || right.rung - left.rung < 2 {
            continue;
        }
        let border = at_left.passes() != at_right.passes()
            && (left.branch == best.branch || may_win(at_left) || may_win(at_right));
        if border || *left == best || *right == best {
            found.insert(Site {
                branch: left.branch,
                rung: usize::midpoint(left.rung, right.rung),
            });
        }
    }
    found
}

/// Nothing decides against it: no objective is surely missed, and its cost may be the least.
fn may_win(judgement: &Judgement, best: &Judgement) -> bool {
    if !best.passes() {
        return !judgement.surely_fails();
    }
    match (judgement.cost, best.cost) {
        (Some(cost), Some(least)) => !judgement.surely_fails() && cost.low <= least.high,
        _ => false,
    }
}

/// The answer: the cheapest of those that pass surely, else of those that pass, else what misses least. Of equals (to
/// three digits: nobody changes an option for less) the branch that was named first, then the longest interval: it
/// writes least.
pub fn best(judged: &BTreeMap<Site, Judgement>) -> Option<Site> {
    let order = |judgement: &Judgement| {
        let (fails, by) = judgement.rank();
        (fails, !judgement.surely_passes(), three_digits(by))
    };
    judged
        .iter()
        .min_by(|(a_site, a), (b_site, b)| {
            let (a, b) = (order(a), order(b));
            (a.0, a.1)
                .cmp(&(b.0, b.1))
                .then(a.2.total_cmp(&b.2))
                .then(a_site.branch.cmp(&b_site.branch))
                .then(b_site.rung.cmp(&a_site.rung))
        })
        .map(|(site, _)| *site)
}

fn three_digits(number: f64) -> f64 {
    // Text and back is the only rounding that leaves no binary dust.
    format!("{number:.2e}").parse().unwrap_or(number)
}

#[cfg(test)]
mod tests;
