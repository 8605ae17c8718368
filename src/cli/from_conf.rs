//! A scenario of a configuration: the example job with the options that matter here, and the names of all others.

use std::path::Path;

use crate::cli::console::Console;
use crate::render::number::counted;
use crate::scenario::conf::LAST_OF_1;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::scenario::flink_conf::{self, Conf, Entry};
use crate::scenario::flink_options::{self, Lookup};
use crate::scenario::{input_file, load};

const JOB: &str = include_str!("templates/from-conf.toml");

/// Reads a configuration, or whatever holds one; `-` is standard input.
pub fn read(config: &Path) -> Result<Conf, Diagnostics> {
    let (name, text) = if config == Path::new("-") {
        ("standard input".to_owned(), input_file::stdin())
    } else {
        (config.display().to_string(), input_file::text(config))
    };
    let text = text.map_err(|error| {
        Diagnostics(vec![Diagnostic::error(format!(
            "cannot read {name}: {error}"
        ))])
    })?;
    flink_conf::read(&name, &text).map_err(|problem| Diagnostics(vec![problem]))
}

/// Says on the terminal what was not taken over, and gives the scenario.
pub fn scenario(config: &Path, console: Console) -> Result<String, Diagnostics> {
    let conf = read(config)?;
    let name = conf.name().to_owned();
    let taken = Taken::of(&conf)?;
    if console.is_talkative() {
        let refused = taken.refused.into_iter();
        console.diagnostics(&Diagnostics(
            taken.said.into_iter().chain(refused).collect(),
        ));
        console.note(&format!(
            "{} of {name} taken over, {} not{}",
            counted(taken.used, "option"),
            taken.left_out,
            match (&conf.facts.version, conf.facts.is_old) {
                (None, true) => format!("; Flink {LAST_OF_1} is assumed"),
                _ => String::new(),
            },
        ));
    }
    Ok(taken.text)
}

/// A scenario made of a configuration.
pub struct Taken {
    /// The scenario.
    pub text: String,
    /// Options that are in it, and that are not.
    pub used: usize,
    pub left_out: usize,
    /// What is to be said about the others.
    pub said: Vec<Diagnostic>,
    /// Options whose values are not accepted, at the user's own lines.
    pub refused: Vec<Diagnostic>,
}

/// An option that is used: its line of the scenario, or why it has none.
struct Line<'c> {
    entry: &'c Entry,
    /// Its present key.
    key: &'static str,
    /// How far down the list of older keys it was.
    age: usize,
    refused: Option<Diagnostic>,
}

impl Taken {
    /// Takes over what makes a valid scenario.
    pub fn of(conf: &Conf) -> Result<Taken, Diagnostics> {
        let mut said = conf.remarks.clone();
        let mut lines = used(conf, &mut said);
        let rest = rest(conf, &mut said);
        let text = loop {
            let text = write(conf, &lines, &rest);
            let Err(problems) = load::parse(&text, "scenario", Path::new(""), &[]) else {
                break text;
            };
            // Each round takes out a line at least.
            if !refuse(&text, &mut lines, &problems) {
                return Err(problems);
            }
        };
        let refused = lines.iter().filter_map(|line| {
            let problem = line.refused.as_ref()?;
            Some(Diagnostic {
                severity: Severity::Warning,
                message: format!("`{}` is left out: {}", line.entry.key, problem.message),
                place: Some(conf.place(line.entry.line)),
                ..problem.clone()
            })
        });
        let refused = refused.collect();
        let used = lines.iter().filter(|line| line.refused.is_none()).count();
        Ok(Taken {
            text,
            used,
            left_out: conf.entries.len() - used,
            said,
            refused,
        })
    }
}

/// The options that are used, each once: of several spellings Flink takes the newest.
fn used<'c>(conf: &'c Conf, said: &mut Vec<Diagnostic>) -> Vec<Line<'c>> {
    let mut lines: Vec<Line<'c>> = Vec::new();
    for entry in &conf.entries {
        let (Lookup::Known(option) | Lookup::Older(option)) = flink_options::lookup(&entry.key)
        else {
            continue;
        };
        if !option.role.is_used() {
            continue;
        }
        let line = Line {
            entry,
            key: option.key,
            age: option.age(&entry.key),
            refused: None,
        };
        match lines.iter_mut().find(|other| other.key == line.key) {
            None => lines.push(line),
            Some(other) => {
                let (holds, shadowed) = if line.age < other.age {
                    (line.entry, std::mem::replace(other, line).entry)
                } else {
                    (other.entry, entry)
                };
                let message = format!(
                    "`{}` holds, not its older spelling `{}`",
                    holds.key, shadowed.key
                );
                said.push(Diagnostic::note(message).at(Some(conf.place(shadowed.line))));
            }
        }
    }
    lines
}

