"""Which blocks that people build, repeated over and over, could a search stumble over?

Each is a function of how many there are.
"""

from __future__ import annotations

from collections.abc import Sequence

from shortcut_audit.graph.draft import Draft, Node, Tensor
from shortcut_audit.graph.model import Attribute, TensorType

WIDTH = 8


class Drawing:
    """A model, drawn op by op: calling it draws one, and says what that makes."""

    def __init__(self, *inputs: str) -> None:
        self._inputs = inputs
        self._nodes: list[Node] = []
        self._tensors: list[Tensor] = []

    def __call__(self, kind: str, *read: str, **attributes: Attribute) -> str:
        """One op that makes one value."""
        (made,) = self.several(kind, 1, *read, **attributes)
        return made

    def several(self, kind: str, count: int, *read: str, **attributes: Attribute) -> tuple[str, ...]:
        """One op that makes several values."""
        name = f"v{len(self._nodes)}"
        made = tuple(f"{name}.{slot}" for slot in range(count))
        self._nodes.append(Node(kind, read, made, name, attributes=attributes))
        return made

    def weight(self, *shape: int) -> str:
        """A learned tensor, by default a square matrix."""
        self._tensors.append(Tensor(f"w{len(self._tensors)}", shape or (WIDTH, WIDTH), "float32"))
        return self._tensors[-1].name

    def number(self, value: float) -> str:
        """A scalar that is written in the model."""
        self._tensors.append(Tensor(f"w{len(self._tensors)}", (), "float32", (value,), literal=True))
        return self._tensors[-1].name

    def integers(self, *values: int) -> str:
        """A list of integers that is written in the model: axes, a shape, where a slice begins."""
        shape = (len(values),)
        self._tensors.append(Tensor(f"w{len(self._tensors)}", shape, "int64", values, literal=True))
        return self._tensors[-1].name

    def linear(self, read: str) -> str:
        """A linear map."""
        return self("MatMul", read, self.weight())

    def layer(self, read: str) -> str:
        """A linear map and a ReLU."""
        return self("Relu", self.linear(read))

    def gate(self, read: str) -> str:
        """A linear map and a sigmoid."""
        return self("Sigmoid", self.linear(read))

    def piece(self, read: str, start: int, stop: int, axis: int = 1) -> str:
        """A slice along an axis."""
        return self("Slice", read, *map(self.integers, (start, stop, axis)))

    def draft(self, shape: Sequence[int | str] = (1, WIDTH, WIDTH)) -> Draft:
        """The model; what nobody reads are its outputs."""
        read = {name for node in self._nodes for name in node.inputs}
        unread = tuple(name for node in self._nodes for name in node.outputs if name is not None and name not in read)
        kind = TensorType(tuple(shape), "float32")
        inputs = tuple((name, kind) for name in self._inputs)
        return Draft("growth", "onnx", "", 17, inputs, unread, tuple(self._tensors), tuple(self._nodes))


def views_between(layers: int) -> Draft:
    """A residual chain, eight views between two sums."""
    net, x = Drawing("x"), "x"
    for _ in range(layers):
        x = net("Add", x, net.layer(x))
        for _ in range(8):
            x = net("Transpose", x, perm=(0, 2, 1))
    return net.draft()


def joined_and_split(layers: int) -> Draft:
    """Two streams that are joined, mapped together, and split again, each added to what it was."""
    net, a, b = Drawing("a", "b"), "a", "b"
    for _ in range(layers):
        left, right = net.several("Split", 2, net.layer(net("Concat", a, b, axis=1)), axis=1)
        a, b = net("Add", a, left), net("Add", b, right)
    return net.draft()


def split_stream(layers: int) -> Draft:
    """One stream, split and joined in every layer, of which one half is a layer of the other (ShuffleNet V2)."""
    net, x = Drawing("x"), "x"
    for _ in range(layers):
        a, b = net.several("Split", 2, x, axis=1)
        x = net("Concat", net("Add", b, net.linear(net.layer(a))), a, axis=1)
    return net.draft()


def shared_weight(layers: int) -> Draft:
    """Equal layers that share one weight."""
    net, x = Drawing("x"), "x"
    weight = net.weight()
    for _ in range(layers):
        x = net("Add", x, net("Relu", net("MatMul", x, weight)))
    return net.draft()


