"""Does a cluster do the same, whatever becomes of its workers?"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shortcut_audit import audit_many
from shortcut_audit.command.cli import execute
from shortcut_audit.report import ModelReport

distributed = pytest.importorskip("distributed")
dask = pytest.importorskip("dask")

SAMPLES = Path(__file__).parents[2] / "samples"
MODELS = sorted(map(str, [*SAMPLES.glob("*.onnx"), *SAMPLES.glob("*.pt2")]))
GUARD = 300
"""Seconds after which a test gives up a process that should have ended long ago, however busy the machine is."""

Capture = pytest.CaptureFixture[str]

TRAPS = """
import os, signal, time
from pathlib import Path

def poison():
    os.kill(os.getpid(), signal.SIGKILL)

def once():
    if not Path("hit").exists():
        Path("hit").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    raise ValueError("alive")

def slow():
    Path("slow").touch()
    time.sleep(3600)
"""
"""Factories that do something to the worker that calls them."""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A scheduler and two worker processes, where a model may kill one worker, and then one more."""
    before = Path.cwd()
    os.chdir(tmp_path_factory.mktemp("cluster"))
    Path("traps.py").write_text(TRAPS)
    with dask.config.set({"distributed.scheduler.allowed-failures": 1, "distributed.comm.timeouts.connect": "30s"}):
        made = distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, processes=True)
    try:
        yield made
    finally:
        made.close()
        os.chdir(before)


def test_the_table_is_the_same(cluster: Any) -> None:
    sources = [*MODELS, "none.onnx"]
    assert execute([*sources, "-q", "-o", "here.csv", "-o", "here.models.csv"]) == 2
    address = ["--scheduler", cluster.scheduler_address]
    assert execute([*sources, "-q", "-o", "there.csv", "-o", "there.models.csv", *address]) == 2
    assert Path("there.csv").read_bytes() == Path("here.csv").read_bytes()
    assert Path("there.models.csv").read_bytes() == Path("here.models.csv").read_bytes()


def test_any_executor_does(cluster: Any) -> None:
    here = list(audit_many([*MODELS, "none.onnx"]))
    with distributed.Client(cluster) as client:
        assert list(audit_many([*MODELS, "none.onnx"], executor=client.get_executor())) == here
    assert [isinstance(each, ModelReport) for each in here] == [True] * len(MODELS) + [False]


def test_a_model_that_kills_every_worker_fails_alone(cluster: Any, capsys: Capture) -> None:
    sources = [MODELS[0], "traps:poison", *MODELS[1:]]
    assert execute([*sources, "-q", "--scheduler", cluster.scheduler_address]) == 2
    said = capsys.readouterr()
    why = "this model crashed the audit (so did 2 workers, one after the other)"
    assert [line for line in said.err.splitlines() if line.startswith("shortcut-audit")] == [
        f"shortcut-audit: traps:poison: {why}"
    ]
    assert all(model in said.out for model in MODELS)


def test_a_worker_that_dies_costs_its_model_a_try(cluster: Any, capsys: Capture) -> None:
    assert execute(["traps:once", *MODELS, "-q", "--scheduler", cluster.scheduler_address]) == 2
    said = capsys.readouterr()
    assert "traps:once: the factory failed: ValueError: alive" in said.err.replace("'", "")
    assert all(model in said.out for model in MODELS)


CLUSTER = """
import distributed, time
if __name__ == "__main__":
    cluster = distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None, processes=False,
                                       protocol="tcp")
    print(cluster.scheduler_address, flush=True)
    time.sleep(3600)
"""


def lines(file: Path) -> int:
    return file.read_bytes().count(b"\n") if file.exists() else 0


def test_a_scheduler_that_goes_away_ends_the_run_with_what_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("traps.py").write_text(TRAPS)
    scheduler = subprocess.Popen([sys.executable, "-c", CLUSTER], stdout=subprocess.PIPE, text=True)
    try:
        assert scheduler.stdout is not None
        address = scheduler.stdout.readline().strip()
        line = [sys.executable, "-m", "shortcut_audit", MODELS[0], "traps:slow", MODELS[1], "-q", "-o", "t.models.csv"]
        run = subprocess.Popen([*line, "--scheduler", address], stderr=subprocess.PIPE, text=True)
        ending = time.monotonic() + GUARD
        while not Path("slow").exists() or lines(Path("t.journal")) < 2:
            assert time.monotonic() < ending
            assert run.poll() is None
            time.sleep(0.05)
        scheduler.send_signal(signal.SIGKILL)
        _, err = run.communicate(timeout=GUARD)
    finally:
        scheduler.kill()
        scheduler.wait()
    assert run.returncode == 2
    assert "shortcut-audit: the Dask scheduler has gone away; 2 of 3 models were not audited" in err
    assert MODELS[0] in Path("t.models.csv").read_text()
    assert Path("t.journal").exists()  # to go on with


def test_no_scheduler(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    from shortcut_audit.command import executors

    monkeypatch.setattr(executors, "CONNECT_SECONDS", 0.5)
    assert execute([MODELS[0], "--scheduler", "tcp://127.0.0.1:1"]) == 2
    said = capsys.readouterr().err
    assert "tcp://127.0.0.1:1: no Dask scheduler answers there" in said


def test_the_extra_is_named(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert execute([MODELS[0], "--scheduler", "tcp://127.0.0.1:1"]) == 2
    line = 'shortcut-audit: --scheduler needs the extra "dask": pip install "shortcut-audit[dask]"\n'
    assert capsys.readouterr().err == line
