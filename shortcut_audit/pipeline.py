"""In which order do the stages run?

load -> bind -> assemble -> search -> compose. One screen; nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from shortcut_audit.account.compose import compose
from shortcut_audit.assembly.assemble import assemble
from shortcut_audit.assembly.declared import is_understood
from shortcut_audit.errors import UsageError
from shortcut_audit.frozen import replace
from shortcut_audit.graph.draft import Draft
from shortcut_audit.loaders import load, load_at, load_object
from shortcut_audit.loaders.bind import bind
from shortcut_audit.loaders.inputs import InputSpec
from shortcut_audit.names import displayable as shown
from shortcut_audit.operators.declaration import Declaration
from shortcut_audit.report import ModelReport
from shortcut_audit.search import search

if TYPE_CHECKING:
    import networkx as nx

    from shortcut_audit.loaders.remote.location import Location

Operators: TypeAlias = Mapping[str, Declaration]
"""What is declared of operators, by name: "my_domain::Op", "my_lib::op"."""

Stage: TypeAlias = Callable[[str], object]
"""Is told what begins: "searching for shortcuts"."""


def unheard(stage: str) -> None:
    """Nobody wants to know."""


TRACED = frozenset({"module", "torchscript"})
"""Formats that are traced with the caller's inputs: nothing is left to bind."""


def draft_of(
    source: str, *, dims: Mapping[str, int] | None = None, inputs: Sequence[InputSpec] = (), torchscript: bool = False
) -> Draft:
    """The model that a source names, a file or "package.module:factory", its dimensions bound.

    Raises UnreadableModel or UsageError, each with one line for the user.
    """
    return _bound(load(source, inputs, torchscript=torchscript), dims, inputs)


def draft_at(
    location: Location, source: str, *, dims: Mapping[str, int] | None = None, inputs: Sequence[InputSpec] = ()
) -> Draft:
    """The model at a URL, which is named `source`, its dimensions bound. Raises as `draft_of` does."""
    return _bound(load_at(location, source, inputs), dims, inputs)


def draft_of_object(
    model: Any, args: Sequence[Any], kwargs: Mapping[str, Any], *, dims: Mapping[str, int] | None = None
) -> Draft:
    """A live module with example inputs, or an exported program. Raises as `draft_of` does."""
    return bind(load_object(model, args, kwargs), dims or {}, ())


def _bound(draft: Draft, dims: Mapping[str, int] | None, inputs: Sequence[InputSpec]) -> Draft:
    return replace(draft, unplaced=tuple(dims or ())) if draft.format in TRACED else bind(draft, dims or {}, inputs)


def audit_draft(draft: Draft, operators: Operators | None = None, stage: Stage = unheard) -> ModelReport:
    """The report on a loaded model. Raises UnreadableModel when the draft is no graph."""
    stage("assembling its graph")
    graph = assemble(draft, operators)
    stage("searching for shortcuts")
    found = search(graph)
    stage("counting what they cost")
    return compose(graph, found)


def refuse_understood(operators: Operators) -> None:
    """Raises UsageError where an operator is declared that is understood: nobody may say otherwise of it."""
    from shortcut_audit.loaders.aten.known import is_translated

    for name in operators:
        if is_understood(name) or is_translated(name):
            raise UsageError(f"{shown(name)} is understood already, and cannot be declared as something else")


def hold_draft(draft: Draft, operators: Operators | None = None) -> nx.DiGraph[str]:
    """The graph of a loaded model as a user holds it (account/held.py). Raises as `audit_draft` does."""
    from shortcut_audit.account.held import held

    graph = assemble(draft, operators)
    searched = search(graph)
    return held(graph, searched, compose(graph, searched))
