"""Which operators of a model does somebody say to know?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from shortcut_audit import audit, audit_many, load
from shortcut_audit.errors import UsageError
from shortcut_audit.graph.draft import Draft
from shortcut_audit.graph.model import TensorType
from shortcut_audit.operators.declaration import MEANINGS, Declaration
from shortcut_audit.operators.rows import declared
from shortcut_audit.pipeline import audit_draft, refuse_understood
from shortcut_audit.report import ModelReport
from tests.networks import network, save
from tests.sketch import listing, stored

QUANT = "qonnx.custom_op.general::Quant"


def quantised() -> Draft:
    """QONNX writes Quant(x, scale, zero point, bits) on the shortcut."""
    return listing(
        f"q = {QUANT}(x, scale, zero, bits)",
        "c = Conv(x, w, _) pads=1,1,1,1",
        "r = Relu(c)",
        "y = Add(r, q)",
        x=(1, 8, 4, 4),
        w=stored(8, 8, 3, 3),
        scale=stored(8, 1, 1),
        zero=stored(),
        bits=stored(),
    )


def custom() -> Draft:
    """y = F(x) + mine::map(x, m), m of 16 x 16."""
    made = listing(
        "m = mine::map(x, k)",
        "c = MatMul(x, w)",
        "r = Relu(c)",
        "y = Add(r, m)",
        x=(4, 16),
        w=stored(16, 16),
        k=stored(16, 16),
    )
    return replace(made, recorded={"m": TensorType((4, 16), "float32")})


def test_an_operator_is_not_understood_unless_it_is_declared() -> None:
    bare = audit_draft(quantised())
    assert (bare.summary.unknown, bare.summary.identity, bare.declared) == (1, 0, ())
    found = audit_draft(quantised(), {QUANT: Declaration("copy")})
    (shortcut,) = found.shortcuts
    assert (found.summary.unknown, shortcut.kind, shortcut.parameters) == (0, "identity", 0)  # its scale is not learned
    assert found.totals.parameters == 8 * 8 * 3 * 3
    assert not found.totals.lower_bound
    assert [(each.op, each.declared_as, each.nodes) for each in found.declared] == [(QUANT, "copy", 1)]
    assert f"declared, not read from the model: {QUANT} as copy" in found.notes


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("copy", "identity"),
        ("view", "identity"),
        ("selection", "parameter-free"),
        ("scale", "parameter-free"),
        ("normalisation", "projection"),
        ("linear", "projection"),
        ("nonlinear", None),
        ("free", None),
    ],
)
def test_each_word_is_a_class_of_step(word: str, kind: str | None) -> None:
    found = audit_draft(quantised(), {QUANT: Declaration(word)})
    assert [each.kind for each in found.shortcuts] == ([kind] if kind else [])
    assert found.summary.unknown == 0


def test_the_words_are_those_of_the_rows() -> None:
    assert set(MEANINGS) == set(declared.EFFECTS)


def test_a_linear_map_is_a_projection_with_its_parameters_and_unknown_macs() -> None:
    found = audit_draft(custom(), {"mine::map": Declaration("linear")})
    (shortcut,) = found.shortcuts
    assert (shortcut.kind, shortcut.parameters, shortcut.macs) == ("projection", 256, None)  # 16 x 16
    assert found.totals.lower_bound
    assert [(each.op, each.why) for each in found.uncounted] == [
        ("mine::map", "it was declared without a formula for its MACs")
    ]


@pytest.mark.parametrize(
    ("macs", "of", "count"),
    [
        ("matmul", (0, 1), 4 * 16 * 16),
        ("matmul", (), 4 * 16 * 16),
        ("elementwise", (), 4 * 16),
        ("none", (), 0),
        ("matmul", (0, 7), None),  # no such input
    ],
)
def test_a_formula_counts_on_the_inputs_that_are_named(macs: str, of: tuple[int, ...], count: int | None) -> None:
    found = audit_draft(custom(), {"mine::map": Declaration("linear", (0,), (1,), macs=macs, of=of)})
    assert found.shortcuts[0].macs == count
    assert found.declared[0].declared_as.startswith("linear; data 0; weights 1; macs ")


def test_scales_are_no_parameters() -> None:
    found = audit_draft(custom(), {"mine::map": Declaration("linear", (0,), scales=(1,))})
    assert found.shortcuts[0].parameters == 0


def test_a_convolution_sums_over_its_kernel() -> None:
    made = listing("c = mine::conv(x, w)", x=(1, 8, 6, 6), w=stored(4, 8, 3, 3))
    stated = replace(made, recorded={"c": TensorType((1, 4, 4, 4), "float32")})
    found = audit_draft(stated, {"mine::conv": Declaration("linear", macs="conv")})
    assert found.totals.macs == 4 * 4 * 4 * 8 * 3 * 3  # outputs x (channels in x kernel)


def test_attention_is_two_products() -> None:
    made = listing("c = mine::attend(q, k, v)", q=(1, 2, 5, 4), k=(1, 2, 7, 4), v=(1, 2, 7, 4))
    stated = replace(made, recorded={"c": TensorType((1, 2, 5, 4), "float32")})
    found = audit_draft(stated, {"mine::attend": Declaration("nonlinear", macs="attention")})
    assert found.totals.macs == 2 * 5 * 7 * 4 + 2 * 5 * 7 * 4  # heads x queries x keys x size, for Q K^T and P V


def test_a_shape_that_the_file_states_stands() -> None:
    stated = replace(quantised(), recorded={"q": TensorType((1, 8, 1, 1), "float32")})
    found = audit_draft(stated, {QUANT: Declaration("scale")})
    assert not any("another shape" in note for note in found.notes)
    without = audit_draft(quantised(), {QUANT: Declaration("copy")})
    assert without.shortcuts[0].merge.shape == (1, 8, 4, 4)  # element by element: the shape of the data


def test_an_operator_of_a_library_needs_no_overload() -> None:
    made = listing("q = my_lib::op.default(x)", "c = Relu(x)", "d = Conv(c, w)", "y = Add(d, q)",
                   x=(1, 8, 4, 4), w=stored(8, 8, 1, 1))  # fmt: skip
    for name in ("my_lib::op", "my_lib::op.default"):
        assert audit_draft(made, {name: Declaration("copy")}).summary.identity == 1
    assert audit_draft(made, {"my_lib::op.out": Declaration("copy")}).summary.unknown == 1


@pytest.mark.parametrize("kind", ["declared::copy", "declared::copy data=0 weights= scales= macs-none=", "declared::x"])
def test_no_file_declares_its_own_operators(kind: str) -> None:
    made = quantised()
    forged = replace(made, nodes=tuple(replace(n, kind=kind) if n.kind == QUANT else n for n in made.nodes))
    found = audit_draft(forged)
    assert (found.summary.identity, found.summary.unknown) == (0, 1)
    assert audit_draft(forged, {kind: Declaration("copy")}).summary.identity == 1


@pytest.mark.parametrize(
    "name", ["ai.onnx::Relu", "com.microsoft::SkipLayerNormalization", "aten::relu", "aten::add.Tensor", "aten::logit"]
)
def test_what_is_understood_cannot_be_declared(name: str) -> None:
    with pytest.raises(UsageError, match="is understood already"):
        refuse_understood({name: Declaration("copy")})
    with pytest.raises(UsageError, match="is understood already"):
        audit("model.onnx", operators={name: "copy"})


def test_what_is_unknown_can() -> None:
    refuse_understood({QUANT: Declaration("copy"), "aten::linalg_svd": Declaration("nonlinear")})


def test_python_is_told_what_is_wrong() -> None:
    with pytest.raises(UsageError, match="did you mean 'copy'"):
        audit("model.onnx", operators={QUANT: "copi"})


def test_the_graph_that_is_handed_out_knows_it(tmp_path: Path) -> None:
    save(tmp_path / "model.onnx", network("opaque"))
    declared_as = {"com.example::Mystery": "copy"}
    graph = load(tmp_path / "model.onnx", operators=declared_as)
    (node,) = [data for _, data in graph.nodes(data=True) if data["op"] == "Mystery"]
    assert node["shape"] == (1, 8, 16, 16)
    (found,) = audit_many([tmp_path / "model.onnx"], operators=declared_as)
    assert isinstance(found, ModelReport)
    assert found.summary.identity == 1