def quantised(layers: int) -> Draft:
    """A residual chain, quantised and dequantised at every edge."""
    net, x = Drawing("x"), "x"
    scale = net.number(0.1)

    def rounded(value: str) -> str:
        return net("DequantizeLinear", net("QuantizeLinear", value, scale), scale)

    for _ in range(layers):
        x = net("Add", rounded(x), rounded(net.linear(rounded(net.layer(rounded(x))))))
    return net.draft()


def opaque_branches(layers: int) -> Draft:
    """A residual chain whose branches nobody understands."""
    net, x = Drawing("x"), "x"
    for _ in range(layers):
        x = net("Add", x, net("custom::Mixer", net.linear(x)))
    return net.draft()


def opaque_chain(layers: int) -> Draft:
    """A residual chain with an op that nobody understands between the sums, too."""
    net, x = Drawing("x"), "x"
    for _ in range(layers):
        x = net("custom::Norm", net("Add", x, net.layer(x)))
    return net.draft()


def opaque_pairs(layers: int) -> Draft:
    """Ops of two operands that nobody understands: each may be an addition."""
    net, x = Drawing("x"), "x"
    for _ in range(layers):
        x = net("custom::Join", x, net.linear(net.layer(x)))
    return net.draft()


def fan_of_gates(gates: int) -> Draft:
    """One value through many gates, each beside a layer."""
    net = Drawing("x")
    for _ in range(gates):
        net("Add", net("Mul", "x", net.gate("x")), net.layer("x"))
    return net.draft()


def experts(count: int) -> Draft:
    """A mixture of experts, written out, added to what it reads."""
    net, total = Drawing("x"), "x"
    scores = net.several("Split", count, net("Softmax", net("MatMul", "x", net.weight(WIDTH, count))), axis=2)
    for score in scores:
        total = net("Add", total, net("Mul", net.linear(net.layer("x")), score))
    return net.draft()


def gated_sum(terms: int) -> Draft:
    """One sum of a value that comes through many gates, and of layers of it."""
    net = Drawing("x")
    gated = [net("Mul", "x", net.gate("x")) for _ in range(terms)]
    net("Sum", *gated, net.layer("x"))
    return net.draft()


def masked(layers: int) -> Draft:
    """A mask chooses, layer by layer, between the stream and a layer of it."""
    net, x = Drawing("x", "mask"), "x"
    chosen = net("Cast", "mask", to="bool")
    for _ in range(layers):
        f = net("Where", chosen, net.layer(x), x)
        x = net("Add", x, net.linear(f))
    return net.draft()


def masks_in_a_row(layers: int) -> Draft:
    """A route of choices, and a sum at each."""
    net, v = Drawing("x", "mask"), "x"
    zero = net.number(0.0)
    for _ in range(layers):
        chosen = net("Greater", net.linear("mask"), zero)
        v = net("Where", chosen, v, net.layer("x"))
        net("Add", v, net.layer("x"))
    return net.draft()


def _tree(net: Drawing, leaves: int) -> list[list[str]]:
    """A balanced tree of sums over layers of x, level by level."""
    levels = [[net.layer("x") for _ in range(leaves)]]
    while len(levels[-1]) > 1:
        below = levels[-1]
        odd = below[-1:] if len(below) % 2 else []
        levels.append([net("Add", one, other) for one, other in zip(below[::2], below[1::2], strict=False)] + odd)
    return levels


def tree(leaves: int) -> Draft:
    """A balanced tree of sums over layers of one value, which is added in the end."""
    net = Drawing("x")
    net("Add", "x", _tree(net, leaves)[-1][0])
    return net.draft()


def tree_read_again(leaves: int) -> Draft:
    """A balanced tree of sums, of which each is read by a layer, too."""
    net = Drawing("x")
    levels = _tree(net, leaves)
    for made in (made for level in levels for made in level):
        net.layer(made)
    net("Add", "x", levels[-1][0])
    return net.draft()


def fibonacci(steps: int) -> Draft:
    """Each value is the sum of the two before it."""
    net, before = Drawing("x"), "x"
    last = net.layer("x")
    for _ in range(steps):
        before, last = last, net("Add", last, before)
    return net.draft()


