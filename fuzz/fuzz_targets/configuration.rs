//! A text as Flink's configuration: it is read, or refused with a place.
#![no_main]

use ckptsim::scenario::flink_conf;
use ckptsim::scenario::load::parse;
use ckptsim_fuzz::directory;
use libfuzzer_sys::fuzz_target;

const SCENARIO: &str = "flink-conf = \"NAME\"\n[[vertex]]\nname = \"a\"\nsource = { rate = \"10/s\" }\n";

fuzz_target!(|text: &str| {
    for name in ["fuzzed-config.yaml", "fuzzed-flink-conf.yaml"] {
        let _read = flink_conf::read(name, text);
        std::fs::write(directory().join(name), text).expect("the directory is ours");
        let scenario = SCENARIO.replace("NAME", name);
        match parse(&scenario, "scenario", directory(), &[]) {
            Ok(loaded) => {
                let effective = loaded.toml();
                let again = parse(&effective, "effective", directory(), &[]);
                let again = again.unwrap_or_else(|problems| panic!("{problems}\n{effective}"));
                assert_eq!(again.scenario, loaded.scenario, "{effective}");
            }
            Err(problems) => {
                problems.render(true);
            }
        }
    }
});
