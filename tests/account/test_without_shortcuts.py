"""Does a model without its shortcuts cost what the price of the plain model says?

The shortcuts of the graphs that the gallery draws are taken out of the graph, and what is left is audited: nobody has
to know what they hold.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from shortcut_audit.graph.draft import Draft
from shortcut_audit.pipeline import audit_draft
from shortcut_audit.report import ModelReport, Shortcut
from tests.gallery import Picture, pictures


def without(draft: Draft, report: ModelReport) -> Draft | None:
    """The draft whose merges are their branches alone; None where a shortcut is not a value that one Add adds.

    Nor is it in x + w (f - x), nor where what another layer made is joined to x on the way.
    """
    nodes = {node.name or node.outputs[0]: node for node in draft.nodes}
    merges = [one.merge.name for one in report.shortcuts]
    if not merges or len(set(merges)) < len(merges) or any(o.reason == "interpolation" for o in report.other_adds):
        return None
    if any(step.op == "Concat" for one in report.shortcuts for step in one.route):
        return None
    for one in report.shortcuts:
        node = nodes.get(one.merge.name)
        operand = _operand(nodes[one.merge.name].inputs, one) if node is not None and node.kind == "Add" else None
        if operand is None or one.merge.also:
            return None
        rest = nodes[one.merge.name].inputs[1 - operand]
        nodes[one.merge.name] = replace(nodes[one.merge.name], kind="Identity", inputs=(rest,))
    return replace(draft, nodes=tuple(nodes.values()))


def _operand(inputs: tuple[str | None, ...], one: Shortcut) -> int | None:
    """Which of two operands is the shortcut: what its last step makes, or its fork."""
    name = one.route[-1].name if one.route else one.fork.name
    return inputs.index(name) if len(set(inputs)) == 2 and name in inputs else None


TAKEN = [
    (picture, left)
    for picture in pictures()
    if (left := without(picture.draft(), audit_draft(picture.draft()))) is not None
]


def test_enough_is_taken_out() -> None:
    assert len(TAKEN) > 60


@pytest.mark.parametrize(("picture", "left"), TAKEN, ids=lambda each: getattr(each, "title", ""))
def test_the_plain_model_costs_what_is_left(picture: Picture, left: Draft) -> None:
    price, found = audit_draft(picture.draft()).summary.what_if.plain, audit_draft(left).totals
    if price.parameters is not None and not found.lower_bound:
        assert price.parameters == found.parameters
    if price.macs_formula is not None and not found.lower_bound:
        assert price.macs_formula == found.macs_formula
