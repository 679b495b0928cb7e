"""Which tensors are larger, deeper or emptier than any can be?"""

from __future__ import annotations

from collections.abc import Callable
from string import ascii_lowercase, ascii_uppercase
from typing import Any

from onnx import ModelProto, SparseTensorProto, TensorProto, helper

from tests.hostile.case import ANYTHING, UNREAD, Case, Maker, audited, reject, same
from tests.hostile.drawing import ADD, CONV, FIGURE, content, drawn, edited, field, graph, integers, model, node, weight

SHAPELESS = {"identity": 1, "macs": 0, "lower_bound": True, "uncounted": ["Conv"]}
"""What the report says where the convolution's input has no known shape."""


def added(*dims: int) -> Maker:
    """The clean twin with a bias that claims these sizes and holds nothing."""
    bias = TensorProto(name="b", dims=dims, data_type=TensorProto.FLOAT)
    return drawn(CONV, "v = Add(f, b)", "y = Add(v, x)", stored=[bias])


def ranked(rank: int) -> bytes:
    """The same with a bias of so many dimensions of size 1."""
    tensor = field(1, b"\x01" * rank) + b"\x10\x01" + field(8, b"b")
    made = model(graph(CONV, "v = Add(f, b)", "y = Add(v, x)")).SerializeToString()
    return made + field(7, field(5, tensor))


def fed(*dims: Any) -> Maker:
    """The clean twin, fed another shape."""

    def edit(made: ModelProto) -> None:
        made.graph.input[0].CopyFrom(helper.make_tensor_value_info("x", TensorProto.FLOAT, list(dims)))
        made.graph.output[0].ClearField("type")

    return edited(edit)


def kernel(change: Callable[[TensorProto], object]) -> Maker:
    """The clean twin, its kernel changed."""
    return edited(lambda made: change(made.graph.initializer[0]))


def computed(*nodes: str, **stored: int) -> Maker:
    """The clean twin with a constant `v`, computed by these nodes, added to its branch."""
    return drawn(CONV, *nodes, "t = Add(f, v)", "y = Add(t, x)", stored=[integers(*one) for one in stored.items()])


def rows(text: str) -> Maker:
    """The clean twin beside a node that reads `c`: 2**62 rows without elements, whose data is thus complete."""
    endless = TensorProto(name="c", dims=[2**62, 0], data_type=TensorProto.INT64)
    return drawn(CONV, text, ADD, stored=[endless, integers("i", 1), integers("none")])


def deep(levels: int) -> bytes:
    """The clean twin, one of whose values is said to be a sequence of sequences of sequences."""
    inner = b""
    for _ in range(levels):
        inner = field(4, field(1, inner))
    made = model(graph(CONV, ADD)).SerializeToString()
    return made + field(7, field(13, field(1, b"f") + field(2, inner)))


def _sparse(*dims: int) -> Maker:
    def edit(made: ModelProto) -> None:
        values, indices = helper.make_tensor("s", TensorProto.FLOAT, [1], [1.0]), integers("i", -5)
        made.graph.sparse_initializer.append(SparseTensorProto(values=values, indices=indices, dims=dims))

    return edited(edit)


def _both(tensor: TensorProto) -> None:
    tensor.float_data.extend([0.0] * 144)


def _contradicting(made: ModelProto) -> None:
    made.graph.output[0].CopyFrom(helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 99, 8, 8]))


def _nan_shape(made: ModelProto) -> None:
    target = helper.make_tensor("s", TensorProto.FLOAT, [2], [float("nan"), float("inf")])
    made.graph.initializer.append(target)
    made.graph.node.insert(0, node("Reshape", "x s", "v"))
    made.graph.node[1].input[0] = "v"


