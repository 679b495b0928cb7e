"""Do operands fit together? Each way in which those of a contraction may and may not, by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shortcut_audit.algebra.polynomial import Cost
from shortcut_audit.graph.model import Attribute, Shape
from shortcut_audit.operators.counting import contractions as count
from shortcut_audit.operators.counting import experts
from shortcut_audit.operators.counting.operands import Operands
from tests.operators.counting.test_contractions import call

X, Y, W = (1, 8, 6, 6), (1, 16, 4, 4), (16, 8, 3, 3)
"""A convolution of 8 to 16 channels, 3 x 3, without padding: 16 x 4 x 4 x 8 x 9 = 18,432."""


@pytest.mark.parametrize(
    ("x", "w", "y", "attributes", "macs"),
    [
        (X, W, Y, {}, 18_432),
        (X, W, Y, {"kernel_shape": (3, 3), "strides": (1, 1), "dilations": (1, 1), "pads": (0, 0, 0, 0)}, 18_432),
        (X, W, Y, {"kernel_shape": ()}, 18_432), (X, W, Y, {"pads": ()}, 18_432),
        (X, (16, 4, 3, 3), Y, {"group": 2}, 9_216),
        (X, (16, 1, 3, 3), Y, {"group": 8}, 2_304),
        ((1, 8, 6), (16, 8, 3), (1, 16, 4), {}, 1_536),  # 16 x 4 x 8 x 3
        (None, W, Y, {}, 18_432),
        (X, W, None, {}, None), (X, None, Y, {}, None),
        (X, (16, 4, 3, 3), Y, {}, None), (X, W, Y, {"group": 2}, None), (X, (16, 4, 3, 3), Y, {"group": 4}, None),
        ((1, 12, 6, 6), (16, 4, 3, 3), Y, {"group": 3}, None),  # 16 channels in three groups
        (X, W, (1, 15, 4, 4), {}, None), (X, W, (2, 16, 4, 4), {}, None), ((2, 8, 6, 6), W, Y, {}, None),
        (X, (16, 8), Y, {}, None), ((1, 8), (16, 8), (1, 16), {}, None), (X, (16, 8, 3), Y, {}, None),
        ((1, 8, 6), W, Y, {}, None), (X, W, (1, 16, 4), {}, None),
        (X, W, Y, {"group": 0}, None), (X, W, Y, {"group": -1}, None),
        (X, W, Y, {"kernel_shape": (3, 5)}, None), (X, W, Y, {"kernel_shape": (3,)}, None),
        (X, W, Y, {"kernel_shape": 3}, None),
        (X, W, Y, {"pads": (0, 0)}, None), (X, W, Y, {"pads": (0,) * 6}, None), (X, W, Y, {"pads": 1}, None),
        (X, W, Y, {"strides": (1,)}, None), (X, W, Y, {"strides": (0, 1)}, None), (X, W, Y, {"strides": 1}, None),
        (X, W, Y, {"strides": (1, 1, 1)}, None), (X, W, Y, {"dilations": (1, 0)}, None),
        (X, W, Y, {"dilations": (1, -1)}, None),
    ],
)  # fmt: skip
def test_a_convolution(x: Shape, w: Shape, y: Shape, attributes: dict[str, Attribute], macs: int | None) -> None:
    assert count.convolution(call(x, w, to=y, **attributes)) == macs


@pytest.mark.parametrize(
    ("x", "w", "y", "attributes", "macs"),
    [
        # Each of 8 x 6 x 6 elements is spread over 16 x 3 x 3: 41,472.
        (X, (8, 16, 3, 3), (1, 16, 8, 8), {}, 41_472),
        (X, (8, 8, 3, 3), (1, 16, 8, 8), {"group": 2}, 20_736),
        (X, (8, 16, 3, 3), None, {}, 41_472),
        (X, (8, 16, 3, 3), (1, 15, 8, 8), {}, None), (X, (7, 16, 3, 3), (1, 16, 8, 8), {}, None),
        (X, (8, 16, 3, 3), (1, 16, 8, 8), {"group": 2}, None), (X, (8, 6, 3, 3), (1, 18, 8, 8), {"group": 3}, None),
        (None, (8, 16, 3, 3), (1, 16, 8, 8), {}, None), (X, None, (1, 16, 8, 8), {}, None),
        (X, (8, 16, 3, 3), (1, 16, 8, 8), {"strides": (0, 0)}, None),
    ],
)  # fmt: skip
def test_a_transposed_convolution(
    x: Shape, w: Shape, y: Shape, attributes: dict[str, Attribute], macs: int | None
) -> None:
    assert count.transposed_convolution(call(x, w, to=y, **attributes)) == macs


Counter = Callable[[Operands], Cost]


@pytest.mark.parametrize(
    ("counter", "inputs", "made", "attributes", "macs"),
    [
        # Causal convolutions: 2 x 8 x 6 x a kernel of 4.
        (count.causal_convolution, ((2, 8, 6), (8, 1, 4)), (2, 8, 6), {}, 384),
        (count.causal_convolution, ((2, 8, 6), (8, 2, 4)), (2, 8, 6), {}, None),
        (count.causal_convolution, ((2, 8, 6), (7, 1, 4)), (2, 8, 6), {}, None),
        (count.causal_convolution, ((2, 8, 6), (8, 1, 4)), (2, 8, 7), {}, None),
        (count.causal_convolution, ((2, None, 6), (8, 1, 4)), None, {}, 384),
        # Products of matrices: 2 x 3 x 4.
        (count.matmul, ((2, 3), (3, 4)), (2, 4), {}, 24),
        (count.matmul, ((2, 3), (3, 4)), (2, 5), {}, None),
        (count.matmul, ((3,), (3, 4)), (4,), {}, 12), (count.matmul, ((2, 3), (3,)), (2,), {}, 6),
        (count.matmul, ((3,), (3,)), (), {}, 3), (count.matmul, ((3,), (4,)), (), {}, None),
        (count.matmul, ((5, 2, 3), (3,)), (5, 2), {}, 30), (count.matmul, ((3,), (5, 3, 4)), (5, 4), {}, 60),
        (count.matmul, ((), (3, 4)), None, {}, None), (count.matmul, ((2, 3), None), (2, 4), {}, 24),
        # Either operand turned: 2 x 3 x 4, five times.
        (count.fused_matmul, ((5, 3, 2), (5, 3, 4)), None, {"transA": 1}, 120),
        (count.fused_matmul, ((5, 2, 3), (5, 4, 3)), None, {"transB": 1}, 120),
        (count.fused_matmul, ((2, 5, 3), (5, 3, 4)), None, {"transBatchA": 1}, 120),
        (count.fused_matmul, ((5, 2, 3), (3, 5, 4)), None, {"transBatchB": 1}, 120),
        (count.fused_matmul, ((3, 5, 2), (5, 3, 4)), None, {"transBatchA": 1, "transA": 1}, 120),
        (count.fused_matmul, ((5, 2, 3), (5, 3, 4)), None, {"transA": 1}, None),
        (count.fused_matmul, (None, (3, 4)), None, {}, None), (count.fused_matmul, ((2, 3), None), None, {}, None),
        (count.fused_matmul, ((3,), (3, 4)), None, {"transA": 1}, 12),  # a vector stays
        (count.fused_matmul, ((2, 3), (3, 4)), None, {"transBatchA": 1}, 24),
        # Gemm.
        (count.gemm, ((3, 2), (4, 3)), (2, 4), {"transA": 1, "transB": 1}, 24),
        (count.gemm, ((2, 3), (3, 4)), None, {}, 24), (count.gemm, ((2, 3), (4, 3)), None, {}, None),
        (count.gemm, ((5, 2, 3), (3, 4)), None, {}, None), (count.gemm, ((2, 3), (3, 4)), (2, 5), {}, None),
        # Linear: 5 x 2 x 3 x 4; a weight of one axis makes a number.
        (count.linear, ((5, 2, 3), (4, 3)), (5, 2, 4), {}, 120), (count.linear, ((5, 2, 3), (3,)), (5, 2), {}, 30),
        (count.linear, ((3,), (4, 3)), (4,), {}, 12), (count.linear, ((5, 2, 3), (3, 4)), None, {}, None),
        (count.linear, ((5, 2, 3), (4, 3)), (5, 2, 3), {}, None), (count.linear, ((5, 2, 3), None), None, {}, None),
        # Bilinear: 2 x 4 x 3 x 5 and 2 x 4 x 5.
        (count.bilinear, ((2, 3), (2, 5), (4, 3, 5)), (2, 4), {}, 160),
        (count.bilinear, ((2, 3), (2, 5), (4, 5, 3)), (2, 4), {}, None),
        (count.bilinear, ((2, 3), (2, 5), (4, 3, 5)), (2, 3), {}, None),
        (count.bilinear, ((2, 3), (2, 5), None), (2, 4), {}, 160),  # the result tells
        # Rows in groups: 10 x 3 x 4, whatever lies where; two stacks: 5 x 2 x 3 x 4.
        (count.grouped, ((10, 3), (6, 3, 4)), (10, 4), {}, 120), (count.grouped, ((6, 2, 3), (3, 10)), (2, 10), {}, 60),
        (count.grouped, ((2, 10), (10, 4)), (6, 2, 4), {}, 80),
        (count.grouped, ((5, 2, 3), (5, 3, 4)), (5, 2, 4), {}, 120),
        (count.grouped, ((5, 2, 3), (4, 3, 4)), None, {}, None), (count.grouped, ((10, 3), (6, 4, 3)), None, {}, None),
        (count.grouped, ((10, 3), (6, 3, 4)), (10, 5), {}, None), (count.grouped, ((10,), (6, 10, 4)), None, {}, None),
        (count.grouped, ((1, 5, 2, 3), (5, 3, 4)), None, {}, None), (count.grouped, (None, (6, 3, 4)), None, {}, None),
        (count.grouped, ((10, 3), None), None, {}, None), (count.grouped, ((10, 3), (6, 3, 4)), None, {}, 120),
        # Distances: 5 x 2 x 4 x 3.
        (count.distances, ((5, 2, 3), (5, 4, 3)), (5, 2, 4), {}, 120),
        (count.distances, ((5, 2, 3), (5, 4, 2)), None, {}, None),
        (count.distances, ((5, 2, 3), (5, 4, 3)), (5, 4, 2), {}, None),
        # A grid: theta [2, 2, 3] for 5 x 7 places; [2, 3, 4] for 5 x 7 x 9.
        (count.affine_grid, ((2, 2, 3),), (2, 5, 7, 2), {}, 420),
        (count.affine_grid, ((2, 3, 4),), (2, 5, 7, 9, 3), {}, 7_560),
        (count.affine_grid, ((2, 2, 3),), (2, 5, 7, 3), {}, None),
        (count.affine_grid, ((2, 2, 4),), (2, 5, 7, 2), {}, None),
        (count.affine_grid, ((3, 2, 3),), (2, 5, 7, 2), {}, None),
        (count.affine_grid, ((2, 3),), (2, 5, 7, 2), {}, None),
        (count.affine_grid, ((2, 1, 2),), (2, 1), {}, None), (count.affine_grid, ((2, 1, 2),), (2, 5, 1), {}, 20),
        (count.affine_grid, (None,), (2, 5, 7, 2), {}, None), (count.affine_grid, ((2, 2, 3),), None, {}, None),
        # Packed matrices: 5 x 40 x 3.
        (count.matmul_nbits, ((5, 40), (3, 3, 8)), (5, 3), {"K": 40, "N": 3, "block_size": 16}, 600),
        (count.matmul_nbits, ((5, 40), (3, 3, 8)), (5, 4), {"K": 40, "N": 3, "block_size": 16}, None),
        (count.matmul_bnb4, ((5, 40), (60, 1)), (5, 3), {"K": 40, "N": 3}, 600),
        (count.packed_linear, ((5, 40), (7, 7)), (5, 3), {"K": 40, "N": 3}, 600),
        (count.packed_linear, ((5, 41), (7, 7)), (5, 3), {"K": 40, "N": 3}, None),
        (count.packed_linear, (None, (7, 7)), (5, 3), {"K": 40, "N": 3}, 600),
    ],
)  # fmt: skip
def test_a_contraction(
    counter: Counter, inputs: tuple[Shape, ...], made: Shape, attributes: dict[str, Attribute], macs: int | None
) -> None:
    assert counter(call(*inputs, to=made, **attributes)) == macs


@pytest.mark.parametrize(
    ("equation", "inputs", "made", "macs"),
    [
        ("ij,jk->ik", ((2, 3), (3, 4)), (2, 4), 24),
        ("ij,jk", ((2, 3), (3, 4)), (2, 4), 24),  # what stands once is kept
        ("ij,jk->ik", ((2, 3), (1, 4)), (2, 4), 24),  # of an axis of one, any
        ("ij,jk->ik", ((2, 3), (2, 4)), None, None), ("ij,jk->ik", ((2, 3), (3, 4)), (2, 5), None),
        ("ij,jk->ik", ((2, 3),), None, None), ("ij->ij", ((2, 3), (3, 4)), None, None),
        ("ij,jk->ik", ((2, 3), None), None, None), ("ij,jk->il", ((2, 3), (3, 4)), None, None),
        ("ij,jk->ikk", ((2, 3), (3, 4)), None, None), ("ij,jk->ik", ((2, 3, 1), (3, 4)), None, None),
        ("i,j->ij", ((2,), (3,)), (2, 3), 6), ("i,i->i", ((2,), (2,)), (2,), 2), ("i,i->", ((2,), (2,)), (), 2),
        ("ii,i->i", ((2, 2), (2,)), (2,), 2),  # a diagonal
        ("ij->ji", ((2, 3),), (3, 2), 0),
        ("...ij,...jk->...ik", ((5, 2, 3), (5, 3, 4)), (5, 2, 4), 120),
        ("...ij,jk->...ik", ((5, 2, 3), (3, 4)), (5, 2, 4), 120),
        ("ij,jk,kl->il", ((2, 3), (3, 4), (4, 5)), (2, 5), 64),  # 24, and 2 x 4 x 5
        ("ij,kl,jk->il", ((2, 3), (4, 5), (3, 4)), (2, 5), 240),  # 2 x 3 x 4 x 5, twice
        ("ab,b,b->a", ((2, 3), (3,), (3,)), (2,), 12),
    ],
)  # fmt: skip
def test_an_einsum(equation: str, inputs: tuple[Shape, ...], made: Shape, macs: int | None) -> None:
    assert count.einsum(call(*inputs, to=made, equation=equation)) == macs


LSTM = ((5, 2, 3), (1, 16, 3), (1, 16, 4))
"""5 steps of 2 sequences, 3 features, 4 units: 5 x 2 x 16 x (3 + 4) = 1,120."""


@pytest.mark.parametrize(
    ("inputs", "attributes", "macs"),
    [
        (LSTM, {}, 1_120), (LSTM, {"hidden_size": 4}, 1_120), (LSTM, {"hidden_size": 5}, None),
        (LSTM, {"direction": "forward"}, 1_120), (LSTM, {"direction": "reverse"}, 1_120),
        (LSTM, {"direction": "bidirectional"}, None),
        (((5, 2, 3), (2, 16, 3), (2, 16, 4)), {"direction": "bidirectional"}, 2_240),
        (((5, 2, 3), (2, 16, 3), (2, 16, 4)), {}, None),
        (((5, 2, 3), (1, 15, 3), (1, 15, 4)), {}, None), (((5, 2, 4), *LSTM[1:]), {}, None),
        (((5, 2, 3), (1, 16, 3), (1, 12, 4)), {}, None), (((5, 2, 3), (1, 16, 3), (1, 16, 3)), {}, None),
        (((5, 2, 3), (1, 16, 3), None), {"hidden_size": 4}, 1_120), (((5, 2, 3), (1, 16, 3), None), {}, None),
        (((5, 2, 3), (1, None, 3), (1, None, 4)), {}, None),
        (((2, 3), *LSTM[1:]), {}, None),
    ],
)  # fmt: skip
def test_a_recurrence(inputs: tuple[Shape, ...], attributes: dict[str, Attribute], macs: int | None) -> None:
    assert count.recurrent(gates=4)(call(*inputs, **attributes)) == macs
    turned = (inputs[0], *(shape and (shape[0], shape[2], shape[1]) for shape in inputs[1:]))
    assert count.recurrent(gates=4, turned=True)(call(*turned, **attributes)) == macs


EXPERTS = ((10, 16), (10, 8), (8, 16, 32), None, (8, 32, 16))
"""10 tokens, 8 experts of 16 x 32 + 32 x 16 = 1,024 each."""


@pytest.mark.parametrize(
    ("inputs", "attributes", "macs"),
    [
        (EXPERTS, {}, 10_240), (EXPERTS, {"k": 2}, 20_480), (EXPERTS, {"k": 8}, 81_920), (EXPERTS, {"k": 9}, None),
        (EXPERTS, {"k": 0}, None), ((*EXPERTS, None, (8, 16, 32)), {}, 15_360),
        (((2, 5, 16), (10, 8), *EXPERTS[2:]), {}, 10_240), ((None, *EXPERTS[1:]), {}, None),
        (((10, 17), *EXPERTS[1:]), {}, None), (((10, 16), (10, 7), *EXPERTS[2:]), {}, None),
        (((10, 16), None, *EXPERTS[2:]), {"k": 9}, 92_160),
        ((*EXPERTS[:2], (8, 32, 16), None, (8, 32, 16)), {}, 10_240),
        (((10, 16), (10, 8)), {}, None), ((*EXPERTS[:2], (8, 512)), {}, None), ((*EXPERTS[:2], (7, 16, 32)), {}, None),
        ((*EXPERTS[:2], (8, 16, None)), {}, None), ((*EXPERTS[:2], (8, 16, 32)), {}, 5_120),
    ],
)  # fmt: skip
def test_a_mixture_of_experts(inputs: tuple[Shape, ...], attributes: dict[str, Attribute], macs: int | None) -> None:
    assert experts.mixture(call(*inputs, **attributes)) == macs


@pytest.mark.parametrize(
    ("bits", "wide", "macs"),
    [(None, (16, 8), 10_240), (4, (16, 8), 10_240), (8, (32, 16), 10_240), (2, (8, 4), 10_240), (1, (4, 2), 10_240),
     (3, (16, 8), None), (4, (32, 16), None)],
)  # fmt: skip
def test_experts_in_few_bits(bits: int | None, wide: tuple[int, int], macs: int | None) -> None:
    """The last axis of either matrix, of 32 and of 16, is as wide as its bytes."""
    given = ((10, 16), (10, 8), (8, 16, wide[0]), (8,), None, (8, 32, wide[1]))
    attributes = {} if bits is None else {"expert_weight_bits": bits}
    assert experts.quantised_mixture(call(*given, **attributes)) == macs


def test_experts_of_unknown_width() -> None:
    given = ((10, 16), (10, 8), (8, 16, None), (8,), None, (8, 32, 8))
    assert experts.quantised_mixture(call(*given)) is None
