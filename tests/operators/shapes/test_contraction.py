"""Matrix products, einsum, recurrence."""

from __future__ import annotations

import pytest

from shortcut_audit.graph.model import Attribute, TensorType
from tests.operators.shapes.calls import dtypes, out


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("2x3", "3x4", "2x4"),
        ("5x2x3", "3x4", "5x2x4"),
        ("5x1x2x3", "6x3x4", "5x6x2x4"),
        ("3", "3x4", "4"),
        ("2x3", "3", "2"),
        ("3", "3", "()"),
        ("batchxseqx768", "768x3072", "batchxseqx3072"),
        ("batchx12xseqx64", "batchx12x64xseq", "batchx12xseqxseq"),
        ("2x3", "4x5", "..."),
        ("", "3x4", "..."),
        ("...", "3x4", "..."),
    ],
)
@pytest.mark.parametrize("kind", ["MatMul", "MatMulInteger", "com.microsoft::FusedMatMul"])
def test_matrix_product(kind: str, left: str, right: str, expected: str) -> None:
    assert out(kind, left, right) == expected


def test_fused_matrix_products_transpose_first() -> None:
    fused = "com.microsoft::FusedMatMul"
    assert out(fused, "2x5x4x3", "2x5x4x6", transA=1) == "2x5x3x6"
    assert out(fused, "2x5x3x4", "2x5x6x4", transB=1) == "2x5x3x6"
    # transBatchA: the rows stand in front of the batch axes.
    assert out(fused, "3x2x5x4", "2x5x4x6", transBatchA=1) == "2x5x3x6"
    assert out(fused, "4x2x5x3", "2x5x4x6", transA=1, transBatchA=1) == "2x5x3x6"


def test_gemm() -> None:
    assert out("Gemm", "Nx512", "1000x512", "1000", transB=1) == "Nx1000"
    assert out("Gemm", "512xN", "512x1000", transA=1) == "Nx1000"
    assert out("Gemm", "2x3", "4x5") == "..."
    assert out("Gemm", "1x2x3", "3x5") == "..."


def test_quantised_products_find_their_second_operand() -> None:
    assert out("QLinearMatMul", "2x3", "", "", "3x4", "", "", "", "") == "2x4"
    assert out("com.microsoft::QGemm", "2x3", "", "", "4x3", "", "", None, "", "", transB=1) == "2x4"
    assert out("com.microsoft::DynamicQuantizeMatMul", "7x2x3", "3x4", "", "") == "7x2x4"
    assert out("com.microsoft::MatMulNBits", "1x7x4096", "6x1x16", "6", K=4096, N=11008) == "1x7x11008"


def test_linear_layers_as_torch_stores_them() -> None:
    assert out("Linear", "batchxseqx768", "3072x768", "3072") == "batchxseqx3072"
    assert out("Linear", "768", "3072x768") == "3072"
    assert out("Linear", "2x5", "3072x768") == "..."
    assert out("Linear", "2x768", "768") == "..."
    assert out("Bilinear", "2x7x3", "2x7x4", "5x3x4", "5") == "2x7x5"


@pytest.mark.parametrize(
    ("equation", "inputs", "expected"),
    [
        ("ij,jk->ik", ("2x3", "3x4"), "2x4"),
        ("bhwc,hkc->bhwk", ("2x8x8x32", "8x15x32"), "2x8x8x15"),  # Swin, MViT: relative positions
        ("ij , jk", ("2x3", "3x4"), "2x4"),  # letters that occur once, in order
        ("ba", ("2x3",), "3x2"),
        ("ii->i", ("3x3",), "3"),
        ("ij->", ("2x3",), "()"),
        ("...ij,...jk->...ik", ("5x1x2x3", "6x3x4"), "5x6x2x4"),
        ("...ij->...ji", ("2x3",), "3x2"),
        ("b...,b...", ("2x3x4", "2x3x4"), "3x4"),
        ("bnd,bmd->bnm", ("batchxseqx64", "batchxseqx64"), "batchxseqxseq"),
        ("ij,jk->ik", ("2x3",), "..."),
        ("ij->ik", ("2x3",), "..."),
        ("ijk->i", ("2x3",), "..."),
        ("ij,jk->ik", ("2x3", "4x5"), "..."),
        ("", ("2x3",), "..."),
    ],
)
def test_einsum(equation: str, inputs: tuple[str, ...], expected: str) -> None:
    assert out("Einsum", *inputs, equation=equation) == expected


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"hidden_size": 16}, "7x1x2x16 1x2x16 1x2x16"),
        ({}, "7x1x2x16 1x2x16 1x2x16"),
        ({"hidden_size": 16, "direction": "bidirectional"}, "7x2x2x16 2x2x16 2x2x16"),
        ({"hidden_size": 16, "direction": "reverse"}, "7x1x2x16 1x2x16 1x2x16"),
        ({"hidden_size": 16, "layout": 1}, "7x2x1x16 7x1x16 7x1x16"),
    ],
)
def test_recurrence(attributes: dict[str, Attribute], expected: str) -> None:
    """7 steps of a batch of 2; with layout 1, a batch of 7 and 2 steps."""
    assert out("LSTM", "7x2x8", "1x64x8", "1x64x16", outputs=3, **attributes) == expected


def test_distances_are_between_the_rows_of_two_matrices() -> None:
    assert out("com.microsoft::CDist", "3x4", "5x4") == "3x5"
    assert out("com.microsoft::CDist", "2x3x4", "5x4") == "2x3x5"
    assert out("com.microsoft::CDist", "4", "5x4") == "..."


def test_rows_and_the_matrices_of_their_groups_have_an_axis_in_common() -> None:
    assert out("GroupedMatMul", "6x3", "2x3x5") == "6x5"
    assert out("GroupedMatMul", "6x3", "2x4x5") == "..."


def test_a_linear_layer_has_the_type_of_what_it_is_applied_to() -> None:
    """Its weight may be kept in few bits: of the type of what it makes that tells nothing."""
    assert dtypes("Linear", TensorType((2, 3), "float16"), TensorType((4, 3), "int8")) == ["float16"]
    assert dtypes("Linear", TensorType((2, 3), None), TensorType((4, 3), "int8")) == [None]
