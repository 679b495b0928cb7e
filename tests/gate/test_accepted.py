"""How is what was accepted kept, and what in a baseline is refused?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from shortcut_audit.errors import ConfigError
from shortcut_audit.gate import accepted
from shortcut_audit.gate.accepted import (
    SIZE_LIMIT,
    AcceptedModel,
    AcceptedShortcut,
    Baseline,
    RouteStep,
    accept,
    is_report,
    read,
    rewrite,
    write,
)
from shortcut_audit.report import AuditReport
from shortcut_audit.reporters import json as json_reporter
from tests.reporters.examples import HIGHWAY, HOSTILE, RESNET18, TRANSFORMER, UNBOUND

ALL = (HIGHWAY, RESNET18, TRANSFORMER, UNBOUND)


def shortcut(*route: RouteStep, parameters: int) -> AcceptedShortcut:
    return AcceptedShortcut("b.0", "b.0", "projection", None, None, route, parameters, 0, 2)


def step(**weights: tuple[int, ...]) -> RouteStep:
    return RouteStep("Op", tuple((name.rstrip("_"), shape) for name, shape in weights.items()))


# --- parameters, whether or not BatchNorm was folded -----------------------------------------------------------------


def test_a_folded_batchnorm_is_worth_as_much_as_an_unfolded_one() -> None:
    """64 -> 128, 1x1: 8,192 in the matrix. Unfolded, scale and shift (2 x 128); folded, a bias (128)."""
    unfolded = shortcut(step(weight=(128, 64, 1, 1)), step(scale=(128,), bias=(128,)), parameters=8_448)
    folded = shortcut(step(weight=(128, 64, 1, 1), bias=(128,)), parameters=8_320)
    both = shortcut(step(weight=(128, 64, 1, 1), bias=(128,)), step(scale=(128,), bias=(128,)), parameters=8_576)
    assert [s.settled_parameters for s in (unfolded, folded, both)] == [8_320, 8_320, 8_320]


def test_a_bare_matrix_is_worth_its_elements() -> None:
    assert shortcut(step(weight=(128, 64)), parameters=8_192).settled_parameters == 8_192


def test_vectors_without_a_matrix_count_in_full() -> None:
    """RepVGG's BatchNorm branch: nothing stands before it that it could be folded into."""
    assert shortcut(step(scale=(48,), bias=(48,)), parameters=96).settled_parameters == 96


def test_each_matrix_has_one_vector() -> None:
    """Depthwise 3x3 over 16 channels (144 + 16 + 2 x 16), 1x1 to 24 (384 + 24): 600 in all, 32 of them folded."""
    route = (
        step(weight=(16, 1, 3, 3), bias=(16,)),
        step(scale=(16,), bias=(16,)),
        step(weight=(24, 16, 1, 1), bias=(24,)),
    )
    assert shortcut(*route, parameters=600).settled_parameters == 568


def test_parameters_of_a_gate_count_in_full() -> None:
    """They are the shortcut's, but on no step of its route."""
    assert shortcut(RouteStep("Mul", ()), parameters=2_550).settled_parameters == 2_550


# --- the file --------------------------------------------------------------------------------------------------------


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    models = tuple(accept(model) for model in ALL)
    file = tmp_path / "base.json"
    file.write_text(write(models, tmp_path))
    assert read(file) == Baseline(str(file), tuple(sorted(models, key=lambda model: model.source)))


