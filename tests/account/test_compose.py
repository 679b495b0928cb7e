"""How do a graph and its shortcuts become a report?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from shortcut_audit.account.entries import _name
from shortcut_audit.graph.draft import Draft
from shortcut_audit.graph.model import Op, Source, TensorType
from shortcut_audit.pipeline import audit_draft
from shortcut_audit.report import ModelReport, Shortcut, TensorInfo
from tests.sketch import audited, draft, listing, stored

BRANCH = "x -> Conv.1 -> Relu -> Conv.2 -> Add"


# --- keys ------------------------------------------------------------------------------------------------------------


def keys(*scopes: str) -> list[str]:
    """The keys of shortcuts in these scopes, in the order of the graph."""
    lines = []
    for number, scope in enumerate(scopes):
        lines += [
            f"m{number} = MatMul(v{number}, w)",
            f"r{number} = Relu(m{number})",
            f"v{number + 1} = Add(r{number}, v{number}) @{scope}",
        ]
    return [shortcut.key for shortcut in audit_draft(listing(*lines, v0=(1, 8), w=stored(8, 8))).shortcuts]


def test_a_shortcut_is_called_by_its_scope_and_from_the_second_on_by_its_place_there() -> None:
    assert keys("layer1.0", "layer1.1", "layer1.0", "layer1.0") == [
        "layer1.0", "layer1.1", "layer1.0#1", "layer1.0#2",
    ]  # fmt: skip


def test_without_scopes_shortcuts_are_counted() -> None:
    assert [s.key for s in audited(BRANCH, "x -> Add").shortcuts] == ["(root)"]


def test_a_scope_that_looks_like_another_one_s_key_makes_no_two_keys_equal() -> None:
    assert len(set(keys("a", "a", "a#1", "a", "a#1", "a#1#1"))) == 6


def test_two_shortcuts_of_one_merge_have_keys_of_their_own() -> None:
    drawn = ("x -> Sum", "x -> Conv.p{k=1} -> Sum", "x -> Conv.1 -> Relu -> Conv.2 -> Sum")
    assert [(s.key, s.kind) for s in audited(*drawn).shortcuts] == [("(root)", "identity"), ("(root)#1", "projection")]


# --- order and completeness ------------------------------------------------------------------------------------------

TWO_BLOCKS = (
    "x -> Conv.1 -> Relu.1 -> Add.1 -> Conv.2 -> Relu.2 -> Add.2 -> Add.bias",
    "x -> Add.1",
    "Add.1 -> Conv.p{k=1} -> Add.2",
    "#bias -> Add.bias",
)


def test_shortcuts_and_other_additions_come_in_the_order_of_the_graph() -> None:
    report = audited(*TWO_BLOCKS)
    assert [s.merge.name for s in report.shortcuts] == ["Add.1", "Add.2"]
    assert [(other.name, other.reason) for other in report.other_adds] == [("Add.bias", "constant operand")]


def test_every_addition_counts_once_folded_ones_too() -> None:
    report = audited(
        "x -> Add.inner -> Add.outer",
        "x -> Conv.a -> Relu.a -> Add.inner",
        "x -> Conv.b -> Relu.b -> Add.outer",
        "x -> Relu.c -> Add.c -> Add.d",
        "z -> Add.c",
        "z -> Relu.d -> Add.d",
    )
    assert report.totals.adds == 4
    assert (report.shortcuts[0].merge.name, report.shortcuts[0].merge.also) == ("Add.outer", ("Add.inner",))
    assert (report.other_adds[0].name, report.other_adds[0].also) == ("Add.d", ("Add.c",))


def test_a_merge_with_two_shortcuts_is_one_addition() -> None:
    report = audited("x -> Sum", "x -> Conv.p{k=1} -> Sum", "x -> Conv.1 -> Relu -> Conv.2 -> Sum")
    assert (report.totals.adds, report.summary.shortcuts) == (1, 2)
    assert report.summary.elementwise_adds == 256  # 2 x 8 x 4 x 4, and not for each shortcut


# --- one shortcut ----------------------------------------------------------------------------------------------------


def test_a_projection_in_full() -> None:
    (shortcut,) = audited(
        "x -> Conv.1{out=16,stride=2} -> Relu -> Conv.2{in=16} -> Add",
        "x -> Conv.p{k=1,out=16,stride=2} -> BatchNormalization{in=16} -> Add",
    ).shortcuts
    assert (shortcut.fork.name, shortcut.fork.shape) == ("x", (1, 8, 4, 4))
    assert (shortcut.merge.op, shortcut.merge.name, shortcut.merge.shape) == ("Add", "Add", (1, 16, 2, 2))
    conv, norm = shortcut.route
    assert (conv.op, conv.detail, conv.step_class, conv.strides) == ("Conv", "1x1, stride 2, 8 -> 16", "linear", (2, 2))
    assert [(w.name, w.shape, w.role) for w in conv.weights] == [("Conv.p.weight", (16, 8, 1, 1), "weight")]
    assert (norm.op, norm.step_class, norm.strides) == ("BatchNormalization", "diagonal", ())
    assert (shortcut.parameters, shortcut.macs, shortcut.flops) == (160, 512, 1_024)  # 16 x 8 + 2 x 16; 16 x 4 x 8
    assert shortcut.elementwise_adds == 64  # 16 x 2 x 2
    assert shortcut.held_bytes == 512  # 8 x 4 x 4 elements of four bytes
    assert (shortcut.span.ops, shortcut.span.weight_layers, shortcut.span.parameters) == (3, 2, 3_456)  # 1152 + 2304


def test_a_bare_edge_costs_nothing_but_the_addition_and_the_memory() -> None:
    (shortcut,) = audited(BRANCH, "x -> Add").shortcuts
    assert (shortcut.route, shortcut.weights_in_words) == ((), "")
    assert (shortcut.parameters, shortcut.macs, shortcut.has_weight, shortcut.has_bias) == (0, 0, False, False)
    assert (shortcut.elementwise_adds, shortcut.held_bytes) == (128, 512)  # 8 x 4 x 4, of four bytes each


@pytest.mark.parametrize(
    ("route", "has_weight", "has_bias"),
    [
        (["x -> Add"], False, False),
        (["x -> MaxPool{k=1} -> Add"], False, False),
        (["x -> Conv.p{k=1} -> Add"], True, False),
        (["x -> Conv.p{k=1,bias=1} -> Add"], True, True),
        (["x -> Conv.p{k=1} -> BatchNormalization -> Add"], True, False),  # the norm's shift is no bias of W_s
        (["x -> BatchNormalization -> Add"], True, True),  # here it is all there is
        (["x -> Conv.p{k=1} -> Add.b -> Add", "#b -> Add.b"], True, True),
        (["x -> Conv.p{k=1} -> Identity -> Add.b -> Add", "#b -> Add.b"], True, True),
        (["x -> Conv.p{k=1} -> Mul.h -> Add.b -> Add", "#h[] -> Mul.h", "#b -> Add.b"], True, True),  # a factor between
        (["x -> Conv.p{k=1} -> AveragePool.p{k=1} -> Add.b -> Add", "#b -> Add.b"], True, True),
        (["x -> Mul.s -> Add", "#s -> Mul.s"], True, False),
        (["x -> Add.b -> Add", "#b -> Add.b"], False, True),
    ],
)
def test_does_the_shortcut_have_a_weight_matrix_and_a_bias(route: list[str], has_weight: bool, has_bias: bool) -> None:
    (shortcut,) = audited(BRANCH, *route).shortcuts
    assert (shortcut.has_weight, shortcut.has_bias) == (has_weight, has_bias)


def test_the_memory_that_a_shortcut_holds_depends_on_the_element_type() -> None:
    half = listing(
        "c = Conv(x, w) pads=1,1,1,1",
        "r = Relu(c)",
        "y = Add(r, x)",
        x=TensorType((1, 8, 4, 4), "float16"),
        w=stored(8, 8, 3, 3, dtype="float16"),
    )
    assert audit_draft(half).shortcuts[0].held_bytes == 256  # 128 elements of two bytes


def test_a_nameless_addition_is_called_by_what_it_makes() -> None:
    drawn = draft(BRANCH, "x -> Add")
    nameless = replace(drawn, nodes=tuple(replace(node, name="") for node in drawn.nodes))
    assert audit_draft(nameless).shortcuts[0].merge.name == "Add:Add"


# --- sources ---------------------------------------------------------------------------------------------------------


def located(file: str) -> Draft:
    drawn = draft(BRANCH, "x -> Add")
    return replace(drawn, nodes=tuple(replace(node, source=Source(file, 7)) for node in drawn.nodes))


def test_a_line_is_told_as_reviewers_know_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (inside,) = audit_draft(located(str(tmp_path / "models" / "net.py"))).shortcuts
    (outside,) = audit_draft(located("/usr/lib/torchvision/resnet.py")).shortcuts
    assert inside.merge.source is not None
    assert (inside.merge.source.file, inside.merge.source.line) == ("models/net.py", 7)
    assert outside.merge.source is not None
    assert outside.merge.source.file == "/usr/lib/torchvision/resnet.py"


# --- the model -------------------------------------------------------------------------------------------------------


def test_the_summary_adds_up_the_shortcuts() -> None:
    found = audited(*TWO_BLOCKS).summary
    assert (found.identity, found.parameter_free, found.gated, found.projection) == (1, 0, 0, 1)
    assert (found.extra_parameters, found.extra_macs, found.extra_flops) == (64, 1_024, 2_048)  # 8 x 8, at 16 positions
    assert (found.elementwise_adds, found.held_bytes) == (256, 512)  # two merges of 128; the larger of two of 512


def test_a_tensor_on_two_shortcuts_is_extra_once() -> None:
    shared = listing(
        "a = MatMul(x, v)",
        "b = Relu(a)",
        "p = MatMul(x, w)",
        "y = Add(b, p)",
        "c = MatMul(y, v)",
        "d = Relu(c)",
        "q = MatMul(y, w)",
        "z = Add(d, q)",
        x=(1, 8),
        v=stored(8, 8),
        w=stored(8, 8),
    )
    report = audit_draft(shared)
    assert [shortcut.parameters for shortcut in report.shortcuts] == [64, 64]
    assert (report.summary.extra_parameters, report.summary.extra_macs) == (64, 128)  # one tensor, two products


def test_a_model_without_additions() -> None:
    report = audited("x -> Conv.1 -> Relu")
    assert (report.shortcuts, report.other_adds, report.totals.adds) == ((), (), 0)
    assert (report.summary.shortcuts, report.summary.extra_parameters, report.summary.held_bytes) == (0, 0, 0)
    assert (report.summary.extra_macs, report.summary.elementwise_adds, report.summary.option) == (0, 0, "none")


def opened(*shape: int | str | None) -> ModelReport:
    return audited(BRANCH, "x -> Conv.p{k=1} -> Add", shape=shape)


def test_with_open_dimensions_costs_are_formulas_and_the_symbols_are_named() -> None:
    report = opened("batch", 8, None, "width")
    (shortcut,) = report.shortcuts
    assert (shortcut.kind, shortcut.parameters) == ("projection", 64)
    assert (shortcut.macs, shortcut.flops, shortcut.elementwise_adds, shortcut.held_bytes) == (None, None, None, None)
    assert shortcut.macs_formula == "64*batch*width*x[2]"  # 8 x 8 at each position
    assert shortcut.elementwise_adds_formula == "8*batch*width*x[2]"
    assert shortcut.held_bytes_formula == "32*batch*width*x[2]"  # 8 channels of 4 bytes
    assert (shortcut.span.macs, shortcut.span.macs_formula) == (None, "1152*batch*width*x[2]")  # 2 x 8 x 8 x 9
    summary = report.summary
    assert (summary.extra_macs, summary.extra_macs_formula) == (None, "64*batch*width*x[2]")
    assert (summary.elementwise_adds_formula, summary.held_bytes_formula) == (
        "8*batch*width*x[2]",
        "32*batch*width*x[2]",
    )
    assert summary.extra_parameters == 64
    assert (report.totals.macs, report.totals.lower_bound) == (None, False)
    assert report.totals.macs_formula == "1216*batch*width*x[2]"  # 1,152 + 64
    assert report.symbols == ("batch", "x[2]", "width")


def test_symbols_that_stand_in_nobody_s_way_are_not_named() -> None:
    assert opened(1, 8, 4, 4).symbols == ()
    report = audit_draft(listing("y = Relu(x)", x=("batch", 8)))
    assert (report.symbols, report.totals.macs) == ((), 0)


def test_the_inputs_are_those_of_the_model() -> None:
    report = audit_draft(listing("y = Add(x, z)", x=("batch", 8), z=TensorType(None, "int64")))
    assert report.inputs == (TensorInfo("x", ("batch", 8), "float32"), TensorInfo("z", None, "int64"))


def test_what_the_loader_said_of_the_model_is_passed_on() -> None:
    drawn = replace(draft(BRANCH, "x -> Add"), source="model.onnx", origin="opset 17, tool 1", notes=("said before",))
    report = audit_draft(drawn)
    assert (report.source, report.format, report.origin) == ("model.onnx", "onnx", "opset 17, tool 1")
    assert report.notes[0] == "said before"


# --- the spine -------------------------------------------------------------------------------------------------------


def test_layers_are_the_spine_and_a_shortcut_leads_around_some() -> None:
    """Where W_s stands between the layers it leads around, it is one of the shortcut's, not of the main path."""
    model = audited(
        "x -> Conv.0 -> Relu -> Conv.1 -> Relu.1 -> Conv.2 -> Add -> Conv.3 -> Relu.3 -> Conv.4 -> Add.1",
        "Relu -> Conv.p{k=1} -> Add",
        "Add -> Add.1",
    )
    places = {layer.name: number for number, layer in enumerate(model.layers)}
    assert sorted(places) == ["Conv.0", "Conv.1", "Conv.2", "Conv.3", "Conv.4", "Conv.p"]
    assert {layer.name: layer.shortcut for layer in model.layers if layer.shortcut} == {"Conv.p": "(root)"}
    around = [(shortcut.first_layer, shortcut.last_layer) for shortcut in model.shortcuts]
    assert around == [(places["Conv.1"], places["Conv.2"]), (places["Conv.3"], places["Conv.4"])]
    assert [shortcut.merge.after_layers for shortcut in model.shortcuts] == [4, 6]


