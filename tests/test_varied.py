"""Is still said of the gallery's graphs, changed in one place, what was said of them?"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace

import pytest

from shortcut_audit.graph.draft import Draft, Node, Tensor
from shortcut_audit.pipeline import audit_draft
from tests.gallery import Picture, pictures
from tests.varied import answers, recorded, write

if os.environ.get("WRITE_GOLDEN"):
    write()

RECORDED = recorded()


@pytest.mark.parametrize("picture", pictures(), ids=lambda picture: picture.title)
def test_what_is_said_of_changed_graphs_is_as_it_was(picture: Picture) -> None:
    assert answers(picture) == RECORDED[picture.title]


def respelt(draft: Draft, place: int) -> Iterator[Draft]:
    """A draft that doubles a value by an addition, with the same written as a product and as a sum over a stack."""
    node = draft.nodes[place]
    two = Tensor("two~", (), "float32", (2.0,), literal=True)
    product = replace(node, kind="Mul", inputs=(node.inputs[0], "two~"))
    before, after = draft.nodes[:place], draft.nodes[place + 1 :]
    yield replace(draft, nodes=(*before, product, *after), tensors=(*draft.tensors, two))
    front = Tensor("front~", (1,), "int64", (0,), literal=True)
    stack = Node("Stack", node.inputs, ("stack~",), "stack~", attributes={"axis": 0})
    over = replace(node, kind="ReduceSum", inputs=("stack~", "front~"), attributes={"keepdims": 0})
    yield replace(draft, nodes=(*before, stack, over, *after), tensors=(*draft.tensors, front))


def kinds(draft: Draft, but: str) -> dict[str, list[str]]:
    """The kinds of the shortcuts of each merge but one."""
    found: dict[str, list[str]] = {}
    for one in audit_draft(draft).shortcuts:
        found.setdefault(one.merge.name, []).append(one.kind)
    return {name: sorted(of) for name, of in found.items() if name != but}


ARITHMETIC = {"Add", "Sub", "Sum", "Neg", "Mul", "Div", "Where", "ScatterElements"}
"""What reads a doubled value as a part of a larger sum: 2 x + F(x) has one shortcut, x + x + F(x) has two."""


def doubled(picture: Picture) -> list[int]:
    """The ops of a picture that add a value to itself, for ops that add nothing to it."""
    draft, fed = picture.draft(), dict(picture.draft().inputs)
    made = {name for node in draft.nodes for name in node.outputs} | fed.keys()
    found = []
    for place, node in enumerate(draft.nodes):
        readers = {other.kind for other in draft.nodes if node.outputs[0] in other.inputs}
        if node.kind == "Add" and len(set(node.inputs)) == 1 and node.inputs[0] in made and not readers & ARITHMETIC:
            found.append(place)
    return found


@pytest.mark.parametrize("picture", [one for one in pictures() if doubled(one)], ids=lambda picture: picture.title)
def test_a_doubled_value_is_one_however_it_is_written(picture: Picture) -> None:
    """The theory: one function, one verdict."""
    for place in doubled(picture):
        draft = picture.draft()
        name = draft.nodes[place].outputs[0] or ""
        for other in respelt(draft, place):
            assert kinds(other, name) == kinds(draft, name), name
