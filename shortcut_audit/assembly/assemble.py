"""Which values does this model compute, and from what?

Turns a loader's `Draft` into the frozen `ModelGraph`, the same way for every source:
1. the structure is checked and the nodes put in order (structure.py);
2. fused ops are unfolded into the canonical ones they stand for (unfold.py), and what is known before it runs is chosen
   (fold.py): a branch is taken for good where nobody can make its condition otherwise. A copy that changes elements
   is told from one that keeps them (copies.py);
3. an op all of whose inputs are constant is itself constant, and so is what comes out of `Shape`: geometry, not data.
   Both become `Constant`s on whoever reads them, with the stored tensors that they were computed from (weights.py says
   which are learned), and the number that fills them, if it is one. What is multiplied by zero is zero;
4. every remaining op makes values, whose shapes are inferred (shapes/), or taken from the file where inference is
   silent;
5. what no output of the model depends on is left out (live.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from shortcut_audit.assembly import fold, misfits, unfold
from shortcut_audit.assembly.bends import straightened
from shortcut_audit.assembly.bodies import Bodies
from shortcut_audit.assembly.constants import as_buffers, behind, fill_made, undecided, unpacked, vanishes
from shortcut_audit.assembly.copies import Copies, is_trained_form
from shortcut_audit.assembly.declared import noted, with_declared
from shortcut_audit.assembly.live import live_ops
from shortcut_audit.assembly.remarks import remarks
from shortcut_audit.assembly.structure import in_order
from shortcut_audit.assembly.weights import QUANTISED_TYPES, stored_tensors
from shortcut_audit.errors import UnreadableModel
from shortcut_audit.frozen import replace
from shortcut_audit.graph.draft import Draft, Node
from shortcut_audit.graph.model import Body, Constant, Datum, Input, ModelGraph, Op, Shape, TensorType, Value, Weight
from shortcut_audit.graph.naming import Names
from shortcut_audit.graph.sizes import compatible, completed
from shortcut_audit.operators.declaration import Declaration
from shortcut_audit.operators.infer import infer
from shortcut_audit.operators.rows.declared import PREFIX
from shortcut_audit.operators.table import row_of

EDGE_LIMIT = 1_000_000
"""Each output of an op depends on each of its inputs: a node of thousands of both is millions of edges."""


def assemble(draft: Draft, operators: Mapping[str, Declaration] | None = None) -> ModelGraph:
    """The graph of values that `draft` describes, some `operators` declared. Raises UnreadableModel if it is none."""
    draft, declared = with_declared(draft, operators or {})
    nodes, listed_in_order = in_order(draft)
    proven = _proven(draft, nodes)
    work = _Assembly(draft, stored_tensors(draft, nodes), Bodies(proven, draft.steps))
    work.run(nodes, frozenset(proven))
    notes = [*draft.notes, *noted(draft, declared)]
    if not listed_in_order:
        notes.append(
            "the nodes are not listed in an order in which they can run, which the format requires; sorted here"
        )
    dead = work.keep_live()
    if dead:
        ops = "op leads" if dead == 1 else "ops lead"
        notes.append(
            f"{dead:,} {ops} to no output of the model: dead code, or a branch that is never taken; not counted"
        )
    return replace(work.finish(tuple(notes)), declared=declared)


def _proven(draft: Draft, nodes: Sequence[Node]) -> dict[str, bool]:
    """The conditions that are the same whoever runs the model, with inputs of whatever size the file allows; which.

    They are constant without the help of what a file merely claims (shapes in `value_info`), of sizes that the caller
    has bound for this run, and of defaults that another caller may override.
    """
    conditions = {node.inputs[0] for node in nodes if node.kind == "If" and node.inputs[0] is not None}
    if not conditions:
        return {}
    unaided = draft.unaided()
    work = _Assembly(unaided, stored_tensors(unaided, nodes), Bodies({}, {}))
    work.run(nodes, frozenset(conditions))
    found = {name: fold.truth(work.data_of(name)) for name in conditions}
    return {name: taken for name, taken in found.items() if taken is not None}


def _named_sizes(name: str, tensor_type: TensorType) -> TensorType:
    """An input's type with a symbol for each open size, "x[0]" where the file has none: equal sizes are then equal."""
    if tensor_type.shape is None:
        return tensor_type
    sizes = tuple(f"{name}[{axis}]" if size is None else size for axis, size in enumerate(tensor_type.shape))
    return replace(tensor_type, shape=sizes)