def test_a_branch_without_weight_layers_has_no_first_and_no_last() -> None:
    model = audited("x -> Conv.0 -> AveragePool -> Add -> Conv.1", "Conv.0 -> Add")
    (shortcut,) = model.shortcuts
    assert (shortcut.first_layer, shortcut.last_layer, shortcut.merge.after_layers) == (None, None, 1)


def test_of_a_long_route_the_first_and_the_last_steps_are_listed() -> None:
    """Of 70 steps 64: 32 from either end."""
    chain = " -> ".join(f"AveragePool.{number}{{k=1}}" for number in range(70))
    (shortcut,) = audited("x -> Conv.1 -> Relu -> Conv.2 -> Add", f"x -> {chain} -> Add").shortcuts
    assert [step.name for step in shortcut.route] == [
        f"AveragePool.{number}" for number in (*range(32), *range(38, 70))
    ]
    assert "6 of the 70 steps of its route are not listed" in shortcut.notes


def test_of_constants_only_sums_are_listed() -> None:
    report = audit_draft(
        listing("p = Mul(a, b)", "s = Add(p, b)", "m = Mul(x, s)", "y = Add(x, m)", x=(1, 8), a=stored(8), b=stored(8))
    )
    assert [other.name for other in report.other_adds] == ["s", "y"]
    assert report.totals.adds == 2


