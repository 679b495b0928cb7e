"""How does the command speak to who has called it?

The only module that writes to the process's own streams. Whoever listens may have gone away, may see no colour, and may
know no more than ASCII: none of that is an error of the run.
"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Any

from shortcut_audit.errors import PROGRAM
from shortcut_audit.frozen import replace
from shortcut_audit.names import PATH_LIMIT, displayable, displayable_text, loggable
from shortcut_audit.reporters import Style


def on_stdout(style: Style) -> Style:
    """The style, as the reader of stdout can see it."""
    if sys.stdout is None:
        return in_file(style)
    color, ascii_only = _colored(sys.stdout), _ascii_only(sys.stdout)
    return replace(in_file(style), color=color, ascii_only=ascii_only, watched=sys.stdout.isatty())


def in_file(style: Style) -> Style:
    """The style, as the reader of a file can see it."""
    return replace(style, width=columns())


def columns() -> int:
    """The columns of the terminal, or COLUMNS: what shutil.get_terminal_size does, which is slow to import."""
    said = os.environ.get("COLUMNS", "")
    if said.isdecimal() and int(said) > 0:
        return int(said)
    try:
        return os.get_terminal_size().columns or NO_TERMINAL
    except OSError:
        return NO_TERMINAL


NO_TERMINAL = 80
"""Columns where there is none."""


def _colored(stream: Any) -> bool:
    """https://no-color.org and https://force-color.org: an empty variable says nothing."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return bool(stream.isatty()) and os.environ.get("TERM") != "dumb"


def _ascii_only(stream: Any) -> bool:
    """Where the encoding lacks the report's characters, or the user asked for LC_ALL=C (which PEP 540 makes UTF-8)."""
    try:
        "→…─·≥■⊕╌┊║╮┴".encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return True
    return os.environ.get("LC_ALL") in {"C", "POSIX"}


def put(text: str) -> bool:
    """Text to stdout, whatever its encoding. A reader that has gone away (`| head`) is no error."""
    if sys.stdout is None:
        complain("cannot write to stdout: it is closed")
        return False
    encoding = sys.stdout.encoding or "utf-8"
    try:
        sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
        sys.stdout.flush()
    except BrokenPipeError:
        _mute(1)
    except OSError as error:
        _mute(1)
        complain(f"cannot write to stdout: {error.strerror}")
        return False
    return True


def complain(line: str) -> None:
    """One line to stderr, under the program's name."""
    tell(f"{PROGRAM}: {loggable(displayable_text(line, 2 * PATH_LIMIT))}")


def tell(text: str) -> None:
    """Text to stderr. Where nobody can hear it, the exit status must still say what it says: this raises nothing."""
    if sys.stderr is None:  # for print, None is stdout
        return
    try:
        print(text, file=sys.stderr, flush=True)
    except (OSError, ValueError):  # a full disk, a reader that has gone away, a stream that somebody has closed
        _mute(2)


CLEARED = "\r\x1b[K"
"""What takes the line away that stands at a terminal (ECMA-48, EL)."""


def is_watched() -> bool:
    """Whether somebody looks at stderr."""
    return sys.stderr is not None and sys.stderr.isatty()


def overwrite(line: str) -> None:
    """Writes a line over the one before; an empty one takes it away. The terminal may have gone: that is no error."""
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(CLEARED + line)
        sys.stderr.flush()


def _mute(descriptor: int) -> None:
    """Sends the rest nowhere, or Python tries to write it once more at the end, and makes the exit status 120."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)


def shown_path(path: str) -> str:
    """A path as it may stand in a line to the user."""
    return displayable(path, PATH_LIMIT)
