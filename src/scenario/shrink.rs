//! The same job with fewer subtasks on fewer TaskManagers: of every f subtasks one stays.
//!
//! What a subtask does stays what it is: its records per second, its utilisation, its state, its part of a TaskManager and
//! of the storage, and the buffers of its input gate. Rates, the state of the whole job and the limits of the whole storage
//! are divided by f; the prices of machines and storage are multiplied by it, so that the costs are those of the whole job. A
//! run takes less than a f-th of the events, since channels are divided by f². What is lost: the slowest of fewer subtasks
//! is less slow, the JobManager has fewer messages, and a barrier waits for fewer channels. It ranks configurations; what
//! is recommended is simulated at its full size.

use crate::scenario::cluster::Placement;
use crate::scenario::{Exchange, Rate, Scenario, Target, Updates, Vertex, VertexKind};
use crate::units::{ByteRate, Bytes};

/// Smaller jobs are left as they are.
const SUBTASKS_FROM: usize = 64;
/// So many subtasks remain of every vertex that loses any: enough for a slowest one.
const LEAST: usize = 8;

/// How many subtasks of all these scenarios one may stand for; `None` if that is not worth it, or one of the jobs is not
/// alike enough.
pub fn factor<'a>(scenarios: impl Iterator<Item = &'a Scenario>) -> Option<usize> {
    let possible = scenarios.map(factors);
    let common = possible.reduce(|all, one| all.into_iter().filter(|f| one.contains(f)).collect());
    common?.into_iter().max()
}

fn factors(scenario: &Scenario) -> Vec<usize> {
    let alike = |vertex: &Vertex| {
        let even = uniform(&vertex.slowness);
        let dealt = match &vertex.work {
            VertexKind::Source(source) => uniform(&source.shares),
            VertexKind::Operator(_) => true,
        };
        even && dealt && vertex.placement.is_none()
    };
    let alike = scenario.vertices.iter().all(alike) && scenario.operations.is_empty();
    if scenario.subtasks() < SUBTASKS_FROM || !alike {
        return Vec::new();
    }
    let large = scenario.vertices.iter().filter(|vertex| loses(vertex));
    let large: Vec<usize> = large.map(|vertex| vertex.parallelism).collect();
    let (Some(least), Some(most)) = (large.iter().min(), large.iter().max()) else {
        return Vec::new();
    };
    let cluster = &scenario.cluster;
    // All that must stay whole numbers: subtasks, TaskManagers, and those of them on which slots are filled.
    let used = match cluster.placement {
        Placement::Spread => cluster.taskmanagers,
        Placement::Fill => most.div_ceil(cluster.slots),
    };
    let whole = large.iter().chain([&cluster.taskmanagers, &used]);
    let common = whole.fold(0, |a, b| common_divisor(a, *b));
    let may = |f: &usize| common.is_multiple_of(*f) && shares_remain(scenario, *f);
    (2..=least / LEAST).filter(may).collect()
}

/// The scenario with one subtask in place of f.
pub fn shrunk(scenario: &Scenario, f: usize) -> Scenario {
    let mut small = scenario.clone();
    let times = f as f64;
    for (vertex, whole) in small.vertices.iter_mut().zip(&scenario.vertices) {
        if let VertexKind::Source(source) = &mut vertex.work {
            divide(&mut source.rate, times);
            source.records = source.records.map(|records| records.div_ceil(f as u64));
        }
        if let Some(timers) = &mut vertex.timers {
            timers.number = timers.number.times(1.0 / times);
        }
        if let Some(sink) = &mut vertex.sink {
            sink.rewrite = Bytes::new(sink.rewrite.get() / f as u64);
        }
        if loses(whole) {
            vertex.parallelism /= f;
            vertex.key_groups = whole.key_groups.div_ceil(f).max(vertex.parallelism);
            vertex.max_parallelism = None;
            vertex.slowness.truncate(vertex.parallelism);
            if let VertexKind::Source(source) = &mut vertex.work {
                source.splits = None;
                source.shares = vec![1.0 / vertex.parallelism as f64; vertex.parallelism];
            }
            if let Some(state) = &mut vertex.state {
                state.size = Bytes::new(state.size.get() / f as u64);
            }
            for input in &mut vertex.inputs {
                if let Exchange::Hash { shares } = &mut input.exchange {
                    *shares = fewer(shares, f).unwrap_or_default();
                }
            }
        } else {
            // A f-th of the records comes to as many subtasks.
            vertex.service.mean = vertex.service.mean * f as u64;
            if let Some(timers) = &mut vertex.timers {
                timers.time = timers.time * f as u64;
                timers.buffered = timers.buffered * f as u64;
            }
            if let Some(sink) = &mut vertex.sink {
                sink.scale_records(f as u64);
            }
            if let Some(state) = &mut vertex.state {
                state.access = state.access * f as u64;
                state.inserts *= times;
                if let Updates::PerRecord(entries) | Updates::Adds(entries) = &mut state.updates {
                    *entries *= times;
                }
            }
        }
    }
    small.cluster.taskmanagers /= f;
    small.network.exclusive *= f;
    small.network.max_per_channel *= f;
    let storage = &mut small.storage;
    for limit in [&mut storage.write_total, &mut storage.read_total] {
        *limit = limit.and_then(|limit| ByteRate::new((limit.get() / f as u64).max(1)));
    }
    storage.prices.per_gib_month *= times;
    storage.prices.per_1000_writes *= times;
    storage.prices.per_1000_reads *= times;
    small.cost.taskmanager_hour *= times;
    if let Some(records) = &mut small.simulation.trigger_every_records {
        *records = (*records / f as u64).max(1);
    }
    for failure in &mut small.failures.given {
        match &mut failure.target {
            Target::Task { vertex, subtask } => *subtask %= small.vertices[*vertex].parallelism,
            Target::TaskManager(lost) => *lost %= small.cluster.taskmanagers,
            Target::JobManager => {}
        }
    }
    small
}

