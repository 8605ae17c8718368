//! Inputs that nobody knows exactly, each as a change to a scenario: what a fifth less or more of it does.

use crate::scenario::{Exchange, FailureLaw, Rate, Scenario, Updates, VertexKind};
use crate::units::{ByteRate, Bytes};

/// An input.
pub struct Input {
    /// In words.
    pub name: &'static str,
    /// Multiplies it; `false` if the scenario has no such input.
    pub scale: fn(&mut Scenario, f64) -> bool,
}

/// All inputs.
pub const ALL: &[Input] = &[
    Input {
        name: "input rate",
        scale: rate,
    },
    Input {
        name: "state size",
        scale: state_size,
    },
    Input {
        name: "dirty rate",
        scale: dirty,
    },
    Input {
        name: "write bandwidth",
        scale: write,
    },
    Input {
        name: "read bandwidth",
        scale: read,
    },
    Input {
        name: "skew",
        scale: skew,
    },
    Input {
        name: "slow subtasks",
        scale: slowness,
    },
    Input {
        name: "time between failures",
        scale: mtbf,
    },
];

fn rate(scenario: &mut Scenario, factor: f64) -> bool {
    let mut any = false;
    for vertex in &mut scenario.vertices {
        if let VertexKind::Source(source) = &mut vertex.work {
            match &mut source.rate {
                Rate::Unlimited => {}
                Rate::Constant(rate) => {
                    *rate *= factor;
                    any = true;
                }
                Rate::Steps { steps, .. } => {
                    for (_, rate) in steps {
                        *rate *= factor;
                    }
                    any = true;
                }
            }
        }
    }
    any
}

fn state_size(scenario: &mut Scenario, factor: f64) -> bool {
    let mut any = false;
    for state in scenario
        .vertices
        .iter_mut()
        .filter_map(|vertex| vertex.state.as_mut())
    {
        state.size = Bytes::new((state.size.as_f64() * factor) as u64);
        any |= state.size > Bytes::ZERO;
    }
    any
}

fn dirty(scenario: &mut Scenario, factor: f64) -> bool {
    let mut any = false;
    for state in scenario
        .vertices
        .iter_mut()
        .filter_map(|vertex| vertex.state.as_mut())
    {
        let (Updates::PerSecond(share) | Updates::PerRecord(share) | Updates::Adds(share)) =
            &mut state.updates;
        *share *= factor;
        any |= *share > 0.0;
    }
    any
}

fn write(scenario: &mut Scenario, factor: f64) -> bool {
    let storage = &mut scenario.storage;
    bandwidths(
        [
            &mut storage.write_per_stream,
            &mut storage.write_per_taskmanager,
            &mut storage.write_total,
        ],
        factor,
    )
}

fn read(scenario: &mut Scenario, factor: f64) -> bool {
    let storage = &mut scenario.storage;
    bandwidths(
        [
            &mut storage.read_per_stream,
            &mut storage.read_per_taskmanager,
            &mut storage.read_total,
        ],
        factor,
    )
}

fn bandwidths(limits: [&mut Option<ByteRate>; 3], factor: f64) -> bool {
    let mut any = false;
    for rate in limits.into_iter().flatten() {
        if let Some(scaled) = ByteRate::new((rate.as_f64() * factor) as u64) {
            *rate = scaled;
            any = true;
        }
    }
    any
}

/// The heaviest share of every uneven hash exchange; the others make room.
fn skew(scenario: &mut Scenario, factor: f64) -> bool {
    let mut any = false;
    let inputs = scenario
        .vertices
        .iter_mut()
        .flat_map(|vertex| &mut vertex.inputs);
    for input in inputs {
        let Exchange::Hash { shares } = &mut input.exchange else {
            continue;
        };
        let heaviest = shares.iter().copied().fold(0.0, f64::max);
        if heaviest * shares.len() as f64 <= 1.001 || heaviest >= 1.0 {
            continue;
        }
        let new = (heaviest * factor).min(0.999);
        let mut found = false;
        for share in shares.iter_mut() {
            if !found && (*share - heaviest).abs() < f64::EPSILON {
                *share = new;
                found = true;
            } else {
                *share *= (1.0 - new) / (1.0 - heaviest);
            }
        }
        any = true;
    }
    any
}

/// What slow subtasks are slower than the others.
fn slowness(scenario: &mut Scenario, factor: f64) -> bool {
    let mut any = false;
    for slow in scenario
        .vertices
        .iter_mut()
        .flat_map(|vertex| &mut vertex.slowness)
    {
        if *slow > 1.0 {
            *slow = 1.0 + (*slow - 1.0) * factor;
            any = true;
        }
    }
    any
}

fn mtbf(scenario: &mut Scenario, factor: f64) -> bool {
    let Some(random) = &mut scenario.failures.random else {
        return false;
    };
    match &mut random.law {
        FailureLaw::Exponential { mtbf } | FailureLaw::Weibull { mtbf, .. } => {
            *mtbf = mtbf.scale(factor);
        }
        FailureLaw::Trace(times) => {
            for at in times {
                *at = at.scale(factor);
            }
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::sample;

    #[test]
    fn inputs_that_a_scenario_does_not_have_are_left_out() {
        let scenario = sample::scenario(10);
        let has = |input: &&Input| (input.scale)(&mut scenario.clone(), 1.2);
        let names: Vec<&str> = ALL.iter().filter(has).map(|input| input.name).collect();
        assert_eq!(
            names,
            [
                "input rate",
                "state size",
                "write bandwidth",
                "read bandwidth"
            ]
        );
    }

    #[test]
    fn a_hot_subtask_takes_from_the_others() {
        let mut scenario = sample::scenario(10);
        scenario.vertices[1].inputs[0].exchange = Exchange::Hash {
            shares: vec![0.6, 0.4],
        };
        assert!(skew(&mut scenario, 1.2));
        let Exchange::Hash { shares } = &scenario.vertices[1].inputs[0].exchange else {
            panic!("it was a hash exchange");
        };
        assert!((shares[0] - 0.72).abs() < 1e-12 && (shares[1] - 0.28).abs() < 1e-12);
    }
}
