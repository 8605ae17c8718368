//! Files that people have, read by Flink's rules.

use super::*;

#[track_caller]
fn pairs(name: &str, text: &str) -> Vec<(String, String)> {
    let conf = read(name, text).unwrap_or_else(|problem| panic!("{problem:?}"));
    conf.entries
        .into_iter()
        .map(|entry| (entry.key, entry.value))
        .collect()
}

const INTERVAL: &str = "execution.checkpointing.interval";

#[test]
fn flink_conf_yaml_is_read_line_by_line_as_flink_1_does() {
    let text = "execution.checkpointing.interval: 10 s\n\
                \tstate.backend:   rocksdb\n\
                state.checkpoints.dir: file:///a: b\n\
                execution.checkpointing.timeout: 60s#every minute\n\
                classloader.parent-first-patterns.additional: *\n\
                execution.checkpointing.min-pause:5s\n\
                execution.checkpointing.interval: 60 s\n";
    let pairs = pairs("conf/flink-conf.yaml", text);
    let value = |key: &str| {
        let pair = pairs.iter().find(|(other, _)| other == key);
        pair.map(|(_, value)| value.as_str())
    };
    assert_eq!(value(INTERVAL), Some("60 s"), "the last one holds");
    assert_eq!(value("state.backend"), Some("rocksdb"));
    assert_eq!(value("state.checkpoints.dir"), Some("file:///a: b"));
    assert_eq!(value("execution.checkpointing.timeout"), Some("60s"));
    assert_eq!(value("execution.checkpointing.min-pause"), None);
    let conf = read("flink-conf.yaml", text).unwrap();
    let said: Vec<&str> = conf
        .remarks
        .iter()
        .map(|remark| remark.message.as_str())
        .collect();
    assert_eq!(
        said,
        [
            "`execution.checkpointing.min-pause` is left out: Flink 1.x skips lines without `key: value`",
            "`execution.checkpointing.interval` is given twice; the last one holds"
        ]
    );
}

#[test]
fn the_value_of_an_option_that_is_not_used_is_not_kept_anywhere() {
    for (name, text) in [
        (
            "config.yaml",
            "rest.port: 1\ns3.secret-key: hunter2 # hunter2\n",
        ),
        (
            "config.yaml",
            "rest.port: 1\ns3: {secret-key: hunter2, x: [hunter2, {y: hunter2}]}\n",
        ),
        (
            "config.yaml",
            "rest.port: 1\nmy: &a hunter2\nyours: *a\nz: |\n  hunter2\n  hunter2: x\n",
        ),
        (
            "config.yaml",
            "state.checkpoints.dir: s3://id:hunter2@bucket/x\n",
        ),
        (
            "config.yaml",
            "{rest.port: 1, s3.secret-key: hunter2, state.backend: rocksdb}\n",
        ),
        (
            "flink-conf.yaml",
            "rest.port: 1\ns3.secret-key:hunter2\ns3.x: hunter2\nhunter 2\n",
        ),
    ] {
        let conf = read(name, text).unwrap();
        let all = format!("{conf:?}");
        assert!(!all.contains("hunter2"), "{text}\n{all}");
    }
}

#[test]
fn a_line_of_the_user_is_shown_where_it_holds_one_option_that_is_used() {
    let text = "execution:\n  checkpointing:\n    interval: 6x # hunter2\ns3.secret-key: hunter2\n";
    let conf = read("config.yaml", text).unwrap();
    assert_eq!(conf.source.text.lines().nth(2), Some("    interval: 6x"));
    assert_eq!(
        conf.source.text.lines().nth(3),
        Some("s3.secret-key: (not kept)")
    );
}

#[test]
fn a_syntax_error_has_a_line_and_nothing_of_the_text() {
    let problem = read("config.yaml", "a: 1\ns3.secret-key: [hunter2\nb: 2\n").unwrap_err();
    assert!(problem.place.is_some());
    assert!(!problem.render(false).contains("hunter2"));
}

#[test]
fn a_placeholder_has_its_default_or_is_left_out_by_name() {
    let text = "execution.checkpointing.interval: ${INTERVAL}\nstate.backend.type: ${B:-rocksdb}\nstate.checkpoints.dir: s3://${BUCKET}/c\n";
    assert_eq!(
        pairs("config.yaml", text),
        [
            ("state.backend.type".into(), "rocksdb".into()),
            ("state.checkpoints.dir".into(), "s3://${BUCKET}/c".into())
        ]
    );
    let conf = read("config.yaml", text).unwrap();
    assert!(
        conf.remarks[0].message.contains("placeholder")
            && conf.remarks[0].message.contains(INTERVAL)
    );
}

