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

from shortcut_audit.errors import ConfigError, UnreadableModel

SECONDS = 12
"""Seconds of processor time to audit one model. Graphs of 8,000 residual blocks, tens of times what real models have,
take a third of it."""

REPORTING_SECONDS = 4
"""Seconds of processor time to judge one model, and again to show it in each format that is asked for. A graph of
8,000 blocks takes one of them."""

BYTES = 3 * 2**29
"""Bytes of memory to audit one model, beside what the process holds already. The largest real models take some 100
MB."""


BUILDING_SECONDS, BUILDING_BYTES = 120, 6 * 2**30
"""Seconds and bytes to build, trace and audit what a configuration from a hub describes. An 80-layer
decoder of 70 billion parameters takes 21 seconds and 0.5 GB."""


@contextlib.contextmanager
def limited(seconds: int | None = None, models: int = 1) -> Iterator[None]:
    """Raises OverTime within, when the time (default: SECONDS) is over, and MemoryError, when the memory is used up.

    Both are for one model; work on several at once may take as many times that. Both are limited in the main
    thread only, where Python receives signals, and which is alone: time on POSIX, memory on Linux. One limit within
    another ends it.
    """
    allowed = (SECONDS if seconds is None else seconds) * max(models, 1)
    with _time_limited(allowed), _memory_limited(BYTES * max(models, 1)), _uncollected():
        yield


class OverTime(UnreadableModel):
    """The time is over."""


@contextlib.contextmanager
def _time_limited(seconds: int) -> Iterator[None]:
    if not hasattr(signal, "setitimer") or not _alone():
        yield
        return

    def give_up(number: int, frame: FrameType | None) -> None:
        raise OverTime(
            f"takes more than {seconds} seconds of processor time, which no model known does; "
            "if this one is real, please report it"
        )

    before = signal.signal(signal.SIGPROF, give_up)
    # Once more each second: Python drops an exception that is raised in a destructor.
    signal.setitimer(signal.ITIMER_PROF, seconds, 1)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


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
def _uncollected() -> Iterator[None]:
    """Runs a block without the cyclic garbage collector, which would search a graph that only grows again and again.

    A third of the time that a large graph takes. What is garbage is collected after it, as ever.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@contextlib.contextmanager
def building() -> Iterator[None]:
    """The limits for a model that has to be built first."""
    with _time_limited(BUILDING_SECONDS), _memory_limited(BUILDING_BYTES):
        yield


@contextlib.contextmanager
def bounded(what: str) -> Iterator[None]:
    """Bounds time and memory of something that concerns all models, such as the configuration. Raises ConfigError."""
    try:
        with limited():
            yield
    except OverTime:
        raise ConfigError(f"{what} take more than {SECONDS} seconds of processor time; simplify them") from None
    except MemoryError:
        raise ConfigError(f"{what} take too much memory; simplify them") from None
