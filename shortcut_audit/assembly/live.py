"""What of a model do its outputs depend on?

That is the model. What is computed and read by nobody adds nothing to what comes out: it is neither counted nor held
against a baseline, or else a copy of an accepted block, left unread, would stand in for the block that has changed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from shortcut_audit.graph.model import Op, Value


def live_ops(
    values: Mapping[str, Value], outputs: Iterable[str], beside: Iterable[tuple[str, str]]
) -> frozenset[Op]:  # fmt: skip
    """The ops that some output of the model depends on.

    `beside`: pairs of names of which the first depends on the second, though no op reads it: what a loop carries from
    one step to the next (draft.py, rule 2). Linear in the number of edges.
    """
    further: defaultdict[str, list[str]] = defaultdict(list)
    for name, other in beside:
        further[name].append(other)
    waiting = list(outputs)
    reached = set(waiting)
    found: set[Op] = set()
    while waiting:
        name = waiting.pop()
        value = values.get(name)
        read = further.get(name, [])
        if value is not None and value.op is not None and value.op not in found:
            found.add(value.op)
            read = [*read, *value.op.values()]
        for given in read:
            if given not in reached:
                reached.add(given)
                waiting.append(given)
    return frozenset(found)
