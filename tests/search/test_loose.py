"""Of a piece that nobody can follow, which part of what was joined may it be?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from shortcut_audit import search
from shortcut_audit.assembly.assemble import assemble
from shortcut_audit.graph.draft import Tensor
from shortcut_audit.graph.model import ModelGraph, TensorType
from shortcut_audit.pipeline import audit_draft
from shortcut_audit.report import ModelReport
from shortcut_audit.search.loose import loose
from tests.sketch import listing, stored

SHAPES: dict[str, TensorType] = {
    "known": TensorType((1, 8, 4, 4), "float32"),
    "open batch": TensorType(("n", 8, 4, 4), "float32"),
    "no sizes": TensorType((None, None, None, None), "float32"),
    "no rank": TensorType(None, "float32"),
}


def ints(*numbers: int) -> Tensor:
    return stored(len(numbers), dtype="int64", data=numbers, literal=True)


def one(number: int) -> Tensor:
    return stored(dtype="int64", data=(number,), literal=True)


STORED = {
    "zero": ints(0), "four": ints(4), "eight": ints(8), "end": ints(99), "ch": ints(1), "both": ints(0, 1),
    "space": ints(2, 3), "two": ints(1, 2, 8, 4, 4), "i": one(0), "j": one(1),
    "half": stored(data=(0.5,), literal=True),
    "w": stored(8, 8, 3, 3, learned=True), "p": stored(8, 8, 1, 1, learned=True), "g": stored(16, learned=True),
}  # fmt: skip

AB = "a, b = Mystery(x)"
JOINT = "c = Concat(a, b) axis=1"
CUT = "d, e = Split(c) axis=1"
ADDED = "y = Add(d, e)"
STACKED = ("m = Unsqueeze(a, zero)", "n = Unsqueeze(b, zero)", "c = Concat(m, n) axis=0")


def report(*lines: str, x: TensorType = SHAPES["known"], outputs: tuple[str, ...] = ("y",)) -> ModelReport:
    read = set(" ".join(lines).replace("(", " ").replace(")", " ").replace(",", " ").split())
    tensors = {name: tensor for name, tensor in STORED.items() if name in read}
    fed = {"flag": TensorType((), "bool")} if "flag" in read else {}
    return audit_draft(listing(*lines, x=x, outputs=outputs, **tensors, **fed))


def refused(*lines: str, x: TensorType = SHAPES["known"]) -> list[str]:
    found = report(*lines, x=x)
    assert found.shortcuts == ()
    assert found.summary.unknown == sum(other.reason == "not understood" for other in found.other_adds)
    return [other.reason for other in found.other_adds]


OPAQUE = {
    "split": (AB, JOINT, CUT, ADDED),
    "slices": (AB, JOINT, "d = Slice(c, zero, eight, ch)", "e = Slice(c, eight, end, ch)", ADDED),
    "relu of the second": (AB, JOINT, CUT, "r = Relu(e)", "y = Add(d, r)"),
    "relu of the first": (AB, JOINT, CUT, "r = Relu(d)", "y = Add(r, e)"),
    "three": ("a, b, k = Mystery(x)", "c = Concat(a, b, k) axis=1", "d, e, f = Split(c) axis=1", "y = Sum(d, e, f)"),
    "gathered": (AB, *STACKED, "d = Gather(c, i) axis=0", "e = Gather(c, j) axis=0", ADDED),
    "gathered by lists": (AB, *STACKED, "d = GatherND(c, zero)", "e = GatherND(c, four)", ADDED),
    "transposed": (AB, JOINT, "t = Transpose(c) perm=0,2,3,1", "d, e = Split(t) axis=-1", ADDED),
    "reshaped": (AB, JOINT, "t = Reshape(c, two)", "d, e = Split(t) axis=1", ADDED),
    "scaled": (AB, JOINT, "t = Mul(c, half)", "d, e = Split(t) axis=1", ADDED),
    "normalised": (AB, JOINT, "t = BatchNormalization(c, g, g, g, g)", "d, e = Split(t) axis=1", ADDED),
    "joined again": (AB, JOINT, CUT, "u = Concat(e, d) axis=2", "v, q = Split(u) axis=2", "y = Add(v, q)"),
    "joined with what it reads": ("a = Mystery(x)", "c = Concat(a, x) axis=1", CUT, ADDED),
    "a sequence": (AB, "q = SequenceConstruct(a, b)", "d = SequenceAt(q, i)", "e = SequenceAt(q, j)", ADDED),
    "a sequence, joined": (AB, "q = SequenceConstruct(a, b)", "c = ConcatFromSequence(q) axis=0 new_axis=1",
                           "y = ReduceSum(c, zero) keepdims=0"),
    "a sequence of its own": ("q = Mystery(x)", "d = SequenceAt(q, i)", "e = SequenceAt(q, j)", ADDED),
    "pieces of what it makes": ("q = Mystery(x)", "d, e = Split(q) axis=1", ADDED),
    "summed over a stack": (AB, *STACKED, "y = ReduceSum(c, zero) keepdims=0"),
    "averaged over a stack": (AB, *STACKED, "y = ReduceMean(c, zero) keepdims=0"),
    "scattered": (AB, "y = ScatterND(a, zero, b) reduction=add"),
    "summed where it lay apart": (AB, JOINT, "u = Reshape(c, two)", "y = ReduceSum(u, ch) keepdims=0"),
    "summed, the axis kept": (AB, *STACKED, "s = ReduceSum(c, zero) keepdims=1", "y = Squeeze(s, zero)"),
    "summed along two axes": (AB, "m = Unsqueeze(a, both)", "n = Unsqueeze(b, both)", "c = Concat(m, n) axis=0",
                              "y = ReduceSum(c, both) keepdims=0"),
    "summed up to each": (AB, *STACKED, "s = CumSum(c, i)", "y = Gather(s, j) axis=0"),
    "chosen": (AB, "f, h = Enigma(x)", "m = If(flag, a, f)", "n = If(flag, b, h)", "y = Add(m, n)"),
    "a joint that is chosen": (AB, "f, h = Enigma(x)", JOINT, "k = Concat(f, h) axis=1", "q = If(flag, c, k)",
                               "d, e = Split(q) axis=1", ADDED),
    "a joint cut to a sequence": (AB, JOINT, "s = SplitToSequence(c, eight) axis=1", "d = SequenceAt(s, i)",
                                  "e = SequenceAt(s, j)", ADDED),
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
@pytest.mark.parametrize("lines", OPAQUE.values(), ids=OPAQUE.keys())
def test_what_makes_x_and_f_of_x_is_not_hidden_by_joints(lines: tuple[str, ...], shape: TensorType) -> None:
    """a, b = opaque(x) may be x and F(x): then a + b is an identity, in whatever way the two are brought together."""
    assert refused(*lines, x=shape) == ["not understood"]


BRANCH = ("h = Conv(x, w) pads=1,1,1,1", "r = Relu(h)", "b = Conv(r, w) pads=1,1,1,1", "a = Conv(x, p)")


@pytest.mark.parametrize("name", ["split", "gathered by lists", "reshaped", "scaled"])
def test_nor_is_what_is_understood_where_no_size_is_known(name: str) -> None:
    """a = W x, b = F(x): a projection, if the pieces are the parts. Their channels are known, their height is not."""
    lines = [line.replace("axis=1", "axis=2") for line in OPAQUE[name][1:]]
    assert refused(*BRANCH, *lines, x=SHAPES["no rank"]) == ["not understood"]


@pytest.mark.parametrize("name", ["gathered", "summed over a stack", "averaged over a stack", "a sequence, joined"])
def test_what_lies_along_an_axis_of_its_own_is_followed_without_sizes(name: str) -> None:
    _, *lines = OPAQUE[name]
    found = report(*BRANCH, *lines, x=SHAPES["no rank"])
    assert ([s.kind for s in found.shortcuts], found.summary.unknown) == (["projection"], 0)


SUMMED = {
    "apart": (JOINT, "u = Reshape(c, two)", "y = ReduceSum(u, ch) keepdims=0"),
    "apart, averaged": (JOINT, "u = Reshape(c, two)", "y = ReduceMean(u, ch) keepdims=0"),
    "with the axis": (*STACKED, "s = ReduceSum(c, zero) keepdims=1", "y = Squeeze(s, zero)"),
    "up to each": (*STACKED, "s = CumSum(c, i)", "y = Gather(s, j) axis=0"),
    "turned": (*STACKED, "t = Transpose(c) perm=1,0,2,3,4", "y = ReduceSum(t, ch) keepdims=0"),
}


@pytest.mark.parametrize("lines", SUMMED.values(), ids=SUMMED.keys())
def test_a_sum_over_what_was_joined_is_listed_however_it_lay(lines: tuple[str, ...]) -> None:
    """W x + F(x), where all is understood but the way in which they are brought together."""
    assert refused(*BRANCH, *lines) == ["not understood"]


@pytest.mark.parametrize(
    "line", ["y = ReduceMean(c, space) keepdims=0", "y = ReduceSum(c, ch) keepdims=1", "y = GlobalAveragePool(c)"]
)
def test_a_pool_over_what_was_joined_adds_nothing(line: str) -> None:
    """Along other axes than that of the joint, or along channels of each."""
    for shape in (SHAPES["known"], SHAPES["open batch"]):
        assert refused(*BRANCH, JOINT, line, x=shape) == []


def test_a_projection_that_may_be_cheaper_stays_one() -> None:
    """y = F(x) + d with d = cat([W x, x])[:8]: the way through W x is the dearest, and is what counts."""
    lines = *BRANCH, "c = Concat(a, x) axis=1", CUT, "y = Add(d, b)", "z = Relu(e)"
    for shape in SHAPES.values():
        found = report(*lines, x=shape, outputs=("y", "z"))
        assert ([s.kind for s in found.shortcuts], found.summary.unknown) == (["projection"], 0)


def test_an_identity_that_may_be_none_is_not_understood() -> None:
    """y = F(d) + d, d one of the pieces of cat([x, relu(x)]) and F of the other: of the same one, or of both."""
    lines = "r = Relu(x)", "c = Concat(x, r) axis=0", "d, e = Split(c) axis=0", "k = Conv(e, w) pads=1,1,1,1"
    assert refused(*lines, "y = Add(k, d)", x=SHAPES["no rank"]) == ["not understood"]


@pytest.mark.parametrize("outputs", [("y",), ("y", "c")])
def test_a_joint_that_is_read_as_a_whole_hides_nothing(outputs: tuple[str, ...]) -> None:
    """cat([W x, F(x)]) is handed back, too, and its halves are added."""
    found = report(*BRANCH, JOINT, CUT, ADDED, outputs=outputs)
    assert [s.kind for s in found.shortcuts] == ["projection"]


def test_what_beside_a_clear_shortcut_is_cut_from_a_joint_leaves_it_clear() -> None:
    lines = AB, JOINT, CUT, "m = Mul(d, e)", "k = Conv(m, w) pads=1,1,1,1", "y = Add(k, x)"
    for shape in SHAPES.values():
        found = report(*lines, x=shape)
        assert ([s.kind for s in found.shortcuts], found.summary.unknown) == (["identity"], 0)


@pytest.mark.parametrize(
    "lines",
    [
        (
            "a, b = Split(x) axis=1",
            "n = Neg(b)",
            "c = Concat(n, a) axis=1",
            "s = Mul(c, half)",
            "y = Add(s, x)",
        ),  # RoPE
        ("c = Concat(x, x) axis=1", CUT, ADDED),  # x + x
        ("r = Relu(x)", "c = Concat(r, x) axis=1", CUT, ADDED),  # x + relu(x)
    ],
)
def test_an_expression_stays_one_whichever_piece_is_which(lines: tuple[str, ...]) -> None:
    assert refused(*lines, x=SHAPES["no rank"]) == ["elementwise expression"]


def test_pieces_smaller_than_all_that_an_op_reads_are_pieces_of_one_value() -> None:
    """RoPE on what a kernel makes: x1 cos - x2 sin with the halves of opaque(x), which is as large as x."""
    drawn = listing("q = Mystery(x)", "d, e = Split(q) axis=1", ADDED, x=(1, 8, 4, 4), outputs=("y",))
    made = TensorType((1, 8, 4, 4), "float32")
    (other,) = audit_draft(replace(drawn, recorded={"q": made})).other_adds
    assert other.reason == "elementwise expression"


def test_the_detail_names_the_piece() -> None:
    lines = *BRANCH, "c = Concat(a, b) axis=2", "d, e = Split(c) axis=2", ADDED
    (other,) = report(*lines, x=SHAPES["no rank"]).other_adds
    assert other.detail == "Split at d"


def test_pieces_lie_in_the_order_of_their_starts_and_those_counted_from_the_end_last() -> None:
    """Channels 8 to 16, the last 8 and the first 8 of a joint: the second, the third and the first piece."""
    parts = "a, b, k = Mystery(x)", "c = Concat(a, b, k) axis=1"
    cuts = "d = Slice(c, eight, sixteen, ch)", "e = Slice(c, last, end, ch)", "f = Slice(c, zero, eight, ch)"
    bounds = {"zero": ints(0), "eight": ints(8), "sixteen": ints(16), "last": ints(-8), "end": ints(99), "ch": ints(1)}
    found = loose(assemble(listing(*parts, *cuts, x=(1, 8, 4, 4), **bounds)))
    assert {one.piece.id: one.share for one in found} == {"d": (1, 3), "e": (2, 3), "f": (0, 3)}
    assert {one.piece.id: one.part(turned=False) for one in found} == {"d": "b", "e": "k", "f": "a"}


@pytest.mark.parametrize("joints", [1, 20])
def test_the_search_is_run_as_often_whatever_the_number_of_joints(joints: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the model is written, with the pieces for the parts in their order, and the other way round."""
    runs: list[ModelGraph] = []
    once = search._searched
    monkeypatch.setattr(search, "_searched", lambda graph: (runs.append(graph), once(graph))[1])
    cut = "f{n} = Conv(x{n}, w)", "c{n} = Concat(x{n}, f{n}) axis=1", "d{n}, e{n} = Split(c{n}) axis=1"
    lines = [line.format(n=n) for n in range(joints) for line in cut]
    sums = [f"x{n + 1} = Add(d{n}, e{n})" for n in range(joints)]
    blocks = [line for n in range(joints) for line in (*lines[3 * n : 3 * n + 3], sums[n])]
    report("x0 = Relu(x)", *blocks, x=SHAPES["no sizes"], outputs=(f"x{joints}",))
    assert len(runs) == 3
