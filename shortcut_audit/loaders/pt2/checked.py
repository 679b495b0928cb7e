"""Is a part of a .pt2 document what its schema says that it is?

Nothing of a document is believed before one of these has looked at it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TypeAlias

from shortcut_audit.errors import UnreadableModel
from shortcut_audit.names import displayable

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"


def mapping(value: Json, where: str) -> dict[str, Json]:
    """An object."""
    if not isinstance(value, dict):
        raise damaged(where)
    return value


def items(value: Json, where: str) -> list[Json]:
    """A list."""
    if not isinstance(value, list):
        raise damaged(where)
    return value


def text(value: Json, where: str = "a name") -> str:
    """A name, as the file has it: made fit to be read, two could become one."""
    if not isinstance(value, str):
        raise damaged(where)
    return value


def check_once(names: Iterable[str | None], what: str) -> None:
    """Refuse names of which one stands for two things."""
    for name, count in Counter(names).items():
        if name is not None and count > 1:
            raise UnreadableModel(f"{what} '{displayable(name)}' twice; export the model again")


def union(value: Json, where: str) -> tuple[str, Json]:
    """An object with one field, whose name says what it is."""
    tagged = mapping(value, where)
    if len(tagged) != 1:
        raise damaged(where)
    return next(iter(tagged.items()))


def damaged(where: str) -> UnreadableModel:
    """The error for a document that is not what its schema says."""
    return UnreadableModel(
        f"damaged description of the graph ({where} is not as its schema says); save the model again"
    )
