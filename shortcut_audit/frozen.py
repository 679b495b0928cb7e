"""How is a class of frozen values made, without code being written for it at every start?

`dataclasses` takes half a millisecond to look at a class and to write six methods for it. A run has 110 such classes,
makes values of half of them, and compares, hashes and prints few. Here the class is a dataclass to whoever asks
(`fields`, `match`), who finds its fields once he does; its `__init__` is written when the first value is made, and the
other methods are the same functions for all classes.
"""

from __future__ import annotations

from dataclasses import MISSING, Field, FrozenInstanceError, field, make_dataclass
from inspect import get_annotations
from operator import attrgetter
from typing import Any, TypeVar, dataclass_transform

Class = TypeVar("Class", bound=type[Any])
Value = TypeVar("Value")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(written: Class) -> Class:
    """What `@dataclass(frozen=True, slots=True)` makes of a class, in a tenth of the time.

    A class whose values are equal to themselves alone says so: `__eq__, __hash__ = object.__eq__, object.__hash__`.
    """
    inherited: dict[str, Field[Any]] = getattr(written, "__parts__", {})
    own = {name: _field(name, said, written) for name, said in get_annotations(written).items()}
    parts = {**inherited, **own}
    body = {name: what for name, what in written.__dict__.items() if name not in (*own, "__dict__", "__weakref__")}
    kinds: dict[str, Any] = {
        "__slots__": tuple(name for name in own if name not in inherited),
        "__match_args__": tuple(name for name, part in parts.items() if part.init and part.kw_only is not True),
        "__parts__": parts,
        "__compared__": attrgetter(*(name for name, part in parts.items() if part.compare)),
        **{name: _Asked() for name in NOTED},
    }
    metaclass: Any = type(written)
    made: Any = metaclass(written.__name__, written.__bases__, {**METHODS, **body, **kinds})
    made.__init__ = _written_when_called(made)
    return made  # type: ignore[no-any-return]


def replace(value: Value, /, **changes: Any) -> Value:
    """A value of the same class, some fields of which are others: what `dataclasses.replace` makes."""
    made: Any = value.__class__
    return made(**{**{name: getattr(value, name) for name, part in made.__parts__.items() if part.init}, **changes})  # type: ignore[no-any-return]


def parts(noun: Any) -> tuple[Field[Any], ...]:
    """The fields of a frozen class, or of a value of one, in order; none of anything else."""
    return tuple(getattr(noun, "__parts__", {}).values())


def _field(name: str, said: Any, written: Any) -> Field[Any]:
    """A field as a class body states it: its default, or what `field` has made of it."""
    given = written.__dict__.get(name, MISSING)
    found: Field[Any] = given if isinstance(given, Field) else field(default=given)
    found.name, found.type = name, said
    return found


class _Asked:
    """What `dataclasses` notes on a class, found out when somebody asks."""

    def __set_name__(self, made: Any, name: str) -> None:
        self._name = name

    def __get__(self, value: object, made: Any) -> Any:
        parts = [(name, part.type, part) for name, part in made.__parts__.items()]
        found: Any = make_dataclass(made.__name__, parts, init=False, repr=False, eq=False)
        for name in NOTED:
            setattr(made, name, getattr(found, name))
        return getattr(made, self._name)


NOTED = ("__dataclass_fields__", "__dataclass_params__")


def _written_when_called(made: Any) -> Any:
    def first(self: Any, *args: Any, **kwargs: Any) -> None:
        made.__init__ = _initialiser(made)
        made.__init__(self, *args, **kwargs)

    return first


def _initialiser(made: Any) -> Any:
    """`def __init__(self, a, b=default_b, *, c=default_c)`, which fills every slot."""
    known: dict[str, Any] = {"MISSING": MISSING}
    positional, keywords, body = ["self"], ["*"], []
    for part in made.__parts__.values():
        parameter, value = _filled(part, known)
        if parameter:
            (keywords if part.kw_only is True else positional).append(parameter)
        if value:
            known[f"set_{part.name}"] = getattr(made, part.name).__set__
            body.append(f"set_{part.name}(self, {value})")
    if hasattr(made, "__post_init__"):
        body.append("self.__post_init__()")
    parameters = ", ".join([*positional, *(keywords if keywords[1:] else [])])
    exec(f"def __init__({parameters}):\n  " + "\n  ".join(body), known)  # noqa: S102 -- names of our own classes
    return known["__init__"]


def _filled(part: Field[Any], known: dict[str, Any]) -> tuple[str, str]:
    """A field's parameter and what its slot is filled with, either empty if there is none; a default gets `known`."""
    name, default = part.name, f"default_{part.name}"
    if part.default is not MISSING:
        known[default] = part.default
        return (f"{name}={default}", name) if part.init else ("", default)
    if part.default_factory is not MISSING:
        known[default] = part.default_factory
        return (
            (f"{name}=MISSING", f"{default}() if {name} is MISSING else {name}") if part.init else ("", f"{default}()")
        )
    return (name, name) if part.init else ("", "")


def _repr(self: Any) -> str:
    shown = (f"{part.name}={getattr(self, part.name)!r}" for part in self.__parts__.values() if part.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _equal(self: Any, other: Any) -> bool:
    return self.__compared__(self) == self.__compared__(other) if other.__class__ is self.__class__ else NotImplemented


def _hash(self: Any) -> int:
    return hash(self.__compared__(self))


def _refuse(self: Any, name: str, value: object = None) -> None:
    raise FrozenInstanceError(f"cannot assign to or delete field {name!r}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, name) for name in self.__parts__]


def _restore(self: Any, state: list[Any]) -> None:
    for name, value in zip(self.__parts__, state, strict=True):
        object.__setattr__(self, name, value)


METHODS = {
    "__repr__": _repr,
    "__eq__": _equal,
    "__hash__": _hash,
    "__setattr__": _refuse,
    "__delattr__": _refuse,
    "__getstate__": _state,
    "__setstate__": _restore,
}
"""What every class has that does not define its own."""
