"""Which graph breaks which rule, and which almost does?

Each rule: a drawing that breaks it, and the nearest one that does not. `test_gate.py` goes through the command.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction

import pytest

from shortcut_audit.gate.accepted import accept
from shortcut_audit.gate.baseline import compare
from shortcut_audit.gate.policy import judge
from shortcut_audit.gate.settings import Budget, Settings
from shortcut_audit.pipeline import audit_draft
from shortcut_audit.report import ModelReport
from tests.sketch import audited, listing, stored

BODY = "x -> Conv.1 -> Relu -> Conv.2 -> Add"
"""Two 3x3 convolutions over 8 channels of 4x4, no bias: 2 x 576 parameters, 2 x 9,216 MACs."""
IDENTITY = audited(BODY, "x -> Add")
PROJECTION = audited(BODY, "x -> Conv.p{k=1} -> Add")
"""Its shortcut: 64 parameters, 64 x 16 = 1,024 MACs. The model: 1,216 parameters, 19,456 MACs."""
UNBOUND = audited(BODY, "x -> Conv.p{k=1} -> Add", shape=("n", 8, 4, 4))
UNCOUNTED = audited(f"{BODY} -> Mystery", "x -> Add")


def objections(
    rule: str, model: ModelReport, settings: Settings | None = None, then: ModelReport | None = None
) -> list[str]:
    """What a rule says of a model, beside what was accepted of it."""
    comparison = None if then is None else compare(model, accept(then), "base.json")
    return [f.message for f in judge(model, settings or Settings(), comparison) if f.rule == rule]


def a_count(limit: int) -> Budget:
    return Budget(str(limit), Fraction(limit))


def a_share(percent: int) -> Budget:
    return Budget(f"{percent}%", Fraction(percent, 100), relative=True)


# --- budgets ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("budget", "said"),
    [
        (a_count(64), []),
        (a_count(63), ["the shortcuts take 64 learned parameters; the budget is 63: 1 too many"]),
        (a_share(6), []),  # 6 % of 1,216 is 72
        (a_share(5), ["the shortcuts take 64 learned parameters; the budget is 60 (5% of 1,216): 4 too many"]),
    ],
)
def test_extra_parameters_over_budget(budget: Budget, said: list[str]) -> None:
    assert objections("extra-parameters-over-budget", PROJECTION, Settings(max_extra_parameters=budget)) == said


@pytest.mark.parametrize(
    ("budget", "said"),
    [
        (a_count(1_024), []),
        (a_count(0), ["the shortcuts take 1,024 MACs; the budget is 0: 1,024 too many"]),
        (a_share(6), []),  # 6 % of 19,456 is 1,167
        (a_share(5), ["the shortcuts take 1,024 MACs; the budget is 972 (5% of 19,456): 52 too many"]),
    ],
)
def test_extra_macs_over_budget(budget: Budget, said: list[str]) -> None:
    assert objections("extra-macs-over-budget", PROJECTION, Settings(max_extra_macs=budget)) == said


def test_without_a_budget_no_cost_is_too_high() -> None:
    assert judge(PROJECTION, Settings(rules={"avoidable-projection": "off"})) == ()


@pytest.mark.parametrize(("most", "said"), [(0, ["1 shortcut is a projection; at most 0 may be"]), (1, [])])
def test_too_many_projections(most: int, said: list[str]) -> None:
    assert objections("too-many-projections", PROJECTION, Settings(max_projections=most)) == said


def test_kind_not_allowed() -> None:
    only = Settings(allowed_kinds=("identity", "gated"))
    assert objections("kind-not-allowed", IDENTITY, only) == []
    assert objections("kind-not-allowed", PROJECTION, only) == [
        "a projection (conv 1x1, 8 -> 8, no bias; 64 parameters, 1,024 MACs); allowed here: identity, gated"
    ]
    assert objections("kind-not-allowed", IDENTITY, Settings(allowed_kinds=())) == [
        "an identity; allowed here: no shortcut at all"
    ]


# --- what cannot be known --------------------------------------------------------------------------------------------


def test_a_count_of_which_an_open_batch_size_decides_fails_closed() -> None:
    settings = Settings(max_extra_macs=a_count(10**9))
    assert objections("extra-macs-over-budget", UNBOUND, settings) == []
    assert objections("cost-unknown", UNBOUND, settings) == [
        "max-extra-macs cannot be checked: it depends on dimensions that are not bound; --dim n=SIZE would bind them"
    ]
    assert objections("cost-unknown", PROJECTION, settings) == []


def test_a_cost_that_was_open_when_accepted_is_said_to_have_been() -> None:
    """64 x k MACs were accepted, and no axis of fork or merge says what k is."""
    (open_then,) = (replace(shortcut, macs=None, macs_formula="64*k") for shortcut in PROJECTION.shortcuts)
    assert objections("cost-unknown", PROJECTION, then=replace(PROJECTION, shortcuts=(open_then,))) == [
        (
            "the cost of 1 shortcut depended on open sizes when accepted, and none of the sizes that are known now "
            "settles them. To accept: shortcut-audit sketch --write-baseline base.json"
        )
    ]


def test_a_share_is_decided_whatever_the_batch_size() -> None:
    """1,024 n of 19,456 n MACs are 5.26 %: the shortcut's 8 x 8 beside two convolutions of 8 x 8 x 9."""
    assert objections("cost-unknown", UNBOUND, Settings(max_extra_macs=a_share(6))) == []
    assert objections("extra-macs-over-budget", UNBOUND, Settings(max_extra_macs=a_share(6))) == []
    assert objections("cost-unknown", UNBOUND, Settings(max_extra_macs=a_share(5))) == []
    assert objections("extra-macs-over-budget", UNBOUND, Settings(max_extra_macs=a_share(5))) == [
        "the shortcuts take 1.02 k x n MACs of 19.5 k x n; the budget is 5%"
    ]


