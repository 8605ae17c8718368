//! The question turned round: how far can an input go before an objective is missed?
//!
//! The input is made harder in steps of 5 % until an objective is missed, by doubling steps and then by halving them; where
//! it is missed already, the other way until it is met. Once with the recommended interval (or the nearest), and once with
//! the interval chosen anew at every step.

use crate::experiment::RunResult;
use crate::experiment::levers;
use crate::experiment::metric::replicate::Replication;
use crate::experiment::recommend::headroom_input::Sought;
use crate::experiment::recommend::inputs;
use crate::experiment::recommend::judge::Judgement;
use crate::experiment::recommend::result::{Headroom, Limit, Tried};
use crate::experiment::recommend::run_plan::RunPlan;
use crate::experiment::recommend::search::Site;
use crate::experiment::recommend::sensitivity::{self, Base};
use crate::experiment::recommend::setting::Setting;
use crate::experiment::run::{RunError, Wanted};
use crate::scenario::{Rate, Scenario, VertexKind};

/// One step.
const STEP: f64 = 1.05;
/// Nobody asks further: 1.05^64 is 22.
const STEPS_MAX: i32 = 64;
/// Runs of a step: all steps have the same random numbers.
const REPLICATIONS: u32 = 2;
/// Evaluations that the choice of an interval may take.
const WALK: usize = 16;

/// The last step that passes, by doubling and halving; `passes` answers for a step: 0 is as things are, more is harder.
/// `None` if not even the easiest passes.
fn last_step(mut passes: impl FnMut(i32) -> Option<bool>) -> Option<i32> {
    let forward = passes(0)?;
    let sign = if forward { 1 } else { -1 };
    let (mut inside, mut outside) = (0, None);
    let mut step = 1;
    while step <= STEPS_MAX {
        // Away from where we are: harder while it passes, easier while it does not.
        if passes(sign * step)? == forward {
            inside = step;
            step *= 2;
        } else {
            outside = Some(step);
            break;
        }
    }
    let Some(mut outside) = outside else {
        return forward.then_some(inside);
    };
    while outside - inside > 1 {
        let middle = i32::midpoint(inside, outside);
        if passes(sign * middle)? == forward {
            inside = middle;
        } else {
            outside = middle;
        }
    }
    Some(if forward { inside } else { -outside })
}

/// Finds the limit of an input from a site on. Call it inside a thread pool. If it is stopped, nothing passes.
pub(super) fn headroom<R>(
    setting: &Setting<'_>,
    run_plan: &RunPlan<'_, R>,
    (sought, site): (Sought, Site),
) -> Headroom
where
    R: Fn(Wanted<'_>) -> Result<RunResult, RunError> + Sync,
{
    let search = Search {
        setting,
        run_plan,
        sought,
        site,
    };
    let mut tried: Vec<Tried> = Vec::new();
    let mut beyond: Option<(i32, usize)> = None;
    let fixed = last_step(|step| {
        let judgement = search.judge(step)?;
        tried.push(Tried {
            factor: search.factor(step),
            excess: judgement.excess.min(f64::MAX),
            values: setting.ask.question.values(&judgement),
        });
        if let Some(worst) = judgement
            .worst
            .filter(|_| beyond.is_none_or(|(at, _)| step < at))
        {
            beyond = Some((step, worst));
        }
        Some(judgement.passes())
    });
    let best = search.with_the_best_interval();
    tried.sort_by(|a, b| a.factor.total_cmp(&b.factor));
    let scenario = &setting.branches[site.branch].scenario;
    Headroom {
        input: sought.name().to_owned(),
        more_is_harder: sought.more_is_harder(),
        now: magnitude(sought, scenario),
        fixed: Limit {
            factor: fixed.map(|step| search.factor(step)),
            interval_s: setting.rungs[site.rung],
            binds: beyond.map(|(_, objective)| objective),
        },
        best,
        tried,
    }
}

fn magnitude(sought: Sought, scenario: &Scenario) -> Option<f64> {
    match sought {
        Sought::TaskManagers => Some(scenario.cluster.taskmanagers as f64),
        Sought::Input("input rate", _) => {
            let sources = scenario
                .vertices
                .iter()
                .filter_map(|vertex| match &vertex.work {
                    VertexKind::Source(source) => Some(&source.rate),
                    VertexKind::Operator { .. } => None,
                });
            let rates = sources.map(|rate| match rate {
                Rate::Constant(per_s) => Some(*per_s),
                Rate::Steps { .. } | Rate::Unlimited => None,
            });
            rates.sum()
        }
        Sought::Input(..) => None,
    }
}

struct Search<'a, R> {
    setting: &'a Setting<'a>,
    run_plan: &'a RunPlan<'a, R>,
    sought: Sought,
    site: Site,
}

