//! Finished runs of a sweep, appended as they finish, so that a kill loses none of them.
//!
//! One JSON object per line, each with a checksum of its other bytes. The first line says what sweep it belongs to; a last
//! line without its end, as a kill leaves it, is ignored and overwritten. A line that does not match its checksum is
//! dropped, and its run is made again; those after it stand for themselves.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::experiment::metric::replicate::Replication;
use crate::experiment::saved;
use crate::scenario::input_file;

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
    /// Another version has written it, or something else has.
    #[error(
        "the journal {path} {what}; this is ckptsim {VERSION}, which reads {SCHEMA}: name another directory with --out, or begin anew with --force"
    )]
    Foreign {
        /// Which file.
        path: String,
        /// What it is.
        what: String,
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
    damaged: usize,
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

const SCHEMA: &str = "ckptsim.journal/3";

/// What a line begins with, followed by [`SUM_DIGITS`] digits and [`AFTER_SUM`].
const BEFORE_SUM: &str = "{\"sum\":\"";
const AFTER_SUM: &str = "\",";
const SUM_DIGITS: usize = 16;

impl Journal {
    /// A journal that ends with the process.
    pub fn in_memory() -> Journal {
        Journal {
            file: None,
            path: String::new(),
            finished: BTreeMap::new(),
            damaged: 0,
        }
    }

    /// Opens the journal of the sweep with this hash; without `resume` it begins empty.
    pub fn open(path: &Path, sweep: &str, resume: bool) -> Result<Journal, JournalError> {
        let name = path.display().to_string();
        let io = |source| JournalError::Io {
            path: name.clone(),
            source,
        };
        if path.exists() {
            input_file::ordinary(path).map_err(io)?;
        }
        let text = if resume && path.exists() {
            input_file::result(path).map_err(io)?
        } else {
            Vec::new()
        };
        let found = read(&text, &name, sweep)?;
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(!resume)
            .open(path)
            .map_err(io)?;
        let mut journal = Journal {
            file: Some(file),
            path: name.clone(),
            finished: found.finished,
            damaged: found.damaged,
        };
        if journal.damaged == 0 {
            // What a kill has torn off is overwritten.
            journal.cut(found.sound.len()).map_err(io)?;
        } else {
            drop(journal.file.take());
            saved::write(path, &found.sound).map_err(|error| JournalError::Io {
                path: name.clone(),
                source: std::io::Error::other(error),
            })?;
            let appended = OpenOptions::new().append(true).open(path).map_err(io)?;
            journal.file = Some(appended);
        }
        if found.sound.is_empty() {
            let header = Header::of(sweep);
            journal.append(&header)?;
        }
        Ok(journal)
    }

    /// Whether the file is the journal of the sweep with this hash, and can be continued.
    pub fn belongs(path: &Path, sweep: &str) -> bool {
        let text = input_file::result(path).unwrap_or_default();
        !text.is_empty() && read(&text, "", sweep).is_ok()
    }

    /// Lines that did not match their checksums and were dropped.
    pub fn damaged(&self) -> usize {
        self.damaged
    }

    fn cut(&mut self, length: usize) -> std::io::Result<()> {
        let Some(file) = &mut self.file else {
            return Ok(());
        };
        file.set_len(length as u64)?;
        file.seek(SeekFrom::End(0)).map(|_| ())
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
        let text = sealed(line);
        let written = file.write_all(&text).and_then(|()| file.sync_data());
        written.map_err(|source| JournalError::Io {
            path: self.path.clone(),
            source,
        })
    }
}

impl Header {
    fn of(sweep: &str) -> Header {
        Header {
            schema: SCHEMA.to_owned(),
            version: VERSION.to_owned(),
            sweep: sweep.to_owned(),
        }
    }
}

/// A line of the file: the object with its checksum in front.
fn sealed(line: &impl Serialize) -> Vec<u8> {
    let object =
        serde_json::to_string(line).expect("plain data with string keys can be written as JSON");
    let rest = object.strip_prefix('{').expect("structs are objects");
    format!("{BEFORE_SUM}{}{AFTER_SUM}{rest}\n", sum(rest.as_bytes())).into_bytes()
}

/// The object of a line, if it is what was written.
fn opened(line: &[u8]) -> Option<Vec<u8>> {
    let line = line.strip_suffix(b"\n")?;
    let line = line.strip_prefix(BEFORE_SUM.as_bytes())?;
    let (found, rest) = line.split_at_checked(SUM_DIGITS)?;
    let rest = rest.strip_prefix(AFTER_SUM.as_bytes())?;
    (found == sum(rest).as_bytes()).then(|| [b"{", rest].concat())
}

/// The first digits of a SHA-256: no accident yields them. It covers format and version, too, so that a line counts even
/// where the line that names them is damaged.
fn sum(rest: &[u8]) -> String {
    let mut digest = Sha256::new();
    digest.update(SCHEMA);
    digest.update(VERSION);
    digest.update(rest);
    let digits = digest.finalize();
    digits
        .iter()
        .take(SUM_DIGITS / 2)
        .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}

/// What a file has.
struct Found {
    finished: BTreeMap<String, Replication>,
    /// Lines that are no longer what was written.
    damaged: usize,
    /// All others.
    sound: Vec<u8>,
}

fn read(text: &[u8], path: &str, sweep: &str) -> Result<Found, JournalError> {
    let mut lines = text
        .split_inclusive(|&byte| byte == b'\n')
        .filter(|line| line.ends_with(b"\n"));
    let mut found = Found {
        finished: BTreeMap::new(),
        damaged: 0,
        sound: Vec::new(),
    };
    let Some(first) = lines.next() else {
        return Ok(found);
    };
    let header = opened(first).and_then(|object| serde_json::from_slice::<Header>(&object).ok());
    match &header {
        Some(header) if header.sweep == sweep => found.sound.extend(first),
        Some(header) => {
            return Err(JournalError::OtherSweep {
                path: path.to_owned(),
                found: header.sweep.clone(),
                expected: sweep.to_owned(),
            });
        }
        None => {
            // Runs are named by their scenarios: none of another sweep is taken for one of this.
            found.sound.extend(sealed(&Header::of(sweep)));
            found.damaged += 1;
        }
    }
    for line in lines {
        let entry = opened(line).and_then(|object| serde_json::from_slice::<Entry>(&object).ok());
        if let Some(Entry { run, result }) = entry {
            found.finished.insert(run, result);
            found.sound.extend(line);
        } else {
            found.damaged += 1;
        }
    }
    if header.is_none() && found.finished.is_empty() {
        let (path, what) = (path.to_owned(), foreign(first));
        return Err(JournalError::Foreign { path, what });
    }
    Ok(found)
}

/// What a file is in which not one line is ours.
fn foreign(first: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Named {
        schema: String,
        version: String,
    }
    match serde_json::from_slice(first) {
        Ok(Named { schema, version }) if schema != SCHEMA || version != VERSION => {
            format!("is of ckptsim {version} with {schema}")
        }
        _ => "is unreadable or damaged in its first line".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::metric::MetricId;
    use crate::experiment::metric::replicate::Figures;

    #[test]
    fn a_torn_last_line_loses_only_itself() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal.ndjson");
        let mut journal = Journal::open(&path, "abc", false).unwrap();
        journal
            .add(
                "one",
                &Replication {
                    figures: Figures::from_iter([(MetricId::Completed, 3.0)]),
                    ..Replication::default()
                },
            )
            .unwrap();
        journal.add("two", &Replication::default()).unwrap();
        let text = std::fs::read(&path).unwrap();
        std::fs::write(&path, &text[..text.len() - 5]).unwrap();
        let mut again = Journal::open(&path, "abc", true).unwrap();
        let completed = again.get("one").unwrap().figures.get(MetricId::Completed);
        assert_eq!((again.len(), completed), (1, Some(3.0)));
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

    fn two_runs(path: &Path) {
        let mut journal = Journal::open(path, "abc", false).unwrap();
        for (name, completed) in [("one", 3.0), ("two", 4.0)] {
            let run = Replication {
                figures: Figures::from_iter([(MetricId::Completed, completed)]),
                digest: name.to_owned(),
                ..Replication::default()
            };
            journal.add(name, &run).unwrap();
        }
    }

    #[test]
    fn a_changed_byte_anywhere_is_never_believed_and_costs_at_most_its_own_line() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal.ndjson");
        two_runs(&path);
        let whole = std::fs::read(&path).unwrap();
        let header = whole.iter().position(|&byte| byte == b'\n').unwrap();
        for at in 0..whole.len() {
            for to in [b'0', b'7', b'\n', b'}', whole[at] ^ 1] {
                let mut changed = whole.clone();
                changed[at] = to;
                if changed == whole {
                    continue;
                }
                let found = match read(&changed, "", "abc") {
                    Ok(found) => found,
                    Err(error) => panic!("{at}: {error}"),
                };
                for (name, completed) in [("one", 3.0), ("two", 4.0)] {
                    let run = found.finished.get(name);
                    assert!(
                        run.is_none_or(
                            |run| run.figures.get(MetricId::Completed) == Some(completed)
                        ),
                        "{at}"
                    );
                }
                let broken_end = whole[at] == b'\n';
                let least = usize::from(at <= header || !broken_end);
                assert!(found.finished.len() >= least, "{at}");
                // The end of the last line is torn off, as by a kill, which is no damage.
                assert!(found.damaged > 0 || at + 1 == whole.len(), "{at}");
            }
        }
    }

    #[test]
    fn a_damaged_line_in_the_middle_is_dropped_from_the_file_and_counted() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal.ndjson");
        two_runs(&path);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(
            &path,
            text.replacen("\"completed\":3.0", "\"completed\":8.0", 1),
        )
        .unwrap();
        let mut journal = Journal::open(&path, "abc", true).unwrap();
        assert_eq!((journal.damaged(), journal.len()), (1, 1));
        let figures = &journal.get("two").unwrap().figures;
        assert_eq!(figures.get(MetricId::Completed), Some(4.0));
        journal.add("one", &Replication::default()).unwrap();
        drop(journal);
        let again = Journal::open(&path, "abc", true).unwrap();
        assert_eq!((again.damaged(), again.len()), (0, 2));
    }

    #[test]
    fn a_journal_without_checksums_is_refused_by_the_name_of_its_format() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal.ndjson");
        let old = r#"{"schema":"ckptsim.journal/1","version":"0.1.0","sweep":"abc"}"#;
        std::fs::write(&path, format!("{old}\n")).unwrap();
        let error = Journal::open(&path, "abc", true).unwrap_err().to_string();
        assert!(
            error.contains("is of ckptsim 0.1.0 with ckptsim.journal/1"),
            "{error}"
        );
        assert!(!Journal::belongs(&path, "abc"));
    }
}
