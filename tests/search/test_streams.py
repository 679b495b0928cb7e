"""When is a product with a computed matrix a gate?"""

from __future__ import annotations

import pytest

from shortcut_audit.pipeline import audit_draft
from shortcut_audit.report import ModelReport
from tests.sketch import listing, stored

SHARED = (
    "flat = Reshape(x, wide)",
    "c_ = MatMul(flat, wc)",
    "c__ = Reshape(c_, square)",
    "c = Softmax(c__)",
    "a_ = MatMul(flat, wa)",
    "a = Sigmoid(a_)",
)
"""Four streams of eight channels, and what is computed of all: a 4 x 4 matrix, a weight for each stream."""

READS = {
    "a sum of weighted streams": ("b = Unsqueeze(a, last)", "bx = Mul(x, b)", "r = ReduceSum(bx, third) keepdims=0"),
    "a product with the weights": ("b = Unsqueeze(a, third)", "bx = MatMul(b, x)", "r = Squeeze(bx, third)"),
    "an einsum": ("r = Einsum(a, x) equation=bsn,bsnd->bsd",),
    "the first stream": ("r = Gather(x, first) axis=2",),
}
MIXES = {"matmul": "m = MatMul(c, x)", "einsum": "m = Einsum(c, x) equation=bsnm,bsmd->bsnd"}


def report(*lines: str) -> ModelReport:
    return audit_draft(
        listing(
            *lines,
            x=(1, 7, 4, 8),
            wide=stored(3, dtype="int64", data=(1, 7, 32)),
            square=stored(4, dtype="int64", data=(1, 7, 4, 4)),
            all=stored(2, dtype="int64", data=(-1, 8)),
            wc=stored(32, 16),
            wa=stored(32, 4),
            w=stored(8, 8),
            v=stored(8, 8),
            last=stored(1, dtype="int64", data=(3,)),
            third=stored(1, dtype="int64", data=(2,)),
            first=stored(dtype="int64", data=(0,)),
        )
    )


@pytest.mark.parametrize("mix", MIXES)
@pytest.mark.parametrize("read", READS)
def test_streams_mixed_by_a_computed_matrix_are_gated(mix: str, read: str) -> None:
    """C's own weights, 32 x 16."""
    made = report(
        *SHARED,
        *READS[read],
        "h = MatMul(r, w)",
        "g = Relu(h)",
        "f = MatMul(g, v)",
        "u = Unsqueeze(f, third)",
        "e = Expand(u, shape)",
        MIXES[mix],
        "y = Add(e, m)",
        "shape = Shape(x)",
    )
    (shortcut,) = [s for s in made.shortcuts if s.merge.name == "y"]
    assert (shortcut.kind, shortcut.fork.name, shortcut.parameters) == ("gated", "x", 512)


def test_a_matrix_that_mixes_what_the_branch_maps_one_by_one_is_no_gate() -> None:
    """A x + W x: W projects, A x is the branch."""
    made = report(*SHARED, "ax = MatMul(c, x)", "wx = MatMul(x, w)", "y = Add(ax, wx)")
    (shortcut,) = made.shortcuts
    assert (shortcut.kind, [step.op for step in shortcut.route], shortcut.parameters) == ("projection", ["MatMul"], 64)


def test_nor_is_one_where_the_branch_lays_positions_out_anew() -> None:
    made = report(*SHARED, "ax = MatMul(c, x)", "rows = Reshape(x, all)", "h = MatMul(rows, w)", "g = Relu(h)",
                  "back = Shape(x)", "f = Reshape(g, back)", "y = Add(ax, f)")  # fmt: skip
    assert made.shortcuts == ()


def test_a_learned_map_before_the_matrix_makes_attention() -> None:
    """C (W x) is attention over streams, beside V(sum of x)."""
    made = report(*SHARED, "wx = MatMul(x, w)", "m = MatMul(c, wx)", *READS["an einsum"], "h = MatMul(r, v)",
                  "g = Relu(h)", "u = Unsqueeze(g, third)", "shape = Shape(x)", "e = Expand(u, shape)",
                  "y = Add(e, m)")  # fmt: skip
    assert made.shortcuts == ()
