"""Does one model's crash or hang cost that model alone?"""

from __future__ import annotations

import os
import signal
import time
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

import pytest

from shortcut_audit.command import jobs
from shortcut_audit.command.attempt import Attempt, Task, attempt
from shortcut_audit.report import Failure, ModelReport

SAMPLES = Path(__file__).parents[2] / "samples"
RESNET18, HIGHWAY = str(SAMPLES / "resnet18.onnx"), str(SAMPLES / "highway.onnx")


class Trap(dict[str, int]):
    """Dimensions that do something to the process that receives them."""

    def __init__(self, what: Any, *arguments: Any) -> None:
        self._call = (what, arguments)

    def __reduce__(self) -> tuple[Any, ...]:
        return self._call


def names(attempts: list[Attempt]) -> list[str]:
    return [Path(made.result.source).stem for made in attempts]


def test_attempts_come_in_the_order_of_their_tasks() -> None:
    told: list[str] = []
    tasks = [Task(HIGHWAY), Task("none.onnx"), Task(RESNET18), Task(HIGHWAY)]
    attempts = jobs.attempt_all(tasks, 2, told.append)
    assert names(attempts) == ["highway", "none", "resnet18", "highway"]
    assert [type(made.result) for made in attempts] == [ModelReport, Failure, ModelReport, ModelReport]
    assert attempts[2] == attempt(tasks[2])
    assert sorted(told) == sorted(task.source for task in tasks)


def test_no_tasks() -> None:
    assert jobs.attempt_all([], 4, print) == []


def test_a_crash_costs_one_model() -> None:
    killed = Trap(signal.raise_signal, signal.SIGKILL)
    ended = Trap(os._exit, 3)
    tasks = [Task("killed", killed), Task(RESNET18), Task("ended", ended), Task(HIGHWAY)]
    attempts = jobs.attempt_all(tasks, 2, lambda source: None)
    assert [made.result.message for made in attempts if isinstance(made.result, Failure)] == [
        "this model crashed the audit (killed by SIGKILL)",
        "this model crashed the audit (exit status 3)",
    ]
    assert names(attempts) == ["killed", "resnet18", "ended", "highway"]


def test_a_hang_costs_one_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "HANG_SECONDS", 12.0)
    start = time.monotonic()
    attempts = jobs.attempt_all([Task("hangs", Trap(time.sleep, 300)), Task(HIGHWAY)], 2, lambda source: None)
    assert time.monotonic() - start < 60
    assert attempts[0].result == Failure("hangs", "this model gave no answer in 12 seconds and was stopped")
    assert isinstance(attempts[1].result, ModelReport)


@pytest.mark.parametrize("available", [1, 0])
def test_fewer_processes_than_were_asked_for_do_the_work(available: int, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[SpawnProcess] = []
    start = SpawnProcess.start

    def scarce(process: SpawnProcess) -> None:
        if len(started) == available:
            raise OSError(24, "Too many open files")
        started.append(process)
        start(process)

    monkeypatch.setattr(SpawnProcess, "start", scarce)
    attempts = jobs.attempt_all([Task("one.onnx"), Task("two.onnx"), Task("three.onnx")], 3, lambda source: None)
    assert names(attempts) == ["one", "two", "three"]
    none = "this model cannot be audited: no process can be started (Too many open files); leave --jobs out"
    missing = "cannot be opened: No such file or directory"
    assert [made.result.message for made in attempts] == [missing if available else none] * 3
