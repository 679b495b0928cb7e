"""What comes of many models, as it comes?

Tasks are handed out a few ahead of those that are being done, so that a list of any length takes no memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError, Executor, Future, wait
from queue import SimpleQueue

from shortcut_audit.command.attempt import Attempt, Numbered, Task, attempt
from shortcut_audit.command.executors import explained
from shortcut_audit.errors import Lost
from shortcut_audit.report import Failure, ModelReport

AHEAD = 64
"""Tasks that are handed out and not done. A worker never waits for its next one, whatever place is between."""


def attempts(tasks: Iterable[tuple[int, Task]], executor: Executor, ahead: int = AHEAD) -> Iterator[Numbered]:
    """What came of each task, in the order in which they are done. Raises Lost when the executor is gone."""
    done: SimpleQueue[Future[Attempt[ModelReport]]] = SimpleQueue()
    waiting: dict[Future[Attempt[ModelReport]], tuple[int, Task]] = {}
    try:
        for number, task in tasks:
            future = executor.submit(attempt, task)
            waiting[future] = number, task
            future.add_done_callback(done.put)
            while len(waiting) >= ahead or not done.empty():
                yield _settled(done.get(), waiting)
        while waiting:
            yield _settled(done.get(), waiting)
    finally:
        for future in waiting:
            future.cancel()


def in_order(tasks: Iterable[Task], executor: Executor, ahead: int = AHEAD) -> Iterator[Attempt[ModelReport]]:
    """What comes of tasks, in their order: what is done before its turn waits, as long as `ahead` allows."""
    waiting: dict[Future[Attempt[ModelReport]], tuple[int, Task]] = {}
    try:
        for number, task in enumerate(tasks):
            waiting[executor.submit(attempt, task)] = number, task
            if len(waiting) >= ahead:
                yield _first(waiting)
        while waiting:
            yield _first(waiting)
    finally:
        for future in waiting:
            future.cancel()


def _first(waiting: dict[Future[Attempt[ModelReport]], tuple[int, Task]]) -> Attempt[ModelReport]:
    future = next(iter(waiting))
    wait((future,))
    return _settled(future, waiting)[1]


def _settled(
    future: Future[Attempt[ModelReport]], waiting: dict[Future[Attempt[ModelReport]], tuple[int, Task]]
) -> Numbered:
    number, task = waiting.pop(future)
    error = CancelledError() if future.cancelled() else future.exception()
    if error is None:
        return number, future.result()
    why = explained(error)
    if isinstance(why, Lost):
        raise why from error
    return number, Attempt(Failure(task.source, f"this model {why}"))
