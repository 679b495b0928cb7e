"""Is each operator what its row says?

The whole table is walked. Samples are ONNX's own conformance cases, and calls written here of operators that ONNX has
not; what they compute is found by onnx's reference evaluator (tests/canonical.py). What a row claims (it moves
elements, is linear, mixes positions, leaves x as it is beside its neutral constant) is then seen by changing inputs.
Shapes are held against onnx.shape_inference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper

from shortcut_audit.operators.infer import infer
from shortcut_audit.operators.row import Effect, Operator
from shortcut_audit.operators.table import OPERATORS
from tests import canonical
from tests.operators.conformance import attributes_of, cases, tensor_type

Array = np.ndarray[Any, Any]

X = np.array([[0.5, -1.25, 2.0], [-0.75, 3.0, 1.5]], np.float32)
Y = np.array([[1.5, 0.25, -2.0], [2.5, -1.0, 0.75]], np.float32)
IMAGE = (np.arange(72, dtype=np.float32).reshape(1, 2, 6, 6) - 30) / 7
ONE = np.array(1, np.float32)


@dataclass(frozen=True)
class Sample:
    """One call of an operator."""

    kind: str
    attributes: Mapping[str, Any]
    inputs: tuple[Any, ...]
    outputs: int = 1
    opset: int = canonical.OPSET

    def made(self, *inputs: Any) -> list[Any]:
        """What the call makes of other inputs."""
        with np.errstate(all="ignore"):
            return canonical.computed(self.kind, self.attributes, list(inputs), self.outputs, self.opset)

    def slots(self, row: Operator, dtypes: str = "f") -> list[int]:
        """Input slots through which data of these sorts passes."""
        given = [slot for slot, array in enumerate(self.inputs) if array is not None and array.dtype.kind in dtypes]
        return [slot for slot in given if not row.data or slot in row.data]

    def with_input(self, slot: int, array: Array) -> list[Any]:
        """What the call makes with one other input."""
        return self.made(*self.inputs[:slot], array, *self.inputs[slot + 1 :])


OWN = (
    Sample("AdaptiveAveragePool", {"output_size": (2, 3)}, (IMAGE,)),
    Sample("Atan2", {}, (X, Y)),
    Sample("Bias", {}, (X, Y[0])),
    Sample("Bilinear", {}, (X, Y, np.arange(18, dtype=np.float32).reshape(2, 3, 3))),
    Sample("Cast", {"to": 11}, (X,)),
    Sample("CastLike", {}, (X, np.zeros(2))),
    Sample("CumProd", {}, (X, np.array(1))),
    Sample("Im2Col", {"kernel_shape": (2, 2), "strides": (1, 1), "pads": (0,) * 4, "dilations": (1, 1)}, (IMAGE,)),
    Sample("Linear", {}, (X, Y, Y[:, 0])),
    Sample("Roll", {"axes": (1,), "shifts": (1,)}, (X,)),
    Sample("Scale", {"factor": 0.5}, (X,)),
    Sample("Stack", {"axis": 1}, (X, Y)),
    Sample("Trilu", {}, (X,)),
    Sample("Mish", {}, (X,)),
    *(
        Sample(kind, {}, (np.abs(X) / 4,))
        for kind in "Digamma Erfc Erfinv Expm1 Frac Hardtanh I0 Lgamma Log1p Relu6 Rsqrt Sinc Trunc".split()
    ),
)
"""Calls of operators that ONNX has not, or of which its conformance cases are on types that numpy has not."""

WITHOUT_SAMPLES = {
    "Affine Crop Maxout ParametricSoftplus ScaledTanh": "experimental; dropped from ONNX before version 7",
    "ConcatFromSequence Optional OptionalGetElement OptionalHasElement SequenceAt SequenceConstruct SequenceEmpty "
    "SequenceErase SequenceInsert SequenceLength SplitToSequence": "lists are no tensors",
    "If Loop LoopIndex LoopSlice LoopState": "bodies are flattened in: tests/loaders/onnx/test_bodies.py",
    "Bernoulli Multinomial RandomDropout RandomNormal RandomNormalLike RandomUniform RandomUniformLike": "chance",
    "TrainingDropout": "Dropout, in a graph that is the training form: tests/assembly/test_copies.py",
    "ClippingQuantisation LossyCast NarrowingCast Rescale": "Cast and QuantizeLinear where they change values: "
    "tests/assembly/test_copies.py",
    "Quantisation": "reads nothing",
    "QuantisationOf": "what it makes is as its library has it: several formulas",
    "Fft GroupedMatMul Inverse PackedLinear Sort": "of ATen alone, opaque",
    "Pointwise Uncontracted": "what is known of an op is that it contracts nothing",
    "Scatter TensorScatter": "the reference evaluator knows no Scatter, and no TensorScatter of other numbers",
    "GlobalLpPool MaxRoiPool SimplifiedLayerNormalization": "not among the conformance cases",
    "RegexFullMatch StringConcat StringNormalizer StringSplit": "texts",
}
"""Operators that are not called here, and why; and those of ONNX Runtime, which is no dependency."""


def samples(kind: str) -> list[Sample]:
    return [*(sample for sample in OWN if sample.kind == kind), *_conforming().get(kind, [])]


@cache
def _conforming() -> dict[str, list[Sample]]:
    """A few conformance cases of each operator, of small inputs: what depends on what is seen element by element."""
    found: dict[str, list[Sample]] = {}
    for _, node, opset, given, _ in cases():
        kept = found.setdefault(node.op_type, [])
        attributes = attributes_of(node)
        trains = node.op_type == "Dropout" and len(given) > 2
        rewrites = attributes.get("reduction", "none") in {"mul", "max", "min"}
        if len(kept) < 12 and sum(0 if a is None else a.size for a in given) <= 4000 and not trains and not rewrites:
            kept.append(Sample(node.op_type, attributes, tuple(given), len(node.output), opset))
    return found


EXCUSED = {name for names in WITHOUT_SAMPLES for name in names.split()}
KINDS = sorted(kind for kind in OPERATORS if "::" not in kind and kind not in EXCUSED and samples(kind))


def test_every_row_that_is_understood_is_called() -> None:
    """Fails when a row is added without: write a call of it above, or say why there is none."""
    named = {kind for kind, row in OPERATORS.items() if row.understood and "::" not in kind}
    assert named - set(KINDS) - EXCUSED == set()
    assert EXCUSED <= OPERATORS.keys()


# --- what depends on what --------------------------------------------------------------------------------------------


def changed(array: Array, position: int, by: int) -> Array:
    """The array with one element changed."""
    other = array.copy().reshape(-1)
    other[position] = not other[position] if other.dtype == bool else other[position] + np.array(by).astype(other.dtype)
    return other.reshape(array.shape)


def affected(sample: Sample, slot: int, most: int = 48) -> list[set[int]]:
    """For each of the first elements of an input: which elements of the first output change with it.

    By a step up or a step down, so that each may become the largest or the smallest.
    """
    before = sample.made(*sample.inputs)[0].reshape(-1)
    found: list[set[int]] = []
    for position in range(min(sample.inputs[slot].size, most)):
        found.append(set())
        for by in (20, -20):
            after = sample.with_input(slot, changed(sample.inputs[slot], position, by))[0].reshape(-1)
            same = np.isclose(after, before, rtol=1e-6, atol=1e-7, equal_nan=True) if len(after) == len(before) else []
            found[-1].update(np.flatnonzero(~np.asarray(same, bool)).tolist())
    return found


def reads_several(sample: Sample, slot: int) -> bool:
    """Whether some element of the output depends on several of the input."""
    counted: dict[int, int] = {}
    for places in affected(sample, slot):
        for place in places:
            counted[place] = counted.get(place, 0) + 1
    return any(count > 1 for count in counted.values())


@pytest.mark.parametrize("kind", [kind for kind in KINDS if OPERATORS[kind].pointwise])
def test_each_element_depends_on_those_of_its_place_alone(kind: str) -> None:
    row, tried = OPERATORS[kind], 0
    for sample in samples(kind)[:4]:
        shape = sample.made(*sample.inputs)[0].shape
        for slot in sample.slots(row, "fiub"):
            if sample.inputs[slot].shape == shape:
                tried += 1
                for position, places in enumerate(affected(sample, slot)):
                    assert places <= {position}, (sample, slot)
    assert tried


INTERPOLATING = {"Resize", "Upsample", "GridSample"}
"""Resampling counts as selection: between two pixels it reads both."""


@pytest.mark.parametrize("kind", [k for k in KINDS if OPERATORS[k].effect in {Effect.VIEW, Effect.SELECTION}])
def test_what_views_or_selects_reads_each_element_by_itself_unless_it_mixes(kind: str) -> None:
    row = OPERATORS[kind]
    given = [(s, slot) for s in samples(kind) for slot in s.slots(row, "fi") if s.inputs[slot].size]
    several = [reads_several(sample, slot) for sample, slot in given[:8] if "reduction" not in sample.attributes]
    assert given
    if row.mixes is True:
        assert any(several)
    elif kind not in INTERPOLATING:
        assert not any(several)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if OPERATORS[kind].mixes is True])
def test_what_mixes_reads_several_positions(kind: str) -> None:
    row = OPERATORS[kind]
    assert any(reads_several(s, slot) for s in samples(kind)[:6] for slot in s.slots(row) if s.inputs[slot].size > 1)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if OPERATORS[kind].unread])
def test_of_some_slots_no_element_is_read(kind: str) -> None:
    for sample in samples(kind)[:4]:
        for slot in OPERATORS[kind].unread:
            assert not any(affected(sample, slot))


# --- linear or not ---------------------------------------------------------------------------------------------------


def bent(sample: Sample, slots: list[int]) -> float:
    """How far a call is from affine along a line, in all these inputs together: f(x + 2 d) - 2 f(x + d) + f(x)."""
    chance = np.random.default_rng(0)
    steps = {slot: chance.normal(size=sample.inputs[slot].shape) * 3 for slot in slots}
    line = []
    for count in (0, 1, 2):
        inputs = [
            (array + count * steps[slot]).astype(array.dtype) if slot in steps else array
            for slot, array in enumerate(sample.inputs)
        ]
        line.append(sample.made(*inputs)[0])
    if len({part.shape for part in line}) > 1:
        return np.inf
    start, middle, end = (part.astype(np.float64) for part in line)
    scale = max(np.abs(part[np.isfinite(part)]).max(initial=1e-9) for part in (start, middle, end))
    found = np.abs(end - 2 * middle + start) / scale
    return float(np.nan_to_num(found, nan=1.0, posinf=1.0).max(initial=0.0))


def homogeneous(sample: Sample, slots: list[int]) -> bool:
    """Whether twice the input gives twice the output: so do maxima and norms of windows."""
    doubled = [2 * array if slot in slots else array for slot, array in enumerate(sample.inputs)]
    return bool(np.allclose(sample.made(*doubled)[0], 2 * sample.made(*sample.inputs)[0], rtol=1e-3, atol=1e-4))


LINEAR = {Effect.VIEW, Effect.SELECTION, Effect.PRODUCT, Effect.SUM, Effect.CONTRACTION, Effect.CHOICE}


@pytest.mark.parametrize("kind", [k for k in KINDS if OPERATORS[k].effect in LINEAR and not OPERATORS[k].rounds])
def test_what_may_stand_on_a_shortcut_is_linear_in_each_operand(kind: str) -> None:
    """Or at least homogeneous: a maximum over a window selects one element."""
    tried = 0
    for sample in samples(kind):
        for slot in sample.slots(OPERATORS[kind]):
            tried += 1
            assert bent(sample, [slot]) < 1e-3 or homogeneous(sample, [slot]), (sample, slot)
    assert tried or kind in OF_INTEGERS


OF_INTEGERS = {"DequantizeLinear"}

BENT_IN_VAIN = {
    "DFT STFT": "linear, but a spectrum is no shortcut",
    "Shape Size EyeLike ConstantOfShape Range OneHot NonZero": "sizes and places",
    "HannWindow HammingWindow BlackmanWindow MelWeightMatrix AffineGrid": "made from sizes",
    "And Or Xor Not Equal IsInf IsNaN BitwiseAnd BitwiseOr BitwiseXor BitwiseNot BitShift": "truth values and bits",
    "ImageDecoder TfIdfVectorizer Unique NonMaxSuppression": "places, texts and images",
    "BitCast": "the same bits",
}
"""Operators whose rows are nonlinear for another reason than that their values are."""


@pytest.mark.parametrize(
    "kind",
    [
        kind
        for kind in KINDS
        if OPERATORS[kind].effect is Effect.NONLINEAR and kind not in " ".join(BENT_IN_VAIN).split()
    ],
)
def test_what_is_called_nonlinear_is(kind: str) -> None:
    """In all its inputs together: a product of two of them is."""
    floats = [(s, [n for n, a in enumerate(s.inputs) if a is not None and a.dtype.kind == "f"]) for s in samples(kind)]
    assert any(slots and bent(sample, slots) > 1e-3 for sample, slots in floats)


@pytest.mark.parametrize("kind", [k for k in KINDS if OPERATORS[k].effect is Effect.NORMALISATION and k != "LRN"])
def test_a_normalisation_forgets_the_scale_unless_it_keeps_running_statistics(kind: str) -> None:
    row = OPERATORS[kind]
    for sample in samples(kind)[:4]:
        x, *rest = sample.inputs
        if kind == "LogSoftmax":  # forgets what is added to all elements, as its exponential forgets the scale of that
            assert np.allclose(sample.made(x + 3, *rest)[0], sample.made(x, *rest)[0], rtol=1e-2, atol=1e-3), sample
        elif row.running:
            assert bent(sample, [0]) < 1e-3 or sample.attributes.get("training_mode")
        else:
            large, larger = (sample.made(factor * x, *rest)[0] for factor in (1000, 3000))
            assert np.allclose(large, larger, rtol=1e-2, atol=1e-3), sample


# --- elements --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [kind for kind in KINDS if OPERATORS[kind].moves])
def test_what_moves_elements_makes_none_of_its_own(kind: str) -> None:
    row = OPERATORS[kind]
    for sample in samples(kind):
        given = {element for slot in sample.slots(row, "fiub") for element in sample.inputs[slot].reshape(-1).tolist()}
        assert set(sample.made(*sample.inputs)[0].reshape(-1).tolist()) <= given


@pytest.mark.parametrize("kind", [kind for kind in KINDS if OPERATORS[kind].parts])
def test_parts_are_the_whole(kind: str) -> None:
    for sample in samples(kind):
        parts = np.concatenate([part.reshape(-1) for part in sample.made(*sample.inputs)])
        assert sorted(parts.tolist()) == sorted(sample.inputs[0].reshape(-1).tolist())


def test_a_choice_is_one_of_the_two() -> None:
    for sample in samples("Where"):
        condition, left, right = sample.inputs
        assert (sample.made(*sample.inputs)[0] == np.where(condition, left, right)).all()


WITH_NEUTRAL = sorted(kind for kind, row in OPERATORS.items() if row.neutral is not None)


def called(kind: str, *inputs: Array, **attributes: Any) -> Array:
    found: Array = canonical.computed(kind, attributes, list(inputs), 1, canonical.OPSET)[0]
    return found


@pytest.mark.parametrize("kind", WITH_NEUTRAL)
def test_beside_its_neutral_constant_an_operator_leaves_its_operand_as_it_is(kind: str) -> None:
    neutral = OPERATORS[kind].neutral
    assert neutral is not None
    assert (called(kind, X, ONE * neutral) == X).all()
    assert (called(kind, X, ONE * (neutral + 1)) != X).any()


def test_every_sum_and_product_of_two_has_a_neutral_constant_but_an_average() -> None:
    lacking = {k for k, r in OPERATORS.items() if r.effect in {Effect.SUM, Effect.PRODUCT} and r.neutral is None}
    assert lacking == {"Mean", "Neg", "Rescale", "Scale"}


@pytest.mark.parametrize("kind", [kind for kind, row in OPERATORS.items() if row.adds])
def test_a_sum_adds_every_operand_with_its_sign(kind: str) -> None:
    row, zero = OPERATORS[kind], np.zeros_like(X)
    share = 2 if row.averages else 1
    assert (called(kind, X, zero) == X / share).all()
    assert (called(kind, zero, X) == (-X if 1 in row.negated else X) / share).all()


@pytest.mark.parametrize("kind", [kind for kind, row in OPERATORS.items() if row.sums_axes])
def test_a_sum_over_axes_adds_or_averages(kind: str) -> None:
    """Of six ones."""
    expected = 1 if OPERATORS[kind].averages else 6
    assert called(kind, np.ones((2, 3), np.float32), keepdims=0).item() == expected


@pytest.mark.parametrize("kind", [kind for kind, row in OPERATORS.items() if row.statistic])
def test_a_statistic_is_made_of_several_elements_and_is_fewer(kind: str) -> None:
    sample = Sample(kind, {}, (np.abs(IMAGE) + 1,))
    assert reads_several(sample, 0)
    assert sample.made(*sample.inputs)[0].size < IMAGE.size


FACTORS: Mapping[str, tuple[Array, ...]] = {"Pow": (np.array(2, np.float32),), "Clip": (ONE / 8,), "Max": (ONE / 8,)}


@pytest.mark.parametrize("kind", [kind for kind, row in OPERATORS.items() if row.rescales])
def test_what_turns_one_statistic_into_another_is_a_power(kind: str) -> None:
    """Twice the statistic is always the same multiple of the result; of what is kept from zero, far from zero."""
    once, twice, fourfold = (called(kind, np.abs(X) * factor, *FACTORS.get(kind, ())) for factor in (1, 2, 4))
    assert np.allclose(twice / once, fourfold / twice)
    assert np.allclose(twice / once, (twice / once).flat[0])


SHAPE, AXES = np.array(X.shape), np.array([0, 1])
ENDS = np.array([9, 9])
EVERYTHING: Mapping[str, tuple[tuple[Array, ...], tuple[Array, ...] | None]] = {
    "CenterCropPad": ((X, SHAPE), None),
    "Concat": ((X,), None),
    "Expand": ((X, SHAPE), None),
    "Pad": ((X, np.array([0, 0, 0, 0])), (X, np.array([0, 1, 0, -1]))),
    "Resize": ((X, None, None, SHAPE), None),  # type: ignore[dict-item]
    "Slice": ((X, AXES * 0, ENDS, AXES, AXES * 0 + 1), (X, AXES * 0 - 1, -ENDS, AXES, AXES * 0 - 1)),
    "Tile": ((X, np.array([1, 1])), None),
    "Upsample": ((X, np.array([1, 1], np.float32)), None),
}
"""A call that selects everything and, where the shape alone does not tell, one that keeps the shape and does not."""


@pytest.mark.parametrize("kind", [kind for kind, row in OPERATORS.items() if row.whole is not None])
def test_a_selection_that_may_select_everything_does(kind: str) -> None:
    whole, part = EVERYTHING[kind]
    attributes = {"axis": 0} if kind == "Concat" else {}
    opset = 9 if kind == "Upsample" else canonical.OPSET
    assert (canonical.computed(kind, attributes, list(whole), 1, opset)[0] == X).all()
    row = OPERATORS[kind].whole
    assert row is not None
    assert (part is None) == (row.slot is None)
    if part is not None and row.slot is not None:
        assert (called(kind, *part) != X).any()
        assert (whole[row.slot] == row.plain).all()
        assert (part[row.slot] != row.plain).any()


@pytest.mark.parametrize("kind", sorted(k for k in OPERATORS if "::" not in k and onnx.defs.has(k)))
def test_what_varies_is_what_onnx_calls_nondeterministic(kind: str) -> None:
    """Dropout does in training alone, which the assembly tells apart; bodies may hold anything."""
    schema = onnx.defs.get_schema(kind)
    if not hasattr(schema, "node_determinism"):
        pytest.skip("this version of onnx does not say")
    chance = schema.node_determinism == onnx.defs.OpSchema.NodeDeterminism.NonDeterministic
    assert OPERATORS[kind].varies == (chance and kind not in {"Dropout", "If", "Loop", "AffineGrid"})


# --- shapes ----------------------------------------------------------------------------------------------------------


def inferred_by_onnx(sample: Sample) -> Iterator[tuple[int | str | None, ...] | None]:
    """The shapes that onnx.shape_inference tells, of inputs of which it knows the shapes alone."""
    read = [f"i{n}" if array is not None else "" for n, array in enumerate(sample.inputs)]
    made = [f"o{n}" for n in range(sample.outputs)]
    schema = onnx.defs.get_schema(sample.kind, sample.opset)
    kept = {name: value for name, value in sample.attributes.items() if name in schema.attributes and value is not None}
    infos = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)
        for name, array in zip(read, sample.inputs, strict=True)
        if name
    ]
    graph = helper.make_graph(
        [helper.make_node(sample.kind, read, made, **kept)],
        "g",
        infos,
        [onnx.ValueInfoProto(name=name) for name in made],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", sample.opset)])
    for output in onnx.shape_inference.infer_shapes(model).graph.output:
        tensor = output.type.tensor_type
        known = [dim.dim_value if dim.HasField("dim_value") else None for dim in tensor.shape.dim]
        yield tuple(known) if tensor.HasField("shape") else None


@pytest.mark.parametrize("kind", sorted({kind for kind in KINDS if onnx.defs.has(kind)} - {"ConstantOfShape"}))
def test_shapes_are_those_of_onnx_and_no_less_is_known(kind: str) -> None:
    for sample in _conforming().get(kind, []):
        types = [tensor_type(array, known=False) for array in sample.inputs]
        ours = infer(kind, sample.attributes, types, sample.outputs, sample.opset)
        for found, theirs in zip(ours, inferred_by_onnx(sample), strict=True):
            if theirs is None:
                continue
            assert found.shape is not None, sample
            assert len(found.shape) == len(theirs), sample
            known = [(a, b) for a, b in zip(found.shape, theirs, strict=True) if b is not None]
            assert all(a == b for a, b in known), (sample, found.shape, theirs)
