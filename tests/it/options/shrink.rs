//! A smaller scenario with the same fault.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::options::generate::without;

/// Shrinking may take so long; what has been reached by then is good enough.
const TIME_MAX: Duration = Duration::from_secs(60);

/// Takes out tables and lines as long as the fault is there.
pub fn smallest(text: &str, mut is_faulty: impl FnMut(&str) -> bool) -> String {
    #[expect(
        clippy::disallowed_methods,
        reason = "a limit of the search, not a result"
    )]
    let began = Instant::now();
    let mut smallest = text.to_owned();
    loop {
        let before = smallest.len();
        let headers = |line: &&(usize, &str)| line.1.starts_with('[');
        let lines: Vec<(usize, &str)> = smallest.lines().enumerate().collect();
        let tables: Vec<usize> = lines
            .iter()
            .filter(headers)
            .map(|line| line.0 + 1)
            .collect();
        let mut order: Vec<usize> = (1..=lines.len()).collect();
        order.extend(tables);
        // From the end, so that the numbers of what is still to be tried stay.
        while let Some(line) = order.pop() {
            if began.elapsed() > TIME_MAX {
                return smallest;
            }
            let smaller = without(&smallest, &BTreeSet::from([line]));
            if smaller.len() < smallest.len() && is_faulty(&smaller) {
                smallest = smaller;
            }
        }
        if smallest.len() == before {
            return smallest;
        }
    }
}
