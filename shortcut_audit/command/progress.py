"""How far is a run, for who waits for it at a terminal?

One line that is written over itself: models done, how fast, and what the current one is at. A run that is over within a
second shows nothing; a thread looks at the clock, so that telling costs the work no more than an assignment.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator

from shortcut_audit.command.console import columns, is_watched, overwrite, shown_path
from shortcut_audit.command.request import Watch

PATIENCE = 1.0
"""Seconds for which nobody needs to be told anything."""
PERIOD = 0.2
"""Seconds from one line to the next."""


class Unwatched:
    """Nobody looks."""

    def at(self, source: str, stage: str) -> None:
        """Something begins with a source."""

    def done(self, source: str) -> None:
        """A source is done with."""


class Watched:
    """How far a run over so many sources is."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._finished = 0
        self._now: tuple[str, str] = ("", "")

    def at(self, source: str, stage: str) -> None:
        """Something begins with a source."""
        self._now = source, stage

    def done(self, source: str) -> None:
        """A source is done with."""
        self._finished += 1
        self._now = source, "done"

    def line(self, seconds: float, width: int) -> str:
        """A line of less than `width` cells: "12 of 40 models, 3.1/s: models/a.onnx: searching for shortcuts"."""
        from rich.cells import cell_len

        source, stage = self._now
        rate = f", {self._finished / seconds:.1f}/s" if self._finished else ""
        head = f"{self._finished:,} of {self._total:,} models{rate}: " if self._total > 1 else ""
        tail = f": {stage}" if stage else ""
        name = shown_path(source)
        while "/" in name and cell_len(head + name + tail) >= width:  # its last parts say which it is
            name = name.partition("/")[2]
        while name and cell_len(head + name + tail) >= width:
            name = name[1:]
        return (head + name + tail)[: max(width - 1, 0)]


@contextlib.contextmanager
def unwatched(total: int) -> Iterator[Watch]:
    """Shows nothing."""
    yield Unwatched()


@contextlib.contextmanager
def progress(total: int) -> Iterator[Watch]:
    """Shows on stderr, if that is a terminal, how far the work within is."""
    if not total or not is_watched():
        yield Unwatched()
        return
    watched, over = Watched(total), threading.Event()
    thread = threading.Thread(target=_show, args=(watched, over), name="progress", daemon=True)
    thread.start()
    try:
        yield watched
    finally:
        over.set()
        thread.join()


def _show(watched: Watched, over: threading.Event) -> None:
    began = time.monotonic()
    if over.wait(PATIENCE):
        return
    overwrite(watched.line(time.monotonic() - began, columns()))
    while not over.wait(PERIOD):
        overwrite(watched.line(time.monotonic() - began, columns()))
    overwrite("")
