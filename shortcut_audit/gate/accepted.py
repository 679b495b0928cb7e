"""What was accepted of a model, and how is it kept?

A baseline is a JSON report (reporters/schema.json), whole or cut down: `write` keeps of it what a comparison needs, one
shortcut a line, so that a pull request shows what it changes. `read` takes either. It trusts nothing in the file.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Callable, Iterable, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any, NoReturn

from shortcut_audit.algebra.settled import Costly
from shortcut_audit.errors import ConfigError
from shortcut_audit.frozen import frozen
from shortcut_audit.gate.paths import is_there, read_regular
from shortcut_audit.report import KINDS, Kind, ModelReport, Shape, Shortcut
from shortcut_audit.report.wording import counted

BASELINE = "baseline (--write-baseline makes one)"
SCHEMA_VERSION = 1
SIZE_LIMIT = 16 * 2**20
"""Bytes of a baseline that is read: parsed, JSON takes up to twenty times the memory."""

COUNT_LIMIT = 10**100
"""No count of a model is as high. What is computed from counts below it stays small enough to compute."""


@frozen
class RouteStep:
    """One op on an accepted shortcut's route: what it did is in the roles and shapes of its learned tensors."""

    op: str
    weights: tuple[tuple[str, tuple[int, ...]], ...]
    """(role, shape) of each learned tensor."""
    absorbs_norm: bool = False
    """Whether the exporter folded a normalisation into it, whose shift it dropped where that is zero."""

    @property
    def dropped(self) -> int:
        """Elements of the shift that an exporter dropped: one for each channel that the weight makes."""
        kernels = [shape for role, shape in self.weights if role == "weight"]
        if not self.absorbs_norm or len(kernels) != 1 or len(self.weights) > 1:
            return 0
        return kernels[0][0] if kernels[0] else 0


@frozen
class AcceptedShortcut(Costly):
    """What a comparison needs to know of one shortcut."""

    key: str
    scope: str
    kind: Kind
    fork: Shape
    merge: Shape
    route: tuple[RouteStep, ...]
    parameters: int | None
    """None where it applied weights that were fed."""
    macs: int | None
    macs_formula: str | None = field(default=None, kw_only=True)
    """The same over the sizes that the model leaves open."""
    weight_layers: int
    """Weight layers of the residual branch that the shortcut skips."""

    @property
    def settled_parameters(self) -> int | None:
        """Its parameters, whether or not an exporter folded normalisations into weights.

        Eval-mode export folds BatchNorm's scale and shift, 2C numbers, into the convolution before it, which gains a
        bias of C instead (ResNet-18: 173,824 parameters before, 172,928 after). So the vectors that follow a matrix on
        the route (its bias, scales, shifts) count as one vector, however many there are, and so does the shift of a
        model that was never trained: it is zero, and was dropped. The price: one more vector after a matrix that has
        one already goes unnoticed.
        """
        if self.parameters is None:
            return None
        surplus, vectors, behind_matrix = 0, list[int](), False
        for step in self.route:
            for role, shape in step.weights:
                if role == "weight":
                    surplus += _foldable(vectors) if behind_matrix else 0
                    vectors, behind_matrix = [], True
                else:
                    vectors.append(_elements(shape))
        surplus += _foldable(vectors) if behind_matrix else 0
        return max(self.parameters - surplus, 0) + sum(step.dropped for step in self.route)


def _elements(shape: Sequence[int]) -> int:
    """Elements of a tensor; of an absurd one, as many as can be counted in time."""
    count = 1
    for size in shape:
        count *= size
        if count > COUNT_LIMIT:
            break
    return count


def _foldable(vectors: Sequence[int]) -> int:
    return sum(vectors) - max(vectors, default=0)


@frozen
class AcceptedModel:
    """What was accepted of one model; its shortcuts in topological order."""

    source: str
    shortcuts: tuple[AcceptedShortcut, ...]
    unknown: int = 0
    """Additions that were not understood."""


@frozen
class Baseline:
    """Every model that was accepted together, and the file that says so."""

    file: str
    models: tuple[AcceptedModel, ...]


def accept(model: ModelReport) -> AcceptedModel:
    """What there is to accept of a model that was audited just now."""
    shortcuts = tuple(_accept(shortcut) for shortcut in model.shortcuts)
    return AcceptedModel(model.source, shortcuts, model.summary.unknown)


def _accept(shortcut: Shortcut) -> AcceptedShortcut:
    return AcceptedShortcut(
        key=shortcut.key,
        scope=shortcut.scope,
        kind=shortcut.kind,
        fork=shortcut.fork.shape,
        merge=shortcut.merge.shape,
        route=tuple(
            RouteStep(s.op, tuple((w.role, w.shape) for w in s.weights), s.absorbs_norm) for s in shortcut.route
        ),
        parameters=shortcut.parameters,
        macs=shortcut.macs,
        macs_formula=shortcut.macs_formula,
        weight_layers=shortcut.span.weight_layers,
    )


