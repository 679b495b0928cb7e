"""Does an audit that takes too much end, and leave the process as it was?"""

from __future__ import annotations

import gc
import resource
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from shortcut_audit import pipeline
from shortcut_audit.command import limits
from shortcut_audit.command.attempt import Task, attempt
from shortcut_audit.command.limits import limited
from shortcut_audit.command.signals import Stopped, _stop, settle
from shortcut_audit.errors import UnreadableModel
from shortcut_audit.report import Failure

TOO_SLOW = "takes more than 1 seconds of processor time"


def spin() -> None:
    ending = time.process_time() + 20
    while time.process_time() < ending:
        pass


def test_the_time_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "AUDITING", limits.AUDITING._replace(seconds=1))
    started = time.process_time()
    with pytest.raises(UnreadableModel, match=TOO_SLOW), limited():
        spin()
    assert time.process_time() - started < 3


def test_the_time_by_the_clock_is_limited_unless_the_work_waits_for_others() -> None:
    bound = limits.AUDITING._replace(seconds=0.02)  # 0.2 seconds by the clock
    with (
        pytest.raises(UnreadableModel, match=r"more than 0\.2 seconds, most of which this process waited"),
        limited(bound),
    ):
        time.sleep(20)
    with limited(bound, waits=True):
        time.sleep(0.4)
    with limited(bound, models=50):
        time.sleep(0.4)


def test_a_run_that_is_stopped_takes_the_clocks_timer_and_keeps_it() -> None:
    before = signal.getsignal(signal.SIGALRM)
    try:
        with pytest.raises(Stopped), limited():
            _stop(signal.SIGTERM, None)
        assert signal.getitimer(signal.ITIMER_REAL)[0] > 0
    finally:
        settle()
        signal.signal(signal.SIGALRM, before)


def test_an_exception_that_is_lost_in_a_destructor_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    class Clinging:
        def __del__(self) -> None:
            spin()

    def audit() -> None:
        Clinging()
        spin()

    monkeypatch.setattr(limits, "AUDITING", limits.AUDITING._replace(seconds=1))
    monkeypatch.setattr(sys, "unraisablehook", lambda unraisable: None)
    with pytest.raises(UnreadableModel, match=TOO_SLOW), limited():
        audit()


MEMORY = """
from shortcut_audit.command import limits
limits.AUDITING = limits.AUDITING._replace(bytes=2**26)
try:
    with limits.limited():
        bytes(2**27)
except MemoryError:
    print(len(bytes(2**27)))
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="limited on Linux only")
def test_the_memory_is_limited_and_then_is_not() -> None:
    run = subprocess.run([sys.executable, "-c", MEMORY], capture_output=True, text=True, check=True)
    assert run.stdout == "134217728\n"


def test_everything_is_as_it_was_afterwards() -> None:
    def state() -> tuple[object, ...]:
        handlers = (signal.getsignal(signal.SIGPROF), signal.getsignal(signal.SIGALRM))
        return *handlers, resource.getrlimit(resource.RLIMIT_DATA), gc.isenabled()

    before = state()
    with limited():
        assert not gc.isenabled()
        assert signal.getitimer(signal.ITIMER_PROF)[0] > 0
        assert signal.getitimer(signal.ITIMER_REAL)[0] > 0
    assert signal.getitimer(signal.ITIMER_PROF) == signal.getitimer(signal.ITIMER_REAL) == (0, 0)
    assert state() == before


def test_in_a_thread_the_time_is_not_limited() -> None:
    """Only the main thread receives signals; what matters is that a thread may audit at all."""
    timers: list[tuple[float, float]] = []

    def audit() -> None:
        with limited():
            timers.append(signal.getitimer(signal.ITIMER_PROF))

    thread = threading.Thread(target=audit)
    thread.start()
    thread.join()
    assert timers == [(0, 0)]


@pytest.mark.parametrize(
    ("task", "bounded"),
    [
        (Task("model.onnx"), True),
        (Task("package.module:factory"), False),
        (Task("model.pt", torchscript=True), False),
    ],
)
def test_what_is_only_read_is_limited(task: Task, bounded: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []

    def audit(*_: object, **__: object) -> None:
        seen.append(signal.getitimer(signal.ITIMER_PROF)[0] > 0)
        raise UnreadableModel("seen enough")

    monkeypatch.setattr(pipeline, "draft_of", audit)
    assert attempt(task).result == Failure(task.source, "seen enough")
    assert seen == [bounded]
