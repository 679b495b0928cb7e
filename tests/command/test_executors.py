"""Does one model's crash or hang cost that model alone?"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from shortcut_audit.command import crowd, executors
from shortcut_audit.command.attempt import Attempt, Task, attempt
from shortcut_audit.command.executors import Unfinished, local
from shortcut_audit.errors import Lost
from shortcut_audit.report import Failure, ModelReport

SAMPLES = Path(__file__).parents[2] / "samples"
RESNET18, HIGHWAY = str(SAMPLES / "resnet18.onnx"), str(SAMPLES / "highway.onnx")


def outcome(executor: Executor, work: Callable[..., Any], *arguments: Any) -> Any:
    future = executor.submit(work, *arguments)
    return future.exception() or future.result()


def all_of(tasks: list[Task], executor: Executor, **how: int) -> list[Attempt[ModelReport]]:
    made = dict(crowd.attempts(enumerate(tasks), executor, **how))
    return [made[number] for number in range(len(tasks))]


def test_an_attempt_comes_for_each_task_and_is_the_same_as_here() -> None:
    tasks = [Task(HIGHWAY), Task("none.onnx"), Task(RESNET18), Task(HIGHWAY)]
    with local(2) as executor:
        attempts = all_of(tasks, executor)
    assert attempts == [attempt(task) for task in tasks]
    assert [type(made.result) for made in attempts] == [ModelReport, Failure, ModelReport, ModelReport]


def test_no_tasks() -> None:
    with local(4) as executor:
        assert all_of([], executor) == []


@pytest.mark.parametrize(
    ("work", "arguments", "what"),
    [
        (signal.raise_signal, (signal.SIGKILL,), "crashed the audit (killed by SIGKILL)"),
        (os.abort, (), "crashed the audit (killed by SIGABRT)"),
        (os._exit, (3,), "crashed the audit (exit status 3)"),
    ],
)
def test_a_crash_costs_one_task(work: Callable[..., Any], arguments: tuple[Any, ...], what: str) -> None:
    with local(1) as executor:
        broken, sound = executor.submit(work, *arguments), executor.submit(attempt, Task(HIGHWAY))
        assert isinstance(broken.exception(), Unfinished)
        assert str(broken.exception()) == what
        assert isinstance(sound.result().result, ModelReport)


def test_a_hang_costs_one_task(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executors, "HANG_SECONDS", 1.0)
    with local(1) as executor:
        hanging = executor.submit(time.sleep, 300)
        assert str(hanging.exception()) == "gave no answer in 1 seconds and was stopped"
        assert outcome(executor, os.getpid) > 0


class Failing(Executor):
    """Whose every future brings this exception, or is cancelled."""

    def __init__(self, error: BaseException | None) -> None:
        self._error = error

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        if self._error is None:
            future.cancel()
            future.set_running_or_notify_cancel()
        else:
            future.set_exception(self._error)
        return future


def test_what_an_executor_raises_is_a_failure_of_the_model() -> None:
    (made,) = all_of([Task("a.onnx")], Failing(ValueError("no such rank")))
    assert made.result == Failure("a.onnx", "this model crashed the audit (ValueError: no such rank)")


@pytest.mark.parametrize("error", [None, executors.BrokenExecutor("gone")])
def test_an_executor_that_is_gone_ends_it(error: BaseException | None) -> None:
    with pytest.raises(Lost, match="no process is left that could audit the rest"):
        all_of([Task("a.onnx")], Failing(error))


def test_tasks_are_taken_as_they_are_needed() -> None:
    """However many there are, no more are waiting than `ahead`."""
    taken = 0

    def tasks() -> Any:
        nonlocal taken
        for number in range(50):
            taken += 1
            yield number, Task("none.onnx")

    with ThreadPoolExecutor(1) as executor:
        for done, _ in enumerate(crowd.attempts(tasks(), executor, ahead=3), start=1):
            assert taken - done <= 3
    assert taken == 50


NO_PROCESS = """
import multiprocessing, resource
from shortcut_audit.command import crowd, executors
from shortcut_audit.command.attempt import Task

def start(process):
    raise BlockingIOError(11, "Resource temporarily unavailable")

multiprocessing.get_context("forkserver").Process.start = start
try:
    with executors.local(2) as executor:
        list(crowd.attempts([(0, Task("a.onnx"))], executor))
except executors.Lost as error:
    print(error)
"""


def test_where_no_process_can_be_started_it_is_said() -> None:
    run = subprocess.run([sys.executable, "-c", NO_PROCESS], capture_output=True, text=True, check=False, timeout=60)
    assert run.stdout == "no process can be started to audit in; leave --jobs out\n", run.stderr
