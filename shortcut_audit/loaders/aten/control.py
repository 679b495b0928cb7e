"""What becomes of the bodies of higher-order ops?

They are flattened into the draft, as draft.py says (rule 2): an If for each output of cond; LoopState, LoopSlice and
Loop around the bodies of while_loop, scan, map and associative_scan. What merely sets a mode (no_grad, autocast,
checkpointing) vanishes: its body runs on the very tensors that it is given, so that what it writes in place is seen
outside. Signatures: torch/_higher_order_ops.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from shortcut_audit.frozen import frozen
from shortcut_audit.graph.draft import Node
from shortcut_audit.graph.model import Attribute, Body, TensorType
from shortcut_audit.loaders.aten.aliases import Place
from shortcut_audit.loaders.aten.call import Misfit
from shortcut_audit.loaders.aten.graph import Argument, AtenGraph, AtenNode, flat
from shortcut_audit.loaders.aten.writer import Writer

Places = Sequence[Place | None]


@frozen
class HigherOrder:
    """A call of a higher-order op, and what it takes to translate it."""

    node: AtenNode
    types: Mapping[str, TensorType]
    writer: Writer
    place: Callable[[Argument], Place | None]
    """What an argument stands for."""
    read: Callable[[Place], str]
    inline: Callable[[AtenGraph, Places], Places]
    """Translate a body whose inputs are these; the places of its outputs."""

    def argument(self, position: int) -> Argument:
        """An argument by position."""
        if position >= len(self.node.arguments):
            raise Misfit
        return self.node.arguments[position][1]

    def body(self, position: int) -> AtenGraph:
        """An argument that is a graph."""
        found = self.argument(position)
        if not isinstance(found, AtenGraph):
            raise Misfit
        return found

    def places(self, position: int) -> list[Place | None]:
        """An argument that is a list of tensors; an empty list where it is left out."""
        if position >= len(self.node.arguments):
            return []
        return [self.place(item) for item in flat([self.argument(position)])]

    def emit(
        self, kind: str, inputs: Places, stem: str, tensor_type: TensorType, **attributes: Attribute
    ) -> Place:  # fmt: skip
        """A canonical node with one output, named after `stem`."""
        node, name = self.node, self.writer.fresh(stem)
        values = tuple(None if place is None else self.read(place) for place in inputs)
        self.writer.add(Node(kind, values, (name,), node.name, node.target, attributes, node.scope, node.source))
        self.writer.types[name] = tensor_type
        return Place(name)

    def result(self, kind: str, inputs: Places, position: int, **attributes: Attribute) -> Place | None:
        """The node's output at `position`; None if nobody can refer to it."""
        name = self.node.outputs[position] if position < len(self.node.outputs) else None
        if name is None:
            return None
        return self.emit(kind, inputs, name, self.types.get(name, TensorType()), **attributes)

    def loop(self, *, whole: bool) -> Body:
        """The steps of the op; `whole`: as many as there are slices."""
        return Body(self.writer.holder(self.node.name), None, self.writer.body, whole=whole)

    def type_of(self, place: Place) -> TensorType:
        """What is known of what a place holds."""
        return self.writer.types.get(self.read(place), TensorType())


def run(call: HigherOrder) -> Places:
    """The places of the op's outputs. Raises Misfit for an op that is not known, or called in an unknown way."""
    handler = HANDLERS.get(call.node.operator.removeprefix("higher_order."))
    if handler is None:
        raise Misfit
    return handler(call)


def _transparent(call: HigherOrder) -> Places:
    """The body stands among the arguments; behind it come its operands, perhaps in lists, beside keys and hints."""
    given = [value for _, value in call.node.arguments]
    at = next((i for i, value in enumerate(given) if isinstance(value, AtenGraph)), None)
    if at is None:
        raise Misfit
    body = call.body(at)
    operands = [call.place(item) for item in flat(given[at + 1 :]) if not isinstance(item, str)]
    if len(operands) < len(body.inputs):
        raise Misfit
    return call.inline(body, operands[: len(body.inputs)])


def _cond(call: HigherOrder) -> Places:
    """cond(predicate, then, else, operands)."""
    predicate, operands = call.place(call.argument(0)), call.places(3)
    condition, holder = None if predicate is None else call.read(predicate), call.writer.holder(call.node.name)
    branches = []
    for branch in (0, 1):
        with call.writer.within(Body(holder, branch, call.writer.body, condition)):
            branches.append(call.inline(call.body(1 + branch), operands))
    return [call.result("If", (predicate, a, b), i) for i, (a, b) in enumerate(zip(*branches, strict=False))]


