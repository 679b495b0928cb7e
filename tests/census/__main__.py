"""What does each front end say of each model?

    python -m tests.census --out ../census.csv [--only 'timm/*'] [--fronts live,pt2] [--limit N] [--seconds N]
    python -m tests.census --table ../census.csv

The first writes one row a model and front end, and goes on where it was interrupted. Each front end has a process of
its own, with bounds on processor time and memory: what is over them is said, and is no crash. The second shows where
front ends contradict each other, and what failed. Not part of the test suite: it takes hours, and the packages `timm`
and `transformers`.
"""

from __future__ import annotations

import argparse
import csv
import fnmatch
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from shortcut_audit import audit
from shortcut_audit.errors import ShortcutAuditError
from shortcut_audit.report import ModelReport
from tests.census.bounded import ended_by, innermost, line, rows_of
from tests.census.models import Entry, Made, entries

FIELDS = (
    "model", "front", "status", "identity", "parameter_free", "gated", "projection", "parameters", "macs", "adds",
    "lower_bound", "uncounted", "seconds", "audit_seconds", "message",
)  # fmt: skip
"""`seconds`: processor time of the front end. `audit_seconds`: of the audit of the file that an exporter wrote."""
FAILED = ("crash", "died", "refused", "overtime", "out of memory")
SHAPED = ("identity", "parameter_free", "gated", "projection")
GIGABYTES = 8.0


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


def saved(made: Made, folder: Path) -> Path:
    """torch.export, saved and read without PyTorch."""
    import torch

    module, tensors = plain(made)
    with torch.no_grad():
        torch.export.save(torch.export.export(module, tensors, strict=False), folder / "model.pt2")
    return folder / "model.pt2"


def onnx(*, dynamo: bool) -> Callable[[Made, Path], Path]:
    """One of PyTorch's two ONNX exporters."""

    def export(made: Made, folder: Path) -> Path:
        import torch

        module, tensors = plain(made)
        torch.onnx.export(module, tensors, folder / "model.onnx", dynamo=dynamo, verbose=False)
        return folder / "model.onnx"

    return export


FRONTS: dict[str, Callable[[Made, Path], ModelReport | Path]] = {
    "live": live,
    "pt2": saved,
    "dynamo": onnx(dynamo=True),
    "torchscript": onnx(dynamo=False),
}
"""Each makes a report, or a file that is to be audited."""


def counted(entry: Entry, fronts: Sequence[str], seconds: int) -> Iterator[dict[str, Any]]:
    """The rows of one model. Runs in a process of its own, and gives each front end another."""
    warnings.simplefilter("ignore")
    try:
        made = entry.make()
    except Exception as error:  # noqa: BLE001 -- a model that cannot be built says nothing of the tool
        yield {"status": "not built", "message": line(error)}
        return
    for front in fronts:
        for row in rows_of(lambda front=front: [_row(front, made)], seconds, GIGABYTES):  # type: ignore[misc]
            yield {"front": front, **row}


def _row(front: str, made: Made) -> dict[str, Any]:
    began, ours = time.process_time(), None
    with tempfile.TemporaryDirectory() as folder:
        try:
            report = FRONTS[front](made, Path(folder))
            if isinstance(report, Path):
                written = time.process_time()
                report = audit(report)
                ours = round(time.process_time() - written, 2)
        except ShortcutAuditError as error:
            return {"status": "refused", "message": line(error)}
        except Exception as error:  # noqa: BLE001 -- an exporter's, or a crash of the tool
            found = ended_by(error)
            theirs = found == "crash" and "shortcut_audit" not in innermost(error)
            return {"status": "not exported" if theirs else found, "message": line(error)}
    summary, totals = report.summary, report.totals
    kinds = {kind: getattr(summary, kind) for kind in SHAPED}
    numbers = {field: getattr(totals, field) for field in ("parameters", "lower_bound", "adds")}
    said = {"uncounted": " ".join(totals.uncounted), "seconds": round(time.process_time() - began, 1)}
    return {"status": "audited", **kinds, **numbers, "macs": str(totals.macs), **said, "audit_seconds": ours}


def count(out: Path, only: str, fronts: Sequence[str], limit: int, seconds: int, until: float) -> None:
    """Adds rows for every model that has none yet, until it is late by the clock `time.monotonic`."""
    import torch

    torch.set_num_threads(1)  # a process that is forked beside threads may wait for them for ever
    done = {row["model"] for row in _rows(out)} if out.exists() else set()
    wanted = [entry for entry in entries() if fnmatch.fnmatch(entry.name, only) and entry.name not in done]
    with out.open("a", newline="") as file:
        table = csv.DictWriter(file, FIELDS)
        if not done:
            table.writeheader()
        for entry in wanted[: limit or None]:
            if time.monotonic() > until:
                break
            asked = rows_of(lambda entry=entry: counted(entry, fronts, seconds), seconds, GIGABYTES)  # type: ignore[misc]
            table.writerows({"model": entry.name, "front": "", **row} for row in asked)
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
        failed = [row for row in fronts.values() if row["status"] in FAILED]
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
    asked.add_argument("--seconds", type=int, default=120, help="processor time of a front end")
    asked.add_argument("--minutes", type=float, default=1e6, help="begins no other model after so long")
    given = asked.parse_args()
    if given.out:
        until = time.monotonic() + 60 * given.minutes
        count(given.out, given.only, given.fronts.split(","), given.limit, given.seconds, until)
    if given.table:
        print(table(given.table))


if __name__ == "__main__":
    main()
