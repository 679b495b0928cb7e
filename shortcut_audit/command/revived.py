"""Which noun of a report do these lists and dictionaries say?

The way back from `to_dict`: types are those that the fields of the nouns are declared with. What is no such noun is
refused, whoever wrote it.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

Noun = TypeVar("Noun")


class Mismatch(ValueError):
    """What was said is no noun of that type."""


def revived(noun: type[Noun], said: Any) -> Noun:
    """The noun that was said. What it does not have, such as derived fields, is passed over. Raises Mismatch."""
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
        return _of_union(arguments)
    if origin is tuple:
        return _of_list(_reader(arguments[0]))
    if origin is Literal:
        return _one_of(frozenset(arguments))
    return _of_type(declared)


def _of_type(declared: Any) -> Callable[[Any], Any]:
    """JSON's own types, each by itself: true is no number."""

    def read(said: Any) -> Any:
        if type(said) is not declared:
            raise Mismatch
        return said

    return read


def _one_of(words: frozenset[Any]) -> Callable[[Any], Any]:
    def read(said: Any) -> Any:
        if not isinstance(said, str) or said not in words:
            raise Mismatch
        return said

    return read


def _of_list(item: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def read(said: Any) -> Any:
        if not isinstance(said, list):
            raise Mismatch
        return tuple(map(item, said))

    return read


def _of_noun(noun: Any) -> Callable[[Any], Any]:
    hints = get_type_hints(noun)
    readers = {field.name: _reader(hints[field.name]) for field in fields(noun)}
    needed = {each.name for each in fields(noun) if each.default is MISSING and each.default_factory is MISSING}

    def read(said: Any) -> Any:
        if not isinstance(said, dict) or not needed <= said.keys():
            raise Mismatch
        return noun(**{name: reader(said[name]) for name, reader in readers.items() if name in said})

    return read


def _of_union(parts: tuple[Any, ...]) -> Callable[[Any], Any]:
    """Of several types, those that JSON says as a list or a dictionary are one at most."""
    made = [part for part in parts if is_dataclass(part) or get_origin(part) is tuple]
    plain = frozenset(part for part in parts if part not in made and get_origin(part) is not Literal)
    words = frozenset(word for part in parts if get_origin(part) is Literal for word in get_args(part))
    reader = _reader(made[0]) if made else None

    def read(said: Any) -> Any:
        if reader is not None and isinstance(said, list | dict):
            return reader(said)
        if type(said) not in plain and not (isinstance(said, str) and said in words):
            raise Mismatch
        return said

    return read
