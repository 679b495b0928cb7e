"""What does a loader hand over, before anything is concluded from it?

A `Draft` is the model as its file tells it, in one vocabulary: canonical operators (ONNX's names, ONNX's slots and
attributes) that read and write named tensors. Loaders only translate. `assemble.py` checks the structure, decides
what is constant, unfolds fused ops and infers shapes: the same way for every source.

Rules that every loader keeps:
1. A name means one tensor over the whole draft. Bodies of subgraphs and functions are flattened in, their names made
   unique; what they capture from outside keeps its name. An in-place op makes a *new* name, which later readers read.
2. An If is one node of kind "If" per output, reading (condition, then-value, else-value). A value that a Loop or Scan
   carries enters the body through a node "LoopState" reading its initial value; each output of the loop is a node
   "Loop" reading (the body's value, the initial value), or the body's value alone where the loop stacks it along the
   axis `stacked`. What a body reads slice by slice is a node "LoopSlice", the number of its step a "LoopIndex" reading
   how many there are. What the next step reads, and what decides whether there is one, is told by `beside`. A loop of
   which the file says that its steps are few may be written out step by step instead. Every node of a body says so.
3. Element types are numpy's names ("float32", "bfloat16", "int64", "bool"; "float8", "int4" without further detail).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from shortcut_audit.frozen import frozen, replace
from shortcut_audit.graph.model import Attribute, Body, Datum, Source, TensorType


@frozen
class Tensor:
    """A stored tensor: an initializer, a `Constant` node's value, a parameter or a buffer."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    data: tuple[Datum, ...] | None = None
    """The elements, row-major, where they are few (at most `DATA_LIMIT`) and numeric; None otherwise."""
    learned: bool | None = None
    """What the file says: True a parameter, False a buffer, None where it does not say (ONNX)."""
    literal: bool = False
    """True for the value of an ONNX `Constant` node, or a number in the code: a scalar there is no parameter."""
    overridable: bool = False
    """True where a caller may feed something else: the tensor is but the default of an input of the model."""


DATA_LIMIT = 256
"""The most elements of a stored tensor that are worth keeping: the rest is payload."""


@frozen
class Node:
    """One operator application as the file has it."""

    kind: str
    """Canonical operator: its ONNX name in the default domain, otherwise "domain::Name" as the file has it."""
    inputs: tuple[str | None, ...]
    """Names of tensors, slot by slot; None for an optional input left out."""
    outputs: tuple[str | None, ...]
    name: str = ""
    label: str = ""
    """The operator's name as the file has it; empty: the same as `kind`."""
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    scope: str = ""
    source: Source | None = None
    absorbs_norm: bool = False
    """Whether the exporter is known to have folded a normalisation into the weights and the bias."""
    body: Body | None = None
    """The branch of an If, or the loop, in which it stands."""


@frozen
class Draft:
    """A model as its file tells it."""

    source: str
    format: str
    origin: str
    opset: int
    """Version of ONNX's default operator set whose semantics the nodes follow."""
    inputs: tuple[tuple[str, TensorType], ...]
    """What the caller feeds, in order. Initializers that are listed among the graph inputs are not inputs."""
    outputs: tuple[str, ...]
    tensors: tuple[Tensor, ...]
    nodes: tuple[Node, ...]
    recorded: Mapping[str, TensorType] = field(default_factory=dict)
    """Shapes and types that the file states of named tensors: a fallback where inference finds nothing."""
    notes: tuple[str, ...] = ()
    undefined: tuple[str, ...] = ()
    """The operators that neither the format, nor a known runtime, nor the file defines, each once."""
    beside: tuple[tuple[str, str], ...] = ()
    """Pairs of tensors of which the first depends on the second, though no node reads it: see rule 2."""
    steps: Mapping[str, int] = field(default_factory=dict)
    """How often loops run, as a caller says who knows, by the holder of the body."""
    declared: tuple[tuple[str, TensorType], ...] | None = None
    """The inputs as the file has them, where a caller has bound sizes since; None: they are as in `inputs`."""
    unplaced: tuple[str, ...] = ()
    """Dimensions to which a caller has given sizes, and that it does not have."""

    def unaided(self) -> Draft:
        """The model without what may be otherwise: claims of the file, bound sizes, what a caller may override."""
        tensors = tuple(replace(t, data=None) if t.overridable else t for t in self.tensors)
        inputs = self.inputs if self.declared is None else self.declared
        return replace(self, inputs=inputs, tensors=tensors, recorded={})
