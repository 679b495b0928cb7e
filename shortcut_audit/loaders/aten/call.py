"""What does an ATen node give to the rule that translates it?

A `AtenCall` hands a rule its arguments already checked, and takes the canonical nodes that the rule writes. An argument
that is absent or of another kind than the rule expects raises `Misfit`: the op then stays opaque. So does an argument
of the right kind with an absurd value, whatever the rule does with it (`fitting`). Rules therefore read like the
operator's schema, and a file cannot make them fail.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

from shortcut_audit.frozen import replace
from shortcut_audit.graph.draft import Node
from shortcut_audit.graph.dtypes import ITEM_BITS, ONNX_NUMBERS
from shortcut_audit.graph.model import Attribute, Dim, Shape, TensorType
from shortcut_audit.loaders.aten.graph import Argument, AtenNode, Ref
from shortcut_audit.loaders.aten.writer import Writer

FLOATING = ("float", "bfloat")
"""How the names of floating-point types begin."""


class Misfit(Exception):
    """The arguments are not those that the rule knows: another overload, or a damaged file."""


@contextmanager
def fitting() -> Iterator[None]:
    """A calculation with arguments from a file. What goes wrong in it is a Misfit: no rule can foresee every value."""
    try:
        yield
    except (LookupError, ArithmeticError, ValueError, TypeError) as error:
        raise Misfit from error


Made: TypeAlias = "str | Sequence[str | None] | None"
"""What a rule returns: the name of its result, or the names of its results in the order of the node's outputs."""

Rule: TypeAlias = "Callable[[AtenCall], Made]"


