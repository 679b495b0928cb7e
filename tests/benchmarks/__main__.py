"""How does the audit compare, side by side on this machine? Prints a Markdown table for each model.

Runs are interleaved, A B C A B C, so that a machine whose speed drifts does so for all; medians are shown, processor
time as a ratio to the audit's. This process stays small: what it starts begins with its memory.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from tests.benchmarks.process import Taken, medians, run
from tests.benchmarks.tools import LIVE_MODELS, MODELS, TOOLS, Tool


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--runs", type=int, default=7, help="counted runs of each, after one that is not counted")
    parser.add_argument("--only", default="", help="part of a subject's name")
    parser.add_argument("--folder", type=Path, help="keep the models here (two gigabytes)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for name in MODELS:
            if arguments.only in name:
                if not (folder / name).exists():
                    subprocess.run([sys.executable, "-m", "tests.benchmarks.subjects", str(folder / name)], check=True)
                print("\n".join(table(folder / name, arguments.runs)), flush=True)


def table(file: Path, runs: int) -> Iterator[str]:
    """The rows of one model, as Markdown."""
    fitting = [tool for tool in TOOLS if fits(tool, file.name)]
    missing = [tool.name for tool in fitting if tool.needs and find_spec(tool.needs) is None]
    tools = [tool for tool in fitting if tool.name not in missing]
    taken: dict[str, list[Taken]] = {tool.name: [] for tool in tools}
    for round_ in range(runs + 1):
        for tool in tools:
            print(f"{file.name}: {tool.name}, run {round_} of {runs}", file=sys.stderr)
            one = run(tool.command(str(file), LIVE_MODELS.get(file.name, "")))
            if round_:
                taken[tool.name].append(one)
    ours = medians(taken[TOOLS[0].name])
    yield f"\n{file.name}, {file.stat().st_size / 1e6:,.1f} MB\n"
    yield "| | role | processor time | ratio | wall | peak memory |"
    yield "|---|---|---:|---:|---:|---:|"
    for tool in tools:
        t = medians(taken[tool.name])
        failed = " (failed)" if t.status else ""
        ratio = t.processor / ours.processor
        yield (
            f"| {tool.name}{failed} | {tool.role} | {t.processor * 1000:,.0f} ms | {ratio:.2f} | "
            f"{t.wall * 1000:,.0f} ms | {t.peak / 2**20:,.0f} MiB |"
        )
    if missing:
        yield f"\nNot installed: {', '.join(missing)}."


def fits(tool: Tool, name: str) -> bool:
    """Whether a tool takes the model at all."""
    return name.endswith(tool.suffix) and (not tool.live or name in LIVE_MODELS)


if __name__ == "__main__":
    main()
