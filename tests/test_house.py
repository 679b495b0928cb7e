"""Does the house keep its own rules?

The import contracts stand in pyproject.toml, one sentence each.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import grimp
import networkx as nx
import pytest
from importlinter import cli as importlinter

import shortcut_audit
from shortcut_audit.assembly.assemble import assemble
from shortcut_audit.loaders import load

ROOT = Path(__file__).parents[1]
PACKAGE = Path(shortcut_audit.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
SAMPLE = ROOT / "samples" / "resnet18.onnx"


def name_of(module: Path) -> str:
    return str(module.relative_to(PACKAGE))


def test_import_contracts_hold() -> None:
    status = importlinter.lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True)
    assert status == importlinter.EXIT_STATUS_SUCCESS


def test_no_room_imports_the_front_door() -> None:
    """The root hands the public names on, from the top of the house: whoever imported it would close a circle."""
    assert (
        grimp.build_graph("shortcut_audit", cache_dir=None).find_modules_that_directly_import("shortcut_audit") == set()
    )


def test_a_newcomer_can_draw_the_house_after_one_look() -> None:
    """At most 18 rooms at the package's root, on at most 9 floors: a room stands above all that it imports."""
    house = grimp.build_graph("shortcut_audit", cache_dir=None)
    rooms = sorted(house.find_children("shortcut_audit"))
    for room in rooms:
        house.squash_module(room)
    imported = {room: house.find_modules_directly_imported_by(room) - {room} for room in rooms}
    arrows = nx.DiGraph((room, below) for room in rooms for below in imported[room])
    assert len(rooms) <= 18
    assert nx.is_directed_acyclic_graph(arrows)
    assert nx.dag_longest_path_length(arrows) + 1 <= 9


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_each_module_answers_one_question(module: Path) -> None:
    """Its docstring opens with that question: the first sentence ends in a question mark."""
    docstring = ast.get_docstring(ast.parse(module.read_text(encoding="utf-8")))
    assert docstring, "no docstring"
    question, mark, _ = docstring.partition("?")
    assert mark, docstring
    assert ". " not in question.replace("\n", " "), docstring


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_only_the_command_line_prints(module: Path) -> None:
    """`print`, `click.echo`, and whatever writes to the process's own streams."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    printing = [
        f"line {node.lineno}"
        for node in ast.walk(tree)
        if (isinstance(node, ast.Name) and node.id == "print")
        or (isinstance(node, ast.Attribute) and node.attr in {"echo", "secho", "stdout", "stderr"})
    ]
    assert not printing or name_of(module) in {"command/cli.py", "command/console.py"}


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_frozen_classes_are_made_by_frozen(module: Path) -> None:
    """What starts with every run is made cheaply: `@frozen`, of shortcut_audit/frozen.py."""
    assert "@dataclass(frozen=True" not in module.read_text(encoding="utf-8").replace("`@dataclass(frozen=True", "")


def loaded_after(*statements: str) -> set[str]:
    """Names of the modules that a fresh interpreter has loaded after these statements."""
    program = "\n".join(["import sys", *statements, "print(*sys.modules, file=sys.__stdout__)"])
    run = subprocess.run([sys.executable, "-P", "-c", program], capture_output=True, text=True, check=True)
    return set(run.stdout.splitlines()[-1].split())


def test_an_onnx_file_is_audited_without_a_framework() -> None:
    """Holds where torch is installed, as it is in .ci/run; elsewhere nothing could be imported."""
    loaded = loaded_after(
        "from shortcut_audit import audit",
        f"audit({str(SAMPLE)!r})",
    )
    assert "shortcut_audit.pipeline" in loaded
    assert loaded.isdisjoint({"torch", "sympy", "onnx_ir", "onnxruntime", "onnx", "numpy", "networkx"})


def test_onnx_can_be_imported_after_an_audit_and_before() -> None:
    """The message classes are taken without the package around them: it must not notice."""
    audited = f"from shortcut_audit import audit; audit({str(SAMPLE)!r})"
    loaded_by_onnx = f"import onnx; assert onnx.load({str(SAMPLE)!r}, load_external_data=False).graph.node"
    for order in ((audited, loaded_by_onnx), (loaded_by_onnx, audited)):
        loaded = loaded_after(*order)
        assert {"onnx", "shortcut_audit.loaders.onnx.messages"} <= loaded


def test_the_networkx_graph_is_the_graph_that_is_walked() -> None:
    """Every edge, and every value in topological order, by networkx's own account."""
    graph = assemble(load(str(SAMPLE)))
    dag = graph.dag
    assert nx.is_directed_acyclic_graph(dag)
    assert nx.is_frozen(dag)
    assert list(dag) == list(graph.values)
    assert {name: tuple(dag.successors(name)) for name in dag} == graph.readers
    assert sorted(dag.edges) == sorted(
        {(given, made) for op in graph.ops for given in op.values() for made in op.outputs}
    )


