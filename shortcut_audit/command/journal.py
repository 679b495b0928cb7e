"""What has come of the models so far, should the run end here?

A file to which a line is appended as soon as a model is done: a killed run has lost those models that were being
audited, and no other, and the next one goes on from there. Reports are read back from it when they are needed, so that
a run of any length takes the memory of one.

A line is a head and a body, two JSON texts with a tab between. The head tells the task and which version of the model's
file it was about, and is all that is read to go on.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, overload

from shortcut_audit.command.attempt import Attempt, Task
from shortcut_audit.command.revived import revived
from shortcut_audit.errors import UsageError
from shortcut_audit.frozen import frozen
from shortcut_audit.installed import __version__
from shortcut_audit.report import Failure, ModelReport

FORMAT = 1
"""Version of the journal's lines; another number means that they are read in another way."""

SUFFIX = ".journal"


@frozen
class Entry:
    """Where in the journal a model stands."""

    version: str
    """What tells the version of the file that was read: size and time of change, or what a server says."""
    at: int
    """Offset of the body."""
    length: int
    """Bytes of the body."""


class Journal:
    """A journal in the file `path`, or in one that nobody sees and that is gone with the run (None)."""

    def __init__(self, path: Path | None, *, resume: bool) -> None:
        self._path = path
        self._entries: dict[str, Entry] = {}
        if path is None:
            self._file = tempfile.TemporaryFile(prefix="shortcut-audit-")  # noqa: SIM115 -- closed by `close`
        else:
            self._file = _opened(path)
        self._end = self._continued() if resume else self._begun()

    def holds(self, task: Task) -> bool:
        """Whether it says what came of the task, of whatever version."""
        return _key(task) in self._entries

    def known(self, task: Task, version: str) -> Attempt[ModelReport] | None:
        """What came of a task before, if the model is still the same; None where that is not known."""
        entry = self._entries.get(_key(task))
        if entry is None or not version or entry.version != version:
            return None
        return self.attempt(entry)

    def entry(self, task: Task) -> Entry:
        """Where the task stands that has been appended, or was known."""
        return self._entries[_key(task)]

    def append(self, task: Task, version: str, made: Attempt[ModelReport]) -> None:
        """Writes down what came of a task, at once and whole."""
        key, body = _key(task), _body(made)
        head = json.dumps({"task": key, "version": version}).encode()
        self._write(head + b"\t" + body + b"\n")
        self._entries[key] = Entry(version, self._end - len(body) - 1, len(body))

    def attempt(self, entry: Entry) -> Attempt[ModelReport]:
        """What stands there."""
        self._file.seek(entry.at)
        said = json.loads(self._file.read(entry.length))
        if "failure" in said:
            return Attempt(Failure(**said["failure"]), said.get("traceback", ""))
        return Attempt(revived(ModelReport, said["model"]))

    def close(self, *, keep: bool) -> None:
        """Ends it; the file stays where it is to be kept."""
        self._file.close()
        if self._path is not None and not keep:
            self._path.unlink(missing_ok=True)

    def _begun(self) -> int:
        self._file.truncate(0)
        self._end = 0
        self._write(json.dumps(_first()).encode() + b"\n")
        return self._end

    def _continued(self) -> int:
        """Reads the heads of what there is. A line that was not written to its end is taken off."""
        self._file.seek(0)
        first, end = self._file.readline(), 0
        with contextlib.suppress(ValueError):
            if first.endswith(b"\n") and json.loads(first) == _first():
                end = len(first)
        if not end:
            return self._begun()
        for line in self._file:
            head, tab, body = line.partition(b"\t")
            if not (tab and line.endswith(b"\n")):
                break
            said = json.loads(head)
            self._entries[said["task"]] = Entry(said["version"], end + len(head) + 1, len(body) - 1)
            end += len(line)
        self._file.truncate(end)
        return end

    def _write(self, line: bytes) -> None:
        self._file.seek(self._end)
        self._file.write(line)
        self._file.flush()
        self._end += len(line)


def _first() -> dict[str, Any]:
    """The first line: what another program, or another version of this one, has written is not gone on with."""
    return {"journal": FORMAT, "shortcut-audit": __version__}


def _opened(path: Path) -> Any:
    """The file, for nobody else to write to. Raises UsageError."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o666)
        file = os.fdopen(descriptor, "r+b")
    except OSError as error:
        raise UsageError(f"{path}: the journal cannot be written ({error.strerror})") from None
    with contextlib.suppress(ImportError):
        import fcntl

        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            raise UsageError(
                f"{path}: another run is writing this journal; wait for it, or name another file"
            ) from None
    return file


def _key(task: Task) -> str:
    """What tells a task from the others: the source, and what it is audited with."""
    declared = sorted((name, each.said()) for name, each in task.operators.items())
    return json.dumps([task.source, sorted(task.dims.items()), list(task.inputs), task.torchscript, declared])


def _body(made: Attempt[ModelReport]) -> bytes:
    if isinstance(made.result, Failure):
        failure = {"source": made.result.source, "message": made.result.message}
        said: Mapping[str, Any] = {"failure": failure, "traceback": made.traceback}
    else:
        said = {"model": made.result.to_dict()}
    return json.dumps(said, separators=(",", ":")).encode()


class Kept(Sequence[ModelReport]):
    """Reports that stand in a journal, each read when it is asked for."""

    def __init__(self, journal: Journal, entries: Sequence[Entry]) -> None:
        self._journal = journal
        self._entries = entries

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[ModelReport]:
        return map(self._report, self._entries)

    @overload
    def __getitem__(self, where: int) -> ModelReport: ...
    @overload
    def __getitem__(self, where: slice) -> Sequence[ModelReport]: ...
    def __getitem__(self, where: int | slice) -> ModelReport | Sequence[ModelReport]:
        if isinstance(where, slice):
            return Kept(self._journal, self._entries[where])
        return self._report(self._entries[where])

    def _report(self, entry: Entry) -> ModelReport:
        found = self._journal.attempt(entry).result
        assert isinstance(found, ModelReport)
        return found
