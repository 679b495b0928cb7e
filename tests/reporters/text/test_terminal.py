"""Can a person read the report, whatever the terminal and whatever the model?

The whole texts are in tests/golden; the tests here say what holds for all of them.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace

import pytest

from shortcut_audit.report import AuditReport, Failure, ModelReport, Uncounted
from shortcut_audit.reporters import Style
from shortcut_audit.reporters.text.terminal import format as render
from tests import goldens
from tests.reporters import examples
from tests.reporters.examples import report

MODELS = {
    "resnet18": examples.RESNET18,
    "transformer": examples.TRANSFORMER,
    "highway": examples.HIGHWAY,
    "unbound": examples.UNBOUND,
    "plain": examples.PLAIN,
    "hostile": examples.HOSTILE,
}


@pytest.mark.parametrize("name", MODELS)
def test_each_model_at_80_columns(name: str) -> None:
    goldens.check(f"{name}.txt", render(report(MODELS[name]), Style()))


@pytest.mark.parametrize(
    ("name", "style"),
    [
        ("resnet18.wide.txt", Style(width=120)),
        ("resnet18.ascii.txt", Style(ascii_only=True)),
        ("resnet18.verbose.txt", Style(verbose=1)),
        ("resnet18.quiet.txt", Style(quiet=True)),
        ("resnet18.color.txt", Style(color=True)),
        ("resnet18.narrow.txt", Style(width=40)),
        ("transformer.ascii.txt", Style(ascii_only=True)),
        ("transformer.wide.txt", Style(width=140)),
        ("transformer.narrow.txt", Style(width=50)),
        ("highway.verbose.txt", Style(verbose=1)),
    ],
)
def test_each_style(name: str, style: Style) -> None:
    goldens.check(name, render(report(MODELS[name.partition(".")[0]]), style))


def test_findings_comparison_and_failures() -> None:
    goldens.check("judged.txt", render(examples.JUDGED, Style()))
    goldens.check("judged.quiet.txt", render(examples.JUDGED, Style(quiet=True)))


STYLES = [
    Style(width, color, ascii_only, verbose)
    for width in (1, 40, 80, 300)
    for color in (False, True)
    for ascii_only in (False, True)
    for verbose in (0, 1)
]


@pytest.mark.parametrize("style", STYLES, ids=str)
def test_no_name_does_anything(style: Style) -> None:
    shown = render(report(examples.HOSTILE), style)
    without_colors = re.sub(r"\x1b\[[0-9;]*m", "", shown) if style.color else shown
    for line in without_colors.split("\n"):
        assert not {unicodedata.category(character) for character in line} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
        assert not line.lstrip().startswith("::")
        assert len(line) <= max(style.width, 240)
    if style.ascii_only:
        assert shown.isascii()
    if style.color:
        assert without_colors == render(report(examples.HOSTILE), replace(style, color=False))


@pytest.mark.parametrize("model", [examples.RESNET18, examples.TRANSFORMER, examples.HIGHWAY], ids=lambda m: m.source)
@pytest.mark.parametrize("width", range(40, 161, 5))
def test_every_width_is_kept_and_no_number_is_cut(model: ModelReport, width: int) -> None:
    shown = render(report(model), Style(width))
    assert max(map(len, shown.split("\n"))) <= width
    for number in (model.totals.parameters, model.totals.macs, model.summary.extra_macs, model.summary.what_if.C.macs):
        assert f"{number:,}" in shown


def test_the_answer_comes_before_the_table() -> None:
    shown = render(report(examples.RESNET18), Style())
    answer = "8 shortcuts: 5 identity (no weights), 3 projections (W_s, with bias); option B\n"
    assert shown.index(answer) < shown.index("layer1.0")


def test_colors_are_the_sixteen_of_every_terminal() -> None:
    shown = render(report(examples.RESNET18), Style(color=True))
    assert set(re.findall(r"\x1b\[([0-9;]*)m", shown)) <= {"0", "1", "2", "31", "32", "33", "35", "36"}


def test_twenty_thousand_shortcuts_are_cut_with_a_note() -> None:
    one = examples.UNBOUND.shortcuts[0]
    many = tuple(replace(one, key=f"block.{n}", parameters=n) for n in range(20_000))
    shown = render(report(replace(examples.UNBOUND, shortcuts=many)), Style())
    assert "19,900 more shortcuts in 19,900 rows (-v shows all)" in shown
    assert "block.99 " in shown
    assert "block.100 " not in shown


def test_verbose_lists_every_other_addition() -> None:
    shown = render(report(examples.TRANSFORMER), Style(verbose=1))
    assert "(-v lists them)" not in shown
    assert all(other.name in shown for other in examples.TRANSFORMER.other_adds)
    assert "net.py:49" in shown
    assert "with /embeddings/Add_1" in shown


def test_the_same_note_is_written_once() -> None:
    first, second = examples.HIGHWAY.shortcuts[:2]
    shown = render(report(replace(examples.HIGHWAY, shortcuts=(first, replace(second, parameters=1)))), Style())
    assert shown.count("[1]") == 3  # at both rows and before the note
    assert shown.count("the gate 1 - T(x)") == 1


def test_a_lower_bound_says_so_and_names_what_is_missing() -> None:
    shown = render(report(examples.TRANSFORMER), Style())
    assert "≥ 22,951,231,488 MACs" in shown
    assert "not counted: com.example::Rotary\n" in shown


def test_what_is_not_counted_is_a_sentence_for_each_reason() -> None:
    hidden = Uncounted("Conv", "/stem", "the shape of its input is unknown: NonZero /find makes it")
    alike = tuple(replace(hidden, name=f"/{n}") for n in range(3))
    shown = render(report(replace(examples.TRANSFORMER, uncounted=(hidden, *alike))), Style())
    assert "not counted: Conv /stem and 3 like it: the shape of its input is" in shown
    verbose = render(report(replace(examples.TRANSFORMER, uncounted=(hidden, *alike))), Style(verbose=1))
    assert all(f"Conv {op.name}: " in verbose for op in (hidden, *alike))


def test_open_dimensions_say_which_dim_settles_them() -> None:
    shown = render(report(examples.UNBOUND), Style())
    assert "(2.10 M + 1.02 k x seq_len) x batch x seq_len MACs" in shown
    assert "add --dim batch=SIZE --dim seq_len=SIZE\n" in shown


def test_a_symbol_cannot_add_to_the_command_that_a_reader_copies() -> None:
    shown = render(report(replace(examples.UNBOUND, symbols=("n; rm -rf ~",))), Style())
    assert "add --dim 'n; rm -rf ~=SIZE'\n" in shown


def test_findings_on_which_a_rule_says_the_same_share_a_line() -> None:
    finding = examples.FINDINGS[1]
    many = tuple(replace(finding, shortcut=f"layer{n}") for n in range(1, 12))
    judged = AuditReport("0.1.0", (examples.RESNET18,), many)
    assert "layer7, layer8, 3 more: reads a" in " ".join(render(judged, Style()).split())
    assert "layer10, layer11: reads a" in " ".join(render(judged, Style(verbose=1)).split())


def test_only_failures_show_nothing() -> None:
    assert render(AuditReport("0.1.0", (), errors=(Failure("bad.onnx", "empty file"),)), Style()) == ""


def test_a_model_that_cannot_be_priced_has_no_zeros() -> None:
    shown = render(report(examples.UNKNOWN), Style())
    assert re.search(r"A: no weights on any +unknown +unknown\n", shown)
    assert "extra work     unknown MACs and FLOPs" in shown
    assert "held memory    unknown: x" in shown
