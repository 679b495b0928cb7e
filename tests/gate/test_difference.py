"""Is the difference of two models what a person would say it is?"""

from __future__ import annotations

from shortcut_audit.gate.difference import difference
from shortcut_audit.reporters.shared.changed import alike, layers_alike
from tests.sketch import audited


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
    assert found.layers_added is not None
    assert [one.what for one in layers_alike(found.layers_added)] == ["Conv 1x1, 8 -> 8, 2 x 64 parameters"]
    assert found.layers_removed == ()


def test_a_model_does_not_differ_from_itself() -> None:
    model = audited("x -> Conv.1 -> Relu -> Conv.2 -> Add", "x -> Add")
    found = difference(model, model)
    assert (found.changes, found.layers_added, found.layers_removed) == ((), (), ())
    assert found.unchanged == 1


def test_shortcuts_that_came_and_went_are_said_apart() -> None:
    with_two = audited("x -> Conv.1 -> Add -> Conv.2 -> Add.1", "x -> Add", "Add -> Add.1")
    with_one = audited("x -> Conv.1 -> Add -> Conv.2", "x -> Add")
    assert [one.what for one in alike(difference(with_one, with_two).changes, "->")] == ["new: identity"]
    assert [one.what for one in alike(difference(with_two, with_one).changes, "->")] == ["gone: identity"]
