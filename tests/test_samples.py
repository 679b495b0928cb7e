"""Are the samples what their README says, and what their script makes?

The expected numbers are arithmetic on the architectures. An eval export folds each BatchNorm into its convolution,
which leaves one bias per channel of the scale and shift: ResNet-18 has 4,800 such channels, so that its file holds
11,689,512 - 4,800 = 11,684,712 parameters.
"""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import NamedTuple

import onnx
import pytest

from shortcut_audit import audit

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "samples"
FILES = sorted(SAMPLES.glob("*.onnx"))


class Known(NamedTuple):
    """A sample's totals, how many shortcuts it has of each kind, and what these hold."""

    parameters: int
    macs: int
    identity: int = 0
    parameter_free: int = 0
    gated: int = 0
    projection: int = 0
    extra_parameters: int = 0
    extra_macs: int = 0


KNOWN = {
    # Shortcuts: 64·128 + 128·256 + 256·512 = 172,032 weights and 128 + 256 + 512 = 896 biases, made by folding.
    "resnet18": Known(
        11_684_712, 1_814_073_344, identity=5, projection=3, extra_parameters=172_928, extra_macs=19_267_584
    ),
    # As PyTorch holds it: 172,032 weights and 2·896 of BatchNorm.
    "resnet18-batchnorm": Known(
        11_689_512, 1_814_073_344, identity=5, projection=3, extra_parameters=173_824, extra_macs=19_267_584
    ),
    # 26,560 channels: 25,557,032 - 26,560; on shortcuts 2,768,896 weights and 256 + 512 + 1,024 + 2,048 = 3,840 biases.
    "resnet50": Known(
        25_530_472, 4_089_184_256, identity=12, projection=4, extra_parameters=2_772_736, extra_macs=359_661_568
    ),
    # 64 + 6·64 + 8·128 + 12·256 + 6·512 = 7,616 channels: 21,623,848 - 7,616.
    "plain34": Known(21_616_232, 3_644_493_824),
    # 16 + 6·16 + 6·32 + 6·64 = 688 channels: 269,722 - 688.
    "cifar-resnet20-a": Known(269_034, 40_551_040, identity=7, parameter_free=2),
    # 784·50 + 50, ten layers of two 50·50 + 50, 50·10 + 10; the gate of each layer is on its shortcut: 10·2,550.
    "highway": Known(90_760, 89_700, gated=10, extra_parameters=25_500, extra_macs=25_000),
    # Embeddings 1000·256 + 64·256, three blocks of 789,760, a norm of 512, a head of 256·1000. A block: two norms of
    # 512, qkv 256·768 + 768, proj 256·256 + 256, fc1 256·1024 + 1024, fc2 1024·256 + 256. Its MACs, at 64 tokens:
    # 64·256·(768 + 256 + 1024 + 1024) + 2·64·64·256 = 52,428,800; the head's 64·256·1000 = 16,384,000.
    "transformer": Known(2_898_176, 173_670_400, identity=6),
}

DIMS = {"transformer": {"batch": 1}}


def test_every_sample_is_known() -> None:
    assert {path.stem for path in FILES} == set(KNOWN)


@pytest.mark.parametrize("name", KNOWN)
def test_audit_of_a_sample(name: str) -> None:
    report = audit(str(SAMPLES / f"{name}.onnx"), dims=DIMS.get(name, {}))
    found = report.summary
    kinds = (found.identity, found.parameter_free, found.gated, found.projection)
    assert KNOWN[name] == Known(
        report.totals.parameters, report.totals.macs, *kinds, found.extra_parameters, found.extra_macs
    )
    assert not report.totals.lower_bound


def test_projections_of_the_bare_question() -> None:
    """W_s has a bias in the folded file and none where BatchNorm stands apart; the identities have neither."""
    folded = audit(str(SAMPLES / "resnet18.onnx")).shortcuts
    apart = audit(str(SAMPLES / "resnet18-batchnorm.onnx")).shortcuts
    assert {(s.has_weight, s.has_bias) for s in folded if s.kind == "projection"} == {(True, True)}
    assert {(s.has_weight, s.has_bias) for s in apart if s.kind == "projection"} == {(True, False)}
    assert {(s.has_weight, s.has_bias) for s in folded + apart if s.kind == "identity"} == {(False, False)}


def test_blocks_are_named_by_their_modules() -> None:
    """Both exporters record the module that an addition ran in, one as metadata and one in node names."""
    blocks = [f"layer{stage}.{block}" for stage in (1, 2, 3, 4) for block in (0, 1)]
    assert [s.key for s in audit(str(SAMPLES / "resnet18.onnx")).shortcuts] == blocks
    assert [s.key for s in audit(str(SAMPLES / "resnet18-batchnorm.onnx")).shortcuts] == blocks


def test_source_line_of_the_addition() -> None:
    """The exporter based on torch.export records the line of Python that wrote the `+`."""
    source = audit(str(SAMPLES / "resnet18.onnx")).shortcuts[0].merge.source
    assert source is not None
    assert source.file == "samples/make_samples.py"
    line = (ROOT / source.file).read_text(encoding="utf-8").splitlines()[source.line - 1]
    assert line.strip() == "return F.relu(residual + shortcut)"


def test_an_open_batch_leaves_the_macs_unknown() -> None:
    report = audit(str(SAMPLES / "transformer.onnx"))
    assert report.totals.parameters == 2_898_176
    assert report.totals.macs is None
    assert report.symbols == ("batch",)
    assert report.summary.identity == 6


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_sample_is_small_and_holds_no_weights_and_no_paths(path: Path) -> None:
    data = path.read_bytes()
    assert len(data) < 200_000
    tensors = onnx.load_model_from_string(data).graph.initializer
    assert max(len(tensor.raw_data) for tensor in tensors) <= 64
    assert b'File "/' not in data


def pinned_versions_installed() -> bool:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    pins = dict(requirement.split("==") for requirement in extras["test"] if "==" in requirement)
    installed = {
        distribution.name: distribution.version.partition("+")[0]
        for distribution in importlib.metadata.distributions()
        if distribution.name in pins
    }
    return installed == pins


@pytest.mark.skipif(not pinned_versions_installed(), reason="needs the versions of the extra `test`")
def test_the_script_makes_these_very_files(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-P", SAMPLES / "make_samples.py", tmp_path], check=True, capture_output=True)
    assert {p.name for p in tmp_path.glob("*.onnx")} == {p.name for p in FILES}
    for path in FILES:
        assert (tmp_path / path.name).read_bytes() == path.read_bytes(), path.name


def test_the_picture_of_the_readme_is_of_today(tmp_path: Path) -> None:
    """samples/make_picture.py draws it."""
    folder = Path(__file__).parents[1] / "samples"
    for name in ("make_picture.py", "resnet18.onnx"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    subprocess.run([sys.executable, tmp_path / "make_picture.py"], check=True)
    assert (tmp_path / "resnet18.svg").read_text(encoding="utf-8") == (folder / "resnet18.svg").read_text(
        encoding="utf-8"
    )