def fibonacci_of_layers(steps: int) -> Draft:
    """Each value is a layer of the last one, and the one before."""
    net, before = Drawing("x"), "x"
    last = net.layer("x")
    for _ in range(steps):
        before, last = last, net("Add", net.layer(last), before)
    return net.draft()


def lerps(layers: int) -> Draft:
    """A chain of highway layers, written (1 - t) x + t h."""
    net, x = Drawing("x"), "x"
    one = net.number(1.0)
    for _ in range(layers):
        t = net.gate(x)
        x = net("Add", net("Mul", net("Sub", one, t), x), net("Mul", t, net.layer(x)))
    return net.draft()


def shared_gate(layers: int) -> Draft:
    """A chain of highway layers of one gate: x + t (h - x)."""
    net, x = Drawing("x"), "x"
    t = net.gate(x)
    for _ in range(layers):
        x = net("Add", x, net("Mul", t, net("Sub", net.layer(x), x)))
    return net.draft()


def gru(steps: int) -> Draft:
    """A GRU, unrolled, whose weights all steps share."""
    net, h = Drawing("x", "h"), "h"
    one, w, u, wh, uh = net.number(1.0), *(net.weight() for _ in range(4))
    mapped, new = net("MatMul", "x", w), net("MatMul", "x", wh)
    for step in range(steps):
        z = net("Sigmoid", net("Add", net.piece(mapped, step, step + 1), net("MatMul", h, u)))
        r = net("Mul", z, h)
        n = net("Tanh", net("Add", net.piece(new, step, step + 1), net("MatMul", r, uh)))
        h = net("Add", net("Mul", net("Sub", one, z), n), net("Mul", z, h))
    return net.draft((1, max(steps, 1), WIDTH))


def lstm(steps: int) -> Draft:
    """An LSTM, unrolled: the four gates are cut from one map of input and state."""
    net, h, c = Drawing("x", "h", "c"), "h", "c"
    w, u = net.weight(WIDTH, 4 * WIDTH), net.weight(WIDTH, 4 * WIDTH)
    for step in range(steps):
        read = net.piece("x", step, step + 1)
        both = net("Add", net("MatMul", read, w), net("MatMul", h, u))
        i, f, g, o = net.several("Split", 4, both, axis=2)
        kept, new = net("Mul", net("Sigmoid", f), c), net("Mul", net("Sigmoid", i), net("Tanh", g))
        c = net("Add", kept, new)
        h = net("Mul", net("Sigmoid", o), net("Tanh", c))
    return net.draft((1, max(steps, 1), WIDTH))


def ligru(steps: int) -> Draft:
    """A light GRU, unrolled: all steps' maps of the input are made at once."""
    net, h = Drawing("x", "h"), "h"
    one, w, u = net.number(1.0), net.weight(WIDTH, 2 * WIDTH), net.weight(WIDTH, 2 * WIDTH)
    mapped = net("MatMul", "x", w)
    for step in range(steps):
        both = net("Add", net.piece(mapped, step, step + 1), net("MatMul", h, u))
        a, z = net.several("Split", 2, both, axis=2)
        t = net("Sigmoid", z)
        h = net("Add", net("Mul", t, h), net("Mul", net("Sub", one, t), net("Relu", a)))
    return net.draft((1, max(steps, 1), WIDTH))


def mingru(steps: int) -> Draft:
    """A minimal GRU, whose gates read the input alone, unrolled."""
    net, h = Drawing("x", "h"), "h"
    one, z, n = net.number(1.0), net.gate("x"), net.linear("x")
    for step in range(steps):
        gate = net.piece(z, step, step + 1)
        new = net("Mul", gate, net.piece(n, step, step + 1))
        h = net("Add", net("Mul", net("Sub", one, gate), h), new)
    return net.draft((1, max(steps, 1), WIDTH))


def attention_by_scalars(positions: int) -> Draft:
    """Attention, written out: a score for each position, their softmax, and the weighted sum."""
    net = Drawing("x")
    mapped = [net.linear(net.piece("x", place, place + 1)) for place in range(positions)]
    scores = [net("Exp", net("MatMul", one, net.weight(WIDTH, 1))) for one in mapped]
    total = net("Sum", *scores)
    weighted = [net("Mul", one, net("Div", score, total)) for one, score in zip(mapped, scores, strict=True)]
    net("Add", net("Sum", *weighted), net.piece("x", 0, 1))
    return net.draft((1, max(positions, 1), WIDTH))


