//! Discrete choices beside the interval (`--also`), each as changes to keys of the scenario.

use crate::experiment::levers;
use crate::scenario::Scenario;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics, enumerate};
use crate::scenario::load::Loaded;

/// Key that is searched in any case.
pub const INTERVAL: &str = "flink.execution.checkpointing.interval";
const UNALIGNED: &str = "flink.execution.checkpointing.unaligned.enabled";
const ALIGNED_TIMEOUT: &str = "flink.execution.checkpointing.aligned-checkpoint-timeout";
const INCREMENTAL: &str = "flink.execution.checkpointing.incremental";
const RETAINED: &str = "flink.execution.checkpointing.num-retained";
const BACKEND: &str = "flink.state.backend.type";
const BACKENDS: [&str; 2] = ["hashmap", "rocksdb"];
/// Age at which `timeout` lets barriers overtake; chosen: long against a quiet alignment, short against a stuck one.
const OVERTAKE_AFTER: &str = "30 s";
/// More combinations than this are a slip of the pen.
const BRANCHES_MAX: usize = 200;

/// One value of one axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pick {
    /// As it is shown: `unaligned`, `8`.
    pub label: String,
    /// `(path, value)` pairs to change.
    pub settings: Vec<(String, String)>,
}

/// An axis with its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Its name: `alignment`, or the path of a key.
    pub axis: String,
    /// At least one.
    pub options: Vec<Pick>,
}

/// One combination of options.
#[derive(Clone, Debug)]
pub struct Branch {
    /// Labels, one per choice.
    pub labels: Vec<String>,
    /// What they set.
    pub settings: Vec<(String, String)>,
    /// The scenario with these options and the interval that it had.
    pub scenario: Scenario,
    /// One subtask of the scenario stands for so many.
    pub fold: usize,
}

/// Reads `--also`; all mistakes are reported.
pub fn parse_all(texts: &[String], loaded: &Loaded) -> Result<Vec<Choice>, Diagnostics> {
    let mut choices: Vec<Choice> = Vec::new();
    let mut problems = Vec::new();
    for text in texts {
        match parse(text, loaded) {
            Ok(choice) => choices.push(choice),
            Err(Diagnostics(wrong)) => problems.extend(wrong),
        }
    }
    for (index, choice) in choices.iter().enumerate() {
        let twice = choices[..index]
            .iter()
            .any(|other| other.axis == choice.axis);
        if twice || choice.axis == INTERVAL {
            let why = format!("`{}` is searched already", choice.axis);
            problems.push(Diagnostic::error(why).help("name each choice once in --also"));
        }
    }
    if problems.is_empty() {
        Ok(choices)
    } else {
        Err(Diagnostics(problems))
    }
}

/// `aligned,unaligned,timeout`, `incremental`, `retained=1,3,10`, `slots=1,1.5,2`, or `path=a, b, c` as in `--vary`.
fn parse(text: &str, loaded: &Loaded) -> Result<Choice, Diagnostics> {
    let (name, values) = match text.split_once('=') {
        Some((name, values)) => (name.trim(), Some(values)),
        None => (text.trim(), None),
    };
    match (name, values) {
        ("incremental", None) => keyed(loaded, INCREMENTAL, "true, false"),
        ("retained", values) => keyed(loaded, RETAINED, values.unwrap_or("1, 3, 10")),
        ("slots", values) => slots(loaded, values.unwrap_or("1, 1.5, 2, 3")),
        (words, None) => alignments(words),
        (path, Some(values)) => keyed(loaded, path, values),
    }
}

fn keyed(loaded: &Loaded, path: &str, values: &str) -> Result<Choice, Diagnostics> {
    let axis = loaded.axis(&format!("{path}={values}"))?;
    let option = |value: &String| Pick {
        label: value.clone(),
        settings: vec![(axis.path.clone(), value.clone())],
    };
    Ok(Choice {
        axis: axis.path.clone(),
        options: axis.values.iter().map(option).collect(),
    })
}

