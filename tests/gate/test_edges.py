"""Where exactly does a rule begin to object? Just under the edge, on it, and just over it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from shortcut_audit.gate.advice import impeded_identity, residual_not_quantised, strided_pointwise_projection
from shortcut_audit.gate.believed import operator_declared
from shortcut_audit.gate.budgets import cost_unknown, kind_unknown, too_few_identities, too_many_projections
from shortcut_audit.gate.case import Case, described, kind_of
from shortcut_audit.gate.changes import model_unaccepted, shortcut_added, shortcut_improved, shortcut_removed
from shortcut_audit.gate.config import Config
from shortcut_audit.gate.policy import levelled, unused_settings
from shortcut_audit.gate.settings import Settings
from shortcut_audit.gate.sizes import became
from shortcut_audit.operators.declaration import Declaration
from shortcut_audit.report import (
    Change,
    Comparison,
    Declared,
    Detached,
    Finding,
    Kind,
    ModelReport,
    OtherAdd,
    Shape,
    Side,
)
from tests.sketch import audited

BODY = "x -> Conv.1 -> Relu -> Conv.2 -> Add"
IDENTITY = audited(BODY, "x -> Add")
PROJECTION = audited(BODY, "x -> Conv.p{k=1} -> Add")


def case(model: ModelReport, settings: Settings | None = None, comparison: Comparison | None = None) -> Case:
    return Case(model, settings or Settings(), comparison, {shortcut.key: shortcut for shortcut in model.shortcuts})


def numbers(**counted: int) -> ModelReport:
    """A model with so many shortcuts of each kind, and so many additions that are not understood."""
    unknown = [
        OtherAdd(f"a{n}", "Add", (), "not understood", f"Op{n} at n{n}") for n in range(counted.get("unknown", 0))
    ]
    return replace(IDENTITY, summary=replace(IDENTITY.summary, **counted), other_adds=tuple(unknown))


# --- how many there may be -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "most", "said"),
    [
        (2, 2, []), (2, 3, []), (0, 0, []), (2, None, []),
        (3, 2, ["3 shortcuts are projections; at most 2 may be"]),
        (1, 0, ["1 shortcut is a projection; at most 0 may be"]),
        (1_234, 1_000, ["1,234 shortcuts are projections; at most 1,000 may be"]),
    ],
)  # fmt: skip
def test_projections(found: int, most: int | None, said: list[str]) -> None:
    asked = case(numbers(projection=found), Settings(max_projections=most))
    assert [one.message for one in too_many_projections(asked)] == said


@pytest.mark.parametrize(
    ("found", "unknown", "least", "said"),
    [
        (2, 0, 2, []), (3, 0, 2, []), (1, 1, 2, []), (0, 2, 2, []), (0, 0, 0, []), (0, 0, None, []),
        (1, 0, 2, ["1 shortcut is an identity; at least 2 must be"]),
        (0, 1, 2, ["0 shortcuts are identities; at least 2 must be"]),
    ],
)  # fmt: skip
def test_identities(found: int, unknown: int, least: int | None, said: list[str]) -> None:
    """An addition that is not understood may be one."""
    asked = case(numbers(identity=found, unknown=unknown), Settings(min_identities=least))
    assert [one.message for one in too_few_identities(asked)] == said


ONE = "1 addition is not understood (Op0 at n0)"
TWO = "2 additions are not understood (Op0 at n0, Op1 at n1)"


@pytest.mark.parametrize(
    ("settings", "found", "said"),
    [
        (Settings(max_projections=3), {"projection": 2, "unknown": 1}, []),
        (Settings(max_projections=2), {"projection": 2, "unknown": 1}, [f"max-projections cannot be checked: {ONE}"]),
        (Settings(max_projections=3), {"projection": 2, "unknown": 2}, [f"max-projections cannot be checked: {TWO}"]),
        (Settings(max_projections=1), {"projection": 2, "unknown": 1}, []),  # too many whatever it is
        (Settings(min_identities=2), {"identity": 2, "unknown": 1}, []),
        (Settings(min_identities=3), {"identity": 2, "unknown": 1}, [f"min-identities cannot be checked: {ONE}"]),
        (Settings(min_identities=4), {"identity": 2, "unknown": 1}, []),  # too few whatever it is
        (Settings(min_identities=4), {"identity": 2, "unknown": 2}, [f"min-identities cannot be checked: {TWO}"]),
        (Settings(allowed_kinds=()), {"unknown": 1}, [f"allowed-kinds cannot be checked: {ONE}"]),
        (Settings(allowed_kinds=(), max_projections=0, min_identities=1),
         {"projection": 0, "identity": 0, "unknown": 1},
         [f"allowed-kinds and max-projections and min-identities cannot be checked: {ONE}"]),
        (Settings(allowed_kinds=()), {"unknown": 0}, []),
        (Settings(), {"unknown": 1}, []),
    ],
)  # fmt: skip
def test_what_an_addition_decides_that_is_not_understood(
    settings: Settings, found: dict[str, int], said: list[str]
) -> None:
    assert [one.message for one in kind_unknown(case(numbers(**found), settings))] == said


@pytest.mark.parametrize(
    ("unknown", "named"),
    [
        (3, "Op0 at n0, Op1 at n1, Op2 at n2"), (4, "Op0 at n0, Op1 at n1, Op2 at n2 and 1 more"),
        (5, "Op0 at n0, Op1 at n1, Op2 at n2 and 2 more"),
    ],
)  # fmt: skip
def test_three_operators_that_are_not_understood_are_named(unknown: int, named: str) -> None:
    asked = case(numbers(unknown=unknown), Settings(allowed_kinds=()))
    assert [one.message for one in kind_unknown(asked)] == [
        f"allowed-kinds cannot be checked: {unknown} additions are not understood ({named})"
    ]


def compared(unknown: int, counterpart: str | None = "m", known: int = 1, **more: object) -> Comparison:
    plain = Comparison("sketch", "base.json", counterpart, 0, unknown=unknown, known=known)
    return replace(plain, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("now", "then", "said"),
    [
        (1, 1, []), (1, 2, []), (2, 1, [f"{TWO}; 1 when the model was accepted"]),
        (1, 0, [f"{ONE}; none when the model was accepted"]),
    ],
)  # fmt: skip
def test_more_that_is_not_understood_than_was_accepted(now: int, then: int, said: list[str]) -> None:
    asked = case(numbers(unknown=now), comparison=compared(then))
    accept = ". To accept: shortcut-audit sketch --write-baseline base.json"
    assert [one.message for one in kind_unknown(asked)] == [message + accept for message in said]
    assert list(kind_unknown(case(numbers(unknown=now), comparison=compared(then, counterpart=None)))) == []


@pytest.mark.parametrize(("open_sizes", "bound"), [(4, "abcd"), (5, "abcd"), (1, "a")])
def test_four_open_sizes_are_named(open_sizes: int, bound: str) -> None:
    from fractions import Fraction

    from shortcut_audit.gate.settings import Budget

    totals = replace(IDENTITY.totals, macs=None, macs_formula="a + 1")
    model = replace(IDENTITY, symbols=tuple("abcde"[:open_sizes]), totals=totals)
    asked = case(model, Settings(max_macs=Budget("9", Fraction(9))))
    options = " ".join(f"--dim {name}=SIZE" for name in bound)
    assert [one.message for one in cost_unknown(asked)] == [
        f"max-macs cannot be checked: it depends on dimensions that are not bound; {options} would bind them"
    ]


# --- what has become of a model --------------------------------------------------------------------------------------

KINDS: tuple[Kind, ...] = ("identity", "parameter-free", "gated", "projection")


def side(kind: Kind, parameters: int | None = 0, macs: int | None = 0) -> Side:
    (shortcut,) = IDENTITY.shortcuts
    return Side(shortcut.key, kind, (1, 8, 4, 4), (1, 8, 4, 4), parameters, macs)


@pytest.mark.parametrize(
    ("then", "now", "cost", "improved"),
    [
        ("projection", "identity", "fell", True), ("projection", "gated", "fell", True),
        ("gated", "identity", "same", True),
        ("parameter-free", "identity", "same", True), ("projection", "identity", "grew", False),
        ("projection", "identity", "unknown", False), ("projection", "projection", "fell", True),
        ("projection", "projection", "same", False), ("projection", "projection", "grew", False),
        ("identity", "projection", "fell", False), ("gated", "projection", "fell", False),
        ("identity", "identity", "same", False),
    ],
)  # fmt: skip
def test_what_is_cheaper_than_was_accepted(then: Kind, now: Kind, cost: str, improved: bool) -> None:
    change = Change(side(then, 64, 1_024), side(now), cost)  # type: ignore[arg-type]
    asked = case(IDENTITY, comparison=compared(0, changes=(change,)))
    assert len(list(shortcut_improved(asked))) == improved


def test_what_is_gone() -> None:
    accept = "To accept: shortcut-audit sketch --write-baseline base.json"
    changes = (Change(side("projection", 64, 1_024), None, "same"), Change(None, side("identity"), "same"))
    detached = (Detached("layer1", "logits"),)
    asked = case(IDENTITY, comparison=compared(0, changes=changes, detached=detached))
    assert [(one.shortcut, one.message) for one in shortcut_removed(asked)] == [
        (side("identity").key, f"a projection (64 parameters, 1,024 MACs) from 1x8x4x4 to 1x8x4x4 is gone. {accept}"),
        ("layer1", f"is still added, and output 'logits' does not depend on it any more. {accept}"),
    ]
    assert list(shortcut_removed(case(IDENTITY))) == []


@pytest.mark.parametrize(
    ("counterpart", "known", "unaccepted", "added"),
    [(None, 2, ["the baseline knows 2 models"], []), (None, 1, ["the baseline knows 1 model"], []),
     (None, 0, [], ["the baseline does not know this model"]), ("m", 1, [], [])],
)  # fmt: skip
def test_a_model_that_the_baseline_does_not_know(
    counterpart: str | None, known: int, unaccepted: list[str], added: list[str]
) -> None:
    asked = case(IDENTITY, comparison=compared(0, counterpart=counterpart, known=known))
    assert [one.message.partition(",")[0].partition(":")[0] for one in model_unaccepted(asked)] == unaccepted
    assert [one.message.partition(":")[0] for one in shortcut_added(asked)] == added
    assert list(model_unaccepted(case(IDENTITY))) == list(shortcut_added(case(IDENTITY))) == []


@pytest.mark.parametrize(
    ("parameters", "macs", "said"),
    [
        (0, 0, "an identity"), (1, 0, "an identity (1 parameters, 0 MACs)"),
        (0, 1, "an identity (0 parameters, 1 MACs)"),
        (0, None, "an identity (0 parameters, ? MACs)"), (None, 0, "an identity"),
    ],
)  # fmt: skip
def test_a_price_is_told_where_there_is_one(parameters: int | None, macs: int | None, said: str) -> None:
    assert kind_of(side("identity", parameters, macs)).replace("unknown", "?") == said
    (shortcut,) = IDENTITY.shortcuts
    changed = replace(shortcut, parameters=parameters, macs=macs, weights_in_words="")
    assert described(changed).replace("unknown", "?") == said


@pytest.mark.parametrize(
    ("then", "now", "shapes", "trend"),
    [
        ("8", "8", [], "same"), ("8", "9", [], "grew"), ("9", "8", [], "fell"), (None, "8", [], "same"),
        ("8", None, [], "unknown"), (None, None, [], "same"),
        ("64*n", "64*n", [], "same"), ("64*n", "65*n", [], "grew"), ("65*n", "64*n", [], "fell"),
        ("64*n", "64*m", [], "unknown"), ("64*n", "64*m", [(("n", 8), ("m", 8))], "same"),
        ("64*n", "128", [(("n", 8), (2, 8))], "same"), ("64*n", "127", [(("n", 8), (2, 8))], "fell"),
        ("64*n", "129", [(("n", 8), (2, 8))], "grew"), ("64*n", "128", [], "unknown"),
        ("128", "64*n", [((2, 8), ("n", 8))], "same"), ("128", "65*n", [((2, 8), ("n", 8))], "grew"),
        ("64*n", "128", [(("2*n", 8), (4, 8))], "same"),  # 2 n = 4
        ("64*n", "128", [(("n + 1", 8), (3, 8))], "same"), ("64*n", "128", [(("n*m", 8), (2, 8))], "unknown"),
        ("64*n", "128", [(("2*n", 8), (5, 8))], "unknown"), ("64*n", "128", [(("n", 8), (None, 8))], "unknown"),
        ("64*n", "128", [(None, (2, 8)), (("n", 8), (2, 8))], "same"),
        ("64*n", "128", [(("n",), (2,)), (("n",), (3,))], "same"),  # the first that tells
    ],
)  # fmt: skip
def test_what_became_of_a_cost(
    then: str | None, now: str | None, shapes: list[tuple[Shape, Shape]], trend: str
) -> None:
    assert became(then, now, shapes) == trend


# --- advice ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quantised", "said"),
    [
        ("none", ""), ("alike", ""), (None, ""), ("branch only", "the branch is quantised and the shortcut is not"),
        ("shortcut only", "the shortcut is quantised and the branch is not"),
        ("scales differ", "shortcut and branch are quantised by different scales"),
    ],
)  # fmt: skip
def test_a_merge_that_is_quantised(quantised: str | None, said: str) -> None:
    (shortcut,) = IDENTITY.shortcuts
    model = replace(IDENTITY, shortcuts=(replace(shortcut, quantisation=quantised),))
    assert [one.message.partition(":")[0] for one in residual_not_quantised(case(model))] == [said] * bool(said)


@pytest.mark.parametrize(
    ("strides", "kernel", "said"),
    [
        ((2, 2), (8, 8, 1, 1), "of stride 2 reads one position in 4"),
        ((1, 2), (8, 8, 1, 1), "of stride 1x2 reads one position in 2"),
        ((1, 1), (8, 8, 1, 1), ""), ((), (8, 8, 1, 1), ""), ((2, 2), (8, 8, 3, 3), ""), ((2, 2), (8, 8, 1, 3), ""),
        ((2, 2), (8, 8), ""), ((3,), (8, 8, 1), "of stride 3 reads one position in 3"),
    ],
)  # fmt: skip
def test_a_strided_convolution(strides: tuple[int, ...], kernel: tuple[int, ...], said: str) -> None:
    (shortcut,) = PROJECTION.shortcuts
    (step,) = shortcut.route
    changed = replace(step, strides=strides, weights=(replace(step.weights[0], shape=kernel),))
    model = replace(PROJECTION, shortcuts=(replace(shortcut, route=(changed,)),))
    found = [one.message for one in strided_pointwise_projection(case(model))]
    assert found == [f"its 1x1 convolution {said}"] * bool(said)


@pytest.mark.parametrize(
    ("classes", "said"),
    [
        (("view", "selection"), ""), (("scale",), "a constant factor"), (("gate",), "a gate"),
        (("diagonal",), "a normalisation or a learned scale"), (("gate", "scale"), "a constant factor and a gate"),
        (("scale", "linear"), ""), (("linear",), ""), ((), ""),
    ],
)  # fmt: skip
def test_what_impedes_an_identity(classes: tuple[str, ...], said: str) -> None:
    (shortcut,) = PROJECTION.shortcuts
    (step,) = shortcut.route
    route = tuple(replace(step, step_class=each) for each in classes)  # type: ignore[arg-type]
    model = replace(PROJECTION, shortcuts=(replace(shortcut, route=route),))
    found = [one.message for one in impeded_identity(case(model))]
    assert found == [f"{said} on the shortcut: x does not pass unchanged"] * bool(said)


# --- what is believed, and what nobody has a place for ---------------------------------------------------------------


@pytest.mark.parametrize(("nodes", "said"), [(1, "1 node is"), (2, "2 nodes are"), (1_200, "1,200 nodes are")])
def test_an_operator_that_is_declared(nodes: int, said: str) -> None:
    model = replace(IDENTITY, declared=(Declared("a::op", "linear", nodes),))
    (found,) = operator_declared(case(model, Settings(file="pyproject.toml")))
    assert (found.shortcut, found.message) == (
        None, f"a::op is declared as linear in pyproject.toml: {said} taken at its word",
    )  # fmt: skip


def test_sizes_and_operators_that_no_model_has() -> None:
    config = Config("c.toml", Path.cwd(), operators={"b::op": Declaration("copy"), "a::op": Declaration("copy")})
    unused = ["dims.batch", "inputs.x", "--dim.n"]
    found = unused_settings(config, unused, ["a::op.default"], "m.onnx")
    assert [(one.rule, one.level, one.source, one.shortcut, one.message) for one in found] == [
        ("unused-setting", "warning", "m.onnx", None, "`--dim`: no model has the dimension 'n': correct or remove it"),
        ("unused-setting", "warning", "c.toml", None,
         "`dims`: no model has the dimension 'batch': correct or remove it"),
        ("unused-setting", "warning", "c.toml", None, "`inputs`: no model has the input 'x': correct or remove it"),
        ("unused-setting", "warning", "c.toml", None, "`operators`: no model has 'b::op': correct or remove it"),
    ]  # fmt: skip
    assert len(unused_settings(config, [], [], "m.onnx")) == 2  # no operator was taken as declared
    assert unused_settings(config, [], None, "m.onnx") == ()  # no model was audited


def test_findings_on_the_run_have_the_level_of_the_model_that_they_name() -> None:
    found = [
        Finding("unused-setting", "warning", "c.toml", None, "…"),
        Finding("unused-ignore", "note", "m.onnx", None, "…"),
    ]
    plain = Config("c.toml", Path.cwd())
    assert [one.level for one in levelled(found, plain)] == ["warning", "warning"]  # each rule's own
    strict = Config("c.toml", Path.cwd(), settings=Settings(rules={"unused-setting": "error", "unused-ignore": "off"}))
    assert [(one.rule, one.level) for one in levelled(found, strict)] == [("unused-setting", "error")]
