//! The answer sentence, what it rests on, and the table of candidates.

use crate::experiment::metric::MetricId;
use crate::experiment::recommend::remedy;
use crate::experiment::recommend::search::EQUAL;
use crate::experiment::recommend::{Candidate, LeverEffect, Limit, Objective, Recommendation};
use crate::render::number::{MISSING, Unit, counted};
use crate::render::recommend::tables::{candidates, cell, interval, sensitivity, time};
use crate::render::table::{WEIGHED_BY, hanging, item as line_item};

/// Width of the names on the left.
const INDENT: usize = 13;

/// A miss larger than this stands for a value that does not exist.
const EXCESS_MAX: f64 = 1e300;
/// Costs that differ by less than this share are the same.
const SAME: f64 = 0.005;

/// Everything about a recommendation, in lines of at most `width` characters.
pub fn text(recommendation: &Recommendation, width: usize) -> String {
    let item = |name: &str, sentence: &str| hanging(name, sentence, INDENT, width);
    let mut lines = vec![
        hanging("", &answer(recommendation), 0, width),
        String::new(),
    ];
    for (name, sentences) in because(recommendation) {
        for (index, sentence) in sentences.iter().enumerate() {
            lines.push(item(if index == 0 { name } else { "" }, sentence));
        }
    }
    lines.push(String::new());
    lines.push(candidates(recommendation).text(width));
    if !recommendation.sensitivity.is_empty() {
        lines.push(sensitivity(recommendation).text(width));
    }
    for change in &recommendation.changes {
        let old = change.old.as_deref().unwrap_or("not set");
        lines.push(item(
            "Change",
            &format!("{}: {old} -> {}", change.key, change.new),
        ));
    }
    for note in &recommendation.notes {
        lines.push(item("Note", note));
    }
    let runs = counted(
        usize::try_from(recommendation.runs).unwrap_or(usize::MAX),
        "run",
    );
    lines.push(item(
        "Effort",
        &format!("{runs} of at most {}", recommendation.budget),
    ));
    lines.join("\n") + "\n"
}

