"""What is said, whole, of the graphs that the gallery draws?

tests/golden/gallery.txt holds graphs, each with all that its report says. Some were drawn by chance, some are drawings
of other tests; of thousands those were kept that lead the search and the accounts along ways on which few others do.
Nobody has made up their verdicts; they are there so that whoever changes a rule reads what else it changed:

    WRITE_GOLDEN=1 pytest tests/test_gallery.py

writes the verdicts anew. A graph opens with `==` and its title; then come its inputs and tensors (`x: batch,8,4,4`,
`i: fed int64 1,3`, `w: stored 8,8,3,3`, `i: int64 2 = 0,1`, `h: literal = 0.5`), its ops as in a listing, and behind
`--` the verdict.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from shortcut_audit.graph.draft import Draft, Tensor
from shortcut_audit.graph.model import Shape, TensorType
from shortcut_audit.pipeline import audit_draft
from shortcut_audit.report import Layer, ModelReport, Shortcut, Span
from shortcut_audit.report.model import Price, Totals
from tests.sketch import listing, stored

FILE = Path(__file__).parent / "golden" / "gallery.txt"


@dataclass(frozen=True)
class Picture:
    """One graph of the gallery."""

    title: str
    lines: tuple[str, ...]
    verdict: tuple[str, ...]

    def draft(self) -> Draft:
        """The graph as a loader would hand it over."""
        given = dict(_given(line) for line in self.lines if ":" in line.partition("=")[0].partition("(")[0])
        return listing(*(line for line in self.lines if line.partition(":")[0] not in given), **given)

    def written(self, verdict: tuple[str, ...]) -> str:
        """The graph with a verdict, as the file has it."""
        return "\n".join([f"== {self.title}", *self.lines, "--", *verdict, "", ""])


def pictures() -> list[Picture]:
    """All graphs of the gallery."""
    made = []
    for entry in FILE.read_text(encoding="utf-8").split("== ")[1:]:
        drawing, _, verdict = entry.partition("\n--\n")
        title, *lines = drawing.splitlines()
        made.append(Picture(title, tuple(lines), tuple(verdict.rstrip("\n").splitlines())))
    return made


def write(drawn: list[Picture]) -> None:
    """Writes the gallery, with the verdicts of today."""
    FILE.write_text("".join(one.written(told(audit_draft(one.draft()))) for one in drawn), encoding="utf-8")


def _given(line: str) -> tuple[str, Tensor | TensorType]:
    name, _, rest = line.partition(": ")
    told, _, data = rest.partition("=")
    words = told.split()
    if len(words) == 1 and words[0] not in {"literal", "stored"} and not data:
        return name, TensorType(_dims(words[0]), "float32")
    if words[0] == "fed":
        return name, TensorType(_dims(words[2]), words[1])
    numbers = tuple(float(n) if "." in n else int(n) for n in data.split(",")) if data else None
    shape = tuple(int(size) for size in words[1].split(",")) if len(words) > 1 else ()
    dtype = words[0] if words[0] not in {"stored", "literal"} else "float32"
    return name, stored(*shape, dtype=dtype, data=numbers, literal=words[0] == "literal")


def _dims(text: str) -> tuple[int | str | None, ...]:
    return tuple(int(dim) if dim.isdigit() else None if dim == "?" else dim for dim in text.split(","))


def told(report: ModelReport) -> tuple[str, ...]:
    """All that a report says, a line for each thing."""
    return tuple(_told(report))


def _told(report: ModelReport) -> Iterator[str]:
    for one in report.shortcuts:
        yield from _shortcut(one)
    for other in report.other_adds:
        also = f" with {', '.join(other.also)}" if other.also else ""
        yield f"{other.op} {other.name}{also}: {other.reason} ({other.detail})"
    for joint in report.concatenations or ():
        yield f"joint {joint.name}: {', '.join(joint.joins)}"
    for layer in report.layers:
        on = f", on {layer.shortcut}" if layer.shortcut else ""
        costs = f"{layer.parameters} parameters, {_macs(layer)}{on}"
        yield f"layer {layer.name}: {layer.op} {layer.detail}, makes {_shape(layer.shape)}, {costs}"
    totals, summary, prices = report.totals, report.summary, report.summary.what_if
    least = f"{' at least' * totals.lower_bound}{' at least that many parameters' * totals.parameters_lower_bound}"
    yield (
        f"total: {totals.ops} ops, {totals.adds} adds, {totals.parameters} parameters "
        f"({totals.active_parameters} active, {totals.untied_parameters} untied), {totals.buffers} buffers, "
        f"{_macs(totals)}, {totals.constant_macs} constant{least}"
    )
    yield from (f"uncounted {one.op} {one.name}: {one.why}" for one in report.uncounted)
    yield f"option {summary.option}, {summary.unknown} unknown; " + ", ".join(
        f"{option}: {_price(price)}"
        for option, price in (("A", prices.A), ("B", prices.B), ("C", prices.C), ("plain", prices.plain))
    )
    yield from (f"note: {note}" for note in report.notes)


def _shortcut(one: Shortcut) -> Iterator[str]:
    also = f" with {', '.join(one.merge.also)}" if one.merge.also else ""
    yield f"{one.merge.op} {one.merge.name}{also}: {one.kind} of {one.fork.name} after layer {one.merge.after_layers}"
    for step in one.route:
        weights = ", ".join(f"{w.role} {w.name}" for w in step.weights)
        strides = f" strides {step.strides}" if step.strides else ""
        by = f"  by {step.name}, a {step.step_class}: {step.op} {step.detail}{strides}"
        yield by + (f" [{weights}]" if weights else "")
    holds = [what for what, has in (("weight", one.has_weight), ("bias", one.has_bias)) if has] or ["no weight"]
    quantised = f", quantised {one.quantisation}" if one.quantisation != "none" else ""
    outputs = ", ".join(map(str, one.outputs))
    yield (
        f"  {one.key}: {_shape(one.fork.shape)} to {_shape(one.merge.shape)}, with {' and '.join(holds)}, "
        f"for outputs {outputs}{quantised}"
    )
    adds, held = one.elementwise_adds or one.elementwise_adds_formula, one.held_bytes or one.held_bytes_formula
    words = f"; {one.weights_in_words}" if one.weights_in_words else ""
    yield f"  costs {one.parameters} parameters, {_macs(one)}; adds {adds}; holds {held}{words}"
    span = one.span
    yield (
        f"  skips {span.weight_layers} layers ({one.first_layer} to {one.last_layer}), {span.ops} ops, "
        f"{span.parameters} parameters, {_macs(span)}"
    )
    yield from (f"  note: {note}" for note in one.notes)


def _shape(shape: Shape) -> str:
    return "?" if shape is None else "x".join("?" if size is None else str(size) for size in shape) or "a scalar"


def _macs(costly: Layer | Totals | Shortcut | Span) -> str:
    known = costly.macs_formula if costly.macs is None else costly.macs
    return f"{'unknown' if known is None else known} MACs"


def _price(price: Price) -> str:
    parameters = price.parameters_formula if price.parameters is None else price.parameters
    macs = price.macs_formula if price.macs is None else price.macs
    return f"{parameters}/{macs}"
