"""What is asked of a run, and what comes of it?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import field
from typing import TYPE_CHECKING, Protocol

from shortcut_audit.frozen import frozen
from shortcut_audit.report import AuditReport, Failure

if TYPE_CHECKING:
    from shortcut_audit.command.attempt import Task
    from shortcut_audit.command.collect import Ledger
    from shortcut_audit.gate.kept import Renewed
    from shortcut_audit.gate.settings import FailOn


class Watch(Protocol):
    """Who is told how far a run is."""

    def at(self, source: str, stage: str) -> None:
        """Something begins with a source."""

    def done(self, source: str) -> None:
        """A source is done with."""


Progress = Callable[[int], AbstractContextManager[Watch]]
"""Given how many sources there are: who is told, within the context, what is done with."""


@frozen
class Request:
    """What the user asks for."""

    sources: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    dims: tuple[str, ...] = ()
    baseline: str | None = None
    write_baseline: str | None = None
    config: str | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    fail_on: FailOn | None = None
    jobs: int = 1
    torchscript: bool = False
    source_list: str | None = None
    """A file of sources, one a line; "-" for what is read from stdin."""
    scheduler: str | None = None
    """The address of a Dask cluster's scheduler, for the models to be audited there."""
    journal: str | None = None
    """The file in which it is written down what came of each model."""
    resume: bool = False
    """Whether what the journal knows already is not to be audited again."""


@frozen
class Outcome:
    """What came of a run."""

    report: AuditReport
    objected: bool
    """Whether there is a finding at or over the fail level."""
    accepted: Renewed | Failure | None
    """The baseline that was asked for, or why there is none; None where none was asked for."""
    tracebacks: tuple[str, ...]
    transfers: tuple[str, ...] = ()
    """What was read of models that lie elsewhere: a line for each, or one for all where they are many."""
    ledger: Ledger | None = None
    """Where the reports are kept: to be closed when they have been shown."""
    whole: bool = True
    """Whether every source was tried."""
    tasks: Mapping[str, Task] = field(default_factory=dict)
    """What was asked of each model, by the name that reports have for it."""
