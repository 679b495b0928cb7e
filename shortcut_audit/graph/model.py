"""What is a model, once it is loaded? (the nouns that go in)

A model is a DAG of *values*: the tensors of one forward pass. An edge `a -> b` says that b is computed from a.
What does not change between passes (weights, literals, shape arithmetic) is no node: it hangs, as a `Constant`, on the
op that reads it. Everything here is frozen; `assemble.py` builds it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import networkx as nx


from shortcut_audit.frozen import frozen
from shortcut_audit.graph.dtypes import ITEM_BITS

Dim: TypeAlias = int | str | None
"""One size of a shape: known, a symbol such as "batch", or unknown. Unknown is never "different" (theory: assumed)."""

Shape: TypeAlias = tuple[Dim, ...] | None
"""Sizes of a tensor, outermost first; None where not even the rank is known."""

Datum: TypeAlias = int | float | bool | str | None
"""One element of a small constant: a number, a symbol (a dimension that is not bound), or unknown."""

Attribute: TypeAlias = int | float | str | tuple[int, ...] | tuple[float, ...] | tuple[str, ...] | None
"""An operator's attribute. Tensors and graphs never appear here: loaders turn them into constants and nodes."""

RANK_LIMIT = 64
"""The most axes that a tensor has: NumPy and PyTorch allow no more."""

COUNT_LIMIT = 2**4096
"""A count beyond is none: no tensor of RANK_LIMIT axes, whose sizes are int64, has as many elements."""


def elements(shape: Shape) -> int | None:
    """Elements of a tensor of this shape; None while any size is unknown, or none at all. A scalar, (), has one.

    None, too, beyond COUNT_LIMIT: such a number says nothing, and takes long to work out and to write down.
    """
    if shape is None:
        return None
    count = 0 if 0 in shape else 1
    for size in shape:
        if not isinstance(size, int) or size < 0:
            return None
        count *= size
        if count > COUNT_LIMIT:
            return None
    return count


def size_in_bytes(shape: Shape, dtype: str | None) -> int | None:
    """Bytes that a tensor of this shape and element type takes; None while either is unknown."""
    count, bits = elements(shape), ITEM_BITS.get(dtype or "")
    return None if count is None or bits is None else (count * bits + 7) // 8


@frozen
class TensorType:
    """All that is known of a tensor without reading its payload."""

    shape: Shape = None
    dtype: str | None = None
    """numpy's name of the element type ("float32", "bfloat16", "int64", "bool"); None where unknown."""
    data: tuple[Datum, ...] | None = None
    """The elements, row-major, of a *small constant* (a target shape, a list of axes); None otherwise."""


@frozen
class Weight:
    """A tensor that the model stores: learned, or a buffer."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    learned: bool
    """True for what training adjusts. False for a *buffer*: running statistics, scales and zero points, indices."""

    def __hash__(self) -> int:
        return hash(self.name)  # tensors of one name are the exception

    @property
    def elements(self) -> int:
        """Scalars in the tensor."""
        return math.prod(self.shape)


@frozen
class Constant:
    """An input that is the same in every forward pass: a weight, or something computed from constants alone."""

    type: TensorType
    weights: tuple[Weight, ...] = ()
    """The stored tensors that it was computed from; empty for literals and for shape arithmetic."""
    fill: int | float | None = None
    """The number that every element is, as the program writes it; None where they differ, or are not known.

    What the model stores may be another number tomorrow: ReZero's zeros, LoRA's.
    """


Input: TypeAlias = "str | Constant | None"
"""What stands in one input slot of an op: a value (by id), a constant, or nothing (an optional input left out)."""


@frozen
class Source:
    """The line of Python that wrote an op, where the exporter recorded it."""

    file: str
    line: int


STEPS = "steps of "


@frozen
class Body:
    """What an op stands in that does not run once in a pass: a branch of an If, the steps of a loop."""

    def __hash__(self) -> int:
        return hash((self.holder, self.branch))

    holder: str
    """The If or the loop; no two have one name."""
    branch: int | None = None
    """Which branch of an If; None for the steps of a loop."""
    outer: Body | None = None
    """The body in which the If or the loop stands; None for the model itself."""
    condition: str | None = None
    """The tensor that chooses between the branches of an If, in the draft."""
    whole: bool = False
    """Whether nothing ends the loop before all of the steps are taken that it counts, or reads slices for."""

    @property
    def chain(self) -> tuple[Body, ...]:
        """The bodies around it, the outermost first, and itself."""
        found, body = [self], self.outer
        while body is not None:
            found.append(body)
            body = body.outer
        return tuple(reversed(found))

    @property
    def open_steps(self) -> str:
        """The size that says how often a loop runs where only the data tell."""
        return f"{STEPS}{self.holder}"


@frozen
class Op:
    """The application of one operator: reads `inputs`, makes the values `outputs`."""

    __eq__, __hash__ = object.__eq__, object.__hash__

    kind: str
    """The canonical operator: its ONNX name ("Conv"), or "domain::Name" for one that is not understood."""
    label: str
    """The operator's name as the file has it: differs from `kind` where a fused or framework op was unfolded."""
    name: str
    """The node's name in the file; may be empty."""
    inputs: tuple[Input, ...]
    outputs: tuple[str | None, ...]
    """Ids of the values it makes, slot by slot; None for an output that nobody names."""
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    scope: str = ""
    """Dotted path of the module that the op ran in, where the exporter recorded it ("layer1.0")."""
    source: Source | None = None
    absorbs_norm: bool = False
    """Whether the exporter is known to have folded a normalisation into the op: its bias is that norm's shift."""
    body: Body | None = None
    """The branch or the loop in which it stands, and which branch runs is not known; None for what runs once."""

    _values: tuple[str, ...] | None = field(default=None, init=False, repr=False)
    _weights: tuple[Weight, ...] | None = field(default=None, init=False, repr=False)

    def values(self) -> tuple[str, ...]:
        """Ids of the values that it reads, in slot order, repeats kept. They are looked for once."""
        if self._values is None:
            found = tuple(slot for slot in self.inputs if isinstance(slot, str))
            object.__setattr__(self, "_values", found)
            return found
        return self._values

    def weights(self) -> tuple[Weight, ...]:
        """The stored tensors that it reads, directly or through constants, in slot order, each once.

        They are looked for once.
        """
        if self._weights is None:
            found = dict.fromkeys(w for slot in self.inputs if isinstance(slot, Constant) for w in slot.weights)
            object.__setattr__(self, "_weights", tuple(found))
            return tuple(found)
        return self._weights


