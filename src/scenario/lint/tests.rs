use std::path::Path;

use super::*;
use crate::scenario::lint::rules::RULES;
use crate::scenario::load;

#[track_caller]
fn codes(text: &str) -> Vec<&'static str> {
    let loaded = load::parse(text, "test.toml", Path::new(""), &[]).unwrap();
    let findings = check(&loaded.scenario);
    let rendered: Vec<String> = findings
        .iter()
        .map(|finding| finding.diagnostic(&loaded).render(false))
        .collect();
    assert!(
        rendered.iter().all(|text| text.contains("test.toml")),
        "{rendered:?}"
    );
    findings.iter().map(|finding| finding.rule.code).collect()
}

const QUIET: &str = "[[vertex]]\nname = 'in'\nsource = { rate = '10/s' }\n";

#[test]
fn a_quiet_scenario_has_no_findings() {
    assert_eq!(codes(QUIET), [""; 0]);
}

#[test]
fn codes_are_unique_and_rising() {
    assert!(RULES.windows(2).all(|pair| pair[0].code < pair[1].code));
}

#[test]
fn work_that_exceeds_time_is_found_always_or_at_the_peak() {
    let with = |source: &str| {
        format!(
            "[[vertex]]\nname = 'in'\nsource = {{ {source} }}\n\
             [[vertex]]\nname = 'x'\ninputs = ['in']\nservice = '1 ms'\n"
        )
    };
    assert_eq!(codes(&with("rate = '1000/s'")), ["CK001"]);
    assert_eq!(
        codes(&with("steps = ['0 s 10/s', '9 min 1500/s']")),
        ["CK002"]
    );
    assert_eq!(codes(&with("rate = '999/s'")), [""; 0]);
}

#[test]
fn windows_behind_a_subtask_without_a_split_never_fire() {
    let with = |source: &str, time: &str| {
        format!(
            "[[vertex]]\nname = 'in'\nparallelism = 4\nsource = {{ rate = '10/s', {source} }}\n\
             [[vertex]]\nname = 'map'\ninputs = ['in']\n\
             [[vertex]]\nname = 'x'\ninputs = ['map']\nwindow = {{ size = '1 min', keys = 9, time = '{time}' }}\n"
        )
    };
    assert_eq!(codes(&with("splits = 3", "event")), ["CK031"]);
    assert_eq!(
        codes(&with("shares = [0.5, 0, 0.25, 0.25]", "event")),
        ["CK031"]
    );
    assert_eq!(codes(&with("splits = 3", "processing")), [""; 0]);
    assert_eq!(codes(&with("splits = 9", "event")), [""; 0]);
    let idle = with("splits = 3, idle-after = '10 s'", "event");
    assert_eq!(codes(&idle), [""; 0]);
}

#[test]
fn the_wish_of_document_004_is_not_fulfilled_by_six_checkpoints() {
    let text = format!(
        "[job]\nretention-wish = '1 h'\n{QUIET}[flink]\nexecution.checkpointing.interval = '2 min'\n\
         execution.checkpointing.num-retained = 6\n"
    );
    let loaded = load::parse(&text, "test.toml", Path::new(""), &[]).unwrap();
    let finding = check(&loaded.scenario).remove(0);
    assert_eq!(
        finding.message,
        "6 retained checkpoints every 2m reach back 12m, not 1h"
    );
    assert_eq!(
        finding.help.unwrap(),
        "`execution.checkpointing.num-retained: 30` reaches back 1h"
    );
}