def test_a_budget_on_an_uncounted_op_fails_closed_where_it_depends_on_it() -> None:
    """The op that nobody knows stands behind the merge: on the shortcut, an identity, is nothing at all."""
    assert objections("cost-unknown", UNCOUNTED, Settings(max_extra_macs=a_count(0))) == []
    assert objections("cost-unknown", UNCOUNTED, Settings(max_extra_macs=a_share(0))) == []
    assert objections("cost-unknown", UNCOUNTED, Settings(max_macs=a_count(10**9))) == [
        "max-macs cannot be checked: the MACs of Mystery are not counted"
    ]
    assert objections("macs-over-budget", UNCOUNTED, Settings(max_macs=a_count(18_431))) == [
        "the model takes 18,432 MACs; the budget is 18,431: 1 too many"  # at least 2 x 9,216
    ]


def test_a_budget_on_branches_that_differ_says_why_it_fails() -> None:
    model = replace(IDENTITY, totals=replace(IDENTITY.totals, lower_bound=True))
    assert objections("cost-unknown", model, Settings(max_macs=a_count(10**9))) == [
        "max-macs cannot be checked: which branch of an If runs only the data tell, and one takes more than the other"
    ]


@pytest.mark.parametrize(
    ("kinds", "said"), [(4, "A, B, C, D"), (5, "A, B, C, D and 1 more"), (6, "A, B, C, D and 2 more")]
)
def test_four_operators_that_are_not_counted_are_named(kinds: int, said: str) -> None:
    model = replace(UNCOUNTED, totals=replace(UNCOUNTED.totals, uncounted=tuple("ABCDEF"[:kinds])))
    assert objections("cost-unknown", model, Settings(max_macs=a_count(10**9))) == [
        f"max-macs cannot be checked: the MACs of {said} are not counted"
    ]


@pytest.mark.parametrize(
    ("percent", "rule"),
    [(6, ""), (5, "cost-unknown")],  # 1,024 of at least 19,456 MACs are at most 5.26 %
)
def test_a_share_of_a_lower_bound_is_decided_where_it_can_be(percent: int, rule: str) -> None:
    model = audited(f"{BODY} -> Mystery", "x -> Conv.p{k=1} -> Add")
    findings = judge(model, Settings(max_extra_macs=a_share(percent), rules={"avoidable-projection": "off"}))
    assert [finding.rule for finding in findings] == list(filter(None, [rule]))


