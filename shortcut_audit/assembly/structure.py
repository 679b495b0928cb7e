"""Is this draft a graph at all: single assignment, nothing dangling, no cycle? And in which order does it run?

The library validators do not say (shape inference accepts cycles and dangling inputs), so this is checked before
anything else looks at the nodes. Iterative and linear in the number of edges.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from shortcut_audit.errors import UnreadableModel
from shortcut_audit.graph.draft import Draft, Node


def in_order(draft: Draft) -> tuple[tuple[Node, ...], bool]:
    """The nodes in an order in which they can run, and whether that is the order of the file.

    Raises UnreadableModel for: 1. a tensor that two nodes make; 2. an input that nothing makes; 3. a cycle.
    """
    maker = _makers(draft)
    given = {name for name, _ in draft.inputs} | {tensor.name for tensor in draft.tensors}
    for node in draft.nodes:
        for name in node.inputs:
            if name is not None and name not in maker and name not in given:
                raise UnreadableModel(
                    f"{_called(node)} reads {name!r}, which nothing makes; export the model again"
                )  # 2
    for name in draft.outputs:
        if name not in maker and name not in given:
            raise UnreadableModel(f"the model's output {name!r} is made by nothing; export the model again")  # 2
    if _runs_as_listed(draft.nodes, given):
        return draft.nodes, True
    return _sorted(draft.nodes, maker), False


def _makers(draft: Draft) -> dict[str, int]:
    maker: dict[str, int] = {}
    taken = {name: "an input of the model" for name, _ in draft.inputs}
    for tensor in draft.tensors:
        if tensor.name in taken:
            raise UnreadableModel(f"tensor {tensor.name!r} is stored, and is {taken[tensor.name]}")  # 1
        taken[tensor.name] = "a stored tensor"
    for position, node in enumerate(draft.nodes):
        for name in node.outputs:
            if name is None:
                continue
            if name in maker or name in taken:
                first = _called(draft.nodes[maker[name]]) if name in maker else taken[name]
                raise UnreadableModel(f"tensor {name!r} is made twice: by {first} and by {_called(node)}")  # 1
            maker[name] = position
    return maker


def _runs_as_listed(nodes: Iterable[Node], given: set[str]) -> bool:
    made: set[str | None] = {None, *given}
    for node in nodes:
        if not made.issuperset(node.inputs):
            return False
        made.update(node.outputs)
    return True


def _sorted(nodes: tuple[Node, ...], maker: dict[str, int]) -> tuple[Node, ...]:
    """Kahn's algorithm (1962), first come, first served."""
    waits_for = [len({maker[name] for name in node.inputs if name in maker}) for node in nodes]
    readers: list[list[int]] = [[] for _ in nodes]
    for position, node in enumerate(nodes):
        for source in {maker[name] for name in node.inputs if name in maker}:
            readers[source].append(position)
    ready = deque(position for position, count in enumerate(waits_for) if count == 0)
    order: list[int] = []
    while ready:
        position = ready.popleft()
        order.append(position)
        for reader in readers[position]:
            waits_for[reader] -= 1
            if waits_for[reader] == 0:
                ready.append(reader)
    if len(order) < len(nodes):
        raise UnreadableModel(f"the graph has a cycle: {_a_cycle(nodes, maker, set(order))}")  # 3
    return tuple(nodes[position] for position in order)


def _a_cycle(nodes: tuple[Node, ...], maker: dict[str, int], sound: set[int]) -> str:
    """Names the nodes of one cycle: whoever waits reads from somebody who waits, so walking back comes round."""
    position = next(p for p in range(len(nodes)) if p not in sound)
    trail: dict[int, None] = {}
    while position not in trail:
        trail[position] = None
        sources = (maker[name] for name in nodes[position].inputs if name in maker)
        position = next(source for source in sources if source not in sound)
    members = list(trail)[list(trail).index(position) :]
    shown = [_called(nodes[p]) for p in reversed(members[:8])]
    return " -> ".join([*shown, "…"] if len(members) > 8 else [*shown, shown[0]])


def _called(node: Node) -> str:
    made = next((name for name in node.outputs if name is not None), "")
    return f"{node.label or node.kind} {node.name or made!r}"
