"""`infer` as a whole: arithmetic on shapes across several ops, and that nothing makes it fail."""

from __future__ import annotations

import time

import onnx.defs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from shortcut_audit.graph.model import Attribute, TensorType
from shortcut_audit.operators.infer import infer
from shortcut_audit.operators.table import OPERATORS
from tests.operators.shapes.calls import dtypes, out, types

OPAQUE = {
    # Constants are tensors of the draft, and Scan is written out: see draft.py.
    *("Constant", "Scan"),
    # Sequences and optionals are no tensors.
    *("ConcatFromSequence", "Optional", "OptionalGetElement", "SequenceAt", "SequenceConstruct", "SequenceEmpty"),
    *("SequenceErase", "SequenceInsert", "SequenceMap", "SplitToSequence"),
}


SHAPED = {kind for kind, row in OPERATORS.items() if row.shape is not None}


def test_every_operator_of_onnx_is_known() -> None:
    """Fails when a new operator set brings one: give it a rule, or list it above."""
    operators = {schema.name for schema in onnx.defs.get_all_schemas_with_history() if schema.domain == ""}
    assert operators - SHAPED == OPAQUE & operators


FORGOTTEN = {"Affine", "Crop", "Maxout", "ParametricSoftplus", "ScaledTanh"}
"""Experimental operators that ONNX dropped before version 7."""

OF_ATEN_ALONE = {"Fft", "Im2Col", "Pointwise", "QuantisationOf", "Sort", "Uncontracted"}
"""Their sources record every shape."""

DECLARED = {kind for kind in OPERATORS if kind.startswith("declared::")}
"""What a configuration says that an operator does: its shape is what the file records."""


def test_every_operator_that_is_understood_has_a_shape() -> None:
    assert OPERATORS.keys() - SHAPED <= OPAQUE | FORGOTTEN | OF_ATEN_ALONE | DECLARED


def test_an_operator_that_nobody_knows_makes_as_many_unknown_values_as_it_has_outputs() -> None:
    assert infer("com.evil::Add", {}, [TensorType((2, 3), "float32", None)], 2, 17) == (TensorType(), TensorType())
    assert infer("Relu", {}, [TensorType((2, 3))], 0, 17) == ()


def test_no_default_stands_in_for_an_attribute_that_cannot_be_read() -> None:
    """It is given, as None. By default, there is no padding, and the stride is 1."""
    assert out("Conv", "1x4x8x8", "4x4x3x3") == "1x4x6x6"
    assert out("Conv", "1x4x8x8", "4x4x3x3", pads=None) == "..."
    assert out("ConvTranspose", "1x4x8x8", "4x4x3x3", group=None) == "..."
    assert out("Conv", "1x4x8x8", "4x4x3x3", auto_pad=None) == "..."
    assert out("ReduceSum", "1x4x8x8", axes=None) == "..."
    assert dtypes("RandomNormal", shape=(1,)) == ["float32"]
    assert dtypes("RandomNormal", shape=(1,), dtype=None) == [None]
    assert dtypes("QuantizeLinear", "1x4", "") == ["uint8"]
    assert dtypes("QuantizeLinear", "1x4", "", output_dtype=None) == [None]
    assert dtypes("DequantizeLinear", "1x4", "") == ["float32"]
    assert dtypes("DequantizeLinear", "1x4", "", output_dtype=None) == [None]


def test_outputs_beyond_those_of_the_operator_are_unknown() -> None:
    assert out("Relu", "2x3", outputs=3) == "2x3 ... ..."


def test_a_flattening_as_exporters_write_it() -> None:
    """x.view(x.size(0), -1) with a free batch: Shape, Gather, Unsqueeze, Concat, Reshape."""
    (shape,) = types("Shape", "batchx512x1x1")
    (batch,) = types("Gather", shape, 0, axis=0)
    (vector,) = types("Unsqueeze", batch, (0,))
    (target,) = types("Concat", vector, (-1,), axis=0)
    assert target.data == ("batch", -1)
    assert out("Reshape", "batchx512x1x1", target) == "batchx512"


def test_an_expansion_as_exporters_write_it() -> None:
    """token.expand(x.size(0), -1, -1): where the wanted size is -1, a 1 takes its place."""
    wanted = ("batch", -1, -1)
    (ones,) = types("ConstantOfShape", (3,), value=1)
    (minus,) = types("Mul", ones, -1)
    (kept,) = types("Equal", wanted, minus)
    (target,) = types("Where", kept, ones, wanted)
    assert target.data == ("batch", 1, 1)
    assert out("Expand", "1x1x192", target) == "batchx1x192"