def inputs(count: int) -> Draft:
    """A residual chain into which every layer adds a map of an input of its own."""
    names = tuple(f"x{i}" for i in range(count))
    net, x = Drawing("x", *names), "x"
    for name in names:
        x = net("Add", net("Add", x, net.layer(x)), net.linear(name))
    return net.draft()


def stretched_terms(layers: int) -> Draft:
    """A residual chain into which every layer adds a computed term that is stretched over all positions."""
    net, x = Drawing("x"), "x"
    for _ in range(layers):
        mean = net("ReduceMean", net.layer(x), axes=(1,), keepdims=1)
        x = net("Add", net("Add", x, mean), net.layer(x))
    return net.draft()


def softmax_written_out(layers: int) -> Draft:
    """A residual chain of layers that end in exp(v - max v) / sum."""
    net, x = Drawing("x"), "x"
    for _ in range(layers):
        v = net.linear(x)
        e = net("Exp", net("Sub", v, net("ReduceMax", v, axes=(2,), keepdims=1)))
        s = net("Div", e, net("ReduceSum", e, net.integers(2), keepdims=1))
        x = net("Add", x, net.linear(s))
    return net.draft()


def norms_written_out(layers: int) -> Draft:
    """A pre-norm residual chain, its layer norms written out."""
    net, x = Drawing("x"), "x"
    two, eps = net.number(2.0), net.number(1e-5)
    for _ in range(layers):
        centred = net("Sub", x, net("ReduceMean", x, axes=(2,), keepdims=1))
        spread = net("ReduceMean", net("Pow", centred, two), axes=(2,), keepdims=1)
        normed = net("Div", centred, net("Sqrt", net("Add", spread, eps)))
        scaled = net("Add", net("Mul", normed, net.weight(WIDTH)), net.weight(WIDTH))
        x = net("Add", x, net.linear(net.layer(scaled)))
    return net.draft()


def dense_blocks(layers: int) -> Draft:
    """DenseNet: every layer reads what has been joined so far, and is joined to it."""
    net, x = Drawing("x"), "x"
    for layer in range(layers):
        x = net("Concat", x, net("Relu", net("MatMul", x, net.weight(WIDTH * (layer + 1), WIDTH))), axis=2)
    return net.draft()


def unet(levels: int) -> Draft:
    """A U-Net of joints."""
    net, v, skips = Drawing("x"), "x", list[str]()
    for _ in range(levels):
        skips.append(v)
        v = net.layer(v)
    for skip in reversed(skips):
        v = net("Relu", net("MatMul", net("Concat", v, skip, axis=2), net.weight(2 * WIDTH, WIDTH)))
    return net.draft()


def unet_of_residuals(levels: int) -> Draft:
    """A U-Net of joints, a residual block at every level on both sides."""
    net, v, skips = Drawing("x"), "x", list[str]()
    for _ in range(levels):
        skips.append(v)
        v = net("Add", v, net.linear(net.layer(v)))
    for skip in reversed(skips):
        v = net("Relu", net("MatMul", net("Concat", v, skip, axis=2), net.weight(2 * WIDTH, WIDTH)))
        v = net("Add", v, net.linear(net.layer(v)))
    return net.draft()


def hyper_connections(layers: int) -> Draft:
    """Four streams that a matrix computed from them mixes, of which one goes to the branch (Zhu et al. 2024)."""
    net, x = Drawing("x"), "x"
    for _ in range(layers):
        mixing = net("Tanh", net("MatMul", x, net.weight(WIDTH, 4)))  # 1, 4, 4
        mixed = net("MatMul", mixing, x)
        branch = net.linear(net.layer(net.piece(mixed, 0, 1)))
        x = net("Add", mixed, branch)
    return net.draft((1, 4, WIDTH))


def streams(layers: int) -> Draft:
    """Four streams, mixed by numbers that are learned, one of which a branch reads, and to which all it is added."""
    net = Drawing("a", "b", "c", "d")
    held = ["a", "b", "c", "d"]
    for _ in range(layers):
        mixed = [net("Sum", *(net("Mul", one, net.weight(1)) for one in held)) for _ in held]
        branch = net.linear(net.layer(mixed[0]))
        held = [net("Add", one, net("Mul", branch, net.weight(1))) for one in mixed]
    return net.draft()


