"""What is each value computed from, and what does a step back cost?"""

from __future__ import annotations

from shortcut_audit.assembly.assemble import assemble
from shortcut_audit.graph.draft import Tensor
from shortcut_audit.graph.model import TensorType
from shortcut_audit.search.lineage import Lineage
from shortcut_audit.search.prices import UNIT, dearest
from shortcut_audit.search.steps import Step
from tests.sketch import listing, sketch, stored

# --- costs -----------------------------------------------------------------------------------------------------------


def test_one_dearer_step_outweighs_any_number_of_cheaper_ones() -> None:
    for cheap, dear in zip(Step, list(Step)[1:], strict=False):
        assert 1_000_000 * UNIT[cheap] < UNIT[dear]


def test_the_dearest_step_can_be_read_off_the_cost() -> None:
    assert dearest(0) is Step.VIEW
    assert dearest(3 * UNIT[Step.SELECTION] + UNIT[Step.GATE]) is Step.GATE
    assert dearest(1_000 * UNIT[Step.LINEAR]) is Step.LINEAR


# --- kinship ---------------------------------------------------------------------------------------------------------


def steps(*lines: str) -> list[str]:
    """The classes of the steps from x to the last value of a drawing."""
    graph = sketch(*lines)
    lineage = Lineage(graph)
    return [Step(level).name for _, level, _ in lineage.parents(len(lineage.values) - 1)]


def test_a_product_of_functions_of_one_element_is_an_activation() -> None:
    assert steps("x -> Sigmoid -> Mul", "x -> Mul") == ["NONLINEAR", "NONLINEAR"]
    assert steps("x -> Mul", "x -> Mul") == ["NONLINEAR", "NONLINEAR"]


def test_a_product_with_a_function_of_other_elements_is_a_gate() -> None:
    assert steps("x -> Conv -> Sigmoid -> Mul", "x -> Mul") == ["GATE", "GATE"]
    assert steps("x -> Split -> Sigmoid -> Mul", "Split:1 -> Mul", "x -> Split") == ["GATE", "GATE"]  # GLU


def test_what_is_divided_by_its_own_norm_is_normalised() -> None:
    assert steps("x -> Div", "x -> ReduceMean -> Sqrt -> Div")[0] == "DIAGONAL"


def test_a_squashed_statistic_is_a_gate() -> None:
    """x sigmoid(mean(x)): a squeeze without weights, not a normalisation."""
    assert steps("x -> Mul", "x -> ReduceMean -> Sigmoid -> Mul")[0] == "GATE"


def test_a_statistic_behind_weights_is_none() -> None:
    assert steps("x -> Mul", "x -> ReduceMean -> Conv{k=1} -> Sigmoid -> Mul")[0] == "GATE"


def test_a_statistic_times_a_learned_vector_is_one() -> None:
    """TensorFlow multiplies gamma into the reciprocal of the deviation before it multiplies x."""
    assert steps("x -> Mul", "x -> ReduceMean -> Mul.w -> Mul", "#w -> Mul.w")[0] == "DIAGONAL"


def test_what_mixes_positions_makes_no_statistic() -> None:
    assert steps("x -> Mul", "x -> Softmax -> Mul") == ["GATE", "GATE"]


def test_what_two_inputs_have_in_common_is_nothing() -> None:
    assert steps("x -> Mul", "z -> Mul") == ["GATE", "GATE"]


# --- one value written twice ----------------------------------------------------------------------------------------


def same(*lines: str) -> bool:
    """Whether the values Relu.1 and Relu.2, or what their drawing calls so, are one."""
    numbers = Lineage(sketch(*lines)).number
    one, other = (next(name for name in numbers if name.endswith(end)) for end in (".1", ".2"))
    return numbers[one] == numbers[other]


def test_the_same_op_on_the_same_value_makes_the_same_value() -> None:
    """What one exporter merges and another leaves standing."""
    assert same("x -> Relu.1 -> Conv.a", "x -> Relu.2 -> Conv.b")
    assert same("x -> Relu.a -> Sigmoid.1 -> Conv.a", "x -> Relu.b -> Sigmoid.2 -> Conv.b")


def test_the_same_op_on_a_copy_makes_the_same_value() -> None:
    assert same("x -> Relu.1 -> Conv.a", "x -> Identity -> Dropout -> Relu.2 -> Conv.b")
    assert not same("x -> Identity.1 -> Conv.a", "x -> Identity.2 -> Conv.b")


def test_weights_attributes_operands_and_chance_make_another_value() -> None:
    assert not same("x -> Conv.1 -> Relu.a", "x -> Conv.2 -> Relu.b")
    assert not same("x -> Relu.1 -> Conv.a", "z -> Relu.2 -> Conv.b")
    assert not same("x -> AveragePool.1{k=2} -> Conv.a", "x -> AveragePool.2{k=4} -> Conv.b")
    assert not same("x -> RandomNormalLike.1 -> Conv.a", "x -> RandomNormalLike.2 -> Conv.b")
    assert not same("x -> Mystery.1 -> Conv.a", "x -> Mystery.2 -> Conv.b")