#[test]
fn what_is_no_configuration_is_recognised_and_told_what_to_do() {
    let pod = "apiVersion: v1\nkind: Pod\nspec:\n  x: hunter2\n";
    for (text, what) in [
        (pod, "Kubernetes manifest (Pod)"),
        ("services:\n  jobmanager:\n    image: flink\n", "Compose"),
        ("state.backend: {{ .Values.backend }}\n", "template"),
        ("INSERT INTO x SELECT 'hunter2';\n", "SQL"),
        ("env.enableCheckpointing(60000);\n", "program"),
        ("# x\nstate.backend=rocksdb\n", "properties"),
        ("[{\"id\": \"hunter2\"}]", "JSON"),
        ("2024-05-01 08:34:19,494 INFO  a.b.C [] - x\n", "log"),
        ("[[vertex]]\nname = \"a\"\n", "scenario"),
        ("my: 1\nyours: 2\n", "none of its 2 keys"),
    ] {
        let problem = read("file", text).unwrap_err();
        assert!(
            problem.message.contains(what),
            "{what}: {}",
            problem.message
        );
        assert!(!problem.help.is_empty(), "{what}");
        assert!(!problem.render(false).contains("hunter2"));
    }
    for text in [
        "",
        "# nothing\n",
        "# {{ FLINK_PROPERTIES\nrest.port: 1\n",
        "env.java.opts: -Da=b\nrest.port: 1\n",
        "{\"rest.port\": 1}",
    ] {
        assert!(read("config.yaml", text).is_ok(), "{text}");
    }
}

/// Every form with an interval of 60 s and RocksDB, on these lines; the secrets in it are not kept.
#[test]
fn options_are_found_in_whatever_people_keep_them() {
    let deployment = "apiVersion: flink.apache.org/v1beta1\nkind: FlinkDeployment\nspec:\n  flinkVersion: v1_20\n  \
                      flinkConfiguration:\n    state.backend.type: rocksdb\n    execution.checkpointing.interval: \"60s\"\n    \
                      s3.secret-key: hunter2\n  taskManager: {replicas: 3, resource: {memory: 4g}}\n  job: {parallelism: 12}\n";
    let list = format!(
        "apiVersion: v1\nkind: List\nitems:\n- {}",
        deployment.trim_end().replace('\n', "\n  ")
    );
    let map = "apiVersion: v1\nkind: ConfigMap\ndata:\n  core-site.xml: |\n    hunter2\n  config.yaml: |\n    \
               state.backend.type: rocksdb\n    execution.checkpointing.interval: 60s\n    s3.secret-key: hunter2\n";
    let compose = "services:\n  jobmanager:\n    environment:\n      - |\n        FLINK_PROPERTIES=\n        \
                   state.backend: rocksdb\n        execution.checkpointing.interval: 60s\n        s3.secret-key: hunter2\n      - X=hunter2\n";
    let named = "env:\n- name: FLINK_PROPERTIES\n  value: |\n    state.backend: rocksdb\n    \
                 execution.checkpointing.interval: 60s\n";
    let variables =
        "FLINK_PROPERTIES=\nstate.backend: rocksdb\nexecution.checkpointing.interval: 60s\n";
    let values = "flink:\n  flinkConfiguration: |\n    state.backend: rocksdb\n    execution.checkpointing.interval: 60s\n";
    let sql = "-- SET 'x' = 'hunter2';\nSET 'execution.checkpointing.interval' = '60s';\nset state.backend=rocksdb;\n\
               CREATE TABLE t (a INT) WITH ('a'='SET state.backend=hunter2;');\n";
    let command = "./bin/flink run -Dexecution.checkpointing.interval=60s \\\n  -D 'state.backend=rocksdb' -p 8 job.jar --password hunter2\n";
    let answer = "[{\"key\": \"s3.secret-key\", \"value\": \"hunter2\"},\n {\"key\": \"state.backend\", \"value\": \"rocksdb\"},\n \
                  {\"key\": \"execution.checkpointing.interval\", \"value\": \"60s\"}]";
    for (text, line) in [
        (deployment, 7),
        (list.as_str(), 10),
        (map, 8),
        (compose, 7),
        (named, 5),
        (variables, 3),
        (values, 4),
        (sql, 2),
        (command, 1),
        (answer, 3),
    ] {
        let conf = read("file", text).unwrap_or_else(|problem| panic!("{text}\n{problem:?}"));
        let entry = |key: &str| {
            let mut entries = conf.entries.iter();
            let found = entries.find(|entry| flink_options::present_key(&entry.key) == key);
            found.unwrap_or_else(|| panic!("{key}\n{text}\n{conf:?}"))
        };
        assert_eq!(entry("state.backend.type").value, "rocksdb", "{text}");
        let interval = entry(INTERVAL);
        assert_eq!(
            (interval.value.as_str(), interval.line),
            ("60s", line),
            "{text}"
        );
        assert!(!format!("{conf:?}").contains("hunter2"), "{text}");
    }
}

#[test]
fn a_manifest_says_version_parallelism_and_taskmanagers() {
    let text = "apiVersion: flink.apache.org/v1beta1\nkind: FlinkDeployment\nspec:\n  flinkVersion: v1_20\n  \
                flinkConfiguration: {taskmanager.numberOfTaskSlots: 4}\n  taskManager: {replicas: 3}\n  job: {parallelism: 12}\n\
                ---\napiVersion: flink.apache.org/v1beta1\nkind: FlinkDeployment\nspec:\n  job: {parallelism: 2}\n";
    let conf = read("deployment.yaml", text).unwrap();
    assert_eq!(
        conf.facts,
        Facts {
            version: Some(("1.20".to_owned(), "spec.flinkVersion")),
            taskmanagers: Some(3),
            is_old: false
        }
    );
    let parallelism = conf
        .entries
        .iter()
        .find(|one| one.key == "parallelism.default");
    assert_eq!(parallelism.map(|entry| entry.value.as_str()), Some("12"));
    assert!(conf.remarks[0].message.contains("only the first job"));
}