def _while_loop(call: HigherOrder) -> Places:
    """while_loop(condition, body, carried, others)."""
    carried, others = call.places(2), call.places(3)
    with call.writer.within(call.loop(whole=False)):
        states = [_state(call, place) for place in carried]
        conditions = call.inline(call.body(0), [*states, *others])
        made = call.inline(call.body(1), [*states, *others])
    results = [call.result("Loop", pair, i) for i, pair in enumerate(zip(made, carried, strict=False))]
    _beside(call, zip(states, made, strict=False))
    _beside(call, ((result, condition) for result in results for condition in conditions))
    return results


def _scan(call: HigherOrder) -> Places:
    """scan(body, initial, sliced, others): the body makes the next states, then one slice of each result."""
    initial, sliced, others = call.places(1), call.places(2), call.places(3)
    with call.writer.within(call.loop(whole=True)):
        states = [_state(call, place) for place in initial]
        made = call.inline(call.body(0), [*states, *(_slice(call, place) for place in sliced), *others])
    carried = [call.result("Loop", pair, i) for i, pair in enumerate(zip(made, initial, strict=False))]
    _beside(call, zip(states, made, strict=False))
    return [*carried, *_stacked(call, made, len(initial))]


def _map(call: HigherOrder) -> Places:
    """map_impl(body, sliced, others)."""
    sliced, others = call.places(1), call.places(2)
    with call.writer.within(call.loop(whole=True)):
        made = call.inline(call.body(0), [*(_slice(call, place) for place in sliced), *others])
    return _stacked(call, made)


def _associative_scan(call: HigherOrder) -> Places:
    """associative_scan(body, sliced, others): the body combines two slices of each, as often as the kernel likes."""
    sliced, others = call.places(1), call.places(2)
    with call.writer.within(call.loop(whole=False)):
        operands = [_slice(call, place) for place in (*sliced, *sliced)]
        made = call.inline(call.body(0), [*operands, *others])
    return _stacked(call, made)


def _stacked(call: HigherOrder, made: Places, first: int = 0) -> list[Place | None]:
    """What the body makes from its result `first` on, step by step, along a new first axis."""
    return [call.result("Loop", (value,), i, stacked=0) for i, value in enumerate(made) if i >= first]


def _beside(call: HigherOrder, pairs: Iterable[tuple[Place | None, Place | None]]) -> None:
    """What a loop carries depends on what its body makes for the next step, its results on whether there is one."""
    call.writer.beside.extend(
        (call.read(one), call.read(other)) for one, other in pairs if one is not None and other is not None
    )


def _state(call: HigherOrder, place: Place | None) -> Place | None:
    return None if place is None else call.emit("LoopState", (place,), f"{call.node.name}.state", call.type_of(place))


def _slice(call: HigherOrder, place: Place | None) -> Place | None:
    if place is None:
        return None
    whole = call.type_of(place)
    one = TensorType(None if whole.shape is None else whole.shape[1:], whole.dtype)
    return call.emit("LoopSlice", (place,), f"{call.node.name}.slice", one, axis=0)


def _flex_attention(call: HigherOrder) -> Places:
    """flex_attention(query, key, value, score_mod, block_mask, ...): the mask's body touches single scores only."""
    return [call.result("Attention", [call.place(call.argument(i)) for i in range(3)], 0)]


HANDLERS: Mapping[str, Callable[[HigherOrder], Places]] = {
    "wrap": _transparent,
    "wrap_with_set_grad_enabled": _transparent,
    "wrap_with_autocast": _transparent,
    "wrap_activation_checkpoint": _transparent,
    "tag_activation_checkpoint": _transparent,
    "hints_wrapper": _transparent,
    "invoke_subgraph": _transparent,
    "strict_mode": _transparent,
    "cond": _cond,
    "while_loop": _while_loop,
    "scan": _scan,
    "map": _map,
    "map_impl": _map,
    "associative_scan": _associative_scan,
    "flex_attention": _flex_attention,
}
"""Higher-order ops whose bodies are followed. Any other stays opaque."""
