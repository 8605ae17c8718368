//! What is asked for: `recovery_p95<=3min`, `overhead<=2%`, `checkpointed<5GiB`.

use std::sync::Arc;

use crate::experiment::metric::Metric;
use crate::experiment::recommend::result::{MetricName, Objective, Relation};
use crate::scenario::diagnostic::{Diagnostic, Diagnostics, Place, SourceText};
use crate::units::parse::{self, UnitError};
use crate::units::{Bytes, SimDuration, Unit};

const RELATIONS: &[(&str, Relation)] = &[
    ("<=", Relation::AtMost),
    (">=", Relation::AtLeast),
    ("<", Relation::Below),
    (">", Relation::Above),
];

impl Relation {
    /// As it is written.
    pub fn sign(self) -> &'static str {
        match self {
            Relation::AtMost => "<=",
            Relation::Below => "<",
            Relation::AtLeast => ">=",
            Relation::Above => ">",
        }
    }

    /// Whether a value fulfils it.
    pub fn holds(self, value: f64, bound: f64) -> bool {
        match self {
            Relation::AtMost => value <= bound,
            Relation::Below => value < bound,
            Relation::AtLeast => value >= bound,
            Relation::Above => value > bound,
        }
    }

    /// Whether small values are wished.
    pub fn is_ceiling(self) -> bool {
        matches!(self, Relation::AtMost | Relation::Below)
    }
}

impl MetricName {
    /// The name of a registered metric.
    pub fn of(metric: &Metric) -> MetricName {
        MetricName {
            name: metric.name.to_owned(),
            meaning: metric.meaning.to_owned(),
            unit: metric.unit,
        }
    }
}

/// Reads all objectives; all mistakes are reported, each with a caret.
pub fn parse_all(texts: &[String]) -> Result<Vec<Objective>, Diagnostics> {
    let mut objectives = Vec::new();
    let mut problems = Vec::new();
    for text in texts {
        match parse(text) {
            Ok(objective) => objectives.push(objective),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() {
        Ok(objectives)
    } else {
        Err(Diagnostics(problems))
    }
}

/// What is minimised, unless somebody says so: what an operator pays.
pub const MINIMISED: &str = "cost_per_month";

/// Reads `--minimise METRIC`.
pub fn minimised(name: &str) -> Result<&'static Metric, Diagnostics> {
    Metric::find(name.trim()).map_err(|problem| {
        Diagnostics(vec![problem.at(Some(place(
            "--minimise",
            name,
            0..name.len(),
        )))])
    })
}

/// Reads one objective.
pub fn parse(text: &str) -> Result<Objective, Diagnostic> {
    let at = |from: usize, to: usize| Some(place("--objective", text, from..to));
    let found = text.find(['<', '>']).and_then(|start| {
        let relation = RELATIONS
            .iter()
            .find(|(sign, _)| text[start..].starts_with(sign))?;
        Some((start, relation))
    });
    let Some((start, (sign, relation))) = found else {
        let problem = Diagnostic::error(format!("`{text}` is no objective"));
        return Err(problem
            .at(at(0, text.len()))
            .help("write a metric, one of <= < >= >, and a bound: `recovery_p95<=3min`"));
    };
    let metric = Metric::find(text[..start].trim()).map_err(|problem| problem.at(at(0, start)))?;
    let after = start + sign.len();
    let bound = bound(metric, text[after..].trim()).map_err(|error| {
        let mut problem = Diagnostic::error(format!("`{}`: {}", metric.name, error.message));
        problem.help.extend(error.help);
        problem.at(at(after.min(text.len().saturating_sub(1)), text.len()))
    })?;
    Ok(Objective {
        text: text.to_owned(),
        metric: MetricName::of(metric),
        relation: *relation,
        bound,
    })
}

fn place(option: &str, text: &str, span: std::ops::Range<usize>) -> Place {
    let source = SourceText {
        name: option.to_owned(),
        text: text.to_owned(),
    };
    Place::new(Arc::new(source), span)
}

/// A bound in the base unit of the metric.
fn bound(metric: &Metric, text: &str) -> Result<f64, UnitError> {
    if text.is_empty() {
        return Err(UnitError::new("the bound is missing"));
    }
    match metric.unit {
        Unit::Time => parse::duration(text).map(SimDuration::as_secs_f64),
        Unit::Bytes => parse::size(text).map(Bytes::as_f64),
        Unit::BytesPerHour => {
            let size = text.strip_suffix("/h").ok_or_else(|| {
                UnitError::new(format!("`{text}` is no size per hour"))
                    .with_help("write for example `50 GiB/h`")
            })?;
            parse::size(size.trim()).map(Bytes::as_f64)
        }
        Unit::Share => parse::share(text),
        Unit::PerSecond | Unit::RecordsPerSecond => parse::record_rate(text),
        Unit::Money | Unit::Records | Unit::States | Unit::Plain => text
            .parse::<f64>()
            .ok()
            .filter(|number| number.is_finite())
            .ok_or_else(|| UnitError::new(format!("`{text}` is no number"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objectives_of_every_unit() {
        #[track_caller]
        fn case(text: &str, relation: Relation, bound: f64) {
            let objective = parse(text).unwrap();
            assert_eq!(
                (objective.relation, objective.bound),
                (relation, bound),
                "{text}"
            );
        }
        case("recovery_p95<=3min", Relation::AtMost, 180.0);
        case("duration_p99 <= 60 s", Relation::AtMost, 60.0);
        case("overhead<=2%", Relation::AtMost, 0.02);
        case(
            "checkpointed<5GiB",
            Relation::Below,
            5.0 * 1024.0 * 1024.0 * 1024.0,
        );
        case("throughput>=4000/s", Relation::AtLeast, 4000.0);
        case("frequency>1/min", Relation::Above, 1.0 / 60.0);
        case(
            "bytes_written_per_hour<=1GiB/h",
            Relation::AtMost,
            1024.0 * 1024.0 * 1024.0,
        );
        case("failed<=0", Relation::AtMost, 0.0);
    }

    #[test]
    fn mistakes_say_what_is_wrong_and_what_to_write() {
        let texts = [
            "recovry_p95<=3min",
            "duration_p99<=60",
            "overhead",
            "overhead<=",
            "checkpointed<5gb",
            "speed<=1",
        ];
        let problems = parse_all(&texts.map(str::to_owned)).unwrap_err();
        insta::assert_snapshot!(problems.render(false));
    }

    #[test]
    fn an_unknown_metric_to_minimise_is_refused() {
        let problems = minimised("overhed").unwrap_err();
        insta::assert_snapshot!(problems.render(false));
    }
}
