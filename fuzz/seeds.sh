#!/bin/sh
# Corpora to begin with, of what ships: fuzz/corpus/<target>/.
set -eu
cd "$(dirname "$0")/.."
cargo build --quiet
ckptsim=target/debug/ckptsim
for target in scenario options configuration import journal results; do
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
