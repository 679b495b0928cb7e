"""How is a stranger's name shown?

Names come from files that anybody may have written: they can hold terminal escapes, text direction marks, characters
that nobody sees, bytes that are no UTF-8, or a megabyte of it. This is the one place that makes them fit to be read.
What each sink must escape on top (Markdown, HTML, SARIF, CI commands) is the sink's own affair.
"""

from __future__ import annotations

import re

NAME_LIMIT = 200
"""Characters of a name that are shown; of a longer one, the middle gives way to a hash."""
PATH_LIMIT = 4096
"""The most characters of a file's path that are shown: Linux has none longer, and tools look files up by it."""
TEXT_LIMIT = 2000
"""The most characters of a sentence with names in it."""

_UNSEEN = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0"
    + "".join(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
)
"""Characters that count as printable and leave no ink: Unicode's Default_Ignorable_Code_Point outside the categories
that `str.isprintable` refuses (fillers, joiners, variation selectors), and the blank Braille pattern."""


def displayable(name: str, limit: int = NAME_LIMIT, *, ascii_only: bool = False) -> str:
    r"""The name with everything that a reader cannot see made visible, in at most `limit` characters.

    ASCII controls become `\x1b`, bytes that are no UTF-8 (lone surrogates, PEP 383) `\xff`, all other controls, text
    direction marks, line separators, spaces but the plain one, zero-width, combining and unassigned characters
    `\u{202e}`; with
    `ascii_only`, so does all that is not ASCII. Of a longer name, the middle gives way to a hash of the whole, so that
    different names stay different. Applied to its own result, it changes nothing.
    """
    if len(name) <= limit and name.isascii() and name.isprintable():
        return name
    shown = "".join(_visible(character, ascii_only) for character in _cut(name, limit))
    return shown if len(shown) <= limit else _join(shown, limit, _digest(name))


def displayable_text(text: str, limit: int = TEXT_LIMIT, *, ascii_only: bool = False) -> str:
    """A sentence that may hold names: one line, each word of it displayable, in at most `limit` characters."""
    words = (displayable(word, ascii_only=ascii_only) for word in _cut(text, 4 * limit).split(" "))
    return displayable(" ".join(words), limit, ascii_only=ascii_only)


def loggable(text: str) -> str:
    r"""Displayable text in which no CI system that reads it in a log finds a command.

    `::` that opens a word (GitHub; a line may be broken before any word) becomes `\x3a:`; the `##` of `##[`, `##vso[`
    and `##teamcity[`, which count wherever they stand, `#\x23`.
    """
    return _COMMAND.sub(lambda found: found[0].replace("::", "\\x3a:").replace("##", "#\\x23"), text)


_COMMAND = re.compile(r"(?:(?<=\s)|^)::|##(?=\w*\[)")


def _visible(character: str, ascii_only: bool) -> str:
    code = ord(character)
    if code < 0x80 and character.isprintable():
        return character
    if character.isprintable() and not (character in _UNSEEN or ascii_only or _leans(character)):
        return character
    if code < 0x80:
        return f"\\x{code:02x}"
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return f"\\u{{{code:x}}}"


def _leans(character: str) -> bool:
    """Whether a character takes no place of its own: it is drawn over its neighbour, which then looks like another."""
    import unicodedata  # few names need it

    return unicodedata.category(character) in {"Mn", "Me"}


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else _join(text, limit, _digest(text))


def _join(text: str, limit: int, digest: str) -> str:
    mark = f"...#{digest}..."
    kept = max(0, limit - len(mark))
    tail = kept // 2
    return f"{text[: kept - tail]}{mark}{text[len(text) - tail :]}"


def _digest(text: str) -> str:
    import hashlib  # two milliseconds, which few names are worth

    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
