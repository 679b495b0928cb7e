"""How does a page show what has changed in a model?

In words, then as two pictures one above the other: before and after, what is not the same on the other side marked. A
baseline that holds the shortcuts alone is drawn as far as it goes: in their order, each around its weight layers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from xml.etree.ElementTree import Element

from shortcut_audit.names import PATH_LIMIT
from shortcut_audit.report import Comparison, Layer, ModelReport, Side
from shortcut_audit.report.wording import counted, exact
from shortcut_audit.reporters.html.markup import (
    ROWS_SHOWN,
    Piece,
    badge,
    cell,
    element,
    left_out,
    name_of,
    ranges_of,
    said,
    shape_of,
    table,
)
from shortcut_audit.reporters.html.network import Marks, network
from shortcut_audit.reporters.shared import changed
from shortcut_audit.reporters.shared.repeats import pattern


def section(comparison: Comparison, model: ModelReport, anchor: str, anchor_before: str) -> Element:
    """What has changed; the arcs of the model link to `anchor`, those of the model as it was to `anchor_before`."""
    against = name_of(comparison.against, PATH_LIMIT)
    if comparison.counterpart is None:
        return element("p", against, " does not know this model")
    groups = changed.alike(comparison.changes, "→")
    alone = comparison.layers_unchanged is not None  # of --diff, of which the page's heading tells
    parts = [] if alone else [element("h3", "Against ", against, f": {changed.in_short(comparison)}")]
    if groups:
        parts.append(table(("shortcuts", "what changed"), map(_alike, groups), len(groups)))
    layers = [
        table((f"layers {heap.what}", "what"), map(_alike, heap.groups), len(heap.groups))
        for heap in changed.of_layers(comparison)
    ]
    return element("section", *parts, *_pictures(comparison, model, anchor, anchor_before), *layers)


def _alike(group: changed.Alike) -> list[Element]:
    return [cell(*ranges_of(group.keys)), cell(said(group.what.replace("->", "→")))]


def _pictures(comparison: Comparison, model: ModelReport, anchor: str, anchor_before: str) -> list[Element]:
    """Before and after, where there is something to see."""
    apart = comparison.layers_unchanged is not None
    if not comparison.changes and not changed.of_layers(comparison):
        return network(model, anchor) if apart else []
    then = {c.then.key: "changed" if c.now else "gone" for c in comparison.changes if c.then is not None}
    now = {c.now.key: "changed" if c.then else "new" for c in comparison.changes if c.now is not None}
    others = comparison.layers_changed or ()
    gone = Marks(then, _words(comparison.layers_removed, "gone") | _words((o.then for o in others), "changed"))
    new = Marks(now, _words(comparison.layers_added, "new") | _words((o.now for o in others), "changed"))
    before = f"Before: {said(comparison.against)}"
    if comparison.before is not None:
        drawn = network(comparison.before, anchor_before, gone, before, alone=not apart)
    else:
        drawn = [_sketch(comparison.accepted, gone, before)]
    return [*drawn, *network(model, anchor, new, f"After: {said(comparison.source)}")]


def _words(layers: Iterable[Layer] | None, word: str) -> dict[Layer, str]:
    return dict.fromkeys(layers or (), word)


def _sketch(accepted: Sequence[Side], marks: Marks, title: str) -> Element:
    """The shortcuts that were accepted, in order; runs of equal ones are drawn once."""
    looks = [(s.kind, s.merge, s.fork, s.weight_layers, s.parameters, marks.shortcuts.get(s.key)) for s in accepted]
    drawn: list[Element] = []
    start = 0
    while start < len(accepted) and len(drawn) < ROWS_SHOWN:
        length, repeats = pattern(looks, start)
        runs = ([accepted[place + n * length] for n in range(repeats)] for place in range(start, start + length))
        drawn += [_sketched(run, marks) for run in runs]
        start += length * repeats
    note = "a baseline holds the shortcuts of a model and how many layers each leads around, not the layers."
    caption = element("figcaption", element("strong", title), element("br"), f"In order: {note}")
    return element("figure", caption, element("ol", *drawn), *left_out(len(accepted) - start), class_="network sketch")


def _sketched(alike: Sequence[Side], marks: Marks) -> Element:
    """One arc around what it skips."""
    side = alike[0]
    word = marks.shortcuts.get(side.key)
    what: list[Piece] = [element("mark", word), " "] if word else []
    times = f" × {exact(len(alike))}" if len(alike) > 1 else ""
    free = side.parameters == 0
    price = "" if free else f" {counted(side.parameters, 'parameter')}"
    what += [badge(side.kind), " ", *ranges_of([one.key for one in alike]), f"{times}{price}"]
    layers = counted(side.weight_layers, "weight layer") if side.weight_layers else "ops without weights"
    box = element("li", element("span", layers, class_="what"), class_="box")
    one = element("span", element("span", *what, class_="one"), class_="what")
    merge = element("li", one, element("span", shape_of(side.merge), class_="shape"), class_="merge")
    look = f"arc {side.kind} w{0 if free else 1}"
    line = element("li", element("span", class_="line"), class_=look, aria_hidden="true", style="grid-area:1/2/3/3")
    return element("li", element("ol", box, merge, line, class_="group", style="--lanes:1"))
