"""What was an op given, and what of it can be relied on?

A `Call` hands a rule its inputs and attributes already checked. What is absent, unknown or ill-typed raises `Unknown`,
which ends the rule: nothing of what the rule would have said is known then. Rules therefore read like the operator's
specification, and a file cannot make them fail.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from shortcut_audit.graph.model import RANK_LIMIT, Attribute, Datum, Dim, Shape, TensorType, elements
from shortcut_audit.graph.sizes import Unknown

SIZE_LIMIT = 2**63 - 1
"""The largest size, and the largest integer: ONNX and PyTorch keep both in an int64."""

NUMBER_LIMIT = 2**64
"""Numbers beyond this size are no sizes: nothing is computed with them."""

Number: TypeAlias = "int | float"


class Call(NamedTuple):
    """The application of one operator, as far as shapes are concerned."""

    kind: str
    attributes: Mapping[str, Attribute]
    inputs: Sequence[TensorType | None]
    outputs: int
    opset: int

    def given(self, slot: int) -> bool:
        """Is there an input in this slot?"""
        return slot < len(self.inputs) and self.inputs[slot] is not None

    def input(self, slot: int) -> TensorType:
        """What is known of an input; Unknown where the slot is empty."""
        found = self.inputs[slot] if slot < len(self.inputs) else None
        if found is None:
            raise Unknown
        return found

    def dtype(self, slot: int) -> str | None:
        """The element type of an input."""
        found = self.inputs[slot] if slot < len(self.inputs) else None
        return None if found is None else found.dtype

    def shape(self, slot: int) -> tuple[Dim, ...]:
        """The shape of an input."""
        shape = legal(self.input(slot).shape)
        if shape is None:
            raise Unknown
        return shape

    def rank(self, slot: int) -> int:
        """How many axes an input has."""
        return len(self.shape(slot))

    def last_size(self, slot: int) -> Dim:
        """The size of an input's last axis."""
        shape = self.shape(slot)
        if not shape:
            raise Unknown
        return shape[-1]

    def length(self, slot: int) -> int:
        """Elements of a vector: the size of its only axis."""
        shape = self.shape(slot)
        if len(shape) != 1 or not isinstance(shape[0], int):
            raise Unknown
        return shape[0]

    def data(self, slot: int) -> tuple[Datum, ...]:
        """The elements of an input that is a small constant."""
        given = self.input(slot)
        if given.data is None or given.dtype == "string" or elements(given.shape) != len(given.data):
            raise Unknown
        return given.data

    def sizes(self, slot: int) -> tuple[Dim, ...]:
        """The elements of an input that lists sizes; those that are neither integers nor symbols are None."""
        return tuple(datum if type(datum) is int or type(datum) is str else None for datum in self.data(slot))

    def integers_in(self, slot: int) -> tuple[int, ...]:
        """The elements of an input that lists integers, all of them known."""
        return checked_integers(self.data(slot))

    def numbers_in(self, slot: int) -> tuple[Number, ...]:
        """The elements of an input that lists numbers, all of them known."""
        data = self.data(slot)
        numbers = tuple(datum for datum in data if isinstance(datum, int | float))
        if len(numbers) != len(data):
            raise Unknown
        return numbers

    def scalar(self, slot: int) -> int:
        """The one integer that an input holds."""
        found = self.integers_in(slot)
        if len(found) != 1:
            raise Unknown
        return found[0]

    def size(self, slot: int) -> Dim:
        """The one size that an input holds."""
        found = self.sizes(slot)
        if len(found) != 1:
            raise Unknown
        return found[0]

    def has(self, name: str) -> bool:
        """Is the attribute set? One that is set to what cannot be read is None: no default stands in for it."""
        return name in self.attributes

    def integer(self, name: str, default: int | None = None) -> int:
        """An integer attribute; without a default it must be set."""
        value = self.attributes.get(name, default)
        if not isinstance(value, int):
            raise Unknown
        return int(value)

    def integers(self, name: str, default: tuple[int, ...] | None = None) -> tuple[int, ...]:
        """An attribute that is a list of integers; without a default it must be set."""
        value = self.attributes.get(name, default)
        if not isinstance(value, tuple):
            raise Unknown
        return checked_integers(value)

    def text(self, name: str, default: str = "") -> str:
        """A string attribute."""
        value = self.attributes.get(name, default)
        if not isinstance(value, str):
            raise Unknown
        return value

    def target(self, slot: int) -> tuple[Dim, ...]:
        """A shape that is an input: its elements where they are known, otherwise so many unknown sizes."""
        if self.input(slot).data is not None:
            return self.sizes(slot)
        rank = self.length(slot)
        if rank > RANK_LIMIT:
            raise Unknown
        return (None,) * rank

    def size_if_known(self, slot: int) -> Dim:
        """The one size that an input holds; None where the input is not a constant."""
        return self.size(slot) if self.input(slot).data is not None else None

    def attribute_or_input(self, name: str, slot: int) -> tuple[int, ...] | None:
        """Integers that older operator sets keep in an attribute and newer ones in an input; None where in neither.

        No version of an operator takes both, so the version need not be asked.
        """
        if self.has(name):
            return self.integers(name)
        return self.integers_in(slot) if self.given(slot) else None


Rule: TypeAlias = Callable[[Call], list[Shape]]
"""Tells the shapes of an op's outputs, slot by slot; those that it does not list are unknown."""

Data: TypeAlias = tuple[Datum, ...]
"""The elements of a small constant, row-major."""

Made: TypeAlias = Sequence[TensorType]
"""Shapes and element types of an op's outputs."""

Propagation: TypeAlias = Callable[[Call, Made], list[Data]]
"""Tells the elements of an op's outputs, of which the types are given, where the elements of its inputs are known."""


def legal(shape: Shape) -> Shape:
    """The shape, with what no tensor can have (negative sizes, sizes beyond int64, too many axes) made unknown."""
    return None if shape is None or len(shape) > RANK_LIMIT else _legal(shape)


@lru_cache(maxsize=1024)  # shapes repeat
def _legal(shape: tuple[Dim, ...]) -> Shape:
    for size in shape:
        if isinstance(size, int) and not 0 <= size <= SIZE_LIMIT:
            return tuple(size if not isinstance(size, int) or 0 <= size <= SIZE_LIMIT else None for size in shape)
    return shape


def checked_integers(values: Sequence[Datum]) -> tuple[int, ...]:
    """The values, where all of them are integers that an int64 can hold."""
    found = [value for value in values if type(value) is int and -SIZE_LIMIT - 1 <= value <= SIZE_LIMIT]
    if len(found) != len(values):
        raise Unknown
    return tuple(found)


def axis_of(axis: int, rank: int) -> int:
    """An axis counted from the front; negative axes count from the back."""
    if not -rank <= axis < rank:
        raise Unknown
    return axis % rank
