"""Where does a reviewer find what a finding is about?

At the line of Python that wrote the addition, where the exporter recorded one that lies inside the repository; else at
the model file. Nothing is looked up on disk.
"""

from __future__ import annotations

from pathlib import PurePosixPath

from shortcut_audit.frozen import frozen
from shortcut_audit.installed import is_by_path
from shortcut_audit.names import displayable
from shortcut_audit.report import AuditReport, Finding, Shortcut

LAST_LINE = 10**7
"""No source file is longer; a number beyond is a forgery."""


@frozen
class Place:
    """A place in the repository."""

    file: str
    line: int
    """The number of the line, counted from 1."""
    in_code: bool
    """Whether `file` is Python; otherwise it is the model (or the configuration) and `line` is 1."""
    node: str = ""
    """The merge's name in the model; empty for a finding on the whole model."""


class Places:
    """The places of a report's findings."""

    def __init__(self, report: AuditReport) -> None:
        self._shortcuts = {(model.source, s.key): s for model in report.models for s in model.shortcuts}

    def of(self, finding: Finding) -> Place:
        """The place of one finding. A shortcut that has disappeared is at its model."""
        shortcut = self._shortcuts.get((finding.source, finding.shortcut or ""))
        if finding.shortcut is None or shortcut is None:
            return Place(finding.source, 1, in_code=False)
        return _line(shortcut) or Place(finding.source, 1, in_code=False, node=shortcut.merge.name)


def _line(shortcut: Shortcut) -> Place | None:
    written = shortcut.merge.source
    file = None if written is None else _inside(written.file)
    if written is None or file is None or not 0 < written.line <= LAST_LINE:
        return None
    return Place(file, written.line, in_code=True, node=shortcut.merge.name)


def _inside(file: str) -> str | None:
    """A recorded path, normalised, if it is one inside the repository: relative (loaders make it so), and downwards.

    Normalised, since ".//host/x.py" without its "./" would be a path no more, but the address of another machine.
    """
    path = PurePosixPath(file)
    foreign = path.is_absolute() or "\\" in file or ":" in file or "\0" in file
    inside = path.parts and not foreign and ".." not in path.parts and not is_by_path(path)
    return str(path) if inside else None


def about(finding: Finding, place: Place) -> str:
    """What a finding is about, beyond its place: the shortcut, and the model unless that is the place. Not escaped."""
    names = [finding.shortcut or "", finding.source if place.in_code else ""]
    return " of ".join(displayable(name) for name in names if name)
