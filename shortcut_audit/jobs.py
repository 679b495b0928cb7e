"""How are many models audited side by side?

In processes of their own, so that a crash or a hang of one model costs that model alone. Whatever happens, there is one
attempt for each task, in the order of the tasks.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from shortcut_audit.attempt import Attempt, Task, attempt
from shortcut_audit.report import Failure

HANG_SECONDS = 600.0
"""How long one model may take in a process of its own."""


def attempt_all(tasks: Sequence[Task], jobs: int, done: Callable[[str], object]) -> list[Attempt]:
    """What came of each task, in their order; `done` is told each source when it is done with."""
    return _Crew(tasks, done).work(jobs)


@dataclass(frozen=True, slots=True)
class _Worker:
    process: BaseProcess
    number: int
    """Of the task that it works at."""
    deadline: float


class _Crew:
    """Worker processes, each at one task at a time; one that dies or hangs is replaced."""

    def __init__(self, tasks: Sequence[Task], done: Callable[[str], object]) -> None:
        self._tasks = tasks
        self._done = done
        self._left = iter(range(len(tasks)))
        self._attempts: dict[int, Attempt] = {}
        self._busy: dict[Connection, _Worker] = {}
        # spawn: a forked child would inherit the locks of whatever threads run here.
        self._context = multiprocessing.get_context("spawn")

    def work(self, size: int) -> list[Attempt]:
        """Every attempt, from at most `size` processes at a time."""
        try:
            for number in _first(self._left, size):
                self._hire(number)
            while self._busy:
                self._settle(wait(list(self._busy), timeout=1.0))
        finally:
            for worker in self._busy.values():
                worker.process.kill()
        return [self._attempts[number] for number in range(len(self._tasks))]

    def _hire(self, number: int) -> None:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_serve, args=(theirs,), daemon=True)
        process.start()
        theirs.close()
        self._hand(ours, process, number)

    def _hand(self, connection: Connection, process: BaseProcess, number: int) -> None:
        self._busy[connection] = _Worker(process, number, time.monotonic() + HANG_SECONDS)
        try:
            connection.send(self._tasks[number])
        except OSError:
            # It died before it could listen; what it was given comes back as a failure when its end is read.
            return

    def _settle(self, ready: Sequence[object]) -> None:
        """Takes in what has arrived, and gives up what will not."""
        for connection, worker in list(self._busy.items()):
            if connection in ready:
                self._receive(connection, worker)
            elif time.monotonic() > worker.deadline:
                worker.process.kill()
                self._fail(connection, worker, f"gave no answer in {HANG_SECONDS:.0f} seconds and was stopped")

    def _receive(self, connection: Connection, worker: _Worker) -> None:
        try:
            result = connection.recv()
        except (EOFError, OSError):
            worker.process.join()
            self._fail(connection, worker, f"crashed the audit ({_ending(worker.process.exitcode)})")
            return
        self._take(worker.number, result)
        del self._busy[connection]
        number = next(self._left, None)
        if number is None:
            connection.close()  # which ends the worker
        else:
            self._hand(connection, worker.process, number)

    def _fail(self, connection: Connection, worker: _Worker, what: str) -> None:
        self._take(worker.number, Attempt(Failure(self._tasks[worker.number].source, f"this model {what}")))
        connection.close()
        del self._busy[connection]
        for number in _first(self._left, 1):
            self._hire(number)

    def _take(self, number: int, result: Attempt) -> None:
        self._attempts[number] = result
        self._done(self._tasks[number].source)


def _first(numbers: Iterator[int], size: int) -> Iterator[int]:
    for _, number in zip(range(size), numbers, strict=False):
        yield number


def _ending(exitcode: int | None) -> str:
    if exitcode is None or exitcode >= 0:
        return f"exit status {exitcode}"
    return f"killed by {signal.Signals(-exitcode).name}" if -exitcode in set(signal.Signals) else f"signal {-exitcode}"


def _serve(connection: Connection) -> None:
    """A worker's life: a task in, an attempt out, until nobody asks any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal sends Ctrl-C to everybody; the parent decides
    os.dup2(2, 1)  # what a model's own code prints must not get into the report
    while True:
        try:
            task = connection.recv()
        except EOFError:
            return
        connection.send(attempt(task))
