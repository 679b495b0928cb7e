"""What is a value, what a weight, what a buffer, what mere geometry?"""

from __future__ import annotations

from dataclasses import replace

import networkx as nx
import pytest

from shortcut_audit.assembly.assemble import assemble, compatible, completed
from shortcut_audit.errors import UnreadableModel
from shortcut_audit.graph.draft import Draft, Tensor
from shortcut_audit.graph.model import Constant, ModelGraph, Shape, TensorType
from shortcut_audit.pipeline import audit_draft
from tests.sketch import listing, node, stored

IMAGE = (1, 8, 4, 4)


def each(names: str) -> dict[str, Tensor]:
    """A stored vector for every channel, under each name."""
    return {name: stored(8) for name in names.split()}


def learned(graph: ModelGraph) -> list[str]:
    return [weight.name for weight in graph.weights if weight.learned]


def buffers(graph: ModelGraph) -> list[str]:
    return [weight.name for weight in graph.weights if not weight.learned]


# --- values and edges ------------------------------------------------------------------------------------------------


def test_an_edge_says_what_is_computed_from_what() -> None:
    graph = assemble(listing("a = Relu(x)", "y = Add(a, x)", x=IMAGE))
    assert list(graph.dag.edges) == [("x", "a"), ("x", "y"), ("a", "y")]
    assert [(value.id, value.op.kind if value.op else None) for value in graph.values.values()] == [
        ("x", None),
        ("a", "Relu"),
        ("y", "Add"),
    ]


def test_a_value_read_twice_by_one_op_is_one_edge() -> None:
    graph = assemble(listing("y = Mul(x, x)", x=IMAGE))
    assert list(graph.dag.edges) == [("x", "y")]
    assert graph.ops[0].values() == ("x", "x")


def test_every_output_of_an_op_is_a_value_of_its_own() -> None:
    graph = assemble(listing("a, _, c = Split(x) axis=1", x=(1, 9)))
    assert [(v.id, v.slot) for v in graph.values.values()] == [("x", 0), ("a", 0), ("c", 2)]
    assert graph.values["a"].op is graph.values["c"].op


def test_the_graph_cannot_be_changed() -> None:
    with pytest.raises(nx.NetworkXError):
        assemble(listing("y = Relu(x)", x=IMAGE)).dag.add_edge("y", "x")


def test_what_is_no_graph_is_refused() -> None:
    with pytest.raises(UnreadableModel):
        assemble(listing("y = Relu(z)"))


def test_unsorted_nodes_are_sorted_and_the_reader_is_told() -> None:
    graph = assemble(listing("y = Relu(a)", "a = Tanh(x)", x=IMAGE))
    assert list(graph.values) == ["x", "a", "y"]
    assert graph.notes == (
        "the nodes are not listed in an order in which they can run, which the format requires; sorted here",
    )


# --- constants -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "lines",
    [
        ("v = Transpose(w) perm=1,0", "y = MatMul(x, v)"),
        ("v = Identity(w)", "y = MatMul(x, v)"),
        ("v = Cast(w) to=1", "y = MatMul(x, v)"),
        ("m = ReduceMean(w) axes=0, keepdims=1", "v = Sub(w, m)", "y = MatMul(x, v)"),  # weight standardisation
        ("n = ReduceL2(w) axes=0, keepdims=1", "d = Div(w, n)", "v = Reshape(d, s)", "y = MatMul(x, v)"),  # weight norm
    ],
)
def test_what_is_computed_from_weights_alone_is_read_as_those_weights(lines: tuple[str, ...]) -> None:
    graph = assemble(listing(*lines, x=(1, 8), w=stored(8, 8), s=stored(2, dtype="int64", data=(8, 8))))
    assert [op.kind for op in graph.ops] == ["MatMul"]
    assert [weight.name for weight in graph.ops[0].weights() if weight.learned] == ["w"]


def test_a_weight_in_few_bits_is_a_weight_and_its_scale_is_a_buffer() -> None:
    graph = assemble(
        listing(
            "v = DequantizeLinear(w, s, z)",
            "c = DequantizeLinear(b, t, _)",
            "y = Conv(x, v, c)",
            x=IMAGE,
            w=stored(16, 8, 1, 1, dtype="int8"),
            s=stored(16),
            z=stored(16, dtype="int8"),
            b=stored(16, dtype="int32"),
            t=stored(16),
        )
    )
    assert (learned(graph), buffers(graph)) == (["w", "b"], ["s", "z", "t"])


