"""How is a class of frozen values made, without code being written for it at every start?

`dataclasses` writes and compiles six methods for each class, half a millisecond's work. A run has 140 such classes,
makes values of half of them, and compares, hashes and prints few. Here the class is a dataclass to whoever asks
(`fields`, `replace`, `match`); its `__init__` is written when the first value is made, and the other methods are the
same functions for all classes.
"""

from __future__ import annotations

from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields
from operator import attrgetter
from typing import Any, TypeVar, dataclass_transform

Class = TypeVar("Class", bound=type[Any])


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(written: Class) -> Class:
    """What `@dataclass(frozen=True, slots=True)` makes of a class, in a quarter of the time.

    A class whose values are equal to themselves alone says so: `__eq__, __hash__ = object.__eq__, object.__hash__`.
    """
    made: Any = dataclass(init=False, repr=False, eq=False, slots=True)(written)
    made.__init__ = _written_when_called(made)
    made.__compared__ = attrgetter(*(part.name for part in fields(made) if part.compare))
    for name, method in METHODS.items():
        if name not in written.__dict__:
            setattr(made, name, method)
    return made  # type: ignore[no-any-return]


def _written_when_called(made: Any) -> Any:
    def first(self: Any, *args: Any, **kwargs: Any) -> None:
        made.__init__ = _initialiser(made)
        made.__init__(self, *args, **kwargs)

    return first


def _initialiser(made: Any) -> Any:
    """`def __init__(self, a, b=default_b, *, c=default_c)`, which fills every slot."""
    known: dict[str, Any] = {"MISSING": MISSING}
    positional, keywords, body = ["self"], ["*"], []
    for part in fields(made):
        parameter, value = _filled(part, known)
        if parameter:
            (keywords if part.kw_only else positional).append(parameter)
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
    shown = (f"{part.name}={getattr(self, part.name)!r}" for part in fields(self) if part.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _equal(self: Any, other: Any) -> bool:
    return self.__compared__(self) == self.__compared__(other) if other.__class__ is self.__class__ else NotImplemented


def _hash(self: Any) -> int:
    return hash(self.__compared__(self))


def _refuse(self: Any, name: str, value: object = None) -> None:
    raise FrozenInstanceError(f"cannot assign to or delete field {name!r}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, part.name) for part in fields(self)]


def _restore(self: Any, state: list[Any]) -> None:
    for part, value in zip(fields(self), state, strict=True):
        object.__setattr__(self, part.name, value)


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
