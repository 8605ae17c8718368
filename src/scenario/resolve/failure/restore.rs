//! `[restore]`: what the job starts from.

use crate::scenario::failure::Restore;
use crate::scenario::file::failure::{self as file, OriginKind};
use crate::scenario::file::job::FormatKind;
use crate::scenario::job::SavepointFormat;
use crate::scenario::key_path::KeyPath;
use crate::scenario::resolve::count;
use crate::scenario::resolve::graph::{NamedBy, vertex_named};
use crate::scenario::resolve::problems::Problems;
use crate::scenario::vertex::Vertex;
use crate::units::SimDuration;

/// Flink's largest parallelism.
const PARALLELISM_MAX: u64 = 32_768;

/// A retained checkpoint or a savepoint; only parallelisms that differ are kept.
pub(super) fn restore(
    table: &file::Restore,
    vertices: &[Vertex],
    problems: &mut Problems<'_>,
) -> Restore {
    let path = KeyPath::top("restore");
    let format = match table.from.unwrap_or(OriginKind::Checkpoint) {
        OriginKind::Savepoint => Some(match table.format {
            Some(FormatKind::Native) => SavepointFormat::Native,
            Some(FormatKind::Canonical) | None => SavepointFormat::Canonical,
        }),
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
        let before = count(Some(*given), 1, (1, PARALLELISM_MAX), &key, problems) as usize;
        if let Some(vertex) = vertex_named(name, vertices, (&key, NamedBy::Key), problems)
            && vertices[vertex].parallelism != before
        {
            parallelism.push((vertex, before));
        }
    }
    parallelism.sort_unstable();
    Restore {
        format,
        age: table.age.map_or(SimDuration::ZERO, |text| text.0),
        parallelism,
    }
}