def test_heads_as_exporters_split_them() -> None:
    """x.view(batch, length, 12, width // 12)."""
    (shape,) = types("Shape", "batchxseqx768")
    (width,) = types("Gather", shape, (2,))
    (head,) = types("Div", width, (12,))
    (lead,) = types("Slice", shape, (0,), (2,))
    (target,) = types("Concat", lead, (12,), head, axis=0)
    assert out("Reshape", "batchxseqx768", target) == "batchxseqx12x64"


@pytest.mark.parametrize("shape", [(-1, 3), (2**63, 3)])
def test_a_size_that_no_tensor_has_is_unknown(shape: tuple[int, ...]) -> None:
    assert infer("Relu", {}, [TensorType(shape)], 1, 17)[0].shape == (None, 3)


def test_a_tensor_of_absurd_rank_is_unknown() -> None:
    assert infer("Relu", {}, [TensorType((1,) * 100_000)], 1, 17) == (TensorType(),)
    assert infer("Unsqueeze", {"axes": tuple(range(1000))}, [TensorType((2,))], 1, 11) == (TensorType(),)


def test_many_ops_take_little_time() -> None:
    """32,000 ops are a large model; the limit is ten times what they take."""
    image, weight = TensorType((1, 64, 56, 56), "float32"), TensorType((64, 64, 3, 3), "float32")
    start = time.process_time()
    for _ in range(8_000):
        infer("Conv", {"pads": (1, 1, 1, 1), "kernel_shape": (3, 3)}, [image, weight], 1, 17)
        infer("Add", {}, [image, image], 1, 17)
        infer("Relu", {}, [image], 1, 17)
        infer("Transpose", {"perm": (0, 2, 3, 1)}, [image], 1, 17)
    assert time.process_time() - start < 3


ODD_INTEGERS = [0, 1, 2, 3, 4, 7, -1, -2, 2**31 - 1, 2**62, 2**63 - 1, -(2**63), 2**63, 10**30, 10**400]
ODD_FLOATS = [0.0, 1.0, 0.5, -1.0, 1e-320, 1e308, float("inf"), float("-inf"), float("nan")]
ODD_TEXTS = ["", "N", "SAME_UPPER", "VALID", "...ij,jk->...ik", "->", "i,j", "bidirectional", "not_larger", "none"]
ATTRIBUTES = """
    allowzero auto_pad axes axis batch_dims blocksize ceil_mode channels channels_last direction dilations ends equation
    fmod group hidden_size inverse keepdims kernel_shape kv_num_heads layout noop_with_empty_axes num_heads num_outputs
    onesided output_padding output_shape pads perm q_num_heads scales shape split stacked start starts strides to value
""".split()

integers = some.one_of(some.integers(-2, 5), some.sampled_from(ODD_INTEGERS))
sizes = some.one_of(some.integers(0, 4), integers, some.sampled_from(["N", "M", None]))
elements = some.one_of(integers, some.sampled_from([*ODD_FLOATS, "N", None, True]))
small = some.lists(some.integers(0, 3), max_size=4).map(tuple)
tensors = some.builds(
    TensorType,
    some.one_of(some.none(), small, some.lists(sizes, max_size=6).map(tuple)),
    some.sampled_from([None, "float32", "int64", "bool", "float16", "string", "uint8", "nonsense"]),
    some.one_of(some.none(), some.lists(elements, max_size=8).map(tuple)),
)
vectors = some.lists(elements, max_size=8).map(lambda found: TensorType((len(found),), "int64", tuple(found)))
attributes = some.one_of(
    integers,
    some.lists(integers, max_size=5).map(tuple),
    some.sampled_from([*ODD_TEXTS, None, 0.5, (0.5,), ("a",), True]),
)


@settings(max_examples=1_000, deadline=None)
@given(
    kind=some.sampled_from(sorted(SHAPED)),
    attributes=some.dictionaries(some.sampled_from(ATTRIBUTES), attributes, max_size=4),
    inputs=some.lists(some.one_of(some.none(), tensors, vectors), max_size=6),
    outputs=some.integers(0, 5),
    opset=some.integers(7, 28),
)
def test_nothing_makes_it_fail(
    kind: str, attributes: dict[str, Attribute], inputs: list[TensorType | None], outputs: int, opset: int
) -> None:
    found = infer(kind, attributes, inputs, outputs, opset)
    assert len(found) == outputs
    for made in found:
        for size in made.shape or ():
            assert size is None or type(size) is str or (type(size) is int and 0 <= size < 2**63)
        assert made.data is None or len(made.data) <= 256
