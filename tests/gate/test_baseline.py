"""What is a twin after a re-export, and what has changed?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from shortcut_audit.gate.accepted import AcceptedModel, AcceptedShortcut, RouteStep, accept
from shortcut_audit.gate.baseline import compare, pair_up
from shortcut_audit.gate.sizes import became
from shortcut_audit.report import ModelReport, Shape
from shortcut_audit.report.words import Kind
from tests.reporters.examples import HIGHWAY, RESNET18, TRANSFORMER, UNBOUND
from tests.sketch import audited

NARROW, WIDE = (1, 64, 56, 56), (1, 128, 28, 28)


def block(
    key: str, kind: Kind = "identity", fork: Shape = NARROW, merge: Shape = NARROW, layers: int = 2
) -> AcceptedShortcut:
    """A shortcut with the scope that its key shows; without a key, as an exporter leaves it that records no scopes."""
    return AcceptedShortcut(key or "(root)", key.partition("#")[0], kind, fork, merge, (), 0, 0, layers)


def pairs(then: list[AcceptedShortcut], now: list[AcceptedShortcut]) -> list[tuple[int | None, int | None]]:
    """(position then, position now) of each pair."""
    return [
        (next((n for n, s in enumerate(then) if s is a), None), next((n for n, s in enumerate(now) if s is b), None))
        for a, b in pair_up(then, now)
    ]


# --- twins -----------------------------------------------------------------------------------------------------------


def test_the_key_finds_a_block_that_has_moved_and_changed() -> None:
    then = [block("a"), block("b"), block("c")]
    now = [block("c"), block("b", "projection", NARROW, WIDE, 3), block("a")]
    assert pairs(then, now) == [(2, 0), (1, 1), (0, 2)]


def test_without_scopes_the_structure_finds_it() -> None:
    """Two stages; the other exporter has lost the scopes."""
    then = [
        block("l1.0"),
        block("l1.1"),
        block("l2.0", "projection", NARROW, WIDE),
        block("l2.1", "identity", WIDE, WIDE),
    ]
    now = [block(""), block(""), block("", "projection", NARROW, WIDE), block("", "identity", WIDE, WIDE)]
    assert pairs(then, now) == [(0, 0), (1, 1), (2, 2), (3, 3)]


def test_a_key_without_a_scope_is_a_mere_position() -> None:
    """The first addition has gone: what is now first is not its twin."""
    first, second = block(""), replace(block("", "identity", WIDE, WIDE), key="(root)#1")
    assert pairs([first, second], [replace(second, key="(root)")]) == [(1, 0), (0, None)]


def test_the_first_of_two_in_a_scope_has_gone() -> None:
    """Attention (4 weight layers) went, the MLP (2) moved up to its key."""
    then = [block("layers.0", layers=4), block("layers.0#1", layers=2)]
    assert pairs(then, [block("layers.0", layers=2)]) == [(1, 0), (0, None)]


def test_a_kind_that_changed_is_no_other_block() -> None:
    then = [block(""), block(""), block("")]
    assert pairs(then, [block(""), block(""), block("", "projection")]) == [(0, 0), (1, 1), (2, 2)]


def test_an_inserted_block_is_new_and_the_others_are_not() -> None:
    then = [block(""), block("", "identity", WIDE, WIDE)]
    now = [block(""), block("", "projection"), block("", "identity", WIDE, WIDE)]
    assert pairs(then, now) == [(0, 0), (None, 1), (1, 2)]


def test_one_that_went_is_not_excused_by_one_that_came() -> None:
    """Both sides name modules alike: the block that lost its shortcut is not the new block that has one."""
    then = [block("l.0"), block("l.1"), block("l.2")]
    now = [block("l.0"), block("l.2"), block("l.3")]
    assert pairs(then, now) == [(0, 0), (2, 1), (None, 2), (1, None)]


def test_a_wrapper_around_the_whole_model_renames_every_module() -> None:
    """No name is shared: the two sides do not name modules alike, and structure decides."""
    then = [block("l1.0"), block("l2.0", "projection", NARROW, WIDE)]
    now = [block("net.l1.0"), block("net.l2.0", "projection", NARROW, WIDE)]
    assert pairs(then, now) == [(0, 0), (1, 1)]


def test_an_optimiser_may_move_the_addition_into_a_module_of_the_block() -> None:
    """ONNX Runtime fuses an Add into the convolution before it and gives it that one's name."""
    then = [block("l.0"), block("l.1"), block("l.2.conv2")]
    now = [block("l.0"), block("l.1.conv2", merge=(1, 72, 56, 56)), block("l.2")]
    assert pairs(then, now) == pairs(now, then) == [(0, 0), (1, 1), (2, 2)]


