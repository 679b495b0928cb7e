"""What of a model do its outputs depend on?"""

from __future__ import annotations

from dataclasses import replace

from shortcut_audit.assembly.assemble import assemble
from shortcut_audit.pipeline import audit_draft
from tests.sketch import draft, listing, stored

IMAGE = (1, 8, 4, 4)
BLOCK = ("x -> Conv.1 -> Relu -> Conv.2 -> Add", "x -> Add")
DECOY = ("x -> Conv.3 -> Relu.2 -> Conv.4 -> Add.2", "x -> Add.2")


def test_a_block_that_nobody_reads_is_no_part_of_the_model() -> None:
    """Two convolutions of 8 x 8 x 3 x 3 each: 1,152 parameters, as without the decoy."""
    drawn = replace(draft(*BLOCK, *DECOY), outputs=("Add",))
    report = audit_draft(drawn)
    assert (report.totals.ops, report.totals.adds, report.totals.parameters) == (4, 1, 1152)
    assert [shortcut.merge.name for shortcut in report.shortcuts] == ["Add"]
    assert report.notes == (
        "4 ops lead to no output of the model: dead code, or a branch that is never taken; not counted",
        "1,152 parameters in 2 tensors are read by nothing that the outputs need; not counted",
    )


def test_an_op_lives_as_long_as_one_of_its_outputs_is_read() -> None:
    made = assemble(listing("a, b = Split(x) axis=1", "y = Relu(a)", x=IMAGE, outputs=("y",)))
    assert [op.kind for op in made.ops] == ["Split", "Relu"]
    assert list(made.values) == ["x", "a", "b", "y"]


def test_what_a_loop_carries_to_its_next_step_is_part_of_what_it_makes() -> None:
    """h = f(c), c = W c: the last c is not handed back, and every h but the first depends on W."""
    lines = (
        "h_in = LoopState(h0)",
        "c_in = LoopState(c0)",
        "h_out = Tanh(c_in)",
        "c_out = MatMul(c_in, w)",
        "h = Loop(h_out, h0)",
    )
    drawn = listing(*lines, h0=(1, 8), c0=(1, 8), w=stored(8, 8), outputs=("h",))
    assert [op.kind for op in assemble(drawn).ops] == ["LoopState", "Tanh", "Loop"]
    carried = replace(drawn, beside=(("h_in", "h_out"), ("c_in", "c_out")))
    assert [op.kind for op in assemble(carried).ops] == ["LoopState", "Tanh", "MatMul", "Loop"]


def test_of_a_model_that_hands_back_nothing_everything_is_kept() -> None:
    made = assemble(replace(draft(*BLOCK), outputs=()))
    assert [op.kind for op in made.ops] == ["Conv", "Relu", "Conv", "Add"]
