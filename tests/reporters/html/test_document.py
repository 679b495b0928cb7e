"""What does a browser show, and can a name write HTML?"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from shortcut_audit.report import AuditReport, Change, Comparison, Failure, Finding, Side
from shortcut_audit.reporters.html import document
from tests import goldens
from tests.reporters.examples import ESCAPES, HIGHWAY, HOSTILE, JUDGED, RESNET18, TRANSFORMER, UNKNOWN, report

ATTACKS = (
    *ESCAPES,
    "<img src=x onerror=alert(1)><script>alert(1)</script>",
    "</style></title></code></table><svg onload=alert(1)>",
    '" onmouseover="alert(1)',
    "' onmouseover='alert(1)",
    "&lt;b&gt;&#60;script&#62;",
    "<!-- --><![CDATA[x]]><?php x ?>",
    "javascript:alert(1)",
    "##vso[task.complete result=Succeeded;]",
    "*/ } body { display: none } /*",
)
ATTRIBUTES = {
    "aria-hidden",
    "aria-label",
    "charset",
    "class",
    "colspan",
    "content",
    "data-head",
    "href",
    "http-equiv",
    "id",
    "lang",
    "name",
    "role",
    "scope",
    "style",
    "tabindex",
}


class Parsed(HTMLParser):
    """What a browser finds on a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str | None]] = []
        self.text: list[str] = []
        self._within: list[str] = []
        self._goes_on = False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "wbr":  # where a name may be broken: no word ends there
            self._goes_on = True
            return
        self.tags[tag] += 1
        self.attributes += attrs
        if tag not in {"meta", "br"}:
            self._within.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._within.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._within and self._within[-1] != "style":
            self.text += [self.text.pop() + data] if self._goes_on else [data]
            self._goes_on = False

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def handle_pi(self, data: str) -> None:
        raise AssertionError(data)

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(data)

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())


def told(*models: object) -> str:
    return Parsed(document.format(report(*models))).words  # type: ignore[arg-type]


def test_the_page() -> None:
    """All but the style sheet, which is a file of its own."""
    goldens.check(
        "judged.html", re.sub("<style>.*?</style>", "<style></style>", document.format(JUDGED), flags=re.DOTALL)
    )


def test_nothing_is_fetched_and_nothing_runs() -> None:
    text = document.format(JUDGED)
    page = Parsed(text)
    assert not {"script", "link", "img", "iframe", "object", "form", "base", "svg"} & set(page.tags)
    assert {name for name, _ in page.attributes} <= ATTRIBUTES
    assert ("http-equiv", "Content-Security-Policy") in page.attributes
    assert "content=\"default-src 'none'; style-src 'unsafe-inline';" in text
    assert "url(" not in text
    assert {value[0] for name, value in page.attributes if name == "href" and value} <= {"#"}
    assert {re.sub(r"[\d.]+", "0", value or "") for name, value in page.attributes if name == "style"} <= {
        "--lanes:0", "grid-area:0/0/0/0", "width:0%",
    }  # fmt: skip


def test_the_answer_comes_first() -> None:
    words = told(RESNET18)
    answer = "8 shortcuts: 5 identity (no weights), 3 projections (W_s, with bias); option B"
    assert words.index(answer) < words.index("Nothing to object to in 1 model") < words.index("models/resnet18.onnx")


def test_a_run_that_failed_does_not_read_as_if_all_were_well() -> None:
    words = Parsed(document.format(AuditReport("1", (), errors=(Failure("x.onnx", "no model"),)))).words
    assert "No model could be audited 1 failure." in words
    assert "Nothing to object to" not in words


def test_several_models_stand_side_by_side_before_each_has_an_article() -> None:
    page = Parsed(document.format(report(RESNET18, TRANSFORMER)))
    assert "2 models: 32 shortcuts, 3 with weights" in page.words
    assert "#model-1" in [value for name, value in page.attributes if name == "href"]
    assert page.words.index("Side by side") < page.words.index("opset 17")


def test_what_changed_is_marked_in_the_picture_of_either_side() -> None:
    old, new = replace(RESNET18, source="old.onnx"), replace(RESNET18, source="new.onnx")
    side = Side("layer2.0", "identity", None, None, 0, None)
    change = Change(side, replace(side, kind="projection"), "same")
    made = Comparison("new.onnx", "old.onnx", "old.onnx", 7, (change,), layers_unchanged=21, before=old)
    page = Parsed(document.format(replace(report(old, new), comparisons=(made,))))
    assert page.tags["mark"] == 2
    assert page.words.count("changed projection layer2.0") == 2
    assert page.tags["figure"] == 2
    assert page.words.index("Before: old.onnx") < page.words.index("After: new.onnx")


