"""Which keys does the configuration have, and what may each hold?

`SETTINGS` and `DOCUMENT` are the tables: a key, and the function that reads its value or says what is wrong (`Wrong`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from shortcut_audit.errors import UsageError
from shortcut_audit.frozen import frozen
from shortcut_audit.gate.document import Reader, Wrong, count, is_count, list_of, one_of, shown, table, table_of, text
from shortcut_audit.gate.rules import RULE_IDS
from shortcut_audit.gate.settings import FAIL_ON, RULE_LEVELS, Budget, Ignore
from shortcut_audit.loaders.inputs import parse_inputs
from shortcut_audit.names import NAME_LIMIT
from shortcut_audit.operators.declaration import FORMULAS, MEANINGS, SLOT_LIMIT, Declaration
from shortcut_audit.report.words import KINDS

UNITS: Mapping[str, int] = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "b": 10**9, "t": 10**12}
NUMBER = re.compile(r"(\d{1,18}(?:\.\d{1,12})?) ?([kmgbt%]?)", re.IGNORECASE)
OPERATOR = re.compile(r"[^\s:]+::\S+")
"""domain::Name"""
CODE = re.compile(r"[\w.]+:[\w.]+")
"""package.module:factory, which would be imported."""


def whole_numbers(document: Any) -> None:
    """Refuses what TOML has not: an integer of over 64 bits, of which Python would not even write the digits."""
    waiting: list[tuple[str, Any]] = [("", document)]
    while waiting:
        where, value = waiting.pop()
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            raise Wrong(f"{where or 'this'}: an integer of {value.bit_length()} bits; TOML's have 64")
        if isinstance(value, dict):
            waiting += ((f"{where}.{key}".lstrip(".")[:NAME_LIMIT], inner) for key, inner in value.items())
        elif isinstance(value, list):
            waiting += ((where, inner) for inner in value)


def budget(value: Any) -> Budget:
    """A count (an integer, "1.5M"), or a share of the model ("5%")."""
    if isinstance(value, float):
        raise Wrong(f'{shown(value)} is no whole number; a share is written "5%"')
    match = NUMBER.fullmatch(str(value).replace("_", "")) if is_count(value) or isinstance(value, str) else None
    if match is None:
        raise Wrong(f'{shown(value)} is no budget: write a whole number, "1.5M", or a share such as "5%"')
    number, unit = Fraction(match[1]), match[2].lower()
    if unit == "%":
        if number > 100:
            raise Wrong(f"{shown(value)} is more than the whole model")
        return Budget(str(value), number / 100, relative=True)
    limit = number * UNITS[unit]
    if limit.denominator != 1:
        raise Wrong(f"{shown(value)} is no whole number")
    return Budget(str(value), limit)


def amount(value: Any) -> Budget:
    """A count, and no share."""
    found = budget(value)
    if found.relative:
        raise Wrong(f"{shown(value)} is a share of the model, and this is asked of the model itself")
    return found


MEMORY = re.compile(r"(\d{1,18}(?:\.\d{1,12})?) ?(?:([KMGT])(i?)B)?", re.IGNORECASE)


def memory(value: Any) -> Budget:
    """Bytes: an integer, or "512KiB", "2MB"."""
    match = MEMORY.fullmatch(str(value).replace("_", "")) if is_count(value) or isinstance(value, str) else None
    if match is None:
        raise Wrong(f'{shown(value)} is no amount of memory: write a number of bytes, "512KiB" or "2MB"')
    power = "KMGT".index(match[2].upper()) + 1 if match[2] else 0
    limit = Fraction(match[1]) * (1024 if match[3] else 1000) ** power
    return Budget(str(value), Fraction(int(limit)))


def path(value: Any) -> str:
    """A path or a glob; never code."""
    if CODE.fullmatch(text(value)):
        raise Wrong(f"{shown(value)} names code to import, which only the command line may")
    return str(value)


REVISION = "git:"


def baseline(value: Any) -> str:
    """A path, or a revision of the repository: "git:origin/main"."""
    return str(value) if text(value).startswith(REVISION) else path(value)


def inputs(value: Any) -> tuple[str, ...]:
    """Shapes of inputs, as `--input` takes them: a list of texts, or a table from an input's name to its shape."""
    given = table_of(text)(value) if isinstance(value, dict) else list_of(text)(value)
    written = tuple(f"{name}={shape}" for name, shape in given.items()) if isinstance(given, dict) else given
    try:
        parse_inputs(written)
    except UsageError as error:
        raise Wrong(str(error).removeprefix("--input ")) from None  # it stands here, not on the command line
    return tuple(written)