def reversible(layers: int) -> Draft:
    """Two streams of which each is added a layer of the other (RevNet)."""
    net, a, b = Drawing("x"), "x", "x"
    for _ in range(layers):
        a = net("Add", a, net.linear(net.layer(b)))
        b = net("Add", b, net.linear(net.layer(a)))
    return net.draft()


def stacked(layers: int) -> Draft:
    """All layers of a chain, stacked and added up."""
    net, v, kept = Drawing("x"), "x", list[str]()
    for _ in range(layers):
        v = net.layer(v)
        kept.append(net("Unsqueeze", v, net.integers(0)))
    net("Add", "x", net("ReduceSum", net("Concat", *kept, axis=0), net.integers(0), keepdims=0))
    return net.draft()


def telescope(layers: int) -> Draft:
    """A residual chain, and the difference of every two of its values."""
    net, x = Drawing("x"), "x"
    for _ in range(layers):
        made = net("Add", x, net.layer(x))
        net.linear(net("Sub", made, x))
        x = made
    return net.draft()


def horner(steps: int) -> Draft:
    """A polynomial in a gate, by Horner's rule, its coefficients layers of x: p = p t + f(x)."""
    net, p = Drawing("x"), "x"
    t = net.gate("x")
    for _ in range(steps):
        p = net("Add", net("Mul", p, t), net.layer("x"))
    return net.draft()


def scaled_sums(steps: int) -> Draft:
    """Sums that are scaled and added again: v = (v + f(x)) c."""
    net, v = Drawing("x"), "x"
    half = net.number(0.5)
    for _ in range(steps):
        v = net("Mul", net("Add", v, net.layer("x")), half)
    return net.draft()


def factored(steps: int) -> Draft:
    """Sums that are multiplied by ever new gates, and added to x: (v + f) t + x."""
    net, v = Drawing("x"), "x"
    for _ in range(steps):
        v = net("Add", net("Mul", net("Add", v, net.layer("x")), net.gate("x")), "x")
    return net.draft()


def res2net(slices: int) -> Draft:
    """One value, cut into many slices, of which each is added to a layer of the one before."""
    net, made = Drawing("x"), list[str]()
    for place in range(slices):
        piece = net.piece("x", place, place + 1)
        made.append(net.layer(net("Add", piece, made[-1]) if made else piece))
    net("Add", "x", net.linear(net("Concat", *made, axis=1)))
    return net.draft((1, max(slices, 1), WIDTH))


def memory(layers: int) -> Draft:
    """A decoder that reads an encoder's result in every layer."""
    net, x = Drawing("x", "e"), "x"
    e = net.layer("e")
    for _ in range(layers):
        x = net("Add", x, net.linear(net.layer(x)))
        scores = net("Softmax", net("MatMul", net.linear(x), net("Transpose", net.linear(e), perm=(0, 2, 1))), axis=2)
        x = net("Add", x, net.linear(net("MatMul", scores, net.linear(e))))
    return net.draft()


def fused_stages(stages: int) -> Draft:
    """Four branches, each of which adds up maps of all of them at every stage (HRNet)."""
    net, held = Drawing("x"), ["x"] * 4
    for _ in range(stages):
        layers = [net("Add", v, net.linear(net.layer(v))) for v in held]
        held = [net("Relu", net("Sum", *(v if v == w else net.linear(v) for v in layers))) for w in layers]
    return net.draft()


def made_weights(layers: int) -> Draft:
    """Layers whose weights are computed from a condition (hypernetworks)."""
    net, x = Drawing("x", "c"), "x"
    for _ in range(layers):
        x = net("Add", x, net("Relu", net("MatMul", x, net.layer("c"))))
    return net.draft()


def weighted_past(layers: int) -> Draft:
    """Every layer reads a weighted sum of all earlier ones (DenseFormer): edges grow with the square."""
    net, kept = Drawing("x"), ["x"]
    for _ in range(layers):
        total = net("Sum", *(net("Mul", one, net.weight(1)) for one in kept)) if len(kept) > 1 else kept[0]
        kept.append(net("Add", total, net.layer(total)))
    return net.draft()


