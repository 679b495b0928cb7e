"""Which sizes does the caller give to the dimensions that a model leaves open?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from shortcut_audit.errors import UsageError
from shortcut_audit.graph.draft import Draft
from shortcut_audit.graph.model import Shape, TensorType
from shortcut_audit.loaders.bind import bind
from shortcut_audit.loaders.inputs import InputSpec, parse_inputs
from tests.sketch import listing

OPEN = listing("y = Add(image, mask)", image=("batch", 3, "side", "side"), mask=("batch", 1, None, None))
RECORDED = replace(OPEN, recorded={"y": TensorType(("batch", 3, "side", "inner"), "float32")})


def shapes(draft: Draft) -> dict[str, Shape]:
    return {name: tensor_type.shape for name, tensor_type in draft.inputs}


def given(*texts: str) -> tuple[InputSpec, ...]:
    return parse_inputs(texts)


def test_nothing_asked_is_nothing_changed() -> None:
    assert bind(RECORDED, {}, ()) == RECORDED


# --- --dim -----------------------------------------------------------------------------------------------------------


def test_a_symbol_is_bound_wherever_it_stands() -> None:
    bound = bind(RECORDED, {"batch": 2, "side": 32}, ())
    assert shapes(bound) == {"image": (2, 3, 32, 32), "mask": (2, 1, None, None)}
    assert bound.recorded == {"y": TensorType((2, 3, 32, "inner"), "float32")}


def test_a_dimension_without_a_name_is_called_by_its_place() -> None:
    bound = bind(OPEN, {"mask[2]": 32, "mask[3]": 16}, ())
    assert shapes(bound)["mask"] == ("batch", 1, 32, 16)


def test_a_symbol_that_only_an_inner_tensor_has_can_be_bound() -> None:
    assert bind(RECORDED, {"inner": 8}, ()).recorded["y"].shape == ("batch", 3, "side", 8)


def test_a_dimension_that_the_model_does_not_have_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        bind(OPEN, {"bach": 1}, ())
    assert str(caught.value) == ("the model has no dimension 'bach'; open are 'batch', 'side', 'mask[2]', 'mask[3]'")


def test_a_dimension_may_be_meant_for_another_model_of_the_run() -> None:
    assert shapes(bind(OPEN, {"batch": 1, "tokens": 77}, ()))["image"] == (1, 3, "side", "side")
    fixed = listing("y = Relu(x)", x=(1, 3))
    assert bind(fixed, {"batch": 1}, ()) == replace(fixed, unplaced=("batch",))
    assert bind(OPEN, {"batch": 1, "tokens": 77}, ()).unplaced == ("tokens",)


def test_only_a_few_open_dimensions_are_listed() -> None:
    few, many = (listing("y = Relu(x)", x=tuple(f"d{axis}" for axis in range(count))) for count in (8, 20))
    with pytest.raises(UsageError, match=r"'d6', 'd7'$"):
        bind(few, {"batch": 1}, ())
    with pytest.raises(UsageError, match=r"'d7' and 12 more$"):
        bind(many, {"batch": 1}, ())


# --- --input ---------------------------------------------------------------------------------------------------------


def test_an_input_given_a_shape_binds_its_symbols_everywhere() -> None:
    bound = bind(RECORDED, {}, given("image=2x3x32x32"))
    assert shapes(bound) == {"image": (2, 3, 32, 32), "mask": (2, 1, None, None)}
    assert bound.recorded["y"].shape == (2, 3, 32, "inner")


def test_an_input_may_be_given_another_element_type() -> None:
    bound = bind(OPEN, {}, given("image=1x3x8x8:float16", "mask=1x1x8x8"))
    assert [tensor_type.dtype for _, tensor_type in bound.inputs] == ["float16", "float32"]


def test_nameless_shapes_go_to_the_inputs_that_are_left_in_order() -> None:
    assert shapes(bind(OPEN, {}, given("2x3x8x8", "2x1x4x4"))) == {"image": (2, 3, 8, 8), "mask": (2, 1, 4, 4)}
    assert shapes(bind(OPEN, {}, given("image=2x3x8x8", "2x1x4x4"))) == {"image": (2, 3, 8, 8), "mask": (2, 1, 4, 4)}


def test_a_size_may_stay_open() -> None:
    bound = bind(OPEN, {}, given("image=batchx3x8x8"))
    assert shapes(bound) == {"image": ("batch", 3, 8, 8), "mask": ("batch", 1, None, None)}


def test_an_input_that_the_model_does_not_have_is_refused() -> None:
    with pytest.raises(UsageError, match="the model has no input 'img'; its inputs are 'image', 'mask'"):
        bind(OPEN, {}, given("img=1x3x8x8"))


def test_more_shapes_than_inputs_are_refused() -> None:
    with pytest.raises(
        UsageError, match="--input gives more shapes than the model has inputs, which are 'image', 'mask'"
    ):
        bind(OPEN, {}, given("1x3x8x8", "1x1x8x8", "1x1"))


def test_a_shape_of_another_rank_is_refused() -> None:
    with pytest.raises(UsageError, match="input 'image' has 4 dimensions, --input gives it 3"):
        bind(OPEN, {}, given("image=3x32x32"))


def test_an_input_of_unknown_rank_takes_any_shape() -> None:
    unknown = listing("y = Relu(x)", x=TensorType(None, "float32"))
    assert shapes(bind(unknown, {}, given("1x3x8x8"))) == {"x": (1, 3, 8, 8)}


def test_a_shape_that_the_file_fixes_can_be_overruled_and_its_other_statements_are_then_void() -> None:
    fixed = replace(listing("y = Relu(x)", x=(1, 3, 8, 8)), recorded={"y": TensorType((1, 3, 8, 8))})
    bound = bind(fixed, {}, given("4x3x8x8"))
    assert shapes(bound) == {"x": (4, 3, 8, 8)}
    assert bound.recorded == {}
    assert bound.notes == ("--input gives 'x' another shape than the file fixes",)


def test_the_shape_that_the_file_has_overrules_nothing() -> None:
    fixed = replace(listing("y = Relu(x)", x=(1, 3)), recorded={"y": TensorType((1, 3))})
    assert bind(fixed, {}, given("1x3")) == fixed