#[test]
fn a_configmap_with_flink_conf_yaml_is_one_of_flink_1() {
    let text = "apiVersion: v1\nkind: ConfigMap\ndata:\n  flink-conf.yaml: |\n    execution.checkpointing.timeout: 60s#x\n";
    let conf = read("map.yaml", text).unwrap();
    assert!(conf.facts.is_old);
    assert_eq!(conf.entries[0].value, "60s");
}

fn value(conf: &Conf, key: &str) -> Option<String> {
    let entry = conf.entries.iter().find(|entry| entry.key == key)?;
    Some(entry.value.clone())
}

#[test]
fn replicas_of_a_manifest_make_the_parallelism_of_their_slots() {
    let manifest = |job: &str| {
        format!(
            "apiVersion: flink.apache.org/v1beta1\nkind: FlinkDeployment\nspec:\n  flinkVersion: v1_19\n  \
             flinkConfiguration:\n    taskmanager.numberOfTaskSlots: \"4\"\n  taskManager:\n    replicas: 2\n{job}"
        )
    };
    let parallelism = |job: &str| {
        let conf = read("d.yaml", &manifest(job)).unwrap();
        (value(&conf, "parallelism.default"), conf.remarks.len())
    };
    let eight = Some("8".to_owned());
    assert_eq!(
        parallelism("  job:\n    parallelism: 1\n"),
        (eight.clone(), 1)
    );
    assert_eq!(
        parallelism("  job:\n    parallelism: 8\n"),
        (eight.clone(), 0)
    );
    assert_eq!(parallelism("  job:\n    jarURI: x\n"), (eight, 0));
    // A session cluster runs jobs of any parallelism.
    assert_eq!(parallelism(""), (None, 0));
}

#[test]
fn what_stands_beside_the_options_counts_wherever_they_are() {
    let values = "flink:\n  flinkVersion: v1_20\n  flinkProperties:\n    state.backend.type: rocksdb\n  job:\n    \
                  parallelism: 6\n  taskManager:\n    resources:\n      requests:\n        memory: 2048m\n";
    let conf = read("values.yaml", values).unwrap();
    assert_eq!(value(&conf, "parallelism.default").as_deref(), Some("6"));
    let memory = value(&conf, "taskmanager.memory.process.size");
    assert_eq!(memory.as_deref(), Some("(not kept)"));
    assert_eq!(conf.facts.version.unwrap().0, "1.20");
    let compose = "services:\n  jm:\n    image: apache/flink:1.17.1-java11\n    environment:\n      FLINK_PROPERTIES: |\n        \
                   state.backend: rocksdb\n  db:\n    image: flink-cdc:3.1\n    command: |\n      CREATE TABLE x (a INT);\n";
    let conf = read("compose.yaml", compose).unwrap();
    assert_eq!(conf.entries.len(), 1);
    assert_eq!(
        conf.facts.version,
        Some(("1.17".to_owned(), "the tag of the image"))
    );
}

#[test]
fn the_operators_own_placeholders_make_no_template() {
    let manifest = "apiVersion: flink.apache.org/v1beta1\nkind: FlinkDeployment\nspec:\n  ingress:\n    template: \
                    \"/{{namespace}}/{{name}}(/|$)(.*)\"\n  flinkConfiguration:\n    state.backend.type: rocksdb\n";
    assert_eq!(read("d.yaml", manifest).unwrap().entries.len(), 1);
    let template = "spec:\n  flinkConfiguration: {{ .Values.x }}\n";
    assert!(read("d.yaml", template).is_err());
}

#[test]
fn options_of_a_command_line_may_stand_apart_and_yarn_has_flags_of_its_own() {
    let all = |text: &str| -> Vec<(String, String)> {
        let conf = read("start.sh", text).unwrap();
        let entries = conf.entries.into_iter();
        entries.map(|entry| (entry.key, entry.value)).collect()
    };
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let session = "yarn-session.sh -s 2 -tm 4096 \\\n -D state.backend=rocksdb\n";
    assert_eq!(
        all(session),
        [
            pair("taskmanager.numberOfTaskSlots", "2"),
            pair("taskmanager.memory.process.size", "(not kept)"),
            pair("state.backend", "rocksdb"),
        ]
    );
    // Elsewhere `-s` is a savepoint.
    let run = "flink run -s 7 -p 3 -ys 2 -D state.backend=rocksdb x.jar";
    let keys: Vec<String> = all(run).into_iter().map(|(key, _)| key).collect();
    assert_eq!(
        keys,
        [
            "parallelism.default",
            "taskmanager.numberOfTaskSlots",
            "state.backend"
        ]
    );
}
