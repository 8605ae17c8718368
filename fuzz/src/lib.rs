//! What the fuzz targets share: the random scenarios of the integration tests, and a directory for readers of files.

pub mod options;

use std::path::Path;
use std::sync::OnceLock;

use tempfile::TempDir;

/// A directory of this process, with the files that scenarios may name.
pub fn directory() -> &'static Path {
    static DIRECTORY: OnceLock<TempDir> = OnceLock::new();
    let made = || {
        let directory = tempfile::tempdir().expect("there is room for a few files");
        for (name, text) in options::rules::FILES {
            std::fs::write(directory.path().join(name), text).expect("it was just made");
        }
        directory
    };
    DIRECTORY.get_or_init(made).path()
}
