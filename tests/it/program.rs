use assert_cmd::Command;

/// Runs the program in the root of the project: exit code, stdout, stderr.
pub fn ckptsim(args: &[&str]) -> (i32, String, String) {
    ckptsim_of("", args)
}

/// The same on a terminal of so many columns; none = its output goes somewhere else.
pub fn ckptsim_of(columns: &str, args: &[&str]) -> (i32, String, String) {
    let output = Command::cargo_bin("ckptsim")
        .unwrap()
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("COLUMNS", columns)
        .args(args)
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let code = output.status.code().unwrap();
    (code, text(output.stdout), text(output.stderr))
}