def test_a_weight_packed_several_to_a_byte_has_its_logical_shape() -> None:
    """2 blocks of 32 weights in 16 bytes, for each of 32 outputs."""
    packed = listing(
        "y = com.microsoft::MatMulNBits(x, w, s, z) K=64 N=32 bits=4 block_size=32",
        x=(1, 4, 64),
        w=stored(32, 2, 16, dtype="uint8"),
        s=stored(64),
        z=stored(32, dtype="uint8"),
    )
    graph = assemble(packed)
    assert [(w.name, w.elements, w.learned) for w in graph.weights] == [
        ("w", 2048, True), ("s", 64, False), ("z", 32, False),
    ]  # fmt: skip


@pytest.mark.parametrize("claim", ["K=1 N=1", "K=65 N=32", "K=64 N=31", "N=32", "K=63 N=32"])
def test_a_packed_weight_is_as_large_as_it_is_stored_where_the_attributes_contradict_that(claim: str) -> None:
    """32 x 2 x 16 bytes. 63 would fill 2 blocks, too, but x has 64."""
    line = f"y = com.microsoft::MatMulNBits(x, w, s) {claim} bits=4 block_size=32"
    graph = assemble(listing(line, x=(1, 4, 64), w=stored(32, 2, 16, dtype="uint8"), s=stored(64)))
    assert [w.elements for w in graph.weights if w.learned] == [1024]


def test_a_literal_is_no_stored_tensor_unless_it_is_learned() -> None:
    index, vector = stored(2, dtype="int64", literal=True), stored(8, 1, 1, literal=True)
    graph = assemble(listing("a = Gather(x, i) axis=1", "y = Mul(x, v)", x=IMAGE, i=index, v=vector))
    assert (learned(graph), buffers(graph)) == (["v"], [])


def test_running_statistics_are_buffers() -> None:
    graph = assemble(listing("y = BatchNormalization(x, s, b, m, v)", x=IMAGE, **each("s b m v")))
    assert (learned(graph), buffers(graph)) == (["s", "b"], ["m", "v"])


def test_running_statistics_seen_through_an_op_are_buffers_all_the_same() -> None:
    graph = assemble(
        listing(
            "n = Identity(m)",
            "y = BatchNormalization(x, s, b, n, v)",
            x=IMAGE,
            **each("s b m v"),
        )
    )
    assert (learned(graph), buffers(graph)) == (["s", "b"], ["m", "v"])


def test_a_tensor_that_is_a_buffer_here_and_a_weight_there_is_learned_and_counts_once() -> None:
    """Exporters merge equal initializers: a running mean of zeros and a bias of zeros."""
    graph = assemble(
        listing(
            "a = BatchNormalization(x, s, b, zeros, v)",
            "y = Conv(a, w, zeros)",
            x=IMAGE,
            **each("s b v zeros"),
            w=stored(8, 8, 1, 1),
        )
    )
    assert learned(graph) == ["s", "b", "zeros", "w"]
    assert buffers(graph) == ["v"]


def test_tied_tensors_are_listed_once() -> None:
    graph = assemble(listing("a = MatMul(x, w)", "y = MatMul(a, w)", x=(1, 8), w=stored(8, 8)))
    assert [weight.name for weight in graph.weights] == ["w"]


def test_a_stored_tensor_that_nobody_reads_is_no_weight() -> None:
    assert assemble(listing("y = Relu(x)", x=IMAGE, w=stored(8, 8))).weights == ()


def test_a_number_is_no_parameter() -> None:
    """A scalar is a hyper-parameter; so is a literal of one element. A stored vector of one is learned (ReZero)."""
    scalar = assemble(listing("y = Mul(x, c)", x=IMAGE, c=stored()))
    literal = assemble(listing("y = Mul(x, c)", x=IMAGE, c=stored(1, literal=True)))
    vector = assemble(listing("y = Mul(x, c)", x=IMAGE, c=stored(1)))
    assert [learned(graph) for graph in (scalar, literal, vector)] == [[], [], ["c"]]


def test_indices_are_no_parameters() -> None:
    graph = assemble(listing("y = Gather(x, i) axis=1", x=IMAGE, i=stored(4, dtype="int64")))
    assert (learned(graph), buffers(graph)) == ([], ["i"])


def test_what_the_file_says_of_a_tensor_holds() -> None:
    """A .pt2 file tells parameters from buffers: a scalar parameter is learned, a buffer of floats is not."""
    graph = assemble(
        listing("a = Mul(x, p)", "y = Add(a, b)", x=IMAGE, p=stored(learned=True), b=stored(8, 1, 1, learned=False))
    )
    assert (learned(graph), buffers(graph)) == (["p"], ["b"])