#[test]
fn every_other_rule_has_a_scenario_that_breaks_it() {
    #[track_caller]
    fn case(text: &str, code: &str) {
        let found = codes(&format!("{QUIET}{text}"));
        assert!(found.contains(&code), "{found:?}");
    }
    let state = "[[vertex]]\nname = 'x'\ninputs = [{ from = 'in', exchange = 'forward' }]\nstate = { size = '2 GiB' }\n";
    case(&format!("{state}[cluster]\nheap = '1 GiB'\n"), "CK003");
    case(
        &format!("{state}[storage]\nprofile = 'jobmanager'\n"),
        "CK004",
    );
    let interval = "[flink]\nexecution.checkpointing.interval = '10 s'\n";
    case(
        &format!("{interval}execution.checkpointing.min-pause = '20 s'\n"),
        "CK005",
    );
    case("[[trigger]]\nat = '1 h'\n", "CK007");
    let unaligned = "execution.checkpointing.unaligned.enabled = true\n";
    case(&format!("{state}{interval}{unaligned}"), "CK008");
    case(
        &format!("{interval}{unaligned}execution.checkpointing.max-concurrent-checkpoints = 2\n"),
        "CK009",
    );
    case(
        "[job]\nduration = '10 min'\n[flink]\nexecution.checkpointing.interval = '9 min'\n",
        "CK010",
    );
    case("[cluster]\ntaskmanagers = 2\n", "CK011");
    let debloat = "[flink]\ntaskmanager.network.memory.buffer-debloat.enabled = true\n";
    case(
        &format!(
            "[[vertex]]\nname = 'big'\nsource = {{ rate = '1/s', record = '1 MiB' }}\n[[vertex]]\nname = 'y'\ninputs = ['big']\n{debloat}"
        ),
        "CK012",
    );
    case(
        &format!(
            "{state}[flink]\nstate.backend.type = 'rocksdb'\n[[trigger]]\nat = '1 s'\nkind = 'savepoint'\n"
        ),
        "CK013",
    );
}

#[test]
fn failures_that_end_the_job_or_its_progress_are_found() {
    #[track_caller]
    fn case(text: &str, expected: &[&str]) {
        assert_eq!(codes(&format!("{QUIET}{text}")), expected);
    }
    let interval = "[flink]\nexecution.checkpointing.interval = '30 s'\n";
    let fixed = format!("{interval}restart-strategy.type = 'fixed-delay'\n");
    case(&format!("{interval}[failures]\nmtbf = '10 min'\n"), &[]);
    case(
        &format!("{interval}[failures]\nmtbf = '29 s'\n"),
        &["CK014"],
    );
    case(&format!("{interval}[failures]\nat = ['1 s']\n"), &[]);
    // 10 min / 6 min is more than the one attempt that is the default.
    case(&format!("{fixed}[failures]\nmtbf = '6 min'\n"), &["CK015"]);
    case(&format!("{fixed}[failures]\nmtbf = '11 min'\n"), &[]);
    let task = "[[failure]]\nat = '1 min'\ntask = { vertex = 'in' }\n";
    case(&format!("{fixed}{task}"), &[]);
    case(&format!("{fixed}{task}times = 2\n"), &["CK015"]);
    case(&format!("{fixed}{task}{task}"), &["CK015"]);
    case(task, &["CK015"]);
    let rate = format!("{interval}restart-strategy.type = 'failure-rate'\n");
    case(&format!("{rate}[failures]\nmtbf = '2 min'\n"), &[]);
    case(&format!("{rate}[failures]\nmtbf = '50 s'\n"), &["CK015"]);
    case(
        &format!("{rate}{task}times = 2\nagain-after = '30 s'\n"),
        &["CK015"],
    );
    case(
        &format!("{rate}{task}times = 2\nagain-after = '2 min'\n"),
        &[],
    );
    case(
        &format!("{rate}[failures]\nat = ['1 s', '59 s']\n"),
        &["CK015"],
    );
    case("[failures]\nmtbf = '1 h'\n", &["CK015", "CK017"]);
}

#[test]
fn a_lost_job_manager_needs_a_quorum_store() {
    let interval = "[flink]\nexecution.checkpointing.interval = '30 s'\n";
    let random = "[failures]\nmtbf = '1 h'\nwhat = 'jobmanager'\n";
    let given = "[[failure]]\nat = '1 min'\njobmanager = true\n";
    for failure in [random, given] {
        let text = format!("{QUIET}{interval}{failure}");
        assert_eq!(codes(&text), ["CK016"]);
        assert_eq!(codes(&format!("{text}[cluster]\ncommit = {{}}\n")), [""; 0]);
    }
}

