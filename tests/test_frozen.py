"""Is a frozen class what `dataclasses` makes of the same lines?"""

from __future__ import annotations

import copy
import inspect
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, dataclass, field, fields, is_dataclass, replace
from typing import Any

import pytest

from shortcut_audit.frozen import frozen


def classes(make: Callable[[type], type]) -> tuple[type, type]:
    """A class with a field of every sort, and one that inherits from it."""

    class Size:
        """A size."""

        width: int
        names: tuple[str, ...] = ("a",)
        notes: list[str] = field(default_factory=list, compare=False)
        hidden: str = field(default="h", repr=False)
        depth: int | None = field(default=None, kw_only=True)
        found: dict[str, int] = field(default_factory=dict, init=False, repr=False, compare=False)

    Size.__qualname__ = "Size"
    made = make(Size)

    class Volume(made):  # type: ignore[misc, valid-type]
        """One more field, and something to do afterwards."""

        height: int = 3

        def __post_init__(self) -> None:
            """Every field is there."""
            self.notes.append(f"{self.width} x {self.height}")  # type: ignore[attr-defined]

    Volume.__qualname__ = "Volume"
    return made, make(Volume)


ours, theirs = classes(frozen), classes(dataclass(frozen=True, slots=True))


@pytest.mark.parametrize("made", [0, 1])
@pytest.mark.parametrize(
    ("given", "named"),
    [((1,), {}), ((1, ("b",), ["n"], "i"), {"depth": 2}), ((), {"width": 5}), ((), {"depth": 1, "width": 0})],
)
def test_a_value_holds_and_shows_what_it_was_given(made: int, given: Any, named: Any) -> None:
    mine, expected = ours[made](*copy.deepcopy(given), **named), theirs[made](*copy.deepcopy(given), **named)
    assert repr(mine) == repr(expected)
    assert [getattr(mine, part.name) for part in fields(mine)] == [
        getattr(expected, part.name) for part in fields(expected)
    ]
    assert not hasattr(mine, "__dict__")
    assert replace(mine, width=7).width == 7


@pytest.mark.parametrize(
    ("given", "named"), [((), {}), ((1, 2, 3, 4, 5, 6), {}), ((1,), {"found": {}}), ((1,), {"x": 1})]
)
def test_what_does_not_fit_is_refused(given: Any, named: Any) -> None:
    for made in (*ours, *theirs):
        with pytest.raises(TypeError):
            made(*given, **named)


@pytest.mark.parametrize("made", [0, 1])
def test_fields_are_those_of_a_dataclass(made: int) -> None:
    assert is_dataclass(ours[made])
    assert ours[made].__match_args__ == theirs[made].__match_args__  # type: ignore[attr-defined]
    assert ours[made].__slots__ == theirs[made].__slots__  # type: ignore[attr-defined]
    assert not ours[made].__dataclass_params__.order  # type: ignore[attr-defined]  # Dask asks for it
    ours[made](1)
    assert list(inspect.signature(ours[made]).parameters) == list(inspect.signature(theirs[made]).parameters)


def test_defaults_are_made_anew_and_values_compared_by_what_counts() -> None:
    size, volume = ours
    one, other = size(1), size(1, notes=["said"])
    assert one.notes is not size(1).notes
    assert one == other
    assert hash(one) == hash(other)
    assert one != size(2)
    assert one != volume(1)
    assert one != 1
    assert {one, other, size(2)} == {one, size(2)}


def test_nothing_is_changed_afterwards() -> None:
    one = ours[0](1)
    with pytest.raises(FrozenInstanceError):
        one.width = 2
    with pytest.raises(FrozenInstanceError):
        del one.width
    with pytest.raises(FrozenInstanceError):
        one.unheard_of = 2


@frozen
class Itself:
    """Equal to itself alone, and at home in a module: it can be pickled."""

    name: str

    __eq__, __hash__ = object.__eq__, object.__hash__


def test_a_class_keeps_the_methods_that_it_defines() -> None:
    one = Itself("a")
    assert one == one  # noqa: PLR0124 -- that is the question
    assert one != Itself("a")
    assert len({one, Itself("a")}) == 2


def test_values_travel_between_processes() -> None:
    one = Itself("a")
    for back in (pickle.loads(pickle.dumps(one)), copy.copy(one), copy.deepcopy(one)):  # noqa: S301 -- our own bytes
        assert (type(back), back.name) == (Itself, "a")