@pytest.mark.parametrize(
    ("settings", "rule", "said"),
    [
        (Settings(max_parameters=a_count(1_216)), "parameters-over-budget", []),
        (Settings(max_parameters=a_count(1_215)), "parameters-over-budget",
         ["the model holds 1,216 learned parameters; the budget is 1,215: 1 too many"]),
        (Settings(max_macs=a_count(19_456)), "macs-over-budget", []),
        (Settings(max_macs=a_count(19_000)), "macs-over-budget",
         ["the model takes 19,456 MACs; the budget is 19,000: 456 too many"]),
        (Settings(max_held_memory=a_count(512)), "held-memory-over-budget", []),  # 8 x 4 x 4 of float32
        (Settings(max_held_memory=a_count(511)), "held-memory-over-budget",
         ["a shortcut holds 512 bytes while its branch is computed; the budget is 511: 1 too many"]),
        (Settings(min_identities=0), "too-few-identities", []),
        (Settings(min_identities=1), "too-few-identities", ["0 shortcuts are identities; at least 1 must be"]),
    ],
)  # fmt: skip
def test_budgets_on_the_model_itself(settings: Settings, rule: str, said: list[str]) -> None:
    assert objections(rule, PROJECTION, settings) == said


# --- what is not understood ------------------------------------------------------------------------------------------

OPAQUE = audited(BODY, "x -> Mystery -> Add")
"""Mystery may be a copy, or a layer."""
NAMED = "1 addition is not understood (Mystery at Mystery)"


@pytest.mark.parametrize(
    ("settings", "rule", "key"),
    [
        (Settings(allowed_kinds=("identity", "projection")), "kind-unknown", "allowed-kinds"),
        (Settings(max_projections=0), "kind-unknown", "max-projections"),
        (Settings(min_identities=1), "kind-unknown", "min-identities"),
        (Settings(max_extra_parameters=a_count(10**9)), "cost-unknown", "max-extra-parameters"),
        (Settings(max_extra_macs=a_share(100)), "cost-unknown", "max-extra-macs"),
        (Settings(max_held_memory=a_count(10**9)), "cost-unknown", "max-held-memory"),
    ],
)
def test_what_is_not_understood_passes_no_gate_that_depends_on_it(settings: Settings, rule: str, key: str) -> None:
    assert OPAQUE.summary.unknown == 1
    assert objections(rule, OPAQUE, settings) == [f"{key} cannot be checked: {NAMED}"]


def test_what_is_not_understood_is_no_matter_where_all_is_decided() -> None:
    assert judge(OPAQUE, Settings(max_projections=1, min_identities=0, max_parameters=a_count(1_152))) == ()
    assert objections("too-few-identities", OPAQUE, Settings(min_identities=2)) == [
        "0 shortcuts are identities; at least 2 must be"
    ]


def test_what_was_not_understood_when_it_was_accepted_is_no_objection() -> None:
    plain = audited("x -> Conv.1 -> Relu -> Conv.2")
    assert objections("kind-unknown", OPAQUE, then=plain) == [f"{NAMED}; none when the model was accepted. {ACCEPT}"]
    assert objections("kind-unknown", OPAQUE, then=OPAQUE) == []


def test_without_a_budget_on_it_the_unknown_is_no_objection() -> None:
    assert objections("cost-unknown", UNBOUND, Settings(max_extra_parameters=a_count(64), max_projections=1)) == []


def test_macs_that_were_accepted_and_are_lost_fail_closed() -> None:
    (lost,) = (replace(s, macs=None, macs_formula=None) for s in UNBOUND.shortcuts)
    assert objections("cost-unknown", replace(UNBOUND, shortcuts=(lost,)), then=PROJECTION) == [
        (
            "the cost of 1 shortcut was known when accepted and is not now: "
            "it depends on dimensions that are not bound; --dim n=SIZE would bind them"
        )
    ]
    assert objections("cost-unknown", UNBOUND, then=UNBOUND) == []
    assert objections("cost-unknown", UNBOUND, then=PROJECTION) == []  # 1,024 n, where n was 1


