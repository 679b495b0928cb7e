"""Which architectures project, which copy, and what do their shortcuts cost? A census of the models that packages hold.

Builds every model of timm and torchvision and every configuration of transformers, each with its default sizes, on the
meta device, so without weights, and audits it. A line a model is appended to `census/models.jsonl` as it is done; a run
that is interrupted goes on where it was. Then the table and the picture are made of all lines that there are:

    pip install "shortcut-audit[torch]" timm torchvision transformers
    python samples/census.py --jobs 2            # a night; --minutes 60 for an hour
    python samples/census.py --report            # the table and the picture again, of what there is

Models come in rounds, one of each family, so that what an hour has done is a fair share of the whole.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import re
import statistics
import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from importlib.util import find_spec
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any

from shortcut_audit import audit
from shortcut_audit.command import executors

HERE = Path(__file__).parent / "census"
LINES, TABLE, FAMILIES, PICTURE = (HERE / name for name in ("models.jsonl", "models.csv", "families.md", "census.svg"))

PATHS = re.compile(r" ?\(?/[\w./-]+\.py\b[^ )]*\)?")
"""Where on this machine a message comes from."""

Name = tuple[str, str, str]
"""A package, a family as the package declares it, and a model of it."""


# -- what there is ----------------------------------------------------------------------------------------------------


def of_timm() -> Iterator[Name]:
    """The families are timm's modules."""
    import timm

    for module in timm.list_modules():
        yield from (("timm", module, name) for name in timm.list_models(module=module))


def of_torchvision() -> Iterator[Name]:
    """The families are torchvision's modules."""
    import torchvision

    for name in torchvision.models.list_models():
        yield "torchvision", torchvision.models.get_model_builder(name).__module__.rpartition(".")[2], name


def of_transformers() -> Iterator[Name]:
    """The families are the library's kinds of model, each once, with the sizes that its configuration has unasked."""
    from transformers.models.auto.modeling_auto import MODEL_MAPPING_NAMES

    yield from (("transformers", kind, kind) for kind in MODEL_MAPPING_NAMES)


PACKAGES: Mapping[str, Callable[[], Iterator[Name]]] = {
    "timm": of_timm, "torchvision": of_torchvision, "transformers": of_transformers,
}  # fmt: skip


def listed() -> list[Name]:
    """All models of the packages that are installed, in rounds: one of each family, then the next."""
    _define_operators()
    families: dict[tuple[str, str], list[Name]] = defaultdict(list)
    for package, names in PACKAGES.items():
        for name in names() if find_spec(package) else ():
            families[name[:2]].append(name)
    return [name for name in chain.from_iterable(zip_longest(*families.values())) if name is not None]


def _define_operators() -> None:
    """Lets torchvision be imported where its kernels do not fit PyTorch: on the meta device nothing runs them."""
    spec = find_spec("torchvision")
    if spec is None or spec.origin is None:
        return
    try:
        import torchvision  # noqa: F401
    except RuntimeError:
        import torch

        source = Path(spec.origin).with_name("_meta_registrations.py").read_text(encoding="utf-8")
        names = set(re.findall(r'register_(?:meta|fake)\("(?:torchvision::)?(\w+)"\)', source))
        for name in sorted(names):
            with contextlib.suppress(RuntimeError):
                torch.library.define(f"torchvision::{name}", "(Tensor x) -> Tensor")


# -- one model --------------------------------------------------------------------------------------------------------


def audited(name: Name) -> dict[str, Any]:
    """The line on one model."""
    started = time.process_time()
    with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        try:
            found = _numbers(*_built(name))
        except Exception as error:  # noqa: BLE001 -- any model may fail in its own way: that is counted, not hidden
            said = PATHS.sub("", " ".join(f"{type(error).__name__}: {error}".split()))
            found = {"refused": said[:160]}
    package, family, model = name
    seconds = round(time.process_time() - started, 1)
    return {"package": package, "family": family, "model": model, **found, "seconds": seconds}


def _built(name: Name) -> tuple[Any, tuple[Any, ...], Mapping[str, Any]]:
    """A model in eval mode, and what it is called with."""
    import torch

    package, _, model = name
    _define_operators()
    os.environ["HF_HUB_OFFLINE"] = "1"
    if package == "transformers":
        from transformers import CONFIG_MAPPING

        from shortcut_audit.loaders.torch.configured import built_from, example_of

        with torch.device("meta"):
            module = built_from(CONFIG_MAPPING[model]())
        return module, (), example_of(module, "meta").kwargs
    if package == "timm":
        import timm

        with torch.device("meta"):
            module = timm.create_model(model, pretrained=False)
        shape = module.pretrained_cfg.get("input_size") or (3, 224, 224)
    else:
        import torchvision

        build = torchvision.models.get_model
        kwargs = {"weights_backbone": None} if ".detection." in _module_of(model) or "seg" in _module_of(model) else {}
        with torch.device("meta"):
            module = build(model, weights=None, **kwargs)
        shape = (3, 16, 112, 112) if ".video." in _module_of(model) else (3, 224, 224)
        shape = (3, 299, 299) if model == "inception_v3" else shape
    return module.eval(), (torch.zeros((1, *shape), device="meta"),), {}


