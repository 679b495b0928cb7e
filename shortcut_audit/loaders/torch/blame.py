"""Where in the user's own code did it go wrong, in one line?

Building and tracing a module runs code that may raise anything, from anywhere. What the user needs is the reason, and
the innermost line that he can change: not a hundred lines of PyTorch's traceback.
"""

from __future__ import annotations

import io
import logging
import traceback
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

from shortcut_audit.errors import ShortcutAuditError, UnreadableModel
from shortcut_audit.installed import is_library, is_package


@contextmanager
def blamed(what: str, kind: type[ShortcutAuditError] = UnreadableModel) -> Iterator[None]:
    """Whatever is raised within becomes an error of this kind: `what` failed, why, and where in the user's code.

    What that code and PyTorch print or log meanwhile is dropped: it would stand in the middle of the report, or say at
    length what the error says in a line.
    """
    try:
        with _silence():
            yield
    except ShortcutAuditError:
        raise
    except (Exception, SystemExit) as error:
        known = next((said for mark, said in KNOWN.items() if mark in f"{type(error).__name__}: {error}"), None)
        told = (_reason(error), "") if known is None else known
        raise kind(f"{what}: {told[0]}{_place(error)}{told[1]}") from error


@contextmanager
def _silence() -> Iterator[None]:
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


KNOWN: Mapping[str, tuple[str, str]] = {
    "GuardOnDataDependentSymNode": (
        "what runs, or how often, depends on what a tensor holds, and a graph runs the same whatever that is",
        "; let an argument choose, or torch.where or torch.cond",
    ),
    "fake tensor in the exported program constant": (
        "a tensor is made in a way that tracing cannot follow, by torch.autograd.grad as a rule",
        "; audit the module without what takes gradients: they are off",
    ),
}
"""What PyTorch says at length, or in words of its own, by a mark in it: the reason, and what helps."""


def _reason(error: BaseException) -> str:
    """The kind of error and the first line of what it says."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def _place(error: BaseException) -> str:
    """The user's innermost line in the traceback, in brackets; failing that, that of an installed package but torch."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith("<")]
    own = [frame for frame in frames if not is_library(Path(frame.filename))]
    others = [frame for frame in frames if "/torch/" not in frame.filename and is_package(Path(frame.filename))]
    found = own or others
    return f" ({found[-1].filename}:{found[-1].lineno})" if found else ""
