"""A handful of the architectures that compare_exports.py compares; it runs them all."""

from __future__ import annotations

import pytest

for extra in ("torch", "transformers", "onnxscript"):
    pytest.importorskip(extra)

from tests.pytorch.compare_exports import SOURCES, compare  # noqa: E402 -- it imports them


@pytest.mark.parametrize("name", ["resnet", "convnext", "mobilenet-v2", "albert", "gpt2", "llama"])
def test_all_audits_of_one_model_agree(name: str) -> None:
    assert compare(name, SOURCES) == ""
