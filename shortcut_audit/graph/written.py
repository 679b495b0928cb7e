"""How is a graph that a user holds written for other programs?

GraphML for Gephi, yEd and networkx itself, DOT for Graphviz. Whatever is no number is text, fit to be shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shortcut_audit.names import displayable, displayable_text

if TYPE_CHECKING:
    import networkx as nx

STYLES = {"merge": "shape=circle, style=filled, fillcolor=gold", "route": "style=dashed", "fork": "style=bold"}
"""How Graphviz draws where shortcuts stand; the first that holds."""


def graphml(dag: nx.DiGraph[str]) -> str:
    """The graph in GraphML; what is not known is left out, a shape is "1x64x56x56", names are parted by spaces."""
    import networkx as nx

    plain: nx.DiGraph[str] = nx.DiGraph()
    ids = {node: displayable(node) for node in dag}
    for node, given in dag.nodes(data=True):
        plain.add_node(
            ids[node], **{key: _plain(key, part) for key, part in given.items() if part not in (None, (), "")}
        )
    plain.add_edges_from((ids[start], ids[end]) for start, end in dag.edges)
    return "\n".join(nx.generate_graphml(plain)) + "\n"


def dot(dag: nx.DiGraph[str]) -> str:
    """The graph in Graphviz's language: values by their op and shape, merges round, routes dashed."""
    numbers = {node: number for number, node in enumerate(dag)}
    lines = ["digraph model {", '  node [shape=box, fontname="sans-serif"];']
    for node, given in dag.nodes(data=True):
        label = f"{given['op'] or 'input'} {node}\\n{_plain('shape', given['shape'])}"
        style = next((style for mark, style in STYLES.items() if given[mark]), "")
        lines.append(f"  n{numbers[node]} [label={_quoted(label)}{', ' if style else ''}{style}];")
    lines += [f"  n{numbers[start]} -> n{numbers[end]};" for start, end in dag.edges]
    return "\n".join([*lines, "}"]) + "\n"


def _plain(key: str, part: Any) -> str | int:
    if isinstance(part, int):
        return part
    if key == "shape":
        return (
            "?" if part is None else displayable_text("x".join("?" if s is None else str(s) for s in part) or "scalar")
        )
    return displayable_text(" ".join(part) if isinstance(part, tuple) else str(part))


def _quoted(text: str) -> str:
    first, _, rest = text.partition("\\n")
    return (
        '"'
        + "\\n".join(displayable_text(part).replace("\\", "\\\\").replace('"', '\\"') for part in (first, rest))
        + '"'
    )