def test_ones_made_of_a_stored_shape_stand_for_a_weight_that_was_left_out() -> None:
    """So are the models made that ship with the onnx package."""
    graph = assemble(
        listing(
            "w = ConstantOfShape(s) value=1.0",
            "y = MatMul(x, w)",
            x=(1, 8),
            s=stored(2, dtype="int64", data=(8, 16)),
        )
    )
    assert [(w.name, w.shape) for w in graph.weights if w.learned] == [("w", (8, 16))]


@pytest.mark.parametrize(("value", "literal"), [("0.0", False), ("1.0", True), ("1", False)])
def test_zeros_and_what_the_code_fills_are_no_weights(value: str, literal: bool) -> None:
    shape = stored(2, dtype="int64", data=(8, 16), literal=literal)
    graph = assemble(listing(f"w = ConstantOfShape(s) value={value}", "y = MatMul(x, w)", x=(1, 8), s=shape))
    assert learned(graph) == []


def test_a_literal_is_no_weight_where_kernels_are_kept_apart() -> None:
    """PyTorch writes parameters as initializers, and zeros_like as a Constant node; Paddle writes nodes for all."""
    padding, kernel = stored(1, 8, 4, 4, literal=True), stored(8, 8, 1, 1)
    lines = "c = Conv(x, k)", "y = Concat(c, p) axis=1"
    assert learned(assemble(listing(*lines, x=IMAGE, p=padding, k=kernel))) == ["k"]
    everything_literal = assemble(listing(*lines, x=IMAGE, p=padding, k=replace(kernel, literal=True)))
    assert learned(everything_literal) == ["k", "p"]


def test_a_literal_that_may_be_a_kernel_is_a_weight() -> None:
    lines = "c = Conv(x, k)", "t = Transpose(m)", "y = MatMul(c, t)"
    drawn = listing(*lines, x=IMAGE, k=stored(8, 8, 1, 1), m=stored(4, 4, literal=True))
    assert learned(assemble(drawn)) == ["k", "m"]


def test_a_norm_s_literal_is_learned_unless_it_is_all_ones_or_zeros() -> None:
    """A norm without parameters is written with ones and zeros."""
    drawn = "c = Conv(x, k)", "y = InstanceNormalization(c, s, b)"
    numbers = {"k": stored(8, 8, 1, 1), "b": stored(8, data=(0.0,) * 8, literal=True)}
    ones, trained = stored(8, data=(1.0,) * 8, literal=True), stored(8, data=(1.0, 2.0) * 4, literal=True)
    assert learned(assemble(listing(*drawn, x=IMAGE, s=ones, **numbers))) == ["k"]
    assert learned(assemble(listing(*drawn, x=IMAGE, s=trained, **numbers))) == ["k", "s"]


def test_what_an_unknown_operator_makes_from_nothing_is_a_value() -> None:
    graph = assemble(listing("x = com.example::Source()", "y = Relu(x)"))
    assert [op.kind for op in graph.ops] == ["com.example::Source", "Relu"]


def test_what_is_multiplied_by_a_scale_of_quantisation_is_one() -> None:
    """ONNX Runtime's dynamic quantisation: ((x_q W_q) as float) * (x_scale * w_scale) + b."""
    lines = (
        "q, s, z = DynamicQuantizeLinear(x)",
        "i = MatMulInteger(q, w, z, wz)",
        "f = Cast(i) to=1",
        "a = Mul(s, ws)",
        "m = Mul(f, a)",
        "y = Add(m, b)",
    )
    weights = {"w": stored(4, 4, dtype="int8"), "wz": stored(dtype="int8"), "ws": stored(4), "b": stored(4)}
    graph = assemble(listing(*lines, x=IMAGE, **weights))
    assert learned(graph) == ["w", "b"]
    assert [op.kind for op in graph.ops] == ["QuantizeLinear", "MatMul", "Cast", "Mul", "Add"]


def test_what_is_multiplied_by_zero_is_zero() -> None:
    """The first step of a recurrence that begins with zeros."""
    lines = "s = Shape(x)", "o = ConstantOfShape(s) value=0.0", "a = Mul(x, o)", "y = Add(a, z)"
    graph = assemble(listing(*lines, x=IMAGE, z=IMAGE))
    assert [op.kind for op in graph.ops] == ["Add"]
    assert isinstance(zero := graph.ops[0].inputs[0], Constant)
    assert (zero.type.shape, zero.fill) == (IMAGE, 0)


