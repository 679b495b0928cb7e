from __future__ import annotations

from types import SimpleNamespace

import pytest

from shortcut_audit.errors import UsageError
from shortcut_audit.loaders.torch import framework as pytorch


def imports(monkeypatch: pytest.MonkeyPatch, version: str | None) -> None:
    def import_module(name: str) -> object:
        if version is None:
            raise ImportError(f"No module named '{name}'")
        return SimpleNamespace(__version__=version)

    monkeypatch.setattr(pytorch, "import_module", import_module)


def test_without_it_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    imports(monkeypatch, None)
    with pytest.raises(
        UsageError, match=r"needs PyTorch.*No module named 'torch'.*pip install 'shortcut-audit\[torch\]'"
    ):
        pytorch.torch()


@pytest.mark.parametrize("version", ["1.13.1", "2.5.1+cpu"])
def test_a_release_that_is_too_old_is_refused(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    imports(monkeypatch, version)
    with pytest.raises(UsageError, match=r"needs PyTorch 2\.6 or later, not"):
        pytorch.torch()


@pytest.mark.parametrize("version", ["2.6.0", "2.13.0+cpu", "3.0.0a0"])
def test_later_releases_will_do(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    imports(monkeypatch, version)
    assert pytorch.torch().__version__ == version
