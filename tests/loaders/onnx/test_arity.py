import pytest
from onnx import helper

from shortcut_audit.errors import UnreadableModel
from shortcut_audit.loaders.onnx.arity import Arity, arity_of


def check(op_type: str, inputs: list[str], outputs: list[str], opset: int = 17) -> None:
    arity = arity_of(op_type, opset)
    assert arity is not None
    arity.check(helper.make_node(op_type, inputs, outputs), inputs, outputs)


def test_arity_is_what_the_operator_specification_says() -> None:
    assert arity_of("Add", 17) == Arity((2, 2), (1, 1), (0, 1))
    assert arity_of("Clip", 17) == Arity((1, 3), (1, 1), (0,))  # min and max may be left out
    assert arity_of("Clip", 6) == Arity((1, 1), (1, 1), (0,))  # they were attributes before opset 11


@pytest.mark.parametrize(("op_type", "opset"), [("Gelu", 17), ("ATen", 17), ("NoSuchOperator", 17)])
def test_an_operator_that_is_not_defined_has_none(op_type: str, opset: int) -> None:
    assert arity_of(op_type, opset) is None


def test_an_opset_newer_than_any_known_reads_as_the_newest() -> None:
    assert arity_of("Add", 9999) == arity_of("Add", 17)


@pytest.mark.parametrize(
    ("op_type", "inputs", "outputs"),
    [
        ("Add", ["a", "b"], ["y"]),
        ("Sum", [f"x{i}" for i in range(500)], ["y"]),
        ("Clip", ["x", "", "high"], ["y"]),
        ("Loop", ["", ""], ["y"]),
        ("LSTM", ["x", "w", "r"], ["", "", "c"]),
    ],
)
def test_what_is_in_order_passes(op_type: str, inputs: list[str], outputs: list[str]) -> None:
    check(op_type, inputs, outputs)


@pytest.mark.parametrize(
    ("op_type", "inputs", "outputs", "message"),
    [
        ("Add", ["a"], ["y"], r"Add 'y' has 1 inputs, the operator has 2;"),
        ("Add", [*"abcde"], ["y"], r"Add 'y' has 5 inputs, the operator has 2;"),
        ("Add", ["a", "b"], ["y", "z"], r"Add 'y' has 2 outputs, the operator has 1;"),
        ("Add", ["a", ""], ["y"], r"Add 'y' leaves out input 1,"),
        ("Clip", [], ["y"], r"Clip 'y' has 0 inputs, the operator has 1 to 3;"),
        ("Sum", [], ["y"], r"Sum 'y' has 0 inputs, the operator has at least 1;"),
        ("Relu", ["x"], [], r"Relu '' has 0 outputs, the operator has 1;"),
    ],
)
def test_too_few_and_too_many_are_refused(op_type: str, inputs: list[str], outputs: list[str], message: str) -> None:
    with pytest.raises(UnreadableModel, match=message):
        check(op_type, inputs, outputs)
