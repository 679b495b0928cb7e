"""What is said of what a model stores, and does not store?"""

from __future__ import annotations

from shortcut_audit.assembly.assemble import assemble
from tests.sketch import listing, stored

IMAGE = (1, 8, 4, 4)


def notes(*lines: str, outputs: tuple[str, ...] = (), **tensors: object) -> tuple[str, ...]:
    return assemble(listing(*lines, outputs=outputs, **tensors)).notes  # type: ignore[arg-type]


def test_parameters_that_nothing_reads_are_told() -> None:
    """7 x 5 and 3; an integer table and a number in the code are no parameters."""
    lost = {"u": stored(7, 5), "b": stored(3), "i": stored(9, dtype="int64"), "l": stored(4, literal=True)}
    (note,) = notes("y = Conv(x, w) pads=1,1,1,1", x=IMAGE, w=stored(8, 8, 3, 3), **lost)
    assert note == "38 parameters in 2 tensors are read by nothing that the outputs need; not counted"


def test_what_only_a_constant_needs_is_read() -> None:
    lines = "k = Mul(w, g)", "y = Conv(x, k) pads=1,1,1,1"
    assert notes(*lines, x=IMAGE, w=stored(8, 8, 3, 3), g=stored(8, 1, 1, 1)) == ()


def test_a_buffer_that_nothing_reads_is_no_parameter() -> None:
    assert notes("y = Relu(x)", x=IMAGE, m=stored(8, learned=False)) == ()


def test_integers_that_nobody_understands_may_be_weights() -> None:
    (note,) = notes("y = com.example::Packed(x, w)", x=IMAGE, w=stored(64, dtype="uint8"))
    assert note.startswith("the parameters are a lower bound: com.example::Packed may read integers")
    assert notes("y = com.example::Packed(x, w)", x=IMAGE, w=stored(1, dtype="uint8")) == ()


def test_a_model_without_its_weights_is_told() -> None:
    lines = "c = Conv(x, w) pads=1,1,1,1", "y = BatchNormalization(c, s, b, m, v)"
    fed = {"w": (8, 8, 3, 3), **dict.fromkeys("sbmv", (8,))}
    (note,) = notes(*lines, x=IMAGE, **fed)
    assert note.startswith("5 inputs stand where weights do: ")
    assert note.endswith("export with export_params=True")


def test_one_computed_kernel_is_no_missing_weight() -> None:
    """A kernel that another network makes: a hypernetwork."""
    assert notes("y = Conv(x, w) pads=1,1,1,1", x=IMAGE, w=(8, 8, 3, 3)) == ()
