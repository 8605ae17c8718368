//! `[flink]` and `config.yaml`: which options were given, under which key, with which value.

use std::collections::BTreeMap;

use crate::scenario::diagnostic::did_you_mean;
use crate::scenario::flink_names;
use crate::scenario::flink_options::{self, FlinkOption, Lookup, Role};
use crate::scenario::key_path::KeyPath;
use crate::scenario::keys::option::{Given, Opt, OptionKind};
use crate::scenario::resolve::problems::Problems;

/// More options than this are no configuration.
const OPTIONS_MAX: usize = 2_000;

/// Flink's version, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FlinkVersion {
    /// 1 or 2.
    pub major: u32,
    /// Minor version.
    pub minor: u32,
}

/// The options that were given and whose values are of the right type.
pub struct FlinkOptions {
    given: BTreeMap<&'static str, Candidate>,
}

struct Candidate {
    text: String,
    path: KeyPath,
    /// How far down the list of older keys it was; 0 = the present key.
    age: usize,
}

impl FlinkOptions {
    /// Reads all options; reports misspelt keys, wrong values, older keys and options without effect.
    pub fn read(version: FlinkVersion, problems: &mut Problems<'_>) -> FlinkOptions {
        let mut given = BTreeMap::new();
        let mut foreign = Vec::new();
        if problems.document().flink().count() > OPTIONS_MAX {
            problems.key_error(
                &KeyPath::top("flink"),
                format!("more than {OPTIONS_MAX} options"),
            );
        }
        for (key, value) in problems.document().flink().take(OPTIONS_MAX) {
            let path = KeyPath::flink(key);
            let text = text_of(value);
            match flink_options::lookup(key) {
                Lookup::Known(option) => {
                    outside(key, &path, version, problems);
                    let candidate = Candidate { text, path, age: 0 };
                    accept(&mut given, &option, candidate, version, problems);
                }
                Lookup::Older(option) => {
                    let age = option.age(key);
                    let candidate = Candidate {
                        text,
                        path: path.clone(),
                        age,
                    };
                    accept(&mut given, &option, candidate, version, problems);
                    problems.note(
                        &path,
                        format!("`{key}` is an older name of `{}`", option.key),
                    );
                }
                Lookup::Foreign => foreign.push((key.clone(), path)),
                Lookup::Unknown(meant) => {
                    let help = meant.map_or_else(
                        || "what is not Flink's own stands in [job], [cluster], [storage] or [simulation]".to_owned(),
                        did_you_mean,
                    );
                    let mut error =
                        problems.key_error(&path, format!("Flink has no option `{key}`"));
                    error.label("no such option").help(help);
                }
            }
        }
        for (key, path) in foreign {
            let mut note = problems.note(&path, flink_options::not_simulated(&key));
            if let Some(when) = flink_names::outside(&key, (version.major, version.minor)) {
                note.help(when);
            }
        }
        FlinkOptions { given }
    }

    /// Whether an option was given.
    pub fn has<K>(&self, option: &Opt<K>) -> bool {
        self.given.contains_key(option.key)
    }

    /// Where an option was given; its present key if it was not.
    pub fn path<K>(&self, option: &Opt<K>) -> KeyPath {
        self.given
            .get(option.key)
            .map_or_else(|| KeyPath::flink(option.key), |given| given.path.clone())
    }

    /// The value of an option, if it was given; one beyond a limit is reported. Flink's default may be beyond them: then it
    /// stands for no value, as -1 does.
    pub fn given<K: OptionKind>(
        &self,
        option: &Opt<K>,
        problems: &mut Problems<'_>,
    ) -> Option<K::Value> {
        let text = self.given.get(option.key)?.text.trim();
        let read = K::read(text);
        if read.is_err() && text == option.default {
            return None;
        }
        let rule = match &read {
            Ok(value) => K::limit(value),
            Err(rule) => Some(rule.clone()),
        };
        if let Some(rule) = rule {
            let message = format!("`{}` must be {rule}", option.key);
            problems.error(&self.path(option), message);
        }
        read.ok()
    }

    /// The value of an option, or its default.
    pub fn of<K: OptionKind>(&self, option: &Opt<K>, problems: &mut Problems<'_>) -> K::Value {
        self.given(option, problems)
            .unwrap_or_else(|| option.default())
    }
}

impl Given for (&FlinkOptions, &mut Problems<'_>) {
    fn value<K: OptionKind>(&mut self, option: &Opt<K>) -> Option<K::Value> {
        self.0.given(option, self.1)
    }
}

/// Checks the type of a value and keeps it, unless a newer name of the option was given too.
fn accept(
    given: &mut BTreeMap<&'static str, Candidate>,
    option: &FlinkOption,
    candidate: Candidate,
    version: FlinkVersion,
    problems: &mut Problems<'_>,
) {
    let key = option.key;
    let path = &candidate.path;
    match option.role {
        Role::Simulated => {}
        Role::Before2 if version.major < 2 => {}
        Role::Before2 => {
            problems.note(
                path,
                format!("`{key}` has no effect in Flink 2.x: the value is fixed there"),
            );
            return;
        }
        // Their values are not kept, so that there is nothing to check.
        Role::Cost | Role::Ignored => {
            let mut note = problems.note(path, flink_options::not_simulated(key));
            if option.effect.starts_with("see ") {
                note.help(option.effect);
            }
            return;
        }
    }
    if let Err(error) = option.kind.check(&candidate.text) {
        let mut reported = problems.error(path, format!("`{key}`: {}", error.message));
        if let Some(help) = error.help {
            reported.help(help);
        }
        return;
    }
    if given.get(key).is_none_or(|other| candidate.age < other.age) {
        given.insert(key, candidate);
    }
}

/// Says that the version of the job does not know an option that is simulated all the same. Scenarios speak present keys:
/// an option that the version knows under an older one is not missing there.
fn outside(key: &str, path: &KeyPath, version: FlinkVersion, problems: &mut Problems<'_>) {
    let of_version = |name: &str| flink_names::outside(name, (version.major, version.minor));
    let Some(when) = of_version(key) else {
        return;
    };
    if let Lookup::Known(option) = flink_options::lookup(key)
        && option.older.iter().any(|older| of_version(older).is_none())
    {
        return;
    }
    let FlinkVersion { major, minor } = version;
    let message =
        format!("Flink {major}.{minor} does not know `{key}`; it is simulated all the same");
    problems.note(path, message).help(when);
}

fn text_of(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Array(elements) => {
            let texts: Vec<String> = elements.iter().map(text_of).collect();
            texts.join(";")
        }
        other => other.to_string(),
    }
}
