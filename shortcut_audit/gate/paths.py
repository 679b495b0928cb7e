"""What on this disk do the configuration and the baseline name, and may they?"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from shortcut_audit.errors import ConfigError

PARTS = 32
"""The most components of a pattern. Each is a recursion, and behind links in a loop each multiplies what matches; trees
are not as deep."""

MAGIC = re.compile(r"[*?[]")
"""What makes a name a pattern."""


def matches(pattern: str, source: str, root: Path) -> bool:
    """Whether a glob, relative to the folder `root`, names the model `source`, relative to the current folder.

    `*` and `?` stay within one component, `**` spans any number of them. A pattern without a slash is held against the
    last component alone, as in .gitignore.
    """
    pieces = [piece for piece in pattern.split("/") if piece not in {"", "."}]
    absolute = Path(os.path.abspath(source))  # noqa: PTH100 - resolve() would lose the names of symbolic links
    path = absolute.relative_to(root) if absolute.is_relative_to(root) else absolute
    parts = [part for part in path.as_posix().split("/") if part]
    return _match(pieces, parts[-1:] if len(pieces) == 1 and pieces != ["**"] else parts)


def _match(pieces: list[str], parts: list[str]) -> bool:
    """Components against components, no backtracking: the places in `parts` that the pieces so far can end at."""
    ends = {0}
    for piece in pieces:
        if piece == "**":
            ends = set(range(min(ends), len(parts) + 1))
        else:
            ends = {end + 1 for end in ends if end < len(parts) and fnmatchcase(parts[end], piece)}
        if not ends:
            return False
    return len(parts) in ends


def leaves(repository: Path, folder: Path, given: str) -> bool:
    """Whether a path or a glob that the configuration in `folder` names lies outside `repository`, links followed."""
    if "\0" in given or given.startswith("~") or Path(given).is_absolute():
        return True
    target = Path(os.path.normpath(folder / given))
    return not target.is_relative_to(repository) or not target.resolve().is_relative_to(repository.resolve())


def repository_of(folder: Path) -> Path | None:
    """The nearest folder, upwards, that holds a `.git`; None outside a repository."""
    above = (folder, *folder.parents)
    return next((each for each in above if os.path.exists(each / ".git")), None)  # noqa: PTH110 -- Path.exists may raise


def is_there(path: Path, *, follow_links: bool = True) -> bool:
    """Whether there is something of this name. Where that cannot be known, yes: reading it will say why."""
    try:
        path.stat(follow_symlinks=follow_links)
    except FileNotFoundError:
        return False
    except (OSError, ValueError):  # a name that no file system can hold, a link in a loop, a folder that is closed
        return True
    return True


def read_regular(path: Path, limit: int, what: str) -> bytes:
    """The first `limit` bytes of a regular file, the `what` of the message. Raises ConfigError.

    A FIFO would block, a device never end.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise ConfigError(f"{path}: the {what} is no regular file")
        with path.open("rb") as file:
            return file.read(limit)
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise ConfigError(f"{path}: cannot read the {what}: {reason}") from None


def glob(folder: Path, pattern: str) -> Iterator[Path]:
    """What a pattern matches below a folder. Raises ValueError, and says why, where it is no pattern that is followed.

    Path.glob, unlike glob.glob, follows no links below `**`: two links in a loop would double each other.
    """
    parts = Path(pattern).parts
    if not parts or Path(pattern).anchor:
        raise ValueError("it names no file below a folder")
    if len(parts) > PARTS:
        raise ValueError(f"it has more than {PARTS} parts")
    first = next((n for n, part in enumerate(parts) if MAGIC.search(part)), len(parts))
    if ".." in parts[first:]:
        raise ValueError("'..' behind a wildcard leads back to where it began, again and again")
    return folder.glob(pattern)