@dataclass(slots=True)
class AtenCall:
    """One ATen node while it is translated."""

    node: AtenNode
    given: Mapping[str, Argument]
    outputs: tuple[TensorType, ...]
    """What is recorded of the node's outputs."""
    writer: Writer
    read: Callable[[Ref], str]
    """The name of what a tensor holds at this point of the program."""
    nodes: list[Node] = field(default_factory=list)
    made: set[str] = field(default_factory=set)
    opaque: bool = False
    """Whether no rule of the vocabulary fits it."""

    # -- arguments ---------------------------------------------------------------------------------------------

    def has(self, name: str) -> bool:
        """Is the argument given, and not None?"""
        return self.given.get(name) is not None

    def value(self, name: str, like: str = "") -> str:
        """A tensor, or a number as a rank-0 tensor, of the element type of the argument `like` where it is a float."""
        found = self.maybe(name, like)
        if found is None:
            raise Misfit
        return found

    def maybe(self, name: str, like: str = "") -> str | None:
        """The argument as `value` has it; None for an optional one that is left out."""
        argument = self.given.get(name)
        return None if argument is None else self.operand(argument, self.dtype(like) if like else None)

    def operand(self, argument: Argument, dtype: str | None = None) -> str:
        """The tensor that an argument stands for."""
        match argument:
            case Ref():
                return self.read(argument)
            case bool():
                return self.writer.literal((argument,), (), "bool")
            case int():
                return self.writer.literal((argument,), (), "int64" if dtype in {None, "bool"} else dtype)
            case float():
                floating = dtype is not None and dtype.startswith(FLOATING)
                return self.writer.literal((argument,), (), dtype if floating and dtype else "float32")
            case complex():
                return self.writer.literal(None, (), "complex64")
        raise Misfit

    def together(self, left: str, right: str) -> tuple[str, str]:
        """Two operands of one element type, as ONNX's ops want them: the one that PyTorch combines them in."""
        pair = self.value(left, right), self.value(right, left)
        wanted = promoted(*map(self.type_of, pair))
        one, other = (self.as_type(value, wanted) for value in pair)
        return one, other

    def as_type(self, value: str, dtype: str | None) -> str:
        """The value as another element type, if it is of another one."""
        given = self.type_of(value).dtype
        return value if dtype is None or given is None or given == dtype else self.cast(value, dtype)

    def values(self, name: str) -> tuple[str, ...]:
        """A list of tensors."""
        return tuple(self.operand(argument) for argument in self.items(name))

    def items(self, name: str) -> tuple[Argument, ...]:
        """A list of arguments."""
        argument = self.given.get(name)
        if not isinstance(argument, tuple):
            raise Misfit
        return argument

    def integer(self, name: str, default: int | None = None) -> int:
        """An integer, known."""
        found = self.given.get(name, default)
        found = default if found is None else found
        if not isinstance(found, int):
            raise Misfit
        return int(found)

    def flag(self, name: str, default: bool = False) -> bool:
        """A truth value."""
        return bool(self.integer(name, default))

    def number(self, name: str, default: float) -> int | float | Ref:
        """A number, which may be symbolic."""
        found = self.given.get(name)
        if found is None:
            return default
        if not isinstance(found, int | float | Ref):
            raise Misfit
        return found

    def fixed(self, name: str, default: float | None = None) -> float:
        """A number, known."""
        found = self.given.get(name, default)
        found = default if found is None else found
        if not isinstance(found, int | float):
            raise Misfit
        return float(found)

    def text(self, name: str, default: str = "") -> str:
        """A string."""
        found = self.given.get(name, default)
        if not isinstance(found, str):
            raise Misfit
        return found

    def integers(self, name: str, default: tuple[int, ...] | None = None) -> tuple[int, ...]:
        """Integers, all known. One integer stands for a list of one."""
        found = self.given.get(name, default)
        found = default if found is None else found
        found = (found,) if isinstance(found, int) else found
        if not isinstance(found, tuple) or not all(isinstance(item, int) for item in found):
            raise Misfit
        return tuple(int(item) for item in found if isinstance(item, int))

    def repeated(self, name: str, count: int, default: int | None = None) -> tuple[int, ...]:
        """`count` integers, one for each spatial axis; a single one holds for all."""
        found = self.integers(name, None if default is None else (default,))
        if not found and default is not None:
            found = (default,)
        if len(found) == 1:
            return found * count
        if len(found) != count:
            raise Misfit
        return found

    def sizes(self, name: str) -> str:
        """A list of sizes, symbolic ones among them, as a vector."""
        return self.vector(self.items(name))

    def vector(self, items: Sequence[Argument]) -> str:
        """Numbers, known or symbolic, as a vector."""
        known = tuple(int(item) for item in items if isinstance(item, int))
        if len(known) == len(items):
            return self.numbers(*known)
        return self.emit("Concat", *(self._one(item) for item in items), axis=0)

    def _one(self, item: Argument) -> str:
        if isinstance(item, int):
            return self.numbers(int(item))
        if not isinstance(item, Ref):
            raise Misfit
        return self.emit("Reshape", self.read(item), self.numbers(1))

    # -- what is known of them -----------------------------------------------------------------------------------

    def type_of(self, value: str) -> TensorType:
        """What is known of a tensor of the draft."""
        return self.writer.types.get(value, TensorType())

    def shape(self, name: str) -> tuple[Dim, ...]:
        """Shape of an argument."""
        found = self._shape(name)
        if found is None:
            raise Misfit
        return found

    def _shape(self, name: str) -> Shape:
        argument = self.given.get(name)
        return self.type_of(self.read(argument)).shape if isinstance(argument, Ref) else None

    def rank(self, name: str) -> int:
        """How many axes an argument has."""
        return len(self.shape(name))

    def dtype(self, name: str) -> str | None:
        """Element type of an argument that is a tensor."""
        argument = self.given.get(name)
        return self.type_of(self.read(argument)).dtype if isinstance(argument, Ref) else None

    def axis(self, name: str, of: str = "self", default: int | None = None, extra: int = 0) -> int:
        """An axis of the argument `of`, counted from the front; `extra` axes are about to be added."""
        return self.axes_of((self.integer(name, default),), self.rank(of) + extra)[0]

    def axes(self, name: str, of: str = "self", default: tuple[int, ...] | None = None) -> tuple[int, ...]:
        """Axes of the argument `of`, counted from the front."""
        return self.axes_of(self.integers(name, default), self.rank(of))

    @staticmethod
    def axes_of(axes: Sequence[int], rank: int) -> tuple[int, ...]:
        """Axes counted from the front; negative ones count from the back. A scalar has one axis for this purpose."""
        rank = max(rank, 1)
        if not all(-rank <= axis < rank for axis in axes):
            raise Misfit
        return tuple(axis % rank for axis in axes)

    def fixed_shape(self, name: str) -> tuple[int, ...]:
        """Shape of an argument, all sizes known."""
        return known_sizes(self.shape(name))

    # -- what the rule writes ------------------------------------------------------------------------------------

    def numbers(self, *values: int) -> str:
        """A vector of integers."""
        return self.writer.literal(values, (len(values),), "int64")

    def scalar(self, value: float, dtype: str | None = "float32") -> str:
        """A number as a rank-0 tensor."""
        return self.operand(value, dtype)

    def emit(self, kind: str, *inputs: str | None, **attributes: Attribute) -> str:
        """A canonical node with one output, whose name is returned."""
        return self.emit_many(kind, inputs, 1, **attributes)[0]

    def emit_many(
        self, kind: str, inputs: Sequence[str | None], count: int, **attributes: Attribute
    ) -> tuple[str, ...]:
        """A canonical node with `count` outputs."""
        outputs = tuple(self.writer.fresh(f"{self.node.name}.{kind}") for _ in range(count))
        self.made.update(outputs)
        self.nodes.append(self._node(kind, tuple(inputs), outputs, attributes))
        return outputs

    def _node(
        self,
        kind: str,
        inputs: tuple[str | None, ...],
        outputs: tuple[str | None, ...],
        attributes: Mapping[str, Attribute],
    ) -> Node:
        while inputs and inputs[-1] is None:
            inputs = inputs[:-1]
        kept = {name: value for name, value in attributes.items() if value is not None}
        node = self.node
        return Node(kind, inputs, outputs, node.name, node.target, kept, node.scope, node.source)

    def cast(self, value: str, dtype: str | None) -> str:
        """The value as another element type; as it is, where the type is not known."""
        number = ONNX_NUMBERS.get(dtype or "")
        return self.emit("Identity", value) if number is None else self.emit("Cast", value, to=number)

    def finish(self, names: Mapping[str, str]) -> None:
        """Hand the nodes over to the draft, with what they make renamed."""
        for node in self.nodes:
            inputs = tuple(None if name is None else names.get(name, name) for name in node.inputs)
            outputs = tuple(None if name is None else names.get(name, name) for name in node.outputs)
            self.writer.add(replace(node, inputs=inputs, outputs=outputs))