def size(value: Any) -> int:
    """A size of a dimension: a whole number; 0 for a past that is empty."""
    if not is_count(value):
        raise Wrong(f"{shown(value)} is no size (a whole number)")
    return int(value)


def day(value: Any) -> date:
    """A date: 2027-01-31, with or without quotes."""
    if isinstance(value, date):
        return value.date() if isinstance(value, datetime) else value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise Wrong(f"{shown(value)} is no date such as 2027-01-31") from None


SETTINGS: Mapping[str, Reader] = {
    "fail-on": one_of(FAIL_ON),
    "baseline": baseline,
    "max-extra-parameters": budget,
    "max-extra-macs": budget,
    "max-parameters": amount,
    "max-macs": amount,
    "max-held-memory": memory,
    "max-projections": count,
    "min-identities": count,
    "allowed-kinds": list_of(one_of(KINDS)),
    "dims": table_of(size),
    "inputs": inputs,
    "rules": table_of(one_of(RULE_LEVELS), RULE_IDS),
}
"""What may be asked of all models, and, in an override, of some. A field of `Settings` has its key's name."""


@frozen
class Override:
    """What is asked of some models beyond, or instead of, what is asked of all."""

    path: str
    """Glob over the models' paths."""
    fields: Mapping[str, Any]
    """Fields of `Settings`."""


def override(value: Any) -> Override:
    """One entry of [[models-overrides]]."""
    found = table(value, {"path": text, **SETTINGS}, required=("path",))
    return Override(found.pop("path"), as_fields(found))


def as_fields(found: Mapping[str, Any]) -> dict[str, Any]:
    """Values that are called as in the configuration, called as in `Settings`."""
    return {key.replace("-", "_"): value for key, value in found.items()}


IGNORE: Mapping[str, Reader] = {
    "rule": one_of(RULE_IDS),
    "model": text,
    "shortcut": text,
    "reason": text,
    "expires": day,
}


def ignore(value: Any) -> Ignore:
    """One entry of [[ignore]]. Without a `model` it holds for all of them, without a `shortcut` for all of these."""
    return Ignore(**{"model": "*", "shortcut": "*", **table(value, IGNORE, required=("rule", "reason"))})


def slot(value: Any) -> int:
    """The number of an input, from 0."""
    if not is_count(value) or value >= SLOT_LIMIT:
        raise Wrong(f"{shown(value)} is no input slot (a whole number from 0 to {SLOT_LIMIT - 1})")
    return int(value)


DECLARATION: Mapping[str, Reader] = {
    "kind": one_of(tuple(MEANINGS)),
    "data": list_of(slot),
    "weights": list_of(slot),
    "scales": list_of(slot),
    "macs": one_of(tuple(FORMULAS)),
    "of": list_of(slot),
}


def declaration(value: Any) -> Declaration:
    """What an operator does: a word, or a table with its inputs and the formula of its MACs."""
    if not isinstance(value, dict):
        return Declaration(one_of(tuple(MEANINGS))(value))
    found = Declaration(**table(value, DECLARATION, required=("kind",)))
    takes = FORMULAS[found.macs or "none"][0]
    problems = []
    if found.of and not takes:
        problems.append("of: no formula is named that takes inputs")
    elif found.of and len(found.of) != len(takes):
        problems.append(f"of: {found.macs} takes {len(takes)} inputs")
    named = (("data", found.data), ("weights", found.weights), ("scales", found.scales))
    slots = [slot for _, given in named for slot in given or ()]
    problems += [f"input {slot} is named twice" for slot in sorted(set(slots)) if slots.count(slot) > 1]
    if found.data == ():
        problems.append("data: names no input")
    if found.kind == "free" and found.macs not in {None, "none"}:
        problems.append(f"macs: free takes none, and {found.macs} counts some; nonlinear may")
    if problems:
        raise Wrong(*problems)
    return found


def operators(value: Any) -> dict[str, Declaration]:
    """The table [operators]: what is declared of operators, each by "domain::Name"."""
    found: dict[str, Declaration] = table_of(declaration)(value)
    bare = [f"{shown(name)} is no operator such as my_domain::Op" for name in found if not OPERATOR.fullmatch(name)]
    if bare:
        raise Wrong(*bare)
    return found


DOCUMENT: Mapping[str, Reader] = {
    **SETTINGS,
    "models": list_of(path),
    "models-overrides": list_of(override),
    "ignore": list_of(ignore),
    "operators": operators,
}
"""Everything that [tool.shortcut-audit] may hold."""