@pytest.mark.parametrize(
    ("line", "fill"),
    [("o = ConstantOfShape(n)", 0.0), ("o = ConstantOfShape(n) value=1.0", 1.0), ("o = Expand(t, n)", 2.0),
     ("o = Identity(t)", 2.0), ("o = Add(t, t)", 4.0), ("o = Identity(w)", None), ("o = Add(w, w)", None),
     ("o = DequantizeLinear(t, t)", 4.0), ("o = QuantizeLinear(t, t)", 1)],  # 2 + 2, 2 x 2, 2 / 2
)  # fmt: skip
def test_the_number_that_fills_a_constant(line: str, fill: float | None) -> None:
    sizes = stored(4, dtype="int64", data=IMAGE, literal=True)
    numbers = {"t": stored(data=(2.0,), literal=True), "w": stored(2, data=(2.0, 3.0), literal=True, learned=False)}
    made = assemble(listing(line, "y = Concat(x, o) axis=0", x=IMAGE, n=sizes, **numbers)).ops[0].inputs[1]
    assert isinstance(made, Constant)
    assert made.fill == fill


# --- geometry --------------------------------------------------------------------------------------------------------


def test_what_comes_out_of_a_shape_is_geometry() -> None:
    graph = assemble(
        listing(
            "s = Shape(a)",
            "n = Gather(s, i)",
            "t = Concat(n, m) axis=0",
            "a = Relu(x)",
            "y = Reshape(x, t)",
            x=(2, 8, 4),
            i=stored(1, dtype="int64", data=(0,)),
            m=stored(1, dtype="int64", data=(-1,)),
        )
    )
    assert [op.kind for op in graph.ops] == ["Reshape"]  # of a nothing is read but its shape, which is x's
    assert list(graph.dag.predecessors("y")) == ["x"]
    assert graph.values["y"].type.shape == (2, 32)


def test_of_the_second_operand_of_castlike_only_the_type_counts() -> None:
    graph = assemble(listing("y = CastLike(x, z)", x=IMAGE, z=TensorType((1,), "float16")))
    assert list(graph.dag.predecessors("y")) == ["x"]
    assert graph.values["y"].type.dtype == "float16"


def test_a_constant_table_of_the_size_of_a_value_is_constant() -> None:
    graph = assemble(listing("s = Shape(x)", "r = ConstantOfShape(s) value=0.0", "y = Add(x, r)", x=IMAGE))
    assert [op.kind for op in graph.ops] == ["Add"]


@pytest.mark.parametrize("noise", ["RandomNormalLike(x)", "RandomUniform() shape=1,8,4,4", "Bernoulli(p)"])
def test_noise_is_another_value_in_every_pass(noise: str) -> None:
    graph = assemble(listing(f"n = {noise}", "y = Add(x, n)", x=IMAGE, p=stored(1, 8, 4, 4)))
    assert set(graph.dag.predecessors("y")) == {"x", "n"}
    assert list(graph.dag.predecessors("n")) == []


def test_what_a_loop_starts_from_is_a_value_even_if_it_is_constant() -> None:
    graph = assemble(listing("s = LoopState(z)", "y = Add(x, s)", x=IMAGE, z=stored(8)))
    assert set(graph.dag.predecessors("y")) == {"x", "s"}


# --- shapes ----------------------------------------------------------------------------------------------------------


def recorded(draft: Draft, **stated: Shape) -> ModelGraph:
    return assemble(replace(draft, recorded={name: TensorType(shape) for name, shape in stated.items()}))


def test_shapes_follow_from_the_inputs() -> None:
    graph = assemble(listing("y = Conv(x, w) strides=2,2 pads=1,1,1,1", x=("n", 8, 4, 4), w=stored(16, 8, 3, 3)))
    assert graph.values["y"].type == TensorType(("n", 16, 2, 2), "float32")


def test_what_the_file_states_is_used_where_inference_is_silent() -> None:
    graph = recorded(listing("y = com.example::Mystery(x)", x=IMAGE), y=(1, 8))
    assert graph.values["y"].type.shape == (1, 8)


def test_what_the_file_states_fills_in_unknown_sizes() -> None:
    graph = recorded(listing("y = NonZero(x)", x=("n", 4)), y=(2, 8))
    assert graph.values["y"].type.shape == (2, 8)


def test_a_number_that_the_file_records_replaces_no_symbol() -> None:
    """The exporter ran the model with one image; the batch stays open, and nothing of h is stretched over it."""
    lines = "h = Relu(x)", "s = Shape(x)", "f = MatMul(h, w)", "g = Reshape(f, s)", "y = Add(h, g)"
    draft = listing(*lines, x=("batch", 4, 8), w=stored(8, 8))
    example = {name: TensorType((1, 4, 8), "float32") for name in "hf"}
    graph = assemble(replace(draft, recorded=example))
    assert {graph.values[name].type.shape for name in "hfy"} == {("batch", 4, 8)}
    assert [s.kind for s in audit_draft(replace(draft, recorded=example)).shortcuts] == ["identity"]


