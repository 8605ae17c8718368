//! The way in for every file that a user names: read whole, unless it is too large, or no file that ends.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::Path;

/// Larger scenarios, configurations, traces and recordings are not read: they have kilobytes.
const TEXT_MAX: u64 = 64 << 20;
/// Larger results, and answers of a cluster, are not read.
const RESULT_MAX: u64 = 1 << 30;

/// All of a file, if it is not larger than `limit`. The error is a sentence.
pub fn bytes(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    if ordinary(path)? > limit {
        return Err(too_large(limit));
    }
    limited(File::open(path)?, limit)
}

/// The bytes of a file that has an end. Asked before opening: to open a FIFO waits for its other side.
pub fn ordinary(path: &Path) -> io::Result<u64> {
    let metadata = std::fs::metadata(path)?;
    match no_file(&metadata) {
        Some(other) => Err(io::Error::other(format!("it is {other}"))),
        None => Ok(metadata.len()),
    }
}

/// All of a result, or of a saved answer of a cluster.
pub fn result(path: &Path) -> io::Result<Vec<u8>> {
    bytes(path, RESULT_MAX)
}

/// All of a file that is text in UTF-8; a byte order mark before it is skipped.
pub fn text(path: &Path) -> io::Result<String> {
    utf8(bytes(path, TEXT_MAX)?)
}

/// All of standard input, as text.
pub fn stdin() -> io::Result<String> {
    utf8(limited(io::stdin().lock(), TEXT_MAX)?)
}

fn utf8(bytes: Vec<u8>) -> io::Result<String> {
    let mut text = String::from_utf8(bytes).map_err(|_| io::Error::other("it is not UTF-8"))?;
    if text.starts_with('\u{FEFF}') {
        text.remove(0);
    }
    Ok(text)
}

/// What says 0 bytes about itself (`/proc`) may still have some, and what was short may grow.
fn limited(source: impl Read, limit: u64) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    source.take(limit + 1).read_to_end(&mut content)?;
    if content.len() as u64 > limit {
        return Err(too_large(limit));
    }
    Ok(content)
}

fn too_large(limit: u64) -> io::Error {
    io::Error::other(format!("it is larger than {} MiB", limit >> 20))
}

fn no_file(metadata: &Metadata) -> Option<&'static str> {
    let kind = metadata.file_type();
    if kind.is_file() {
        return None;
    }
    if kind.is_dir() {
        return Some("a directory");
    }
    Some(special(kind))
}

#[cfg(unix)]
fn special(kind: std::fs::FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    if kind.is_fifo() {
        "a pipe, not a file: write its content into a file first"
    } else if kind.is_socket() {
        "a socket, not a file"
    } else {
        "a device, not a file"
    }
}

#[cfg(not(unix))]
fn special(_: std::fs::FileType) -> &'static str {
    "no file"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_end_is_refused_before_it_is_read() {
        for (path, word) in [("/dev/zero", "a device"), ("/", "a directory")] {
            let why = bytes(Path::new(path), TEXT_MAX).unwrap_err().to_string();
            assert!(why.contains(word), "{path}: {why}");
        }
        let endless = limited(io::repeat(0), 5 << 20).unwrap_err();
        assert_eq!(endless.to_string(), "it is larger than 5 MiB");
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_text() {
        assert_eq!(utf8("\u{FEFF}a".as_bytes().to_vec()).unwrap(), "a");
        assert!(utf8(vec![0xff]).is_err());
    }
}
