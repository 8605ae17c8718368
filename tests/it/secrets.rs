//! A marker stands where secrets stand, in every form of every file; then every command runs. No byte that any of them
//! puts out may hold it.

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use tempfile::TempDir;

const MARKER: &str = "hunter2";

const JOB: &str = r#"
[job]
name = "t"
duration = "12 s"
warmup = "2 s"
replications = 1
[[vertex]]
name = "s"
parallelism = 1
source = { rate = "100/s", record = "200 B" }
service = "10 us"
[[vertex]]
name = "o"
parallelism = 1
inputs = [{ from = "s", exchange = "hash" }]
service = "50 us"
state = { size = "1 MB", entry = "200 B", updates-per-record = 1.0 }
"#;

/// Where a secret stands.
#[derive(Clone, Copy)]
enum Where {
    /// In a configuration of this name, which the scenario includes.
    Conf(&'static str, &'static str),
    /// In the scenario: what stands before and behind the job.
    Scenario(&'static str, &'static str),
    /// On the command line.
    Set(&'static str),
}

const OK: &str = "execution.checkpointing.interval: 3s\n";

/// Everywhere.
#[expect(clippy::too_many_lines, reason = "a list")]
fn places() -> Vec<Where> {
    use Where::{Conf, Scenario, Set};
    let yaml = [
        "s3.secret-key: hunter2\n",
        "s3:\n  secret-key: hunter2\n",
        "s3: {access-key: hunter2, secret-key: hunter2}\n",
        "{state.backend: rocksdb, s3.secret-key: hunter2, execution.checkpointing.interval: x}\n",
        "my.list: [hunter2, 'hunter2']\n",
        "my.list:\n  - hunter2\n  - {password: hunter2}\n",
        "my.key: |\n  -----BEGIN hunter2-----\n  hunter2: hunter2\n  hunter2\n",
        "my.key: >\n  hunter2\n  hunter2\n",
        "my.key: \"hunter2\n  hunter2\"\n",
        "my.key: &a hunter2\nyour.key: *a\n",
        "x: &a {password: hunter2}\ny: *a\n",
        "'s3.secret-key': 'hunter2'\n",
        "# s3.secret-key: hunter2\n",
        "state.backend: rocksdb # hunter2\n",
        "state.backend: wrong # hunter2\n",
        "s3.secret-key: hunter2\ns3.secret-key: hunter2\n",
        "s3.secrte-key: hunter2\nstate.backend.rocksdb.localdri: hunter2\n",
        "state.checkpointing.dir: s3://a:hunter2@b/c\n",
        "state.checkpoints.dir: s3://a:hunter2@b/c\n",
        "heartbeat.rpc-failure-threshold: hunter2\nstate.backend.rocksdb.thread.num: hunter2\n",
        "restart-strategy.exponential-delay.max-attempts: hunter2\n",
        "state.backend.async: hunter2\njobmanager.heap.mb: hunter2\n",
        "security.ssl.rest.keystore-password: hunter2\nfs.azure.account.key.a.blob.core.windows.net: hunter2\n",
        "env.java.opts.all: -Dpassword=hunter2\n$internal.application.program-args: --password;hunter2\n",
        "s3.secret-key: ${SECRET:-hunter2}\n",
        "s3.secret-key: [hunter2\n",
        "s3.secret-key: hunter2: hunter2\n",
        "s3.secret-key: \"hunter2\n",
        "s3.secret-key: *hunter2\n",
        "s3.secret-key: @hunter2\n",
        "s3.secret-key:hunter2\n",
        "s3.secret-key=hunter2\n",
        "s3:\n  secret-key: hunter2\n wrong: hunter2\n",
        "s3:\n\thunter2\n",
        "execution.checkpointing.timeout: x\ns3.secret-key: hunter2\n",
        "---\nrest.port: 1\n---\ns3.secret-key: hunter2\n",
        "services:\n  jobmanager:\n    environment:\n      - AWS_SECRET_ACCESS_KEY=hunter2\n",
        "flinkConfiguration: |\n  s3.secret-key: hunter2\npassword: hunter2\n",
        "apiVersion: v1\nkind: ConfigMap\ndata:\n  config.yaml: |\n    s3.secret-key: hunter2\n",
        "apiVersion: flink.apache.org/v1beta1\nkind: FlinkDeployment\nspec:\n  podTemplate: {env: [{name: A, value: hunter2}]}\n",
        "apiVersion: flink.apache.org/v1beta1\nkind: FlinkDeployment\nspec:\n  flinkConfiguration: {s3.secret-key: hunter2, rest.port: 1}\n  job: {args: [hunter2]}\n",
        "services:\n  j:\n    environment:\n      - |\n        FLINK_PROPERTIES=\n        rest.port: 1\n        s3.secret-key: hunter2\n",
        "SET 's3.secret-key' = 'hunter2';\nSET 'rest.port' = '1';\nCREATE TABLE t WITH ('p'='hunter2');\n",
        "flink run -Drest.port=1 -Ds3.secret-key=hunter2 a.jar --password hunter2\n",
        "[{\"key\": \"s3.secret-key\", \"value\": \"hunter2\"}, {\"key\": \"rest.port\", \"value\": \"1\"}]",
    ];
    let mut places = Vec::new();
    for text in yaml {
        places.push(Conf("config.yaml", text));
        places.push(Conf("flink-conf.yaml", text));
    }
    places.extend([
        Scenario("", "[flink]\ns3.secret-key = \"hunter2\"\n"),
        Scenario("", "[flink.s3]\nsecret-key = \"hunter2\" # hunter2\n"),
        Scenario(
            "flink = { s3.secret-key = \"hunter2\", state.backend.type = \"rocksdb\" }\n",
            "",
        ),
        Scenario(
            "flink = { s3.secret-key = \"hunter2\", state.backend.type = \"wrong\" }\n",
            "",
        ),
        Scenario("flink.\"s3.secret-key\" = '''\nhunter2\nhunter2'''\n", ""),
        Scenario("flink.my.list = [\"hunter2\",\n  \"hunter2\"]\n", ""),
        Scenario("flink = \"hunter2\"\n", ""),
        Scenario(
            "",
            "[flink]\nexecution.checkpointing.intervall = \"hunter2\"\n",
        ),
        Scenario("", "[flink]\nmy.password = \"hunter2\"\n"),
        Scenario(
            "",
            "[flink]\nstate.checkpoints.dir = \"s3://a:hunter2@b/c\"\n",
        ),
        Scenario("", "[flink]\ns3.secret-key = \"hunter2\n"),
        Scenario("", "[flink]\ns3.secret-key = hunter2\n"),
        Scenario("", "[flink]\ns3.secret-key \"hunter2\"\n"),
        Scenario(
            "",
            "[flink]\ns3.secret-key = \"hunter2\"\ns3.secret-key = \"hunter2\"\n",
        ),
        Scenario(
            "",
            "[flink]\nrest.port = \"hunter2\"\nstate.backend.async = \"hunter2\"\n",
        ),
        Scenario("", "[[flink.s3]]\nsecret-key = \"hunter2\"\n"),
        Scenario(
            "",
            "[sweep]\n\"flink.s3.secret-key\" = [\"hunter2\", \"hunter2\"]\n",
        ),
        Scenario("", "[secrets]\npassword = \"hunter2\"\n"),
        Scenario("password = \"hunter2\"\n", ""),
        Scenario(
            "",
            "[cluster]\npassword = \"hunter2\"\nslots = \"x\" # hunter2\n",
        ),
        Scenario("", "[cluster]\npassword = \"hunter2\n"),
        Set("flink.s3.secret-key=hunter2"),
        Set("flink.\"s3.secret-key\"='hunter2'"),
        Set("flink.my.password=hunter2"),
        Set("flnk.s3.secret-key=hunter2"),
        Set("flink.state.checkpoints.dir=s3://a:hunter2@b/c"),
        Set("flink.s3.secret-key.=hunter2"),
        Set("vertex.nobody.s3=hunter2"),
    ]);
    places
}

/// Everything that a user may do with a scenario, its configuration, and what came of it.
const COMMANDS: &[&[&str]] = &[
    &["check", "s.toml"],
    &["check", "--format", "json", "s.toml"],
    &["check", "--resolved", "s.toml"],
    &["check", "CONF"],
    &["init", "--force", "--from", "CONF", "made.toml"],
    &["init", "--from", "CONF", "-"],
    &["lint", "CONF"],
    &["lint", "CONF", "--format", "sarif"],
    &["lint", "CONF", "--format", "github"],
    &["run", "s.toml", "--no-loss", "SET"],
    &["run", "s.toml", "--no-loss", "--format", "json", "SET"],
    &["run", "s.toml", "--trace", "SET"],
    &["run", "s.toml", "--out", "run", "--no-loss", "SET"],
    &[
        "sweep",
        "s.toml",
        "--vary",
        "flink.execution.checkpointing.interval=3 s,4 s",
        "--out",
        "sweep",
        "--no-loss",
        "SET",
    ],
    &[
        "sweep",
        "s.toml",
        "--vary",
        "flink.s3.secret-key=hunter2,hunter2",
    ],
    &[
        "recommend",
        "s.toml",
        "--objective",
        "duration_p99<=60s",
        "--out",
        "answer",
        "SET",
    ],
    &["compare", "s.toml", "base.toml", "SET"],
    &["compare", "s.toml", "base.toml", "--format", "json", "SET"],
    &["explain", "s.toml", "SET"],
    &["report", "run"],
    &["report", "sweep"],
    &["report", "sweep", "--format", "json"],
    &["report", "answer"],
    &["export", "run", "--json"],
    &["export", "run", "--trace"],
    &["export", "run", "--csv"],
    &["export", "run", "--openmetrics"],
    &["verify", "run"],
    &["verify", "sweep"],
];

fn prepare(place: Where, directory: &Path) -> (PathBuf, Option<&'static str>) {
    let write = |name: &str, text: &str| std::fs::write(directory.join(name), text).unwrap();
    write(
        "base.toml",
        &format!("flink.execution.checkpointing.interval = \"3 s\"\n{JOB}"),
    );
    match place {
        Where::Conf(name, text) => {
            write(name, &format!("{OK}{text}"));
            write("s.toml", &format!("flink-conf = \"{name}\"\n{JOB}"));
            (directory.join(name), None)
        }
        Where::Scenario(before, behind) => {
            write("s.toml", &format!("{before}{JOB}{behind}"));
            (directory.join("s.toml"), None)
        }
        Where::Set(setting) => {
            write(
                "s.toml",
                &format!("flink.execution.checkpointing.interval = \"3 s\"\n{JOB}"),
            );
            (directory.join("s.toml"), Some(setting))
        }
    }
}

/// All files that commands wrote.
fn written(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(written(&path));
        } else {
            found.push(path);
        }
    }
    found
}

