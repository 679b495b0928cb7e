"""What is said of the gallery's graphs if one thing in them is another?

Each graph of the gallery (gallery.py) is changed in one place at a time. tests/golden/varied.txt holds, for each graph,
what is said of it then: each answer once, behind it the changes to which it is the answer. Of an answer stands what is
not said of the graph as it is; changes that are not named leave the verdict as it is.

    n3 turned   the op that makes n3 reads its operands the other way round
    n3 gone     what it read first is taken for it
    n3 shown    n3 is an output of the model, too
    n3 cut, n3 halved, n3 weighed   who reads n3 reads its Relu, half of it, or a learned multiple of it
    n3 axis+1   an integer of its attributes, or the first of several, is one more
    x open, x unknown, x batch   the sizes of an input are open, are not known, or the first is open
    w literal, w hidden, w fed   a tensor is a number in the code, is of unknown elements, is fed by the caller
    w wider     its last axis is one more

    WRITE_GOLDEN=1 pytest tests/test_varied.py

writes the answers anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from zlib import crc32

from shortcut_audit.graph.draft import Draft, Node, Tensor
from shortcut_audit.graph.model import TensorType
from shortcut_audit.pipeline import audit_draft
from shortcut_audit.report import ModelReport
from tests.gallery import Picture, pictures

FILE = Path(__file__).parent / "golden" / "varied.txt"

CHANGES = 16
"""How many changes are tried of one graph, drawn from all there are."""


def changes(draft: Draft) -> Iterator[tuple[str, Draft]]:
    """The draft with one thing changed, by what is changed."""
    for place, node in enumerate(draft.nodes):
        name = next((made for made in node.outputs if made is not None), "")
        for how, other in _nodes(node):
            yield f"{name} {how}", _with(draft, place, other)
        yield f"{name} shown", replace(draft, outputs=tuple(dict.fromkeys((*draft.outputs, name))))
        for how, kind, operand in (("cut", "Relu", None), ("halved", "Mul", HALF), ("weighed", "Mul", WEIGHT)):
            yield f"{name} {how}", _behind(draft, place, name, kind, operand)
    for slot, (name, known) in enumerate(draft.inputs):
        for how, shape in _shapes(known):
            fed = (*draft.inputs[:slot], (name, replace(known, shape=shape)), *draft.inputs[slot + 1 :])
            yield f"{name} {how}", replace(draft, inputs=fed)
    for slot, tensor in enumerate(draft.tensors):
        rest = draft.tensors[:slot], draft.tensors[slot + 1 :]
        for how, changed in _tensors(tensor):
            yield f"{tensor.name} {how}", replace(draft, tensors=(*rest[0], changed, *rest[1]))
        fed = (*draft.inputs, (tensor.name, TensorType(tensor.shape, tensor.dtype)))
        yield f"{tensor.name} fed", replace(draft, tensors=(*rest[0], *rest[1]), inputs=fed)


HALF, WEIGHT = Tensor("half_", (), "float32", (0.5,), literal=True), Tensor("weight_", (1,), "float32")


def _nodes(node: Node) -> Iterator[tuple[str, Node]]:
    if len(set(node.inputs)) > 1:
        yield "turned", replace(node, inputs=node.inputs[::-1])
    if node.inputs and node.inputs[0] is not None and node.kind != "Identity":
        yield "gone", replace(node, kind="Identity", inputs=node.inputs[:1], attributes={})
    for key, value in node.attributes.items():
        more = (value[0] + 1, *value[1:]) if isinstance(value, tuple) and value and type(value[0]) is int else None
        more = value + 1 if type(value) is int else more
        if more is not None:
            yield f"{key}+1", replace(node, attributes={**node.attributes, key: more})


def _shapes(known: TensorType) -> Iterator[tuple[str, tuple[int | str | None, ...] | None]]:
    if known.shape is not None:
        yield "open", tuple(f"s{axis}" for axis in range(len(known.shape)))
        yield "batch", ("batch", *known.shape[1:])
        yield "unknown", None


def _tensors(tensor: Tensor) -> Iterator[tuple[str, Tensor]]:
    if not tensor.literal:
        yield "literal", replace(tensor, literal=True)
    if tensor.data is not None:
        yield "hidden", replace(tensor, data=None)
    if tensor.shape and tensor.data is None:
        yield "wider", replace(tensor, shape=(*tensor.shape[:-1], tensor.shape[-1] + 1))


def _with(draft: Draft, place: int, node: Node) -> Draft:
    return replace(draft, nodes=(*draft.nodes[:place], node, *draft.nodes[place + 1 :]))


def _behind(draft: Draft, place: int, name: str, kind: str, operand: Tensor | None) -> Draft:
    """The draft with an op behind a value, which all who read the value read instead of it."""
    made = f"{name}~"
    read = (name,) if operand is None else (name, operand.name)
    later = [replace(n, inputs=tuple(made if i == name else i for i in n.inputs)) for n in draft.nodes[place + 1 :]]
    return replace(
        draft,
        nodes=(*draft.nodes[: place + 1], Node(kind, read, (made,), made), *later),
        outputs=tuple(made if output == name else output for output in draft.outputs),
        tensors=draft.tensors if operand is None else (*draft.tensors, operand),
    )


def drawn(picture: Picture) -> list[tuple[str, Draft]]:
    """The changes of a picture that are tried."""
    possible = list(changes(picture.draft()))
    chance = Random(crc32(picture.title.encode()))
    return possible if len(possible) <= CHANGES else chance.sample(possible, CHANGES)


def said(report: ModelReport) -> list[str]:
    """What is said of a graph, a few words for each thing."""
    found = []
    for one in report.shortcuts:
        steps = "+".join(f"{step.op} {step.step_class}" for step in one.route) or "bare"
        adds, held = one.elementwise_adds or one.elementwise_adds_formula, one.held_bytes or one.held_bytes_formula
        span, macs = one.span, one.macs_formula if one.macs is None else one.macs
        branch = span.macs_formula if span.macs is None else span.macs
        found.append(
            f"{one.merge.name}: {one.kind} of {one.fork.name} by {steps}, {one.parameters} p, {macs} m, {adds} adds, "
            f"{held} held, skips {span.weight_layers} of {span.ops}, {span.parameters} p, {branch} m"
            + f", {len(one.notes)} notes"
            * bool(one.notes)
        )
    found += [f"{other.name}: {other.reason}" for other in report.other_adds]
    found += [f"joint {joint.name}" for joint in report.concatenations or ()]
    totals, prices = report.totals, report.summary.what_if
    macs = totals.macs_formula if totals.macs is None else totals.macs
    least = " at least" * totals.lower_bound + " at least p" * totals.parameters_lower_bound
    found.append(f"total {totals.ops} ops, {totals.parameters} p, {totals.buffers} b, {macs} m{least}")
    found += [f"uncounted {one.name}" for one in report.uncounted]
    found.append(
        f"option {report.summary.option}: "
        + " ".join(f"{price.parameters}/{price.macs}" for price in (prices.A, prices.B, prices.C, prices.plain))
    )
    return found


def answers(picture: Picture) -> tuple[str, ...]:
    """What else is said of a picture, and to which changes."""
    own = set(said(audit_draft(picture.draft())))
    asked: dict[str, list[str]] = {}
    for name, draft in drawn(picture):
        asked.setdefault(" / ".join(line for line in said(audit_draft(draft)) if line not in own), []).append(name)
    asked.pop("", None)
    return tuple(f"{', '.join(names)} => {answer}" for answer, names in asked.items())


def recorded() -> dict[str, tuple[str, ...]]:
    """The answers of the file, by the title of the picture."""
    entries = (entry.splitlines() for entry in FILE.read_text(encoding="utf-8").split("== ")[1:])
    return {title: tuple(line for line in lines if line) for title, *lines in entries}


def write() -> None:
    """Writes the file, with the answers of today."""
    entries = ["\n".join([f"== {picture.title}", *answers(picture), "", ""]) for picture in pictures()]
    FILE.write_text("".join(entries), encoding="utf-8")
