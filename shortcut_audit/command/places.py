"""Where does the report go?

To stdout, to the files that were named, and, in a GitHub workflow, to the page of the run. Where
`{stem}` stands in a file's name, each model has a file of its own; a format that shows one model must have it where
there are several.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from shortcut_audit.command.console import complain, in_file, on_stdout, put, shown_path
from shortcut_audit.errors import UsageError
from shortcut_audit.frozen import frozen
from shortcut_audit.reporters import REPORTERS, STEM, Style, format_of

if TYPE_CHECKING:
    from shortcut_audit.command.render import Wanted


@frozen
class Place:
    """A place that the report goes to."""

    name: str
    wanted: Wanted
    put: Callable[[Any], bool]
    """Takes the text there; whether it has arrived."""


def places(form: str, outputs: Sequence[str], style: Style, sources: Sequence[str]) -> Iterator[Place]:
    """Every place, once the models are known by their `sources`. `style` says how much is shown.

    Raises UsageError where one file would have to hold several models that its format shows one by one.
    """
    from shortcut_audit.command.render import Wanted

    yield Place("stdout", Wanted(form, on_stdout(style)), put)
    for file in outputs:
        written = format_of(file) or "text"
        if not REPORTERS[written].of_one and STEM not in file:
            yield Place(file, Wanted(written, in_file(style)), partial(write, file))
            continue
        for source, name in named(file, sources):
            yield Place(name, Wanted(written, in_file(style), source), partial(write, name))
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if form == "github" and summary:  # GitHub shows what is appended to this file on the page of the workflow run
        yield Place(summary, Wanted("markdown", in_file(Style())), partial(_append, summary))


def check(files: Sequence[str], sources: Sequence[str]) -> None:
    """Refuses, before anything is audited, a file of one model where several were named. Raises UsageError."""
    for file in files:
        form = format_of(file)
        if form is None or REPORTERS[form].of_one:
            _one_or_named(file, sources)


def _one_or_named(file: str, sources: Sequence[str]) -> None:
    if STEM not in file and len(sources) > 1:
        form = format_of(file)
        suffix = PurePath(file).suffix if form is None else REPORTERS[form].suffix
        raise UsageError(
            f"{file}: {suffix} shows one model, and there are {len(sources)}; write {STEM} in its name: "
            f"{STEM}{suffix} is a file for each"
        )


def named(file: str, sources: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each model, and the file of its own."""
    _one_or_named(file, sources)
    taken: dict[str, int] = {}
    for source in sources:
        stem = re.sub(r"[^\w.-]", "_", PurePath(source).stem) or "model"
        nth = taken[stem] = taken.get(stem, 0) + 1
        yield source, file.replace(STEM, stem if nth == 1 else f"{stem}-{nth}")


def write(file: str, text: str | bytes) -> bool:
    """What a file holds; whether it was written."""
    from shortcut_audit.command import files

    try:
        files.write(file, text)
    except (OSError, ValueError) as error:
        complain(f"{shown_path(file)}: cannot write: {getattr(error, 'strerror', None) or error}")
        return False
    return True


def _append(file: str, text: str) -> bool:
    try:
        with open(file, "a", encoding="utf-8", errors="backslashreplace") as stream:  # noqa: PTH123
            stream.write(text)
    except OSError as error:
        complain(f"{shown_path(file)}: cannot write the job summary: {error.strerror}")
        return False
    return True
