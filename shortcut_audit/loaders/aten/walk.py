"""What does each node of an ATen graph make, in the order in which they run?

That order is what in-place ops mean:
1. a name of the program stands for a `Place` (aliases.py), from which the value that it holds at that point is read;
2. an op becomes the canonical ops that the vocabulary says, or one opaque node where it says nothing;
3. a view makes a place within its operand's; an in-place op is the op without its underscore, whose result is written
   to its first argument; `out=` is a write as well;
4. bodies of higher-order ops are flattened in (control.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from shortcut_audit.errors import UnreadableModel
from shortcut_audit.frozen import replace
from shortcut_audit.graph.model import Dim, TensorType
from shortcut_audit.loaders.aten import control
from shortcut_audit.loaders.aten.aliases import Aliases, Place, View
from shortcut_audit.loaders.aten.call import AtenCall, Misfit, fitting
from shortcut_audit.loaders.aten.graph import Argument, AtenGraph, AtenNode, Ref, flat, names_read, refs
from shortcut_audit.loaders.aten.known import opaque_kind, rule_of
from shortcut_audit.loaders.aten.views import Look, look_of, region_of, undone
from shortcut_audit.loaders.aten.vocabulary import WITHOUT_EFFECT
from shortcut_audit.loaders.aten.writer import Writer
from shortcut_audit.names import displayable

FUNCTIONALISED = frozenset({"higher_order.auto_functionalized", "higher_order.auto_functionalized_v2"})
BASES = "_all_bases"
"""Calls of operators that write to their arguments, as `run_decompositions` leaves them; and what these would write to
(torch/_higher_order_ops/auto_functionalize.py)."""

NESTING_LIMIT = 40
"""Bodies within bodies that are followed."""

RELABELLING = "squeeze_ unsqueeze_ t_ transpose_ swapaxes_ swapdims_ detach_ requires_grad_"
METADATA = frozenset(f"aten.{name}" for name in RELABELLING.split())
"""In-place ops that write nothing: they make the name another view of the same memory."""


@dataclass(slots=True)
class Translation:
    """The walk: what is written so far, and what every place holds."""

    writer: Writer = field(default_factory=Writer)
    aliases: Aliases = field(default_factory=Aliases)
    depth: int = 0

    def hold(self, value: str, tensor_type: TensorType, strides: tuple[Dim, ...] | None) -> Place:
        """A place of its own for a value."""
        self.writer.types[value] = tensor_type
        self.note_strides(value, strides)
        return Place(value)

    def note_strides(self, value: str, strides: tuple[Dim, ...] | None) -> None:
        """How a value lies in memory, where that is known."""
        if strides is not None:
            self.writer.strides[value] = strides

    def run(self, graph: AtenGraph, env: dict[str, Place]) -> tuple[Place | None, ...]:
        """Translate a graph whose inputs `env` holds; the places of its outputs, None for what is no tensor.

        `env` is empty afterwards.
        """
        if self.depth == NESTING_LIMIT:
            raise UnreadableModel(f"graphs are nested more than {NESTING_LIMIT} deep; this is no real model")
        self.depth += 1
        read = names_read(graph)
        for node in graph.nodes:
            self._check(node, env)
            _Step(self, graph, env, node, read).run()
        self.depth -= 1
        places = tuple(env.get(item.name) if isinstance(item, Ref) else None for item in flat(graph.outputs))
        env.clear()  # a view holds how it is taken again, and that would hold all the views
        return places

    @staticmethod
    def _check(node: AtenNode, env: Mapping[str, Place]) -> None:
        """Refuse a node that makes what is there already, or one name twice."""
        made: set[str] = set()
        for name in node.outputs:
            if name is None:
                continue
            if name in env or name in made:
                raise UnreadableModel(
                    f"node '{displayable(node.name)}' makes '{displayable(name)}' again; export the model again"
                )
            made.add(name)


@dataclass(slots=True)
class _Step:
    """One node."""

    walk: Translation
    graph: AtenGraph
    env: dict[str, Place]
    node: AtenNode
    read: frozenset[str]

    def run(self) -> None:
        operator = self.node.operator
        if operator in WITHOUT_EFFECT:
            return
        if self.node.target.startswith("higher_order."):
            self._higher_order()
            return
        touched = self._touched()
        written = self._written()
        if touched:
            self._affect(touched)
        elif written is None:
            self._make(self.node)
        elif operator in METADATA:
            self._relabel(written)
        else:
            self._write(written)

    # -- arguments -----------------------------------------------------------------------------------------------

    def _place(self, ref: Ref) -> Place:
        place = self.env.get(ref.name)
        if place is None:
            raise UnreadableModel(
                f"node '{displayable(self.node.name)}' reads '{displayable(ref.name)}' before anything made it; "
                "export the model again"
            )
        return place

    def _value(self, ref: Ref) -> str:
        return self.walk.aliases.read(self._place(ref))

    def _call(self, node: AtenNode, read: Callable[[Ref], str] | None = None) -> AtenCall:
        types = tuple(
            TensorType() if name is None else self.graph.types.get(name, TensorType()) for name in node.outputs
        )
        return AtenCall(node, dict(node.arguments), types, self.walk.writer, read or self._value)

    def _written(self) -> Ref | None:
        """What the node writes to in place: its first argument, or `out`."""
        out = dict(self.node.arguments).get("out")
        if isinstance(out, Ref):
            return out
        operator = self.node.operator
        if not operator.endswith("_") or operator.endswith("__") or not self.node.arguments:
            return None
        first = self.node.arguments[0][1]
        return first if isinstance(first, Ref) else None

    def _touched(self) -> list[Place]:
        """The tensors to which a node writes of which nobody knows what it does.

        1. Those that its schema names. 2. A .pt2 file holds no schemas: what hands nothing back is there for what it
        does to its arguments, and may write to each that is not learned. What hands something back is taken to follow
        PyTorch's convention, by which an underscore or `out` says what is written.
        """
        node = self.node
        if node.operator in METADATA or rule_of(node) is not None:
            return []
        named = dict(node.arguments)
        if node.writes is not None:
            items = flat(tuple(named.get(name) for name in node.writes))  # 1
            return list(dict.fromkeys(self._place(item) for item in items if isinstance(item, Ref)))
        if node.outputs:
            return []
        places = dict.fromkeys(self._place(ref) for ref in refs(node) if self.walk.writer.may_change(self._value(ref)))
        return list(places)  # 2

    # -- what becomes of the node ---------------------------------------------------------------------------------

    def _make(self, node: AtenNode) -> None:
        """An op that makes new tensors, or views of its first argument."""
        call = self._call(node)
        look, base = self._look(call)
        made = self._translate(call)
        if look is not None and call.opaque:
            look = Look.PART  # nobody knows which
        if look is None or base is None:
            self._bind([None if value is None else Place(value) for value in made])
            return
        known = {ref.name: self._value(ref) for ref in refs(node)}
        places = []
        for position, value in enumerate(made):
            view = self._view(call, look, base, position, known)
            places.append(None if value is None else Place.within(base, view, value))
        self._bind(places)

    def _look(self, call: AtenCall) -> tuple[Look | None, Place | None]:
        if not call.node.arguments or not isinstance(first := call.node.arguments[0][1], Ref):
            return None, None
        try:
            return look_of(call, self.walk.writer.strides.get(self._value(first))), self._place(first)
        except Misfit:
            return None, None

    def _view(self, call: AtenCall, look: Look, base: Place, position: int, known: Mapping[str, str]) -> View:
        """How output `position` of a view lies in its base. What else the view reads are sizes: they are remembered."""
        node, first = call.node, call.node.arguments[0][1]
        writer, before = self.walk.writer, base.value
        shown, strides = writer.types.get(before, TensorType()), writer.strides.get(before)
        # Not after what the base holds: after each write that has a name of its own, longer than the one before.
        stem = f"{displayable(first.name if isinstance(first, Ref) else '')}~{node.name}"

        def take(value: str) -> str:
            again = self._call(node, lambda ref: value if ref == first else known[ref.name])
            return self._translate(again, only=position)[position] or value

        def put(old: str, value: str) -> str:
            again = self._call(node, lambda ref: before if ref == first else known[ref.name])
            made = undone(again, look, old or before, value)
            name = writer.fresh(stem)
            again.finish({made: name})
            writer.types[name] = shown
            self.walk.note_strides(name, strides)
            return name

        return View(take, put, look is not Look.PART, None if call.opaque else region_of(call, position))

    def _higher_order(self) -> None:
        """Bodies flattened in; an opaque node for an op that is not known."""
        walk = self.walk
        call = control.HigherOrder(
            self.node, self.graph.types, walk.writer, self._operand, walk.aliases.read, self._inline
        )  # fmt: skip
        try:
            with fitting():
                places = control.run(call)
            self._bind(places)
        except Misfit:
            self._bind([None if value is None else Place(value) for value in self._translate(self._call(self.node))])

    def _operand(self, argument: Argument) -> Place | None:
        """What an argument of a higher-order op stands for: a tensor, or a number as one; None for anything else."""
        if isinstance(argument, Ref):
            return self._place(argument)
        if isinstance(argument, bool | int | float | complex):
            return Place(self._call(self.node).operand(argument))
        return None

    def _inline(self, body: AtenGraph, operands: Sequence[Place | None]) -> tuple[Place | None, ...]:
        """Translate a body; its inputs are the very places that it is given."""
        given = zip(body.inputs, operands, strict=False)
        inner = {name: place for name, place in given if name is not None and place is not None}
        return self.walk.run(body, inner)

    def _write(self, written: Ref) -> None:
        """An in-place op: the op without its underscore, and a write."""
        place = self._place(written)
        functional = replace(self.node, arguments=tuple(given for given in self.node.arguments if given[0] != "out"))
        call = self._call(functional)
        made = self._translate(call)
        if made and made[0] is not None:
            self.walk.aliases.write(place, made[0])
        self._bind([place, *(None if value is None else Place(value) for value in made[1:])])

    def _affect(self, touched: Sequence[Place]) -> None:
        """An op of which nobody knows what it does: it makes what it hands back, and anew all that it may write to."""
        call = self._call(self.node)
        before = [self.walk.aliases.read(place) for place in touched]
        made = self._translate(call, touched=len(touched))
        results = made[: len(self.node.outputs)]
        for place, old, value in zip(touched, before, made[len(results) :], strict=True):
            if value is not None:
                self.walk.writer.types[value] = self.walk.writer.types.get(old, TensorType())
                self.walk.aliases.write(place, value)
        handed = [None if value is None else Place(value) for value in results]
        written = self._written()
        self._bind([self._place(written), *handed[1:]] if written is not None else handed)

    def _relabel(self, written: Ref) -> None:
        """An in-place op on the layout: the name and the result stand for a view of what the name stood for."""
        target = ".".join([self.node.operator.removesuffix("_"), *self.node.target.split(".", 2)[2:]])
        self._make(replace(self.node, target=target))
        made = self.node.outputs[0] if self.node.outputs else None
        if made is not None and made in self.env:
            self.env[written.name] = self.env[made]

    def _bind(self, places: Sequence[Place | None]) -> None:
        for name, place in zip(self.node.outputs, places, strict=False):
            if name is not None and place is not None:
                self.env[name] = place

    # -- translation ------------------------------------------------------------------------------------------------

    def _translate(self, call: AtenCall, only: int | None = None, *, touched: int = 0) -> list[str | None]:
        """The values that a node makes, in canonical ops; as an opaque node where the vocabulary has no fitting rule.

        `only`: of a view that is taken again, the output that is wanted. `touched`: to how many tensors it writes;
        these follow what it hands back.
        """
        rule = rule_of(call.node)
        call.opaque = rule is None
        try:
            with fitting():
                made = None if rule is None else rule(call)
        except Misfit:
            made, call.opaque = None, True
            call.nodes.clear()
        found: list[str | None] = [made] if isinstance(made, str) or made is None else list(made)
        wanted = [name if only in {None, i} else None for i, name in enumerate(call.node.outputs)]
        kept = 0 if touched == 0 and only is None and self._written() is not None else None
        wanted = wanted or [None] * (kept is not None)  # what is written is there, whoever hands it back
        missing = [
            i
            for i, name in enumerate(wanted)
            if (name in self.read or i == kept) and (i >= len(found) or found[i] is None)
        ]
        found += [None] * (len(wanted) + touched - len(found))
        missing += range(len(found) - touched, len(found))
        if missing or (rule is None and not call.made):
            self._opaque(call, found, missing)
        return self._finish(call, found, wanted)

    def _opaque(self, call: AtenCall, found: list[str | None], missing: Sequence[int]) -> None:
        """A node without a rule: it makes what no rule makes, from everything that the op reads."""
        named = _functionalised(call.node)
        operands = [call.operand(item) for item in flat(_in_order(call.node.arguments)) if isinstance(item, Ref)]
        made = call.emit_many(opaque_kind(call.node.operator, named or call.node.target), operands, len(missing))
        for position, name in zip(missing, made, strict=True):
            found[position] = name

    def _finish(self, call: AtenCall, found: list[str | None], wanted: Sequence[str | None]) -> list[str | None]:
        """Give what was made the names that it has in the program, and note what is recorded of it."""
        names: dict[str, str] = {}
        writer = self.walk.writer
        for value, name, known in zip(found, wanted, call.outputs, strict=False):
            if value is None or name is None or value not in call.made or value in names:
                continue
            names[value] = writer.fresh(name)
            writer.types[names[value]] = known
            self.walk.note_strides(names[value], self.graph.strides.get(name))
        call.finish(names)
        return [None if value is None else names.get(value, value) for value in found]


def _functionalised(node: AtenNode) -> str | None:
    """The operator that writes to its arguments, of a call that hands back what would be in them instead."""
    called = node.arguments[0][1] if node.operator in FUNCTIONALISED and node.arguments else None
    return called.removeprefix("torch.ops.") if isinstance(called, str) else None


def _in_order(arguments: Sequence[tuple[str, Argument]]) -> list[Argument]:
    """What a call is given; first what it would write to, where that stands apart."""
    return [value for _, value in sorted(arguments, key=lambda given: given[0] != BASES)]