#[test]
fn what_goes_wrong_after_the_end_is_found() {
    let interval = "[flink]\nexecution.checkpointing.interval = '30 s'\n";
    for late in [
        "[[failure]]\nat = '10 min'\ntaskmanager = 0\n",
        "[[outage]]\nat = '1 h'\nduration = '1 s'\nstorage = '0 %'\n",
        "[failures]\nat = ['1 h', '2 h']\n",
    ] {
        assert_eq!(codes(&format!("{QUIET}{interval}{late}")), ["CK018"]);
    }
    // The rest of a trace does no harm.
    assert_eq!(
        codes(&format!(
            "{QUIET}{interval}[failures]\nat = ['1 min', '2 h']\n"
        )),
        [""; 0]
    );
}

#[test]
fn state_beyond_any_usual_heap_is_warned_about_even_if_no_heap_is_given() {
    let with = |size: &str, backend: &str| {
        let text = format!(
            "[[vertex]]\nname = 'a'\nsource = {{ rate = '5/s' }}\n[[vertex]]\nname = 'b'\ninputs = ['a']\n\
             state = {{ size = '{size}', entry = '1 KB' }}\n[flink]\nstate.backend.type = '{backend}'\n"
        );
        let loaded = load::parse(&text, "test", Path::new(""), &[]).unwrap();
        let found = check(&loaded.scenario);
        found.into_iter().find(|finding| finding.rule == HEAP)
    };
    let finding = with("400 GB", "hashmap").unwrap();
    assert!(
        finding.message.contains("no heap is given"),
        "{}",
        finding.message
    );
    assert_eq!(with("20 GB", "hashmap"), None);
    assert_eq!(with("400 GB", "rocksdb"), None);
}

#[test]
fn uneven_key_groups_are_found_with_a_better_parallelism_where_nothing_else_is_given() {
    let with = |parallelism: u32, input: &str, more: &str| {
        format!(
            "{more}[[vertex]]\nname = 'in'\nsource = {{ rate = '10/s' }}\n\
             [[vertex]]\nname = 'x'\nparallelism = {parallelism}\ninputs = [{input}]\n"
        )
    };
    let key_groups = |text: &str| {
        let codes = codes(text);
        codes.contains(&"CK019")
    };
    assert!(key_groups(&with(120, "'in'", "")));
    assert!(!key_groups(&with(128, "'in'", "")));
    assert!(!key_groups(&with(
        120,
        "'in'",
        "[flink]\npipeline.max-parallelism = 1200\n"
    )));
    assert!(!key_groups(&with(120, "{ from = 'in', zipf = 1.0 }", "")));
    assert!(!key_groups(&with(
        120,
        "{ from = 'in', exchange = 'rebalance' }",
        ""
    )));
    let loaded = load::parse(&with(120, "'in'", ""), "test.toml", Path::new(""), &[]).unwrap();
    let found = check(&loaded.scenario)
        .into_iter()
        .find(|one| one.rule.code == "CK019")
        .unwrap();
    assert_eq!(
        found.message,
        "16 of the 120 subtasks of `x` own 3 of 256 key groups, the others 2: records and state of the first are 40.6 % \
         above the mean"
    );
    assert!(
        found
            .help
            .unwrap()
            .starts_with("parallelism 128 deals them more evenly (0 % above")
    );
}

#[test]
fn vertices_whose_keys_are_dealt_alike_share_a_warning() {
    let text = "[[vertex]]\nname = 'in'\nsource = { rate = '10/s' }\n\
                [[vertex]]\nname = 'x'\nparallelism = 120\ninputs = ['in']\n\
                [[vertex]]\nname = 'y'\nparallelism = 120\ninputs = [{ from = 'x', exchange = 'hash' }]\n";
    let loaded = load::parse(text, "test.toml", Path::new(""), &[]).unwrap();
    let found = check(&loaded.scenario);
    let found: Vec<&str> = found
        .iter()
        .filter(|one| one.rule.code == "CK019")
        .map(|one| one.message.as_str())
        .collect();
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("16 of the 120 subtasks of each of `x`, `y` own 3"));
}
