"""Is the picture at a terminal one that a person reads, on one screen?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from rich.cells import cell_len

from shortcut_audit.report import Layer, ModelReport
from shortcut_audit.reporters import Style
from shortcut_audit.reporters.text import diagram
from shortcut_audit.reporters.text.canvas import Page
from tests import goldens
from tests.browser.zoo import ZOO, transformer
from tests.reporters import examples


def shown(model: ModelReport, style: Style) -> str:
    page = Page(style)
    diagram.show(page, model)
    return page.text()


@pytest.mark.parametrize(
    ("name", "style"),
    [("resnet18.diagram.txt", Style()), ("resnet18.diagram.ascii.txt", Style(width=60, ascii_only=True))],
)
def test_the_picture(name: str, style: Style) -> None:
    goldens.check(name, shown(examples.RESNET18, style))


@pytest.mark.parametrize("width", [40, 60, 80, 200])
@pytest.mark.parametrize("ascii_only", [False, True])
def test_no_line_is_too_long(width: int, ascii_only: bool) -> None:
    text = shown(examples.RESNET18, Style(width=width, ascii_only=ascii_only))
    assert max(map(cell_len, text.splitlines())) <= width
    assert text.isascii() or not ascii_only


def deep(blocks: int) -> ModelReport:
    """A transformer of so many layers, each two shortcuts around two linear maps."""
    layers, shortcuts = [], []
    one = examples.RESNET18.shortcuts[0]
    for number in range(2 * blocks):
        wide = 768 if number % 2 == 0 else 3072
        for nth in (0, 1):
            scope = f"h.{number // 2}.{number % 2}"
            layers.append(Layer(f"{scope}.{nth}", "MatMul", f"{wide} -> {wide}", scope, (1, 64, wide), wide, wide))
        merge = replace(one.merge, name=f"add{number}", after_layers=2 * number + 2)
        key = f"h.{number // 2}" + ("#1" if number % 2 else "")
        shortcuts.append(replace(one, key=key, merge=merge, first_layer=2 * number, last_layer=2 * number + 1))
    return replace(examples.RESNET18, layers=tuple(layers), shortcuts=tuple(shortcuts))


@pytest.mark.parametrize("ascii_only", [False, True])
@pytest.mark.parametrize(
    ("build", "lines"),
    [
        # stem; 4 stages of a first block, 3 of them with others behind it: 2 lines each; layer1.1; the legend
        (ZOO["resnet152"], 1 + 2 * 4 + 2 * 4 + 1),
        (transformer(48, "gpt2-xl.onnx"), 6 + 1),
        (ZOO["decoder"], 6 + 1),
    ],
)
def test_a_deep_network_fits_a_screen_of_24_lines(
    build: Callable[[], ModelReport], lines: int, ascii_only: bool
) -> None:
    drawn = shown(build(), Style(ascii_only=ascii_only)).strip("\n").splitlines()
    assert len(drawn) == lines <= 24


@pytest.mark.parametrize("blocks", [2, 48, 1_000])
def test_a_transformer_of_any_depth_is_six_lines(blocks: int) -> None:
    """Two linear maps and a merge, twice, drawn once for all; and the legend."""
    lines = shown(deep(blocks), Style()).splitlines()
    assert len(lines) == 6 + 1
    assert lines[0].startswith(f"{blocks:,} x")


def test_layers_for_which_there_is_no_room_are_counted_and_labels_end_in_whole_words() -> None:
    """121 layers of a DenseNet in a row, from the first to the last; at 40 columns 38 are left beside the spine."""
    densenet = ZOO["densenet"]()
    first, *others = shown(densenet, Style(width=120)).splitlines()
    assert first.split(": ")[0].endswith(f"{len(densenet.layers)} layers")
    assert others == []
    narrow = shown(examples.RESNET18, Style(width=50)).splitlines()
    cut = [line.split("…")[0] for line in narrow if "…" in line]
    assert cut != []
    assert all(
        line.split()[-1].rstrip(",;") in "conv bias stride no → 64 128 256 512 3x3 1x1 linear 1000 1x1/2 projection"
        for line in cut
    )
