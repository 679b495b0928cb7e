"""What does each front end say of each model?

    python -m tests.census --out ../census.csv [--only 'timm/*'] [--fronts live,pt2] [--limit N] [--seconds N]
    python -m tests.census --table ../census.csv

The first writes one row a model and front end, and goes on where it was interrupted; each model has a process that may
be ended. The second shows where front ends contradict each other, and what failed. Not part of the test suite: it takes
hours, and the packages `timm` and `transformers`.
"""

from __future__ import annotations

import argparse
import csv
import fnmatch
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import TimeoutError as Overtime
from pathlib import Path
from typing import Any

from shortcut_audit import audit
from shortcut_audit.errors import ShortcutAuditError
from shortcut_audit.report import ModelReport
from tests.census.models import Entry, Made, entries

FIELDS = (
    "model", "front", "status", "identity", "parameter_free", "gated", "projection", "parameters", "macs", "adds",
    "lower_bound", "uncounted", "seconds", "message",
)  # fmt: skip
SHAPED = ("identity", "parameter_free", "gated", "projection")


def live(made: Made, folder: Path) -> ModelReport:
    """The module as it stands in memory."""
    module, args, kwargs = made
    return audit(module, *args, kwargs=kwargs)


def plain(made: Made) -> tuple[Any, tuple[Any, ...]]:
    """The same as a module that takes and returns tensors: exporters know no caches, nor outputs of other classes."""
    import torch

    from shortcut_audit.loaders.torch.holding import Lifted, tensors_in

    module, args, kwargs = made
    call = Lifted((args, kwargs), tuple(tensors_in((args, kwargs))))

    class Plain(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.inner = module

        def forward(self, *tensors: Any) -> tuple[Any, ...]:
            args, kwargs = call.around(tensors)
            return tuple(tensors_in(self.inner(*args, **kwargs)))

    return Plain().eval(), call.tensors


def saved(made: Made, folder: Path) -> ModelReport:
    """torch.export, saved and read without PyTorch."""
    import torch

    module, tensors = plain(made)
    with torch.no_grad():
        torch.export.save(torch.export.export(module, tensors, strict=False), folder / "model.pt2")
    return audit(folder / "model.pt2")


def onnx(*, dynamo: bool) -> Callable[[Made, Path], ModelReport]:
    """One of PyTorch's two ONNX exporters."""

    def export(made: Made, folder: Path) -> ModelReport:
        import torch

        module, tensors = plain(made)
        torch.onnx.export(module, tensors, folder / "model.onnx", dynamo=dynamo, verbose=False)
        return audit(folder / "model.onnx")

    return export


FRONTS = {"live": live, "pt2": saved, "dynamo": onnx(dynamo=True), "torchscript": onnx(dynamo=False)}


def counted(entry: Entry, fronts: Sequence[str] = tuple(FRONTS)) -> list[dict[str, Any]]:
    """The rows of one model."""
    name = entry.name
    warnings.simplefilter("ignore")
    try:
        made = entry.make()
    except BaseException as error:  # noqa: BLE001 -- a model that cannot be built says nothing of the tool
        return [{"model": name, "front": "", "status": "not built", "message": _line(error)}]
    return [_row(name, front, made) for front in fronts]


def _row(name: str, front: str, made: Made) -> dict[str, Any]:
    began, row = time.monotonic(), {"model": name, "front": front}
    with tempfile.TemporaryDirectory() as folder:
        try:
            report = FRONTS[front](made, Path(folder))
        except ShortcutAuditError as error:
            return {**row, "status": "refused", "message": _line(error)}
        except BaseException as error:  # noqa: BLE001 -- an exporter's, or a crash of the tool
            ours = "shortcut_audit" in str(_innermost(error))
            return {**row, "status": "crash" if ours else "not exported", "message": _line(error)}
    summary, totals = report.summary, report.totals
    kinds = {kind: getattr(summary, kind) for kind in SHAPED}
    numbers = {field: getattr(totals, field) for field in ("parameters", "macs", "lower_bound", "adds")}
    said = {"uncounted": " ".join(totals.uncounted), "seconds": round(time.monotonic() - began, 1)}
    return {**row, "status": "audited", **kinds, **numbers, **said}


def _innermost(error: BaseException) -> str:
    trace, found = error.__traceback__, ""
    while trace is not None:
        found, trace = trace.tb_frame.f_code.co_filename, trace.tb_next
    return found


def _line(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"


def count(out: Path, only: str, fronts: Sequence[str], limit: int, seconds: int) -> None:
    """Adds rows for every model that has none yet."""
    from pebble import ProcessPool

    done = {row["model"] for row in _rows(out)} if out.exists() else set()
    wanted = [entry for entry in entries() if fnmatch.fnmatch(entry.name, only) and entry.name not in done]
    with out.open("a", newline="") as file, ProcessPool(max_workers=1) as pool:
        table = csv.DictWriter(file, FIELDS)
        if not done:
            table.writeheader()
        for entry in wanted[: limit or None]:
            name = entry.name
            try:
                rows = pool.schedule(counted, args=[entry, fronts], timeout=seconds).result()
            except Overtime:
                rows = [{"model": name, "front": "", "status": "overtime"}]
            except Exception as error:  # noqa: BLE001 -- the process died
                rows = [{"model": name, "front": "", "status": "crash", "message": _line(error)}]
            table.writerows(rows)
            file.flush()


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def table(path: Path) -> str:
    """Where front ends contradict each other: kinds, MACs, and parameters of those that fold nothing."""
    rows = _rows(path)
    found: dict[str, dict[str, dict[str, str]]] = {}
    for row in rows:
        found.setdefault(row["model"], {})[row["front"]] = row
    lines = []
    for model, fronts in found.items():
        good = {front: row for front, row in fronts.items() if row["status"] == "audited"}
        kinds = {front: tuple(row[kind] for kind in SHAPED) for front, row in good.items()}
        macs = {front: row["macs"] for front, row in good.items() if row["lower_bound"] == "False"}
        stored = {front: row["parameters"] for front, row in good.items() if front in {"live", "pt2"}}
        for what, said in (("kinds", kinds), ("MACs", macs), ("parameters", stored)):
            if len(set(said.values())) > 1:
                lines.append(f"{model}: {what} {said}")
        failed = [row for row in fronts.values() if row["status"] in {"crash", "refused", "overtime"}]
        lines += [f"{model}: {row['front']} {row['status']}: {row['message']}" for row in failed]
        lines += [f"{model}: {front} uncounted: {row['uncounted']}" for front, row in good.items() if row["uncounted"]]
    states = {status: sum(row["status"] == status for row in rows) for status in {row["status"] for row in rows}}
    models = sum(any(row["status"] == "audited" for row in fronts.values()) for fronts in found.values())
    return "\n".join([*lines, f"{models} models audited, {len(rows)} rows: {states}"])


def main() -> None:
    """The command line."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--out", type=Path)
    asked.add_argument("--table", type=Path)
    asked.add_argument("--only", default="*")
    asked.add_argument("--fronts", default=",".join(FRONTS))
    asked.add_argument("--limit", type=int, default=0)
    asked.add_argument("--seconds", type=int, default=300)
    given = asked.parse_args()
    if given.out:
        count(given.out, given.only, given.fronts.split(","), given.limit, given.seconds)
    if given.table:
        print(table(given.table))


if __name__ == "__main__":
    main()