def numbers_of(*lines: str, **tensors: Tensor) -> dict[str, int]:
    return Lineage(assemble(listing(*lines, x=(1, 8, 4, 4), **tensors))).number


def test_what_is_not_known_of_an_op_may_tell_two_apart() -> None:
    place = stored(1, dtype="int64", data=(0,), literal=True)
    sizes = "n = NonZero(x)", "s = Shape(n)", "m = NonZero(r)", "t = Shape(m)", "r = Relu(x)"
    ends = "e = Gather(s, one)", "f = Gather(t, one)"
    count = stored(1, dtype="int64", data=(1,), literal=True)  # of elements that are not zero
    found = numbers_of(*sizes, *ends, "a = Slice(x, z, e)", "b = Slice(x, z, f)", one=count, z=place)
    assert found["a"] != found["b"]


def test_other_constants_make_another_value() -> None:
    first, second = (stored(1, dtype="int64", data=(index,), literal=True) for index in (0, 1))
    lines = "a = Gather(x, i) axis=1", "b = Gather(x, j) axis=1", "c = Gather(x, i) axis=1"
    found = numbers_of(*lines, i=first, j=second)
    assert found["a"] != found["b"]
    assert found["a"] == found["c"]


def test_an_op_that_goes_by_another_name_makes_another_value() -> None:
    """QuickGelu approximates Gelu; 0.5 C and 2 C are not the same."""
    found = numbers_of("a = Gelu(x)", "b = com.microsoft::QuickGelu(x)")
    assert found["a"] != found["b"]
    lines = "g = Gemm(v, w, x) beta=0.5", "h = Gemm(v, w, x) beta=2.0", "v = Relu(x)"
    found = numbers_of(*lines, w=stored(4, 4))
    scaled = [number for name, number in found.items() if "~" in name and name.endswith("~1")]
    assert len(set(scaled)) == 2


def test_a_norm_applied_twice_is_one_value_and_a_map_applied_twice_is_priced_twice() -> None:
    norms = "a = LayerNormalization(x, s)", "b = LayerNormalization(x, s)", "c = LayerNormalization(x, t)"
    found = numbers_of(*norms, s=stored(4), t=stored(4))
    assert found["a"] == found["b"] != found["c"]
    found = numbers_of("a = MatMul(x, w)", "b = MatMul(x, w)", w=stored(4, 4))
    assert found["a"] != found["b"]


# --- sources ---------------------------------------------------------------------------------------------------------


def test_sources_are_the_inputs_that_a_value_depends_on() -> None:
    graph = sketch("x -> Conv -> Mul", "z -> Relu -> Mul")
    lineage = Lineage(graph)
    sources = {name: lineage.sources(number) for name, number in lineage.number.items()}
    assert sources["x"] == sources["Conv"]
    assert sources["x"] & sources["z"] == 0
    assert sources["Mul"] == sources["x"] | sources["Relu"]


# --- numbers ---------------------------------------------------------------------------------------------------------


def are_one(*lines: str, **tensors: Tensor) -> bool:
    """Whether two values, a and b, count as one."""
    number = Lineage(assemble(listing(*lines, x=(1, 8), z=(1, 8), **tensors))).number
    return number["a"] == number["b"]


def test_what_is_written_twice_is_one_value_unless_it_is_a_sum_or_reads_weights() -> None:
    assert are_one("a = Relu(x)", "b = Relu(x)", "y = Mul(a, b)", "u = Mul(y, z)")
    assert not are_one("a = Add(x, z)", "b = Add(x, z)", "y = Mul(a, b)")
    ones = {"g": stored(1, data=(2.0,)), "h": stored(1, data=(2.0,))}
    assert not are_one("a = Mul(x, g)", "b = Mul(x, h)", "y = Mul(a, b)", "u = Mul(y, z)", **ones)  # learned apart


def test_only_a_product_of_two_values_multiplies() -> None:
    drawn = listing("a = MatMul(x, z)", "b = MatMul(x, w)", "y = Add(a, b)", x=(8, 8), z=(8, 8), w=stored(8, 8))
    lineage = Lineage(assemble(drawn))
    assert [name for name in ("x", "a", "b", "y") if lineage.multiplies(lineage.number[name])] == ["a"]


def test_the_maker_of_a_value_is_seen_through_views_of_it_and_not_of_their_sizes() -> None:
    """The sizes of a Reshape are computed, too: by a Cast, from numbers that are fed."""
    lines = ("a = Relu(x)", "n = Abs(sizes)", "r = Reshape(a, n)", "t = Transpose(r) perm=1,0", "y = Tanh(t)")
    graph = assemble(listing(*lines, x=(2, 3), sizes=TensorType((2,), "int64")))
    lineage = Lineage(graph)
    made = {name: lineage.maker(lineage.number[name]) for name in ("a", "r", "t", "y")}
    assert {name: op and op.kind for name, op in made.items()} == {"a": "Relu", "r": "Relu", "t": "Relu", "y": "Tanh"}
    assert lineage.maker(lineage.number["x"]) is None
