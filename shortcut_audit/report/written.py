"""How is a noun of the report written as lists and dictionaries?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shortcut_audit.frozen import parts

UNWRITTEN = {"written": False}
"""The metadata of a field that is there to be drawn, and not in the JSON report."""

_DERIVED = {"macs": "flops", "extra_macs": "extra_flops"}
"""A field, and the property that is reported after it by the nouns that have it."""


def as_dictionary(noun: Any) -> dict[str, Any]:
    """The fields of one noun by name, with what is derived from them. Nouns nest a few levels deep."""
    found: dict[str, Any] = {}
    for each in parts(noun):
        if each.metadata == UNWRITTEN:
            continue
        found[each.name] = _plain(getattr(noun, each.name))
        derived = _DERIVED.get(each.name)
        if derived is not None and hasattr(noun, derived):
            found[derived] = getattr(noun, derived)
    return found


def _plain(thing: Any) -> Any:
    if isinstance(thing, Sequence) and not isinstance(thing, str):
        return [_plain(item) for item in thing]
    return thing if thing is None or isinstance(thing, str | int) else as_dictionary(thing)