def test_an_earlier_json_report_is_a_baseline(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    file.write_text(json_reporter.format(AuditReport("0.1.0", ALL)))
    assert is_report(file)
    assert read(file).models == tuple(accept(model) for model in ALL)


def test_a_baseline_is_made_to_be_reviewed(tmp_path: Path) -> None:
    """One shortcut a line, models sorted, nothing of this machine or this moment."""
    models = [
        AcceptedModel(str(tmp_path / "models" / "b.onnx"), (shortcut(step(weight=(2, 3)), parameters=6),)),
        AcceptedModel("/home/somebody/a.onnx", ()),
    ]
    assert write(models, tmp_path) == (
        '{"schema_version": 1, "tool": {"name": "shortcut-audit"},\n'
        ' "models": [\n'
        '  {"source": "a.onnx", "shortcuts": []},\n'
        '  {"source": "models/b.onnx", "shortcuts": [\n'
        '   {"key": "b.0", "scope": "b.0", "kind": "projection", "fork": {"shape": null}, "merge": {"shape": null}, '
        '"parameters": 6, "macs": 0, "span": {"weight_layers": 2}, '
        '"route": [{"op": "Op", "weights": [{"role": "weight", "shape": [2, 3]}]}]}\n'
        "  ]}\n"
        "]}\n"
    )


def test_hostile_names_are_data(tmp_path: Path) -> None:
    file = tmp_path / "base.json"
    file.write_text(write([accept(HOSTILE)], tmp_path))
    assert file.read_bytes().isascii()
    assert [s.scope for s in read(file).models[0].shortcuts] == [s.scope for s in HOSTILE.shortcuts]


def nobody(name: str) -> bool:
    """No model is gone."""
    return False


def test_accepting_the_whole_set_drops_what_is_gone_and_says_so(tmp_path: Path) -> None:
    file = tmp_path / "base.json"
    old, kept, new = (AcceptedModel(f"models/{name}.onnx", ()) for name in ("old", "kept", "new"))
    elsewhere = AcceptedModel("other/x.onnx", ())
    file.write_text(write([old, kept, elsewhere], tmp_path))
    made = rewrite(file, [kept, new], tmp_path, lambda name: name.startswith("models/"))
    file.write_text(made.text)
    assert [model.source for model in read(file).models] == ["models/kept.onnx", "models/new.onnx", "other/x.onnx"]
    assert made.said() == "2 models; added: models/new.onnx; dropped: models/old.onnx"


def test_what_was_not_understood_is_kept_in_mind(tmp_path: Path) -> None:
    file = tmp_path / "base.json"
    file.write_text(write([AcceptedModel("a.onnx", (), unknown=2), AcceptedModel("b.onnx", ())], tmp_path))
    assert [model.unknown for model in read(file).models] == [2, 0]


def test_accepting_one_model_leaves_the_others_alone(tmp_path: Path) -> None:
    file = tmp_path / "base.json"
    one, other = AcceptedModel("one.onnx", ()), AcceptedModel("two.onnx", ())
    file.write_text(rewrite(file, [one, other], tmp_path, nobody).text)
    changed = AcceptedModel("one.onnx", (shortcut(parameters=0),))
    file.write_text(rewrite(file, [changed], tmp_path, nobody).text)
    assert read(file).models == (changed, other)


def test_what_is_no_baseline_is_not_written_over(tmp_path: Path) -> None:
    file = tmp_path / "model.onnx"
    file.write_bytes(b"\x08\x08")
    with pytest.raises(ConfigError, match="no JSON report"):
        rewrite(file, [], tmp_path, nobody)


def test_what_could_not_be_read_again_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "base.json"
    absurd = AcceptedModel("one.onnx", (shortcut(parameters=10**100),))
    with pytest.raises(ConfigError, match=r"parameters is no count .*; --baseline would refuse it"):
        rewrite(file, [absurd], tmp_path, nobody)
    monkeypatch.setattr(accepted, "SIZE_LIMIT", 100)
    with pytest.raises(ConfigError, match="which --baseline refuses; accept fewer models in one file"):
        rewrite(file, [AcceptedModel("one.onnx", (shortcut(parameters=0),))], tmp_path, nobody)


# --- what is refused -------------------------------------------------------------------------------------------------

ENTRY: dict[str, Any] = {
    "key": "b.0",
    "scope": "b.0",
    "kind": "identity",
    "fork": {"shape": [1, "n", None]},
    "merge": {"shape": None},
    "parameters": 0,
    "macs": None,
    "span": {"weight_layers": 2},
    "route": [{"op": "Conv", "weights": [{"role": "weight", "shape": [2, 3]}]}],
}


def refusal(file: Path, text: str) -> str:
    file.write_text(text)
    with pytest.raises(ConfigError) as refused:
        read(file)
    message = str(refused.value)
    assert "\n" not in message
    assert message.startswith(f"{file}: ")
    return message


def test_the_entry_below_is_one(tmp_path: Path) -> None:
    (tmp_path / "b").write_text(json.dumps({"schema_version": 1, "models": [{"source": "m", "shortcuts": [ENTRY]}]}))
    assert read(tmp_path / "b").models[0].shortcuts[0].fork == (1, "n", None)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("key", 7, "models[0].shortcuts[0].key is no text"),
        ("scope", None, "scope is no text"),
        ("kind", "Identity", "kind is none of identity, parameter-free, gated, projection"),
        ("kind", ["identity"], "kind is none of"),
        ("fork", None, "fork is no JSON object"),
        ("fork", {"shape": [1.5]}, "fork.shape is no count"),
        ("merge", {"shape": "1x2"}, "merge.shape is no JSON list"),
        ("parameters", -1, "parameters is no count"),
        ("parameters", True, "parameters is no count"),
        ("parameters", None, "parameters is no count"),
        ("macs", "many", "macs is no count"),
        ("macs", 10**4_000, "macs is no count"),
        ("span", {}, "span.weight_layers is no count"),
        ("route", {}, "route is no JSON list"),
        ("route", [{"op": "Conv"}], "route[0].weights is no JSON list"),
        ("route", [{"op": "Conv", "weights": [{"role": "weight", "shape": [-1]}]}], "weights[0].shape is no count"),
    ],
)
def test_an_entry_that_is_none(tmp_path: Path, field: str, value: object, said: str) -> None:
    models = [{"source": "m", "shortcuts": [{**ENTRY, field: value}]}]
    assert said in refusal(tmp_path / "b.json", json.dumps({"schema_version": 1, "models": models}))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no JSON report"),
        ("[]", "the report is no JSON object"),
        ('{"schema_version": 2, "models": []}', "schema_version is not 1"),
        ('{"schema_version": 1}', "models is no JSON list"),
        ('{"schema_version": 1, "models": NaN}', "NaN is no number of a report"),
        ("[" * 100_000, "no JSON report: "),
        ("9" * 10_000, "no JSON report: "),
        ("{" + " " * SIZE_LIMIT + "}", "over 16 MiB"),
    ],
)
def test_a_file_that_is_none(tmp_path: Path, text: str, said: str) -> None:
    assert said in refusal(tmp_path / "b.json", text)


