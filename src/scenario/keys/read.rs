//! Reads a file: what can be read of it, with every mistake of form at once.

use toml::Value;

use crate::scenario::diagnostic::did_you_mean;
use crate::scenario::flink_options::{self, FlinkOption};
use crate::scenario::key_path::Step;
use crate::scenario::keys::File;
use crate::scenario::keys::reader::{Fault, Mistake, Reader};
use crate::scenario::keys::table::{Kind, Table, read_over};

/// More mistakes than this are not worth reading.
const MISTAKES_MAX: usize = 100;

/// Reads what can be read of a file; mistakes come in the order in which they were met.
pub fn read(table: &toml::Table) -> (File, Vec<Mistake>) {
    let mut mistakes = Vec::new();
    let value = Value::Table(table.clone());
    let file = File::read(&value, &mut Reader::new(&mut mistakes)).unwrap_or_default();
    for mistake in mistakes
        .iter_mut()
        .filter(|mistake| mistake.fault == Fault::Key)
    {
        if let [Step::Key(wrong)] = mistake.path.steps()
            && let Some(help) = option_of_flink(wrong)
        {
            mistake.help = Some(help);
        }
    }
    if mistakes.len() < MISTAKES_MAX {
        return (file, mistakes);
    }
    mistakes.truncate(MISTAKES_MAX);
    (File::default(), mistakes)
}

/// Reads a table over what is held; what is wrong with it has been said already.
pub fn over<T: Table>(held: &mut T, value: &Value) {
    read_over(held, value, &mut Reader::new(&mut Vec::new()));
}

/// Options of Flink stand in a table of their own; some are known by their last word, as `interval` and `timeout` are.
/// Those of checkpoints come first.
fn option_of_flink(wrong: &str) -> Option<String> {
    let begins = |option: &FlinkOption| option.key.split('.').next() == Some(wrong);
    if flink_options::all().any(|option| begins(&option)) {
        let help = format!("Flink's options stand under `[flink]`: move `{wrong}.…` there");
        return Some(help);
    }
    let end = format!(".{wrong}");
    let meant =
        flink_options::all().find(|option| option.role.is_used() && option.key.ends_with(&end))?;
    Some(did_you_mean(&format!("flink.{}", meant.key)))
}
