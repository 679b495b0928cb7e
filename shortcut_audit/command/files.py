"""How is a file written whole or not at all?"""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path


def write(path: str, text: str | bytes) -> None:
    """Writes a file, text in UTF-8: beside its place first, then over it, so that nobody ever reads half of it.

    Links are followed; what is no regular file (a pipe, /dev/stdout) is written to as it is. Raises OSError.
    """
    data = text if isinstance(text, bytes) else text.encode("utf-8", "backslashreplace")
    target = Path(os.path.realpath(path))
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        mode = None
    if mode is not None and not stat.S_ISREG(mode):
        target.write_bytes(data)
        return
    draft = target.with_name(f".shortcut-audit.{secrets.token_hex(8)}")  # whatever the target's name may be
    try:
        with draft.open("xb") as file:
            file.write(data)
        if mode is not None:
            draft.chmod(stat.S_IMODE(mode))
        draft.replace(target)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
