//! A directory of results: one process at a time writes into it, and readers see the earlier results or the new ones,
//! whole.
//!
//! New files are written aside, into [`NEW`]. When all are there, `NEW` is renamed to [`READY`]: from this instant they
//! are the results, and whatever happens, they are moved into place: now, or, after a kill, by the next command that looks
//! at the directory. Before it, a kill leaves the earlier results untouched and a `NEW` that the next command removes. The
//! manifest moves last: until then its checksums do not match the directory, which every reader notices.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};

use crate::cli::files::{self, sha256};
use crate::experiment::saved;

/// Held as long as a process writes; the operating system lets go of it when the process ends, however it ends.
const LOCK: &str = ".ckptsim.lock";
/// Results that are not whole yet.
const NEW: &str = ".ckptsim-new";
/// Results that are whole, and on their way into the directory.
const READY: &str = ".ckptsim-ready";
/// In it: what is to be done with them.
const STEPS: &str = ".steps.json";

/// What has to be removed if the process ends now: directories that are being written, lock files, directories that were
/// made for them.
static UNFINISHED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

fn unfinished() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes what is unfinished and ends. Waits for a replacement that has begun.
pub fn abandon(end: impl FnOnce()) {
    let mut paths = unfinished();
    // What is inside comes after what it is in.
    while let Some(path) = paths.pop_last() {
        remove_unfinished(&path);
    }
    end();
}

fn remove_unfinished(path: &Path) {
    // What cannot be removed now, the next command removes.
    let _ = if path.file_name().is_some_and(|name| name == NEW) {
        fs::remove_dir_all(path)
    } else if path.is_dir() {
        fs::remove_dir(path)
    } else {
        fs::remove_file(path)
    };
}

/// A directory that this process alone writes into.
#[derive(Debug)]
pub struct Output {
    directory: PathBuf,
    /// `None` where the file system knows no locks.
    lock: Option<File>,
    /// Directories that did not exist before, the outermost first.
    made: Vec<PathBuf>,
    /// SHA-256 of the files that were written so far, by name.
    written: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize)]
struct Steps {
    /// Files that move into place, in this order.
    moved: Vec<String>,
    /// Files that go.
    removed: Vec<String>,
}

impl Output {
    /// Locks a directory, which is made if it does not exist; finishes or clears away what a killed process has left.
    pub fn open(directory: &Path) -> anyhow::Result<Output> {
        let made = missing(directory);
        fs::create_dir_all(directory)
            .with_context(|| format!("cannot create {}", directory.display()))?;
        Output::locked(directory, made)
    }

    /// The same for a directory that must exist.
    pub fn existing(directory: &Path) -> anyhow::Result<Output> {
        if !directory.is_dir() {
            bail!("{} is no directory", directory.display());
        }
        Output::locked(directory, Vec::new())
    }

    fn locked(directory: &Path, made: Vec<PathBuf>) -> anyhow::Result<Output> {
        let lock = lock(directory)?;
        let output = Output {
            directory: directory.to_owned(),
            lock,
            made,
            written: BTreeMap::new(),
        };
        let new = output.path(NEW);
        let mut paths = unfinished();
        paths.extend(output.made.iter().cloned());
        paths.insert(output.path(LOCK));
        finish(directory)?;
        remove_tree(&new)?;
        saved::clear_stale(directory, true);
        fs::create_dir(&new)
            .with_context(|| format!("cannot write into {}", directory.display()))?;
        paths.insert(new);
        drop(paths);
        Ok(output)
    }

    /// Where the results will stand.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Writes a file aside. A name may lead into a directory below.
    pub fn write(&mut self, name: &str, content: &[u8]) -> anyhow::Result<()> {
        // A signal that comes in between waits, so that nothing is written into what it removes.
        let _paths = unfinished();
        let path = self.path(NEW).join(name);
        let written = write_durably(&path, content);
        written.with_context(|| format!("cannot write {}", self.path(name).display()))?;
        self.written.insert(name.to_owned(), sha256(content));
        Ok(())
    }

    /// SHA-256 of all files that were written so far, by name.
    pub fn written(&self) -> &BTreeMap<String, String> {
        &self.written
    }