def test_a_layer_has_the_shape_of_what_it_makes() -> None:
    report = audit_draft(listing("_, h = LSTM(x, w, r)", x=(5, 2, 3), w=stored(1, 16, 3), r=stored(1, 16, 4)))
    assert [layer.shape for layer in report.layers] == [(1, 2, 4)]  # directions, batch, units


def test_a_matrix_of_unknown_shape_that_is_fed_is_no_known_weight() -> None:
    report = audit_draft(listing("y = MatMul(x, w)", x=(1, 3, 4), w=TensorType(None, "float32")))
    assert not report.totals.parameters_lower_bound


# --- the figures of one addition -------------------------------------------------------------------------------------


def entry(*lines: str, **given: object) -> Shortcut:
    known: dict[str, object] = {"x": (1, 8, 4, 4), "w": stored(8, 8, 3, 3), "p": stored(8, 8, 1, 1), "b": stored(8),
                                "g": stored(8, 1, 1), "i": stored(2, 1, dtype="int64", data=(0, 0)),
                                **given}  # fmt: skip
    read = {word for line in lines for word in line.partition("(")[2].partition(")")[0].split(", ")}
    model = audit_draft(listing(*lines, **{n: what for n, what in known.items() if n in read}))  # type: ignore[arg-type]
    return model.shortcuts[0]