LISTED: tuple[Case, ...] = (
    audited(
        "initializer dims 2**40 x 2**40 with no data (product overflows int64)",
        added(2**40, 2**40),
        "b: stored with no data",
        identity=1,
        parameters=144 + 2**80,
    ),
    reject("negative initializer dim", added(-4, 1, 1), "'b' has a negative size"),
    same("raw_data 17 bytes for 576", kernel(lambda w: setattr(w, "raw_data", bytes(17))), "another amount of data"),
    same("data_type 999", kernel(lambda w: setattr(w, "data_type", 999)), "element type 999"),
    reject("tensor of rank 100 000", content(ranked(100_000)), "more than 102 dimensions"),
    audited(
        "input image 2**31 x 2**31: FLOPs exceed int64",
        fed(1, 4, 2**31, 2**31),
        identity=1,
        macs=144 * 2**62,  # every weight at every position
        flops=288 * 2**62,
        elementwise_adds=4 * 2**62,
    ),
    audited(
        "dynamic N, H, W",
        fed("N", 4, "H", "W"),
        identity=1,
        parameters=144,
        macs=None,
        macs_formula="144*H*N*W",  # every weight at every position
        lower_bound=False,
    ),
    audited(
        "dim_param holds Python code (a sympify/eval sink would run it)",
        fed("__import__('os').system('touch PROBE_CODE_EXECUTED')", 4, 8, 8),
        identity=1,
        parameters=144,
        macs=None,
    ),
    same("declared graph output shape contradicts the graph", edited(_contradicting), "another shape of 'y'"),
    audited(
        "ConstantOfShape of 1e18 elements: constant folding would allocate exabytes",
        drawn(CONV, "v = ConstantOfShape(s)", "y = Add(f, v)", stored=[integers("s", 10**9, 10**9)]),
        reasons=["constant operand"],
    ),
    audited(
        "Range of 1e18 elements: data propagation / constant folding would allocate 8 EB",
        drawn(
            CONV,
            "v = Range(a, b, c)",
            "y = Add(f, v)",
            stored=[helper.make_tensor(*one) for one in (("a", 7, [], [0]), ("b", 7, [], [10**18]), ("c", 7, [], [1]))],
        ),
        reasons=["constant operand"],
    ),
    audited(
        "Tile by 2**60 x 2**60 (int64 overflow in shape inference)",
        drawn(CONV, "v = Tile(x, s)", "y = Relu(v)", stored=[integers("s", 2**60, 2**60, 1, 1)]),
        "another shape of 'y'",
        adds=0,
    ),
    same("both raw_data and float_data set", kernel(_both), ANYTHING),
)