def test_a_known_excess_is_reported_whatever_else_is_unknown() -> None:
    """The MACs of the shortcut are known, those of the rest are not."""
    odd = replace(PROJECTION, totals=replace(PROJECTION.totals, macs=None, macs_formula=None))
    assert objections("extra-macs-over-budget", odd, Settings(max_extra_macs=a_count(1_023))) == [
        "the shortcuts take 1,024 MACs; the budget is 1,023: 1 too many"
    ]


# --- against a baseline ----------------------------------------------------------------------------------------------

ACCEPT = "To accept: shortcut-audit sketch --write-baseline base.json"
POOLED_BODY = "x -> Conv.1{stride=2} -> Relu -> Conv.2 -> Add"
POOLED = audited(POOLED_BODY, "x -> AveragePool -> Add")


def test_identity_lost() -> None:
    assert objections("identity-lost", PROJECTION, then=IDENTITY) == [
        f"was an identity, is now a projection (conv 1x1, 8 -> 8, no bias; 64 parameters, 1,024 MACs). {ACCEPT}"
    ]
    assert objections("identity-lost", IDENTITY, then=IDENTITY) == []
    assert objections("identity-lost", IDENTITY, then=PROJECTION) == []


def test_a_parameter_free_shortcut_is_option_a_s_identity() -> None:
    projected = audited(POOLED_BODY, "x -> AveragePool -> Conv.p{k=1} -> Add")
    assert len(objections("identity-lost", projected, then=POOLED)) == 1


def test_shortcut_removed() -> None:
    plain = audited("x -> Conv.1 -> Relu -> Conv.2")
    assert objections("shortcut-removed", plain, then=IDENTITY) == [
        f"an identity from 1x8x4x4 to 1x8x4x4 is gone. {ACCEPT}"
    ]
    assert objections("shortcut-removed", PROJECTION, then=IDENTITY) == []


def test_shortcut_cost_grew() -> None:
    wider = audited(BODY, "x -> Conv.p{k=3} -> Add")
    assert objections("shortcut-cost-grew", wider, then=PROJECTION) == [
        f"took 64 parameters, 1,024 MACs, now takes 576 parameters, 9,216 MACs. {ACCEPT}"
    ]
    assert objections("shortcut-cost-grew", PROJECTION, then=wider) == []


def test_a_lost_identity_is_one_finding_unless_that_rule_is_off() -> None:
    assert objections("shortcut-cost-grew", PROJECTION, then=IDENTITY) == []
    off = Settings(rules={"identity-lost": "off"})
    assert len(objections("shortcut-cost-grew", PROJECTION, off, then=IDENTITY)) == 1


def test_shortcut_added() -> None:
    plain = audited("x -> Conv.1 -> Relu -> Conv.2")
    assert objections("shortcut-added", IDENTITY, then=plain) == [f"is new: an identity. {ACCEPT}"]
    assert objections("shortcut-added", PROJECTION, then=IDENTITY) == []


@pytest.mark.parametrize(
    ("known", "rule", "level"), [(0, "shortcut-added", "note"), (3, "model-unaccepted", "warning")]
)
def test_a_model_that_was_never_accepted_is_added_as_a_whole(known: int, rule: str, level: str) -> None:
    findings = judge(IDENTITY, Settings(), compare(IDENTITY, None, "base.json", known=known))
    assert [(f.rule, f.level, f.shortcut) for f in findings] == [(rule, level, None)]


def test_a_projection_beside_an_accepted_identity_takes_it_away() -> None:
    """F(x) + x + W x is F(x) + (I + W) x."""
    both = audited(f"{BODY} -> Add.2", "x -> Add", "x -> Conv.p{k=1} -> Add.2")
    assert [shortcut.kind for shortcut in both.shortcuts] == ["identity", "projection"]
    (said,) = objections("identity-lost", both, then=IDENTITY)
    assert said.startswith("a projection (conv 1x1, 8 -> 8, no bias; 64 parameters, 1,024 MACs) has come to a merge")
    assert objections("weighted-shortcut-added", both, then=IDENTITY) == []
    assert objections("identity-lost", both, then=both) == []


