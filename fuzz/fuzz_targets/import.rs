//! A recording, saved answers as one object by name, or a log: whatever becomes a scenario, `check` accepts, and every
//! checkpoint in them can be explained.
#![no_main]

use ckptsim::experiment::why::why;
use ckptsim::recording::answers::{Files, job_file};
use ckptsim::recording::real::Real;
use ckptsim::recording::{Answers, estimate, file, known, log};
use ckptsim::render::why as words;
use ckptsim_fuzz::directory;
use ckptsim_fuzz::options::generate::check;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fn explain(real: &Real) {
    for record in &real.checkpoints {
        if let Ok(found) = why(real, Some(record.id), None) {
            words::text(&found, 80);
            words::markdown(&found);
        }
    }
}

fuzz_target!(|text: &str| {
    if let Some(log) = log::read(text) {
        words::log(&log, 80);
    }
    let scenario = match serde_json::from_str::<Value>(text) {
        Ok(Value::Object(answers)) if answers.contains_key("plan") => {
            let mut files = Files::default();
            for (name, answer) in answers {
                files.insert(&name, answer);
            }
            let kept = job_file::read(&job_file::write(&files, true)).expect("it was written so");
            for files in [&files, &kept] {
                if let Ok(answers) = Answers::of_files(files) {
                    explain(&Real::of_files(files, &answers));
                }
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