@frozen
class Value:
    """One tensor computed during a forward pass: a node of the DAG."""

    __eq__, __hash__ = object.__eq__, object.__hash__

    id: str
    type: TensorType
    op: Op | None
    """What made it; None for an input of the model."""
    slot: int = 0
    """Which output of `op` it is."""


@frozen
class ModelGraph:
    """A loaded model: its values, and which of them are computed from which."""

    __eq__, __hash__ = object.__eq__, object.__hash__

    source: str
    """The path or dotted name that it was loaded from, as the user gave it."""
    format: str
    """onnx, pt2, torchscript or module."""
    origin: str
    """Where the file comes from, for the report's title: "opset 17, pytorch 2.5.1"; empty where nothing is known."""
    values: Mapping[str, Value]
    """Every value by id, in topological order."""
    readers: Mapping[str, tuple[str, ...]]
    """The values computed from each value in one step, each once: what networkx calls its successors."""
    ops: tuple[Op, ...]
    """Every op that makes a value, in topological order. Constant ops are not among them: they are weights."""
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    weights: tuple[Weight, ...]
    """Every stored tensor that an op of the model reads, each once."""
    constant_ops: tuple[Op, ...] = ()
    """The ops that read nothing but constants, weights among them, and that the model depends on, in topological order.
    An eager pass runs them, a deployer folds them. What they make are no values."""
    constants: Mapping[str, TensorType] = field(default_factory=dict)
    """What `constant_ops` make, by id."""
    notes: tuple[str, ...] = ()
    """What the reader of the report should know about the loading: unsorted nodes, contradicting shapes."""
    steps: Mapping[str, Dim] = field(default_factory=dict)
    """How often what stands in each If or loop runs in a pass that takes its branch, by holder: a symbol of its own
    where only the data tell."""
    declared: tuple[tuple[str, str, int], ...] = ()
    """The operators, by name, of which somebody has declared what they do, as what, and how many nodes are of each."""
    _returned: frozenset[str] | None = field(default=None, init=False, repr=False)
    _edges: dict[tuple[Op, int], tuple[int, ...]] = field(default_factory=dict, init=False, repr=False)

    def times(self, op: Op) -> Dim:
        """How often an op runs in a pass that takes its branches."""
        return 1 if op.body is None else self.steps[op.body.holder]

    def returns(self, value: str) -> bool:
        """Whether a value is handed back to the caller. The outputs are gathered once."""
        if self._returned is None:
            object.__setattr__(self, "_returned", frozenset(self.outputs))
        assert self._returned is not None, "they have been gathered"
        return value in self._returned

    def edges(self, op: Op, axis: int) -> tuple[int, ...]:
        """Where the outputs of an op begin and end that lie one behind the other along an axis, as far as it is known.

        They are looked for once.
        """
        if (op, axis) not in self._edges:
            found = [0]
            for made in op.outputs:
                shape = None if made is None else self.values[made].type.shape
                size = shape[axis] if shape is not None and axis < len(shape) else None
                if not isinstance(size, int):
                    break
                found.append(found[-1] + size)
            self._edges[op, axis] = tuple(found)
        return self._edges[op, axis]

    @property
    def dag(self) -> nx.DiGraph[str]:
        """The model as a frozen networkx graph, made when it is asked for, anew each time.

        Its nodes are value ids in topological order, attribute `value` the Value; an edge `a -> b` says that b is
        computed from a.
        """
        import networkx as nx

        dag: nx.DiGraph[str] = nx.DiGraph()
        dag.add_nodes_from((name, {"value": value}) for name, value in self.values.items())
        dag.add_edges_from((name, reader) for name, readers in self.readers.items() for reader in readers)
        nx.freeze(dag)  # in place
        return dag
