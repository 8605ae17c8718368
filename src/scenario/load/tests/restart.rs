//! Flink's options about restarts, heartbeats and local recovery: each arrives where it belongs.

use crate::scenario::load::tests::{SOURCE, errors_after_source, parsed};
use crate::scenario::{Failover, Recovery, RestartStrategy};
use crate::units::SimDuration;

const CHECKPOINTS: &str = "execution.checkpointing.interval = '1 min'\n";

/// How a job with these options and checkpoints comes back; it must read back.
#[track_caller]
fn recovery(options: &str) -> Recovery {
    let loaded = parsed(&format!("{SOURCE}[flink]\n{CHECKPOINTS}{options}"));
    assert_eq!(parsed(&loaded.toml()).scenario, loaded.scenario);
    loaded.scenario.failures.recovery
}

#[track_caller]
fn strategy(options: &str) -> RestartStrategy {
    recovery(options).strategy
}

fn exponential(change: impl Fn(&mut Exponential)) -> RestartStrategy {
    let mut fields = Exponential {
        initial: SimDuration::from_secs(1),
        max: SimDuration::from_secs(60),
        multiplier: 1.5,
        jitter: 0.1,
        reset: SimDuration::from_secs(3600),
        attempts: 2_147_483_647,
    };
    change(&mut fields);
    RestartStrategy::ExponentialDelay {
        initial: fields.initial,
        max: fields.max,
        multiplier: fields.multiplier,
        jitter: fields.jitter,
        reset: fields.reset,
        attempts: fields.attempts,
    }
}

struct Exponential {
    initial: SimDuration,
    max: SimDuration,
    multiplier: f64,
    jitter: f64,
    reset: SimDuration,
    attempts: u32,
}

#[test]
fn without_options_a_job_comes_back_as_flinks_version_does() {
    assert_eq!(recovery(""), Recovery::default());
    let with = |version: &str, options: &str| {
        let job = format!("[job]\nflink-version = '{version}'\n");
        let loaded = parsed(&format!("{job}{SOURCE}[flink]\n{options}"));
        assert_eq!(parsed(&loaded.toml()).scenario, loaded.scenario);
        loaded.scenario.failures.recovery.strategy
    };
    let unlimited = RestartStrategy::FixedDelay {
        attempts: 2_147_483_647,
        delay: SimDuration::from_secs(1),
    };
    assert_eq!(with("1.20", CHECKPOINTS), unlimited);
    assert_eq!(with("1.20", ""), RestartStrategy::None);
    assert_eq!(with("2.0", CHECKPOINTS), exponential(|_| {}));
    assert_eq!(with("2.0", ""), RestartStrategy::None);
}

#[test]
fn restart_strategy_type_takes_all_words_of_flink() {
    for word in ["none", "off", "disable", "OFF"] {
        let given = strategy(&format!("restart-strategy.type = '{word}'\n"));
        assert_eq!(given, RestartStrategy::None);
    }
    for word in ["fixed-delay", "fixeddelay"] {
        let given = strategy(&format!("restart-strategy.type = '{word}'\n"));
        let delay = SimDuration::from_secs(1);
        assert_eq!(given, RestartStrategy::FixedDelay { attempts: 1, delay });
    }
    for word in ["failure-rate", "failurerate"] {
        let given = strategy(&format!("restart-strategy = '{word}'\n"));
        let expected = RestartStrategy::FailureRate {
            max_failures: 1,
            interval: SimDuration::from_secs(60),
            delay: SimDuration::from_secs(1),
        };
        assert_eq!(given, expected);
    }
    for word in ["exponential-delay", "exponentialdelay"] {
        let given = strategy(&format!("restart-strategy.type = '{word}'\n"));
        assert_eq!(given, exponential(|_| {}));
    }
}

#[track_caller]
fn fixed(option: &str, attempts: u32, millis: u64) {
    let given = strategy(&format!(
        "restart-strategy.type = 'fixed-delay'\nrestart-strategy.fixed-delay.{option}\n"
    ));
    let delay = SimDuration::from_millis(millis);
    assert_eq!(given, RestartStrategy::FixedDelay { attempts, delay });
}

#[test]
fn fixed_delay_attempts_arrives() {
    fixed("attempts = 7", 7, 1_000);
}

#[test]
fn fixed_delay_delay_arrives() {
    fixed("delay = '250 ms'", 1, 250);
}

#[track_caller]
fn rate(option: &str, max_failures: u32, interval_secs: u64, delay_secs: u64) {
    let given = strategy(&format!(
        "restart-strategy.type = 'failure-rate'\nrestart-strategy.failure-rate.{option}\n"
    ));
    let expected = RestartStrategy::FailureRate {
        max_failures,
        interval: SimDuration::from_secs(interval_secs),
        delay: SimDuration::from_secs(delay_secs),
    };
    assert_eq!(given, expected);
}

#[test]
fn failure_rate_max_failures_per_interval_arrives() {
    rate("max-failures-per-interval = 3", 3, 60, 1);
}

#[test]
fn failure_rate_interval_arrives() {
    rate("failure-rate-interval = '5 min'", 1, 300, 1);
}

#[test]
fn failure_rate_delay_arrives() {
    rate("delay = '9 s'", 1, 60, 9);
}

#[track_caller]
fn delayed(option: &str, change: impl Fn(&mut Exponential)) {
    let given = strategy(&format!("restart-strategy.exponential-delay.{option}\n"));
    assert_eq!(given, exponential(change));
}

#[test]
fn exponential_delay_initial_backoff_arrives() {
    delayed("initial-backoff = '2 s'", |fields| {
        fields.initial = SimDuration::from_secs(2);
    });
}

