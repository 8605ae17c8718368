"""Exports and schema as other tools read them: pyarrow, Prometheus' parser, taplo.

Usage: readers.py CKPTSIM, in the root of the project; a Python with pyarrow, prometheus_client and taplo."""

import json
import pathlib
import subprocess
import sys
import tempfile

import pyarrow.parquet
from prometheus_client.openmetrics.parser import text_string_to_metric_families

CKPTSIM = sys.argv[1]
TAPLO = pathlib.Path(sys.executable).with_name("taplo")


def told(*command, fails=False):
    done = subprocess.run(command, capture_output=True, text=True)
    if (done.returncode != 0) != fails:
        sys.exit(f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def exports(directory):
    run = directory / "run"
    told(CKPTSIM, "run", "scenarios/one-barrier.toml", "--quiet", "--no-loss", "--out", run)
    told(CKPTSIM, "export", run, "--parquet", "--output", directory / "run.parquet")
    table = pyarrow.parquet.read_table(directory / "run.parquet")
    rows = told(CKPTSIM, "export", run, "--csv").splitlines()[1:]
    assert table.num_rows == len(rows) > 0, (table.num_rows, len(rows))
    durations = table.column("checkpoint_end_to_end_duration_ms").drop_null()
    assert len(durations) > 0 and min(durations.to_pylist()) > 0

    text = told(CKPTSIM, "export", run, "--openmetrics")
    families = {family.name for family in text_string_to_metric_families(text)}
    for name in ["lastCheckpointDuration", "numberOfCompletedCheckpoints"]:
        assert f"flink_jobmanager_job_{name}" in families, families
    print(f"pyarrow read {table.num_rows} rows, Prometheus' parser {len(families)} families")


def schema(directory):
    schema = directory / "schema.json"
    schema.write_text(told(CKPTSIM, "schema"))
    scenarios = [str(path) for path in sorted(pathlib.Path("scenarios").glob("*.toml"))]
    scenarios += [str(path) for path in sorted(pathlib.Path("src/cli/templates").glob("*.toml"))]
    json.loads(schema.read_text())
    check = [TAPLO, "check", "--schema", schema.as_uri()]
    told(*check, *scenarios)
    misspelt = directory / "misspelt.toml"
    misspelt.write_text(pathlib.Path(scenarios[0]).read_text() + "\n[simulatoin]\nquantum = 1\n")
    told(*check, str(misspelt), fails=True)
    print(f"taplo accepts {len(scenarios)} scenarios")


with tempfile.TemporaryDirectory() as name:
    exports(pathlib.Path(name))
    schema(pathlib.Path(name))
