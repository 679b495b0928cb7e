"""Which outputs depend on what?"""

from __future__ import annotations

from shortcut_audit.account.outputs import Dependence
from tests.sketch import audited, sketch

BODY = "x -> Conv.1 -> Relu -> Conv.2 -> Add.1"


def test_an_output_depends_on_what_it_is_computed_from() -> None:
    """Two heads: the first reads the block, the second the input alone."""
    graph = sketch(BODY, "x -> Add.1 -> Tanh.a", "x -> Tanh.b")
    dependence = Dependence(graph)
    block, first, second = (
        next(name for name, value in graph.values.items() if value.op and value.op.name == op)
        for op in ("Add.1", "Tanh.a", "Tanh.b")
    )
    assert graph.outputs == (first, second)
    assert (dependence.outputs("x"), dependence.outputs(block), dependence.outputs(second)) == ((0, 1), (0,), (1,))
    assert dependence.outputs("nothing of that name") == ()


def test_a_shortcut_says_which_outputs_depend_on_it() -> None:
    model = audited(BODY, "x -> Add.1 -> Tanh.a", "x -> Tanh.b")
    assert [shortcut.outputs for shortcut in model.shortcuts] == [(0,)]
    assert len(model.outputs) == 2


def test_only_the_first_sixteen_are_told_apart() -> None:
    """Seventeen heads behind one block."""
    model = audited(BODY, "x -> Add.1", *(f"Add.1 -> Tanh.{n}" for n in range(17)))
    assert [shortcut.outputs for shortcut in model.shortcuts] == [tuple(range(16))]
    assert len(model.outputs) == 17
