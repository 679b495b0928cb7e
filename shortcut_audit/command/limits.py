"""How much time and memory may it take to audit one file, and to show what was found?

The last resort: every stage bounds by itself what it can foresee. But a file of a few kilobytes can tie its graph into
such a knot that the search takes hours, and nobody who waits for a pre-merge check can tell that from a crash.
"""

from __future__ import annotations

import contextlib
import gc
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import NamedTuple

from shortcut_audit.errors import ConfigError, UnreadableModel


class Bound(NamedTuple):
    """How much one model may take."""

    seconds: float
    """Of processor time."""
    bytes: int
    """Of memory, beside what the process holds already."""
    collects: bool = False
    """Whether cyclic garbage is looked for meanwhile. What only grows a graph makes none; frameworks do."""


AUDITING = Bound(12, 3 * 2**29)
"""To audit one model. Graphs of 8,000 residual blocks, tens of times what real models have, take a third of the time;
the largest real models take some 100 MB."""

REPORTING = Bound(4, AUDITING.bytes)
"""To judge one model, and again to show it in each format that is asked for. A graph of 8,000 blocks takes one of the
seconds."""

BUILDING = Bound(120, 6 * 2**30, collects=True)
"""To build, trace and audit what a configuration from a hub describes. An 80-layer decoder of 70 billion parameters
takes 21 seconds and 0.5 GB."""


PATIENCE = 10
"""By the clock, work may take so many times its processor time: the machine has others to serve, and memory to swap."""


@contextlib.contextmanager
def limited(bound: Bound | None = None, *, models: int = 1, times: int = 1, waits: bool = False) -> Iterator[None]:
    """Raises OverTime within when the time (default: of AUDITING) is over, and MemoryError when the memory is used up.

    A bound is for one model; work on several at once may take as many times both, and work that is done several times
    (a format each) as many times the time. Work that `waits` for others, such as a server, may take as long as it likes
    by the clock. Both are limited in the main thread only, where Python receives signals, and which is alone: time on
    POSIX, memory on Linux. One limit within another ends it.
    """
    seconds, size, collects = bound or AUDITING
    some = max(models, 1)
    allowed = seconds * some * max(times, 1)
    with contextlib.ExitStack() as within:
        within.enter_context(_time_limited(allowed))
        if not waits:
            within.enter_context(_clock_limited(allowed * PATIENCE))
        within.enter_context(_memory_limited(size * some))
        within.enter_context(_uncollected(not collects))
        yield


class OverTime(UnreadableModel):
    """The time is over."""


def _time_limited(seconds: float) -> contextlib.AbstractContextManager[None]:
    """Bounds processor time, the process' own and what the system takes for it."""
    said = f"{seconds:g} seconds of processor time, which no model known does; if this one is real, please report it"
    return _timer("ITIMER_PROF", "SIGPROF", seconds, said)


def _clock_limited(seconds: float) -> contextlib.AbstractContextManager[None]:
    """Bounds time by the clock."""
    said = f"{seconds:g} seconds, most of which this process waited for the machine; try again when it is less busy"
    return _timer("ITIMER_REAL", "SIGALRM", seconds, said)


@contextlib.contextmanager
def _timer(timer: str, alarm: str, seconds: float, said: str) -> Iterator[None]:
    """Raises OverTime within when a timer of the system, which sends a signal, has run down."""
    if not hasattr(signal, "setitimer") or not _alone():
        yield
        return

    def give_up(number: int, frame: FrameType | None) -> None:
        raise OverTime(f"takes more than {said}")

    which, number = getattr(signal, timer), getattr(signal, alarm)
    before = signal.signal(number, give_up)
    # Once more each second: Python drops an exception that is raised in a destructor.
    signal.setitimer(which, seconds, 1)
    try:
        yield
    finally:
        if signal.getsignal(number) is give_up:  # unless the run is being stopped, which takes the clock's timer
            signal.setitimer(which, 0)
            signal.signal(number, before)


def _alone() -> bool:
    """Whether this is the main thread. What others do would count, and a limit that they set would be taken off."""
    return threading.current_thread() is threading.main_thread()


@contextlib.contextmanager
def _memory_limited(allowed: int) -> Iterator[None]:
    statistics = Path("/proc/self/statm")
    if not statistics.exists() or not _alone():
        yield
        return
    import resource

    # proc(5): the sixth number is what RLIMIT_DATA counts, and some stack, in pages. A mapped model is not in it.
    held = int(statistics.read_text().split()[5]) * resource.getpagesize()
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = [limit for limit in (held + allowed, soft, hard) if limit != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_DATA, (min(wanted), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


@contextlib.contextmanager
def _uncollected(off: bool) -> Iterator[None]:
    """Runs a block without the cyclic garbage collector, which would search a graph that only grows again and again.

    A third of the time that a large graph takes. What is garbage is collected after it, as ever.
    """
    enabled = gc.isenabled()
    if off:
        gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@contextlib.contextmanager
def bounded(what: str) -> Iterator[None]:
    """Bounds time and memory of something that concerns all models, such as the configuration. Raises ConfigError."""
    try:
        with limited():
            yield
    except OverTime:
        raise ConfigError(
            f"{what} take more than {AUDITING.seconds:g} seconds of processor time; simplify them"
        ) from None
    except MemoryError:
        raise ConfigError(f"{what} take too much memory; simplify them") from None