def write(models: Iterable[AcceptedModel], root: Path) -> str:
    """The text of a baseline file: sorted, one shortcut a line, no time, no path outside `root` or absolute."""
    named = sorted(((portable(model.source, root), model) for model in models), key=lambda pair: pair[0])
    blocks = ",\n".join(_model_text(source, model) for source, model in named)
    head = f'{{"schema_version": {SCHEMA_VERSION}, "tool": {{"name": "shortcut-audit"}},\n "models": ['
    return head + (f"\n{blocks}\n" if blocks else "") + "]}\n"


@frozen
class Renewed:
    """A baseline after some models have been accepted."""

    text: str
    accepted: tuple[str, ...]
    """The models that were accepted, by the names under which they are kept."""
    added: tuple[str, ...]
    """Those among them that the file did not know."""
    dropped: tuple[str, ...]
    """Those that it knew, and that are gone."""

    def said(self) -> str:
        """How many models were accepted, and what has changed: "2 models; added: a.onnx; dropped: b.onnx"."""
        parts = [counted(len(self.accepted), "model")]
        parts += [f"{verb}: {', '.join(names[:NAMES_SAID])}{_more(names)}" for verb, names in self._changes() if names]
        return "; ".join(parts)

    def _changes(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        return ("added", self.added), ("dropped", self.dropped)


NAMES_SAID = 8


def _more(names: Sequence[str]) -> str:
    return f" and {len(names) - NAMES_SAID} more" if len(names) > NAMES_SAID else ""


def rewrite(file: Path, models: Iterable[AcceptedModel], root: Path, gone: Callable[[str], bool]) -> Renewed:
    """The baseline in `file` after these models have been accepted.

    Of the others those stay that are not `gone`: in the set that was audited, and no longer there. Raises ConfigError
    if there is a file that is no baseline, which would be lost, and if what would be written could not be read again.
    """
    renewed = {portable(model.source, root): model for model in models}
    before = {portable(model.source, root): model for model in (read(file).models if is_there(file) else ())}
    dropped = tuple(name for name in before if name not in renewed and gone(name))
    kept = [model for name, model in before.items() if name not in renewed and name not in dropped]
    text = write([*kept, *renewed.values()], root)
    if len(text) > SIZE_LIMIT:
        raise ConfigError(
            f"{file}: it would be over {SIZE_LIMIT >> 20} MiB, which --baseline refuses; "
            "accept fewer models in one file"
        )
    _Reader(str(file), "--baseline would refuse it").models(json.loads(text))
    return Renewed(text, tuple(renewed), tuple(name for name in renewed if name not in before), dropped)


def portable(source: str, root: Path) -> str:
    """The name under which a model is kept: its path relative to `root`; outside of that, its file name alone."""
    path = Path(source)
    if not path.is_absolute():
        return posixpath.normpath(path.as_posix())
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name


def _model_text(source: str, model: AcceptedModel) -> str:
    lines = ",\n".join(f"   {json.dumps(_entry(shortcut))}" for shortcut in model.shortcuts)
    unknown = f'"summary": {{"unknown": {model.unknown}}}, ' if model.unknown else ""
    head = f'  {{"source": {json.dumps(source)}, {unknown}"shortcuts": ['
    return head + (f"\n{lines}\n  ]}}" if lines else "]}")


def _entry(shortcut: AcceptedShortcut) -> dict[str, Any]:
    return {
        "key": shortcut.key,
        "scope": shortcut.scope,
        "kind": shortcut.kind,
        "fork": {"shape": shortcut.fork},
        "merge": {"shape": shortcut.merge},
        "parameters": shortcut.parameters,
        "macs": shortcut.macs,
        **({"macs_formula": shortcut.macs_formula} if shortcut.macs is None and shortcut.macs_formula else {}),
        "span": {"weight_layers": shortcut.weight_layers},
        "route": [
            {
                "op": step.op,
                "weights": [{"role": role, "shape": shape} for role, shape in step.weights],
                **({"absorbs_norm": True} if step.absorbs_norm else {}),
            }
            for step in shortcut.route
        ],
    }


def is_report(path: Path) -> bool:
    """Whether a baseline is a JSON report rather than a model: JSON opens with a brace. Raises ConfigError."""
    return read_regular(path, 4096, BASELINE).lstrip().startswith(b"{")


def read(path: Path) -> Baseline:
    """The baseline in a JSON report. Raises ConfigError, one line, on anything that is none."""
    data = read_regular(path, SIZE_LIMIT + 1, BASELINE)
    if len(data) > SIZE_LIMIT:
        raise ConfigError(
            f"{path}: a baseline of over {SIZE_LIMIT >> 20} MiB is not read; --write-baseline makes a small one"
        )
    try:
        document = json.loads(data, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: no JSON report: {error or 'nested too deeply'}") from None
    return Baseline(str(path), _Reader(f"{path}: no baseline", "--write-baseline makes one").models(document))


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of a report")


class _Reader:
    """Takes a parsed document apart, field by field; whatever does not fit is a ConfigError that says where."""

    def __init__(self, verdict: str, advice: str) -> None:
        self._verdict, self._advice = verdict, advice

    def models(self, document: object) -> tuple[AcceptedModel, ...]:
        report = self._object(document, "the report")
        if report.get("schema_version") != SCHEMA_VERSION:
            self._refuse("schema_version", f"is not {SCHEMA_VERSION}: the report of another version")
        return tuple(
            self._model(model, f"models[{n}]") for n, model in enumerate(self._list(report.get("models"), "models"))
        )

    def _model(self, given: object, where: str) -> AcceptedModel:
        model = self._object(given, where)
        shortcuts = enumerate(self._list(model.get("shortcuts"), f"{where}.shortcuts"))
        return AcceptedModel(
            self._text(model.get("source"), f"{where}.source"),
            tuple(self._shortcut(entry, f"{where}.shortcuts[{n}]") for n, entry in shortcuts),
            self._unknown(model.get("summary"), f"{where}.summary"),
        )

    def _unknown(self, given: object, where: str) -> int:
        """What was not understood; nothing where a report does not say, as those before it could be said did not."""
        summary = {} if given is None else self._object(given, where)
        return self._count(summary.get("unknown", 0), f"{where}.unknown")

    def _shortcut(self, given: object, where: str) -> AcceptedShortcut:
        entry = self._object(given, where)
        kind = entry.get("kind")
        if kind not in KINDS:
            self._refuse(f"{where}.kind", f"is none of {', '.join(KINDS)}")
        span = self._object(entry.get("span"), f"{where}.span")
        route = enumerate(self._list(entry.get("route"), f"{where}.route"))
        macs, formula = entry.get("macs"), entry.get("macs_formula")
        parameters = entry.get("parameters", "left out")
        fed = parameters is None and kind in {"gated", "projection"}
        return AcceptedShortcut(
            key=self._text(entry.get("key"), f"{where}.key"),
            scope=self._text(entry.get("scope"), f"{where}.scope"),
            kind=kind,
            fork=self._shape(entry.get("fork"), f"{where}.fork"),
            merge=self._shape(entry.get("merge"), f"{where}.merge"),
            route=tuple(self._step(step, f"{where}.route[{n}]") for n, step in route),
            parameters=None if fed else self._count(parameters, f"{where}.parameters"),
            macs=None if macs is None else self._count(macs, f"{where}.macs"),
            macs_formula=None if formula is None else self._text(formula, f"{where}.macs_formula"),
            weight_layers=self._count(span.get("weight_layers"), f"{where}.span.weight_layers"),
        )

    def _step(self, given: object, where: str) -> RouteStep:
        step = self._object(given, where)
        weights = []
        for n, weight in enumerate(self._list(step.get("weights"), f"{where}.weights")):
            fields = self._object(weight, f"{where}.weights[{n}]")
            sizes = self._list(fields.get("shape"), f"{where}.weights[{n}].shape")
            shape = tuple(self._count(size, f"{where}.weights[{n}].shape") for size in sizes)
            weights.append((self._text(fields.get("role"), f"{where}.weights[{n}].role"), shape))
        return RouteStep(self._text(step.get("op"), f"{where}.op"), tuple(weights), step.get("absorbs_norm") is True)

    def _shape(self, given: object, where: str) -> Shape:
        shape = self._object(given, where).get("shape")
        if shape is None:
            return None
        sizes = self._list(shape, f"{where}.shape")
        return tuple(
            size if size is None or isinstance(size, str) else self._count(size, f"{where}.shape") for size in sizes
        )

    def _object(self, given: object, where: str) -> dict[str, object]:
        return given if isinstance(given, dict) else self._refuse(where, "is no JSON object")

    def _list(self, given: object, where: str) -> list[object]:
        return given if isinstance(given, list) else self._refuse(where, "is no JSON list")

    def _text(self, given: object, where: str) -> str:
        return given if isinstance(given, str) else self._refuse(where, "is no text")

    def _count(self, given: object, where: str) -> int:
        if isinstance(given, int) and not isinstance(given, bool) and 0 <= given < COUNT_LIMIT:
            return given
        return self._refuse(where, "is no count (a whole number from 0, below 10**100)")

    def _refuse(self, where: str, what: str) -> NoReturn:
        raise ConfigError(f"{self._verdict}: {where} {what}; {self._advice}")
