"""How are the inputs and outputs of a subgraph tied to the node that holds it?

If, Loop and Scan hold their bodies as attributes. Here is only which body input gets which of the node's inputs, and
which of the body's outputs makes which of the node's: `nodes.py` writes the bodies out accordingly. The kinds of
the connecting nodes are those of `Draft`, rule 2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, NamedTuple

from shortcut_audit.errors import UnreadableModel
from shortcut_audit.frozen import frozen
from shortcut_audit.graph.model import Attribute
from shortcut_audit.loaders.onnx.attributes import INTS, Bound, called, graphs_in, kind_of
from shortcut_audit.loaders.onnx.text import text

if TYPE_CHECKING:
    from onnx import GraphProto, NodeProto


class Given(NamedTuple):
    """An input of the node that holds the bodies."""

    slot: int


class Made(NamedTuple):
    """An output of one of the bodies."""

    body: int
    slot: int


@frozen
class Tie:
    """A node that leads a value into a body, or out of the bodies."""

    kind: str
    reads: tuple[Given | Made, ...]
    attributes: Mapping[str, Attribute] = field(default_factory=dict)


@frozen
class Body:
    """A subgraph, and what each of its inputs is."""

    role: str
    graph: GraphProto
    entries: tuple[Tie, ...] = ()
    branch: int | None = None
    """Which branch of an If it is."""


@frozen
class Wiring:
    """The bodies of a node, and what each of the node's outputs is."""

    bodies: tuple[Body, ...]
    exits: tuple[Tie, ...]


def body_inputs(graph: GraphProto) -> list[str]:
    """Names of what is fed to a subgraph. Up to IR version 3 its initializers are listed among them."""
    stored = {text(tensor.name) for tensor in graph.initializer}
    return [name for name in (text(info.name) for info in graph.input) if name not in stored]


def wire_if(node: NodeProto, attributes: Bound) -> Wiring:
    """If: both bodies read nothing but what they capture, and make as many values as the node."""
    roles = ("then_branch", "else_branch")
    bodies = tuple(Body(role, _graph(node, attributes, role), branch=nth) for nth, role in enumerate(roles))
    for body in bodies:
        _demand(node, body, 0, len(node.output))
    exits = (Tie("If", (Given(0), Made(0, slot), Made(1, slot))) for slot in range(len(node.output)))
    return Wiring(bodies, tuple(exits))


def wire_loop(node: NodeProto, attributes: Bound) -> Wiring:
    """Loop(trips, condition, *states): body(trip, condition, *states) -> condition, *states, *elements to stack."""
    states = max(len(node.input) - 2, 0)
    entries = (
        Tie("LoopIndex", (Given(0),)),
        *(Tie("LoopState", (Given(1 + state),)) for state in range(1 + states)),
    )
    body = Body("body", _graph(node, attributes, "body"), entries)
    _demand(node, body, 2 + states, 1 + len(node.output))
    carried = tuple(Tie("Loop", (Made(0, 1 + state), Given(2 + state))) for state in range(states))
    stacked = (_stacked(Made(0, 1 + slot), 0) for slot in range(states, len(node.output)))
    return Wiring((body,), carried[: len(node.output)] + tuple(stacked))


def wire_scan(node: NodeProto, attributes: Bound) -> Wiring:
    """Scan(*states, *sequences): body(*states, *elements) -> *states, *elements to stack. From opset 9 on."""
    sequences = attributes["num_scan_inputs"].i if "num_scan_inputs" in attributes else 0
    if not 0 < sequences <= len(node.input):
        raise UnreadableModel(f"{called(node)} has {len(node.input)} inputs and scans {sequences} of them")
    states = len(node.input) - sequences
    axes, stacking = _axes(node, attributes, "scan_input_axes"), _axes(node, attributes, "scan_output_axes")
    entries = (
        *(Tie("LoopState", (Given(state),)) for state in range(states)),
        *(_slice(Given(states + nth), _nth(axes, nth)) for nth in range(sequences)),
    )
    body = Body("body", _graph(node, attributes, "body"), entries)
    _demand(node, body, len(node.input), len(node.output))
    carried = tuple(Tie("Loop", (Made(0, state), Given(state))) for state in range(states))
    stacked = (_stacked(Made(0, slot), _nth(stacking, slot - states)) for slot in range(states, len(node.output)))
    return Wiring((body,), carried[: len(node.output)] + tuple(stacked))


WIRINGS: Mapping[str, Callable[[NodeProto, Bound], Wiring]] = {"If": wire_if, "Loop": wire_loop, "Scan": wire_scan}
"""Operators whose bodies are written out. Others that hold graphs stay opaque."""


def _graph(node: NodeProto, attributes: Bound, role: str) -> GraphProto:
    graphs = graphs_in(attributes[role]) if role in attributes else ()
    if len(graphs) != 1:
        raise UnreadableModel(f"{called(node)} has no {role}; export the model again")
    return graphs[0]


def _axes(node: NodeProto, attributes: Bound, name: str) -> list[int]:
    """An axis for each sequence; those that are not listed are 0."""
    if name in attributes and kind_of(attributes[name]) != INTS:
        raise UnreadableModel(f"{called(node)} has an attribute '{name}' that lists no axes; export the model again")
    return list(attributes[name].ints) if name in attributes else []


def _demand(node: NodeProto, body: Body, inputs: int, outputs: int) -> None:
    """Raises UnreadableModel unless the body reads and makes so many values."""
    for what, wanted, count in (
        ("inputs", inputs, len(body_inputs(body.graph))),
        ("outputs", outputs, len(body.graph.output)),
    ):
        if wanted != count:
            raise UnreadableModel(f"the {body.role} of {called(node)} has {count} {what} where its node needs {wanted}")


def _slice(sequence: Given, axis: int) -> Tie:
    return Tie("LoopSlice", (sequence,), {"axis": axis})


def _stacked(element: Made, axis: int) -> Tie:
    """An output that lines up what every step made, along a new axis."""
    return Tie("Loop", (element,), {"stacked": axis})


def _nth(axes: list[int], position: int) -> int:
    return axes[position] if position < len(axes) else 0
