"""Why is an op not counted, and what would settle it?"""

from __future__ import annotations

from dataclasses import replace

from shortcut_audit.graph.draft import Draft
from shortcut_audit.graph.model import TensorType
from shortcut_audit.operators.declaration import Declaration
from shortcut_audit.pipeline import audit_draft
from tests.sketch import listing, stored

IMAGE = (1, 8, 4, 4)


def reasons(draft: Draft) -> dict[str, str]:
    return {op.op: op.why for op in audit_draft(draft).uncounted}


def test_an_op_that_is_understood_and_merely_open_is_none_of_them() -> None:
    assert reasons(listing("y = Conv(x, w)", x=("batch", 8, "h", "w"), w=stored(8, 8, 1, 1))) == {}


def test_what_is_not_understood_hides_the_shape_of_what_follows() -> None:
    found = reasons(listing("a = Mystery(x)", "b = Relu(a)", "y = Conv(b, w)", x=IMAGE, w=stored(8, 8, 1, 1)))
    assert found["Mystery"].startswith("it is not understood")
    assert found["Conv"] == "the shape of its input is unknown: Mystery a is not understood"


def test_an_input_without_a_shape_is_to_be_given_one() -> None:
    found = reasons(listing("y = MatMul(x, w)", x=TensorType(None, "float32"), w=stored(8, 8)))
    assert found == {
        "MatMul": "the shape of its input is unknown: the file states none for the input x; "
        "--input x=SHAPE would settle it"
    }


def test_operands_that_do_not_fit_are_shown() -> None:
    found = reasons(listing("y = Conv(x, w)", x=IMAGE, w=stored(8, 7, 1, 1)))
    assert found == {"Conv": "its operands do not fit together: 1x8x4x4, 8x7x1x1"}


def test_an_attribute_that_cannot_be_read_is_named() -> None:
    draft = listing("y = Conv(x, w) group=1", x=IMAGE, w=stored(8, 8, 1, 1))
    (node,) = draft.nodes
    unreadable = replace(draft, nodes=(replace(node, attributes={"group": None}),))
    assert reasons(unreadable) == {"Conv": "its attribute group cannot be read"}


def test_a_decomposition_takes_as_many_products_as_its_method() -> None:
    found = reasons(listing("y = Det(x)", x=(1, 4, 4)))
    assert found == {"Det": "how many products a decomposition takes depends on its method"}


def test_what_was_declared_without_a_formula() -> None:
    draft = listing("y = com.example::Mystery(x)", x=IMAGE)
    told = audit_draft(draft, operators={"com.example::Mystery": Declaration("linear")}).uncounted
    assert [one.why for one in told] == ["it was declared without a formula for its MACs"]


def test_the_shape_of_a_kernel_may_be_unknown() -> None:
    """It is reshaped to sizes that are stored outside the file."""
    lines = "k = Reshape(w, s)", "y = Conv(x, k)"
    assert reasons(listing(*lines, x=IMAGE, w=stored(64), s=stored(4, dtype="int64"))) == {
        "Conv": "the shape of a constant that it reads, such as its kernel, is unknown"
    }


def test_what_stands_in_data_alone_is_said() -> None:
    """The lengths of the sequences: with them left out, 5 steps of an LSTM are counted."""
    weights = {"w": stored(1, 16, 3), "r": stored(1, 16, 4)}
    line = "y = LSTM(x, w, r, _, n) hidden_size=4"
    assert reasons(listing(line.replace(", _, n", ""), x=(5, 2, 3), **weights)) == {}
    assert reasons(listing(line, x=(5, 2, 3), n=TensorType((2,), "int32"), **weights)) == {
        "LSTM": "how long each sequence is stands in its data alone"
    }
    misfit = {"w": stored(1, 16, 9), "r": stored(1, 16, 4)}  # 9 features of 3
    assert reasons(listing(line, x=(5, 2, 3), n=TensorType((2,), "int32"), **misfit)) == {
        "LSTM": "its operands do not fit together: 5x2x3, 1x16x9, 1x16x4, 2"
    }


def test_what_makes_as_much_as_its_data_say_hides_the_shape_of_what_follows() -> None:
    """A NonZero lists as many places as there are: an open number, and no unknown one. A value that is not there is."""
    found = reasons(listing("a = Mystery(x)", "b = Relu(a)", "c = Abs(b)", "y = MatMul(c, w)", "z = MatMul(b, w)",
                            x=IMAGE, w=stored(4, 4)))  # fmt: skip
    assert found["MatMul"] == "the shape of its input is unknown: Mystery a is not understood"
    cut = reasons(
        listing("a = Reshape(x, s)", "y = MatMul(a, w)", x=IMAGE, s=TensorType((2,), "int64"), w=stored(4, 4))
    )
    assert cut["MatMul"] == (
        "the shape of its input is unknown: Reshape a cannot take what it reads, or only its data tell what it makes"
    )
