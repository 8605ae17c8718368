#!/bin/sh
# Corpora to begin with, of what ships: fuzz/corpus/<target>/.
set -eu
cd "$(dirname "$0")/.."
cargo build --quiet
ckptsim=target/debug/ckptsim
for target in scenario options configuration import journal results histories; do
    mkdir -p "fuzz/corpus/$target"
done
cp scenarios/*.toml tests/it/mistakes/*.toml src/cli/templates/*.toml fuzz/corpus/scenario/
for file in tests/recordings/*/*.json tests/answers/*.json; do
    cp "$file" "fuzz/corpus/import/$(echo "$file" | tr / -)"
done
cat > fuzz/corpus/configuration/config.yaml <<'YAML'
state.backend: rocksdb
execution:
  checkpointing:
    interval: 3 min
    unaligned: {enabled: true}
    dir: "s3://bucket/it"
restart-strategy.type: fixed-delay
metrics.reporters: [a, b]
YAML
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
$ckptsim run --quiet scenarios/one-barrier.toml --no-loss --out "$out/run" > "$out/log"
$ckptsim sweep --quiet scenarios/one-barrier.toml --replications 1 --no-loss \
    --vary flink.execution.checkpointing.interval=10s,20s --out "$out/sweep" > "$out/log"
cp "$out/run/run.json" "$out/sweep/results.json" fuzz/corpus/results/
# Three bytes say what is changed; then results, one a line.
{ printf '\001\002\003'; sed -n 's/^.*"result":\(.*\)}$/\1/p' "$out/sweep/journal.ndjson"; } > fuzz/corpus/journal/two-runs
cat > fuzz/corpus/histories/log <<'LOG'
2024-02-29 00:00:00,500 INFO  o.a.f.r.c.CheckpointCoordinator [] - Completed checkpoint 1 for job a (15387 bytes, checkpointDuration=1008 ms, finalizationTime=0 ms).
2024-03-01 00:10:00,000 INFO  o.a.f.r.c.CheckpointCoordinator [] - Checkpoint 3 of job a expired before completing.
2024-03-01 00:30:00,000 INFO  o.a.f.r.e.ExecutionGraph [] - Job x (a) switched from state RUNNING to RESTARTING.
LOG
cat > fuzz/corpus/histories/spans <<'SPANS'
{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"Checkpoint","startTimeUnixNano":"1","endTimeUnixNano":"9","attributes":[{"key":"checkpointId","value":{"intValue":"7"}}]}]}]}]}
SPANS
cat > fuzz/corpus/histories/prometheus <<'ANSWER'
{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"flink_jobmanager_job_numRestarts","job_name":"job"},"values":[[0,"1"],[600,"3"]]}]}}
ANSWER
cat > fuzz/corpus/histories/spreads <<'TOML'
[[vertex]]
name = "join"
service = "103.2 us" # spread 100.8..123 us
TOML
