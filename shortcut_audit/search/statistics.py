"""Is a value a statistic of another one, or that one normalised?

Normalisations and softmaxes are written out in many groupings: (x - mean) / std, x k + (beta - mean k), a - max(a)[i].
What they have in common is what they compute: statistics of one value, combined with that value, with numbers and with
learned vectors. What such a statistic gathers goes back to where it was gathered: that is no work (theory: real work).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import NamedTuple

from shortcut_audit.graph.model import ModelGraph, Op
from shortcut_audit.operators.axes import summed_stack
from shortcut_audit.operators.row import Effect, Family, Operator
from shortcut_audit.operators.table import pads, row_of


class Part(IntEnum):
    """What an expression holds of the value that it is computed from."""

    VALUE = 0
    """The elements of the value itself."""
    STATISTIC = 1
    """What was gathered from many of its elements, perhaps spread over them again."""
    NORMALISED = 2
    """Both, combined."""
    SCATTERED = 3
    """What was gathered from many of its elements by scattering them, before it is spread over them again."""
    EXPONENTIAL = 4
    """Exponentials of its elements."""
    SOFTMAX = 5
    """Exponentials of its elements, and statistics of it, combined."""
    LOCAL = 6
    """What was gathered from windows of its elements, by a mean."""


COMBINED = frozenset({Part.STATISTIC, Part.NORMALISED, Part.SOFTMAX})
"""What holds a statistic of a value."""

UNSPREAD = frozenset({Part.SCATTERED, Part.LOCAL})
"""What was gathered, and is no statistic as it stands: x - avg_pool(x) is a filter, x + scatter(x) passes a message."""

BENT = frozenset({Part.EXPONENTIAL, Part.SOFTMAX})
"""What is nonlinear in a value whatever its statistics are."""


EXPONENTIALS = {Part.VALUE: Part.EXPONENTIAL, Part.NORMALISED: Part.SOFTMAX}
"""What the exponential of a part is; of others a softmax takes none."""

LOGARITHMS = {Part.STATISTIC: Part.STATISTIC, Part.SOFTMAX: Part.NORMALISED}
"""What the logarithm of a part is."""


class Expression(NamedTuple):
    """A value as an expression of another one."""

    origin: str
    part: Part


def expressions(graph: ModelGraph) -> Mapping[str, Expression]:
    """Each value as an expression of the earliest value from which it is computed in this way alone."""
    plainly = _expressions(graph, frozenset())
    windows = _windows(graph, plainly)
    return _expressions(graph, windows) if windows else plainly


def _expressions(graph: ModelGraph, windows: frozenset[str]) -> dict[str, Expression]:
    """`windows`: the means over windows that are taken for statistics."""
    found: dict[str, Expression] = {}
    for name, value in graph.values.items():
        made = _made_of(graph, value.op, found, windows) if value.op is not None and value.slot == 0 else None
        found[name] = made or Expression(name, Part.VALUE)
    return found


def _windows(graph: ModelGraph, known: Mapping[str, Expression]) -> frozenset[str]:
    """The means over windows of a value of which a power then multiplies, or divides, that value (LRN)."""
    found, rescaled = set[str](), set[str]()
    for name, value in graph.values.items():
        if value.op is None:
            continue
        row, read = row_of(value.op.kind), value.op.values()
        if (row.rescales or not rescaled.isdisjoint(read)) and _gathers_windows(graph, known[name].origin):
            rescaled.add(name)
        if row.effect is Effect.PRODUCT:
            origins = {known[each].origin for each in read}
            pools = {known[each].origin for each in read if each in rescaled}
            found.update(pool for pool in pools if _gathered_by(graph, pool, known).origin in origins)
    return frozenset(found)


def _gathers_windows(graph: ModelGraph, name: str) -> bool:
    """Whether a value is a mean over windows."""
    op = graph.values[name].op
    row = None if op is None else row_of(op.kind)
    return (
        row is not None and row.family is Family.WINDOW_POOLING and row.effect is Effect.SELECTION and not row.maximum
    )


def _gathered_by(graph: ModelGraph, pool: str, known: Mapping[str, Expression]) -> Expression:
    """What the windows of a pool run over, without what it is padded with: the channels, in LRN."""
    op = graph.values[pool].op
    given = known[op.values()[0]] if op is not None else known[pool]
    before = graph.values[given.origin].op
    padded = before is not None and pads(before) and given.part is Part.VALUE
    return known[before.values()[0]] if padded and before is not None else given


def _made_of(graph: ModelGraph, op: Op, known: Mapping[str, Expression], windows: frozenset[str]) -> Expression | None:
    """What an op makes of expressions of one value; None where it makes something else.

    What is added up along an axis that was put in for it is a sum, and gathers nothing.
    """
    if op.outputs[0] in windows:
        gathered = _gathered_by(graph, op.outputs[0], known)
        return Expression(gathered.origin, Part.LOCAL) if gathered.part is Part.VALUE else None
    row, stack = row_of(op.kind), summed_stack(graph, op)
    given = _data(op, row) if stack is None else [each for each in stack.slices if isinstance(each, str)]
    read = [known[each] for each in given]
    if not read:
        return None
    origin = read[0].origin
    if len({expression.origin for expression in read}) > 1:
        return None
    parts = {expression.part for expression in read}
    part = _combined(parts) if stack is not None else _part(op, row, parts)
    return None if part is None else Expression(origin, part)


def _part(op: Op, row: Operator, parts: set[Part]) -> Part | None:
    """What an op makes of such parts of one value.

    1. A statistic is gathered along axes, or by scattering with a reduction: x + scatter(x) is a message that was
    passed, and only what is spread over the elements again normalises them. 2. Normalisations and softmaxes as one
    operator. A squashed statistic, softmax(mean(x)) or sigmoid(mean(x)), is a gate's. 3. A statistic is spread over the
    elements again, by whatever index. 4. Views of anything, powers, and sums and products, also with learned vectors.
    5. A softmax takes the exponential of a value, centred or not; a logarithm takes back one of a statistic, or that of
    a softmax. 6. What windows gather (LRN) is a statistic once it is rescaled.
    """
    if row.statistic or op.attributes.get("reduction", "none") != "none":
        return Part.STATISTIC if row.statistic else Part.SCATTERED  # 1
    alone = next(iter(parts)) if len(parts) == 1 else None
    if row.effect is Effect.NORMALISATION and not row.running:
        return Part.NORMALISED if parts.isdisjoint(BENT) else Part.SOFTMAX  # 2
    if row.family is Family.SOFTMAX:
        return Part.SOFTMAX if alone in {Part.VALUE, Part.NORMALISED} else None  # 2
    if row.effect is Effect.SELECTION:
        return Part.STATISTIC if alone in {Part.STATISTIC, Part.SCATTERED} else None  # 3
    if row.effect in {Effect.VIEW, Effect.SUM, Effect.PRODUCT} or row.rescales:
        return Part.STATISTIC if row.rescales and alone is Part.LOCAL else _combined(parts)  # 4, 6
    if alone is None or not (row.exponential or row.logarithm):
        return None
    return (EXPONENTIALS if row.exponential else LOGARITHMS).get(alone)  # 5


def _combined(parts: set[Part]) -> Part | None:
    """What a sum or a product is of such parts of one value."""
    if len(parts) == 1:
        return next(iter(parts))
    if not UNSPREAD.isdisjoint(parts) or COMBINED.isdisjoint(parts):
        return None
    return Part.NORMALISED if parts.isdisjoint(BENT) else Part.SOFTMAX


def _data(op: Op, row: Operator) -> Sequence[str]:
    """The values that an op reads, those aside that tell a selection what to select."""
    if row.effect is not Effect.SELECTION or not row.data:
        return op.values()
    return [given for slot, given in enumerate(op.inputs) if isinstance(given, str) and slot in row.data]


def is_normalisation(operands: Sequence[Expression]) -> bool:
    """Whether what is combined are a value and statistics of it."""
    parts = {one.part for one in operands}
    return len({one.origin for one in operands}) == 1 and UNSPREAD.isdisjoint(parts) and not COMBINED.isdisjoint(parts)


def is_rescaled(operands: Sequence[Expression], *, added: bool) -> bool:
    """Whether what is combined are a value, perhaps normalised, and statistics of it, linear in that value beside them.

    x + softmax(x) is not, nor is x n with n of x normalised: there each is a gate of the other.
    """
    parts = {one.part for one in operands}
    if not is_normalisation(operands):
        return False
    if added:
        return parts.isdisjoint(BENT) or parts.isdisjoint({Part.VALUE, Part.NORMALISED})
    return sum(one.part is not Part.STATISTIC for one in operands) < 2


def gathered(graph: ModelGraph, known: Mapping[str, Expression]) -> frozenset[str]:
    """The statistics of which all that is made goes back to the value that they were gathered from.

    All their readers combine them with that value, or make statistics of them that go back.
    """
    found = set[str]()
    for name in reversed(tuple(graph.values)):
        expression, readers = known[name], graph.readers[name]
        if expression.part not in UNSPREAD | {Part.STATISTIC} or not readers or graph.returns(name):
            continue
        made = [known[reader] for reader in readers]
        if all(
            one.origin == expression.origin and (one.part in {Part.NORMALISED, Part.SOFTMAX} or reader in found)
            for reader, one in zip(readers, made, strict=True)
        ):
            found.add(name)
    return frozenset(found)


def holds_statistic(graph: ModelGraph, known: Mapping[str, Expression], name: str, origin: str) -> bool:
    """Whether a value is a sum or product of others of which one is a statistic of `origin`."""
    waiting, seen = [name], {name}
    while waiting:
        current = waiting.pop()
        expression, op = known[current], graph.values[current].op
        if expression.part in COMBINED:
            if expression.origin == origin:
                return True
        elif op is not None and row_of(op.kind).effect in {Effect.VIEW, Effect.SUM, Effect.PRODUCT}:
            fresh = [given for given in op.values() if given not in seen]
            seen.update(fresh)
            waiting.extend(fresh)
    return False