    /// Replaces the earlier results: these files go, the new ones and those of `renamed` (from, to) take their places.
    pub fn commit(
        mut self,
        earlier: impl IntoIterator<Item = String>,
        renamed: Option<(&str, &str)>,
    ) -> anyhow::Result<()> {
        let mut paths = unfinished();
        let new = self.path(NEW);
        let mut removed: BTreeSet<String> = earlier.into_iter().collect();
        if let Some((from, to)) = renamed {
            // A second name, so that a kill before `READY` does not lose the first.
            let (source, target) = (self.path(from), new.join(to));
            fs::hard_link(&source, &target)
                .or_else(|_| fs::copy(&source, &target).map(|_| ()))
                .with_context(|| format!("cannot read {}", source.display()))?;
            self.written.insert(to.to_owned(), String::new());
            removed.insert(from.to_owned());
        }
        let last = |name: &&String| name.ends_with(files::FILE);
        let names = self.written.keys();
        let moved: Vec<String> = names
            .clone()
            .filter(|name| !last(name))
            .chain(names.filter(last))
            .cloned()
            .collect();
        removed.retain(|name| is_inside(name) && !self.written.contains_key(name));
        for name in &moved {
            let target = self.path(name);
            if target.symlink_metadata().is_ok_and(|found| found.is_dir()) {
                bail!(
                    "{} is a directory; a file of that name is to be written",
                    target.display()
                );
            }
        }
        let steps = Steps {
            moved,
            removed: removed.into_iter().collect(),
        };
        let ready = self.path(READY);
        let replaced = write_durably(&new.join(STEPS), &saved::json(&steps))
            .and_then(|()| sync_directory(&new))
            .and_then(|()| fs::rename(&new, &ready))
            .and_then(|()| sync_directory(&self.directory));
        replaced.with_context(|| format!("cannot write into {}", self.directory.display()))?;
        // From here on there is something to keep.
        paths.remove(&new);
        for made in self.made.drain(..) {
            paths.remove(&made);
        }
        finish(&self.directory)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        let mut paths = unfinished();
        let mut own = self.made.clone();
        own.extend([self.path(LOCK), self.path(NEW)]);
        // While the lock is held: nobody else's is removed.
        for path in own.iter().rev().filter(|path| paths.remove(*path)) {
            remove_unfinished(path);
        }
        drop(self.lock.take());
    }
}

/// For readers: moves results into place that a killed process has left ready. A reader that may not write is told.
pub fn settle(directory: &Path) -> anyhow::Result<()> {
    if directory.join(READY).is_dir() {
        drop(Output::existing(directory).with_context(|| {
            format!("{} is being replaced by newer results", directory.display())
        })?);
    }
    Ok(())
}

/// The directories that have to be made for this one, the outermost first.
fn missing(directory: &Path) -> Vec<PathBuf> {
    let ancestors = directory.ancestors();
    let mut missing: Vec<PathBuf> = ancestors
        .take_while(|path| !path.as_os_str().is_empty() && path.symlink_metadata().is_err())
        .map(Path::to_owned)
        .collect();
    missing.reverse();
    missing
}

/// The lock of a directory, or a refusal at once.
fn lock(directory: &Path) -> anyhow::Result<Option<File>> {
    let path = directory.join(LOCK);
    loop {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        let file = options
            .open(&path)
            .with_context(|| format!("cannot write into {}", directory.display()))?;
        match file.try_lock() {
            Ok(()) if is_still(&file, &path) => return Ok(Some(file)),
            // Who had it before has removed it: this is a file without a name.
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => bail!(
                "another ckptsim is writing into {}: wait until it has ended, or name another directory",
                directory.display()
            ),
            Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => {
                return Ok(None);
            }
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("cannot lock {}", path.display()));
            }
        }
    }
}

#[cfg(unix)]
fn is_still(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let (Ok(own), Ok(named)) = (file.metadata(), fs::symlink_metadata(path)) else {
        return false;
    };
    (own.dev(), own.ino()) == (named.dev(), named.ino())
}

/// A file that is open cannot lose its name there.
#[cfg(not(unix))]
fn is_still(_: &File, _: &Path) -> bool {
    true
}

/// Moves what is ready into place. Whatever was done before a kill is not there to be done again.
fn finish(directory: &Path) -> anyhow::Result<()> {
    let ready = directory.join(READY);
    let steps = match fs::read(ready.join(STEPS)) {
        Ok(text) => text,
        // The steps go last.
        Err(error) if error.kind() == ErrorKind::NotFound => return remove_tree(&ready),
        Err(error) => return Err(error).with_context(|| ready.display().to_string()),
    };
    let steps: Steps = serde_json::from_slice(&steps).with_context(|| {
        format!(
            "{} holds new results, but its {STEPS} is damaged: move them by hand, or remove it",
            ready.display()
        )
    })?;
    let (last, first): (Vec<&String>, Vec<&String>) = steps
        .moved
        .iter()
        .partition(|name| name.ends_with(files::FILE));
    for name in first {
        put(&ready, directory, name)?;
    }
    for name in steps.removed.iter().filter(|name| is_inside(name)) {
        let path = directory.join(name);
        if let Err(error) = fs::remove_file(&path)
            && error.kind() != ErrorKind::NotFound
        {
            return Err(error).with_context(|| format!("cannot remove {}", path.display()));
        }
    }
    for name in last {
        put(&ready, directory, name)?;
    }
    sync_directory(directory).with_context(|| directory.display().to_string())?;
    remove_tree(&ready)
}

fn put(ready: &Path, directory: &Path, name: &str) -> anyhow::Result<()> {
    let (from, to) = (ready.join(name), directory.join(name));
    if !is_inside(name) || from.symlink_metadata().is_err() {
        return Ok(());
    }
    let parent = to.parent().unwrap_or(directory);
    fs::create_dir_all(parent)
        .and_then(|()| fs::rename(&from, &to))
        .with_context(|| format!("cannot replace {}", to.display()))
}

