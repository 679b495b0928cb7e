"""What comes of all the models of a run, and where is it kept until it is shown?

A few reports are held in memory, many in a journal. A journal with a name outlives the run: what it knows of a model
that is still the same is not asked again.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from shortcut_audit.command.attempt import Attempt, Numbered, Stage, Task, in_turn, unheard
from shortcut_audit.errors import ShortcutAuditError
from shortcut_audit.report import ModelReport

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from shortcut_audit.command.journal import Entry, Journal

MANY = 256
"""Models whose reports are held in memory. A report takes some 100 KB; the journal's memory is that of one report."""


class Ledger:
    """What came of each task, by its number."""

    def __init__(self, journal: Journal | None) -> None:
        self._journal = journal
        self._held: dict[int, ModelReport] = {}
        self._entries: dict[int, Entry] = {}
        self._versions: dict[int, str] = {}

    def known(self, number: int, task: Task) -> Attempt[ModelReport] | None:
        """What came of a task in an earlier run, if its model is still the same; None where it must be audited."""
        if self._journal is None:
            return None
        if task.url and not self._journal.holds(task):  # its version comes with it, and asking costs a request
            return None
        version = self._versions[number] = _version(task)
        made = self._journal.known(task, version)
        if made is not None:
            self._entries[number] = self._journal.entry(task)
        return made

    def take(self, number: int, task: Task, made: Attempt[ModelReport]) -> None:
        """Keeps what came of a task."""
        if self._journal is not None:
            version = (made.transfer.version if made.transfer else "") if task.url else self._versions[number]
            self._journal.append(task, version, made)
            self._entries[number] = self._journal.entry(task)
        elif isinstance(made.result, ModelReport):
            self._held[number] = made.result

    def models(self, numbers: Iterable[int]) -> Sequence[ModelReport]:
        """The reports on these tasks, of which each has one."""
        if self._journal is None:
            return tuple(self._held[number] for number in numbers)
        from shortcut_audit.command.journal import Kept

        return Kept(self._journal, [self._entries[number] for number in numbers])

    def close(self, *, keep: bool) -> None:
        """Ends the journal, if there is one."""
        if self._journal is not None:
            self._journal.close(keep=keep)


def ledger_for(tasks: int, path: Path | None, *, resume: bool) -> Ledger:
    """A ledger for so many tasks, with a journal of that name if there is to be one. Raises UsageError."""
    if path is None and tasks <= MANY:
        return Ledger(None)
    from shortcut_audit.command.journal import Journal

    return Ledger(Journal(path, resume=resume))


def collected(
    tasks: Sequence[Task],
    ledger: Ledger,
    executor: AbstractContextManager[Executor] | None,
    stage: Stage = unheard,
) -> Iterator[Numbered]:
    """What comes of each task, what is known already first, and is kept. Raises Lost when the executor is gone."""
    left: list[tuple[int, Task]] = []
    for number, task in enumerate(tasks):
        known = ledger.known(number, task)
        if known is None:
            left.append((number, task))
        else:
            yield number, known
    with _audited(left, executor, stage) as made:
        for number, attempt in made:
            ledger.take(number, tasks[number], attempt)
            yield number, attempt


@contextmanager
def _audited(
    tasks: Sequence[tuple[int, Task]], executor: AbstractContextManager[Executor] | None, stage: Stage
) -> Iterator[Iterator[Numbered]]:
    if executor is None or not tasks:
        yield in_turn(tasks, stage)
        return
    from shortcut_audit.command.crowd import attempts

    with executor as started:
        yield attempts(tasks, started)


def _version(task: Task) -> str:
    """What tells this version of a model's file from others; empty where nothing does, as of the user's own code."""
    if task.url:
        return _version_at(task.url)
    try:
        status = os.stat(task.source)  # noqa: PTH116 -- as the user wrote it
    except (OSError, ValueError):
        return ""
    return f"{status.st_size}-{status.st_mtime_ns}"


def _version_at(url: str) -> str:
    from shortcut_audit.loaders.remote.location import Location

    try:
        return Location(url).version()
    except ShortcutAuditError:  # the audit will say what is wrong
        return ""