def _module_of(model: str) -> str:
    import torchvision

    return str(torchvision.models.get_model_builder(model).__module__)


def _numbers(module: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    report = audit(module, *args, kwargs=kwargs)
    totals, summary = report.totals, report.summary
    return {
        "parameters": totals.parameters,
        "macs": totals.macs,
        "lower_bound": totals.lower_bound,
        "uncounted": list(totals.uncounted),
        "identity": summary.identity,
        "parameter_free": summary.parameter_free,
        "gated": summary.gated,
        "projection": summary.projection,
        "extra_parameters": summary.extra_parameters,
        "extra_macs": summary.extra_macs,
        "option": summary.option,
    }


# -- all of them ------------------------------------------------------------------------------------------------------


def run(jobs: int, minutes: float, seconds_each: float) -> None:
    """Audits what has no line yet, until the time is up."""
    HERE.mkdir(exist_ok=True)
    done = {(line["package"], line["family"], line["model"]) for line in lines()}
    left = iter([name for name in listed() if name not in done])
    ending = time.monotonic() + 60 * minutes
    executors.HANG_SECONDS = seconds_each
    with executors.local(jobs) as executor, LINES.open("a", encoding="utf-8") as file:
        waiting: dict[Future[dict[str, Any]], Name] = {}
        while True:
            for name in left if time.monotonic() < ending else ():
                waiting[executor.submit(audited, name)] = name
                if len(waiting) >= jobs:
                    break
            if not waiting:
                return
            for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                file.write(json.dumps(_line(waiting.pop(future), future)) + "\n")
                file.flush()


def _line(name: Name, future: Future[dict[str, Any]]) -> dict[str, Any]:
    error = future.exception()
    if error is None:
        return future.result()
    package, family, model = name
    return {"package": package, "family": family, "model": model, "refused": str(error)}


def lines() -> list[dict[str, Any]]:
    """Every line that was written whole."""
    found = []
    for text in LINES.read_text(encoding="utf-8").splitlines() if LINES.exists() else ():
        with contextlib.suppress(ValueError):
            found.append(json.loads(text))
    return found


# -- the table and the picture ----------------------------------------------------------------------------------------

KINDS = {"identity": "#4c78a8", "parameter_free": "#72b7b2", "gated": "#eeca3b", "projection": "#e45756"}
COLUMNS = (
    "package family model parameters macs lower_bound identity parameter_free gated projection extra_parameters "
    "extra_macs option uncounted refused"
).split()


def report() -> None:
    """Writes the tables and the picture of all lines that there are."""
    every = sorted(lines(), key=lambda line: (line["package"], line["family"], line["model"]))
    sound = [line for line in every if "refused" not in line]
    rows = [",".join(_cell(line.get(column)) for column in COLUMNS) for line in every]
    TABLE.write_text("\n".join([",".join(COLUMNS), *rows]) + "\n", encoding="utf-8")
    FAMILIES.write_text(_families(every, sound), encoding="utf-8")
    PICTURE.write_text(_picture(sound), encoding="utf-8")
    print(_said(every, sound))


def _cell(value: Any) -> str:
    text = "" if value is None else " ".join(value) if isinstance(value, list) else str(value)
    return '"' + text.replace('"', '""') + '"' if re.search(r'[",\n]', text) else text


def _said(every: list[dict[str, Any]], sound: list[dict[str, Any]]) -> str:
    shortcuts = sum(line[kind] for line in sound for kind in KINDS)
    projecting = sum(line["projection"] > 0 for line in sound)
    copying = sum(line["identity"] > 0 and not line["projection"] and not line["gated"] for line in sound)
    none = sum(not any(line[kind] for kind in KINDS) for line in sound)
    uncounted = sum(bool(line["uncounted"]) for line in sound)
    return (
        f"{len(every):,} models were tried: {len(sound):,} audited, {len(every) - len(sound):,} refused (they need "
        f"packages or inputs of their own, or cannot be exported); in {uncounted:,} some operator is not counted, and "
        f"their MACs are a lower bound. {shortcuts:,} shortcuts: "
        + ", ".join(f"{sum(line[kind] for line in sound):,} {kind.replace('_', '-')}" for kind in KINDS)
        + f". {projecting:,} models project at least one, {copying:,} only copy, {none:,} have no shortcut."
    )


def _shares(group: list[dict[str, Any]], extra: str, whole: str) -> str:
    """The median share of what is on shortcuts, in percent, over the models of which it is known."""
    shares = [100 * line[extra] / line[whole] for line in group if line[extra] is not None and line[whole]]
    return f"{statistics.median(shares):.2f} %" if shares else "unknown"


def _grouped(sound: list[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in sound:
        groups[f"{line['package']} {line['family']}"].append(line)
    return sorted(groups.items())


def _families(every: list[dict[str, Any]], sound: list[dict[str, Any]]) -> str:
    head = "| family | models | identity | parameter-free | gated | projection | of the parameters | of the MACs |"
    rows = [
        f"| {name} | {len(group)} | "
        + " | ".join(f"{sum(line[kind] for line in group):,}" for kind in KINDS)
        + f" | {_shares(group, 'extra_parameters', 'parameters')} | {_shares(group, 'extra_macs', 'macs')} |"
        for name, group in _grouped(sound)
    ]
    return (
        "\n".join(["# The census", "", _said(every, sound), "", SHARES, "", head, "|---|" + "---:|" * 7, *rows]) + "\n"
    )


SHARES = "The shares are what lies on shortcuts, in the median model of the family."

WIDTH, ROW, LABEL, BAR = 760, 18, 200, 330
SHOWN = 24
NONE = "#d0d0d0"

Bar = tuple[str, list[tuple[str, int]], tuple[str, str]]
"""A label, the colours and lengths of its parts, and what is said in the two columns beside it."""


def _share(group: list[dict[str, Any]]) -> float:
    """By which families are ordered: of the parameters, as `_shares` has it."""
    said = _shares(group, "extra_parameters", "parameters")
    return -1.0 if said == "unknown" else float(said.removesuffix(" %"))


def _by_package(sound: list[dict[str, Any]]) -> list[Bar]:
    """Models, by the strongest kind of shortcut that they have."""
    bars: list[Bar] = []
    for package in PACKAGES:
        models = [line for line in sound if line["package"] == package]
        strongest = [next((kind for kind in reversed(KINDS) if line[kind]), "") for line in models]
        parts = [(KINDS[kind], strongest.count(kind)) for kind in reversed(KINDS)]
        shortcuts = f"{sum(line[kind] for line in models for kind in KINDS):,}"
        bars.append((f"{package} ({len(models)})", [*parts, (NONE, strongest.count(""))], (shortcuts, "")))
    return [bar for bar in bars if any(length for _, length in bar[1])]


def _dearest(sound: list[dict[str, Any]]) -> list[Bar]:
    """The families whose shortcuts hold most of their parameters: their shortcuts, by kind."""
    families = sorted(_grouped(sound), key=lambda each: (-_share(each[1]), each[0]))[:SHOWN]
    return [
        (
            f"{name} ({len(group)})",
            [(color, sum(line[kind] for line in group)) for kind, color in KINDS.items()],
            (_shares(group, "extra_parameters", "parameters"), _shares(group, "extra_macs", "macs")),
        )
        for name, group in families
    ]


def _picture(sound: list[dict[str, Any]]) -> str:
    """What models have, package by package, and the families with the dearest shortcuts."""
    packages, families = _by_package(sound), _dearest(sound)
    below = 92 + ROW * len(packages)
    height = below + 24 + ROW * len(families)
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img"',
        ' font-family="sans-serif" font-size="11">',
        f"<title>Kinds of shortcuts in {len(sound)} models</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        *_legend(),
        *_bars(packages, 38, ("models, by the strongest kind of shortcut in them", "shortcuts", "")),
        *_bars(families, below, ("families with the dearest shortcuts: these, by kind", "of parameters", "of MACs")),
    ]
    return "\n".join([*drawn, "</svg>"]) + "\n"


def _legend() -> Iterator[str]:
    for number, (kind, color) in enumerate([*KINDS.items(), ("no shortcut", NONE)]):
        at = LABEL + 100 * number
        yield f'<rect x="{at}" y="10" width="10" height="10" fill="{color}"/>'
        yield f'<text x="{at + 14}" y="19">{kind.replace("_", "-")}</text>'


def _bars(bars: list[Bar], top: int, heads: tuple[str, str, str]) -> Iterator[str]:
    """Bars of equal length below a line of heads."""
    columns = (LABEL + BAR + 105, WIDTH - 8)
    yield f'<text x="{LABEL}" y="{top + 12}" fill="#555">{heads[0]}</text>'
    for at, head in zip(columns, heads[1:], strict=True):
        yield f'<text x="{at}" y="{top + 12}" text-anchor="end" fill="#555">{head}</text>'
    for number, (label, parts, beside) in enumerate(bars, start=1):
        line, left = top + ROW * number, float(LABEL)
        yield f'<text x="{LABEL - 8}" y="{line + 12}" text-anchor="end">{label}</text>'
        for color, length in parts:
            width = BAR * length / max(sum(length for _, length in parts), 1)
            if width:
                yield f'<rect x="{left:.1f}" y="{line}" width="{width:.1f}" height="{ROW - 4}" fill="{color}"/>'
            left += width
        for at, said in zip(columns, beside, strict=True):
            yield f'<text x="{at}" y="{line + 12}" text-anchor="end" fill="#555">{said}</text>'


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--jobs", type=int, default=1, help="models at a time")
    parser.add_argument("--minutes", type=float, default=600, help="when to begin no other model")
    parser.add_argument("--seconds", type=float, default=300, help="how long one model may take")
    parser.add_argument("--report", action="store_true", help="make the table and the picture of what there is")
    given = parser.parse_args()
    if not given.report:
        run(given.jobs, given.minutes, given.seconds)
    report()


if __name__ == "__main__":
    main()
