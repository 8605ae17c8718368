//! The names of the files in a directory of results, and their digests.

use std::path::Path;

use sha2::{Digest, Sha256};

use crate::scenario::input_file;

/// Name of the manifest.
pub const FILE: &str = "manifest.json";
/// Name of the effective scenario: every default decided, every override applied.
pub const SCENARIO: &str = "scenario.toml";
/// Name of the journal, all that there is of a sweep that was not finished.
pub const JOURNAL: &str = "journal.ndjson";
/// Name of the journal of a sweep that will replace finished results.
pub const NEXT_JOURNAL: &str = "journal.next.ndjson";
/// Name of a saved sweep.
pub const SWEEP: &str = "results.json";
/// Name of a saved recommendation.
pub const RECOMMENDATION: &str = "recommendation.json";
/// Name of the journal of the runs that recommendations were made of: one that is asked again goes on from there.
pub const RUNS: &str = "runs.ndjson";
/// Name of the page that `report` makes.
pub const PAGE: &str = "report.html";
/// Name of what of it fits on one sheet.
pub const ONE_PAGE: &str = "page.html";
/// Name of the same as Markdown.
pub const SUMMARY: &str = "summary.md";

/// SHA-256 in hexadecimal digits.
pub fn sha256(content: &[u8]) -> String {
    Sha256::digest(content)
        .iter()
        .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}

/// SHA-256 of a file; `None` if it cannot be read.
pub fn sha256_of(path: &Path) -> Option<String> {
    input_file::result(path)
        .ok()
        .map(|content| sha256(&content))
}