def test_a_baseline_is_drawn_above_the_model_with_or_without_its_layers() -> None:
    """A new shortcut is marked after, one that is gone before; of a baseline that holds shortcuts alone, these."""
    kept = Side("layer1.0", "identity", (1, 64), (1, 64), 0, 0, weight_layers=2)
    gone = Side("layer0.9", "projection", (1, 64), (1, 64), 4160, 0, weight_layers=3)
    new = Side("layer4.1", "identity", (1, 512), (1, 512), 0, 0)
    changes = (Change(gone, None, "same"), Change(None, new, "same"))
    made = Comparison(RESNET18.source, "base.json", RESNET18.source, 7, changes, accepted=(kept, gone))
    page = Parsed(document.format(replace(report(RESNET18), comparisons=(made,))))
    assert page.tags["figure"] == 2
    before, _, after = page.words.partition("After: ")
    assert "Before: base.json" in before
    assert "2 weight layers" in before
    assert "gone projection layer0.9 4,160 parameters" in before
    assert "new identity layer4.1" in after
    whole = replace(made, before=replace(RESNET18, source="was"))
    page = Parsed(document.format(replace(report(RESNET18), comparisons=(whole,))))
    before, _, after = page.words.partition("After: ")
    assert page.tags["figure"] == 2
    assert before.count("conv 3x3") == after.partition("Shortcuts")[0].count("conv 3x3") > 0


def test_every_weight_of_a_route_is_named() -> None:
    words = told(RESNET18)
    assert "weight layer2.0.downsample.0.weight 128x64x1x1" in words
    assert "bias layer2.0.downsample.0.bias 128" in words


def test_what_cannot_be_known_is_called_unknown() -> None:
    words = told(UNKNOWN)
    assert "unknown MACs at input tokens batch,seq_len · open: batch , seq_len" in words
    assert "projection y = F(x) + W_s x" in words
    assert "merging unknown element-wise additions" in words


def test_equal_blocks_share_a_row() -> None:
    """Ten gates of a Highway network."""
    words = told(HIGHWAY)
    assert "layers.0 … layers.9" in words
    assert "gated × 10" in words


def test_other_additions_are_listed_by_reason() -> None:
    words = told(TRANSFORMER)
    assert "61 other additions 49 constant operand" in words  # 12 x 4, and the position table; 12 masks
    assert "12 attention logits" in words
    assert "/encoder/layers.11/self_attention/Add_mask net.py:49" in words


def attacked(name: str) -> str:
    side = Side(name, "identity", (1, name), None, 0, None)
    return document.format(
        AuditReport(
            name,
            (replace(HOSTILE, source=name, origin=name, notes=(name,)),),
            (Finding("identity-lost", "error", name, name, name),),
            (Failure(name, name),),
            (Comparison(name, name, name, 0, (Change(side, side, "grew"),)),),
        )
    )


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_name_writes_html(attack: str) -> None:
    """Whatever it is called, the page has the same elements, and no attribute but our own."""
    text = attacked(attack)
    page, tame = Parsed(text), Parsed(attacked("name"))
    for one in (page, tame):
        del one.tags["mark"]  # of a change whose key happens to be that of a shortcut
    assert page.tags == tame.tags
    assert Counter(name for name, _ in page.attributes) == Counter(name for name, _ in tame.attributes)
    assert "##" not in text
    assert all(line.isprintable() for line in text.split("\n"))


def test_a_page_stays_of_a_size_that_a_browser_opens() -> None:
    """3,000 different shortcuts of 200 characters each, in 300 models: 500 rows each, of the first 200."""
    blocks = tuple(replace(RESNET18.shortcuts[0], key=f"{'é' * 150}.{n}", parameters=n) for n in range(3_000))
    page = Parsed(document.format(report(replace(RESNET18, shortcuts=blocks))))
    assert "and 2,500 more: the JSON report has all" in page.words
    many = Parsed(document.format(report(*(replace(RESNET18, source=f"{n}.onnx") for n in range(300)))))
    assert many.tags["article"] == 200
    assert "and 100 more: the JSON report has all" in many.words
