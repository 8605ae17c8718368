use std::path::Path;

use ckptsim::experiment::metric::replicate::Replication;
use ckptsim::experiment::run::run;
use ckptsim::experiment::theory;
use ckptsim::formulas::catch_up::{Outage, ScalingTarget, autoscaler_capacity_per_s};
use ckptsim::render::table;
use ckptsim::scenario::load::load;

#[test]
fn every_closed_form_lies_in_the_interval_of_the_simulation() {
    let rows = theory::compare(42, 8).unwrap();
    assert!(rows.len() >= 20, "{}", rows.len());
    let table = table::theory(&rows, 8).text(100);
    assert!(rows.iter().all(|row| row.agrees), "\n{table}");
    // An interval that holds everything would prove nothing.
    for row in &rows {
        let half = row.simulated.unwrap().half_width();
        assert!(half < 0.4 * row.closed_form, "{row:?}\n{table}");
    }
}

#[test]
fn the_autoscaler_ignores_rework_and_misses_its_target() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/autoscaler.toml");
    let target = ScalingTarget {
        input_per_s: 1e5,
        restart_s: 120.0,
        catch_up_s: 300.0,
        utilisation: 0.7,
    };
    let capacity_per_s = autoscaler_capacity_per_s(target);
    for (interval, rework_s, kept) in [("1 min", 60.0, true), ("3 min", 180.0, false)] {
        let change = [(
            "flink.execution.checkpointing.interval".to_owned(),
            interval.to_owned(),
        )];
        let scenario = load(&file, &change).unwrap().scenario;
        let result = run(&scenario, 42, 0).unwrap();
        let recovery = &result.recoveries[0];
        let rework = recovery.rework().unwrap().as_secs_f64();
        assert!((rework - rework_s).abs() < 1.0, "{interval}: {rework}");
        let catch_up = recovery.catch_up().unwrap().as_secs_f64();
        assert_eq!(catch_up < target.catch_up_s, kept, "{interval}: {catch_up}");
        let outage = Outage {
            input_per_s: target.input_per_s,
            capacity_per_s,
            down_s: 120.0,
            rework_s,
        };
        let drain = outage.drain_s().unwrap();
        assert!(
            (catch_up / drain - 1.0).abs() < 0.08,
            "{interval}: {catch_up} instead of {drain}"
        );
        let costs = Replication::of(&scenario, &result)
            .recoveries
            .catch_up
            .ended;
        assert_eq!(costs, [catch_up]);
    }
}
