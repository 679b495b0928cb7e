"""How is a model's file opened, so that no pipe keeps one waiting and no device is read?"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shortcut_audit.errors import UnreadableModel

EMPTY = "empty file; download or save it again"


@contextmanager
def regular(path: Path) -> Iterator[tuple[int, int]]:
    """Descriptor and size in bytes of a regular file, open for reading while the context lasts.

    Raises UnreadableModel for one that cannot be opened, is no regular file, or is empty.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(path, flags)  # Not blocking: opening a pipe would wait for a writer.
    except OSError as error:
        raise UnreadableModel(f"cannot be opened: {error.strerror or error}") from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            what = "a directory" if stat.S_ISDIR(status.st_mode) else "a device, pipe or socket"
            raise UnreadableModel(f"{what}, not a file; name a model file")
        if status.st_size == 0:
            raise UnreadableModel(EMPTY)
        yield descriptor, status.st_size
    finally:
        os.close(descriptor)
