"""What is an operator of which only the effect is known?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from shortcut_audit.assembly.assemble import assemble
from shortcut_audit.graph.draft import Tensor
from shortcut_audit.graph.model import TensorType
from shortcut_audit.operators.declaration import Declaration, find
from shortcut_audit.operators.row import Effect
from shortcut_audit.operators.rows.declared import row, spelled
from shortcut_audit.operators.table import macs
from tests.sketch import listing, stored


@pytest.mark.parametrize(
    ("declared", "inputs", "kind"),
    [
        # What is learned: everything of what learns, unless something is said; all others are scales.
        (Declaration("normalisation"), 3, "declared::normalisation data=0 weights= scales= macs-none="),
        (Declaration("nonlinear"), 2, "declared::nonlinear data=0 weights= scales= macs-unknown="),
        (Declaration("gate"), 2, "declared::gate data=0,1 weights= scales= macs-none="),
        (Declaration("copy"), 3, "declared::copy data=0 weights= scales=0,1,2 macs-none="),
        (Declaration("selection"), 2, "declared::selection data=0 weights= scales=0,1 macs-none="),
        (Declaration("scale"), 2, "declared::scale data=0 weights= scales=0,1 macs-none="),
        (Declaration("free"), 1, "declared::free data=0 weights= scales=0 macs-none="),
        (Declaration("linear", weights=(1,)), 4, "declared::linear data=0 weights=1 scales=0,2,3 macs-unknown="),
        (Declaration("linear", scales=(3,)), 4, "declared::linear data=0 weights= scales=3 macs-unknown="),
        (Declaration("linear", weights=(1,), scales=()), 4, "declared::linear data=0 weights=1 scales= macs-unknown="),
        (Declaration("gate", data=(1,)), 2, "declared::gate data=1 weights= scales= macs-none="),
        (Declaration("linear"), 0, "declared::linear data= weights= scales= macs-unknown="),
        # Formulas: asked on the first inputs, or on those that are named.
        (Declaration("linear", macs="matmul"), 2, "declared::linear data=0 weights= scales= macs-matmul=0,1"),
        (Declaration("linear", macs="conv"), 2, "declared::linear data=0 weights= scales= macs-conv=0,1"),
        (Declaration("linear", macs="none"), 2, "declared::linear data=0 weights= scales= macs-none="),
        (Declaration("nonlinear", macs="attention"), 3,
         "declared::nonlinear data=0 weights= scales= macs-attention=0,1,2"),
        (Declaration("linear", macs="matmul", of=(0, 2)), 3,
         "declared::linear data=0 weights= scales= macs-matmul=0,2"),
        (Declaration("linear", macs="elementwise"), 2, "declared::linear data=0 weights= scales= macs-elementwise="),
    ],
)  # fmt: skip
def test_a_declaration_is_spelled_with_what_it_leaves_out(declared: Declaration, inputs: int, kind: str) -> None:
    assert spelled(declared, inputs) == kind


@pytest.mark.parametrize(
    ("declared", "effect", "pointwise", "mixes", "shaped"),
    [
        (Declaration("copy"), Effect.VIEW, True, False, True),
        (Declaration("view"), Effect.VIEW, False, False, False),
        (Declaration("selection"), Effect.SELECTION, False, False, False),
        (Declaration("scale"), Effect.SCALE, True, False, True),
        (Declaration("gate"), Effect.GATE, True, False, True),
        (Declaration("normalisation"), Effect.NORMALISATION, True, False, True),
        (Declaration("linear"), Effect.LINEAR, False, True, False),
        (Declaration("nonlinear"), Effect.NONLINEAR, False, True, False),
        (Declaration("free"), Effect.NONLINEAR, False, False, False),
        (Declaration("nonlinear", macs="elementwise"), Effect.NONLINEAR, True, False, True),  # one for each element
        (Declaration("linear", macs="matmul"), Effect.LINEAR, False, True, False),
    ],
)
def test_what_a_word_means(declared: Declaration, effect: Effect, pointwise: bool, mixes: bool, shaped: bool) -> None:
    """Element by element nothing is mixed, and the shape is that of the data; a map mixes, whatever it maps."""
    made = row(spelled(declared, 2))
    assert (made.effect, made.pointwise, made.mixes, made.shape is not None) == (effect, pointwise, mixes, shaped)
    assert (made.parts, made.short) == (True, declared.kind)


def test_which_inputs_hold_what() -> None:
    made = row(spelled(Declaration("linear", data=(1,), weights=(0, 2), scales=(3,)), 4))
    assert (made.data, made.quantised, made.buffers) == ((1,), (0, 2), (3,))


def test_what_is_read_along_with_a_formula() -> None:
    assert row(spelled(Declaration("nonlinear", macs="attention"), 3)).counted_with == ("kv_num_heads", "q_num_heads")
    assert row(spelled(Declaration("linear", macs="matmul"), 2)).counted_with == ()
    assert row(spelled(Declaration("linear", macs="none"), 2)).macs is None
    assert row(spelled(Declaration("linear"), 2)).macs is not None


def counted(declared: Declaration, made: tuple[int, ...] | None, **given: Tensor | tuple[int, ...]) -> int | None:
    """The MACs of an operator that reads what is given and makes a value of this shape."""
    draft = listing(f"y = com.example::Mystery({', '.join(given)})", **given)
    if made is not None:
        draft = replace(draft, recorded={"y": TensorType(made, "float32")})
    graph = assemble(draft, {"com.example::Mystery": declared})
    found = macs(graph, graph.ops[-1])
    assert found is None or isinstance(found, int)
    return found


IMAGE = (1, 8, 4, 4)


@pytest.mark.parametrize(
    ("declared", "made", "given", "count"),
    [
        (Declaration("linear", macs="matmul"), (2, 5, 3), {"x": (2, 5, 8), "w": stored(8, 3)}, 240),  # 2 x 5 x 8 x 3
        (Declaration("linear", macs="matmul", of=(0, 2)), (2, 5, 3),
         {"x": (2, 5, 8), "s": stored(1), "w": stored(8, 3)}, 240),
        (Declaration("linear", macs="conv"), (1, 16, 4, 4), {"x": IMAGE, "w": stored(16, 8, 3, 3)}, 18_432),
        (Declaration("linear", macs="conv"), (1, 16), {"x": (1, 8), "w": stored(16, 8)}, 128),  # 1 x 16 x 8
        (Declaration("linear", macs="conv"), (1, 15, 4, 4), {"x": IMAGE, "w": stored(16, 8, 3, 3)}, None),  # 15 of 16
        (Declaration("linear", macs="conv"), (1, 16, 4, 4), {"x": IMAGE, "w": stored(16)}, None),
        (Declaration("linear", macs="conv"), (16,), {"x": IMAGE, "w": stored(16, 8)}, None),
        (Declaration("linear", macs="conv"), None, {"x": IMAGE, "w": stored(16, 8)}, None),
        (Declaration("linear", macs="conv"), (1, 16), {"x": IMAGE}, None),  # without a kernel
        (Declaration("nonlinear", macs="attention"), (2, 4, 6, 8),
         dict.fromkeys("qkv", (2, 4, 6, 8)), 4_608),  # 2 x 4 x 6 x 6 x (8 + 8)
        (Declaration("nonlinear", macs="elementwise"), None, {"x": IMAGE}, 128),  # 8 x 4 x 4
        (Declaration("nonlinear"), IMAGE, {"x": IMAGE}, None),
        (Declaration("nonlinear", macs="none"), IMAGE, {"x": IMAGE}, 0),
        (Declaration("free"), IMAGE, {"x": IMAGE}, 0),
    ],
)  # fmt: skip
def test_what_a_formula_counts(
    declared: Declaration, made: tuple[int, ...] | None, given: dict[str, Tensor | tuple[int, ...]], count: int | None
) -> None:
    assert counted(declared, made, **given) == count


def test_a_declaration_is_found_by_name_with_or_without_its_overload() -> None:
    copy, view = Declaration("copy"), Declaration("view")
    assert find({"a::op": copy}, "a::op") is copy
    assert find({"a::op": copy}, "a::op.default") is copy
    assert find({"a::op": copy, "a::op.out": view}, "a::op.out") is view
    assert find({"a::op": copy}, "b::op") is None
    assert find({"a::op.out": view}, "a::op") is None


def test_the_declaration_of_scales_and_weights_is_said() -> None:
    assert Declaration("copy").said() == "copy"
    assert Declaration("linear", weights=(1,), scales=()).said() == "linear; weights 1; scales "
