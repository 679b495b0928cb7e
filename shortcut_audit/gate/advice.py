"""Does a model go against what the literature advises?

One function a rule: from what was found to objections. None needs a configuration.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TypeGuard

from shortcut_audit.gate.case import Case, Objection, described
from shortcut_audit.report import Quantisation, Shape, Step
from shortcut_audit.report.wording import shape


def avoidable_projection(case: Case) -> Iterator[Objection]:
    """A learned linear map stands where fork and merge have the same shape: the paper's option C."""
    for shortcut in case.model.shortcuts:
        linear = any(step.step_class == "linear" for step in shortcut.route)
        if linear and _known(shortcut.fork.shape) and shortcut.fork.shape == shortcut.merge.shape:
            yield Objection(
                shortcut.key,
                f"{described(shortcut)}, where fork and merge are both {shape(shortcut.merge.shape)}: "
                "an identity would fit",
            )


def _known(shape: Shape) -> TypeGuard[tuple[int | str, ...]]:
    return shape is not None and None not in shape


def strided_pointwise_projection(case: Case) -> Iterator[Objection]:
    """A 1x1 convolution with a stride stands on a shortcut: it never reads most of its input."""
    for shortcut in case.model.shortcuts:
        for step in shortcut.route:
            kernels = [w.shape[2:] for w in step.weights if w.role == "weight" and len(w.shape) > 2]
            skipped = math.prod(step.strides)
            if skipped > 1 and kernels and all(size == 1 for size in kernels[0]):
                yield Objection(
                    shortcut.key,
                    f"its 1x1 convolution of stride {_stride(step)} reads one position in {skipped}",
                )


IMPEDIMENTS = {"scale": "a constant factor", "gate": "a gate", "diagonal": "a normalisation or a learned scale"}


def impeded_identity(case: Case) -> Iterator[Objection]:
    """A scale, a gate or a normalisation, and no linear map, stands on a shortcut that could be an identity."""
    for shortcut in case.model.shortcuts:
        classes = [step.step_class for step in shortcut.route]
        found = [words for step_class, words in IMPEDIMENTS.items() if step_class in classes]
        if found and "linear" not in classes:
            yield Objection(shortcut.key, f"{' and '.join(found)} on the shortcut: x does not pass unchanged")


def doubled_shortcut(case: Case) -> Iterator[Objection]:
    """One merge adds the same value twice, unchanged both times."""
    bare = [s for s in case.model.shortcuts if s.kind == "identity"]
    times = Counter((s.merge.name, s.fork.name) for s in bare)
    for shortcut in bare:
        count = times.pop((shortcut.merge.name, shortcut.fork.name), 0)
        if count > 1:
            yield Objection(shortcut.key, f"the same value is added {count} times by one merge: y = F(x) + {count}x")


def _stride(step: Step) -> str:
    return "x".join(map(str, step.strides if len(set(step.strides)) > 1 else step.strides[:1]))


UNLIKE: Mapping[Quantisation, str] = {
    "branch only": "the branch is quantised and the shortcut is not: the addition is one of floating-point numbers",
    "shortcut only": "the shortcut is quantised and the branch is not: the addition is one of floating-point numbers",
    "scales differ": "shortcut and branch are quantised by different scales: one is converted before they are added",
}


def residual_not_quantised(case: Case) -> Iterator[Objection]:
    """In a quantised model, a merge whose operands do not come from integers of one scale."""
    for shortcut in case.model.shortcuts:
        if shortcut.quantisation in UNLIKE:
            yield Objection(shortcut.key, UNLIKE[shortcut.quantisation])