/// Names of files, not ways out of the directory.
fn is_inside(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    !name.is_empty() && parts.all(|part| matches!(part, std::path::Component::Normal(_)))
}

fn write_durably(path: &Path, content: &[u8]) -> std::io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    let mut file = File::create(path)?;
    file.write_all(content)?;
    file.sync_all()
}

/// New names outlast a loss of power, too.
#[cfg(unix)]
fn sync_directory(directory: &Path) -> std::io::Result<()> {
    File::open(directory)?.sync_all()
}

#[cfg(not(unix))]
fn sync_directory(_: &Path) -> std::io::Result<()> {
    Ok(())
}

fn remove_tree(path: &Path) -> anyhow::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// `a` and `b` of an earlier command.
    fn earlier() -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        for name in ["a", "b"] {
            fs::write(directory.path().join(name), "earlier").unwrap();
        }
        directory
    }

    fn replacing(directory: &Path) -> Output {
        let mut output = Output::open(directory).unwrap();
        output.write("a", b"new").unwrap();
        output.write("manifest.json", b"new").unwrap();
        output
    }

    #[test]
    fn earlier_files_stay_until_all_new_ones_are_there() {
        let directory = earlier();
        let output = replacing(directory.path());
        assert_eq!(fs::read(directory.path().join("a")).unwrap(), b"earlier");
        drop(output);
        assert_eq!(names(directory.path()), ["a", "b"]);
        let output = replacing(directory.path());
        output.commit(["b".to_owned()], None).unwrap();
        assert_eq!(names(directory.path()), ["a", "manifest.json"]);
        assert_eq!(fs::read(directory.path().join("a")).unwrap(), b"new");
    }

    #[test]
    fn a_replacement_that_was_killed_at_any_step_is_finished_by_the_next_command() {
        for done in 0..4 {
            let directory = earlier();
            let path = directory.path();
            let ready = path.join(READY);
            fs::create_dir(&ready).unwrap();
            let steps = r#"{"moved":["a","manifest.json"],"removed":["b"]}"#;
            fs::write(ready.join(STEPS), steps).unwrap();
            for name in ["a", "manifest.json"] {
                fs::write(ready.join(name), "new").unwrap();
            }
            if done > 0 {
                fs::rename(ready.join("a"), path.join("a")).unwrap();
            }
            if done > 1 {
                fs::remove_file(path.join("b")).unwrap();
            }
            if done > 2 {
                fs::rename(ready.join("manifest.json"), path.join("manifest.json")).unwrap();
                fs::remove_file(ready.join(STEPS)).unwrap();
            }
            settle(path).unwrap();
            assert_eq!(names(path), ["a", "manifest.json"], "{done}");
            assert_eq!(fs::read(path.join("a")).unwrap(), b"new");
        }
    }

    #[test]
    fn a_second_writer_is_refused_at_once_and_spoils_nothing() {
        let directory = earlier();
        let output = replacing(directory.path());
        let error = Output::open(directory.path()).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("another ckptsim is writing into")
        );
        output.commit([], None).unwrap();
        assert!(Output::open(directory.path()).is_ok());
        assert_eq!(names(directory.path()), ["a", "b", "manifest.json"]);
    }

    #[test]
    fn what_killed_processes_have_left_is_cleared_and_files_of_others_are_not() {
        let directory = earlier();
        let path = directory.path();
        fs::create_dir(path.join(NEW)).unwrap();
        fs::write(path.join(NEW).join("half"), "").unwrap();
        fs::write(path.join(LOCK), "").unwrap();
        fs::write(path.join(".tmpAb3xYz"), "").unwrap();
        fs::write(path.join(".ckptsim-Ab3xYz"), "").unwrap();
        fs::write(path.join(".tmp-notes"), "").unwrap();
        let used = path.join(".tmpUsed01");
        let used = File::create(used).unwrap();
        used.lock().unwrap();
        drop(Output::open(path).unwrap());
        assert_eq!(names(path), [".tmp-notes", ".tmpUsed01", "a", "b"]);
    }

    #[test]
    fn a_directory_that_was_made_for_nothing_goes_again() {
        let directory = tempfile::tempdir().unwrap();
        let deep = directory.path().join("one/two");
        drop(Output::open(&deep).unwrap());
        assert_eq!(names(directory.path()), [""; 0]);
        let mut output = Output::open(&deep).unwrap();
        output.write("three/four", b"").unwrap();
        output.commit([], None).unwrap();
        assert_eq!(names(&deep), ["three"]);
    }

    #[test]
    fn names_that_lead_out_of_the_directory_are_left_alone() {
        let directory = earlier();
        let inner = directory.path().join("inner");
        let output = replacing(&inner);
        output
            .commit(["../a".to_owned(), "/etc/x".to_owned()], None)
            .unwrap();
        assert_eq!(names(directory.path()), ["a", "b", "inner"]);
    }
}
