"""Does the real command stop what it should stop, and nothing else?

Every rule once with a model that breaks it and once with one that does not; then the story that it is all for.
"""

from __future__ import annotations

import html
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from onnx import TensorProto, helper

from shortcut_audit.command.cli import execute
from shortcut_audit.gate.rules import RULES
from shortcut_audit.reporters import REPORTERS
from shortcut_audit.reporters import json as json_reporter
from tests.networks import network, save

Command = Callable[..., "Answer"]


@dataclass(frozen=True)
class Answer:
    """What the command said."""

    status: int
    out: str
    err: str

    def findings(self) -> list[tuple[str, str, str | None]]:
        """(rule, level, shortcut) of each finding of a JSON report."""
        return [(f["rule"], f["level"], f["shortcut"]) for f in json.loads(self.out)["findings"]]


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs the command in an empty repository."""
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)

    def run(*arguments: str) -> Answer:
        status = execute(arguments)
        out, err = capsys.readouterr()
        return Answer(status, out, err)

    return run


@dataclass(frozen=True)
class Trial:
    """What makes a rule speak, and what is nearest to it without doing so."""

    rule: str
    guilty: tuple[str, ...]
    innocent: tuple[str, ...]
    config: str = ""
    accepted: tuple[str, ...] = ()
    """What the baseline holds; no baseline where empty."""
    batch: int | str = 1
    dims: tuple[str, ...] = ()
    """Options that make the guilty model innocent, where it is the same model."""


BLOCK = ("identity",)
TRIALS = (
    # F: 2 x 576 parameters, 2 x 576 x 256 = 294,912 MACs; a 1x1 projection: 64 parameters, 16,384 MACs.
    Trial("extra-parameters-over-budget", ("projection",), BLOCK, "max-extra-parameters = 63"),
    Trial("extra-macs-over-budget", ("projection",), BLOCK, 'max-extra-macs = "5%"'),  # 16,384 of 311,296 are 5.3 %
    Trial("too-many-projections", ("projection", "projection"), ("projection", "identity"), "max-projections = 1"),
    Trial("kind-not-allowed", ("scaled",), BLOCK, 'allowed-kinds = ["identity"]'),
    Trial("identity-lost", ("identity", "projection"), ("identity", "identity"), accepted=("identity", "identity")),
    Trial("shortcut-removed", ("identity", "plain"), ("identity", "identity"), accepted=("identity", "identity")),
    Trial("shortcut-cost-grew", ("wide-projection",), ("projection",), accepted=("projection",)),
    Trial("shortcut-added", ("identity", "identity"), BLOCK, accepted=BLOCK),
    Trial("shortcut-improved", ("identity",), ("projection",), accepted=("projection",)),
    Trial("avoidable-projection", ("projection",), ("strided",)),
    Trial("strided-pointwise-projection", ("strided",), ("pooled",)),
    Trial("impeded-identity", ("scaled",), BLOCK),
    Trial("doubled-shortcut", ("doubled",), BLOCK),
    Trial("cost-unknown", ("projection",), (), "max-extra-macs = 1_000_000", batch="n", dims=("--dim", "n=1")),
    Trial("cost-unknown", ("uncounted",), BLOCK, "max-macs = 1_000_000"),
    Trial("kind-unknown", ("opaque",), BLOCK, 'allowed-kinds = ["identity"]'),
    # The model of two blocks: 4 x 576 parameters; 4 x 576 x 256 MACs; x is 8 x 16 x 16 of float32: 8,192 bytes.
    Trial("parameters-over-budget", ("identity",) * 2, BLOCK, 'max-parameters = "2k"'),
    Trial("macs-over-budget", ("identity",) * 2, BLOCK, 'max-macs = "0.4M"'),
    Trial("held-memory-over-budget", ("identity",), ("plain",), 'max-held-memory = "8kB"'),
    Trial("too-few-identities", ("identity", "projection"), ("identity",) * 2, "min-identities = 2"),
    Trial("weighted-shortcut-added", ("identity", "projection"), ("identity",) * 2, accepted=BLOCK),
    Trial("residual-not-quantised", ("half-quantised",), BLOCK, "rules = { residual-not-quantised = 'note' }"),
    Trial("operator-declared", ("opaque",), BLOCK, 'operators = { "com.example::Mystery" = "copy" }'),
    Trial("unused-setting", BLOCK, ("opaque",), 'operators = { "com.example::Mystery" = "copy" }'),
    Trial(
        "unused-ignore",
        BLOCK,
        ("projection",),
        '[[tool.shortcut-audit.ignore]]\nrule = "avoidable-projection"\nreason = "known"',
    ),
)
FAILING = {rule.id for rule in RULES if rule.level == "error"}


OF_THE_SET = {"model-missing", "model-unaccepted", "model-renamed"}
"""Rules about which models there are: tried below."""


def test_every_rule_is_tried() -> None:
    assert {trial.rule for trial in TRIALS} | OF_THE_SET == {rule.id for rule in RULES}


@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.rule)
def test_a_rule_speaks_when_it_should_and_only_then(command: Command, trial: Trial) -> None:
    Path("pyproject.toml").write_text(f"[tool.shortcut-audit]\n{trial.config}")
    options = ["model.onnx", "--format", "json"]
    if trial.accepted:
        save(Path("model.onnx"), network(*trial.accepted))
        assert command("model.onnx", "--write-baseline", "base.json", "-q").status == 0
        options += ["--baseline", "base.json"]

    save(Path("model.onnx"), network(*trial.guilty, batch=trial.batch))
    guilty = command(*options)
    assert trial.rule in [rule for rule, _, _ in guilty.findings()]
    assert guilty.status == (1 if trial.rule in FAILING else 0)
    assert trial.rule not in [rule for rule, _, _ in command(*options, "--ignore", trial.rule).findings()]
    alone = command(*options, "--select", trial.rule, "--fail-on", "warning").findings()
    assert {rule for rule, _, _ in alone} == {trial.rule} or trial.rule == "unused-ignore"

    if trial.innocent:
        save(Path("model.onnx"), network(*trial.innocent))
    innocent = command(*options, *trial.dims)
    assert trial.rule not in [rule for rule, _, _ in innocent.findings()]
    assert innocent.status == 0


# --- levels, exceptions, several models ------------------------------------------------------------------------------


def test_junit_fails_what_the_run_fails(command: Command) -> None:
    """`--fail-on` decides both: avoidable-projection is a warning, too-many-projections an error."""
    save(Path("model.onnx"), network("projection"))
    Path("pyproject.toml").write_text("[tool.shortcut-audit]\nmax-projections = 0\n")
    for level, failures in (("never", 0), ("error", 1), ("warning", 2)):
        answer = command("model.onnx", "--format", "junit", "--fail-on", level)
        assert (f'failures="{failures}"' in answer.out, answer.status) == (True, int(failures > 0))


def test_sizes_are_for_the_models_that_have_a_place_for_them(command: Command) -> None:
    """What one model lacks is no error; what all lack is said once, with the file in which it stands."""
    save(Path("open.onnx"), network("identity", batch="n"))
    save(Path("other.onnx"), network("identity", batch="m"))
    save(Path("fixed.onnx"), network("identity"))
    config = '[tool.shortcut-audit]\nmodels = ["*.onnx"]\n'
    for sizes, unused in (
        ("dims = { n = 2 }", []),
        ("dims = { n = 2, m = 3 }", []),
        ("dims = { k = 2 }", ["`dims`: no model has the dimension 'k'"]),
        ("dims = { k = 2, n = 3 }", ["`dims`: no model has the dimension 'k'"]),
        ('inputs = { nobody_s = "1x3" }', ["`inputs`: no model has the input 'nobody_s'"]),
        ('inputs = { x = "1x8x16x16" }', []),
        ('inputs = ["1x8x16x16"]', []),
        (override("open.onnx", "dims = { n = 2 }"), []),
        (override("open.onnx", "dims = { m = 2 }"), ["`dims`: no model has the dimension 'm'"]),
    ):
        Path("pyproject.toml").write_text(config + sizes)
        answer = command("--format", "json")
        assert (answer.status, answer.err) == (0, "")
        found = [f for f in json.loads(answer.out)["findings"] if f["rule"] == "unused-setting"]
        assert [(f["source"], f["message"].partition(": correct")[0]) for f in found] == [
            ("pyproject.toml", said) for said in unused
        ]
    assert command("open.onnx", "--dim", "k=2").status == 2  # asked for, it is


def override(model: str, setting: str) -> str:
    return f"[[tool.shortcut-audit.models-overrides]]\npath = '{model}'\n{setting}\n"


def test_a_model_without_open_sizes_has_none_of_the_dimensions(command: Command) -> None:
    save(Path("fixed.onnx"), network("identity"))
    Path("pyproject.toml").write_text("[tool.shortcut-audit]\ndims = { batch = 1 }\n")
    answer = command("fixed.onnx", "--format", "json")
    assert [(f["rule"], f["message"]) for f in json.loads(answer.out)["findings"]] == [
        ("unused-setting", "`dims`: no model has the dimension 'batch': correct or remove it")
    ]
    assert answer.status == 0


def test_a_dimension_that_is_asked_for_and_that_no_model_has_is_said_once(command: Command) -> None:
    save(Path("fixed.onnx"), network("identity"))
    save(Path("other.onnx"), network("identity"))
    save(Path("open.onnx"), network("identity", batch="n"))
    said = ["`--dim`: no model has the dimension 'typo': correct or remove it"]
    for sources, dims, expected in (
        (["fixed.onnx"], ["typo=1"], said),
        (["fixed.onnx", "other.onnx"], ["typo=1"], said),
        (["fixed.onnx", "open.onnx"], ["n=1", "typo=1"], said),
        (["fixed.onnx", "open.onnx"], ["n=1"], []),
    ):
        asked = [word for dim in dims for word in ("--dim", dim)]
        answer = command(*sources, *asked, "--format", "json")
        found = [
            (f["source"], f["message"]) for f in json.loads(answer.out)["findings"] if f["rule"] == "unused-setting"
        ]
        assert (answer.status, found) == (0, [("fixed.onnx", message) for message in expected])
    Path("pyproject.toml").write_text("[tool.shortcut-audit]\ndims = { batch = 1 }\n")
    answer = command("fixed.onnx", "--dim", "typo=1", "--format", "json")
    assert [f["message"] for f in json.loads(answer.out)["findings"]] == said


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ('inputs = { x = "1x8" }', "open.onnx: input 'x' has 4 dimensions, `inputs.x` of conf/gate.toml gives it 2"),
        ('inputs = ["1x8"]', "open.onnx: input 'x' has 4 dimensions, `inputs` of conf/gate.toml gives it 2"),
        (
            'inputs = ["1x8x16x16", "3"]',
            "open.onnx: `inputs` of conf/gate.toml gives more shapes than the model has inputs, which are 'x'",
        ),
        (
            'inputs = { x = "1x8:float99" }',
            (
                "conf/gate.toml: inputs: x=1x8:float99: 'float99' is no element type; did you mean float64?; "
                "write [NAME=]1x3x224x224[:dtype]"
            ),
        ),
        (
            'inputs = ["x=1", "x=2"]',
            "conf/gate.toml: inputs: names 'x' twice; give each input one shape",
        ),
        ('dims = { n = "two" }', "conf/gate.toml: dims: n: 'two' is no size (a whole number)"),
        (
            override("*.onnx", 'inputs = { x = "1x8" }'),
            "open.onnx: input 'x' has 4 dimensions, `inputs.x` of conf/gate.toml gives it 2",
        ),
    ],
)
def test_a_wrong_size_is_said_with_its_key_and_its_file(command: Command, setting: str, said: str) -> None:
    save(Path("open.onnx"), network("identity", batch="n"))
    Path("conf").mkdir()
    Path("conf/gate.toml").write_text(setting.replace("tool.shortcut-audit.", ""))
    answer = command("open.onnx", "--config", "conf/gate.toml")
    assert (answer.status, answer.err) == (2, f"shortcut-audit: {said}\n")


def test_a_fixed_size_that_is_overruled_is_noted_with_its_key(command: Command) -> None:
    save(Path("fixed.onnx"), network("identity"))
    Path("pyproject.toml").write_text('[tool.shortcut-audit]\ninputs = { x = "2x8x16x16" }\n')
    (model,) = json.loads(command("fixed.onnx", "--format", "json").out)["models"]
    assert model["notes"] == ["`inputs.x` of pyproject.toml gives 'x' another shape than the file fixes"]
    (model,) = json.loads(command("fixed.onnx", "--input", "x=2x8x16x16", "--format", "json").out)["models"]
    assert model["notes"] == ["--input gives 'x' another shape than the file fixes"]


def test_the_fail_level(command: Command) -> None:
    save(Path("model.onnx"), network("projection"))  # avoidable: a warning
    assert command("model.onnx").status == 0
    assert command("model.onnx", "--fail-on", "warning").status == 1
    assert command("model.onnx", "--fail-on", "warning", "--exit-zero").status == 0
    Path("pyproject.toml").write_text('[tool.shortcut-audit]\nfail-on = "warning"')
    assert command("model.onnx").status == 1
    assert command("model.onnx", "--fail-on", "never").status == 0
    Path("pyproject.toml").write_text('[tool.shortcut-audit.rules]\navoidable-projection = "error"')
    assert command("model.onnx").status == 1


def test_a_wrong_configuration_is_no_green_run(command: Command) -> None:
    save(Path("model.onnx"), network("identity"))
    Path("pyproject.toml").write_text("[tool.shortcut-audit]\nmax-projektions = 0\nfail-on = 'no'")
    answer = command("model.onnx", "--exit-zero")
    assert answer.status == 2
    assert answer.err.count("\n") == 1
    assert "2 problems: unknown key 'max-projektions'; did you mean 'max-projections'?; fail-on: 'no'" in answer.err


MYSTERY = "com.example::Mystery"
DECLARED = '[tool.shortcut-audit]\nallowed-kinds = ["identity"]\noperators = { "com.example::Mystery" = "%s" }\n'


def test_a_declared_operator_is_understood_by_every_worker(command: Command) -> None:
    save(Path("a.onnx"), network("opaque"))
    save(Path("b.onnx"), network("opaque"))
    Path("pyproject.toml").write_text('[tool.shortcut-audit]\nallowed-kinds = ["identity"]\n')
    assert {rule for rule, _, _ in command("a.onnx", "--format", "json").findings()} == {"kind-unknown"}
    Path("pyproject.toml").write_text(DECLARED % "copy")
    for jobs in ("1", "2"):
        answer = command("a.onnx", "b.onnx", "--jobs", jobs, "--format", "json")
        assert answer.status == 0
        models = json.loads(answer.out)["models"]
        assert [model["summary"]["identity"] for model in models] == [1, 1]
        declared = [{"op": "com.example::Mystery", "declared_as": "copy", "nodes": 1}]
        assert [model["declared"] for model in models] == [declared] * 2


@pytest.mark.parametrize("form", [form for form, reporter in REPORTERS.items() if reporter.printed])
def test_every_format_lists_what_was_declared(command: Command, form: str) -> None:
    save(Path("model.onnx"), network("opaque", "identity", "opaque"))
    Path("conf").mkdir()
    Path("conf/gate.toml").write_text(f'baseline = "../base.json"\n[operators]\n"{MYSTERY}" = "copy"\n')
    assert command("model.onnx", "--config", "conf/gate.toml", "--write-baseline", "base.json", "-q").status == 0
    answer = command("model.onnx", "--config", "conf/gate.toml", "--format", form)
    assert answer.status == 0  # said, and nothing to object to
    said = html.unescape(" ".join(answer.out.split())).replace("\\", "").replace("%3A", ":")
    assert "operator-declared" in said
    assert f"{MYSTERY} is declared as copy in conf/gate.toml: 2 nodes are taken at its word" in said
    assert "opaque" not in said


@pytest.mark.parametrize(
    "asked",
    ['allowed-kinds = ["identity"]', "max-projections = 0", "max-extra-parameters = 0", 'max-extra-macs = "1%"'],
)
def test_an_operator_that_is_itself_the_addition_is_no_way_past_the_gate(command: Command, asked: str) -> None:
    model = network("projection", "identity")
    for node in model.graph.node:
        if node.op_type == "Add":
            node.op_type, node.domain = "Fused", "com.example"
    save(Path("model.onnx"), model)
    Path("pyproject.toml").write_text(f"[tool.shortcut-audit]\n{asked}\n")
    answer = command("model.onnx", "--format", "json")
    assert answer.status == 1
    assert {rule for rule, _, _ in answer.findings()} <= {"kind-unknown", "cost-unknown"}
    (audited,) = json.loads(answer.out)["models"]
    found = [(other["reason"], other["detail"].partition(" at ")[0]) for other in audited["other_adds"]]
    assert found == [("not understood", "com.example::Fused")] * 2
    assert (audited["summary"]["unknown"], audited["totals"]["adds"]) == (2, 0)


@pytest.mark.parametrize(
    "asked",
    ['allowed-kinds = ["identity"]', "max-projections = 0", "max-extra-parameters = 0", 'max-extra-macs = "1%"'],
)
def test_two_outputs_of_one_unknown_operator_are_no_way_past_the_gate(command: Command, asked: str) -> None:
    """x + F(x) in one kernel that hands back both terms."""
    nodes = [
        helper.make_node("Fused", ["x"], ["a", "b"], "both", domain="com.example"),
        helper.make_node("Add", ["a", "b"], ["y"], "sum"),
    ]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 8]) for name in "xy"]
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.example", 1)]
    save(Path("model.onnx"), helper.make_model(helper.make_graph(nodes, "g", ends[:1], ends[1:]), opset_imports=opsets))
    Path("pyproject.toml").write_text(f"[tool.shortcut-audit]\n{asked}\n")
    answer = command("model.onnx", "--format", "json")
    assert answer.status == 1
    assert {rule for rule, _, _ in answer.findings()} <= {"kind-unknown", "cost-unknown"}
    (audited,) = json.loads(answer.out)["models"]
    found = [(other["reason"], other["detail"]) for other in audited["other_adds"]]
    assert (found, audited["summary"]["unknown"]) == ([("not understood", "com.example::Fused at both")], 1)


def test_what_is_declared_fails_where_it_is_asked_to(command: Command) -> None:
    save(Path("model.onnx"), network("opaque"))
    Path("pyproject.toml").write_text(DECLARED % "copy" + '[tool.shortcut-audit.rules]\noperator-declared = "error"\n')
    assert command("model.onnx").status == 1
    Path("pyproject.toml").write_text(DECLARED % "copy" + 'fail-on = "warning"\n')
    assert command("model.onnx").status == 0
    assert command("model.onnx", "--ignore", "operator-declared", "--format", "json").findings() == []


def test_an_operator_that_nobody_defines_stays_opaque_unless_it_is_declared(command: Command) -> None:
    save(Path("model.onnx"), network("opaque"))
    undefined = f"{MYSTERY}: defined neither by ONNX, nor by ONNX Runtime, nor in the file; it stays opaque"
    (model,) = json.loads(command("model.onnx", "--format", "json").out)["models"]
    assert model["notes"] == [undefined]
    Path("pyproject.toml").write_text(DECLARED % "copy")
    (model,) = json.loads(command("model.onnx", "--format", "json").out)["models"]
    assert model["notes"] == [f"declared, not read from the model: {MYSTERY} as copy"]


def test_another_declaration_is_held_against_what_was_accepted(command: Command) -> None:
    save(Path("model.onnx"), network("opaque"))
    Path("pyproject.toml").write_text(DECLARED % "copy")
    assert command("model.onnx", "--write-baseline", "base.json", "-q").status == 0
    assert command("model.onnx", "--baseline", "base.json").status == 0
    Path("pyproject.toml").write_text(DECLARED % "scale")
    answer = command("model.onnx", "--baseline", "base.json", "--select", "identity-lost", "--format", "json")
    assert [rule for rule, _, _ in answer.findings()] == ["identity-lost"]  # a factor is parameter-free
    assert answer.status == 1


def test_what_is_understood_cannot_be_declared(command: Command) -> None:
    save(Path("model.onnx"), network("identity"))
    Path("pyproject.toml").write_text('[tool.shortcut-audit.operators]\n"ai.onnx::Conv" = "copy"')
    answer = command("model.onnx")
    assert (answer.status, answer.err.count("\n")) == (2, 1)
    assert "pyproject.toml: operators: ai.onnx::Conv is understood already" in answer.err


def test_a_missing_baseline_is_no_green_run(command: Command) -> None:
    save(Path("model.onnx"), network("identity"))
    answer = command("model.onnx", "--baseline", "missing.json")
    assert answer.status == 2
    assert "No such file" in answer.err


CONFIGURED = '[tool.shortcut-audit]\nmodels = ["models/**/*.onnx"]\nbaseline = "base.json"\n'


def accept_two(command: Command) -> None:
    """models/net.onnx and models/other.onnx, accepted."""
    Path("pyproject.toml").write_text(CONFIGURED)
    save(Path("models/net.onnx"), network("identity", "identity"))
    save(Path("models/other.onnx"), network("identity"))
    assert command("--write-baseline", "base.json", "-q").status == 0


@pytest.mark.parametrize("new", ["models/net2.onnx", "elsewhere/net.onnx", "models/net.onnx.bak", ".hidden/net.onnx"])
@pytest.mark.parametrize("arguments", [(), ("models",)])
def test_a_model_that_leaves_the_set_is_missed(command: Command, new: str, arguments: tuple[str, ...]) -> None:
    """Its successor is a projection under another name, in another folder, with another suffix, out of sight."""
    accept_two(command)
    Path("models/net.onnx").unlink()
    save(Path(new), network("projection", "projection"))
    answer = command(*arguments, "--format", "json")
    assert answer.status == 1
    assert ("model-missing", "error", None) in answer.findings()
    (source,) = [f["source"] for f in json.loads(answer.out)["findings"] if f["rule"] == "model-missing"]
    assert source == "models/net.onnx"


def test_files_that_are_named_one_by_one_miss_nobody(command: Command) -> None:
    """As pre-commit names them."""
    accept_two(command)
    Path("models/net.onnx").unlink()
    assert command("models/other.onnx", "--format", "json").findings() == []


def test_a_model_under_a_new_name_is_recognised(command: Command) -> None:
    accept_two(command)
    Path("models/net.onnx").rename("models/resnet.onnx")
    answer = command("--format", "json")
    assert answer.status == 0
    assert answer.findings() == [("model-renamed", "note", None)]
    assert command("--write-baseline", "base.json").err == (
        "shortcut-audit: base.json: written; accepts 3 shortcuts of 2 models; added: models/resnet.onnx; "
        "dropped: models/net.onnx\n"
    )
    assert command("--format", "json").findings() == []


def test_a_model_that_nobody_has_accepted_is_a_warning(command: Command) -> None:
    accept_two(command)
    save(Path("models/new.onnx"), network("projection"))
    answer = command("--format", "json", "--select", "model-unaccepted")
    assert (answer.status, answer.findings()) == (0, [("model-unaccepted", "warning", None)])
    assert command("--fail-on", "warning", "--select", "model-unaccepted").status == 1


def test_an_exception_with_a_reason(command: Command) -> None:
    save(Path("models/a.onnx"), network("projection"))
    save(Path("models/b.onnx"), network("projection"))
    entry = """
        [[tool.shortcut-audit.ignore]]
        rule = "avoidable-projection"
        model = "models/a.onnx"
        shortcut = "blocks.*"
        reason = "trained years ago"
    """
    Path("pyproject.toml").write_text(f"{entry}\n")
    answer = command("models", "--format", "json")
    assert [f["source"] for f in json.loads(answer.out)["findings"]] == ["models/b.onnx"]
    Path("pyproject.toml").write_text(f"{entry}\nexpires = 2020-01-01\n")
    rules = [rule for rule, _, _ in command("models", "--format", "json").findings()]
    assert rules == ["avoidable-projection", "avoidable-projection", "unused-ignore"]


def test_each_model_has_its_own_budget_and_its_own_baseline(command: Command) -> None:
    for name in ("small", "big"):
        save(Path(f"models/{name}.onnx"), network("projection"))
    Path("pyproject.toml").write_text(
        '[tool.shortcut-audit]\nmodels = ["models/*.onnx"]\nmax-projections = 0\nbaseline = "base.json"\n'
        '[[tool.shortcut-audit.models-overrides]]\npath = "models/big.onnx"\nmax-projections = 9\n'
    )
    assert command("--write-baseline", "base.json", "-q").status == 1  # over budget, but written
    save(Path("models/big.onnx"), network("identity"))
    answer = command("--format", "json")
    found = [(f["rule"], f["source"]) for f in json.loads(answer.out)["findings"] if f["level"] != "warning"]
    assert found == [("shortcut-improved", "models/big.onnx"), ("too-many-projections", "models/small.onnx")]
    assert answer.status == 1


def test_another_model_is_a_baseline(command: Command) -> None:
    save(Path("old.onnx"), network("identity"))
    save(Path("new.onnx"), network("projection"))
    answer = command("new.onnx", "--baseline", "old.onnx", "--format", "json")
    assert answer.status == 1
    assert ("identity-lost", "error", "blocks.0") in answer.findings()


def test_accepting_one_model_keeps_the_others(command: Command) -> None:
    save(Path("a.onnx"), network("identity"))
    save(Path("b.onnx"), network("identity"))
    assert command("a.onnx", "b.onnx", "--write-baseline", "base.json", "-q").status == 0
    before = Path("base.json").read_text()
    save(Path("b.onnx"), network("projection"))
    assert command("b.onnx", "--write-baseline", "base.json", "-q").status == 0
    assert [model["source"] for model in json.loads(Path("base.json").read_text())["models"]] == ["a.onnx", "b.onnx"]
    assert before != Path("base.json").read_text()
    assert command("a.onnx", "b.onnx", "--baseline", "base.json").status == 0


def test_a_model_is_never_written_over_by_a_baseline(command: Command) -> None:
    model = save(Path("a.onnx"), network("identity"))
    before = model.read_bytes()
    assert command("a.onnx", "--write-baseline", "a.onnx").status == 2
    assert model.read_bytes() == before


# --- the story -------------------------------------------------------------------------------------------------------


class Repository:
    """A git repository with a model in it, and the command beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.summary = folder.parent / "summary.md"
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("config", "user.email", "somebody@example.org")
        self.git("config", "user.name", "Somebody")

    def git(self, *arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=self.folder, check=True, capture_output=True)  # noqa: S607

    def commit(self, message: str, *blocks: str) -> None:
        """A revision of models/net.onnx, exported from net.py in this checkout."""
        save(self.folder / "models" / "net.onnx", network(*blocks, folder=str(self.folder)))
        self.git("add", "--all")
        self.git("commit", "--quiet", f"--message={message}")

    def audit(self, *arguments: str) -> Answer:
        environment = {**os.environ, "GITHUB_STEP_SUMMARY": str(self.summary), "COLUMNS": "80", "NO_COLOR": "1"}
        done = subprocess.run(
            [sys.executable, "-P", "-m", "shortcut_audit", *arguments],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return Answer(done.returncode, done.stdout, done.stderr)


def test_the_story(tmp_path: Path) -> None:
    """A team accepts what it has; a change loses an identity; it is accepted; a budget stops it all the same."""
    folder = tmp_path / "repository"
    folder.mkdir()
    repository = Repository(folder)
    (folder / "net.py").write_text("# the network\n" * 20)
    config = '[tool.shortcut-audit]\nmodels = ["models/*.onnx"]\nbaseline = "shortcuts.json"\n'
    (folder / "pyproject.toml").write_text(config)

    repository.commit("base", "identity", "identity", "strided")
    assert repository.audit().status == 2  # a gate without its baseline is not green
    assert repository.audit("--write-baseline", "shortcuts.json", "-q").status == 0
    repository.commit("accept", "identity", "identity", "strided")
    assert repository.audit("-q").status == 0

    repository.git("checkout", "--quiet", "-b", "head")
    repository.commit("head", "identity", "projection", "strided")
    failing = repository.audit(
        "--format", "github", "-o", "out.txt", "-o", "out.md", "-o", "out.sarif", "-o", "out.json"
    )
    assert failing.status == 1
    assert (
        "::error file=net.py,line=11,title=shortcut-audit%3A identity-lost::blocks.1 of models/net.onnx: "
        in failing.out
    )
    text, markdown = (folder / "out.txt").read_text(), (folder / "out.md").read_text()
    assert "identity-lost: models/net.onnx: blocks.1 (net.py:11): was an identity" in " ".join(text.split())
    assert "| **error** | identity-lost | `blocks.1`<br>`net.py:11`<br>`models/net.onnx` | was an identity" in markdown
    assert repository.summary.read_text() == markdown
    (result, *_) = json.loads((folder / "out.sarif").read_text())["runs"][0]["results"]
    assert (result["ruleId"], result["level"]) == ("identity-lost", "error")
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "net.py"
    assert result["locations"][0]["physicalLocation"]["region"]["startLine"] == 11
    report = json.loads((folder / "out.json").read_text())
    (change,) = report["comparisons"][0]["changes"]
    assert (change["then"]["kind"], change["now"]["kind"], change["now"]["key"]) == (
        "identity",
        "projection",
        "blocks.1",
    )

    (said,) = [f["message"] for f in report["findings"] if f["rule"] == "identity-lost"]
    words = said.partition("To accept: shortcut-audit ")[2].split(" ")
    assert words == ["models/net.onnx", "--write-baseline", "shortcuts.json"]
    assert repository.audit(*words).status == 0
    assert repository.audit().status == 0
    repository.git("add", "--all")
    changed = subprocess.run(
        ["git", "diff", "--cached", "--numstat", "shortcuts.json"],  # noqa: S607
        cwd=folder, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    assert changed.split() == ["2", "2", "shortcuts.json"]  # the one shortcut, and the output, which has another name

    (folder / "pyproject.toml").write_text(config + "max-projections = 1\n")
    over = repository.audit()
    assert over.status == 1
    assert "too-many-projections" in over.out
    assert "identity-lost" not in over.out


def test_a_revision_of_the_repository_is_a_baseline(tmp_path: Path) -> None:
    """No baseline is committed: each model is held against itself at a revision, and one that is gone is missed."""
    folder = tmp_path / "repository"
    folder.mkdir()
    repository = Repository(folder)
    (folder / "pyproject.toml").write_text('[tool.shortcut-audit]\nmodels = ["models/*.onnx"]\n')
    repository.commit("base", "identity", "identity")
    assert repository.audit("--baseline", "git:main").status == 0
    repository.git("checkout", "--quiet", "-b", "head")
    repository.commit("head", "identity", "projection")
    lost = repository.audit("--baseline", "git:main", "--format", "json")
    assert (lost.status, ("identity-lost", "error", "blocks.1") in lost.findings()) == (1, True)
    (folder / "models" / "net.onnx").rename(folder / "models" / "other.onnx")
    gone = repository.audit("--baseline", "git:main", "--format", "json")
    assert (gone.status, ("model-missing", "error", None) in gone.findings()) == (1, True)
    for unknown in ("git:nowhere", "git:--output=x", "git:"):
        answer = repository.audit("--baseline", unknown)
        assert (answer.status, answer.err.count("\n")) == (2, 1)
    (folder / "models" / "other.onnx").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    repository.git("add", "--all")
    repository.git("commit", "--quiet", "--message=lfs")
    assert "pointer to Git LFS" in repository.audit("--baseline", "git:HEAD").err


def test_the_json_of_the_story_keeps_to_its_schema(command: Command) -> None:
    import jsonschema

    save(Path("old.onnx"), network("identity", "projection"))
    save(Path("new.onnx"), network("projection", "plain", "identity"))
    answer = command("new.onnx", "--baseline", "old.onnx", "--format", "json")
    jsonschema.validate(json.loads(answer.out), json.loads(json_reporter.schema()))
    assert len(json.loads(answer.out)["comparisons"][0]["changes"]) == 3


def test_a_revision_is_audited_with_the_same_declarations(command: Command) -> None:
    save(Path("model.onnx"), network("opaque"))
    Path("pyproject.toml").write_text(DECLARED % "copy")
    Path(".git").rmdir()
    for arguments in (
        ("init", "-q"),
        ("add", "-A"),
        ("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "a"),
    ):
        subprocess.run(["git", *arguments], check=True)  # noqa: S607
    answer = command("model.onnx", "--baseline", "git:HEAD", "-o", "model.dot", "--format", "json")
    assert answer.status == 0
    assert json.loads(answer.out)["comparisons"][0]["unchanged"] == 1
    (drawn,) = [line for line in Path("model.dot").read_text().splitlines() if "Mystery" in line]
    assert "1x8x16x16" in drawn  # a copy has the shape of what it copies