def test_where_a_dearer_one_was_accepted_another_takes_nothing_away() -> None:
    """F + x + W x was accepted as it is: of F + x + V x + W x the projection that came stands beside one that stood."""
    accepted = audited(f"{BODY} -> Add.2 -> Add.3", "x -> Add", "x -> Conv.p{k=1} -> Add.2", "z -> Relu.z -> Add.3")
    now = audited(
        f"{BODY} -> Add.2 -> Add.3", "x -> Add", "x -> Conv.p{k=1} -> Add.2",
        "x -> AveragePool{k=1} -> Conv.q{k=1, bias=1} -> Add.3",
    )  # fmt: skip
    assert [shortcut.kind for shortcut in accepted.shortcuts] == ["identity", "projection"]
    assert [shortcut.kind for shortcut in now.shortcuts] == ["identity", "projection", "projection"]
    assert len({shortcut.merge.name for shortcut in now.shortcuts}) == 1
    assert objections("identity-lost", now, then=accepted) == []
    assert len(objections("weighted-shortcut-added", now, then=accepted)) == 1


def test_what_was_accepted_is_not_kept_by_living_on_beside_what_came() -> None:
    """F(x) + x is an output that nobody uses, or a term times a stored 0; the model goes on with F(x) + W x."""
    unused = "x -> Add"
    projected = "x -> Conv.p{k=1} -> Add.2", "Conv.2 -> Add.2"
    for lines in ((), ("Add.2 -> Add.3", "Add -> Mul.0 -> Add.3", "#zero[1] -> Mul.0"), ("Add.2 -> Max", "Add -> Max")):
        both = audited(BODY, unused, *projected, *lines)
        assert [shortcut.kind for shortcut in both.shortcuts] == ["identity", "projection"]
        (said,) = objections("identity-lost", both, then=IDENTITY)
        assert "has come to a fork that was accepted as identity" in said
        assert objections("weighted-shortcut-added", both, then=IDENTITY) == []
    copied = audited(
        BODY, unused, "x -> Identity -> Conv.3 -> Relu.3 -> Conv.4 -> Add.2", "Identity -> Conv.p{k=1} -> Add.2"
    )
    assert len(objections("identity-lost", copied, then=IDENTITY)) == 1


def test_a_new_shortcut_that_holds_weights_is_more_than_a_note() -> None:
    second = "Add -> Conv.3 -> Relu.2 -> Conv.4 -> Add.2"
    projecting = audited(BODY, "x -> Add", second, "Add -> Conv.p{k=1} -> Add.2")
    copying = audited(BODY, "x -> Add", second, "Add -> Add.2")
    for model, rule, other in (
        (projecting, "weighted-shortcut-added", "shortcut-added"),
        (copying, "shortcut-added", "weighted-shortcut-added"),
    ):
        assert len(objections(rule, model, then=IDENTITY)) == 1
        assert objections(other, model, then=IDENTITY) == []


def test_shortcut_improved() -> None:
    assert objections("shortcut-improved", IDENTITY, then=PROJECTION) == [
        f"was a projection (64 parameters, 1,024 MACs), is now an identity. {ACCEPT}"
    ]
    wider = audited(BODY, "x -> Conv.p{k=3} -> Add")
    assert len(objections("shortcut-improved", PROJECTION, then=wider)) == 1
    assert objections("shortcut-improved", wider, then=PROJECTION) == []
    assert objections("shortcut-improved", IDENTITY, then=IDENTITY) == []


def test_the_command_that_accepts_can_be_copied() -> None:
    """Quoted for a shell; and a model that served as the baseline is not written over."""
    odd = replace(PROJECTION, source="a b; rm -rf ~.onnx")
    (said,) = [
        f.message for f in judge(odd, Settings(), compare(odd, accept(IDENTITY), "old.onnx")) if f.level == "error"
    ]
    assert said.endswith("To accept: shortcut-audit 'a b; rm -rf ~.onnx' --write-baseline FILE.json")