/// Whether a vertex is large enough to lose subtasks.
fn loses(vertex: &Vertex) -> bool {
    vertex.parallelism >= 2 * LEAST
}

/// Whether all shares are the same.
fn uniform(shares: &[f64]) -> bool {
    shares
        .windows(2)
        .all(|pair| pair[0].total_cmp(&pair[1]).is_eq())
}

fn common_divisor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { common_divisor(b, a % b) }
}

fn divide(rate: &mut Rate, times: f64) {
    match rate {
        Rate::Unlimited => {}
        Rate::Constant(per_s) => *per_s /= times,
        Rate::Steps { steps, .. } => {
            for (_, per_s) in steps {
                *per_s /= times;
            }
        }
    }
}

/// Whether the busiest subtask of every keyed exchange can stay as busy as it is.
fn shares_remain(scenario: &Scenario, f: usize) -> bool {
    let large = scenario.vertices.iter().filter(|vertex| loses(vertex));
    let mut inputs = large.flat_map(|vertex| &vertex.inputs);
    inputs.all(|input| match &input.exchange {
        Exchange::Hash { shares } => fewer(shares, f).is_some(),
        _ => true,
    })
}

/// Shares of a f-th of the subtasks: the largest one has what it had, and the others the rest in proportion to the largest
/// of every f. `None` if nothing is left for them.
fn fewer(shares: &[f64], f: usize) -> Option<Vec<f64>> {
    let largest_of = |group: &[f64]| group.iter().copied().fold(0.0, f64::max);
    let mut fewer: Vec<f64> = shares.chunks(f).map(largest_of).collect();
    let (busiest, largest) = fewer
        .iter()
        .copied()
        .enumerate()
        .max_by(|a, b| a.1.total_cmp(&b.1))?;
    let own = largest * f as f64;
    let others: f64 = fewer.iter().sum::<f64>() - largest;
    if own >= 1.0 || others <= 0.0 {
        return None;
    }
    for (index, share) in fewer.iter_mut().enumerate() {
        *share = if index == busiest {
            own
        } else {
            *share * (1.0 - own) / others
        };
    }
    Some(fewer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::flow::flows;
    use crate::scenario::{built_in, load};
    use std::path::Path;

    fn production() -> Scenario {
        let loaded = load::parse(built_in::PRODUCTION, "production", Path::new(""), &[]);
        loaded.unwrap().scenario
    }

    #[test]
    fn what_a_subtask_does_stays_what_it_is() {
        let whole = production();
        let f = factor([&whole].into_iter()).unwrap();
        assert_eq!(f, 4);
        let small = shrunk(&whole, f);
        assert_eq!((small.subtasks(), small.cluster.taskmanagers), (32, 2));
        let pairs = whole.vertices.iter().zip(&small.vertices);
        for (index, (whole_vertex, vertex)) in pairs.enumerate() {
            let busiest = |scenario| flows(scenario)[index].utilisation_max();
            assert!(
                (busiest(&whole) - busiest(&small)).abs() < 1e-9,
                "{}",
                vertex.name
            );
            let state = |vertex: &Vertex| vertex.state_of(0);
            assert!(
                (state(whole_vertex) / state(vertex).max(1.0) - 1.0).abs() < 1e-6
                    || state(vertex) == 0.0
            );
        }
    }

    #[test]
    fn small_or_uneven_jobs_are_left_as_they_are() {
        assert_eq!(factor([&Scenario::default()].into_iter()), None);
        let mut uneven = production();
        uneven.vertices[1].slowness[3] = 2.0;
        assert_eq!(factor([&uneven].into_iter()), None);
        let mut odd = production();
        odd.cluster.taskmanagers = 9;
        assert_eq!(factor([&odd].into_iter()), None);
    }

    #[test]
    fn the_busiest_subtask_keeps_its_share() {
        let shares = fewer(&[0.1, 0.2, 0.3, 0.05, 0.05, 0.3], 2).unwrap();
        assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert!(shares.iter().any(|share| (share - 0.6).abs() < 1e-12));
        assert_eq!(fewer(&[0.5, 0.5, 0.0, 0.0], 2), None);
    }
}
