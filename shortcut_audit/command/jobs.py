"""How are many models audited side by side?

In processes of their own, so that a crash or a hang of one model costs that model alone. Whatever happens, there is one
attempt for each task, in the order of the tasks.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from shortcut_audit.command.attempt import Attempt, Task, attempt
from shortcut_audit.report import Failure, ModelReport

HANG_SECONDS = 600.0
"""How long one model may take in a process of its own."""

HELD = (signal.SIGINT, signal.SIGTERM)


def attempt_all(tasks: Sequence[Task], jobs: int, done: Callable[[str], object]) -> list[Attempt[ModelReport]]:
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
        self._left = deque(range(len(tasks)))
        self._attempts: dict[int, Attempt[ModelReport]] = {}
        self._busy: dict[Connection, _Worker] = {}
        # spawn: a forked child would inherit the locks of whatever threads run here.
        self._context = multiprocessing.get_context("spawn")

    def work(self, size: int) -> list[Attempt[ModelReport]]:
        """Every attempt, from at most `size` processes at a time."""
        try:
            while self._left or self._busy:
                while self._left and len(self._busy) < size and self._hire():
                    pass
                self._settle(wait(list(self._busy), timeout=1.0))
        finally:
            for worker in self._busy.values():
                worker.process.kill()
        return [self._attempts[number] for number in range(len(self._tasks))]

    def _hire(self) -> bool:
        """Puts a new process to the next task; whether it is worth trying for another one.

        Where no process is to be had, those that are at work do the rest. Where nobody is, the task has failed.
        """
        try:
            with _signals_held():  # until the process is known: `work` ends those that it knows
                connection, process = self._started()
                self._busy[connection] = _Worker(process, self._left[0], time.monotonic() + HANG_SECONDS)
        except OSError as error:
            if self._busy:
                return False
            what = f"cannot be audited: no process can be started ({error.strerror}); leave --jobs out"
            self._take(self._left.popleft(), what)
            return True
        self._hand(connection, process)
        return True

    def _started(self) -> tuple[Connection, BaseProcess]:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_serve, args=(theirs,), daemon=True)
        try:
            process.start()
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()
        return ours, process

    def _hand(self, connection: Connection, process: BaseProcess) -> None:
        number = self._left.popleft()
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
        if self._left:
            self._hand(connection, worker.process)
        else:
            connection.close()  # which ends the worker

    def _fail(self, connection: Connection, worker: _Worker, what: str) -> None:
        self._take(worker.number, what)
        connection.close()
        del self._busy[connection]

    def _take(self, number: int, result: Attempt[ModelReport] | str) -> None:
        """What came of a task, or what became of it instead."""
        source = self._tasks[number].source
        made = Attempt(Failure(source, f"this model {result}")) if isinstance(result, str) else result
        self._attempts[number] = made
        self._done(source)


@contextlib.contextmanager
def _signals_held() -> Iterator[None]:
    """Keeps Ctrl-C and SIGTERM waiting. A process that is started within inherits that, and cannot be hit half made."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # which lets both signals go, once it has started
    before = signal.pthread_sigmask(signal.SIG_BLOCK, HELD)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _ending(exitcode: int | None) -> str:
    if exitcode is None or exitcode >= 0:
        return f"exit status {exitcode}"
    return f"killed by {signal.Signals(-exitcode).name}" if -exitcode in set(signal.Signals) else f"signal {-exitcode}"


def _serve(connection: Connection) -> None:
    """A worker's life: a task in, an attempt out, until nobody asks any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal sends Ctrl-C to everybody; the parent decides
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, HELD)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    os.dup2(2, 1)  # what a model's own code prints must not get into the report
    while True:
        try:
            task = connection.recv()
        except (EOFError, ConnectionError):
            return
        try:
            connection.send(attempt(task))
        except ConnectionError:  # nobody waits for it
            return


def _die_with_parent() -> None:
    """Ends this process as soon as the one that has started it is gone, however it went."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
