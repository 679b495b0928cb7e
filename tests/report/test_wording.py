"""Are numbers and verdicts said right?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from shortcut_audit.report import Kind, ModelReport, Shape, Shortcut, wording
from tests.reporters import examples


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (None, "unknown"),
        (0, "0"),
        (999, "999"),
        (1_000, "1.00 k"),
        (9_994, "9.99 k"),
        (9_995, "10.0 k"),  # rounding moves the point
        (99_950, "100 k"),
        (999_499, "999 k"),
        (999_500, "1.00 M"),  # and the prefix
        (1_814_073_344, "1.81 G"),
        (-19_267_584, "-19.3 M"),
        (10**30, "1.00 Q"),
        (10**33, "1.00e33"),
        (2**200, "1.61e60"),
        (2**4000, "over 2^4000"),
        # str() of this one would take minutes, and is forbidden
        pytest.param(2 ** (63 * 100_000), "over 2^6300000", id="rank 100,000"),
    ],
)
def test_short_numbers(number: int | None, said: str) -> None:
    assert wording.short(number) == said


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (None, "unknown"),
        (0, "0"),
        (11_689_512, "11,689,512"),
        (2**64, "18,446,744,073,709,551,616"),
        (2**201, "3.21e60"),
    ],
)
def test_exact_numbers(number: int | None, said: str) -> None:
    assert wording.exact(number) == said


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (None, "unknown"),
        (0, "0 bytes"),
        (1, "1 bytes"),
        (1_023, "1,023 bytes"),
        (1_536, "1,536 bytes (1.5 KiB)"),
        (802_816, "802,816 bytes (784 KiB)"),
        (3_211_264, "3,211,264 bytes (3.1 MiB)"),  # 3.0625
        (2**90, "1,237,940,039,285,380,274,899,124,224 bytes (1,024 YiB)"),
    ],
)
def test_bytes(number: int | None, said: str) -> None:
    assert wording.in_bytes(number) == said


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [
        (172_928, 11_684_712, "1.48 %"),
        (0, 100, "0 %"),
        (1, 100_000, "under 0.01 %"),
        (100, 100, "100 %"),
        (1, 3, "33.3 %"),
        (999, 1_000, "99.9 %"),
        (30, 1, "3,000 %"),
        (None, 100, ""),
        (1, None, ""),
        (1, 0, ""),
        pytest.param(2**100_000, 2**100_001, "50.0 %", id="huge"),
    ],
)
def test_shares(part: int | None, whole: int | None, said: str) -> None:
    assert wording.share(part, whole) == said


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        (None, "unknown shape"),
        ((), "scalar"),
        ((1, 3, 224, 224), "1x3x224x224"),
        ((1, None, 224), "1x?x224"),
        (("batch", 128, None), "batch,128,?"),
        ((1,) * 100_000, "1x1x1x1x1x1x1x1x.. (100000 dimensions)"),
        pytest.param((2**100_000,), "over 2^100000", id="huge"),
    ],
)
def test_shapes(shape: Shape, said: str) -> None:
    assert wording.shape(shape) == said


def model_with(*kinds: tuple[Kind, bool, bool], adds: int = 9) -> ModelReport:
    """A model with a shortcut for each (kind, has_weight, has_bias)."""
    found = tuple(
        replace(examples.RESNET18.shortcuts[0], kind=kind, has_weight=weight, has_bias=bias)
        for kind, weight, bias in kinds
    )
    return replace(examples.RESNET18, shortcuts=found, totals=replace(examples.RESNET18.totals, adds=adds))


COPY: tuple[Kind, bool, bool] = ("identity", False, False)
MATRIX: tuple[Kind, bool, bool] = ("projection", True, False)
AFFINE: tuple[Kind, bool, bool] = ("projection", True, True)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (model_with(adds=0), "No shortcuts: the model has no additions"),
        (model_with(adds=1), "No shortcuts: the only addition is no residual merge"),
        (model_with(adds=121), "No shortcuts: none of the 121 additions is a residual merge"),
        (model_with(COPY), "1 shortcut: 1 identity (no weights); option B"),
        (model_with(COPY, MATRIX), "2 shortcuts: 1 identity (no weights), 1 projection (W_s, no bias); option B"),
        (model_with(AFFINE, AFFINE), "2 shortcuts: 2 projections (W_s, with bias); option B"),
        (model_with(AFFINE, MATRIX, MATRIX), "3 shortcuts: 3 projections (W_s, 1 with bias); option B"),
        (
            model_with(("gated", False, False), ("gated", True, True)),
            "2 shortcuts: 2 gated (1 of 2 with a learned gate, 1 with bias); option B",
        ),
    ],
)
def test_verdicts(model: ModelReport, said: str) -> None:
    assert wording.verdict(model) == said


@pytest.mark.parametrize(
    ("shortcut", "said"),
    [
        (examples.RESNET18.shortcuts[0], "2 layers, 73,856 parameters, 231 M MACs"),
        (examples.UNBOUND.shortcuts[0], "4 layers, 263,168 parameters, (262 k + 512 x seq_len) x batch x seq_len MACs"),
    ],
)
def test_what_is_skipped(shortcut: Shortcut, said: str) -> None:
    assert wording.skipped(shortcut.span)[0] == said
