//! Why a checkpoint took as long as it did, as text and as Markdown.

mod tree;
mod words;

use crate::experiment::explain::{Besides, Counterfactual, Explanation, Outlook, Resource, Step};
use crate::measure::{CheckpointKind, straggler};
use crate::render::markdown::{fenced, sentence};
use crate::render::number::{Unit, counted};
use crate::render::table::{Align, Table, WIDTH, wrapped};
use crate::units::SimDuration;
use crate::units::harmless::{BOLD, PLAIN};

/// Stragglers that are named.
const NAMED: usize = 4;

/// For a terminal of `width` columns, with its escape sequences if `colour`.
pub fn text(explanation: &Explanation, width: usize, colour: bool) -> String {
    let lines = |text: &str| wrapped(text, width).join("\n");
    let bold = |text: String| {
        if colour {
            format!("{BOLD}{text}{PLAIN}")
        } else {
            text
        }
    };
    let mut blocks = vec![
        bold(lines(&headline(explanation))),
        lines(&bottleneck(explanation)),
        String::new(),
        tree::text(&explanation.tree, width, colour),
        lines(&stragglers(explanation)),
        lines(&completion(explanation)),
    ];
    if !explanation.what_if.is_empty() {
        blocks.push(String::new());
        blocks.push(what_if(explanation, width));
    }
    blocks.join("\n") + "\n"
}

/// For a ticket or a pull request.
pub fn markdown(explanation: &Explanation) -> String {
    let mut text = format!(
        "**{}**\n\n{}\n\n{}\n{} {}\n",
        sentence(&headline(explanation)),
        sentence(&bottleneck(explanation)),
        fenced("text", &tree::text(&explanation.tree, WIDTH, false)),
        sentence(&stragglers(explanation)),
        sentence(&completion(explanation)),
    );
    if !explanation.what_if.is_empty() {
        text.push('\n');
        text.push_str(&what_if_table(explanation).markdown());
    }
    text
}

/// The option that helps the checkpoint most, if one does: `name`, its keys, and what it gives.
/// An option that leaves more than this share of a duration does not help.
const NOTICED: f64 = 0.99;

fn best(explanation: &Explanation) -> Option<String> {
    let best = explanation.what_if.first()?;
    let duration = best.checkpoint.duration()?;
    // What nobody would notice is no help.
    (duration < explanation.tree.length.scale(NOTICED)).then(|| {
        format!(
            "{}: {} -> {} ({})",
            best.name,
            time(explanation.tree.length),
            time(duration),
            settings(best).join(", ")
        )
    })
}

/// The timeout that one that expired would have needed.
fn needed(explanation: &Explanation) -> Option<String> {
    explanation.expired_after?;
    let length = time(explanation.tree.length);
    Some(format!("execution.checkpointing.timeout above {length}"))
}

/// What would have helped most, or who can tell: `source` is what `explain` is asked about where no option was tried.
pub fn attempt(explanation: &Explanation, source: &str) -> String {
    let attempt = if explanation.what_if.is_empty() {
        format!("`ckptsim explain {source}` simulates other options")
    } else {
        best(explanation).unwrap_or_else(|| "no single option makes it faster".to_owned())
    };
    match needed(explanation) {
        Some(timeout) => format!("{timeout}; or {attempt}"),
        None => attempt,
    }
}

/// The critical path as a tree of lines.
pub fn path(explanation: &Explanation) -> String {
    tree::text(&explanation.tree, WIDTH, false)
}

/// Who held the checkpoint up, and where its time went. For `why` of `run`.
pub fn why(explanation: &Explanation) -> String {
    let last = match &explanation.tree.step {
        Step::EndToEnd { subtask } => format!("{subtask} acknowledged last. "),
        _ => String::new(),
    };
    let which = match explanation.expired_after {
        Some(_) => format!(
            "which expired and would have taken {}",
            time(explanation.tree.length)
        ),
        None => "the slowest".to_owned(),
    };
    format!(
        "checkpoint {}, {which}: {last}{}",
        explanation.checkpoint,
        bottleneck(explanation)
    )
}

/// What a thread does besides records.
fn also(what: Besides) -> &'static str {
    match what {
        Besides::Timers => ", and the timers that fire in one go",
        Besides::Commits => ", and its commits",
        Besides::HoldsOn => " before it looks at its mailbox",
    }
}

