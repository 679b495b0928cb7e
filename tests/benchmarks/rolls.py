"""Which sets of models grow in a way that a gate could stumble over?

Each is a function of how many models there are, and gives what is to be done with them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from shortcut_audit.command.baselines import Asked
from shortcut_audit.gate.accepted import AcceptedModel, AcceptedShortcut
from shortcut_audit.gate.baseline import pair_up
from shortcut_audit.gate.roll import Counterparts, recognised

SHAPE = (1, 8, 4, 4)


def _shortcut(number: int, scope: str = "") -> AcceptedShortcut:
    return AcceptedShortcut(f"{scope}#{number}", scope, "identity", SHAPE, SHAPE, (), 0, 0, weight_layers=2)


def _models(count: int, path: str) -> list[AcceptedModel]:
    """Models of one architecture, each at a path of its own."""
    return [AcceptedModel(path.format(number), (_shortcut(1), _shortcut(2))) for number in range(count)]


def _answers(known: Sequence[AcceptedModel], models: Sequence[AcceptedModel]) -> list[AcceptedModel | None]:
    found = Counterparts(known)
    return [found.of(model.source, model, alone=False) for model in models]


def known_by_name(count: int) -> Callable[[], object]:
    """Models that are all called model.onnx, each in the folder of its run."""
    known = _models(count, "runs/{}/model.onnx")
    return lambda: _answers(known, known)


def known_by_structure(count: int) -> Callable[[], object]:
    """Models in folders that the baseline does not know: what they are called tells nothing."""
    known, models = _models(count, "old/{}/model.onnx"), _models(count, "{}/model.onnx")
    return lambda: _answers(known, models)


def renamed(count: int) -> Callable[[], object]:
    """Models of one architecture, all of which have been renamed."""
    known, models = _models(count, "{}.onnx"), _models(count, "new{}.onnx")
    return lambda: recognised(known, {model.source: model for model in models})


def missed(count: int) -> Callable[[], object]:
    """Models that are named one by one, beside as many that the baseline has and nobody names."""
    asked = Asked([f"{number}.onnx" for number in range(count)], Path())
    return lambda: [asked(f"old{number}.onnx") for number in range(count)]


def paired(count: int) -> Callable[[], object]:
    """Shortcuts of modules that have been moved, and of which every fourth is gone."""
    then = [_shortcut(number, f"stage.{number}") for number in range(count)]
    now = [_shortcut(number, f"net.stage.{number}.body") for number in range(count) if number % 4]
    return lambda: pair_up(then, now)


ROLLS: Mapping[str, Callable[[int], Callable[[], object]]] = {
    "known by name": known_by_name,
    "known by structure": known_by_structure,
    "renamed": renamed,
    "missed": missed,
    "paired": paired,
}