/// What the answer rests on: a name, and the sentences about it, if there are any.
pub fn because(recommendation: &Recommendation) -> [(&'static str, Vec<String>); 11] {
    [
        ("Cost", cost(recommendation)),
        ("Time", time_budget(recommendation)),
        ("Apart", apart(recommendation)),
        ("Levers", levers(recommendation)),
        ("Headroom", headroom(recommendation)),
        ("Range", range(recommendation)),
        ("Binds", binds(recommendation)),
        ("Runner-up", runner_up(recommendation)),
        ("In use", current(recommendation)),
        ("Formulas", formulas(recommendation)),
        ("Retention", retention(recommendation)),
    ]
}

/// `Checkpoint every 90 s, unaligned: overhead 0.21 %; all objectives are met.`
pub fn answer(recommendation: &Recommendation) -> String {
    let minimised = &recommendation.minimised;
    if let Some(chosen) = recommendation
        .chosen
        .map(|index| &recommendation.candidates[index])
    {
        let cost = chosen.metrics.get(&minimised.name).map_or_else(
            || MISSING.to_owned(),
            |estimate| minimised.unit.with_interval(estimate),
        );
        let objectives = match recommendation.objectives.len() {
            0 => "no objective was given".to_owned(),
            1 => "the objective is met".to_owned(),
            2 => "both objectives are met".to_owned(),
            n => format!("all {n} objectives are met"),
        };
        return format!(
            "Checkpoint every {}: {} {cost}, {objectives}.",
            name(chosen),
            minimised.name
        );
    }
    let Some(nearest) = &recommendation.nearest else {
        return "No configuration can be recommended: what is minimised or asked for has no value in any of them."
            .to_owned();
    };
    let candidate = &recommendation.candidates[nearest.candidate];
    let objective = &recommendation.objectives[nearest.objective];
    if nearest.excess > EXCESS_MAX {
        return format!(
            "No configuration can be judged: {} has no value in any run, so that nobody knows whether `{}` is met.",
            objective.metric.name, objective.text
        );
    }
    format!(
        "None of the {} configurations that were tried meets all objectives. Nearest is {}: it misses `{}` by {} ({}).",
        recommendation.candidates.len(),
        name(candidate),
        objective.text,
        Unit::Share.text(nearest.excess),
        measured(candidate, objective)
    )
}

/// Metrics of the focus with their labels: `rework 3.4, outage 12`; nothing if one is unknown.
fn listed(recommendation: &Recommendation, ids: &[MetricId]) -> Option<String> {
    let candidate = recommendation.focus()?;
    let text = |id: &MetricId| {
        let metric = id.metric();
        let value = candidate.metrics.get(metric.name)?.value;
        Some(format!("{} {}", metric.label, metric.unit.text(value)))
    };
    let texts: Option<Vec<String>> = ids.iter().map(text).collect();
    texts.map(|texts| texts.join(", "))
}

/// What an operator pays, in parts.
fn cost(recommendation: &Recommendation) -> Vec<String> {
    use MetricId::{
        CostCatchUp, CostOutage, CostOverhead, CostPerMonth, CostRework, MoneyPerMonth,
    };
    let total = listed(recommendation, &[CostPerMonth]);
    let parts = listed(
        recommendation,
        &[CostOverhead, CostRework, CostCatchUp, CostOutage],
    );
    let storage = recommendation
        .focus()
        .and_then(|candidate| candidate.metrics.get(MoneyPerMonth.name()))
        .map(|estimate| {
            let storage = MoneyPerMonth.metric().unit.text(estimate.value);
            format!(", {} {storage}", line_item(MoneyPerMonth))
        });
    let both = total.zip(parts);
    let sentence = both.map(|(total, parts)| {
        format!(
            "{total}: {parts}{} ({WEIGHED_BY})",
            storage.unwrap_or_default()
        )
    });
    sentence.into_iter().collect()
}

/// Where the time goes.
fn time_budget(recommendation: &Recommendation) -> Vec<String> {
    use MetricId::{Efficiency, TimeCatchUp, TimeOutage, TimeOverhead, TimeRework};
    let parts = [
        Efficiency,
        TimeOverhead,
        TimeRework,
        TimeCatchUp,
        TimeOutage,
    ];
    listed(recommendation, &parts).into_iter().collect()
}

/// What a missed objective consists of.
fn apart(recommendation: &Recommendation) -> Vec<String> {
    let Some(nearest) = &recommendation.nearest else {
        return Vec::new();
    };
    let missed = &recommendation.objectives[nearest.objective].metric.name;
    let parts = remedy::parts(missed);
    if parts.is_empty() {
        return Vec::new();
    }
    let listed = listed(recommendation, parts);
    listed
        .map(|parts| format!("{missed} consists of {parts}"))
        .into_iter()
        .collect()
}

/// What would help.
fn levers(recommendation: &Recommendation) -> Vec<String> {
    let (Some(nearest), Some(remedy)) = (&recommendation.nearest, &recommendation.remedy) else {
        return Vec::new();
    };
    let unit = recommendation.objectives[nearest.objective].metric.unit;
    let value = |effect: &LeverEffect| {
        let value = effect
            .value
            .map_or_else(|| MISSING.to_owned(), |value| unit.text(value));
        format!("{}: {value}", effect.name)
    };
    let each = remedy.levers.iter().map(value).collect::<Vec<String>>();
    let mut sentences = vec![format!("alone: {}", each.join("; "))];
    sentences.push(match &remedy.passes {
        Some(all) => {
            let keys = all
                .settings
                .iter()
                .map(|(key, value)| format!("{key} = {value}"));
            let keys = keys.collect::<Vec<String>>().join(", ");
            format!("all objectives are met with {} ({keys})", value(all))
        }
        None => "no set of them meets all objectives".to_owned(),
    });
    sentences
}

/// How far an input can go.
fn headroom(recommendation: &Recommendation) -> Vec<String> {
    let Some(found) = &recommendation.headroom else {
        return Vec::new();
    };
    let limit = |limit: &Limit| {
        let Some(factor) = limit.factor else {
            return format!(
                "every {}: no size of {} passes",
                interval(limit.interval_s),
                found.input
            );
        };
        let size = found.now.map_or_else(String::new, |now| {
            format!(" ({})", Unit::Plain.text(now * factor))
        });
        let binds = limit.binds.map_or_else(String::new, |objective| {
            format!(
                ", then `{}` is missed",
                recommendation.objectives[objective].text
            )
        });
        format!(
            "every {}: {} x {factor:.2}{size}{binds}",
            interval(limit.interval_s),
            found.input
        )
    };
    let end = if found.more_is_harder {
        "at most"
    } else {
        "at least"
    };
    let best = if found.best == found.fixed {
        "no other interval goes further".to_owned()
    } else {
        format!("with the best interval {}", limit(&found.best))
    };
    vec![format!("{end}, {}", limit(&found.fixed)), best]
}

fn range(recommendation: &Recommendation) -> Vec<String> {
    let Some(range) = recommendation.range else {
        return Vec::new();
    };
    let end = |seconds: f64, open: bool| {
        format!(
            "{}{}",
            interval(seconds),
            if open { " (end of the search)" } else { "" }
        )
    };
    if (range.from_s - range.to_s).abs() < 1e-9 {
        return vec!["no interval that was tried beside it passes".to_owned()];
    }
    vec![format!(
        "{} to {} also pass",
        end(range.from_s, range.open_below),
        end(range.to_s, range.open_above)
    )]
}

fn binds(recommendation: &Recommendation) -> Vec<String> {
    if recommendation.chosen.is_none() {
        return Vec::new();
    }
    if recommendation.binding.is_empty() {
        return vec![
            "no objective: nothing that was tried is excluded beside the range".to_owned(),
        ];
    }
    recommendation
        .binding
        .iter()
        .map(|binding| {
            let objective = &recommendation.objectives[binding.objective];
            let value = objective.metric.unit.text(binding.value);
            format!(
                "`{}`: {value} at {}",
                objective.text,
                interval(binding.beyond_s)
            )
        })
        .collect()
}

fn runner_up(recommendation: &Recommendation) -> Vec<String> {
    let Some(second) = &recommendation.runner_up else {
        return Vec::new();
    };
    let metric = &recommendation.minimised;
    let candidate = &recommendation.candidates[second.candidate];
    let cost = candidate
        .metrics
        .get(&metric.name)
        .map_or(0.0, |cost| cost.value);
    let by = second.difference.as_ref().map(|difference| {
        if difference.value.abs() < SAME * cost.abs() {
            return format!(": the same {}", metric.name);
        }
        let size = metric.unit.text(difference.value.abs());
        let more = if difference.value >= 0.0 {
            "more"
        } else if difference.value.abs() <= EQUAL * cost.abs() {
            "less, which is as good"
        } else {
            "less, but its objectives are met less surely"
        };
        let between = difference.low <= 0.0 && difference.high >= 0.0;
        let verdict = if between { " (no evidence)" } else { "" };
        format!(": {size} {} {more}{verdict}", metric.name)
    });
    vec![format!("{}{}", name(candidate), by.unwrap_or_default())]
}

fn current(recommendation: &Recommendation) -> Vec<String> {
    let Some(index) = recommendation.current else {
        return Vec::new();
    };
    if recommendation.chosen == Some(index) {
        return vec!["this is the configuration in use".to_owned()];
    }
    let current = &recommendation.candidates[index];
    let unit = recommendation.minimised.unit;
    let cost = current.metrics.get(&recommendation.minimised.name);
    let cost = cost.map_or_else(|| MISSING.to_owned(), |estimate| unit.text(estimate.value));
    let verdict = if current.feasible {
        "passes"
    } else {
        "misses an objective"
    };
    vec![format!(
        "{}: {} {cost}, {verdict}",
        name(current),
        recommendation.minimised.name
    )]
}

fn formulas(recommendation: &Recommendation) -> Vec<String> {
    let values = recommendation.formulas.iter().map(|formula| {
        let seconds = formula.interval_s;
        let value = seconds.map_or_else(|| MISSING.to_owned(), |value| Unit::Time.text(value));
        format!("{} {value}", formula.name)
    });
    let values = values.collect::<Vec<String>>().join(", ");
    [values]
        .into_iter()
        .chain(recommendation.disagreement.iter().cloned())
        .collect()
}

fn retention(recommendation: &Recommendation) -> Vec<String> {
    let Some(retention) = recommendation.retention else {
        return Vec::new();
    };
    vec![format!(
        "to reach back {}, keep {} checkpoints (the present number reaches back {})",
        time(retention.wish_s),
        retention.retained,
        time(retention.present_s)
    )]
}

/// `2 min, unaligned`.
pub fn name(candidate: &Candidate) -> String {
    let labels: Vec<&str> = candidate
        .coordinates
        .iter()
        .map(|at| at.label.as_str())
        .collect();
    labels.join(", ")
}

fn measured(candidate: &Candidate, objective: &Objective) -> String {
    let value = cell(candidate, &objective.metric.name, objective.metric.unit).text();
    format!("{} is {value}", objective.metric.name)
}

#[cfg(test)]
mod tests;
