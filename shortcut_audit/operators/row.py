"""What can be said of an operator?

Everything that the analysis knows of one stands in its `Operator`, a row of the table (rows/, table.py). A row that
says nothing, `UNKNOWN`, stands for every operator that has none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from enum import IntEnum, auto
from typing import NamedTuple, TypeAlias

from shortcut_audit.algebra.polynomial import Cost
from shortcut_audit.frozen import frozen
from shortcut_audit.graph.model import Op, Shape
from shortcut_audit.operators.counting.operands import Operands
from shortcut_audit.operators.counting.packing import Unpacking
from shortcut_audit.operators.shapes.call import Propagation, Rule
from shortcut_audit.operators.shapes.element_types import Spec


class Effect(IntEnum):
    """How a row decides the step: alone (the first seven, with the numbers of steps.Step), or by what the op reads."""

    VIEW = 0
    SELECTION = 1
    SCALE = 2
    GATE = 3
    NORMALISATION = 4
    LINEAR = 5
    NONLINEAR = 6
    PRODUCT = 10
    SUM = 11
    CONTRACTION = 12
    CHOICE = 13
    UNKNOWN = 14


class Family(IntEnum):
    """What practitioners call a group of operators by one name."""

    CONVOLUTION = auto()
    MATRIX_PRODUCT = auto()
    """A learned matrix is applied to each position: a linear layer."""
    WINDOW_POOLING = auto()
    SOFTMAX = auto()


class Arrangement(IntEnum):
    """How an op arranges the axes of its data."""

    PUT_IN = auto()
    """It puts in axes of one element, at the places that it lists."""
    PERMUTED = auto()
    """It brings them into the order of the attribute `perm`."""
    RESHAPED = auto()
    """It reads the elements row by row into another shape."""
    REPEATED = auto()
    """It repeats what stands along an axis."""
    RESIZED = auto()
    """It makes an image of another size."""


class Joint(NamedTuple):
    """Along which axis are values joined: along that of the attribute `axis`, by default along `axis`?"""

    axis: int | None = None
    """None where the attribute must say."""
    fresh: bool = False
    """Whether the axis is a new one, of one element for each value."""


class Whole(NamedTuple):
    """When does a selection select everything, given that no size changes?

    Where the input slot `slot` is left out or holds nothing but `plain`; without that slot, where the attribute does.
    """

    slot: int | None = None
    plain: int = 0
    attribute: str = ""


class Untold(NamedTuple):
    """What of an op's MACs may stand in its data alone?"""

    what: str
    """As the end of a sentence: "how ... stands in its data alone"."""
    slots: tuple[int, ...]
    """Input slots whose elements may tell it."""
    settled: Shape = None
    """The shape of those slots with which nothing is left to tell; None: where they are left out."""


Macs: TypeAlias = Callable[[Operands], Cost]
"""Counts the multiply-accumulates of one call; None where they cannot be known."""

Mixing: TypeAlias = "bool | Callable[[Op], bool]"
"""Whether an output element depends on several positions of the data: always, never, or by what the op reads."""


