use super::*;
use crate::experiment::metric::MetricId;
use crate::experiment::metric::replicate::Figures;
use crate::experiment::recommend::interval_grid::rungs;
use crate::experiment::recommend::objective::{minimised, parse};

static NEVER: AtomicBool = AtomicBool::new(false);

fn question(objectives: &[&str]) -> Question {
    Question {
        objectives: objectives.iter().map(|text| parse(text).unwrap()).collect(),
        minimised: minimised("overhead").unwrap(),
    }
}

/// Closed forms that are far off begin every branch at 20 s.
fn plan(branches: usize, rungs: usize, jobs: usize) -> Plan<'static> {
    let start = |branch| Site { branch, rung: 5 };
    Plan {
        starts: (0..branches).map(start).collect(),
        rungs,
        given: Vec::new(),
        budget: 1000,
        replications: 12,
        jobs,
        stop: &NEVER,
        progress: &|_| {},
    }
}

fn grid() -> Vec<f64> {
    rungs(10.0, 3600.0, None)
}

/// Noise that is the same for a replication at every site, within ±1.
fn noise(replication: u32) -> f64 {
    f64::from(replication * 37 % 11) / 5.0 - 1.0
}

/// Cost `2 s/interval + interval/5000 s`, least at 100 s; recovery is 40 s and the interval, duration falls with it.
fn analytic(interval_s: f64, replication: u32, factor: f64) -> Replication {
    let overhead = factor * (2.0 / interval_s + interval_s / 5000.0) + 1e-5 * noise(replication);
    let mut run = Replication {
        figures: Figures::from_iter([(MetricId::Overhead, overhead)]),
        ..Replication::default()
    };
    run.recoveries.recovery.ended = vec![40.0 + interval_s * (1.0 + noise(replication) / 100.0)];
    run.durations.ended = vec![5.0 + 300.0 / interval_s];
    run
}

fn found(objectives: &[&str], jobs: usize) -> (Visited, Vec<f64>, Site) {
    let (question, grid) = (question(objectives), grid());
    let evaluate = |site: Site, n| Some(analytic(grid[site.rung], n, 1.0 + site.branch as f64));
    let visited = search(&question, &plan(2, grid.len(), jobs), evaluate).unwrap();
    let best = best(&visited.judged(&question)).unwrap();
    (visited, grid, best)
}

#[test]
fn of_intervals_that_cost_the_same_the_longest_is_the_answer() {
    let (visited, grid, best) = found(&[], 1);
    // Least at 100 s; 120 s costs 0.0407 instead of 0.0400, 150 s 0.0433: beyond what is equal.
    assert_eq!((best.branch, grid[best.rung]), (0, 120.0));
    assert!(visited.sites.len() < grid.len(), "{}", visited.sites.len());
}

#[test]
fn an_objective_moves_the_answer_to_its_border() {
    // 40 s and the interval stay below 100 s up to 50 s.
    let (visited, grid, best) = found(&["recovery_p95<=100s"], 1);
    assert!((grid[best.rung] - 50.0).abs() < 1e-9);
    let judged = visited.judged(&question(&["recovery_p95<=100s"]));
    let next = judged.range(best..).nth(1).unwrap();
    assert!((grid[next.0.rung] - 60.0).abs() < 1e-9 && !next.1.passes());
}

#[test]
fn a_feasible_range_between_two_objectives_is_found() {
    // Duration: from 300/5 = 60 s on. Recovery: up to 75 s.
    let (_, grid, best) = found(&["recovery_p95<=118s", "duration_p99<=10s"], 1);
    assert!((grid[best.rung] - 75.0).abs() < 1e-9);
}

#[test]
fn without_a_feasible_interval_the_least_miss_is_the_best() {
    let objectives = ["recovery_p95<=45s"];
    let (visited, grid, best) = found(&objectives, 1);
    assert!((grid[best.rung] - 10.0).abs() < 1e-9);
    let judged = visited.judged(&question(&objectives));
    assert!(!judged[&best].passes() && judged[&best].excess > 0.1);
}

#[test]
fn the_dear_branch_gets_no_more_than_the_first_runs() {
    let (visited, _, _) = found(&[], 1);
    let spent = |branch| -> usize {
        let of_branch = visited
            .sites
            .iter()
            .filter(|(site, _)| site.branch == branch);
        of_branch.map(|(_, runs)| runs.len()).sum()
    };
    // It costs twice as much everywhere.
    assert_eq!(spent(1), 1);
}

#[test]
fn jobs_change_no_byte() {
    let objectives = ["recovery_p95<=100s"];
    assert_eq!(found(&objectives, 1).0, found(&objectives, 4).0);
}

#[test]
fn the_budget_is_kept_and_every_site_has_a_run() {
    let (question, grid) = (question(&[]), grid());
    let evaluate = |site: Site, n| Some(analytic(grid[site.rung], n, 1.0));
    let tight = Plan {
        budget: 5,
        ..plan(3, grid.len(), 2)
    };
    let visited = search(&question, &tight, evaluate).unwrap();
    assert_eq!((visited.evaluations, visited.exhausted), (5, true));
    let tried: Vec<usize> = visited.sites.keys().map(|site| site.branch).collect();
    assert_eq!(tried.len(), 5);
    assert!([0, 1, 2].iter().all(|branch| tried.contains(branch)));
}

#[test]
fn a_stop_from_outside_ends_the_search() {
    let stop = AtomicBool::new(true);
    let stopped = Plan {
        stop: &stop,
        ..plan(1, 5, 1)
    };
    let evaluate = |_: Site, _: u32| Some(Replication::default());
    let error = search(&question(&[]), &stopped, evaluate).unwrap_err();
    assert!(matches!(error, SearchError::Interrupted), "{error}");
}