def test_an_open_batch_size_contradicts_nothing() -> None:
    then = [block("l.0"), block("l.1", "identity", WIDE, WIDE)]
    now = [block("", fork=("n", 64, 56, 56), merge=None), block("", "identity", ("n", 128, 28, 28), WIDE)]
    assert pairs(then, now) == [(0, 0), (1, 1)]


def test_known_sizes_that_differ_do() -> None:
    assert pairs([block("")], [block("", "identity", WIDE, WIDE)]) == [(None, 0), (0, None)]


@pytest.mark.parametrize(("channels", "twins"), [(20, True), (24, True), (32, True), (40, False), (23, False)])
def test_channels_may_be_padded_to_whole_blocks(channels: int, twins: bool) -> None:
    """20 channels are 24 in blocks of 8, and 32 in blocks of 16; rows and columns are never padded."""
    narrow = (1, 20, 56, 56)
    then, now = [block("", fork=narrow, merge=narrow)], [block("", fork=(1, channels, 56, 56), merge=None)]
    assert (pairs(then, now) == [(0, 0)]) is twins
    assert pairs([block("", fork=(1, 8, 20, 20))], [block("", fork=(1, 8, 32, 32))]) == [(None, 0), (0, None)]


def test_twenty_thousand_equal_blocks_take_no_quadratic_time() -> None:
    then = [block("") for _ in range(20_000)]
    found = pair_up(then, then[:-1])
    assert found[-1] == (then[-1], None)
    assert len(found) == 20_000


# --- changes ---------------------------------------------------------------------------------------------------------


def changes(then: ModelReport, now: ModelReport) -> list[tuple[str | None, str | None, str]]:
    comparison = compare(now, accept(then), "base.json")
    return [
        (c.then and f"{c.then.key} {c.then.kind}", c.now and f"{c.now.key} {c.now.kind}", c.cost)
        for c in comparison.changes
    ]


@pytest.mark.parametrize("model", [RESNET18, TRANSFORMER, HIGHWAY, UNBOUND], ids=lambda model: model.source)
def test_a_model_is_its_own_twin(model: ModelReport) -> None:
    comparison = compare(model, accept(model), "base.json")
    assert comparison.changes == ()
    assert comparison.unchanged == len(model.shortcuts)
    assert comparison.counterpart == model.source


def test_a_model_that_the_baseline_does_not_know() -> None:
    comparison = compare(RESNET18, None, "base.json")
    assert (comparison.counterpart, comparison.unchanged, comparison.changes) == (None, 0, ())


BODY = "x -> Conv.1 -> Relu -> Conv.2 -> Add"


def test_an_identity_becomes_a_projection() -> None:
    assert changes(audited(BODY, "x -> Add"), audited(BODY, "x -> Conv.p{k=1} -> Add")) == [
        ("(root) identity", "(root) projection", "grew")
    ]


def test_a_shortcut_disappears_and_another_appears() -> None:
    plain = audited("x -> Conv.1 -> Relu -> Conv.2")
    assert changes(audited(BODY, "x -> Add"), plain) == [("(root) identity", None, "same")]
    assert changes(plain, audited(BODY, "x -> Add")) == [(None, "(root) identity", "same")]


def test_folding_alone_is_no_change() -> None:
    """The same block before and after an eval-mode export: BatchNorm's 2 x 8 numbers become a bias of 8."""
    unfolded = audited(BODY, "x -> Conv.p{k=1} -> BatchNormalization -> Add")
    folded = audited(BODY, "x -> Conv.p{k=1,bias=1} -> Add")
    assert [m.shortcuts[0].parameters for m in (unfolded, folded)] == [80, 72]  # 64 + 16, 64 + 8
    assert changes(unfolded, folded) == changes(folded, unfolded) == []