@frozen
class Operator:
    """One row of the table."""

    effect: Effect
    data: tuple[int, ...] = (0,)
    """Input slots through which data passes; () stands for all. A value in any other slot steers: nonlinear."""
    shape: Rule | None = None
    """Tells the shapes of the outputs; None: nothing is known of them."""
    types: Sequence[Spec] | None = None
    """Element types of the outputs; None: all have that of the first input."""
    elements: Propagation | None = None
    """What it makes of known elements; None: nothing is known of them."""
    mixes: Mixing = False
    pointwise: bool = False
    """Whether each output element depends on the input elements of the same position alone."""
    trailing: bool = False
    """Whether it normalises over the axis of the attribute `axis`, by default the last, and all behind it."""
    macs: Macs | None = None
    """Counts multiply-accumulates; None: known to need none."""
    free: bool = False
    """Whether it is known to need no multiply-accumulates, though what else it does is not."""
    counted_with: tuple[str, ...] = ()
    """Attributes by which MACs are counted: where one is there and cannot be read, no default is true."""
    untold: Untold | None = None
    """What no shape may tell of them; None: shapes tell everything."""
    buffers: tuple[int, ...] = ()
    """Input slots whose constants are never learned: running statistics, scales, zero points, sizes."""
    quantised: tuple[int, ...] = ()
    """Input slots whose integer constants are learned weights, stored in few bits."""
    unpacked: Mapping[int, Unpacking] = field(default_factory=dict)
    """Input slots whose weights are stored several to a byte, with what tells their logical shapes."""
    experts: tuple[int, ...] = ()
    """Input slots whose first axis lists experts, of which each row of the data meets some."""
    met: str = ""
    """The attribute that says how many experts a row meets, 1 by default; empty: one, and a token has several rows."""
    bias: tuple[int, ...] = ()
    """Input slots whose constants are added."""
    unread: tuple[int, ...] = ()
    """Input slots of which only shape or element type matters: what stands there is no data."""
    negated: tuple[int, ...] = ()
    """Input slots whose values are added with the opposite sign."""
    neutral: int | None = None
    """The constant with which it leaves its other operand as it is."""
    arranges: Arrangement | None = None
    """How a view moves the axes; None where it leaves them in their places, or nobody needs to know."""
    joins: Joint | None = None
    """How it joins all that it reads along an axis."""
    labels: str = ""
    """The attribute that names the axes of operands and result by letters, as in an einsum."""
    spatial: bool = False
    """Whether what lists no axes reduces those of space alone, from the third on."""
    scales: tuple[int, ...] = ()
    """Input slots of the scale and the zero point by which it turns integers into what they stand for."""
    whole: Whole | None = None
    """How a selection may select everything; None: what it selects is always taken for a part."""
    moves: bool = False
    """Whether every element that it makes is one of those that it reads: what is filled with a number stays so."""
    parts: bool = False
    """Whether each output holds a part of the data. Of any other only the first does: the rest are masks, indices."""
    varies: bool = False
    """Whether its result changes from pass to pass, or from one step of a loop to the next, even when inputs do not."""
    repeats: bool = False
    """Whether it stands for steps of which nobody knows how many there are."""
    statistic: bool = False
    """Whether it makes a statistic of a value."""
    rescales: bool = False
    """Whether it is nonlinear but turns one statistic into another, as a normalisation needs it: a power, or one kept
    from zero."""
    exponential: bool = False
    """Whether a softmax written out takes it of a value, as a rule of a centred one: exp(x - max(x))."""
    logarithm: bool = False
    """Whether a softmax written out takes it of a sum of exponentials."""
    maximum: bool = False
    """Whether it selects the largest or smallest of several elements: without weights, and yet not linear."""
    sums_axes: bool = False
    """Whether it adds up what lies along some axes."""
    averages: bool = False
    """Whether it divides a sum by how many it adds: what is averaged are equals, such as two heads."""
    masks: bool = False
    """Whether what it makes of attention logits are attention logits, though it is no view and no arithmetic."""
    rounds: bool = False
    """Whether it writes values in fewer bits."""
    bits: bool = False
    """Whether it takes numbers apart into bits, as they are unpacked of which a byte holds several."""
    drops: bool = False
    """Whether it leaves out elements at random while the network is trained."""
    family: Family | None = None
    channels: int | None = None
    """Axis of the weight (slot 1) along which the channels of the data lie; -2 where rows of a matrix do."""
    short: str = ""
    """What practitioners call it; empty: by its own name."""
    understood: bool = field(init=False)
    """Whether it is known what the operator does. Of others the shape at most is."""

    def __post_init__(self) -> None:
        """Answers once what is asked of every op, again and again."""
        object.__setattr__(self, "understood", self.effect is not Effect.UNKNOWN)

    @property
    def running(self) -> bool:
        """Whether it normalises by statistics that the model keeps: BatchNormalization, which an export may fold."""
        return self.effect is Effect.NORMALISATION and bool(self.buffers)

    @property
    def skips(self) -> bool:
        """Whether its strides skip positions of the data; those of a transposed convolution spread them."""
        return self.family is Family.CONVOLUTION and self.channels == 1

    @property
    def adds(self) -> bool:
        """Whether it adds several operands, element by element, perhaps negated or averaged. A Bias has one."""
        return self.effect is Effect.SUM and self.data != (0,)

    @property
    def adds_plainly(self) -> bool:
        """Whether it adds its operands and does nothing else: an addition whatever it reads."""
        return self.adds and not self.averages and not self.negated


UNKNOWN = Operator(Effect.UNKNOWN, data=())
"""The row of an operator of which nothing is known: uncounted and named, never on a shortcut, taken for real work."""


def rows(names: str, row: Operator) -> Iterable[tuple[str, Operator]]:
    """One row for each of several operators of which the same can be said."""
    return ((name, row) for name in names.split())


def table_of(*groups: Iterable[tuple[str, Operator]]) -> Mapping[str, Operator]:
    """The rows by name. No operator stands in two: the second would silently win."""
    pairs = [pair for group in groups for pair in group]
    table = dict(pairs)
    assert len(table) == len(pairs), "an operator stands in one row"
    return table
