//! Options in other words: `SET` of the SQL client, `-Dkey=value` of a command line, the answer of a JobManager.

use serde_json::Value;

use crate::scenario::flink_conf::{Entry, Found, lines};

/// `SET 'key' = 'value';` in a script of the SQL client; all other statements are skipped (`SqlClientParser`). `None` if
/// there is no such statement.
pub(super) fn sql(text: &str) -> Option<Found> {
    let mut found = Found::default();
    for (line, statement) in statements(text) {
        let Some((word, rest)) = statement.split_at_checked(3) else {
            continue;
        };
        if !word.eq_ignore_ascii_case("set") || !rest.starts_with(char::is_whitespace) {
            continue;
        }
        let Some((key, value)) = rest.split_once('=') else {
            continue;
        };
        found.entries.push(Entry {
            key: lines::unquoted(key.trim()).to_owned(),
            value: lines::unquoted(value.trim()).replace("''", "'"),
            line,
        });
    }
    (!found.entries.is_empty()).then_some(found)
}

/// The statements of a script and the lines on which they begin, without comments.
fn statements(text: &str) -> Vec<(usize, String)> {
    let mut statements = Vec::new();
    let (mut statement, mut begins, mut quote) = (String::new(), 1, None);
    for (index, line) in text.lines().enumerate() {
        let mut signs = line.chars().peekable();
        while let Some(sign) = signs.next() {
            match (sign, quote) {
                ('-', None) if signs.peek() == Some(&'-') => break,
                (';', None) => {
                    statements.push((begins, std::mem::take(&mut statement)));
                    continue;
                }
                ('\'' | '"' | '`', None) => quote = Some(sign),
                (sign, Some(open)) if sign == open => quote = None,
                _ => {}
            }
            if statement.is_empty() {
                if sign.is_whitespace() {
                    continue;
                }
                begins = index + 1;
            }
            statement.push(sign);
        }
        if !statement.is_empty() {
            statement.push('\n');
        }
    }
    statements.push((begins, statement));
    statements.retain(|(_, statement)| statement.len() > 3);
    statements
}

/// Flags of `yarn-session.sh` (`FlinkYarnSessionCli`), and of `flink run` with a `y` before.
const YARN: [(&[&str], &str); 2] = [
    (&["-s", "--slots"], "taskmanager.numberOfTaskSlots"),
    (
        &["-tm", "--taskManagerMemory"],
        "taskmanager.memory.process.size",
    ),
];

/// The option of a flag of YARN with its value; memory without a unit is in megabytes.
fn of_yarn(flag: &str, is_session: bool, value: &str) -> Option<String> {
    let plain = match flag.strip_prefix("-y") {
        Some(rest) if !flag.starts_with("--") => format!("-{rest}"),
        _ if is_session => flag.to_owned(),
        _ => return None,
    };
    let (_, key) = YARN
        .iter()
        .find(|(flags, _)| flags.contains(&plain.as_str()))?;
    let is_number = value.parse::<u32>().is_ok();
    let unit = if is_number && key.ends_with("size") {
        "m"
    } else {
        ""
    };
    (is_number || key.ends_with("size")).then(|| format!("{key}={value}{unit}"))
}

/// `-Dkey=value`, `-D key=value`, `-p N` (`--parallelism N`) and YARN's flags of a command line. `None` without a `-D`.
pub(super) fn command(text: &str) -> Option<Found> {
    let is_session = text.contains("yarn-session");
    let mut found = Found::default();
    let mut words = shlex::Shlex::new(text);
    let mut line = words.line_no;
    let mut before: Option<String> = None;
    while let Some(word) = words.next() {
        let option = match word.as_str() {
            "-D" => words.next(),
            "-p" | "--parallelism" => {
                let parallelism = words.next().filter(|next| next.parse::<u32>().is_ok());
                parallelism.map(|n| format!("parallelism.default={n}"))
            }
            word => match word.strip_prefix("-D") {
                Some(option) => Some(option.to_owned()),
                None => before.and_then(|flag: String| of_yarn(&flag, is_session, word)),
            },
        };
        before = Some(word);
        let pair = option.as_deref().and_then(|option| option.split_once('='));
        if let Some((key, value)) = pair {
            found.entries.push(Entry {
                key: key.trim().to_owned(),
                value: value.trim().to_owned(),
                line,
            });
        }
        line = words.line_no;
    }
    let is_option = |entry: &Entry| entry.key != "parallelism.default";
    found.entries.iter().any(is_option).then_some(found)
}

/// The answer of `/jobmanager/config`: `[{"key": …, "value": …}]`.
pub(super) fn answer(text: &str) -> Option<Found> {
    let answer: Vec<Value> = serde_json::from_str(text).ok()?;
    let entries = answer.iter().map(|pair| {
        let part = |name: &str| pair.get(name)?.as_str().map(str::to_owned);
        let key = part("key")?;
        let at = text.find(&format!("\"{key}\"")).unwrap_or(0);
        Some(Entry {
            line: text[..at].matches('\n').count() + 1,
            value: part("value")?,
            key,
        })
    });
    let entries: Vec<Entry> = entries.collect::<Option<_>>()?;
    (!entries.is_empty()).then(|| Found {
        entries,
        ..Found::default()
    })
}
