"""Which ops add up what was stacked, each times a weight?"""

from __future__ import annotations

import pytest

from shortcut_audit.assembly.assemble import assemble
from shortcut_audit.graph.draft import Tensor
from shortcut_audit.graph.model import TensorType
from shortcut_audit.pipeline import audit_draft
from shortcut_audit.search.stacks import moved
from tests.sketch import listing, stored

VALUES = ("h = MatMul(x, k)", "r = Relu(h)")
"""x and r, of three tokens and four channels."""

ZERO = stored(1, dtype="int64", data=(0,), literal=True)
FLAT = stored(2, dtype="int64", data=(2, 12), literal=True)

CONTRACTIONS: dict[str, tuple[tuple[str, ...], dict[str, Tensor]]] = {
    "a sum over a product": (("s = Stack(x, r) axis=0", "m = Mul(s, w)", "y = ReduceSum(m, o) keepdims=0"),
                             {"w": stored(2, 1, 1, 1), "o": ZERO}),
    "stacked by unsqueezing": (
        ("a = Unsqueeze(x, o)", "b = Unsqueeze(r, o)", "s = Concat(a, b) axis=0", "m = Mul(w, s)",
         "y = ReduceSum(m, o) keepdims=0"),
        {"w": stored(2, 1, 1, 1), "o": ZERO},
    ),
    "an einsum": (("s = Stack(x, r) axis=0", "y = Einsum(w, s) equation=l,lbtd->btd"), {"w": stored(2)}),
    "a product on the right": (("s = Stack(x, r) axis=-1", "y = MatMul(s, w)"), {"w": stored(2, 1)}),
    "a product on the left": (
        ("s = Stack(x, r) axis=0", "f = Reshape(s, shape)", "y = MatMul(w, f)"), {"w": stored(1, 2), "shape": FLAT},
    ),
    "flattened": (("s = Stack(x, r) axis=0", "f = Flatten(s) axis=1", "y = MatMul(w, f)"), {"w": stored(1, 2)}),
    "moved behind": (
        ("s = Stack(x, r) axis=0", "t = Transpose(s) perm=1,2,3,0", "y = MatMul(t, w)"), {"w": stored(2, 1)},
    ),
}  # fmt: skip


@pytest.mark.parametrize("how", CONTRACTIONS)
def test_a_contracted_stack_adds(how: str) -> None:
    lines, tensors = CONTRACTIONS[how]
    report = audit_draft(listing(*VALUES, *lines, x=(1, 3, 4), k=stored(4, 4), **tensors))
    assert [(other.name, other.reason) for other in report.other_adds] == [("y", "weighted stack")]
    assert (report.totals.adds, report.shortcuts) == (1, ())


@pytest.mark.parametrize(
    "lines",
    [
        ("s = Stack(x, r) axis=0", "y = MatMul(s, k)"),
        ("s = Concat(x, r) axis=0", "y = MatMul(s, k)"),
        ("s = Stack(x, r) axis=0", "t = Transpose(s) perm=1,2,0,3", "y = MatMul(t, k)"),
    ],
    ids=["along another axis", "no new axis", "moved elsewhere"],
)
def test_a_stack_that_is_mapped_along_another_axis_adds_nothing(lines: tuple[str, ...]) -> None:
    report = audit_draft(listing(*VALUES, *lines, x=(1, 3, 4), k=stored(4, 4)))
    assert report.totals.adds == 0


RESHAPED = {
    "the first axis stays": ("s = Stack(x, r) axis=0", "f = Reshape(s, first)", "y = MatMul(w, f)", True),
    "the last axis stays": ("s = Stack(x, r) axis=-1", "f = Reshape(s, last)", "y = MatMul(f, v)", True),
    "the last is as long as the first": ("s = Stack(x, r) axis=0", "f = Reshape(s, last)", "y = MatMul(f, v)", False),
    "laid together with the features": ("s = Stack(x, r) axis=2", "f = Reshape(s, wide)", "y = MatMul(f, u)", False),
    "one value alone": ("s = Stack(x) axis=0", "f = Reshape(s, alone)", "y = MatMul(o, f)", False),
}  # fmt: skip
"""How two values of 1 x 3 x 4 are stacked and laid out anew, and whether what multiplies them adds them up."""


@pytest.mark.parametrize("how", RESHAPED)
def test_a_reshaped_stack_adds_where_its_axis_is_known_to_stay(how: str) -> None:
    *lines, adds = RESHAPED[how]
    shapes = {"first": (2, 12), "last": (12, 2), "wide": (3, 8), "alone": (1, 12)}
    given = {name: stored(2, dtype="int64", data=shape, literal=True) for name, shape in shapes.items()}
    kernels = {"w": stored(1, 2), "v": stored(2, 1), "u": stored(8, 1), "o": stored(1, 1)}
    report = audit_draft(listing(*VALUES, *map(str, lines), x=(1, 3, 4), k=stored(4, 4), **given, **kernels))
    assert report.totals.adds == adds
    assert [other.reason for other in report.other_adds] == ["weighted stack"] * bool(adds)


@pytest.mark.parametrize("axis", [0, -1])
def test_a_sum_over_a_stack_of_unknown_shape_is_an_addition(axis: int) -> None:
    """stack([x, f(x)]).sum(axis) with f not understood: x + f(x), whatever the shape of f(x) is."""
    report = audit_draft(
        listing(
            "f = odd.Layer(x)",
            "a = Unsqueeze(x, o)",
            "b = Unsqueeze(f, o)",
            f"s = Concat(a, b) axis={axis}",
            "y = ReduceSum(s, o) keepdims=0",
            x=("batch", 3, 8),
            o=stored(1, dtype="int64", data=(axis,), literal=True),
        )
    )
    assert report.totals.adds == 1
    assert [one.kind for one in report.shortcuts] == ["identity"]


@pytest.mark.parametrize(
    ("line", "stands"),
    [
        ("y = Transpose(x) perm=2,0,1", [1, 2, 0]), ("y = Transpose(x)", [None, None, None]),
        ("y = Reshape(x, flat)", [0, None, None]), ("y = Reshape(x, behind)", [None, None, 1]),
        ("y = Reshape(x, turned)", [None, None, None]), ("y = Reshape(x, sizes)", [None, None, None]),
        ("y = Squeeze(x)", [0, 1, 2]), ("y = Flatten(x) axis=1", [0, None, None]),
    ],
)  # fmt: skip
def test_where_a_view_puts_an_axis(line: str, stands: list[int | None]) -> None:
    """Of [2, 3, 4]: as [2, 12], [6, 4] or [4, 6]."""
    known: dict[str, Tensor | TensorType] = {
        "flat": stored(2, dtype="int64", data=(2, 12)), "behind": stored(2, dtype="int64", data=(6, 4)),
        "turned": stored(2, dtype="int64", data=(4, 6)), "sizes": TensorType(None, "int64"),
    }  # fmt: skip
    read = line.partition("(")[2].partition(")")[0].split(", ")
    graph = assemble(listing(line, x=(2, 3, 4), **{name: given for name, given in known.items() if name in read}))
    assert [moved(graph, graph.ops[-1], axis) for axis in range(3)] == stands