# --- advice ----------------------------------------------------------------------------------------------------------


def said_of(rule: str, *lines: str) -> list[str]:
    return objections(rule, audited(*lines))


def test_avoidable_projection() -> None:
    assert objections("avoidable-projection", PROJECTION) == [
        (
            "a projection (conv 1x1, 8 -> 8, no bias; 64 parameters, 1,024 MACs), "
            "where fork and merge are both 1x8x4x4: an identity would fit"
        )
    ]
    assert said_of("avoidable-projection", POOLED_BODY, "x -> Conv.p{k=1,stride=2} -> Add") == []
    assert objections("avoidable-projection", IDENTITY) == []


def test_a_normalisation_alone_is_no_linear_map() -> None:
    assert said_of("avoidable-projection", BODY, "x -> BatchNormalization -> Add") == []


@pytest.mark.parametrize(
    ("shortcut", "said"),
    [
        ("x -> Conv.p{k=1,stride=2} -> Add", ["its 1x1 convolution of stride 2 reads one position in 4"]),
        ("x -> Conv.p{k=2,stride=2} -> Add", []),
        ("x -> AveragePool -> Conv.p{k=1} -> Add", []),
    ],
)
def test_strided_pointwise_projection(shortcut: str, said: list[str]) -> None:
    """Stride 2 on both axes: one in 2 x 2. ResNet-D's average pool reads them all."""
    assert said_of("strided-pointwise-projection", POOLED_BODY, shortcut) == said


@pytest.mark.parametrize(
    ("shortcut", "said"),
    [
        (["x -> Add"], []),
        (["x -> Conv.p{k=1} -> Add"], []),
        (["x -> Mul.a -> Add", "#a[] -> Mul.a"], ["a constant factor on the shortcut: x does not pass unchanged"]),
        (
            ["x -> BatchNormalization -> Add"],
            ["a normalisation or a learned scale on the shortcut: x does not pass unchanged"],
        ),
        (
            ["x -> Mul.g -> Add", "x -> Conv.g -> Sigmoid -> Mul.g"],
            ["a gate on the shortcut: x does not pass unchanged"],
        ),
    ],
)
def test_impeded_identity(shortcut: Iterable[str], said: list[str]) -> None:
    assert said_of("impeded-identity", BODY, *shortcut) == said


def test_doubled_shortcut() -> None:
    assert said_of("doubled-shortcut", BODY, "x -> Add", "x -> Add") == [
        "the same value is added 2 times by one merge: y = F(x) + 2x"
    ]
    assert objections("doubled-shortcut", IDENTITY) == []


def test_two_merges_may_each_add_the_same_value_once() -> None:
    assert said_of("doubled-shortcut", "x -> Conv.1 -> Relu.1 -> Conv.2 -> Add.1", "x -> Add.1",
                   "Add.1 -> Relu.2 -> Conv.3 -> Add.2", "x -> Add.2") == []  # fmt: skip


@pytest.mark.parametrize(
    ("kernel", "said"),
    [
        ((1,), ["its 1x1 convolution of stride 2 reads one position in 2"]),
        ((1, 1), ["its 1x1 convolution of stride 2 reads one position in 4"]),
        ((1, 3), []),  # what lies beside is read
    ],
)
def test_a_strided_convolution_of_one_position_skips_most(kernel: tuple[int, ...], said: list[str]) -> None:
    space = len(kernel)
    pads = ",".join(str(size // 2) for size in kernel * 2) + ","
    strides, three, ones = "2," * space, (3,) * space, "1," * 2 * space
    drawn = listing(
        f"a = Conv(x, w) strides={strides} pads={ones}", "r = Relu(a)", f"f = Conv(r, v) pads={ones}",
        f"p = Conv(x, k) strides={strides} pads={pads}", "y = Add(f, p)", x=(1, 8, *(4,) * space),
        w=stored(16, 8, *three), v=stored(16, 16, *three), k=stored(16, 8, *kernel),
    )  # fmt: skip
    assert objections("strided-pointwise-projection", audit_draft(drawn)) == said
