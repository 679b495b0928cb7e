"""Which models does an argument mean?

A file is itself, whatever its name. A folder is the model files below it. A pattern is what it matches. A dotted name
with a colon is a factory in the user's own code. A URL is a model that lies elsewhere, or several: only then somebody
else is asked. Nothing is opened here.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field
from pathlib import Path

from shortcut_audit.errors import ShortcutAuditError, UsageError
from shortcut_audit.frozen import frozen
from shortcut_audit.gate.paths import MAGIC, glob
from shortcut_audit.loaders.factories import is_factory
from shortcut_audit.loaders.remote.urls import is_url, shown
from shortcut_audit.report import Failure

MODEL_SUFFIXES = (".onnx", ".pt2")
"""Suffixes of the files that are models wherever they are found; others must be named one by one."""


@frozen
class Named:
    """A source under the name by which reports call it."""

    name: str
    url: str = field(default="", repr=False)
    """The URL of a model that lies elsewhere, as the user wrote it; `name` is what may be shown of it."""


def expand(arguments: Iterable[str]) -> list[Named | Failure]:
    """The sources that the arguments mean, in their order, each once; what names none is a Failure in its place."""
    found: dict[Named | Failure, None] = {}
    for argument in arguments:
        meant = _elsewhere(argument) if is_url(argument) else _here(argument)
        found.update(dict.fromkeys(meant))
    return list(found)


def nowhere(arguments: Sequence[str]) -> list[Failure]:
    """The failures of arguments of which every one is a path where nothing lies; none where one may mean a model."""
    if any(is_url(argument) or os.path.lexists(argument) or MAGIC.search(argument) for argument in arguments):
        return []
    found = expand(arguments)
    failures = [each for each in found if isinstance(each, Failure)]
    return failures if len(failures) == len(found) else []


def listed(file: str) -> list[str]:
    """The arguments that a file lists, one a line, or stdin (-). Raises UsageError."""
    try:
        with open(0 if file == "-" else file, "rb", closefd=file != "-") as stream:
            return [os.fsdecode(line.rstrip(b"\r\n")) for line in stream if line.strip()]
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise UsageError(f"{file}: the list of sources cannot be read: {why}") from None


def _here(argument: str) -> Iterator[Named | Failure]:
    for found in _expand(argument):
        yield Named(found) if isinstance(found, str) else found


def _expand(argument: str) -> Iterator[str | Failure]:
    path = Path(argument)
    if argument and "\0" not in argument:
        if os.path.isdir(argument):  # noqa: PTH112 -- Path.is_dir raises on what no file system can hold
            yield from _folder(path)
            return
        if os.path.lexists(argument) or is_factory(argument):
            yield argument
            return
        if MAGIC.search(argument):
            yield from _pattern(argument)
            return
    yield Failure(argument, "no such file or folder; check the path")


def _elsewhere(url: str) -> Iterator[Named | Failure]:
    from shortcut_audit.loaders.remote.location import models_at

    try:
        yield from (Named(shown(found), found) for found in models_at(url))
    except ShortcutAuditError as error:
        yield Failure(shown(url), str(error))


def _pattern(pattern: str) -> Iterator[str | Failure]:
    """What matches: folders, models, and, where the pattern spells out a suffix, the files of that suffix."""
    suffix = Path(pattern).suffix
    wanted = MODEL_SUFFIXES if not suffix or MAGIC.search(suffix) else (suffix.lower(),)
    anchor = Path(pattern).anchor
    try:
        matches = sorted(path for path in glob(Path(anchor), pattern[len(anchor) :]) if not _hidden(path, pattern))
    except ValueError as error:
        yield Failure(pattern, f"no such file, and no pattern: {error}")
        return
    files = [str(match) for match in matches if match.suffix.lower() in wanted and not match.is_dir()]
    folders = [] if "**" in pattern else [match for match in matches if match.is_dir()]
    below = [model for folder in folders for model in _folder(folder) if isinstance(model, str)]
    if not files and not below:
        what = "nothing matches" if not matches else f"no model ({', '.join(wanted)}) among what matches"
        yield Failure(pattern, f"{what}; check the pattern")
    yield from files
    yield from below


def _hidden(match: Path, pattern: str) -> bool:
    """Whether a match lies in a hidden folder, or is a hidden file, that the pattern does not spell out."""
    return any(part.startswith(".") and part not in pattern.split("/") for part in match.parts)


def _folder(folder: Path) -> Iterator[str | Failure]:
    """The models below a folder, in order; hidden folders and links to folders are left alone."""
    closed: list[OSError] = []
    found = False
    top: list[str] = []
    for where, folders, files in os.walk(folder, onerror=closed.append):
        top = top or files
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if Path(name).suffix.lower() in MODEL_SUFFIXES:
                found = True
                yield os.path.join(where, name)  # noqa: PTH118 -- as the user began it: ./models stays ./models
    for error in closed:
        yield Failure(str(error.filename), f"cannot look into this folder: {error.strerror}")
    if not found and not closed:
        from shortcut_audit.loaders.lookalikes import lookalike_folder

        what = lookalike_folder(top)
        yield Failure(
            str(folder), f"no model ({', '.join(MODEL_SUFFIXES)}) in this folder{f': {what}' if what else ''}"
        )
