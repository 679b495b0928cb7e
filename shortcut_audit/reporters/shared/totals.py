"""What do a model's shortcuts add up to, and what would others cost? In words, for whoever shows a whole report."""

from __future__ import annotations

from shortcut_audit.frozen import frozen
from shortcut_audit.names import displayable
from shortcut_audit.report import ModelReport, Price, wording
from shortcut_audit.report.wording import counted, exact, in_bytes, share, short


def facts(model: ModelReport) -> list[str]:
    """How large the model is: "49 ops", "11,684,712 parameters"."""
    totals = model.totals
    parameters = counted(totals.parameters, "parameter")
    if totals.untied_parameters is not None and totals.untied_parameters > totals.parameters:
        parameters += f" ({exact(totals.untied_parameters)} if no two modules shared one)"
    found = [counted(totals.ops, "op"), parameters]
    return [*found, f"{exact(totals.buffers)} in buffers"] if totals.buffers else found


def work(model: ModelReport, glyphs: wording.Glyphs) -> str:
    """MACs and FLOPs of one forward pass of the whole model."""
    totals = model.totals
    if totals.macs_formula is None:
        return f"{wording.UNKNOWN} MACs"
    bound = f"{glyphs.at_least} " if totals.lower_bound else ""
    if totals.macs is None:
        flops = wording.doubled(totals.macs_formula)
        return f"{bound}{short(totals.macs_formula)} MACs = {short(flops)} FLOPs"
    rough = f" ({short(totals.macs)})" if totals.macs >= 10_000 else ""
    return f"{bound}{exact(totals.macs)} MACs{rough} = {exact(totals.flops)} FLOPs"


def sums(model: ModelReport) -> list[tuple[str, str]]:
    """What all shortcuts cost together, and the paper's option that they follow: a label and a sentence each."""
    summary, totals = model.summary, model.totals
    weights = _of_model(share(summary.extra_parameters, totals.parameters))
    spent = f"{wording.UNKNOWN} MACs and FLOPs"
    if summary.extra_macs_formula is not None:
        bound = "at most " if totals.lower_bound and summary.extra_macs != 0 else ""
        part = _of_model(share(summary.extra_macs_formula, totals.macs_formula), bound)
        flops = wording.doubled(summary.extra_macs_formula)
        spent = f"{exact(summary.extra_macs_formula)} MACs = {exact(flops)} FLOPs{part}"
    at_most = "" if summary.held_bytes_formula is None else " at most"
    return [
        ("extra weights", counted(summary.extra_parameters, "parameter") + weights),
        ("extra work", spent),
        ("merging", f"{exact(summary.elementwise_adds_formula)} element-wise additions"),
        ("held memory", f"{in_bytes(summary.held_bytes_formula)}{at_most}: x, while F(x) is computed"),
        wording.option_of(model),
    ]


def _of_model(part: str, bound: str = "") -> str:
    return f", {bound}{part} of the model's" if part else ""


@frozen
class Option:
    """The model with other shortcuts: a row of the what-if table."""

    label: str
    parameters: str
    parameters_change: str
    """Against the model as it is: "+3.02 %", "=" for none; empty where it cannot be known."""
    macs: str
    macs_change: str
    own: bool
    """Whether the model follows this option."""


def options(model: ModelReport) -> list[Option]:
    """He et al. 2015, section 3.3."""
    prices = model.summary.what_if
    return [
        _option(model, "plain", "plain: no shortcuts", prices.plain),
        _option(model, "A", "A: no weights on any", prices.A),
        _option(model, "B", "B: W_s where x changes size", prices.B),
        _option(model, "C", "C: W_s on every one", prices.C),
    ]


def _option(model: ModelReport, name: str, label: str, price: Price) -> Option:
    return Option(
        label,
        exact(price.parameters_formula),
        wording.change(model.totals.parameters, price.parameters_formula),
        (exact if price.macs is not None else short)(price.macs_formula),
        wording.change(model.totals.macs_formula, price.macs_formula),
        own=model.summary.option == name,
    )


REASONS_SHOWN = 4


def uncounted(model: ModelReport) -> list[str]:
    """What is not counted, once for each reason: "Conv /a/conv and 3 like it: the shape of its input is unknown"."""
    if not model.uncounted and model.totals.uncounted:
        return [", ".join(map(displayable, model.totals.uncounted[:REASONS_SHOWN]))]
    alike: dict[tuple[str, str], list[str]] = {}
    for entry in model.uncounted:
        alike.setdefault((entry.op, entry.why), []).append(entry.name)
    found = []
    for (op, why), names in alike.items():
        node = f" {displayable(names[0])}" if names[0] else ""
        like = f" and {exact(len(names) - 1)} like it" if len(names) > 1 else ""
        found.append(f"{displayable(op)}{node}{like}: {why}")
    more = [f"{exact(len(found) - REASONS_SHOWN)} more, each for a reason of its own (-v lists them)"]
    return found if len(found) <= REASONS_SHOWN else [*found[:REASONS_SHOWN], *more]