/// Names of what is not taken over, as comments, and said.
fn rest(conf: &Conf, said: &mut Vec<Diagnostic>) -> String {
    let (mut costly, mut harmless, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
    for entry in &conf.entries {
        let key = &entry.key;
        match flink_options::lookup(key) {
            Lookup::Unknown(meant) => unknown.push((entry, meant)),
            _ if flink_options::is_used(key) => {}
            _ => match flink_options::cost(key) {
                Some(reason) => costly.push((key, reason)),
                None => harmless.push(key.as_str()),
            },
        }
    }
    let mut text = Vec::new();
    if !costly.is_empty() {
        text.push("\n# Change the cost in Flink and are not simulated:".to_owned());
        let lines = costly
            .iter()
            .map(|(key, reason)| format!("#   {key}: {reason}"));
        text.extend(lines);
        let names: Vec<&str> = costly.iter().map(|(key, _)| key.as_str()).collect();
        let message = "changes the cost in Flink and is not simulated: ";
        said.push(Diagnostic::note(format!("{message}{}", names.join(", "))));
    }
    if !harmless.is_empty() {
        text.push("\n# Without effect on the simulation:".to_owned());
        text.extend(harmless.iter().map(|key| format!("#   {key}")));
        said.push(Diagnostic::note(format!(
            "without effect on the simulation: {}",
            harmless.join(", ")
        )));
    }
    if !unknown.is_empty() {
        text.push("\n# No options of Flink, which ignores them:".to_owned());
    }
    for (entry, meant) in unknown {
        let key = &entry.key;
        let hint = meant.map(|meant| format!("did you mean `{meant}`?"));
        text.push(match &hint {
            Some(hint) => format!("#   {key}; {hint}"),
            None => format!("#   {key}"),
        });
        let message = flink_options::ignored(key);
        let mut warning = Diagnostic::warning(message).at(Some(conf.place(entry.line)));
        warning.help.extend(hint);
        said.push(warning);
    }
    if !conf.remarks.is_empty() {
        text.push("\n# Remarks on the file:".to_owned());
    }
    let remarks = conf.remarks.iter();
    text.extend(remarks.map(|remark| format!("#   {}", one_line(&remark.message))));
    text.push(String::new());
    text.join("\n")
}

fn write(conf: &Conf, lines: &[Line<'_>], rest: &str) -> String {
    let written = lines.iter().map(|line| {
        let value = toml::Value::from(line.entry.value.as_str());
        let option = format!("{} = {value}", line.key);
        if let Some(problem) = &line.refused {
            let (option, why) = (one_line(&option), one_line(&problem.message));
            return format!("# {option}\n#   left out: {why}\n");
        }
        format!("{option} # {}\n", effect(line.key))
    });
    let written: String = written.collect();
    format!("{}[flink]\n{written}{rest}", job(conf, lines))
}

fn effect(key: &str) -> &'static str {
    match flink_options::lookup(key) {
        Lookup::Known(option) | Lookup::Older(option) => option.effect,
        Lookup::Foreign | Lookup::Unknown(_) => "",
    }
}

/// The example, of the Flink that reads such a file; its vertices have the parallelism of the configuration, and its
/// cluster as many TaskManagers as they need.
fn job(conf: &Conf, lines: &[Line<'_>]) -> String {
    let given = |key: &str| {
        let line = lines
            .iter()
            .find(|line| line.key == key && line.refused.is_none());
        line.and_then(|line| line.entry.value.trim().parse::<u64>().ok())
    };
    let parallelism = given("parallelism.default");
    let mut text: Vec<String> = Vec::new();
    for line in JOB.lines() {
        if parallelism.is_none() || !line.starts_with("parallelism = ") {
            text.push(line.to_owned());
        }
        let version = match &conf.facts.version {
            Some((version, from)) => Some((version.as_str(), *from)),
            None if conf.facts.is_old => {
                Some((LAST_OF_1, "assumed: flink-conf.yaml is a file of Flink 1.x"))
            }
            None => None,
        };
        if let Some((version, why)) = version.filter(|_| line == "[job]") {
            text.push(format!("flink-version = \"{version}\" # {why}"));
        }
    }
    let slots = given("taskmanager.numberOfTaskSlots");
    let needed = parallelism.zip(slots.filter(|slots| *slots > 0));
    let needed = needed.map(|(parallelism, slots)| parallelism.div_ceil(slots).max(1));
    let replicas = conf.facts.taskmanagers.map(u64::from);
    // Fewer than the example needs would be no scenario.
    let replicas = replicas.filter(|replicas| needed.is_none_or(|needed| *replicas >= needed));
    let cluster = match (replicas, needed) {
        (Some(replicas), _) => Some((replicas, "spec.taskManager.replicas")),
        (None, Some(needed)) => Some((
            needed,
            "parallelism.default / taskmanager.numberOfTaskSlots",
        )),
        (None, None) => None,
    };
    if let Some((taskmanagers, why)) = cluster {
        text.push(format!(
            "[cluster]\ntaskmanagers = {taskmanagers} # {why}\n"
        ));
    }
    text.join("\n") + "\n"
}

/// Takes out the lines that make the scenario invalid; false if there are none.
fn refuse(text: &str, lines: &mut [Line<'_>], problems: &Diagnostics) -> bool {
    let mut any = false;
    for problem in problems
        .0
        .iter()
        .filter(|problem| problem.severity == Severity::Error)
    {
        let Some(place) = &problem.place else {
            continue;
        };
        let (number, _) = place.line_column();
        let written = text.lines().nth(number - 1).unwrap_or_default();
        let line = lines.iter_mut().find(|line| {
            line.refused.is_none() && written.starts_with(&format!("{} = ", line.key))
        });
        if let Some(line) = line {
            line.refused = Some(problem.clone());
            any = true;
        }
    }
    any
}

/// A comment must not end early.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn taken(name: &str, text: &str) -> Taken {
        Taken::of(&flink_conf::read(name, text).unwrap()).unwrap()
    }

    #[track_caller]
    fn loaded(taken: &Taken) -> load::Loaded {
        load::parse(&taken.text, "scenario", Path::new(""), &[]).unwrap()
    }

    #[test]
    fn options_that_matter_are_taken_over_and_others_are_named() {
        let yaml = "state.backend: rocksdb\nrest.port: 8081\ns3.secret-key: hunter2\nexecution:\n  checkpointing:\n    interval: 3 min\n    intervall: 1\n    snapshot-compression: true\n";
        let taken = taken("config.yaml", yaml);
        let options = taken.text.split_once("[flink]").unwrap().1;
        insta::assert_snapshot!(options);
        assert_eq!((taken.used, taken.left_out), (2, 4));
        insta::assert_snapshot!(Diagnostics(taken.said.clone()).render(false));
        let interval = loaded(&taken).scenario.checkpointing.interval.unwrap();
        assert_eq!(interval.as_millis(), 180_000);
    }

    #[test]
    fn a_value_that_is_refused_is_told_at_the_users_line_and_the_others_are_taken_over() {
        let yaml = "# mine\nstate.backend.type: forst\nexecution.checkpointing.interval: 180s\n";
        let taken = taken("config.yaml", yaml);
        let [refused] = taken.refused.as_slice() else {
            panic!("{:?}", taken.refused)
        };
        let place = refused.place.as_ref().unwrap();
        assert_eq!(
            (place.source.name.as_str(), place.line_column()),
            ("config.yaml", (2, 1))
        );
        assert!(
            taken
                .text
                .contains("# state.backend.type = \"forst\"\n#   left out: ")
        );
        assert_eq!(
            loaded(&taken)
                .scenario
                .checkpointing
                .interval
                .unwrap()
                .as_millis(),
            180_000
        );
    }

    #[test]
    fn the_present_spelling_wins_over_older_ones_wherever_it_stands() {
        for yaml in [
            "state.backend: hashmap\nstate.backend.type: rocksdb\n",
            "state.backend.type: rocksdb\nstate.backend: hashmap\n",
        ] {
            let taken = taken("config.yaml", yaml);
            assert!(
                taken.text.contains("state.backend.type = \"rocksdb\""),
                "{}",
                taken.text
            );
            assert_eq!(taken.said.len(), 1);
        }
    }

    #[test]
    fn the_example_has_the_parallelism_and_the_slots_of_the_configuration() {
        let taken = taken(
            "config.yaml",
            "parallelism.default: 8\ntaskmanager.numberOfTaskSlots: 4\n",
        );
        let scenario = loaded(&taken).scenario;
        assert_eq!(
            (scenario.subtasks(), scenario.cluster.taskmanagers),
            (16, 2)
        );
    }

    #[test]
    fn flink_conf_yaml_makes_a_scenario_of_flink_1() {
        let taken = taken(
            "flink-conf.yaml",
            "taskmanager.network.memory.buffers-per-channel: 4\n",
        );
        assert!(taken.text.contains("flink-version = \"1.20\""));
        assert_eq!(loaded(&taken).scenario.network.exclusive, 4);
    }
}
