//! Cases are judged in processes of their own: none may take more than 1 GiB, and one that hangs can be ended.
//!
//! A child is this very test binary with a range of cases in its environment. It says which case it begins and how that
//! ended; a panic is told and the next case begins, after a death or a hang the parent starts another child behind it.

use std::cell::RefCell;
use std::io::{BufRead, BufReader};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use crate::options::generate::repaired;
use crate::options::judge::{Depth, End, judge};
use crate::options::schema::Schema;

/// The most that a process may take.
const KIBIBYTES_MAX: u64 = 1 << 20;

/// A case that takes more of the processor hangs; usual ones take milliseconds.
const PROCESSOR_TIME_MAX: Duration = Duration::from_secs(10);
/// A case of which nothing is heard for longer hangs, even if it does nothing; the machine may be busy.
const SILENCE_MAX: Duration = Duration::from_secs(240);

/// How often a silent child is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Of so many cases one is judged at full depth.
const FULL_DEPTH: usize = 64;

const RANGE: &str = "CKPTSIM_CHILD_CASES";
const FILE: &str = "CKPTSIM_CHILD_FILE";
const DIRECTORY: &str = "CKPTSIM_CHILD_DIRECTORY";
const MARK: &str = "case ";

/// The scenario that a child is judging.
pub const CURRENT: &str = "current.toml";

/// How a case ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Ended {
    /// It cannot be repaired.
    Hopeless,
    /// A limit of the simulation, or no completed checkpoint, or some.
    Well {
        ran: bool,
        completed: bool,
        repairs: usize,
    },
    /// It must not end so.
    Fault(Fault),
}

/// What must not happen.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// Where, and what it said.
    Panic { place: String, message: String },
    /// The process ended: memory, stack, abort.
    Death,
    /// It does not end.
    Hang,
}

impl Fault {
    /// Whether two faults have the same cause, as far as can be seen.
    pub fn is_like(&self, other: &Fault) -> bool {
        match (self, other) {
            (Fault::Panic { place, .. }, Fault::Panic { place: other, .. }) => place == other,
            _ => self == other,
        }
    }
}

/// Does the work of a child if this process is one.
pub fn is_child(made: fn(&Schema, usize) -> String) -> bool {
    let Ok(directory) = std::env::var(DIRECTORY) else {
        return false;
    };
    let directory = Path::new(&directory);
    hear_panics();
    if let Ok(file) = std::env::var(FILE) {
        let text = std::fs::read_to_string(file).unwrap();
        say(0, "begins");
        say(0, &caught(|| end(&judge(&text, directory, Depth::All), 0)));
        return true;
    }
    let range = std::env::var(RANGE).unwrap();
    let (from, to) = range.split_once("..").unwrap();
    let schema = Schema::load();
    for number in from.parse().unwrap()..to.parse().unwrap() {
        say(number, "begins");
        let depth = if number % FULL_DEPTH == 0 {
            Depth::All
        } else {
            Depth::Run
        };
        let ended = caught(|| {
            let text = made(&schema, number);
            let current = directory.join(CURRENT);
            std::fs::write(&current, &text).unwrap();
            let Some(made) = repaired(&text, directory) else {
                return "hopeless".to_owned();
            };
            std::fs::write(&current, &made.text).unwrap();
            end(&judge(&made.text, directory, depth), made.repairs)
        });
        say(number, &ended);
    }
    true
}

fn end(end: &End, repairs: usize) -> String {
    match end {
        End::Refused => "hopeless".to_owned(),
        End::Limited(_) => format!("well false false {repairs}"),
        End::Ran { completed } => format!("well true {} {repairs}", *completed > 0),
    }
}

thread_local! {
    static LAST_PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

fn hear_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        let payload = panic.payload();
        let message = payload.downcast_ref::<String>().map(String::as_str);
        let message = message.or_else(|| payload.downcast_ref::<&str>().copied());
        let message = message.unwrap_or_default();
        let one_line = message.replace(|c: char| c.is_control(), " ");
        let text = format!("{} {one_line}", place.unwrap_or_default());
        LAST_PANIC.set(text);
    }));
}

fn caught(work: impl FnOnce() -> String) -> String {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| format!("panicked {}", LAST_PANIC.take()))
}

/// On a line of its own: the test harness writes on the same stream.
#[expect(clippy::print_stdout, reason = "the parent reads it")]
fn say(number: usize, what: &str) {
    println!("\n{MARK}{number} {what}");
}

