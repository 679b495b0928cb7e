"""How is what was accepted kept in a file?

A baseline is a JSON report (reporters/schema.json), whole or cut down: `write` keeps of it what a comparison needs, one
shortcut a line, so that a pull request shows what it changes. `read` takes either. It trusts nothing in the file.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from shortcut_audit.errors import ConfigError
from shortcut_audit.frozen import frozen, replace
from shortcut_audit.gate.accepted import COUNT_LIMIT, AcceptedModel, AcceptedShortcut, Baseline, RouteStep
from shortcut_audit.gate.document import Reader, Wrong, is_count, list_of, one_of, optional, record, shown, string
from shortcut_audit.gate.paths import is_there, read_regular
from shortcut_audit.names import displayable
from shortcut_audit.report import KINDS, OUTPUTS_TOLD_APART, Shape
from shortcut_audit.report.wording import counted

BASELINE = "baseline (--write-baseline makes one)"
SCHEMA_VERSION = 1
SIZE_LIMIT = 16 * 2**20
"""Bytes of a baseline that is read: parsed, JSON takes up to twenty times the memory."""


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
    """The accepted models that the file did not know."""
    dropped: tuple[str, ...]
    """The models that the file knew, and that are gone."""

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
    found = [(portable(model.source, root), model) for model in models]
    renewed = dict(found)
    if twice := _contradicted(replace(model, source=name) for name, model in found):
        raise ConfigError(f"{file}: two models would both be kept as {shown(twice)}: they are outside of {root}")
    before = {portable(model.source, root): model for model in (read(file).models if is_there(file) else ())}
    dropped = tuple(name for name in before if name not in renewed and gone(name))
    lost = frozenset(dropped)
    kept = [model for name, model in before.items() if name not in renewed and name not in lost]
    text = write([*kept, *renewed.values()], root)
    if len(text) > SIZE_LIMIT:
        raise ConfigError(
            f"{file}: it would be over {SIZE_LIMIT >> 20} MiB, which --baseline refuses; "
            "accept fewer models in one file"
        )
    _models(json.loads(text), str(file), "--baseline would refuse it")
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
    outputs = f'"outputs": {json.dumps([{"name": name} for name in model.outputs])}, ' if model.outputs else ""
    head = f'  {{"source": {json.dumps(source)}, {unknown}{outputs}"shortcuts": ['
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
        **({"outputs": shortcut.outputs} if shortcut.outputs else {}),
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
    return Baseline(str(path), _models(document, f"{path}: no baseline", "--write-baseline makes one"))


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of a report")


def _models(document: object, verdict: str, advice: str) -> tuple[AcceptedModel, ...]:
    """The models of a parsed document. Raises ConfigError with what does not fit first, and where."""
    try:
        found = record(document, {"schema_version": _version, "models": list_of(_model, most=None)}, REPORT)
    except Wrong as wrong:
        more = f" (and {counted(len(wrong.args) - 1, 'more problem')})" if len(wrong.args) > 1 else ""
        raise ConfigError(f"{verdict}: {wrong.args[0]}{more}; {advice}") from None
    models: tuple[AcceptedModel, ...] = found["models"]
    if twice := _contradicted(models):
        raise ConfigError(
            f"{verdict}: models: {shown(twice)} stands twice, not accepted as the same; keep one of the two"
        )
    return models


def _contradicted(models: Iterable[AcceptedModel]) -> str | None:
    """The first name by which two models were accepted that are not the same: nobody could tell which of them it is."""
    seen: dict[str, AcceptedModel] = {}
    for model in models:
        name = posixpath.normpath(model.source)
        one = replace(model, source=name, whole=None)
        if seen.setdefault(name, one) != one:
            return name
    return None


def _version(value: Any) -> int:
    if value != SCHEMA_VERSION:
        raise Wrong(f"{shown(value)} is not {SCHEMA_VERSION}: the report of another version")
    return SCHEMA_VERSION


def _model(value: Any) -> AcceptedModel:
    found = record(value, MODEL, required=("source", "shortcuts"))
    # A report that does not say what was not understood is older than the question: nothing was.
    unknown = (found.get("summary") or {}).get("unknown", 0)
    whole = json.dumps(value) if "layers" in value else None
    outputs = tuple(found.get("outputs", ())[:OUTPUTS_TOLD_APART])
    return AcceptedModel(found["source"], found["shortcuts"], unknown, outputs, whole)


def _shortcut(value: Any) -> AcceptedShortcut:
    found = record(value, SHORTCUT, required=NEEDED)
    if found["parameters"] is None and found["kind"] not in {"gated", "projection"}:
        raise Wrong("parameters: None is no count of what applies no weights")
    span, macs, formula = found.pop("span"), found.pop("macs", None), found.pop("macs_formula", None)
    return AcceptedShortcut(**found, macs=macs, macs_formula=formula, weight_layers=span["weight_layers"])


def _output(value: Any) -> str:
    return displayable(record(value, {"name": string}, required=("name",))["name"])


def _step(value: Any) -> RouteStep:
    found = record(value, {"op": string, "weights": list_of(_weight, most=None)}, required=("op", "weights"))
    return RouteStep(found["op"], found["weights"], value.get("absorbs_norm") is True)


def _weight(value: Any) -> tuple[str, tuple[int, ...]]:
    found = record(value, {"role": string, "shape": list_of(_count, most=None)}, required=("role", "shape"))
    return found["role"], found["shape"]


def _shape(value: Any) -> Shape:
    found: Shape = record(value, {"shape": optional(list_of(_size, most=None))}).get("shape")
    return found


def _size(value: Any) -> int | str | None:
    return value if value is None or isinstance(value, str) else _count(value)


def _count(value: Any) -> int:
    if not is_count(value) or value >= COUNT_LIMIT:
        raise Wrong(f"{shown(value)} is no count (a whole number from 0, below 10**100)")
    return int(value)


def _table(readers: Mapping[str, Reader], *required: str) -> Reader:
    return lambda value: record(value, readers, required)


REPORT = ("schema_version", "models")
"""What a report must have."""

SHORTCUT: Mapping[str, Reader] = {
    "key": string,
    "scope": string,
    "kind": one_of(KINDS),
    "fork": _shape,
    "merge": _shape,
    "route": list_of(_step, most=None),
    "parameters": optional(_count),
    "macs": optional(_count),
    "macs_formula": optional(string),
    "span": _table({"weight_layers": _count}, "weight_layers"),
    "outputs": list_of(_count, most=None),
}
"""What is read of a shortcut; a report says more."""

NEEDED = tuple(key for key in SHORTCUT if not key.startswith("macs") and key != "outputs")

MODEL: Mapping[str, Reader] = {
    "source": string,
    "shortcuts": list_of(_shortcut, most=None),
    "summary": optional(_table({"unknown": _count})),
    "outputs": list_of(_output, most=None),
}
"""What is read of a model."""
