"""What do a model's shortcuts add up to, and what would others cost? In words, for whoever shows a whole report."""

from __future__ import annotations

from dataclasses import dataclass

from shortcut_audit import wording
from shortcut_audit.report import ModelReport, Price
from shortcut_audit.wording import counted, exact, in_bytes, percent, share, short


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
    if totals.macs is None:
        return f"{wording.UNKNOWN} MACs"
    bound = f"{glyphs.at_least} " if totals.lower_bound else ""
    rough = f" ({short(totals.macs)})" if totals.macs >= 10_000 else ""
    return f"{bound}{exact(totals.macs)} MACs{rough} = {exact(totals.flops)} FLOPs"


def sums(model: ModelReport) -> list[tuple[str, str]]:
    """What all shortcuts cost together, and the paper's option that they follow: a label and a sentence each."""
    summary, totals = model.summary, model.totals
    weights = _of_model(share(summary.extra_parameters, totals.parameters))
    spent = f"{wording.UNKNOWN} MACs and FLOPs"
    if summary.extra_macs is not None:
        bound = "at most " if totals.lower_bound and summary.extra_macs else ""
        part = _of_model(share(summary.extra_macs, totals.macs), bound)
        spent = f"{exact(summary.extra_macs)} MACs = {exact(summary.extra_flops)} FLOPs{part}"
    at_most = "" if summary.held_bytes is None else " at most"
    return [
        ("extra weights", counted(summary.extra_parameters, "parameter") + weights),
        ("extra work", spent),
        ("merging", f"{exact(summary.elementwise_adds)} element-wise additions"),
        ("held memory", f"{in_bytes(summary.held_bytes)}{at_most}: x, while F(x) is computed"),
        wording.option_of(model),
    ]


def _of_model(part: str, bound: str = "") -> str:
    return f", {bound}{part} of the model's" if part else ""


@dataclass(frozen=True, slots=True)
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
        exact(price.parameters),
        _difference(price.parameters, model.totals.parameters),
        exact(price.macs),
        _difference(price.macs, model.totals.macs),
        own=model.summary.option == name,
    )


def _difference(then: int | None, now: int | None) -> str:
    if then is None or not now:
        return ""
    difference = then - now
    return f"{'+' if difference > 0 else ''}{percent(difference, now)} %" if difference else "="