impl<R> Search<'_, R>
where
    R: Fn(Wanted<'_>) -> Result<RunResult, RunError> + Sync,
{
    fn factor(&self, step: i32) -> f64 {
        let harder = f64::from(if self.sought.more_is_harder() {
            step
        } else {
            -step
        });
        let factor = libm::pow(STEP, harder);
        match self.sought {
            Sought::Input(..) => factor,
            Sought::TaskManagers => {
                let now = self.scenario().cluster.taskmanagers as f64;
                (now * factor).ceil().max(1.0) / now
            }
        }
    }

    fn scenario(&self) -> &Scenario {
        &self.setting.branches[self.site.branch].scenario
    }

    /// The scenario at a step; `None` if it cannot be.
    fn at(&self, step: i32) -> Option<Scenario> {
        let mut scenario = self.scenario().clone();
        match self.sought {
            Sought::Input(name, _) => {
                let input = inputs::ALL.iter().find(|input| input.name == name)?;
                (input.scale)(&mut scenario, self.factor(step)).then_some(scenario)
            }
            Sought::TaskManagers => {
                let mut settings = self.setting.branches[self.site.branch].settings.clone();
                settings.extend(levers::scaled(&scenario, self.factor(step)));
                let mut scaled = self.setting.loaded.at(&settings).ok()?.scenario;
                scaled.failures.random.clone_from(&scenario.failures.random);
                Some(scaled)
            }
        }
    }

    fn evaluate(&self, changed: &Scenario, site: Site, replication: u32) -> Option<Replication> {
        let interval = self.run_plan.scenario(site).checkpointing.interval;
        let change = |scenario: &mut Scenario| {
            *scenario = changed.clone();
            scenario.checkpointing.interval = interval;
        };
        self.run_plan.evaluate(site, replication, &change)
    }

    fn judge(&self, step: i32) -> Option<Judgement> {
        let changed = self.at(step)?;
        let runs: Option<Vec<Replication>> = (0..REPLICATIONS)
            .map(|replication| self.evaluate(&changed, self.site, replication))
            .collect();
        Some(self.setting.ask.question.judge(&runs?))
    }

    /// The same, with the interval walked to from that of the step before.
    fn with_the_best_interval(&self) -> Limit {
        let question = &self.setting.ask.question;
        let mut rung = self.site.rung;
        let last = last_step(|step| {
            let changed = self.at(step)?;
            let base = Base {
                question,
                site: Site {
                    branch: self.site.branch,
                    rung,
                },
                rungs: &self.setting.rungs,
                scenario: &changed,
                budget: WALK,
            };
            let evaluate = |site, n| self.evaluate(&changed, site, n).unwrap_or_default();
            let (end, at, _) = sensitivity::walk(&base, &evaluate);
            if end.passes() {
                rung = at;
            }
            Some(end.passes())
        });
        Limit {
            factor: last.map(|step| self.factor(step)),
            interval_s: self.setting.rungs[rung],
            binds: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_step_that_passes_is_found_in_either_direction() {
        for limit in [-40, -7, -1, 0, 1, 2, 5, 30, 63] {
            let mut tried = 0;
            let found = last_step(|step| {
                tried += 1;
                Some(step <= limit)
            });
            assert_eq!(found, Some(limit));
            assert!(tried <= 14, "{tried}");
        }
        assert_eq!(last_step(|step| Some(step <= -100)), None);
        assert_eq!(last_step(|_| Some(true)), Some(64));
        assert_eq!(last_step(|_| None), None);
    }
}
