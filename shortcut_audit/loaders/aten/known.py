"""What is known of an ATen operator, by its name?"""

from __future__ import annotations

from shortcut_audit.loaders.aten.call import Rule
from shortcut_audit.loaders.aten.graph import AtenNode
from shortcut_audit.loaders.aten.remaining import POINTWISE, UNCONTRACTED
from shortcut_audit.loaders.aten.vocabulary import VOCABULARY, WITHOUT_EFFECT


def rule_of(node: AtenNode) -> Rule | None:
    """The rule for the operator that a node applies, or for what it writes to its first argument."""
    return VOCABULARY.get(node.operator) or VOCABULARY.get(node.operator.removesuffix("_"))


def is_translated(kind: str) -> bool:
    """Whether it is known what an ATen operator does, by its name as an opaque node would have it: "aten::relu"."""
    namespace, _, rest = kind.partition("::")
    operator = f"{namespace}.{rest.partition('.')[0]}"
    plain = operator.removesuffix("_")
    tables = (VOCABULARY, WITHOUT_EFFECT, POINTWISE, UNCONTRACTED)
    return any(operator in table or plain in table for table in tables)


def opaque_kind(operator: str, target: str) -> str:
    """The canonical kind of an op without a rule: one of two that are known to contract nothing, or its own name."""
    plain = operator.removesuffix("_")
    for kind, operators in (("Pointwise", POINTWISE), ("Uncontracted", UNCONTRACTED)):
        if operator in operators or plain in operators:
            return kind
    namespace, _, rest = target.partition(".")
    return f"{namespace}::{rest}"