BESIDE = ("c = Conv(x, w) pads=1,1,1,1", "f = Relu(c)")


@pytest.mark.parametrize(
    ("lines", "adds"),
    [
        ((*BESIDE, "y = Add(f, x)"), 128),  # 8 x 4 x 4
        ((*BESIDE, "y = Sum(f, x, c)"), 256), ((*BESIDE, "s = Add(f, c)", "y = Add(s, x)"), 256),
        ((*BESIDE, "s = Add(x, b2)", "y = Add(f, s)"), 128),  # a stored offset is no operand
    ],
)  # fmt: skip
def test_a_merge_adds_one_value_less_than_it_has(lines: tuple[str, ...], adds: int) -> None:
    assert entry(*lines, b2=stored(8, 1, 1, data=(0.0,) * 8, literal=True)).elementwise_adds == adds


def test_what_is_added_at_computed_places_adds_as_many_as_it_writes() -> None:
    """Two rows of 8 are added to 4 x 8 elements: 16."""
    lines = ("m = MatMul(x, w)", "r = Relu(m)", "u = Gather(r, rows) axis=0", "y = ScatterND(x, i, u) reduction=add")
    found = entry(*lines, x=(4, 8), w=stored(8, 8), rows=stored(2, dtype="int64", data=(0, 1)))
    assert (found.kind, found.elementwise_adds) == ("identity", 16)