@dataclass(slots=True, eq=False, repr=False)
class _Assembly:
    """The graph under construction: what every name stands for so far."""

    draft: Draft
    stored: Mapping[str, Constant]
    bodies: Bodies
    values: dict[str, Value] = field(default_factory=dict)
    constants: dict[str, Constant] = field(default_factory=dict)
    ops: list[Op] = field(default_factory=list)
    edges: int = 0
    """How many pairs there are of values of which one is computed from the other."""
    contradictions: list[str] = field(default_factory=list)
    constant_ops: list[Op] = field(default_factory=list)
    """What reads constants alone, weights or buffers among them."""
    read: dict[Op, tuple[str | None, ...]] = field(default_factory=dict)
    """The names that stand in the input slots of each op, those of constants too."""
    misfits: list[str] = field(default_factory=list)
    """Ops that cannot take the sizes that the caller has given."""
    _sized: bool = field(init=False)
    """Whether the caller has given sizes that the model does not state."""
    _literals: frozenset[str] = field(init=False)
    """Stored tensors that are values written in the code."""
    _defaults: set[str | None] = field(init=False)
    """Constants that are but what a caller may override, or are computed from such: shapes follow them, no verdict."""

    def __post_init__(self) -> None:
        self._sized = self.draft.declared not in (None, self.draft.inputs)
        self._literals = frozenset(tensor.name for tensor in self.draft.tensors if tensor.literal)
        self._defaults = {tensor.name for tensor in self.draft.tensors if tensor.overridable}

    def add_value(self, name: str, tensor_type: TensorType, op: Op | None, slot: int) -> None:
        self.values[name] = Value(name, tensor_type, op, slot)

    def resolve(self, name: str | None) -> Input:
        """What an input name stands for."""
        if name is None or name in self.values:
            return name
        return self.constants.get(name) or self.stored[name]

    def settled(self, name: str | None) -> Input:
        """What an input name stands for, whoever runs the model: of what a caller may override no element is known."""
        given = self.resolve(name)
        return undecided(given) if name in self._defaults else given

    def data_of(self, name: str | None) -> tuple[Datum, ...] | None:
        """The elements of a tensor, where they are constant and known."""
        given = self.settled(name)
        return given.type.data if isinstance(given, Constant) else None

    def shape_of(self, name: str | None) -> Shape:
        """The shape of a tensor."""
        known = self.type_of(self.resolve(name))
        return None if known is None else known.shape

    def run(self, nodes: Sequence[Node], proven: frozenset[str]) -> None:
        """Takes up the inputs, and the nodes in their order. `proven`: conditions by which branches are chosen."""
        for name, tensor_type in self.draft.inputs:
            self.add_value(name, _named_sizes(name, tensor_type), None, 0)
        made = {name for node in nodes for name in node.outputs if name is not None}
        names = Names(made | set(self.stored) | set(self.values))
        choices = fold.Choices(self.data_of, self.shape_of, proven, names)
        copies = Copies(self.settled, self.type_of, self.draft.opset, trained=is_trained_form(nodes))
        for node in nodes:
            for part in unfold.unfold(node, names, self.values.__contains__):
                for chosen in choices.settled(part):
                    settled = copies.settled(straightened(chosen, self.settled, self.type_of))
                    self.bodies.note(settled, self.shape_of, self.data_of)
                    self.add(settled)
                    copies.note(settled)

    def keep_live(self) -> int:
        """Takes out what no output of the model depends on, and tells how many ops that are.

        Of a model that hands back nothing, everything is kept: nothing can be ruled out.
        """
        if not self.draft.outputs:
            return 0
        live = live_ops(self.values, self.draft.outputs, self.draft.beside)
        dead = len(self.ops) - len(live)
        if dead:
            self.ops = [op for op in self.ops if op in live]
            self.values = {name: value for name, value in self.values.items() if value.op is None or value.op in live}
        return dead

    def add(self, node: Node) -> None:
        """One more op: constants if it computes nothing but constants, values otherwise."""
        row = row_of(node.kind)
        inputs = tuple(map(self.resolve, node.inputs))
        if row.buffers:
            inputs = tuple(
                as_buffers(given) if slot in row.buffers and isinstance(given, Constant) else given
                for slot, given in enumerate(inputs)
            )
        types = list(map(self.type_of, inputs))
        inputs = unpacked(row, node, inputs, types)
        made = infer(node.kind, node.attributes, types, len(node.outputs), self.draft.opset)
        if self._sized:
            self.misfits.extend(filter(None, [misfits.misfit(node, types, made)]))
        if row.unread or not self._defaults.isdisjoint(node.inputs):
            inputs = tuple(
                None if slot in row.unread else undecided(given) if name in self._defaults else given
                for slot, (name, given) in enumerate(zip(node.inputs, inputs, strict=True))
            )
        source = not row.understood and not any(node.inputs)  # what an unknown op makes from nothing may be anything
        if not row.varies and not source and str not in map(type, inputs):
            self._add_constants(node, inputs, made)
        elif vanishes(node, inputs):
            self._add_constants(node, (), made)  # nothing of the value is left: 0 x
        else:
            self._add_op(node, inputs, made)

    def _add_constants(self, node: Node, inputs: tuple[Input, ...], made: Sequence[TensorType]) -> None:
        weights = behind(inputs)
        if not self._defaults.isdisjoint(node.inputs):
            self._defaults.update(node.outputs)
        if weights:
            op = _op(node, inputs, None)
            self.constant_ops.append(op)
            self.read[op] = node.inputs
        for name, inferred in zip(node.outputs, made, strict=True):
            if name is not None:
                tensor_type = inferred if inferred.shape is not None else self._settled(name, inferred)
                filled = self._filled(node, name, tensor_type)
                fill = None if filled else fill_made(node, inputs, inferred)
                self.constants[name] = Constant(tensor_type, (*weights, *filled), fill)

    def _add_op(self, node: Node, inputs: tuple[Input, ...], made: Sequence[TensorType]) -> None:
        op = _op(node, inputs, self.bodies.standing(node.body))
        self.ops.append(op)
        self.read[op] = node.inputs
        sources = len(set(op.values()))
        for slot, (name, inferred) in enumerate(zip(node.outputs, made, strict=True)):
            if name is not None:
                self.add_value(name, self._settled(name, inferred, believed=node.kind.startswith(PREFIX)), op, slot)
                self.edges += sources
            if self.edges > EDGE_LIMIT:
                raise UnreadableModel(f"holds more than {EDGE_LIMIT} edges between values, which no model known does")

    def _filled(self, node: Node, name: str, tensor_type: TensorType) -> tuple[Weight, ...]:
        """The tensor that a ConstantOfShape stands for when its shape is stored: a weight whose payload was left out.

        So are the models that ship with the onnx package made. Zeros, and shapes written in the code, are no weights.
        """
        if node.kind != "ConstantOfShape" or node.inputs[0] not in self.stored or node.inputs[0] in self._literals:
            return ()
        fill = node.attributes.get("value")
        sizes = tuple(size for size in tensor_type.shape or () if isinstance(size, int))
        if not isinstance(fill, float) or not fill or not sizes or sizes != tensor_type.shape:
            return ()
        return (Weight(name, sizes, tensor_type.dtype or "float32", learned=True),)

    def type_of(self, given: Input) -> TensorType | None:
        """What is known of an input."""
        if given is None:
            return None
        return given.type if isinstance(given, Constant) else self.values[given].type

    def _settled(self, name: str, inferred: TensorType, *, believed: bool = False) -> TensorType:
        """What is inferred, completed by what the file says. Where the two contradict each other, inference holds.

        `believed`: the file does, as what is inferred rests on what somebody has declared.
        """
        said = self.draft.recorded.get(name)
        if said is None:
            return inferred
        if believed and said.shape is not None:
            return said
        if inferred.shape is not None and said.shape is not None and not compatible(inferred.shape, said.shape):
            self.contradictions.append(name)
            return TensorType(inferred.shape, inferred.dtype or said.dtype)
        return TensorType(completed(inferred.shape, said.shape), inferred.dtype or said.dtype)

    def _live_constants(self) -> tuple[tuple[Op, ...], set[str | None]]:
        """The ops on constants alone that an op of the model, or an output, depends on; and every name that is read."""
        wanted: set[str | None] = {name for op in self.ops for name in self.read[op]} | set(self.draft.outputs)
        kept = []
        for op in reversed(self.constant_ops):
            if not wanted.isdisjoint(filter(None, op.outputs)):
                wanted.update(self.read[op])
                kept.append(op)
        return tuple(reversed(kept)), wanted

    def finish(self, notes: tuple[str, ...]) -> ModelGraph:
        constant_ops, wanted = self._live_constants()
        notes += tuple(remarks(self.draft, self.ops, wanted, QUANTISED_TYPES))
        readers: dict[str, list[str]] = {name: [] for name in self.values}
        for op in self.ops:
            made = [name for name in op.outputs if name is not None]
            for source in dict.fromkeys(op.values()):
                readers[source] += made
        if self.misfits:
            notes += (misfits.note(self.misfits),)
        if self.contradictions:
            notes += (_contradiction(self.contradictions),)
        read: dict[str, Weight] = {}
        for weight in (weight for op in self.ops for weight in op.weights()):
            if weight.learned or weight.name not in read:
                read[weight.name] = weight
        return ModelGraph(
            source=self.draft.source,
            format=self.draft.format,
            origin=self.draft.origin,
            values=self.values,
            readers={name: tuple(found) for name, found in readers.items()},
            ops=tuple(self.ops),
            inputs=tuple(name for name, _ in self.draft.inputs),
            outputs=self.draft.outputs,
            weights=tuple(read.values()),
            constant_ops=constant_ops,
            constants={name: self.constants[name].type for op in constant_ops for name in op.outputs if name},
            notes=notes,
            steps=self.bodies.steps(self.ops),
        )


def _op(node: Node, inputs: tuple[Input, ...], body: Body | None) -> Op:
    return Op(
        kind=node.kind,
        label=node.label or node.kind,
        name=node.name,
        inputs=inputs,
        outputs=node.outputs,
        attributes=node.attributes,
        scope=node.scope,
        source=node.source,
        absorbs_norm=node.absorbs_norm,
        body=body,
    )


def _contradiction(names: list[str]) -> str:
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"the file states another shape of {names[0]!r}{more} than follows from its inputs; the latter is used"
