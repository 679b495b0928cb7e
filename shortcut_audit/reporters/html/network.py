"""How is the picture of a model drawn on a page?

As nested lists: a group of layers is a grid, whose last columns are the lanes of its arcs. The borders of an arc are
its line, so that the style sheet draws it, lights up what it skips, and shows its card, without a script. What is
folded is opened by `<details>`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import field
from xml.etree.ElementTree import Element

from shortcut_audit.frozen import frozen
from shortcut_audit.report import Layer, ModelReport, Shape, Shortcut, wording
from shortcut_audit.report.wording import UNICODE, counted, doubled, exact, in_bytes, short
from shortcut_audit.reporters.figure import captions
from shortcut_audit.reporters.figure.layout import Arc, Fold, Group, Item, Merge, figure
from shortcut_audit.reporters.figure.spine import Box
from shortcut_audit.reporters.html.markup import Piece, badge, element, labelled, name_of, place_of, said, shape_of
from shortcut_audit.reporters.shared.operators import plain_name

BOXES_SHOWN = 6000
"""Layers and merges in one picture, unfolded; JSON has them all."""


@frozen
class Marks:
    """What is marked in a picture."""

    shortcuts: Mapping[str, str] = field(default_factory=dict)
    """A word for each shortcut that is not as on the other side, by its key: "changed", "new", "gone"."""
    layers: Mapping[Layer, str] = field(default_factory=dict)
    """A word for each layer that the other side does not have."""


UNMARKED = Marks()


def network(
    model: ModelReport, anchor: str, marks: Marks = UNMARKED, title: str = "", *, alone: bool = False
) -> list[Element]:
    """The picture, if there is anything to draw, under a title of its own where it is one of two.

    An arc links to `anchor` and the number of its shortcut: to itself, where the page has no table of it (`alone`).
    """
    drawn = figure(model)
    if not drawn.items:
        return []
    numbers = {id(shortcut): number for number, shortcut in enumerate(model.shortcuts)}
    writer = _Writer(numbers, anchor, marks, alone=alone)
    content = writer.group(drawn)
    heading = [element("strong", title), element("br")] if title else []
    hint = element("span", "Point at an arc, or reach it by Tab, for its card.", class_="hint")
    arcs = [", an arc for every shortcut. ", hint] if model.shortcuts else [". No arcs: there are no shortcuts."]
    caption = element("figcaption", *heading, "Layers from top to bottom", *arcs)
    return [element("figure", caption, content, class_="network")]


def shortcuts_of(item: Item) -> list[Shortcut]:
    """The shortcuts that come back to the spine in an item; nesting is bounded by the layout."""
    if isinstance(item, Box):
        return []
    if isinstance(item, Merge):
        return list(item.shortcuts)
    inner = item.items if isinstance(item, Group) else item.copies
    return [shortcut for one in inner for shortcut in shortcuts_of(one)]


class _Writer:
    def __init__(self, numbers: dict[int, int], anchor: str, marks: Marks, *, alone: bool) -> None:
        self._numbers = numbers
        self._anchor = anchor
        self._marks = marks
        self._alone = alone
        self._drawn: set[int] = set()
        """The numbers of the shortcuts whose arcs have been drawn: of a fold, the first copy is drawn twice."""
        self._stage: Shape = None
        self._left = BOXES_SHOWN

    def group(self, group: Group, *, inside: bool = False) -> Element:
        """A list of what stands in the group, then its arcs."""
        rows: list[Element] = []
        for number, item in enumerate(group.items):
            around = inside or any(arc.first <= number < arc.last for arc in group.arcs)
            rows += self._item(item, inside=around) if self._left > 0 else []
        arcs = [self._arc(arc, min(arc.last, len(rows) - 1)) for arc in group.arcs if arc.first < len(rows)]
        lanes = max((arc.lane + 1 for arc in group.arcs), default=0)
        return element("ol", *rows, *arcs, class_="group", style=f"--lanes:{lanes}" if lanes else "")

    def _item(self, item: Item, *, inside: bool) -> Iterator[Element]:
        """One element for each item: the arcs count them."""
        if isinstance(item, Box):
            self._left -= 1
            yield element("li", *self._box(item), class_=f"box{'' if inside else self._changed(item.shape)}")
        elif isinstance(item, Merge):
            self._left -= 1
            yield element("li", *self._merge(item), class_=f"merge{self._changed(item.shape)}")
        elif isinstance(item, Group):
            yield element("li", self.group(item, inside=inside), class_="inner")
        else:
            yield self._fold(item, inside=inside)

    def _fold(self, fold: Fold, *, inside: bool) -> Element:
        title = f"× {exact(len(fold.copies))}"
        within = Counter(word for s in shortcuts_of(fold) if (word := self._marks.shortcuts.get(s.key)))
        marks = [part for word, times in within.items() for part in (" ", element("mark", f"{exact(times)} {word}"))]
        name = element("code", captions.of_fold(fold, UNICODE))
        summary = element("summary", element("b", title), " ", name, *marks)
        stage = self._stage
        once = self.group(fold.copies[0], inside=inside)
        self._stage = stage
        copies = [
            element("li", self.group(copy, inside=inside), class_="copy") for copy in fold.copies if self._left > 0
        ]
        return element(
            "li",
            element("details", summary),
            element("div", once, class_="once"),
            element("ol", *copies, class_="copies"),
            class_="fold",
        )

    def _box(self, box: Box) -> Iterator[Piece]:
        where = captions.where_of(box)
        marked = "" if box.layer is None else self._marks.layers.get(box.layer, "")
        mark: list[Piece] = [element("mark", marked), " "] if marked else []
        yield element("span", *mark, captions.of_box(box, UNICODE), class_="what")
        if where:
            yield element("code", where, class_="where")
        yield element("span", shape_of(box.shape), class_="shape")

    def _changed(self, shape: Shape) -> str:
        """The class of a place where the shape changes."""
        changed = shape is not None and shape != self._stage
        self._stage = shape or self._stage
        return " stage" if changed else ""

    def _merge(self, merge: Merge) -> Iterator[Piece]:
        yield element("span", *(part for s in merge.shortcuts for part in self._verdict(s)), class_="what")
        yield element("span", shape_of(merge.shape), class_="shape")

    def _verdict(self, shortcut: Shortcut) -> Iterator[Piece]:
        words = captions.of_shortcut(shortcut, UNICODE).partition(": ")[2]
        word = self._marks.shortcuts.get(shortcut.key)
        mark: list[Piece] = [element("mark", word), " "] if word else []
        told = (badge(shortcut.kind), " ", name_of(shortcut.key), f" {words}" if words else "")
        yield element("span", *mark, *told, class_="one")

    def _arc(self, arc: Arc, last: int) -> Element:
        shortcut = arc.shortcut
        number = self._numbers[id(shortcut)]
        label = f"{wording_of(shortcut)}, around {captions.around(shortcut)}"
        place = f"{self._anchor}{number}"
        own = place if self._alone and number not in self._drawn else ""
        self._drawn.add(number)
        link = element("a", href=f"#{place}", id=own, aria_label=said(label))
        style = f"grid-area:{arc.first + 1}/{arc.lane + 2}/{last + 2}/{arc.lane + 3}"
        return element("li", link, _card(shortcut), class_=f"arc {shortcut.kind} w{arc.width}", style=style)


def wording_of(shortcut: Shortcut) -> str:
    """A shortcut in one phrase, for who hears the picture."""
    return f"{shortcut.key}: {captions.of_shortcut(shortcut, UNICODE)}"


def _card(shortcut: Shortcut) -> Element:
    """All that there is to say of an arc in a few lines."""
    work = f"{short(shortcut.macs_formula)} MACs = {short(doubled(shortcut.macs_formula))} FLOPs"
    price = f"{counted(shortcut.parameters, 'parameter')}, {work}"
    route = f" {UNICODE.arrow} ".join(plain_name(step.op) for step in shortcut.route[:6])
    more = f" {UNICODE.ellipsis}" if len(shortcut.route) > 6 else ""
    return element(
        "div",
        element("p", badge(shortcut.kind), " ", name_of(shortcut.key)),
        labelled(
            ("fork", [name_of(shortcut.fork.name), f" {shape_of(shortcut.fork.shape)}"]),
            ("route", [said(route + more) or "none: a bare copy"]),
            (
                "W_s",
                [said(shortcut.weights_in_words.replace("->", UNICODE.arrow))]
                if shortcut.has_weight and shortcut.kind == "projection"
                else [],
            ),
            ("costs", [price]),
            ("adds", [f"{exact(shortcut.elementwise_adds_formula)} elements"]),
            ("holds", [in_bytes(shortcut.held_bytes_formula)]),
            ("skips", [wording.skipped(shortcut.span)[0]]),
            ("line", place_of(shortcut.merge.source)),
        ),
        class_="card",
    )