def test_a_missing_baseline_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"the baseline \(--write-baseline makes one\): No such file"):
        is_report(tmp_path / "missing.json")


def test_absurd_shapes_take_no_time(tmp_path: Path) -> None:
    """A hundred thousand sizes of ninety digits each: their product would take minutes."""
    weights = [{"role": "weight", "shape": [1]}, {"role": "bias", "shape": [10**90] * 100_000}]
    entry = {**ENTRY, "route": [{"op": "Conv", "weights": weights}]}
    (tmp_path / "b").write_text(json.dumps({"schema_version": 1, "models": [{"source": "m", "shortcuts": [entry]}]}))
    assert read(tmp_path / "b").models[0].shortcuts[0].settled_parameters == 0


def test_an_untrained_model_is_worth_as_much_as_the_trained_one() -> None:
    """64 -> 128, 1x1: 8,192, and a bias of 128 that stands for a norm; it is zero at first, and was dropped then."""
    kernel = ("weight", (128, 64, 1, 1))
    trained = shortcut(RouteStep("Conv", (kernel, ("bias", (128,))), absorbs_norm=True), parameters=8_320)
    untrained = shortcut(RouteStep("Conv", (kernel,), absorbs_norm=True), parameters=8_192)
    bare = shortcut(RouteStep("Conv", (kernel,)), parameters=8_192)
    assert trained.settled_parameters == untrained.settled_parameters == 8_320
    assert bare.settled_parameters == 8_192  # its bias is a change
