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
    let begin = (form == Emitted::Java && !flink.is_empty())
        .then(|| "Configuration configuration = new Configuration();".to_owned());
    let options = flink.into_iter().flat_map(|change| {
        let was = change
            .old
            .as_ref()
            .map_or("was not set".to_owned(), |old| format!("was {old}"));
        [
            format!("{comment} {was}: {}", change.reason),
            line(change, form),
        ]
    });
    let others = others.into_iter().map(|change| {
        let old = change.old.as_deref().unwrap_or("not set");
        format!(
            "{comment} not an option: {} = {} (was {old})",
            change.key, change.new
        )
    });
    let lines: Vec<String> = begin.into_iter().chain(options).chain(others).collect();
    lines.join("\n") + "\n"
}

/// Keys of vertices and of the cluster are ours.
fn is_flinks(change: &Change) -> bool {
    !change.key.starts_with("cluster.") && !change.key.starts_with("vertex.")
}

fn line(change: &Change, form: Emitted) -> String {
    let (key, new) = (&change.key, &change.new);
    match form {
        Emitted::FlinkYaml => format!("{key}: {new}"),
        Emitted::SqlSet => format!("SET '{key}' = '{new}';"),
        Emitted::Java => format!("configuration.setString(\"{key}\", \"{new}\");"),
    }
}
