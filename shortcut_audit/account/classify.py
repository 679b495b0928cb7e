"""Which kind of shortcut is it?

The dearest step on the route decides (theory: identity, parameter-free, gated, projection). Cases:
1. nothing but views: identity, y = F(x) + x;
2. selection, padding, pooling, resampling, a constant factor: parameter-free (He et al. 2015, option A);
3. a product with another value, or a choice: gated (Srivastava et al. 2015, highway networks);
4. learned weights: projection, y = F(x) + W_s x. They may also stand beside the route, where the shortcut is put
   together from pieces of which only some are mapped, or chosen from x and W_s x. So may
   weights that the caller brings (search/fed.py).
"""

from __future__ import annotations

from collections.abc import Iterable

from shortcut_audit.graph.model import Op, Weight
from shortcut_audit.operators.row import Effect
from shortcut_audit.operators.table import row_of
from shortcut_audit.report.words import Kind
from shortcut_audit.search.found import Found
from shortcut_audit.search.steps import Step
from shortcut_audit.search.trails import Link, Trail


def dearest_step(found: Found) -> Step:
    """The dearest class on the route. A norm that has learned nothing is a scale, as is the -1 of a subtraction."""
    dearest = found.route.fold(dearest_step, Step.VIEW, lambda step, trail: max(step, _plain(trail)))
    if found.fed and any(link.step is Step.DIAGONAL and link.op in found.fed for link in found.route):
        dearest = max(dearest, Step.DIAGONAL)
    return max(dearest, Step.SCALE if found.operand.negated else Step.VIEW)


def _plain(trail: Trail) -> Step:
    """The class of a trail's last step: that of a norm that has learned nothing is a scale."""
    assert trail.last is not None, "only steps are added up"
    norm = trail.last.step is Step.DIAGONAL and not learned((trail.last.op,))
    return Step.SCALE if norm else trail.last.step


def kind_of(found: Found) -> Kind:
    """The kind of a shortcut."""
    dearest = dearest_step(found)
    if dearest is Step.VIEW:
        return "identity"  # 1
    if dearest is Step.GATE and not _chosen_beside(found):
        return "gated"  # 3
    return "projection" if found.fed or found.through.any(applies_learned) else "parameter-free"  # 4, 2


def _chosen_beside(found: Found) -> bool:
    """Whether a choice on the route may let the fork through by a learned map instead: where(c, x, W x)."""
    return found.way.any(lambda link: _chooses_learned(found, link), _is_choice)


def _is_choice(link: Link) -> bool:
    return row_of(link.op.kind).effect is Effect.CHOICE


def _chooses_learned(found: Found, link: Link) -> bool:
    """Whether learned weights stand before what a step may choose instead of the fork."""
    if not _is_choice(link):
        return False
    data = row_of(link.op.kind).data
    waiting = [given for slot, given in enumerate(link.op.inputs) if slot in data and slot != link.slot]
    seen = set(waiting)
    while waiting:
        op = found.through.maker(given) if isinstance(given := waiting.pop(), str) else None
        if op is not None and applies_learned(op):
            return True
        new = [] if op is None else [name for name in op.values() if name not in seen]
        seen.update(new)
        waiting.extend(new)
    return False


def applies_learned(op: Op) -> bool:
    """Whether an op applies learned tensors to what passes."""
    return bool(learned((op,)))


def learned(ops: Iterable[Op]) -> tuple[Weight, ...]:
    """The learned tensors that ops apply to what passes, each once.

    What a value is padded or joined with is none of them, be it learned or not: nothing is mapped by it.
    """
    applying = (op for op in ops if row_of(op.kind).effect is not Effect.SELECTION)
    return tuple(dict.fromkeys(w for op in applying for w in op.weights() if w.learned))
