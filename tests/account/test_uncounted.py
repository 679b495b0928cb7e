"""Why is an op not counted, and what would settle it?"""

from __future__ import annotations

from shortcut_audit.graph.draft import Draft
from shortcut_audit.graph.model import TensorType
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
