//! Options to paste: only those that change, with the old value and the reason.

use crate::experiment::recommend::{Change, Recommendation};

/// Where options are pasted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Emitted {
    /// Flink's `config.yaml`.
    FlinkYaml,
    /// The SQL client.
    SqlSet,
    /// A job's `Configuration`.
    Java,
}

/// The options as text; ends with a line feed. What is no option of Flink stands in comments.
pub fn emit(recommendation: &Recommendation, form: Emitted) -> String {
    let comment = match form {
        Emitted::FlinkYaml => "#",
        Emitted::SqlSet => "--",
        Emitted::Java => "//",
    };
    if recommendation.changes.is_empty() {
        return format!("{comment} nothing to change\n");
    }
    let (flink, others): (Vec<&Change>, Vec<&Change>) = recommendation
        .changes
        .iter()
        .partition(|change| is_flinks(change));
    let mut text = String::new();
    if form == Emitted::Java && !flink.is_empty() {
        text.push_str("Configuration configuration = new Configuration();\n");
    }
    for change in flink {
        let was = change
            .old
            .as_ref()
            .map_or("was not set".to_owned(), |old| format!("was {old}"));
        text.push_str(&format!("{comment} {was}: {}\n", change.reason));
        text.push_str(&line(change, form));
    }
    for change in others {
        let old = change.old.as_deref().unwrap_or("not set");
        text.push_str(&format!(
            "{comment} not an option: {} = {} (was {old})\n",
            change.key, change.new
        ));
    }
    text
}

/// Keys of vertices and of the cluster are ours.
fn is_flinks(change: &Change) -> bool {
    !change.key.starts_with("cluster.") && !change.key.starts_with("vertex.")
}

fn line(change: &Change, form: Emitted) -> String {
    let (key, new) = (&change.key, &change.new);
    match form {
        Emitted::FlinkYaml => format!("{key}: {new}\n"),
        Emitted::SqlSet => format!("SET '{key}' = '{new}';\n"),
        Emitted::Java => format!("configuration.setString(\"{key}\", \"{new}\");\n"),
    }
}
