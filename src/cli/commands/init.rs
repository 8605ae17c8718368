//! `init`.

use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::ValueEnum;

use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::cli::from_conf;
use crate::cli::input::word;
use crate::experiment::saved;
use crate::scenario::load;

/// Write a commented scenario to begin with, and its schema for completion in editors
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  ckptsim init                                       # scenario.toml, minimal
  ckptsim init --template kafka-join join.toml
  ckptsim init --from /opt/flink/conf/config.yaml    # your options, an example job around them
  kubectl get flinkdeployment orders -o yaml | ckptsim init --from -
  ckptsim init --template failures -                 # to standard output

The schema is written beside the scenario as ckptsim.schema.json; editors with a TOML language server (taplo, tombi)
then complete and explain every key.")]
pub struct Args {
    /// What kind of job
    #[arg(long, value_enum, default_value_t)]
    template: Template,
    /// Take over options: of config.yaml, flink-conf.yaml, a `FlinkDeployment`, a `ConfigMap`, a Compose file, a SQL script, a
    /// command line, an answer of /jobmanager/config; `-` is standard input
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

const SCHEMA: &str = "ckptsim.schema.json";

/// Writes the scenario unless it exists.
pub fn execute(args: &Args, console: Console) -> anyhow::Result<Exit> {
    let body = match &args.from {
        Some(config) => from_conf::scenario(config, console)?,
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
    let file = word(output);
    console.note(&format!(
        "written: {written}\nnext: ckptsim check {file}, ckptsim run {file}"
    ));
    Ok(Exit::Success)
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
}
