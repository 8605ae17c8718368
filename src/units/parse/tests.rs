use super::*;

#[test]
fn durations_with_every_unit() {
    #[track_caller]
    fn case(text: &str, nanos: u64) {
        assert_eq!(duration(text).unwrap().as_nanos(), nanos, "{text}");
    }
    case("10 min", 600_000_000_000);
    case("1.5 s", 1_500_000_000);
    case("35 us", 35_000);
    case("35µs", 35_000);
    case("1h 30m", 5_400_000_000_000);
    case("12s 345ms", 12_345_000_000);
    case("7ns", 7);
    case("0 s", 0);
    case(" 2 d ", 172_800_000_000_000);
}

#[test]
fn a_duration_without_unit_says_what_flink_would_have_read() {
    let error = duration("120000").unwrap_err();
    assert_eq!(error.message, "`120000` has no unit");
    assert_eq!(
        error.help.unwrap(),
        "Flink would read 120000 as milliseconds; write \"2 min\""
    );
}

#[test]
fn wrong_durations_are_errors() {
    for text in [
        "",
        "min",
        "-5 s",
        "5 parsec",
        "1m 2h",
        "1 s 2",
        "NaN s",
        "1e3 s",
        "99999999999 d",
        "0.1 ns",
        "1.2.3 s",
    ] {
        assert!(duration(text).is_err(), "{text}");
    }
}

#[test]
fn sizes_tell_1000_from_1024() {
    assert_eq!(size("64 MiB"), Ok(Bytes::from_mib(64)));
    assert_eq!(size("1 KB"), Ok(Bytes::new(1_000)));
    assert_eq!(size("220 B"), Ok(Bytes::new(220)));
    assert_eq!(size("1.5KiB"), Ok(Bytes::new(1_536)));
    let error = size("64mb").unwrap_err();
    assert!(
        error
            .help
            .unwrap()
            .starts_with("write \"64 MiB\" for powers of 1024")
    );
    assert_eq!(
        size("7").unwrap_err().help.unwrap(),
        "Flink would read 7 as bytes; write \"7 B\""
    );
    for text in ["", "B", "1 XB", "-1 B", "99999999 TiB"] {
        assert!(size(text).is_err(), "{text}");
    }
}

#[test]
fn byte_rates_tell_bits_from_bytes() {
    #[track_caller]
    fn case(text: &str, bytes: u64) {
        assert_eq!(byte_rate(text).unwrap().get(), bytes, "{text}");
    }
    case("80 MB/s", 80_000_000);
    case("64 MiB/s", 67_108_864);
    case("10 Gbit/s", 1_250_000_000);
    case("8 bit/s", 1);
    for text in ["80 MB", "80/s", "0 MB/s", "1 bit/s", "80 MB/min", "80 mb/s"] {
        assert!(byte_rate(text).is_err(), "{text}");
    }
}

#[test]
fn record_rates_and_shares() {
    assert_eq!(record_rate("50000/s"), Ok(50_000.0));
    assert_eq!(record_rate("1.2M/s"), Ok(1_200_000.0));
    assert_eq!(record_rate("3000/min"), Ok(50.0));
    assert_eq!(record_rate("2 k/s"), Ok(2_000.0));
    assert_eq!(share("30 %"), Ok(0.3));
    assert_eq!(share_rate("3 %/min"), Ok(0.0005));
    assert_eq!(share_rate("0.5/s"), Ok(0.5));
    assert!(record_rate("50000").is_err());
    assert!(record_rate("9e9/s").is_err());
    assert!(share("0.3").is_err());
    assert!(share_rate("3 %").is_err());
}

#[test]
fn times_of_day() {
    assert_eq!(time_of_day("08:30"), Ok(SimDuration::from_secs(30_600)));
    assert_eq!(time_of_day("23:59:59"), Ok(SimDuration::from_secs(86_399)));
    for text in ["24:00", "8:00", "08:60", "08", "aa:bb", "08:00:00:00"] {
        assert!(time_of_day(text).is_err(), "{text}");
    }
}