def promoted(one: TensorType, other: TensorType) -> str | None:
    """The element type in which PyTorch combines two tensors; None where one's is not known.

    That of the higher category (truth values, integers, floats, complex numbers). Within one, a tensor with axes
    decides over one without; then the wider type, and float32 for float16 and bfloat16 (torch.result_type).
    """
    if one.dtype is None or other.dtype is None or one.dtype == other.dtype:
        return one.dtype if other.dtype is not None else None
    if _category(one.dtype) != _category(other.dtype):
        return max(one.dtype, other.dtype, key=_category)
    if one.shape is not None and other.shape is not None and (one.shape == ()) != (other.shape == ()):
        return other.dtype if one.shape == () else one.dtype
    bits = ITEM_BITS.get(one.dtype, 0), ITEM_BITS.get(other.dtype, 0)
    if bits[0] == bits[1]:
        return "float32" if one.dtype.startswith(FLOATING) else None
    return one.dtype if bits[0] > bits[1] else other.dtype


def _category(dtype: str) -> int:
    return 3 if dtype.startswith("complex") else 2 if dtype.startswith(FLOATING) else int(dtype != "bool")


def known_sizes(shape: Sequence[Dim]) -> tuple[int, ...]:
    """The shape, if every size is known."""
    sizes = tuple(size for size in shape if isinstance(size, int))
    if len(sizes) != len(shape):
        raise Misfit
    return sizes
