"""Which noun of a report do these lists and dictionaries say?

The way back from `to_dict`: types are those that the fields of the nouns are declared with.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

Noun = TypeVar("Noun")


def revived(noun: type[Noun], said: dict[str, Any]) -> Noun:
    """The noun that was said. What it does not have, such as derived fields, is passed over."""
    declared: Any = noun
    made: Noun = _reader(declared)(said)
    return made


@cache
def _reader(declared: Any) -> Callable[[Any], Any]:
    """What makes a value of a declared type from what JSON has for it."""
    if is_dataclass(declared):
        return _of_noun(declared)
    origin, arguments = get_origin(declared), get_args(declared)
    if origin in {Union, types.UnionType}:
        return _of_union(tuple(part for part in arguments if part is not type(None)))
    if origin is tuple:
        item = _reader(arguments[0])
        return lambda said: tuple(map(item, said))
    return _as_it_is


def _as_it_is(said: Any) -> Any:
    return said


def _of_noun(noun: Any) -> Callable[[Any], Any]:
    hints = get_type_hints(noun)
    readers = {field.name: _reader(hints[field.name]) for field in fields(noun)}

    def read(said: Any) -> Any:
        return noun(**{name: reader(said[name]) for name, reader in readers.items() if name in said})

    return read


def _of_union(parts: tuple[Any, ...]) -> Callable[[Any], Any]:
    """Of several types, those that JSON says as a list or a dictionary are one at most."""
    made = [part for part in parts if is_dataclass(part) or get_origin(part) not in {None, Literal}]
    if not made:
        return _as_it_is
    (part,) = made
    reader = _reader(part)
    return lambda said: reader(said) if isinstance(said, list | dict) else said