/// What the checkpoint waits for most, as one sentence.
fn bottleneck(explanation: &Explanation) -> String {
    let Some(found) = &explanation.bottleneck else {
        return "Bottleneck: none.".to_owned();
    };
    let what = match &found.resource {
        Resource::Thread {
            subtask,
            busy,
            besides,
        } => format!(
            "the thread of {subtask} (busy {}): {} behind the records that it has to process{}",
            Unit::Share.text(*busy),
            if besides.contains(&Besides::HoldsOn) {
                "the trigger waits"
            } else {
                "barriers wait"
            },
            besides.iter().copied().map(also).collect::<String>()
        ),
        Resource::SyncPhase { subtask } => {
            format!("the sync phase of {subtask}, on its task's thread")
        }
        Resource::Bandwidth(Some(limit)) => format!(
            "{}, {}",
            limit.kind.key(),
            Unit::Bytes.text(limit.bytes_per_s) + "/s"
        ),
        Resource::Bandwidth(None) => "bandwidth, though it has no limit".to_owned(),
        Resource::FileLatency => "files are created and closed".to_owned(),
        Resource::Network => {
            "channels whose receiver is idle: links, credits, the buffer timeout".to_owned()
        }
        Resource::LateBarrier { from, to } => format!("the barrier from {from} to {to} came last"),
        Resource::AlignmentTimeout => "the aligned-checkpoint-timeout".to_owned(),
        Resource::AsyncThread => {
            "one thread per task for asynchronous parts, which had an older checkpoint".to_owned()
        }
        Resource::Preparation => "fixed times of the asynchronous phase".to_owned(),
        Resource::ControlPlane => "messages between JobManager and tasks".to_owned(),
    };
    format!(
        "Bottleneck, {} of {} ({}): {what}.",
        time(found.length),
        time(explanation.tree.length),
        words::percent(found.share)
    )
}

fn headline(explanation: &Explanation) -> String {
    let kind = match explanation.kind {
        CheckpointKind::Checkpoint => "checkpoint",
        CheckpointKind::Savepoint => "savepoint",
    };
    let rank = if explanation.is_slowest {
        format!(", the slowest of {}", explanation.completed)
    } else {
        String::new()
    };
    let length = time(explanation.tree.length);
    let took = match explanation.expired_after {
        Some(timeout) => format!(
            "expired after {}; without its timeout it takes {length}",
            time(timeout)
        ),
        None => format!("took {length}"),
    };
    format!(
        "{}: {kind} {}{rank}, triggered after {}, {took}",
        explanation.scenario,
        explanation.checkpoint,
        Unit::Time.text(explanation.trigger.as_secs_f64()),
    )
}

fn stragglers(explanation: &Explanation) -> String {
    let found = &explanation.stragglers;
    let of = counted(found.of, "subtask");
    if found.subtasks.is_empty() {
        return format!("Stragglers: none of {of}.");
    }
    let mut names: Vec<String> = found.subtasks[..found.subtasks.len().min(NAMED)]
        .iter()
        .map(|(subtask, total)| format!("{subtask} {}", time(*total)))
        .collect();
    let more = found.subtasks.len().saturating_sub(NAMED);
    if more > 0 {
        names.push(format!("{more} more"));
    }
    format!(
        "Stragglers: {} of {of} by the rule of Flink's web UI ({}, here {}): {}.",
        found.subtasks.len(),
        straggler::RULE,
        time(found.threshold),
        names.join(", ")
    )
}

fn completion(explanation: &Explanation) -> String {
    format!(
        "After the last ack: {} until the checkpoint was complete, no part of the duration.",
        time(explanation.completion)
    )
}

fn what_if(explanation: &Explanation, width: usize) -> String {
    let title = if width < WIDTH {
        "What if (only these keys changed)"
    } else {
        "What if (same seed, only these keys changed)"
    };
    let (names, figures) = if width < WIDTH { (34, 23) } else { (46, 25) };
    let columns = |name: &str, this: &str, slowest: &str| {
        format!("{name:<names$}{this:>figures$}{slowest:>figures$}")
    };
    let mut text = columns(title, "this checkpoint", "slowest of the run");
    for option in &explanation.what_if {
        let [this, slowest] = effects(explanation, option);
        text.push('\n');
        text.push_str(&columns(&format!("  {}", option.name), &this, &slowest));
        for setting in settings(option) {
            text.push_str("\n      ");
            text.push_str(&setting);
        }
        if let Outlook::Not(why) = &option.checkpoint {
            text.push_str("\n      ");
            text.push_str(why);
        }
    }
    text
}

/// Every option that was tried, with its keys and what it gives.
pub fn what_if_table(explanation: &Explanation) -> Table {
    let columns = [
        ("What if", Align::Left),
        ("This checkpoint", Align::Right),
        ("Slowest of the run", Align::Right),
        ("Set", Align::Left),
    ];
    let rows = explanation.what_if.iter().map(|option| {
        let [this, slowest] = effects(explanation, option);
        let keys = settings(option);
        let keys: Vec<String> = keys.iter().map(|one| format!("`{one}`")).collect();
        vec![
            option.name.clone().into(),
            this.into(),
            slowest.into(),
            keys.join(", ").into(),
        ]
    });
    Table {
        notes: vec!["Same seed, only these keys changed.".to_owned()],
        ..Table::new(columns, rows)
    }
}

fn effects(explanation: &Explanation, option: &Counterfactual) -> [String; 2] {
    let after = |duration: Option<SimDuration>| {
        duration.map_or_else(|| "does not complete".to_owned(), time)
    };
    let this = option.checkpoint.duration();
    let slowest = match explanation.slowest {
        Some(before) => format!("{} -> {}", time(before), after(option.slowest)),
        None => after(option.slowest),
    };
    [
        format!("{} -> {}", time(explanation.tree.length), after(this)),
        slowest,
    ]
}

fn settings(option: &Counterfactual) -> Vec<String> {
    let settings = option.settings.iter();
    settings
        .map(|setting| format!("{}={}", setting.key, setting.value))
        .collect()
}

fn time(duration: SimDuration) -> String {
    Unit::Time.text(duration.as_secs_f64())
}