UNLISTED: tuple[Case, ...] = (
    audited("initializer dims 2**63 - 1, 64 of them", added(*[2**63 - 1] * 64), "no data", identity=1),
    reject("initializer dim -2**63", added(-(2**63)), "negative size"),
    audited("initializer without elements", added(0, 4, 8, 8), ANYTHING, reasons=["constant operand", "broadcast"]),
    reject("tensor of rank 65", content(ranked(65)), "65 dimensions"),
    audited("tensor of rank 64", content(ranked(64)), ANYTHING, identity=1, reasons=["constant operand"]),
    # ^ 62 axes of size 1 before the others repeat nothing
    same("raw_data without end", kernel(lambda w: setattr(w, "raw_data", bytes(2**20))), "another amount of data"),
    same("no data at all", kernel(lambda w: w.ClearField("raw_data")), "stored with no data"),
    same("data_type 0", kernel(lambda w: w.ClearField("data_type")), "element type 0"),
    same("data_type -1", kernel(lambda w: setattr(w, "data_type", -1)), "element type -1"),
    audited("a kernel of strings", kernel(lambda w: setattr(w, "data_type", TensorProto.STRING)), ANYTHING, identity=1),
    audited("a kernel that is a number", kernel(lambda w: w.ClearField("dims")), ANYTHING, **SHAPELESS),
    audited("a kernel of rank 1", kernel(lambda w: w.dims.__setitem__(slice(None), [144])), ANYTHING, **SHAPELESS),
    audited(
        "a kernel for other channels",
        kernel(lambda w: w.dims.__setitem__(slice(None), [4, 16, 3, 3])),
        ANYTHING,
        **SHAPELESS,
    ),
    reject("a stored tensor without a name", kernel(lambda w: w.ClearField("name")), "reads 'w', which nothing makes"),
    same(
        "a stored tensor that nobody reads, of 2**80 elements",
        edited(lambda made: made.graph.initializer.append(TensorProto(name="u", dims=[2**40, 2**40], data_type=1))),
        "no data",
    ),
    audited("input 0 x 0", fed(1, 4, 0, 0), ANYTHING, identity=1),
    audited(
        "an einsum of 86 axes of 2**62: MACs of 1605 digits",
        drawn(
            CONV,
            ADD,
            "u = ReduceMean<keepdims = 0>(x)",
            "v = Expand(u, s)",
            f'e = Einsum<equation = "...{ascii_lowercase},...{ascii_uppercase}">(v, v)',
            figure=FIGURE.replace("y)", "y, float[] e)"),
            stored=[integers("s", *[2**62] * 60)],
        ),
        ANYTHING,
        identity=1,
        macs=9216,  # of the convolution: 4 x 8 x 8 elements, each a sum of 4 x 3 x 3
        lower_bound=True,
        uncounted=["Einsum"],
    ),
    audited("input of size -1", fed(-1, 4, -(2**63), 8), ANYTHING, identity=1, parameters=144),
    audited("input of 2**63 - 1 x 2**63 - 1", fed(1, 4, 2**63 - 1, 2**63 - 1), ANYTHING, identity=1, parameters=144),
    audited("input of rank 0", fed(), ANYTHING, identity=1, lower_bound=True),
    audited("input of rank 1000", fed(*[2] * 1000), ANYTHING, identity=1, lower_bound=True),
    audited("a symbol of a megabyte", fed("N" * 2**20, 4, 8, 8), identity=1, macs=None),
    audited("a symbol that is empty", fed("", 4, 8, 8), identity=1),
    audited("a symbol that clears the screen", fed("\x1b[2J", 4, 8, 8), identity=1),
    same("a value of a type 20 deep", content(deep(20)), ANYTHING),
    reject("a value of a type 60 deep", content(deep(60)), "deeper than protobuf's limit"),
    reject("a sparse tensor of negative size", _sparse(-1, 2**62), "negative size"),
    same(
        "a sparse tensor of 2**124 elements",
        _sparse(2**62, 2**62),
        f"^{2**124:,} parameters in 1 tensor are read by nothing",
    ),
    audited("Reshape to NaN", edited(_nan_shape), ANYTHING, **SHAPELESS),
    audited("ConstantOfShape of -1", computed("v = ConstantOfShape(s)", s=-1), ANYTHING, identity=1),
    audited(
        "ConstantOfShape of NonZero of 1e18", computed("u = ConstantOfShape(s)", "v = NonZero(u)", s=10**18), identity=1
    ),
    audited("Expand to 1e18", computed("u = Constant<value_int = 1>()", "v = Expand(u, s)", s=10**18), identity=1),
    audited("Range by 0", computed("v = Range(s, s, s)", s=0), identity=1),
    audited("EyeLike of 1e18", computed("u = ConstantOfShape(s)", "v = EyeLike(u)", s=10**18), ANYTHING, identity=1),
    audited(
        "100 000 symbols",
        fed(*[f"N{number}" for number in range(100_000)]),
        ANYTHING,
        identity=1,
        lower_bound=True,
    ),
    audited(
        "squared 60 times: a number of 2**60 digits",
        drawn(
            CONV,
            "v0 = Identity(b)",
            *(f"v{n + 1} = Mul(v{n}, v{n})" for n in range(60)),
            "t = Reshape(f, v60)",
            "y = Add(x, t)",
            stored=[integers("b", 10**18)],
        ),
        ANYTHING,
        identity=0,
    ),
    audited(
        "doubled 60 times by Concat",
        drawn(
            CONV,
            "v0 = Identity(b)",
            *(f"v{n + 1} = Concat<axis = 0>(v{n}, v{n})" for n in range(60)),
            "t = Reshape(f, v60)",
            "y = Add(x, t)",
            stored=[integers("b", 1)],
        ),
        ANYTHING,
        identity=1,
    ),
    audited(
        "shift by 2**62 bits",
        computed('v = BitShift<direction = "LEFT">(s, n)', s=1, n=2**62),
        ANYTHING,
        identity=1,
    ),
    same("2**62 rows of nothing, joined", rows("v = Concat<axis = 1>(c, c)")),
    same("2**62 rows of nothing, each of them summed up", rows("v = ReduceSum(c, i)")),
    same("2**62 rows of nothing, none picked of each", rows("v = Gather<axis = 1>(c, none)")),
    audited("2**62 to the power of 2**62", computed("v = Pow(s, n)", s=2**62, n=2**62), ANYTHING, identity=1),
    audited("0 divided by 0", computed("v = Div(s, n)", s=0, n=0), ANYTHING, identity=1),
    audited("the remainder of 1 by 0", computed("v = Mod(s, n)", s=1, n=0), ANYTHING, identity=1),
    same("a weight nobody has heard of", edited(lambda made: made.graph.initializer.append(weight("u"))), UNREAD),
)