def same_terms(sums: int) -> Draft:
    """Many sums of the same four terms, each read by a layer."""
    net = Drawing("x")
    terms = [net.layer("x") for _ in range(4)]
    for _ in range(sums):
        net.layer(net("Sum", "x", *terms))
    return net.draft()


def same_long_terms(sums: int) -> Draft:
    """As many sums as each has terms, all of the same: edges grow with the square."""
    net = Drawing("x")
    terms = [net.layer("x") for _ in range(sums)]
    for _ in range(sums):
        net.layer(net("Sum", "x", *terms))
    return net.draft()


def prefix_sums(terms: int) -> Draft:
    """A chain of additions, each of which is read by a layer, too, and shown."""
    net, v = Drawing("x"), "x"
    for _ in range(terms):
        v = net("Add", v, net.layer("x"))
        net.linear(v)
    return net.draft()


def strided(layers: int) -> Draft:
    """A residual chain of images of open size, halved at every stage, padded again."""
    net, x = Drawing("x"), "x"
    for _ in range(layers):
        y = net("Conv", x, net.weight(WIDTH, WIDTH, 3, 3), pads=(1, 1, 1, 1))
        x = net("Add", x, net("Conv", net("Relu", y), net.weight(WIDTH, WIDTH, 3, 3), pads=(1, 1, 1, 1)))
    return net.draft(("n", WIDTH, "h", "w"))


def halved(layers: int) -> Draft:
    """A chain of strided projections of images of open size."""
    net, x = Drawing("x"), "x"
    for _ in range(layers):
        y = net("Conv", x, net.weight(WIDTH, WIDTH, 3, 3), pads=(1, 1, 1, 1), strides=(2, 2))
        x = net("Add", net("Conv", x, net.weight(WIDTH, WIDTH, 1, 1), strides=(2, 2)), y)
    return net.draft(("n", WIDTH, "h", "w"))


def long_names(layers: int) -> Draft:
    """A residual chain whose names grow by a word a layer, as those of nested modules do."""
    nodes, tensors, x, scope = list[Node](), list[Tensor](), "x", ""
    for i in range(layers):
        scope += f"/block{i}"
        tensors.append(Tensor(f"{scope}/w", (WIDTH, WIDTH), "float32"))
        nodes.append(Node("MatMul", (x, f"{scope}/w"), (f"{scope}/f",), f"{scope}/f", scope=scope))
        nodes.append(Node("Relu", (f"{scope}/f",), (f"{scope}/r",), f"{scope}/r", scope=scope))
        nodes.append(Node("Add", (x, f"{scope}/r"), (f"{scope}/y",), f"{scope}/y", scope=scope))
        x = f"{scope}/y"
    kind = TensorType((1, WIDTH, WIDTH), "float32")
    return Draft("growth", "onnx", "", 17, (("x", kind),), (x,), tuple(tensors), tuple(nodes))


def copies(layers: int) -> Draft:
    """A residual chain, copied four times before every reader."""
    net, x = Drawing("x"), "x"

    def copied(v: str) -> str:
        for _ in range(4):
            v = net("Identity", v)
        return v

    for _ in range(layers):
        x = net("Add", copied(x), copied(net.layer(copied(x))))
    return net.draft()


def folded_weights(layers: int) -> Draft:
    """A residual chain whose weights are computed from stored tensors by a chain of ops."""
    net, x = Drawing("x"), "x"
    for _ in range(layers):
        w = net.weight()
        for _ in range(6):
            w = net("Transpose", w, perm=(1, 0))
        x = net("Add", x, net("Relu", net("MatMul", x, w)))
    return net.draft()


def shared_route_of_gates(steps: int) -> Draft:
    """A route of many gates before as many sums: all walk back over it."""
    net, v = Drawing("x"), "x"
    for _ in range(steps):
        v = net("Mul", v, net.gate("x"))
    for _ in range(steps):
        net("Add", v, net.layer("x"))
    return net.draft()


def projected_route(steps: int) -> Draft:
    """A route of linear maps, and a sum at each."""
    net, v = Drawing("x"), "x"
    for _ in range(steps):
        v = net.linear(v)
        net("Add", v, net.linear(net.layer("x")))
    return net.draft()


