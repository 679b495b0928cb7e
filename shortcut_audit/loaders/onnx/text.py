"""How does a name or string of an ONNX file become Python text?"""

from __future__ import annotations


def text(stored: str | bytes) -> str:
    r"""A string as protobuf hands it back: `bytes` where it is not UTF-8, whose bytes are shown as \xNN.

    No two names become one: backslashes are doubled wherever the result could be taken for another name's.
    """
    if isinstance(stored, str):
        return stored.replace("\\", "\\\\") if "\\x" in stored else stored
    try:
        return text(stored.decode())
    except UnicodeDecodeError:
        return stored.replace(b"\\", b"\\\\").decode("utf-8", "backslashreplace")


LONGEST = 200
"""Characters to which `cut` shortens."""


def cut(shown: str) -> str:
    """The text, its middle left out where it is longer than `LONGEST`."""
    if len(shown) <= LONGEST:
        return shown
    half = LONGEST // 2 - 1
    return f"{shown[:half]}…{shown[-half:]}"
