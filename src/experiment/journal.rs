//! Finished runs of a sweep, appended as they finish, so that a kill loses none of them.
//!
//! One JSON object per line. The first line says what sweep it belongs to; a last line without its end, as a kill leaves
//! it, is ignored and overwritten.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::experiment::replicate::Replication;

/// What a journal could not do.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file cannot be read or written.
    #[error("the journal {path}: {source}")]
    Io {
        /// Which file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The file belongs to something else.
    #[error(
        "the journal {path} belongs to another sweep (scenario {found:.16}, this one is {expected:.16}); name another directory with --out, or begin anew with --force"
    )]
    OtherSweep {
        /// Which file.
        path: String,
        /// Hash in the file.
        found: String,
        /// Hash of this sweep.
        expected: String,
    },
}

/// Another version may simulate differently: its runs must not be mixed with ours.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A journal that is open for appending.
#[derive(Debug)]
pub struct Journal {
    /// `None` = kept in memory only.
    file: Option<File>,
    path: String,
    finished: BTreeMap<String, Replication>,
}

#[derive(Serialize, Deserialize)]
struct Header {
    schema: String,
    version: String,
    sweep: String,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    run: String,
    result: Replication,
}

const SCHEMA: &str = "ckptsim.journal/1";

impl Journal {
    /// A journal that ends with the process.
    pub fn in_memory() -> Journal {
        Journal {
            file: None,
            path: String::new(),
            finished: BTreeMap::new(),
        }
    }

    /// Opens the journal of the sweep with this hash; without `resume` it begins empty.
    pub fn open(path: &Path, sweep: &str, resume: bool) -> Result<Journal, JournalError> {
        let name = path.display().to_string();
        let io = |source| JournalError::Io {
            path: name.clone(),
            source,
        };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(!resume)
            .open(path)
            .map_err(io)?;
        let mut text = Vec::new();
        file.read_to_end(&mut text).map_err(io)?;
        let (finished, kept) = read(&text, &name, sweep)?;
        file.set_len(kept as u64).map_err(io)?;
        file.seek(SeekFrom::End(0)).map_err(io)?;
        let mut journal = Journal {
            file: Some(file),
            path: name.clone(),
            finished,
        };
        if kept == 0 {
            journal.append(&Header {
                schema: SCHEMA.to_owned(),
                version: VERSION.to_owned(),
                sweep: sweep.to_owned(),
            })?;
        }
        Ok(journal)
    }

    /// The result of a run that has finished before.
    pub fn get(&self, run: &str) -> Option<&Replication> {
        self.finished.get(run)
    }

    /// Number of finished runs.
    pub fn len(&self) -> usize {
        self.finished.len()
    }

    /// Events of all finished runs.
    pub fn events(&self) -> u64 {
        self.finished.values().map(|run| run.events).sum()
    }

    /// Whether no run has finished.
    pub fn is_empty(&self) -> bool {
        self.finished.is_empty()
    }

    /// Adds a finished run; it is on disk when this returns.
    pub fn add(&mut self, run: &str, result: &Replication) -> Result<(), JournalError> {
        self.append(&Entry {
            run: run.to_owned(),
            result: result.clone(),
        })?;
        self.finished.insert(run.to_owned(), result.clone());
        Ok(())
    }

    fn append(&mut self, line: &impl Serialize) -> Result<(), JournalError> {
        let Some(file) = &mut self.file else {
            return Ok(());
        };
        let mut text =
            serde_json::to_vec(line).expect("plain data with string keys can be written as JSON");
        text.push(b'\n');
        let written = file.write_all(&text).and_then(|()| file.sync_data());
        written.map_err(|source| JournalError::Io {
            path: self.path.clone(),
            source,
        })
    }
}

/// The finished runs, and how many bytes of the text are sound.
fn read(
    text: &[u8],
    path: &str,
    sweep: &str,
) -> Result<(BTreeMap<String, Replication>, usize), JournalError> {
    let mut finished = BTreeMap::new();
    let mut kept = 0;
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        if !line.ends_with(b"\n") {
            break;
        }
        if kept == 0 {
            let header: Option<Header> = serde_json::from_slice(line).ok();
            let found = match header {
                Some(header) if header.schema == SCHEMA && header.version == VERSION => {
                    header.sweep
                }
                Some(header) => format!("of ckptsim {}", header.version),
                None => "unreadable".to_owned(),
            };
            if found != sweep {
                let (path, expected) = (path.to_owned(), sweep.to_owned());
                return Err(JournalError::OtherSweep {
                    path,
                    found,
                    expected,
                });
            }
        } else {
            let Ok(Entry { run, result }) = serde_json::from_slice(line) else {
                break;
            };
            finished.insert(run, result);
        }
        kept += line.len();
    }
    Ok((finished, kept))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_last_line_loses_only_itself() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal.ndjson");
        let mut journal = Journal::open(&path, "abc", false).unwrap();
        journal
            .add(
                "one",
                &Replication {
                    completed: 3.0,
                    ..Replication::default()
                },
            )
            .unwrap();
        journal.add("two", &Replication::default()).unwrap();
        let text = std::fs::read(&path).unwrap();
        std::fs::write(&path, &text[..text.len() - 5]).unwrap();
        let mut again = Journal::open(&path, "abc", true).unwrap();
        assert_eq!((again.len(), again.get("one").unwrap().completed), (1, 3.0));
        again.add("three", &Replication::default()).unwrap();
        assert_eq!(Journal::open(&path, "abc", true).unwrap().len(), 2);
    }

    #[test]
    fn a_journal_of_another_sweep_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal.ndjson");
        Journal::open(&path, "abc", false).unwrap();
        let error = Journal::open(&path, "xyz", true).unwrap_err();
        assert!(
            error.to_string().contains("belongs to another sweep"),
            "{error}"
        );
        std::fs::write(&path, "no journal\n").unwrap();
        assert!(Journal::open(&path, "xyz", true).is_err());
        assert!(
            Journal::open(&path, "xyz", false).is_ok(),
            "without --resume it begins anew"
        );
    }
}
