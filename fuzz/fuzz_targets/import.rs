//! A recording, or saved answers as one object by name: whatever becomes a scenario, `check` accepts.
#![no_main]

use ckptsim::recording::answers::Files;
use ckptsim::recording::{Answers, estimate, file, known};
use ckptsim_fuzz::directory;
use ckptsim_fuzz::options::generate::check;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|text: &str| {
    let scenario = match serde_json::from_str::<Value>(text) {
        Ok(Value::Object(answers)) if answers.contains_key("plan") => {
            let mut files = Files::default();
            for (name, answer) in answers {
                files.insert(&name, answer);
            }
            Answers::of_files(&files).and_then(|answers| estimate::scenario(&answers, &answers.job))
        }
        _ => file::read(text).and_then(|recording| {
            if recording.is_known() {
                known::scenario(&recording).map(|text| estimate::Draft {
                    text,
                    warnings: Vec::new(),
                })
            } else {
                Answers::of_recording(&recording)
                    .and_then(|answers| estimate::scenario(&answers, &answers.job))
            }
        }),
    };
    if let Ok(draft) = scenario
        && let Err(problems) = check(&draft.text, directory())
    {
        panic!("{problems}\n{}", draft.text);
    }
});
