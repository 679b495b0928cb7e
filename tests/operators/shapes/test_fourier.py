"""Spectra; a real signal of n samples has n // 2 + 1 distinct frequencies."""

from __future__ import annotations

from tests.operators.shapes.calls import out


def test_discrete_fourier_transform() -> None:
    assert out("DFT", "1x10x9x1", opset=17) == "1x10x9x2"
    assert out("DFT", "1x10x9x1", onesided=1, axis=1, opset=17) == "1x6x9x2"
    assert out("DFT", "1x10x9x1", onesided=1, opset=17) == "1x6x9x2"  # axis 1 by default
    assert out("DFT", "1x10x9x1", onesided=1, opset=20) == "1x10x5x2"  # axis -2 by default
    assert out("DFT", "1x10x9x1", 16, 1, onesided=1, opset=20) == "1x9x9x2"
    assert out("DFT", "1x6x9x2", None, 1, onesided=1, inverse=1, opset=20) == "1x10x9x1"


def test_short_time_fourier_transform() -> None:
    # (16000 - 400) // 160 + 1 = 98 frames, 400 // 2 + 1 = 201 frequencies
    assert out("STFT", "2x16000x1", 160, "400") == "2x98x201x2"
    assert out("STFT", "2x16000x1", 160, None, 400, onesided=0) == "2x98x400x2"
    assert out("STFT", "2xNx1", 160, "400") == "2x(N + 80)//160 - 2x201x2"  # (N - 400) // 160 + 1
    assert out("STFT", "2x16000x1", 0, "400") == "2x?x201x2"


def test_real_transforms_of_the_runtime() -> None:
    assert out("com.microsoft::Rfft", "2x8", signal_ndim=1) == "2x5x2"
    assert out("com.microsoft::Irfft", "2x5x2", signal_ndim=1) == "2x8"
    assert out("com.microsoft::Rfft", "") == "..."


def test_a_frame_is_as_long_as_the_signal_where_nothing_else_is_said() -> None:
    """One frame of 16, which has 16 / 2 + 1 frequencies."""
    assert out("STFT", "2x16x1", 4) == "2x1x9x2"