def loaded_by(*arguments: str) -> set[str]:
    """Names of the modules that the command has loaded when it ends."""
    return loaded_after(
        "from shortcut_audit.command.cli import main",
        f"sys.argv = ['shortcut-audit', *{arguments!r}]",
        "sys.stdout = sys.stderr",
        "try: main()",
        "except SystemExit: pass",
    )


OURS = "shortcut_audit."
FRONT = frozenset({
    "algebra", "command", "command.cli", "command.console", "command.options", "command.signals", "errors", "frozen",
    "installed", "names", "report", "report.words", "reporters",
})  # fmt: skip
"""What the command line itself is made of."""


@pytest.mark.parametrize("argument", ["--help", "--version", "--halp"])
def test_the_command_line_loads_itself_alone(argument: str) -> None:
    loaded = loaded_by(argument)
    assert {name.removeprefix(OURS) for name in loaded if name.startswith(OURS)} <= FRONT
    assert loaded.isdisjoint({"onnx", "networkx", "numpy", "torch", "google.protobuf", "rich", "fractions", "pathlib"})


def test_who_names_no_file_waits_for_no_engine() -> None:
    """One looks before one loads."""
    loaded = loaded_by("there_is_none.onnx")
    rooms = {name.removeprefix(OURS).partition(".")[0] for name in loaded if name.startswith(OURS)}
    assert rooms.isdisjoint({"account", "assembly", "graph", "pipeline", "search"})
    assert loaded.isdisjoint(
        {"json", "rich", "shutil", *(OURS + name for name in ("command.run", "gate.config", "report.wording"))}
    )


def test_an_audit_loads_what_it_uses() -> None:
    """Of the standard library, of other formats and of other ways to run."""
    loaded = loaded_by(str(SAMPLE))
    assert "shortcut_audit.reporters.text.terminal" in loaded
    assert loaded.isdisjoint({
        "difflib", "hashlib", "rich.console", "shutil", "subprocess", "tempfile", "textwrap", "traceback",
        "zipfile", "shortcut_audit.command.differ", "shortcut_audit.command.graphs", "shortcut_audit.command.revisions",
        "shortcut_audit.loaders.aten", "shortcut_audit.loaders.pt2", "shortcut_audit.reporters.html",
        "shortcut_audit.reporters.text.diagram", "shortcut_audit.reporters.text.verbose",
    })  # fmt: skip


def test_one_file_of_this_machine_loads_nothing_for_many_or_for_others() -> None:
    loaded = loaded_after(
        "from shortcut_audit.command.cli import execute",
        f"execute(['-q', {str(SAMPLE)!r}])",
    )
    assert "shortcut_audit.pipeline" in loaded
    assert loaded.isdisjoint({
        "aiohttp", "asyncio", "concurrent.futures", "distributed", "fsspec", "huggingface_hub", "multiprocessing",
        "pebble", "pyarrow", "shortcut_audit.command.crowd", "shortcut_audit.command.executors",
        "shortcut_audit.command.journal", "shortcut_audit.loaders.remote.location",
    })  # fmt: skip


def test_contributing_names_only_what_is_there() -> None:
    """The paths that it sends people to, in the package or in the checkout."""
    text = (ROOT / ".github" / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:[a-z_]+/)+(?:[a-z_]+\.(?:py|md))?)`", text))
    assert len(named) > 10
    assert [path for path in sorted(named) if not ((PACKAGE / path).exists() or (ROOT / path).exists())] == []
