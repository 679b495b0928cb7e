"""Does --input and --dim say what it means, and refuse everything else?"""

from __future__ import annotations

import pytest

from shortcut_audit.errors import UsageError
from shortcut_audit.loaders.inputs import InputSpec, parse_dims, parse_input, parse_inputs


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("1x3x224x224", InputSpec(None, (1, 3, 224, 224), None)),
        ("x=1x3x224x224:float16", InputSpec("x", (1, 3, 224, 224), "float16")),
        ("input:0=8,128", InputSpec("input:0", (8, 128), None)),  # names may hold a colon
        ("a=b=1", InputSpec("a=b", (1,), None)),  # and an equals sign
        ("batch,seq_max,256", InputSpec(None, ("batch", "seq_max", 256), None)),
        ("nx3", InputSpec(None, ("n", 3), None)),
        ("t=scalar:int64", InputSpec("t", (), "int64")),
    ],
)
def test_shapes(text: str, spec: InputSpec) -> None:
    assert parse_input(text) == spec


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "'' is no size"),
        ("1x-3", "'-3' is no size"),
        ("1xx3", "'' is no size"),
        ("1x3.5", "'3.5' is no size"),
        ("=1x3", "the name before '=' is empty"),
        ("1x3:", "'' is no element type"),
        ("1x3:float", "'float' is no element type; did you mean float64?"),
        ("1x" + "9" * 5000, "is no size"),
        ("1x\x1b[2J", r"'\x1b[2J' is no size"),
    ],
)
def test_what_is_no_shape_is_refused(text: str, reason: str) -> None:
    with pytest.raises(UsageError) as refusal:
        parse_input(text)
    assert reason in str(refusal.value)
    assert "write [NAME=]1x3x224x224[:dtype]" in str(refusal.value)
    assert "\x1b" not in str(refusal.value)


def test_an_input_has_one_shape() -> None:
    with pytest.raises(UsageError, match="--input names 'x' twice"):
        parse_inputs(["x=1x3", "x=1x4"])
    assert [spec.shape for spec in parse_inputs(["1x3", "1x3"])] == [(1, 3), (1, 3)]


def test_dims() -> None:
    assert parse_dims(["batch=1", "a=b=2", "batch=1", "past=0"]) == {"batch": 1, "a=b": 2, "past": 0}


@pytest.mark.parametrize("text", ["batch", "=1", "batch=", "batch=-1", "batch=x", "batch=" + "9" * 5000])
def test_what_is_no_dim_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="write NAME=SIZE"):
        parse_dims([text])


def test_a_dim_has_one_size() -> None:
    with pytest.raises(UsageError, match="two sizes, 1 and 2"):
        parse_dims(["batch=1", "batch=2"])