/// Judges cases; `tell` hears how each ended, with the text of the faulty ones.
pub fn judged(
    cases: Range<usize>,
    property: &str,
    directory: &Path,
    mut tell: impl FnMut(usize, Ended, &str),
) {
    let mut next = cases.start;
    while next < cases.end {
        let range = format!("{next}..{}", cases.end);
        let mut child = Running::new(property, directory, RANGE, &range);
        while let Some((number, ended)) = child.next() {
            let text = match ended {
                Ended::Fault(_) => std::fs::read_to_string(directory.join(CURRENT)).unwrap(),
                _ => String::new(),
            };
            next = number + 1;
            tell(number, ended, &text);
        }
        assert!(next > cases.start, "the child does not begin");
    }
}

/// Judges one text.
pub fn judged_text(text: &str, property: &str, directory: &Path) -> Option<Ended> {
    let file = directory.join("candidate.toml");
    std::fs::write(&file, text).unwrap();
    let mut child = Running::new(property, directory, FILE, file.to_str().unwrap());
    child.next().map(|(_, ended)| ended)
}

struct Running {
    process: Child,
    lines: Receiver<String>,
    begun: Option<usize>,
    /// Of the processor, before the case began.
    used_before: Duration,
}

impl Running {
    fn new(property: &str, directory: &Path, variable: &str, value: &str) -> Running {
        let mut process = limited(&std::env::current_exe().unwrap())
            .args(["--exact", property, "--nocapture", "--test-threads=1"])
            .env(variable, value)
            .env(DIRECTORY, directory)
            // Arenas of threads reserve address space that they do not use.
            .env("MALLOC_ARENA_MAX", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (sender, lines) = channel();
        let output = BufReader::new(process.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if let Some(line) = line.strip_prefix(MARK)
                    && sender.send(line.to_owned()).is_err()
                {
                    break;
                }
            }
        });
        Running {
            process,
            lines,
            begun: None,
            used_before: Duration::ZERO,
        }
    }

    /// How the next case ended; `None` when the child is done. After a fault that the child has not survived there is no
    /// next one.
    fn next(&mut self) -> Option<(usize, Ended)> {
        let mut silent = Duration::ZERO;
        loop {
            match self.lines.recv_timeout(LOOK_EVERY) {
                Ok(line) => {
                    silent = Duration::ZERO;
                    let (number, what) = line.split_once(' ').unwrap();
                    let number: usize = number.parse().unwrap();
                    if what == "begins" {
                        self.begun = Some(number);
                        self.used_before = processor_time(self.process.id());
                    } else {
                        self.begun = None;
                        return Some((number, read(what)));
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    silent += LOOK_EVERY;
                    let used = processor_time(self.process.id()).saturating_sub(self.used_before);
                    if used > PROCESSOR_TIME_MAX || silent > SILENCE_MAX {
                        return Some((self.begun.take()?, Ended::Fault(Fault::Hang)));
                    }
                }
                Err(RecvTimeoutError::Disconnected) => {
                    return Some((self.begun.take()?, Ended::Fault(Fault::Death)));
                }
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ended = self.process.kill();
        self.process.wait().unwrap();
    }
}

fn read(what: &str) -> Ended {
    let mut words = what.splitn(3, ' ');
    match words.next() {
        Some("hopeless") => Ended::Hopeless,
        Some("well") => {
            let mut words = what.split(' ').skip(1);
            let mut word = || words.next().unwrap();
            Ended::Well {
                ran: word() == "true",
                completed: word() == "true",
                repairs: word().parse().unwrap(),
            }
        }
        Some("panicked") => Ended::Fault(Fault::Panic {
            place: words.next().unwrap_or_default().to_owned(),
            message: words.next().unwrap_or_default().to_owned(),
        }),
        _ => panic!("{what}?"),
    }
}

/// The program with a limit on its memory, where the system has one.
#[cfg(unix)]
fn limited(program: &Path) -> Command {
    let mut shell = Command::new("sh");
    let limit = format!("ulimit -v {KIBIBYTES_MAX} && exec \"$0\" \"$@\"");
    shell.arg("-c").arg(limit).arg(program);
    shell
}

#[cfg(not(unix))]
fn limited(program: &Path) -> Command {
    Command::new(program)
}

/// What a process has used of the processor so far, where the system tells: `utime` and `stime` of `/proc/<pid>/stat`, in
/// hundredths of a second.
fn processor_time(process: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // The name in parentheses may hold blanks.
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let fields = after_name.split_whitespace().skip(11).take(2);
    let hundredths: u64 = fields.filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(hundredths * 10)
}
