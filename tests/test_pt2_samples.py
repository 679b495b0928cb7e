"""Are the .pt2 samples what their README says, and what their script makes?

The expected numbers are arithmetic on the architectures, as in test_samples.py; here nothing is folded, so that the
parameters are PyTorch's own.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from shortcut_audit import audit
from shortcut_audit.loaders.pt2 import archive as pt2
from tests.test_samples import pinned_versions_installed

SAMPLES = Path(__file__).parents[1] / "samples"
FILES = sorted(SAMPLES.glob("*.pt2"))


def test_resnet18() -> None:
    """172,032 weights of the projections and 2 * 896 of their BatchNorms; MACs 3 * 6,422,528."""
    report = audit(str(SAMPLES / "resnet18.pt2"))
    assert (report.totals.parameters, report.totals.macs) == (11_689_512, 1_814_073_344)
    assert (report.summary.identity, report.summary.projection) == (5, 3)
    assert (report.summary.extra_parameters, report.summary.extra_macs) == (173_824, 19_267_584)
    assert not report.totals.lower_bound


def test_blocks_and_lines_of_resnet18() -> None:
    report = audit(str(SAMPLES / "resnet18.pt2"))
    assert [found.key for found in report.shortcuts] == [f"layer{i}.{j}" for i in (1, 2, 3, 4) for j in (0, 1)]
    source = report.shortcuts[0].merge.source
    assert source is not None
    assert source.file == "samples/make_samples.py"
    line = (SAMPLES.parent / source.file).read_text(encoding="utf-8").splitlines()[source.line - 1]
    assert line.strip() == "return F.relu(residual + shortcut)"


def test_transformer() -> None:
    """As the ONNX export of it has (test_samples.py), without the scale that only the ONNX file stores: one less."""
    path = str(SAMPLES / "transformer.pt2")
    report = audit(path)
    assert (report.totals.parameters, report.totals.macs, report.summary.identity) == (2_898_176, None, 6)
    assert len(report.symbols) == 1
    bound = audit(path, dims={report.symbols[0]: 1})
    assert (bound.totals.macs, bound.totals.lower_bound) == (173_670_400, False)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_sample_is_small_and_holds_no_weights_and_no_paths(path: Path) -> None:
    assert path.stat().st_size < 30_000
    with zipfile.ZipFile(path) as archive:
        assert {Path(name).suffix for name in archive.namelist()} <= {".json", ""}
        assert not [name for name in archive.namelist() if b'File \\"/' in archive.read(name)]
    assert pt2.load(path).nodes


@pytest.mark.skipif(
    not pinned_versions_installed() or importlib.util.find_spec("torch") is None,
    reason="needs the versions of the extra `test`",
)
def test_the_script_makes_these_very_files(tmp_path: Path) -> None:
    """Entry by entry: how well they are compressed depends on the version of zlib."""
    script = SAMPLES / "make_pt2_samples.py"
    subprocess.run([sys.executable, script, tmp_path], check=True, capture_output=True)
    assert {path.name for path in tmp_path.glob("*.pt2")} == {path.name for path in FILES}
    for path in FILES:
        assert entries(tmp_path / path.name) == entries(path), path.name


def entries(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