fn holds(bytes: &[u8]) -> bool {
    bytes
        .windows(MARKER.len())
        .any(|window| window == MARKER.as_bytes())
}

/// Whether a command draws pictures or simulates much; such ones run for every tenth place only, unless
/// `CKPTSIM_ALL_PLACES` is set.
fn is_slow(words: &[&str]) -> bool {
    matches!(words, ["recommend" | "report", ..] | ["verify", "sweep"])
}

/// Runs the commands for one place; the commands and files that showed the secret, and how many commands ran.
fn leaks(place: Where, slow: bool) -> (Vec<String>, usize) {
    let directory = TempDir::new().unwrap();
    let (conf, setting) = prepare(place, directory.path());
    let conf = conf.file_name().unwrap().to_string_lossy().into_owned();
    let inputs = written(directory.path());
    let mut found = Vec::new();
    let chosen = COMMANDS.iter().filter(|words| slow || !is_slow(words));
    let mut ran = 0;
    for words in chosen {
        ran += 1;
        let mut command = Command::cargo_bin("ckptsim").unwrap();
        command.current_dir(directory.path());
        for word in *words {
            match *word {
                "CONF" => command.arg(&conf),
                "SET" => match setting {
                    Some(setting) => command.args(["--set", setting]),
                    None => &mut command,
                },
                word => command.arg(word),
            };
        }
        let output = command.output().unwrap();
        // clap tells whoever gave a wrong word what it was; nothing else may.
        if holds(&output.stdout) || holds(&output.stderr) {
            found.push(format!(
                "{words:?}: {}{}",
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            ));
        }
    }
    for file in written(directory.path()) {
        if !inputs.contains(&file) && holds(&std::fs::read(&file).unwrap()) {
            found.push(file.display().to_string());
        }
    }
    (found, ran)
}