def pooled_route(steps: int) -> Draft:
    """A route of selections, and a sum at each."""
    net, v = Drawing("x"), "x"
    for _ in range(steps):
        v = net("AveragePool", v, kernel_shape=(3,), pads=(1, 1))
        net("Add", v, net.layer("x"))
    return net.draft()


def viewed_route(steps: int) -> Draft:
    """A route of views, and a sum at each."""
    net, v = Drawing("x"), "x"
    for _ in range(steps):
        v = net("Transpose", v, perm=(0, 2, 1))
        net("Add", v, net.layer("x"))
    return net.draft()


def scaled_route(steps: int) -> Draft:
    """A route of learned diagonals, and a sum at each."""
    net, v = Drawing("x"), "x"
    for _ in range(steps):
        v = net("Mul", v, net.weight(WIDTH))
        net("Add", v, net.layer("x"))
    return net.draft()


def branching_route(steps: int) -> Draft:
    """A route that parts and meets, in joints, before a sum at each."""
    net, v = Drawing("x"), "x"
    for _ in range(steps):
        a, b = net.several("Split", 2, v, axis=1)
        v = net("Concat", a, net.linear(b), axis=1)
        net("Add", v, net.layer("x"))
    return net.draft()


def gates_of_the_stream(layers: int) -> Draft:
    """A route of gates, each computed from what it gates, and a sum at each."""
    net, v = Drawing("x"), "x"
    for _ in range(layers):
        v = net("Mul", v, net.gate(v))
        net("Add", v, net.layer("x"))
    return net.draft()


def squeeze_excite(layers: int) -> Draft:
    """A residual chain of gated branches: x + s(F(x)) F(x)."""
    net, x = Drawing("x"), "x"
    for _ in range(layers):
        f = net.linear(net.layer(x))
        s = net.gate(net("ReduceMean", f, axes=(1,), keepdims=1))
        x = net("Add", x, net("Mul", f, s))
    return net.draft()


def rezero(layers: int) -> Draft:
    """Nested brackets: x + a (F(x) + b (G(x) + ...)), each factor learned."""
    net = Drawing("x")
    v = net.layer("x")
    for _ in range(layers):
        v = net("Add", net("Mul", v, net.weight(1)), net.layer("x"))
    net("Add", "x", v)
    return net.draft()


def cross_gated(layers: int) -> Draft:
    """Two streams, each gated by the other, and added to what it was."""
    net, a, b = Drawing("x"), "x", "x"
    for _ in range(layers):
        a, b = (
            net("Add", a, net("Mul", net.layer(a), net.gate(b))),
            net("Add", b, net("Mul", net.layer(b), net.gate(a))),
        )
    return net.draft()


def lookups(layers: int) -> Draft:
    """Rows of one joined table, picked by a known index, a layer on each."""
    net = Drawing("x")
    table = net("Concat", *(net.linear("x") for _ in range(layers)), axis=1)
    for i in range(layers):
        picked = net("Gather", table, net.integers(i), axis=1)
        net("Add", picked, net.layer(picked))
    return net.draft()


def delays(steps: int) -> Draft:
    """A state of joined rows, shifted by one in every step, a layer on what leaves it."""
    net, state = Drawing("x", "s"), "s"
    for step in range(steps):
        new = net.layer(net.piece("x", step, step + 1))
        old = net.piece(state, 0, 1)
        state = net("Concat", net.piece(state, 1, 4), new, axis=1)
        net("Add", old, net.layer(old))
    return net.draft((1, max(steps, 4), WIDTH))


def scattered(layers: int) -> Draft:
    """A stream into which every layer scatters its result, by addition."""
    net, x = Drawing("x", "i"), "x"
    where = net("Cast", "i", to="int64")
    for _ in range(layers):
        x = net("ScatterElements", x, where, net.layer(x), reduction="add", axis=1)
    return net.draft()


def rotary(layers: int) -> Draft:
    """Rotary embeddings by tables that are computed once and read in every layer."""
    net, x = Drawing("x", "p"), "x"
    cos, sin = net("Cos", "p"), net("Sin", "p")
    for _ in range(layers):
        q = net.linear(x)
        a, b = net.several("Split", 2, q, axis=2)
        turned = net("Concat", net("Neg", b), a, axis=2)
        r = net("Add", net("Mul", q, cos), net("Mul", turned, sin))
        x = net("Add", x, net.linear(net("Relu", r)))
    return net.draft()


