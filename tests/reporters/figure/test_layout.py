"""Does the picture have every layer and every shortcut, each once, in its place?

A drawing of a drawing: a letter is a layer, parentheses are a group and what its arcs lead around, `+` is a merge, and
`3*(...)` is drawn once for three.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from shortcut_audit.report import Layer, ModelReport, Shortcut
from shortcut_audit.reporters.figure.layout import DEEPEST, Fold, Group, Item, Merge, figure
from shortcut_audit.reporters.figure.rows import sheet
from shortcut_audit.reporters.figure.spine import Box
from tests.reporters.examples import RESNET18


def model(letters: str, *reaches: tuple[int, int]) -> ModelReport:
    """A layer for each letter, which is how it looks; a shortcut around each reach."""
    layers = tuple(Layer(c, "Conv", c, c, (1, 8), 1, 1) for c in letters)
    ordered = sorted(reaches, key=lambda reach: (reach[1], -reach[0]))
    return replace(RESNET18, layers=layers, shortcuts=tuple(_shortcut(n, *r) for n, r in enumerate(ordered)))


def _shortcut(number: int, first: int, last: int) -> Shortcut:
    one = RESNET18.shortcuts[0]
    merge = replace(one.merge, name=str(number), after_layers=last + 1)
    return replace(one, key=str(number), merge=merge, first_layer=first, last_layer=last)


def drawn(item: Item) -> str:
    if isinstance(item, Box):
        return item.layer.op and item.layer.detail if item.layer is not None else "_"
    if isinstance(item, Merge):
        return "+" * len(item.shortcuts)
    if isinstance(item, Fold):
        return f"{len(item.copies)}*({drawn(item.copies[0])})"
    inside = "".join(f"({drawn(one)})" if isinstance(one, Group) else drawn(one) for one in item.items)
    over = [f"{arc.first}-{arc.last}" for arc in item.arcs if arc.first > 0 or arc.last < len(item.items) - 1]
    return inside + "".join(f"[{arc}]" for arc in over)


@pytest.mark.parametrize(
    ("letters", "reaches", "expected"),
    [
        ("", [], ""),
        ("abc", [], "abc"),
        ("abc", [(1, 1)], "a(b+)c"),
        ("abcd", [(1, 2)], "a(bc+)d"),
        ("abcbc", [(1, 2), (3, 4)], "a2*(bc+)"),
        ("aaaa", [], "4*(a)"),
        ("aaa", [], "aaa"),  # mere layers are folded from four on
        ("abab", [(0, 0), (1, 1), (2, 2), (3, 3)], "2*((a+)(b+))"),
        ("abcd", [(0, 3), (1, 2)], "a(bc+)d+"),
        ("abab", [(0, 3), (0, 1), (2, 3)], "2*(ab+)+"),
        ("abcd", [(0, 1), (1, 2)], "ab+c+d[0-2][1-4]"),  # arcs that cross are drawn over the items
        ("ab", [(0, 1), (0, 1)], "ab++[0-2]"),  # two merges: the second adds what the first has made
    ],
)
def test_groups_folds_and_arcs(letters: str, reaches: list[tuple[int, int]], expected: str) -> None:
    assert drawn(figure(model(letters, *reaches))) == expected


def test_shortcuts_of_one_merge_come_back_together() -> None:
    """y = F(x) + x + W_s x: one plus, two arcs beside one another."""
    one = _shortcut(0, 0, 1)
    both = replace(model("ab"), shortcuts=(one, replace(one, key="0#1", kind="projection", parameters=64)))
    group = figure(both)
    assert drawn(group) == "ab++"
    assert [(arc.first, arc.last, arc.lane) for arc in group.arcs] == [(0, 2, 0), (0, 2, 1)]


def test_layers_of_a_shortcut_are_no_boxes() -> None:
    plain = model("abp", (0, 1))
    on_it = replace(plain, layers=(*plain.layers[:2], replace(plain.layers[2], shortcut="0")))
    assert drawn(figure(on_it)) == "ab+"


def test_a_branch_without_layers_has_a_box_of_its_own_where_its_merge_is() -> None:
    one = _shortcut(0, 0, 0)
    bare = replace(one, first_layer=None, last_layer=None, merge=replace(one.merge, after_layers=1))
    assert drawn(figure(replace(model("ab"), shortcuts=(bare,)))) == "a(_+)b"


def test_folds_hide_nothing() -> None:
    """Each copy of a fold is there to be opened."""
    (_, fold) = figure(model("abcbc", (1, 2), (3, 4))).items
    assert isinstance(fold, Fold)
    assert [[arc.shortcut.key for arc in copy.arcs] for copy in fold.copies] == [["0"], ["1"]]


def test_what_lies_deep_is_drawn_flat_and_thousands_of_nested_shortcuts_are_drawn() -> None:
    """Two thousand shortcuts within one another: no recursion ends the run, and each has its arc."""
    count = 2_000
    nested = figure(model("a" * 2 * count, *((n, 2 * count - 1 - n) for n in range(count))))
    depth, item = 0, nested
    while (inner := next((one for one in item.items if isinstance(one, Group)), None)) is not None:
        depth, item = depth + 1, inner
    assert depth <= DEEPEST + 1
    assert len(item.arcs) >= count - DEEPEST - 1


@pytest.mark.parametrize(
    ("parameters", "width"),
    [(0, 0), (1, 1), (11_684, 1), (11_685, 2), (116_847, 2), (116_848, 3)],  # of 11,684,712: 0.1 % and 1 %
)
def test_the_width_of_an_arc_is_its_cost(parameters: int, width: int) -> None:
    plain = model("ab", (0, 1))
    priced = replace(plain, shortcuts=(replace(plain.shortcuts[0], parameters=parameters),))
    assert figure(priced).arcs[0].width == width


def test_rows() -> None:
    """Layers, merges and arcs one below the other; with joined layers, as many rows as there are stretches."""
    picture = figure(model("abcbcd", (1, 2), (3, 4)))
    assert [len(row.boxes) for row in sheet(picture).rows] == [1, 1, 1, 0, 1]  # a, b, c, +, d
    assert [len(row.boxes) for row in sheet(picture, joined=True).rows] == [1, 2, 0, 1]
    (arc,) = sheet(picture).arcs
    assert (arc.first, arc.last) == (1, 3)
    (brace,) = sheet(picture).braces
    assert (brace.first, brace.last) == (1, 3)


def test_the_order_of_the_axes_of_a_fork_is_no_difference_that_is_drawn() -> None:
    """A ConvNet that norms over the last axis hands its first block x as 1x56x56x96, the others x as 1x96x56x56."""
    plain = model("abab", (0, 1), (2, 3))
    first, second = plain.shortcuts
    turned = replace(
        first, fork=replace(first.fork, shape=(1, 56, 56, 64)), span=replace(first.span, ops=first.span.ops + 1)
    )
    level = replace(second, fork=replace(second.fork, shape=(1, 64, 56, 56)))
    assert drawn(figure(replace(plain, shortcuts=(turned, level)))) == "2*(ab+)"
    other = replace(second, fork=replace(second.fork, shape=(1, 32, 56, 56)))
    assert drawn(figure(replace(plain, shortcuts=(turned, other)))) == "(ab+)(ab+)"