#[test]
fn no_secret_leaves_whatever_the_place_and_the_command() {
    let places = places();
    let mut tried = 0;
    let all = std::env::var_os("CKPTSIM_ALL_PLACES").is_some();
    for (index, place) in places.iter().enumerate() {
        let (found, commands) = leaks(*place, all || index % 10 == 0);
        let text = match place {
            Where::Conf(name, text) => format!("{name}: {text}"),
            Where::Scenario(before, behind) => format!("{before}{behind}"),
            Where::Set(setting) => (*setting).to_owned(),
        };
        assert!(found.is_empty(), "{text}\n{}", found.join("\n"));
        tried += commands;
    }
    eprintln!("{} places, {tried} commands, no leak", places.len());
    assert!(places.len() > 100 && tried > places.len() * 15);
}

#[test]
fn the_commands_that_must_not_show_a_secret_do_work() {
    let directory = TempDir::new().unwrap();
    prepare(
        Where::Conf("config.yaml", "s3.secret-key: hunter2\n"),
        directory.path(),
    );
    for words in COMMANDS.iter().filter(|words| words[0] != "lint") {
        let fails = words.contains(&"CONF") && words[0] == "check"
            || words.iter().any(|word| word.contains("s3.secret"));
        let mut command = Command::cargo_bin("ckptsim").unwrap();
        command.current_dir(directory.path());
        for word in words.iter().filter(|word| **word != "SET") {
            command.arg(if *word == "CONF" {
                "config.yaml"
            } else {
                *word
            });
        }
        let output = command.output().unwrap();
        assert_eq!(
            output.status.success(),
            !fails,
            "{words:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}
