"""What comes of a piece of work that has a process of its own, so much processor time and so much memory?

Rows that it yields are kept as they come, however it ends: done, over its time, over its memory, or died of a signal.
"""

from __future__ import annotations

import json
import os
import resource
import signal
from collections.abc import Callable, Iterable, Iterator
from typing import Any

Row = dict[str, Any]
GRACE = 10
"""Processor seconds after which a process is ended that does not end by itself."""


class Overtime(BaseException):
    """The processor time is spent. No handler of ordinary exceptions may swallow it."""


def rows_of(work: Callable[[], Iterable[Row]], seconds: int, gigabytes: float) -> Iterator[Row]:
    """The rows that `work` yields in a process of its own; where it did not end well, at last one that says how.

    That one has `status`: "overtime", "out of memory", or "died" with the signal as its `message`.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _work(work, writing, seconds, gigabytes)
    os.close(writing)
    with os.fdopen(reading) as lines:
        yield from map(json.loads, lines)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        ended = os.WTERMSIG(status)
        said = "overtime" if ended in {signal.SIGXCPU, signal.SIGKILL} else "died"
        yield {"status": said, "message": f"ended by {signal.Signals(ended).name}"}


def _work(work: Callable[[], Iterable[Row]], writing: int, seconds: int, gigabytes: float) -> None:
    """The child: it never returns."""
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + GRACE))
    resource.setrlimit(resource.RLIMIT_AS, (int(gigabytes * 2**30),) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGXCPU, _overtime)
    with os.fdopen(writing, "w") as lines:
        try:
            for row in work():
                lines.write(json.dumps(row) + "\n")
                lines.flush()
        except BaseException as error:  # noqa: BLE001 -- whatever it is, the parent is to hear of it
            lines.write(json.dumps({"status": ended_by(error), "message": line(error)}) + "\n")
            lines.flush()
    os._exit(0)


def _overtime(*_: object) -> None:
    raise Overtime("the processor time is spent")


def ended_by(error: BaseException) -> str:
    """How a piece of work ended, by the exception at its root: PyTorch wraps what its parts raise."""
    chain: list[BaseException] = [error]
    while (below := chain[-1].__cause__ or chain[-1].__context__) is not None and below not in chain:
        chain.append(below)
    if any(isinstance(one, Overtime) for one in chain):
        return "overtime"
    lacking = any(isinstance(one, MemoryError) or "can't allocate memory" in str(one) for one in chain)
    return "out of memory" if lacking else "crash"


def line(error: BaseException) -> str:
    """An exception in one line, with the file whose code raised it."""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]} ({innermost(error)})"


def innermost(error: BaseException) -> str:
    """The file whose code raised an exception, from its package on."""
    trace, found = error.__traceback__, ""
    while trace is not None:
        found, trace = trace.tb_frame.f_code.co_filename, trace.tb_next
    return found.rpartition("site-packages/")[2]
