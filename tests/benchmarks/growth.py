"""Which models grow in a way that a search could stumble over?

Each is a function of how many layers there are. `exponent` fits how the work grows against values + edges: the work is
counted in calls of Python functions, which a machine's speed does not change.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping, Sequence
from types import FrameType

from shortcut_audit.account.compose import compose
from shortcut_audit.assembly.assemble import assemble
from shortcut_audit.graph.draft import Draft, Node, Tensor
from shortcut_audit.graph.model import Attribute, ModelGraph, TensorType
from shortcut_audit.search import search

WIDTH = 8


def _op(kind: str, made: str, *read: str, **attributes: Attribute) -> Node:
    return Node(kind, read, (made,), made, attributes=attributes)


def _draft(nodes: Sequence[Node], *inputs: str) -> Draft:
    """A model of these ops; what they read and nobody makes is a square matrix, unless it is an input."""
    made = {name for node in nodes for name in node.outputs}
    read = dict.fromkeys(name for node in nodes for name in node.inputs if name is not None)
    stored = tuple(Tensor(name, (WIDTH, WIDTH), "float32") for name in read if name not in made | set(inputs))
    unread = tuple(name for node in nodes for name in node.outputs if name is not None and name not in read)
    kind = TensorType((1, WIDTH, WIDTH), "float32")
    return Draft("growth", "onnx", "", 17, tuple((name, kind) for name in inputs), unread, stored, tuple(nodes))


def side_input(layers: int) -> Draft:
    """A side input that every layer multiplies with: x + V relu(c W x)."""
    nodes, x = list[Node](), "x"
    for i in range(layers):
        nodes += [_op("MatMul", f"q{i}", x, f"w{i}"), _op("Mul", f"m{i}", f"q{i}", "c"), _op("Relu", f"r{i}", f"m{i}")]
        nodes += [_op("MatMul", f"o{i}", f"r{i}", f"v{i}"), _op("Add", f"x{i}", x, f"o{i}")]
        x = f"x{i}"
    return _draft(nodes, "x", "c")


def positions(layers: int) -> Draft:
    """Rotary embeddings of positions that are an input, in halves: a cos - b sin, b cos + a sin."""
    nodes, x = [_op("Cos", "cos", "p"), _op("Sin", "sin", "p")], "x"
    for i in range(layers):
        nodes += [_op("MatMul", f"q{i}", x, f"w{i}")]
        nodes += [Node("Split", (f"q{i}",), (f"a{i}", f"b{i}"), f"s{i}", attributes={"axis": 2})]
        nodes += [_op("Mul", f"{half}{i}{turn}", f"{half}{i}", turn) for half in "ab" for turn in ("cos", "sin")]
        nodes += [_op("Sub", f"l{i}", f"a{i}cos", f"b{i}sin"), _op("Add", f"u{i}", f"b{i}cos", f"a{i}sin")]
        nodes += [_op("Concat", f"c{i}", f"l{i}", f"u{i}", axis=2), _op("Relu", f"r{i}", f"c{i}")]
        nodes += [_op("MatMul", f"o{i}", f"r{i}", f"v{i}"), _op("Add", f"x{i}", x, f"o{i}")]
        x = f"x{i}"
    return _draft(nodes, "x", "p")


def mask(layers: int) -> Draft:
    """A mask on both operands of every sum: m x + m F(x)."""
    nodes, x = list[Node](), "x"
    for i in range(layers):
        nodes += [_op("MatMul", f"q{i}", x, f"w{i}"), _op("Relu", f"r{i}", f"q{i}"), _op("Mul", f"k{i}", x, "m")]
        nodes += [_op("Mul", f"f{i}", f"r{i}", "m"), _op("Add", f"x{i}", f"k{i}", f"f{i}")]
        x = f"x{i}"
    return _draft(nodes, "x", "m")


def one_sum(operands: int) -> Draft:
    """One sum of x and many branches."""
    nodes = [
        node for i in range(operands) for node in (_op("MatMul", f"q{i}", "x", f"w{i}"), _op("Relu", f"r{i}", f"q{i}"))
    ]
    return _draft([*nodes, _op("Sum", "y", "x", *(f"r{i}" for i in range(operands)))], "x")


def fan(sums: int) -> Draft:
    """Many sums of one value and a map of it."""
    return _draft(
        [n for i in range(sums) for n in (_op("MatMul", f"h{i}", "x", f"w{i}"), _op("Add", f"y{i}", f"h{i}", "x"))], "x"
    )


def nested(levels: int) -> Draft:
    """A U-Net of additions."""
    nodes, v = list[Node](), "x"
    for i in range(levels):
        nodes += [_op("MatMul", f"d{i}", v, f"w{i}"), _op("Relu", f"s{i}", f"d{i}")]
        v = f"s{i}"
    for i in reversed(range(levels)):
        nodes += [
            _op("MatMul", f"u{i}", v, f"v{i}"),
            _op("Relu", f"t{i}", f"u{i}"),
            _op("Add", f"a{i}", f"t{i}", f"s{i}"),
        ]
        v = f"a{i}"
    return _draft(nodes, "x")


def views(steps: int) -> Draft:
    """A shortcut of nothing but transpositions."""
    nodes, v = [_op("MatMul", "h", "x", "w"), _op("Relu", "r", "h")], "x"
    for i in range(steps):
        nodes += [_op("Transpose", f"t{i}", v, perm=(0, 2, 1))]
        v = f"t{i}"
    return _draft([*nodes, _op("Add", "y", v, "r")], "x")


def powers(steps: int) -> Draft:
    """Ever higher powers of one value, each added to it: p = p x; p + x."""
    nodes, p = list[Node](), "x"
    for i in range(steps):
        nodes += [_op("Mul", f"p{i}", p, "x"), _op("Add", f"y{i}", f"p{i}", "x")]
        p = f"p{i}"
    return _draft(nodes, "x")


def shared_route(steps: int) -> Draft:
    """A route of many steps before as many sums: all walk back over it."""
    nodes, v = list[Node](), "x"
    for i in range(steps):
        nodes += [_op("Transpose", f"t{i}", v, perm=(0, 2, 1))]
        v = f"t{i}"
    nodes += [_op("MatMul", "h", "x", "w"), _op("Relu", "r", "h")]
    for i in range(steps):
        nodes += [_op("MatMul", f"f{i}", "r", f"w{i}"), _op("Add", f"y{i}", v, f"f{i}")]
    return _draft(nodes, "x")


def summing_all(layers: int) -> Draft:
    """Each layer reads the sum of all earlier ones: edges grow with the square."""
    nodes, earlier = list[Node](), ["x"]
    for i in range(layers):
        total = earlier[0]
        if len(earlier) > 1:
            total = f"s{i}"
            nodes.append(_op("Sum", total, *earlier))
        nodes += [_op("MatMul", f"q{i}", total, f"w{i}"), _op("Relu", f"r{i}", f"q{i}")]
        earlier.append(f"r{i}")
    return _draft([*nodes, _op("Sum", "y", *earlier)], "x")


def linear_sum(operands: int) -> Draft:
    """One sum of x and many linear maps of it."""
    nodes = [_op("MatMul", f"q{i}", "x", f"w{i}") for i in range(operands)]
    return _draft([*nodes, _op("Sum", "y", "x", *(f"q{i}" for i in range(operands)))], "x")


def side_sum(layers: int) -> Draft:
    """A side value that is added in every layer, too: x + V relu(W x + c)."""
    nodes, x = [_op("MatMul", "c", "side", "u")], "x"
    for i in range(layers):
        nodes += [_op("MatMul", f"q{i}", x, f"w{i}"), _op("Add", f"m{i}", f"q{i}", "c"), _op("Relu", f"r{i}", f"m{i}")]
        nodes += [_op("MatMul", f"o{i}", f"r{i}", f"v{i}"), _op("Add", f"x{i}", x, f"o{i}")]
        x = f"x{i}"
    return _draft(nodes, "x", "side")


def added_value(layers: int) -> Draft:
    """A value that every layer adds to its stream: x + F(x), then + c."""
    nodes, x = [_op("MatMul", "c", "x", "u")], "x"
    for i in range(layers):
        nodes += [_op("MatMul", f"q{i}", x, f"w{i}"), _op("Relu", f"r{i}", f"q{i}"), _op("Add", f"x{i}", x, f"r{i}")]
        nodes += [_op("Relu", f"k{i}", f"x{i}"), _op("Add", f"z{i}", f"k{i}", "c")]
        x = f"z{i}"
    return _draft(nodes, "x")


def ladder(rungs: int) -> Draft:
    """A chain of additions, every one of a new map of the first value."""
    nodes, v = list[Node](), "x"
    for i in range(rungs):
        nodes += [_op("MatMul", f"h{i}", "x", f"w{i}"), _op("Relu", f"r{i}", f"h{i}"), _op("Add", f"a{i}", v, f"r{i}")]
        nodes += [_op("Relu", f"b{i}", f"a{i}")]
        v = f"b{i}"
    return _draft(nodes, "x")


def concatenated(layers: int) -> Draft:
    """DenseNet with additions: every layer reads all earlier ones, joined."""
    nodes, earlier = list[Node](), ["x"]
    for i in range(layers):
        nodes += [_op("Concat", f"c{i}", *earlier, axis=1), _op("MatMul", f"q{i}", f"c{i}", f"w{i}")]
        nodes += [_op("Relu", f"r{i}", f"q{i}"), _op("Add", f"a{i}", f"r{i}", f"c{i}")]
        earlier.append(f"a{i}")
    return _draft(nodes, "x")


GROWING: Mapping[str, tuple[Callable[[int], Draft], int]] = {
    "side input": (side_input, 40),
    "positions": (positions, 20),
    "mask": (mask, 40),
    "one sum": (one_sum, 60),
    "fan": (fan, 60),
    "nested": (nested, 40),
    "views": (views, 100),
    "linear sum": (linear_sum, 60),
    "ladder": (ladder, 60),
    "concatenated": (concatenated, 24),
    "powers": (powers, 60),
    "summing all": (summing_all, 12),
    "side sum": (side_sum, 40),
    "added value": (added_value, 40),
}
"""Each model, and the smallest number of layers that is fitted."""

STEEP: Mapping[str, tuple[Callable[[int], Draft], int, float]] = {
    "shared route": (shared_route, 10, 2.0),
}
"""What still grows faster than the model does, and the exponent that it keeps below: every sum looks as far back as a
value that all of them share, past all that lies between."""


def work(graph: ModelGraph) -> int:
    """Calls of Python functions from a graph to its report."""
    calls = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        compose(graph, search(graph))
    finally:
        sys.setprofile(before)
    return calls


def exponent(model: Callable[[int], Draft], layers: int, doublings: int = 3) -> float:
    """How work grows with values + edges: 1 is linear, 2 quadratic; over the last doubling, past all fixed costs."""
    points = []
    for times in (2 ** (doublings - 1), 2**doublings):
        graph = assemble(model(layers * times))
        size = len(graph.values) + sum(len(readers) for readers in graph.readers.values())
        points.append((math.log(size), math.log(work(graph))))
    (small, little), (large, much) = points
    return (much - little) / (large - small)
