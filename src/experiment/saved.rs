//! Results as files: written atomically, read with clear errors.

use std::io::Write;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::scenario::input_file;

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
    let mut file = tempfile::NamedTempFile::new_in(directory).map_err(io)?;
    file.write_all(content).map_err(io)?;
    file.as_file().sync_all().map_err(io)?;
    make_readable(file.as_file()).map_err(io)?;
    file.persist(path).map_err(|error| io(error.error))?;
    Ok(())
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

/// Reads saved data of this schema.
pub fn read<T: DeserializeOwned>(path: &Path, schema: &str) -> Result<T, SavedError> {
    let name = path.display().to_string();
    let text =
        input_file::bytes(path, input_file::RESULT_MAX).map_err(|source| SavedError::Io {
            path: name.clone(),
            source,
        })?;
    let content = |why: String| SavedError::Content {
        path: name.clone(),
        why,
    };
    let value: serde_json::Value =
        serde_json::from_slice(&text).map_err(|error| content(error.to_string()))?;
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
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("results.json");
        write(&path, br#"{"schema":"ckptsim.sweep/0"}"#).unwrap();
        let error = read::<serde_json::Value>(&path, SWEEP_SCHEMA).unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with("its schema is ckptsim.sweep/0, expected ckptsim.sweep/1"),
            "{error}"
        );
    }
}
