"""What does a layer read of its data?"""

from __future__ import annotations

import pytest

from shortcut_audit.assembly.assemble import assemble
from shortcut_audit.graph.model import Op
from shortcut_audit.operators.equation import terms_of
from shortcut_audit.operators.mixing import by_kernel, sums_last_axis_alone
from shortcut_audit.operators.table import channels_read
from tests.sketch import listing, sketch, stored


def layer(line: str, *weight: int) -> Op:
    """One op that reads the value x and, in its second slot, the stored tensor w."""
    return assemble(listing(line, x=(1, 8, 6, 6), w=stored(*weight))).ops[-1]


def test_a_kernel_of_one_by_one_mixes_no_positions_and_any_other_does() -> None:
    one, three = (sketch(f"x -> Conv{{k={k}}}").ops[0] for k in (1, 3))
    computed = assemble(listing("y = Conv(x, x)", x=(8, 8, 1, 1))).ops[0]
    assert [by_kernel(conv) for conv in (one, three, computed)] == [False, True, True]


@pytest.mark.parametrize(
    ("line", "weight", "channels"),
    [
        ("y = Conv(x, w)", (16, 8, 3, 3), 8),
        ("y = Conv(x, w) group=4", (16, 2, 3, 3), 8),
        ("y = ConvTranspose(x, w)", (8, 16, 2, 2), 8),
        ("y = MatMul(x, w)", (6, 12), 6),
        ("y = Gemm(x, w)", (6, 12), 6),
        ("y = Gemm(x, w) transB=1", (12, 6), 6),
        ("y = Linear(x, w)", (12, 6), 6),
        ("y = LSTM(x, w, w)", (1, 32, 8), None),  # another layout
    ],
)
def test_the_channels_that_a_layer_reads(line: str, weight: tuple[int, ...], channels: int | None) -> None:
    assert channels_read(layer(line, *weight)) == channels


@pytest.mark.parametrize(
    ("equation", "position", "alone"),
    [("bnc,cd->bnd", 0, True), ("bnc,nm->bmc", 0, False), ("mn,bnc->bmc", 1, False), ("...c,c->...", 0, True)],
)
def test_whether_an_einsum_sums_over_the_last_axis_alone(equation: str, position: int, alone: bool) -> None:
    assert sums_last_axis_alone(equation, position) is alone


@pytest.mark.parametrize(
    ("equation", "terms"),
    [
        ("ij,jk->ik", (["ij", "jk"], "ik")),
        (" i j ,\tj k\n-> i k ", (["ij", "jk"], "ik")),  # white space of whatever sort means nothing
        ("kj,ik", (["kj", "ik"], "ij")),  # what stands once, in alphabetical order
        ("...j,jk", (["...j", "jk"], "...k")),
    ],
)
def test_an_equation_tells_the_labels_of_operands_and_result(equation: str, terms: tuple[list[str], str]) -> None:
    assert terms_of(equation) == terms


def test_a_convolution_whose_weight_is_no_kernel_may_mix() -> None:
    graph = assemble(listing("y = Conv(x, w)", x=(1, 8, 4, 4), w=stored(8, 8)))
    assert by_kernel(graph.ops[0])
