"""Is the difference of two models what a person would say it is?"""

from __future__ import annotations

from shortcut_audit.gate.difference import difference
from shortcut_audit.pipeline import audit_draft
from shortcut_audit.reporters.shared.changed import alike, in_short, of_layers
from tests.sketch import audited, listing, stored


def test_identities_that_became_projections_share_a_line() -> None:
    old = audited(
        "x -> Conv.1 -> Relu -> Conv.2 -> Add -> Conv.3 -> Relu.3 -> Conv.4 -> Add.1", "x -> Add", "Add -> Add.1"
    )
    new = audited(
        "x -> Conv.1 -> Relu -> Conv.2 -> Add -> Conv.3 -> Relu.3 -> Conv.4 -> Add.1",
        "x -> Conv.p{k=1} -> Add",
        "Add -> Conv.q{k=1} -> Add.1",
    )
    found = difference(old, new)
    (group,) = alike(found.changes, "->")
    assert group.keys == ("(root)", "(root)#1")
    # a 1x1 convolution of 8 channels: 8 · 8 weights, 4 · 4 · 64 MACs
    assert group.what == "identity -> projection, +2 x 64 parameters, +2 x 1.02 k MACs"
    (heap,) = of_layers(found)
    assert (heap.what, heap.number) == ("added", 2)
    assert [one.what for one in heap.groups] == ["conv 1x1, 8 -> 8, 2 x 64 parameters"]
    assert in_short(found) == "2 shortcuts changed, 0 unchanged; layers: 2 added, 4 unchanged"


def test_a_model_does_not_differ_from_itself() -> None:
    model = audited("x -> Conv.1 -> Relu -> Conv.2 -> Add", "x -> Add")
    found = difference(model, model)
    assert (found.changes, found.layers_added, found.layers_removed, found.layers_changed) == ((), (), (), ())
    assert (found.unchanged, found.layers_unchanged) == (1, 2)
    assert in_short(found) == "no difference: the same 1 shortcut and 2 layers"


def test_a_layer_at_the_same_place_has_changed_and_is_not_gone_and_new() -> None:
    """3x3 of 8 channels: 8 · 8 · 9 = 576 weights; 1x1: 64."""
    old, new = (
        audit_draft(
            listing(
                f"a = Conv(x, v) {padding} @net.first",
                "b = Conv(a, w) pads=1,1,1,1 @net.second",
                "y = Add(b, x)",
                x=(1, 8, 4, 4),
                v=kernel,
                w=stored(8, 8, 3, 3),
            )
        )
        for padding, kernel in (("pads=1,1,1,1", stored(8, 8, 3, 3)), ("", stored(8, 8, 1, 1)))
    )
    (heap,) = of_layers(difference(old, new))
    assert (heap.what, heap.number) == ("changed", 1)
    (group,) = heap.groups
    assert (group.keys, group.what) == (
        ("net.first",),
        "conv 3x3, 8 -> 8 became conv 1x1, 8 -> 8, -512 parameters",
    )


def test_shortcuts_that_came_and_went_are_said_apart() -> None:
    with_two = audited("x -> Conv.1 -> Add -> Conv.2 -> Add.1", "x -> Add", "Add -> Add.1")
    with_one = audited("x -> Conv.1 -> Add -> Conv.2", "x -> Add")
    assert [one.what for one in alike(difference(with_one, with_two).changes, "->")] == ["new: identity"]
    assert [one.what for one in alike(difference(with_two, with_one).changes, "->")] == ["gone: identity"]


def test_layers_of_which_no_module_is_recorded_are_paired_by_their_geometry() -> None:
    """A bias makes a layer another one of the same geometry: 8 weights more; 1x1 for 3x3 is another layer."""
    plain, biased, narrow = (
        audited(f"x -> {line} -> Relu -> Conv.2 -> Add", "x -> Add")
        for line in ("Conv.1", "Conv.1{bias=1}", "Conv.1{k=1}")
    )
    with_bias, without = difference(plain, biased), difference(plain, narrow)
    assert [(pair.then.parameters, pair.now.parameters) for pair in with_bias.layers_changed] == [(576, 584)]
    assert (with_bias.layers_added, with_bias.layers_removed) == ((), ())
    assert [layer.parameters for layer in without.layers_added] == [64]
    assert [layer.parameters for layer in without.layers_removed] == [576]
    assert without.layers_changed == ()