def test_a_wider_kernel_grows() -> None:
    narrow, wide = audited(BODY, "x -> Conv.p{k=1} -> Add"), audited(BODY, "x -> Conv.p{k=3} -> Add")
    assert changes(narrow, wide) == [("(root) projection", "(root) projection", "grew")]
    assert changes(wide, narrow) == [("(root) projection", "(root) projection", "fell")]


def test_a_formula_holds_against_a_number_and_the_other_way_round() -> None:
    known = audited(BODY, "x -> Conv.p{k=1} -> Add")
    unbound = audited(BODY, "x -> Conv.p{k=1} -> Add", shape=("n", 8, 4, 4))
    renamed = audited(BODY, "x -> Conv.p{k=1} -> Add", shape=("batch", 8, 4, 4))
    wider = audited(BODY, "x -> Conv.p{k=3} -> Add", shape=("n", 8, 4, 4))
    assert changes(known, unbound) == changes(unbound, known) == changes(unbound, renamed) == []
    assert changes(known, wider) == [("(root) projection", "(root) projection", "grew")]
    assert changes(wider, known) == [("(root) projection", "(root) projection", "fell")]


def test_sizes_that_strides_derive_hold_against_numbers_and_the_other_way_round() -> None:
    """Nothing is said of h itself at the merge, (h + 1)//2, and all that the projection costs: 64 x 2 x 2 MACs."""
    body, route = "x -> Conv.1{k=3,stride=2} -> Relu -> Conv.2{k=3} -> Add", "x -> Conv.p{k=1,stride=2} -> Add"
    known = audited(body, route, shape=(1, 8, 4, 4))
    unbound = audited(body, route, shape=("n", 8, "h", "w"))
    renamed = audited(body, route, shape=(1, 8, "rows", "columns"))
    wider = audited(body, "x -> Conv.p{k=3,stride=2} -> Add", shape=("n", 8, "h", "w"))
    assert (known.shortcuts[0].macs, known.shortcuts[0].merge.shape) == (256, (1, 8, 2, 2))
    assert changes(known, unbound) == changes(unbound, known) == changes(unbound, renamed) == []
    assert changes(known, wider) == [("(root) projection", "(root) projection", "grew")]


def test_a_size_of_which_half_is_derived_is_learned_where_it_is_whole() -> None:
    """2h + 1 = 9 says h = 4; 2h + 1 = 8 says nothing, and neither does a product."""
    shapes = [((9, None), ("2*h + 1", None))]
    assert became("16", "h**2", shapes) == "same"
    assert became("15", "h**2", shapes) == "grew"
    assert became("16", "h**2", [((8,), ("2*h + 1",))]) == "unknown"
    assert became("16", "h*w", [((16,), ("h*w",))]) == "unknown"


HEADS = "x -> Conv.1 -> Relu -> Conv.2 -> Add.1 -> Tanh.a", "x -> Add.1", "x -> Conv.3 -> Tanh.b"


def detached(then: Sequence[str], now: Sequence[str], *, swapped: bool = False) -> list[tuple[str, str]]:
    """What is said of a block that the first of two outputs depends on, the outputs under some names."""
    model = audited(*HEADS)
    first, second = model.outputs
    before = replace(model, outputs=tuple(replace(first, name=name) for name in then))
    (shortcut,) = model.shortcuts
    assert (shortcut.outputs, second.name != first.name) == ((0,), True)
    moved = replace(shortcut, outputs=(1,)) if swapped else shortcut
    after = replace(model, outputs=tuple(replace(first, name=name) for name in now), shortcuts=(moved,))
    return [(gone.key, gone.output) for gone in compare(after, accept(before), "base.json").detached]


def test_outputs_are_told_by_their_names() -> None:
    """The block leads to "scores": wherever that stands now, and whatever other outputs have come."""
    assert detached(["scores", "features"], ["scores", "features"]) == []
    assert detached(["scores", "features"], ["scores", "features"], swapped=True) == [("(root)", "scores")]
    assert detached(["scores", "features"], ["features", "scores"], swapped=True) == []
    assert detached(["scores", "features"], ["features", "scores"]) == [("(root)", "scores")]


