"""Does a parsed document, TOML or JSON, hold what it should?

A reader takes a value and returns what it says, or raises `Wrong` with all that is wrong in it. Readers of lists and
tables are made of readers, and put in front of each problem the keys and the numbers of the entries that lead to it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, TypeAlias

from shortcut_audit.names import displayable

Reader: TypeAlias = Callable[[Any], Any]

ENTRIES = 1_000
"""The most entries of one list or table: each is held against each model, or each finding."""


class Wrong(Exception):
    """What is wrong with a value; each argument is a problem of its own."""


def shown(value: Any) -> str:
    """A value as a message shows it: on one line, and not all of it where it is long."""
    return displayable(repr(value))


def count(value: Any) -> int:
    """A whole number from 0."""
    if not is_count(value):
        raise Wrong(f"{shown(value)} is no whole number from 0")
    return int(value)


def is_count(value: Any) -> bool:
    """Whether a value is a whole number from 0; `true` is none."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def text(value: Any) -> str:
    """A text that is not empty."""
    if not isinstance(value, str) or not value:
        raise Wrong(f"{shown(value)} is no text")
    return value


def string(value: Any) -> str:
    """A text, perhaps an empty one."""
    if not isinstance(value, str):
        raise Wrong(f"{shown(value)} is no text")
    return value


def optional(reader: Reader) -> Reader:
    """A reader of what may be left out, or unknown: of None it makes None."""
    return lambda value: None if value is None else reader(value)


def one_of(choices: Sequence[str]) -> Reader:
    """A reader of one of some words."""

    def read(value: Any) -> str:
        if value not in choices:
            raise Wrong(f"{shown(value)} is none of {', '.join(choices)}" + did_you_mean(value, choices))
        return str(value)

    return read


def did_you_mean(given: Any, known: Sequence[str]) -> str:
    """The end of a message: the known word that is nearest, or nothing when none is near."""
    from difflib import get_close_matches

    near = get_close_matches(str(given).lower().replace("_", "-")[:100], known, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def list_of(reader: Reader, most: int | None = ENTRIES) -> Reader:
    """A reader of a list of at most so many elements, each read by `reader`."""

    def read(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise Wrong(f"{shown(value)} is no list")
        _few(value, most)
        found, problems = [], []
        for n, element in enumerate(value, start=1):
            try:
                found.append(reader(element))
            except Wrong as wrong:
                problems += [f"entry {n}: {problem}" for problem in wrong.args]
        if problems:
            raise Wrong(*problems)
        return tuple(found)

    return read


def _few(entries: Collection[Any], most: int | None = ENTRIES) -> None:
    if most is not None and len(entries) > most:
        raise Wrong(f"{len(entries):,} entries are more than the {most:,} that are read")


def table_of(reader: Reader, keys: Sequence[str] | None = None) -> Reader:
    """A reader of a table, each value read by `reader`; `keys` are those that it may have, None: any."""

    def read(value: Any) -> dict[str, Any]:
        allowed = keys if keys is not None or not isinstance(value, dict) else tuple(value)
        return table(value, dict.fromkeys(allowed or (), reader))

    return read


def table(value: Any, readers: Mapping[str, Reader], required: Sequence[str] = ()) -> dict[str, Any]:
    """A table in which every key has its reader. Raises Wrong with all that is wrong in it."""
    if not isinstance(value, dict):
        raise Wrong(f"{shown(value)} is no table")
    _few(value)
    problems = [f"{key} is missing" for key in required if key not in value]
    known = {key: entry for key, entry in value.items() if key in readers}
    problems += [f"unknown key {shown(key)}" + did_you_mean(key, tuple(readers)) for key in value if key not in known]
    return _read(known, readers, problems)


def record(value: Any, readers: Mapping[str, Reader], required: Sequence[str] = ()) -> dict[str, Any]:
    """What is read of a table that may hold more, such as one that another release wrote."""
    if not isinstance(value, dict):
        raise Wrong(f"{shown(value)} is no table")
    problems = [f"{key} is missing" for key in required if key not in value]
    return _read({key: value[key] for key in readers if key in value}, readers, problems)


def _read(entries: Mapping[str, Any], readers: Mapping[str, Reader], problems: list[str]) -> dict[str, Any]:
    found = {}
    for key, entry in entries.items():
        try:
            found[key] = readers[key](entry)
        except Wrong as wrong:
            problems += [f"{key}: {problem}" for problem in wrong.args]
    if problems:
        raise Wrong(*problems)
    return found