fn alignments(words: &str) -> Result<Choice, Diagnostics> {
    let set = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let mut options = Vec::new();
    for word in words.split(',').map(str::trim) {
        let settings = match word {
            "aligned" => vec![set(UNALIGNED, "false")],
            "unaligned" => vec![set(UNALIGNED, "true"), set(ALIGNED_TIMEOUT, "0 s")],
            "timeout" => vec![set(UNALIGNED, "true"), set(ALIGNED_TIMEOUT, OVERTAKE_AFTER)],
            _ => {
                let known = [
                    "aligned",
                    "unaligned",
                    "timeout",
                    "incremental",
                    "retained",
                    "slots",
                ];
                let problem = Diagnostic::error(format!("`{word}` is no choice for --also"));
                if BACKENDS.contains(&word) {
                    return Err(Diagnostics(vec![problem.help(format!(
                        "write a key with values: --also {BACKEND}={words}"
                    ))]));
                }
                let help = format!(
                    "choices are {}, and lists as in --vary: `cluster.taskmanagers=4, 8`",
                    enumerate(&known)
                );
                return Err(Diagnostics(vec![problem.help(help)]));
            }
        };
        options.push(Pick {
            label: word.to_owned(),
            settings,
        });
    }
    Ok(Choice {
        axis: "alignment".to_owned(),
        options,
    })
}

/// Factors on the parallelism of every vertex and on the number of TaskManagers.
fn slots(loaded: &Loaded, factors: &str) -> Result<Choice, Diagnostics> {
    let scenario = &loaded.scenario;
    let mut options = Vec::new();
    for text in factors.split(',').map(str::trim) {
        let factor = text
            .parse::<f64>()
            .ok()
            .filter(|factor| *factor > 0.0 && *factor <= 100.0);
        let Some(factor) = factor else {
            let problem = Diagnostic::error(format!("`{text}` is no factor for slots"));
            return Err(Diagnostics(vec![
                problem.help("write for example `slots=1, 1.5, 2`"),
            ]));
        };
        options.push(Pick {
            label: format!("x {text}"),
            settings: levers::scaled(scenario, factor),
        });
    }
    Ok(Choice {
        axis: "slots".to_owned(),
        options,
    })
}

/// All combinations, the last choice fastest; every one passes the same checks as a file.
pub fn branches(choices: &[Choice], loaded: &Loaded) -> Result<Vec<Branch>, Diagnostics> {
    let size = choices
        .iter()
        .map(|choice| choice.options.len())
        .product::<usize>();
    if size > BRANCHES_MAX {
        let problem = Diagnostic::error(format!(
            "--also makes {size} combinations, more than {BRANCHES_MAX}"
        ));
        return Err(Diagnostics(vec![problem]));
    }
    let mut combinations: Vec<Vec<&Pick>> = vec![Vec::new()];
    for choice in choices {
        combinations = combinations
            .iter()
            .flat_map(|before| {
                let with = |option| [before.as_slice(), &[option]].concat();
                choice.options.iter().map(with)
            })
            .collect();
    }
    let mut branches = Vec::new();
    for options in combinations {
        let mut settings: Vec<(String, String)> = Vec::new();
        if loaded.scenario.checkpointing.interval.is_none() {
            settings.push((INTERVAL.to_owned(), "1 min".to_owned()));
        }
        settings.extend(options.iter().flat_map(|option| option.settings.clone()));
        branches.push(Branch {
            labels: options.iter().map(|option| option.label.clone()).collect(),
            scenario: loaded.at(&settings)?.scenario,
            settings,
            fold: 1,
        });
    }
    Ok(branches)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::sample;
    use crate::scenario::Alignment;
    use crate::units::SimDuration;

    fn made(also: &[&str]) -> Result<Vec<Branch>, Diagnostics> {
        let loaded = sample::loaded(10);
        let also: Vec<String> = also.iter().map(|text| (*text).to_owned()).collect();
        branches(&parse_all(&also, &loaded)?, &loaded)
    }

    #[test]
    fn without_choices_there_is_the_scenario() {
        let branches = made(&[]).unwrap();
        assert_eq!(branches.len(), 1);
        assert_eq!(branches[0].scenario, sample::scenario(10));
    }

    #[test]
    fn alignments_and_slots_are_combined() {
        let branches = made(&["aligned, timeout", "slots=1,1.5"]).unwrap();
        let labels: Vec<String> = branches
            .iter()
            .map(|branch| branch.labels.join(" "))
            .collect();
        assert_eq!(
            labels,
            [
                "aligned x 1",
                "aligned x 1.5",
                "timeout x 1",
                "timeout x 1.5"
            ]
        );
        let last = &branches[3].scenario;
        assert_eq!(
            last.checkpointing.alignment,
            Alignment::AlignedThenUnaligned {
                after: SimDuration::from_secs(30)
            }
        );
        assert_eq!(
            (last.vertices[1].parallelism, last.cluster.taskmanagers),
            (3, 2)
        );
    }

    #[test]
    fn mistakes_are_refused_together() {
        let problems = made(&["alined", "slots=0", "retained=1,2", "retained=3"]).unwrap_err();
        assert_eq!(problems.0.len(), 3, "{problems}");
    }
}
