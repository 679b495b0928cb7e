"""Which models grow in a way that a search could stumble over?

Each is a function of how many layers there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from shortcut_audit.graph.draft import Draft, Node, Tensor
from shortcut_audit.graph.model import Attribute, TensorType

WIDTH = 8


def _op(kind: str, made: str, *read: str, **attributes: Attribute) -> Node:
    return Node(kind, read, (made,), made, attributes=attributes)


def _layer(product: str, made: str, read: str, weight: str) -> tuple[Node, Node]:
    """A layer, made = relu(product), product = read x weight."""
    return _op("MatMul", product, read, weight), _op("Relu", made, product)


def _draft(nodes: Sequence[Node], *inputs: str) -> Draft:
    """A model of these ops; what they read and nobody makes is a square matrix, unless it is an input."""
    made = {name for node in nodes for name in node.outputs}
    computed = made.union(inputs)
    read = dict.fromkeys(name for node in nodes for name in node.inputs if name is not None)
    stored = tuple(Tensor(name, (WIDTH, WIDTH), "float32") for name in read if name not in computed)
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
        nodes += [*_layer(f"q{i}", f"r{i}", x, f"w{i}"), _op("Mul", f"k{i}", x, "m")]
        nodes += [_op("Mul", f"f{i}", f"r{i}", "m"), _op("Add", f"x{i}", f"k{i}", f"f{i}")]
        x = f"x{i}"
    return _draft(nodes, "x", "m")


def one_sum(operands: int) -> Draft:
    """One sum of x and many branches."""
    nodes = [node for i in range(operands) for node in _layer(f"q{i}", f"r{i}", "x", f"w{i}")]
    return _draft([*nodes, _op("Sum", "y", "x", *(f"r{i}" for i in range(operands)))], "x")


def fed_sum(operands: int) -> Draft:
    """One sum of many inputs, and a layer beside it."""
    names = [f"i{i}" for i in range(operands)]
    return _draft([_op("Sum", "s", *names), *_layer("q", "r", "s", "w"), _op("Add", "y", "s", "r")], *names)


def sum_of_functions(operands: int) -> Draft:
    """One sum of two inputs and of many functions of one of them, none of which learns or mixes."""
    nodes = [_op("Sigmoid", f"f{i}", "x") for i in range(operands)]
    return _draft([*nodes, _op("Sum", "y", "x", "c", *(f"f{i}" for i in range(operands)))], "x", "c")


def sum_of_scaled(operands: int) -> Draft:
    """One sum of an input and of another one, scaled many times by a learned diagonal each."""
    nodes = [_op("Mul", f"m{i}", "c", f"w{i}") for i in range(operands)]
    return _draft([*nodes, _op("Sum", "y", "x", *(f"m{i}" for i in range(operands)))], "x", "c")


def joined_inputs(inputs: int) -> Draft:
    """One concatenation of many inputs, and a layer beside it."""
    names = [f"i{i}" for i in range(inputs)]
    return _draft([_op("Concat", "s", *names, axis=1), *_layer("q", "r", "s", "w"), _op("Add", "y", "s", "r")], *names)


def fan(sums: int) -> Draft:
    """Many sums of one value and a map of it."""
    return _draft(
        [n for i in range(sums) for n in (_op("MatMul", f"h{i}", "x", f"w{i}"), _op("Add", f"y{i}", f"h{i}", "x"))], "x"
    )


def nested(levels: int) -> Draft:
    """A U-Net of additions."""
    nodes, v = list[Node](), "x"
    for i in range(levels):
        nodes += [*_layer(f"d{i}", f"s{i}", v, f"w{i}")]
        v = f"s{i}"
    for i in reversed(range(levels)):
        nodes += [
            *_layer(f"u{i}", f"t{i}", v, f"v{i}"),
            _op("Add", f"a{i}", f"t{i}", f"s{i}"),
        ]
        v = f"a{i}"
    return _draft(nodes, "x")


def views(steps: int) -> Draft:
    """A shortcut of nothing but transpositions."""
    nodes, v = [*_layer("h", "r", "x", "w")], "x"
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
    nodes += [*_layer("h", "r", "x", "w")]
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
        nodes += [*_layer(f"q{i}", f"r{i}", total, f"w{i}")]
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
        nodes += [*_layer(f"q{i}", f"r{i}", x, f"w{i}"), _op("Add", f"x{i}", x, f"r{i}")]
        nodes += [_op("Relu", f"k{i}", f"x{i}"), _op("Add", f"z{i}", f"k{i}", "c")]
        x = f"z{i}"
    return _draft(nodes, "x")


def ladder(rungs: int) -> Draft:
    """A chain of additions, every one of a new map of the first value."""
    nodes, v = list[Node](), "x"
    for i in range(rungs):
        nodes += [*_layer(f"h{i}", f"r{i}", "x", f"w{i}"), _op("Add", f"a{i}", v, f"r{i}")]
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


def long_stem(sums: int) -> Draft:
    """Many branches behind one long stem, each multiplied with x at its start, and added to x."""
    nodes, v = list[Node](), "x"
    for i in range(sums):
        nodes += [*_layer(f"g{i}", f"h{i}", v, f"a{i}")]
        v = f"h{i}"
    for i in range(sums):
        nodes += [_op("Mul", f"m{i}", v, "x"), *_layer(f"f{i}", f"r{i}", f"m{i}", f"w{i}")]
        nodes += [_op("Add", f"y{i}", "x", f"r{i}")]
    return _draft(nodes, "x")


def diamonds(levels: int) -> Draft:
    """Two branches part and meet again, over and over, and each time x is added."""
    nodes, v = list[Node](), "x"
    for i in range(levels):
        for side in "ab":
            nodes += [*_layer(f"{side}{i}", f"{side}r{i}", v, f"{side}w{i}")]
        nodes += [_op("Mul", f"m{i}", f"ar{i}", f"br{i}"), _op("Add", f"y{i}", f"m{i}", "x")]
        v = f"m{i}"
    return _draft(nodes, "x")


def gates(layers: int) -> Draft:
    """A chain of gates, and at each a sum of what has come through and a layer of it."""
    nodes, v = list[Node](), "x"
    for i in range(layers):
        nodes += [
            _op("MatMul", f"q{i}", "x", f"w{i}"),
            _op("Sigmoid", f"s{i}", f"q{i}"),
            _op("Mul", f"g{i}", v, f"s{i}"),
        ]
        nodes += [*_layer(f"f{i}", f"r{i}", f"g{i}", f"u{i}")]
        nodes += [_op("Add", f"y{i}", f"g{i}", f"r{i}")]
        v = f"g{i}"
    return _draft(nodes, "x")


def distributed(layers: int) -> Draft:
    """A product to be distributed in every layer: x + t (h - x)."""
    nodes, x = list[Node](), "x"
    for i in range(layers):
        nodes += [*_layer(f"q{i}", f"h{i}", x, f"w{i}"), _op("MatMul", f"p{i}", x, f"u{i}")]
        nodes += [_op("Sigmoid", f"t{i}", f"p{i}"), _op("Sub", f"d{i}", f"h{i}", x)]
        nodes += [_op("Mul", f"m{i}", f"t{i}", f"d{i}"), _op("Add", f"x{i}", x, f"m{i}")]
        x = f"x{i}"
    return _draft(nodes, "x")


def towers(layers: int) -> Draft:
    """Two towers, written layer by layer in turns, with one side value that both add in every layer."""
    nodes, tops = [_op("MatMul", "c", "x", "wc")], {"a": "x", "b": "x"}
    for i in range(layers):
        for side, v in tops.items():
            nodes += [_op("MatMul", f"q{side}{i}", v, f"w{side}{i}"), _op("Add", f"m{side}{i}", f"q{side}{i}", "c")]
            nodes += [_op("Relu", f"r{side}{i}", f"m{side}{i}"), _op("Add", f"x{side}{i}", v, f"r{side}{i}")]
        tops = {side: f"x{side}{i}" for side in tops}
    return _draft(nodes, "x")


def scan(steps: int) -> Draft:
    """A state that decays and is written to, and is read in every step: S = g S + k, y = S k + x."""
    nodes, state = list[Node](), "s"
    for i in range(steps):
        nodes += [
            _op("MatMul", f"k{i}", "x", "wk"),
            _op("MatMul", f"g{i}", "x", f"w{i}"),
            _op("Sigmoid", f"h{i}", f"g{i}"),
        ]
        nodes += [_op("Mul", f"d{i}", state, f"h{i}"), _op("Add", f"s{i}", f"d{i}", f"k{i}")]
        nodes += [_op("MatMul", f"o{i}", f"s{i}", f"k{i}"), _op("Add", f"y{i}", f"o{i}", "x")]
        state = f"s{i}"
    return _draft(nodes, "x", "s")


def joined_ladder(layers: int) -> Draft:
    """Every layer reads x again, joined with what the one before has made, and x is added to each."""
    nodes, v = list[Node](), "x"
    for i in range(layers):
        nodes += [_op("Concat", f"c{i}", v, "x", axis=1), _op("MatMul", f"q{i}", f"c{i}", f"w{i}")]
        nodes += [_op("Relu", f"r{i}", f"q{i}"), _op("Add", f"a{i}", f"r{i}", "x")]
        v = f"r{i}"
    return _draft(nodes, "x")


def heads(layers: int) -> Draft:
    """A residual chain, every layer of which is an output, too, by a head that all share."""
    nodes, x = list[Node](), "x"
    for i in range(layers):
        nodes += [*_layer(f"q{i}", f"r{i}", x, f"w{i}"), _op("Add", f"x{i}", x, f"r{i}")]
        nodes += [_op("MatMul", f"o{i}", f"x{i}", "head")]
        x = f"x{i}"
    return _draft(nodes, "x")


def pieces(count: int) -> Draft:
    """One joint of many values, cut again, a residual layer on each piece."""
    nodes = [_op("MatMul", f"p{i}", "x", f"w{i}") for i in range(count)]
    nodes += [_op("Concat", "c", *(f"p{i}" for i in range(count)), axis=1)]
    nodes += [Node("Split", ("c",), tuple(f"s{i}" for i in range(count)), "split", attributes={"axis": 1})]
    for i in range(count):
        nodes += [
            _op("Relu", f"r{i}", f"s{i}"),
            _op("MatMul", f"f{i}", f"r{i}", f"u{i}"),
            _op("Add", f"y{i}", f"s{i}", f"f{i}"),
        ]
    return _draft(nodes, "x")


def sequence(count: int) -> Draft:
    """One sequence, of which as many SequenceAt read an element each."""
    nodes = [_op("MatMul", f"p{i}", "x", f"w{i}") for i in range(count)]
    nodes += [_op("SequenceConstruct", "s", *(f"p{i}" for i in range(count)))]
    for i in range(count):
        nodes += [_op("SequenceAt", f"a{i}", "s", f"at{i}"), _op("Relu", f"r{i}", f"a{i}")]
        nodes += [_op("MatMul", f"f{i}", f"r{i}", f"u{i}"), _op("Add", f"y{i}", f"a{i}", f"f{i}")]
    drawn = _draft(nodes, "x")
    places = {f"at{i}": Tensor(f"at{i}", (), "int64", (i,), literal=True) for i in range(count)}
    return replace(drawn, tensors=tuple(places.get(tensor.name, tensor) for tensor in drawn.tensors))


def choices(layers: int) -> Draft:
    """In every layer an If, under an addition."""
    nodes, x = list[Node](), "x"
    for i in range(layers):
        nodes += [*_layer(f"q{i}", f"r{i}", x, f"w{i}"), _op("MatMul", f"p{i}", x, f"u{i}")]
        nodes += [_op("If", f"c{i}", "b", f"r{i}", f"p{i}"), _op("Add", f"x{i}", x, f"c{i}")]
        x = f"x{i}"
    return _draft(nodes, "x", "b")


def wide_joints(count: int) -> Draft:
    """A chain of joints of 200 values each."""
    nodes, v = list[Node](), "x"
    for i in range(count):
        nodes += [_op("Concat", f"c{i}", *([v, "x"] * 100), axis=1), _op("MatMul", f"q{i}", f"c{i}", f"w{i}")]
        v = f"q{i}"
    return _draft(nodes, "x")


def one_long_sum(terms: int) -> Draft:
    """One sum of x and many branches, written as a chain of additions."""
    nodes, v = list[Node](), "x"
    for i in range(terms):
        nodes += [*_layer(f"q{i}", f"r{i}", "x", f"w{i}"), _op("Add", f"a{i}", v, f"r{i}")]
        v = f"a{i}"
    return _draft(nodes, "x")


def idle_route(steps: int) -> Draft:
    """Many sums read the end of a long route that leads to nothing which their other operand is computed from."""
    nodes, v = list[Node](), "z"
    for i in range(steps):
        nodes += [_op("Transpose", f"t{i}", v, perm=(0, 2, 1))]
        v = f"t{i}"
    for i in range(steps):
        nodes += [_op("MatMul", f"f{i}", "x", f"w{i}"), _op("Add", f"y{i}", v, f"f{i}")]
    return _draft(nodes, "x", "z")


def gated_route(layers: int) -> Draft:
    """A sum at every step of a route of gates that begins at x."""
    nodes, v = list[Node](), "x"
    for i in range(layers):
        nodes += [
            _op("MatMul", f"q{i}", "x", f"w{i}"),
            _op("Sigmoid", f"s{i}", f"q{i}"),
            _op("Mul", f"g{i}", v, f"s{i}"),
        ]
        nodes += [
            *_layer(f"f{i}", f"r{i}", "x", f"u{i}"),
            _op("Add", f"y{i}", f"g{i}", f"r{i}"),
        ]
        v = f"g{i}"
    return _draft(nodes, "x")


def crossing(levels: int) -> Draft:
    """A U-Net of additions whose skips cross: what the encoder made first is added first."""
    nodes, v = list[Node](), "x"
    for i in range(levels):
        nodes += [*_layer(f"d{i}", f"s{i}", v, f"w{i}")]
        v = f"s{i}"
    for i in range(levels):
        nodes += [
            *_layer(f"u{i}", f"t{i}", v, f"v{i}"),
            _op("Add", f"a{i}", f"t{i}", f"s{i}"),
        ]
        v = f"a{i}"
    return _draft(nodes, "x")


def skip_sum(layers: int) -> Draft:
    """One sum of all layers of a chain: each is a shortcut of its own, past all that follow."""
    nodes, v = list[Node](), "x"
    for i in range(layers):
        nodes += [*_layer(f"q{i}", f"r{i}", v, f"w{i}")]
        v = f"r{i}"
    return _draft([*nodes, _op("Sum", "y", "x", *(f"r{i}" for i in range(layers)))], "x")


def parallel_chains(rungs: int) -> Draft:
    """Two long chains that begin at x, multiplied with each other at every rung, and added to x."""
    nodes, tops = list[Node](), {"a": "x", "b": "x"}
    for i in range(rungs):
        for side, v in tops.items():
            nodes += [*_layer(f"{side}{i}", f"{side}r{i}", v, f"{side}w{i}")]
        tops = {side: f"{side}r{i}" for side in tops}
        nodes += [_op("Mul", f"m{i}", *tops.values()), _op("Add", f"y{i}", f"m{i}", "x")]
    return _draft(nodes, "x")


def nested_choices(levels: int) -> Draft:
    """A choice of choices, and x added at every level."""
    nodes, v = list[Node](), "x"
    for i in range(levels):
        nodes += [
            _op("MatMul", f"p{i}", "x", f"u{i}"),
            _op("If", f"c{i}", "b", v, f"p{i}"),
            _op("Add", f"y{i}", "x", f"c{i}"),
        ]
        v = f"c{i}"
    return _draft(nodes, "x", "b")


def solver(rows: int) -> Draft:
    """Row by row a system is solved: each row is x plus the one before, multiplied with x."""
    nodes, v = list[Node](), "x"
    for i in range(rows):
        nodes += [_op("MatMul", f"m{i}", v, "x"), _op("Add", f"x{i}", "x", f"m{i}")]
        v = f"x{i}"
    return _draft(nodes, "x")