@pytest.mark.parametrize(
    ("route", "strides", "detail"),
    [
        ("s = Conv(x, p) strides=2,2", (2, 2), "1x1, stride 2, 8 -> 8"),
        ("s = Conv(x, p) strides=1,1", (1, 1), "1x1, 8 -> 8"),
        ("s = Conv(x, p)", (), "1x1, 8 -> 8"), ("s = Conv(x, p) strides=2,1", (2, 1), "1x1, stride 2x1, 8 -> 8"),
        ("s = AveragePool(x) kernel_shape=2,2 strides=2,2", (), "2x2, stride 2"),
    ],
)  # fmt: skip
def test_the_strides_of_a_step(route: str, strides: tuple[int, ...], detail: str) -> None:
    """Those of a convolution skip what they step over; a pool reads all of it."""
    by = route.partition("strides=")[2] or "1,1"
    found = entry(f"c = Conv(x, w) pads=1,1,1,1 strides={by}", "f = Relu(c)", route, "y = Add(f, s)")
    (step,) = found.route
    assert (step.strides, step.detail) == (strides, detail)


@pytest.mark.parametrize(
    ("route", "weight", "bias"),
    [
        (("s = Conv(x, p)",), True, False), (("s = Conv(x, p, b)",), True, True),
        (("a = Conv(x, p)", "s = Add(a, g)"), True, True),
        (("a = Conv(x, p)", "s = BatchNormalization(a, b, b2, b, b)"), True, False),  # its shift is not the map's bias
        (("a = Conv(x, p, b3)", "s = BatchNormalization(a, b, b2, b, b)"), True, True),
        (("a = Conv(x, p)", "n = BatchNormalization(a, b, b2, b, b)", "s = Add(n, g)"), True, False),
        (("s = BatchNormalization(x, b, b2, b, b)",), True, True),
        (("s = Mul(x, g)",), True, False),
        (("a = Mul(x, g)", "s = Add(a, g2)"), True, True), (("s = Add(x, g)",), False, True),
        (("s = Mul(x, half)",), False, False), ((), False, False),
    ],
)  # fmt: skip
def test_does_w_s_exist_and_has_it_a_bias(route: tuple[str, ...], weight: bool, bias: bool) -> None:
    more = {"b2": stored(8), "b3": stored(8), "g2": stored(8, 1, 1), "half": stored(data=(0.5,), literal=True)}
    found = entry(*BESIDE, *route, f"y = Add(f, {'s' if route else 'x'})", **more)
    assert (found.has_weight, found.has_bias) == (weight, bias)


def test_a_nameless_op_without_its_first_output_is_called_by_what_it_does_make() -> None:
    op = Op("Split", "Split", "", ("x",), (None, "b"))
    assert [_name(op), _name(replace(op, name="n")), _name(replace(op, outputs=(None,)))] == ["Split:b", "n", "Split:"]