def test_outputs_that_have_other_names_are_told_by_their_places() -> None:
    assert detached(["add_7", "features"], ["add_9", "features"]) == []
    assert detached(["add_7", "features"], ["add_9", "features"], swapped=True) == [("(root)", "add_7")]


def test_a_baseline_that_is_older_than_the_question_says_nothing_of_outputs() -> None:
    model = audited(*HEADS)
    then = replace(accept(model), outputs=())
    assert compare(model, replace(then, shortcuts=(replace(then.shortcuts[0], outputs=()),)), "b").detached == ()


def test_macs_that_can_no_longer_be_known_are_said_to_be_unknown() -> None:
    known = audited(BODY, "x -> Conv.p{k=1} -> Add")
    lost = replace(known, shortcuts=(replace(known.shortcuts[0], macs=None, macs_formula=None),))
    assert changes(known, lost) == [("(root) projection", "(root) projection", "unknown")]
    assert changes(lost, known) == []


def test_an_identity_costs_nothing_whatever_its_size() -> None:
    assert changes(audited(BODY, "x -> Add"), audited(BODY, "x -> Add", shape=("n", 8, 4, 4))) == []


def test_more_macs_with_the_same_weights_is_growth() -> None:
    then = AcceptedShortcut("a", "a", "projection", NARROW, NARROW, (RouteStep("Conv", ()),), 10, 100, 2)
    (shortcut,) = audited(BODY, "x -> Conv.p{k=1} -> Add").shortcuts
    now = replace(
        audited(BODY, "x -> Conv.p{k=1} -> Add"),
        shortcuts=(replace(shortcut, key="a", scope="a", parameters=10, macs=101, route=()),),
    )
    (change,) = compare(now, AcceptedModel("sketch", (then,)), "b").changes
    assert change.cost == "grew"


@pytest.mark.parametrize("more", [{"parameters": 1}, {"macs": 1, "macs_formula": "1"}])
def test_one_more_is_more(more: dict[str, int | str]) -> None:
    first, *rest = RESNET18.shortcuts
    grown = replace(first, **more)
    assert [cost for _, _, cost in changes(RESNET18, replace(RESNET18, shortcuts=(grown, *rest)))] == ["grew"]


@pytest.mark.parametrize(
    ("then", "now", "cost"),
    [
        ((10, 100), (9, 101), "grew"),
        ((10, 100), (11, 99), "grew"),
        ((10, 100), (9, 100), "fell"),
        ((10, 100), (10, 99), "fell"),
        ((10, 100), (9, 99), "fell"),
        ((10, 100), (None, 100), "unknown"),
        ((10, 100), (None, 101), "grew"),
        ((10, 100), (9, None), "unknown"),
        ((10, 100), (11, None), "grew"),
        ((None, 100), (11, 100), "same"),
        ((None, 100), (None, 101), "grew"),
    ],
)
def test_either_price_makes_growth_and_neither_hides_the_other(
    then: tuple[int | None, int | None], now: tuple[int | None, int | None], cost: str
) -> None:
    """Parameters and MACs, then and now."""

    def priced(parameters: int | None, macs: int | None) -> ModelReport:
        known = audited(BODY, "x -> Conv.p{k=1} -> Add")
        formula = None if macs is None else str(macs)
        entry = replace(known.shortcuts[0], route=(), parameters=parameters, macs=macs, macs_formula=formula)
        return replace(known, shortcuts=(entry,))

    assert [found for *_, found in changes(priced(*then), priced(*now))] == ([] if cost == "same" else [cost])


def test_a_side_tells_what_it_takes_at_open_sizes() -> None:
    """W_s, 8 x 8 at 4 x 4 positions of n images: 1,024 n MACs, where there was an identity."""
    body = "x -> Conv.1 -> Relu -> Conv.2 -> Add"
    then = audited(body, "x -> Add", shape=("n", 8, 4, 4))
    now = audited(body, "x -> Conv.p{k=1} -> Add", shape=("n", 8, 4, 4))
    (change,) = compare(now, accept(then), "base.json").changes
    assert change.then is not None
    assert change.now is not None
    assert (change.then.macs, change.then.macs_formula) == (0, "0")
    assert (change.now.macs, change.now.macs_formula) == (None, "1024*n")
