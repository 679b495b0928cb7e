"""What is believed of a model, and not read from it?"""

from __future__ import annotations

from collections.abc import Iterator

from shortcut_audit.gate.case import Case, Objection
from shortcut_audit.names import displayable


def operator_declared(case: Case) -> Iterator[Objection]:
    """The model has an operator that is not understood, and the configuration says what it does."""
    for each in case.model.declared:
        nodes = "1 node is" if each.nodes == 1 else f"{each.nodes:,} nodes are"
        said = f"{displayable(each.op)} is declared as {each.declared_as} in {displayable(case.settings.file)}"
        yield Objection(None, f"{said}: {nodes} taken at its word")
