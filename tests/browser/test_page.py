"""Does the page work in a browser?

Debian's chromium, without a screen, driven by Playwright; skipped with a word where either is missing. The rules of
accessibility are axe-core's, as the package axe-playwright-python holds them.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib import resources, util
from pathlib import Path
from typing import Any

import pytest

from shortcut_audit.gate.accepted import accept
from shortcut_audit.gate.baseline import compare
from shortcut_audit.gate.difference import difference
from shortcut_audit.report import AuditReport
from shortcut_audit.reporters.html import document
from tests.browser.zoo import ZOO
from tests.reporters import examples

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
MISSING = [
    what
    for what, there in (("chromium (apt-get install chromium)", CHROMIUM), ("playwright", util.find_spec("playwright")))
    if not there
]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"no {' and no '.join(MISSING)}: nobody looks at the page")

WIDE, NARROW, PAPER = 1280, 390, 720  # px; the last: A4 within its margins
LIMIT = 1_000_000  # bytes of a page
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


def _of_two(*, apart: bool) -> AuditReport:
    """A network that grew: against a baseline, or the answer to --diff."""
    old, new = ZOO["resnet18"](), ZOO["resnet50"]()
    if apart:
        return AuditReport("0", (old, new), comparisons=(difference(old, new),))
    return AuditReport("0", (new,), comparisons=(replace(compare(new, accept(old), old.source), before=old),))


RUNS: dict[str, Callable[[], AuditReport]] = {
    "judged": lambda: examples.JUDGED,
    "against": lambda: _of_two(apart=False),
    "difference": lambda: _of_two(apart=True),
    "several": lambda: AuditReport("0", tuple(ZOO[name]() for name in ("vit", "unet", "densenet", "fastvit"))),
}
"""Pages that are not on one model alone."""

OVERLAPS = """() => {
  const rect = (node) => node.getBoundingClientRect();
  const seen = (node) => rect(node).width > 0 && rect(node).height > 0;
  const found = [];
  for (const group of document.querySelectorAll('.network ol.group')) {
    const items = [...group.children].filter((node) => !node.classList.contains('arc') && seen(node));
    items.slice(1).forEach((node, number) => {
      if (rect(node).top < rect(items[number]).bottom - 1) found.push(['items', node.textContent.slice(0, 60)]);
    });
    const right = Math.max(0, ...items.map((node) => rect(node).right));
    const arcs = [...group.children].filter((node) => node.classList.contains('arc') && seen(node));
    for (const arc of arcs) {
      if (rect(arc).left < right - 1) found.push(['arc over a layer', arc.textContent.slice(0, 60)]);
    }
  }
  for (const item of document.querySelectorAll('.network li.box, .network li.merge')) {
    const parts = [...item.children].filter(seen).map(rect);
    parts.forEach((one, n) => parts.slice(n + 1).forEach((other) => {
      const beside = one.right <= other.left + 1 || other.right <= one.left + 1;
      const below = one.bottom <= other.top + 1 || other.bottom <= one.top + 1;
      if (!beside && !below) found.push(['words', item.textContent.slice(0, 60)]);
    }));
  }
  return found.slice(0, 5);
}"""

CLIPPED = """() => {
  const found = [];
  const screen = document.documentElement;
  if (screen.scrollWidth > screen.clientWidth) found.push(['page', screen.scrollWidth]);
  for (const node of document.querySelectorAll('.network, .network li, .scroll, h1, h2, p, td, dd')) {
    const style = getComputedStyle(node);
    if (node.clientWidth && node.scrollWidth > node.clientWidth + 1 && style.display !== 'inline') {
      const scrolls = style.overflowX === 'auto' && screen.clientWidth > 1000;  // a wide table is scrolled on a desk
      if (!scrolls) found.push([node.tagName, node.className, node.scrollWidth, node.clientWidth]);
    }
  }
  return found.slice(0, 5);
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


class Shown:
    """A page from disk, and what the browser had to say of it."""

    def __init__(self, browser: Any, file: Path, width: int, scheme: str = "light") -> None:
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(file.as_uri())

    def close(self) -> None:
        self.page.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The page of each network that somebody asks for, made once."""
    folder = tmp_path_factory.mktemp("pages")

    class Made(dict[str, Path]):
        def __missing__(self, name: str) -> Path:
            self[name] = folder / f"{name}.html"
            report = RUNS[name]() if name in RUNS else AuditReport("0", (ZOO[name](),))
            self[name].write_text(document.format(report), encoding="utf-8")
            return self[name]

    return Made()


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("name", [*ZOO, *RUNS])
def test_nothing_is_fetched_clipped_or_covered(browser: Any, pages: dict[str, Path], name: str, width: int) -> None:
    assert name == "thousands" or pages[name].stat().st_size < LIMIT
    shown = Shown(browser, pages[name], width)
    for state in ("folded", "unfolded"):
        if state == "unfolded":
            shown.page.evaluate("document.querySelectorAll('.fold > details').forEach((d) => { d.open = true; })")
        assert shown.page.evaluate(OVERLAPS) == [], state
        assert shown.page.evaluate(CLIPPED) == [], state
    assert shown.said == []
    assert shown.asked == [pages[name].as_uri()]
    shown.close()


def test_what_covers_or_is_cut_would_be_seen(browser: Any, pages: dict[str, Path]) -> None:
    """The two questions above can be answered with no."""
    shown = Shown(browser, pages["resnet18"], WIDE)
    shown.page.add_style_tag(content=".where { position: relative; left: -90px }")
    assert {what for what, *_ in shown.page.evaluate(OVERLAPS)} == {"words"}
    shown.page.add_style_tag(content="li.box { margin-top: -18px !important }")
    assert "items" in {what for what, *_ in shown.page.evaluate(OVERLAPS)}
    shown.page.add_style_tag(content="h1 { width: 4000px }")
    assert shown.page.evaluate(CLIPPED)
    shown.close()


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_an_arc_shows_its_card_and_lights_what_it_skips(browser: Any, pages: dict[str, Path], width: int) -> None:
    """By pointer and by keyboard alike."""
    shown = Shown(browser, pages["resnet18"], width)
    arc = shown.page.locator(".arc.projection > a").first
    card = shown.page.locator(".arc.projection > .card").first
    layer = shown.page.locator(".group:has(> .arc.projection) > li.box").first
    colour = "(node) => getComputedStyle(node).backgroundColor"
    plain = layer.evaluate(colour)
    assert not card.is_visible()
    arc.hover()
    assert card.is_visible()
    assert "conv 1x1/2" in card.inner_text()
    assert layer.evaluate(colour) != plain
    box = card.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    shown.page.mouse.move(0, 0)
    assert not card.is_visible()
    for _ in range(40):
        shown.page.keyboard.press("Tab")
        if arc.evaluate("(node) => node === document.activeElement"):
            break
    assert card.is_visible()
    assert layer.evaluate(colour) != plain
    shown.page.keyboard.press("Enter")
    assert shown.page.url.endswith("#s0-2")
    assert shown.page.locator("#s0-2").count() == 1
    shown.close()


def test_what_is_folded_opens(browser: Any, pages: dict[str, Path]) -> None:
    shown = Shown(browser, pages["resnet152"], WIDE)
    fold = shown.page.locator(".fold", has_text="× 35").first
    assert fold.locator(".once").is_visible()
    assert not fold.locator(".copies").is_visible()
    fold.locator("summary").first.focus()
    shown.page.keyboard.press("Enter")
    assert not fold.locator(".once").is_visible()
    assert fold.locator(".copies > .copy").count() == 35
    assert fold.locator(".copies > .copy").last.is_visible()
    shown.close()


def test_what_a_row_of_the_table_has_below_it_opens(browser: Any, pages: dict[str, Path]) -> None:
    shown = Shown(browser, pages["resnet18"], WIDE)
    below = shown.page.locator("tr.below").first
    assert not below.is_visible()
    shown.page.locator("td summary").first.click()
    assert below.is_visible()
    shown.close()


@pytest.mark.skipif(not util.find_spec("axe_playwright_python"), reason="no axe-playwright-python: axe-core is its own")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("name", ["resnet18", "focalnet", *RUNS])
def test_axe_finds_nothing(browser: Any, pages: dict[str, Path], name: str, width: int, scheme: str) -> None:
    shown = Shown(browser, pages[name], width, scheme)
    shown.page.evaluate(resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
    found = shown.page.evaluate("async () => (await axe.run()).violations")
    assert [(one["id"], [node["html"][:200] for node in one["nodes"][:3]]) for one in found] == []
    shown.close()


@pytest.mark.parametrize("name", ["resnet18", "focalnet", *RUNS])
def test_in_print_nothing_is_clipped_or_covered(browser: Any, pages: dict[str, Path], name: str) -> None:
    shown = Shown(browser, pages[name], PAPER)
    shown.page.emulate_media(media="print")
    assert shown.page.evaluate(OVERLAPS) == []
    assert shown.page.evaluate(CLIPPED) == []
    assert shown.page.locator("td").first.evaluate("(node) => getComputedStyle(node).display") == "table-cell"
    shown.close()


def test_a_heading_at_390_px_stands_beside_what_it_heads(browser: Any, pages: dict[str, Path]) -> None:
    """The longest, "extra parameters", takes two lines; the next row begins below them."""
    shown = Shown(browser, pages["difference"], NARROW)
    height = "(nodes) => nodes.map((node) => node.getBoundingClientRect().height)"
    long = shown.page.locator("td[data-head='extra parameters']").evaluate_all(height)
    (line, _) = shown.page.locator("td[data-head='option']").evaluate_all(height)
    assert [each > 1.5 * line for each in long] == [True, True]
    shown.close()


def test_in_print_every_row_is_open_and_no_card_is_in_the_way(browser: Any, pages: dict[str, Path]) -> None:
    shown = Shown(browser, pages["resnet18"], WIDE)
    shown.page.emulate_media(media="print")
    assert shown.page.locator("tr.below").first.is_visible()
    shown.page.locator(".arc > a").first.focus()
    assert not shown.page.locator(".card").first.is_visible()
    shown.close()