def runge_kutta(steps: int) -> Draft:
    """Runge-Kutta steps: x + (k1 + 2 k2 + 2 k3 + k4) / 6, each k a layer of x and the k before."""
    net, x = Drawing("x"), "x"
    half, two, sixth = net.number(0.5), net.number(2.0), net.number(1 / 6)
    for _ in range(steps):
        k1 = net.linear(net.layer(x))
        k2 = net.linear(net.layer(net("Add", x, net("Mul", k1, half))))
        k3 = net.linear(net.layer(net("Add", x, net("Mul", k2, half))))
        k4 = net.linear(net.layer(net("Add", x, k3)))
        inner = net("Add", net("Mul", k2, two), net("Mul", k3, two))
        x = net("Add", x, net("Mul", net("Add", net("Add", k1, inner), k4), sixth))
    return net.draft()


def shared_state(steps: int) -> Draft:
    """One state that many gated steps begin with, each added to a stream: every one is looked at beside its gate."""
    net, x = Drawing("x", "s"), "x"
    for _ in range(steps):
        state = net("Mul", "s", net.gate(net("Add", "s", x)))
        x = net("Add", x, net("Add", state, net.linear(net.layer(state))))
    return net.draft()


def slices_in_turn(slices: int) -> Draft:
    """One value, split into many pieces, each added to a layer of the sum before."""
    net = Drawing("x")
    pieces = net.several("Split", slices, "x", axis=1)
    made = pieces[0]
    for piece in pieces[1:]:
        made = net("Add", piece, net.linear(net.layer(made)))
    return net.draft((1, max(slices, 1), WIDTH))


def substitution(rows: int) -> Draft:
    """Forward substitution: from each row of a matrix something of the last solved rows is taken away."""
    net = Drawing("a")
    solved = [net.piece("a", 0, 1)]
    for row in range(1, rows):
        joined = net("Concat", *solved[-3:], axis=1) if row > 1 else solved[0]
        solved.append(net("Sub", net.piece("a", row, row + 1), net("MatMul", joined, net.weight())))
    return net.draft((1, max(rows, 1), WIDTH))


def doubled(steps: int) -> Draft:
    """A value that is added to itself over and over, a sum of its own at each step."""
    net, v = Drawing("x"), "x"
    for _ in range(steps):
        v = net("Add", v, v)
        net("Add", v, net.layer(v))
    return net.draft()


def sums_of_maps(steps: int) -> Draft:
    """A route of sums of a value and a map of it, and a sum at each."""
    net, v = Drawing("x"), "x"
    for _ in range(steps):
        v = net("Add", v, net.linear(v))
        net("Add", v, net.linear(net.layer("x")))
    return net.draft()


def sums_of_maps_of_a_slice(steps: int) -> Draft:
    """Such a route from a slice of a value, beside layers of another slice."""
    net = Drawing("x")
    v = net.piece("x", 0, 4)
    for _ in range(steps):
        v = net("Add", v, net.linear(v))
        net("Add", v, net.linear(net.layer(net.piece("x", 4, 8))))
    return net.draft()


def fed_route(steps: int) -> Draft:
    """A route of maps whose matrices are inputs of the model, and a sum at each."""
    net, v = Drawing("x", *(f"matrix{step}" for step in range(steps))), "x"
    for step in range(steps):
        v = net("MatMul", v, f"matrix{step}")
        net("Add", v, net.linear(net.layer("x")))
    return net.draft()


def fed_gates(steps: int) -> Draft:
    """A route of gates that are inputs of the model, and a sum at each."""
    net, v = Drawing("x", *(f"gate{step}" for step in range(steps))), "x"
    for step in range(steps):
        v = net("Mul", v, f"gate{step}")
        net("Add", v, net.linear(net.layer("x")))
    return net.draft()


def obscure_joints(layers: int) -> Draft:
    """Joints of open size, cut where nobody knows: the search is run again as if the pieces were the parts."""
    net, x = Drawing("x"), "x"
    for _ in range(layers):
        joined = net("Concat", x, net.layer(x), axis=1)
        one, other = net.several("Split", 2, net.piece(joined, 0, 9999), axis=1)
        x = net("Add", one, net.linear(other))
    return net.draft(("n", "t", WIDTH))
