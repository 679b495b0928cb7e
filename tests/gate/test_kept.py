"""How is what was accepted kept in a file, and what in a baseline is refused?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from shortcut_audit.errors import ConfigError
from shortcut_audit.gate import kept
from shortcut_audit.gate.accepted import AcceptedModel, AcceptedShortcut, Baseline, RouteStep, accept
from shortcut_audit.gate.kept import SIZE_LIMIT, is_report, read, rewrite, write
from shortcut_audit.report import AuditReport
from shortcut_audit.reporters import json as json_reporter
from tests.reporters.examples import HIGHWAY, HOSTILE, RESNET18, TRANSFORMER, UNBOUND

ALL = (HIGHWAY, RESNET18, TRANSFORMER, UNBOUND)


def shortcut(*route: RouteStep, parameters: int) -> AcceptedShortcut:
    return AcceptedShortcut("b.0", "b.0", "projection", None, None, route, parameters, 0, 2)


def step(**weights: tuple[int, ...]) -> RouteStep:
    return RouteStep("Op", tuple((name.rstrip("_"), shape) for name, shape in weights.items()))


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
    with pytest.raises(ConfigError, match=r"parameters: 1000.* is no count .*; --baseline would refuse it"):
        rewrite(file, [absurd], tmp_path, nobody)
    monkeypatch.setattr(kept, "SIZE_LIMIT", 100)
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
        ("key", 7, "models: entry 1: shortcuts: entry 1: key: 7 is no text"),
        ("scope", None, "scope: None is no text"),
        (
            "kind",
            "Identity",
            "kind: 'Identity' is none of identity, parameter-free, gated, projection; did you mean 'identity'?",
        ),
        ("kind", ["identity"], "kind: ['identity'] is none of"),
        ("fork", None, "fork: None is no table"),
        ("fork", {"shape": [1.5]}, "fork: shape: entry 1: 1.5 is no count"),
        ("merge", {"shape": "1x2"}, "merge: shape: '1x2' is no list"),
        ("parameters", -1, "parameters: -1 is no count"),
        ("parameters", True, "parameters: True is no count"),
        ("parameters", None, "parameters: None is no count"),
        ("macs", "many", "macs: 'many' is no count"),
        ("macs", 10**4_000, "macs: 1000"),
        ("span", {}, "span: weight_layers is missing"),
        ("route", {}, "route: {} is no list"),
        ("route", [{"op": "Conv"}], "route: entry 1: weights is missing"),
        (
            "route",
            [{"op": "Conv", "weights": [{"role": "weight", "shape": [-1]}]}],
            "weights: entry 1: shape: entry 1: -1 is no",
        ),
    ],
)
def test_an_entry_that_is_none(tmp_path: Path, field: str, value: object, said: str) -> None:
    models = [{"source": "m", "shortcuts": [{**ENTRY, field: value}]}]
    assert said in refusal(tmp_path / "b.json", json.dumps({"schema_version": 1, "models": models}))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no JSON report"),
        ("[]", "[] is no table"),
        (
            '{"schema_version": 2, "models": []}',
            "schema_version: 2 is not 1: the report of another version",
        ),
        ('{"schema_version": 1}', "models is missing"),
        ('{"schema_version": 1, "models": [{}]}', "entry 1: source is missing (and 1 more problem)"),
        ('{"schema_version": 1, "models": [{"source": "m"}]}', "shortcuts is missing"),
        ('{"schema_version": 1, "models": [{"shortcuts": []}]}', "source is missing"),
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


def test_the_first_problem_is_said_and_how_many_there_are(tmp_path: Path) -> None:
    text = '{"schema_version": 1, "models": [{"source": 1, "shortcuts": 2}]}'
    assert refusal(tmp_path / "b.json", text).endswith(
        "no baseline: models: entry 1: source: 1 is no text (and 1 more problem); --write-baseline makes one"
    )


def test_two_models_of_one_name_are_both_kept(tmp_path: Path) -> None:
    """Outside of the root a model is kept by its file's name alone."""
    models = [AcceptedModel(f"/elsewhere/{folder}/m.onnx", (shortcut(parameters=1),)) for folder in "ba"]
    kept_text = json.loads(write(models, tmp_path))
    assert [model["source"] for model in kept_text["models"]] == ["m.onnx", "m.onnx"]


@pytest.mark.parametrize("again", ["m.onnx", "./m.onnx", "models/../m.onnx"])
def test_a_model_that_stands_twice_is_refused_unless_it_is_the_same(again: str, tmp_path: Path) -> None:
    """Nobody could tell what was accepted of it: edited by hand, the second may be the worse."""
    file = tmp_path / "base.json"
    better, worse = AcceptedModel("m.onnx", ()), AcceptedModel(again, (shortcut(parameters=1),))
    file.write_text(write([better, worse], Path("/")).replace('"source": "m.onnx"', f'"source": "{again}"', 1))
    with pytest.raises(ConfigError, match=r"models: 'm.onnx' stands twice, not accepted as the same; keep one"):
        read(file)
    file.write_text(write([better, better], tmp_path))
    assert [model.source for model in read(file).models] == ["m.onnx", "m.onnx"]


def test_two_models_elsewhere_of_one_name_are_not_kept_as_one(tmp_path: Path) -> None:
    one, other = (AcceptedModel(f"/else/{n}/m.onnx", (shortcut(parameters=n),)) for n in (1, 2))
    with pytest.raises(ConfigError, match=r"two models would both be kept as 'm.onnx': they are outside of"):
        rewrite(tmp_path / "base.json", [one, other], tmp_path, lambda name: False)


def test_every_figure_of_a_shortcut_is_written_and_read_again(tmp_path: Path) -> None:
    """None is left out of the file, and read as what it stands for: another one beside each that is none."""
    folded = RouteStep("Conv", (("weight", (8, 8, 1, 1)), ("bias", (8,))), absorbs_norm=True)
    plain = RouteStep("Mul", (("scale", (8,)),))
    full = AcceptedShortcut(
        "b.0", "b", "projection", (1, 8), (2, 8), (folded, plain), 72, None, 3, (0, 2), macs_formula="64*n"
    )
    bare = AcceptedShortcut("b.1", "b", "identity", None, (1, None), (), 0, 0, 0)
    model = AcceptedModel("m.onnx", (full, bare), unknown=2, outputs=("logits", "boxes", "masks"))
    file = tmp_path / "base.json"
    file.write_text(write([model], tmp_path))
    assert read(file).models == (model,)
