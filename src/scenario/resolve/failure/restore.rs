//! `[restore]`: what the job starts from.

use crate::scenario::failure::Restore;
use crate::scenario::job::SavepointFormat;
use crate::scenario::key_path::KeyPath;
use crate::scenario::keys::failure::{self as file, OriginKind};
use crate::scenario::resolve::graph::{NamedBy, vertex_named};
use crate::scenario::resolve::problems::Problems;
use crate::scenario::vertex::Vertex;

/// A retained checkpoint or a savepoint; only parallelisms that differ are kept.
pub(super) fn restore(
    table: &file::Restore,
    vertices: &[Vertex],
    problems: &mut Problems<'_>,
) -> Restore {
    let path = KeyPath::top("restore");
    let format = match table.from {
        OriginKind::Savepoint => Some(table.format.unwrap_or(SavepointFormat::Canonical)),
        OriginKind::Checkpoint => {
            if table.format.is_some() {
                problems
                    .key_error(&path.key("format"), "only a savepoint has a `format`")
                    .help("add `from = \"savepoint\"`");
            }
            None
        }
    };
    let path = path.key("parallelism");
    let mut parallelism = Vec::new();
    for (name, given) in table.parallelism.iter().flatten() {
        let key = path.key(name);
        if let Some(vertex) = vertex_named(name, vertices, (&key, NamedBy::Key), problems)
            && vertices[vertex].parallelism != *given
        {
            parallelism.push((vertex, *given));
        }
    }
    parallelism.sort_unstable();
    Restore {
        format,
        age: table.age,
        parallelism,
    }
}
