"""Is the gate ever green where an identity has become a projection, and ever red where nothing has changed?

Accepted models (chains of blocks, and the project's own samples) are edited at random (evasions.py) and held against
what was accepted of them, and against budgets. The whole is asked of more models by
`EVASIONS=10000 pytest tests/test_evasions.py`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from random import Random

import onnx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shortcut_audit import audit
from shortcut_audit.gate import accepted, policy
from shortcut_audit.gate.baseline import compare
from shortcut_audit.gate.settings import Budget, Settings
from shortcut_audit.report import ModelReport
from tests.evasions import CHANGES_VALUES_ONLY, EVIL, HARMLESS, IMAGES_ONLY, Editor
from tests.networks import network, save

SAMPLES = Path(__file__).parents[1] / "samples"
MODELS: dict[str, Callable[[], onnx.ModelProto]] = {
    "identities": lambda: network("identity", "identity"),
    "mixed": lambda: network("identity", "projection", "identity"),
    "strided": lambda: network("identity", "strided", "identity", "scaled"),
    "cifar": lambda: onnx.load(SAMPLES / "cifar-resnet20-a.onnx", load_external_data=False),
    "resnet18": lambda: onnx.load(SAMPLES / "resnet18.onnx", load_external_data=False),
    "resnet50": lambda: onnx.load(SAMPLES / "resnet50.onnx", load_external_data=False),
    "transformer": lambda: bound(onnx.load(SAMPLES / "transformer.onnx", load_external_data=False)),
}
DRAWN = ["identities", "mixed", "strided"]

EXAMPLES = int(os.environ.get("EVASIONS", "120"))
in_short = settings(
    derandomize=EXAMPLES == 120,
    deadline=None,
    database=None,
    max_examples=EXAMPLES,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
models = st.sampled_from([*DRAWN * 4, *MODELS])
luck = st.randoms(use_true_random=False)
tricks = st.lists(st.sampled_from(sorted(HARMLESS)), max_size=5)


def bound(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model for a batch of one."""
    for info in (*model.graph.input, *model.graph.output):
        for dim in info.type.tensor_type.shape.dim:
            if dim.dim_param:
                dim.dim_value = 1
    del model.graph.value_info[:]
    return model


@cache
def original(name: str) -> onnx.ModelProto:
    return MODELS[name]()


def audited(folder: Path, model: onnx.ModelProto) -> ModelReport:
    return replace(audit(str(save(folder / "model.onnx", model))), source="model.onnx")


_REPORTS: dict[str, ModelReport] = {}


def accepted_of(folder: Path, name: str) -> ModelReport:
    if name not in _REPORTS:
        _REPORTS[name] = audited(folder, original(name))
    return _REPORTS[name]


def by_baseline(then: ModelReport, now: ModelReport) -> list[str]:
    """The errors beside what was accepted."""
    comparison = compare(now, accepted.accept(then), "base.json")
    return [found.rule for found in policy.judge(now, Settings(), comparison) if found.level == "error"]


def by_budget(then: ModelReport, now: ModelReport, *keys: str) -> list[str]:
    """The errors where no more is allowed than there was, by these keys."""
    summary = then.summary
    extra = summary.extra_parameters or 0
    most = {
        "allowed_kinds": tuple(dict.fromkeys(shortcut.kind for shortcut in then.shortcuts)),
        "max_projections": summary.projection,
        "min_identities": summary.identity,
        "max_extra_parameters": Budget(str(extra), Fraction(extra)),
    }
    asked = Settings(**{key: most[key] for key in keys})  # type: ignore[arg-type]
    return [found.rule for found in policy.judge(now, asked) if found.level == "error"]


ALL_KEYS = ("allowed_kinds", "max_projections", "min_identities", "max_extra_parameters")


def edited(name: str, then: ModelReport, evil: str | None, harmless: Sequence[str], random: Random) -> onnx.ModelProto:
    """A model after some edits, of which the evil one is done first: it needs the names that were accepted."""
    edit = Editor(original(name), random)
    if evil is not None:
        identities = [s for s in then.shortcuts if s.kind == "identity" and not s.route]
        shortcut = random.choice(identities)
        shape = tuple(size for size in shortcut.merge.shape or () if isinstance(size, int))
        named = [(node.name, f"{node.op_type}:{node.output[0]}") for node in edit.graph.node]
        at = next(n for n, names in enumerate(named) if shortcut.merge.name in names)
        slot = list(edit.graph.node[at].input).index(shortcut.fork.name)
        edit.reroute(at, slot, lambda x: EVIL[evil](edit, x, shape))
    for trick in harmless:
        HARMLESS[trick](edit)
    return edit.model


@pytest.mark.parametrize("evil", sorted(EVIL))
def test_each_evasion_is_seen_by_each_gate(tmp_path: Path, evil: str) -> None:
    """Against what was accepted, and by every key of the configuration that its kind concerns."""
    then = accepted_of(tmp_path, "identities")
    now = audited(tmp_path, edited("identities", then, evil, (), Random(0)))
    assert by_baseline(then, now)
    assert by_budget(then, now, "allowed_kinds", "min_identities")
    if evil not in CHANGES_VALUES_ONLY:
        assert by_budget(then, now, "max_projections")
        assert by_budget(then, now, "max_extra_parameters")
        assert by_budget(then, now, "allowed_kinds")


@in_short
@given(name=models, evil=st.sampled_from(sorted(EVIL)), harmless=tricks, random=luck)
def test_no_disguise_makes_the_gate_green(
    tmp_path_factory: pytest.TempPathFactory, name: str, evil: str, harmless: list[str], random: Random
) -> None:
    folder = tmp_path_factory.getbasetemp()
    then = accepted_of(folder, name)
    if evil in IMAGES_ONLY and name == "transformer":
        evil = "matmul"
    now = audited(folder, edited(name, then, evil, harmless, random))
    assert by_baseline(then, now)
    assert by_budget(then, now, *ALL_KEYS)


@in_short
@given(name=models, harmless=tricks, random=luck)
def test_what_changes_nothing_stays_green(
    tmp_path_factory: pytest.TempPathFactory, name: str, harmless: list[str], random: Random
) -> None:
    folder = tmp_path_factory.getbasetemp()
    then = accepted_of(folder, name)
    now = audited(folder, edited(name, then, None, harmless, random))
    assert by_baseline(then, now) == []
    assert by_budget(then, now, *ALL_KEYS) == []


def test_a_stored_zero_is_no_literal_in_a_file_that_notes_what_it_stores(tmp_path: Path) -> None:
    """ResNet-18 is torch.export's, which notes its parameters; whoever adds a gain of zero to it notes nothing."""
    then = accepted_of(tmp_path, "resnet18")
    now = audited(tmp_path, edited("resnet18", then, "rezero", (), Random(323044)))
    assert by_baseline(then, now)
    assert by_budget(then, now, *ALL_KEYS)