def test_where_the_file_contradicts_its_own_inputs_inference_holds_and_the_reader_is_told() -> None:
    graph = recorded(listing("a = Relu(x)", "b = Relu(a)", "y = Relu(b)", x=(1, 8)), a=(1, 9), b=(1, 8), y=(8,))
    assert graph.values["a"].type.shape == graph.values["y"].type.shape == (1, 8)
    assert graph.notes == (
        "the file states another shape of 'a' and 1 more than follows from its inputs; the latter is used",
    )


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ((1, 8), (1, 8), True),
        ((1, 8), (1, 9), False),
        ((1, 8), (1, 8, 1), False),
        ((None, 8), (1, 8), True),
        (("n", 8), (1, 8), True),
        (("n", 8), ("m", 8), True),
        ((), (), True),
    ],
)
def test_an_unknown_size_is_never_a_different_one(one: tuple[int, ...], other: tuple[int, ...], same: bool) -> None:
    assert compatible(one, other) is compatible(other, one) is same


@pytest.mark.parametrize(
    ("inferred", "said", "both"),
    [
        (None, (1, 8), (1, 8)),
        ((1, None), (2, 8), (1, 8)),
        (("n", 8), (4, 8), ("n", 8)),
        (("n", 8), ("m", 8), ("n", 8)),
        ((None, 8), ("m", 8), ("m", 8)),
        ((1, 8), None, (1, 8)),
        ((None, 8), (1, 8, 1), (None, 8)),
    ],
)
def test_what_is_derived_beats_what_is_said_and_anything_beats_nothing(
    inferred: Shape, said: Shape, both: Shape
) -> None:
    assert completed(inferred, said) == both


# --- names -----------------------------------------------------------------------------------------------------------


def test_an_op_keeps_what_the_file_says_of_it() -> None:
    given = replace(node("y = Relu(x) @layer1.0"), label="aten.relu", absorbs_norm=True)
    (op,) = assemble(replace(listing("y = Relu(x)", x=IMAGE), nodes=(given,))).ops
    assert (op.kind, op.label, op.name, op.scope, op.absorbs_norm) == ("Relu", "aten.relu", "y", "layer1.0", True)


def test_the_parts_of_a_fused_op_keep_its_label_and_get_names_that_are_free() -> None:
    graph = assemble(
        listing(
            "y = com.microsoft::BiasAdd(x, b, z)",
            "clash = Identity(y)",
            x=(1, 4, 8),
            z=(1, 4, 8),
            b=stored(8),
            **{"y~1": stored(8)},
        )
    )
    assert [(op.kind, op.label, op.outputs) for op in graph.ops][:2] == [
        ("Bias", "com.microsoft::BiasAdd", ("y~2",)),
        ("Add", "com.microsoft::BiasAdd", ("y",)),
    ]


# --- what is computed from constants alone ---------------------------------------------------------------------------


def test_ops_on_weights_alone_are_kept_apart() -> None:
    """A bias that a little network computes anew in each pass: 4 x 8 x 8 MACs, and an addition."""
    lines = "b = MatMul(t, w)", "c = Add(b, v)", "y = Add(x, c)"
    graph = assemble(listing(*lines, x=(1, 4, 8), t=stored(4, 8), w=stored(8, 8), v=stored(8)))
    assert [op.kind for op in graph.constant_ops] == ["MatMul", "Add"]
    assert [op.kind for op in graph.ops] == ["Add"]
    totals = audit_draft(listing(*lines, x=(1, 4, 8), t=stored(4, 8), w=stored(8, 8), v=stored(8))).totals
    assert (totals.macs, totals.constant_macs, totals.adds) == (0, 256, 2)


def test_ops_on_constants_that_nothing_depends_on_are_dead() -> None:
    lines = "b = MatMul(t, w)", "y = Relu(x)"
    graph = assemble(listing(*lines, x=(1, 8), t=stored(4, 8), w=stored(8, 8), outputs=("y",)))
    assert graph.constant_ops == ()


def test_arithmetic_on_sizes_is_no_computation() -> None:
    lines = "s = Shape(x)", "t = Add(s, one)", "y = Expand(x, t)"
    graph = assemble(listing(*lines, x=(1, 8), one=stored(2, dtype="int64", data=(0, 0), literal=True)))
    assert graph.constant_ops == ()
