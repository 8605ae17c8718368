use ckptsim::experiment::published::{ALL, Published, khaos, predicted};

/// One test per figure: they run beside each other.
#[track_caller]
fn holds(scenario: &str) {
    let entry = ALL.iter().find(|entry| entry.scenario == scenario);
    let row = entry.map(Published::compare).unwrap().unwrap();
    assert!(row.holds, "{row:?}");
}

#[test]
fn the_debloated_benchmark_takes_as_long_as_published() {
    holds("published-debloat-aligned.toml");
}

#[test]
fn the_unaligned_benchmark_is_a_matter_of_messages() {
    holds("published-unaligned.toml");
}

#[test]
fn almost_every_rocksdb_checkpoint_waits_for_some_compaction_as_published() {
    holds("published-changelog-off.toml");
}

#[test]
fn with_the_changelog_a_checkpoint_takes_as_long_as_published() {
    holds("published-changelog-on.toml");
}

#[test]
fn recoveries_take_as_long_as_khaos_published() {
    let intervals = khaos::compare().unwrap();
    let error = khaos::mean_error(&intervals).unwrap();
    assert!(error <= khaos::BOUND, "{intervals:?}");
}

#[test]
fn what_nobody_has_compared_yet_is_predicted_as_the_headers_say() {
    for prediction in predicted::predict().unwrap() {
        let header = predicted::header(prediction.scenario).unwrap();
        for figure in &prediction.figures {
            let figure = figure.to_string();
            assert!(
                header.contains(&figure),
                "{}: {figure}",
                prediction.scenario
            );
        }
        assert!(header.contains(predicted::DATE), "{}", prediction.scenario);
    }
}