#[test]
fn exponential_delay_max_backoff_arrives() {
    delayed("max-backoff = 30000", |fields| {
        fields.max = SimDuration::from_secs(30);
    });
}

#[test]
fn exponential_delay_backoff_multiplier_arrives() {
    delayed("backoff-multiplier = 2", |fields| fields.multiplier = 2.0);
}

#[test]
fn exponential_delay_jitter_factor_arrives() {
    delayed("jitter-factor = '0.0'", |fields| fields.jitter = 0.0);
}

#[test]
fn exponential_delay_reset_backoff_threshold_arrives() {
    delayed("reset-backoff-threshold = '10 min'", |fields| {
        fields.reset = SimDuration::from_secs(600);
    });
}

#[test]
fn exponential_delay_attempts_before_reset_backoff_arrives() {
    delayed("attempts-before-reset-backoff = 5", |fields| {
        fields.attempts = 5;
    });
}

#[test]
fn failover_strategy_arrives() {
    let given = recovery("jobmanager.execution.failover-strategy = 'full'\n");
    assert_eq!(given.failover, Failover::Full);
    let given = recovery("jobmanager.execution.failover-strategy = 'region'\n");
    assert_eq!(given.failover, Failover::Region);
}

#[test]
fn heartbeat_interval_arrives() {
    let given = recovery("heartbeat.interval = 5000\n");
    assert_eq!(given.heartbeat_interval, SimDuration::from_secs(5));
}

#[test]
fn heartbeat_timeout_arrives() {
    let given = recovery("heartbeat.timeout = '20 s'\n");
    assert_eq!(given.heartbeat_timeout, SimDuration::from_secs(20));
}

#[test]
fn local_recovery_arrives_under_both_names_if_there_are_local_copies() {
    assert!(recovery("execution.state-recovery.from-local = true\n").local);
    assert!(recovery("state.backend.local-recovery = true\n").local);
    let without_copies = "execution.state-recovery.from-local = true\n\
                          execution.checkpointing.local-backup.enabled = false\n";
    assert!(!recovery(without_copies).local);
}

#[test]
fn what_flink_refuses_is_an_error() {
    let text = r#"
[flink]
restart-strategy.type = "exponential"
jobmanager.execution.failover-strategy = "regional"
heartbeat.interval = "1 min"
"#;
    insta::assert_snapshot!(errors_after_source(text), @r##"
    error: `restart-strategy.type`: `exponential` is no allowed value
     --> test.toml:6:25
      |
    6 | restart-strategy.type = "exponential"
      |                         ^^^^^^^^^^^^^
      |
      = help: allowed are none, off, disable, fixed-delay, fixeddelay, failure-rate, failurerate, exponential-delay, exponentialdelay

    error: `jobmanager.execution.failover-strategy`: `regional` is no allowed value
     --> test.toml:7:42
      |
    7 | jobmanager.execution.failover-strategy = "regional"
      |                                          ^^^^^^^^^^
      |
      = help: did you mean `region`?

    error: the heartbeat's timeout is shorter than its interval
     --> test.toml:8:22
      |
    8 | heartbeat.interval = "1 min"
      |                      ^^^^^^^ 50s against 1m
    "##);
    let text = r#"
[flink]
restart-strategy.type = "exponential-delay"
restart-strategy.exponential-delay.initial-backoff = 0
restart-strategy.exponential-delay.max-backoff = 0
restart-strategy.exponential-delay.backoff-multiplier = 0.5
restart-strategy.exponential-delay.jitter-factor = 2
heartbeat.interval = 0
heartbeat.timeout = 0
"#;
    insta::assert_snapshot!(errors_after_source(text), @r##"
    error: `restart-strategy.exponential-delay.initial-backoff` must be at least 1 ms
     --> test.toml:7:54
      |
    7 | restart-strategy.exponential-delay.initial-backoff = 0
      |                                                      ^

    error: `restart-strategy.exponential-delay.backoff-multiplier` must be between 1 and 1000000
     --> test.toml:9:57
      |
    9 | restart-strategy.exponential-delay.backoff-multiplier = 0.5
      |                                                         ^^^

    error: `restart-strategy.exponential-delay.jitter-factor` must be between 0 and 1
      --> test.toml:10:52
       |
    10 | restart-strategy.exponential-delay.jitter-factor = 2
       |                                                    ^

    error: `heartbeat.interval` must be positive
      --> test.toml:11:22
       |
    11 | heartbeat.interval = 0
       |                      ^
    "##);
    let text = r#"
[flink]
restart-strategy.type = "failure-rate"
restart-strategy.failure-rate.max-failures-per-interval = 0
restart-strategy.failure-rate.failure-rate-interval = 0
restart-strategy.exponential-delay.initial-back-off = "1 s"
"#;
    insta::assert_snapshot!(errors_after_source(text), @r##"
    error: `restart-strategy.failure-rate.max-failures-per-interval` must be at least 1
     --> test.toml:7:59
      |
    7 | restart-strategy.failure-rate.max-failures-per-interval = 0
      |                                                           ^

    error: `restart-strategy.failure-rate.failure-rate-interval` must be positive
     --> test.toml:8:55
      |
    8 | restart-strategy.failure-rate.failure-rate-interval = 0
      |                                                       ^

    error: Flink has no option `restart-strategy.exponential-delay.initial-back-off`
     --> test.toml:9:36
      |
    9 | restart-strategy.exponential-delay.initial-back-off = *****
      |                                    ^^^^^^^^^^^^^^^^ no such option
      |
      = help: did you mean `restart-strategy.exponential-delay.initial-backoff`?
    "##);
}
