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
    /// A shell, for the Kubernetes operator: a patch of a `FlinkDeployment`, whose name stands in `$DEPLOYMENT`.
    KubectlPatch,
}

impl Emitted {
    /// What a reader calls the place.
    pub fn place(self) -> &'static str {
        match self {
            Emitted::FlinkYaml => "config.yaml",
            Emitted::SqlSet => "SQL client",
            Emitted::Java => "Java",
            Emitted::KubectlPatch => "kubectl, for a FlinkDeployment",
        }
    }

    fn comment(self) -> &'static str {
        match self {
            Emitted::FlinkYaml | Emitted::KubectlPatch => "#",
            Emitted::SqlSet => "--",
            Emitted::Java => "//",
        }
    }

    /// What stands around the options, if there are any.
    fn frame(self) -> [&'static [&'static str]; 2] {
        match self {
            Emitted::FlinkYaml | Emitted::SqlSet => [&[], &[]],
            Emitted::Java => [&["Configuration configuration = new Configuration();"], &[]],
            Emitted::KubectlPatch => [
                &[
                    "kubectl patch flinkdeployment \"$DEPLOYMENT\" --type merge -p '",
                    "spec:",
                    "  flinkConfiguration:",
                ],
                &["'"],
            ],
        }
    }

    /// A line between the frame: in a shell it stands within apostrophes.
    fn framed(self, line: &str) -> String {
        match self {
            Emitted::FlinkYaml | Emitted::SqlSet | Emitted::Java => line.to_owned(),
            Emitted::KubectlPatch => format!("    {}", line.replace('\'', "'\\''")),
        }
    }
}

/// The options as text; ends with a line feed. What is no option of Flink stands in comments.
pub fn emit(recommendation: &Recommendation, form: Emitted) -> String {
    let comment = form.comment();
    if recommendation.changes.is_empty() {
        return format!("{comment} nothing to change\n");
    }
    let options = flinks(recommendation).flat_map(|change| {
        let was = change
            .old
            .as_ref()
            .map_or("was not set".to_owned(), |old| format!("was {old}"));
        [
            format!("{comment} {was}: {}", change.reason),
            line(change, form),
        ]
    });
    let mut lines = framed(options.collect(), form);
    let others = recommendation.changes.iter().filter(|one| !is_flinks(one));
    lines.extend(others.map(|change| {
        let old = change.old.as_deref().unwrap_or("not set");
        format!(
            "{comment} not an option: {} = {} (was {old})",
            change.key, change.new
        )
    }));
    lines.join("\n") + "\n"
}

/// The options alone, without old values and reasons; ends with a line feed. `None` if no option of Flink changes.
pub fn keys(recommendation: &Recommendation, form: Emitted) -> Option<String> {
    let options: Vec<String> = flinks(recommendation)
        .map(|change| line(change, form))
        .collect();
    (!options.is_empty()).then(|| framed(options, form).join("\n") + "\n")
}

fn framed(options: Vec<String>, form: Emitted) -> Vec<String> {
    if options.is_empty() {
        return options;
    }
    let [begin, end] = form
        .frame()
        .map(|lines| lines.iter().map(|line| (*line).to_owned()));
    let options = options.iter().map(|line| form.framed(line));
    begin.chain(options).chain(end).collect()
}

fn flinks(recommendation: &Recommendation) -> impl Iterator<Item = &Change> {
    recommendation.changes.iter().filter(|one| is_flinks(one))
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
        // The operator takes texts only.
        Emitted::KubectlPatch => format!("{key}: {}", serde_json::Value::from(new.as_str())),
    }
}
