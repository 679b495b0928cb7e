"""Which keys does the configuration have, and what may each hold?

`KEYS` is the table: a key, the field of `Settings` that it fills, and the function that reads its value or says what is
wrong with it (`Wrong`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from difflib import get_close_matches
from fractions import Fraction
from typing import Any, TypeAlias

from shortcut_audit.report import KINDS
from shortcut_audit.rules import RULE_IDS
from shortcut_audit.settings import FAIL_ON, RULE_LEVELS, Budget, Ignore

Reader: TypeAlias = Callable[[Any], Any]

UNITS: Mapping[str, int] = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "b": 10**9, "t": 10**12}
NUMBER = re.compile(r"(\d{1,18}(?:\.\d{1,12})?) ?([kmgbt%]?)", re.IGNORECASE)
CODE = re.compile(r"[\w.]+:[\w.]+")
"""package.module:factory, which would be imported."""


class Wrong(Exception):
    """What is wrong with a value; each argument is a problem of its own."""


def budget(value: Any) -> Budget:
    """A count (an integer, "1.5M"), or a share of the model ("5%")."""
    if isinstance(value, float):
        raise Wrong(f'{value} is no whole number; a share is written "5%"')
    match = NUMBER.fullmatch(str(value).replace("_", "")) if _is_count(value) or isinstance(value, str) else None
    if match is None:
        raise Wrong(f'{value!r} is no budget: write a whole number, "1.5M", or a share such as "5%"')
    number, unit = Fraction(match[1]), match[2].lower()
    if unit == "%":
        if number > 100:
            raise Wrong(f"{value!r} is more than the whole model")
        return Budget(str(value), number / 100, relative=True)
    limit = number * UNITS[unit]
    if limit.denominator != 1:
        raise Wrong(f"{value!r} is no whole number")
    return Budget(str(value), limit)


def count(value: Any) -> int:
    """A whole number from 0."""
    if not _is_count(value):
        raise Wrong(f"{value!r} is no whole number from 0")
    return int(value)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def text(value: Any) -> str:
    """A text that is not empty."""
    if not isinstance(value, str) or not value:
        raise Wrong(f"{value!r} is no text")
    return value


def path(value: Any) -> str:
    """A path or a glob; never code."""
    if CODE.fullmatch(text(value)):
        raise Wrong(f"{value!r} names code to import, which only the command line may")
    return str(value)


def one_of(choices: Sequence[str]) -> Reader:
    """A reader of one of some words."""

    def read(value: Any) -> str:
        if value not in choices:
            raise Wrong(f"{value!r} is none of {', '.join(choices)}" + did_you_mean(value, choices))
        return str(value)

    return read


def list_of(reader: Reader) -> Reader:
    """A reader of a list, each element read by `reader`."""

    def read(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise Wrong(f"{value!r} is no list")
        return tuple(_each(((None, element, reader) for element in value)))

    return read


def table_of(reader: Reader, keys: Sequence[str] | None = None) -> Reader:
    """A reader of a table, each value read by `reader`; `keys` are the keys it may have, None: any."""

    def read(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise Wrong(f"{value!r} is no table")
        known = {key: entry for key, entry in value.items() if keys is None or key in keys}
        strange = [f"unknown key {key!r}" + did_you_mean(key, keys or ()) for key in value if key not in known]
        try:
            found = _each((key, entry, reader) for key, entry in known.items())
        except Wrong as wrong:
            raise Wrong(*strange, *wrong.args) from None
        if strange:
            raise Wrong(*strange)
        return dict(zip(known, found, strict=True))

    return read


def _each(entries: Iterable[tuple[str | None, Any, Reader]]) -> list[Any]:
    """Reads every value; raises Wrong with all that is wrong, each problem under its key."""
    found, problems = [], []
    for key, value, reader in entries:
        try:
            found.append(reader(value))
        except Wrong as wrong:
            problems += [message if key is None else f"{key}: {message}" for message in wrong.args]
    if problems:
        raise Wrong(*problems)
    return found


def inputs(value: Any) -> tuple[str, ...]:
    """Shapes of inputs, as `--input` takes them: a list of texts, or a table from an input's name to its shape."""
    if isinstance(value, dict):
        return tuple(f"{name}={shape}" for name, shape in table_of(text)(value).items())
    return tuple(list_of(text)(value))


def size(value: Any) -> int:
    """A size of a dimension: a whole number from 1."""
    if not _is_count(value) or value == 0:
        raise Wrong(f"{value!r} is no size (a whole number from 1)")
    return int(value)


def day(value: Any) -> date:
    """A date: 2027-01-31, with or without quotes."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise Wrong(f"{value!r} is no date such as 2027-01-31") from None


def did_you_mean(given: Any, known: Sequence[str]) -> str:
    """"; did you mean …?", or nothing when nothing is near."""
    near = get_close_matches(str(given).lower().replace("_", "-")[:100], known, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


KEYS: Mapping[str, tuple[str, Reader]] = {
    "fail-on": ("fail_on", one_of(FAIL_ON)),
    "baseline": ("baseline", path),
    "max-extra-parameters": ("max_extra_parameters", budget),
    "max-extra-macs": ("max_extra_macs", budget),
    "max-projections": ("max_projections", count),
    "allowed-kinds": ("allowed_kinds", list_of(one_of(KINDS))),
    "dims": ("dims", table_of(size)),
    "inputs": ("inputs", inputs),
    "rules": ("rules", table_of(one_of(RULE_LEVELS), RULE_IDS)),
}
"""What may be asked of all models, and, in an override, of some."""


def fields(table: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of `Settings` that a table sets. Raises Wrong; keys that `KEYS` does not have are the caller's."""
    known = {key: value for key, value in table.items() if key in KEYS}
    found = _each((key, value, KEYS[key][1]) for key, value in known.items())
    return dict(zip((KEYS[key][0] for key in known), found, strict=True))


IGNORE_KEYS: Mapping[str, Reader] = {
    "rule": one_of(RULE_IDS),
    "model": text,
    "shortcut": text,
    "reason": text,
    "expires": day,
}
IGNORE_REQUIRED = ("rule", "reason")


def ignore(value: Any) -> Ignore:
    """One entry of [[ignore]]. Without a `model` it holds for all of them, without a `shortcut` for all of these."""
    if not isinstance(value, dict):
        raise Wrong(f"{value!r} is no table")
    problems = [f"{key} is missing" for key in IGNORE_REQUIRED if key not in value]
    found: dict[str, Any] = {"model": "*", "shortcut": "*"}
    try:
        found |= read_table(value, IGNORE_KEYS)
    except Wrong as wrong:
        problems += wrong.args
    if problems:
        raise Wrong(*problems)
    return Ignore(**found)


def read_table(value: Mapping[str, Any], readers: Mapping[str, Reader]) -> dict[str, Any]:
    """A table in which every key has a reader of its own. Raises Wrong with all that is wrong."""
    problems = [f"unknown key {key!r}" + did_you_mean(key, tuple(readers)) for key in value if key not in readers]
    found = {}
    for key, reader in readers.items():
        if key in value:
            try:
                found[key] = reader(value[key])
            except Wrong as wrong:
                problems += [f"{key}: {message}" for message in wrong.args]
    if problems:
        raise Wrong(*problems)
    return found
