//! Results as files: written atomically, read with clear errors.

use std::io::Write;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Schema of a saved sweep.
pub const SWEEP_SCHEMA: &str = "ckptsim.sweep/1";
/// Schema of a saved run.
pub const RUN_SCHEMA: &str = "ckptsim.run/1";

/// What a file could not do.
#[derive(Debug, thiserror::Error)]
pub enum SavedError {
    /// It cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// Which file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// It is not what was written.
    #[error(
        "{path} differs from what was written ({why}); make the results again, or restore it from a copy"
    )]
    Damaged {
        /// Which file.
        path: String,
        /// How that was found.
        why: String,
    },
    /// It is not what it should be.
    #[error("{path} is not a result of this version: {why}")]
    Content {
        /// Which file.
        path: String,
        /// Why.
        why: String,
    },
}

/// Replaces a file at once: readers see the old or the new content, never a part.
pub fn write(path: &Path, content: &[u8]) -> Result<(), SavedError> {
    let io = |source| SavedError::Io {
        path: path.display().to_string(),
        source,
    };
    if std::fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir()) {
        // A device or a pipe is written into, not replaced.
        return std::fs::write(path, content).map_err(io);
    }
    let directory = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    std::fs::create_dir_all(directory).map_err(io)?;
    clear_stale(directory, false);
    let mut file = tempfile::Builder::new()
        .prefix(TEMPORARY)
        .rand_bytes(TEMPORARY_DIGITS)
        .tempfile_in(directory)
        .map_err(io)?;
    // So that nobody takes it for the leftover of a killed process; where there are no locks, somebody might.
    let _ = file.as_file().try_lock();
    file.write_all(content).map_err(io)?;
    file.as_file().sync_all().map_err(io)?;
    make_readable(file.as_file()).map_err(io)?;
    file.persist(path).map_err(|error| io(error.error))?;
    Ok(())
}

/// Names of temporary files begin so, and go on with so many letters and digits.
const TEMPORARY: &str = ".ckptsim-";
const TEMPORARY_DIGITS: usize = 6;
/// What they began with in earlier versions, and do in other programs.
const TEMPORARY_ONCE: &str = ".tmp";

/// Removes temporary files of processes that were killed. In a directory of results, those of earlier versions, too.
pub fn clear_stale(directory: &Path, of_results: bool) {
    let is_temporary = |name: &str| {
        let digits = name
            .strip_prefix(TEMPORARY)
            .or_else(|| name.strip_prefix(TEMPORARY_ONCE).filter(|_| of_results));
        digits.is_some_and(|digits| {
            digits.len() == TEMPORARY_DIGITS
                && digits.bytes().all(|digit| digit.is_ascii_alphanumeric())
        })
    };
    // Whoever still writes one holds its lock.
    let is_left = |path: &Path| {
        let file = std::fs::OpenOptions::new().write(true).open(path);
        file.is_ok_and(|file| file.try_lock().is_ok())
    };
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        let named = entry.file_name().to_str().is_some_and(is_temporary);
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        if named && is_file && is_left(&entry.path()) {
            // What cannot be removed does no harm.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Temporary files are private; results are for everybody who may read the directory.
#[cfg(unix)]
fn make_readable(file: &std::fs::File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn make_readable(_: &std::fs::File) -> std::io::Result<()> {
    Ok(())
}

/// Plain data as indented JSON with a final newline.
pub fn json(data: &impl Serialize) -> Vec<u8> {
    let mut text = serde_json::to_vec_pretty(data)
        .expect("plain data with string keys can be written as JSON");
    text.push(b'\n');
    text
}

/// Saved data of this schema, out of the content of a file.
pub fn parse<T: DeserializeOwned>(text: &[u8], path: &Path, schema: &str) -> Result<T, SavedError> {
    let content = |why: String| SavedError::Content {
        path: path.display().to_string(),
        why,
    };
    let value: serde_json::Value =
        serde_json::from_slice(text).map_err(|error| content(error.to_string()))?;
    let found = value
        .get("schema")
        .and_then(|schema| schema.as_str())
        .unwrap_or("none");
    if found != schema {
        return Err(content(format!("its schema is {found}, expected {schema}")));
    }
    serde_json::from_value(value).map_err(|error| content(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_schema_is_refused_by_name() {
        let text = br#"{"schema":"ckptsim.sweep/0"}"#;
        let error = parse::<serde_json::Value>(text, Path::new("results.json"), SWEEP_SCHEMA);
        let error = error.unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with("its schema is ckptsim.sweep/0, expected ckptsim.sweep/1"),
            "{error}"
        );
    }
}
