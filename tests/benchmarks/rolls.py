"""Which sets of models, and which reports, grow in a way that a gate or a reporter could stumble over?

Each is a function of how many things there are, and gives what is to be done with them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from shortcut_audit.command.baselines import Asked
from shortcut_audit.gate.accepted import AcceptedModel, AcceptedShortcut
from shortcut_audit.gate.baseline import pair_up
from shortcut_audit.gate.roll import Counterparts, recognised
from shortcut_audit.graph.draft import Draft, Node, Tensor
from shortcut_audit.graph.model import TensorType
from shortcut_audit.pipeline import audit_draft
from shortcut_audit.report import AuditReport
from shortcut_audit.reporters import REPORTERS, Style
from tests.benchmarks.shapes import WIDTH

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


def drawn(count: int) -> Callable[[], object]:
    """The picture of a chain whose every layer has another width, so that nothing is folded, line by line."""
    shape = [(1, WIDTH + number) for number in range(count + 1)]
    nodes = [node for number in range(count) for node in _widened(number)]
    stored = [(f"{kind}{number}", (shape[number][1], shape[number + 1][1])) for number in range(count) for kind in "pw"]
    tensors = tuple(Tensor(name, size, "float32") for name, size in stored)
    inputs = (("x0", TensorType((1, WIDTH), "float32")),)
    draft = Draft("growth", "onnx", "", 17, inputs, (f"x{count}",), tensors, tuple(nodes))
    report = AuditReport("0", (audit_draft(draft),))
    return lambda: REPORTERS["text"].render(report, Style(verbose=1, diagram=True))


def _widened(number: int) -> tuple[Node, ...]:
    """One block, y = p x + relu(w x)."""
    x, q, r = (f"{letter}{number}" for letter in "xqr")
    return (
        Node("MatMul", (x, f"p{number}"), (f"s{number}",), f"s{number}"),
        Node("MatMul", (x, f"w{number}"), (q,), q),
        Node("Relu", (q,), (r,), r),
        Node("Add", (f"s{number}", r), (f"x{number + 1}",), f"a{number}"),
    )


ROLLS: Mapping[str, tuple[Callable[[int], Callable[[], object]], int]] = {
    "known by name": (known_by_name, 30),
    "known by structure": (known_by_structure, 30),
    "renamed": (renamed, 30),
    "missed": (missed, 30),
    "paired": (paired, 30),
    "drawn": (drawn, 90),
}
"""What grows, and the smallest number of things that is fitted."""
