"""Does the audit find the numbers that others have published?

Nothing here is computed from the code under test: the numbers are those of the files in the onnx package, of He et al.
2015 ("Deep Residual Learning for Image Recognition") and of PyTorch's models of the same names.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import onnx
import pytest

from shortcut_audit import audit
from shortcut_audit.report import ModelReport
from tests import resnets

LIGHT = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"


class Counts(NamedTuple):
    """How many shortcuts of each kind, and what they hold."""

    identity: int = 0
    parameter_free: int = 0
    gated: int = 0
    projection: int = 0
    parameters: int = 0
    macs: int = 0


def counts(report: ModelReport) -> Counts:
    found = report.summary
    kinds = (found.identity, found.parameter_free, found.gated, found.projection)
    return Counts(*kinds, found.extra_parameters, found.extra_macs)


# Files that ship in the onnx package, converted from Caffe2 in 2017: opset 3 to 9, weights among the graph inputs.
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # 3 + 4 + 6 + 3 bottlenecks, the first of each stage with a projection.
        # 64·256 + 256·512 + 512·1024 + 1024·2048 = 2,768,896 weights, and a scale and a bias for each of
        # 256 + 512 + 1024 + 2048 = 3,840 channels: 2,768,896 + 2·3,840 = 2,776,576.
        # 56²·64·256 + 28²·256·512 + 14²·512·1024 + 7²·1024·2048 = 359,661,568 MACs.
        ("light_resnet50", Counts(identity=12, projection=4, parameters=2_776_576, macs=359_661_568)),
        # 16 units, of which the 3 that halve the resolution concatenate: 13 add.
        ("light_shufflenet", Counts(identity=13)),
        ("light_densenet121", Counts()),
        ("light_inception_v2", Counts()),
        ("light_bvlc_alexnet", Counts()),
        ("light_inception_v1", Counts()),
        ("light_squeezenet", Counts()),
        ("light_vgg19", Counts()),
        ("light_zfnet512", Counts()),
    ],
)
def test_files_of_the_onnx_package(name: str, expected: Counts) -> None:
    assert counts(audit(str(LIGHT / f"{name}.onnx"))) == expected


@pytest.mark.parametrize(
    ("name", "adds"),
    [("light_resnet50", 16), ("light_densenet121", 121), ("light_inception_v2", 69), ("light_vgg19", 0)],
)
def test_every_addition_of_those_files_is_listed(name: str, adds: int) -> None:
    report = audit(str(LIGHT / f"{name}.onnx"))
    assert report.totals.adds == adds
    assert len(report.shortcuts) + len(report.other_adds) == adds


RESNET18 = (2, 2, 2, 2)
RESNET34 = RESNET50 = (3, 4, 6, 3)


class Published(NamedTuple):
    """A network, and what is known of it."""

    model: onnx.ModelProto
    parameters: int
    macs: int
    shortcuts: Counts


# Parameters and MACs of 18-B, 34-B and 50-B are those of torchvision's resnet18, resnet34 and resnet50.
# Shortcuts of 18-B and 34-B: 64·128 + 128·256 + 256·512 = 172,032 weights and 2·(128 + 256 + 512) = 1,792 of BatchNorm;
# 28²·64·128 + 14²·128·256 + 7²·256·512 = 3·6,422,528 = 19,267,584 MACs.
# Of 34-C: those, and 3 + 3 + 5 + 2 square projections of 64, 128, 256 and 512 channels:
# 3·64² + 3·128² + 5·256² + 2·512² = 913,408 weights, 2·(3·64 + 3·128 + 5·256 + 2·512) = 5,760 of BatchNorm, so
# 173,824 + 913,408 + 5,760 = 1,092,992; each square projection takes 56²·64² = 12,845,056 MACs at any width, 13 of them
# 166,985,728, so 19,267,584 + 166,985,728 = 186,253,312.
# Of CIFAR-20 B: 16·32 + 32·64 = 2,560 weights and 2·(32 + 64) = 192: 2,752; 16²·16·32 + 8²·32·64 = 262,144 MACs.
PUBLISHED = {
    "18-B": Published(
        resnets.imagenet(RESNET18, "B"),
        11_689_512,
        1_814_073_344,
        Counts(identity=5, projection=3, parameters=173_824, macs=19_267_584),
    ),
    "plain-34": Published(resnets.imagenet(RESNET34, "plain"), 21_623_848, 3_644_493_824, Counts()),
    "34-A": Published(
        resnets.imagenet(RESNET34, "A"), 21_623_848, 3_644_493_824, Counts(identity=13, parameter_free=3)
    ),
    "34-B": Published(
        resnets.imagenet(RESNET34, "B"),
        21_797_672,  # 21,623,848 + 173,824
        3_663_761_408,  # 3,644,493,824 + 19,267,584
        Counts(identity=13, projection=3, parameters=173_824, macs=19_267_584),
    ),
    "34-C": Published(
        resnets.imagenet(RESNET34, "C"),
        22_716_840,  # 21,623,848 + 1,092,992
        3_830_747_136,  # 3,644,493,824 + 186,253,312
        Counts(projection=16, parameters=1_092_992, macs=186_253_312),
    ),
    "50-B": Published(
        resnets.imagenet(RESNET50, "B", deep=True),
        25_557_032,
        4_089_184_256,
        Counts(identity=12, projection=4, parameters=2_776_576, macs=359_661_568),
    ),
    "CIFAR-20-A": Published(resnets.cifar(3, "A"), 269_722, 40_551_040, Counts(identity=7, parameter_free=2)),
    "CIFAR-20-B": Published(
        resnets.cifar(3, "B"),
        272_474,  # 269,722 + 2,752
        40_813_184,  # 40,551,040 + 262,144
        Counts(identity=7, projection=2, parameters=2_752, macs=262_144),
    ),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_networks_of_the_paper(name: str, tmp_path: Path) -> None:
    known = PUBLISHED[name]
    report = audit(resnets.save(known.model, tmp_path))
    assert counts(report) == known.shortcuts
    assert (report.totals.parameters, report.totals.macs) == (known.parameters, known.macs)
    assert not report.totals.lower_bound


@pytest.mark.parametrize(
    ("name", "option"),
    [
        ("18-B", "B"),
        ("plain-34", "none"),
        ("34-A", "A"),
        ("34-B", "B"),
        ("34-C", "C"),
        ("50-B", "B"),
        ("CIFAR-20-A", "A"),
    ],
)
def test_option_of_the_paper(name: str, option: str, tmp_path: Path) -> None:
    assert audit(resnets.save(PUBLISHED[name].model, tmp_path)).summary.option == option


@pytest.mark.parametrize("name", ["34-A", "34-B", "34-C"])
def test_what_if_turns_each_34_layer_network_into_the_others(name: str, tmp_path: Path) -> None:
    """Whichever option the file has, the other two and the plain network cost what they cost when they are built."""
    what_if = audit(resnets.save(PUBLISHED[name].model, tmp_path)).summary.what_if
    assert (what_if.plain.parameters, what_if.plain.macs) == (21_623_848, 3_644_493_824)
    assert (what_if.A.parameters, what_if.A.macs) == (21_623_848, 3_644_493_824)
    assert (what_if.B.parameters, what_if.B.macs) == (21_797_672, 3_663_761_408)
    assert (what_if.C.parameters, what_if.C.macs) == (22_716_840, 3_830_747_136)


def test_batchnorm_buffers_are_no_parameters(tmp_path: Path) -> None:
    """ResNet-18 has 4,800 channels under BatchNorm: 64·5 + 128·5 + 256·5 + 512·5; a mean and a variance for each."""
    assert audit(resnets.save(PUBLISHED["18-B"].model, tmp_path)).totals.buffers == 9_600
