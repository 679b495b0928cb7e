"""Is a model on a hub read from its files, or built from its configuration, and never by its code?"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from shortcut_audit.errors import UsageError
from shortcut_audit.loaders.remote.hub import Place, place_of
from tests.loaders.remote.server import served

pytest.importorskip("huggingface_hub")

SAMPLES = Path(__file__).parents[3] / "samples"
GUARD = 300
TOKEN = "hf_5ecret"  # noqa: S105 -- of nobody

BERT = {
    "model_type": "bert", "architectures": ["BertModel"], "hidden_size": 32, "num_hidden_layers": 2,
    "num_attention_heads": 2, "intermediate_size": 64, "vocab_size": 100, "max_position_embeddings": 64,
}  # fmt: skip


def repository(name: str, files: dict[str, bytes]) -> dict[str, bytes]:
    """What a hub serves of a repository: its list of files, and each file."""
    about = {"id": name, "modelId": name, "siblings": [{"rfilename": path} for path in files]}
    listed = json.dumps(about).encode()
    return {
        f"/api/models/{name}": listed,
        f"/api/models/{name}/revision/main": listed,
        **{f"/{name}/resolve/main/{path}": data for path, data in files.items()},
    }


def audited(endpoint: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "shortcut_audit", "--format", "json", *arguments]
    environment = {**os.environ, "HF_ENDPOINT": endpoint, "HF_HUB_DISABLE_TELEMETRY": "1", **environment}
    return subprocess.run(line, capture_output=True, text=True, check=False, timeout=GUARD, env=environment)


def models(run: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run.stdout)["models"]
    return found


def test_all_models_of_a_repository_are_read_with_the_users_token() -> None:
    files = {
        "README.md": b"#", "config.json": b"{}", "onnx/model.onnx": (SAMPLES / "resnet18.onnx").read_bytes(),
        "model.pt2": (SAMPLES / "transformer.pt2").read_bytes(),
    }  # fmt: skip
    with served(repository("org/net", files)) as server:
        run = audited(server.url, "hf://org/net", HF_TOKEN=TOKEN)
    assert run.returncode == 0, run.stderr
    assert [model["source"] for model in models(run)] == ["hf://org/net/model.pt2", "hf://org/net/onnx/model.onnx"]
    fetched = [headers for path, _, headers in server.asked if "/resolve/" in path]
    assert {headers.get("authorization", headers.get("Authorization")) for headers in fetched} == {f"Bearer {TOKEN}"}
    assert TOKEN not in run.stdout + run.stderr


def test_one_file_is_read_alone() -> None:
    with served(repository("org/net", {"a/b.onnx": (SAMPLES / "resnet18.onnx").read_bytes()})) as server:
        run = audited(server.url, "hf://org/net@main/a/b.onnx")
    assert [model["source"] for model in models(run)] == ["hf://org/net@main/a/b.onnx"]
    assert {path for path, *_ in server.asked} == {"/org/net/resolve/main/a/b.onnx"}


def test_a_configuration_is_built() -> None:
    pytest.importorskip("transformers")
    files = {"config.json": json.dumps(BERT).encode(), "model.safetensors": b"never read"}
    with served(repository("org/bert", files)) as server:
        run = audited(server.url, "hf://org/bert")
    assert run.returncode == 0, run.stderr
    (model,) = models(run)
    assert model["source"] == "hf://org/bert"
    # Two layers, each with a shortcut around the attention and one around the feed-forward network.
    assert (model["summary"]["identity"], model["summary"]["projection"]) == (4, 0)
    # Embeddings (100 + 64 + 2 rows + norm 2) x 32 = 5,376; a layer 4 x (32 x 32 + 32) + 2 x 64 x 32 + 64 + 32 + 4 x 32
    # = 8,544, twice; the pooler 32 x 32 + 32 = 1,056.
    assert model["totals"]["parameters"] == 5_376 + 2 * 8_544 + 1_056
    assert not [path for path, *_ in server.asked if "safetensors" in path]


EVIL = """
from pathlib import Path
Path("ran").touch()
"""


def test_code_of_a_repository_is_neither_fetched_nor_run(tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    evil = {**BERT, "model_type": "evil", "auto_map": {"AutoConfig": "evil.Config", "AutoModel": "evil.Model"}}
    with served(repository("org/evil", {"config.json": json.dumps(evil).encode(), "evil.py": EVIL.encode()})) as server:
        run = audited(server.url, "hf://org/evil")
    assert run.returncode == 2
    (line,) = [line for line in run.stderr.splitlines() if line.startswith("shortcut-audit")][-1:]
    assert "knows no model_type 'evil'; code that comes with a model is never run" in line
    assert not [path for path, *_ in server.asked if path.endswith(".py")]


@pytest.mark.parametrize(
    ("configuration", "line"),
    [
        (b"<html>", "its config.json is no JSON document"),
        (b"[" * 100_000, "its config.json is no JSON document"),
        (b"[1]", "its config.json names no model_type, by which transformers knows what to build"),
        (json.dumps({**BERT, "num_hidden_layers": 10**9}).encode(), "asks for 1,000,000,000 layers, more than 1,000"),
        (b" " * 2**21, "its config.json has more than 1 MiB"),
    ],
)
def test_a_configuration_that_is_none(configuration: bytes, line: str) -> None:
    pytest.importorskip("transformers")
    with served(repository("org/net", {"config.json": configuration})) as server:
        run = audited(server.url, "-q", "hf://org/net")
    assert run.returncode == 2
    assert run.stderr.startswith("shortcut-audit: hf://org/net: ")
    assert line in run.stderr
    assert run.stderr.count("\n") == 1


HURRIED = """
import sys
from shortcut_audit.command import limits
limits.BUILDING = limits.BUILDING._replace(seconds=1)
from shortcut_audit.command.cli import main
main()
"""


def test_a_configuration_that_takes_too_long_is_given_up() -> None:
    """Importing PyTorch and transformers alone takes more than a second of processor time."""
    pytest.importorskip("transformers")
    pytest.importorskip("torch")
    with served(repository("org/bert", {"config.json": json.dumps(BERT).encode()})) as server:
        line = [sys.executable, "-c", HURRIED, "-q", "hf://org/bert"]
        environment = {**os.environ, "HF_ENDPOINT": server.url, "HF_HUB_DISABLE_TELEMETRY": "1"}
        run = subprocess.run(line, capture_output=True, text=True, check=False, timeout=GUARD, env=environment)
    assert run.returncode == 2
    assert "hf://org/bert: takes more than 1 seconds of processor time" in run.stderr


@pytest.mark.parametrize(
    ("source", "fault", "line"),
    [
        ("hf://org/none", "", "no such repository or revision on the hub, or none that you may read"),
        ("hf://org/net/none.onnx", "", "not found; check the URL (HTTP status 404)"),
        ("hf://org/net", "503", "cannot be fetched: HTTP status 503 (3 tries)"),
        ("hf://org/empty", "", "no model (.onnx, .pt2) there, and no config.json; check the URL"),
        ("hf://org", "", "write hf://ORG/REPO, hf://ORG/REPO@REVISION or hf://ORG/REPO/path/to/model.onnx"),
    ],
)
def test_a_fault_is_one_line(source: str, fault: str, line: str) -> None:
    files = repository("org/net", {"a.onnx": b"x"}) | repository("org/empty", {"README.md": b"#"})
    with served(files, fault) as server:
        run = audited(server.url, source)
    assert run.returncode == 2
    assert run.stderr == f"shortcut-audit: {source}: {line}\n"


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("hf://org/net", Place("org/net", None, "")),
        ("hf://org/net/", Place("org/net", None, "")),
        ("hf://org/net@v1.0/a/b.onnx", Place("org/net", "v1.0", "a/b.onnx")),
        ("hf://o-r.g/n_e.t/a@b.onnx", Place("o-r.g/n_e.t", None, "a@b.onnx")),
    ],
)
def test_places(url: str, place: Place) -> None:
    assert place_of(url) == place


@pytest.mark.parametrize("url", ["hf://", "hf://org", "hf://org/../net", "hf://org/net@", "hf:///org/net"])
def test_no_places(url: str) -> None:
    with pytest.raises(UsageError):
        place_of(url)
