//! `init`.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::ValueEnum;

use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::experiment::saved;
use crate::render::number::counted;
use crate::scenario::flink_conf::{self, Entry};
use crate::scenario::flink_options::{self, Lookup, Role};
use crate::scenario::load;

/// Write a commented scenario to begin with, and its schema for completion in editors
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  ckptsim init                                       # scenario.toml, minimal
  ckptsim init --template kafka-join join.toml
  ckptsim init --from /opt/flink/conf/config.yaml    # your options, an example job around them
  ckptsim init --template failures -                 # to standard output

The schema is written beside the scenario as ckptsim.schema.json; editors with a TOML language server (taplo, tombi)
then complete and explain every key.")]
pub struct Args {
    /// What kind of job
    #[arg(long, value_enum, default_value_t)]
    template: Template,
    /// Take over the options of Flink's own config.yaml
    #[arg(long, value_name = "CONFIG", conflicts_with = "template")]
    from: Option<PathBuf>,
    /// File of the scenario; `-` is standard output
    #[arg(default_value = "scenario.toml")]
    file: PathBuf,
    /// The same as an option
    #[arg(
        short,
        long = "output",
        visible_alias = "out",
        value_name = "FILE",
        conflicts_with = "file"
    )]
    output: Option<PathBuf>,
    /// Overwrite existing files
    #[arg(long)]
    force: bool,
}

/// What kind of job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Template {
    /// A source and a keyed count.
    #[default]
    Minimal,
    /// Two topics joined by key, one key is hot.
    KafkaJoin,
    /// Half a terabyte, checkpointed incrementally.
    RocksdbLargeState,
    /// What a lost TaskManager costs.
    Failures,
}

impl Template {
    fn text(self) -> &'static str {
        match self {
            Template::Minimal => include_str!("../templates/minimal.toml"),
            Template::KafkaJoin => include_str!("../templates/kafka-join.toml"),
            Template::RocksdbLargeState => include_str!("../templates/rocksdb-large-state.toml"),
            Template::Failures => include_str!("../templates/failures.toml"),
        }
    }
}

const FROM_CONF: &str = include_str!("../templates/from-conf.toml");
const SCHEMA: &str = "ckptsim.schema.json";

/// Writes the scenario unless it exists.
pub fn execute(args: &Args, console: Console) -> anyhow::Result<Exit> {
    let body = match &args.from {
        Some(config) => from_conf(config, console)?,
        None => args.template.text().to_owned(),
    };
    let text = format!("#:schema ./{SCHEMA}\n{body}");
    let output = args.output.as_ref().unwrap_or(&args.file);
    if output == Path::new("-") {
        console.result(&text)?;
        return Ok(Exit::Success);
    }
    if output.exists() && !args.force {
        bail!(
            "{} exists already: add --force to overwrite it, or name another file",
            output.display()
        );
    }
    saved::write(output, text.as_bytes())?;
    let schema = output.with_file_name(SCHEMA);
    let mut written = output.display().to_string();
    if args.force || !schema.exists() {
        saved::write(&schema, load::schema().as_bytes())?;
        written = format!("{written} {}", schema.display());
    }
    let file = output.display();
    console.note(&format!(
        "written: {written}\nnext: ckptsim check {file}, ckptsim run {file}"
    ));
    Ok(Exit::Success)
}

/// The example job with the options of a configuration that matter here.
fn from_conf(config: &Path, console: Console) -> anyhow::Result<String> {
    let name = config.display();
    let yaml = std::fs::read_to_string(config).with_context(|| format!("cannot read {name}"))?;
    let entries = match flink_conf::read(&yaml) {
        Ok(entries) => entries,
        Err(error) => bail!("{name}:{}: not valid YAML: {}", error.line, error.message),
    };
    let taken = options(&entries);
    let text = format!("{FROM_CONF}{}", taken.text);
    console.note(&format!(
        "{} of {name} matter here, {} do not",
        counted(taken.used, "option"),
        taken.left_out
    ));
    load::parse(&text, &name.to_string(), Path::new(""), &[])
        .context("the options do not make a valid scenario")?;
    Ok(text)
}

/// The `[flink]` table made of a configuration.
struct Taken {
    text: String,
    used: usize,
    left_out: usize,
}

fn options(entries: &[Entry]) -> Taken {
    let mut lines = vec!["[flink]".to_owned()];
    let (mut used, mut left_out) = (0, 0);
    for Entry { key, value, .. } in entries {
        match flink_options::lookup(key) {
            Lookup::Known(option) | Lookup::Older(option) if option.role != Role::Ignored => {
                let value = toml::Value::from(value.as_str());
                lines.push(format!("{} = {value} # {}", option.key, option.effect));
                used += 1;
            }
            Lookup::Known(_) | Lookup::Older(_) | Lookup::Foreign => left_out += 1,
            Lookup::Unknown(meant) => {
                let hint = meant.map_or(String::new(), |key| format!("; did you mean {key}?"));
                let (key, value) = (one_line(key), one_line(value));
                lines.push(format!("# no option of Flink: {key} = {value}{hint}"));
                left_out += 1;
            }
        }
    }
    let text = lines.join("\n") + "\n";
    Taken {
        text,
        used,
        left_out,
    }
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
    use crate::cli::input::warnings;

    #[test]
    fn every_template_is_valid_without_warnings() {
        for template in Template::value_variants() {
            let text = template.text();
            let loaded = load::parse(text, "template", Path::new(""), &[])
                .unwrap_or_else(|problems| panic!("{problems}"));
            let found = warnings(&loaded);
            assert_eq!(found, [], "{template:?}");
            assert!(!loaded.axes.is_empty(), "{template:?}");
        }
    }

    #[test]
    fn options_that_matter_are_taken_over_and_others_are_counted() {
        let yaml = "state.backend: rocksdb\nrest.port: 8081\nexecution:\n  checkpointing:\n    interval: 3 min\n    intervall: 1\n";
        let taken = options(&flink_conf::read(yaml).unwrap());
        insta::assert_snapshot!(taken.text);
        assert_eq!((taken.used, taken.left_out), (2, 2));
        let text = format!("{FROM_CONF}{}", taken.text);
        let loaded = load::parse(&text, "scenario", Path::new(""), &[]).unwrap();
        let interval = loaded.scenario.checkpointing.interval.unwrap();
        assert_eq!(interval.as_millis(), 180_000);
    }
}
