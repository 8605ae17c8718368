//! Young, Daly and Jayasekara beside the answer, and why they disagree with it.

use crate::experiment::metric::MetricId;
use crate::experiment::recommend::result::{Binding, FormulaInterval, Objective};
use crate::formulas::interval::{Renewal, daly_higher_s, jayasekara_period_s, young_s};
use crate::units::SimDuration;

/// Intervals closer than this are the same answer.
const CLOSE: f64 = 1.25;

/// What the formulas know, and what they are compared with.
pub struct Beside<'a> {
    /// Processing time that one checkpoint takes from the busiest subtask, s.
    pub cost_s: Option<f64>,
    /// Mean time between failures, s.
    pub mtbf_s: Option<f64>,
    /// The recommended interval, s.
    pub chosen_s: f64,
    /// Median duration of a checkpoint at that interval, s.
    pub duration_s: Option<f64>,
    /// What is asked.
    pub objectives: &'a [Objective],
    /// What keeps the answer where it is.
    pub binding: &'a [Binding],
    /// Name of what is minimised.
    pub minimised: &'a str,
}

/// The three closed forms; without a mean time between failures they have no value.
pub fn formulas(beside: &Beside<'_>) -> Vec<FormulaInterval> {
    let law = beside
        .cost_s
        .zip(beside.mtbf_s)
        .filter(|(cost, mtbf)| *cost > 0.0 && *mtbf > 0.0);
    let law = law.map(|(cost_s, mtbf_s)| Renewal {
        cost_s,
        mtbf_s,
        restart_s: 0.0,
    });
    let row = |name: &str, formula: &str, period_s: fn(&Renewal) -> f64| FormulaInterval {
        name: name.to_owned(),
        formula: formula.to_owned(),
        interval_s: law
            .as_ref()
            .map(period_s)
            .filter(|period| period.is_finite()),
    };
    vec![
        row("Young", "sqrt(2 c M)", young_s),
        row("Daly", "sqrt(2 c M) (1 + sqrt(c/2M)/3 + c/18M)", |law| {
            daly_higher_s(law) + law.cost_s
        }),
        row(
            "Jayasekara",
            "M (1 + c/M + W(-exp(-1 - c/M)))",
            jayasekara_period_s,
        ),
    ]
}

/// Why they disagree with the answer, as sentences.
pub fn disagreement(beside: &Beside<'_>, formulas: &[FormulaInterval]) -> Vec<String> {
    let Some(jayasekara) = formulas.last().and_then(|formula| formula.interval_s) else {
        return vec![match (beside.mtbf_s, beside.cost_s) {
            (None, _) => {
                "They need the mean time between failures: give --mtbf, or [failures] in the scenario.".to_owned()
            }
            (Some(_), _) => "They need a checkpoint that costs processing time; here none was measured.".to_owned(),
        }];
    };
    let mut reasons = Vec::new();
    let above = beside
        .binding
        .iter()
        .find(|binding| binding.beyond_s > beside.chosen_s);
    if jayasekara > beside.chosen_s * CLOSE {
        reasons.push(match above {
            Some(binding) => format!(
                "They wait longer since they know no objectives: at {} `{}` is missed.",
                time(binding.beyond_s),
                beside.objectives[binding.objective].text
            ),
            None => "They wait longer: that a job with little to spare takes long to catch up is no cost in them.".to_owned(),
        });
    } else if jayasekara * CLOSE < beside.chosen_s {
        reasons.push(if beside.minimised == MetricId::CostPerMonth.name() {
            "They checkpoint more often: storage and its requests cost nothing in them.".to_owned()
        } else {
            format!(
                "They checkpoint more often since they count the work that failures repeat as a cost; here `{}` alone is \
                 minimised, as long as all objectives are met.",
                beside.minimised
            )
        });
    } else {
        reasons.push("They agree with the simulation.".to_owned());
    }
    if let (Some(cost_s), Some(duration_s), Some(mtbf_s)) =
        (beside.cost_s, beside.duration_s, beside.mtbf_s)
        // The answer of Young changes with the root.
        && duration_s > cost_s * CLOSE
    {
        let law = Renewal {
            cost_s: duration_s,
            mtbf_s,
            restart_s: 0.0,
        };
        reasons.push(format!(
            "Their cost c is the {} of processing that a checkpoint stops, as measured, not its duration of {}: with \
             that, Young would say {}.",
            time(cost_s),
            time(duration_s),
            time(young_s(&law))
        ));
    }
    reasons
}

/// A time for people, as exact as a formula deserves: `41 ms`, `1.1 s`, `42s`, `3m 38s`.
fn time(seconds: f64) -> String {
    if seconds < 0.000_995 {
        format!("{:.2} ms", seconds * 1e3)
    } else if seconds < 0.995 {
        format!("{:.0} ms", seconds * 1e3)
    } else if seconds < 9.95 {
        format!("{seconds:.1} s")
    } else {
        SimDuration::from_secs_f64(seconds.round()).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::recommend::objective::parse;

    fn beside(objectives: &[Objective], chosen_s: f64, binding: &[Binding]) -> Vec<String> {
        let beside = Beside {
            cost_s: Some(2.0),
            mtbf_s: Some(600.0),
            chosen_s,
            duration_s: Some(8.0),
            objectives,
            binding,
            minimised: "overhead",
        };
        let formulas = formulas(&beside);
        // closed forms at c = 2 s, M = 600 s
        assert!((formulas[0].interval_s.unwrap() - 48.9898).abs() < 1e-3);
        assert!((formulas[2].interval_s.unwrap() - 49.6656).abs() < 1e-3);
        disagreement(&beside, &formulas)
    }

    #[test]
    fn an_objective_is_why_the_formulas_wait_longer() {
        let objectives = [parse("recovery_p95<=1min").unwrap()];
        let binding = [Binding {
            objective: 0,
            beyond_s: 25.0,
            value: 70.0,
        }];
        let reasons = beside(&objectives, 20.0, &binding);
        assert!(
            reasons[0].contains("at 25s `recovery_p95<=1min` is missed"),
            "{reasons:?}"
        );
        // sqrt(2·8·600) = 98 s
        assert!(reasons[1].contains("1m 38s"), "{reasons:?}");
    }

    #[test]
    fn what_is_minimised_is_why_they_checkpoint_more_often() {
        assert!(beside(&[], 600.0, &[])[0].contains("`overhead` alone"));
        assert_eq!(beside(&[], 50.0, &[])[0], "They agree with the simulation.");
    }
}
